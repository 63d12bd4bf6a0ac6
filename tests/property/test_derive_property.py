"""The derivations against a plain reference, in any order of rows, and blind to the future."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.derive import (
    cadence_at,
    derive_baseline,
    derive_headache_days,
    derive_patients,
    derive_phases,
    derive_sessions,
    derive_start,
    derive_time_zero,
    derive_windows,
    rolling_cadence,
)
from outcomes.schema import SCHEMAS
from outcomes.settings import CutPoints, Window
from outcomes.tables import Tables
from tests import derive_reference as plain

DAY_0 = pd.Timestamp("2024-02-20")  # the leap day lies within
CLOCKS = (None, 8 * 60 + 30, 10 * 60, 17 * 60)
CUTS = CutPoints(windows=(Window(0, 7), *(Window(day, 7) for day in (14, 28, 42)), Window(84, 14)))
LAST = 150


@st.composite
def cohorts(draw: st.DrawFn) -> plain.Cohort:
    names = draw(st.permutations(["A", "B", "C"]))[: draw(st.integers(1, 3))]
    who = st.sampled_from(names)
    sessions = draw(
        st.lists(
            st.tuples(
                who,
                st.integers(0, LAST),
                st.sampled_from(CLOCKS),
                st.sampled_from(["attended"] * 5 + ["no_show", "cancelled", "booked"]),
                st.one_of(st.none(), st.integers(-5, 40)),
            ),
            max_size=24,
        )
    )
    timed = draw(st.booleans())
    dated = draw(st.booleans())
    ids = draw(st.permutations([f"s{number:02d}" for number in range(len(sessions))]))
    held = tuple(
        plain.Session(
            name,
            patient,
            day,
            minute if timed else None,
            status,
            day - lead if dated and lead is not None else None,
        )
        for name, (patient, day, minute, status, lead) in zip(ids, sessions, strict=True)
    )
    score = st.tuples(
        who,
        st.integers(-32, LAST),
        st.sampled_from(["pre", "remote", "remote", "post"]),
        st.one_of(st.none(), st.integers(0, 10).map(float)),
        st.none(),
    )
    # scores on days of sessions, linked to them or not
    at_session = st.nothing()
    if held:
        at_session = st.tuples(
            st.sampled_from(held), st.sampled_from(["pre", "pre", "post"]), st.booleans()
        ).map(
            lambda each: (each[0].patient, each[0].day, each[1], 5.0, each[0].id * each[2] or None)
        )
    scores = draw(
        st.lists(
            st.one_of(score, at_session),
            max_size=24,
            unique_by=lambda each: (each[0], each[1], each[2], each[4]),
        )
    )
    diary = draw(
        st.lists(
            st.tuples(who, st.integers(0, 40), st.integers(0, 1)),
            max_size=60,
            unique_by=lambda each: each[:2],
        )
    )
    periods = draw(
        st.lists(
            st.tuples(who, st.integers(0, 40), st.integers(1, 28), st.integers(0, 28).map(float)),
            max_size=6,
            unique_by=lambda each: each[:2],
        )
    )
    begun = {name: draw(st.one_of(st.none(), st.integers(0, 60))) for name in names}
    return plain.Cohort(
        begun,
        held,
        tuple(plain.Score(*each) for each in scores),
        tuple(diary),
        tuple(periods),
    )


def date(day: int | None) -> pd.Timestamp | None:
    return None if day is None else DAY_0 + pd.Timedelta(days=day)


def frame(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    schema = SCHEMAS[name]
    table = pd.DataFrame(rows).reindex(columns=list(schema.names)).astype(object)
    return table.astype({column.name: column.dtype for column in schema.columns})


def tables(cohort: plain.Cohort) -> Tables:
    """The cohort as the package gets it."""
    clock = {None: None} | {
        minute: f"{minute // 60:02d}:{minute % 60:02d}" for minute in CLOCKS[1:]
    }
    return Tables(
        frame(
            "patients",
            [{"patient_id": k, "index_date": date(v)} for k, v in cohort.patients.items()],
        ),
        date(LAST),
        sessions=frame(
            "sessions",
            [
                {
                    "session_id": each.id,
                    "patient_id": each.patient,
                    "date": date(each.day),
                    "time": clock[each.minute],
                    "status": each.status,
                    "booked_on": date(each.booked_on),
                }
                for each in cohort.sessions
            ],
        ),
        assessments=frame(
            "assessments",
            [
                {
                    "patient_id": each.patient,
                    "instrument": "nrs_pain",
                    "date": date(each.day),
                    "timing": each.timing,
                    "value": each.value,
                    "session_id": each.session,
                }
                for each in cohort.scores
            ],
        ),
        headache_diary=frame(
            "headache_diary",
            [
                {"patient_id": who, "date": date(day), "headache": ache}
                for who, day, ache in cohort.diary
            ],
        ),
        headache_periods=frame(
            "headache_periods",
            [
                {
                    "patient_id": who,
                    "start": date(day),
                    "days_observed": days,
                    "headache_days": aches,
                }
                for who, day, days, aches in cohort.periods
            ],
        ),
    )


def days(values: pd.Series) -> list[int | None]:
    return [None if pd.isna(each) else (each - DAY_0).days for each in values]


def values(column: pd.Series) -> list[object]:
    return [None if pd.isna(each) else each for each in column]


def begin(data: Tables) -> pd.DataFrame:
    return derive_start(data.patients, data.sessions, CUTS)


def check_sessions(cohort: plain.Cohort) -> None:
    data = tables(cohort)
    held = derive_phases(derive_sessions(data.sessions, CUTS), CUTS)
    rows = [
        row
        for patient in sorted({session.patient for session in cohort.sessions})
        for row in plain.course(cohort, patient, CUTS)
    ]
    for name in ("patient_id", "session_id", "episode", "session_number", "episode_session"):
        assert held[name].tolist() == [row[name] for row in rows]
    assert days(held["date"]) == [row["day"] for row in rows]
    assert values(held["gap_days"]) == [row["gap_days"] for row in rows]
    assert held["phase"].tolist() == [row["phase"] for row in rows]

    begun = begin(data)
    names = sorted(cohort.patients)
    assert begun["patient_id"].tolist() == names
    expected = [plain.start(cohort, name) for name in names]
    assert days(begun["start"]) == [day for day, _ in expected]
    assert values(begun["first_session"]) == [session for _, session in expected]

    zero = derive_time_zero(held.drop(columns="phase"), CUTS, data.as_of)
    assert days(zero["time_zero"]) == [
        plain.time_zero(cohort, name, CUTS, LAST) for name in zero["patient_id"]
    ]


def check_baseline(cohort: plain.Cohort) -> None:
    data = tables(cohort)
    found = derive_baseline(data.assessments, begin(data), "nrs_pain", CUTS)
    expected = [plain.baseline(cohort, name, CUTS) for name in found["patient_id"]]
    assert values(found["baseline"]) == [each and each.value for each in expected]
    assert days(found["baseline_date"]) == [each and each.day for each in expected]
    assert values(found["baseline_timing"]) == [each and each.timing for each in expected]


def check_windows(cohort: plain.Cohort, timing: str, as_of: int, keep: bool) -> None:
    data = tables(cohort)
    found = derive_windows(
        data.assessments,
        begin(data),
        "nrs_pain",
        timing=timing,
        sessions=data.sessions,
        cuts=CUTS,
        as_of=date(as_of),
        keep_near_session=keep,
    )
    expected = [
        row
        for name in sorted(cohort.patients)
        for row in plain.windows(cohort, name, timing, CUTS, as_of, keep)
    ]
    assert found["at_risk"].tolist() == [row[0] for row in expected]
    assert days(found["date"]) == [row[1] and row[1].day for row in expected]
    assert values(found["value"]) == [row[1] and row[1].value for row in expected]
    assert found["answered"].tolist() == [row[1] is not None for row in expected]
    assert found["near_session"].tolist() == [row[2] for row in expected]


def check_cadence(cohort: plain.Cohort, asked: list[int], as_of: int) -> None:
    data = tables(cohort)
    rows = [(name, day) for day in asked for name in cohort.patients]
    asked_for = pd.DataFrame(
        {
            "patient_id": pd.Series([name for name, _ in rows], dtype="str"),
            "date": pd.to_datetime([date(day) for _, day in rows]),
        }
    )
    found = cadence_at(asked_for, data.sessions, begin(data), CUTS, date(as_of))
    expected = [plain.cadence(cohort, name, day, CUTS, as_of) for name, day in rows]
    assert values(found["n_sessions"]) == [each and each[0] for each in expected]
    assert values(found["days"]) == [each and each[1] for each in expected]
    assert values(found["cadence"]) == [each and each[2] for each in expected]
    assert values(found["booked"]) == [each and each[3] for each in expected]
    rate = found["n_sessions"] * 28 / found["days"]
    np.testing.assert_allclose(found["per_28"], rate)


def check_rolling_cadence(cohort: plain.Cohort) -> None:
    data = tables(cohort)
    found = rolling_cadence(data.sessions, begin(data), CUTS)
    expected = [
        plain.cadence(cohort, name, session.day, CUTS, LAST)
        for name in sorted(cohort.patients)
        for session in plain.attended(cohort, name)
    ]
    assert found["n_sessions"].tolist() == [each[0] for each in expected]
    assert found["days"].tolist() == [each[1] for each in expected]
    assert found["cadence"].tolist() == [each[2] for each in expected]


def check_headache_days(cohort: plain.Cohort, asked: list[tuple[int, int]]) -> None:
    data = tables(cohort)
    rows = [(name, first, first + length) for first, length in asked for name in cohort.patients]
    spans = pd.DataFrame(
        {
            "patient_id": pd.Series([row[0] for row in rows], dtype="str"),
            "span": "some",
            "first": pd.to_datetime([date(row[1]) for row in rows]),
            "last": pd.to_datetime([date(row[2]) for row in rows]),
        }
    )
    found = derive_headache_days(data.headache_diary, data.headache_periods, spans, CUTS)
    expected = [plain.headache_days(cohort, *row) for row in rows]
    assert found["days_observed"].tolist() == [each[0] for each in expected]
    assert found["headache_days"].tolist() == [each[1] for each in expected]
    assert found["sufficient"].tolist() == [each[0] >= 14 for each in expected]
    assert values(found["per_28"]) == [
        aches * 28 / seen if seen >= 14 else None for seen, aches in expected
    ]


TIMING = st.sampled_from(["remote", "pre"])
DAYS = st.lists(st.integers(0, LAST + 5), min_size=1, max_size=6)
SPANS = st.lists(st.tuples(st.integers(-5, 45), st.integers(-2, 40)), min_size=1, max_size=5)


@given(cohorts())
@settings(max_examples=40, deadline=None)
def test_sessions_phases_start_and_time_zero(cohort: plain.Cohort) -> None:
    check_sessions(cohort)
    check_rolling_cadence(cohort)


@given(cohorts())
@settings(max_examples=60, deadline=None)
def test_baseline(cohort: plain.Cohort) -> None:
    check_baseline(cohort)


@given(cohorts(), TIMING, st.integers(20, LAST), st.booleans())
@settings(max_examples=30, deadline=None)
def test_windows(cohort: plain.Cohort, timing: str, as_of: int, keep: bool) -> None:
    check_windows(cohort, timing, as_of, keep)


@given(cohorts(), DAYS, st.booleans())
@settings(max_examples=80, deadline=None)
def test_cadence(cohort: plain.Cohort, asked: list[int], end: bool) -> None:
    check_cadence(cohort, asked, asked[0] if end else LAST)


@given(cohorts(), SPANS)
@settings(max_examples=50, deadline=None)
def test_headache_days(cohort: plain.Cohort, asked: list[tuple[int, int]]) -> None:
    check_headache_days(cohort, asked)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_crowd(seed: int) -> None:
    """Many patients at once, denser than hypothesis draws them."""
    draw = random.Random(seed)
    cohort = crowd(draw, 250)
    check_sessions(cohort)
    check_rolling_cadence(cohort)
    check_baseline(cohort)
    check_headache_days(cohort, [(-5, 30), (0, 27), (20, 60), (30, 20)])
    for timing, as_of, keep in (
        ("remote", LAST, False),
        ("remote", 100, True),
        ("pre", LAST, False),
        ("pre", 100, True),
    ):
        check_windows(cohort, timing, as_of, keep)
    check_cadence(cohort, [*range(0, LAST + 5, 13), 100], LAST)
    check_cadence(cohort, [100, 40], 100)


def crowd(draw: random.Random, number: int) -> plain.Cohort:
    """Patients with regular and irregular sessions, and scores around them."""
    names = [f"P{place:03d}" for place in range(number)]
    draw.shuffle(names)
    held, scores, diary, periods = [], [], set(), {}
    for name in names:
        day = draw.randint(-60, 40)
        for _ in range(draw.randint(0, 14)):
            day += draw.choice([0, 1, 2, 2, 3, 7, 7, 13, 14, 15, 28, 59, 60, 90])
            if day > LAST:
                break
            lead = draw.choice([None, 0, 3, 20, 70])
            held.append(
                plain.Session(
                    f"s{draw.randrange(10**9):09d}",
                    name,
                    day,
                    draw.choice(CLOCKS),
                    draw.choice(["attended"] * 6 + ["no_show", "cancelled", "booked"]),
                    None if lead is None else day - lead,
                )
            )
            for timing in ("pre", "post", "remote"):
                if draw.random() < 0.5:
                    linked = draw.choice([held[-1].id, None])
                    near = day + (draw.choice([0, 1, 2, 3]) if timing == "remote" else 0)
                    scores.append((name, near, timing, linked if timing != "remote" else None))
        scores += [(name, draw.randint(-35, 150), "remote", None) for _ in range(8)]
        diary |= {(name, draw.randint(0, 40)) for _ in range(draw.choice([0, 0, 20, 40]))}
        for _ in range(draw.randint(0, 3)):
            periods[name, draw.randint(0, 40)] = (draw.randint(1, 28), draw.randint(0, 28))
    return plain.Cohort(
        {name: draw.choice([None, 5, 30]) for name in names},
        tuple(held),
        tuple(
            plain.Score(who, day, timing, draw.choice([None, 0.0, 3.0, 5.0, 8.0]), linked)
            for who, day, timing, linked in sorted(set(scores), key=lambda each: draw.random())
        ),
        tuple((who, day, draw.randint(0, 1)) for who, day in sorted(diary)),
        tuple((who, day, *counted) for (who, day), counted in periods.items()),
    )


def everything(data: Tables) -> dict[str, pd.DataFrame]:
    """All derivations of a data set, landmarks at day 60."""
    begun = begin(data)
    held = derive_sessions(data.sessions, CUTS)
    asked = begun.rename(columns={"start": "date"})[["patient_id", "date"]]
    asked = asked.assign(date=asked["date"] + pd.Timedelta(days=60))
    spans = begun.assign(span="first", first=begun["start"], last=asked["date"])
    return {
        "start": begun,
        "sessions": derive_phases(held, CUTS),
        "time_zero": derive_time_zero(held, CUTS, data.as_of),
        "baseline": derive_baseline(data.assessments, begun, "nrs_pain", CUTS),
        "windows": derive_windows(
            data.assessments,
            begun,
            "nrs_pain",
            timing="remote",
            sessions=data.sessions,
            cuts=CUTS,
            as_of=data.as_of,
        ),
        "cadence": cadence_at(asked, data.sessions, begun, CUTS, data.as_of),
        "rolling": rolling_cadence(data.sessions, begun, CUTS),
        "headache": derive_headache_days(data.headache_diary, data.headache_periods, spans, CUTS),
        "patients": derive_patients(data),
    }


TABLES = ("patients", "sessions", "assessments", "headache_diary", "headache_periods")


@given(cohorts(), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rows_does_not_matter(cohort: plain.Cohort, seed: int) -> None:
    data = tables(cohort)
    shuffled = {name: getattr(data, name).sample(frac=1, random_state=seed) for name in TABLES}
    expected, found = everything(data), everything(replace(data, **shuffled))
    for name, table in expected.items():
        pd.testing.assert_frame_equal(found[name], table, obj=name)


@given(cohorts())
@settings(max_examples=20, deadline=None)
def test_names_of_patients_do_not_matter(cohort: plain.Cohort) -> None:
    names = {"A": "zoë", "B": "<b>", "C": "A"}  # another order, odd letters
    data = tables(cohort)
    renamed = {
        name: table.assign(patient_id=table["patient_id"].map(names).astype("str"))
        for name in TABLES
        if (table := getattr(data, name)) is not None
    }
    expected, found = everything(data), everything(replace(data, **renamed))
    for name, table in expected.items():
        table = table.assign(patient_id=table["patient_id"].map(names).astype("str"))
        keys = ["patient_id", *(key for key in ("window", "session_number") if key in table)]
        if name == "rolling":
            keys.append("session_id")
        pd.testing.assert_frame_equal(
            found[name].sort_values(keys, ignore_index=True),
            table.sort_values(keys, ignore_index=True),
            obj=name,
        )


@given(cohorts(), cohorts())
@settings(max_examples=50, deadline=None)
def test_what_comes_after_a_landmark_never_changes_it(
    cohort: plain.Cohort, other: plain.Cohort
) -> None:
    landmark = 75
    past = [session for session in cohort.sessions if session.day <= landmark]
    # what had been booked by then belongs to the past, what became of it does not
    ahead = [
        session
        for session in cohort.sessions
        if session.day > landmark
        and session.booked_on is not None
        and session.booked_on <= landmark
    ]
    later = [
        replace(session, id=f"x{session.id}", booked_on=landmark + 1)
        for session in other.sessions
        if session.day > landmark + 1 and session.patient in cohort.patients
    ]
    asked = pd.DataFrame(
        {
            "patient_id": pd.Series(list(cohort.patients), dtype="str"),
            "date": pd.to_datetime([date(landmark)] * len(cohort.patients)),
        }
    )
    answers = []
    for sessions in (
        [*past, *ahead],
        [*past, *(replace(session, status="cancelled") for session in ahead), *later],
    ):
        data = tables(replace(cohort, sessions=tuple(sessions)))
        found = cadence_at(asked, data.sessions, begin(data), CUTS, data.as_of)
        answers.append(found[["n_sessions", "days", "per_28", "cadence"]])
    pd.testing.assert_frame_equal(*answers)


@given(cohorts())
@settings(max_examples=30, deadline=None)
def test_a_landmark_reads_the_same_from_records_cut_at_it(cohort: plain.Cohort) -> None:
    landmark = date(75)
    data = tables(cohort)
    asked = data.patients[["patient_id"]].assign(date=landmark)
    whole = cadence_at(asked, data.sessions, begin(data), CUTS, data.as_of)
    cut = data.at(landmark)
    seen = cadence_at(asked, cut.sessions, begin(cut), CUTS, landmark)
    pd.testing.assert_frame_equal(
        whole[["n_sessions", "days", "per_28"]], seen[["n_sessions", "days", "per_28"]]
    )
    if cohort.sessions and all(session.booked_on is not None for session in cohort.sessions):
        kept = [session for session in cohort.sessions if session.day != 75]
        if len(kept) == len(cohort.sessions):
            assert values(whole["cadence"]) == values(seen["cadence"])


@given(cohorts(), st.integers(30, LAST))
@settings(max_examples=30, deadline=None)
def test_windows_read_nothing_after_the_as_of_date(cohort: plain.Cohort, as_of: int) -> None:
    data = tables(cohort)
    cut = data.at(date(as_of))
    if begin(cut).equals(begin(data)):
        found = [
            derive_windows(
                each.assessments,
                begin(each),
                "nrs_pain",
                timing="remote",
                sessions=each.sessions,
                cuts=CUTS,
                as_of=date(as_of),
            )
            for each in (data, cut)
        ]
        pd.testing.assert_frame_equal(*found)


def test_empty_tables_keep_their_types() -> None:
    cohort = plain.Cohort({"A": None}, (), ())
    filled = plain.Cohort(
        {"A": None},
        (plain.Session("s1", "A", 0, 600, "attended", -3),),
        (plain.Score("A", 0, "pre", 5.0, "s1"),),
        (("A", 1, 1),),
        (("A", 1, 20, 4.0),),
    )
    expected, found = everything(tables(filled)), everything(tables(cohort))
    absent = everything(Tables(tables(cohort).patients, date(LAST)))
    for name, table in expected.items():
        pd.testing.assert_series_equal(found[name].dtypes, table.dtypes, obj=name)
        pd.testing.assert_series_equal(absent[name].dtypes, table.dtypes, obj=name)
    nobody = tables(plain.Cohort({}, (), ()))
    for name, table in everything(nobody).items():
        assert table.empty
        pd.testing.assert_series_equal(table.dtypes, expected[name].dtypes, obj=name)


def test_ids_may_be_categories() -> None:
    data = tables(crowd(random.Random(5), 20))
    some = data.assessments["patient_id"].isin(["P003", "P007", "P011"])
    data = replace(data, assessments=data.assessments[some])  # other categories than sessions have
    coded = {name: getattr(data, name).astype({"patient_id": "category"}) for name in TABLES[1:]}
    expected, found = everything(data), everything(replace(data, **coded))
    for name, table in expected.items():
        kept = found[name].astype({"patient_id": "str"})
        pd.testing.assert_frame_equal(kept, table, obj=name)
