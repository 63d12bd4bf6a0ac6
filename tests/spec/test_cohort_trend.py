"""The caseload by hand, and practice patterns where there is too little to say."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.analyses import (
    CohortTrendSpec,
    PracticePatternsSpec,
    estimate_cohort_trend,
    estimate_practice_patterns,
)
from outcomes.analyses.cohort_trend import month_days
from outcomes.analyses.practice_patterns.estimate import LINKED
from outcomes.present.disclosure import Policy, disclose
from outcomes.present.sections.cohort_trend import cohort_trend
from outcomes.present.sections.practice_patterns import practice_patterns
from outcomes.simulate import SimulationSpec, simulate
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions

AS_OF = pd.Timestamp("2026-06-30")

SESSIONS = """
session patient date
a1      a       2026-03-10
a2      a       2026-05-20
a3      a       2026-06-25
b1      b       2026-05-28
b2      b       2026-06-20
c1      c       2026-01-05
"""
SCORES = """
patient date       timing value session
a       2026-03-10 pre    9     a1
a       2026-05-20 pre    8     a2
a       2026-06-25 pre    3     a3
b       2026-05-28 pre    5     b1
b       2026-06-20 pre    7     b2
c       2026-01-05 pre    9     c1
"""


@pytest.fixture
def tables() -> Tables:
    return Tables(
        patients(*"abc"), AS_OF, sessions=sessions(SESSIONS), assessments=assessments(SCORES)
    )


def count(tables: Tables, spec: CohortTrendSpec, term: str, **where: str) -> dict[str, float]:
    rows = estimate_cohort_trend(tables, spec).estimates
    rows = rows[(rows["term"] == term) & (rows["status"] == "ok")]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows.set_index("landmark" if "group" in where else "group")["estimate"].to_dict()


def test_who_is_in_care_on_the_same_day_of_each_month(tables: Tables) -> None:
    spec = CohortTrendSpec(months=3)
    assert [str(day.date()) for day in month_days(AS_OF, 3)] == [
        "2026-03-30", "2026-04-30", "2026-05-30", "2026-06-30",
    ]  # fmt: skip
    everyone = count(tables, spec, "in_care", group_by="", group="")
    # c came on 5 January, 84 days before 30 March: no longer in care
    assert list(everyone.values()) == [1, 1, 2, 2]
    now = count(tables, spec, "in_care", group_by="cohort", landmark="2026-06-30")
    assert now == {"2026Q1": 1, "2026Q2": 1}
    phase = count(tables, spec, "in_care", group_by="phase", landmark="2026-06-30")
    assert phase == {"initial": 2}


def test_a_change_counts_beyond_measurement_error_only(tables: Tables) -> None:
    rows = estimate_cohort_trend(tables).estimates.set_index("term")
    # a fell by 5 since 30 May; b rose by 2, which is less than 4
    assert [rows.loc[term, "estimate"] for term in ("better", "same", "worse")] == [1, 1, 0]
    assert rows.loc["better", "n_patients"] == 2


def test_a_few_people_give_counts_and_no_shares(tables: Tables) -> None:
    rows = estimate_cohort_trend(tables).estimates
    assert (rows.loc[rows["term"] == "severity", "status"] == "refused").all()
    assert (rows.loc[rows["term"] == "mean_improvement", "status"] == "refused").all()


def test_nobody_in_care_and_nothing_recorded_are_no_error(tables: Tables) -> None:
    for bare in (
        Tables(patients("a"), AS_OF),
        replace(tables, assessments=None),
        replace(tables, sessions=None),
        replace(tables, as_of=pd.Timestamp("2027-06-30")),
    ):
        result = estimate_cohort_trend(bare)
        rows = result.estimates
        now = rows[(rows["term"] == "in_care") & (rows["group_by"] == "")]
        assert len(now) == 13
        patterns = estimate_practice_patterns(bare)
        assert (patterns.estimates["status"] == "refused").all()
        release = disclose({"cohort": result, "practice": patterns}, Policy("inside"))
        assert cohort_trend(release, "cohort").parts
        assert "Left out" in repr(practice_patterns(release, "practice"))


@pytest.fixture(scope="module")
def cohort() -> Tables:
    spec = SimulationSpec(patients=260, seed=6, clinics=3, years=1.0, early_home_weeks=(1, 3, 5))
    return simulate(spec, truth=False).tables()


def test_practice_says_linked_and_shows_the_reverse_of_every_row(cohort: Tables) -> None:
    result = estimate_practice_patterns(cohort, PracticePatternsSpec(min_uses=20))
    assert LINKED in result.notes
    rows = result.estimates
    forth = rows[rows["term"] == "association"].groupby("outcome")[["group_by", "group"]]
    back = set(rows[rows["term"] == "reverse"][["group_by", "group"]].itertuples(index=False))
    for _, named in forth:
        assert set(named.itertuples(index=False)) == back
    techniques = result.curve[result.curve["group_by"] != "pressure"]
    assert (techniques["found"] == (techniques["p_value"] <= 0.05)).all()
    causal = ("because", "causes", "leads to", "effect of")
    assert not any(word in result.summary().lower() for word in causal)


@pytest.mark.parametrize("audience", ["inside", "outside"])
def test_sections_show_what_was_released(cohort: Tables, audience: str) -> None:
    results = {
        "cohort": estimate_cohort_trend(cohort),
        "practice": estimate_practice_patterns(cohort, PracticePatternsSpec(min_uses=20)),
    }
    release = disclose(results, Policy(audience))  # type: ignore[arg-type]
    page = cohort_trend(release, "cohort")._repr_html_()
    assert "people who hurt come more often" in page.lower()
    assert "In care on" in page and "<img" in page
    other = practice_patterns(release, "practice")._repr_html_()
    assert "need not cause" in other and "<table>" in other
