"""Weighted means over periods, their standard errors, and how far those can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import EstimationError
from outcomes.stats.weights import effective_sample_size

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PeriodMean:
    """Mean of one strategy over some periods.

    Parameters
    ----------
    estimate : float
        Mean of the weighted means of the periods.
    influence : ndarray of float, shape (n,)
        What each subject adds to the estimate's error, with leverage.
    plain : ndarray of float, shape (n,)
        The same without leverage.
    share : ndarray of float, shape (n,)
        Share of the estimate that rests on each subject; they sum to 1.
    ess : float
        Effective number of subjects in the period that has fewest.
    n : int
        Subjects with a positive weight.
    n_values : int
        Values with a positive weight.
    """

    estimate: float
    influence: Floats
    plain: Floats
    share: Floats
    ess: float
    n: int
    n_values: int

    @property
    def std_error(self) -> float:
        """Sandwich standard error with the weights taken as known."""
        return float(np.sqrt(self.influence @ self.influence))

    @property
    def leverage(self) -> float:
        """By how much leverage makes that standard error larger, as a factor."""
        return _ratio(self.influence, self.plain)

    @property
    def df(self) -> float:
        """Degrees of freedom (Σc²)²/Σc⁴ of that standard error, c the shares."""
        return _df(self.share)


def period_mean(values: Floats, weights: Floats) -> PeriodMean:
    """Average the weighted means of several periods.

    Parameters
    ----------
    values : ndarray of float, shape (n, B)
        Outcome of each subject in each period; not read where the weight is 0.
    weights : ndarray of float, shape (n, B)
        Weights, none negative; 0 for who does not count.

    Returns
    -------
    PeriodMean
        Estimate Σ_b (Σ w_ib y_ib / Σ w_ib) / B.

    Raises
    ------
    EstimationError
        If a period has nobody, or a value that counts is missing.

    Notes
    -----
    With shares s_ib = w_ib/Σw_b the influence of subject i is Σ_b s_ib (y_ib − m_b)/(1 − s_ib)/B:
    residuals of subjects that carry much of a mean are too small and are divided by one minus their
    share, as in HC3. Under equal variances the sandwich Σ_i c_i² e_i² has variance 2Σc⁴, which
    gives its degrees of freedom: few subjects with large weights make an interval that needs t.

    References
    ----------
    Long JS, Ervin LH. Am Stat 2000;54:217–224. Bell RM, McCaffrey DF. Survey Methodology
    2002;28:169–181.
    """
    counts = weights > 0
    if not counts.any(axis=0).all():
        raise EstimationError(
            "Nobody is left with a value in a period.",
            "Choose earlier periods or fewer strategies.",
        )
    if not np.isfinite(values[counts]).all():
        raise EstimationError(
            "A value that counts is missing.", "Give it the weight 0 and weight for answering."
        )
    y = np.where(counts, values, 0.0)
    share = weights / weights.sum(axis=0)
    mean = (share * y).sum(axis=0)
    apart = np.where(counts, share * (y - mean), 0.0)
    plain = apart.sum(axis=1) / values.shape[1]
    # A mean that rests on one subject has no spread; its share of 1 is not divided by.
    apart = np.divide(apart, 1 - share, out=np.full_like(apart, np.nan), where=share < 1)
    b = values.shape[1]
    return PeriodMean(
        estimate=float(mean.mean()),
        influence=apart.sum(axis=1) / b,
        plain=plain,
        share=share.sum(axis=1) / b,
        ess=min(effective_sample_size(weights[:, j]) for j in range(b)),
        n=int(counts.any(axis=1).sum()),
        n_values=int(counts.sum()),
    )


def period_estimates(values: Floats, known: Floats, weights: Floats) -> Floats:
    """Estimates of `period_mean` alone, for several outcomes at once: what a resample needs.

    Parameters
    ----------
    values : ndarray of float, shape (m, n, B)
        m outcomes of each subject in each period; any finite number where there is none.
    known : ndarray of float, shape (m, n, B)
        1 where there is a value, else 0.
    weights : ndarray of float, shape (n, B)
        Weights that the outcomes share, none negative; 0 for who does not count.

    Returns
    -------
    ndarray of float, shape (m,)
        Σ_b (Σ w_ib y_ib / Σ w_ib) / B over known values; missing where a period has nobody.
    """
    total = np.einsum("mnb,nb->mb", known, weights)
    summed = np.einsum("mnb,nb->mb", values * known, weights)
    mean = np.divide(summed, total, out=np.full_like(total, np.nan), where=total > 0)
    return np.asarray(mean.mean(axis=1))


def nobody(n: int) -> PeriodMean:
    """Mean of a strategy that no subject with a value is left on.

    Parameters
    ----------
    n : int
        Subjects.

    Returns
    -------
    PeriodMean
        Without an estimate, resting on nobody.
    """
    blank = np.full(n, np.nan)
    return PeriodMean(float("nan"), blank, blank, blank, 0.0, 0, 0)


def difference(first: PeriodMean, second: PeriodMean) -> tuple[float, float, float]:
    """Difference of two strategies whose clones may be of the same subjects.

    Parameters
    ----------
    first, second : PeriodMean
        Means over the same subjects, in one order.

    Returns
    -------
    estimate, std_error, df : float
        first − second, √Σ(influence difference)², and Satterthwaite degrees of freedom.
    """
    apart = first.influence - second.influence
    shares = np.concatenate([first.share, second.share])
    return first.estimate - second.estimate, float(np.sqrt(apart @ apart)), _df(shares)


def leverage_of_difference(first: PeriodMean, second: PeriodMean) -> float:
    """By how much leverage makes the standard error of a difference larger.

    Parameters
    ----------
    first, second : PeriodMean
        Means over the same subjects, in one order.

    Returns
    -------
    float
        Standard error with leverage divided by that without.

    Notes
    -----
    A bootstrap that draws whole subjects is, like the sandwich without leverage, too small where
    few subjects carry much of a mean. Times this factor it is not.
    """
    return _ratio(first.influence - second.influence, first.plain - second.plain)


def _ratio(with_leverage: Floats, plain: Floats) -> float:
    below = float(plain @ plain)
    return float(np.sqrt(with_leverage @ with_leverage / below)) if below > 0 else 1.0


def _df(share: Floats) -> float:
    square = share**2
    return float(square.sum() ** 2 / (square @ square))
