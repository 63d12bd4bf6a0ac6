"""What a fitted model says: means by hand, residuals, summaries, facts of the fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.stats.mmrm import MmrmResult, MmrmStatistics, fit_mmrm

FORMULA = "y ~ arm * week + sex + base"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(21)
    n, visits = 50, 3
    person = np.repeat(np.arange(n), visits)
    frame = pd.DataFrame(
        {
            "person": person,
            "week": np.tile([0, 4, 8], n),
            "arm": rng.choice(["a", "b", "c"], n)[person],
            "sex": rng.choice(["f", "m"], n, p=[0.7, 0.3])[person],
            "base": rng.normal(6, 2, n)[person],
            "w": rng.uniform(0.5, 2, n)[person],
        }
    )
    frame["y"] = frame["base"] + rng.normal(size=n)[person] + rng.normal(size=n * visits)
    frame.index = pd.Index([f"row {i}" for i in range(len(frame))])
    return frame.sample(frac=0.85, random_state=3)


@pytest.fixture(scope="module")
def model(data: pd.DataFrame) -> MmrmResult:
    return fit_mmrm(FORMULA, data, subject="person", visit="week")


def by_hand(model: MmrmResult, **values: float) -> float:
    b = model.coefficients().set_index("term")["estimate"]
    return float(b["(Intercept)"] + sum(b[name] * value for name, value in values.items()))


def test_means_by_hand(data: pd.DataFrame, model: MmrmResult) -> None:
    mean = data["base"].mean()
    share = (data["sex"] == "m").mean()
    part = {"armb": 1, "week4": 1, "armb:week4": 1}
    equal = model.lsmeans(["arm", "week"]).set_index(["arm", "week"])["estimate"]
    assert equal["b", 4] == pytest.approx(by_hand(model, **part, sexm=0.5, base=mean))
    for value in (0.0, 7.5):
        fixed = model.lsmeans(["arm", "week"], at={"base": value, "sex": "m"})
        found = fixed.set_index(["arm", "week"])["estimate"]
        assert found["b", 4] == pytest.approx(by_hand(model, **part, sexm=1, base=value))
    # Rows used decide how often levels occur; arms are averaged over together with sexes.
    frequent = model.lsmeans("week", weights="proportional").set_index("week")["estimate"]
    arms = data["arm"].value_counts(normalize=True)
    assert frequent[0] == pytest.approx(
        by_hand(model, armb=arms["b"], armc=arms["c"], sexm=share, base=mean)
    )


def test_order_and_columns_of_means(model: MmrmResult) -> None:
    means = model.lsmeans(["arm", "week"])
    assert list(means.columns) == [
        "arm",
        "week",
        "estimate",
        "std_error",
        "df",
        "t",
        "p_value",
        "conf_low",
        "conf_high",
    ]
    # The first factor varies fastest, as in R.
    assert means["arm"].tolist() == ["a", "b", "c"] * 3
    assert means["week"].tolist() == [0, 0, 0, 4, 4, 4, 8, 8, 8]
    one = model.lsmeans(["arm", "base"], at={"base": 5.0, "week": 8})
    assert one["base"].tolist() == [5.0] * 3
    assert len(model.lsmeans([])) == 1


def test_order_and_columns_of_differences(model: MmrmResult) -> None:
    pairs = model.differences("arm", by="week", reference="pairwise")
    assert list(pairs.columns[:3]) == ["arm", "reference", "week"]
    assert pairs["arm"].tolist() == ["b", "c", "c"] * 3
    assert pairs["reference"].tolist() == ["a", "a", "b"] * 3
    change = model.differences("week", by="arm", reference=4)
    assert change["week"].tolist() == [0, 8] * 3
    assert change["reference"].tolist() == [4] * 6


def test_residuals(data: pd.DataFrame, model: MmrmResult) -> None:
    frame = model.residual_frame
    assert set(frame.index) == set(data.index)
    back = frame["fitted"] + frame["residual"]
    np.testing.assert_allclose(back, data["y"].loc[frame.index], rtol=1e-10)
    pd.testing.assert_series_equal(model.residuals, frame["residual"])
    sigma = model.covariance
    someone = data[data["person"] == 3].sort_values("week")
    at = someone["week"].tolist()
    V = sigma.loc[at, at].to_numpy()
    mine = frame.loc[someone.index]
    np.testing.assert_allclose(
        mine["standardised"], mine["residual"] / np.sqrt(np.diag(V)), rtol=1e-10
    )
    np.testing.assert_allclose(
        mine["normalised"], np.linalg.solve(np.linalg.cholesky(V), mine["residual"]), rtol=1e-9
    )
    # Orthogonal to the design in the metric of the model: sums by the first visit and over all.
    assert (frame["normalised"] ** 2).mean() == pytest.approx(
        (len(frame) - len(model.names)) / len(frame), rel=0.02
    )


def test_residuals_with_weights(data: pd.DataFrame) -> None:
    model = fit_mmrm("y ~ week", data, subject="person", visit="week", weights="w")
    frame, variance = model.residual_frame, np.diag(model.covariance)
    week = data["week"].loc[frame.index].map({0: 0, 4: 1, 8: 2}).to_numpy()
    expected = frame["residual"] * np.sqrt(data["w"].loc[frame.index] / variance[week])
    np.testing.assert_allclose(frame["standardised"], expected, rtol=1e-10)


def test_summary_names_what_was_fitted(data: pd.DataFrame, model: MmrmResult) -> None:
    text = model.summary("kenward-roger-linear")
    for word in (FORMULA, "unstructured", "REML", f"{len(data)} outcomes", "armb:week4", "AIC"):
        assert word in text
    assert "NOT CONVERGED" not in text
    html = model._repr_html_()
    assert html.count("<tr") == len(model.names) + 1
    strange = data.rename(columns={"arm": "a<b"})
    grouped = fit_mmrm("y ~ `a<b`", strange, subject="person", visit="week", group="a<b")
    assert "Covariance of b" in grouped.summary()
    assert "a<b" not in grouped._repr_html_()


def test_facts_of_the_fit(data: pd.DataFrame, model: MmrmResult) -> None:
    facts = model.diagnostics
    assert facts["converged"] and facts["problems"] == []
    assert facts["n_rows"] == len(data) and facts["n_missing"] == 0
    assert facts["n_subjects"] == data["person"].nunique()
    assert facts["subjects_per_visit"] == data["week"].value_counts().to_dict()
    assert facts["largest_gradient"] < 1e-6
    assert facts["smallest_curvature"] > 0
    seen = data.groupby("person")["week"].agg(lambda w: tuple(sorted(w)))
    assert facts["n_patterns"] == seen.nunique()
    sums = MmrmStatistics.from_frame(FORMULA, data, subject="person", visit="week", min_subjects=3)
    withheld = fit_mmrm(sums)
    assert withheld.diagnostics["n_withheld"] == sums.n_withheld > 0
    assert "withheld" in withheld.summary()


def test_tests_of_terms(model: MmrmResult) -> None:
    by_term = model.test("week:arm").iloc[0]
    assert by_term["hypothesis"] == "arm:week"
    assert by_term["num_df"] == 4
    names = [name for name in model.names if ":" in name]
    by_name = model.test(names).iloc[0]
    rows = np.eye(len(model.names))[[model.names.index(name) for name in names]]
    by_matrix = model.test(rows).iloc[0]
    doubled = model.test(np.vstack([rows, rows[:1]])).iloc[0]
    for other in (by_name, by_matrix, doubled):
        assert other["num_df"] == 4
        assert other["f"] == pytest.approx(by_term["f"], rel=1e-8)
    assert doubled["p_value"] == pytest.approx(by_term["p_value"], rel=0.05)
    wald = model.test("arm:week", df="none").iloc[0]
    assert wald["den_df"] == np.inf and 0 < wald["p_value"] < 1
    between = model.test("sex", df="between-within").iloc[0]
    assert between["den_df"] == model.diagnostics["n_subjects"] - 1 - 4
