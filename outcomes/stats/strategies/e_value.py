"""How strong an unmeasured confounder would have to be."""

from __future__ import annotations

import numpy as np

from outcomes.errors import EstimationError


def e_value(ratio: float) -> float:
    """Compute the E-value of a risk ratio.

    Parameters
    ----------
    ratio : float
        Risk ratio, positive.

    Returns
    -------
    float
        RR + √(RR(RR − 1)) with RR or its inverse, whichever is above 1: the least strength, on the
        scale of risk ratios, that an unmeasured confounder needs with both treatment and outcome to
        explain the ratio away.

    Raises
    ------
    EstimationError
        If the ratio is not positive.

    References
    ----------
    VanderWeele TJ, Ding P. Sensitivity analysis in observational research: introducing the E-value.
    Ann Intern Med 2017;167:268–274.
    """
    if not ratio > 0:
        raise EstimationError(f"A risk ratio of {ratio} is not positive.", "Check the estimate.")
    high = max(ratio, 1 / ratio)
    return high + float(np.sqrt(high * (high - 1)))


def e_value_of_difference(
    estimate: float, low: float, high: float, sd: float
) -> tuple[float, float]:
    """Compute E-values of a difference of means and of the limit nearer to 0.

    Parameters
    ----------
    estimate, low, high : float
        Difference and its confidence limits.
    sd : float
        Standard deviation of the outcome, positive.

    Returns
    -------
    at_estimate, at_limit : float
        E-values; 1 at the limit if the interval holds 0.

    Raises
    ------
    EstimationError
        If the standard deviation is not positive.

    Notes
    -----
    A standardised difference d is taken as the risk ratio exp(.91 d).

    References
    ----------
    VanderWeele TJ, Ding P. Ann Intern Med 2017;167:268–274; Chinn S. Stat Med 2000;19:3127–3131.
    """
    if not sd > 0:
        raise EstimationError(
            f"A standard deviation of {sd} is not positive.", "Check the outcome."
        )
    nearer = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return e_value(float(np.exp(0.91 * abs(estimate) / sd))), e_value(
        float(np.exp(0.91 * nearer / sd))
    )
