"""Choices of charts over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from outcomes.errors import EstimationError

DIFFERENCE, RESPONDER, ANSWERED = "difference", "responder", "answered"
NO_SHOW, ADVERSE = "no_show", "adverse_events"
OF_COHORTS = (DIFFERENCE, RESPONDER, ANSWERED)
OF_SESSIONS = (NO_SHOW, ADVERSE)
MEASURES = (*OF_COHORTS, *OF_SESSIONS)
BETTER: dict[str, Literal["higher", "lower"]] = {
    DIFFERENCE: "higher",
    RESPONDER: "higher",
    ANSWERED: "higher",
    NO_SHOW: "lower",
    ADVERSE: "lower",
}


@dataclass(frozen=True)
class TrendsSpec:
    """Choices of charts over time.

    Parameters
    ----------
    unit : {"", "clinic"}
        A chart for each clinic, or one for all patients.
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    windows : tuple of int
        Follow-up times in days from the start at which cohorts are judged.
    measures : tuple of str
        difference (improvement, observed minus expected, by month of entry), responder and answered
        (shares of those who entered in a month), no_show (share of appointments of a month),
        adverse_events (events per attended session of a month).
    every : {"", "M", "Q"}
        Months or quarters; empty for months where enough patients enter in one, else quarters.
    rebase : tuple of str
        Periods (``2025-07`` or ``2025Q3``) from which a part with limits of its own begins, for a
        change of the process that is known.
    freeze : int or None
        Take limits from the first so many periods with a value and judge the rest by them.
    targets : tuple of (str, float)
        Value aimed at, by measure.
    threshold : str
        Name of the threshold of a responder; empty for that of the settings.
    covariates : tuple of str or None
        What expectation allows for beside the baseline; None for what is recorded.
    min_in_period : int
        Patients (or appointments) that a period needs; below it the period is a gap.
    min_periods : int
        Periods with a value that limits need.
    min_for_residuals : int
        Periods with a value from which it can be told whether neighbouring periods are alike.
    enough_for_months : int
        Median number of patients a month from which months are charted.
    run_length : float
        Periods between false signals of slow drift, for each direction.
    max_groups : int
        Clinics up to which each has a chart of its own.
    timing : {"", "remote", "pre"}
        Scores to analyse; empty to choose.
    """

    unit: Literal["", "clinic"] = ""
    instrument: str = ""
    windows: tuple[int, ...] = (42, 182)
    measures: tuple[str, ...] = MEASURES
    every: Literal["", "M", "Q"] = ""
    rebase: tuple[str, ...] = ()
    freeze: int | None = None
    targets: tuple[tuple[str, float], ...] = ()
    threshold: str = ""
    covariates: tuple[str, ...] | None = None
    min_in_period: int = 5
    min_periods: int = 8
    min_for_residuals: int = 20
    enough_for_months: int = 15
    run_length: float = 240.0
    max_groups: int = 24
    timing: str = ""

    def check(self) -> None:
        """Refuse choices that cannot be charted.

        Raises
        ------
        EstimationError
            For an unknown grouping, measure, period or target, or limits frozen and rebased at
            once.
        """
        unknown = sorted({*self.measures, *(name for name, _ in self.targets)} - set(MEASURES))
        if unknown:
            raise EstimationError(
                f"There is no chart of {unknown[0]!r}.", f"Use {', '.join(MEASURES)}."
            )
        if self.unit not in ("", "clinic") or self.every not in ("", "M", "Q"):
            raise EstimationError(
                "Charts are by clinic or for all, by month or by quarter.",
                "Use unit '' or 'clinic' and every '', 'M' or 'Q'.",
            )
        if self.freeze is not None and self.rebase:
            raise EstimationError(
                "Limits are frozen and rebased at once.", "Freeze a baseline, or rebase: not both."
            )
        for label in self.rebase:
            _read(label)

    def starts(self, periods: pd.PeriodIndex) -> list[int]:
        """Say at which positions a new part begins.

        Parameters
        ----------
        periods : PeriodIndex
            Periods of the chart.

        Returns
        -------
        list of int
            Positions from 0; a period outside the chart, or at its beginning, begins no part.
        """
        days = [_read(label).start_time for label in self.rebase]
        places = {int((periods.start_time < day).sum()) for day in days}
        return sorted(place for place in places if 0 < place < len(periods))


def _read(label: str) -> pd.Period:
    """Read a month or quarter from its label."""
    try:
        return pd.Period(label)
    except ValueError:
        raise EstimationError(
            "A period to rebase from could not be read.", "Write it as 2025-07 or 2025Q3."
        ) from None
