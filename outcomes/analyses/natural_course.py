"""How pain goes without care, as far as records show it: while waiting, and in weeks without care.

``estimates`` terms, all mean changes in points of the instrument:

- ``waiting_change``: from the first score in the weeks before care to the score at its start;
- ``off_care_change``: from a score of at least `high` at home to the next one about four weeks
  later, with no session in between;
- ``in_care_change``: of patients who started at `high` or more, from the start to the window
  nearest to four weeks of care, to hold the two others against.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import Members, members
from outcomes.analyses.scale import scale_of
from outcomes.analyses.scores import window_scores
from outcomes.derive.score_pairs import derive_score_pairs
from outcomes.results import AnalysisResult
from outcomes.stats.ratios import ratio_of_totals
from outcomes.tables import Tables

QUESTION = "natural_course"
BY_CHANCE = (
    "Weeks without a session follow a high score, so what they show holds regression to the mean "
    "as well as the natural course. Who hurts comes back sooner and is then no longer without a "
    "session: what is left makes the course without care look better than it is."
)


@dataclass(frozen=True)
class NaturalCourseSpec:
    """Choices about the course without care.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    high : float
        Score that counts as high, in tenths of the scale.
    waiting : tuple of int
        Fewest and most days between two scores before care.
    apart : tuple of int
        Fewest and most days between two scores without a session in between.
    window : int
        Follow-up time in care that the weeks without a session are held against, days.
    min_patients : int
        Patients that a mean needs.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    high: float = 5.0
    waiting: tuple[int, int] = (7, 84)
    apart: tuple[int, int] = (21, 42)
    window: int = 28
    min_patients: int = 10
    conf_level: float = 0.95


def estimate_natural_course(
    tables: Tables, spec: NaturalCourseSpec | None = None
) -> AnalysisResult:
    """Estimate how pain changed without care, from the clinic's own records.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : NaturalCourseSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes. A term without enough patients is refused, and
        its note says what to record.

    Notes
    -----
    Means of changes with a standard error that knows which changes are of one person (linearised
    ratio of totals). A pair of scores has no attended session from the day of the first to the day
    of the second. Scores without a partner in time are left out.

    References
    ----------
    Cochran WG. Sampling techniques. 3rd ed. Wiley 1977, section 6.4.
    """
    spec = spec or NaturalCourseSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    instrument = tables.registry.get(spec.instrument)
    lowest, tenth = scale_of(instrument)
    high = lowest + tenth * spec.high
    people = members(tables, "", 0)
    widest = (min(spec.waiting[0], spec.apart[0]), max(spec.waiting[1], spec.apart[1]))
    pairs = derive_score_pairs(tables, people.start, spec.instrument, widest)
    days = pairs["second_day"] - pairs["first_day"]
    waiting = pairs[(pairs["timing"] == "before") & days.between(*spec.waiting)]
    off = pairs[
        (pairs["timing"] == "remote")
        & (pairs["first"] >= high)
        & (pairs["sessions"] == 0)
        & days.between(*spec.apart)
    ]
    rows = pd.DataFrame(
        [
            _mean_change("waiting_change", waiting, spec, "no two scores before care: ask when a "
                         "first appointment is booked, and again at it"),
            _mean_change("off_care_change", off, spec, "too few high scores followed by another "
                         "one at home without a session in between"),
            _mean_change("in_care_change", _in_care(tables, people, spec, high), spec,
                         "too few with a high score at the start and one after four weeks"),
        ]
    )  # fmt: skip
    rows = rows.assign(
        outcome=spec.instrument,
        # each of other people: few while waiting say nothing of those in care
        landmark=["before care", "weeks without a session", f"day {spec.window}"],
        conf_level=spec.conf_level,
        unit=instrument.unit,
        method="mean of changes, by patient",
    )
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows,
        group_by="",
        estimand=describe(
            population=f"patients who began care, with a score of {high:g} or more",
            strategies="none: what happened while nobody treated",
            variable=f"change of {instrument.label} over about {spec.window} days",
            intercurrent="a session ends the time without care",
            summary="mean change",
        ),
        notes=(BY_CHANCE,),
    )


def _in_care(tables: Tables, people: Members, spec: NaturalCourseSpec, high: float) -> pd.DataFrame:
    """Change from a high start to the window of comparison, a row a patient."""
    scores = window_scores(tables, people, spec.instrument, "", (spec.window,))
    if scores is None or scores.frame.empty:
        return pd.DataFrame(columns=["patient_id", "first", "second"])
    wide = scores.frame.set_index(["patient_id", "window"])["value"]
    frame = pd.DataFrame(
        {"first": wide.xs(0, level="window"), "second": wide.xs(spec.window, level="window")}
    )
    return frame[(frame["first"] >= high) & frame["second"].notna()].reset_index()


def _mean_change(
    term: str, pairs: pd.DataFrame, spec: NaturalCourseSpec, note: str
) -> dict[str, object]:
    """One row of estimates from pairs of scores."""
    n = int(pairs["patient_id"].nunique())
    row: dict[str, object] = {"term": term, "n_patients": n, "n_assessments": 2 * len(pairs)}
    if n < spec.min_patients:
        return row | {"status": "refused", "note": note}
    change = (pairs["second"] - pairs["first"]).astype("float64")
    sums = pd.DataFrame({"top": change, "bottom": 1.0}).groupby(pairs["patient_id"]).sum()
    found = ratio_of_totals(sums["top"], sums["bottom"], np.zeros(len(sums)), spec.conf_level).iloc[
        0
    ]
    return row | {
        name: float(found[name])
        for name in ("estimate", "std_error", "conf_low", "conf_high", "df")
    }
