"""The first page: four numbers, what changed, and when the rest can be said."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html import unescape

import pandas as pd
import pytest

from outcomes.analyses import (
    TrendsSpec,
    estimate_clinic_activity,
    estimate_completeness,
    estimate_headache_frequency,
    estimate_pain_trajectory,
    estimate_responders,
    estimate_retention,
    estimate_rom_change,
    estimate_safety,
    estimate_trends,
)
from outcomes.present import Policy, disclose, front_page
from outcomes.present.disclosure import Release
from outcomes.present.sections.front import cannot_say, what_changed
from outcomes.present.sentences import Sentence
from outcomes.present.tiles import Tiles
from outcomes.results import AnalysisResult
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables
from outcomes.verdicts import Verdict

AS_OF = pd.Timestamp("2026-09-30")
METHODS = re.compile(r"\b(MMRM|GEE|Wilson|bootstrap|funnel|model|XmR|CUSUM|regression)\b", re.I)


def tables(patients: int, clinics: int = 1) -> Tables:
    spec = SimulationSpec(patients=patients, seed=3, clinics=clinics, years=1.0)
    return simulate(spec, truth=False).tables()


def release_of(data: Tables, audience: str = "inside") -> Release:
    by_clinic = TrendsSpec(unit="clinic", windows=(42,), measures=("difference",))
    results = {
        "pain": estimate_pain_trajectory(data),
        "headaches": estimate_headache_frequency(data),
        "movement": estimate_rom_change(data),
        "responders": estimate_responders(data),
        "completeness": estimate_completeness(data),
        "retention": estimate_retention(data),
        "safety": estimate_safety(data),
        "period": estimate_clinic_activity(data),
        "trends": estimate_trends(data),
        "trends by clinic": estimate_trends(data, by_clinic),
    }
    return disclose(results, Policy(audience), data.registry)


@cache
def many() -> Tables:
    return tables(160, 2)


@cache
def usual() -> Release:
    return release_of(many())


@cache
def few() -> Tables:
    return tables(6)


@cache
def nobody_answers() -> Tables:
    whole = few()
    assert whole.assessments is not None
    return replace(whole, assessments=whole.assessments[whole.assessments["timing"] == "post"])


@cache
def patients_only() -> Tables:
    return Tables(few().patients, few().as_of)


def words(release: Release, courses: str = "trends") -> str:
    page = front_page(release, AS_OF, courses=courses)._repr_html_()
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def tiles_of(release: Release) -> Tiles:
    (tiles,) = (p for p in front_page(release, AS_OF).parts if isinstance(p, Tiles))
    return tiles


def test_the_page_answers_counts_compares_and_says_what_it_cannot() -> None:
    said = words(usual(), "trends by clinic")
    assert re.search(r"Pain fell by \d\.\d points in 12 weeks \(95% CI", said)
    assert "How much cannot be said without a comparison group." in said
    assert "each clinic over time (up is better)" in said
    assert "rest on fewer than 30 patients" in said
    assert "What changed" in said
    assert "Can't say yet" in said
    assert not METHODS.search(said)


def test_each_tile_has_its_denominator_and_two_periods() -> None:
    release = usual()
    found = tiles_of(release).tiles
    assert [tile.label for tile in found] == [
        "At least 30% less pain, 12 weeks on",
        "Answered, 12 weeks on",
        "Left with pain of 5 or more",
        "Serious events",
    ]
    for tile in found:
        assert re.search(r"\d", tile.of) or re.search(r"\d of \d", tile.number)
        assert [re.fullmatch(r"\D+ \d{4}: \d[\d,]* of \d[\d,]*", line) for line in tile.periods]
    rows = release["responders"].estimates.set_index("term").loc["responders_moderate"]
    assert f"{rows['n_events']:.0f} of {rows['n_patients']:.0f}" in found[0].of


@pytest.mark.parametrize("data", [few, nobody_answers, patients_only])
def test_little_data_give_a_page_without_an_answer(data: object) -> None:
    said = words(release_of(data()))  # type: ignore[operator]
    assert "These records do not carry an answer yet." in said
    assert not re.search(r"\bnan\b|\bNone\b(?! of)|\d+%", said.replace("30% less pain", ""))
    assert "Pain 12 weeks after the start:" in said


def test_outside_no_small_count_is_on_the_page() -> None:
    said = words(release_of(many(), "outside"))
    pairs = re.findall(r"(?<![.\d])([\d,]+) of ([\d,]+)\b", said)
    assert pairs
    assert all(int(n.replace(",", "")) % 5 == 0 for pair in pairs for n in pair)


def changed(**more: float) -> list[str]:
    """What is said where the missed appointments of the two periods are as given."""
    release = usual()
    period = release["period"]
    estimates = period.estimates
    here = (estimates["term"] == "no_show") & (
        estimates["landmark"] == period.diagnostics["period"]
    )
    for column, number in more.items():
        estimates.loc[here, column] = number
    results = {**release.results, "period": period.replace(estimates=estimates)}
    return what_changed(replace(release, results=results))


def test_a_number_that_moved_beyond_chance_is_named_with_its_direction() -> None:
    said = changed(estimate=0.4, conf_low=0.35, conf_high=0.45, n_events=80, n_patients=200)
    assert any(
        re.fullmatch(r"Appointments missed without notice: 80 of 200 \(40%\), before .* worse\.", s)
        for s in said
    )
    assert any("By chance alone" in sentence for sentence in said)


def sentence(lack: str, more: int, answering: float = 0.5) -> Sentence:
    verdict = Verdict("change", False, False, "", "12 answered.", more, lack, answering)  # type: ignore[arg-type]
    return Sentence("Pain at 3 years: can't say yet. 12 answered.", False, verdict)


def with_pace(new_patients: float) -> Release:
    release = usual()
    period = release["period"]
    estimates = period.estimates
    estimates.loc[estimates["term"] == "new_patients", "estimate"] = new_patients
    changed_period: AnalysisResult = period.replace(estimates=estimates)
    return replace(release, results={**release.results, "period": changed_period})


@pytest.mark.parametrize(
    ("given", "pace", "said"),
    [
        # 92 days a quarter: 30 new ones are 9.93 a month, half answer, so 18 take 3.6 months
        (sentence("people", 18), 30.0, "At today's rate: January 2027."),
        (sentence("width", 18), 30.0, "At today's rate: January 2027."),
        (sentence("people", 18), 0.0, "At today's rate no month can be named."),
        (sentence("people", 18, 0.0), 30.0, "At today's rate no month can be named."),
        (sentence("people", 18_000), 30.0, "At today's rate that takes more than ten years."),
    ],
)
def test_the_month_follows_from_the_rate(given: Sentence, pace: float, said: str) -> None:
    (found,) = cannot_say(with_pace(pace), [given], AS_OF)
    assert found == f"Pain at 3 years: 12 answered. {said}"


def test_no_month_is_named_where_waiting_does_not_help() -> None:
    (found,) = cannot_say(with_pace(30.0), [sentence("answers", 18)], AS_OF)
    assert found == "Pain at 3 years: 12 answered."
