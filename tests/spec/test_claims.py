"""Published statements: each rule on small numbers, the month, and each statement's arithmetic."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import (
    CareRhythmSpec,
    FirstVisitsSpec,
    MaintainedPainSpec,
    NaturalCourseSpec,
    SelfCareSpec,
    estimate_care_rhythm,
    estimate_clinic_benchmark,
    estimate_combined_care,
    estimate_first_visits,
    estimate_intake,
    estimate_maintained_pain,
    estimate_natural_course,
    estimate_pressure_optimum,
    estimate_regression_to_mean,
    estimate_self_care,
    judge_claims,
)
from outcomes.analyses.assemble import gather
from outcomes.analyses.claims import (
    CLAIMS,
    ClaimRules,
    Decision,
    Found,
    decide,
    month_reached,
    together,
)
from outcomes.errors import EstimationError
from outcomes.present import Policy, claims_details, claims_page, disclose
from outcomes.results import AnalysisResult, estimates_frame
from outcomes.tables import Tables
from outcomes.verdicts import VerdictRules
from tests.small_tables import assessments, patients, sessions, table

AS_OF = pd.Timestamp("2026-12-31")


def found(estimate: float, low: float, high: float, n: float = 100, **more: float) -> Found:
    return Found(estimate, low, high, n, **more)


@pytest.mark.parametrize(
    ("number", "rule", "published", "effect", "verdict", "reason"),
    [
        (found(-5.1, -5.6, -4.6), "reaches", (-5, -5), 5, "consistent", ""),
        (found(-7.0, -7.5, -6.5), "reaches", (-5, -5), 5, "consistent", ""),
        (found(-4.0, -4.5, -3.5), "reaches", (-5, -5), 5, "not_consistent", ""),
        (found(-5.0, -6.3, -3.7), "reaches", (-5, -5), 5, "cannot_tell", "wide"),
        # half of the effect is not narrower than half of it
        (found(-5.0, -6.25, -3.75), "reaches", (-5, -5), 5, "cannot_tell", "wide"),
        (found(30, 25, 34), "figure", (21, 100), 21, "consistent", ""),
        (found(15, 12, 18), "figure", (21, 100), 21, "not_consistent", ""),
        (found(15, 5, 25), "figure", (21, 100), 21, "cannot_tell", "wide"),
        (found(0.7, 0.6, 0.8), "figure", (0.5, 0.5), 0.5, "not_consistent", ""),
        (found(0.8, 0.72, 0.86), "above", (0.7, 1), nan, "consistent", ""),
        (found(0.75, 0.66, 0.82), "above", (0.7, 1), nan, "cannot_tell", "near"),
        (found(0.6, 0.5, 0.69), "above", (0.7, 1), nan, "not_consistent", ""),
        (found(-0.2, -0.3, -0.1), "below", (0, 0), nan, "consistent", ""),
        (found(0.2, 0.1, 0.3), "below", (0, 0), nan, "not_consistent", ""),
        (found(0.4, 0.1, 0.7), "differs", (nan, nan), nan, "consistent", ""),
        (found(0.1, -0.4, 0.6), "differs", (nan, nan), nan, "not_consistent", ""),
        (found(0.4, -0.7, 1.5), "differs", (nan, nan), nan, "cannot_tell", "wide"),
        (found(0, nan, nan, events=0), "nothing", (0, 0), nan, "consistent", ""),
        (found(0.01, nan, nan, events=1), "nothing", (0, 0), nan, "not_consistent", ""),
        (found(-5.1, -5.6, -4.6, n=29), "reaches", (-5, -5), 5, "cannot_tell", "few"),
        (
            found(-5.1, -5.6, -4.6, eligible=400),
            "reaches",
            (-5, -5),
            5,
            "cannot_tell",
            "unanswered",
        ),
        (found(-5.1, -5.6, -4.6, eligible=333), "reaches", (-5, -5), 5, "consistent", ""),
        (Found(n=50, status="refused"), "above", (0.5, 1), nan, "cannot_tell", "refused"),
        (Found(n=50, status="not_identified"), "above", (0.5, 1), nan, "cannot_tell", "bounds"),
        (None, "figure", (0.5, 0.5), 0.5, "not_recorded", ""),
    ],
)
def test_rules(
    number: Found | None,
    rule: str,
    published: tuple[float, float],
    effect: float,
    verdict: str,
    reason: str,
) -> None:
    decision = decide(number, rule, published, effect)  # type: ignore[arg-type]
    assert (decision.verdict, decision.reason) == (verdict, reason)


def test_the_numbers_are_those_of_sentences() -> None:
    claims, sentences = ClaimRules(), VerdictRules()
    assert claims.minimum_n == sentences.minimum_n
    assert claims.floor == sentences.floor
    assert claims.little == pytest.approx(10 * sentences.small_change)


def test_people_that_would_do() -> None:
    # twice as wide as allowed: four times the people
    wide = decide(found(-5, -7.5, -2.5), "reaches", (-5, -5), 5.0)
    assert wide.needed == pytest.approx(400)
    # from 0.75 the interval reaches 0.10 down and may reach 0.05
    near = decide(found(0.75, 0.65, 0.84), "above", (0.7, 1.0))
    assert near.needed == pytest.approx(400)
    # nothing counted: the limit falls with the number itself
    none = decide(found(0, 0, 0.001, n=3000, events=0), "below", (0, 0.0001))
    assert none.needed == pytest.approx(30_000)


def test_parts_together() -> None:
    yes, no = Decision("consistent"), Decision("not_consistent")
    unknown, absent = Decision("cannot_tell", "few"), Decision("not_recorded")
    assert together([yes, no, unknown]) is no
    assert together([yes, unknown]) is unknown
    assert together([absent, yes]) is yes
    assert together([absent, absent]).verdict == "not_recorded"


def starters(*counts: float) -> pd.DataFrame:
    months = pd.date_range("2026-01-01", periods=len(counts), freq="MS")
    return pd.DataFrame({"month": months, "n_patients": counts})


def test_the_month() -> None:
    begun = starters(*[10.0] * 12)
    # half of the 120 who began count: 30 more take 60 people, and those six months
    assert month_reached(90, 60, begun, 10.0, 0, AS_OF) == "2027-06"
    # those who began care come due after a year, all of them count
    assert month_reached(30, 0, starters(*[20.0] * 12), 0.0, 364, AS_OF) == "2027-03"
    assert month_reached(inf, 10, begun, 10.0, 0, AS_OF) == ""
    assert month_reached(1e6, 10, begun, 10.0, 0, AS_OF) == ""
    assert month_reached(200, 60, begun, 0.0, 0, AS_OF) == ""


def test_no_analysis_is_imported(repository: Path) -> None:
    allowed = {"claims", "assemble"}
    for path in (repository / "outcomes" / "analyses" / "claims").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                parts = node.module.split(".")
                if parts[:2] == ["outcomes", "analyses"]:
                    assert parts[2] in allowed, f"{path.name} imports {node.module}"


def test_rows_by_cadence_stay_in_their_result() -> None:
    with pytest.raises(EstimationError, match="cadence"):
        gather("claims", None, [{"group_by": "cadence"}], estimand="")


def value_of(result: AnalysisResult, term: str, group: str = "") -> float:
    rows = result.estimates
    (row,) = rows[(rows["term"] == term) & (rows["group"] == group)].to_dict("records")
    return float(row["estimate"])


def little() -> Tables:
    """Twelve patients: 8 before and 5 after session 1, 7 before session 2, both a week apart."""
    visits, scores, points = ["patient session date status minutes"], [], []
    scores.append("patient date value timing session")
    points.append("session muscle side active reproduced")
    for number in range(12):
        name = f"p{number:02d}"
        minutes = 12 if number < 9 else 60
        for week, day in enumerate(("05", "12", "19", "26")):
            visits.append(f"{name} {name}{week} 2026-01-{day} attended {minutes}")
            scores.append(f"{name} 2026-01-{day} {max(8 - week, 6)} pre {name}{week}")
        scores.append(f"{name} 2026-01-05 {5 if number < 6 else 7} post {name}0")
        points.append(f"{name}0 scalenes left 1 {int(number < 8)}")
        # a month later, and two scores in weeks without a session
        scores.append(f"{name} 2026-03-02 6 remote .")
        scores.append(f"{name} 2026-03-30 {5 if number % 2 else 4} remote .")
    return Tables(
        patients(*[f"p{number:02d}" for number in range(12)]),
        AS_OF,
        sessions=sessions("\n".join(visits)),
        assessments=assessments("\n".join(scores)),
        trigger_points=table("trigger_points", "\n".join(points)),
    )


def test_first_visits() -> None:
    result = estimate_first_visits(little(), FirstVisitsSpec(min_patients=2))
    assert value_of(result, "relief") == pytest.approx(2.0)
    assert value_of(result, "relieved") == pytest.approx(6 / 12)
    assert value_of(result, "left") == pytest.approx(1.0)
    assert value_of(result, "first_minutes") == pytest.approx(9 / 12)
    assert value_of(result, "familiar_point") == pytest.approx(8 / 12)


def test_weeks_without_a_session() -> None:
    result = estimate_natural_course(little(), NaturalCourseSpec(min_patients=2))
    # from 6 to 5 for half, to 4 for the others
    assert value_of(result, "off_care_change") == pytest.approx(-1.5)
    rows = result.estimates.set_index("term")
    assert rows.loc["waiting_change", "status"] == "refused"
    assert rows.loc["off_care_change", "n_patients"] == 12


def test_a_session_ends_the_weeks_without() -> None:
    tables = little()
    later = "patient date\n" + "\n".join(f"p{number:02d} 2026-03-15" for number in range(12))
    both = pd.concat([tables.sessions, sessions(later)], ignore_index=True)
    both["session_id"] = [f"x{row}" for row in range(len(both))]
    scores = tables.assessments.assign(session_id=pd.Series(dtype="str"))
    more = Tables(tables.patients, AS_OF, sessions=both, assessments=scores)
    result = estimate_natural_course(more, NaturalCourseSpec(min_patients=2))
    assert result.estimates.set_index("term").loc["off_care_change", "status"] == "refused"


def test_waiting() -> None:
    lines = ["patient date value timing"]
    for number in range(12):
        lines += [f"p{number:02d} 2025-12-10 8 remote", f"p{number:02d} 2026-01-05 7 pre"]
    visits = "patient date\n" + "\n".join(f"p{number:02d} 2026-01-05" for number in range(12))
    tables = Tables(
        patients(*[f"p{number:02d}" for number in range(12)]),
        AS_OF,
        sessions=sessions(visits),
        assessments=assessments("\n".join(lines)),
    )
    result = estimate_natural_course(tables, NaturalCourseSpec(min_patients=2))
    assert value_of(result, "waiting_change") == pytest.approx(-1.0)


def test_pain_held_month_by_month() -> None:
    """Every other week after six weekly sessions; pain 2 at home for nine, 5 for three."""
    visits, scores = ["patient date"], ["patient date value timing"]
    for number in range(12):
        days = [*range(0, 42, 7), *range(49, 182, 14)]
        dates = pd.Timestamp("2026-01-05") + pd.to_timedelta(days, "D")
        visits += [f"p{number:02d} {day:%Y-%m-%d}" for day in dates]
        home = pd.Timestamp("2026-01-05") + pd.to_timedelta([100, 128, 130], "D")
        pain = 2 if number < 9 else 5
        # the second score of a month does not count
        scores += [
            f"p{number:02d} {day:%Y-%m-%d} {value} remote"
            for day, value in zip(home, (pain, pain, 9), strict=True)
        ]
    tables = Tables(
        patients(*[f"p{number:02d}" for number in range(12)]),
        AS_OF,
        sessions=sessions("\n".join(visits)),
        assessments=assessments("\n".join(scores)),
    )
    result = estimate_maintained_pain(tables, MaintainedPainSpec(min_patients=2))
    assert value_of(result, "held") == pytest.approx(0.75)
    assert value_of(result, "mean") == pytest.approx((9 * 2 + 3 * 5) / 12)
    monthly = estimate_maintained_pain(tables, MaintainedPainSpec(cadence="monthly"))
    assert monthly.estimates["status"].tolist() == ["refused"]


def test_rhythm() -> None:
    visits = ["patient date"]
    for number in range(12):
        days = [*range(0, 42, 7), 35 + (28 if number < 9 else 60)]
        dates = pd.Timestamp("2026-01-05") + pd.to_timedelta(days, "D")
        visits += [f"p{number:02d} {day:%Y-%m-%d}" for day in dates]
    tables = Tables(
        patients(*[f"p{number:02d}" for number in range(12)]),
        AS_OF,
        sessions=sessions("\n".join(visits)),
    )
    result = estimate_care_rhythm(tables, CareRhythmSpec(min_patients=2))
    assert value_of(result, "entered_monthly") == pytest.approx(0.75)
    assert value_of(result, "gap", "1–3") == 7
    refused = result.estimates.set_index("term").loc["gap_variability"]
    assert refused["status"] == "refused"


def test_self_care() -> None:
    lines = ["patient date exercise prescribed done"]
    for number in range(10):
        lines.append(f"p{number} 2026-02-01 chin_tuck 10 {9 if number < 4 else 5}")
        # what was done beyond the prescription counts as done, and no more
        lines.append(f"p{number} 2026-02-02 chin_tuck 10 {15 if number < 4 else 5}")
    visits = "patient date\n" + "\n".join(f"p{number} 2026-01-05" for number in range(10))
    tables = Tables(
        patients(*[f"p{number}" for number in range(10)]),
        AS_OF,
        sessions=sessions(visits),
        exercises=table("exercises", "\n".join(lines)),
    )
    result = estimate_self_care(tables, SelfCareSpec(min_patients=2))
    assert value_of(result, "done_share") == pytest.approx((4 * 19 + 6 * 10) / 200)
    assert value_of(result, "mostly_done") == pytest.approx(0.4)


def test_intake() -> None:
    visits = "patient date\na 2026-01-05\nb 2026-01-20\nc 2026-03-02\nd 2024-03-02"
    tables = Tables(patients("a", "b", "c", "d"), AS_OF, sessions=sessions(visits))
    result = estimate_intake(tables)
    assert value_of(result, "starters") == pytest.approx(3 / 12)
    assert result.curve["n_patients"].tolist() == [1, 2, 1]


ESTIMATES = (
    estimate_care_rhythm, estimate_combined_care, estimate_first_visits, estimate_intake,
    estimate_maintained_pain, estimate_natural_course, estimate_pressure_optimum,
    estimate_regression_to_mean, estimate_self_care,
)  # fmt: skip


@pytest.mark.parametrize("audience", ["inside", "outside"])
@pytest.mark.parametrize("size", ["nobody", "few"])
def test_every_statement_comes_out_of_little(size: str, audience: str) -> None:
    tables = little() if size == "few" else Tables(patients("p1"), AS_OF)
    results = {each.__name__: each(tables) for each in ESTIMATES}
    absent = ("plans", "adverse_events", "headache_diary", "headache_periods")
    results["claims"] = judge_claims(results, as_of=AS_OF, absent=absent)
    curve = results["claims"].curve
    heads = curve[curve["label"] == ""]
    assert heads["claim"].tolist() == [claim.name for claim in CLAIMS]
    judged = heads[heads["exploratory"] == 0]
    assert set(judged["verdict"]) <= {"cannot_tell", "not_recorded"}
    assert heads.set_index("claim").loc["C13", "verdict"] == "not_recorded"
    release = disclose(results, Policy(audience))
    page = claims_page(release)._repr_html_() + claims_details(release)._repr_html_()
    words = re.sub(r"<img[^>]*>", "", page)
    assert not re.search(r"\b(nan|None|inf)\b", words) and "C21" in words


@pytest.mark.parametrize("estimate", [*ESTIMATES, estimate_clinic_benchmark])
def test_scores_of_people_whose_care_never_began(
    estimate: Callable[[Tables], AnalysisResult],
) -> None:
    result = estimate(replace(little(), sessions=None))
    assert (result.estimates["status"].isin(["refused", "ok"])).all()
    assert not (result.estimates["n_patients"] > 0).any()


def test_a_diary_or_counted_periods_are_enough() -> None:
    for absent, verdict in (
        (("headache_diary",), "cannot_tell"),
        (("headache_diary", "headache_periods"), "not_recorded"),
    ):
        curve = judge_claims({}, as_of=AS_OF, absent=absent).curve
        head = curve[(curve["claim"] == "C04") & (curve["label"] == "")]
        assert head["verdict"].tolist() == [verdict]


def three_years(start: float, low: float, n: int, eligible: int) -> AnalysisResult:
    """A result on pain by onset with a given start and a change at three years."""
    from outcomes.analyses import PainTrajectorySpec

    base = {"outcome": "nrs_pain", "group_by": "onset", "group": "chronic", "unit": "points"}
    rows = [
        base | {"term": "mean", "landmark": "day 0", "estimate": start, "n_patients": 100.0},
        base
        | {
            "term": "change", "landmark": "day 1092", "estimate": low + 0.5, "conf_low": low,
            "conf_high": low + 1, "n_patients": float(n), "n_eligible": float(eligible),
        },
    ]  # fmt: skip
    spec = PainTrajectorySpec(group_by="onset")
    return AnalysisResult("pain_trajectory", spec, estimates_frame(rows))


def head_of(results: dict[str, AnalysisResult], claim: str) -> pd.Series:
    curve = judge_claims(results, as_of=AS_OF).curve
    return curve[(curve["claim"] == claim) & (curve["label"] == "")].iloc[0]


def test_three_years() -> None:
    assert head_of({"x": three_years(7.0, -5.4, 60, 100)}, "C01")["verdict"] == "consistent"
    other = head_of({"x": three_years(8.0, -5.4, 60, 100)}, "C01")
    assert (other["verdict"], other["reason"]) == ("not_consistent", "start")
    short = head_of({"x": three_years(7.0, -4.9, 60, 100)}, "C01")
    assert (short["verdict"], short["reason"]) == ("not_consistent", "")


def test_how_much_worse_the_missing_must_be() -> None:
    curve = judge_claims({"x": three_years(7.0, -5.4, 60, 100)}, as_of=AS_OF).curve
    part = curve[(curve["claim"] == "C01") & (curve["rule"] == "reaches")].iloc[0]
    # 0.4 of room, and four of ten did not answer
    assert part["tipping"] == pytest.approx(1.0)
    whole = judge_claims({"x": three_years(7.0, -5.4, 100, 100)}, as_of=AS_OF).curve
    assert np.isnan(whole.loc[whole["rule"] == "reaches", "tipping"]).all()


def test_the_comparison_of_schedules_stands_beside() -> None:
    """In the words of its own rows: the primary weeks come first."""
    row = {
        "outcome": "nrs_pain", "group_by": "strategy", "group": "twice_monthly vs on_demand",
        "landmark": "weeks 13 to 24", "term": "difference", "estimate": -2.0, "conf_low": -2.2,
        "conf_high": -1.8, "n_patients": 300.0, "unit": "points",
    }  # fmt: skip
    schedules = AnalysisResult("maintenance_schedules", None, estimates_frame([row]))
    result = judge_claims({"schedules": schedules}, as_of=AS_OF)
    (shown,) = result.estimates.to_dict("records")
    assert shown["estimate"] == -2.0 and shown["estimand"].startswith("C02")


def test_what_its_source_withholds_no_statement_shows() -> None:
    """The source withholds a large group beside a small one; the copy of its row must go too."""
    shown = three_years(7.0, -5.4, 60, 100)
    results = {"pain": shown, "claims": judge_claims({"pain": shown}, as_of=AS_OF)}
    release = disclose(results, Policy("outside"))
    assert "−4.9" in claims_page(release)._repr_html_()
    hidden = shown.estimates
    hidden.loc[hidden["term"] == "change", "status"] = "suppressed"
    results["pain"] = shown.replace(estimates=hidden)
    page = claims_page(disclose(results, Policy("outside")))._repr_html_()
    assert "−4.9" not in page and "Withheld" in page
