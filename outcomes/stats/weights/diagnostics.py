"""What weights do to the data: how much is left, how extreme they are, whether they balance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]


def effective_sample_size(weights: ArrayLike) -> float:
    """Kish's effective sample size (Σw)²/Σw².

    Parameters
    ----------
    weights : array_like of float, shape (n,)
        Non-negative weights.

    Returns
    -------
    float
        Number of equally weighted rows that a mean would be as uncertain with; 0 without weights.

    References
    ----------
    Kish L. Survey sampling. Wiley 1965.
    """
    w = np.asarray(weights, dtype=float)
    square = float((w**2).sum())
    return float(w.sum()) ** 2 / square if square > 0 else 0.0


def weighted_mean(
    values: ArrayLike, weights: ArrayLike, *, leverage: bool = False
) -> tuple[float, float]:
    """Weighted mean Σwy/Σw with the standard error that takes the weights as known.

    Parameters
    ----------
    values, weights : array_like of float, shape (n,)
        Values where the weight is 0 are not read and may be missing.
    leverage : bool
        Divide each residual by one minus its share of the weight, as HC3 does: for few effective
        rows, where the plain formula is too small.

    Returns
    -------
    mean, std_error : float
        Mean, and √Σw²(y − mean)² / Σw. That the weights were estimated is left out; a bootstrap or
        jackknife that refits them takes it in.

    Raises
    ------
    EstimationError
        If no weight is positive or a value that counts is missing.
    """
    y, w = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    y, w = y[w != 0], w[w != 0]
    if not len(w) or not (w > 0).all():
        raise EstimationError("No row has a positive weight.", "Check who is left in this group.")
    if not np.isfinite(y).all():
        raise EstimationError(
            f"{int((~np.isfinite(y)).sum())} rows that count have no value.",
            "Give rows without a value the weight 0 and weight for the others' answering.",
        )
    share = w / w.sum()
    mean = float(share @ y)
    apart = share * (y - mean)
    if leverage:
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = apart / (1 - share)
    return mean, float(np.sqrt(apart @ apart))


def weight_table(
    weights: ArrayLike,
    by: pd.DataFrame,
    probabilities: ArrayLike | None = None,
) -> pd.DataFrame:
    """Weights in each group and period.

    Parameters
    ----------
    weights : array_like of float, shape (n,)
        Weights of rows; 0 for rows that do not count.
    by : DataFrame, shape (n, g)
        Columns that tell groups and periods apart.
    probabilities : array_like of float, shape (n,), optional
        Probability of what happened in each row (`WeightFit.observed`).

    Returns
    -------
    DataFrame
        The columns of `by`, then n (rows), n_weighted (rows of positive weight), sum_over_n (Σw/n:
        near 1 if n counts everyone the weights stand for), mean (of positive weights), max, q99
        (99th percentile), ess, smallest_probability.

    Raises
    ------
    EstimationError
        For lengths that differ, negative or infinite weights, or labels that are missing.
    """
    w = _weights(weights, len(by))
    _labelled(by)
    frame = by.reset_index(drop=True)
    frame = frame.assign(
        _w=w,
        _positive=np.where(w > 0, w, np.nan),
        _square=w**2,
        _p=np.nan if probabilities is None else np.asarray(probabilities, dtype=float),
    )
    groups = frame.groupby(list(by.columns), sort=True, observed=True)
    found = groups.agg(
        n=("_w", "size"),
        n_weighted=("_positive", "count"),
        total=("_w", "sum"),
        square=("_square", "sum"),
        mean=("_positive", "mean"),
        max=("_positive", "max"),
        smallest_probability=("_p", "min"),
    )
    found["q99"] = groups["_positive"].quantile(0.99)
    found["sum_over_n"] = found["total"] / found["n"]
    found["ess"] = np.where(found["square"] > 0, found["total"] ** 2 / found["square"], 0.0)
    order = ["n", "n_weighted", "sum_over_n", "mean", "max", "q99", "ess", "smallest_probability"]
    return found[order].reset_index()


def standardised_differences(
    covariates: pd.DataFrame,
    weights: ArrayLike,
    reference: ArrayLike,
    *,
    by: pd.DataFrame | None = None,
    unweighted: ArrayLike | None = None,
) -> pd.DataFrame:
    """How far weighted rows are from those they should stand for.

    Parameters
    ----------
    covariates : DataFrame, shape (n, c)
        Numeric columns are compared as they are, others level by level.
    weights : array_like of float, shape (n,)
        Weights after the decision, 0 for rows that did not keep to it.
    reference : array_like of float, shape (n,)
        Weights before the decision: whom the rows should stand for (1 for all at risk).
    by : DataFrame, shape (n, g), optional
        Columns that tell periods or groups apart; balance is looked at within each.
    unweighted : array_like of float, shape (n,), optional
        Weights for the comparison without correction; rows of positive `weights` taking their
        `reference` weight unless given.

    Returns
    -------
    DataFrame
        The columns of `by`, covariate, level, n_weighted, mean, reference_mean, sd, smd, and
        smd_unweighted. smd = (weighted mean − reference mean) / SD in the reference; NaN where the
        covariate does not vary or nobody counts.

    Raises
    ------
    EstimationError
        For lengths that differ, weights that are not weights, or missing covariates.

    Notes
    -----
    In a sequence of decisions compare those who kept to the strategy through period t, weighted
    through t, with those still on it at the start of t, weighted through t − 1: that is what the
    factor of period t has to balance. |smd| < 0.1 is the usual mark.

    References
    ----------
    Austin PC, Stuart EA. Moving towards best practice when using inverse probability of treatment
    weighting. Stat Med 2015;34:3661–3679.
    """
    n = len(covariates)
    after, before = _weights(weights, n), _weights(reference, n)
    plain = np.where(after > 0, before, 0.0) if unweighted is None else _weights(unweighted, n)
    missing = [str(c) for c in covariates.columns if covariates[c].isna().any()]
    if missing:
        raise EstimationError(
            f"Covariates with missing values: {', '.join(missing)}.",
            "Fill them in with an indicator beside, as the weight model does.",
        )
    values, labels = _numbers(covariates)
    if by is None:
        codes, keys = np.zeros(n, dtype=int), pd.DataFrame(index=[0])
    else:
        _labelled(by)
        grouped = by.reset_index(drop=True).groupby(list(by.columns), sort=True, observed=True)
        codes = grouped.ngroup().to_numpy()
        keys = by.reset_index(drop=True).groupby(codes).first()
    size = len(keys)

    def means(w: Floats) -> Floats:
        total = np.bincount(codes, w, size)
        sums = np.stack([np.bincount(codes, w * v, size) for v in values])
        with np.errstate(divide="ignore", invalid="ignore"):
            return sums / total

    aim = means(before)
    total = np.bincount(codes, before, size)
    spread = np.stack(
        [np.bincount(codes, before * (v - aim[j][codes]) ** 2, size) for j, v in enumerate(values)]
    )
    found, naive = means(after), means(plain)
    with np.errstate(divide="ignore", invalid="ignore"):
        sd = np.sqrt(spread / total)
        scale = np.where(sd > 1e-12 * (1 + np.abs(aim)), sd, np.nan)
        smd, smd_naive = (found - aim) / scale, (naive - aim) / scale
    k = len(labels)
    out = keys.loc[keys.index.repeat(k)].reset_index(drop=True)
    out["covariate"] = [name for name, _ in labels] * size
    out["level"] = [level for _, level in labels] * size
    out["n_weighted"] = np.repeat(np.bincount(codes, after > 0, size).astype(int), k)
    parts = {"mean": found, "reference_mean": aim, "sd": sd, "smd": smd}
    for name, part in (parts | {"smd_unweighted": smd_naive}).items():
        out[name] = part.T.ravel()
    return out


def truncate(
    weights: ArrayLike, quantile: float = 0.995, by: Sequence[object] | None = None
) -> Floats:
    """Pull the largest weights down to a quantile of the positive ones.

    Parameters
    ----------
    weights : array_like of float, shape (n,)
        Non-negative weights.
    quantile : float
        Quantile above which weights are set to it, above 0.5 and at most 1.
    by : sequence, shape (n,), optional
        Labels within which the quantile is taken, such as the period.

    Returns
    -------
    ndarray of float, shape (n,)
        Truncated weights; zeros stay zero.

    Raises
    ------
    EstimationError
        For a quantile out of range or weights that are not weights.

    Notes
    -----
    Trades bias for variance: the result is for a sensitivity analysis beside untruncated weights.

    References
    ----------
    Xiao Y, Moodie EEM, Abrahamowicz M. Comparison of approaches to weight truncation for marginal
    structural Cox models. Epidemiol Methods 2013;2:1–20.
    """
    if not 0.5 < quantile <= 1:
        raise EstimationError(
            f"The quantile {quantile} is not above 0.5 and at most 1.", "Use 0.995."
        )
    w = _weights(weights, len(np.atleast_1d(np.asarray(weights, dtype=float))))
    positive = pd.Series(np.where(w > 0, w, np.nan))
    codes = np.zeros(len(w), dtype=np.int64) if by is None else pd.factorize(np.asarray(by))[0]
    limits = positive.groupby(codes).quantile(quantile)
    # A group of zeros has no limit and needs none.
    return np.fmin(w, limits.reindex(codes).to_numpy())


def _weights(weights: ArrayLike, n: int) -> Floats:
    w = np.asarray(weights, dtype=float)
    if w.shape != (n,):
        raise EstimationError(
            f"Weights have shape {w.shape} for {n} rows.", "Give one weight a row."
        )
    if not (np.isfinite(w) & (w >= 0)).all():
        raise EstimationError(
            f"{int((~(np.isfinite(w) & (w >= 0))).sum())} weights are negative or not finite.",
            "Give weights that are 0 or more.",
        )
    return w


def _labelled(by: pd.DataFrame) -> None:
    unknown = [str(name) for name in by.columns if by[name].isna().any()]
    if unknown:
        raise EstimationError(
            f"{', '.join(unknown)} is missing in some rows.", "Give each row a period and group."
        )


def _numbers(covariates: pd.DataFrame) -> tuple[list[Floats], list[tuple[str, str]]]:
    values, labels = [], []
    for name in covariates.columns:
        column = covariates[name]
        if pd.api.types.is_numeric_dtype(column):
            values.append(column.to_numpy(dtype=float))
            labels.append((str(name), ""))
        else:
            kinds = column.astype("category").cat.remove_unused_categories()
            for level in kinds.cat.categories:
                values.append((column == level).to_numpy(dtype=float))
                labels.append((str(name), str(level)))
    return values, labels
