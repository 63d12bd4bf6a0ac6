"""What a random-slope likelihood needs from the data: sums and cross-products per subject.

With z = (1, t) the covariance of a subject is σ²(I + ZΨZ'). Turning z into (1, t − t̄ᵢ) makes Z'Z
diagonal, so of each subject only n, t̄ᵢ, Σ(t − t̄ᵢ)² and two rows of sums of [X y] enter, besides
what is left of [X y] about the subjects' own lines, added up over everybody. Subjects seen at the
same times share Z'Z; of many such subjects the likelihood sees no more than the QR triangle of
their sums, so a thousand subjects on one grid cost as much as a handful.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.design import Design, subject_codes, triangle
from outcomes.stats.sandwich import sum_by

# Σ(t − t̄)² per row, in the unit of t, that is nothing but rounding.
_SAME_TIME = 1e-24


@dataclass(frozen=True)
class SubjectSums:
    """Cross-products in coordinates that keep the digits.

    X is replaced by an orthonormal basis, y by its least-squares residual over its own standard
    deviation, t by (t − centre)/unit.

    Parameters
    ----------
    n : ndarray of float, shape (m,)
        Rows of each subject.
    centre : ndarray of float, shape (m,)
        Mean t of the subject.
    width : ndarray of float, shape (m,)
        Σ(t − centre)².
    products : ndarray of float, shape (m, 2q)
        Two blocks of q = p + 1 columns: Σ(x, y), then Σ(t − centre)(x, y).
    copies : ndarray of float, shape (m,)
        Subjects a row stands for in sums of Z'Z only; 1 each unless compressed.
    within : ndarray of float, shape (q, q)
        Cross-products of [X y] about the subjects' own least-squares lines.
    rows : int
        Observations.
    """

    n: NDArray[np.float64]
    centre: NDArray[np.float64]
    width: NDArray[np.float64]
    products: NDArray[np.float64]
    copies: NDArray[np.float64]
    within: NDArray[np.float64]
    rows: int

    @property
    def fixed(self) -> int:
        """Number of fixed effects p."""
        return len(self.within) - 1

    def compressed(self) -> SubjectSums:
        """Put subjects with equal Z'Z together.

        Returns
        -------
        SubjectSums
            The same likelihood from fewer rows; itself where that would save less than half.
        """
        columns = self.products.shape[1]
        order = np.lexsort((self.width, self.centre, self.n))
        keys = np.column_stack([self.n, self.centre, self.width])[order]
        new = np.any(keys[1:] != keys[:-1], axis=1)
        starts = np.concatenate([[0], np.flatnonzero(new) + 1])
        sizes = np.diff(np.append(starts, len(order)))
        kept = np.minimum(sizes, columns)
        if kept.sum() > len(order) / 2:
            return self
        leaders = np.repeat(order[starts], kept)
        products = np.empty((kept.sum(), columns))
        copies = np.zeros(len(products))
        ends = np.cumsum(kept)
        for start, size, end, rows in zip(starts, sizes, ends, kept, strict=True):
            block = self.products[order[start : start + size]]
            products[end - rows : end] = triangle(block) if size > rows else block
            copies[end - rows] = self.copies[order[start : start + size]].sum()
        return replace(
            self,
            n=self.n[leaders],
            centre=self.centre[leaders],
            width=self.width[leaders],
            products=products,
            copies=copies,
        )


@dataclass(frozen=True)
class Coordinates:
    """The way back from the coordinates of `SubjectSums` to those of the data.

    Parameters
    ----------
    back : ndarray of float, shape (p, p)
        Coefficients of the formula from those of the orthonormal basis.
    log_det_information : float
        log |X'X|, which the restricted likelihood contains.
    least_squares : ndarray of float, shape (p,)
        Least-squares coefficients in the orthonormal basis.
    spread : float
        Residual standard deviation of least squares, the unit of y.
    centre, unit : float
        t = centre + unit · (coordinate).
    """

    back: NDArray[np.float64]
    log_det_information: float
    least_squares: NDArray[np.float64]
    spread: float
    centre: float
    unit: float

    @property
    def effects(self) -> NDArray[np.float64]:
        """Matrix that takes random effects of the coordinates to those of the data, without σ."""
        return np.array([[1.0, -self.centre / self.unit], [0.0, 1 / self.unit]])

    def z(self, time: NDArray[np.float64]) -> NDArray[np.float64]:
        """Random-effects design of given times, in the coordinates.

        Parameters
        ----------
        time : ndarray of float, shape (n,)
            Times in the unit of the data.

        Returns
        -------
        ndarray of float, shape (n, 2)
            Ones and scaled times.
        """
        return np.column_stack([np.ones(len(time)), (time - self.centre) / self.unit])


def subject_sums(
    design: Design, subject: str, slope: str | None, *, shift: bool
) -> tuple[SubjectSums, Coordinates, NDArray[np.intp], NDArray[np.object_]]:
    """Add the data up.

    Parameters
    ----------
    design : Design
        Fixed effects.
    subject : str
        Column that names the subject.
    slope : str, optional
        Numeric column with a random slope; without it the second block is zero.
    shift : bool
        Whether the origin of time may be moved: it may when intercept and slope are correlated.

    Returns
    -------
    sums : SubjectSums
        One row per subject, in order of first appearance.
    coordinates : Coordinates
        The way back.
    codes : ndarray of int, shape (n,)
        Subject of each row.
    labels : ndarray of object, shape (m,)
        Names of the subjects.

    Raises
    ------
    EstimationError
        If there is one subject, no subject with two rows, or no spread to explain.
    """
    codes, names = subject_codes(design.frame[subject])
    m, n = len(names), len(codes)
    if m < 2:
        raise EstimationError(
            f"There is {m} subject: variation between subjects cannot be seen.",
            "Check the subject column, or use fit_linear.",
        )
    if m == n:
        raise EstimationError(
            "Every subject has one row: variation between and within subjects cannot be told "
            "apart.",
            "Check the subject column, or use fit_linear.",
        )
    r = triangle(design.matrix)
    back = np.asarray(np.linalg.inv(r), dtype=float)
    q = design.matrix @ back
    # Orthonormal but for rounding, which the cross-products below take account of.
    least_squares = q.T @ design.response
    residual = design.response - q @ least_squares
    spread = float(np.sqrt(residual @ residual / max(n - len(r), 1)))
    if spread <= 1e-13 * max(float(np.max(np.abs(design.response))), 1e-300):
        raise EstimationError(
            "The fixed effects fit the outcome exactly: there is no variation left.",
            "Check the outcome column, or use a simpler formula.",
        )
    time, centre, unit = np.zeros(n), 0.0, 1.0
    if slope is not None:
        time = _times(design, slope)
        centre = float(time.mean()) if shift else 0.0
        unit = float(np.sqrt(np.mean((time - centre) ** 2)))
        time = (time - centre) / unit
    values = np.column_stack([q, residual / spread])
    counts = np.bincount(codes, minlength=m).astype(float)
    mean = sum_by(time, codes, m) / counts
    away = time - mean[codes]
    width = sum_by(away**2, codes, m)
    # Equal times leave a width of rounding, which must not pass for a slope.
    width[width <= _SAME_TIME * counts * np.maximum(1.0, mean**2)] = 0.0
    away[width[codes] == 0] = 0.0
    level, lean = sum_by(values, codes, m), sum_by(values * away[:, None], codes, m)
    slope_of = np.divide(1.0, width, out=np.zeros(m), where=width > 0)
    lines = (level / counts[:, None])[codes] + away[:, None] * (lean * slope_of[:, None])[codes]
    own = values - lines
    sums = SubjectSums(
        n=counts,
        centre=mean,
        width=width,
        products=np.hstack([level, lean]),
        copies=np.ones(m),
        within=own.T @ own,
        rows=n,
    )
    coordinates = Coordinates(
        back=back,
        log_det_information=2 * float(np.sum(np.log(np.abs(np.diag(r))))),
        least_squares=least_squares,
        spread=spread,
        centre=centre,
        unit=unit,
    )
    return sums, coordinates, codes, np.asarray(names, dtype=object)


def _times(design: Design, slope: str) -> NDArray[np.float64]:
    """Take the column of the random slope, refusing what cannot have one."""
    column = design.frame[slope]
    if not pd.api.types.is_numeric_dtype(column):
        raise EstimationError(
            f"The slope column {slope} is not numeric.",
            "Convert dates to days since the start first.",
        )
    time = column.to_numpy(dtype=float)
    if not np.isfinite(time).all():
        raise EstimationError(
            f"The slope column {slope} has {int((~np.isfinite(time)).sum())} infinite value(s).",
            "Correct or remove those rows before fitting.",
        )
    if np.ptp(time) == 0:
        raise EstimationError(f"The slope column {slope} has one value only.", "Leave slope= out.")
    return time
