"""Parquet files through a mapping: types speak for themselves, text as the mapping says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataContractError
from outcomes.io import ImportSummary, import_csv, import_parquet, read_tables

MAPPING = """
decimal = ","
date_format = "%d/%m/%Y"
[patients]
one_row_per_key = true
patient_id = "id"
whiplash = "accident"
[assessments]
patient_id = "id"
instrument = { constant = "vas_pain" }
date = "day"
value = { column = "cm", factor = 10 }
timing = { column = "home", values = { TRUE = "remote", FALSE = "pre" } }
"""


def run(tmp_path: Path, frame: pd.DataFrame, mapping: str = MAPPING) -> ImportSummary:
    frame.to_parquet(tmp_path / "scores.parquet")
    (tmp_path / "mapping.toml").write_text(mapping)
    return import_parquet(tmp_path, tmp_path / "mapping.toml", tmp_path / "out")


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [1, 2, 3],
            "accident": [True, False, True],
            "day": pd.to_datetime(["2024-04-03", "2024-04-04", None]),
            "cm": [7.1, 0.07, np.nan],
            "home": [True, False, False],
        }
    )


def test_types_need_no_format(tmp_path: Path) -> None:
    summary = run(tmp_path, frame())
    tables = read_tables(tmp_path / "out")
    assert tables.patients["patient_id"].tolist() == ["1", "2", "3"]
    assert tables.patients["whiplash"].tolist() == [1, 0, 1]
    assert tables.assessments is not None
    assert tables.assessments["value"].tolist() == [71, 0.7]
    assert tables.assessments["timing"].tolist() == ["remote", "pre"]
    assert summary.accounting.set_index("table").loc["assessments", "rows_rejected"] == 1


def test_text_is_read_as_the_mapping_says(tmp_path: Path) -> None:
    text = frame().assign(day=["03/04/2024", "04/04/2024", ""], cm=["7,1", "0.07", ""])
    summary = run(tmp_path, text)
    reasons = summary.loaded.rejects["reason"].tolist()
    assert "decimal comma" in reasons[0]
    assert summary.loaded.tables.assessments["value"].tolist() == [71]


def test_times_with_a_zone_are_refused(tmp_path: Path) -> None:
    zoned = frame().assign(day=pd.to_datetime(["2024-04-03 23:30"] * 3).tz_localize("UTC"))
    with pytest.raises(DataContractError, match="time zone"):
        run(tmp_path, zoned)


def test_sheets_are_of_workbooks_only(tmp_path: Path) -> None:
    mapping = '[patients]\nsheet = "a"\npatient_id = "id"\n'
    with pytest.raises(DataContractError) as caught:
        run(tmp_path, frame(), mapping)
    assert caught.value.column == "patients.sheet"
    (tmp_path / "a.csv").write_text("id\n1\n")
    with pytest.raises(DataContractError):
        import_csv(tmp_path / "a.csv", tmp_path / "mapping.toml", tmp_path / "out")
