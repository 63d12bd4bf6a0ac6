"""Sums on disk: one compressed NumPy file without pickled objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import EstimationError
from .columns import Column
from .description import Description
from .design import Design, build, parse, sample_values
from .sums import Sums
from .variables import Variable

VERSION = 1
ARRAYS = ("offset", "seen", "group", "n_subjects", "products")


def write(sums: Sums, path: str | Path) -> None:
    """Write sums to a file."""
    description, design = sums.description, sums.description.design
    if design.remembers_data:
        raise EstimationError(
            f"A function in {design.formula!r} takes numbers from the data, which the sums lack.",
            "Work out that column beforehand with fixed numbers.",
        )
    facts = {
        "version": VERSION,
        "formula": design.formula,
        "visit": design.visit,
        "variables": [
            {"name": v.name, "levels": [_plain(x) for x in v.levels], "recoded": v.recoded}
            for v in design.variables.values()
        ],
        "columns": [[c.key, c.visit, c.varies, c.pieces] for c in design.columns],
        "names": design.names,
        "features": sums.features,
        "groups": [_plain(level) for level in description.groups],
        "n_subjects": description.n_subjects,
        "n_rows": description.n_rows,
        "log_weight": description.log_weight,
        "sums": description.sums,
        "cells": {name: column.tolist() for name, column in description.cells.items()},
        "n_read": description.n_read,
        "n_missing": description.n_missing,
        "n_withheld": sums.n_withheld,
    }
    arrays = {name: getattr(sums, name) for name in ARRAYS}
    with Path(path).open("wb") as file:
        np.savez_compressed(
            file, facts=np.array(json.dumps(facts)), within=description.within, **arrays
        )


def read(path: str | Path) -> dict[str, Any]:
    """Read the attributes of sums from a file."""
    with np.load(path, allow_pickle=False) as file:
        facts = json.loads(str(file["facts"]))
        arrays = {name: file[name] for name in (*ARRAYS, "within")}
    if facts["version"] != VERSION:
        raise EstimationError(
            f"The file has version {facts['version']} of the sums, this program reads {VERSION}.",
            "Make the sums again.",
        )
    within = arrays.pop("within")
    description = Description(
        design=_design(facts),
        groups=tuple(_level(x) for x in facts["groups"]),
        n_subjects=facts["n_subjects"],
        n_rows=facts["n_rows"],
        log_weight=facts["log_weight"],
        within=within,
        sums=facts["sums"],
        cells=pd.DataFrame(facts["cells"]),
        n_read=facts["n_read"],
        n_missing=facts["n_missing"],
    )
    return {
        "description": description,
        "features": tuple(facts["features"]),
        "n_withheld": facts["n_withheld"],
        **arrays,
    }


def _design(facts: dict[str, Any]) -> Design:
    """Encode the formula again, on made-up rows with every level."""
    variables = {
        v["name"]: Variable(v["name"], tuple(_level(x) for x in v["levels"]), v["recoded"])
        for v in facts["variables"]
    }
    _, right, _, _ = parse(facts["formula"], variables)
    means = {name: total / facts["n_rows"] for name, total in facts["sums"].items()}
    values = sample_values(variables, means)
    design, _ = build(facts["formula"], right, facts["visit"], variables, values)
    columns = tuple(
        Column(key, visit, varies, tuple(map(tuple, pieces)) if pieces is not None else None)
        for key, visit, varies, pieces in facts["columns"]
    )
    if list(design.names) != facts["names"]:
        raise EstimationError(
            "The formula of the file makes other coefficients here.", "Make the sums again."
        )
    return Design(
        design.formula, design.visit, variables, design.spec, design.names, design.terms, columns
    )


def _plain(level: object) -> list[object]:
    """Type and value of a level."""
    if isinstance(level, (bool, np.bool_)):
        return ["bool", bool(level)]
    if isinstance(level, (int, np.integer)):
        return ["int", int(level)]
    if isinstance(level, (float, np.floating)):
        return ["float", float(level)]
    if isinstance(level, pd.Timestamp):
        return ["time", level.isoformat()]
    return ["str", str(level)]


def _level(stored: list[Any]) -> object:
    kind, value = stored
    return pd.Timestamp(value) if kind == "time" else value
