"""A folder brought up to date at night: as set up, one at a time, the last good one kept."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from outcomes.cli import main
from outcomes.errors import DataContractError, EstimationError
from outcomes.io import load
from outcomes.report import refresh
from outcomes.report.make import ReportOrder

MAPPING = '[patients]\npatient_id = "id"\nclinic = "clinic"\n'
SETUP = """
[import]
kind = "csv"
sources = ["../exports"]
mapping = "../clinic.toml"
[[reports]]
out = "../reports"
clinic = "all"
pdf = false
[[reports]]
out = "../public"
audience = "outside"
paper = "letter"
word = true
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "clinic.toml").write_text(MAPPING)
    (tmp_path / "data" / "refresh.toml").write_text(SETUP)
    export(tmp_path, 40)
    return tmp_path / "data"


def export(folder: Path, patients: int, clinic: str = "Salem") -> None:
    rows = "".join(f"p{number},{clinic}\n" for number in range(patients))
    (folder / "exports" / "people.csv").write_text("id,clinic\n" + rows)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[ReportOrder]:
    """Orders of reports that were made; notebooks are run elsewhere."""
    orders: list[ReportOrder] = []

    def make(order: ReportOrder, *, say: object, on_step: object) -> None:
        if order.audience == "outside" and (order.data / "fail").exists():
            raise EstimationError("the model did not converge.", "Look at it.")
        orders.append(order)

    monkeypatch.setattr(refresh, "make_reports", make)
    return orders


def test_import_and_reports_as_set_up(
    data: Path, made: list[ReportOrder], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["refresh", str(data)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "import: 40 rows read, 40 accepted, 0 rejected; the first import.",
        "reports for manager (inside): made.",
        "reports for manager (outside): made.",
    ]
    chosen = [(each.clinic, each.audience, each.paper, each.pdf, each.word) for each in made]
    assert chosen == [("all", "inside", "a4", False, False), ("", "outside", "letter", True, True)]
    assert made[0].out.resolve() == (data.parent / "reports").resolve()
    state = json.loads((data / "refresh.json").read_text())
    assert state["steps"] == told and state["failed"] == 0
    assert main(["refresh", str(data)]) == 0
    assert "no row differs from those of before" in capsys.readouterr().out
    export(data.parent, 41, "Gresham")
    assert main(["refresh", str(data)]) == 0
    assert "1 added, 40 changed" in capsys.readouterr().out
    assert not any("refresh" in notice for notice in load(data).notices)


def test_an_import_that_fails_keeps_data_and_reports(
    data: Path, made: list[ReportOrder], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["refresh", str(data)])
    before = (data / "patients.csv").read_bytes()
    made.clear()
    (data.parent / "exports" / "people.csv").write_text("nonsense\n")
    capsys.readouterr()
    assert main(["refresh", str(data)]) == 1
    told = capsys.readouterr().out
    assert "import failed" in told and "2): the data and the reports of before stay" in told
    assert made == [] and (data / "patients.csv").read_bytes() == before
    assert json.loads((data / "refresh.json").read_text())["failed"] == 1


@pytest.mark.parametrize(("most", "code"), [("", 1), ("most_removed_percent = 60", 0)])
def test_a_source_cut_short_takes_nobody_away(
    data: Path,
    made: list[ReportOrder],
    capsys: pytest.CaptureFixture[str],
    most: str,
    code: int,
) -> None:
    setup = SETUP.replace('kind = "csv"', f'kind = "csv"\n{most}')
    (data / "refresh.toml").write_text(setup)
    main(["refresh", str(data)])
    export(data.parent, 20)
    capsys.readouterr()
    assert main(["refresh", str(data)]) == code
    assert ("looks cut short" in capsys.readouterr().out) == bool(code)
    assert len(load(data).tables.patients) == (40 if code else 20)


def test_one_report_that_fails_does_not_stop_the_others(
    data: Path, made: list[ReportOrder], capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "fail").touch()
    assert main(["refresh", str(data)]) == 1
    told = capsys.readouterr().out
    assert "(inside): made" in told and "(outside) failed, those of before stay" in told
    assert [order.audience for order in made] == ["inside"]


def test_only_one_at_a_time(data: Path, made: list[ReportOrder]) -> None:
    with (data / ".outcomes-refresh.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DataContractError, match="under way"):
            refresh.refresh(data, say=print, on_step=lambda done, total: None)
    assert made == [] and not (data / "patients.csv").exists()
    assert main(["refresh", str(data)]) == 0


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", ""),
        ("[imports]\n", "imports"),
        ('[import]\nkind = "fax"\n', "import.kind"),
        ('[import]\nkind = "csv"\n', "import.mapping"),
        ('[import]\nkind = "csv"\ntoken = "x"\n', "import.token"),
        ('[[reports]]\nfor = "manager"\n', "reports[1].out"),
        ('[[reports]]\nout = "o"\npaper = "a3"\n', "reports[1].paper"),
        ('[[reports]]\nout = "o"\nfor = "nobody"\n', "reports[1].for"),
    ],
)
def test_a_setup_that_does_not_fit(tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / "refresh.toml").write_text(text)
    with pytest.raises(DataContractError) as caught:
        refresh.read_refresh(tmp_path)
    assert (caught.value.column or "") == key and caught.value.remedy


def test_a_folder_that_is_not_set_up(tmp_path: Path) -> None:
    assert main(["refresh", str(tmp_path)]) == 1


def test_the_setup_on_the_page_works(repository: Path, tmp_path: Path) -> None:
    page = (repository / "docs" / "refresh.md").read_text(encoding="utf-8")
    (tmp_path / "refresh.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    plan = refresh.read_refresh(tmp_path)
    assert plan.order is not None and plan.order.kind == "csv" and plan.most_removed == 20
    assert [order.audience for order in plan.reports] == ["inside", "outside"]


def test_files_are_written_as_set_up(data: Path, made: list[ReportOrder]) -> None:
    setup = SETUP.replace('kind = "csv"', 'kind = "csv"\nformat = "parquet"')
    (data / "refresh.toml").write_text(setup)
    assert main(["refresh", str(data)]) == 0
    assert main(["refresh", str(data)]) == 0
    assert (data / "patients.parquet").is_file()
    assert not (data / "patients.csv").exists()
    (data / "refresh.toml").write_text(setup.replace('"parquet"', '"xml"'))
    with pytest.raises(DataContractError, match="format"):
        refresh.read_refresh(data)
