"""How single patients are doing: where each started, where each is now, and every record between.

``curve`` has the rows of `patient_records`, whose docstring names its columns.

``estimates`` holds for each patient (``group_by`` is ``patient``, ``group`` the patient's id):

==================  ==============================================================================
term                meaning
==================  ==============================================================================
start               baseline of pain or of a movement; ``landmark`` is its date
last                last score, those after a session aside; ``landmark`` is its date
improvement         from start to last, signed so that positive is better; note ``beyond
                    measurement error`` or ``within measurement error`` where an error is published
within_session      mean of pain after a session less pain before it, over ``n_assessments``
                    sessions with both
sessions            attended sessions so far
recent_per_28       headache days per 28 over the last 28 days up to the as-of date; n_assessments
                    are the days filled in; refused where these are too few
done                share done of what was prescribed in the last 28 days; n_events of n_assessments
adverse_events      events so far; n_events are the serious ones
==================  ==============================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.groups import Members, members
from outcomes.analyses.patient_records import patient_records
from outcomes.analyses.rom_change import MOVEMENTS, ROUNDING
from outcomes.derive.baseline import derive_baseline
from outcomes.derive.headache_days import derive_headache_days
from outcomes.errors import EstimationError
from outcomes.instruments import Instrument
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "patient_course"
PATIENT = "patient"
_ESTIMAND = (
    "Population: each patient named, alone. Variable: the records kept. Summary: first, last and "
    "what lies between, as recorded; nothing is estimated for days without a record."
)


@dataclass(frozen=True)
class PatientCourseSpec:
    """Choices about single patients.

    Parameters
    ----------
    patients : tuple of str
        Ids; empty for everybody who began care.
    recent_days : int
        Days up to the as-of date that are "recent" for headaches and self-care.
    """

    patients: tuple[str, ...] = ()
    recent_days: int = 28


def estimate_patient_course(
    tables: Tables, spec: PatientCourseSpec | None = None
) -> AnalysisResult:
    """Gather the course of single patients.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : PatientCourseSpec, optional
        Choices; everybody unless given.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes, of scope ``patient``; refused where none of the
        patients has a record.

    Raises
    ------
    EstimationError
        If a patient asked for is not in the data set.

    Notes
    -----
    Nothing is estimated: these are the records of one person. A change is called beyond measurement
    error where it is larger than the MDC95 of the instrument, and left unjudged where none is
    published. Where somebody did more than was prescribed, all of it was done.
    """
    spec = spec or PatientCourseSpec()
    if spec.patients:
        missing = len(set(spec.patients) - set(tables.patients["patient_id"]))
        if missing:
            raise EstimationError(
                f"{missing} of the patients asked for are not in the data.",
                "Give ids as they stand in patients, column patient_id.",
            )
        tables = tables.restrict(list(spec.patients))
    people = members(tables, "", tables.settings.cut_points.cadence_landmark)
    code = tables.settings.pain_instrument
    curve = patient_records(tables, code)
    curve = curve[curve["patient_id"].isin(people.frame["patient_id"])].reset_index(drop=True)
    if curve.empty:
        reason = "Nothing is recorded of a patient who began care."
        return refuse(QUESTION, spec, tables, people, reason, outcome=code, scope=PATIENT)
    rows = [
        _courses(tables, people, curve, (code, *MOVEMENTS)),
        _within_session(curve, tables.registry.get(code)),
        _sessions(people),
        _headaches(tables, people, spec.recent_days),
        _self_care(tables, curve, spec.recent_days),
        _adverse_events(tables, people, curve),
    ]
    table = pd.concat(rows, ignore_index=True).assign(
        group_by=PATIENT, n_patients=1.0, n_eligible=1.0
    )
    return assemble(
        QUESTION,
        replace(spec, patients=tuple(people.frame["patient_id"])),
        tables,
        people,
        table,
        group_by=PATIENT,
        estimand=_ESTIMAND,
        curve=curve,
        scope=PATIENT,
    )


def _courses(
    tables: Tables, people: Members, curve: pd.DataFrame, codes: tuple[str, ...]
) -> pd.DataFrame:
    """Start, last and improvement of each instrument that was recorded."""
    scored = curve[curve["series"].isin(["score", "movement"]) & curve["outcome"].isin(codes)]
    recorded = [code for code in codes if (scored["outcome"] == code).any()]
    if not recorded:
        return pd.DataFrame()
    cuts = tables.settings.cut_points
    base = pd.concat(
        [
            derive_baseline(tables.assessments, people.start, code, cuts).assign(outcome=code)
            for code in recorded
        ],
        ignore_index=True,
    )
    keys = ["outcome", "patient_id"]
    last = scored[scored["label"] != "post"].drop_duplicates(keys, keep="last")
    found = base.merge(last[[*keys, "date", "value"]], on=keys, how="left")
    times = scored.groupby(keys).size().rename("times").reset_index()
    found = found.merge(times, on=keys, how="inner", validate="one_to_one")
    # the baseline itself is no follow-up
    later = found["date"] > found["baseline_date"].fillna(found["date"])
    instruments = {code: tables.registry.get(code) for code in recorded}
    gain, error = pd.Series(np.nan, index=found.index), pd.Series("", index=found.index)
    for code, instrument in instruments.items():
        own = found["outcome"] == code
        gain[own] = instrument.improvement(found["baseline"], found["value"])[own & later]
        error[own] = _beyond_error(gain[own], instrument)
    unit = found["outcome"].map({code: each.unit for code, each in instruments.items()})
    parts = (
        ("start", found["baseline"], found["baseline_date"], ""),
        ("last", found["value"], found["date"], ""),
        ("improvement", gain, found["date"], error),
    )
    rows = [
        pd.DataFrame(
            {
                "outcome": found["outcome"],
                "group": found["patient_id"],
                "landmark": date.dt.strftime("%Y-%m-%d").fillna(""),
                "term": term,
                "estimate": value,
                "n_assessments": found["times"],
                "unit": unit,
                "method": "as recorded",
                "status": np.where(value.isna(), "refused", "ok"),
                "note": note,
            }
        )
        for term, value, date, note in parts
    ]
    table = pd.concat(rows, ignore_index=True)
    place = table["outcome"].map({code: place for place, code in enumerate(recorded)})
    return table.iloc[np.argsort(place.to_numpy(), kind="stable")]


def _beyond_error(gain: pd.Series, instrument: Instrument) -> pd.Series:
    """Say whether a gain or loss is larger than measuring twice would show."""
    if instrument.mdc95 is None:
        return pd.Series("", index=gain.index)
    beyond = gain.abs() > instrument.mdc95 + ROUNDING
    words = np.where(beyond, "beyond measurement error", "within measurement error")
    return pd.Series(words, index=gain.index).where(gain.notna(), "")


def _within_session(curve: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    both = curve[curve["series"] == "within_session"]
    fell = (both["value"] - both["beside"]).groupby(both["patient_id"]).agg(["mean", "size"])
    return pd.DataFrame(
        {
            "outcome": instrument.code,
            "group": fell.index.to_numpy(),
            "term": "within_session",
            "estimate": fell["mean"].to_numpy(),
            "n_assessments": fell["size"].to_numpy(),
            "unit": instrument.unit,
            "method": "mean of the sessions with both scores",
        }
    )


def _sessions(people: Members) -> pd.DataFrame:
    frame = people.frame
    return pd.DataFrame(
        {
            "outcome": "sessions",
            "group": frame["patient_id"],
            "landmark": frame["last_session"].dt.strftime("%Y-%m-%d").fillna(""),
            "term": "sessions",
            "estimate": frame["n_sessions"].astype("float64"),
            "unit": "sessions",
            "method": "count",
        }
    )


def _headaches(tables: Tables, people: Members, days: int) -> pd.DataFrame:
    """Rate of the last weeks, where a diary was kept in them."""
    first = tables.as_of - pd.Timedelta(days=days - 1)
    ids = people.frame["patient_id"]
    spans = pd.DataFrame(
        {"patient_id": ids, "span": "recent", "first": first, "last": tables.as_of}
    )
    found = derive_headache_days(
        tables.headache_diary, tables.headache_periods, spans, tables.settings.cut_points
    )
    found = found[found["days_observed"] > 0]
    return pd.DataFrame(
        {
            "outcome": "headache_days",
            "group": found["patient_id"],
            "term": "recent_per_28",
            "estimate": found["per_28"],
            "n_assessments": found["days_observed"],
            "n_events": found["headache_days"],
            "unit": "days per 28",
            "method": "as recorded",
            "status": np.where(found["sufficient"], "ok", "refused"),
            "note": np.where(found["sufficient"], "", "too few days were filled in"),
        }
    )


def _self_care(tables: Tables, curve: pd.DataFrame, days: int) -> pd.DataFrame:
    since = tables.as_of - pd.Timedelta(days=days - 1)
    weeks = curve[(curve["series"] == "self_care") & (curve["date"] >= since)]
    added = weeks.groupby("patient_id")[["value", "beside"]].sum()
    added = added[added["beside"] > 0]
    return pd.DataFrame(
        {
            "outcome": "self_care",
            "group": added.index.to_numpy(),
            "term": "done",
            "estimate": (added["value"] / added["beside"]).to_numpy(),
            "n_assessments": added["beside"].to_numpy(),
            "n_events": added["value"].to_numpy(),
            "unit": "share",
            "method": "as recorded",
        }
    )


def _adverse_events(tables: Tables, people: Members, curve: pd.DataFrame) -> pd.DataFrame:
    """Count events, none among them, where the data set records events at all."""
    if tables.adverse_events is None:
        return pd.DataFrame()
    events = curve[curve["series"] == "adverse_event"]
    ids = people.frame["patient_id"]
    number = events["patient_id"].value_counts().reindex(ids).fillna(0)
    serious = events.loc[events["label"] == "serious", "patient_id"].value_counts()
    return pd.DataFrame(
        {
            "outcome": "adverse_events",
            "group": ids.to_numpy(),
            "term": "adverse_events",
            "estimate": number.to_numpy(dtype="float64"),
            "n_events": serious.reindex(ids).fillna(0).to_numpy(dtype="float64"),
            "unit": "events",
            "method": "count",
        }
    )
