"""``outcomes report --names``: the name is on the screen, and in no file that was written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

Frames = dict[str, pd.DataFrame]
NAME = "Zyxia Quellwater"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_a_name_is_on_the_screen_and_in_no_file(sample: Frames, tmp_path: Path) -> None:
    booked = sample["sessions"]
    booked = booked[(booked["status"] == "booked") & (booked["date"] == "2026-10-01")]
    patient = booked["patient_id"].iloc[0]
    ids = [patient, *sample["patients"]["patient_id"].head(3)]
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    for name, frame in sample.items():
        frame[frame["patient_id"].isin(ids)].to_csv(data / f"{name}.csv", index=False)
    names = tmp_path / "names.csv"
    names.write_text(f"id,name\n{patient},{NAME}\n", encoding="utf-8")
    # a PDF is made of the page before names are joined, and its bytes are packed: no use to search
    told = ["--for", "therapist", "--names", str(names), "--out", str(out), "--no-pdf"]
    process = subprocess.Popen(
        [sys.executable, "-m", "outcomes", "report", str(data), *told],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a suite that runs in the background hands down that Ctrl-C is ignored
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        index, address = process.stdout.readline().strip(), process.stdout.readline().strip()
        with urllib.request.urlopen(address, timeout=20) as answer:
            page = answer.read().decode()
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert f'{NAME} (<span class="chart">{patient}</span>)' in page
    assert NAME not in "".join(said)
    assert Path(index) == out / "index.html"
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != names]
    assert any(path.name == "report.html" for path in written)
    assert [path.name for path in written if NAME.encode() in path.read_bytes()] == []
