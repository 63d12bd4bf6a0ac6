"""Who of the current patients is off track, and whose pain changed suddenly."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import Members, members
from outcomes.analyses.off_track.charts import FROM_START, GIVEN_LAST
from outcomes.analyses.off_track.patients import judged_sessions, patient_lines
from outcomes.analyses.off_track.reference import OffTrackReference, fit_off_track_reference
from outcomes.analyses.off_track.spec import OffTrackSpec
from outcomes.derive.patient_days import positions
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "off_track"
PATIENT = "patient"
CHECK = "A flag says: check. It does not say what to do, and not that more sessions are needed."


def estimate_off_track(
    tables: Tables,
    spec: OffTrackSpec | None = None,
    *,
    reference: OffTrackReference | None = None,
) -> AnalysisResult:
    """Hold each current patient against the course expected of people who started alike.

    Parameters
    ----------
    tables : Tables
        The patients, at the day that is looked from; those of one therapist, for example.
    spec : OffTrackSpec, optional
        Choices, for a reference made here.
    reference : OffTrackReference, optional
        Made by `fit_off_track_reference` from all patients; from `tables` unless given. Its own
        spec rules.

    Returns
    -------
    AnalysisResult
        Of scope ``patient``. ``estimates`` has for each current patient the rows ``score`` (with
        the usual range at that session as its interval), ``off_track`` and ``sudden_change`` (1, 0,
        or refused with the reason). ``curve`` has patient_id, session, date, score, low, median,
        high, change_low, change_high and kind (past, ahead). ``diagnostics`` has ``patients``, a
        row each (`COLUMNS` of `outcomes.analyses.off_track.patients`), rule, why_plain, starters,
        one_in, one_in_text, alarm_text and sessions.

    Raises
    ------
    EstimationError
        If the reference was fitted on simulated patients and these are not, or is of a later day.

    Notes
    -----
    Off track: the chance of a score as high as the last one or higher, given starting score, onset,
    clinic and session number only, is at most `alarm`. Conditioning on the last score instead would
    make staying high expected; that chance is the second signal, sudden change. Usual ranges hold
    the middle `range_level` of comparable people.

    References
    ----------
    Finch AE, Lambert MJ, Schaalje BG. Psychotherapy quality control: the statistical generation of
    expected recovery curves. Clin Psychol Psychother 2001;8:231–242. Hannan C, et al. A lab test
    and algorithms for identifying clients at risk for treatment failure. J Clin Psychol
    2005;61:155–163.
    """
    reference = fit_off_track_reference(tables, spec) if reference is None else reference
    reference.check(tables)
    spec = reference.spec
    people = _current(tables, spec)
    if people.frame.empty:
        reason = f"Nobody came within {spec.current_days} days, and nobody is booked."
        return refuse(
            QUESTION,
            spec,
            tables,
            people,
            reason,
            group_by=PATIENT,
            outcome=spec.instrument,
            scope="patient",
        )
    judged = judged_sessions(tables, reference)
    lines = patient_lines(tables, people.frame["patient_id"], judged, reference)
    rows = _rows(lines, reference).assign(
        outcome=spec.instrument, unit=tables.registry.get(spec.instrument).unit
    )
    rows.loc[rows["term"] != "score", "unit"] = ""
    one_in, alarms = reference.one_in_text(), reference.alarm_text()
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows,
        group_by=PATIENT,
        estimand=describe(
            population="current patients, against all who started in the reference",
            strategies="care as it was given",
            variable="pain before the last scored session",
            intercurrent="stopping when well is weighted for in the reference by the scores up to "
            "then",
            summary="whether a score this high is rare among people with the same start, and among "
            "people with the same last score",
        ),
        curve=_curve(lines, judged, reference),
        diagnostics={
            "patients": lines,
            "rule": reference.rule,
            "why_plain": reference.why_plain,
            "starters": reference.starters,
            "one_in": reference.one_in(),
            "one_in_text": one_in,
            "alarm_text": alarms,
            "sessions": reference.charts.last,
        },
        notes=(CHECK, one_in, alarms, reference.why_plain),
        scope="patient",
    )


def _current(tables: Tables, spec: OffTrackSpec) -> Members:
    """Patients who came lately or are booked, also those who never came yet."""
    everyone = members(tables, "", 0)
    recent = everyone.frame["last_session"] > tables.as_of - pd.Timedelta(days=spec.current_days)
    if tables.sessions is not None:
        sessions = tables.sessions
        ahead = sessions[(sessions["status"] == "booked") & (sessions["date"] >= tables.as_of)]
        recent |= (
            positions(everyone.frame["patient_id"], ahead["patient_id"].drop_duplicates()) >= 0
        )
    reason = f"no attended session in {spec.current_days} days and none booked"
    return everyone.keep(recent, "current patients", reason)


def _rows(lines: pd.DataFrame, reference: OffTrackReference) -> pd.DataFrame:
    """Three estimates a patient."""
    session = lines["scored_session"]
    base = pd.DataFrame(
        {
            "group_by": PATIENT,
            "group": lines["patient_id"],
            "landmark": np.where(
                session.notna(), "session " + session.fillna(0).astype("int64").astype("str"), ""
            ),
            "n_patients": 1.0,
        }
    )
    flagged = lines["off_track"].eq(1) | lines["sudden_change"].eq(1)
    silent = lines["score"].isna()
    score = base.assign(
        term="score",
        estimate=lines["score"],
        conf_low=lines["low"],
        conf_high=lines["high"],
        conf_level=np.where(lines["low"].notna(), reference.spec.range_level, np.nan),
        method="last score before a session; interval: usual range",
        status=np.where(silent, "refused", "ok"),
        note=lines["reason"].where(flagged | silent, ""),
    )
    parts = [score]
    for term in ("off_track", "sudden_change"):
        unknown = lines[term].isna()
        parts.append(
            base.assign(
                term=term,
                estimate=lines[term],
                method="expected course" if reference.rule == "chart" else "plain rule",
                status=np.where(unknown, "refused", "ok"),
                note=np.where(unknown, "not judged", ""),
            )
        )
    rows = pd.concat(parts, keys=range(3), names=["part"]).reset_index(level="part")
    return rows.sort_values(["group", "part"], kind="stable", ignore_index=True).drop(
        columns="part"
    )


def _curve(lines: pd.DataFrame, judged: pd.DataFrame, reference: OffTrackReference) -> pd.DataFrame:
    """Scores of the past in their ranges, and the range that lies ahead."""
    columns = ["patient_id", "session", "date", "score", "low", "median", "high"]
    columns += ["change_low", "change_high"]
    past = judged[positions(judged["patient_id"], lines["patient_id"]) >= 0]
    past = past[columns].assign(kind="past")
    last = reference.charts.last
    # The chart goes on for who is still within it: the last session is one of the first course.
    latest = judged.groupby("patient_id").tail(1)
    going = latest[latest["course"] & (latest["session"] < last)]
    going = going[positions(going["patient_id"], lines["patient_id"]) >= 0]
    grid = pd.DataFrame({"number": np.arange(2, last + 1)})
    ahead = going.drop(columns=[*FROM_START, *GIVEN_LAST, "date"]).merge(grid, how="cross")
    ahead = ahead[ahead["number"] > ahead["session"]].reset_index(drop=True)
    ahead["session"] = ahead["number"]
    ahead["score"] = ahead["previous"] = np.nan
    found = reference.charts.judge(ahead, reference.spec)
    none = pd.Series(pd.NaT, index=ahead.index, dtype=past["date"].dtype)
    ahead = pd.concat([ahead, found], axis=1).assign(date=none, kind="ahead")
    out = pd.concat([past, ahead[[*columns, "kind"]]] if len(ahead) else [past])
    return out.sort_values(["patient_id", "session"], ignore_index=True)
