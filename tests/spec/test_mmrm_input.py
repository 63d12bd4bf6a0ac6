"""Input that no mixed model can be made of is refused with the remedy; the rest is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import EstimationError
from outcomes.stats.mmrm import MmrmStatistics, fit_mmrm
from outcomes.stats.mmrm.covariances import STRUCTURES, find_structure


def make(n: int = 20, visits: int = 3, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "person": np.repeat(np.arange(n), visits),
            "week": np.tile(np.arange(visits) * 4, n),
            "arm": np.repeat(rng.choice(["a", "b"], n), visits),
            "age": np.repeat(rng.integers(20, 70, n), visits),
            "y": rng.normal(size=n * visits) + np.repeat(rng.normal(size=n), visits),
        }
    )


def fit(data: pd.DataFrame, formula: str = "y ~ arm * week", **choices: object):
    return fit_mmrm(formula, data, subject="person", visit="week", **choices)


REFUSED = {
    "no such column": (lambda d: d, {"formula": "y ~ drug"}, "no column 'drug'"),
    "no such name in a function": (lambda d: d, {"formula": "y ~ np.log(drug)"}, "drug"),
    "no outcome": (lambda d: d, {"formula": "~ arm"}, "cannot be read"),
    "two outcomes": (lambda d: d, {"formula": "y + age ~ arm"}, "2 outcomes"),
    "no rows": (lambda d: d.iloc[:0], {}, "no rows"),
    "all missing": (lambda d: d.assign(y=np.nan), {}, "No row has y"),
    "text as outcome": (lambda d: d.assign(y="good"), {}, "no number"),
    "infinite outcome": (
        lambda d: d.assign(y=d["y"].where(d.index != 3, np.inf)),
        {},
        "1 infinite value",
    ),
    "infinite covariate": (
        lambda d: d.assign(age=d["age"].where(d.index != 3, np.inf)),
        {"formula": "y ~ age"},
        "age has infinite values",
    ),
    "undefined function": (lambda d: d, {"formula": "y ~ np.log(age - 40)"}, "Infinite or undef"),
    "outcome of a function": (lambda d: d, {"formula": "np.log(y) ~ arm"}, "is not finite"),
    "one visit": (lambda d: d[d["week"] == 0], {}, "1 level "),
    "duplicates": (lambda d: pd.concat([d, d.iloc[:2]]), {}, "2 rows repeat"),
    "rank": (
        lambda d: d.assign(same=d["age"] * 2),
        {"formula": "y ~ age + same"},
        "same can be written",
    ),
    "rank of factors": (
        lambda d: d.assign(arm2=d["arm"]),
        {"formula": "y ~ arm + arm2"},
        "arm2b can be written",
    ),
    "empty cell": (
        lambda d: d[~((d["arm"] == "b") & (d["week"] == 8))],
        {},
        "No row tells armb:week8 from zero",
    ),
    "more parameters than data": (lambda d: d[d["person"] < 3], {}, "cannot carry"),
    "pair never seen": (
        lambda d: d[np.where(d["person"] % 2 == 0, d["week"] < 8, d["week"] != 4)],
        {},
        "at both 4 and 8",
    ),
    "group of one": (
        lambda d: d.assign(clinic=np.where(d["person"] == 0, "x", "y")),
        {"formula": "y ~ week", "group": "clinic", "covariance": "ar1"},
        "group x has 1 subject",
    ),
    "group changes": (
        lambda d: d.assign(clinic=d["week"]),
        {"formula": "y ~ week", "group": "clinic"},
        "clinic changes within 20 subjects",
    ),
    "weight changes": (
        lambda d: d.assign(w=d["week"] + 1),
        {"weights": "w"},
        "w changes within 20 subjects",
    ),
    "weight of zero": (lambda d: d.assign(w=0.0), {"weights": "w"}, "no positive"),
    "order of text": (
        lambda d: d.assign(week="week " + (d["week"] + 2).astype(str)),
        {},
        "not in order of time: week 10, week 2, week 6",
    ),
    "order of categories": (
        lambda d: d.assign(week=pd.Categorical(d["week"].astype(str), ["8", "0", "4"])),
        {},
        "not in order of time: 8, 0, 4",
    ),
    "constant outcome": (lambda d: d.assign(y=1.0), {}, "reproduce the outcome exactly"),
    "outcome among covariates": (
        lambda d: d.assign(z=d["y"]),
        {"formula": "y ~ z"},
        "reproduce the outcome exactly",
    ),
    "unknown covariance": (lambda d: d, {"covariance": "banded"}, "No covariance named"),
    "dates as covariate": (
        lambda d: d.assign(on=pd.Timestamp("2026-01-01")),
        {"formula": "y ~ on"},
        "on holds dates",
    ),
    "text as time": (
        lambda d: d.assign(week="w" + d["week"].astype(str)),
        {"formula": "y ~ arm", "covariance": "spatial-exponential"},
        "neither a number nor a date",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_refused_with_the_remedy(case: str) -> None:
    change, choices, problem = REFUSED[case]
    with pytest.raises(EstimationError) as caught:
        fit(change(make()), **choices)
    assert problem in caught.value.problem
    assert caught.value.remedy


def test_errors_show_no_values_of_subjects() -> None:
    data = make().assign(person=lambda d: "name-" + d["person"].astype(str))
    with pytest.raises(EstimationError) as caught:
        fit(pd.concat([data, data.iloc[:1]]))
    assert "name-" not in str(caught.value)


def test_ordered_categories_are_believed() -> None:
    data = make()
    data["week"] = pd.Categorical(data["week"].astype(str), ["8", "0", "4"], ordered=True)
    assert fit(data, "y ~ week").names == ("(Intercept)", "week0", "week4")


def test_rows_with_missing_values_are_counted() -> None:
    data = make().astype({"age": float})
    data.loc[[0, 5], "y"] = np.nan
    data.loc[7, "age"] = np.nan
    data.loc[9, "arm"] = None
    model = fit(data, "y ~ arm + age")
    facts = model.diagnostics
    assert (facts["n_read"], facts["n_missing"], facts["n_rows"]) == (60, 4, 56)
    assert len(model.residuals) == 56
    assert not {0, 5, 7, 9} & set(model.residuals.index)


def test_unused_levels_are_dropped_from_a_fit() -> None:
    data = make()
    data["arm"] = pd.Categorical(data["arm"], ["none", "a", "b"])
    data["week"] = pd.Categorical(data["week"], [0, 2, 4, 8])
    assert fit(data).names == (
        "(Intercept)",
        "armb",
        "week4",
        "week8",
        "armb:week4",
        "armb:week8",
    )


def test_names_are_those_of_r() -> None:
    data = make().assign(dose=lambda d: (d["age"] > 40).astype(float), old=lambda d: d["age"] > 50)
    names = fit(data, "y ~ C(dose) + old + age:week + np.sqrt(age)").names
    assert names[:3] == ("(Intercept)", "C(dose)1", "oldTrue")
    assert names[3] == "np.sqrt(age)"
    assert names[-2:] == ("age:week4", "age:week8")


def test_kinds_of_columns_do_not_matter() -> None:
    data = make().assign(on=lambda d: pd.Timestamp("2026-01-05") + pd.to_timedelta(d["week"], "D"))
    expected = fit(data).coefficients()["estimate"]
    for change in (
        {"arm": data["arm"].astype("category")},
        {"arm": data["arm"].astype(object)},
        {"y": data["y"].astype("Float64")},
        {"person": data["person"].astype(str)},
        {"person": data["person"].astype("category")},
        {"week": data["week"].astype(float)},
        {"week": data["week"].astype("Int64")},
        {"week": data["week"].astype("category")},
        {"week": data["on"]},
    ):
        ours = fit(data.assign(**change)).coefficients()["estimate"]
        np.testing.assert_allclose(ours, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        *((name, name) for name in STRUCTURES),
        ("us", "unstructured"),
        ("Compound Symmetry", "compound-symmetry"),
        ("csh", "heterogeneous-compound-symmetry"),
        ("heterogeneous compound_symmetry", "heterogeneous-compound-symmetry"),
        ("compound_symmetry_heterogeneous", "heterogeneous-compound-symmetry"),
        ("ar1h", "heterogeneous-ar1"),
        ("AR(1)", "ar1"),
        ("toeph", "heterogeneous-toeplitz"),
        ("ad", "ante-dependence"),
        ("adh", "heterogeneous-ante-dependence"),
        ("sp_exp", "spatial-exponential"),
    ],
)
def test_names_of_covariances(name: str, found: str) -> None:
    assert find_structure(name).name == found


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        ({"df": "kr"}, "No degrees of freedom"),
        ({"vcov": "HC3"}, "No covariance named"),
        ({"df": "kenward-roger", "vcov": "empirical"}, "brings its own covariance"),
        ({"level": 95}, "confidence level"),
    ],
)
def test_unknown_inference_is_refused(choices: dict, problem: str) -> None:
    with pytest.raises(EstimationError, match=problem):
        fit(make()).coefficients(**choices)


def test_kenward_roger_needs_reml() -> None:
    model = fit(make(), reml=False)
    for df in ("kenward-roger", "kenward-roger-linear"):
        with pytest.raises(EstimationError, match="restricted maximum likelihood"):
            model.coefficients(df=df)
    assert model.coefficients().notna().all(axis=None)


def test_contrasts_and_tests_refuse_what_is_not_in_the_model() -> None:
    model = fit(make())
    with pytest.raises(EstimationError, match="no coefficient 'armc'"):
        model.contrast({"c": {"armc": 1.0}})
    with pytest.raises(EstimationError, match="2 weights for 6"):
        model.contrast([[1.0, 0.0]])
    with pytest.raises(EstimationError, match="no coefficient"):
        model.test("sex")
    with pytest.raises(EstimationError, match="not a variable"):
        model.lsmeans(["sex"])
    with pytest.raises(EstimationError, match="no level named"):
        model.lsmeans(["arm"], at={"week": 2})
    with pytest.raises(EstimationError, match="both compared and held"):
        model.differences("arm", by=["arm"])


@pytest.mark.parametrize("covariance", [name for name in STRUCTURES if name != "unstructured"])
def test_near_singular_data_end_in_a_visible_state(covariance: str) -> None:
    # Visits that are copies of each other up to 1e-7: correlations of one.
    data = make(n=12, visits=4)
    data["y"] = data.groupby("person")["y"].transform("first") + 1e-7 * data["y"]
    formula = "y ~ arm" if covariance == "spatial-exponential" else "y ~ arm + week"
    model = fit(data, formula, covariance=covariance)
    frame = model.coefficients()
    assert np.isfinite(frame[["estimate", "std_error", "p_value"]]).all(axis=None)
    assert model.converged == (not model.problems)
    if not model.converged:
        assert "NOT CONVERGED" in model.summary()
        assert "NOT CONVERGED" in model._repr_html_()


def test_sparse_late_visits_end_in_a_visible_state() -> None:
    rng = np.random.default_rng(5)
    data = make(n=16, visits=13, seed=5)
    last = np.repeat(rng.integers(3, 13, 16), 13)
    last[:26] = 12
    data = data[np.tile(np.arange(13), 16) <= last]
    model = fit(data, "y ~ week", covariance="unstructured")
    assert not model.converged
    assert any("simpler covariance" in problem for problem in model.problems)
    assert np.isfinite(model.coefficients()["std_error"]).all()
    for df in ("kenward-roger", "kenward-roger-linear"):
        try:
            assert (model.coefficients(df=df)["std_error"] > 0).all()
        except EstimationError as error:
            assert "adjustment is larger than the variance" in error.problem
    assert fit(data, "y ~ week", covariance="ar1").converged


def test_five_subjects_are_enough_for_a_simple_model() -> None:
    model = fit(make(n=5), "y ~ week", covariance="compound-symmetry")
    assert model.converged
    assert (model.coefficients(df="kenward-roger")["df"] > 1).all()


def test_sums_refuse_what_they_cannot_give() -> None:
    data = make()
    sums = MmrmStatistics.from_frame("y ~ arm * week", data, subject="person", visit="week")
    model = fit_mmrm(sums)
    with pytest.raises(EstimationError, match="residuals, which sums do not hold"):
        model.coefficients(vcov="empirical")
    with pytest.raises(EstimationError, match="hold no rows"):
        model.residuals
    with pytest.raises(EstimationError, match="hold no rows"):
        model.residual_frame
    with pytest.raises(EstimationError, match="no dates of each subject"):
        fit_mmrm(sums, covariance="spatial-exponential")
    with pytest.raises(EstimationError, match="carry their own"):
        fit_mmrm(sums, group="arm")
    with pytest.raises(EstimationError, match="needs data"):
        fit_mmrm("y ~ arm")


def test_many_visits() -> None:
    # More visits than a machine word has bits.
    data = make(n=12, visits=70).sample(frac=0.8, random_state=1)
    model = fit(data, "y ~ arm", covariance="compound-symmetry")
    assert model.converged
    assert model.covariance.shape == (70, 70)


def test_names_of_factors_may_hold_anything() -> None:
    data = make().assign(arm=lambda d: d["arm"].map({"a": "none: [0, 1)", "b": "10 mg/d: [T.x]"}))
    data = data.rename(columns={"arm": "study arm", "y": "score (0-10)"})
    model = fit(data, "`score (0-10)` ~ `study arm` * week")
    plain = fit(make())
    np.testing.assert_allclose(
        model.coefficients()["estimate"].abs().sort_values(),
        fit(make().assign(arm=lambda d: d["arm"].map({"a": "b", "b": "a"})))
        .coefficients()["estimate"]
        .abs()
        .sort_values(),
        rtol=1e-8,
    )
    assert model.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-10)
    means = model.lsmeans("study arm")
    assert set(means["study arm"]) == {"none: [0, 1)", "10 mg/d: [T.x]"}
