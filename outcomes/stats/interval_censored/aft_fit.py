"""Fit an accelerated failure time model to bracketed times."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.design import Design, build_design

from .aft import AftFit
from .aft_maximum import Solution, solve
from .rows import CensoredTimes, Floats, censored_times
from .shapes import SHAPES, Shape

_ONE = "_one"


def fit_aft(
    formula: str,
    data: pd.DataFrame,
    *,
    left: str,
    right: str,
    shape: str = "lognormal",
    weight: str | None = None,
    cluster: str | None = None,
) -> AftFit:
    """Fit an accelerated failure time model to bracketed times.

    Parameters
    ----------
    formula : str
        Right-hand side, such as ``"~ group + baseline"``; ``"~ 1"`` for none.
    data : DataFrame
        One row a subject (or several, with `cluster`).
    left, right : str
        Columns with the limits: the event lies in (left, right]; equal limits are an exact time, a
        missing or infinite `right` right-censored, a missing or zero `left` left-censored.
    shape : {"lognormal", "weibull", "loglogistic"}
        Distribution of T.
    weight : str, optional
        Column with non-negative weights. The model covariance takes them as repetitions; use the
        robust one for weights that are inverse probabilities.
    cluster : str, optional
        Column whose equal values are not independent, for the robust covariance.

    Returns
    -------
    AftFit
        Coefficients, F(t | x), restricted means and quantiles.

    Raises
    ------
    EstimationError
        For an unknown shape, absent columns, contradictory limits, a rank-deficient design, or a
        likelihood without a maximum.

    Notes
    -----
    Maximises Σ w_i log L_i with L = g(z)/(σt) for an exact row and G(z_right) − G(z_left)
    otherwise, z = (log t − x'β)/σ. Rows with a missing covariate are left out and counted; rows
    without either limit are refused. The robust covariance is the sandwich H⁻¹ (Σ_g u_g u_g') H⁻¹
    of the observed information H, without a correction for the number of clusters.

    References
    ----------
    Kalbfleisch JD, Prentice RL. The statistical analysis of failure time data. 2nd ed. Wiley 2002,
    chapter 3. Burridge J. J R Stat Soc B 1981;43:41–45.
    """
    if shape not in SHAPES:
        raise EstimationError(f"Unknown shape {shape!r}.", f"Use one of {', '.join(SHAPES)}.")
    absent = [name for name in (left, right) if name not in data.columns]
    if absent:
        raise EstimationError(
            f"The data have no column {', '.join(absent)}.", "Name the columns of the limits."
        )
    also = [name for name in (weight, cluster) if name is not None]
    rows = data.reset_index(drop=True).assign(**{_ONE: 1.0})
    if weight is not None and weight in rows.columns:
        # A row of weight 0 must not decide whether the design is of full rank.
        rows = rows[~(rows[weight] == 0)]
    design = build_design(f"{_ONE} ~ {formula.split('~')[-1].strip() or '1'}", rows, also)
    used = rows.loc[design.frame.index]
    times = censored_times(
        used[left].to_numpy(float, na_value=np.nan),
        used[right].to_numpy(float, na_value=np.nan),
        None if weight is None else used[weight].to_numpy(float),
    )
    nothing = int((times.right == 0).sum())
    if nothing:
        raise EstimationError(
            f"{nothing} rows have an exact time of 0, which has no logarithm.",
            "Give (0, u] with u the smallest time that can be told apart.",
        )
    kind = SHAPES[shape]
    solution = solve(kind, times, design.matrix)
    codes = _cluster_codes(used, cluster)
    return AftFit(
        shape=shape,
        design=design,
        times=times,
        solution=solution,
        null_log_likelihood=_null(kind, times, solution, design),
        robust_covariance=_sandwich(solution, codes),
        n_clusters=int(codes.max()) + 1,
    )


def _null(kind: Shape, times: CensoredTimes, solution: Solution, design: Design) -> float:
    if design.names == ("(Intercept)",):
        return solution.log_likelihood
    return solve(kind, times, np.ones((len(times.left), 1))).log_likelihood


def _cluster_codes(used: pd.DataFrame, cluster: str | None) -> NDArray[np.intp]:
    if cluster is None:
        return np.arange(len(used))
    return pd.factorize(used[cluster])[0]


def _sandwich(solution: Solution, codes: NDArray[np.intp]) -> Floats:
    sums = np.column_stack([np.bincount(codes, column) for column in solution.scores.T])
    return solution.covariance @ (sums.T @ sums) @ solution.covariance
