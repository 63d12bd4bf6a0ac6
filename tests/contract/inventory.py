"""The inventory in ARCHITECTURE.md, written from the first lines of modules and records.

``python -m tests.contract.inventory`` writes it again; a test fails when it is out of date.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

BEGIN, END = "<!-- inventory -->", "<!-- end of inventory -->"


def first_line(path: Path) -> str:
    """First line of a module's docstring, without its full stop."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0].rstrip(".") if text else ""


def members(package: Path) -> list[tuple[str, str]]:
    """Modules and sub-packages of a package with their first lines."""
    found = []
    for path in sorted(package.iterdir()):
        if path.is_dir() and (path / "__init__.py").exists():
            found.append((f"{path.name}/", first_line(path / "__init__.py")))
        elif path.suffix == ".py" and not path.name.startswith("__"):
            found.append((path.name, first_line(path)))
    return found


def inventory(repository: Path) -> str:
    """Markdown of all packages, their members and the decision records."""
    top = repository / "outcomes"
    parts = []
    for package in [
        top,
        *sorted(path for path in top.iterdir() if (path / "__init__.py").exists()),
    ]:
        name = package.relative_to(repository).as_posix()
        lines = [f"- `{member}` {line}" for member, line in members(package)]
        parts.append(f"### `{name}/`\n\n" + "\n".join(lines))
    records = []
    for path in sorted((repository / "docs" / "decisions").glob("*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        records.append(f"- [{title}](docs/decisions/{path.name})")
    parts.append("## Decisions\n\n" + "\n".join(records))
    return "\n\n".join(parts)


def written(text: str) -> str:
    """Inventory as it stands in the document."""
    found = re.search(f"{BEGIN}\n(.*?)\n{END}", text, flags=re.DOTALL)
    return found[1].strip() if found else ""


def main() -> int:
    """Write the inventory into ARCHITECTURE.md."""
    repository = Path(__file__).resolve().parents[2]
    path = repository / "ARCHITECTURE.md"
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n{inventory(repository)}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
