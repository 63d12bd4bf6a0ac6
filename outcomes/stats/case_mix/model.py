"""What a unit's subjects would be expected to reach, whichever the unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from outcomes.errors import EstimationError
from outcomes.stats.case_mix.difference import observed_minus_expected
from outcomes.stats.case_mix.slopes import (
    level_intercept,
    linear_slope,
    logistic_slope,
    require_variation,
)
from outcomes.stats.design import build_design, subject_codes
from outcomes.stats.rates.problem import row_weights
from outcomes.stats.sandwich import sum_by

Floats = NDArray[np.float64]
Kind = Literal["linear", "logistic"]


@dataclass(frozen=True)
class CaseMix:
    """A case-mix model and what it expects of each subject.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per subject used, index of the data: unit, observed, expected, weight.
    kind : {"linear", "logistic"}
        Model.
    coefficients : pandas.DataFrame
        term, estimate (unit of the outcome, or log odds ratio), without the intercept.
    sd : float
        Standard deviation of a subject about expectation within units; for `logistic` the root of
        the mean of e(1 − e).
    notes : tuple of str
        Rows left out, units that say nothing about the slopes.
    """

    rows: pd.DataFrame
    kind: Kind
    coefficients: pd.DataFrame
    sd: float
    notes: tuple[str, ...]

    def units(self) -> pd.DataFrame:
        """Observed minus expected of each unit.

        Returns
        -------
        pandas.DataFrame
            As `observed_minus_expected`, with ``std_error`` from `sd` for the linear model.
        """
        r = self.rows
        table = observed_minus_expected(
            r["observed"], r["expected"], r["unit"], weights=r["weight"]
        )
        if self.kind == "linear":
            return table.assign(std_error=self.sd / np.sqrt(table["n_effective"]))
        weight, chance = r["weight"].to_numpy(), r["expected"].to_numpy()
        codes, labels = subject_codes(r["unit"])
        variance = sum_by(weight**2 * chance * (1 - chance), codes, len(labels))
        total = sum_by(weight, codes, len(labels))
        return table.assign(std_error=np.sqrt(variance) / total)

    def calibration(self, groups: int = 10) -> pd.DataFrame:
        """Observed against expected, by how much was expected.

        Parameters
        ----------
        groups : int
            Groups of about equal size, ordered by expectation. Equal expectations stay together.

        Returns
        -------
        pandas.DataFrame
            group (from 1), n, expected, observed, difference and its std_error.

        Notes
        -----
        Weighted means within groups. A difference that runs with the group says that the model
        bends where the data do not.

        References
        ----------
        Steyerberg EW. Clinical prediction models. 2nd ed. Springer 2019, chapter 15.
        """
        ranks = self.rows["expected"].rank(method="average", pct=True)
        group = np.minimum(np.ceil(ranks * groups), groups).astype(int)
        r = self.rows
        table = observed_minus_expected(r["observed"], r["expected"], group, weights=r["weight"])
        table = table.rename(columns={"unit": "group"}).sort_values("group", ignore_index=True)
        return table[["group", "n", "expected", "observed", "difference", "std_error"]]


def fit_case_mix(
    formula: str,
    data: pd.DataFrame,
    *,
    unit: str,
    kind: Kind = "linear",
    within_units: bool = True,
    weights: str | None = None,
) -> CaseMix:
    """Fit what is expected of a subject, whichever the unit.

    Parameters
    ----------
    formula : str
        Outcome (0/1 for `logistic`) and what was known of the subject at the start, such as
        ``"outcome ~ baseline + age"``; ``"outcome ~ 1"`` for none.
    data : pandas.DataFrame
        One row per subject.
    unit : str
        Column that names the unit.
    kind : {"linear", "logistic"}
        Model.
    within_units : bool
        Take the slopes from differences within units only (an effect for each unit in the model),
        as default. Without, a unit that does well *and* has subjects of one kind has its merit
        counted as theirs; published national models mostly do that.
    weights : str, optional
        Column of positive weights.

    Returns
    -------
    CaseMix
        Expected outcomes, whose weighted mean is that of the outcomes observed.

    Raises
    ------
    EstimationError
        If a covariate does not vary within units, a group never or always has the outcome, or there
        are no more subjects than coefficients.

    Notes
    -----
    Expected = a + xb, or expit(a + xb), with a such that expected and observed agree over all
    subjects. For `logistic` within units, a unit in which all or none have the outcome says nothing
    about b and is left out of that step only. Rows with a missing value are left out and counted.

    References
    ----------
    DeLong ER, Peterson ED, DeLong DM, et al. Comparing risk-adjustment methods for provider
    profiling. Stat Med 1997;16:2645–2664. Kalbfleisch JD, Wolfe RA. On monitoring outcomes of
    medical providers. Stat Biosci 2013;5:286–302.
    """
    if kind not in get_args(Kind):
        raise EstimationError(f"Unknown model {kind!r}.", "Use 'linear' or 'logistic'.")
    design = build_design(formula, data, [unit, *([weights] if weights else [])])
    y, w = design.response, row_weights(design, weights)
    varies = np.ptp(design.matrix, axis=0) > 0
    x, names = design.matrix[:, varies], [n for n, v in zip(design.names, varies, strict=True) if v]
    codes, labels = subject_codes(design.frame[unit])
    size = len(labels)
    if len(y) <= x.shape[1] + (size if within_units else 1):
        raise EstimationError(
            f"{len(y)} subject(s) are too few for {x.shape[1]} term(s) and {size} unit(s).",
            "Use fewer terms, or within_units=False.",
        )
    if within_units:
        require_variation(x, codes, size, names)
    groups = codes if within_units else np.zeros(len(y), dtype=np.intp)
    notes = design.notes
    if kind == "linear":
        slope = linear_slope(x, y, w, groups)
        expected = x @ slope + np.average(y - x @ slope, weights=w)
        sd = _within_sd(y - expected, w, codes, size, x.shape[1])
    else:
        slope, silent = logistic_slope(x, y, w, groups)
        expected = expit(x @ slope + level_intercept(x @ slope, y, w))
        sd = float(np.sqrt(np.average(expected * (1 - expected), weights=w)))
        if silent:
            notes += (
                f"{silent} unit(s) say nothing about case-mix: all or none have the outcome.",
            )
    rows = pd.DataFrame(
        {"unit": design.frame[unit], "observed": y, "expected": expected, "weight": w},
        index=design.frame.index,
    )
    table = pd.DataFrame({"term": names, "estimate": slope})
    return CaseMix(rows, kind, table, sd, notes)


def _within_sd(
    residual: Floats, w: Floats, codes: NDArray[np.intp], size: int, terms: int
) -> float:
    """Give the standard deviation of residuals about the mean of their unit."""
    mean = sum_by(w * residual, codes, size) / sum_by(w, codes, size)
    free = len(residual) - size - terms
    if free < 1:
        return float("nan")
    scaled = w / w.mean()
    return float(np.sqrt((scaled * (residual - mean[codes]) ** 2).sum() / free))
