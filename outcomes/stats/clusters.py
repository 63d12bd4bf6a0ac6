"""Few clusters: the analysis of cluster means.

With an exposure that belongs to the cluster, each cluster is one observation of it. Comparing the
means of the clusters says so, needs no large-sample argument, and has an exact t test where the
means are normal with equal variances. The other answer for few clusters, CR2 with t, is a variance
of `linear.fit_linear` and `rates.fit_rate_gee`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.errors import EstimationError
from outcomes.stats.design import build_design, subject_codes
from outcomes.stats.linear import LinearFit, fit_linear
from outcomes.stats.sandwich import sum_by


@dataclass(frozen=True)
class ClusterMeans:
    """Analysis of cluster means.

    Parameters
    ----------
    fit : LinearFit
        Linear model of the means, one row per cluster; its tables have clusters − p df.
    means : pandas.DataFrame
        One row per cluster: the cluster, its covariates, ``cluster_mean`` (adjusted if asked for)
        and ``cluster_n`` observations.
    left_out : int
        Observations not used because a value was missing.
    """

    fit: LinearFit
    means: pd.DataFrame
    left_out: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know about the rows used."""
        if not self.left_out:
            return ()
        return (f"{self.left_out} row(s) left out: a value in the model is missing.",)


def fit_cluster_means(
    formula: str, data: pd.DataFrame, *, cluster: str, adjust: str | None = None
) -> ClusterMeans:
    """Compare clusters by their means.

    Parameters
    ----------
    formula : str
        Outcome and cluster-level covariates, such as ``"outcome ~ exposure"``. The covariates must
        not vary within a cluster.
    data : pandas.DataFrame
        One row per observation.
    cluster : str
        Column that names the cluster.
    adjust : str, optional
        Subject-level covariates to take out first, as the right-hand side of a formula, such as
        ``"baseline + age"``.

    Returns
    -------
    ClusterMeans
        The fit of the means and the means themselves.

    Raises
    ------
    EstimationError
        If a cluster-level covariate varies within a cluster, or there are no more clusters than
        coefficients.

    Notes
    -----
    Stage one regresses the outcome on `adjust` alone, without the exposure, and takes the mean
    residual of each cluster plus the overall mean of the outcome. Stage two is an unweighted linear
    model of the means with t on clusters − p degrees of freedom. Unweighted, it estimates the
    effect in the average cluster, not in the average subject. Rows with a missing value are left
    out and counted.

    References
    ----------
    Hayes RJ, Moulton LH. Cluster randomised trials. 2nd ed. CRC Press 2017, chapters 10 and 11.
    """
    numbered = data.reset_index(drop=True)
    design = build_design(formula, numbered, [cluster])
    frame, outcome = design.frame, design.response
    if adjust is not None:
        stage_one = build_design(
            f"{formula.split('~', 1)[0]} ~ {adjust}", numbered.loc[frame.index]
        )
        frame = frame.loc[stage_one.frame.index]
        b, *_ = np.linalg.lstsq(stage_one.matrix, stage_one.response)
        residual = stage_one.response - stage_one.matrix @ b
        outcome = residual + stage_one.response.mean()
    codes, labels = subject_codes(frame[cluster])
    size = len(labels)
    if size <= len(design.names):
        raise EstimationError(
            f"There are {size} cluster(s) for {len(design.names)} coefficient(s).",
            "Leave cluster-level covariates out, or add clusters.",
        )
    levels = frame.groupby(cluster, observed=True)[list(design.covariates)].nunique()
    varying = [name for name in design.covariates if (levels[name] > 1).any()]
    if varying:
        raise EstimationError(
            f"{', '.join(varying)} vary within a cluster.",
            "Put subject-level covariates into adjust=, or use fit_linear with cluster=.",
        )
    counts = np.bincount(codes, minlength=size)
    first = np.unique(codes, return_index=True)[1]
    means = (
        frame.iloc[first][[cluster, *design.covariates]]
        .assign(cluster_mean=sum_by(outcome, codes, size) / counts, cluster_n=counts)
        .reset_index(drop=True)
    )
    fit = fit_linear(f"cluster_mean ~ {formula.split('~', 1)[1]}", means)
    return ClusterMeans(fit=fit, means=means, left_out=len(data) - len(frame))
