"""Sections of a manager's report on hard data sets: truthful, and nothing withheld is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from outcomes.analyses import (
    CompletenessSpec,
    RespondersSpec,
    RetentionSpec,
    SafetySpec,
    ValueSpec,
    estimate_completeness,
    estimate_responders,
    estimate_retention,
    estimate_safety,
    estimate_value,
)
from outcomes.present import (
    Policy,
    answer_rates,
    appointments_kept,
    cadence_over_time,
    disclose,
    lapsed_patients,
    plan_attendance,
    responders,
    safety,
    staying_in_care,
    value,
    who_answered,
)
from outcomes.present.disclosure import Release
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables

CALLS = (
    (responders, "responders"),
    (responders, "responders by clinic"),
    (responders, "responders by cadence"),
    (answer_rates, "completeness"),
    (answer_rates, "completeness by clinic"),
    (who_answered, "completeness"),
    (cadence_over_time, "retention"),
    (plan_attendance, "retention"),
    (staying_in_care, "retention"),
    (staying_in_care, "retention by clinic"),
    (appointments_kept, "retention"),
    (lapsed_patients, "retention"),
    (safety, "safety"),
    (safety, "safety by clinic"),
    (value, "value"),
    (value, "value by cadence"),
)


def release_of(tables: Tables, audience: str) -> Release:
    results = {
        "responders": estimate_responders(tables),
        "responders by clinic": estimate_responders(tables, RespondersSpec(group_by="clinic")),
        "responders by cadence": estimate_responders(tables, RespondersSpec(group_by="cadence")),
        "completeness": estimate_completeness(tables, CompletenessSpec(months=9)),
        "completeness by clinic": estimate_completeness(
            tables, CompletenessSpec(group_by="clinic", months=9)
        ),
        "retention": estimate_retention(tables, RetentionSpec(months=9)),
        "retention by clinic": estimate_retention(tables, RetentionSpec(by_clinic=True, months=9)),
        "safety": estimate_safety(tables),
        "safety by clinic": estimate_safety(tables, SafetySpec(group_by="clinic")),
        "value": estimate_value(tables, ValueSpec(window=182, replicates=50)),
        "value by cadence": estimate_value(
            tables, ValueSpec(group_by="cadence", window=182, landmark=84, replicates=50)
        ),
    }
    return disclose(results, Policy(audience), tables.registry)


def cohort(patients: int, clinics: int) -> Tables:
    spec = SimulationSpec(patients=patients, seed=5, clinics=clinics, years=1.0)
    return simulate(spec, truth=False).tables()


def six_and_a_month_without_sessions() -> Tables:
    whole = cohort(6, 1)
    assert whole.sessions is not None
    month = whole.sessions["date"].dt.to_period("M")
    closed = (whole.as_of - pd.DateOffset(months=3)).to_period("M")
    return replace(whole, sessions=whole.sessions[month != closed])


def no_follow_up() -> Tables:
    whole = cohort(30, 1)
    assert whole.assessments is not None
    return replace(whole, assessments=whole.assessments[whole.assessments["timing"] == "post"])


def patients_only() -> Tables:
    whole = cohort(6, 1)
    return Tables(whole.patients, whole.as_of)


VARIANTS: dict[str, Callable[[], Tables]] = {
    "six patients of one clinic, a month without sessions": six_and_a_month_without_sessions,
    "no follow-up": no_follow_up,
    "patients only": patients_only,
}


@cache
def inside(variant: str) -> Release:
    return release_of(VARIANTS[variant](), "inside")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_section_says_something(variant: str) -> None:
    release = inside(variant)
    for section, name in CALLS:
        text = re.sub(r"<[^>]+>", " ", section(release, name)._repr_html_())
        assert text.strip(), (section.__name__, name)
        assert not re.search(r"\bnan\b|None\b(?! of| ahead)", text), (section.__name__, name)


def test_a_month_without_sessions_is_said_to_be_a_gap() -> None:
    release = inside("six patients of one clinic, a month without sessions")
    assert "is a gap" in cadence_over_time(release, "retention")._repr_html_()
    assert "is a gap" in appointments_kept(release, "retention")._repr_html_()


def test_outside_no_count_below_eight_is_shown() -> None:
    release = release_of(cohort(120, 2), "outside")
    for section, name in CALLS:
        text = re.sub(r"<img[^>]*>|<[^>]+>", " ", section(release, name)._repr_html_())
        small = [
            (events, of)
            for events, of in re.findall(r"(?<![.\d])([\d,]+) of ([\d,]+)\b", text)
            if int(events.replace(",", "")) < 10
        ]
        assert small == [], (section.__name__, name)
