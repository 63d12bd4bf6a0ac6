"""Text and tables of a report as a Word document, to be worked into a paper for a meeting."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

HOW_TO_GET_WORD = (
    "Word documents are not made: the package python-docx is missing. Install the extra 'report'."
)
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3}
_BLOCKS = {*_HEADINGS, "p", "li", "figcaption", "caption"}
_VOID = {"img", "br", "meta", "hr"}
_FIGURE = "Figure, in words: "


def word_maker() -> Any | None:
    """Find the library for Word documents.

    Returns
    -------
    module or None
        python-docx, or None where it is missing.
    """
    try:
        import docx
    except ImportError:
        return None
    return docx


def write_word(docx: Any, page: str, path: Path) -> None:
    """Write text and tables of a page as a Word document.

    Parameters
    ----------
    docx : module
        As found by `word_maker`.
    page : str
        The HTML document of a report.
    path : Path
        File to write.

    Notes
    -----
    Headings, lists and tables are those of Word, so that its outline, its table of contents and a
    screen reader find them; the first row of a table repeats on each page. In place of a figure
    stand its caption and the words for it. The banner and the foot of the page are kept.
    """
    reader = _Reader()
    reader.feed(page)
    document = docx.Document()
    document.core_properties.title = reader.title
    # a date and a name of whoever ran it would make the same report another file
    document.core_properties.author = "outcomes"
    for kind, content in reader.parts:
        if kind == "table":
            _add_table(docx, document, content)
        elif kind in _HEADINGS:
            document.add_heading(content, _HEADINGS[kind])
        elif kind == "li":
            document.add_paragraph(content, style="List Bullet")
        elif kind in ("figcaption", "caption"):
            document.add_paragraph(content, style="Caption").paragraph_format.keep_with_next = True
        else:
            document.add_paragraph(content)
    document.save(path)


def _add_table(docx: Any, document: Any, rows: list[list[str]]) -> None:
    if not rows:
        return
    width = max(map(len, rows))
    table = document.add_table(rows=len(rows), cols=width, style="Light Grid Accent 1")
    # by the list of all cells: asking for one cell at a time takes time that grows with the table
    cells = table._cells
    for place, row in enumerate(rows):
        for column, text in enumerate(row):
            cells[place * width + column].text = text
    repeated = docx.oxml.OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)


class _Reader(HTMLParser):
    """Takes headings, paragraphs, lists and tables out of a page, in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[tuple[str, Any]] = []
        self.title = ""
        self._open: list[str] = []
        self._text: list[str] = []
        self._rows: list[list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img":
            alt = given.get("alt") or ""
            if alt and "figcaption" not in self._open:
                self.parts.append(("p", f"{_FIGURE}{alt}"))
        if tag == "br":
            self._text.append("\n")
        if tag in _VOID:
            return
        self._open.append(tag)
        if tag == "table":
            self._rows = []
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        if tag in _BLOCKS or tag in ("td", "th", "title"):
            self._text = []
        elif tag == "span":
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        said = (
            re.sub(r"[ \t\r\f\v]*\n[ \t\r\f\v]*", "\n", "".join(self._text))
            if (tag in ("td", "th"))
            else "".join(self._text)
        )
        if tag in ("td", "th"):
            said = "\n".join(re.sub(r"\s+", " ", line).strip() for line in said.split("\n")).strip()
            if self._rows:
                self._rows[-1].append(said)
        elif tag == "table":
            self.parts.append(("table", self._rows or []))
            self._rows = None
        elif tag == "title":
            self.title = said.strip()
        elif tag in _BLOCKS:
            said = re.sub(r"\s+", " ", said).strip()
            if said and "nav" not in self._open:
                self.parts.append((tag, said))
            self._text = []

    def handle_data(self, data: str) -> None:
        if not {"style", "nav"} & set(self._open):
            self._text.append(data)
