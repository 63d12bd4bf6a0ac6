"""JupyterLab as `outcomes lab` opens it: every notebook runs to its end, and nothing leaves."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outcomes.report.lab import set_up_notebooks, work_folder
from tests.browser.served import Server, asked_elsewhere, barriers, wait_for

pytest.importorskip("jupyterlab")

LIVE = "cohort_trends.ipynb"
# the live one last, so that it is open for the tests of its controls
NOTEBOOKS = sorted(
    (path.name for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb")),
    key=lambda name: (name == LIVE, name),
)
# What would take long, made short: these are about running, not about results.
SHORT = {"bootstraps": "4"}
SECONDS = 150


@pytest.fixture(scope="module")
def lab(small: Path, browser: Any) -> Iterator[Server]:
    """JupyterLab on notebooks that are set to the data and made short."""
    work = work_folder(small)
    made, _ = set_up_notebooks(small, work)
    for path in made:
        text = path.read_text(encoding="utf-8")
        for name, value in SHORT.items():
            text = re.sub(rf'"{name} = [^"\\]*', f'"{name} = {value}', text)
        path.write_text(text, encoding="utf-8")
    with Server(small.parent, str(small)) as server:
        browser.set_window_size(1280, 1000)
        browser.get_log("performance")
        yield server
        browser.get("about:blank")


def ask(lab: Server, path: str) -> Any:
    """Answer of the server as data."""
    request = urllib.request.Request(
        f"{lab.base}{path}", headers={"Authorization": f"token {lab.token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def idle(lab: Server, name: str) -> bool:
    kernels = [each["kernel"] for each in ask(lab, "/api/sessions") if each["name"] == name]
    return bool(kernels) and kernels[0]["execution_state"] == "idle"


def click(browser: Any, found: str) -> None:
    """Click when it is there and nothing lies over it, as the curtain of the first load does."""
    from selenium.common.exceptions import WebDriverException

    def clicked() -> bool:
        try:
            browser.find_element("xpath", found).click()
        except WebDriverException:
            return False
        return True

    wait_for(clicked)


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def run_all(lab: Server, browser: Any, path: Path) -> list[dict[str, Any]]:
    """Open a notebook, run all of it, save it, and give its code cells as saved."""
    browser.get(f"{lab.base}/doc/tree/{path.name}?token={lab.token}")
    wait_for(lambda: idle(lab, path.name))
    click(browser, "//div[contains(@class,'lm-MenuBar-itemLabel') and text()='Run']")
    click(browser, "//li[@data-command='runmenu:run-all']")
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        time.sleep(0.7)
        if not idle(lab, path.name):
            continue
        save(browser)
        cells = code_cells(path)
        if all(cell["execution_count"] for cell in cells):
            return cells
        if any(out["output_type"] == "error" for cell in cells for out in cell["outputs"]):
            return cells
    raise AssertionError(f"{path.name} did not come to its end")


def save(browser: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(browser).key_down(Keys.CONTROL).send_keys("s").key_up(Keys.CONTROL).perform()
    time.sleep(0.6)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_run_all_ends_without_an_error(lab: Server, browser: Any, small: Path, name: str) -> None:
    cells = run_all(lab, browser, work_folder(small) / name)
    errors = [
        "\n".join(out["traceback"])
        for cell in cells
        for out in cell["outputs"]
        if out["output_type"] == "error"
    ]
    assert errors == []
    assert all(cell["execution_count"] for cell in cells)
    assert any(cell["outputs"] for cell in cells)
    assert asked_elsewhere(browser) == []


def test_widgets_change_the_page(lab: Server, browser: Any, small: Path) -> None:
    if LIVE not in browser.current_url:
        run_all(lab, browser, work_folder(small) / LIVE)
    lists = "[...document.querySelectorAll('.widget-dropdown select')]"
    shown = "return [...document.querySelectorAll('.outcomes')].map(e => e.innerHTML).join('')"
    wait_for(lambda: browser.execute_script(f"return {lists}.length") >= 4)
    wait_for(lambda: browser.execute_script(shown))
    assert "therapist T" not in browser.execute_script(shown)
    browser.execute_script(
        f"const list = {lists}[1];"
        "list.selectedIndex = 1; list.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    wait_for(lambda: "therapist T" in browser.execute_script(shown))


def test_our_output_has_no_serious_barrier(
    lab: Server, browser: Any, small: Path, axe: str
) -> None:
    assert browser.find_elements("css selector", ".outcomes")  # left open by the test before
    assert barriers(browser, axe, ".outcomes") == []


def test_no_news_are_offered(lab: Server, browser: Any) -> None:
    said = browser.execute_script("return document.body.innerText")
    assert "news" not in said.lower()
    assert asked_elsewhere(browser) == []
