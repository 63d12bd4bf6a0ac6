"""How the caseload moves: who is in care month by month, how bad it is, and what changed lately.

``estimates`` has the day looked at in ``landmark`` (the as-of date and the same day of the months
before it), but for ``mean_improvement``, whose landmark is ``day 42``. Terms:

=================  ============================================================================
term               meaning
=================  ============================================================================
in_care            patients in care on that day (count), by ``group_by``: all, cohort (quarter of
                   entry), phase, onset, cadence, clinic
severity           share of patients in care with a recent score in each severity band
mean_improvement   mean improvement of pain from the start by quarter of entry, at a fixed
                   follow-up time
better, same,      patients in care with a score in the last month and one before it whose change
worse              exceeds measurement error, does not, or exceeds it the wrong way (count;
                   n_patients is patients compared)
starting_pain      mean pain at the start by cadence, of those in care now
=================  ============================================================================

``curve``: month (datetime64), group_by, group, term, value, n_patients, start_pain, start_pain_n.
Patients in care attended a session within the days that cadence looks back on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble
from outcomes.analyses.estimand import describe
from outcomes.analyses.follow_up_value import follow_up_values
from outcomes.analyses.groups import CADENCE, ORDER, START_COLUMNS, Members, members
from outcomes.analyses.observed import mean_rows, share_rows
from outcomes.derive.cadence import cadence_at
from outcomes.derive.episode import derive_sessions
from outcomes.derive.known import events, score_events
from outcomes.derive.patient_days import day_numbers
from outcomes.derive.phases import PHASES, derive_phases
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "cohort_trend"
GROUPS = ("cohort", "phase", "onset", CADENCE, "clinic")
CHANGES = ("better", "same", "worse")
NO_ERROR = "no measurement error is known for this instrument"


@dataclass(frozen=True)
class CohortTrendSpec:
    """Choices about the caseload.

    Parameters
    ----------
    instrument : str
        Pain instrument; empty for that of the settings.
    months : int
        Months before the as-of date that are looked at.
    bands : str
        Scheme of severity bands of the instrument; empty for its first.
    window : int
        Follow-up time of the improvement by quarter of entry, an analysis window in days.
    min_answers : int
        Scores that a mean or a share needs.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    months: int = 12
    bands: str = ""
    window: int = 42
    min_answers: int = 10
    conf_level: float = 0.95


def estimate_cohort_trend(tables: Tables, spec: CohortTrendSpec | None = None) -> AnalysisResult:
    """Count patients in care over the last months, and say what changed beyond measurement error.

    Parameters
    ----------
    tables : Tables
        The data set, or the patients of a clinic or therapist.
    spec : CohortTrendSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes.

    Notes
    -----
    Each day is counted from sessions and scores up to it. The mix of people in care changes from
    month to month, since those who get well leave: severity over the months says who is in care,
    not whether care works. For that, quarters of entry are compared at a fixed time after entry,
    among those who answered then. A change of one person counts when it exceeds the smallest
    detectable change (MDC95) of the instrument, so one in twenty unchanged people exceeds it by
    chance.
    """
    spec = spec or CohortTrendSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    everyone = members(tables, "", 0)
    days = month_days(tables.as_of, spec.months)
    panel = _panel(tables, everyone.frame, days, spec)
    counts, now = _counts(panel, days), panel[panel["day"] == days[-1]]
    instrument = tables.registry.get(spec.instrument)
    changed = _changed(tables, now, days, spec)
    rows = [counts.assign(unit="patients", method="count")]
    rows.append(_severity(tables, panel, days, spec))
    rows.append(changed)
    rows.append(_improvement(tables, everyone, spec).assign(unit=instrument.unit))
    in_care = everyone.frame.merge(now[["patient_id", CADENCE]], on="patient_id")
    present = set(in_care[CADENCE])
    people = Members(
        in_care.assign(group=in_care[CADENCE]).drop(columns=CADENCE),
        tuple(name for name in ORDER[CADENCE] if name in present),
        (
            *everyone.steps,
            ("in care", "no recent session", len(everyone.frame), len(in_care)),
        ),
    )
    estimates = pd.concat(rows, ignore_index=True)
    absent = estimates["group_by"].eq(CADENCE) & ~estimates["group"].isin(list(people.order))
    estimates = estimates[~absent].assign(outcome=spec.instrument)
    mdc = instrument.mdc95
    notes = [
        "Those who get well leave, so severity over the months says who is in care, not whether "
        "care works."
    ]
    if mdc is not None:
        notes.append(
            f"A change counts from {mdc:g} {instrument.unit}: less can be measurement error."
        )
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        estimates,
        group_by=CADENCE,
        estimand=describe(
            population="patients in care on each day; for improvement, all who began care",
            strategies="none, care as it was given",
            variable=f"{instrument.label} before sessions, and attendance",
            intercurrent="none, everything is counted as it happened",
            summary=f"counts and shares over {spec.months} months, mean improvement at day "
            f"{spec.window} by quarter of entry",
        ),
        curve=_curve(estimates),
        diagnostics={"days": tuple(day.strftime("%Y-%m-%d") for day in days), "mdc95": mdc},
        notes=notes,
    )


def month_days(as_of: pd.Timestamp, months: int) -> list[pd.Timestamp]:
    """List the days that are looked at.

    Parameters
    ----------
    as_of : Timestamp
        The last of them.
    months : int
        How many months to go back.

    Returns
    -------
    list of Timestamp
        The same day of each month, or its last, rising.
    """
    return [as_of - pd.DateOffset(months=back) for back in range(months, -1, -1)]


def _panel(
    tables: Tables, people: pd.DataFrame, days: list[pd.Timestamp], spec: CohortTrendSpec
) -> pd.DataFrame:
    """One row a patient in care and day: groups, and the last score before a session."""
    cuts = tables.settings.cut_points
    ids = people["patient_id"]
    columns = ["patient_id", "session_id", "date", "time", "status"]
    sessions = None if tables.sessions is None else tables.sessions[columns]
    attended = derive_phases(derive_sessions(sessions, cuts), cuts)
    phase = attended["phase"].map({name: number for number, name in enumerate(PHASES)})
    came = events(attended, ids, np.asarray(phase, dtype=np.float64))
    scores = score_events(tables.assessments, ids, spec.instrument, ("pre",))
    numbers = day_numbers(pd.Series(days).astype("datetime64[us]"))
    place = np.tile(np.arange(len(ids)), len(days))
    day = np.repeat(numbers, len(ids))
    last = came.last(place, day)
    in_care = np.flatnonzero(day - came.day(last) < cuts.cadence_window)
    place, day, last = place[in_care], day[in_care], last[in_care]
    found = scores.last(place, day)
    fresh = day - scores.day(found) < cuts.cadence_window
    who = people.iloc[place].reset_index(drop=True)
    at = pd.Series(days).astype("datetime64[us]").iloc[in_care // max(len(ids), 1)]
    panel = pd.DataFrame(
        {
            "patient_id": who["patient_id"],
            "day": at.to_numpy(),
            "cohort": who["start"].dt.year.astype("Int64").astype("str")
            + "Q"
            + who["start"].dt.quarter.astype("Int64").astype("str"),
            "phase": pd.Series(np.array(PHASES)[came.value(last).astype(int)], dtype="str"),
            "onset": who["onset"].fillna("not recorded"),
            "clinic": who["clinic"].replace("", "not recorded"),
            "score": np.where(fresh, scores.value(found), np.nan),
            "score_day": np.where(fresh, scores.day(found), np.nan),
        }
    )
    dates = panel[["patient_id", "day"]].rename(columns={"day": "date"})
    classed = cadence_at(dates, tables.sessions, people[START_COLUMNS], cuts, tables.as_of)
    panel[CADENCE] = classed["cadence"].to_numpy()
    return panel


def _counts(panel: pd.DataFrame, days: list[pd.Timestamp]) -> pd.DataFrame:
    """Patients in care, all and by each grouping; a day without any counts 0."""
    parts = [_count(panel.assign(all=""), "all", days).assign(group_by="")]
    parts += [_count(panel, name, days).assign(group_by=name) for name in GROUPS]
    return pd.concat(parts, ignore_index=True).assign(term="in_care")


def _count(panel: pd.DataFrame, by: str, days: list[pd.Timestamp]) -> pd.DataFrame:
    table = panel.groupby([by, "day"]).size().unstack("day", fill_value=0)
    table = table.reindex(columns=pd.to_datetime(days), fill_value=0)
    if by == "all" and table.empty:
        table = pd.DataFrame(0, index=[""], columns=pd.to_datetime(days))
    long = table.rename_axis("group").reset_index().melt("group", var_name="day", value_name="n")
    return pd.DataFrame(
        {
            "group": long["group"].astype("str"),
            "landmark": pd.to_datetime(long["day"]).dt.strftime("%Y-%m-%d"),
            "estimate": long["n"].astype("float64"),
            "n_patients": long["n"].astype("float64"),
            "n_events": long["n"].astype("float64"),
        }
    )


def _severity(
    tables: Tables, panel: pd.DataFrame, days: list[pd.Timestamp], spec: CohortTrendSpec
) -> pd.DataFrame:
    """Shares of the severity bands on each day, among those with a recent score."""
    bands = tables.registry.get(spec.instrument).bands
    if not bands:
        return pd.DataFrame(
            [
                {
                    "group_by": "severity",
                    "term": "severity",
                    "status": "refused",
                    "note": "no severity bands are known for this instrument",
                }
            ]
        )
    scheme = bands[spec.bands] if spec.bands else next(iter(bands.values()))
    scored = panel[panel["score"].notna()]
    level = scheme.label(scored["score"])
    names = pd.DataFrame({"group": [band.label for band in scheme]})
    days_frame = pd.DataFrame({"landmark": [day.strftime("%Y-%m-%d") for day in days]})
    grid = names.merge(days_frame, how="cross")
    at = scored["day"].dt.strftime("%Y-%m-%d")
    seen = pd.concat(
        [
            pd.DataFrame({"group": name, "landmark": at, "event": level == name})
            for name in names["group"]
        ],
        ignore_index=True,
    )
    rows = share_rows(seen, grid, ["group", "landmark"], spec.min_answers, spec.conf_level)
    return rows.assign(
        group_by="severity", term="severity", unit="share", method=f"{scheme.name}, Wilson"
    )


def _changed(
    tables: Tables, now: pd.DataFrame, days: list[pd.Timestamp], spec: CohortTrendSpec
) -> pd.DataFrame:
    """Patients whose score moved beyond measurement error since a month ago."""
    rows = pd.DataFrame({"term": list(CHANGES), "group_by": ""})
    rows["landmark"] = days[-1].strftime("%Y-%m-%d")
    instrument = tables.registry.get(spec.instrument)
    if instrument.mdc95 is None:
        return rows.assign(status="refused", note=NO_ERROR, unit="patients")
    month_ago = days[-1] - pd.DateOffset(months=1)
    ago = int(day_numbers(pd.Series([month_ago]).astype("datetime64[us]"))[0])
    ids = now["patient_id"].reset_index(drop=True)
    scores = score_events(tables.assessments, ids, spec.instrument, ("pre",))
    then = scores.last(np.arange(len(ids)), np.full(len(ids), ago))
    held = ago - scores.day(then) < tables.settings.cut_points.cadence_window
    before = np.where(held, scores.value(then), np.nan)
    fresh = now["score_day"].to_numpy() > ago
    better = np.where(fresh, before - now["score"].to_numpy(), np.nan)
    better = better if instrument.lower_is_better else -better
    known = ~np.isnan(better)
    beyond = np.abs(better) >= instrument.mdc95
    counts = [
        (known & beyond & (better > 0)).sum(),
        (known & ~beyond).sum(),
        (known & beyond & (better < 0)).sum(),
    ]
    return rows.assign(
        estimate=np.array(counts, dtype=float),
        n_events=np.array(counts, dtype=float),
        n_eligible=float(len(ids)),
        n_patients=float(known.sum()),
        unit="patients",
        method=f"change of at least {instrument.mdc95:g} (MDC95) since a month ago",
    )


def _improvement(tables: Tables, everyone: Members, spec: CohortTrendSpec) -> pd.DataFrame:
    """Mean improvement at a fixed time after entry, by quarter of entry."""
    base = {"term": "mean_improvement", "group_by": "cohort", "landmark": f"day {spec.window}"}
    none = pd.DataFrame([{**base, "status": "refused", "note": "nobody has a score then"}])
    if tables.assessments is None or everyone.frame.empty:
        return none
    found = follow_up_values(tables, everyone, spec.instrument, spec.window, "")
    if found is None:
        return none
    start = everyone.frame.set_index("patient_id")["start"]
    instrument = tables.registry.get(spec.instrument)
    seen = found.frame.assign(
        value=instrument.improvement(found.frame["baseline"], found.frame["value"]),
        start=found.frame["patient_id"].map(start),
    )
    seen["group"] = (
        seen["start"].dt.year.astype("str") + "Q" + seen["start"].dt.quarter.astype("str")
    )
    due = seen[seen["at_risk"].astype(bool)]
    eligible = due.groupby("group").size()
    grid = pd.DataFrame({"group": sorted(eligible.index)})
    if grid.empty:
        return none
    rows = mean_rows(
        due.dropna(subset=["value"]), grid, ["group"], spec.min_answers, spec.conf_level
    )
    return rows.assign(
        **base,
        n_eligible=rows["group"].map(eligible).astype(float),
        method=f"mean of those who answered ({found.timing}), t",
    )


def _curve(estimates: pd.DataFrame) -> pd.DataFrame:
    """Rows over the months, ready for small multiples."""
    shown = estimates[estimates["term"].isin(["in_care", "severity"])]
    shown = shown[shown["landmark"].fillna("").ne("")]
    return pd.DataFrame(
        {
            "month": pd.to_datetime(shown["landmark"]),
            "group_by": shown["group_by"],
            "group": shown["group"],
            "term": shown["term"],
            "value": shown["estimate"],
            "n_patients": shown["n_patients"],
        }
    ).reset_index(drop=True)
