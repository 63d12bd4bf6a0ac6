"""Names, periods, whole-or-nothing writing and the index of reports."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from nbclient.exceptions import CellExecutionError

from outcomes.cli import main
from outcomes.report.kernel import _own_words
from outcomes.report.naming import folder_name
from outcomes.report.page import Imprint
from outcomes.report.period import last_quarter, read_period
from outcomes.report.publish import ENTRY, PAGE, Entry, staged, write_entry, write_index
from outcomes.report.usage import UsageError

ODD = [
    "Salem",
    "SALEM",
    "Sálem",
    "Salem!",
    "<b>Salem</b>",
    "../../etc/passwd",
    "C:\\Windows\\nul",
    'He said "no"',
    "😀",
    "",
    "S" * 200,
    "S" * 201,
    "con",
]


def entry(title: str, audience: str = "inside") -> Entry:
    return Entry(title, title, audience, "1 July to 30 September 2026", "x", False, "y", title)


def publish(out: Path, title: str, audience: str = "inside") -> Path:
    name = folder_name(title)
    with staged(out, audience, name) as folder:
        (folder / PAGE).write_text("whole", encoding="utf-8")
        write_entry(folder, entry(title, audience))
    return out / audience / name


def test_any_name_gives_a_safe_folder_of_its_own() -> None:
    names = [folder_name(name) for name in ODD]
    assert len({name.lower() for name in names}) == len(ODD)
    assert all(re.fullmatch(r"[a-z0-9-]{8,49}", name) for name in names)


def test_parts_are_kept_apart() -> None:
    assert folder_name("a", "b c") != folder_name("a b", "c")


@pytest.mark.parametrize(
    ("text", "first", "last", "previous", "year"),
    [
        ("2026Q3", "2026-07-01", "2026-09-30", "2026Q2", "2025Q3"),
        ("2026q1", "2026-01-01", "2026-03-31", "2025Q4", "2025Q1"),
        ("2026-03", "2026-03-01", "2026-03-31", "2026-02", "2025-03"),
        ("2026", "2026-01-01", "2026-12-31", "2025", "2025"),
    ],
)
def test_periods(text: str, first: str, last: str, previous: str, year: str) -> None:
    period = read_period(text)
    assert (period.first, period.last) == (pd.Timestamp(first), pd.Timestamp(last))
    assert period.before("previous").code == previous
    assert period.before("year").code == year


@pytest.mark.parametrize("text", ["", "Q3", "2026Q5", "2026-13", "last", "26Q3", "0000Q1"])
def test_what_is_no_period_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError, match="2026Q3"):
        read_period(text)


def test_the_last_whole_quarter() -> None:
    assert last_quarter(pd.Timestamp("2026-09-30")).code == "2026Q3"
    assert last_quarter(pd.Timestamp("2026-09-29 23:00")).code == "2026Q2"


def test_a_report_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), staged(tmp_path, "inside", "one") as folder:
        (folder / PAGE).write_text("half", encoding="utf-8")
        raise RuntimeError
    assert list((tmp_path / "inside").iterdir()) == []


def test_a_report_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    place = publish(tmp_path, "One")
    with pytest.raises(RuntimeError), staged(tmp_path, "inside", place.name) as folder:
        (folder / PAGE).write_text("half", encoding="utf-8")
        raise RuntimeError
    assert (place / PAGE).read_text(encoding="utf-8") == "whole"


def test_a_report_made_again_takes_the_place_of_the_old(tmp_path: Path) -> None:
    place = publish(tmp_path, "One")
    (place / "stray").write_text("old", encoding="utf-8")
    assert publish(tmp_path, "One") == place
    assert sorted(path.name for path in place.iterdir()) == [PAGE, ENTRY]
    assert [path.name for path in (tmp_path / "inside").iterdir()] == [place.name]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill signal")
def test_a_killed_run_leaves_nothing_that_looks_like_a_report(tmp_path: Path) -> None:
    publish(tmp_path, "Old")
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from outcomes.report.publish import staged\n"
        "with staged(Path(sys.argv[1]), 'inside', 'half') as folder:\n"
        "    (folder / 'report.html').write_text('half')\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    shelf = tmp_path / "inside"
    assert not (shelf / "half").exists()
    index = write_index(tmp_path).read_text(encoding="utf-8")
    assert index.count(PAGE) == 1
    publish(tmp_path, "New")
    assert [path for path in shelf.iterdir() if path.name.startswith(".")] == []


def test_a_run_at_work_is_left_alone(tmp_path: Path) -> None:
    with staged(tmp_path, "inside", "one") as folder:
        publish(tmp_path, "Two")
        assert folder.is_dir()
        (folder / PAGE).write_text("whole", encoding="utf-8")
    assert (tmp_path / "inside" / "one" / PAGE).is_file()


def test_the_index_names_all_reports_and_hides_the_inside_from_the_outside(tmp_path: Path) -> None:
    publish(tmp_path, 'Clinic report: "<b>Salem</b>"')
    publish(tmp_path, "Clinic report: Portland", "outside")
    index = write_index(tmp_path).read_text(encoding="utf-8")
    assert "<b>Salem" not in index
    assert "&lt;b&gt;Salem" in index
    links = re.findall(r'href="([^"#]+)"', index)
    assert len(links) == 2
    assert all((tmp_path / link).is_file() for link in links)
    outside = (tmp_path / "outside" / "index.html").read_text(encoding="utf-8")
    assert "Salem" not in outside
    assert "Portland" in outside
    links = re.findall(r'href="([^"#]+)"', outside)
    assert all((tmp_path / "outside" / link).is_file() for link in links)


def test_an_index_over_nothing_says_so(tmp_path: Path) -> None:
    assert "no report here yet" in write_index(tmp_path).read_text(encoding="utf-8")


def test_the_report_of_a_run_killed_between_two_renames_comes_back(tmp_path: Path) -> None:
    place = publish(tmp_path, "One")
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    place.rename(place.parent / f".old-{ended.stdout.strip()}-{place.name}")
    publish(tmp_path, "Two")
    assert (place / PAGE).read_text(encoding="utf-8") == "whole"
    assert [path for path in place.parent.iterdir() if path.name.startswith(".")] == []


def test_an_index_that_a_killed_run_left_half_written_goes(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    publish(tmp_path, "One")
    for folder in (tmp_path, tmp_path / "inside"):
        (folder / f".staged-{ended.stdout.strip()}-x").write_text("half", encoding="utf-8")
    publish(tmp_path, "Two")
    write_index(tmp_path)
    assert [path for path in tmp_path.rglob(".*") if path.name.startswith(".staged")] == []


def test_a_long_name_leaves_the_foot_of_the_page_on_one_line() -> None:
    imprint = Imprint("Clinic report: " + "S" * 200, "inside", False, "Data", "0")
    margin = re.search(r'@bottom-left \{ content: "([^"]*)"', imprint.style)
    assert margin is not None
    assert len(margin[1]) < 90
    assert margin[1].startswith("Clinic report: SSS")
    assert margin[1].endswith("\\2026 ")


def test_errors_that_may_hold_a_value_are_told_by_their_kind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object, **more: object) -> None:
        raise KeyError("patient Zelda")

    monkeypatch.delenv("OUTCOMES_DEBUG", raising=False)
    monkeypatch.setattr("outcomes.io.load", fail)
    assert main(["check", "anywhere"]) == 1
    said = capsys.readouterr().err
    assert "KeyError" in said
    assert "Zelda" not in said
    strange = CellExecutionError("", "KeyError", "patient Zelda")
    assert "KeyError" in _own_words(strange)
    assert "Zelda" not in _own_words(strange)
    own = CellExecutionError("", "EstimationError", "No patient is left.")
    assert _own_words(own) == "No patient is left."
    monkeypatch.setenv("OUTCOMES_DEBUG", "1")
    assert "Zelda" in _own_words(strange)
