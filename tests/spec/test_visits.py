"""The grid of weeks at risk, and what the visit functions refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.visits import at_random_test, irregularity, visit_decision, visit_grid
from outcomes.stats.weights import WeightModels

VISITS = pd.DataFrame(
    {
        "id": ["a", "a", "a", "a", "b", "c"],
        "day": [0, 3, 6, 22, 15, 40],
        "score": [7.0, 5, 4, 3, 2, 9],
    }
)
FOLLOW_UP = pd.DataFrame({"id": ["a", "b", "c", "d"], "last": [30, 21, 45, 6], "arm": list("xyxy")})


def grid(visits: pd.DataFrame = VISITS, follow_up: pd.DataFrame = FOLLOW_UP) -> pd.DataFrame:
    return visit_grid(
        visits, follow_up, subject="id", time="day", end="last", values=["score"], step=7
    )


def test_weeks_visits_and_what_was_known_before() -> None:
    found = grid()
    # 30, 21, 45 and 6 days are 4, 3, 6 and 0 whole weeks
    assert found.groupby("id").size().to_dict() == {"a": 4, "b": 3, "c": 6}
    a = found[found["id"] == "a"].set_index("week")
    # days 3 and 6 are week 1, day 22 is week 4
    assert a["visit"].tolist() == [True, False, False, True]
    assert a["n_before"].tolist() == [0, 2, 2, 2]
    assert a["since"].tolist() == [1, 1, 2, 3]
    assert a["last_score"].tolist() == [7, 4, 4, 4]
    assert a["score"].fillna(-1).tolist() == [5, -1, -1, 3]
    assert (a["arm"] == "x").all()
    b = found[found["id"] == "b"].set_index("week")
    # day 15 is in the third week (14, 21]; nothing was known before it
    assert b["visit"].tolist() == [False, False, True]
    assert b["last_score"].isna().all()
    assert b["since"].tolist() == [1, 2, 3]
    assert found[found["id"] == "c"]["visit"].tolist() == [False] * 5 + [True]


def test_order_of_rows_does_not_matter() -> None:
    shuffled = grid(VISITS.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(shuffled, grid())


@pytest.mark.parametrize(
    ("visits", "follow_up", "words"),
    [
        (VISITS.drop(columns="score"), FOLLOW_UP, "no column score"),
        (VISITS, FOLLOW_UP.drop(columns="last"), "no column last"),
        (VISITS, pd.concat([FOLLOW_UP, FOLLOW_UP]), "listed twice"),
        (VISITS, FOLLOW_UP.iloc[:2], "without follow-up"),
        (VISITS.assign(day=50), FOLLOW_UP, "later than the end"),
        (VISITS.assign(day=np.nan), FOLLOW_UP, "times are missing"),
    ],
)
def test_bad_visits_are_refused(visits: pd.DataFrame, follow_up: pd.DataFrame, words: str) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        grid(visits, follow_up)
    assert caught.value.remedy


def test_a_visit_stands_for_the_weeks_like_it() -> None:
    rng = np.random.default_rng(0)
    often = np.repeat([0, 1], 2000)
    rows = pd.DataFrame({"id": np.arange(4000), "week": 1, "often": often})
    rows["visit"] = rng.random(4000) < np.where(often == 1, 0.5, 0.1)
    fit = WeightModels(rows, [visit_decision("often")], subject="id", period="week").fit()
    for level in (0, 1):
        here = rows["often"] == level
        expected = here.sum() / (here & rows["visit"]).sum()
        np.testing.assert_allclose(fit.weights[here & rows["visit"]], expected, rtol=1e-4)
    assert (fit.weights[~rows["visit"]] == 0).all()
    stable = WeightModels(rows, [visit_decision("often", "1")], subject="id", period="week").fit()
    np.testing.assert_allclose(stable.weights, fit.weights * rows["visit"].mean(), rtol=1e-4)


def test_at_random_needs_an_answer_apart_from_visits() -> None:
    rows = grid()
    with pytest.raises(EstimationError, match="no column home"):
        at_random_test(rows, "since", "home", subject="id")
    with pytest.raises(EstimationError, match="Only 0 weeks"):
        at_random_test(rows.assign(home=np.nan), "since", "home", subject="id")


def test_irregularity_by_hand() -> None:
    # two subjects, one bin: both have two visits; two bins cut at the second of four moments
    found = irregularity([1, 1, 2, 2], [1.0, 4, 2, 3], end=4, most_bins=2)
    assert found.shares.iloc[0][["zero", "one", "more"]].tolist() == [0, 0, 1]
    assert found.shares.iloc[1][["zero", "one", "more"]].tolist() == [0, 1, 0]
    assert found.auc == 0
    # subject 1 has both visits early, subject 2 both late
    found = irregularity([1, 1, 2, 2], [1.0, 2, 3, 4], end=4, most_bins=2)
    assert found.shares.iloc[1][["zero", "one", "more"]].tolist() == [0.5, 0, 0.5]
    assert found.auc == pytest.approx(0.5 * (0.5 + 0) / 2)


def test_irregularity_counts_only_bins_followed_through() -> None:
    follow_up = pd.Series({1: 4.0, 2: 2.0})
    found = irregularity([1, 1, 2], [1.0, 3, 1.5], end=4, follow_up=follow_up, most_bins=1)
    # the only bin ends at 4: subject 2 is not followed through it
    assert found.shares.iloc[0][["zero", "one", "more"]].tolist() == [0, 0, 1]
    with pytest.raises(EstimationError, match="without follow-up"):
        irregularity([1, 1, 2], [1.0, 3, 2.5], end=4, follow_up=follow_up)
    with pytest.raises(EstimationError, match="outside"):
        irregularity([1, 2], [0.0, 3], end=4)
    with pytest.raises(EstimationError, match="do not rise"):
        irregularity([1, 2], [1.0, 3], end=4, scheduled=[2, 1])
    with pytest.raises(EstimationError, match="two visits"):
        irregularity([1], [1.0], end=4)
