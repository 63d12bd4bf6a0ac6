"""What the words of a report mean, with the cut points that were used."""

from __future__ import annotations

from outcomes.present import format as write
from outcomes.present.sections.section import Section
from outcomes.present.tables import Table
from outcomes.settings import CutPoints, Settings

WRITTEN = {
    "word-start": r"start of care|care beg(?:an|ins?)",
    "word-start-score": r"start score|score at the start",
    "word-follow-up": r"follow-up (?:scores?|times?)",
    "word-answered": r"answered",
    "word-not-known": r"not known",
    "word-home": r"answered at home|taken before a session",
    "word-responder": r"responders?",
    "word-less-pain": r"at least 30% less pain",
    "word-error": r"measurement error|beyond error",
    "word-often": r"how often (?:patients|they) c[oa]me",
    "word-lapsed": r"lapsed",
    "word-course": r"first course of care",
    "word-headache-days": r"headache days(?: per 28 days)?",
    "word-ci": r"95% CI",
    "word-mean": r"(?<=are )means|mean",
    "word-stayed": r"those who stayed",
    "word-expected": r"(?:more or less than|would be) expected",
    "word-adjusted": r"allowed for|(?<!not )adjusted(?! for who)",
    "word-limits": r"(?:outer|inner) limits?",
    "word-shrunken": r"most likely difference",
    "word-power": r"power of 80 ?%",
    "word-band": r"the band",
    "word-drift": r"slow (?:rise|fall|drift)",
    "word-flagged": r"wrongly flagged|would (?:be flagged|flag something)",
    "word-alike": r"likeness of neighbours",
    "word-median": r"median",
    "word-sd": r"difference in SD",
    "word-contraindication": r"contraindications?",
    "word-serious": r"serious events?",
}
"""How each word is written in a report, as a pattern; its name is that of its row in the list."""


def definitions(settings: Settings) -> Section:
    """Explain the words of the report with the cut points of a data set.

    Parameters
    ----------
    settings : Settings
        As read beside the data.

    Returns
    -------
    Section
        A table of words and their meaning; what was changed from the defaults is marked. Each row
        bears its name of `WRITTEN`, so that a page can say a meaning where a word is used.
    """
    cuts = settings.cut_points
    changed = cuts != CutPoints()
    rows = {
        "word-start": (
            "Start of care",
            f"The first attended session of the first course of care. {_episode(cuts)}",
        ),
        "word-course": (
            "Course of care",
            "Attended sessions with no gap of "
            f"{write.count(cuts.episode_gap, 'day')} or more between them.",
        ),
        "word-start-score": ("Start score", _baseline(cuts)),
        "word-follow-up": ("Follow-up times", _windows(cuts)),
        "word-answered": (
            "Answered",
            "Gave a score near enough to the time asked about. It is counted out of everyone for "
            "whom that time was over, whether or not they still came.",
        ),
        "word-not-known": (
            "Not known",
            "No score near that time. Such patients may have done better or worse than those who "
            "answered, so they are counted apart and never as not better.",
        ),
        "word-home": (
            "Scores at home",
            "One analysis uses either scores answered at home or scores taken before a session, "
            "never both; under each figure it says which.",
        ),
        "word-after": ("Scores after a session", _soreness(cuts)),
        "word-responder": (
            "Responder",
            "A patient who improved by an amount that counts. There is no agreed amount, so three "
            "stand side by side, each with its source.",
        ),
        "word-less-pain": (
            "At least 30% less pain",
            "The score fell by 30% or more of what it was at the start, such as from 7 to 4.",
        ),
        "word-error": (
            "Measurement error",
            "What two scores of one person differ by although nothing changed. A smaller change "
            "in one patient may be nothing else; beyond it, a change is hardly chance.",
        ),
        "word-often": ("How often patients come", _cadence(cuts)),
        "word-lapsed": (
            "Lapsed",
            f"No attended session for {write.count(cuts.lapse, 'day')} and none booked.",
        ),
        "word-headache-days": ("Headache days per 28 days", _headaches(cuts)),
        "word-ci": (
            "CI (confidence interval)",
            "The range that the true value may well lie in, as far as chance goes. A 95% CI is "
            "made so that 95 of 100 such intervals hold the true value.",
        ),
        "word-mean": (
            "Mean",
            "Estimated for all patients of a group, also those who did not answer every time.",
        ),
        "word-median": ("Median", "Half of the values lie above it and half below."),
        "word-stayed": (
            "Those who stayed",
            "Patients who answered at the start and at the last follow-up time. They often do "
            "better than those who left, so their mean is no fair picture of care.",
        ),
        "word-expected": (
            "Expected",
            "What patients of all clinics together reached who started alike: with the same score, "
            "the same time since the complaint began, age and whatever else is named.",
        ),
        "word-adjusted": (
            "Allowed for, adjusted",
            "What is known of patients at the start is taken into account, so that nobody looks "
            "better or worse for the patients who come. What is not recorded is not allowed for.",
        ),
        "word-limits": (
            "Inner and outer limits",
            "Where a clinic like the others lies in 95 and in 99.8 of 100 comparisons, by chance "
            "and by the ordinary differences between clinics.",
        ),
        "word-shrunken": (
            "Most likely difference",
            "The difference from the average, drawn towards it: of few patients a large difference "
            "is mostly chance.",
        ),
        "word-power": (
            "Power of 80%",
            "Were the true difference that large, it would show in 80 of 100 such comparisons.",
        ),
        "word-band": (
            "Band of a chart",
            "Where the points of a series stay while nothing changes.",
        ),
        "word-drift": (
            "Slow rise or fall",
            "Many small differences in one direction, added up until they are too many for chance.",
        ),
        "word-flagged": (
            "Wrongly flagged",
            "How often a chart of this kind speaks although nothing has changed, found by "
            "simulating very many of them.",
        ),
        "word-alike": (
            "Likeness of neighbours",
            "How much a value goes with the one before it: 0 not at all, 1 wholly.",
        ),
        "word-sd": (
            "Difference in SD",
            "A difference between two groups, in standard deviations between patients; below 0.2 "
            "is small.",
        ),
        "word-contraindication": (
            "Contraindication",
            "A recorded reason to ask a doctor before treatment: anticoagulants, osteoporosis, "
            "recent surgery or a skin infection. Cleared: leave to treat was given.",
        ),
        "word-serious": (
            "Serious event",
            "An unwanted event that was marked as serious when it was recorded.",
        ),
    }
    note = (
        "Cut points were changed in settings.toml beside the data."
        if changed
        else "All cut points have their defaults; they can be changed in settings.toml."
    )
    listed = dict(sorted(rows.items(), key=lambda row: row[1][0].casefold()))
    return Section(
        [
            Table(
                "What the words mean",
                ("Word", "Meaning"),
                list(listed.values()),
                (note,),
                numeric=False,
                names=tuple(listed),
            )
        ]
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
