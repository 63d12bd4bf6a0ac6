"""A workbook as clinics have them, made of simulated records, to practise an import on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from outcomes.simulate.simulation import simulate
from outcomes.simulate.spec import SimulationSpec

PATIENTS, SEED = 260, 11
MAPPING = "messy_workbook"
"""The shipped mapping that understands it."""
_STATES = {"attended": "Came", "no_show": "No show ", "cancelled": "cancelled", "booked": "Booked"}
_SEXES = {"female": ("F", "f ", "female"), "male": ("M", "m", "male ")}
_NAMES = ("Ada Lindqvist", "Ben Okafor", "Cleo Marsh", "Dan Petrov", "Eva Rossi", "Finn Hale")
_MADE = datetime(2026, 9, 30)
_DAY = "%d/%m/%Y"


def write_messy_workbook(path: Path | str | None = None) -> Path:
    """Write a workbook with what makes workbooks hard to read, the same each time.

    Parameters
    ----------
    path : Path or str, optional
        File ending in ``.xlsx``; one in a new temporary folder unless given.

    Returns
    -------
    Path
        The file.

    Notes
    -----
    Titles above the header, names merged over several columns, dates as text beside true dates,
    decimal commas, spaces, several words for one thing, slips, a line entered twice, and columns
    with names and telephone numbers that no import should take. Nobody in it exists.
    """
    if path is None:
        path = Path(mkdtemp(prefix="outcomes-")) / "visits.xlsx"
    path = Path(path)
    spec = SimulationSpec(patients=PATIENTS, seed=SEED, clinics=1, years=2.0)
    frames = simulate(spec, truth=False).frames
    draw = np.random.default_rng(SEED)
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": "Synthetic records", "created": _MADE})
        dated = book.add_format({"num_format": "dd/mm/yyyy"})
        middle = book.add_format({"align": "center", "bold": True})
        _clients(book.add_worksheet("Clients"), frames["patients"], draw)
        _visits(book.add_worksheet("Visits"), frames, draw, dated, middle)
        _home(book.add_worksheet("From home"), frames["assessments"])
    return path


def _clients(page: Any, patients: pd.DataFrame, draw: np.random.Generator) -> None:
    page.write_row(0, 0, ["Client number", "Name", "Telephone", "Sex", "Year of birth"])
    drawn = draw.integers(0, 1000, len(patients))
    born = patients["birth_year"].tolist()
    for line, (row, number) in enumerate(zip(patients.itertuples(), drawn, strict=True), start=1):
        said = _SEXES.get(str(row.sex), ("",))
        page.write_string(line, 0, row.patient_id)
        page.write_string(line, 1, _NAMES[number % len(_NAMES)])
        page.write_string(line, 2, f"503-555-{100 + number % 100:04}")
        page.write_string(line, 3, said[number % len(said)])
        if not np.isnan(born[line - 1]):
            page.write_number(line, 4, born[line - 1])


def _visits(page: Any, frames: Any, draw: np.random.Generator, dated: Any, middle: Any) -> None:
    """Write a line a visit, with its scores, below a title and names on two lines."""
    scores = frames["assessments"]
    pain = scores[(scores["instrument"] == "nrs_pain") & scores["session_id"].notna()]
    beside = pain.pivot_table(index="session_id", columns="timing", values="value")
    visits = frames["sessions"].merge(
        beside.reindex(columns=["pre", "post"]), how="left", on="session_id"
    )
    page.write(0, 0, "North Road - visits, for Monday's meeting")
    page.write(2, 0, "No.")
    page.merge_range(2, 1, 2, 4, "Visit", middle)
    page.merge_range(2, 5, 2, 6, "Pain", middle)
    names = ["", "client", "date", "state", "by", "before", "after", "Remarks"]
    page.write_row(3, 0, names)
    odd = draw.random(len(visits))
    line = 3
    for row, chance in zip(visits.itertuples(), odd, strict=True):
        for _ in range(2 if chance < 0.004 else 1):
            line += 1
            _visit(page, line, row, chance, dated)


def _visit(page: Any, line: int, row: Any, chance: float, dated: Any) -> None:
    page.write_string(line, 0, row.session_id)
    page.write_string(line, 1, f" {row.patient_id}" if chance > 0.9 else row.patient_id)
    if chance > 0.5:
        page.write_datetime(line, 2, row.date.to_pydatetime(), dated)
    else:
        slip = 0.004 < chance < 0.006
        page.write_string(line, 2, "31/02/2026" if slip else f"{row.date:{_DAY}}")
    page.write_string(line, 3, _STATES[row.status])
    page.write_string(line, 4, "" if pd.isna(row.therapist_id) else row.therapist_id)
    for column, value in ((5, row.pre), (6, row.post)):
        if pd.isna(value):
            page.write_string(line, column, "n/a" if chance > 0.7 else "")
        elif 0.006 < chance < 0.008:
            page.write_string(line, column, "a lot")
        elif chance < 0.3:
            page.write_string(line, column, f"{value:g}".replace(".", ","))
        else:
            page.write_number(line, column, value)
    if chance > 0.97:
        page.write_string(line, 7, "prefers mornings")


def _home(page: Any, scores: pd.DataFrame) -> None:
    home = scores[(scores["instrument"] == "nrs_pain") & (scores["timing"] == "remote")]
    page.write_row(0, 0, ["Client", "Answered on", "Pain now"])
    for line, row in enumerate(home.itertuples(), start=1):
        page.write_string(line, 0, row.patient_id)
        page.write_string(line, 1, f"{row.date:{_DAY}}")
        page.write_number(line, 2, row.value)
