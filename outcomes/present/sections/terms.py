"""What the words of a report mean, with the cut points that were used."""

from __future__ import annotations

from outcomes.present import format as write
from outcomes.present.sections.section import Section
from outcomes.present.tables import Table
from outcomes.settings import CutPoints, Settings


def definitions(settings: Settings) -> Section:
    """Explain the words of the report with the cut points of a data set.

    Parameters
    ----------
    settings : Settings
        As read beside the data.

    Returns
    -------
    Section
        A table of words and their meaning; what was changed from the defaults is marked.
    """
    cuts = settings.cut_points
    changed = cuts != CutPoints()
    rows = [
        (
            "Start of care",
            f"The first attended session of the first course of care. {_episode(cuts)}",
        ),
        ("Start score", _baseline(cuts)),
        ("Follow-up times", _windows(cuts)),
        (
            "Scores at home",
            "One analysis uses either scores answered at home or scores taken before a session, "
            "never both; under each figure it says which.",
        ),
        ("Scores after a session", _soreness(cuts)),
        ("How often patients come", _cadence(cuts)),
        ("Headache days per 28 days", _headaches(cuts)),
        (
            "CI (confidence interval)",
            "A 95% CI is made so that 95 of 100 such intervals hold the true value.",
        ),
        (
            "Mean",
            "Estimated for all patients of a group, also those who did not answer every time.",
        ),
        (
            "Those who stayed",
            "Patients who answered at the start and at the last follow-up time. They often do "
            "better than those who left, so their mean is no fair picture of care.",
        ),
    ]
    note = (
        "Cut points were changed in settings.toml beside the data."
        if changed
        else "All cut points have their defaults; they can be changed in settings.toml."
    )
    return Section(
        [Table("What the words mean", ("Word", "Meaning"), rows, (note,), numeric=False)]
    )


def _episode(cuts: CutPoints) -> str:
    return (
        f"A gap of {cuts.episode_gap} days or more between attended sessions begins a new course. "
        "Where there are no sessions, the date care began as recorded."
    )


def _baseline(cuts: CutPoints) -> str:
    return (
        "The last score on or before the first session, none older than "
        f"{write.count(cuts.baseline_max_age, 'day')}; a score after a session never counts."
    )


def _windows(cuts: CutPoints) -> str:
    times = [
        f"{write.follow_up(window.day)} (± {window.margin} days)"
        for window in cuts.windows
        if window.day
    ]
    return f"The score nearest to {write.listing(times)} from the start."


def _soreness(cuts: CutPoints) -> str:
    return (
        f"Scores within {cuts.soreness_hours} hours after a session carry its soreness or its "
        "relief and are left out."
    )


def _cadence(cuts: CutPoints) -> str:
    return (
        f"Attended sessions per 28 days, over the {cuts.cadence_window} days up to "
        f"{write.follow_up(cuts.cadence_landmark)} from the start and nothing later: weekly "
        f"{cuts.weekly:g} or more, twice a month {cuts.twice_monthly:g} to under {cuts.weekly:g}, "
        f"monthly {cuts.monthly:g} to under {cuts.twice_monthly:g}, less than monthly under "
        f"{cuts.monthly:g}. Lapsed goes first: no attended session for {cuts.lapse} days and none "
        "booked."
    )


def _headaches(cuts: CutPoints) -> str:
    return (
        f"Headache days divided by days filled in, times {cuts.diary_days}; only with "
        f"{cuts.diary_min_days} or more days filled in."
    )
