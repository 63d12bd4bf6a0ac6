"""The therapist's notebook: still in a report, live elsewhere, one sheet for the day."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from outcomes.analyses.due import estimate_due
from outcomes.explore.choice import Choice
from outcomes.explore.views import Views
from outcomes.io import read_tables
from outcomes.present import Policy
from outcomes.report.kernel import WarmKernel, read_notebook
from outcomes.report.page import Imprint, build_page
from outcomes.report.pdf import pdf_maker
from outcomes.tables import Tables
from tests.page_words import words_of

Frames = dict[str, pd.DataFrame]
IMPRINT = Imprint("The day", "inside", True, "Data", "0")


@pytest.fixture(scope="module")
def notebook(repository: Path) -> Path:
    return repository / "notebooks" / "cohort_trends.ipynb"


@pytest.fixture(scope="module")
def portland(sample: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of some patients of a clinic."""
    ids = sample["patients"].loc[sample["patients"]["clinic"] == "Portland", "patient_id"].head(90)
    folder = tmp_path_factory.mktemp("portland")
    for name, frame in sample.items():
        frame[frame["patient_id"].isin(ids)].to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_in_a_report_it_stands_still_and_is_whole(
    kernel: WarmKernel, notebook: Path, portland: Path
) -> None:
    node = kernel.run(notebook, {"data": str(portland), "live": False})
    page = build_page(node, IMPRINT)
    words = words_of(page)
    for heading in ("The day", "Patient by patient", "To take home", "Words and cut points"):
        assert heading in words
    assert "widget" not in page.partition("<body>")[2]
    assert "A flag says: check." in words
    assert not re.search(r"\b(nan|NaN|None|NaT|inf)\b|<NA>", words)
    assert not re.search(r"\b[a-z]+_[a-z_]+\b", words), re.findall(r"\b[a-z]+_[a-z_]+\b", words)
    assert len(re.findall(r'<img [^>]*alt="[^"]{10,}"', page)) == page.count("<img")


def test_elsewhere_it_has_controls(kernel: WarmKernel, notebook: Path, portland: Path) -> None:
    pytest.importorskip("ipywidgets")
    node = kernel.run(notebook, {"data": str(portland)})
    views = [
        output
        for cell in node.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {})
    ]
    assert len(views) >= 5


def test_it_asks_for_no_statistics_of_its_own(notebook: Path) -> None:
    source = "\n".join(cell.source for cell in read_notebook(notebook).cells)
    assert "numpy" not in source
    assert "pandas" not in source


def busy(tables: Tables, number: int) -> Tables:
    """The data set with so many appointments on the next day, some with much to check."""
    held = tables.sessions
    assert held is not None
    some = pd.Index(held["patient_id"].drop_duplicates().head(number))
    first = held.drop_duplicates("patient_id").set_index("patient_id").loc[some].reset_index()
    booked = first.assign(
        session_id=[f"new{place}" for place in range(number)],
        date=tables.as_of + pd.Timedelta(days=1),
        time=[f"{8 + place // 2:02d}:{30 * (place % 2):02d}" for place in range(number)],
        status="booked",
        booked_on=tables.as_of,
        therapist_id="T",
    )
    booked = booked[held.columns].astype(held.dtypes)
    others = held[held["status"] != "booked"]
    risky = np.where(tables.patients["patient_id"].isin(some[::3]), 1.0, np.nan)
    return replace(
        tables,
        sessions=pd.concat([others, booked], ignore_index=True),
        patients=tables.patients.assign(anticoagulants=risky, cleared=np.nan),
    )


def test_fourteen_appointments_fit_one_printed_sheet(portland: Path) -> None:
    weasyprint = pdf_maker()
    if weasyprint is None:
        pytest.skip("needs pango, the library that PDFs are made with")
    tables = busy(read_tables(portland), 14)
    assert (estimate_due(tables).estimates["term"] == "clearance_missing").sum() >= 4
    views, choice = Views(tables, Policy()), Choice(tables.as_of.date().isoformat())
    assert len(views.booked(choice)) == 14
    assert "and nothing booked</strong>:" in views.day(choice)._repr_html_()
    cells = [nbformat.v4.new_markdown_cell("# Before the day starts")]
    for heading, part in (
        ("", views.cover(choice)),
        ("## The day", views.day(choice)),
        ("## Next", views.cohort(choice)),
        ("## Last", views.handouts(replace(choice, patient=views.booked(choice)[0]))),
    ):
        output = nbformat.v4.new_output("display_data", {"text/html": part._repr_html_()})
        if heading:
            cells.append(nbformat.v4.new_markdown_cell(heading))
        cells.append(nbformat.v4.new_code_cell("x", outputs=[output]))
    page = build_page(nbformat.v4.new_notebook(cells=cells), IMPRINT)
    printed = weasyprint.HTML(string=page).render().pages
    assert "the-day" in printed[0].anchors
    assert "next" in printed[1].anchors  # a day of two pages would push it to the third
    last = next(place for place, each in enumerate(printed) if "last" in each.anchors)
    assert last == len(printed) - 1  # the sheet to take home is one page, and its own
