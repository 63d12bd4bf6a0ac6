"""One row a person."""

from __future__ import annotations

import pandas as pd
import pytest

from outcomes.derive import derive_patients
from tests.small_tables import assessments, cells, dates, patients, sessions, table, tables_of

PERSONS = table(
    "patients",
    """
    patient clinic sex birth_year onset   onset_date index_date
    D       .      .   .          .       .          .
    C       .      .   1970       .       2026-01-01 2026-05-01
    B       .      f   1980       chronic 2026-01-01 .
    A       Salem  m   1990       .       2026-01-01 .
    """,
)
HELD = sessions("""
    patient session date       clinic   therapist_id status
    A       a2      2026-02-12 Gresham  t2           attended
    A       a1      2026-02-11 Portland t1           attended
    A       a0      2026-01-20 Portland t0           no_show
    B       b1      2026-02-12 Gresham  .            attended
    D       d1      2028-02-12 Gresham  t3           booked
""")


def test_what_is_known_of_a_person() -> None:
    scores = assessments("patient date value\nA 2026-03-01 4\nC 2026-06-01 4")
    diary = table("headache_diary", "patient date headache\nA 2026-04-01 0")
    found = derive_patients(
        tables_of(PERSONS, sessions=HELD, assessments=scores, headache_diary=diary)
    )
    assert found["patient_id"].tolist() == ["A", "B", "C", "D"]
    assert found["clinic"].tolist() == ["Salem", "Gresham", "", ""]
    assert cells(found["therapist_id"]) == ["t1", None, None, None]
    assert cells(found["age"]) == [36, 46, 56, None]
    assert dates(found["start"]) == ["2026-02-11", "2026-02-12", "2026-05-01", None]
    assert found["n_sessions"].tolist() == [2, 1, 0, 0]
    assert dates(found["last_session"]) == ["2026-02-12", "2026-02-12", None, None]
    assert dates(found["last_contact"]) == ["2026-04-01", "2026-02-12", "2026-06-01", None]
    assert found["time_zero"].isna().all()


def test_onset_is_the_one_given_or_reckoned_at_the_start() -> None:
    found = derive_patients(tables_of(PERSONS, sessions=HELD))
    # 41 days, given, 120 days, unknown
    assert cells(found["onset"]) == ["acute", "chronic", "chronic", None]


@pytest.mark.parametrize(
    ("days", "onset"), [(0, "acute"), (41, "acute"), (42, "subacute"), (84, "subacute")]
)
def test_onset_by_weeks(days: int, onset: str) -> None:
    began = pd.Timestamp("2026-06-01") - pd.Timedelta(days=days)
    persons = table("patients", f"patient onset_date index_date\nA {began:%Y-%m-%d} 2026-06-01")
    assert derive_patients(tables_of(persons))["onset"].tolist() == [onset]


def test_onset_beyond_twelve_weeks_and_after_the_start() -> None:
    persons = table(
        "patients",
        """
        patient onset_date index_date
        A       2026-03-08 2026-06-01
        B       2026-06-02 2026-06-01
        """,
    )
    assert cells(derive_patients(tables_of(persons))["onset"]) == ["chronic", None]


def test_time_zero_travels_along() -> None:
    weekly = "\n".join(f"A 2026-01-{day:02d}" for day in (1, 8, 15, 22))
    found = derive_patients(tables_of(patients("A"), sessions=sessions("patient date\n" + weekly)))
    assert dates(found["time_zero"]) == ["2026-01-22"]


def test_optional_tables_may_be_absent_and_tables_empty() -> None:
    assert len(derive_patients(tables_of(PERSONS))) == 4
    nobody = derive_patients(tables_of(PERSONS.iloc[:0], sessions=HELD))
    everybody = derive_patients(tables_of(PERSONS, sessions=HELD))
    assert nobody.empty
    assert nobody.dtypes.equals(everybody.dtypes)
    unseen = derive_patients(tables_of(PERSONS, sessions=HELD.iloc[:0]))
    assert unseen.dtypes.equals(everybody.dtypes)
