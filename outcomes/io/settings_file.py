"""What a mapping says for ``settings.toml``, written without undoing what a person wrote there."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from outcomes.errors import DataContractError
from outcomes.settings import SETTINGS_FILE

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_HEAD = (
    "# Written by an import from what its mapping says. Once you change this file, imports leave\n"
    "# it alone and only check that it still holds what the mapping needs.\n\n"
)


def settings_to_write(
    content: Mapping[str, Any], folder: Path, written_before: str | None, mapping_file: str
) -> str | None:
    """Decide what to write to ``settings.toml`` of a data set.

    Parameters
    ----------
    content : mapping
        What the mapping says, as for ``settings.toml``.
    folder : Path
        Folder of the data set.
    written_before : str or None
        Hash of the file as the last import wrote it.
    mapping_file : str
        Name of the mapping, for errors.

    Returns
    -------
    str or None
        Text of the file; None where it stays as it is.

    Raises
    ------
    DataContractError
        If a person changed or wrote the file and it lacks something that the mapping says.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        return _HEAD + toml_text(content) if content else None
    if hashlib.sha256(path.read_bytes()).hexdigest() == written_before:
        return _HEAD + toml_text(content)
    try:
        kept = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        kept = {}
    lacking = _lacking(content, kept, "")
    if lacking:
        raise DataContractError(
            f"lacks what {mapping_file} says, or says otherwise.",
            "Write it in as the mapping has it, or remove settings.toml and import again.",
            file=SETTINGS_FILE,
            column=lacking,
        )
    return None


def _lacking(wanted: Mapping[str, Any], kept: Any, place: str) -> str:
    """Key of the first thing that is not kept, empty where all is."""
    for key, value in wanted.items():
        here = f"{place}.{key}" if place else key
        found = kept.get(key) if isinstance(kept, Mapping) else None
        if isinstance(value, Mapping):
            below = _lacking(value, found, here)
            if below:
                return below
        elif found != value:
            return here
    return ""


def toml_text(content: Mapping[str, Any]) -> str:
    """Write settings as TOML.

    Parameters
    ----------
    content : mapping
        Text, numbers, true or false, dates, lists and tables of these.

    Returns
    -------
    str
        Plain keys of a table first, then the tables below it.
    """
    return "\n".join(_table(content, ())).strip("\n") + "\n"


def _table(content: Mapping[str, Any], place: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in content.items() if not isinstance(value, Mapping)}
    lines = []
    if place and (plain or not content):
        lines += ["", f"[{'.'.join(_key(part) for part in place)}]"]
    lines += [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in content.items():
        if isinstance(value, Mapping):
            lines += _table(value, (*place, key))
    return lines


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else quoted(key)


def quoted(text: str) -> str:
    """Write text as TOML does, in quotes.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        A basic string on one line.
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    return str(value)
