"""Numbers as people read them."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

NOT_KNOWN = "–"
"""What stands where there is no number."""

_MINUS = "\N{MINUS SIGN}"


def score(value: float, decimals: int = 1) -> str:
    """Write a score, a mean or a difference.

    Parameters
    ----------
    value : float
        In the unit of the instrument; NaN is not known.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        Rounded half away from zero, as people do, with thousands separated and a true minus sign.
    """
    if not _known(value):
        return NOT_KNOWN
    # repr() gives the shortest decimal that is this float, so 0.25 rounds as it reads
    exact = Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    if rounded == 0:
        rounded = abs(rounded)
    return f"{rounded:,}".replace("-", _MINUS)


def signed(value: float, decimals: int = 1) -> str:
    """Write a change with its sign.

    Parameters
    ----------
    value : float
        A change or a difference.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        As `score`, with a plus sign where the value is above zero.
    """
    text = score(value, decimals)
    above = _known(value) and value > 0 and any(digit in "123456789" for digit in text)
    return f"+{text}" if above else text


def number(value: float) -> str:
    """Write a count.

    Parameters
    ----------
    value : float
        A whole number; NaN is not known.

    Returns
    -------
    str
        Digits with thousands separated by commas.
    """
    return score(value, 0)


def short_number(value: float) -> str:
    """Write a count where there is little room.

    Parameters
    ----------
    value : float
        A whole number; NaN is not known.

    Returns
    -------
    str
        As `number` below ten thousand; above it in thousands (k) or millions (M), to three digits.
    """
    if not _known(value) or abs(value) < 10_000:
        return number(value)
    scale, unit = (1e6, "M") if abs(value) >= 999_500 else (1e3, "k")
    scaled = value / scale
    return f"{score(scaled, 0 if abs(scaled) >= 99.95 else 1 if abs(scaled) >= 9.995 else 2)}{unit}"


def count(value: float, noun: str, plural: str = "") -> str:
    """Write a count with what it counts.

    Parameters
    ----------
    value : float
        A whole number.
    noun : str
        In the singular.
    plural : str, optional
        The plural where it is not the noun with an s.

    Returns
    -------
    str
        Such as ``1 patient`` or ``1,204 patients``.
    """
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def percent(part: float, whole: float) -> str:
    """Write a share without its counts, for cells that stand beside both counts.

    Parameters
    ----------
    part, whole : float
        Counts; the share is part / whole.

    Returns
    -------
    str
        Whole per cent. A share that is neither 0 nor 1 is never written as 0% or 100%.
    """
    if not (_known(part) and _known(whole)) or whole <= 0:
        return NOT_KNOWN
    return proportion(part / whole)


def proportion(value: float) -> str:
    """Write a proportion that a model or an interval gave, as a percentage.

    Parameters
    ----------
    value : float
        Between 0 and 1.

    Returns
    -------
    str
        Whole per cent. What is neither 0 nor 1 is never written as 0% or 100%.
    """
    if not _known(value):
        return NOT_KNOWN
    if 0 < value < 0.005:
        return "under 1%"
    if 0.995 <= value < 1:
        return "over 99%"
    return f"{score(100 * value, 0)}%"


def share(part: float, whole: float) -> str:
    """Write a percentage with its numerator and denominator.

    Parameters
    ----------
    part, whole : float
        Counts; the share is part / whole.

    Returns
    -------
    str
        Such as ``34 of 120 (28%)``.
    """
    if not (_known(part) and _known(whole)):
        return NOT_KNOWN
    if whole <= 0:
        return f"{number(part)} of {number(whole)}"
    return f"{number(part)} of {number(whole)} ({percent(part, whole)})"


def interval(low: float, high: float, decimals: int = 1) -> str:
    """Write the limits of an interval.

    Parameters
    ----------
    low, high : float
        Limits.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        Such as ``2.1 to 3.4``.
    """
    if not (_known(low) and _known(high)):
        return NOT_KNOWN
    return f"{score(low, decimals)} to {score(high, decimals)}"


def proportion_interval(low: float, high: float) -> str:
    """Write the limits of the interval of a proportion.

    Parameters
    ----------
    low, high : float
        Limits between 0 and 1.

    Returns
    -------
    str
        Such as ``21% to 34%``.
    """
    if not (_known(low) and _known(high)):
        return NOT_KNOWN
    return f"{proportion(low)} to {proportion(high)}"


def confidence(level: float) -> str:
    """Name an interval by its level.

    Parameters
    ----------
    level : float
        Confidence level between 0 and 1; missing where it is not known.

    Returns
    -------
    str
        Such as ``95% CI``; ``CI`` where the level is not known.
    """
    return f"{100 * level:.4g}% CI" if _known(level) else "CI"


def estimate(
    value: float, low: float, high: float, decimals: int = 1, *, level: float = 0.95
) -> str:
    """Write an estimate with its interval.

    Parameters
    ----------
    value, low, high : float
        Estimate and limits.
    decimals : int
        Digits after the point.
    level : float
        Confidence level of the interval.

    Returns
    -------
    str
        Such as ``2.7 (95% CI 2.1 to 3.4)``; without limits the estimate alone.
    """
    limits = interval(low, high, decimals)
    if limits == NOT_KNOWN:
        return score(value, decimals)
    return f"{score(value, decimals)} ({confidence(level)} {limits})"


def p_value(value: float) -> str:
    """Write a p-value.

    Parameters
    ----------
    value : float
        Between 0 and 1.

    Returns
    -------
    str
        ``p < 0.001``, or p with two or three decimals.
    """
    if not _known(value):
        return NOT_KNOWN
    if value < 0.001:
        return "p < 0.001"
    return f"p = {score(value, 3 if value < 0.1 else 2)}"


def listing(parts: list[str] | tuple[str, ...], joiner: str = "and") -> str:
    """Join words as a sentence does.

    Parameters
    ----------
    parts : list of str
        What is listed.
    joiner : str
        The word before the last part.

    Returns
    -------
    str
        Such as ``pain, headaches and neck movement``.
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {joiner} {parts[-1]}"


def _known(value: float) -> bool:
    return value is not None and not pd.isna(value) and math.isfinite(value)
