"""Results over time: cohorts by entry, gaps that stay gaps, charts that say how often they err."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses import TrendsSpec, estimate_trends
from outcomes.analyses.trends.charting import alarm_rates, draw_chart
from outcomes.errors import EstimationError
from outcomes.present import Policy, clinic_courses, disclose, trend_charts
from outcomes.present.figures.control_chart import chart_rows, plot_trend
from outcomes.present.sections.trends import trend_sentences
from outcomes.results import AnalysisResult
from outcomes.stats.control_charts import (
    autoregressive,
    chart_individuals,
    cusum_false_alarms,
    cusum_threshold,
    false_alarms,
    risk_adjusted_cusum,
)
from outcomes.tables import Tables
from tests.clinic_tables import DAY, clinic_tables, typed

MONTHLY = TrendsSpec(windows=(DAY,), every="M")


@pytest.fixture(scope="module")
def tables() -> Tables:
    return clinic_tables((500, 400), (0.0, 0.0), seed=2)


@pytest.fixture(scope="module")
def result(tables: Tables) -> AnalysisResult:
    return estimate_trends(tables, MONTHLY)


def level(result: AnalysisResult, term: str) -> pd.Series:
    found = result.estimates
    return found[found["term"] == term].iloc[0]


def without_month(tables: Tables, month: str) -> Tables:
    patients = tables.patients
    gone = patients["index_date"].dt.strftime("%Y-%m") == month
    return tables.restrict(patients.loc[~gone, "patient_id"])


def series(values: list[float], n: int = 40) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": pd.period_range("2024-01", periods=len(values), freq="M"),
            "value": values,
            "events": np.nan,
            "n": float(n),
        }
    )


def test_a_month_nobody_entered_is_a_gap_and_never_a_zero(tables: Tables) -> None:
    result = estimate_trends(without_month(tables, "2025-06"), MONTHLY)
    rows = chart_rows(result, "difference", DAY, "")
    assert "2025-06" not in set(result.curve["period"])
    place = rows.index[rows["period"] == "2025-05"][0]
    assert rows.loc[place + 1].isna()["estimate"]
    assert rows.loc[place + 2, "period"] == "2025-07"
    assert "A gap is a period with too few" in plot_trend(result, "difference", DAY).note


def test_a_month_without_sessions_is_a_gap() -> None:
    dates = pd.date_range("2024-01-02", "2025-12-28", freq="D")
    dates = dates[dates.strftime("%Y-%m") != "2024-08"]
    sessions = pd.DataFrame(
        {
            "session_id": [f"s{k}" for k in range(len(dates))],
            "patient_id": [f"p{k % 40}" for k in range(len(dates))],
            "date": dates,
            "status": np.where(np.arange(len(dates)) % 9 == 0, "no_show", "attended"),
        }
    )
    people = pd.DataFrame({"patient_id": sorted(set(sessions["patient_id"]))})
    tables = Tables(
        typed("patients", people),
        pd.Timestamp("2025-12-31"),
        sessions=typed("sessions", sessions),
    )
    result = estimate_trends(tables, TrendsSpec(every="M"))
    found = result.curve
    assert set(found["measure"]) == {"no_show"}
    assert "2024-08" not in set(found["period"])
    assert len(found) == 23
    assert level(result, "no_show")["n_events"] == (sessions["status"] == "no_show").sum()


def test_only_cohorts_whose_time_is_over_are_charted(tables: Tables) -> None:
    early = replace(tables, as_of=pd.Timestamp("2025-12-31"))
    early = replace(early, assessments=early.assessments[early.assessments["date"] <= early.as_of])
    result = estimate_trends(early, MONTHLY)
    # Day 84 ± 14 after the end of August lies before the end of the year, of October it does not.
    assert result.curve["period"].max() == "2025-08"


def test_differences_are_about_zero_and_shares_are_counts(result: AnalysisResult) -> None:
    # Cohorts that are not charted yet, and months with few, share in what is expected.
    assert abs(level(result, "difference")["estimate"]) < 0.02
    row = level(result, "answered")
    assert row["estimate"] == row["n_events"] / row["n_patients"]
    assert row["n_patients"] == result.curve.query("measure == 'answered'")["n_patients"].sum()


def test_a_change_for_the_worse_is_flagged_as_worse(tables: Tables) -> None:
    scores, patients = tables.assessments, tables.patients
    late = set(patients.loc[patients["index_date"] >= "2026-06-01", "patient_id"])
    hit = scores["patient_id"].isin(late) & (scores["timing"] == "remote")
    worse = scores.assign(value=scores["value"].where(~hit, scores["value"] + 2.5))
    result = estimate_trends(replace(tables, assessments=worse), replace(MONTHLY, freeze=12))
    rows = chart_rows(result, "difference", DAY, "")
    after = rows[rows["period"] >= "2026-06"]
    assert (after["reading"] == "worse").mean() > 0.5
    assert not rows["baseline"].iloc[12:].astype(bool).any()
    assert (rows["drift_signal"] == -1).any()
    text = repr(trend_charts(disclose({"trends": result}, Policy()), "trends"))
    assert "worse than usual in June 2026" in text
    assert "a slow fall had added up" in text


def test_rebase_gives_each_part_its_own_limits(tables: Tables) -> None:
    result = estimate_trends(tables, replace(MONTHLY, rebase=("2025-10",)))
    rows = chart_rows(result, "difference", DAY, "")
    assert rows.groupby("part")["period"].min().to_dict() == {1: "2025-01", 2: "2025-10"}
    assert rows["centre"].nunique() == 2


def test_a_target_is_met_always_never_or_sometimes(tables: Tables) -> None:
    spec = replace(MONTHLY, targets=(("answered", 0.2), ("difference", 3.0)))
    result = estimate_trends(tables, spec)
    assert level(result, "answered_target")["note"] == "always"
    assert level(result, "difference_target")["note"] == "never"
    assert "Target" in trend_charts(disclose({"t": result}, Policy()), "t")._repr_html_()


def test_alike_neighbours_are_charted_by_residuals() -> None:
    alike = autoregressive(40, 0.8)(np.random.default_rng(1), 1)[0]
    assert (
        draw_chart(series(list(alike)), "difference", TrendsSpec()).chart.layout.kind == "residual"
    )
    # With few periods it cannot be told, and nothing is taken out.
    few = draw_chart(series(list(alike[:15])), "difference", TrendsSpec())
    assert few.chart.layout.kind == "individuals"


def test_each_chart_prints_its_own_false_alarms(result: AnalysisResult) -> None:
    for measure in ("difference", "responder", "answered"):
        every = level(result, f"{measure}_false_alarm")["estimate"]
        limits = level(result, f"{measure}_limits_false_alarm")["estimate"]
        assert 0 < limits <= every < 0.6
    assert 0 < level(result, "drift_false_alarm")["estimate"] < 0.3
    again = level(
        estimate_trends(clinic_tables((500, 400), (0.0, 0.0), seed=2), MONTHLY),
        "difference_false_alarm",
    )
    assert again["estimate"] == level(result, "difference_false_alarm")["estimate"]


def test_the_shared_simulation_is_that_of_the_chart() -> None:
    values = np.random.default_rng(3).normal(size=36)
    values[[5, 20]] = np.nan
    chart = chart_individuals(values, freeze=24, prediction=True)
    own = false_alarms(chart, phi=0.0).set_index("rule")["share"]
    if chart.layout.kind == "individuals":
        assert alarm_rates(chart) == own.to_dict()


def test_false_alarms_of_drift_are_those_of_the_sums_themselves() -> None:
    error = np.array([0.3, 0.2, np.nan, 0.25, 0.3, 0.2] * 6)
    h = cusum_threshold(60.0, replicates=500)
    rng = np.random.default_rng(8)
    seen = 0
    for _ in range(400):
        value = rng.normal(size=len(error)) * error
        weight = np.nan_to_num(1 / error**2)
        centre = np.nansum(value * weight) / weight.sum()
        sums = risk_adjusted_cusum(value - centre, error, threshold=h)
        seen += bool((sums["signal"] != 0).any())
    share = cusum_false_alarms(error, h, baseline=np.ones(len(error), bool))
    assert abs(seen / 400 - share) < 4 * np.sqrt(share * (1 - share) / 400)


def test_too_few_periods_give_points_without_limits(tables: Tables) -> None:
    patients = tables.patients
    some = patients["index_date"] < "2025-06-01"
    result = estimate_trends(tables.restrict(patients.loc[some, "patient_id"]), MONTHLY)
    assert level(result, "difference")["status"] == "refused"
    assert len(result.curve) == 15
    assert result.curve["low"].isna().all()
    assert "too few periods" in plot_trend(result, "difference", DAY).note.lower()


def test_choices_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(EstimationError, match="frozen and rebased"):
        TrendsSpec(freeze=12, rebase=("2025-01",)).check()
    with pytest.raises(EstimationError, match="no chart of"):
        TrendsSpec(measures=("sales",)).check()
    with pytest.raises(EstimationError, match="could not be read"):
        TrendsSpec(rebase=("last summer",)).check()


def test_each_clinic_has_its_panel_also_without_follow_up(tables: Tables) -> None:
    scores, patients = tables.assessments, tables.patients
    quiet = set(patients.loc[patients["clinic"] == "Clinic B", "patient_id"])
    kept = ~(scores["patient_id"].isin(quiet) & (scores["timing"] == "remote"))
    result = estimate_trends(
        replace(tables, assessments=scores[kept]),
        TrendsSpec(unit="clinic", windows=(DAY,), measures=("difference",)),
    )
    section = clinic_courses(disclose({"t": result}, Policy()), "t", window=DAY)
    assert "Clinic B: nothing to show." in section._repr_html_()
    assert "fewer than 30 patients" in section._repr_html_()


def test_too_many_clinics_are_not_drawn_one_by_one() -> None:
    many = clinic_tables((4,) * 26, (0.0,) * 26, seed=4)
    result = estimate_trends(many, TrendsSpec(unit="clinic", windows=(DAY,)))
    assert (result.estimates["status"] == "refused").all()
    section = clinic_courses(disclose({"t": result}, Policy()), "t", window=DAY)
    assert "26 clinics are too many" in repr(section)


def test_outside_shares_are_those_of_the_rounded_counts(tables: Tables) -> None:
    result = estimate_trends(tables, replace(MONTHLY, measures=("answered", "difference")))
    shown = disclose({"t": result}, Policy("outside"))["t"].curve
    shares = shown[shown["measure"] == "answered"]
    assert len(shares)
    assert np.allclose(shares["estimate"], shares["n_events"] / shares["n_patients"])
    assert shown["drift_higher"].isna().all()
    spread = (shares["high"] - shares["centre"]) * np.sqrt(shares["n_patients"])
    # The width of the band goes with the rounded count, so that it gives the true one away nowhere.
    assert np.allclose(spread, spread.iloc[0])


def test_the_target_is_drawn(tables: Tables) -> None:
    aimed = estimate_trends(tables, replace(MONTHLY, targets=(("answered", 0.8),)))
    plain = estimate_trends(tables, MONTHLY)
    with_line = plot_trend(aimed, "answered", DAY).svg
    assert len(with_line) > len(plot_trend(plain, "answered", DAY).svg)


def test_outside_points_of_few_people_are_gaps(tables: Tables) -> None:
    result = estimate_trends(
        tables, TrendsSpec(unit="clinic", windows=(DAY,), every="M", measures=("difference",))
    )
    small = result.curve[result.curve["n_patients"] < 8]
    shown = disclose({"t": result}, Policy("outside"))["t"].curve
    assert len(small)
    assert len(shown) < len(result.curve)
    assert (shown["n_patients"] % 5 == 0).all()


@pytest.mark.parametrize("measure", ["difference", "responder", "no_show", "adverse_events"])
@pytest.mark.parametrize(
    "values",
    [
        np.zeros(24),
        np.full(24, 0.5),
        np.array([0.5]),
        np.full(24, np.nan),
        np.r_[np.full(10, np.nan), 0.3, np.full(10, np.nan)],
        np.r_[np.full(35, 0.5), 0.9],
        0.5 + 0.3 * np.sin(np.arange(36) * np.pi / 6),
        np.tile([0.2, 0.8], 18),
        np.where(np.arange(36) % 3 == 1, np.nan, np.linspace(0.2, 0.8, 36)),
    ],
    ids=["zero", "constant", "one", "none", "one in gaps", "one differs", "season", "saw", "gaps"],
)
def test_odd_series_are_refused_or_charted(measure: str, values: np.ndarray) -> None:
    size = np.where(np.isnan(values), 0.0, 40.0)
    rows = pd.DataFrame(
        {
            "period": pd.period_range("2023-01", periods=len(values), freq="M"),
            "value": values,
            "events": np.round(np.nan_to_num(values) * size),
            "n": size,
        }
    )
    try:
        drawn = draw_chart(rows, measure, TrendsSpec(), sd=1.5)
    except EstimationError as problem:
        assert problem.problem.endswith(".")
        return
    points = drawn.chart.points
    assert points["value"].isna().equals(pd.Series(np.isnan(values)))
    assert not (points["reading"] != "")[np.isnan(values)].any()
    assert all(0 <= share <= 1 for share in drawn.alarms.values())
    spread = points["high"] - points["low"]
    assert (spread[points["plotted"].notna()] > 0).all()


def test_a_flag_of_a_chart_that_is_often_wrong_is_no_news(result: AnalysisResult) -> None:
    curve = result.curve.copy()
    here = (curve["measure"] == "responder") & (curve["group"] == "")
    curve.loc[here & (curve["position"] == curve.loc[here, "position"].max()), "reading"] = "worse"
    curve.loc[here & (curve["position"] == curve.loc[here, "position"].max()), "beyond"] = -1
    said = {}
    for share in (0.1, 0.5):
        estimates = result.estimates.copy()
        estimates.loc[estimates["term"] == "responder_false_alarm", "estimate"] = share
        changed = result.replace(curve=curve, estimates=estimates)
        release = disclose({"trends": changed}, Policy())
        said[share] = " ".join(trend_sentences(release["trends"], release))
    assert "worse than usual in" in said[0.1] and "no news" not in said[0.1]
    assert "Flagged, but no news: share with" in said[0.5]
    assert "worse than usual" not in said[0.5]
