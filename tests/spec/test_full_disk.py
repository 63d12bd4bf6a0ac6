"""A full disk, a folder that takes nothing, files made to fill the memory: one line each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from outcomes.cli.main import main
from outcomes.errors import DataContractError
from outcomes.io.parquet_rows import read_parquet_rows
from tests.fhir_bundles import patient, score, write_lines

MAPPING = '[patients]\npatient_id = "id"\nsex = "sex"\n'
# The system refuses to let any file grow beyond this many bytes, as a full disk would.
RUNNER = """
import resource, sys
from outcomes.cli.main import main
import outcomes.export, outcomes.io, outcomes.report.usage
resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))
sys.exit(main(sys.argv[1:]))
"""
WAYS = ("import csv", "import fhir", "export fhir", "export csv")


def arguments(way: str, folder: Path, out: Path, people: int) -> list[str]:
    """Command line for a source or a data set with so many patients."""
    names = [f"p{number}" for number in range(people)]
    if way == "import csv":
        source, mapping = folder / "s.csv", folder / "m.toml"
        source.write_text("id,sex\n" + "".join(f"{each},female\n" for each in names))
        mapping.write_text(MAPPING)
        return ["import", "csv", str(source), "--mapping", str(mapping), "--out", str(out)]
    if way == "import fhir":
        resources = [patient(each) for each in names]
        resources += [score(f"o{each}", f"Patient/{each}", "2024-05-01", 4) for each in names]
        source = write_lines(folder / "s.ndjson", resources)
        return ["import", "fhir", str(source), "--out", str(out)]
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (data / "patients.csv").write_text("patient_id\n" + "\n".join(names) + "\n")
    dated = "".join(f"{each},2024-01-05,monthly\n" for each in names)
    (data / "plans.csv").write_text("patient_id,date,plan\n" + dated)
    return ["export", way.split()[1], str(data), "--out", str(out)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_is_one_line_and_leaves_what_was_there(tmp_path: Path, way: str) -> None:
    out = tmp_path / "out"
    assert main(arguments(way, tmp_path, out, 2)) == 0
    before = contents(out)
    command = [sys.executable, "-c", RUNNER, *arguments(way, tmp_path, out, 400)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "can't write to the folder" in done.stderr
    assert contents(out) == before


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_that_takes_nothing_is_one_line(
    tmp_path: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(arguments(way, tmp_path, tmp_path / "file" / "out", 2)) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "can't" in said


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    """A file with a hole in it: four gigabytes of nothing that take no room on the disk."""
    mapping, source = tmp_path / "m.toml", tmp_path / "s.csv"
    mapping.write_text(MAPPING)
    source.write_bytes(b"id,sex\np1,")
    os.truncate(source, 2**32)
    command = ["import", "csv", str(source), "--mapping", str(mapping), "--out", "out"]
    limited = RUNNER.replace("RLIMIT_FSIZE, (900, 900)", "RLIMIT_DATA, (2**31, 2**31)")
    done = subprocess.run(
        [sys.executable, "-c", limited, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "4,000,000 characters or more" in done.stderr


def test_a_table_with_more_rows_than_bytes_is_refused(tmp_path: Path) -> None:
    table = pa.table({"id": pa.array(["p1"] * 3_000_000).dictionary_encode()})
    pyarrow.parquet.write_table(table, tmp_path / "bomb.parquet")
    with pytest.raises(DataContractError, match="more than it has bytes"):
        read_parquet_rows(tmp_path / "bomb.parquet", lambda header: header)
