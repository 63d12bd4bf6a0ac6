"""What went wrong after sessions, how bad it was, and who was treated without clearance.

``estimates`` has these terms, for each group unless ``group_by`` is named:

========================  =====================================================================
term                      meaning
========================  =====================================================================
sessions_with_event       share of attended sessions after which at least one event is recorded;
                          times 100 it is events per 100 sessions, each session counted once
sessions_by_worst         ``group_by`` ``grade``: the same by the worst event of the session
sessions_by_symptom       ``group_by`` ``symptom``: the same by symptom; a session may be in two
serious                   share of sessions with a serious event; with none at all conf_high is the
                          limit of the rule of three
patients_with_event       share of patients with at least one event
events                    number of events (count)
duration                  ``group_by`` ``duration``: share of events by how long they lasted
duration_median           median hours of the events whose duration is known
screened                  share of treated patients asked for at least one contraindication
flagged                   share of these with one
treated_without_clearance share of flagged patients treated although not cleared; n_events should
                          be 0
clearance_not_recorded    share of flagged patients treated of whom clearance is not recorded
flagged_by                ``group_by`` ``contraindication``: share of treated patients with it
soon_after_onset          share of patients with a dated onset who were first seen within 3 days
========================  =====================================================================

In shares of sessions n_patients counts sessions, in shares of events it counts events. ``curve`` is
empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe, population, strategies
from outcomes.analyses.groups import members
from outcomes.analyses.observed import share_rows
from outcomes.derive.contraindications import CONTRAINDICATIONS, derive_clearance
from outcomes.derive.event_grade import GRADES, UNGRADED, derive_event_grade
from outcomes.results import AnalysisResult
from outcomes.stats.intervals import rule_of_three, wilson
from outcomes.tables import Tables

QUESTION = "safety"
OUTCOME = "adverse_events"
LEVEL = 0.95
NO_EVENTS = "adverse events are not recorded"
OTHER = "other"
DURATIONS = ("under_24_hours", "24_to_48_hours", "over_48_hours", "not_known")


@dataclass(frozen=True)
class SafetySpec:
    """Choices about safety.

    Parameters
    ----------
    group_by : {"", "onset", "cadence", "clinic"}
        Groups apart, or all patients together.
    first, last : str
        Days (YYYY-MM-DD) between which sessions are looked at, both within; empty for all.
    landmark : int or None
        Day at which cadence is taken; None for that of the settings.
    symptoms : int
        Symptoms named, the most frequent first; the rest is "other".
    onset_days : int
        Days after the onset of a complaint within which a first session is early.
    """

    group_by: str = ""
    first: str = ""
    last: str = ""
    landmark: int | None = None
    symptoms: int = 6
    onset_days: int = 3


def estimate_safety(tables: Tables, spec: SafetySpec | None = None) -> AnalysisResult:
    """Count adverse events per session by grade, and treatment without clearance.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : SafetySpec, optional
        Choices; the default is all sessions, all patients together.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused without attended sessions.

    Raises
    ------
    EstimationError
        For an unknown grouping.

    Notes
    -----
    Shares have Wilson intervals that take sessions as independent; sessions of one patient are not
    quite. With no serious event among n sessions the limit is 1 − 0.05^(1/n), about 3/n. Grades are
    those of `derive_event_grade`: severity is bothersomeness from 0 to 10, 3 or less minor; under
    24 hours short; serious by its own flag. What nobody wrote down is not counted, so a low number
    may mean that nobody asked. A limit on the rate of what is recorded is no limit on what happens.

    References
    ----------
    Paanalahti K et al. BMC Musculoskelet Disord 2014;15:77. Hanley JA, Lippman-Hand A. JAMA
    1983;249:1743–1745. Wilson EB. J Am Stat Assoc 1927;22:209–212.
    """
    spec = spec or SafetySpec()
    cuts = tables.settings.cut_points
    landmark = cuts.cadence_landmark if spec.landmark is None else spec.landmark
    spec = replace(spec, landmark=landmark)
    people = members(tables, spec.group_by, landmark)
    sessions = _sessions(tables, people.frame, spec)
    if sessions.empty:
        reason = "No attended session is recorded."
        return refuse(
            QUESTION, spec, tables, people, reason, group_by=spec.group_by, outcome=OUTCOME
        )
    treated = people.frame[people.frame["patient_id"].isin(sessions["patient_id"])]
    grid = pd.DataFrame({"group": list(people.order)})
    if tables.adverse_events is None:
        terms = ("sessions_with_event", "serious")
        parts = [grid.assign(term=term, status="refused", note=NO_EVENTS) for term in terms]
    else:
        parts = _event_rows(tables.adverse_events, sessions, treated, grid, spec)
    parts.append(_clearance_rows(tables, treated, grid, spec))
    rows = pd.concat(parts, ignore_index=True)
    rows["group_by"] = rows["group_by"].where(rows["group_by"].notna(), spec.group_by)
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows.assign(outcome=OUTCOME),
        group_by=spec.group_by,
        estimand=describe(
            population=population(spec.group_by, landmark, " and attended a session"),
            strategies=strategies(spec.group_by, landmark, cuts),
            variable="events recorded after attended sessions; contraindications at the start",
            intercurrent="events that nobody recorded are not known",
            summary="sessions with an event per 100 sessions, by grade; share not cleared",
        ),
        steps=[
            (
                "attended a session",
                "no attended session in the time looked at",
                len(people.frame),
                len(treated),
            )
        ],
    )


def _sessions(tables: Tables, people: pd.DataFrame, spec: SafetySpec) -> pd.DataFrame:
    """Attended sessions of the members in the time looked at."""
    columns = ["session_id", "patient_id", "date"]
    if tables.sessions is None:
        return pd.DataFrame(columns=[*columns, "group"])
    rows = tables.sessions
    rows = rows[(rows["status"] == "attended") & (rows["date"] <= tables.as_of)]
    if spec.first:
        rows = rows[rows["date"] >= pd.Timestamp(spec.first)]
    if spec.last:
        rows = rows[rows["date"] <= pd.Timestamp(spec.last)]
    return rows[columns].merge(people[["patient_id", "group"]], on="patient_id")


def _event_rows(
    recorded: pd.DataFrame,
    sessions: pd.DataFrame,
    treated: pd.DataFrame,
    grid: pd.DataFrame,
    spec: SafetySpec,
) -> list[pd.DataFrame]:
    events = recorded.merge(sessions, on="session_id")
    events = events.assign(grade=derive_event_grade(events))
    order = [UNGRADED, *GRADES]
    rank = events["grade"].map({grade: place for place, grade in enumerate(order)})
    worst = rank.groupby(events["session_id"]).max()
    place = sessions["session_id"].map(worst)
    serious = place == order.index("serious")
    parts = [
        share_rows(sessions.assign(event=place.notna()), grid, ["group"], 1, LEVEL).assign(
            term="sessions_with_event", method="of attended sessions, Wilson"
        ),
        _serious_rows(sessions.assign(event=serious), grid),
    ]
    counts = place.value_counts()
    grades = {grade: int(counts.get(number, 0)) for number, grade in enumerate(order)}
    common = events["symptom"].value_counts().index[: spec.symptoms]
    named = events["symptom"].where(events["symptom"].isin(common), OTHER)
    pairs = pd.DataFrame({"session_id": events["session_id"], "symptom": named})
    found = pairs.drop_duplicates()["symptom"].value_counts()
    symptoms = {name: int(found[name]) for name in [*common, OTHER] if name in found}
    method = "of attended sessions, each by its worst event, Wilson"
    parts += [
        _of_all(grades, len(sessions), "sessions_by_worst", "grade", method),
        _of_all(symptoms, len(sessions), "sessions_by_symptom", "symptom", "Wilson"),
    ]
    for part in parts:
        part["unit"] = "share of sessions"
    had = treated["patient_id"].isin(events["patient_id"])
    parts.append(
        share_rows(treated.assign(event=had), grid, ["group"], 1, LEVEL).assign(
            term="patients_with_event", method="of patients treated, Wilson"
        )
    )
    counts = events.groupby("group").size()
    persons = events.groupby("group")["patient_id"].nunique()
    parts.append(
        grid.assign(
            term="events",
            estimate=grid["group"].map(counts).fillna(0).astype("float64"),
            n_patients=grid["group"].map(persons).fillna(0).astype("float64"),
            unit="events",
            method="count",
        )
    )
    return [*parts, *_duration_rows(events)]


def _of_all(
    counts: Mapping[str, int], n: int, term: str, group_by: str, method: str
) -> pd.DataFrame:
    """Shares of all sessions by what was counted."""
    events = np.array(list(counts.values()), dtype="float64")
    low, high = wilson(events, n, LEVEL)
    return pd.DataFrame(
        {
            "group": list(counts),
            "group_by": group_by,
            "term": term,
            "estimate": events / n,
            "conf_low": low,
            "conf_high": high,
            "conf_level": LEVEL,
            "n_events": events,
            "n_patients": float(n),
            "method": method,
            "status": "ok",
        }
    )


def _serious_rows(seen: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """Share of sessions with a serious event; without any the rule of three."""
    rows = share_rows(seen, grid, ["group"], 1, LEVEL)
    none = (rows["n_events"] == 0) & (rows["n_patients"] > 0)
    limit = rule_of_three(rows["n_patients"], LEVEL)
    rows.loc[none, "conf_low"] = 0.0
    rows.loc[none, "conf_high"] = limit[none.to_numpy()]
    method = np.where(none, "none seen, one-sided limit of the rule of three", "Wilson")
    return rows.assign(term="serious", method=method)


def _duration_rows(events: pd.DataFrame) -> list[pd.DataFrame]:
    """How long events lasted, over all groups."""
    if events.empty:
        return []
    hours = events["duration_hours"]
    bins = np.select([hours.isna(), hours < 24, hours <= 48], [3, 0, 1], 2)
    cells = pd.DataFrame({"group": list(DURATIONS)})
    every = pd.DataFrame({"is": np.array(DURATIONS, dtype=object)[bins]}).merge(cells, how="cross")
    shares = share_rows(
        every.assign(event=every["is"] == every["group"]), cells, ["group"], 1, LEVEL
    ).assign(
        term="duration",
        group_by="duration",
        unit="share of events",
        method="of events, Wilson",
    )
    known = hours.dropna()
    if known.empty:
        return [shares]
    middle = pd.DataFrame(
        [
            {
                "group": "",
                "group_by": "",
                "term": "duration_median",
                "estimate": known.median(),
                "n_patients": len(known),
                "unit": "hours",
                "method": "median of events whose duration is known",
            }
        ]
    )
    return [shares, middle]


def _clearance_rows(
    tables: Tables, treated: pd.DataFrame, grid: pd.DataFrame, spec: SafetySpec
) -> pd.DataFrame:
    """Contraindications among the treated, and who was treated in spite of one."""
    screen = derive_clearance(tables.patients)
    here = treated[["patient_id", "group"]].merge(screen, on="patient_id")
    asked, flagged = here[here["screened"]], here[here["flagged"]]
    cleared = flagged["cleared"]
    counted = (
        ("screened", here, here["screened"], "of patients treated, Wilson"),
        ("flagged", asked, asked["flagged"], "of those screened, Wilson"),
        ("treated_without_clearance", flagged, cleared == 0, "of flagged patients, Wilson"),
        ("clearance_not_recorded", flagged, cleared.isna(), "of flagged patients, Wilson"),
    )
    parts = []
    for term, among, event, method in counted:
        found = share_rows(among.assign(event=event), grid, ["group"], 1, LEVEL)
        empty = found["status"] == "refused"
        note = "no contraindication was asked" if term == "flagged" else "nobody was flagged"
        found.loc[empty, "note"] = note
        parts.append(found.assign(term=term, method=method))
    whole = tables.patients.merge(treated[["patient_id"]], on="patient_id")
    asked_each = whole[["patient_id", *CONTRAINDICATIONS]].melt(
        "patient_id", var_name="group", value_name="flag"
    )
    asked_each = asked_each[asked_each["flag"].notna()]
    parts.append(
        share_rows(
            asked_each.assign(event=asked_each["flag"] == 1),
            pd.DataFrame({"group": list(CONTRAINDICATIONS)}),
            ["group"],
            1,
            LEVEL,
        ).assign(term="flagged_by", group_by="contraindication", method="of those asked, Wilson")
    )
    began = treated.merge(tables.patients[["patient_id", "onset_date"]], on="patient_id")
    waited = (began["start"] - began["onset_date"]).dt.days
    dated = began[waited >= 0]
    early = dated.assign(event=waited[waited >= 0] <= spec.onset_days)
    soon = share_rows(early, grid, ["group"], 1, LEVEL)
    soon.loc[soon["status"] == "refused", "note"] = "no dated onset"
    parts.append(soon.assign(term="soon_after_onset", method="of patients with a dated onset"))
    return pd.concat(parts, ignore_index=True)
