"""What the weight models return, and what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.bootstrap import bootstrap
from outcomes.stats.jackknife import jackknife
from outcomes.stats.weights import (
    Decision,
    WeightModels,
    balance_sequence,
    entropy_balance,
    standardised_differences,
    truncate,
    weight_table,
    weighted_mean,
)
from tests.validate.weights import DECISIONS, cohort

TREATMENT = Decision("treatment", "treated", "score")


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return cohort(np.random.default_rng(4), 400)


def models(data: pd.DataFrame, *decisions: Decision) -> WeightModels:
    return WeightModels(data, decisions or DECISIONS, subject="id", period="period")


def test_factors_multiply_over_periods_and_those_who_left_do_not_count(data: pd.DataFrame) -> None:
    fit = models(data).fit()
    running = pd.Series(fit.factors["treatment"] * fit.factors["censoring"])
    expected = running.groupby(data["id"]).cumprod() * fit.factors["response"]
    np.testing.assert_allclose(fit.weights, expected)
    assert (fit.weights[data["left"] == 1] == 0).all()
    assert (fit.factors["response"][data["left"] == 1] == 1).all()
    assert np.isnan(fit.probabilities["response"][data["left"] == 1]).all()
    # inverse probabilities of staying stand for everyone at risk
    share = fit.probabilities["censoring"][:, 0]
    assert (1 / share)[data["left"] == 0].sum() / len(data) == pytest.approx(1, abs=0.02)
    assert "smallest probability" in fit.summary()


def test_a_refit_from_a_start_is_the_same_fit(data: pd.DataFrame) -> None:
    made = models(data)
    counts = np.random.default_rng(1).integers(0, 3, made.n_subjects)
    cold, warm = made.fit(counts), made.fit(counts, start=made.fit())
    np.testing.assert_allclose(warm.weights, cold.weights, rtol=1e-6)
    assert all(fit.converged for fit in warm.denominators.values())
    # counts are the same as rows repeated
    copies = data.loc[np.repeat(data.index, counts[made.unit])].copy()
    copies["id"] = copies["id"] * 10 + copies.groupby(["id", "period"]).cumcount()
    spread = models(copies).fit()
    first = copies["id"].to_numpy() % 10 == 0
    np.testing.assert_allclose(
        spread.weights[first], cold.weights[counts[made.unit] > 0], rtol=1e-6
    )


def test_clusters_are_drawn_by_spreading_their_counts(data: pd.DataFrame) -> None:
    made = models(data)
    whole = made.fit()
    cluster = np.asarray(made.subjects) % 20

    def statistic(counts: np.ndarray) -> float:
        each = counts[cluster]
        fit = made.fit(each, start=whole)
        return weighted_mean(data["after"], fit.weights * each[made.unit])[0]

    found = bootstrap(statistic, 20, replicates=30, seed=3, workers=2)
    again = bootstrap(statistic, 20, replicates=30, seed=3, workers=1)
    np.testing.assert_array_equal(found.replicates, again.replicates)
    assert found.n_failed == 0
    assert found.std_error[0] > 0


def test_a_level_that_is_always_chosen_is_said_to_be_so() -> None:
    data = pd.DataFrame(
        {
            "id": range(60),
            "period": 0,
            "site": ["a"] * 20 + ["b"] * 40,
            "treated": [1] * 20 + [0, 1] * 20,
        }
    )
    made = models(data, Decision("treatment", "treated", "site"))
    fit = made.fit()
    assert fit.denominators["treatment"].converged
    np.testing.assert_allclose(fit.observed[:20], 1, atol=1e-4)
    np.testing.assert_allclose(fit.observed[20:], 0.5, atol=1e-4)
    table = made.coefficients(fit).set_index("term")
    assert not table.loc["(Intercept)", "determined"] or not table.loc["siteb", "determined"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.drop(columns="score"), "no column score"),
        (lambda d: d.drop(columns="treated"), "no column treated"),
        (lambda d: d.assign(score=d["score"].where(d.index > 2)), "missing in 3 of"),
        (lambda d: d.assign(score=d["score"].where(d.index > 2, np.inf)), "Infinite"),
        (lambda d: d.assign(treated=1), "Only one of the levels"),
        (lambda d: d.assign(treated=d["treated"].where(d.index > 2)), "treated is missing in 3"),
        (lambda d: pd.concat([d, d.iloc[:4]]), "4 rows repeat"),
        (lambda d: d.assign(period=d["period"].where(d.index > 2)), "period has missing"),
    ],
)
def test_bad_input_is_refused(data: pd.DataFrame, change: object, words: str) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        models(change(data), TREATMENT).fit()  # type: ignore[operator]
    assert caught.value.remedy


def test_bad_decisions_are_refused(data: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="Nobody has treated = 7"):
        models(data, Decision("treatment", "treated", "score", keep=7))
    with pytest.raises(EstimationError, match="names of their own"):
        models(data, TREATMENT, TREATMENT)
    with pytest.raises(EstimationError, match="stays is missing in 2 rows"):
        models(data.assign(stays=data["stays"].astype(object).where(data.index > 1)), DECISIONS[2])
    with pytest.raises(EstimationError, match="cannot be read"):
        models(data, Decision("treatment", "treated", "score +* base"))


def test_missing_covariates_do_not_matter_where_nobody_was_at_risk(data: pd.DataFrame) -> None:
    partly = data.assign(after=data["after"].where(data["stays"]))
    fit = models(partly, DECISIONS[2]).fit()
    assert np.isfinite(fit.weights).all()


def test_truncation_within_groups() -> None:
    w = np.array([0, 1, 2, 10, 1, 1, 50.0])
    by = ["a"] * 4 + ["b"] * 3
    found = truncate(w, 0.75, by=by)
    assert found[0] == 0
    assert found[3] == pytest.approx(np.quantile([1, 2, 10], 0.75))
    assert found[6] == pytest.approx(np.quantile([1, 1, 50], 0.75))
    assert (found[[1, 2, 4, 5]] == w[[1, 2, 4, 5]]).all()
    np.testing.assert_array_equal(truncate([0.0, 0], 0.9), [0, 0])
    with pytest.raises(EstimationError, match="quantile"):
        truncate(w, 0.4)
    with pytest.raises(EstimationError, match="negative or not finite"):
        truncate([-1.0, 2], 0.9)


def test_what_cannot_be_weighted_is_refused() -> None:
    with pytest.raises(EstimationError, match="positive weight"):
        weighted_mean([1.0, 2], [0, 0])
    with pytest.raises(EstimationError, match="1 rows that count have no value"):
        weighted_mean([np.nan, 2], [1, 1])
    with pytest.raises(EstimationError, match="shape"):
        weight_table([1.0], pd.DataFrame({"p": [1, 2]}))
    with pytest.raises(EstimationError, match="p is missing in some rows"):
        weight_table([1.0, 1], pd.DataFrame({"p": [1, np.nan]}))
    with pytest.raises(EstimationError, match="missing values: x"):
        standardised_differences(pd.DataFrame({"x": [1, np.nan]}), [1, 1], [1, 1])


def test_entropy_balance_out_of_reach() -> None:
    x = np.random.default_rng(1).normal(size=(50, 2))
    w = entropy_balance(x, [0.3, -0.2])
    np.testing.assert_allclose(w @ x / w.sum(), [0.3, -0.2], atol=1e-7)
    assert w.sum() == pytest.approx(50)
    with pytest.raises(EstimationError, match="No positive weights"):
        entropy_balance(x, [9.0, 0])
    with pytest.raises(EstimationError, match="No positive weights"):
        entropy_balance(np.ones(5), [0.5])
    with pytest.raises(EstimationError, match="do not fit together"):
        entropy_balance(x, [0.0])
    # a covariate that another determines is balanced through it
    twice = np.column_stack([x[:, 0], 2 * x[:, 0]])
    np.testing.assert_allclose(entropy_balance(twice, [0.3, 0.6]), entropy_balance(x[:, :1], [0.3]))


def test_sequence_balances_each_period(data: pd.DataFrame) -> None:
    path = (data["treated"] == 0).groupby(data["id"]).cummin()
    still = path.groupby(data["id"]).shift(fill_value=True)
    rows = data[still].assign(kept=path[still]).reset_index(drop=True)
    w = balance_sequence(rows, ["score"], subject="id", period="period", kept="kept")
    assert (w[~rows["kept"]] == 0).all()
    before = pd.Series(w).groupby(rows["id"]).shift(fill_value=1.0).to_numpy()
    found = standardised_differences(rows[["score"]], w, before, by=rows[["period"]])
    assert found["smd"].abs().max() < 1e-6
    assert found["smd_unweighted"].abs().max() > 0.1
    with pytest.raises(EstimationError, match="not numbers"):
        balance_sequence(
            rows.assign(score="a"), ["score"], subject="id", period="period", kept="kept"
        )
    with pytest.raises(EstimationError, match="Nobody kept"):
        balance_sequence(
            rows.assign(kept=False), ["score"], subject="id", period="period", kept="kept"
        )


def test_jackknife_of_a_mean_is_its_standard_error() -> None:
    y = np.random.default_rng(0).normal(size=40)
    found = jackknife(lambda counts: counts @ y / counts.sum(), 40)
    assert found.std_error[0] == pytest.approx(y.std(ddof=1) / np.sqrt(40), rel=1e-10)
    grouped = jackknife(lambda counts: counts @ y / counts.sum(), 40, groups=10, workers=2)
    again = jackknife(lambda counts: counts @ y / counts.sum(), 40, groups=10, workers=1)
    assert grouped.df == 9
    np.testing.assert_array_equal(grouped.left_out, again.left_out)
    with pytest.raises(EstimationError, match="groups"):
        jackknife(lambda counts: 0.0, 5, groups=6)
