"""Tables of a comparison as one HTML page and one Word document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from outcomes.present.tables import Table

HOW_TO_GET_WORD = (
    "The Word document needs python-docx: pip install 'outcomes[report]' brings it; all else is "
    "written."
)


def html_page(title: str, lead: Sequence[str], tables: Mapping[str, Table]) -> str:
    """Write all tables on a page that needs nothing else.

    Parameters
    ----------
    title : str
        Heading.
    lead : sequence of str
        Paragraphs before the tables.
    tables : mapping of str to Table
        Tables in order.

    Returns
    -------
    str
        HTML.
    """
    sheet = resources.files("outcomes.report") / "template" / "report.css"
    paragraphs = "".join(f"<p>{escape(text)}</p>\n" for text in lead)
    body = "\n".join(table._repr_html_() for table in tables.values())
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{sheet.read_text(encoding='utf-8')}</style>\n"
        f"</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n{paragraphs}{body}\n</main>\n</body>\n"
        "</html>\n"
    )


def word_maker() -> Any | None:
    """Look for the library that writes Word documents.

    Returns
    -------
    module or None
        None where it is not installed.
    """
    try:
        import docx
    except ImportError:
        return None
    return docx


def write_word(
    maker: Any,
    path: Path,
    title: str,
    lead: Sequence[str],
    tables: Mapping[str, Table],
    made: datetime,
) -> None:
    """Write all tables as a Word document.

    Parameters
    ----------
    maker : module
        As found by `word_maker`.
    path : Path
        The file.
    title : str
        Heading.
    lead : sequence of str
        Paragraphs before the tables.
    tables : mapping of str to Table
        Tables in order.
    made : datetime
        Day to note as that of the making, so that it does not tell when the data were looked at.

    Notes
    -----
    The first row of each table repeats on every page and is marked as header, pages lie on their
    side, and text is as the tables hold it: control characters, which Word cannot hold, are left
    out.
    """
    document = maker.Document()
    document.core_properties.title = title
    document.core_properties.author = "outcomes"
    document.core_properties.created = document.core_properties.modified = made
    page = document.sections[0]
    page.orientation = maker.enum.section.WD_ORIENT.LANDSCAPE
    page.page_width, page.page_height = page.page_height, page.page_width
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(page, side, maker.shared.Cm(1.5))
    document.add_heading(_plain(title), level=1)
    for text in lead:
        document.add_paragraph(_plain(text))
    for table in tables.values():
        document.add_heading(_plain(table.caption), level=2)
        _add(maker, document, table)
        for note in table.footnotes:
            document.add_paragraph(_plain(note))
    document.save(str(path))


def _add(maker: Any, document: Any, table: Table) -> None:
    grid = document.add_table(rows=1, cols=len(table.columns), style="Table Grid")
    head = grid.rows[0]
    repeat = maker.oxml.OxmlElement("w:tblHeader")
    repeat.set(maker.oxml.ns.qn("w:val"), "true")
    head._tr.get_or_add_trPr().append(repeat)
    size = maker.shared.Pt(7)
    # Cells asked for one by one cost a search each; a row's are a list.
    lines = [table.columns, *table.rows]
    rows = [head.cells, *(grid.add_row().cells for _ in table.rows)]
    for number, (line, cells) in enumerate(zip(lines, rows, strict=True)):
        for text, cell in zip(line, cells, strict=True):
            run = cell.paragraphs[0].add_run(_plain(text))
            run.font.size, run.bold = size, number == 0


def _plain(text: str) -> str:
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() and c not in "\ufffe\uffff"))
