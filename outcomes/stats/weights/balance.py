"""Weights that balance by construction: entropy balancing, once and in sequence."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]


def entropy_balance(
    covariates: ArrayLike,
    target: ArrayLike,
    base: ArrayLike | None = None,
    *,
    tolerance: float = 1e-8,
) -> Floats:
    """Weights nearest to the base weights under which covariate means hit a target.

    Parameters
    ----------
    covariates : array_like of float, shape (n, k)
        Covariates, and powers or products of them if those are to balance too.
    target : array_like of float, shape (k,)
        Means that the weighted rows must have.
    base : array_like of float, shape (n,), optional
        Weights to stay near to, equal unless given.
    tolerance : float
        Largest difference from the target allowed, in standard deviations.

    Returns
    -------
    ndarray of float, shape (n,)
        Positive weights that sum to the sum of `base` (n if not given).

    Raises
    ------
    EstimationError
        If no positive weights reach the target (it lies outside what the rows span), or a covariate
        is missing.

    Notes
    -----
    Minimises Σ w log(w/base) subject to Σ w x / Σ w = target: w ∝ base · exp(x'λ), λ by Newton's
    method on the convex dual. A calibration that needs no model of who chose what, but balances
    only the means it was given.

    References
    ----------
    Hainmueller J. Entropy balancing for causal effects. Polit Anal 2012;20:25–46.
    Deville J-C, Särndal C-E. Calibration estimators in survey sampling. J Am Stat Assoc
    1992;87:376–382.
    """
    X = np.asarray(covariates, dtype=float)
    aim = np.atleast_1d(np.asarray(target, dtype=float))
    X = X[:, None] if X.ndim == 1 else X
    q = np.ones(len(X)) if base is None else np.asarray(base, dtype=float)
    if X.ndim != 2 or aim.shape != X.shape[1:] or q.shape != X.shape[:1]:
        raise EstimationError(
            f"Covariates {X.shape}, target {aim.shape} and base {q.shape} do not fit together.",
            "Give n rows of k covariates, k targets and n base weights.",
        )
    if not (np.isfinite(X).all() and np.isfinite(aim).all()):
        raise EstimationError("A covariate or target is missing or infinite.", "Fill it in.")
    if not (np.isfinite(q) & (q >= 0)).all() or q.sum() <= 0:
        raise EstimationError(
            "Base weights must be finite, none negative, and not all 0.", "Correct the base."
        )
    sd = np.sqrt(np.average((X - np.average(X, axis=0, weights=q)) ** 2, axis=0, weights=q))
    fixed = sd <= 1e-12 * (1 + np.abs(aim))
    short = np.abs(np.where(fixed, X[np.argmax(q)] - aim, 0.0)) > tolerance * (1 + np.abs(aim))
    if short.any():
        raise _out_of_reach(int(short.sum()))
    Z = ((X - aim) / np.where(fixed, 1.0, sd))[:, ~fixed]
    log_q = np.log(np.maximum(q, 1e-300))
    log_q[q == 0] = -np.inf
    state = np.zeros(Z.shape[1])
    value, w = _dual(Z, log_q, state)
    for _ in range(200):
        gradient = w @ Z
        if np.abs(gradient).max(initial=0.0) < tolerance:
            return w * q.sum()
        centred = Z - gradient
        hessian = (centred * w[:, None]).T @ centred
        # Pseudo-inverse: a covariate that the others determine is balanced through them.
        step = -np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
        size, slope = 1.0, float(gradient @ step)
        while True:
            tried, w_tried = _dual(Z, log_q, state + size * step)
            if tried <= value + 1e-4 * size * slope or size < 1e-10:
                break
            size /= 2
        if size < 1e-10:
            break
        state, value, w = state + size * step, tried, w_tried
        if np.abs(Z @ state).max() > 500:
            break
    raise _out_of_reach(int((np.abs(w @ Z) >= tolerance).sum()))


def _dual(Z: Floats, log_q: Floats, state: Floats) -> tuple[float, Floats]:
    eta = log_q + Z @ state
    top = eta.max()
    w = np.exp(eta - top)
    total = w.sum()
    return float(top + np.log(total)), w / total


def _out_of_reach(k: int) -> EstimationError:
    return EstimationError(
        f"No positive weights bring {k} of the covariate means to their target.",
        "Balance fewer covariates, or restrict the target to where the rows overlap with it.",
    )


def balance_sequence(
    data: pd.DataFrame,
    covariates: list[str],
    *,
    subject: str,
    period: str,
    kept: str,
    group: str | None = None,
    tolerance: float = 1e-8,
) -> Floats:
    """Calibrated weights over a sequence of decisions, without a model of the decisions.

    Parameters
    ----------
    data : DataFrame
        One row per subject (or clone) and period still on its strategy at the start of the period.
    covariates : list of str
        Numeric columns, known before the decision of the period, whose means are to balance.
    subject, period : str
        Columns.
    kept : str
        Boolean column: the subject kept to the strategy through the period.
    group : str, optional
        Column with the strategy; each is balanced on its own.
    tolerance : float
        As for `entropy_balance`.

    Returns
    -------
    ndarray of float, shape (n,)
        Weights in the order of the data, 0 where `kept` is false.

    Raises
    ------
    EstimationError
        For absent or non-numeric columns, a period nobody kept through, or one that cannot be
        balanced, named with the period.

    Notes
    -----
    Within each period the rows that kept to the strategy get the weights nearest to those of the
    period before under which their covariate means equal the weighted means of all rows at the
    start of the period; they sum to the same total. Unlike weights by models the differences in
    these means are zero, so a standardised difference is no check of them.

    References
    ----------
    Hainmueller J. Polit Anal 2012;20:25–46. Yiu S, Su L. Joint calibrated estimation of inverse
    probability of treatment and censoring weights for marginal structural models. Biometrics
    2022;78:115–127.
    """
    absent = [c for c in [*covariates, subject, period, kept] if c not in data.columns]
    if absent:
        raise EstimationError(f"The data have no column {', '.join(absent)}.", "Check the names.")
    text = [c for c in covariates if not pd.api.types.is_numeric_dtype(data[c])]
    if text:
        raise EstimationError(
            f"Covariates that are not numbers: {', '.join(text)}.", "Give them as indicators."
        )
    frame = data.reset_index(drop=True)
    X = frame[covariates].to_numpy(dtype=float)
    stays = frame[kept].to_numpy(dtype=bool)
    strategy = np.zeros(len(frame), dtype=np.int64)
    if group is not None:
        strategy = pd.factorize(frame[group])[0]
    unit = pd.factorize(pd.MultiIndex.from_arrays([frame[subject], strategy]))[0]
    times, labels = pd.factorize(frame[period], sort=True)
    running = np.ones(int(unit.max(initial=-1)) + 1)
    out = np.zeros(len(frame))
    for time, label in enumerate(labels):
        for arm in np.unique(strategy):
            rows = np.flatnonzero((times == time) & (strategy == arm))
            before = running[unit[rows]]
            rows, before = rows[before > 0], before[before > 0]
            if not len(rows):
                continue
            held = stays[rows]
            if not held.any():
                raise EstimationError(
                    f"Nobody kept to the strategy through period {label}.", "Shorten the horizon."
                )
            try:
                w = entropy_balance(
                    X[rows[held]],
                    np.average(X[rows], axis=0, weights=before),
                    before[held],
                    tolerance=tolerance,
                )
            except EstimationError as error:
                raise EstimationError(f"Period {label}: {error.problem}", error.remedy) from error
            running[unit[rows]] = 0.0
            running[unit[rows[held]]] = out[rows[held]] = w * (before.sum() / w.sum())
    return out
