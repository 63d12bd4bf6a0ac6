"""Attacks on what was released: leaks that were planted are found, and a release has none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.present.disclosure import Policy, Release, disclose_run
from outcomes.report.small_cells import attack, protect
from outcomes.report.small_cells_on_pages import attack_pages
from outcomes.results import AnalysisResult, estimates_frame
from outcomes.stats.unseen_counts import Sums, unseen_bounds

OUTSIDE = Policy("outside")


def mean(group: str, n: float, **more: Any) -> dict[str, Any]:
    return {
        "outcome": "nrs_pain",
        "group_by": "onset" if group else "",
        "group": group,
        "landmark": "day 42",
        "term": "mean",
        "estimate": 3.2,
        "n_patients": n,
    } | more


def result(*rows: dict[str, Any], **more: Any) -> AnalysisResult:
    return AnalysisResult("pain_trajectory", None, estimates_frame(rows), **more)


def share(term: str, events: float, n: float) -> dict[str, Any]:
    return {"term": term, "estimate": events / n, "n_events": events, "n_patients": n}


def page(body: str) -> str:
    return f"<html><body><main>{body}</main></body></html>"


def table(*rows: tuple[str, ...]) -> str:
    lines = "".join(
        f"<tr><th>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    return f"<table><caption>Answers</caption>{lines}</table>"


def test_a_clinic_is_not_all_clinics_less_the_other() -> None:
    """66 and 59 are shown as 65 and 60, 67 and 60 as 65 and 60: six or seven would be left."""
    run = {
        "": {"pain": result(mean("", 68))},
        "a": {"pain": result(mean("", 61))},
        "b": {"pain": result(mean("", 7))},
    }
    alone = {who: disclose_run({who: results}, OUTSIDE)[who] for who, results in run.items()}
    assert attack(run, alone, OUTSIDE)
    assert attack(run, protect(run, OUTSIDE), OUTSIDE) == []


def test_better_not_better_and_missing_are_one_table() -> None:
    parts = result(
        share("responders_moderate_of_all", 60, 100),
        share("not_moderate_of_all", 6, 100),
        share("missing_moderate_of_all", 34, 100),
    )
    shown = protect({"": {"r": parts}}, OUTSIDE)[""]["r"].estimates.set_index("term")["status"]
    assert shown["not_moderate_of_all"] == shown["missing_moderate_of_all"] == "suppressed"
    assert shown["responders_moderate_of_all"] == "ok"


def test_levels_of_one_thing_are_one_table() -> None:
    levels = result(
        *(
            share("duration", events, 120) | {"group_by": "duration", "group": name}
            for name, events in (("under_24_hours", 80), ("over_48_hours", 3), ("not_known", 37))
        )
    )
    shown = protect({"": {"s": levels}}, OUTSIDE)[""]["s"].estimates.set_index("group")["status"]
    assert list(shown) == ["ok", "suppressed", "suppressed"]


def test_a_total_beside_all_parts_but_one_is_found() -> None:
    true = result(mean("", 98), mean("acute", 7), mean("subacute", 31), mean("chronic", 60))
    rows = true.estimates
    rows[["n_patients"]] = np.floor(rows[["n_patients"]] / 5 + 0.5) * 5
    rows.loc[1, ["n_patients", "estimate"]] = np.nan
    leaky = Release(OUTSIDE, {"pain": true.replace(estimates=rows)}, None)  # type: ignore[arg-type]
    assert attack({"": {"pain": true}}, {"": leaky}, OUTSIDE)


def test_a_count_that_is_not_rounded_is_found() -> None:
    true = {"": {"pain": result(mean("", 98))}}
    leaky = {"": Release(OUTSIDE, true[""], None)}  # type: ignore[arg-type]
    assert [leak.why for leak in attack(true, leaky, OUTSIDE)] == ["it is not rounded"]


def test_curves_show_no_step_of_one_person() -> None:
    curve = pd.DataFrame(
        {
            "outcome": "care",
            "group_by": "",
            "group": "",
            "day": [0, 7, 14],
            "estimate": [1.0, 39 / 40, 33 / 40],
            "conf_low": [np.nan, 0.83, 0.67],
            "conf_high": [np.nan, 0.99, 0.91],
            "n_patients": [40, 39, 33],
            "n_eligible": 40,
        }
    )
    left = disclose_run({"": {"r": result(mean("", 40), curve=curve)}}, OUTSIDE)[""]["r"].curve
    assert left["estimate"].tolist() == [1.0, 1.0, 35 / 40]


def test_what_a_responder_took_does_not_tell_how_many_there_were() -> None:
    """Mean over per responder is the share; it must be that of the rounded counts."""
    rows = result(
        mean("", 43, term="mean_sessions", estimate=12.0),
        mean("", 43, term="sessions_per_responder", estimate=12 * 43 / 29, n_events=29),
    )
    shown = disclose_run({"": {"v": rows}}, OUTSIDE)[""]["v"].estimates["estimate"]
    assert shown[0] / shown[1] == pytest.approx(30 / 45)


@pytest.mark.parametrize(
    "body",
    [
        table(("Onset", "Answered"), ("All", "60"), ("Acute", "withheld"), ("Chronic", "50")),
        "<p>38 of 120 (32%) answered.</p>",
        "<p>There were 45 patients, and 5 of 100 had it.</p>",
        "<p>40 of 120 (32%) answered.</p>",
        '<img alt="Pain fell in 3 patients." src="x">',
        "<p>12 people left.</p>",
    ],
    ids=["rest", "exact", "small", "percentage", "figure", "people"],
)
def test_leaks_planted_on_a_page_are_found(body: str) -> None:
    assert attack_pages({"": page(body)}, OUTSIDE)


def test_a_clinic_that_is_all_less_the_others_is_found_across_pages() -> None:
    def of(cell: str) -> str:
        return page(table(("Time", "Answered"), ("6 weeks", cell)))

    pages = {"": of("110"), "a": of("50"), "b": of("45"), "c": of("withheld")}
    assert attack_pages(pages, OUTSIDE) == []
    pages["b"] = of("65")
    assert attack_pages(pages, OUTSIDE)


def test_what_a_release_may_say_is_no_leak() -> None:
    text = (
        "<p>40 of 120 (33%) answered; shaded where fewer than 30 patients answered.</p>"
        "<p>10 patients or more.</p><style>.a{width:3 of 7}</style>"
    )
    shown = table(
        ("Onset", "Answered"),
        ("All", "60"),
        ("Acute", "withheld"),
        ("Subacute", "withheld"),
        ("Chronic", "40"),
    )
    assert attack_pages({"": page(text + shown)}, OUTSIDE) == []


def test_bounds_of_an_unseen_count_by_hand() -> None:
    """Total 10, parts x, y and 4 that is shown: x + y = 6, and z = x + 2 is at most 5."""
    sums = Sums(
        np.array([0, 0, 0, 0, 1, 1, 1]),
        np.array([0, 1, 2, 3, 4, 1, 5]),
        np.array([True, False, False, False, True, False, False]),
    )
    true = np.array([10.0, 1, 5, 4, 3, 2])
    low = np.array([10.0, 0, 0, 4, 0, 2])
    high = np.array([10.0, np.inf, np.inf, 4, 5, 2])
    found = unseen_bounds(sums, low, high, true, np.array([1, 2]), largest=7, enough=8)
    assert found.tolist() == [[0, 3], [3, 6]]
