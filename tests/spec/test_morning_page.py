"""The page before the day: who comes, in order, what is said of each, and who does not come."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest

from outcomes.analyses.day_list import DayListSpec, estimate_day_list
from outcomes.explore import explore
from outcomes.explore.choice import Choice
from outcomes.explore.views import MOST_PAGES, Views
from outcomes.present import Policy, disclose
from outcomes.present.figures.sparkline import Sparkline
from outcomes.present.sections.morning_page import morning_page
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions, tables_of

AS_OF = pd.Timestamp("2026-03-31")


@pytest.fixture
def clinic() -> Tables:
    held = sessions(
        """
        session  patient  date        time   status    therapist_id  booked_on
        a1       a        2026-03-02  09:00  attended  T1            2026-02-20
        a2       a        2026-03-09  09:00  attended  T1            2026-02-20
        a3       a        2026-04-02  14:00  booked    T1            2026-03-20
        b1       b        2026-03-03  09:00  attended  T2            2026-02-20
        b2       b        2026-04-02  09:30  booked    T1            2026-03-30
        c1       c        2026-04-01  08:00  booked    T2            2026-03-30
        d1       d        2026-04-02  .      booked    T1            2026-03-30
        e1       e        2026-03-30  08:00  booked    T1            2026-03-01
        """
    )
    pain = assessments(
        """
        patient  date        timing  value  session
        a        2026-03-02  pre     7      a1
        a        2026-03-02  post    1      a1
        a        2026-03-05  remote  9      .
        a        2026-03-09  pre     5      a2
        b        2026-03-20  remote  4      .
        """
    )
    persons = patients("a", "b", "c", "d", "e")
    return replace(tables_of(persons, sessions=held, assessments=pain), as_of=AS_OF)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_the_next_day_with_appointments_in_order_of_time(clinic: Tables) -> None:
    result = estimate_day_list(clinic, DayListSpec(therapist="T1"))
    booked = result.curve[result.curve["series"] == "appointment"]
    assert result.spec.day == "2026-04-02"
    assert list(booked["patient_id"]) == ["b", "a", "d"]  # d has no time, and comes last
    assert list(booked["session_number"]) == [2, 3, 1]
    everyone = estimate_day_list(clinic)
    assert everyone.spec.day == "2026-04-01"
    assert list(everyone.curve["patient_id"]) == ["c"]


def test_one_line_holds_one_kind_of_score(clinic: Tables) -> None:
    curve = estimate_day_list(clinic, DayListSpec(therapist="T1")).curve
    scores = curve[curve["series"] == "score"].groupby("patient_id")["value"].agg(list)
    assert scores["a"] == [7, 5]  # neither at home nor after a session
    assert scores["b"] == [4]  # nothing before a session, so at home
    last = estimate_day_list(clinic, DayListSpec(therapist="T1")).estimates
    missing = last[(last["group"] == "d") & (last["term"] == "last")]
    assert list(missing["status"]) == ["refused"]


def test_an_old_booking_is_no_appointment(clinic: Tables) -> None:
    curve = estimate_day_list(clinic).curve
    assert "e" not in set(curve["patient_id"])


def test_nothing_booked_is_said(clinic: Tables) -> None:
    result = estimate_day_list(clinic, DayListSpec(therapist="T9"))
    page = morning_page(disclose({"day": result}, Policy(), clinic.registry), "day")
    assert "No appointment is booked." in words(page._repr_html_())


def test_ids_and_names_of_therapists_are_escaped(clinic: Tables) -> None:
    held = clinic.sessions
    assert held is not None
    evil = {"patient_id": held["patient_id"].replace("a", "<b>&"), "therapist_id": "<i>T"}
    tables = replace(
        clinic,
        sessions=held.assign(**evil),
        patients=clinic.patients.assign(
            patient_id=clinic.patients["patient_id"].replace("a", "<b>&")
        ),
    )
    page = Views(tables, Policy()).day(Choice("2026-03-31", therapist="<i>T"))._repr_html_()
    assert "<b>&" not in page
    assert "<i>" not in page


def test_the_line_of_scores_says_itself_in_words() -> None:
    line = Sparkline([5.0, 3.0], [float("nan"), 2.0], [float("nan"), 4.0], 10.0)
    assert line.alt == "Pain, oldest first: 5, 3. Usual now: 2 to 4."
    assert "polygon" in line._svg()
    alone = Sparkline([5.0], [float("nan")], [float("nan")], 10.0)
    assert alone.alt == "Pain, oldest first: 5."
    assert "polygon" not in alone._svg()
    assert "nan" not in alone._svg()


@pytest.fixture(scope="module")
def cohort() -> Tables:
    spec = SimulationSpec(patients=160, seed=11, clinics=1, years=1.5)
    return simulate(spec, truth=False).tables()


def busy_day(tables: Tables) -> Tables:
    """The data set on a day after which somebody comes."""
    held = tables.sessions
    assert held is not None
    attended = held[held["status"] == "attended"]
    return tables.at(attended["date"].value_counts().index[0] - pd.Timedelta(days=1))


def test_every_part_stands_for_a_small_and_a_large_caseload(cohort: Tables) -> None:
    tables = busy_day(cohort)
    held = tables.sessions
    assert held is not None
    three = tables.restrict(list(held["patient_id"].drop_duplicates().head(3)))
    for each in (three, tables):
        page = explore(each, live=False)
        parts = [page.cover(), page.day()]
        for part in (*parts, *((page.patients(), page.handouts()) if each is three else ())):
            html = part._repr_mimebundle_()["text/html"]
            assert html
            assert not re.search(r"\b(nan|NaN|None|NaT)\b", words(html))


def test_a_caseload_of_thousands_is_not_thousands_of_pages() -> None:
    number = 2000
    ids = [f"p{place:04d}" for place in range(number)]
    lines = "\n".join(
        f"{each}x {each} 2026-03-02 . attended T1 .\n"
        f"{each}y {each} 2026-04-01 08:00 booked T1 2026-03-01"
        for each in ids
    )
    held = sessions("session patient date time status therapist_id booked_on\n" + lines)
    pain = assessments(
        "patient date timing value\n" + "\n".join(f"{each} 2026-03-02 pre 5" for each in ids)
    )
    tables = replace(tables_of(patients(*ids), sessions=held, assessments=pain), as_of=AS_OF)
    views, choice = Views(tables, Policy()), Choice("2026-03-31", therapist="T1")
    assert len(views.booked(choice)) == number
    pages = views.pages(choice)._repr_html_()
    assert "2,000 patients come on this day, too many for a page each" in words(pages)
    assert "Nobody has something to check" in words(pages)
    assert pages.count("<img") == 0
    assert "too many for a sheet each" in words(views.handouts(choice)._repr_html_())
    assert number > MOST_PAGES
    assert "2,000 appointments" in words(views.day(choice)._repr_html_())


def test_on_a_crowded_day_those_with_something_to_check_have_pages() -> None:
    ids = [f"p{place:02d}" for place in range(MOST_PAGES + 1)]
    held = ["session patient date time status therapist_id booked_on"]
    said = ["patient date timing value session"]
    for each in ids:
        for week in range(5):
            day = pd.Timestamp("2026-02-24") + pd.Timedelta(days=7 * week)
            held.append(f"{each}{week} {each} {day.date()} 08:00 attended T1 .")
            # two do not get better
            value = 8 if each in ("p07", "p31") else 8 - 2 * min(week, 3)
            said.append(f"{each} {day.date()} pre {value} {each}{week}")
        held.append(f"{each}x {each} 2026-04-01 08:00 booked T1 2026-03-01")
    tables = tables_of(
        patients(*ids),
        sessions=sessions("\n".join(held)),
        assessments=assessments("\n".join(said)),
    )
    views = Views(replace(tables, as_of=AS_OF), Policy())
    shown = views.pages(Choice("2026-03-31"))._repr_html_()
    assert "Here are the 2 with something to check" in words(shown)
    assert "p07" in words(shown) and "p31" in words(shown) and "p08" not in words(shown)


def test_who_took_a_patient_over_has_them_on_the_list() -> None:
    held = sessions(
        """
        session  patient  date        time   status    therapist_id  booked_on
        a1       a        2026-03-02  09:00  attended  T1            .
        a2       a        2026-03-09  09:00  attended  T2            .
        b1       b        2026-04-02  09:30  booked    T2            2026-03-30
        c1       c        2026-04-02  10:30  booked    T1            2026-03-30
        """
    )
    pain = assessments(
        "patient date timing value session\na 2026-03-02 pre 3 a1\na 2026-03-09 pre 7 a2"
    )
    tables = tables_of(patients("a", "b", "c"), sessions=held, assessments=pain)
    views = Views(replace(tables, as_of=AS_OF), Policy())
    lists = {
        each: words(views.day(Choice("2026-03-31", therapist=each))._repr_html_())
        for each in ("T1", "T2")
    }
    assert "Worse since the last visit, and nothing booked : a (+4, 9 Mar)" in lists["T2"]
    assert "Worse since the last visit, and nothing booked: nobody" in lists["T1"]


def test_what_is_due_is_said_of_those_who_come_and_counted_of_the_others() -> None:
    held = sessions(
        """
        session  patient  date        time   status    therapist_id  booked_on
        a1       a        2025-12-01  09:00  attended  T1            .
        a2       a        2026-03-09  09:00  attended  T1            .
        a3       a        2026-04-02  09:30  booked    T1            2026-03-30
        b1       b        2025-12-01  10:00  attended  T1            .
        b2       b        2026-03-09  10:00  attended  T1            .
        """
    )
    measured = assessments(
        """
        patient  date        timing  value  session
        a        2025-12-01  pre     40     a1
        b        2025-12-01  pre     40     b1
        """,
        "rom_flexion",
    )
    tables = tables_of(patients("a", "b"), sessions=held, assessments=measured)
    page = words(
        Views(replace(tables, as_of=AS_OF), Policy()).day(Choice("2026-03-31"))._repr_html_()
    )
    assert "Measure again: movement (17 weeks old)." in page
    assert "Others in care: 1 to be measured again." in page


def test_a_past_day_is_as_it_was(cohort: Tables) -> None:
    """What is looked at on an earlier day is the same as if the later records did not exist."""
    tables = busy_day(cohort)
    day = tables.as_of.date().isoformat()
    now, then = Views(cohort, Policy()), Views(tables, Policy())
    choice = Choice(day)
    assert now.booked(choice) == then.booked(choice)
    patient = now.booked(choice)[0]
    looked = [each._course(choice, (patient,)).curve for each in (now, then)]
    pd.testing.assert_frame_equal(*looked)
    assert looked[0]["date"].max() <= tables.as_of


def test_single_patients_are_refused_for_outside(cohort: Tables) -> None:
    from outcomes.errors import DisclosureError

    page = explore(busy_day(cohort), audience="outside", live=False)
    for part in (page.day(), page.patients()):
        with pytest.raises(DisclosureError):
            part._repr_mimebundle_()
