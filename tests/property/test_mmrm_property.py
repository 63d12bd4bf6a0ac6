"""What must hold of mixed models for repeated measures on any data."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcomes.errors import EstimationError
from outcomes.stats.mmrm import MmrmResult, MmrmStatistics, fit_mmrm

NUMBERS = ["estimate", "std_error", "df", "t", "p_value", "conf_low", "conf_high"]
FORMULA = "y ~ arm * week + base"
LEVELS = {"arm": ["a", "b"], "week": [0, 2, 4, 8]}
quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**31)
structures = st.sampled_from(["us", "cs", "csh", "ar1", "ar1h", "toep", "ad", "adh"])
methods = st.sampled_from(
    [
        {"df": "satterthwaite"},
        {"df": "kenward-roger"},
        {"df": "kenward-roger-linear"},
        {"df": "between-within"},
        {"vcov": "empirical"},
        {"vcov": "bias-reduced"},
    ]
)


def make(seed: int, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    T = 4
    person = np.repeat(np.arange(n), T)
    # Both arms in every half of the subjects, so that halves can be fitted on their own.
    arm = np.where(person % 2 == 0, "a", "b")
    noise = rng.normal(size=n)[person] + rng.normal(size=n * T) * np.tile([0.7, 1, 1.2, 1.5], n)
    data = pd.DataFrame(
        {
            "person": person,
            "week": np.tile([0, 2, 4, 8], n),
            "arm": pd.Categorical(arm, ["a", "b"]),
            "base": rng.normal(5, 2, n)[person],
            "w": rng.uniform(0.5, 2, n)[person],
            "y": 6 + noise,
        }
    )
    keep = rng.random(len(data)) > 0.2
    # Every pair of visits is seen in someone.
    keep[: 8 * T] = True
    return data[keep].reset_index(drop=True)


def fit(data: pd.DataFrame, covariance: str = "us", **choices: object) -> MmrmResult:
    return fit_mmrm(FORMULA, data, subject="person", visit="week", covariance=covariance, **choices)


def assert_same(left: pd.DataFrame, right: pd.DataFrame, tolerance: float = 1e-10) -> None:
    """Equal within the tolerance, relative to the standard error for what is measured in it."""
    scale = right["std_error"].to_numpy()
    for name in NUMBERS:
        size = scale if name in ("estimate", "conf_low", "conf_high") else np.abs(right[name])
        if name == "p_value":
            size = size * 100.0  # far in the tail p changes many times faster than t
        np.testing.assert_array_less(np.abs(left[name] - right[name]), tolerance * size + 1e-300)


@quick
@given(seeds, structures, methods)
def test_names_of_subjects_and_order_of_rows_change_nothing(
    seed: int, covariance: str, method: dict
) -> None:
    data = make(seed)
    rng = np.random.default_rng(seed)
    before = fit(data, covariance)
    names = rng.permutation(10_000)[:40].astype(str)
    shuffled = data.assign(person=names[data["person"]]).sample(frac=1, random_state=seed % 2**31)
    after = fit(shuffled, covariance)
    assert after.converged == before.converged
    if before.converged:
        assert_same(after.coefficients(**method), before.coefficients(**method))
        assert after.log_likelihood == pytest.approx(before.log_likelihood, rel=1e-12)
        residuals = after.residuals.sort_index()
        np.testing.assert_allclose(residuals, before.residuals.sort_index(), atol=1e-10)


@quick
@given(seeds, structures, methods, st.floats(-1e4, 1e4))
def test_a_constant_moves_the_intercept_alone(
    seed: int, covariance: str, method: dict, constant: float
) -> None:
    data = make(seed)
    before = fit(data, covariance)
    after = fit(data.assign(y=data["y"] + constant), covariance)
    if not before.converged:
        return
    left, right = after.coefficients(**method), before.coefficients(**method)
    intercept = right["term"] == "(Intercept)"
    assert left.loc[intercept, "estimate"].iloc[0] == pytest.approx(
        right.loc[intercept, "estimate"].iloc[0] + constant, abs=1e-8
    )
    assert_same(left[~intercept], right[~intercept], 1e-7)
    np.testing.assert_allclose(left["std_error"], right["std_error"], rtol=1e-8)
    means = after.lsmeans(["arm", "week"], **method)["estimate"]
    np.testing.assert_allclose(
        means, before.lsmeans(["arm", "week"], **method)["estimate"] + constant, atol=1e-7
    )


@quick
@given(seeds, structures, methods, st.floats(1e-3, 1e3), st.booleans())
def test_a_unit_scales_estimates_and_nothing_else(
    seed: int, covariance: str, method: dict, factor: float, flip: bool
) -> None:
    data = make(seed)
    factor = -factor if flip else factor
    before = fit(data, covariance)
    after = fit(data.assign(y=data["y"] * factor), covariance)
    if not before.converged:
        return
    assert after.converged
    left, right = after.coefficients(**method), before.coefficients(**method)
    size = right["std_error"] * abs(factor)
    assert (np.abs(left["estimate"] - factor * right["estimate"]) < 1e-7 * size).all()
    np.testing.assert_allclose(left["std_error"], size, rtol=1e-7)
    np.testing.assert_allclose(left["df"], right["df"], rtol=1e-6)
    np.testing.assert_allclose(left["p_value"], right["p_value"], rtol=1e-5)
    np.testing.assert_allclose(
        after.covariance, before.covariance * factor**2, rtol=1e-6, atol=1e-8 * factor**2
    )


@quick
@given(seeds, st.floats(-1e5, 1e5), st.floats(0.01, 100))
def test_units_of_a_covariate_change_its_coefficient_alone(
    seed: int, shift: float, factor: float
) -> None:
    data = make(seed)
    before = fit(data)
    after = fit(data.assign(base=shift + factor * data["base"]))
    left, right = after.coefficients(), before.coefficients()
    slope, intercept = right["term"] == "base", right["term"] == "(Intercept)"
    assert left.loc[slope, "estimate"].iloc[0] * factor == pytest.approx(
        right.loc[slope, "estimate"].iloc[0], rel=1e-6
    )
    assert_same(left[~slope & ~intercept], right[~slope & ~intercept], 1e-7)
    assert_same(after.lsmeans(["arm", "week"]), before.lsmeans(["arm", "week"]), 1e-6)


@quick
@given(seeds, structures, st.sampled_from([None, "arm"]), st.sampled_from([None, "w"]))
def test_halves_add_up_to_the_whole(
    seed: int, covariance: str, group: str | None, weights: str | None
) -> None:
    data = make(seed)
    choices = {"subject": "person", "visit": "week", "group": group, "weights": weights}
    half = data["person"] < 20
    merged = MmrmStatistics.from_frame(FORMULA, data[half], **choices)
    merged = merged + MmrmStatistics.from_frame(FORMULA, data[~half], **choices)
    whole = fit(data, covariance, group=group, weights=weights)
    ours = fit_mmrm(merged, covariance=covariance)
    assert ours.converged == whole.converged
    if not whole.converged:
        return
    assert ours.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
    for df in ("satterthwaite", "kenward-roger", "between-within"):
        assert_same(ours.coefficients(df=df), whole.coefficients(df=df), 1e-8)
    assert_same(ours.lsmeans(["arm"]), whole.lsmeans(["arm"]), 1e-8)
    assert_same(
        ours.lsmeans(["week"], weights="proportional"),
        whole.lsmeans(["week"], weights="proportional"),
        1e-8,
    )


@quick
@given(seeds, structures)
def test_saved_sums_are_the_same_sums(seed: int, covariance: str) -> None:
    data = make(seed)
    sums = MmrmStatistics.from_frame(FORMULA, data, subject="person", visit="week")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sums.npz"
        sums.save(path)
        back = MmrmStatistics.load(path)
    left, right = (fit_mmrm(s, covariance=covariance) for s in (back, sums))
    pd.testing.assert_frame_equal(left.coefficients(), right.coefficients(), rtol=0, atol=0)
    pd.testing.assert_frame_equal(left.lsmeans(["week"]), right.lsmeans(["week"]), rtol=0, atol=0)


def coded(data: pd.DataFrame) -> dict[str, np.ndarray]:
    data = data.sort_values(["person", "week"])
    return {
        "y": data["y"].to_numpy(),
        "person": data["person"].to_numpy(np.int32),
        "week": np.searchsorted(LEVELS["week"], data["week"]).astype(np.int8),
        "arm": data["arm"].cat.codes.to_numpy(),
        "base": data["base"].to_numpy(),
        "w": data["w"].to_numpy(),
    }


@quick
@given(
    seeds,
    st.sampled_from([FORMULA, "y ~ 0 + arm:week", "y ~ arm * week * base", "y ~ np.sqrt(base**2)"]),
    st.sampled_from([None, "arm"]),
    st.sampled_from([None, "w"]),
)
def test_codes_give_the_sums_of_the_frame(
    seed: int, formula: str, group: str | None, weights: str | None
) -> None:
    data = make(seed)
    choices = {"subject": "person", "visit": "week", "group": group, "weights": weights}
    frame = MmrmStatistics.from_frame(formula, data, **choices)
    codes = MmrmStatistics.from_codes(formula, coded(data), levels=LEVELS, **choices)
    assert codes.features == frame.features
    np.testing.assert_allclose(codes.products, frame.products, rtol=1e-9, atol=1e-9)
    # And the two can be added, the offsets being brought into line: everybody twice has the same
    # maximum of the likelihood.
    twice = fit_mmrm(frame + codes, covariance="cs", reml=False)
    once = fit_mmrm(frame, covariance="cs", reml=False)
    np.testing.assert_allclose(
        twice.coefficients()["estimate"], once.coefficients()["estimate"], rtol=1e-6, atol=1e-7
    )


def test_a_missing_outcome_among_codes_is_left_out_and_counted() -> None:
    data = make(1)
    arrays = coded(data)
    arrays["y"] = arrays["y"].copy()
    arrays["y"][[3, 50]] = np.nan
    choices = {"subject": "person", "visit": "week"}
    codes = MmrmStatistics.from_codes(FORMULA, arrays, levels=LEVELS, **choices)
    shorter = data.sort_values(["person", "week"]).reset_index(drop=True).drop([3, 50])
    frame = MmrmStatistics.from_frame(FORMULA, shorter, **choices)
    np.testing.assert_allclose(codes.products, frame.products, rtol=1e-9, atol=1e-9)
    assert codes.description.n_missing == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"person": lambda a: a[::-1]}, "not sorted"),
        ({"week": lambda a: np.zeros_like(a)}, "not sorted"),
        ({"arm": lambda a: a + 5}, "codes from 0 to 1"),
        ({"arm": lambda a: a.astype(float)}, "codes from 0 to 1"),
        ({"base": lambda a: a[:-1]}, "differ in length"),
        ({"base": lambda a: a.astype(str)}, "no number and has no levels"),
    ],
)
def test_codes_are_checked(change: dict, problem: str) -> None:
    arrays = coded(make(2))
    arrays |= {name: how(arrays[name]) for name, how in change.items()}
    with pytest.raises(EstimationError, match=problem):
        MmrmStatistics.from_codes(FORMULA, arrays, subject="person", visit="week", levels=LEVELS)


@quick
@given(seeds)
def test_sources_where_different_things_vary_still_add_up(seed: int) -> None:
    # In one source everybody keeps their effort, in the other it changes between visits.
    data = make(seed)
    rng = np.random.default_rng(seed)
    effort = rng.normal(size=len(data))
    still = data["person"] < 20
    effort[still] = data.loc[still, "person"] / 10.0
    data = data.assign(effort=effort)
    formula = "y ~ arm * week + effort + effort:week"
    choices = {"subject": "person", "visit": "week"}
    parts = [MmrmStatistics.from_frame(formula, data[p], **choices) for p in (still, ~still)]
    assert parts[0].features != parts[1].features
    whole = fit_mmrm(formula, data, **choices)
    for merged in (parts[0] + parts[1], sum(reversed(parts))):
        assert_same(fit_mmrm(merged).coefficients(), whole.coefficients(), 1e-7)


@quick
@given(seeds, st.integers(2, 6))
def test_withheld_patterns_leave_no_trace(seed: int, k: int) -> None:
    data = make(seed, n=80)
    choices = {"subject": "person", "visit": "week"}
    sums = MmrmStatistics.from_frame(FORMULA, data, min_subjects=k, **choices)
    assert (sums.n_subjects >= k).all()
    pattern = data.groupby("person")["week"].agg(lambda w: tuple(sorted(w)))
    kept = pattern.map(pattern.value_counts()) >= k
    assert sums.n_withheld == int((~kept).sum())
    again = MmrmStatistics.from_frame(FORMULA, data[data["person"].map(kept)], **choices)
    np.testing.assert_allclose(sums.products, again.products, rtol=1e-9, atol=1e-8)
    assert sums.description.n_subjects == int(kept.sum())
    assert sums.description.sums == pytest.approx(again.description.sums)
    pd.testing.assert_frame_equal(sums.description.cells, again.description.cells)


def test_what_cannot_be_added_is_refused() -> None:
    data = make(3)
    choices = {"subject": "person", "visit": "week"}
    sums = MmrmStatistics.from_frame(FORMULA, data, **choices)
    for other, problem in [
        (MmrmStatistics.from_frame("y ~ arm + week", data, **choices), "formula"),
        (MmrmStatistics.from_frame(FORMULA, data, group="arm", **choices), "covariance groups"),
        (
            MmrmStatistics.from_frame(
                FORMULA, data.assign(arm=data["arm"].cat.rename_categories({"b": "c"})), **choices
            ),
            "levels of arm",
        ),
    ]:
        with pytest.raises(EstimationError, match=f"differ in their {problem}"):
            sums + other
    remembering = MmrmStatistics.from_frame("y ~ center(base) + week", data, **choices)
    with pytest.raises(EstimationError, match="takes numbers from the data"):
        remembering + remembering
    with pytest.raises(EstimationError, match="takes numbers from the data"):
        remembering.save(io.BytesIO())
    with pytest.raises(EstimationError, match="fewer than 100"):
        MmrmStatistics.from_frame(FORMULA, data, min_subjects=100, **choices)
    with pytest.raises(TypeError):
        sums + 1


@quick
@given(seeds, methods)
def test_estimates_hang_together(seed: int, method: dict) -> None:
    model = fit(make(seed), "csh")
    means = model.lsmeans(["arm", "week"], **method).set_index(["arm", "week"])
    # Differences are differences of means, and agree with the contrasts of coefficients.
    within = model.differences("arm", by=["week"], **method)
    np.testing.assert_allclose(
        within["estimate"],
        means.loc["b", "estimate"].loc[within["week"]].to_numpy()
        - means.loc["a", "estimate"].loc[within["week"]].to_numpy(),
        atol=1e-9,
    )
    first = model.contrast({"b - a at 0": {"armb": 1.0}}, **method)
    assert_same(first, within.iloc[:1], 1e-9)
    last = model.contrast({"b - a at 8": {"armb": 1.0, "armb:week8": 1.0}}, **method)
    if method.get("df") != "between-within":
        assert_same(last, within.iloc[-1:].reset_index(drop=True), 1e-9)
    # One degree of freedom: F is t squared with the same p.
    test = model.test(["armb"], **method).iloc[0]
    single = model.coefficients(**method).set_index("term").loc["armb"]
    assert test["f"] == pytest.approx(single["t"] ** 2, rel=1e-9)
    assert test["den_df"] == pytest.approx(single["df"], rel=1e-9)
    assert test["p_value"] == pytest.approx(single["p_value"], rel=1e-7)
    # Averages of means over visits are the means over visits.
    over = model.lsmeans(["arm"], **method).set_index("arm")["estimate"]
    np.testing.assert_allclose(
        over, means["estimate"].groupby("arm", sort=False).mean().loc[over.index], rtol=1e-9
    )
    pairs = model.differences("week", by=["arm"], reference="pairwise", **method)
    assert len(pairs) == 2 * 6
    steps = model.differences("week", by=["arm"], reference="previous", **method)
    whole = model.differences("week", by=["arm"], **method)
    for arm in "ab":
        assert steps.loc[steps["arm"] == arm, "estimate"].sum() == pytest.approx(
            whole.loc[(whole["arm"] == arm) & (whole["week"] == 8), "estimate"].iloc[0], abs=1e-9
        )
    back = model.differences("arm", by=["week"], reference="b", **method)
    np.testing.assert_allclose(back["estimate"], -within["estimate"], rtol=1e-9)


@quick
@given(seeds)
def test_levels_of_confidence_nest(seed: int) -> None:
    model = fit(make(seed), "cs")
    narrow, wide = (model.coefficients(level=level) for level in (0.8, 0.99))
    assert (wide["conf_low"] < narrow["conf_low"]).all()
    assert (wide["conf_high"] > narrow["conf_high"]).all()
    inside = (narrow["conf_low"] > 0) | (narrow["conf_high"] < 0)
    assert ((narrow["p_value"] < 0.2) == inside).all()
