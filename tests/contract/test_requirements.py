"""pyproject.toml, environment.yml and the lock ask for the same things."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

# Distributions whose conda-forge name differs.
CONDA_NAMES = {"duckdb": "python-duckdb"}
# Distributions that conda-forge does not have; pip brings them into the environment.
ONLY_PIP = {"atheris"}


def declared(repository: Path) -> dict[str, SpecifierSet]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    lines = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        lines += extra
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): each.specifier for each in requirements}


def locked(repository: Path) -> dict[str, list[Version]]:
    pins: dict[str, list[Version]] = {}
    for line in (repository / "requirements.lock").read_text().splitlines():
        found = re.match(r"([A-Za-z0-9._-]+)==([^ ;]+)", line)
        if found:
            pins.setdefault(canonicalize_name(found[1]), []).append(Version(found[2]))
    return pins


def conda(repository: Path) -> dict[str, SpecifierSet]:
    content = yaml.safe_load((repository / "environment.yml").read_text())
    lines = [line for line in content["dependencies"] if isinstance(line, str)]
    pairs = [line.partition(" ") for line in lines]
    found = {canonicalize_name(name): SpecifierSet(version) for name, _, version in pairs}
    (by_pip,) = [line["pip"] for line in content["dependencies"] if isinstance(line, dict)]
    requirements = [Requirement(line) for line in by_pip if not line.startswith("-")]
    assert {canonicalize_name(each.name) for each in requirements} == ONLY_PIP
    return found | {canonicalize_name(each.name): each.specifier for each in requirements}


def test_conda_environment_has_the_requirements_of_the_project(repository: Path) -> None:
    expected = {CONDA_NAMES.get(name, name): spec for name, spec in declared(repository).items()}
    found = conda(repository)
    python = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert found.pop("python") == SpecifierSet(python["requires-python"])
    assert found.pop("pip") == SpecifierSet()
    assert found == expected


def test_lock_satisfies_every_requirement(repository: Path) -> None:
    pins = locked(repository)
    unmet = {
        name: (str(spec), [str(pin) for pin in pins.get(name, [])])
        for name, spec in declared(repository).items()
        if not pins.get(name) or not all(pin in spec for pin in pins[name])
    }
    assert not unmet


def test_every_pin_has_a_hash_and_no_pin_names_a_host(repository: Path) -> None:
    lock = (repository / "requirements.lock").read_text()
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert len(entries) > 50
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in lock
    assert "index-url" not in lock


def test_versions_agree(repository: Path) -> None:
    import outcomes

    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert outcomes.__version__ == project["version"]
    citation = yaml.safe_load((repository / "CITATION.cff").read_text())
    assert citation["version"] == project["version"]
    assert f"## {project['version']}" in (repository / "CHANGELOG.md").read_text()
