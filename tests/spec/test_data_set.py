"""A data set as it was known on a day, and with some of its patients only."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import DataContractError
from outcomes.io import read_tables
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

FILES = {
    "patients": "patient_id,clinic\nP1,a\nP2,b\n",
    "sessions": (
        "session_id,patient_id,therapist_id,date,booked_on,status,minutes,visit_type,techniques,"
        "muscles,pressure,hold_seconds,fee\n"
        "S1,P1,T1,2024-01-05,2024-01-01,attended,60,intake,gliding_stroke,scalenes,6,40,80\n"
        "S2,P1,T1,2024-02-05,2024-01-08,attended,60,treatment,gliding_stroke,scalenes,6,40,80\n"
        "S3,P1,T1,2024-02-12,2024-01-20,cancelled,,treatment,,,,,\n"
        "S4,P2,T1,2024-02-01,2024-02-01,no_show,,treatment,,,,,\n"
        "S5,P2,T1,2024-02-02,,attended,60,treatment,,,,,\n"
        "S6,P2,T1,2024-04-01,2024-02-01,booked,,treatment,,,,,\n"
    ),
    "assessments": "patient_id,instrument,date,value\nP1,nrs_pain,2024-01-05,7\n"
    "P1,nrs_pain,2024-02-05,3\nP2,nrs_pain,2024-02-01,5\n",
    "headache_diary": "patient_id,date,headache\nP1,2024-01-10,1\nP1,2024-01-11,1\n",
    "headache_periods": "patient_id,start,days_observed,headache_days\n"
    "P1,2023-12-14,28,4\nP1,2023-12-15,28,4\nP2,2024-01-20,10,4\n",
    "plans": "patient_id,date,plan\nP1,2024-01-05,weekly\nP1,2024-02-05,monthly\n",
    "adverse_events": "event_id,session_id,symptom,onset_hours,serious\n"
    "E1,S1,soreness,23,0\nE2,S1,soreness,144,0\nE3,S1,soreness,,0\nE4,S2,soreness,1,0\n",
    "trigger_points": "session_id,muscle,side,active,reproduced\n"
    "S1,scalenes,left,1,1\nS2,scalenes,left,1,1\n",
    "exercises": "patient_id,date,exercise,prescribed,done\n"
    "P1,2024-01-06,chin_tuck,10,10\nP1,2024-02-06,chin_tuck,10,10\n",
    "covariates": "patient_id,name,value\nP1,arm,care\nP2,arm,control\n",
}


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    found = read_tables(tmp_path)
    assert found.accounting["rows_rejected"].sum() == 0
    return found


def test_only_what_was_known_on_the_day_is_left(tables: Tables) -> None:
    then = tables.at(pd.Timestamp("2024-01-10"))
    assert then.as_of == pd.Timestamp("2024-01-10")
    assert then.sessions["session_id"].tolist() == ["S1", "S2"]
    assert then.assessments["value"].tolist() == [7.0]
    assert then.headache_diary["date"].dt.day.tolist() == [10]
    assert then.headache_periods["start"].dt.day.tolist() == [14], "known once its last day is over"
    assert then.plans["plan"].tolist() == ["weekly"]
    assert then.adverse_events["event_id"].tolist() == ["E1", "E3"]
    assert then.trigger_points["session_id"].tolist() == ["S1"]
    assert len(then.exercises) == 1
    assert len(then.covariates) == len(then.patients) == 1, "nothing of P2 was known yet"


def test_an_appointment_ahead_shows_nothing_of_what_became_of_it(tables: Tables) -> None:
    then = tables.at(pd.Timestamp("2024-01-31")).sessions.set_index("session_id")
    assert then["status"].to_dict() == {"S1": "attended", "S2": "booked", "S3": "booked"}
    recorded = [column.name for column in SCHEMAS["sessions"].columns if column.at_session]
    assert {"minutes", "techniques", "muscles", "pressure", "hold_seconds", "fee"} == set(recorded)
    assert then.loc[["S2", "S3"], recorded].isna().all(axis=None)
    assert then.loc["S2", ["visit_type", "therapist_id"]].tolist() == ["treatment", "T1"]
    assert then.loc["S1", recorded].notna().all()
    assert then.dtypes.to_dict() == tables.sessions.set_index("session_id").dtypes.to_dict()


def test_at_the_end_of_the_data_bookings_stay_as_they_are(tables: Tables) -> None:
    now = tables.at(tables.as_of)
    assert now.sessions["session_id"].tolist() == ["S1", "S2", "S4", "S5", "S6"]
    assert now.sessions["status"].tolist()[-1] == "booked"


def test_patients_whose_records_all_lie_later_are_not_known_yet(tmp_path: Path) -> None:
    texts = {
        "patients": "patient_id,index_date\nlater,\nbooked,\nstart,2024-06-01\nnothing,\nnow,\n",
        "sessions": "session_id,patient_id,date,booked_on,status\n"
        "S1,later,2024-06-01,2024-05-20,attended\nS2,booked,2024-06-01,2024-01-05,attended\n",
        "assessments": "patient_id,instrument,date,value\nlater,nrs_pain,2024-06-01,5\n",
        "plans": "patient_id,date,plan\nnow,2024-01-05,weekly\n",
        "covariates": "patient_id,name,value\nlater,arm,care\nnothing,arm,care\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    then = read_tables(tmp_path, as_of="2024-01-10")
    assert then.patients["patient_id"].tolist() == ["booked", "nothing", "now"]
    assert then.covariates["patient_id"].tolist() == ["nothing"]
    with pytest.raises(DataContractError, match="as-of date"):
        (tmp_path / "patients.csv").write_text("patient_id\nlater\n")
        read_tables(tmp_path, as_of="2024-01-10")


def test_looking_twice_is_looking_once(tables: Tables) -> None:
    once = tables.at(pd.Timestamp("2024-01-10"))
    twice = tables.at(pd.Timestamp("2024-02-02")).at(pd.Timestamp("2024-01-10"))
    for name in SCHEMAS:
        pd.testing.assert_frame_equal(getattr(once, name), getattr(twice, name))


def test_some_patients_keep_all_that_is_theirs(tables: Tables) -> None:
    own = tables.restrict(["P2"])
    for name, schema in SCHEMAS.items():
        if schema.belongs_to != "session":
            assert set(getattr(own, name)["patient_id"]) <= {"P2"}
    assert own.adverse_events.empty
    assert len(tables.restrict(["P1"]).adverse_events) == 4
    assert len(own.covariates) == 1
