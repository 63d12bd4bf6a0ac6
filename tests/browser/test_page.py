"""The finished pages in a browser: no barrier, no request, nothing cut off."""

from __future__ import annotations

import re
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from outcomes.report.pdf import pdf_maker, write_pdf

WIDTHS = (360, 800, 1400)


def pages(made: Path) -> list[Path]:
    """Index pages and reports."""
    found = sorted(made.rglob("*.html"))
    assert len(found) == 7  # three indexes, three reports inside, one outside
    return found


def unpacked(stream: bytes) -> bytes:
    """Content of a stream of a PDF; nothing for those packed otherwise."""
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


def whole(path: Path) -> bytes:
    """Content of a PDF with what is packed in it unpacked."""
    content = path.read_bytes()
    streams = re.findall(rb"stream\n(.*?)endstream", content, re.DOTALL)
    return content + b"".join(map(unpacked, streams))


def open_page(browser: Any, path: Path, width: int = 1400) -> None:
    browser.set_window_size(width, 1000)
    browser.get(path.as_uri())


def test_no_page_has_a_barrier(browser: Any, made: Path, axe: str) -> None:
    for path in pages(made):
        open_page(browser, path)
        browser.execute_script(axe)
        found = browser.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run().then(result => done(result.violations.map("
            "each => [each.id, each.nodes.map(node => node.html)])))"
        )
        assert found == [], path.name


def test_nothing_is_asked_for_from_anywhere(browser: Any, made: Path) -> None:
    for path in pages(made):
        open_page(browser, path)
        asked = browser.execute_script(
            "return performance.getEntriesByType('resource').map(each => each.name)"
        )
        assert [name for name in asked if not name.startswith("data:")] == [], path.name
        assert browser.execute_script("return document.scripts.length") == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(browser: Any, made: Path, width: int) -> None:
    for path in pages(made):
        open_page(browser, path, width)
        too_wide = browser.execute_script(
            "return [...document.querySelectorAll('body *')].filter(each => "
            "!each.closest('.skip, .unseen, .scroll') && each.getBoundingClientRect().right > "
            "document.documentElement.clientWidth + 1).map(each => each.outerHTML.slice(0, 120))"
        )
        assert too_wide == [], (path.name, width)


def test_figures_are_drawn_and_described(browser: Any, made: Path) -> None:
    for path in made.rglob("report.html"):
        open_page(browser, path)
        figures = browser.execute_script(
            "return [...document.images].map(each => [each.naturalWidth, each.alt])"
        )
        assert figures
        assert all(width > 300 and len(alt) > 40 for width, alt in figures)


def test_headings_and_contents_are_in_order(browser: Any, made: Path) -> None:
    for path in made.rglob("report.html"):
        open_page(browser, path)
        levels = browser.execute_script(
            "return [...document.querySelectorAll('h1, h2, h3')].map(each => +each.tagName[1])"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        broken = browser.execute_script(
            "return [...document.querySelectorAll('a[href^=\"#\"]')].filter("
            "each => !document.getElementById(each.hash.slice(1))).length"
        )
        assert broken == 0


def test_the_index_leads_to_every_report(browser: Any, made: Path) -> None:
    open_page(browser, made / "index.html")
    links = browser.execute_script(
        "return [...document.querySelectorAll('td a, th a')].map(a => a.href)"
    )
    reports = {path.as_uri() for path in made.rglob("report.*") if path.suffix != ".json"}
    assert set(links) == reports
    text = browser.execute_script("return document.body.innerText")
    assert '<b>"Salem"</b>' in text  # shown as written, not obeyed


def test_each_page_says_whom_it_is_for(browser: Any, made: Path) -> None:
    for path in made.rglob("report.html"):
        open_page(browser, path)
        banner = browser.execute_script("return document.querySelector('header').innerText")
        inside = path.parent.parent.name == "inside"
        assert ("For use inside the clinic" in banner) == inside
        assert ("Prepared for release" in banner) != inside


def test_the_same_page_gives_the_same_pdf(made: Path, tmp_path: Path) -> None:
    weasyprint = pdf_maker()
    if weasyprint is None:
        pytest.skip("needs pango, the library that PDFs are made with")
    report = next(made.glob("inside/*/report.html"))
    write_pdf(weasyprint, report.read_text(encoding="utf-8"), tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == (report.parent / "report.pdf").read_bytes()


def test_a_pdf_asks_for_nothing_from_elsewhere(tmp_path: Path) -> None:
    weasyprint = pdf_maker()
    if weasyprint is None:
        pytest.skip("needs pango, the library that PDFs are made with")
    secret = tmp_path / "secret.txt"
    secret.write_text("not for anybody", encoding="utf-8")
    page = f'<html lang="en"><title>x</title><link rel="attachment" href="{secret.as_uri()}">x'
    write_pdf(weasyprint, page, tmp_path / "page.pdf")
    assert b"not for anybody" not in whole(tmp_path / "page.pdf")


def test_pdfs_are_tagged_and_bear_the_banner(made: Path) -> None:
    found = list(made.rglob("report.pdf"))
    if not found:
        pytest.skip("needs pango, the library that PDFs are made with")
    assert len(found) == 3
    for path in found:
        content = path.read_bytes()
        content += b"".join(
            map(unpacked, re.findall(rb"stream\n(.*?)endstream", content, re.DOTALL))
        )
        assert content.startswith(b"%PDF-1.7")
        assert b"/MarkInfo" in content
        assert b"pdfuaid" in content
        assert re.search(rb"/Lang \(en", content)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_word_says_its_meaning_by_keyboard_and_without_a_barrier(
    browser: Any, made: Path, axe: str, width: int
) -> None:
    path = next(made.rglob("report.html"))
    open_page(browser, path, width)
    browser.execute_script(axe)
    opened = "return document.querySelectorAll(':popover-open').length"
    assert browser.execute_script(opened) == 0
    word = browser.find_element("css selector", "main button.word")
    browser.execute_script("arguments[0].focus()", word)
    word.send_keys("\ue007")  # Enter
    assert browser.execute_script(opened) == 1
    box = browser.execute_script(
        "const box = document.querySelector(':popover-open').getBoundingClientRect();"
        "return [box.left, box.right, box.height, document.documentElement.clientWidth]"
    )
    assert 0 <= box[0] < box[1] <= box[3] + 1
    assert box[2] > 20
    found = browser.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run().then(result => done(result.violations.map(each => each.id)))"
    )
    assert found == []
    word.send_keys("\ue00c")  # Escape
    assert browser.execute_script(opened) == 0
    assert browser.execute_script("return document.activeElement === arguments[0]", word)
