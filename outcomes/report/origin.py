"""Where the numbers of a report come from: data, versions and choices, each with a fingerprint."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from outcomes import __version__
from outcomes.io.digest import file_sha256
from outcomes.schema import SCHEMAS
from outcomes.settings import SETTINGS_FILE, Settings

_SHOWN = 12
_LIBRARIES = ("pandas", "numpy", "scipy", "statsmodels")


def data_fingerprint(folder: Path) -> str:
    """Digest of a data set.

    Parameters
    ----------
    folder : Path
        Folder of the data set.

    Returns
    -------
    str
        SHA-256 over the names and contents of its tables and settings; the same records give the
        same digest wherever they lie.
    """
    digest = hashlib.sha256()
    known = {f"{name}.{ending}" for name in SCHEMAS for ending in ("csv", "parquet")}
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        if path.name in known | {SETTINGS_FILE}:
            digest.update(path.name.encode() + b"\x00")
            digest.update(bytes.fromhex(file_sha256(path)))
    return digest.hexdigest()


def choices_fingerprint(notebook: Path, parameters: Mapping[str, Any], settings: Settings) -> str:
    """Digest of everything that was chosen: the notebook, its parameters and the settings.

    Parameters
    ----------
    notebook : Path
        The notebook.
    parameters : mapping
        Its parameters, without places on this machine.
    settings : Settings
        Cut points and names.

    Returns
    -------
    str
        SHA-256.
    """
    chosen = json.dumps([dict(parameters), asdict(settings)], sort_keys=True, default=str)
    return hashlib.sha256(notebook.read_bytes() + chosen.encode()).hexdigest()


def imprint(data: str, choices: str, as_of: str) -> str:
    """Write where the numbers come from.

    Parameters
    ----------
    data, choices : str
        Fingerprints.
    as_of : str
        Last day of the records that were read, for people.

    Returns
    -------
    str
        One line for the foot of the report. The same line means the same numbers.
    """
    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    return (
        f"Records read up to {as_of}. Data {data[:_SHOWN]}, choices {choices[:_SHOWN]} "
        f"(SHA-256). {used}."
    )


def versions() -> dict[str, str]:
    """List what numbers depend on besides records and choices.

    Returns
    -------
    dict of str to str
        Version of this package, of Python and of the libraries that compute.
    """
    known = {"outcomes": __version__, "Python": platform.python_version()}
    return known | {name: version(name) for name in _LIBRARIES}
