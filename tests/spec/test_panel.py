"""The controls of the live page: what they offer, and in which order sections follow them."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

pytest.importorskip("ipywidgets")

from outcomes.explore.choice import Choice
from outcomes.explore.panel import Panel
from outcomes.explore.views import Views
from outcomes.present import Policy
from outcomes.present.sections.section import Section
from outcomes.present.tables import Prose
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables


@pytest.fixture(scope="module")
def cohort() -> Tables:
    return simulate(SimulationSpec(patients=40, seed=8, clinics=2, years=1.0), truth=False).tables()


def panel_of(tables: Tables) -> tuple[Panel, dict[str, Any]]:
    panel = Panel(Views(tables, Policy()), Choice(tables.as_of.date().isoformat()))
    return panel, {each.description: each for each in panel.controls.children[0].children}


def test_an_earlier_day_offers_nothing_that_came_later(cohort: Tables) -> None:
    panel, controls = panel_of(cohort)
    day = (
        cohort.patients["patient_id"]
        .map(
            cohort.sessions.groupby("patient_id")["date"].min()  # type: ignore[union-attr]
        )
        .quantile(0.2)
        .normalize()
    )
    now = [value for _, value in controls["Began care in"].options]
    controls["Records up to"].value = day.date()
    then = cohort.at(day)
    assert set(controls["Patient"].options) <= set(then.patients["patient_id"])
    quarters = [value for _, value in controls["Began care in"].options if value]
    assert quarters
    assert max(quarters) <= str(day.to_period("Q")) < max(now)
    assert then.sessions is not None
    seen = set(then.sessions["therapist_id"].dropna())
    assert {value for _, value in controls["Therapist"].options} <= seen | {""}
    controls["Records up to"].value = date(1990, 1, 1)  # nobody had come
    assert controls["Patient"].options == ()
    assert panel.choice.patient == ""


def test_a_choice_that_ends_keeps_what_is_still_known(cohort: Tables) -> None:
    panel, controls = panel_of(cohort)
    clinic = controls["Clinic"].options[2][1]
    controls["Clinic"].value = clinic
    theirs = [value for _, value in controls["Therapist"].options if value]
    assert theirs
    controls["Therapist"].value = theirs[0]
    assert panel.choice.therapist == theirs[0]
    other = controls["Clinic"].options[1][1]
    controls["Clinic"].value = other
    assert panel.choice.clinic == other
    assert panel.choice.therapist == ""  # works at the first one only


def test_another_choice_is_heard_before_all_sections_are_made(cohort: Tables) -> None:
    """In a kernel a loop runs; sections of a choice that no longer holds are never made."""

    async def choose() -> tuple[list[tuple[str, str]], list[str]]:
        panel, controls = panel_of(cohort)
        made: list[tuple[str, str]] = []

        def show(name: str) -> Any:
            def section(choice: Choice) -> Section:
                made.append((name, choice.cohort))
                return Section([Prose([f"{name} {choice.cohort}"])])

            return section

        boxes = [panel.view(show(name)) for name in ("first", "second")]
        made.clear()
        _, (_, early), (_, late), *_ = controls["Began care in"].options
        controls["Began care in"].value = early
        assert made == []
        assert all("outcomes-old" in box._dom_classes for box in boxes)
        controls["Began care in"].value = late
        await asyncio.sleep(0.2)
        assert not any("outcomes-old" in box._dom_classes for box in boxes)
        assert all(late in box.value for box in boxes)
        return made, [early, late]

    made, (_, late) = asyncio.run(choose())
    assert made == [("first", late), ("second", late)]
