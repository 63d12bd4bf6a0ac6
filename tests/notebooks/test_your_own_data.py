"""The notebook that brings a workbook in: as it is, copied elsewhere, and on no workbook."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from outcomes.errors import OutcomesError
from outcomes.io import import_excel
from outcomes.report.kernel import WarmKernel
from outcomes.report.lab import set_up_notebooks
from outcomes.simulate.messy_workbook import MAPPING, write_messy_workbook

NAME = "your_own_data.ipynb"


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_messy_workbook(tmp_path_factory.mktemp("practice") / "visits.xlsx")


def words_of(node: Any) -> str:
    texts = []
    for cell in node.cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {})
            texts.append(output.get("text", "") or shown.get("text/html", "") or str(shown))
    return unescape(re.sub(r"<[^>]+>", " ", "\n".join(texts)))


def test_it_runs_where_lab_puts_it(
    repository: Path, kernel: WarmKernel, workbook: Path, tmp_path: Path
) -> None:
    set_up_notebooks(repository / "data" / "sample", tmp_path / "work")
    own = shutil.copy(workbook, tmp_path / "visits.xlsx")
    words = words_of(kernel.run(tmp_path / "work" / NAME, {"workbook": str(own)}))
    assert "A trial run: nothing was written." in words
    assert "# ?" in words
    assert re.search(r"Pain fell by \d\.\d points", words)
    assert (tmp_path / "data" / "patients.csv").is_file()


def test_the_practice_workbook_is_messy_and_still_accounted_for(
    workbook: Path, tmp_path: Path
) -> None:
    summary = import_excel(workbook, MAPPING, tmp_path / "data")
    account = summary.accounting
    assert (account["rows_read"] == account["rows_accepted"] + account["rows_rejected"]).all()
    assert account["repeated"].sum() > 10
    reasons = set(summary.loaded.rejects["reason"].str.replace(r" \(.*", "", regex=True))
    assert reasons == {"is not written %d/%m/%Y", "is not a number with a decimal comma"}
    assert set(summary.loaded.tables.patients["sex"].dropna()) == {"female", "male"}
    written = "".join(path.read_text() for path in (tmp_path / "data").iterdir())
    assert "503-555" not in written
    assert "Lindqvist" not in written
    again = write_messy_workbook(tmp_path / "again.xlsx")
    assert again.read_bytes() == workbook.read_bytes()


def test_a_workbook_that_is_not_there_is_one_clear_line(
    repository: Path, kernel: WarmKernel, tmp_path: Path
) -> None:
    with pytest.raises(OutcomesError, match=r"none\.xlsx"):
        kernel.run(repository / "notebooks" / NAME, {"workbook": str(tmp_path / "none.xlsx")})
