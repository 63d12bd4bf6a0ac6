"""The contract of the tables, and the page that tells people about it, say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from outcomes.io.import_csv import import_csv
from outcomes.io.mapping_cells import CELL_KEYS
from outcomes.io.mapping_file import BLOCK_KEYS, TOP_KEYS, read_mapping
from outcomes.schema import KINDS, SCHEMAS, Column
from outcomes.tables import Tables

KIND_WORDS = {"whole": "whole number", "list": "names with `;` between"}


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "data.md").read_text(encoding="utf-8")


def written(column: Column) -> str:
    """How the page writes the cells of a column."""
    words = KIND_WORDS.get(column.kind, column.kind)
    if column.maximum is not None:
        words += f", {column.minimum:g} to {column.maximum:g}"
    elif column.minimum is not None:
        words += f", {column.minimum:g} or more"
    if column.allowed:
        words += ": " + ", ".join(f"`{code}`" for code in column.allowed)
    return words


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_page_lists_every_column_as_it_is_checked(page: str, name: str) -> None:
    schema = SCHEMAS[name]
    (section,) = re.findall(rf"### {name}\n(.*?)(?=\n### |\nAssessments may)", page, flags=re.S)
    rows = re.findall(r"^\| (\**)`(\w+)`\** \| (.*?) \| (.*?) \|$", section, flags=re.M)
    assert rows == [
        ("**" if column.required else "", column.name, written(column), column.meaning)
        for column in schema.columns
    ]
    keys = ", ".join(f"`{key}`" for key in schema.key)
    assert f"One row is {schema.row}. Key: {keys}." in section


def test_the_page_explains_every_key_of_a_mapping(page: str) -> None:
    part = page.split("## Bringing records in")[1]
    for key in (*TOP_KEYS, *CELL_KEYS, *BLOCK_KEYS):
        if key not in ("source",):
            assert re.search(rf"`[^`\n]*\b{key}\b|^{key} =", part, flags=re.M), key


def test_the_mapping_on_the_page_works(page: str, tmp_path: Path) -> None:
    example, flat = re.findall(r"```toml\n(.*?)```", page, flags=re.S)
    (tmp_path / "flat.toml").write_text(flat, encoding="utf-8")
    assert {block.table.name for block in read_mapping(tmp_path / "flat.toml").blocks} == {
        "patients",
        "sessions",
    }
    (tmp_path / "mapping.toml").write_text(example, encoding="utf-8")
    assert read_mapping(tmp_path / "mapping.toml").name == "Our clinic"
    header = "Client number;Gender;Appointment;Start;State;Pain before;Pain after;NDI percent"
    rows = "7;F;A1;05.01.2026 09:30;Arrived;7;4;40\n7;F;A2;12.01.2026 09:30;No Show;;;n/a\n"
    (tmp_path / "salem.csv").write_text(f"{header}\n{rows}", encoding="cp1252")
    loaded = import_csv(tmp_path / "salem.csv", tmp_path / "mapping.toml", tmp_path / "out").loaded
    assert loaded.rejects.empty
    assert loaded.tables.patients["patient_id"].tolist() == ["salem-7"]
    assert loaded.tables.sessions["time"].tolist() == ["09:30", "09:30"]
    assert loaded.tables.assessments["value"].tolist() == [7.0, 4.0, 20.0]


def test_schemas_are_sound() -> None:
    assert list(SCHEMAS) == [
        "patients",
        "sessions",
        "assessments",
        "headache_diary",
        "headache_periods",
        "plans",
        "adverse_events",
        "trigger_points",
        "exercises",
        "covariates",
    ]
    assert [name for name, schema in SCHEMAS.items() if schema.required] == ["patients"]
    for name, schema in SCHEMAS.items():
        assert name == schema.name
        assert len(set(schema.names)) == len(schema.names)
        assert set(schema.key) <= set(schema.names)
        assert schema.dated_by in ("", *schema.names)
        assert name in Tables.__dataclass_fields__
        for column in schema.columns:
            assert column.kind in KINDS
            assert bool(column.allowed) or column.kind != "code"
            pd.Series([], dtype=column.dtype)
        assert schema.empty().columns.tolist() == list(schema.names)
