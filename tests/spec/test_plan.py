"""What a comparison could show, said before anybody looks at results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.maintenance_schedules import (
    WEEKS_13_24,
    MaintenanceSchedulesSpec,
    plan_maintenance_schedules,
)
from outcomes.analyses.maintenance_schedules.planning import smallest_differences
from outcomes.cli.main import main
from outcomes.derive.decisions import derive_decisions
from outcomes.io import write_tables
from outcomes.report.plan import describe_plan
from outcomes.settings import settings_from
from outcomes.simulate import SCENARIOS, simulate
from outcomes.tables import Tables

QUICK = MaintenanceSchedulesSpec(horizons=(WEEKS_13_24,))


@pytest.fixture(scope="module")
def cohort() -> Tables:
    spec = replace(SCENARIOS["effect"], patients=900, seed=21, years=1.5)
    return simulate(spec, truth=False).tables()


def test_answers_of_the_last_block_change_nothing_in_the_plan(cohort: Tables) -> None:
    """Answers in the weeks compared may only count as given or not."""
    assert cohort.assessments is not None
    decided = derive_decisions(cohort, "nrs_pain", blocks=6).set_index("patient_id")["decision"]
    scores = cohort.assessments.copy()
    last = scores["patient_id"].map(decided) + pd.Timedelta(days=28 * 5 + 8)
    late = (scores["timing"] == "remote") & (scores["date"] > last)
    late &= scores["instrument"] == "nrs_pain"
    assert late.sum() > 200
    scores.loc[late, "value"] = 10.0
    before = plan_maintenance_schedules(cohort, QUICK)
    after = plan_maintenance_schedules(replace(cohort, assessments=scores), QUICK)
    pd.testing.assert_frame_equal(before, after)


def test_the_plan_says_what_is_missing_in_plain_lines(cohort: Tables) -> None:
    text = describe_plan(cohort, QUICK)
    assert "twice monthly: " in text
    assert "300 effective patients need about" in text
    assert "Smallest difference that could be shown" in text
    assert "twice monthly against on demand: " in text
    assert not re.search(r"\b(nan|inf)\b", text)
    assert "What else can be answered now" in text


def test_the_smallest_difference_is_that_of_two_means(cohort: Tables) -> None:
    plan = plan_maintenance_schedules(cohort, QUICK).set_index("strategy")
    found = smallest_differences(plan.reset_index(), QUICK.contrasts).set_index("contrast")
    a, b = (plan.loc[name] for name in ("twice_monthly", "monthly"))
    expected = 2.8 * a["spread"] * np.sqrt(1 / a["ess"] + 1 / b["ess"])
    assert found.loc["twice_monthly vs monthly", "smallest_difference"] == pytest.approx(expected)


@pytest.mark.parametrize(
    "hostile",
    [
        lambda t: t.restrict(t.patients["patient_id"].head(1)),
        lambda t: t.restrict(t.patients["patient_id"].head(250)),
        lambda t: replace(t, plans=None),
        lambda t: replace(t, sessions=None),
        lambda t: replace(t, assessments=None),
        lambda t: replace(t, as_of=pd.Timestamp("2001-01-01")),
        lambda t: replace(
            t,
            settings=settings_from(
                {"strategies": [{"name": "yearly", "every": [300, 400]}, {"name": "never <b>"}]}
            ),
        ),
    ],
    ids=["one", "few", "no plans", "no sessions", "no scores", "too early", "own schedules"],
)
def test_little_or_odd_data_still_get_an_answer(
    cohort: Tables, hostile: Callable[[Tables], Tables]
) -> None:
    text = describe_plan(hostile(cohort))
    assert "Weeks 13–24" in text
    assert not re.search(r"\b(nan|inf)\b", text)


def test_command_line(cohort: Tables, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = cohort.restrict(cohort.patients["patient_id"].head(150))
    write_tables(few, tmp_path / "data", format="parquet")
    out = tmp_path / "comparison"
    assert main(["plan", str(tmp_path / "data"), "--register", str(out)]) == 0
    assert "On record" in capsys.readouterr().out
    kept = json.loads((out / "protocol.json").read_text(encoding="utf-8"))
    assert kept["choices"]["spec"]["bootstraps"] == 500
    assert "outcomes_read" not in kept
