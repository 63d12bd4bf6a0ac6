"""Risk-adjusted cumulative sums: slow drifts that no single period gives away."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
_RUN_CAP = 40
_TOLERANCE = 1e-3


def risk_adjusted_cusum(
    difference: ArrayLike,
    std_error: ArrayLike,
    *,
    threshold: float,
    shift: float = 1.0,
    reset: bool = True,
) -> pd.DataFrame:
    """Add up what observations say for a shift against what they say for none.

    Parameters
    ----------
    difference : array_like, shape (T,)
        Observed minus expected of each subject or period, in order of time; NaN is a gap.
    std_error : array_like, shape () or (T,)
        Standard deviation of each difference while nothing has changed, same unit.
    threshold : float
        h at which the sum signals, from `cusum_threshold`.
    shift : float
        Shift to be found, in standard deviations of one difference (the sum is most sensitive to
        it; others are found too).
    reset : bool
        Start again from 0 after a signal.

    Returns
    -------
    pandas.DataFrame
        One row per observation: score (difference / std_error), total (sum of differences so far),
        higher and lower (the sums for a rise and a fall, both from 0 upwards), signal (1 for a
        rise, −1 for a fall, else 0; the larger sum decides when both are above).

    Raises
    ------
    EstimationError
        If a standard error, the threshold or the shift is not positive.

    Notes
    -----
    With z the score and δ the shift, W = δz − δ²/2 is the log-likelihood ratio of a normal mean δ
    against 0; C_t = max(0, C_{t−1} + W_t) signals above h. A gap leaves the sums as they are. Each
    side has the in-control run length for which h was chosen; both sides together half of it.

    References
    ----------
    Steiner SH, Cook RJ, Farewell VT, Treasure T. Monitoring surgical performance using
    risk-adjusted cumulative sum charts. Biostatistics 2000;1:441–452. Page ES. Continuous
    inspection schemes. Biometrika 1954;41:100–115.
    """
    gap, error = np.broadcast_arrays(np.asarray(difference, float), np.asarray(std_error, float))
    if threshold <= 0 or shift <= 0 or np.any(error[np.isfinite(gap)] <= 0):
        raise EstimationError(
            "A standard error, the threshold or the shift is not positive.",
            "Give the standard deviation of a difference, and h from cusum_threshold.",
        )
    score = gap / error
    sums = np.zeros((2, len(score)))
    signal = np.zeros(len(score), dtype=np.int64)
    now = np.zeros(2)
    sign = np.array([1.0, -1.0])
    for t, z in enumerate(score):
        if np.isfinite(z):
            now = np.maximum(0.0, now + shift * sign * z - shift**2 / 2)
        sums[:, t] = now
        if np.isfinite(z) and now.max() > threshold:
            signal[t] = 1 if now[0] >= now[1] else -1
            if reset:
                now = np.where(now > threshold, 0.0, now)
    return pd.DataFrame(
        {
            "score": score,
            "total": np.nancumsum(gap),
            "higher": sums[0],
            "lower": sums[1],
            "signal": signal,
        }
    )


def cusum_threshold(
    run_length: float, *, shift: float = 1.0, replicates: int = 2000, seed: int = 20260101
) -> float:
    """Find the threshold at which a stable process signals once in so many observations.

    Parameters
    ----------
    run_length : float
        Wanted mean number of observations to a false signal on one side, 10 or more.
    shift : float
        Shift that the sum is made for, in standard deviations.
    replicates, seed : int
        Simulated runs and seed.

    Returns
    -------
    float
        h. Its run length has a relative Monte Carlo error of about 1/√replicates.

    Raises
    ------
    EstimationError
        If the run length is below 10.

    Notes
    -----
    Scores are standard normal. The same runs serve every h, so the mean run length rises with h
    and bisection finds it.

    References
    ----------
    Page ES. Continuous inspection schemes. Biometrika 1954;41:100–115.
    """
    if run_length < 10:
        raise EstimationError(
            f"A false signal every {run_length:g} observations is no monitoring.",
            "Ask for a run length of 100 or more.",
        )
    return _threshold(float(run_length), float(shift), replicates, seed)


def mean_run_length(
    threshold: float,
    *,
    shift: float = 1.0,
    true_shift: float = 0.0,
    replicates: int = 2000,
    seed: int = 20260101,
    longest: int = 100_000,
) -> tuple[float, float]:
    """Simulate how long a one-sided sum runs before it signals.

    Parameters
    ----------
    threshold : float
        h.
    shift : float
        Shift that the sum is made for, in standard deviations.
    true_shift : float
        Actual shift from the start, in standard deviations; 0 for false signals.
    replicates, seed : int
        Simulated runs and seed.
    longest : int
        Observations after which a run is cut off.

    Returns
    -------
    mean, mc_error : float
        Mean run length and its Monte Carlo error. Runs cut off count as that long, so the mean is
        then too small.

    References
    ----------
    Lucas JM, Crosier RB. Fast initial response for CUSUM quality-control schemes. Technometrics
    1982;24:199–205 (tables of run lengths).
    """
    rng = np.random.default_rng(seed)
    alive = np.arange(replicates)
    total = np.zeros(replicates)
    length = np.full(replicates, float(longest))
    for t in range(1, longest + 1):
        # Everyone draws, also who has stopped: run r then sees the same numbers at every h.
        z = rng.standard_normal(replicates)[alive] + true_shift
        total = np.maximum(0.0, total + shift * z - shift**2 / 2)
        done = total > threshold
        if done.any():
            length[alive[done]] = t
            alive, total = alive[~done], total[~done]
            if not alive.size:
                break
    return float(length.mean()), float(length.std(ddof=1) / np.sqrt(replicates))


def cusum_false_alarms(
    std_error: ArrayLike,
    threshold: float,
    *,
    shift: float = 1.0,
    baseline: ArrayLike | None = None,
    replicates: int = 2000,
    seed: int = 20260101,
) -> float:
    """Simulate how often the sums of a whole series signal although nothing changed.

    Parameters
    ----------
    std_error : array_like, shape (T,)
        Standard deviation of each difference, NaN at gaps.
    threshold : float
        h of both sums.
    shift : float
        Shift that the sums are made for, in standard deviations.
    baseline : array_like of bool, shape (T,), optional
        Periods whose mean, weighted by precision, is taken off all differences before they are
        added up, as it is where expectation comes from the same subjects; none unless given.
    replicates, seed : int
        Simulated series and seed.

    Returns
    -------
    float
        Share of series in which either sum signals at least once.

    Raises
    ------
    EstimationError
        If no period has a standard error.

    References
    ----------
    Steiner SH, Cook RJ, Farewell VT, Treasure T. Monitoring surgical performance using
    risk-adjusted cumulative sum charts. Biostatistics 2000;1:441–452.
    """
    error = np.asarray(std_error, float)
    known = np.isfinite(error)
    if not known.any():
        raise EstimationError("No period has a standard error.", "Give one for each period.")
    error = error[known]
    drawn = np.random.default_rng(seed).standard_normal((replicates, len(error))) * error
    if baseline is not None:
        weight = np.asarray(baseline, bool)[known] / error**2
        drawn = drawn - (drawn @ weight / weight.sum())[:, None]
    sums = np.zeros((2, replicates))
    spoke = np.zeros(replicates, dtype=bool)
    sign = np.array([[1.0], [-1.0]])
    for score in (drawn / error).T:
        sums = np.maximum(0.0, sums + shift * sign * score - shift**2 / 2)
        spoke |= (sums > threshold).any(axis=0)
    return float(spoke.mean())


@lru_cache(maxsize=64)
def _threshold(run_length: float, shift: float, replicates: int, seed: int) -> float:
    """Bisect for the threshold; charts of one report ask for the same one again and again."""
    longest = int(_RUN_CAP * run_length)
    low, high = 0.0, 1.0

    def reached(threshold: float) -> bool:
        found, _ = mean_run_length(
            threshold, shift=shift, replicates=replicates, seed=seed, longest=longest
        )
        return found >= run_length

    while not reached(high):
        low, high = high, 2 * high
    while high - low > _TOLERANCE * high:
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
