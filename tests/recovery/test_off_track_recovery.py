"""Planted non-responders are found, others are left alone, and the charts hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outcomes.analyses import PracticePatternsSpec, estimate_practice_patterns
from outcomes.simulate import SCENARIOS, SimulationSpec, simulate
from outcomes.simulate.cohort import simulate_latent
from tests.validate.off_track import (
    SEED,
    against_rules,
    records_of,
    simulate_course,
    stopping,
    wrong_flags,
)


def test_who_does_not_respond_is_found_and_who_does_is_left_alone() -> None:
    train = records_of(simulate_course(np.random.default_rng([SEED, 91]), 6_000))
    course = simulate_course(np.random.default_rng([SEED, 92]), 12_000)
    rows, judged = against_rules(train, course, records_of(course))
    share = rows.set_index("rule")
    chart = share.loc["expected course, start only"]
    assert chart["non-responders found"] > 0.70
    assert chart["responders flagged"] < 0.02
    # Given the last score, staying high is expected: fewer found, more flagged for nothing.
    other = share.loc["given the last score instead"]
    assert other["non-responders found"] < chart["non-responders found"] - 0.1
    assert other["responders flagged"] > 2 * chart["responders flagged"]
    over = judged.assign(over=judged["mid_tail"] <= 0.05).dropna(subset=["mid_tail"])
    assert over.groupby("session")["over"].mean().between(0.04, 0.06).all()
    clinics = over.groupby("clinic")["over"].mean()
    assert clinics.between(0.035, 0.068).all()


def test_a_chart_of_those_who_stay_would_miss_many() -> None:
    rows = stopping(6_000, 6_000).set_index("chart")
    last = rows["mid-P ≤ .05, session 6"]
    assert last["weighted"] == pytest.approx(0.05, abs=0.012)
    assert last["unweighted"] < 0.035
    assert rows.loc["weighted", "non-responders found"] > 0.70


@pytest.mark.parametrize(("planted", "most"), [(0.0, 1.0), (0.2, 1 / 3)])
def test_the_share_of_wrong_flags_is_measured_and_not_flattered(
    planted: float, most: float
) -> None:
    reference, responders = wrong_flags(1_200, planted)
    wrong, told = reference.wrong()
    assert told > 80
    # The clinic sees recovery, not response: some who do not respond recover late.
    assert responders - 0.1 < wrong / told < min(responders + 0.35, most)
    text = reference.one_in_text()
    assert text.startswith("Flags are wrong about 1 in ")
    assert float(text.split()[6]) == pytest.approx(told / wrong, abs=0.5)
    assert ("get well all the same" in text) == (planted == 0)


def test_the_scenario_with_non_responders_has_people_who_stay_in_pain() -> None:
    plain, planted = (
        simulate_latent(replace(SCENARIOS[name], patients=1_500, seed=8))
        for name in ("effect", "non_responders")
    )
    hardly = planted.people.efficacy == 0.05
    assert 0.16 < hardly.mean() < 0.24
    # nobody else has changed
    np.testing.assert_array_equal(planted.people.set_point, plain.people.set_point)
    np.testing.assert_array_equal(planted.people.efficacy[~hardly], plain.people.efficacy[~hardly])
    sixth = planted.course.pain[:, 6]
    assert sixth[hardly].mean() > sixth[~hardly].mean() + 2


def test_pressure_goes_with_soreness_and_with_nothing_else() -> None:
    spec = SimulationSpec(patients=700, seed=31, clinics=3, years=1.5)
    tables = simulate(spec, truth=False).tables()
    rows = estimate_practice_patterns(tables, PracticePatternsSpec()).estimates
    rows = rows.set_index(["outcome", "term", "group_by", "group"])
    sore = rows.loc[("soreness", "association", "pressure", "")]
    # log odds of .3 a point at about 14 % sore is a difference of .03 to .04
    assert 0.02 < sore["conf_low"] < sore["conf_high"] < 0.05
    pain = rows.loc[("next_change", "association", "pressure", "")]
    assert pain["conf_low"] < 0.02 and pain["conf_high"] > -0.02
    reverse = rows.loc[("chosen", "reverse", "pressure", "")]
    assert abs(reverse["estimate"]) < 0.03
    chosen = rows.xs("association", level="term")
    techniques = chosen[chosen.index.get_level_values("group_by") != "pressure"]
    assert (techniques["p_value"] > 0.001).all()
