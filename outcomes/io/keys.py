"""Secret keys of hashes: outside the folders of data, and for nobody but their owner to read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from outcomes.errors import DataContractError

KEY_VARIABLE = "OUTCOMES_KEY"
_KEY_BYTES = 32


def own_key_file() -> Path:
    """Say where the key of this computer's user lies.

    Returns
    -------
    Path
        As the variable OUTCOMES_KEY of the environment says, else ``.outcomes/key`` in the user's
        home.
    """
    named = os.environ.get(KEY_VARIABLE, "")
    return Path(named) if named else Path.home() / ".outcomes" / "key"


def make_key(path: Path | str, *, away_from: tuple[Path, ...]) -> None:
    """Write a new random key that only its owner may read.

    Parameters
    ----------
    path : Path or str
        File to make.
    away_from : tuple of Path
        Folders that must not hold it, such as those of the data and of an export.

    Raises
    ------
    DataContractError
        If the file is there, can't be written, or would lie in one of the folders.
    """
    path = Path(path)
    _refuse_inside(path, away_from)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise DataContractError(
            f"the key can't be written ({error.strerror}).",
            "Name a new file in a folder of your own: an existing key is never overwritten.",
            file=path.name,
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(_KEY_BYTES) + "\n")


def read_key(path: Path | str, *, away_from: tuple[Path, ...]) -> bytes:
    """Read the key of the pseudonyms.

    Parameters
    ----------
    path : Path or str
        File with the key.
    away_from : tuple of Path
        Folders that must not hold it, such as those of the data and of an export.

    Returns
    -------
    bytes
        The key.

    Raises
    ------
    DataContractError
        If the file can't be read, lies in one of the folders, may be read by others than its owner,
        or is too short.
    """
    path = Path(path)
    _refuse_inside(path, away_from)
    try:
        # Windows has no such bits; there the rights of the folder protect the key
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise DataContractError(
                "others than its owner may read the key.", f"Run: chmod 600 {path}", file=path.name
            )
        key = path.read_bytes().strip()
    except OSError as error:
        raise DataContractError(
            f"the key can't be read ({error.strerror}).",
            "Give back the one that was used, or make one with --new-key where there was none.",
            file=path.name,
        ) from None
    if len(key) < _KEY_BYTES:
        raise DataContractError(
            f"the key has fewer than {_KEY_BYTES} bytes, so it could be guessed.",
            "Make one with --new-key.",
            file=path.name,
        )
    return key


def _refuse_inside(path: Path, folders: tuple[Path, ...]) -> None:
    for folder in folders:
        if path.resolve().is_relative_to(folder.resolve()):
            raise DataContractError(
                f"the key lies in the folder {folder.name}, and would travel with the data.",
                "Keep it elsewhere.",
                file=path.name,
            )
