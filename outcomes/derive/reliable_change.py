"""Who changed by more than measurement error, and by an amount that counts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import words
from outcomes.instruments import Instrument, Threshold

_Z95, _Z90 = 1.959963984540054, 1.6448536269514722
# Differences of decimal scores miss a limit by a rounding error of this relative size.
_ROUNDING = 1e-9


def detectable_change(instrument: Instrument) -> float:
    """Change of one person beyond which error alone seldom comes.

    Parameters
    ----------
    instrument : Instrument
        With its published measurement error.

    Returns
    -------
    float
        MDC95 in units of the scale: as published, else from SEM (1.96 · √2 · SEM) or MDC90
        (· 1.96 / 1.645). Missing where nothing is published, or a "MDC" without its level.

    References
    ----------
    Jacobson NS, Truax P. J Consult Clin Psychol 1991;59:12–19. de Vet HCW et al. Health Qual Life
    Outcomes 2006;4:54 (the smallest detectable change is 1.96 · √2 · SEM).
    """
    floor = instrument.floor
    if floor is None:
        return math.nan
    factors = {"MDC95": 1.0, "SDC": 1.0, "MDC90": _Z95 / _Z90, "SEM": _Z95 * math.sqrt(2)}
    return floor.value * factors.get(floor.measure, math.nan)


def derive_reliable_change(
    baseline: pd.Series, value: pd.Series, instrument: Instrument, threshold: Threshold
) -> pd.Series:
    """Classify patients by whether they changed by more than error.

    Parameters
    ----------
    baseline, value : Series of float64
        Scores of the same patients in the same order; the index of `value` is kept.
    instrument : Instrument
        Gives the direction and the measurement error.
    threshold : Threshold
        Points or percent of the baseline that an improvement must reach as well; a state adds
        nothing to the error.

    Returns
    -------
    Series of str
        ``better``, ``same``, ``worse``, or ``missing`` where a score is, or where no measurement
        error is published.

    Notes
    -----
    Better: improvement ≥ max(threshold, MDC95). Worse: the same amount in the other direction.
    """
    gained = instrument.improvement(baseline, value).to_numpy(dtype="float64")
    error = detectable_change(instrument)
    needed = np.full(len(gained), error)
    if threshold.kind == "points":
        needed = np.maximum(needed, threshold.value)
    elif threshold.kind == "percent":
        share = threshold.value / 100 * np.abs(baseline.to_numpy(dtype="float64"))
        needed = np.maximum(needed, share)
    slack = _ROUNDING * (1 + np.abs(needed))
    unknown = np.isnan(gained) | np.isnan(needed)
    which = np.select([unknown, gained >= needed - slack, gained <= -needed + slack], [3, 0, 2], 1)
    return words(("better", "same", "worse", "missing"), which).set_axis(value.index)
