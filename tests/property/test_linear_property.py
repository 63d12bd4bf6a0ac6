"""What must hold of least squares and its variances on any data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import EstimationError
from outcomes.stats.clusters import fit_cluster_means
from outcomes.stats.linear import LinearVariance, fit_linear

FORMULA = "y ~ arm * x"
VARIANCES: list[LinearVariance] = ["model", "hc2", "hc3", "cr0", "cr1", "cr2"]
NUMBERS = ["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]
seeds = st.integers(0, 2**31)


def _data(seed: int, n: int = 60, clusters: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    cluster = rng.permutation(np.arange(n) % clusters)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "y": 5 + x + rng.normal(size=clusters)[cluster] + rng.normal(size=n),
            "x": x,
            "arm": np.where(cluster % 2 == 0, "a", "b"),
            "cluster": cluster,
            "w": rng.uniform(0.2, 4, n),
        }
    )


@settings(max_examples=15, deadline=None)
@given(seeds, st.sampled_from(VARIANCES), st.booleans())
def test_order_and_names_change_nothing(
    seed: int, variance: LinearVariance, weighted: bool
) -> None:
    data = _data(seed)
    weights = "w" if weighted else None
    before = fit_linear(FORMULA, data, cluster="cluster", weights=weights).coefficients(variance)
    shuffled = data.sample(frac=1, random_state=seed % 1000)
    shuffled["cluster"] = "c" + ((shuffled["cluster"] * 7 + 3) % 11).astype(str)
    after = fit_linear(FORMULA, shuffled, cluster="cluster", weights=weights).coefficients(variance)
    np.testing.assert_allclose(after[NUMBERS], before[NUMBERS], rtol=1e-9, atol=1e-10)


@settings(max_examples=15, deadline=None)
@given(seeds, st.sampled_from(VARIANCES), st.floats(-1e4, 1e4), st.floats(0.01, 100))
def test_shift_and_scale(seed: int, variance: LinearVariance, shift: float, scale: float) -> None:
    data = _data(seed)
    before = fit_linear(FORMULA, data, cluster="cluster").coefficients(variance)
    moved = fit_linear(
        FORMULA, data.assign(y=shift + scale * data["y"]), cluster="cluster"
    ).coefficients(variance)
    expected = before["estimate"] * scale + shift * (before["term"] == "(Intercept)")
    np.testing.assert_allclose(moved["estimate"], expected, rtol=1e-7, atol=1e-8 * scale)
    np.testing.assert_allclose(moved["std_error"], scale * before["std_error"], rtol=1e-6)
    np.testing.assert_allclose(moved["df"], before["df"], rtol=1e-8)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_weights_of_two_are_rows_twice(seed: int) -> None:
    data = _data(seed).assign(w=2.0)
    once = fit_linear(FORMULA, data, cluster="cluster", weights="w")
    twice = fit_linear(FORMULA, pd.concat([data, data]), cluster="cluster")
    np.testing.assert_allclose(once.beta, twice.beta, rtol=1e-9)
    np.testing.assert_allclose(
        once.coefficients("cr0")["std_error"], twice.coefficients("cr0")["std_error"], rtol=1e-9
    )


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_equal_weights_are_no_weights(seed: int) -> None:
    # The weighted CR2 takes another path (rank 2p); with equal weights both must meet.
    data = _data(seed).assign(w=3.0)
    plain = fit_linear(FORMULA, data, cluster="cluster").coefficients("cr2")
    weighted = fit_linear(FORMULA, data, cluster="cluster", weights="w").coefficients("cr2")
    np.testing.assert_allclose(weighted[NUMBERS], plain[NUMBERS], rtol=1e-7, atol=1e-8)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_a_cluster_for_each_row_is_hc2(seed: int) -> None:
    data = _data(seed).assign(row=range(60))
    fit = fit_linear(FORMULA, data, cluster="row")
    np.testing.assert_allclose(
        fit.coefficients("cr2")["std_error"], fit.coefficients("hc2")["std_error"], rtol=1e-9
    )


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_means_and_differences_agree(seed: int) -> None:
    data = _data(seed)
    for average in ("grid", "observed"):
        fit = fit_linear(FORMULA, data, cluster="cluster")
        means = fit.means(["arm"], average=average, variance="cr2")
        difference = fit.differences("arm", average=average, variance="cr2")
        assert difference["estimate"][0] == pytest.approx(np.diff(means["estimate"])[0], abs=1e-9)
    within = fit.differences("arm", by=["x"], at={"x": [0, 1]})
    slopes = dict(zip(fit.design.names, fit.beta, strict=True))
    np.testing.assert_allclose(
        within["estimate"], [slopes["armb"], slopes["armb"] + slopes["armb:x"]], atol=1e-9
    )


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_balanced_clusters_give_the_t_test_of_their_means(seed: int) -> None:
    # 8 clusters of equal size, exposure by cluster: CR2 and cluster means are the same t test.
    data = _data(seed, n=64)
    means = fit_cluster_means("y ~ arm", data, cluster="cluster").fit.coefficients()
    cr2 = fit_linear("y ~ arm", data, cluster="cluster").coefficients("cr2")
    assert means["df"].tolist() == [6, 6]
    np.testing.assert_allclose(cr2[NUMBERS].iloc[1], means[NUMBERS].iloc[1], rtol=1e-7)


def test_cluster_means_adjusted_by_hand() -> None:
    data = _data(1)
    result = fit_cluster_means("y ~ arm", data, cluster="cluster", adjust="x")
    slope, level = np.polyfit(data["x"], data["y"], 1)
    adjusted = data["y"] - level - slope * data["x"] + data["y"].mean()
    expected = adjusted.groupby(data["cluster"]).mean()
    got = result.means.set_index("cluster")["cluster_mean"].sort_index()
    np.testing.assert_allclose(got, expected, rtol=1e-10)
    assert result.means["cluster_n"].sum() == 60


BAD = {
    "rank": ("y ~ x + z", {"z": lambda d: 2 * d["x"] + 1}, "rank-deficient: z follow"),
    "constant": ("y ~ x + z", {"z": "b"}, "z has only one level"),
    "infinite": ("y ~ x", {"x": lambda d: d["x"].where(d["x"] < 1, np.inf)}, "Infinite"),
    "infinite outcome": ("y ~ x", {"y": lambda d: d["y"].where(d["x"] < 1, np.inf)}, "infinite"),
    "missing outcome": ("y ~ x", {"y": np.nan}, "missing in every row"),
    "nothing complete": ("y ~ z", {"z": np.nan}, "No row is complete"),
    "too many terms": ("y ~ C(z)", {"z": range(60)}, "60 coefficients and 60 complete"),
    "no outcome": ("x + arm", {}, "no outcome"),
    "nonsense": ("y ~ x +* arm", {}, "cannot be read"),
    "no column": ("y ~ nowhere", {}, "no column nowhere"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_by_name(case: str) -> None:
    formula, columns, message = BAD[case]
    with pytest.raises(EstimationError, match=message) as error:
        fit_linear(formula, _data(3).assign(**columns))
    assert error.value.remedy


def test_bad_requests_are_refused() -> None:
    data = _data(3)
    fit = fit_linear(FORMULA, data)
    with pytest.raises(EstimationError, match="needs clusters"):
        fit.coefficients("cr2")
    with pytest.raises(EstimationError, match="Unknown variance"):
        fit.coefficients("HC7")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="1 cluster"):
        fit_linear("y ~ x", data.assign(cluster=1), cluster="cluster").coefficients("cr2")
    with pytest.raises(EstimationError, match="Weight w is zero"):
        fit_linear("y ~ x", data.assign(w=0), weights="w")
    with pytest.raises(EstimationError, match="no coefficient 'armc'"):
        fit.contrast({"armc": 1})
    with pytest.raises(EstimationError, match="needs 4 numbers"):
        fit.contrast([1, 0])
    with pytest.raises(EstimationError, match="not seen"):
        fit.means(["arm"], at={"arm": ["a", "z"]})
    with pytest.raises(EstimationError, match="Give the values"):
        fit.means(["x"])
    with pytest.raises(EstimationError, match="vary within a cluster"):
        fit_cluster_means("y ~ x", data, cluster="cluster")
    with pytest.raises(EstimationError, match="2 cluster"):
        fit_cluster_means("y ~ arm", data[data["cluster"] < 2], cluster="cluster")


def test_missing_rows_are_left_out_and_counted() -> None:
    data = _data(5)
    holes = data.assign(x=data["x"].where(data.index >= 7))
    fit = fit_linear(FORMULA, holes, cluster="cluster")
    assert fit.n == 53
    assert fit.notes == ("7 row(s) left out: a value in the model is missing.",)
    np.testing.assert_allclose(fit.beta, fit_linear(FORMULA, data.iloc[7:]).beta, rtol=1e-10)


def test_covariates_far_from_zero_lose_no_digits() -> None:
    data = _data(8)
    near = fit_linear("y ~ arm + x", data, cluster="cluster").coefficients("cr2")
    far = fit_linear("y ~ arm + x", data.assign(x=data["x"] + 1e6), cluster="cluster")
    table = far.coefficients("cr2")
    np.testing.assert_allclose(table[NUMBERS].iloc[1:], near[NUMBERS].iloc[1:], rtol=1e-6)


def test_functions_in_formulas_find_their_columns() -> None:
    # A curve through a function that keeps state: missing values, predictions, names as R's.
    data = _data(13)
    holes = data.assign(x=data["x"].where(data.index >= 5))
    fit = fit_linear("y ~ poly(x, 2) + C(cluster)", holes)
    assert fit.n == 55 and fit.design.covariates == ("cluster", "x")
    assert fit.design.names[:4] == ("(Intercept)", "poly(x, 2)1", "poly(x, 2)2", "C(cluster)1")
    x = holes["x"].dropna()
    raw = fit_linear("y ~ x + I(x**2) + C(cluster)", holes)
    np.testing.assert_allclose(
        fit.means(["x"], at={"x": [0, x.mean()]})["estimate"],
        raw.means(["x"], at={"x": [0, x.mean()]})["estimate"],
        rtol=1e-9,
    )
    with pytest.raises(EstimationError, match="levels that the fit has not seen"):
        fit.means(["cluster"], at={"cluster": [99]})


def test_kinds_of_columns() -> None:
    data = _data(14)
    plain = fit_linear(FORMULA, data)
    kinds = data.assign(
        x=data["x"].astype("Float64"),
        arm=pd.Categorical(data["arm"], categories=["a", "never", "b"]),
        y=data["y"].astype("float32").astype(float),
    )
    np.testing.assert_allclose(fit_linear(FORMULA, kinds).beta, plain.beta, rtol=1e-4)
    flags = fit_linear("y ~ flag", data.assign(flag=data["arm"] == "b"))
    assert flags.beta[1] == pytest.approx(fit_linear("y ~ arm", data).beta[1])
    with pytest.raises(EstimationError, match="holds dates"):
        fit_linear("y ~ day", data.assign(day=pd.Timestamp("2024-01-01")))
    with pytest.raises(EstimationError, match="cannot be evaluated"):
        fit_linear("y ~ log(arm)", data)
