"""Mixed models for repeated measures recover what made the data, and fail where they must."""

from __future__ import annotations

from tests.validate.mmrm import confounding, performance, type_one


def test_type_one_error_under_drop_out_at_random() -> None:
    share = type_one(100, 24, 4).set_index("reference")["share"]
    assert share["Kenward–Roger, linear"] < 0.12  # 99.8 % band of 5 % at 100 replicates
    assert share["Kenward–Roger, linear"] <= share["Satterthwaite"] <= share["normal"]


def test_missing_at_random_is_recovered() -> None:
    found = performance(60, 150, "seen").set_index("reference")
    row = found.loc["Kenward–Roger, linear"]
    assert abs(row["bias"]) < 3.5 * row["mc_error"]
    assert row["coverage"] > 0.86  # 99.8 % band of 95 % at 60 replicates
    assert 0.73 < row["std_error / spread"] < 1.35


def test_drop_out_not_at_random_must_fail() -> None:
    row = performance(40, 200, "hidden").iloc[0]
    assert abs(row["bias"]) > 5 * row["mc_error"]
    assert row["coverage"] < 0.8


def test_a_treatment_that_follows_the_course_must_fail() -> None:
    found = confounding(20, 200).set_index(["model", "truth"])
    harm = found.loc[("without the severity", 0.0)]
    assert harm["bias"] > 0.5 and harm["coverage"] < 0.3
    # With the severity the null is right, and a real benefit is missed.
    blocked = found.loc["with the severity"]
    assert abs(blocked.loc[0.0, "bias"]) < 0.1
    (benefit,) = (blocked.loc[truth] for truth in blocked.index if truth < 0)
    assert benefit["bias"] > 0.8 and benefit["coverage"] < 0.3
