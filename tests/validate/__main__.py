"""Run the validations and write their sections into docs/validation.md.

``python -m tests.validate`` runs all of them, ``python -m tests.validate mmrm rates`` only those.
A section that was not run keeps what the last run wrote, so hours of work survive an interruption.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import re
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "validation.md"
HEAD = """# Validation

What the estimators do on data whose truth is known. Written by `make validate`; each section states
its date, seed, replicates and Monte Carlo error. The simulated cohorts are evidence about the
estimators and never about care.
"""


def names() -> list[str]:
    """Validation modules: every module of this package that has a `section` function."""
    here = str(Path(__file__).parent)
    return sorted(each.name for each in pkgutil.iter_modules([here]) if each.name[0] != "_")


def read_sections(text: str) -> dict[str, str]:
    """Sections of the document by name, as marked in it."""
    pattern = r"<!-- section (\w+) -->\n(.*?)<!-- end \1 -->"
    return {name: body.strip() for name, body in re.findall(pattern, text, flags=re.DOTALL)}


def write_sections(sections: dict[str, str]) -> None:
    """Write the document whole, under a temporary name first."""
    parts = [
        f"<!-- section {name} -->\n{body}\n<!-- end {name} -->" for name, body in sections.items()
    ]
    draft = DOCUMENT.with_suffix(".md.part")
    draft.write_text("\n\n".join([HEAD.rstrip(), *parts]) + "\n", encoding="utf-8")
    draft.replace(DOCUMENT)


def main() -> int:
    """Run the sections named and put them in their place."""
    parser = argparse.ArgumentParser(prog="python -m tests.validate", description=__doc__)
    parser.add_argument("section", nargs="*", choices=[*names(), []], help="sections to run")
    chosen = parser.parse_args().section or names()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in chosen:
        print(f"validating {name}", file=sys.stderr, flush=True)
        body = importlib.import_module(f"tests.validate.{name}").section()
        text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
        sections = read_sections(text) | {name: body.strip()}
        write_sections(dict(sorted(sections.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
