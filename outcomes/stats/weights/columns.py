"""A design matrix in two blocks, so that indicators cost no more than the ones they hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from formulaic import Formula
from numpy.typing import NDArray
from scipy import sparse

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_LEVEL = re.compile(r"\[(?:T\.)?([^\[\]]*)\]")
# Columns with a larger share of entries that are not 0 are stored whole.
_FULL = 0.4


@dataclass(frozen=True)
class Columns:
    """n rows of p columns, those that are mostly 0 stored by what is not 0.

    Parameters
    ----------
    names : tuple of str
        Names of the p columns, as R writes them.
    dense : ndarray of float, shape (d, n)
        Columns stored whole, a row each.
    dense_at : ndarray of int, shape (d,)
        Their positions in the design.
    thin : csr_array, shape (n, p − d)
        The other columns.
    thin_rows : csr_array, shape (p − d, n)
        The same, transposed.
    thin_at : ndarray of int, shape (p − d,)
        Their positions.
    """

    names: tuple[str, ...]
    dense: Floats
    dense_at: Ints
    thin: sparse.csr_array
    thin_rows: sparse.csr_array
    thin_at: Ints

    @property
    def n(self) -> int:
        """Rows."""
        return self.dense.shape[1]

    def times(self, beta: Floats) -> Floats:
        """Linear predictors.

        Parameters
        ----------
        beta : ndarray of float, shape (p, k)
            Coefficients of k predictors.

        Returns
        -------
        ndarray of float, shape (k, n)
            Predictors.
        """
        return beta[self.dense_at].T @ self.dense + (self.thin @ beta[self.thin_at]).T

    def sums(self, values: Floats) -> Floats:
        """Sum each column times values over the rows.

        Parameters
        ----------
        values : ndarray of float, shape (k, n)
            What to multiply with.

        Returns
        -------
        ndarray of float, shape (p, k)
            Sums.
        """
        out = np.empty((len(self.names), len(values)))
        out[self.dense_at] = self.dense @ values.T
        out[self.thin_at] = self.thin_rows @ values.T
        return out

    def squares(self) -> Floats:
        """Sum the squares of each column.

        Returns
        -------
        ndarray of float, shape (p,)
            Sums of squares.
        """
        out = np.empty(len(self.names))
        out[self.dense_at] = np.einsum("dn,dn->d", self.dense, self.dense)
        out[self.thin_at] = self.thin.power(2).sum(axis=0)
        return out

    def take(self, rows: Ints) -> Columns:
        """Take some rows.

        Parameters
        ----------
        rows : ndarray of int, shape (m,)
            Which rows.

        Returns
        -------
        Columns
            The same columns of these rows.
        """
        thin = self.thin[rows]
        return replace(
            self, dense=self.dense.take(rows, axis=1), thin=thin, thin_rows=thin.T.tocsr()
        )

    def matrix(self, rows: slice) -> Floats:
        """Write some rows out as an ordinary matrix.

        Parameters
        ----------
        rows : slice
            Which rows.

        Returns
        -------
        ndarray of float, shape (m, p)
            Those rows.
        """
        dense = self.dense[:, rows]
        out = np.empty((dense.shape[1], len(self.names)))
        out[:, self.dense_at] = dense.T
        out[:, self.thin_at] = self.thin[rows].toarray()
        return out


def columns_of(formula: str, data: pd.DataFrame) -> Columns:
    """Build the design of a right-hand side.

    Parameters
    ----------
    formula : str
        Right-hand side, with or without a leading ``~``. Text and categories are treatment coded.
    data : DataFrame
        n rows.

    Returns
    -------
    Columns
        The design; columns may depend on each other, which fitted probabilities do not mind.

    Raises
    ------
    EstimationError
        For a formula that cannot be read, absent columns, or values missing or infinite.
    """
    text = formula.split("~")[-1].strip() or "1"
    try:
        parsed = Formula(text)
    except Exception as error:
        raise EstimationError(
            f"The right-hand side {text!r} cannot be read ({type(error).__name__}).",
            "Write it as 'term + term * term'.",
        ) from error
    needed = sorted(str(name) for name in parsed.required_variables)
    absent = [name for name in needed if name not in data.columns]
    if absent:
        raise EstimationError(
            f"The data have no column {', '.join(absent)}.", "Check the spelling in the formula."
        )
    for name in needed:
        missing = int(data[name].isna().sum())
        if missing:
            raise EstimationError(
                f"{name} is missing in {missing} of {len(data)} rows at risk.",
                "Carry the last value forward and say so with an indicator, or mark those rows as "
                "not at risk.",
            )
    if not needed:
        ones = np.ones((1, len(data)))
        empty = sparse.csr_array((len(data), 0))
        names = ("(Intercept)",)
        return Columns(names, ones, np.array([0]), empty, empty.T.tocsr(), np.array([], dtype=int))
    frame = pd.DataFrame({name: _plain(data[name]) for name in needed})
    found = parsed.get_model_matrix(frame, na_action="ignore", output="sparse")
    whole = sparse.csc_array(found)
    if not np.isfinite(whole.data).all():
        raise EstimationError(
            f"Infinite or undefined values among {', '.join(needed)}.", "Correct those rows."
        )
    full = np.diff(whole.indptr) > _FULL * len(data)
    thin = whole[:, ~full].tocsr()
    return Columns(
        names=tuple(_r_name(str(name)) for name in found.model_spec.column_names),
        dense=np.ascontiguousarray(whole[:, full].toarray().T),
        dense_at=np.flatnonzero(full),
        thin=thin,
        thin_rows=thin.T.tocsr(),
        thin_at=np.flatnonzero(~full),
    )


def _plain(column: pd.Series) -> pd.Series:
    """Numbers as float, everything else as categories that occur."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype(float) if pd.api.types.is_extension_array_dtype(column) else column
    return column.astype("category").cat.remove_unused_categories()


def _r_name(name: str) -> str:
    return "(Intercept)" if name == "Intercept" else _LEVEL.sub(r"\1", name)
