"""NHS England's funnel of hip and knee replacement, 2018/19: gains and flags as published."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.clinic_benchmark import (
    adjusted_gains,
    provider_flags,
    read_providers,
    read_records,
)
from outcomes.errors import EstimationError
from outcomes.stats.case_mix import fit_case_mix, observed_minus_expected

SCORE = "Oxford Hip Score"
PROCEDURES = ("Hip Replacement Primary", "Knee Replacement Primary")
ANSWERS = {
    "Pre-Op Q Symptom Period": "duration",
    "Pre-Op Q Disability": "disability",
    "Pre-Op Q Living Arrangements": "living",
    "Pre-Op Q Previous Surgery": "previous",
    "Pre-Op Q Assisted": "assisted",
}
DISEASES = {
    name: name.lower().replace(" ", "_")
    for name in (
        *("Heart Disease", "High Bp", "Stroke", "Circulation", "Lung Disease", "Diabetes"),
        *("Kidney Disease", "Nervous System", "Liver Disease", "Cancer", "Depression", "Arthritis"),
    )
}


def read(folder: Path, name: str) -> pd.DataFrame:
    """The file as it was published, stars and all."""
    with zipfile.ZipFile(folder / "data" / name) as archive:
        inside = next(n for n in archive.namelist() if not n.startswith("__"))
        content = archive.read(inside)
    try:
        return pd.read_csv(io.BytesIO(content), low_memory=False, encoding="utf-8-sig")
    except UnicodeDecodeError:  # names of hospitals in the letters of Windows, in some years
        return pd.read_csv(io.BytesIO(content), low_memory=False, encoding="cp1252")


def years(folder: Path, kind: str) -> list[str]:
    """Years of which there is a file of a kind, as in ``1819``."""
    names = (folder / "data").glob(f"nhs_{kind}_*.csv.zip")
    return sorted(name.name.removesuffix(".csv.zip")[-4:] for name in names)


@pytest.fixture(scope="module")
def raw(shared: Path) -> pd.DataFrame:
    return read(shared, "nhs_provcomm_1819.csv.zip")


@pytest.fixture(scope="module")
def results(raw: pd.DataFrame) -> pd.DataFrame:
    """Published results of organisations, England among them."""
    return read_providers(raw)


@pytest.fixture(scope="module")
def raw_records(shared: Path) -> pd.DataFrame:
    return read(shared, "nhs_hip_provider_1819.csv.zip")


@pytest.fixture(scope="module")
def series(shared: Path) -> pd.DataFrame:
    """Flags and gains as published, of eight years."""
    return read(shared, "nhs_timeseries_1819.csv.zip")


def england(results: pd.DataFrame, procedure: str, measure: str) -> pd.Series:
    chosen = (results["procedure"] == procedure) & (results["measure"] == measure)
    return results[chosen & (results["type"] == "england")].iloc[0]


def judged(
    results: pd.DataFrame, series: pd.DataFrame, measure: str, year: int = 2018
) -> tuple[int, int]:
    """Flags reproduced, and flags published, over both procedures."""
    said = f"Outlier_{year}"
    same = count = 0
    for procedure in PROCEDURES:
        name = measure.replace("Hip", procedure.split()[0])
        found = provider_flags(results, procedure=procedure, measure=name)
        published = series[(series["Procedure"] == procedure) & (series["Measure"] == name)]
        both = found.merge(published, left_on="code", right_on="OrgCode")
        both = both[both[said].str.contains("utlier", na=False)]
        same += int((both["flag"] == both[said]).sum())
        count += len(both)
    return same, count


def test_every_flag_is_reproduced(results: pd.DataFrame, series: pd.DataFrame) -> None:
    found = [judged(results, series, measure) for measure in ("EQ-5D Index", SCORE)]
    assert tuple(np.sum(found, axis=0)) == (935, 935)
    # The third score, which nobody asked for.
    assert judged(results, series, "EQ VAS") == (464, 464)


def test_every_flag_of_every_year_there_is_a_file_of(shared: Path) -> None:
    """Files of other years need nothing but to lie beside those of 2018/19, named alike."""
    for year in sorted({*years(shared, "provcomm")} & {*years(shared, "timeseries")}):
        results = read_providers(read(shared, f"nhs_provcomm_{year}.csv.zip"))
        flags = read(shared, f"nhs_timeseries_{year}.csv.zip")
        for measure in ("EQ-5D Index", SCORE, "EQ VAS"):
            same, count = judged(results, flags, measure, 2000 + int(year[:2]))
            assert same == count > 300, (year, measure)


def test_adjusted_gain_in_every_year_there_is_a_file_of(shared: Path) -> None:
    for year in sorted({*years(shared, "provcomm")} & {*years(shared, "hip_provider")}):
        results = read_providers(read(shared, f"nhs_provcomm_{year}.csv.zip"))
        raw_records = read(shared, f"nhs_hip_provider_{year}.csv.zip")
        for score, measure, most in (
            ("oxford", SCORE, 0.001),
            ("eq-5d", "EQ-5D Index", 0.0001),
            ("eq vas", "EQ VAS", 0.001),
        ):
            chosen = (results["procedure"] == PROCEDURES[0]) & (results["measure"] == measure)
            gain = england(results, PROCEDURES[0], measure)["gain"]
            ours = adjusted_gains(read_records(raw_records, score=score), gain, results[chosen])
            both = ours.merge(results[chosen].dropna(subset=["gain"]), on="code")
            whole = (both["n_x"] == both["n_y"]) & (both["post_x"] - both["post_y"]).abs().lt(0.001)
            whole &= (both["pre_x"] - both["pre_y"]).abs() < 0.001
            assert whole.sum() >= 30, (year, measure)
            assert (both["gain_x"] - both["gain_y"])[whole].abs().max() < most, (year, measure)


def test_records_withheld_move_all_providers_alike(
    results: pd.DataFrame, raw_records: pd.DataFrame
) -> None:
    chosen = results[(results["procedure"] == PROCEDURES[0]) & (results["measure"] == "EQ VAS")]
    records = read_records(raw_records, score="eq vas")
    gain = england(results, PROCEDURES[0], "EQ VAS")["gain"]
    moved = adjusted_gains(records, gain)["gain"] - adjusted_gains(records, gain, chosen)["gain"]
    assert moved.std() < 1e-9
    assert moved.iloc[0] == pytest.approx(0.0240, abs=2e-4)
    with pytest.raises(EstimationError, match="No provider has the count"):
        adjusted_gains(records, gain, chosen.assign(n=0.0))


def test_procedures_and_scores_go_by_other_names(raw: pd.DataFrame, series: pd.DataFrame) -> None:
    other = raw.assign(
        Procedure=raw["Procedure"].replace(
            {name: f"Primary {name.removesuffix(' Primary')}" for name in PROCEDURES}
        ),
        Measure=raw["Measure"].replace(
            {
                "EQ-5D Index": "EQ5D INDEX",
                "EQ VAS": "EQ-VAS",
                SCORE: "OHS",
                "Oxford Knee Score": "OKS",
            }
        ),
    )
    other["Organisation Type"] = other["Organisation Type"].replace("Provider", "NHS Trust")
    results = read_providers(other)
    assert judged(results, series, "EQ-5D Index") == (464, 464)
    assert judged(results, series, "EQ VAS") == (464, 464)
    assert judged(results, series, SCORE) == (471, 471)


def test_adjusted_gain_of_providers(results: pd.DataFrame, raw_records: pd.DataFrame) -> None:
    nation = england(results, PROCEDURES[0], SCORE)
    ours = adjusted_gains(read_records(raw_records), nation["gain"])
    chosen = (results["procedure"] == PROCEDURES[0]) & (results["measure"] == SCORE)
    published = results[chosen & (results["type"] == "provider")].dropna(subset=["gain"])
    both = ours.merge(published, on="code", suffixes=("", "_published"))
    # Small cells are withheld from the records: only where nothing is, the two can agree.
    whole = (
        (both["n"] == both["n_published"])
        & ((both["pre"] - both["pre_published"]).abs() < 0.001)
        & ((both["post"] - both["post_published"]).abs() < 0.001)
    )
    assert whole.sum() == 81
    assert (both["gain"] - both["gain_published"])[whole].abs().max() < 0.001


def test_files_of_other_years_may_look_otherwise(raw: pd.DataFrame, series: pd.DataFrame) -> None:
    other = raw.rename(
        columns={
            "Organisation Type": "organisation_type",
            "Organisation Code": "Provider code",
            "Modelled Records": "MODELLED RECORDS",
            "Adjusted Average Health Gain": "AdjustedHealthGain",
            "Standard Deviation": "Standard Deviation of Adjusted Health Gain",
        }
    )
    # Another order, no averages, shouted types, thousands separated, procedures in the plural.
    other = other.drop(columns=[c for c in other if str(c).startswith("Average")])[
        list(reversed([c for c in other if not str(c).startswith("Average")]))
    ]
    other["organisation_type"] = other["organisation_type"].str.upper()
    other["Procedure"] = other["Procedure"].str.replace("Replacement", "Replacements")
    whole = pd.to_numeric(other["MODELLED RECORDS"], errors="coerce")
    other["MODELLED RECORDS"] = whole.map("{:,.0f}".format).where(whole.notna(), "*")
    results = read_providers(other)
    assert results["pre"].isna().all()
    assert judged(results, series, "EQ-5D Index") == (464, 464)
    assert judged(results, series, SCORE) == (471, 471)


def test_providers_alone_need_the_national_figures(raw: pd.DataFrame, series: pd.DataFrame) -> None:
    nation = england(read_providers(raw), PROCEDURES[0], SCORE)
    alone = raw[raw["Organisation Type"] == "Provider"].drop(columns="Organisation Type")
    results = read_providers(alone)
    with pytest.raises(EstimationError, match="0 rows give England"):
        provider_flags(results, procedure=PROCEDURES[0], measure=SCORE)
    found = provider_flags(
        results, procedure=PROCEDURES[0], measure=SCORE, national=(nation["gain"], nation["sd"])
    )
    full = provider_flags(read_providers(raw), procedure=PROCEDURES[0], measure=SCORE)
    assert found["flag"].tolist() == full["flag"].tolist()
    withheld = found["gain"].isna()
    assert withheld.sum() == 49
    assert set(found.loc[withheld, "flag"]) == {"Insufficient records"}


def test_what_cannot_be_found_is_named(raw: pd.DataFrame, raw_records: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="no column for: n, gain"):
        read_providers(raw.drop(columns=["Modelled Records", "Adjusted Average Health Gain"]))
    with pytest.raises(EstimationError, match="no column for: expected"):
        read_records(raw_records.drop(columns=[c for c in raw_records if "Predicted" in str(c)]))


def test_records_without_a_flag_for_revisions_or_in_another_order(
    raw_records: pd.DataFrame,
) -> None:
    primary = raw_records[raw_records["Revision Flag"] == 0].drop(columns="Revision Flag")
    again = read_records(primary[list(reversed(primary.columns))])
    pd.testing.assert_frame_equal(again, read_records(raw_records))
    assert len(read_records(raw_records, score="eq-5d")) > 30_000


@pytest.mark.parametrize("year", range(2012, 2019))
def test_flags_of_every_year_follow_the_same_rule(series: pd.DataFrame, year: int) -> None:
    """The national standard deviation of other years is not here: one must fit all flags.

    Every flag bounds it from one side; gains are published with three decimals.
    """
    for procedure in PROCEDURES:
        for measure in ("EQ-5D Index", "EQ VAS", SCORE.replace("Hip", procedure.split()[0])):
            rows = series[(series["Procedure"] == procedure) & (series["Measure"] == measure)]
            table = pd.DataFrame(
                {
                    "Organisation Code": rows["OrgCode"],
                    "Modelled Records": rows[f"Modelled_Records_{year}"],
                    "Adjusted Health Gain": rows[f"Adjusted_Health_Gain_{year}"],
                    "flag": rows[f"Outlier_{year}"],
                }
            )
            flag = table["flag"].reset_index(drop=True)
            results = read_providers(table.drop(columns="flag"))
            nation = float(results.loc[results["type"] == "england", "gain"].iloc[0])
            use = (
                (results["type"] == "provider")
                & flag.str.contains("utlier")
                & results["gain"].notna()
            )
            away = (results["gain"] - nation).abs() * np.sqrt(results["n"])
            slack = 0.001 * np.sqrt(results["n"])
            inside, outer = flag == "Not an outlier", flag.str.contains("99.8", regex=False)
            inner = ~inside & ~outer
            low, high = away - slack, away + slack
            least = max((low[use & inside] / 1.959964).max(), (low[use & inner] / 3.090232).max())
            most = min((high[use & ~inside] / 1.959964).min(), (high[use & outer] / 3.090232).min())
            assert least <= most, (procedure, measure)
            if measure != SCORE:
                continue
            found = provider_flags(results, national=(nation, (least + most) / 2))
            both = found.assign(published=flag[results["type"] == "provider"].to_numpy())
            both = both[both["published"].str.contains("utlier") & both["gain"].notna()]
            assert (both["flag"] == both["published"]).mean() > 0.98
            assert len(both) > 180


def test_our_own_model_agrees_with_the_national_one(raw_records: pd.DataFrame) -> None:
    names = (
        {
            "Provider Code": "unit",
            "Hip Replacement Pre-Op Q Score": "pre",
            "Hip Replacement Post-Op Q Score": "post",
            "Hip Replacement OHS Post-Op Q Predicted": "expected",
            "Revision Flag": "revision",
            "Pre-Op Q EQ5D Index": "index",
        }
        | ANSWERS
        | DISEASES
    )
    records = raw_records.rename(columns=names)[list(names.values())]
    numbers = [name for name in names.values() if name != "unit"]
    records[numbers] = records[numbers].apply(pd.to_numeric, errors="coerce")
    records = records[records["revision"] == 0].dropna(subset=["pre", "post", "expected"])
    answers = [f"C({name})" for name in ANSWERS.values()]
    rows = records.assign(**{name: records[name] == 1 for name in DISEASES.values()})
    rows = rows.astype(dict.fromkeys(DISEASES.values(), float)).dropna(subset=["index"])
    ours = fit_case_mix(
        " + ".join(["post ~ pre + index", *answers, *DISEASES.values()]), rows, unit="unit"
    )
    theirs = observed_minus_expected(rows["post"], rows["expected"], rows["unit"])
    both = ours.units().merge(theirs, on="unit", suffixes=("", "_national"))
    large = both[both["n"] >= 100]
    assert len(large) == 129
    # Age and sex are withheld for many, deprivation for all; the units keep their order.
    assert large["difference"].corr(large["difference_national"]) > 0.9
    assert ours.rows["expected"].corr(rows["expected"]) > 0.9
