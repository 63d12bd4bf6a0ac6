"""The likelihood on sums is the likelihood of the rows, one subject after the other.

The reference here is written from the definition: a loop over subjects, design matrices made by
formulaic for the whole frame, and derivatives by differences.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from formulaic import Formula

from outcomes.stats.mmrm import MmrmStatistics, fit_mmrm
from outcomes.stats.mmrm.covariances import STRUCTURES, SpatialExponential, find_structure
from outcomes.stats.mmrm.likelihood import Likelihood, Point

LOG_2PI = np.log(2 * np.pi)
GRID = [name for name in STRUCTURES if name != "spatial-exponential"]


def make_data(seed: int, n: int = 30, visits: int = 4, missing: float = 0.25) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(n), visits)
    week = np.tile(np.array([0, 2, 4, 8, 12, 26])[:visits], n)
    arm = rng.integers(0, 3, n)[subject]
    base = rng.normal(6, 2, n)[subject]
    effort = rng.normal(size=n * visits)
    level = rng.normal(size=n)[subject]
    y = 20 + 0.5 * base - 0.05 * arm * week + 0.7 * effort + level + rng.normal(size=n * visits)
    data = pd.DataFrame(
        {
            "person": subject,
            "week": week,
            "arm": np.array(["none", "low", "high"])[arm],
            "base": base,
            "effort": effort,
            "site": rng.integers(1, 4, n)[subject],
            "w": rng.uniform(0.5, 2, n)[subject],
            "day": week * 7 + rng.integers(-3, 4, n * visits) + np.tile(np.arange(visits), n) * 7,
            "y": np.where(rng.random(n * visits) < missing, np.nan, y),
        }
    )
    data["arm"] = pd.Categorical(data["arm"], categories=["none", "low", "high"])
    return data


def naive_deviance(
    data: pd.DataFrame, formula: str, sigma, reml: bool = True, weight: str | None = None
) -> tuple[float, np.ndarray, np.ndarray]:
    """-2 log L, coefficients and their covariance; `sigma` gives the covariance of some rows."""
    used = data.dropna(subset=["y"])
    coded = used.assign(week=pd.Categorical(used["week"].astype(str), list(map(str, WEEKS))))
    coded["week"] = coded["week"].cat.remove_unused_categories()
    X = np.asarray(Formula(formula.split("~")[1]).get_model_matrix(coded), dtype=float)
    y = used["y"].to_numpy()
    XX, Xy, yy, log_det = 0.0, 0.0, 0.0, 0.0
    for person in used["person"].unique():
        mine = (used["person"] == person).to_numpy()
        V = sigma(used[mine])
        if weight:
            V = V / used[weight][mine].iloc[0]
        inverse = np.linalg.inv(V)
        XX = XX + X[mine].T @ inverse @ X[mine]
        Xy = Xy + X[mine].T @ inverse @ y[mine]
        yy = yy + y[mine] @ inverse @ y[mine]
        log_det += np.linalg.slogdet(V)[1]
    beta = np.linalg.solve(XX, Xy)
    n, p = X.shape
    deviance = log_det + yy - Xy @ beta
    deviance += np.linalg.slogdet(XX)[1] + (n - p) * LOG_2PI if reml else n * LOG_2PI
    return deviance, beta, np.linalg.inv(XX)


WEEKS = [0, 2, 4, 8, 12, 26]


def on_grid(full: np.ndarray, visits: int = 4):
    return lambda rows: full[np.ix_(*[[WEEKS[:visits].index(w) for w in rows["week"]]] * 2)]


FORMULAS = [
    "y ~ 1",
    "y ~ week",
    "y ~ arm * week + base",
    "y ~ arm * week + base * week",
    "y ~ 0 + week + arm:week",
    "y ~ 0 + arm:week + base",
    "y ~ week + week:base",
    "y ~ week / base",
    "y ~ arm + effort * week",
    "y ~ arm * effort + C(site) + np.log(base + 30)",
    "y ~ C(site):week + effort:base",
    "y ~ C(week, contr.sum) * arm",
    "y ~ bs(effort, df=4) + center(base) + week",
]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("reml", [True, False])
def test_sums_give_the_likelihood_of_the_rows(formula: str, reml: bool) -> None:
    data = make_data(1)
    model = fit_mmrm(formula, data, subject="person", visit="week", reml=reml)
    likelihood = model.fitted.likelihood
    rng = np.random.default_rng(2)
    for _ in range(3):
        theta = rng.normal(scale=0.4, size=likelihood.n_parameters)
        point = likelihood.at(theta)
        full = likelihood.data.structure.covariance(theta, 4)
        deviance, beta, phi = naive_deviance(data, formula, on_grid(full), reml)
        assert point.deviance == pytest.approx(deviance, rel=1e-10)
        transform, shift = model.fitted.transform, model.fitted.shift
        # Formulaic orders columns as we do.
        np.testing.assert_allclose(transform @ point.beta + shift, beta, rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(transform @ point.phi @ transform.T, phi, rtol=1e-6, atol=1e-9)


def test_weights_divide_the_covariance() -> None:
    data, formula = make_data(3), "y ~ arm * week"
    model = fit_mmrm(formula, data, subject="person", visit="week", weights="w")
    full = model.covariance.to_numpy()
    deviance, beta, _ = naive_deviance(data, formula, on_grid(full), weight="w")
    assert -2 * model.log_likelihood == pytest.approx(deviance, rel=1e-10)
    np.testing.assert_allclose(model.coefficients()["estimate"], beta, rtol=1e-8)


def test_equal_weights_only_rescale_the_covariance() -> None:
    data = make_data(4)
    plain = fit_mmrm("y ~ arm * week", data, subject="person", visit="week")
    heavy = fit_mmrm(
        "y ~ arm * week", data.assign(w=4.0), subject="person", visit="week", weights="w"
    )
    np.testing.assert_allclose(heavy.covariance, 4 * plain.covariance, rtol=1e-8)
    pd.testing.assert_frame_equal(heavy.coefficients(), plain.coefficients(), rtol=1e-8)


def test_spatial_covariance_uses_the_dates() -> None:
    data = make_data(5)
    data["when"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(data["day"], unit="D")
    for visit in ("day", "when"):
        model = fit_mmrm(
            "y ~ arm + base", data, subject="person", visit=visit, covariance="spatial-exponential"
        )
        log_sd, logit = model.fitted.optimum.point.theta
        rho = 1 / (1 + np.exp(-logit))

        def sigma(rows: pd.DataFrame, sd: float = np.exp(log_sd), rho: float = rho) -> np.ndarray:
            gap = np.abs(np.subtract.outer(rows["day"].to_numpy(), rows["day"].to_numpy()))
            return sd**2 * rho**gap

        deviance, beta, _ = naive_deviance(data, "y ~ arm + base", sigma)
        assert -2 * model.log_likelihood == pytest.approx(deviance, rel=1e-10)
        np.testing.assert_allclose(model.coefficients()["estimate"], beta, rtol=1e-7)
        for step in ([1e-3, 0], [-1e-3, 0], [0, 1e-2], [0, -1e-2]):
            near = model.fitted.likelihood.at(np.array([log_sd, logit]) + step)
            assert near.deviance > -2 * model.log_likelihood


def test_spatial_covariance_at_equal_steps_is_ar1() -> None:
    data = make_data(6)
    data["step"] = data["week"].map({w: i for i, w in enumerate(WEEKS)})
    grid = fit_mmrm("y ~ arm", data, subject="person", visit="step", covariance="ar1")
    free = fit_mmrm("y ~ arm", data, subject="person", visit="step", covariance="sp_exp")
    assert free.log_likelihood == pytest.approx(grid.log_likelihood, rel=1e-10)
    pd.testing.assert_frame_equal(free.coefficients(), grid.coefficients(), rtol=1e-6)
    for kind in ("empirical", "bias-reduced", "jackknife"):
        pd.testing.assert_frame_equal(
            free.coefficients(vcov=kind), grid.coefficients(vcov=kind), rtol=1e-6
        )


@pytest.mark.parametrize("name", list(STRUCTURES))
def test_derivatives_of_each_structure(name: str) -> None:
    structure = STRUCTURES[name]
    rng = np.random.default_rng(7)
    visits = 5
    times = rng.uniform(0, 10, visits)
    where = np.abs(np.subtract.outer(times, times))
    at = where if isinstance(structure, SpatialExponential) else visits
    theta = rng.normal(scale=0.5, size=structure.n_parameters(visits))
    sigma, first = structure.derivatives(theta, at)
    second = structure.second_derivatives(theta, at)
    np.testing.assert_allclose(sigma, structure.covariance(theta, at), rtol=1e-14)
    np.linalg.cholesky(sigma)
    for h in range(len(theta)):
        step = np.zeros(len(theta))
        step[h] = 1e-5
        up, down = structure.derivatives(theta + step, at), structure.derivatives(theta - step, at)
        np.testing.assert_allclose(first[h], (up[0] - down[0]) / 2e-5, atol=1e-8)
        np.testing.assert_allclose(second[h], (up[1] - down[1]) / 2e-5, atol=1e-8)


def gradient(likelihood: Likelihood, theta: np.ndarray) -> np.ndarray:
    return likelihood.slopes(likelihood.at(theta))[0]


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(("name", "group"), [*((n, None) for n in STRUCTURES), ("ar1", "arm")])
def test_gradient_and_hessian(name: str, group: str | None, reml: bool) -> None:
    data = make_data(8, n=60)
    visit = "day" if name == "spatial-exponential" else "week"
    model = fit_mmrm(
        "y ~ arm + base + effort",
        data,
        subject="person",
        visit=visit,
        covariance=name,
        reml=reml,
        group=group,
        weights="w",
    )
    likelihood = model.fitted.likelihood
    theta = model.fitted.optimum.point.theta + 0.1
    point = likelihood.at(theta)
    hessian = likelihood.hessian(point, likelihood.derivative_products(point))
    for h in range(len(theta)):
        step = np.zeros(len(theta))
        step[h] = 1e-5
        slope = (likelihood.at(theta + step).deviance - likelihood.at(theta - step).deviance) / 2e-5
        assert gradient(likelihood, theta)[h] == pytest.approx(slope, rel=1e-5, abs=1e-5)
        bend = (gradient(likelihood, theta + step) - gradient(likelihood, theta - step)) / 2e-5
        np.testing.assert_allclose(hessian[h], bend, rtol=1e-5, atol=1e-4)


def test_moving_agrees_with_adding_to_first_order() -> None:
    structure = find_structure("unstructured")
    rng = np.random.default_rng(9)
    theta, change = rng.normal(size=(2, 10)) * 0.4
    for size in (1e-3, 1e-4):
        moved = structure.move(theta, size * change, 4)
        assert np.abs(moved - theta - size * change).max() < 3 * size**2


def test_groups_are_separate_models_where_the_design_is_separate() -> None:
    data = make_data(10, n=80)
    data["arm"] = data["arm"].replace({"low": "none"}).astype(str)
    both = fit_mmrm("y ~ 0 + arm:week", data, subject="person", visit="week", group="arm")
    total = 0.0
    for arm, part in data.groupby("arm"):
        alone = fit_mmrm("y ~ 0 + week", part, subject="person", visit="week")
        np.testing.assert_allclose(both.covariance[arm], alone.covariance, rtol=1e-7)
        total += alone.log_likelihood
    assert both.log_likelihood == pytest.approx(total, rel=1e-10)


def naive_kenward_roger(model, X: np.ndarray, blocks: list, linear: bool) -> np.ndarray:
    """Phi_A from P, Q and R formed one by one over subjects; blocks are (rows, visits)."""
    likelihood = model.fitted.likelihood
    structure, theta = likelihood.data.structure, model.fitted.optimum.point.theta
    T, k = likelihood.data.n_visits, len(theta)
    sigma, first = structure.derivatives(theta, T)
    second = structure.second_derivatives(theta, T)
    p = X.shape[1]
    phi, W = model.fitted.phi, model.fitted.theta_covariance
    P, Q, R = np.zeros((k, p, p)), np.zeros((k, k, p, p)), np.zeros((k, k, p, p))
    for rows, visits in blocks:
        x, at = X[rows], np.ix_(visits, visits)
        A = np.linalg.inv(sigma[at])
        for h in range(k):
            P[h] -= x.T @ A @ first[h][at] @ A @ x
            for j in range(k):
                Q[h, j] += x.T @ A @ first[h][at] @ A @ first[j][at] @ A @ x
                R[h, j] += x.T @ A @ second[h, j][at] @ A @ x
    inside = np.zeros((p, p))
    for h in range(k):
        for j in range(k):
            bend = 0.0 if linear else R[h, j] / 4
            inside += W[h, j] * (Q[h, j] - P[h] @ phi @ P[j] - bend)
    return phi + 2 * phi @ inside @ phi


@pytest.mark.parametrize("name", GRID)
@pytest.mark.parametrize("df", ["kenward-roger", "kenward-roger-linear"])
def test_kenward_roger_against_its_definition(name: str, df: str) -> None:
    data = make_data(11, n=25)
    model = fit_mmrm("y ~ arm * week", data, subject="person", visit="week", covariance=name)
    rows = model.rows
    blocks = [
        (np.flatnonzero(rows.subject == i), rows.visit[rows.subject == i])
        for i in np.unique(rows.subject)
    ]
    expected = naive_kenward_roger(model, rows.matrix, blocks, df.endswith("linear"))
    np.testing.assert_allclose(
        model.coefficients(df=df)["std_error"], np.sqrt(np.diag(expected)), rtol=1e-9
    )


def test_kenward_roger_with_groups_against_its_definition() -> None:
    # Two groups with designs of their own: the adjustment of each is that of a model alone.
    data = make_data(12, n=60)
    data["arm"] = data["arm"].replace({"low": "none"}).astype(str)
    both = fit_mmrm("y ~ 0 + arm:week", data, subject="person", visit="week", group="arm")
    ours = both.coefficients(df="kenward-roger").set_index("term")
    for arm, part in data.groupby("arm"):
        alone = fit_mmrm("y ~ 0 + week", part, subject="person", visit="week")
        theirs = alone.coefficients(df="kenward-roger")
        mine = ours.loc[[f"arm{arm}:{term}" for term in theirs["term"]]]
        np.testing.assert_allclose(mine["std_error"], theirs["std_error"], rtol=1e-7)
        np.testing.assert_allclose(mine["df"], theirs["df"], rtol=1e-6)


def naive_sandwich(model, power: float, c: np.ndarray) -> tuple[float, float]:
    """Variance of c'b and its degrees of freedom with the n by n matrix G."""
    rows, phi = model.rows, model.fitted.phi
    sigma = model.covariance.to_numpy()
    N = len(rows.y)
    L = np.zeros((N, N))
    for i in np.unique(rows.subject):
        mine = np.flatnonzero(rows.subject == i)
        at = rows.visit[mine]
        L[np.ix_(mine, mine)] = np.linalg.cholesky(np.linalg.inv(sigma[np.ix_(at, at)])).T
    X, e = L @ rows.matrix, L @ (rows.y - rows.matrix @ model.fitted.beta)
    H = X @ phi @ X.T
    g, meat = [], np.zeros(phi.shape)
    for i in np.unique(rows.subject):
        mine = np.flatnonzero(rows.subject == i)
        values, vectors = np.linalg.eigh(np.eye(len(mine)) - H[np.ix_(mine, mine)])
        B = vectors @ np.diag(values**-power) @ vectors.T
        z = X[mine].T @ B @ e[mine]
        meat += np.outer(z, z)
        g.append((np.eye(N) - H)[:, mine] @ B @ X[mine] @ phi @ c)
    G = np.array(g) @ np.array(g).T
    return c @ phi @ meat @ phi @ c, np.trace(G) ** 2 / np.sum(G**2)


@pytest.mark.parametrize(
    ("kind", "power"), [("empirical", 0.0), ("bias-reduced", 0.5), ("jackknife", 1.0)]
)
def test_sandwich_against_its_definition(kind: str, power: float) -> None:
    data = make_data(13, n=20)
    model = fit_mmrm("y ~ arm + base", data, subject="person", visit="week", covariance="csh")
    ours = model.coefficients(vcov=kind)
    for j in range(len(ours)):
        variance, df = naive_sandwich(model, power, np.eye(len(ours))[j])
        assert ours["std_error"][j] == pytest.approx(np.sqrt(variance), rel=1e-8)
        assert ours["df"][j] == pytest.approx(df, rel=1e-8)


def complete(seed: int, n: int = 24, visits: int = 3) -> pd.DataFrame:
    return make_data(seed, n, visits, missing=0.0)


def test_complete_data_have_the_textbook_answer() -> None:
    # Without missing values, an unstructured model with a mean per group and visit is multivariate
    # analysis of variance: means, pooled covariance and n - groups degrees of freedom are exact.
    data = complete(14)
    model = fit_mmrm("y ~ 0 + arm:week", data, subject="person", visit="week")
    wide = data.pivot(index="person", columns="week", values="y")
    arm = data.groupby("person", observed=True)["arm"].first()
    centred = wide - wide.groupby(arm, observed=True).transform("mean")
    pooled = centred.T @ centred / (len(wide) - 3)
    np.testing.assert_allclose(model.covariance, pooled, rtol=1e-8)
    for df in ("satterthwaite", "kenward-roger", "kenward-roger-linear"):
        ours = model.differences("arm", by=["week"], df=df)
        np.testing.assert_allclose(ours["df"], len(wide) - 3, rtol=1e-7)
    linear = model.coefficients(df="kenward-roger-linear")
    np.testing.assert_allclose(linear["std_error"], model.coefficients()["std_error"], rtol=1e-7)
    n = arm.value_counts()
    first = model.differences("arm", by=["week"]).iloc[0]
    expected = np.sqrt(pooled.iloc[0, 0] * (1 / n["none"] + 1 / n["low"]))
    assert first["std_error"] == pytest.approx(expected, rel=1e-8)


def test_two_visits_are_a_paired_t_test() -> None:
    from scipy import stats

    data = complete(15, n=12, visits=2)
    model = fit_mmrm("y ~ week", data, subject="person", visit="week")
    wide = data.pivot(index="person", columns="week", values="y")
    expected = stats.ttest_rel(wide[2], wide[0])
    ours = model.differences("week").iloc[0]
    assert ours["t"] == pytest.approx(expected.statistic, rel=1e-8)
    assert ours["df"] == pytest.approx(expected.df, rel=1e-6)
    assert ours["p_value"] == pytest.approx(expected.pvalue, rel=1e-6)


def test_compound_symmetry_is_repeated_measures_anova() -> None:
    data = complete(16, n=15, visits=4)
    model = fit_mmrm("y ~ week", data, subject="person", visit="week", covariance="cs")
    wide = data.pivot(index="person", columns="week", values="y")
    n, k = wide.shape
    grand = wide.to_numpy().mean()
    visit = n * ((wide.mean() - grand) ** 2).sum()
    person = k * ((wide.mean(axis=1) - grand) ** 2).sum()
    error = ((wide - grand) ** 2).to_numpy().sum() - visit - person
    expected = (visit / (k - 1)) / (error / ((n - 1) * (k - 1)))
    for df in ("satterthwaite", "kenward-roger-linear"):
        ours = model.test("week", df=df).iloc[0]
        assert ours["f"] == pytest.approx(expected, rel=1e-7)
        assert ours["den_df"] == pytest.approx((n - 1) * (k - 1), rel=1e-5)


def test_monotone_missing_pattern_has_a_closed_form() -> None:
    # Two visits, the second missing for some: the mean at visit 2 is the regression estimate of
    # Anderson (1957), and under maximum likelihood the variances follow in closed form.
    rng = np.random.default_rng(17)
    y1 = rng.normal(5, 2, 40)
    y2 = 1 + 0.6 * y1 + rng.normal(size=40)
    y2[25:] = np.nan
    data = pd.DataFrame(
        {"person": np.tile(np.arange(40), 2), "week": np.repeat([0, 4], 40), "y": np.r_[y1, y2]}
    )
    model = fit_mmrm("y ~ 0 + week", data, subject="person", visit="week", reml=False)
    seen = ~np.isnan(y2)
    slope = np.cov(y1[seen], y2[seen], bias=True)[0, 1] / np.var(y1[seen])
    mean2 = y2[seen].mean() + slope * (y1.mean() - y1[seen].mean())
    np.testing.assert_allclose(model.coefficients()["estimate"], [y1.mean(), mean2], rtol=1e-8)
    left = np.var(y2[seen]) - slope**2 * np.var(y1[seen])
    expected = [
        [np.var(y1), slope * np.var(y1)],
        [slope * np.var(y1), left + slope**2 * np.var(y1)],
    ]
    np.testing.assert_allclose(model.covariance, expected, rtol=1e-7)


def test_point_is_what_statistics_report() -> None:
    data = make_data(18)
    model = fit_mmrm("y ~ arm", data, subject="person", visit="week")
    point: Point = model.fitted.optimum.point
    statistics = MmrmStatistics.from_frame("y ~ arm", data, subject="person", visit="week")
    moments = statistics.moments(find_structure("unstructured"))
    other = Likelihood(moments, 1, statistics.description.n_rows, 0.0, True).at(point.theta)
    assert other.deviance == pytest.approx(point.deviance, rel=1e-12)
