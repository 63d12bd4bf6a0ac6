"""The therapist's report in a browser: a patient on one screen, no barrier, nothing cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outcomes.report.make import ReportOrder, make_reports
from tests.browser.served import asked_elsewhere, barriers

SCREEN = 800
"""Height of a screen of 1280 pixels width."""


@pytest.fixture(scope="module")
def report(small: Path, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("day")
    order = ReportOrder(small, out, readers=("therapist",), pdf=False)
    make_reports(order, say=lambda line: None, on_step=lambda done, total: None)
    browser.get_log("performance")
    return next(out.glob("inside/*/report.html"))


@pytest.mark.parametrize("width", [360, 800, 1280, 1600])
def test_no_barrier_and_nothing_too_wide(browser: Any, report: Path, axe: str, width: int) -> None:
    browser.set_window_size(width, 1000)
    browser.get(report.as_uri())
    assert barriers(browser, axe, "body") == []
    too_wide = browser.execute_script(
        "return [...document.querySelectorAll('body *')].filter(each => "
        "!each.closest('.skip, .unseen, .scroll') && each.getBoundingClientRect().right > "
        "document.documentElement.clientWidth + 1).map(each => each.outerHTML.slice(0, 120))"
    )
    assert too_wide == []
    assert asked_elsewhere(browser) == []


def test_a_patient_fits_one_screen(browser: Any, report: Path) -> None:
    browser.set_window_size(1280, 1000)
    browser.get(report.as_uri())
    heights = browser.execute_script(
        "return [...document.querySelectorAll('h3.patient')].map(head => {"
        "let board = head; while (!board.matches('.board')) board = board.nextElementSibling;"
        "return board.getBoundingClientRect().bottom - head.getBoundingClientRect().top})"
    )
    assert heights
    assert max(heights) <= SCREEN


def test_every_figure_is_described_and_every_chart_can_be_named(browser: Any, report: Path) -> None:
    browser.get(report.as_uri())
    said = browser.execute_script("return [...document.images].map(each => each.alt)")
    assert said
    assert all(len(each) > 15 for each in said)
    charts = browser.execute_script(
        "return [...document.querySelectorAll('.chart')].map(each => each.innerText)"
    )
    lines = browser.execute_script("return document.querySelectorAll('table.day tbody tr').length")
    assert len(charts) >= 3 * lines > 0  # on the list, a page, and a sheet to take home
