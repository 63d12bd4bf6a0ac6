"""Tables that screen readers can follow."""

from __future__ import annotations

import re

import pytest

from outcomes.present.tables import Prose, Table

TABLE = Table(
    "Pain <by> clinic",
    ("Clinic", "Mean"),
    (("Salem & Sons", "3.1"), ('"><script>', "2.0")),
    ("A footnote.",),
)


def test_every_header_has_its_scope() -> None:
    html = TABLE._repr_html_()
    assert re.findall(r'<th scope="(\w+)"', html) == ["col", "col", "row", "row"]
    assert "<th>" not in html
    assert "<caption>Pain &lt;by&gt; clinic</caption>" in html
    assert "<p>A footnote.</p>" in html


def test_names_are_escaped() -> None:
    html = TABLE._repr_html_()
    assert "<script>" not in html
    assert "Salem &amp; Sons" in html
    assert "<b>" not in Prose(("<b>",))._repr_html_()


def test_an_empty_table_is_an_error_not_an_empty_frame() -> None:
    with pytest.raises(ValueError, match="no rows"):
        Table("Nothing", ("Clinic", "Mean"), ())


def test_a_ragged_row_is_an_error() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        Table("Ragged", ("Clinic", "Mean"), (("Salem",),))


def test_sentences_can_be_listed() -> None:
    assert Prose(("One.", "Two."), listed=True)._repr_html_().count("<li>") == 2
    assert Prose(("One.", "Two."))._repr_html_().count("<p>") == 2
