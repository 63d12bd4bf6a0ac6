"""The app without code: it works, it asks for its token, and nothing leaves the machine."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.served import Server, asked_elsewhere, barriers, wait_for

pytest.importorskip("voila")

PICTURES = "return [...document.querySelectorAll('.outcomes img')].map(each => each.src)"


@pytest.fixture(scope="module")
def app(small: Path, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, opened in the browser."""
    with Server(tmp_path_factory.mktemp("app"), str(small), "--app") as server:
        browser.set_window_size(1280, 900)
        browser.get(server.address)
        wait_for(lambda: len(browser.execute_script(PICTURES)) > 4)
        yield server
        browser.get("about:blank")


def choose(browser: Any, place: int, option: int) -> None:
    """Choose an option of a list, as a click on it does."""
    browser.execute_script(
        "const list = document.querySelectorAll('select')[arguments[0]];"
        "list.selectedIndex = arguments[1];"
        "list.dispatchEvent(new Event('change', {bubbles: true}))",
        place,
        option,
    )


def words(browser: Any) -> str:
    return str(browser.execute_script("return document.body.innerText"))


def test_it_shows_the_page_without_code(app: Server, browser: Any) -> None:
    shown = words(browser)
    assert "Before the day starts" in shown
    assert "The day" in shown
    assert "import" not in shown
    assert "Traceback" not in shown
    landmark = "return [...document.querySelectorAll('main, [role=main]')].map(e => e.innerText)"
    [main] = browser.execute_script(landmark)
    assert "Before the day starts" in main


def test_choices_change_what_is_shown(app: Server, browser: Any) -> None:
    before = browser.execute_script(PICTURES)
    patients = browser.execute_script("return document.querySelectorAll('select')[3].length")
    assert patients > 2
    choose(browser, 3, 2)  # another patient: other figures
    wait_for(lambda: set(browser.execute_script(PICTURES)) - set(before))
    choose(browser, 1, 1)  # a therapist
    wait_for(lambda: "therapist T" in words(browser))
    choose(browser, 1, 0)
    wait_for(lambda: "therapist T" not in words(browser))


def test_an_earlier_day_shows_nothing_later(app: Server, browser: Any) -> None:
    box = browser.find_element("css selector", "input[type=date]")
    browser.execute_script(
        "arguments[0].value = '2025-09-30';"
        "arguments[0].dispatchEvent(new Event('change', {bubbles: true}));"
        "arguments[0].dispatchEvent(new Event('focusout', {bubbles: true}))",
        box,
    )
    wait_for(lambda: "Records up to 30 September 2025" in words(browser))
    wait_for(lambda: "October 2025:" in words(browser))
    # sections follow one after the other
    wait_for(lambda: "2026:" not in words(browser))
    wait_for(lambda: "In care on 30 September 2025" in words(browser))


def test_the_keyboard_reaches_every_control(app: Server, browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    wanted = browser.execute_script("return document.querySelectorAll('select, input').length")
    assert wanted == 5
    reached = set()
    browser.execute_script("document.activeElement.blur()")
    for _ in range(30):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        focused = browser.switch_to.active_element
        if focused.tag_name in ("select", "input"):
            reached.add(focused.get_attribute("id"))
    assert len(reached) == wanted


@pytest.mark.parametrize("width", [1280, 800])
def test_no_serious_barrier_and_nothing_too_wide(
    app: Server, browser: Any, axe: str, width: int
) -> None:
    browser.set_window_size(width, 1000)
    assert barriers(browser, axe, "body") == []
    too_wide = browser.execute_script(
        "return [...document.querySelectorAll('.outcomes *')].filter(each => "
        "!each.closest('.scroll') && each.getBoundingClientRect().right > "
        "document.documentElement.clientWidth + 1).map(each => each.outerHTML.slice(0, 120))"
    )
    assert too_wide == []


def test_nothing_is_asked_for_from_elsewhere(app: Server, browser: Any) -> None:
    """Last of those that use the page, so that it speaks of all they did."""
    assert asked_elsewhere(browser) == []


def test_it_wants_its_token(app: Server) -> None:
    with urllib.request.urlopen(f"{app.base}/", timeout=10) as answer:
        assert "Before the day starts" not in answer.read().decode()
        assert "/login" in answer.url
