"""Who improved by a named amount, who did not, and of whom it is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.derive.patient_days import words
from outcomes.instruments import Instrument, Threshold

# Differences of decimal scores miss a threshold by a rounding error of this relative size.
_ROUNDING = 1e-9


def derive_responder(
    baseline: pd.Series, value: pd.Series, instrument: Instrument, threshold: Threshold
) -> pd.Series:
    """Classify patients by a threshold.

    Parameters
    ----------
    baseline, value : Series of float64
        Scores of the same patients in the same order; the index of `value` is kept.
    instrument : Instrument
        Gives the direction.
    threshold : Threshold
        Points, percent of the baseline, or a state to have reached.

    Returns
    -------
    Series of str
        ``yes``, ``no`` or ``missing``.

    Notes
    -----
    Points: improvement ≥ threshold. Percent: 100 · improvement / |baseline| ≥ threshold, which is
    not defined for a baseline of 0 (as PCHG in CDISC ADaM), so such a patient is ``missing``.
    State: the score is at the threshold or on its better side, whatever the baseline. ``missing``
    is never counted as ``no``: a score that is not there does not say that the patient did not
    improve.
    """
    later = value.to_numpy(dtype="float64")
    before = baseline.to_numpy(dtype="float64")
    if threshold.kind == "state":
        gained = threshold.value - later if instrument.lower_is_better else later - threshold.value
        needed = np.zeros(len(later))
    else:
        gained = instrument.improvement(pd.Series(before), pd.Series(later)).to_numpy()
        needed = np.full(len(later), threshold.value)
        if threshold.kind == "percent":
            needed = np.where(before == 0, np.nan, threshold.value / 100 * np.abs(before))
    slack = _ROUNDING * (1 + np.abs(later))
    unknown = np.isnan(gained) | np.isnan(needed)
    answer = np.where(unknown, 2, gained >= needed - slack)
    return words(("no", "yes", "missing"), answer).set_axis(value.index)
