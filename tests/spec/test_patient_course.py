"""Records of single patients: what is where, what is counted, what is never filled in."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.analyses.patient_course import PatientCourseSpec, estimate_patient_course
from outcomes.errors import DisclosureError, EstimationError
from outcomes.present import Policy, disclose
from outcomes.present.sections.handout import handout
from outcomes.present.sections.patient_page import patient_page
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions, table, tables_of

AS_OF = pd.Timestamp("2026-03-31")


@pytest.fixture
def clinic() -> Tables:
    """Two patients: one with everything, one with a single score."""
    held = sessions(
        """
        session patient date       time  status   techniques                     muscles pressure
        s1      p       2026-03-02 09:00 attended gliding_stroke                 scalenes 4
        s2      p       2026-03-09 09:00 attended gliding_stroke;pin_and_stretch scalenes;neck 6
        s3      p       2026-03-16 09:00 no_show  .                              .        .
        s4      p       2026-03-23 09:00 attended .                              .        .
        t1      q       2026-03-20 10:00 attended .                              .        .
        """
    )
    pain = assessments(
        """
        patient  date        timing  value  session
        p        2026-03-02  pre     7      s1
        p        2026-03-02  post    5      s1
        p        2026-03-09  pre     6      s2
        p        2026-03-23  pre     3      s4
        p        2026-03-28  remote  2      .
        q        2026-03-20  pre     8      t1
        """
    )
    moved = assessments(
        "patient date timing value session\np 2026-03-02 pre 30 s1\np 2026-03-23 pre 45 s4",
        "rom_flexion",
    )
    diary = "\n".join(f"p 2026-03-{day:02d} {day % 2} ." for day in (*range(4, 16), 20, 25, 28))
    return replace(
        tables_of(
            patients("p", "q"),
            sessions=held,
            assessments=pd.concat([pain, moved], ignore_index=True),
            headache_diary=table("headache_diary", "patient date headache intensity\n" + diary),
            adverse_events=table(
                "adverse_events",
                "event_id session symptom onset_hours duration_hours severity serious\n"
                "e1 s2 soreness 1 20 3 0",
            ),
            exercises=table(
                "exercises",
                "patient date exercise prescribed done\n"
                "p 2026-03-17 chin_tuck 10 4\np 2026-03-18 chin_tuck 10 30\n"
                "p 2026-03-24 chin_tuck 10 0",
            ),
        ),
        as_of=AS_OF,
    )


def rows(tables: Tables, patient: str) -> dict[tuple[str, str], dict[str, object]]:
    estimates = estimate_patient_course(tables).estimates
    own = estimates[estimates["group"] == patient]
    return {(row["outcome"], row["term"]): row for row in own.to_dict("records")}


def test_first_last_and_improvement(clinic: Tables) -> None:
    found = rows(clinic, "p")
    assert found["nrs_pain", "start"]["estimate"] == 7
    assert found["nrs_pain", "last"]["estimate"] == 2  # at home, later than the last session
    assert found["nrs_pain", "improvement"]["estimate"] == 5
    assert found["rom_flexion", "improvement"]["estimate"] == 15
    assert found["rom_flexion", "improvement"]["note"] == "beyond measurement error"
    assert found["sessions", "sessions"]["estimate"] == 3


def test_one_score_is_no_change(clinic: Tables) -> None:
    found = rows(clinic, "q")
    assert found["nrs_pain", "last"]["estimate"] == 8
    assert found["nrs_pain", "improvement"]["status"] == "refused"
    assert ("rom_flexion", "last") not in found


def test_within_a_session_and_self_care(clinic: Tables) -> None:
    found = rows(clinic, "p")
    assert found["nrs_pain", "within_session"]["estimate"] == -2
    assert found["nrs_pain", "within_session"]["n_assessments"] == 1
    # ten of thirty and four: more than prescribed is not more than all
    assert found["self_care", "done"]["n_events"] == 14
    assert found["self_care", "done"]["n_assessments"] == 30
    assert found["headache_days", "recent_per_28"]["n_assessments"] == 15
    assert found["adverse_events", "adverse_events"]["estimate"] == 1
    assert rows(clinic, "q")["adverse_events", "adverse_events"]["estimate"] == 0


def test_records_keep_their_session_and_gaps(clinic: Tables) -> None:
    curve = estimate_patient_course(clinic, PatientCourseSpec(patients=("p",))).curve
    assert set(curve["patient_id"]) == {"p"}
    series = dict(list(curve.groupby("series")))
    assert list(series["session"]["session_number"]) == [1, 2, 3]
    assert list(series["missed"]["label"]) == ["no_show"]
    assert list(series["technique"]["outcome"]) == [
        "gliding_stroke", "gliding_stroke", "pin_and_stretch",
    ]  # fmt: skip
    assert len(series["headache"]) == 15  # no row for a day that was not filled in
    assert series["adverse_event"]["session_number"].tolist() == [2]
    assert len(series["self_care"]) == 2


def test_nothing_later_is_seen(clinic: Tables) -> None:
    then = estimate_patient_course(clinic.at(pd.Timestamp("2026-03-10")))
    assert then.curve["date"].max() <= pd.Timestamp("2026-03-10")
    estimates = then.estimates.set_index("term")["estimate"]
    assert estimates["last"].iloc[0] == 6


def test_unknown_patients_are_refused_without_being_named(clinic: Tables) -> None:
    with pytest.raises(EstimationError, match="1 of the patients") as caught:
        estimate_patient_course(clinic, PatientCourseSpec(patients=("secret",)))
    assert "secret" not in str(caught.value)


def test_a_page_shows_what_there_is_and_no_empty_frame(clinic: Tables) -> None:
    release = disclose({"patient": estimate_patient_course(clinic)}, Policy(), clinic.registry)
    whole = patient_page(release, "patient", "p")._repr_html_()
    assert whole.count("<img") == 6
    assert "soreness after session 2 (3 of 10)" in whole
    single = patient_page(release, "patient", "q")._repr_html_()
    assert single.count("<img") == 1
    assert "No unwanted symptom is recorded." in single
    assert "nan" not in single.lower().replace("nance", "")


def test_pain_scores_alone_make_a_page(clinic: Tables) -> None:
    bare = replace(
        tables_of(
            clinic.patients.assign(index_date=pd.Timestamp("2026-03-01")),
            assessments=assessments("patient date value\np 2026-03-01 7\np 2026-03-20 4"),
        ),
        as_of=AS_OF,
    )
    release = disclose({"patient": estimate_patient_course(bare)}, Policy(), bare.registry)
    page = patient_page(release, "patient", "p")._repr_html_()
    assert page.count("<img") == 1
    assert "Pain 7 at the start, last 4." in page
    sheet = handout(release, "patient", "p", as_of=AS_OF)._repr_html_()
    assert sheet.count("<img") == 1
    assert "lower than at the start" in sheet
    assert "Nothing is recorded yet." in patient_page(release, "patient", "q")._repr_html_()


def test_a_handout_of_one_score_is_a_sentence_and_a_point(clinic: Tables) -> None:
    release = disclose({"patient": estimate_patient_course(clinic)}, Policy(), clinic.registry)
    sheet = handout(release, "patient", "q", as_of=AS_OF)._repr_html_()
    assert "You scored your pain 8 on 20 March 2026" in sheet
    assert "lower" not in sheet


def test_single_patients_stay_inside(clinic: Tables) -> None:
    result = estimate_patient_course(clinic)
    assert result.scope == "patient"
    with pytest.raises(DisclosureError):
        disclose({"patient": result}, Policy("outside"), clinic.registry)
