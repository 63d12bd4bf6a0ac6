"""Sessions and fees per responder and per point, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import ValueSpec, estimate_value
from outcomes.errors import EstimationError
from outcomes.present import Policy, disclose, value
from outcomes.results import AnalysisResult
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions

SPEC = ValueSpec(window=84, timing="remote", min_patients=2, min_responders=1, replicates=200)


@cache
def clinic(gain: int = 4) -> Tables:
    """Twelve patients from 8 to 8 − gain, each with two sessions of 50 and one after 84 days."""
    names = [f"p{number:02d}" for number in range(12)]
    lines = ["patient date status fee"]
    scores = ["patient date value timing"]
    for number, name in enumerate(names):
        lines += [
            f"{name} 2026-01-05 attended 50",
            f"{name} 2026-02-02 attended 50",
            f"{name} 2026-02-09 no_show {20 if number == 0 else '.'}",
            f"{name} 2026-06-01 attended 50",
        ]
        scores += [f"{name} 2026-01-05 8 pre", f"{name} 2026-03-30 {8 - gain} remote"]
    visits, answers = sessions("\n".join(lines)), assessments("\n".join(scores))
    people = patients(*names)
    return Tables(people, pd.Timestamp("2026-12-31"), sessions=visits, assessments=answers)


def row(result: AnalysisResult, term: str) -> pd.Series:
    rows = result.estimates
    (found,) = [each for _, each in rows[rows["term"] == term].iterrows()]
    return found


@pytest.mark.parametrize(
    ("term", "estimate"),
    [
        ("sessions_per_responder", 2.0),
        ("sessions_per_point", 0.5),
        ("improvement_per_session", 2.0),
        # twelve times 100, and one fee of 20 for an appointment missed
        ("fees_per_responder", 1220 / 12),
        ("fees_per_point", 1220 / 48),
        ("mean_sessions", 2.0),
        ("fees_known", 1.0),
    ],
)
def test_ratios(term: str, estimate: float) -> None:
    assert row(estimate_value(clinic(), SPEC), term)["estimate"] == pytest.approx(estimate)


def test_a_missing_fee_is_not_a_fee_of_nothing() -> None:
    tables = clinic()
    visits = tables.sessions
    assert visits is not None
    gone = (visits["patient_id"] == "p01") & (visits["date"] == pd.Timestamp("2026-02-02"))
    some = replace(tables, sessions=visits.assign(fee=visits["fee"].mask(gone)))
    result = estimate_value(some, SPEC)
    assert row(result, "fees_per_responder")["estimate"] == pytest.approx(1120 / 11)
    assert row(result, "fees_per_responder")["n_patients"] == 11
    assert row(result, "sessions_per_responder")["n_patients"] == 12
    assert "11 of 12 (92%)" in value(disclose({"v": result}, Policy()), "v")._repr_html_()
    none = estimate_value(replace(tables, sessions=visits.assign(fee=np.nan)), SPEC)
    assert row(none, "fees_per_point")["status"] == "refused"
    assert row(none, "mean_fees")["status"] == "refused"
    shown = value(disclose({"v": none}, Policy()), "v")._repr_html_()
    assert "a missing fee is not a fee of nothing" in shown
    assert "Fees per responder" not in shown


def test_a_ratio_to_no_improvement_is_not_identified() -> None:
    result = estimate_value(clinic(0), SPEC)
    point = row(result, "sessions_per_point")
    assert point["status"] == "not_identified"
    assert np.isnan(point["estimate"])
    assert row(result, "sessions_per_responder")["status"] == "refused"
    shown = value(disclose({"v": result}, Policy()), "v")._repr_html_()
    assert "Left out" in shown


def test_intervals_come_from_resampled_patients() -> None:
    tables = clinic()
    scores = tables.assessments
    assert scores is not None
    after = scores["timing"] == "remote"
    spread = scores["value"].where(~after, np.arange(len(scores)) % 7)
    result = estimate_value(replace(tables, assessments=scores.assign(value=spread)), SPEC)
    found = row(result, "sessions_per_point")
    assert found["conf_low"] < found["estimate"] < found["conf_high"]
    again = estimate_value(replace(tables, assessments=scores.assign(value=spread)), SPEC)
    assert row(again, "sessions_per_point")["conf_low"] == found["conf_low"]


def test_progress_is_told() -> None:
    seen: list[int] = []
    estimate_value(clinic(), SPEC, on_step=lambda done, total: seen.append(done))
    assert seen[-1] == SPEC.replicates


def test_cadence_must_be_known_before_the_outcome() -> None:
    with pytest.raises(EstimationError):
        estimate_value(clinic(), replace(SPEC, group_by="cadence", landmark=84))
