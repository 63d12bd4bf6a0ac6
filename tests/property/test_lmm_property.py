"""What must hold of random-slope models on any data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import EstimationError
from outcomes.stats.linear import fit_linear
from outcomes.stats.lmm import LmmFit, fit_lmm, profile_intervals
from outcomes.stats.lmm.deviance import evaluate, profiled
from outcomes.stats.lmm.optimise import by_theta, to_psi
from outcomes.stats.lmm.statistics import subject_sums

FORMULA = "y ~ t * arm"
NUMBERS = ["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]
seeds = st.integers(0, 2**31)
structures = st.sampled_from(
    [{"slope": None}, {"slope": "t", "correlated": False}, {"slope": "t", "correlated": True}]
)


def _data(seed: int, subjects: int = 25, grid: bool = False) -> pd.DataFrame:
    """Three to six rows a subject, at irregular times unless on a grid."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(3, 7, subjects)
    subject = np.repeat(np.arange(subjects), rows)
    visit = np.concatenate([np.arange(r) for r in rows])
    t = visit.astype(float) if grid else np.round(visit + rng.uniform(-0.4, 0.4, len(visit)), 2)
    u = rng.multivariate_normal([0, 0], [[1.0, 0.1], [0.1, 0.2]], subjects)[subject]
    return pd.DataFrame(
        {
            "subject": subject,
            "t": t,
            "arm": np.where(subject % 2 == 0, "a", "b"),
            "y": 5 - 0.4 * t + u[:, 0] + u[:, 1] * t + rng.normal(size=len(t)),
        }
    )


def _fit(data: pd.DataFrame, option: dict[str, Any], **more: Any) -> LmmFit:
    return fit_lmm(FORMULA, data, subject="subject", **option, **more)


@settings(max_examples=20, deadline=None)
@given(seeds, structures, st.booleans())
def test_order_and_names_change_nothing(seed: int, option: dict[str, Any], reml: bool) -> None:
    data = _data(seed)
    before = _fit(data, option, reml=reml)
    shuffled = data.sample(frac=1, random_state=seed % 1000).assign(
        subject=lambda d: "s" + ((d["subject"] * 7 + 3) % 29).astype(str)
    )
    after = _fit(shuffled, option, reml=reml)
    assert after.log_likelihood == pytest.approx(before.log_likelihood, abs=1e-9)
    np.testing.assert_allclose(
        after.coefficients()[NUMBERS], before.coefficients()[NUMBERS], rtol=1e-6, atol=1e-8
    )
    assert after.boundary == before.boundary


@settings(max_examples=20, deadline=None)
@given(seeds, structures, st.floats(-1e4, 1e4), st.floats(0.001, 1000))
def test_shift_and_scale_of_the_outcome(
    seed: int, option: dict[str, Any], shift: float, scale: float
) -> None:
    data = _data(seed)
    before, after = _fit(data, option), _fit(data.assign(y=shift + scale * data["y"]), option)
    is_level = np.array([name == "(Intercept)" for name in before.design.names])
    size = scale * np.abs(before.beta).max() + abs(shift)
    np.testing.assert_allclose(
        after.beta, scale * before.beta + shift * is_level, atol=1e-9 * size, rtol=1e-6
    )
    # The outcome keeps 16 digits of shift + scale·y, which bounds what the rest can keep.
    lost = 1e-7 * max(1.0, abs(shift) / scale / 1e3)
    np.testing.assert_allclose(
        after.coefficients()["std_error"], scale * before.coefficients()["std_error"], rtol=lost
    )
    np.testing.assert_allclose(
        after.coefficients()["df"], before.coefficients()["df"], rtol=100 * lost
    )
    np.testing.assert_allclose(
        after.random_covariance,
        scale**2 * before.random_covariance,
        rtol=100 * lost,
        atol=1e-8 * scale**2,
    )


@settings(max_examples=20, deadline=None)
@given(seeds, st.floats(-5000, 5000), st.sampled_from([1 / 365.25, 1 / 7, 7.0, 365.25]))
def test_origin_and_unit_of_time(seed: int, origin: float, unit: float) -> None:
    data = _data(seed)
    option = {"slope": "t", "correlated": True}
    before = _fit(data, option)
    after = _fit(data.assign(t=origin + unit * data["t"]), option)
    # The random-slope model does not depend on where time starts nor on its unit...
    log_unit = 2 * np.log(unit)  # ... but |X'X| in the restricted likelihood does: two slopes.
    assert after.deviance == pytest.approx(before.deviance + 2 * log_unit, abs=1e-5)
    slope = before.coefficients().set_index("term").loc["t"]
    moved = after.coefficients().set_index("term").loc["t"]
    assert moved["estimate"] * unit == pytest.approx(slope["estimate"], rel=1e-5, abs=1e-8)
    assert moved["std_error"] * unit == pytest.approx(slope["std_error"], rel=1e-5)
    assert moved["df"] == pytest.approx(slope["df"], rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(seeds, structures)
def test_compression_changes_nothing(seed: int, option: dict[str, Any]) -> None:
    data = _data(seed, subjects=150, grid=True)
    fit = _fit(data, option)
    sums = fit.sums.compressed()
    assert len(sums.n) < len(fit.sums.n) / 2
    whole = evaluate(fit.sums, fit.optimum.evaluation.psi)
    parts = evaluate(sums, fit.optimum.evaluation.psi)
    np.testing.assert_allclose(parts.outer, whole.outer, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(parts.weighted, whole.weighted, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(parts.e_squares, whole.e_squares, rtol=1e-10)
    assert parts.log_det == pytest.approx(whole.log_det, rel=1e-12)
    assert parts.subjects == whole.subjects == 150


@settings(max_examples=15, deadline=None)
@given(seeds, st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.booleans())
def test_derivatives(seed: int, theta: list[float], reml: bool) -> None:
    fit = _fit(_data(seed), {"slope": "t"})
    sums, _, _, _ = subject_sums(fit.design, "subject", "t", shift=True)

    def at(x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        deviance = profiled(sums.rows, evaluate(sums, to_psi(x)), reml=reml)
        return (deviance.value, *by_theta(x, deviance))

    x, step = np.asarray(theta), 1e-5
    _, gradient, hessian = at(x)
    for k in range(3):
        up, down = at(x + step * np.eye(3)[k]), at(x - step * np.eye(3)[k])
        assert gradient[k] == pytest.approx((up[0] - down[0]) / (2 * step), rel=1e-5, abs=1e-4)
        np.testing.assert_allclose(hessian[k], (up[1] - down[1]) / (2 * step), rtol=1e-5, atol=1e-3)


@settings(max_examples=10, deadline=None)
@given(seeds, structures)
def test_no_better_point_nearby(seed: int, option: dict[str, Any]) -> None:
    data = _data(seed)
    data["y"] = np.random.default_rng(seed).normal(size=len(data))  # often on the boundary
    fit = _fit(data, option)
    rng = np.random.default_rng(1)
    active = [0] if option["slope"] is None else [0, 1, 2] if option["correlated"] else [0, 2]
    best = profiled(fit.n, evaluate(fit.sums, fit.optimum.evaluation.psi), reml=True).value
    for size in (1e-3, 1e-2, 0.1, 0.5, 2.0):
        for _ in range(5):
            theta = fit.optimum.theta.copy()
            theta[active] += size * rng.normal(size=len(active))
            other = profiled(fit.n, evaluate(fit.sums, to_psi(theta)), reml=True).value
            assert other >= best - 1e-8


@settings(max_examples=10, deadline=None)
@given(seeds, structures)
def test_brute_force(seed: int, option: dict[str, Any]) -> None:
    """The deviance, coefficients and predictions from the n × n covariance."""
    data = _data(seed, subjects=10)
    fit = _fit(data, option)
    n, X = fit.n, fit.design.matrix
    Z = np.zeros((n, 0))
    z = np.ones((n, 1)) if fit.slope is None else np.column_stack([np.ones(n), data["t"]])
    Z = np.hstack([z * (data["subject"].to_numpy() == i)[:, None] for i in range(10)])
    G = np.kron(np.eye(10), fit.random_covariance)
    V = Z @ G @ Z.T + fit.sigma2 * np.eye(n)
    inverse = np.linalg.inv(V)
    information = X.T @ inverse @ X
    beta = np.linalg.solve(information, X.T @ inverse @ fit.design.response)
    residual = fit.design.response - X @ beta
    deviance = (
        np.linalg.slogdet(V)[1]
        + np.linalg.slogdet(information)[1]
        + residual @ inverse @ residual
        + (n - X.shape[1]) * np.log(2 * np.pi)
    )
    assert fit.deviance == pytest.approx(deviance, abs=1e-7)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(
        fit.uncertainty().covariance, np.linalg.inv(information), rtol=1e-7, atol=1e-10
    )
    u = (G @ Z.T @ inverse @ residual).reshape(10, -1)
    columns = ["(Intercept)"] if fit.slope is None else ["(Intercept)", "t"]
    np.testing.assert_allclose(fit.random_effects()[columns], u, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fit.residuals(), residual - Z @ u.ravel(), rtol=1e-6, atol=1e-8)
    # Henderson's mixed model equations give the errors of prediction.
    if not fit.boundary:
        C = np.block(
            [
                [X.T @ X, X.T @ Z],
                [Z.T @ X, Z.T @ Z + fit.sigma2 * np.linalg.inv(G)],
            ]
        )
        error = np.linalg.inv(C) * fit.sigma2
        rows = np.hstack([X, Z])
        predicted = fit.predict(data)
        np.testing.assert_allclose(
            predicted["std_error"] ** 2, np.einsum("ij,jk,ik->i", rows, error, rows), rtol=1e-6
        )
        np.testing.assert_allclose(
            predicted["estimate"], fit.design.response - fit.residuals(), rtol=1e-9
        )
        errors = np.sqrt(np.diag(error)[X.shape[1] :]).reshape(10, -1)
        names = [f"std_error {name}" for name in columns]
        np.testing.assert_allclose(fit.random_effects()[names], errors, rtol=1e-6)


def test_no_variance_between_subjects_is_least_squares() -> None:
    data = _data(3)
    rng = np.random.default_rng(8)
    while True:  # the first draw whose best variance between subjects is zero
        data["y"] = rng.normal(size=len(data))
        fit = fit_lmm(FORMULA, data, subject="subject")
        if fit.boundary:
            break
    assert fit.boundary == "the variance between subjects is zero"
    assert any("boundary" in note for note in fit.notes)
    assert "boundary" in fit.summary() and "boundary" in fit._repr_html_()
    plain = fit_linear(FORMULA, data).coefficients()
    np.testing.assert_allclose(
        fit.coefficients("residual")[NUMBERS], plain[NUMBERS], rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(fit.coefficients()["df"], plain["df"], rtol=1e-6)
    assert (fit.random_effects()["(Intercept)"] == 0).all()


def test_predictions_for_the_known_and_the_new() -> None:
    data = _data(4)
    fit = fit_lmm(FORMULA, data, subject="subject", slope="t")
    new = pd.DataFrame({"subject": [0, 99], "t": [2.0, 2.0], "arm": ["a", "a"]})
    own = fit.predict(new)
    mean = fit.predict(new, for_subjects=False)
    assert own["known"].tolist() == [True, False]
    assert own["estimate"][1] == mean["estimate"][1]
    assert own["std_error"][1] > own["std_error"][0] > 0
    z = np.array([1.0, 2.0])
    between = z @ fit.random_covariance @ z
    assert own["std_error"][1] ** 2 == pytest.approx(mean["std_error"][1] ** 2 + between)
    wide = fit.predict(new, new_observation=True)
    np.testing.assert_allclose(
        wide["std_error"] ** 2, own["std_error"] ** 2 + fit.sigma2, rtol=1e-10
    )
    means = fit.means(["arm", "t"], at={"t": [2.0]})
    assert means["estimate"][0] == pytest.approx(mean["estimate"][0])
    difference = fit.differences("arm", by=["t"], at={"t": [2.0]}, df="kenward-roger")
    assert difference["estimate"][0] == pytest.approx(np.diff(means["estimate"])[0])
    with pytest.raises(EstimationError, match="no column subject"):
        fit.predict(new.drop(columns="subject"))
    with pytest.raises(EstimationError, match="missing values"):
        fit.predict(new.assign(t=np.nan))
    with pytest.raises(EstimationError, match="not seen"):
        fit.predict(new.assign(arm="z"))


BAD: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "rank": ("y ~ t + z", {"z": lambda d: 3 * d["t"]}, {}, "rank-deficient: z"),
    "missing outcome": ("y ~ t", {"y": np.nan}, {}, "missing in every row"),
    "infinite outcome": ("y ~ t", {"y": np.inf}, {}, "infinite"),
    "infinite covariate": ("y ~ t + z", {"z": np.inf}, {}, "Infinite"),
    "infinite slope": ("y ~ arm", {"t": np.inf}, {"slope": "t"}, "1|infinite"),
    "one subject": ("y ~ t", {"subject": 1}, {}, "1 subject"),
    "a row each": ("y ~ t", {"subject": range(5)}, {}, "one row"),
    "constant slope": ("y ~ arm", {"t": 1.0}, {"slope": "t"}, "one value only"),
    "slope of the subject": (
        "y ~ arm",
        {"t": lambda d: d["subject"] * 1.0},
        {"slope": "t"},
        "does not vary within any subject",
    ),
    "text slope": ("y ~ arm", {"t": "x"}, {"slope": "t"}, "not numeric"),
    "too few rows": ("y ~ t", {}, {"slope": "t"}, "too few for a level and a slope"),
    "exact outcome": ("y ~ t", {"y": lambda d: 2 + d["t"]}, {}, "exactly"),
    "exact lines": ("y ~ t", {"y": lambda d: d["t"] * d["subject"]}, {"slope": "t"}, "exactly"),
    "no column": ("y ~ t", {}, {"slope": "time"}, "no column time"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused(case: str) -> None:
    formula, columns, arguments, message = BAD[case]
    data = _data(5)
    if case == "a row each":
        data = data.head(5)
    if case == "too few rows":
        data = data.groupby("subject").head(2)
    with pytest.raises(EstimationError, match=message) as error:
        fit_lmm(formula, data.assign(**columns), subject="subject", **arguments)
    assert error.value.remedy


def test_missing_rows_are_left_out_and_counted() -> None:
    data = _data(6)
    holes = data.assign(y=data["y"].where(data.index % 9 != 0))
    fit = fit_lmm(FORMULA, holes, subject="subject", slope="t")
    same = fit_lmm(FORMULA, holes.dropna(), subject="subject", slope="t")
    assert fit.notes == (
        f"{holes['y'].isna().sum()} row(s) left out: a value in the model is missing.",
    )
    np.testing.assert_allclose(fit.beta, same.beta, rtol=1e-12)


def test_unknown_df_is_refused() -> None:
    fit = fit_lmm(FORMULA, _data(7), subject="subject")
    with pytest.raises(EstimationError, match="Unknown df"):
        fit.coefficients("kr")  # type: ignore[arg-type]


@pytest.mark.parametrize("option", [{"slope": None}, {"slope": "t"}], ids=str)
def test_profile_limits_rise_by_the_quantile(option: dict[str, Any]) -> None:
    data = _data(21, subjects=40)
    fit = _fit(data, option, reml=False)
    table = profile_intervals(fit)
    fixed = table[table["kind"] == "fixed"].set_index("term")
    # A fixed effect held at its limit: the same model with that much taken off the outcome.
    for limit in ("conf_low", "conf_high"):
        held = data.assign(
            y=data["y"] - fixed.loc["t", limit] * data["t"], tb=data["t"] * (data["arm"] == "b")
        )
        rest = fit_lmm("y ~ arm + tb", held, subject="subject", reml=False, **option)
        assert rest.deviance - fit.deviance == pytest.approx(3.841459, abs=1e-4)
    sd = table[table["kind"] == "sd"]
    assert (sd["conf_low"] < sd["estimate"]).all() and (sd["estimate"] < sd["conf_high"]).all()


def test_no_profile_on_the_boundary() -> None:
    data = _data(3)
    data["y"] = data["t"] + np.random.default_rng(8).normal(size=len(data))
    fit = fit_lmm(FORMULA, data, subject="subject", slope="t", reml=False)
    assert fit.boundary
    with pytest.raises(EstimationError, match="boundary"):
        profile_intervals(fit)
