"""Scores of one instrument by analysis window for the members of an analysis.

One timing serves the whole analysis (answered at home, or before a session), so that a difference
between windows is not a difference between ways of asking. The baseline is the exception that the
definition makes: it is the last score on or before the first session, whichever way it was given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from outcomes.analyses.groups import Members, derive_for
from outcomes.derive.windows import choose_timing, derive_windows
from outcomes.errors import EstimationError
from outcomes.instruments import Instrument
from outcomes.tables import Tables

TIMINGS = {"remote": "answered at home", "pre": "answered before a session"}


@dataclass(frozen=True)
class WindowScores:
    """Answers by patient and window.

    Parameters
    ----------
    frame : DataFrame
        One row a patient and window: patient_id, group, window (target day), at_risk, answered,
        value, near_session.
    instrument : Instrument
        What was asked.
    timing : str
        ``remote`` or ``pre``.
    windows : tuple of int
        Target days analysed.
    """

    frame: pd.DataFrame
    instrument: Instrument
    timing: str
    windows: tuple[int, ...]

    @classmethod
    def without_answers(
        cls, instrument: Instrument, timing: str, windows: tuple[int, ...]
    ) -> WindowScores:
        """Say what was asked where the answers are summed already.

        Parameters
        ----------
        instrument : Instrument
            What was asked.
        timing : {"remote", "pre"}
            When.
        windows : tuple of int
            Target days analysed.

        Returns
        -------
        WindowScores
            Without a row.
        """
        frame = pd.DataFrame(
            {
                "patient_id": pd.Series(dtype="str"),
                "group": pd.Series(dtype="str"),
                "window": pd.Series(dtype="int64"),
                "at_risk": pd.Series(dtype="bool"),
                "answered": pd.Series(dtype="bool"),
                "value": pd.Series(dtype="float64"),
                "near_session": pd.Series(dtype="bool"),
            }
        )
        return cls(frame, instrument, timing, windows)

    @property
    def answers(self) -> pd.DataFrame:
        """Rows with an answer, those in windows that are still open among them."""
        return self.frame[self.frame["answered"]]

    @property
    def closed(self) -> pd.DataFrame:
        """Rows with an answer in a window that is over, to be counted of those at risk."""
        return self.frame[self.frame["answered"] & self.frame["at_risk"]]

    def within(self, windows: tuple[int, ...]) -> WindowScores:
        """Keep some windows only.

        Parameters
        ----------
        windows : tuple of int
            Target days to keep.

        Returns
        -------
        WindowScores
            The same scores in fewer windows.
        """
        kept = self.frame[self.frame["window"].isin(windows)].reset_index(drop=True)
        return replace(self, frame=kept, windows=windows)

    @property
    def near_session(self) -> int:
        """Windows left empty because the only score fell within the hours after a session."""
        return int((self.frame["near_session"] & ~self.frame["answered"]).sum())

    @property
    def steps(self) -> list[tuple[str, str, int, int]]:
        """Patients with at least one answer, for `exclusions_frame`."""
        everyone = self.frame["patient_id"].nunique()
        return [self.step(everyone, self.answers["patient_id"].nunique())]

    def step(self, everyone: int, answering: int) -> tuple[str, str, int, int]:
        """Say who was left out for want of an answer.

        Parameters
        ----------
        everyone : int
            Patients asked about.
        answering : int
            Those of them with an answer in any window.

        Returns
        -------
        tuple of (step, reason, n_in, n_out)
            For `exclusions_frame`.
        """
        label, how = self.instrument.label, TIMINGS[self.timing]
        reason = f"no score of {label} {how} in any window, and no baseline"
        return ("answered at least once", reason, everyone, answering)

    @property
    def described(self) -> str:
        """What was measured and how, for the estimand."""
        days = ", ".join(str(day) for day in self.windows if day)
        return (
            f"{self.instrument.label}, {TIMINGS[self.timing]}, nearest to day {days} within the "
            "margins of the analysis windows; day 0 is the last score before the first session"
        )


def window_scores(
    tables: Tables, people: Members, code: str, timing: str, windows: tuple[int, ...]
) -> WindowScores | None:
    """Take the scores of the members in each analysis window.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : Members
        Patients and their groups.
    code : str
        Instrument code.
    timing : {"", "remote", "pre"}
        Timing to analyse; empty lets `choose_timing` decide by how many answered at home.
    windows : tuple of int
        Target days; empty for all of the settings. Day 0 is always among them.

    Returns
    -------
    WindowScores or None
        None where there is not one score of this instrument.

    Raises
    ------
    EstimationError
        For a timing that may not be analysed or a target day without a window.

    Notes
    -----
    Scores from the hours after a session (`CutPoints.soreness_hours`) are left out and counted.
    Windows without an answer stay empty; nothing is carried forward.
    """
    if timing and timing not in TIMINGS:
        raise EstimationError(
            f"Scores with timing {timing!r} are not analysed.", "Use 'remote' or 'pre'."
        )
    cuts = tables.settings.cut_points
    known = tuple(window.day for window in cuts.windows)
    missing = sorted(set(windows) - set(known))
    if missing:
        raise EstimationError(
            f"There is no analysis window at day {missing[0]}.",
            f"Use days among {', '.join(map(str, known))}, or add a window in settings.toml.",
        )
    if tables.assessments is None or not (tables.assessments["instrument"] == code).any():
        return None
    chosen = (
        timing or choose_timing(tables.assessments, people.start, code, cuts, tables.as_of).timing
    )
    frame = derive_for(
        tables,
        people,
        ("windows", code, chosen),
        lambda start: derive_windows(
            tables.assessments,
            start,
            code,
            timing=chosen,
            sessions=tables.sessions,
            cuts=cuts,
            as_of=tables.as_of,
        ),
    )
    days = tuple(day for day in known if not windows or day in windows or day == 0)
    frame = frame[frame["window"].isin(days)]
    frame = frame.assign(group=frame["patient_id"].map(people.group))
    columns = ["patient_id", "group", "window", "at_risk", "answered", "value", "near_session"]
    return WindowScores(
        frame[columns].reset_index(drop=True), tables.registry.get(code), chosen, days
    )
