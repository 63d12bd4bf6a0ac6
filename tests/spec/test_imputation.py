"""What imputation returns, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.imputation import STRATEGIES, Ancova, Imputation, pool
from tests.validate.imputation import ANALYSIS, FORMULA, cohort


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return cohort(np.random.default_rng(8), 60)


def impute(data: pd.DataFrame, **more: object) -> Imputation:
    chosen: dict[str, object] = {
        "subject": "id",
        "visit": "visit",
        "group": "arm",
        "reference": "control",
    }
    formula = str(more.pop("formula", FORMULA))
    return Imputation(formula, data, **(chosen | more))  # type: ignore[arg-type]


def test_what_was_seen_stays_and_every_hole_is_filled(data: pd.DataFrame) -> None:
    for strategy in STRATEGIES:
        done = impute(data, strategy=strategy).complete()
        assert done["score"].notna().all()
        both = data.merge(done, on=["id", "visit"], suffixes=("", "_done"))
        seen = both["score"].notna()
        np.testing.assert_array_equal(both["score"][seen], both["score_done"][seen])


def test_strategies_differ_only_for_the_groups_they_are_for(data: pd.DataFrame) -> None:
    mar = impute(data).complete()
    jump = impute(data, strategy={"active": "jump-to-reference"}).complete()
    same = (mar["score"] - jump["score"]).abs() < 1e-12
    assert same[mar["arm"] == "control"].all()
    assert not same[mar["arm"] == "active"].all()


def test_an_event_sets_later_outcomes_aside() -> None:
    rows = cohort(np.random.default_rng(1), 40, leave=9.0)
    rows["stopped"] = np.where(rows["id"] < 10, 3.0, np.nan)
    jump = impute(rows, strategy="jump-to-reference", event="stopped")
    active = rows[(rows["id"] < 10) & (rows["arm"] == "active") & (rows["visit"] >= 3)]
    assert jump.panel.n_set_aside == active["score"].notna().sum() > 0
    assert "set aside" in jump.notes[1]
    # the reference group is at random and keeps what was seen
    done = jump.complete().set_index(["id", "visit"])["score"]
    kept = rows[(rows["arm"] == "control")].set_index(["id", "visit"])["score"].dropna()
    np.testing.assert_array_equal(done.loc[kept.index], kept)
    changed = active.dropna(subset=["score"]).set_index(["id", "visit"])["score"]
    assert (done.loc[changed.index] != changed).all()
    assert impute(rows, event="stopped").panel.n_set_aside == 0


def test_visits_and_groups_may_be_categories(data: pd.DataFrame) -> None:
    plain = impute(data, strategy="jump-to-reference").complete()["score"]
    names = ["first", "second", "third", "last"]
    coded = data.assign(
        visit=pd.Categorical.from_codes(data["visit"] - 1, names, ordered=True),
        arm=pd.Categorical(data["arm"], categories=["control", "active"]),
    )
    found = impute(coded, strategy="jump-to-reference").complete()["score"]
    np.testing.assert_allclose(found, plain, atol=1e-7)
    with pytest.raises(EstimationError, match="no observed outcome"):
        impute(data.assign(score=data["score"].where(data["visit"] < 4)))


def test_a_gap_before_the_event_is_at_random(data: pd.DataFrame) -> None:
    rows = data.copy()
    whole = rows.groupby("id")["score"].transform("count") == 4
    one = rows[whole & (rows["arm"] == "active")]["id"].iloc[0]
    rows.loc[(rows["id"] == one) & (rows["visit"] == 2), "score"] = np.nan
    fills = [
        impute(rows, strategy=s).complete().set_index(["id", "visit"])["score"].loc[(one, 2)]
        for s in ("mar", "jump-to-reference", "copy-increments")
    ]
    assert fills[0] == pytest.approx(fills[1], abs=1e-10)
    assert fills[0] == pytest.approx(fills[2], abs=1e-10)


def test_shifts_move_what_was_imputed_after_the_event(data: pd.DataFrame) -> None:
    imputation = impute(data)
    plain = imputation.complete()["score"].to_numpy().reshape(-1, 4)
    hole = imputation.panel.missing
    active = imputation.panel.group == imputation.panel.groups.index("active")
    one = imputation.complete({"active": 1.5})["score"].to_numpy().reshape(-1, 4)
    np.testing.assert_allclose(one - plain, 1.5 * (hole & active[:, None]))
    several = imputation.complete({"active": [1, 2]})["score"].to_numpy().reshape(-1, 4)
    since = np.arange(4) - imputation.panel.event[:, None]
    expected = np.where(hole & active[:, None], np.where(since == 0, 1, 2), 0)
    np.testing.assert_allclose(several - plain, expected)
    with pytest.raises(EstimationError, match="No group is called placebo"):
        imputation.complete({"placebo": 1})
    with pytest.raises(EstimationError, match="missing or infinite"):
        imputation.complete({"active": np.nan})


def test_the_same_seed_gives_the_same_draws(data: pd.DataFrame) -> None:
    imputation = impute(data)
    first, again = imputation.draws(3, seed=7), imputation.draws(3, seed=7)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], imputation.draws(1, seed=8)[0])


def test_a_covariance_for_each_group(data: pd.DataFrame) -> None:
    one, two = (impute(data, covariance_by_group=flag).complete() for flag in (False, True))
    assert (one["score"] - two["score"]).abs().max() > 1e-6
    for strategy in STRATEGIES:
        found = impute(data, strategy=strategy, covariance_by_group=True).draws(1, seed=1)[0]
        assert np.isfinite(found).all()


def test_tipping_point_lies_where_the_limit_meets_zero() -> None:
    rows = cohort(np.random.default_rng(12), 120, leave=1.2)
    imputation = impute(rows)
    shifts = [0.0, 2.0, 4.0, 6.0, 8.0]
    found = imputation.tipping_point(ANALYSIS, "armactive", "active", shifts, groups=20, seed=2)
    assert list(found.table["delta"]) == shifts
    # the estimate is a straight line in the shift
    np.testing.assert_allclose(np.diff(found.table["estimate"], n=2), 0, atol=1e-9)
    assert (np.diff(found.table["estimate"]) > 0).all()
    assert 0 < found.delta < 8
    at = imputation.conditional_mean(ANALYSIS, delta={"active": found.delta}, groups=20, seed=2)
    assert abs(at.loc[0, "conf_high"]) < 0.1 * abs(found.table["conf_high"].iloc[0])
    never = imputation.tipping_point(
        ANALYSIS, "armactive", "active", [0.0, 0.01], method="multiple", imputations=3
    )
    assert np.isnan(never.delta)
    with pytest.raises(EstimationError, match="no term"):
        imputation.tipping_point(ANALYSIS, "armplacebo", "active", [0.0], groups=5)
    with pytest.raises(EstimationError, match="Unknown method"):
        imputation.tipping_point(ANALYSIS, "armactive", "active", [0.0], method="single")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.drop(columns="arm"), "no column arm"),
        (lambda d: d.drop(columns="score"), "no column score"),
        (lambda d: d.iloc[1:], "have no row"),
        (lambda d: pd.concat([d, d.iloc[:3]]), "repeat a subject and visit"),
        (lambda d: d.assign(base=d["base"].where(d["id"] > 2)), "base has missing"),
        (lambda d: d.assign(score=d["score"].where(d["id"] > 0, np.inf)), "infinite"),
        (lambda d: d.assign(score=d["score"].astype(str)), "not numeric"),
        (lambda d: d.assign(visit=d["visit"].where(d["id"] > 0)), "visit has missing"),
        (
            lambda d: d.assign(arm=d["arm"].where(d["visit"] < 4, "control")),
            "changes within",
        ),
        (lambda d: d.assign(arm="active"), "No group is called control"),
    ],
)
def test_bad_rows_are_refused(data: pd.DataFrame, change: object, words: str) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        impute(change(data))  # type: ignore[operator]
    assert caught.value.remedy


def test_bad_calls_are_refused(data: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="Unknown strategy"):
        impute(data, strategy="locf")
    with pytest.raises(EstimationError, match="arm is not in the imputation model"):
        impute(data, formula="score ~ visit + base", strategy="copy-increments")
    with pytest.raises(EstimationError, match="unknown visit"):
        impute(data.assign(stopped=9), event="stopped", strategy="jump-to-reference")
    with pytest.raises(EstimationError, match="event changes"):
        impute(data.assign(stopped=data["visit"]), event="stopped", strategy="mar")
    with pytest.raises(EstimationError, match="no subject of group"):
        Ancova("score", "visit", 99, "arm", "control")(data)
    with pytest.raises(EstimationError, match="two or more"):
        pool([[1.0]], [[1.0]])
    with pytest.raises(EstimationError, match="missing"):
        pool([[1.0], [np.nan]], [[1.0], [1.0]])
