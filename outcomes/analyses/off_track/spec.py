"""Choices about who is looked at, against whom, and when it is said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OffTrackSpec:
    """Choices about off-track signals.

    Parameters
    ----------
    instrument : str
        Pain instrument, scored before sessions; empty for that of the settings.
    sessions : int
        Last session that may be charted.
    gap : int
        Days after which a next session is no longer the same course.
    alarm : float
        Off track when a score this high or higher has at most this chance, given the start.
    sudden_alarm : float
        Sudden change when it has at most this chance, given the last score too.
    range_level : float
        Share of comparable people within the usual range.
    min_effective : float
        Effective number of starters that a session needs to be charted.
    first_charted : int
        The chart must reach this session, or the plain rule is used for all.
    found_by : int
        Session by which flags are counted in what is said of the alarm rate.
    plain_points, plain_above, plain_session : float, float, int
        Plain rule: under so many points better, of those who started above, by this session.
    later_from, later_to : int
        Days after a flag in which the last score says whether the flag was wrong.
    fine_share : float
        A flag was wrong when by then pain is at most this share of the score at the start: the
        published threshold of a substantial improvement.
    min_flags : int
        Flags with a later score that the share of wrong ones needs.
    current_days : int
        A current patient attended within so many days, or has an appointment booked.
    folds : int
        Parts of the patients that take turns at being judged by a chart made without them.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    sessions: int = 12
    gap: int = 21
    alarm: float = 0.06
    sudden_alarm: float = 0.025
    range_level: float = 0.90
    min_effective: float = 300.0
    first_charted: int = 4
    found_by: int = 6
    plain_points: float = 2.0
    plain_above: float = 4.0
    plain_session: int = 4
    later_from: int = 28
    later_to: int = 91
    fine_share: float = 0.5
    min_flags: int = 20
    current_days: int = 60
    folds: int = 5
    conf_level: float = 0.95
