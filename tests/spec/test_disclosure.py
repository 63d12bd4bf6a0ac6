"""What a release for outside withholds, and what it lets through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DisclosureError
from outcomes.present.disclosure import Policy, disclose
from outcomes.results import AnalysisResult, estimates_frame, exclusions_frame
from outcomes.stats.intervals import wilson

OUTSIDE = Policy("outside")


def row(group: str = "", n: float = 100, **more: Any) -> dict[str, Any]:
    return {
        "outcome": "nrs_pain",
        "group_by": "onset" if group else "",
        "group": group,
        "landmark": "day 42",
        "term": "mean",
        "estimate": 3.21,
        "std_error": 0.2,
        "conf_low": 2.82,
        "conf_high": 3.6,
        "conf_level": 0.95,
        "df": n - 1,
        "n_eligible": n + 20,
        "n_patients": n,
    } | more


def result(*rows: dict[str, Any], scope: str = "aggregate", **more: Any) -> AnalysisResult:
    return AnalysisResult("pain_trajectory", None, estimates_frame(rows, scope=scope), **more)


def test_inside_nothing_changes() -> None:
    small = result(row(n=3))
    release = disclose({"pain": small}, Policy())
    pd.testing.assert_frame_equal(release["pain"].estimates, small.estimates)


def test_a_result_about_one_patient_is_refused_outside() -> None:
    with pytest.raises(DisclosureError, match="single patients"):
        disclose({"off_track": result(row(), scope="patient")}, OUTSIDE)


@pytest.mark.parametrize("n", [0, 1, 7])
def test_seven_and_fewer_are_withheld(n: int) -> None:
    shown = disclose({"pain": result(row(n=n))}, OUTSIDE)["pain"].estimates.iloc[0]
    assert shown["status"] == "suppressed"
    numbers = ["estimate", "conf_low", "conf_high", "n_eligible", "n_patients", "df"]
    assert shown[numbers].isna().all()


def test_eight_are_shown_rounded() -> None:
    shown = disclose({"pain": result(row(n=8))}, OUTSIDE)["pain"].estimates.iloc[0]
    assert (shown["status"], shown["n_patients"], shown["n_eligible"]) == ("ok", 10, 30)


def test_numbers_that_give_the_count_away_are_taken_out() -> None:
    shown = disclose({"pain": result(row(p_value=0.01, ess=99.0))}, OUTSIDE)["pain"].estimates
    assert shown[["std_error", "df", "p_value", "ess"]].isna().all(axis=None)
    assert shown["estimate"].iloc[0] == 3.21


def test_a_single_small_group_takes_the_next_smallest_with_it() -> None:
    groups = result(row(n=106), row("acute", 4), row("subacute", 30), row("chronic", 72))
    shown = disclose({"pain": groups}, OUTSIDE)["pain"].estimates.set_index("group")["status"]
    assert shown.to_dict() == {
        "": "ok",
        "acute": "suppressed",
        "subacute": "suppressed",
        "chronic": "ok",
    }


def test_two_small_groups_that_are_few_together_take_a_third() -> None:
    groups = result(row("a", 2), row("b", 3), row("c", 40), row("d", 60))
    shown = disclose({"pain": groups}, OUTSIDE)["pain"].estimates.set_index("group")["status"]
    assert list(shown) == ["suppressed", "suppressed", "suppressed", "ok"]


def test_a_withheld_group_is_withheld_in_every_result_of_the_report() -> None:
    one = result(row("acute", 4), row("subacute", 5), row("chronic", 72))
    other = result(row("acute", 40, term="change"), row("chronic", 72, term="change"))
    release = disclose({"one": one, "other": other}, OUTSIDE)
    assert list(release["other"].estimates["status"]) == ["suppressed", "ok"]


def test_shares_and_their_intervals_come_from_the_rounded_counts() -> None:
    share = row(n=43, n_events=12, estimate=12 / 43, conf_low=0.17, conf_high=0.43)
    shown = disclose({"r": result(share)}, OUTSIDE)["r"].estimates.iloc[0]
    low, high = wilson(10, 45)
    assert (shown["n_events"], shown["n_patients"]) == (10, 45)
    assert shown["estimate"] == pytest.approx(10 / 45)
    assert (shown["conf_low"], shown["conf_high"]) == pytest.approx((float(low), float(high)))


@pytest.mark.parametrize("events", [3, 40])
def test_few_events_and_few_without_the_event_are_both_withheld(events: int) -> None:
    share = row(n=43, n_events=events, estimate=events / 43, conf_low=0.0, conf_high=1.0)
    assert disclose({"r": result(share)}, OUTSIDE)["r"].estimates["status"].iloc[0] == "suppressed"


def test_rare_events_do_not_hide_the_mean_beside_them() -> None:
    both = result(row(n=43), row(n=43, term="responders", n_events=2, estimate=2 / 43))
    shown = disclose({"r": both}, OUTSIDE)["r"].estimates["status"]
    assert list(shown) == ["ok", "suppressed"]


def test_events_that_are_not_people_are_no_small_group() -> None:
    rate = row(n=43, term="rate", n_events=300, estimate=8.4, conf_low=7.0, conf_high=10.0)
    shown = disclose({"r": result(rate)}, OUTSIDE)["r"].estimates.iloc[0]
    assert (shown["status"], shown["estimate"], shown["n_events"]) == ("ok", 8.4, 300)


def test_a_refused_share_keeps_no_small_count() -> None:
    refused = row(n=9, term="responders", n_events=2, estimate=None, status="refused")
    shown = disclose({"r": result(refused)}, OUTSIDE)["r"].estimates.iloc[0]
    assert (shown["status"], np.isnan(shown["n_events"])) == ("suppressed", True)


def test_a_count_is_rounded_or_withheld_like_the_people_it_counts() -> None:
    counts = result(
        row(n=43, term="patients_seen", method="count", estimate=43),
        row(n=43, term="sessions_attended", method="count", estimate=5, landmark="2026Q3"),
    )
    shown = disclose({"r": counts}, OUTSIDE)["r"].estimates
    assert shown["estimate"].iloc[0] == 45
    assert shown["status"].iloc[1] == "suppressed"


def test_no_smallest_and_no_largest_person() -> None:
    shown = disclose({"r": result(row(term="maximum"))}, OUTSIDE)["r"].estimates
    assert shown["status"].iloc[0] == "suppressed"


def test_curves_lose_what_the_estimates_lose() -> None:
    curve = pd.DataFrame(
        {
            "outcome": "nrs_pain",
            "group_by": "onset",
            "group": ["acute", "subacute", "chronic", "chronic"],
            "window": [42, 42, 42, 84],
            "series": "model",
            "estimate": 3.0,
            "conf_low": 2.0,
            "conf_high": 4.0,
            "n_eligible": [12, 50, 92, 90],
            "n_patients": [4, 30, 72, 6],
            "start_pain": 7.0,
            "start_pain_n": [4, 31, 71, 71],
        }
    )
    groups = result(row("acute", 4), row("subacute", 30), row("chronic", 72), curve=curve)
    left = disclose({"pain": groups}, OUTSIDE)["pain"].curve
    assert list(left["group"]) == ["chronic"]
    assert (left["n_patients"].iloc[0], left["start_pain_n"].iloc[0]) == (70, 70)


def test_exclusions_diagnostics_and_notes_hold_no_exact_count() -> None:
    detailed = result(
        row(note="3 patients answered; at least 10 are needed"),
        exclusions=exclusions_frame([("began care", "no session", 103, 98), ("x", "y", 98, 6)]),
        diagnostics={"models": pd.DataFrame({"group": [""], "n_patients": [98], "converged": True})}
        | {"near_session": 3, "timing": "remote"},
        notes=("3 patients were left out.", "People who hurt come more often."),
    )
    shown = disclose({"pain": detailed}, OUTSIDE)["pain"]
    assert shown.exclusions["n_in"].tolist() == [105, 100]
    assert shown.exclusions["n_out"].iloc[0] == 100
    assert np.isnan(shown.exclusions["n_out"].iloc[1])
    assert list(shown.diagnostics["models"].columns) == ["group", "converged"]
    assert "near_session" not in shown.diagnostics
    assert shown.notes == ("People who hurt come more often.",)
    assert shown.estimates["note"].iloc[0] == ""


def test_no_small_group_comes_back_by_subtraction() -> None:
    """Whatever the sizes: the total less what is shown is never a single small group."""
    rng = np.random.default_rng(11)
    for _ in range(40):
        sizes = rng.integers(0, 40, size=4)
        groups = [row(name, int(n)) for name, n in zip("abcd", sizes, strict=True)]
        shown = disclose({"r": result(row(n=int(sizes.sum())), *groups)}, OUTSIDE)["r"].estimates
        lost = shown.loc[shown["group"] != "", "status"].eq("suppressed").to_numpy()
        assert (lost | (sizes >= 8)).all()
        if lost.any() and not lost.all():
            assert lost.sum() >= 2
            assert sizes[lost].sum() >= 8
