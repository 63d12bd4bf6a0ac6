"""From a TOML table to an instrument; what does not fit is refused by the name of its key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from outcomes.instruments.loinc import check_digit_ok
from outcomes.instruments.model import Instrument
from outcomes.instruments.parts import (
    ERROR_MEASURES,
    THRESHOLD_KINDS,
    Band,
    BandScheme,
    ErrorFloor,
    Threshold,
)
from outcomes.instruments.scoring import METHODS, ItemScoring
from outcomes.instruments.toml_table import TomlTable

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ORIGIN = {"population": str, "source": str, "convention": bool}
_INSTRUMENT = {
    "label": str,
    "short_label": str,
    "unit": str,
    "minimum": float,
    "maximum": float,
    "lower_is_better": bool,
    "recall": str,
    "scoring": dict,
    "bands": dict,
    "thresholds": dict,
    "error": dict,
    "whole": bool,
    "transition": bool,
    "decimals": int,
    "loinc": list,
    "loinc_items": list,
    "imprecise_at": list,
    "licence": str,
    "source": str,
    "hint": str,
    "conventions": list,
}
_SCORING = {
    "method": str,
    "items": int,
    "minimum": float,
    "maximum": float,
    "min_answered": int,
    "answers": list,
    "whole": bool,
    "table": dict,
    "standard_errors": dict,
    "source": str,
    "convention": bool,
}


def read_instrument(code: str, content: Mapping[str, Any], *, file: str) -> Instrument:
    """Build an instrument from its TOML table.

    Parameters
    ----------
    code : str
        Code of the instrument, the name of the table.
    content : mapping
        The table as parsed; `docs/instruments.md` describes the keys.
    file : str
        Name of the file, for errors.

    Returns
    -------
    Instrument
        The instrument.

    Raises
    ------
    DataContractError
        For an unknown or missing key, a value of the wrong type, or values that contradict each
        other. The error names the key and the remedy.
    """
    here = TomlTable(content, f"instruments.{code}", file)
    if _CODE.fullmatch(code) is None:
        here.refuse("", "is not a code.", "Use small letters, digits and _, 40 at most.")
    required = ("label", "unit", "minimum", "maximum", "lower_is_better")
    values = here.check(_INSTRUMENT, required)
    low, high = values["minimum"], values["maximum"]
    if not low < high:
        here.refuse("maximum", "must be above minimum.", "Give the two ends of the scale.")
    if values.get("decimals", 1) not in range(5):
        here.refuse("decimals", "must be 0 to 4.", "Give the decimals to print.")
    for key in ("loinc", "loinc_items"):
        if not all(isinstance(each, str) and check_digit_ok(each) for each in values.get(key, ())):
            here.refuse(
                key, "holds a code whose check digit is wrong.", "Look the code up at loinc.org."
            )
    if values.get("transition") and any(
        isinstance(each, Mapping) and each.get("kind") != "state"
        for each in values.get("thresholds", {}).values()
    ):
        here.refuse(
            "thresholds",
            "of a global rating must be states.",
            'The answer is the change; write kind = "state".',
        )
    ends = tuple(here.number("imprecise_at", each) for each in values.get("imprecise_at", ()))
    parts = {"scoring", "bands", "thresholds", "error", "imprecise_at"}
    kept = {key: value for key, value in values.items() if key not in parts}
    for key in ("loinc", "loinc_items", "conventions"):
        kept[key] = tuple(str(each) for each in kept.get(key, ()))
    kept.setdefault("short_label", values["label"])
    return Instrument(
        code=code,
        scoring=_scoring(here.below("scoring"), low, high) if "scoring" in values else None,
        bands=_bands(here.below("bands"), low, high) if "bands" in values else {},
        thresholds=_thresholds(here.below("thresholds"), low, high)
        if "thresholds" in values
        else {},
        floor=_error(here.below("error")) if "error" in values else None,
        imprecise_at=ends,
        **kept,
    )


def _scoring(here: TomlTable, low: float, high: float) -> ItemScoring:
    values = here.check(_SCORING, ("method", "items", "minimum", "maximum", "min_answered"))
    if values["method"] not in METHODS:
        here.refuse("method", "is unknown.", f"Use one of: {', '.join(METHODS)}.")
    if not 1 <= values["items"] <= 99:
        here.refuse("items", "must be 1 to 99.", "Give the number of items.")
    if not values["minimum"] < values["maximum"]:
        here.refuse("maximum", "must be above minimum.", "Give the two ends of an answer.")
    if not 1 <= values["min_answered"] <= values["items"]:
        here.refuse(
            "min_answered", "must be 1 to the number of items.", "Give how many are needed."
        )
    answers = tuple(here.number("answers", each) for each in values.pop("answers", ()))
    if answers and not values["minimum"] <= min(answers) <= max(answers) <= values["maximum"]:
        here.refuse("answers", "leave the range.", "Give answers from minimum to maximum.")
    tables = {}
    for key in ("table", "standard_errors"):
        below = here.below(key) if key in values else None
        values.pop(key, None)
        tables[key] = _lookup(below) if below is not None else {}
    scoring = ItemScoring(
        answers=answers, table=tables["table"], standard_errors=tables["standard_errors"], **values
    )
    _check_reach(here, scoring, low, high)
    return scoring


def _lookup(here: TomlTable) -> dict[int, float]:
    found = {}
    for key, value in here.content.items():
        if re.fullmatch(r"[0-9]{1,4}", key) is None:
            here.refuse(key, "is not a raw sum.", "Write raw sum = score, such as 4 = 41.6.")
        found[int(key)] = here.number(key, value)
    return found


def _check_reach(here: TomlTable, scoring: ItemScoring, low: float, high: float) -> None:
    """Items must reach the ends of the scale, and a table hold every sum of complete answers."""
    first, last = scoring.minimum * scoring.items, scoring.maximum * scoring.items
    if scoring.method == "table":
        if not scoring.whole or set(scoring.table) != set(range(int(first), int(last) + 1)):
            here.refuse(
                "table",
                f"must hold every whole sum from {first:g} to {last:g}.",
                "Give all of them, and whole = true.",
            )
        if scoring.min_answered != scoring.items:
            here.refuse(
                "min_answered",
                "must be all items for a table.",
                "Tables of raw sums hold for complete forms only.",
            )
        first, last = min(scoring.table.values()), max(scoring.table.values())
    elif scoring.method == "mean":
        first, last = scoring.minimum, scoring.maximum
    if low < first or high > last:
        here.refuse(
            "method",
            f"gives {first:g} to {last:g}, which does not reach the ends of the scale.",
            "Check whether the scale is that of the raw score or of a percentage.",
        )


def _bands(here: TomlTable, low: float, high: float) -> dict[str, BandScheme]:
    schemes = {}
    for name in here.content:
        below = here.below(name)
        values = below.check({"levels": list, **_ORIGIN}, ("levels",))
        levels = values.pop("levels")
        if len(levels) < 2:
            below.refuse("levels", "must be two or more.", "Give each a label, and a lower end.")
        edges: list[tuple[str, float, bool]] = []
        for number, level in enumerate(levels, start=1):
            table = TomlTable(level, f"{below.place}.levels {number}", below.file)
            given = table.check({"label": str, "from": float, "above": float}, ("label",))
            if ("from" in given) + ("above" in given) != (number > 1):
                table.refuse(
                    "from", "needs one lower end.", "Give from or above; the first level neither."
                )
            edge = given.get("from", given.get("above", low))
            if edges and not edges[-1][1] <= edge <= high:
                table.refuse("from", "must rise along the scale.", "Order levels from low to high.")
            edges.append((given["label"], edge, "above" not in given))
        uppers = [edge for _, edge, _ in edges[1:]] + [high]
        bands = tuple(
            Band(label, edge, upper, includes)
            for (label, edge, includes), upper in zip(edges, uppers, strict=True)
        )
        schemes[name] = BandScheme(name, bands, **values)
    return schemes


def _thresholds(here: TomlTable, low: float, high: float) -> dict[str, Threshold]:
    kinds = {"kind": str, "value": float, "label": str, "default": bool, "note": str, **_ORIGIN}
    found = {}
    for name in here.content:
        below = here.below(name)
        values = below.check(kinds, ("kind", "value", "label"))
        kind, value = values["kind"], values["value"]
        if kind not in THRESHOLD_KINDS:
            below.refuse("kind", "is unknown.", f"Use one of: {', '.join(THRESHOLD_KINDS)}.")
        if kind == "state" and not low <= value <= high:
            below.refuse("value", "is off the scale.", "Give a score to have reached.")
        if kind != "state" and value <= 0:
            below.refuse(
                "value", "must be above 0.", "Give the size of an improvement, without a sign."
            )
        if kind == "points" and value > high - low:
            below.refuse("value", "is longer than the scale.", "Check the unit of the threshold.")
        found[name] = Threshold(name=name, **values)
    if sum(threshold.default for threshold in found.values()) > 1:
        here.refuse("", "have several defaults.", "Set default = true for one of them.")
    return found


def _error(here: TomlTable) -> ErrorFloor:
    values = here.check({"value": float, "measure": str, **_ORIGIN}, ("value", "measure"))
    if values["measure"] not in ERROR_MEASURES:
        here.refuse("measure", "is unknown.", f"Use one of: {', '.join(ERROR_MEASURES)}.")
    if values["value"] <= 0:
        here.refuse("value", "must be above 0.", "Give the size of the error.")
    return ErrorFloor(**values)
