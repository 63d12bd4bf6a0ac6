"""Every known way to misread an instrument, one test each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataContractError
from outcomes.instruments import check_digit_ok, default_registry

REGISTRY = default_registry()
CODES = {
    "nrs_pain",
    "vas_pain",
    "ndi",
    "npq",
    "nbq",
    "hit6",
    "midas",
    "peg",
    "psfs",
    "pgic",
    "groc",
    "promis_pi_4a",
    "promis_pf_4a",
    "headache_days_recall",
    "ppt_kpa",
    "craniovertebral_angle",
    "rom_flexion",
    "rom_extension",
    "rom_left_lateral_flexion",
    "rom_right_lateral_flexion",
    "rom_left_rotation",
    "rom_right_rotation",
}
ROM = sorted(code for code in CODES if code.startswith("rom_"))


def items(*rows: list[float | None]) -> pd.DataFrame:
    width = max(len(row) for row in rows)
    return pd.DataFrame(
        [[*row, *[None] * (width - len(row))] for row in rows],
        columns=[f"item_{number}" for number in range(1, width + 1)],
        dtype="float64",
    )


def score(code: str, *rows: list[float | None]) -> list[float]:
    return REGISTRY.get(code).score(items(*rows)).tolist()


def wrong(code: str, values: list[float]) -> list[bool]:
    return (REGISTRY.get(code).check(pd.Series(values, dtype="float64")) != "").tolist()


def test_all_codes_of_the_contract_and_no_others() -> None:
    assert set(REGISTRY.codes) == CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_labels_are_for_people(code: str) -> None:
    instrument = REGISTRY.get(code)
    for text in (instrument.label, instrument.short_label, instrument.unit):
        assert text and "_" not in text
    assert instrument.unit in {
        "points",
        "percentage points",
        "mm",
        "degrees",
        "kPa",
        "days per 28",
        "days per 3 months",
        "T-score points",
    }
    assert code in {"craniovertebral_angle"} or instrument.source


def test_names_of_the_movements() -> None:
    assert REGISTRY.get("rom_left_rotation").label == "Rotation to the left"
    assert REGISTRY.get("nrs_pain").label == "Pain (0–10)"


@pytest.mark.parametrize("code", sorted(CODES))
def test_thresholds_say_whose_they_are(code: str) -> None:
    for threshold in REGISTRY.get(code).thresholds.values():
        assert threshold.convention or (threshold.population and threshold.source)
        assert threshold.label


# 1. NDI: raw score of 50 or percentage


def test_ndi_thresholds_are_points_of_fifty() -> None:
    ndi = REGISTRY.get("ndi")
    points = {name: each.value for name, each in ndi.thresholds.items()}
    assert points["mechanical_neck_pain_2008"] == 9.5  # published as 19 percentage points
    assert points["five_points"] == 5 and ndi.threshold().name == "five_points"
    assert max(points.values()) <= 10  # 14 has no unit in its abstract and is left out


def test_ndi_bands_are_cut_on_the_raw_score() -> None:
    scheme = REGISTRY.get("ndi").bands["vernon"]
    raw = pd.Series([0, 4, 5, 14, 15, 24, 25, 34, 35, 50], dtype="float64")
    names = ["none", "mild", "moderate", "severe", "complete"]
    assert scheme.label(raw).tolist() == [name for name in names for _ in range(2)]


def test_ndi_percentages_over_fifty_are_refused_with_the_remedy() -> None:
    reason = REGISTRY.get("ndi").check(pd.Series([50.0, 52.0]))
    assert reason[0] == ""
    assert "percentage is twice" in reason[1]


def test_ndi_item_left_out_counts_as_the_mean_of_the_others() -> None:
    # nine items with a sum of 16: 16/45 = 35.5 %, of 50 points 17.78
    row: list[float | None] = [2, 2, 2, 2, 2, 2, 2, None, 1, 1]
    assert score("ndi", row) == pytest.approx([16 / 45 * 50])
    answered = [each for each in row if each is not None]
    assert score("ndi", row)[0] == pytest.approx(16 + np.mean(answered))


def test_ndi_never_counts_an_item_left_out_as_nothing() -> None:
    assert score("ndi", [3] * 9)[0] == 30.0
    assert score("ndi", [3] * 10)[0] == 30.0


def test_ndi_needs_half_of_its_items() -> None:
    assert score("ndi", [3] * 5)[0] == 30.0
    assert np.isnan(score("ndi", [3] * 4)[0])
    assert np.isnan(score("ndi", [None] * 10)[0])
    assert any("no published limit" in each for each in REGISTRY.get("ndi").conventions)


# 2. PGIC and its versions


def test_pgic_one_is_best() -> None:
    pgic = REGISTRY.get("pgic")
    assert pgic.lower_is_better and pgic.transition
    assert pgic.threshold().kind == "state" and pgic.threshold().value == 2


def test_pgic_of_eleven_points_is_refused() -> None:
    assert wrong("pgic", [1, 7, 0, 8, 10, 2.5]) == [False, False, True, True, True, True]


def test_pgic_that_runs_the_other_way_is_registered_as_another_instrument() -> None:
    definition = {
        "label": "Impression of change, 7 best",
        "unit": "points",
        "minimum": 1,
        "maximum": 7,
        "lower_is_better": False,
        "transition": True,
        "thresholds": {"much": {"kind": "state", "value": 6, "label": "much improved"}},
    }
    extended = REGISTRY.extended({"pgic_reversed": definition})
    assert not extended.get("pgic_reversed").lower_is_better
    assert extended.get("pgic").lower_is_better


def test_global_ratings_have_no_change_from_baseline() -> None:
    for code in ("pgic", "groc"):
        change = REGISTRY.get(code).improvement(pd.Series([4.0]), pd.Series([2.0]))
        assert change.isna().all()
        assert {each.kind for each in REGISTRY.get(code).thresholds.values()} == {"state"}


# 3. PSFS against PSFS 2.0


def test_psfs_more_is_better() -> None:
    psfs = REGISTRY.get("psfs")
    assert not psfs.lower_is_better
    assert psfs.improvement(pd.Series([3.0]), pd.Series([5.0])).tolist() == [2.0]
    assert any("2.0 runs the other way" in each for each in psfs.conventions)


def test_psfs_is_the_mean_of_the_activities_named() -> None:
    assert score("psfs", [2, 4], [2, 4, 9], [5]) == [3.0, 5.0, 5.0]
    assert np.isnan(score("psfs", [None, None])[0])


# 4. MDC90 is not MDC95


@pytest.mark.parametrize("code", ROM)
def test_rom_error_is_mdc95(code: str) -> None:
    instrument = REGISTRY.get(code)
    assert instrument.mdc95 == pytest.approx(4.1 * 1.96 * np.sqrt(2), abs=0.05)
    assert instrument.mdc95 > 9.6  # the largest figure published is MDC90
    assert instrument.floor is not None and instrument.floor.convention


def test_published_rom_figures_are_mdc90() -> None:
    for detectable, error in ((5.4, 2.3), (9.6, 4.1), (3.5, 1.5), (6.8, 2.9)):
        assert detectable / error == pytest.approx(1.645 * np.sqrt(2), abs=0.03)


def test_errors_of_unstated_level_are_not_taken_for_mdc95() -> None:
    for code in ("ndi", "hit6", "psfs", "peg"):
        assert REGISTRY.get(code).floor is not None
        assert REGISTRY.get(code).mdc95 is None
    assert REGISTRY.get("nrs_pain").mdc95 == 4.0


@pytest.mark.parametrize("code", [*ROM, "ppt_kpa", "craniovertebral_angle", "promis_pf_4a"])
def test_no_threshold_where_none_is_trustworthy(code: str) -> None:
    assert not REGISTRY.get(code).thresholds
    with pytest.raises(DataContractError, match="no threshold that is used by default"):
        REGISTRY.get(code).threshold()


# 5. Totals that items cannot give


def test_hit6_impossible_totals() -> None:
    assert wrong("hit6", [36, 37, 38, 39, 40, 76, 77, 78]) == [
        False,
        True,
        False,
        True,
        False,
        False,
        True,
        False,
    ]


def test_hit6_has_forty_totals() -> None:
    totals = REGISTRY.get("hit6").scoring.totals()
    assert len(totals) == 40
    assert set(range(36, 79)) - {int(each) for each in totals} == {37, 39, 77}


def test_hit6_needs_all_items_and_only_its_weights() -> None:
    assert score("hit6", [6] * 6, [13] * 6, [6, 8, 10, 11, 13, 13]) == [36.0, 78.0, 61.0]
    assert np.isnan(score("hit6", [6, 8, 10, 11, 13, None])[0])
    with pytest.raises(DataContractError, match="item_1"):
        score("hit6", [1, 2, 3, 4, 5, 5])  # answers counted from 1, not weighted


def test_hit6_differences_between_groups_are_no_threshold_for_a_person() -> None:
    values = {each.value for each in REGISTRY.get("hit6").thresholds.values()}
    assert values == {8, 6, 2.5}  # -2.3 and -1.5 are differences between groups
    assert REGISTRY.get("hit6").threshold().value == 8


def test_hit6_bands() -> None:
    labels = REGISTRY.get("hit6").bands["impact"].label(pd.Series([36.0, 49, 50, 55, 56, 59, 60]))
    assert labels.tolist() == [
        "little or none",
        "little or none",
        "some",
        "some",
        "substantial",
        "substantial",
        "severe",
    ]


# 6. PROMIS tables


def test_promis_tables_hold_only_what_four_items_give() -> None:
    for code, low, high in (("promis_pi_4a", 41.6, 75.6), ("promis_pf_4a", 22.5, 57.0)):
        instrument = REGISTRY.get(code)
        assert sorted(instrument.scoring.table) == list(range(4, 21))
        scores = [instrument.scoring.table[raw] for raw in range(4, 21)]
        assert scores == sorted(scores) and (scores[0], scores[-1]) == (low, high)
        # T-scores of 90.5 and 99.7 from wrong public tables are off the scale
        assert wrong(code, [low, high, 90.5, 99.7]) == [False, False, True, True]


def test_promis_rows_that_were_published_twice_differently() -> None:
    assert score("promis_pi_4a", [5, 5, 5, 5]) == [75.6]  # not 75.8, the value of fatigue
    assert score("promis_pf_4a", [4, 4, 4, 5]) == [43.5]  # raw 17 of v2.0; 43.4 in v1.0
    assert score("promis_pf_4a", [1, 1, 1, 1], [5, 5, 5, 5]) == [22.5, 57.0]  # v1.0: 22.9, 56.9


def test_promis_needs_complete_forms() -> None:
    assert np.isnan(score("promis_pi_4a", [3, 3, 3, None])[0])
    assert score("promis_pi_4a", [3, 3, 3, 3]) == [61.2]


def test_promis_runs_with_its_concept() -> None:
    assert REGISTRY.get("promis_pi_4a").lower_is_better
    assert not REGISTRY.get("promis_pf_4a").lower_is_better


def test_promis_ends_of_the_scale_are_marked() -> None:
    interference, function = REGISTRY.get("promis_pi_4a"), REGISTRY.get("promis_pf_4a")
    assert interference.imprecise(pd.Series([41.6, 49.6])).tolist() == [True, False]
    assert function.imprecise(pd.Series([57.0, 48.3])).tolist() == [True, False]
    assert interference.scoring.standard_errors[4] == 6.1
    assert function.scoring.standard_errors[20] == 6.6


def test_promis_cut_points_belong_to_the_band_below_on_interference() -> None:
    bands = REGISTRY.get("promis_pi_4a").bands["healthmeasures"]
    assert bands.label(pd.Series([55.0, 55.6, 60.0, 70.0, 71.6])).tolist() == [
        "within normal",
        "mild",
        "mild",
        "moderate",
        "severe",
    ]
    mirrored = REGISTRY.get("promis_pf_4a").bands["mirrored"]
    assert mirrored.label(pd.Series([45.0, 44.9, 40.0, 30.0, 29.9])).tolist() == [
        "within normal",
        "mild",
        "mild",
        "moderate",
        "severe",
    ]


# 7. LOINC


def test_loinc_check_digit() -> None:
    for good in ("72514-3", "82237-9", "71961-7", "71965-8", "77865-4", "90973-9"):
        assert check_digit_ok(good)
    for bad in ("71961-0", "71965-1", "72514-4", "72514", "", "7251-43", "abc-1", "72514-33"):
        assert not check_digit_ok(bad)


def test_loinc_of_depression_is_not_pain() -> None:
    assert REGISTRY.by_loinc("71965-8") is None
    assert REGISTRY.by_loinc("71961-7").code == "promis_pi_4a"
    assert REGISTRY.by_loinc("56840-2") is None  # discouraged


def test_loinc_of_the_ndi_items_is_in_form_order() -> None:
    ndi = REGISTRY.get("ndi")
    assert len(ndi.loinc_items) == 10
    assert (ndi.loinc_items[0], ndi.loinc_items[-1]) == ("82227-0", "82236-1")


def test_no_loinc_where_none_was_found() -> None:
    for code in ("hit6", "midas", "npq", "nbq", "peg", "psfs", "pgic", "groc", *ROM):
        assert REGISTRY.get(code).loinc == ()


# 8. What is unverified is not shipped


def test_unverified_figures_are_absent() -> None:
    assert REGISTRY.get("npq").scoring is None
    with pytest.raises(DataContractError, match="without a rule"):
        score("npq", [1, 2, 3])
    assert {each.value for each in REGISTRY.get("nbq").thresholds.values()} == {34}
    assert not REGISTRY.get("midas").thresholds  # 4.5 was not seen in a source
    assert [band.label for band in REGISTRY.get("midas").bands["grades"]][-1] == "grade IV"
    assert REGISTRY.get("groc").bands == {}
    assert REGISTRY.get("nbq").recall == "" and REGISTRY.get("peg").recall == ""
    assert not {3.5, 14.0} & {each.value for each in REGISTRY.get("ndi").thresholds.values()}


def test_npq_rule_is_no_default_because_it_needs_a_global_rating_too() -> None:
    npq = REGISTRY.get("npq")
    assert "global rating" in npq.threshold("quarter").note
    with pytest.raises(DataContractError, match="quarter"):
        npq.threshold()


# 9. The rest


def test_midas_is_the_sum_of_five_and_empty_is_not_nothing() -> None:
    assert score("midas", [1, 2, 3, 4, 5]) == [15.0]
    assert np.isnan(score("midas", [1, 2, 3, 4, None])[0])
    labels = REGISTRY.get("midas").bands["grades"].label(pd.Series([5.0, 6, 10, 11, 20, 21]))
    assert labels.tolist() == ["grade I", *["grade II"] * 2, *["grade III"] * 2, "grade IV"]


def test_midas_days_a_and_rating_b_are_not_items() -> None:
    with pytest.raises(DataContractError, match="item_6"):
        score("midas", [1, 2, 3, 4, 5, 30])


def test_nbq_needs_all_seven() -> None:
    assert score("nbq", [10] * 7) == [70.0]
    assert np.isnan(score("nbq", [10] * 6)[0])


def test_peg_is_the_mean_of_three() -> None:
    assert score("peg", [4, 5, 6]) == [5.0]
    assert np.isnan(score("peg", [4, 5, None])[0])


def test_groc_is_signed() -> None:
    assert wrong("groc", [-7, 0, 7, 8, -8, 1.5]) == [False, False, False, True, True, True]
    assert REGISTRY.get("groc").threshold().value == 3


def test_pain_bands_have_several_schemes() -> None:
    bands = REGISTRY.get("nrs_pain").bands
    five = pd.Series([5.0])
    assert bands["neck_pain"].label(five).tolist() == ["moderate"]
    assert bands["chronic_musculoskeletal"].label(five).tolist() == ["mild"]
    whole = pd.Series(np.arange(11.0))
    expected = ["mild"] * 5 + ["moderate"] * 3 + ["severe"] * 3
    assert bands["neck_pain"].label(whole).tolist() == expected
    assert bands["cancer"].label(pd.Series([0.0, 1, 4, 5, 6, 7])).tolist() == [
        "none",
        "mild",
        "mild",
        "moderate",
        "moderate",
        "severe",
    ]


def test_vas_bands_are_in_millimetres() -> None:
    bands = REGISTRY.get("vas_pain").bands["interference"]
    assert bands.label(pd.Series([34.0, 35, 64, 65])).tolist() == [
        "mild",
        "moderate",
        "moderate",
        "severe",
    ]


def test_values_off_the_scale_and_missing_have_no_band() -> None:
    labels = REGISTRY.get("nrs_pain").bands["neck_pain"].label(pd.Series([-1.0, 11.0, np.nan]))
    assert labels.isna().all() and labels.dtype == "str"


def test_recalled_headache_days_are_days_per_28() -> None:
    assert wrong("headache_days_recall", [0, 28, 30]) == [False, False, True]
    assert REGISTRY.get("headache_days_recall").threshold().value == 50


def test_pain_of_hundred_is_not_pain_of_ten() -> None:
    assert "vas_pain" in REGISTRY.get("nrs_pain").check(pd.Series([70.0]))[0]


def test_missing_scores_are_not_wrong() -> None:
    for instrument in REGISTRY:
        assert (instrument.check(pd.Series([np.nan])) == "").all()


def test_reasons_hold_no_score() -> None:
    reason = REGISTRY.get("nrs_pain").check(pd.Series([7777.0]))[0]
    assert "7777" not in reason
    with pytest.raises(DataContractError) as caught:
        score("ndi", [7777] * 10)
    assert "7777" not in str(caught.value)
