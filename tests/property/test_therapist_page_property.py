"""On a past day nothing that came later has any influence, whatever the day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.analyses.selection import clinics_of
from outcomes.explore.choice import Choice
from outcomes.explore.views import Views
from outcomes.present import Policy
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables


@pytest.fixture(scope="module")
def cohort() -> Tables:
    spec = SimulationSpec(patients=45, seed=5, clinics=2, years=1.0)
    return simulate(spec, truth=False).tables()


def changed_later(tables: Tables, day: pd.Timestamp, seed: int) -> Tables:
    """The data set with everything written down after a day being something else."""
    generator = np.random.default_rng(seed)
    assert tables.sessions is not None
    assert tables.assessments is not None
    scores, held = tables.assessments.copy(), tables.sessions.copy()
    late = scores["date"] > day
    # within every scale that is used, so that the records stay what they could be
    scores.loc[late, "value"] = generator.integers(0, 11, int(late.sum())).astype("float64")
    after = held["date"] > day
    held.loc[after, "status"] = generator.choice(["attended", "no_show"], int(after.sum()))
    held.loc[after, "pressure"] = generator.integers(1, 11, int(after.sum())).astype("float64")
    diary = tables.headache_diary
    if diary is not None:
        diary = diary[(diary["date"] <= day) | (generator.random(len(diary)) < 0.5)]
    return replace(tables, sessions=held, assessments=scores, headache_diary=diary)


@settings(max_examples=2, deadline=None)
@given(back=st.integers(min_value=5, max_value=330), seed=st.integers(0, 10_000))
def test_nothing_later_is_seen(cohort: Tables, back: int, seed: int) -> None:
    day = cohort.as_of - pd.Timedelta(days=back)
    choice = Choice(day.date().isoformat())
    pages = []
    for tables in (cohort, changed_later(cohort, day, seed)):
        views = Views(tables, Policy())
        booked = views.booked(choice)
        parts = [views.day(choice), views.cohort(choice)]
        if booked:
            one = replace(choice, patient=booked[0])
            parts += [views.patient(one), views.handouts(one)]
        pages.append([booked, *(part._repr_html_() for part in parts)])
    assert pages[0] == pages[1]


@settings(max_examples=1, deadline=None)
@given(
    backs=st.lists(st.integers(0, 330), min_size=2, max_size=2),
    seed=st.integers(0, 10_000),
)
def test_what_is_kept_is_what_would_be_made_anew(
    cohort: Tables, backs: list[int], seed: int
) -> None:
    """Whatever was looked at before, and whatever was learned ahead."""
    generator = np.random.default_rng(seed)
    kept = Views(cohort, Policy())
    while kept.learn_ahead():
        pass
    choices = []
    for back in backs:
        day = (cohort.as_of - pd.Timedelta(days=back)).date().isoformat()
        offered = kept.patients(Choice(day))
        clinic = str(generator.choice(["", *clinics_of(kept.at(day))]))
        patient = str(generator.choice(offered)) if offered else ""
        choices.append(Choice(day, clinic=clinic, patient=patient))
    for choice in choices:
        everything_shown(kept, choice)
    for choice in choices:
        assert everything_shown(kept, choice) == everything_shown(Views(cohort, Policy()), choice)


def everything_shown(views: Views, choice: Choice) -> list[object]:
    parts = (views.cover, views.day, views.cohort, views.practice, views.patient, views.handouts)
    return [views.patients(choice), *(part(choice)._repr_html_() for part in parts)]
