"""Imports point downwards, as ARCHITECTURE.md draws them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

# What a layer may import besides itself; everything may import errors.
BELOW: dict[str, set[str]] = {
    "errors": set(),
    "stats": set(),
    "settings": set(),
    "coded": set(),
    "instruments": {"settings"},
    "schema": {"instruments", "settings"},
    "results": set(),
    "tables": {"schema", "instruments", "settings"},
    "derive": {"coded", "schema", "tables", "instruments", "settings"},
    "io": {"coded", "schema", "tables", "instruments", "settings"},
    "simulate": {"schema", "tables", "instruments", "settings", "io"},
    # analysis data are derived records, so an export sees what an analysis sees
    "export": {"schema", "tables", "instruments", "settings", "io", "derive"},
    "analyses": {"derive", "stats", "results", "schema", "tables", "instruments", "settings"},
    "scale": {"schema", "tables", "instruments", "settings", "io", "derive", "analyses", "results"},
    "verdicts": {"results", "instruments", "settings"},
    "present": {"results", "instruments", "settings", "verdicts"},
    # sections that follow controls; of the records it only hands on what a notebook read
    "explore": {"analyses", "present", "results", "tables"},
}
ABOVE = {"cli", "report", "__init__", "__main__"}
NUMERICAL = {"scipy", "statsmodels", "formulaic", "patsy"}
# Layers that may open files: records, reports, the shipped definitions and the user's settings.
DISK = {"io", "export", "report", "cli", "simulate", "settings", "instruments"}
DISK |= {"__init__", "__main__"}
OPENERS = {"open", "read_text", "write_text", "read_bytes", "write_bytes", "to_csv", "to_parquet"}
CLINICAL = {"patient", "pain", "clinic", "therapist", "headache", "cadence", "session"}


def modules(repository: Path) -> dict[str, Path]:
    """Dotted name of every module of the package."""
    found = {}
    for path in sorted((repository / "outcomes").rglob("*.py")):
        parts = list(path.relative_to(repository).with_suffix("").parts)
        if parts[-1] == "__init__" and len(parts) > 2:
            parts.pop()
        found[".".join(parts)] = path
    return found


def imports(name: str, path: Path) -> set[str]:
    """Dotted names that a module imports, in any of the ways Python has, also inside functions."""
    found: set[str] = set()
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    package = package.removesuffix(".__init__")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def layer(dotted: str) -> str:
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def test_every_module_has_its_layer(repository: Path) -> None:
    layers = {layer(name) for name in modules(repository)}
    assert layers - set(BELOW) - ABOVE == set()


def test_imports_point_downwards(repository: Path) -> None:
    known = {path.stem for path in (repository / "outcomes").glob("*.py")}
    known |= {path.name for path in (repository / "outcomes").iterdir() if path.is_dir()}
    wrong = []
    for name, path in modules(repository).items():
        here = layer(name)
        if here in ABOVE:
            continue
        for target in imports(name, path):
            if target.split(".")[0] != "outcomes":
                continue
            there = layer(target)
            if there not in known:  # `from outcomes import __version__`
                there = "__init__"
            allowed = BELOW[here] | {here, "errors"}
            if there not in allowed and not target.endswith(".__version__"):
                wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_no_cycles_inside_a_package(repository: Path) -> None:
    known = modules(repository)
    graph: dict[str, set[str]] = {}
    for name, path in known.items():
        targets = set()
        for target in imports(name, path):
            while target and target not in known:
                target = target.rpartition(".")[0]
            if target and target not in (name, "outcomes"):
                targets.add(target)
        graph[name] = targets
    visiting: list[str] = []
    done: set[str] = set()

    def walk(name: str) -> None:
        if name in visiting:
            pytest.fail("cycle: " + " → ".join([*visiting[visiting.index(name) :], name]))
        if name in done:
            return
        visiting.append(name)
        for target in sorted(graph[name]):
            # a package's __init__ gathers its parts; that is no cycle
            if not name.startswith(target + "."):
                walk(target)
        visiting.pop()
        done.add(name)

    for name in graph:
        walk(name)


def test_only_stats_imports_numerical_libraries(repository: Path) -> None:
    wrong = [
        name
        for name, path in modules(repository).items()
        if layer(name) != "stats"
        and {target.split(".")[0] for target in imports(name, path)} & NUMERICAL
    ]
    assert wrong == []


def test_stats_knows_no_clinical_word(repository: Path) -> None:
    wrong = []
    for name, path in modules(repository).items():
        if layer(name) != "stats":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            word = ""
            if isinstance(node, ast.Name):
                word = node.id
            elif isinstance(node, ast.arg):
                word = node.arg
            elif isinstance(node, ast.Attribute):
                word = node.attr
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                word = node.name
            wrong += [f"{name}: {word}" for clinical in CLINICAL if clinical in word.lower()]
    assert wrong == []


def test_only_the_edges_touch_the_disk(repository: Path) -> None:
    wrong = []
    for name, path in modules(repository).items():
        # statistics may be saved and loaded by those who ask for it, never by themselves
        if layer(name) in DISK | {"stats"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func
                word = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if word in OPENERS:
                    wrong.append(f"{name}: {word}()")
    assert wrong == []


def test_public_functions_take_no_catch_all_arguments(repository: Path) -> None:
    wrong = []
    for name, path in modules(repository).items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.FunctionDef)
                and not node.name.startswith("_")
                and node.args.kwarg is not None
            ):
                wrong.append(f"{name}.{node.name}")
    assert wrong == []


def test_there_is_no_attic(repository: Path) -> None:
    attic = {"utils", "util", "helpers", "misc", "common"}
    assert [name for name in modules(repository) if name.rpartition(".")[2] in attic] == []
