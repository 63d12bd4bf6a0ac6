"""The report over a whole network, against merely reading its records.

Ours: `outcomes report --for network` without the PDF: courses of pain for all, by onset and by
cadence, 500 clinics side by side, and trends; three readings of the records. Sizes can be given in
OUTCOMES_BENCH_PATIENTS.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.derive import SCORES, SIZES, measure, write


def rows() -> list[dict[str, object]]:
    """One line for each size."""
    lines: list[dict[str, object]] = []
    for number in map(int, os.environ.get("OUTCOMES_BENCH_PATIENTS", SIZES).split(",")):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder / "data", number)
            other, others_memory = measure(folder / "data", "read")
            begun = time.perf_counter()
            command = ["report", str(folder / "data"), "--for", "network", "--no-pdf"]
            subprocess.run(
                [sys.executable, "-m", "outcomes", *command, "--out", str(folder / "reports")],
                check=True,
                capture_output=True,
            )
            seconds = time.perf_counter() - begun
            # of the largest process that has ended, the kernel or a worker
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
        lines.append(
            {
                "work": "network report",
                "size": f"{number:,} patients, {number * SCORES:,} assessments, 500 clinics",
                "ours": "outcomes report --for network",
                "peer": "merely reading (pandas)",
                "ours s": seconds,
                "peer s": other,
                "ratio": seconds / other,
                "ours GB": memory,
                "peer GB": others_memory,
            }
        )
    return lines
