"""The choices of a comparison put on record before any outcome is read, and held to afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from outcomes import __version__
from outcomes.analyses.maintenance_schedules import MaintenanceSchedulesSpec
from outcomes.errors import DataContractError, EstimationError
from outcomes.settings import Settings

PROTOCOL_FILE = "protocol.json"
_LIBRARIES = ("pandas", "numpy", "scipy", "statsmodels", "formulaic")


def versions() -> dict[str, str]:
    """List the programs that numbers come from.

    Returns
    -------
    dict of str to str
        Versions by name.
    """
    found = {"outcomes": __version__, "python": platform.python_version()}
    return found | {name: version(name) for name in _LIBRARIES}


def chosen(spec: MaintenanceSchedulesSpec, settings: Settings) -> dict[str, Any]:
    """Collect everything that was chosen.

    Parameters
    ----------
    spec : MaintenanceSchedulesSpec
        Choices of the comparison.
    settings : Settings
        Cut points and instruments beside the data.

    Returns
    -------
    dict
        As JSON holds it; names of clinics are no choice and are left out.
    """
    beside = {
        "cut_points": asdict(settings.cut_points),
        "pain_instrument": settings.pain_instrument,
        "instruments": {code: dict(each) for code, each in settings.instruments.items()},
        "thresholds": dict(settings.thresholds),
    }
    whole = {"question": "maintenance_schedules", "spec": asdict(spec), "settings": beside}
    return dict(json.loads(json.dumps(whole, default=str)))


def fingerprint(choices: dict[str, Any]) -> str:
    """Digest of choices.

    Parameters
    ----------
    choices : dict
        As `chosen` makes them.

    Returns
    -------
    str
        SHA-256 over their JSON with sorted keys.
    """
    return hashlib.sha256(json.dumps(choices, sort_keys=True).encode()).hexdigest()


def register(folder: Path, choices: dict[str, Any], *, amend: str = "") -> dict[str, Any]:
    """Put choices on record; call it before the records are read.

    Parameters
    ----------
    folder : Path
        Folder of the comparison; made if it is not there.
    choices : dict
        As `chosen` makes them.
    amend : str
        Why the choices differ from those on record; the change is written down with it.

    Returns
    -------
    dict
        What stands in the file: registered (time), sha256, versions, choices, amendments.

    Raises
    ------
    EstimationError
        If other choices are on record and no reason is given.
    DataContractError
        If the folder can't be written to, or the file is not one of ours.
    """
    digest = fingerprint(choices)
    there = read_protocol(folder)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if there is not None and there["sha256"] == digest:
        return there
    if there is not None and not amend.strip():
        raise EstimationError(
            f"Other choices were put on record on {there['registered']}: "
            f"{', '.join(_differing(there['choices'], choices))} changed since.",
            "Compare with the choices on record, use another folder, or give the reason with "
            "--amend; the change then stands in the protocol.",
        )
    entry = {
        "registered": now if there is None else there["registered"],
        "sha256": digest,
        "versions": versions(),
        "choices": choices,
        "amendments": [] if there is None else there["amendments"],
    }
    if there is not None:
        entry["amendments"] = [
            *there["amendments"],
            {
                "time": now,
                "reason": amend.strip(),
                "sha256_before": there["sha256"],
                "changed": _differing(there["choices"], choices),
                "outcomes_had_been_read": bool(there.get("outcomes_read")),
            },
        ]
        entry["outcomes_read"] = there.get("outcomes_read", "")
    _write(folder, entry)
    return entry


def hold(folder: Path, choices: dict[str, Any]) -> dict[str, Any]:
    """Check, once the numbers are there, that they follow from the choices on record.

    Parameters
    ----------
    folder : Path
        Folder of the comparison.
    choices : dict
        Those that were used.

    Returns
    -------
    dict
        The protocol, now with the time at which outcomes had been read.

    Raises
    ------
    EstimationError
        If there is no protocol, it was changed by hand, or its choices are not those used.
    """
    there = read_protocol(folder)
    used = fingerprint(choices)
    if there is None or fingerprint(there["choices"]) != there["sha256"] or there["sha256"] != used:
        raise EstimationError(
            "The choices changed between the protocol and the numbers, so nothing is written.",
            "Leave the protocol and settings.toml alone while a comparison runs, then start again.",
        )
    if not there.get("outcomes_read"):
        there["outcomes_read"] = datetime.now(UTC).isoformat(timespec="seconds")
        _write(folder, there)
    return there


def read_protocol(folder: Path) -> dict[str, Any] | None:
    """Read what is on record.

    Parameters
    ----------
    folder : Path
        Folder of the comparison.

    Returns
    -------
    dict or None
        The protocol; None where there is none.

    Raises
    ------
    DataContractError
        If the file is not a protocol.
    """
    path = folder / PROTOCOL_FILE
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if {"registered", "sha256", "choices", "amendments"} <= set(found):
            return dict(found)
    except (ValueError, TypeError):
        pass
    raise DataContractError(
        "it is not a protocol that a comparison wrote.", "Choose another folder.", file=path.name
    )


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of choices that differ."""
    found = []
    for part in ("spec", "settings"):
        old, new = before.get(part, {}), after.get(part, {})
        found += [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    return found or ["something"]


def _write(folder: Path, entry: dict[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{PROTOCOL_FILE}.part"
        text = json.dumps(entry, indent=2, ensure_ascii=False) + "\n"
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            # on the disk before anything is read, or it could not prove what came first
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / PROTOCOL_FILE)
    except OSError as error:
        raise DataContractError(
            f"the protocol can't be written ({error.strerror}).",
            "Choose a folder that you may write to.",
            file=folder.name,
        ) from None
