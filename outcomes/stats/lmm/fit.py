"""Fit a linear model with a random intercept and slope for each subject."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.errors import EstimationError
from outcomes.stats.design import build_design
from outcomes.stats.lmm.optimise import Optimum, Structure, minimise
from outcomes.stats.lmm.result import LmmFit
from outcomes.stats.lmm.statistics import SubjectSums, subject_sums

# Residual variance over that about the fixed effects; a search that does not end below it is one
# for a residual variance of zero.
_EXACT = 1e-4


def fit_lmm(
    formula: str,
    data: pd.DataFrame,
    *,
    subject: str,
    slope: str | None = None,
    correlated: bool = True,
    reml: bool = True,
) -> LmmFit:
    """Fit a random-intercept or random-slope model for outcomes at irregular times.

    Parameters
    ----------
    formula : str
        Fixed effects, such as ``"outcome ~ time * group + baseline"``.
    data : pandas.DataFrame
        One row per subject and time, in any order.
    subject : str
        Column naming the subject.
    slope : str, optional
        Numeric column (time) whose slope varies between subjects. Without it only the level does.
    correlated : bool
        Whether level and slope of a subject may be correlated. If not, the meaning of the model
        depends on where time is zero.
    reml : bool
        Restricted (default) or full maximum likelihood.

    Returns
    -------
    LmmFit
        Coefficients with Satterthwaite or Kenward–Roger inference, variance components, random
        effects and predictions. A variance of zero or a correlation of ±1 is named in
        ``boundary`` and ``notes``; a fit that did not converge has ``converged`` False.

    Raises
    ------
    EstimationError
        If the design is rank-deficient, values are infinite, the outcome is missing throughout,
        there is one subject or no subject seen twice, the slope column does not vary within
        subjects, there are no more rows than random effects, or the subjects' lines fit exactly.

    Notes
    -----
    y = Xβ + Zu + e with u ~ N(0, G), e ~ N(0, σ²), z = 1 or (1, time). Rows with a missing value
    in the model are left out and counted; that is valid where outcomes are missing at random
    given what is in the model. The deviance is profiled over β and σ² and minimised over the
    Cholesky factor of G/σ² with exact derivatives; time and outcome are scaled inside, so units
    do not matter. Subjects with the same times are put together.

    References
    ----------
    Laird NM, Ware JH. Random-effects models for longitudinal data. Biometrics 1982;38:963–974.
    Bates D, Mächler M, Bolker B, Walker S. Fitting linear mixed-effects models using lme4.
    J Stat Softw 2015;67(1).
    """
    design = build_design(formula, data, [name for name in (subject, slope) if name])
    n, p = design.matrix.shape
    if n <= p:
        raise EstimationError(
            f"The model has {p} coefficients and {n} complete row(s): nothing is left to judge by.",
            "Use a simpler formula or more data.",
        )
    structure: Structure = (
        "intercept" if slope is None else "correlated" if correlated else "uncorrelated"
    )
    sums, coordinates, codes, labels = subject_sums(
        design, subject, slope, shift=structure == "correlated"
    )
    _check_slope(sums, slope)
    optimum = minimise(sums.compressed(), structure, reml=reml)
    free = n - p if reml else n
    residual = _residual_sum(optimum, p) / free
    if not optimum.converged and residual < _EXACT:
        raise EstimationError(
            "The lines of the subjects fit their outcomes (almost) exactly: no residual variance "
            "is left to weigh them by.",
            "Check for outcomes that were interpolated or repeated, or leave slope= out.",
        )
    return LmmFit(
        design=design,
        subject=subject,
        slope=slope,
        structure=structure,
        reml=reml,
        sums=sums,
        coordinates=coordinates,
        optimum=optimum,
        codes=codes,
        labels=labels,
        sigma2=coordinates.spread**2 * residual,
    )


def _residual_sum(optimum: Optimum, p: int) -> float:
    """Weighted residual sum of squares at the optimum, in the unit of the sums."""
    outer = optimum.evaluation.outer
    return float(outer[p, p] - outer[p, :p] @ np.linalg.solve(outer[:p, :p], outer[:p, p]))


def _check_slope(sums: SubjectSums, slope: str | None) -> None:
    """Refuse a random slope that the data cannot show."""
    if slope is None:
        return
    if not np.any(sums.width > 0):
        raise EstimationError(
            f"{slope} does not vary within any subject: no subject has a slope.",
            "Leave slope= out, or give the column with the times.",
        )
    if sums.rows <= 2 * len(sums.n):
        raise EstimationError(
            f"{sums.rows} rows of {len(sums.n)} subjects are too few for a level and a slope each.",
            "Leave slope= out, or keep subjects that were seen at least three times.",
        )
