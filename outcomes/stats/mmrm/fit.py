"""Fitting a mixed model for repeated measures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...errors import EstimationError
from . import checks
from .covariances import STRUCTURES
from .inference import Fitted
from .likelihood import Likelihood
from .optimise import optimise
from .result import MmrmResult
from .rows import Rows, read_rows
from .statistics import MmrmStatistics, summarise


def fit_mmrm(
    formula: str | MmrmStatistics,
    data: pd.DataFrame | None = None,
    *,
    subject: str | None = None,
    visit: str | None = None,
    covariance: str = "unstructured",
    reml: bool = True,
    group: str | None = None,
    weights: str | None = None,
) -> MmrmResult:
    """Fit a linear model whose errors are correlated within subjects across visits.

    Parameters
    ----------
    formula : str or MmrmStatistics
        Model such as "outcome ~ arm * visit + baseline", or sums made before; these carry their own
        formula, subjects, visits, group and weights.
    data : pandas.DataFrame, optional
        One row per subject and visit, for a formula. Rows with a missing outcome, covariate,
        subject or visit are left out and counted.
    subject, visit : str
        Columns. The visit is a factor wherever it stands in the formula, its levels in order:
        numbers by size, categories in their order, text if its numbers rise.
    covariance : str
        A name of `STRUCTURES`.
    reml : bool
        Restricted maximum likelihood (True) or maximum likelihood.
    group : str, optional
        Column with a covariance of its own for each level, constant within subjects.
    weights : str, optional
        Column of positive weights, one value a subject: the covariance is Sigma / weight.

    Returns
    -------
    MmrmResult
        See there; `converged` and `problems` say whether the optimum can be trusted.

    Raises
    ------
    EstimationError
        For input that no such model can be made of, naming the remedy.

    Notes
    -----
    y_i = X_i b + e_i with e_i ~ N(0, Sigma_r), where Sigma_r has the rows and columns of Sigma
    for the visits seen in pattern r. Text and categorical variables get treatment coding with the
    first level as reference. Missing outcomes are handled by the likelihood: valid when they are
    missing at random given the covariates and the outcomes that were seen. After one pass over
    the rows the cost does not depend on the number of subjects.

    References
    ----------
    Mallinckrodt CH et al. (2008). Recommendations for the primary analysis of continuous
    endpoints in longitudinal clinical trials. Drug Information Journal 42:303-319. Sabanes Bove D
    et al. mmrm: Mixed Models for Repeated Measures. R package 0.3.18.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {
    ...         "person": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ...         "week": [0, 4] * 5,
    ...         "score": [7.0, 5.5, 6.0, 3.0, 8.0, 6.5, 5.0, 4.5, 6.5, 3.0],
    ...     }
    ... )
    >>> fit = fit_mmrm("score ~ week", data, subject="person", visit="week")
    >>> fit.converged
    True
    >>> round(float(fit.coefficients()["estimate"][1]), 3)
    -2.0
    """
    rows: Rows | None = None
    if isinstance(formula, MmrmStatistics):
        statistics = formula
    else:
        if data is None or subject is None or visit is None:
            raise EstimationError(
                "A formula needs data, subject and visit.", "Name the frame and its two columns."
            )
        rows = read_rows(
            formula,
            data,
            subject=subject,
            visit=visit,
            group=group,
            weights=weights,
            keep_unused=False,
        )
        statistics = summarise(rows)
    if covariance not in STRUCTURES:
        raise EstimationError(
            f"No covariance named {covariance!r}.", f"Choose from {sorted(STRUCTURES)}."
        )
    structure = STRUCTURES[covariance]
    moments = statistics.moments()
    n_groups = max(len(statistics.groups), 1)
    likelihood = Likelihood(moments, structure, n_groups, reml)
    names = statistics.design.names
    T, p = moments.n_visits, moments.n_coefficients
    identity = np.broadcast_to(np.eye(T), (n_groups, T, T))
    checks.check_rank(names, moments.quadratic(moments.inverse(identity)[0])[:p, :p])
    checks.check_groups(moments.group, moments.n_subjects, statistics.groups)
    checks.check_size(moments.n_rows, p, likelihood.n_parameters, covariance)
    if covariance == "unstructured":
        for g, label in enumerate(statistics.groups or ("",)):
            here = moments.group == g
            checks.check_pairs(
                moments.seen[here], moments.n_subjects[here], statistics.design.visits, str(label)
            )
    transform, shift = statistics.to_original()
    return MmrmResult(statistics, Fitted(likelihood, optimise(likelihood), transform, shift), rows)
