"""Time the suite against its peers, in one run, and write docs/benchmarks.md.

``python -m benchmarks`` runs all; ``python -m benchmarks mmrm derive`` only those. A module here
has a function ``rows()`` that returns one mapping per line of the table: work, size, ours, peer,
seconds of both, their ratio (ours ÷ peer: below 1 is faster) and peak memory where measured.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import pkgutil
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`. Seconds are of one machine on one day and say little; the ratio to the peer
in the same run is what to look at (ours ÷ peer: below 1 is faster).
"""


def names() -> list[str]:
    """Benchmark modules of this package."""
    here = str(Path(__file__).parent)
    return sorted(each.name for each in pkgutil.iter_modules([here]) if each.name[0] != "_")


def machine() -> str:
    """Describe what the run was made on, in one line."""
    today = datetime.date.today().isoformat()
    return (
        f"{today}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Markdown table of the rows, columns in the order they first appear."""
    columns = list(dict.fromkeys(name for row in rows for name in row))

    def cell(value: object) -> str:
        if value is None or value != value:
            return "–"
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell(row.get(name)) for name in columns) + " |" for row in rows]
    return "\n".join(lines)


def main() -> int:
    """Run the benchmarks named and put their tables in their place."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmark", nargs="*", choices=[*names(), []], help="benchmarks to run")
    for name in parser.parse_args().benchmark or names():
        print(f"timing {name}", file=sys.stderr, flush=True)
        module = importlib.import_module(f"benchmarks.{name}")
        title = (module.__doc__ or name).splitlines()[0].rstrip(".")
        body = f"## {title}\n\n{machine()}\n\n{table(module.rows())}"
        text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
        pattern = r"<!-- table (\w+) -->\n(.*?)\n<!-- end \1 -->"
        sections = dict(re.findall(pattern, text, flags=re.DOTALL)) | {name: body}
        parts = [
            f"<!-- table {key} -->\n{sections[key]}\n<!-- end {key} -->" for key in sorted(sections)
        ]
        DOCUMENT.write_text("\n\n".join([HEAD.rstrip(), *parts]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
