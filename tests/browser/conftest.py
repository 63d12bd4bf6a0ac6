"""A browser of the system, and one finished report to open in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib import resources, util
from pathlib import Path

import pandas as pd
import pytest

from outcomes.report.make import ReportOrder, make_reports

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def axe() -> str:
    """Source of axe-core, which finds barriers to people with disabilities."""
    if util.find_spec("axe_core_python") is None:
        pytest.skip("needs the package axe-core-python")
    return (resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium without a window; the tests skip where the system has none."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs chromium and chromedriver from the system")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    # no name but this machine's leads anywhere, and everything asked for is written down
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()


@pytest.fixture(scope="session")
def small(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data set of a few patients of two clinics, all tables of it."""
    data = tmp_path_factory.mktemp("small") / "records"
    data.mkdir()
    sample = repository / "data" / "sample"
    patients = pd.read_csv(sample / "patients.csv", dtype=str)
    patients = patients[patients["clinic"].isin(["Salem", "Portland"])]
    patients = patients.groupby("clinic").head(45)
    held = pd.read_csv(sample / "sessions.csv", dtype=str)
    held = held[held["patient_id"].isin(patients["patient_id"])]
    for path in sample.glob("*.csv"):
        frame = pd.read_csv(path, dtype=str)
        key, known = "patient_id", patients["patient_id"]
        if key not in frame:
            key, known = "session_id", held["session_id"]
        frame[frame[key].isin(known)].to_csv(data / path.name, index=False)
    return data


@pytest.fixture(scope="session")
def made(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of reports on a few patients of two clinics with difficult names."""
    data = tmp_path_factory.mktemp("data")
    sample = repository / "data" / "sample"
    patients = pd.read_csv(sample / "patients.csv", dtype=str)
    ids = patients.loc[patients["clinic"] == "Salem", "patient_id"].head(50)
    names = dict(zip(ids, ['<b>"Salem"</b>', "../" + "S" * 200] * 25, strict=True))
    for name in ("patients", "sessions", "assessments", "headache_diary", "plans"):
        frame = pd.read_csv(sample / f"{name}.csv", dtype=str)
        frame = frame[frame["patient_id"].isin(ids)]
        if "clinic" in frame:
            frame = frame.assign(clinic=frame["patient_id"].map(names))
        frame.to_csv(data / f"{name}.csv", index=False)
    out = tmp_path_factory.mktemp("reports")
    for audience, clinic in (("inside", "all"), ("outside", "")):
        order = ReportOrder(data, out, clinic=clinic, audience=audience, pdf=audience == "inside")
        make_reports(order, say=lambda line: None, on_step=lambda done, total: None)
    return out
