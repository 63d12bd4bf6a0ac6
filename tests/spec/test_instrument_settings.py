"""Users describe their own instruments in TOML, and are told which key does not fit."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataContractError
from outcomes.instruments import default_registry
from outcomes.settings import settings_from

GOOD = """
[instruments.my_scale]
label = "Stiffness (0–20)"
unit = "points"
minimum = 0
maximum = 20
lower_is_better = true

[instruments.my_scale.scoring]
method = "sum"
items = 4
minimum = 0
maximum = 5
min_answered = 3

[instruments.my_scale.error]
value = 3
measure = "MDC95"

[instruments.my_scale.thresholds.third]
kind = "percent"
value = 33
label = "a third less stiff"
default = true

[instruments.my_scale.bands.ours]
levels = [{ label = "low" }, { label = "high", from = 10 }]
"""


def define(text: str, registry=None):
    registry = registry or default_registry()
    return registry.extended(tomllib.loads(text)["instruments"])


def test_a_definition_becomes_an_instrument() -> None:
    scale = define(GOOD).get("my_scale")
    assert scale.short_label == scale.label == "Stiffness (0–20)"
    assert scale.mdc95 == 3 and scale.threshold().value == 33
    scores = scale.score(pd.DataFrame({"item_1": [5, 5], "item_2": [5, 1], "item_3": [2, None]}))
    assert scores[0] == 16 and np.isnan(scores[1])
    assert scale.bands["ours"].label(pd.Series([9.0, 10.0])).tolist() == ["low", "high"]


def test_the_shipped_registry_stays_as_it_was() -> None:
    before = default_registry().codes
    define(GOOD)
    assert default_registry().codes == before and "my_scale" not in default_registry()


def test_a_shipped_instrument_is_not_replaced_by_accident() -> None:
    text = GOOD.replace("my_scale", "ndi")
    with pytest.raises(DataContractError) as caught:
        define(text)
    assert caught.value.column == "instruments.ndi"
    assert "replace = true" in caught.value.remedy
    replaced = text.replace("[instruments.ndi]", "[instruments.ndi]\nreplace = true", 1)
    registry = define(replaced)
    assert registry.get("ndi").maximum == 20
    assert registry.codes.count("ndi") == 1
    with pytest.raises(DataContractError):
        define(text.replace("[instruments.ndi]", '[instruments.ndi]\nreplace = "yes"', 1))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('label = "Stiffness (0–20)"\n', "", "label"),
        ('label = "Stiffness (0–20)"', "label = 3", "label"),
        ('label = "Stiffness (0–20)"', 'label = " "', "label"),
        ('unit = "points"', 'units = "points"', "units"),
        ("lower_is_better = true", 'lower_is_better = "yes"', "lower_is_better"),
        ("minimum = 0\nmaximum = 20", "minimum = 20\nmaximum = 0", "maximum"),
        ("minimum = 0\nmaximum = 20", "minimum = 0\nmaximum = nan", "maximum"),
        ("minimum = 0\nmaximum = 20", "minimum = false\nmaximum = 20", "minimum"),
        ("maximum = 20", "maximum = 100", "scoring.method"),
        ('method = "sum"', 'method = "median"', "scoring.method"),
        ('method = "sum"', 'method = "table"', "scoring.table"),
        ("items = 4", "items = 0", "scoring.items"),
        ("items = 4", "items = 2.5", "scoring.items"),
        ("min_answered = 3", "min_answered = 5", "scoring.min_answered"),
        ("min_answered = 3", "min_answered = 3\nanswers = [1, 9]", "scoring.answers"),
        ("min_answered = 3", 'min_answered = 3\nanswers = ["a"]', "scoring.answers"),
        ('measure = "MDC95"', 'measure = "guess"', "error.measure"),
        ("value = 3\nmeasure", "value = -3\nmeasure", "error.value"),
        ('kind = "percent"', 'kind = "share"', "thresholds.third.kind"),
        ("value = 33", "value = -33", "thresholds.third.value"),
        ('kind = "percent"\nvalue = 33', 'kind = "points"\nvalue = 33', "thresholds.third.value"),
        ('kind = "percent"\nvalue = 33', 'kind = "state"\nvalue = 33', "thresholds.third.value"),
        ('label = "a third less stiff"\n', "", "thresholds.third.label"),
        ('{ label = "low" }, ', "", "bands.ours.levels"),
        ("from = 10", "from = 30", "bands.ours.levels 2.from"),
        ("from = 10", "at = 10", "bands.ours.levels 2.at"),
        ('{ label = "low" }', '{ label = "low", from = 0 }', "bands.ours.levels 1.from"),
        ("lower_is_better = true", 'lower_is_better = true\nloinc = ["71961-0"]', "loinc"),
        ("lower_is_better = true", "lower_is_better = true\ndecimals = 9", "decimals"),
        ("lower_is_better = true", "lower_is_better = true\ntransition = true", "thresholds"),
        ("lower_is_better = true", "lower_is_better = true\nrecall = 7", "recall"),
    ],
)
def test_what_does_not_fit_is_named(old: str, new: str, key: str) -> None:
    assert old in GOOD
    with pytest.raises(DataContractError) as caught:
        define(GOOD.replace(old, new, 1))
    assert caught.value.column == f"instruments.my_scale.{key}"
    assert caught.value.file == "settings.toml" and caught.value.remedy


@pytest.mark.parametrize("code", ["My Scale", "9lives", "a" * 41, "naïve", ""])
def test_codes_are_plain(code: str) -> None:
    content = tomllib.loads(GOOD)["instruments"]["my_scale"]
    with pytest.raises(DataContractError, match="is not a code"):
        default_registry().extended({code: content})


def test_something_else_than_a_table() -> None:
    with pytest.raises(DataContractError, match="must be a table"):
        default_registry().extended({"mine": 3})  # type: ignore[dict-item]


def test_two_defaults_contradict() -> None:
    second = GOOD + (
        '\n[instruments.my_scale.thresholds.half]\nkind = "percent"\nvalue = 50\n'
        'label = "half"\ndefault = true\n'
    )
    with pytest.raises(DataContractError, match="several defaults"):
        define(second)


def test_unknown_code_and_threshold_name_the_choices() -> None:
    with pytest.raises(DataContractError, match="nrs_pain"):
        default_registry().get("nrs")
    with pytest.raises(DataContractError, match="moderate"):
        default_registry().get("nrs_pain").threshold("large")


def test_examples_in_the_documentation_work(repository: Path) -> None:
    text = (repository / "docs" / "instruments.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        settings = settings_from(tomllib.loads(block))
        registry = default_registry().extended(settings.instruments)
        for code, name in settings.thresholds.items():
            assert registry.get(code).threshold(name).name == name


def test_documentation_lists_every_instrument(repository: Path) -> None:
    text = (repository / "docs" / "instruments.md").read_text(encoding="utf-8")
    assert [code for code in default_registry().codes if f"`{code}`" not in text] == []
