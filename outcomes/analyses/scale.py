"""One tenth of the range of an instrument: choices made on 0 to 10, on any scale."""

from __future__ import annotations

from outcomes.errors import EstimationError
from outcomes.instruments import Instrument


def scale_of(instrument: Instrument) -> tuple[float, float]:
    """Give the lowest value of an instrument and one tenth of its range.

    Parameters
    ----------
    instrument : Instrument
        A score on which more is worse.

    Returns
    -------
    low, tenth : float
        0 and 1 for a scale of 0 to 10.

    Raises
    ------
    EstimationError
        If it has no range, or more is better on it.
    """
    low, high = instrument.minimum, instrument.maximum
    if low is None or high is None or not high > low:
        raise EstimationError(f"{instrument.label} has no range.", "Use a pain score with one.")
    if not instrument.lower_is_better:
        raise EstimationError(
            f"On {instrument.label} more is better.", "Use a score on which more is worse."
        )
    return low, (high - low) / 10
