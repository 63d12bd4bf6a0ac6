"""Word documents of reports, read back."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from outcomes.present.figures.figure import Figure
from outcomes.present.sections.section import Section
from outcomes.present.tables import Prose, Table
from outcomes.present.tiles import Tile, Tiles
from outcomes.report.word import word_maker, write_word

docx = pytest.importorskip("docx")

SHOWN = Section(
    [
        Prose(["Pain fell & stayed <low>."], kind="answer"),
        Prose(["First.", "Second."], listed=True),
        Tiles([Tile("Answered", "63%", "212 of 335", ["Jul–Sep 2026: 23 of 36"])]),
        Figure("<svg/>", "Pain falls from 7 to 3.", "Pain over time", "Points are means."),
        Table("Pain", ("Time", "Mean (95% CI)"), [("Start", "7.4 (7.2 to 7.5)")], ("A note.",)),
    ]
)
PAGE = (
    "<!DOCTYPE html><html><head><title>Clinic report: Salem</title><style>p { x: 1 }</style></head>"
    "<body><header class='banner'><p><strong>For use inside the clinic</strong></p></header>"
    "<main id='report'><h1>How our patients are doing</h1>"
    "<nav><h2>In this report</h2><ol><li><a href='#pain'>Pain</a></li></ol></nav>"
    f"<h2 id='pain'>Pain</h2>{SHOWN._repr_html_()}<h3>By onset</h3></main>"
    "<footer><p>Data abc.</p></footer></body></html>"
)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("word") / "report.docx"
    write_word(docx, PAGE, path)
    return docx.Document(path)


def styled(document: Any, style: str) -> list[str]:
    return [each.text for each in document.paragraphs if each.style.name == style]


def test_headings_are_those_of_word(document: Any) -> None:
    assert styled(document, "Heading 1") == ["How our patients are doing"]
    assert styled(document, "Heading 2") == ["Pain"]  # the list of pages is of the page alone
    assert styled(document, "Heading 3") == ["By onset"]


def test_a_table_is_a_table_whose_head_repeats(document: Any) -> None:
    (table,) = document.tables
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells == [["Time", "Mean (95% CI)"], ["Start", "7.4 (7.2 to 7.5)"]]
    assert "w:tblHeader" in table.rows[0]._tr.xml


def test_words_are_kept_and_style_is_not(document: Any) -> None:
    said = [each.text for each in document.paragraphs]
    assert "Pain fell & stayed <low>." in said
    assert "For use inside the clinic" in said
    assert "Data abc." in said
    assert "A note." in said
    assert not any("x: 1" in text for text in said)
    assert styled(document, "List Bullet") == [
        "First.",
        "Second.",
        "Answered 63% 212 of 335 Jul–Sep 2026: 23 of 36",
    ]


def test_a_figure_is_its_caption_and_its_words(document: Any) -> None:
    assert styled(document, "Caption") == ["Pain over time Points are means.", "Pain"]
    said = [each.text for each in document.paragraphs]
    assert "Figure, in words: Pain falls from 7 to 3." in said


def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "docx":
            raise ImportError(name)
        return known(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert word_maker() is None
