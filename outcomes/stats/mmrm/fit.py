"""Fitting a mixed model for repeated measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...errors import EstimationError
from . import checks
from .covariances import SpatialExponential, Structure, find_structure
from .description import Description, describe
from .fitted import Fitted
from .likelihood import Likelihood
from .moments import Moments, inverse
from .optimise import optimise
from .result import MmrmResult
from .rows import read_rows
from .spatial import row_moments
from .statistics import MmrmStatistics, summarise


def fit_mmrm(
    formula: str | MmrmStatistics,
    data: pd.DataFrame | None = None,
    *,
    subject: str | None = None,
    visit: str | Sequence[str] | None = None,
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
        "unstructured", "compound-symmetry", "ar1", "toeplitz" or "ante-dependence" (first order),
        the last four also as "heterogeneous-..." with one variance a visit; or
        "spatial-exponential", with correlation rho ** distance for dates that differ between
        subjects: `visit` is then a number or date (or several coordinates), and no factor. R's
        short names (us, cs, csh, ar1, ar1h, toep, toeph, ad, adh, sp_exp) work too.
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
    structure = find_structure(covariance)
    rows, statistics = None, None
    if isinstance(formula, MmrmStatistics):
        if isinstance(structure, SpatialExponential):
            raise EstimationError(
                "Sums per pattern of visits hold no dates of each subject's own.",
                "Fit the spatial covariance to the rows, or choose a covariance on a grid.",
            )
        if any(given is not None for given in (data, subject, visit, group, weights)):
            raise EstimationError(
                "Sums carry their own subjects, visits, group and weights.",
                "Give fit_mmrm the sums alone, with covariance and reml.",
            )
        statistics, description = formula, formula.description
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
            on_grid=isinstance(structure, Structure),
        )
        description = describe(rows)
    moments: Moments
    if isinstance(structure, SpatialExponential):
        assert rows is not None
        moments, transform, shift = row_moments(rows, structure)
    else:
        if statistics is None:
            assert rows is not None
            statistics = summarise(rows)
        moments = statistics.moments(structure)
        transform, shift = statistics.to_original()
    likelihood = Likelihood(
        moments,
        max(len(description.groups), 1),
        description.n_rows,
        description.log_weight,
        reml,
    )
    _check(likelihood, description)
    return MmrmResult(
        description,
        Fitted(likelihood, optimise(likelihood), transform, shift),
        rows,
        statistics.n_withheld if statistics is not None else 0,
    )


def _check(likelihood: Likelihood, description: Description) -> None:
    """Refuse what cannot be estimated before searching for it."""
    moments, design = likelihood.data, description.design
    p = moments.n_coefficients
    cross = moments.quadratic(inverse(moments, np.eye(moments.n_visits))[0])
    checks.check_rank(design.names, cross[:p, :p])
    checks.check_variation(cross)
    checks.check_groups(moments.group, moments.n_subjects, description.groups)
    checks.check_size(description.n_rows, p, likelihood.n_parameters, moments.structure.name)
    if moments.structure.name == "unstructured":
        for g, label in enumerate(description.groups or ("",)):
            here = moments.group == g
            checks.check_pairs(
                moments.seen[here], moments.n_subjects[here], design.visits, str(label)
            )
