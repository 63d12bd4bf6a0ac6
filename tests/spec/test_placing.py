"""A run that is killed leaves the data set of before or the new one, whole; two runs don't mix.

The runs are real processes. Each is ended by the system at one step of its work on files, for every
step there is; none gets to clean up behind itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import DataContractError
from outcomes.io import load, read_tables, write_rejects, write_tables

MAPPING = """
[patients]
patient_id = "id"
[[{table}]]
patient_id = "id"
date = {{ constant = "2024-01-05" }}
{rest}
"""
OLD = MAPPING.format(table="plans", rest='plan = { constant = "monthly" }')
NEW = MAPPING.format(table="headache_diary", rest='headache = { constant = "1" }')

# Ends the process at its n-th call that touches a file, before the call is made.
RUNNER = """
import os, shutil, sys
from pathlib import Path
import pyarrow.csv
from outcomes.io import import_csv

folder, jobs = Path(sys.argv[1]), int(sys.argv[2])

def end_at(n):
    left = [n]
    def counted(call):
        def wrapper(*args, **kwargs):
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
            return call(*args, **kwargs)
        return wrapper
    for name in ("open", "replace", "rename", "unlink", "mkdir"):
        setattr(Path, name, counted(getattr(Path, name)))
    shutil.rmtree = counted(shutil.rmtree)
    pyarrow.csv.write_csv = counted(pyarrow.csv.write_csv)

def start(job, n, out):
    child = os.fork()
    if child:
        return child
    try:
        if n:
            end_at(n)
        import_csv(folder / f"{job}.csv", folder / f"{job}.toml", out)
    except BaseException as error:
        print(error, file=sys.stderr)
        os._exit(1)
    os._exit(0)

def status(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

if jobs:
    children = [start("new" if n % 2 else "old", 0, folder / "out") for n in range(jobs)]
    print(*(status(child) for child in children))
else:
    assert status(start("old", 0, folder / "before")) == 0
    n, ended = 1, 9
    while ended == 9:
        out = Path(shutil.copytree(folder / "before", folder / f"out{n}"))
        ended = status(start("new", n, out))
        n += 1
    print(n - 2, ended)
"""


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    for name, mapping, ids in (("old", OLD, "123"), ("new", NEW, "45")):
        (tmp_path / f"{name}.toml").write_text(mapping)
        (tmp_path / f"{name}.csv").write_text("id\n" + "\n".join(ids) + "\n")
    return tmp_path


def run(folder: Path, jobs: int) -> list[int]:
    if not hasattr(os, "fork"):
        pytest.skip("needs a system that can fork a process")
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, str(folder), str(jobs)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [int(word) for word in done.stdout.split()]


def which(out: Path) -> str:
    """Name the set that is in a folder, once it is shown to be whole."""
    tables = read_tables(out)
    record = json.loads((out / "import.json").read_text())
    for name, digest in record["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    there = {path.name for path in out.iterdir() if not path.name.startswith(".")}
    # what changed since the import before is there only where something did
    assert there - {"changes.csv"} == {*record["files"], "import.json"}
    old = tables.plans is not None
    assert old == (tables.headache_diary is None)
    assert tables.patients["patient_id"].tolist() == (["1", "2", "3"] if old else ["4", "5"])
    return "old" if old else "new"


def test_an_import_killed_at_any_step_leaves_one_whole_set(jobs: Path) -> None:
    steps, ended = run(jobs, 0)
    assert ended == 0, "the last run must come through"
    found = [which(jobs / f"out{step}") for step in range(1, steps + 1)]
    assert steps > 20
    assert found == sorted(found, reverse=True), "once the new set is there it stays"
    assert set(found) == {"old", "new"}
    assert which(jobs / f"out{steps + 1}") == "new"


def test_imports_at_the_same_time_do_not_mix(jobs: Path) -> None:
    assert run(jobs, 6) == [0] * 6
    assert which(jobs / "out") in ("old", "new")


def test_a_folder_that_cannot_be_written_gives_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("patient_id\nP1\n")
    loaded = load(tmp_path)
    for act in (
        lambda: write_tables(loaded.tables, tmp_path / "patients.csv"),
        lambda: write_rejects(loaded, tmp_path / "patients.csv" / "below"),
    ):
        with pytest.raises(DataContractError, match="can't write to the folder") as caught:
            act()
        assert "\n" not in str(caught.value)


def test_writing_keeps_away_from_another_data_set(tmp_path: Path) -> None:
    frame = pd.DataFrame({"patient_id": ["P1"], "clinic": ["a,b"]})
    (tmp_path / "plans.csv").write_text("mine\n")
    with pytest.raises(DataContractError, match=r"plans\.csv"):
        write_tables({"patients": frame}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["plans.csv"]
    (tmp_path / "plans.csv").unlink()
    write_tables({"patients": frame}, tmp_path)
    write_tables({"patients": frame}, tmp_path, "parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["patients.parquet"]
    assert read_tables(tmp_path).patients["clinic"].tolist() == ["a,b"]


@pytest.mark.parametrize(
    ("frames", "format"),
    [
        ({"people": pd.DataFrame()}, "csv"),
        ({"patients": pd.DataFrame({"patient_id": ["1"], "phone": ["2"]})}, "csv"),
        ({"patients": pd.DataFrame({"patient_id": ["1"]})}, "xlsx"),
    ],
)
def test_what_is_no_part_of_the_contract_is_not_written(
    tmp_path: Path, frames: dict[str, pd.DataFrame], format: str
) -> None:
    with pytest.raises(DataContractError):
        write_tables(frames, tmp_path / "out", format)
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_rejects_are_written_without_a_trace_of_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text('patient_id,birth_year\nP1,"a, ""b"""\nP2,1980\n')
    write_rejects(load(tmp_path), tmp_path)
    rows = pd.read_csv(tmp_path / "rejects.csv", keep_default_na=False)
    assert rows.to_numpy().tolist() == [
        ["patients", "patients.csv", 2, "birth_year", 'a, "b"', "is not a number"]
    ]
    (tmp_path / "patients.csv").write_text("patient_id\nP1\n")
    write_rejects(load(tmp_path), tmp_path)
    header = "table,file,line,column,value,reason\n"
    assert (tmp_path / "rejects.csv").read_text() == header
