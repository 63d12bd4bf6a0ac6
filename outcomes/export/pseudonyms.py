"""Pseudonyms by keyed hash and dates shifted per patient, for data that leave the clinic.

Pseudonymised data still are personal data: whoever has the key can tell who is who, and a rare
course of care can be recognised without it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outcomes.errors import DataContractError

ID_COLUMNS = ("patient_id", "session_id", "event_id", "therapist_id")
"""Columns whose cells are replaced."""
_KEY_BYTES = 32
_LETTERS = 20
_MOST_DAYS = 364


def make_key(path: Path | str, *, away_from: tuple[Path, ...]) -> None:
    """Write a new random key that only its owner may read.

    Parameters
    ----------
    path : Path or str
        File to make.
    away_from : tuple of Path
        Folders that must not hold it: those of the data and of the export.

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
        Folders that must not hold it: those of the data and of the export.

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
            "Make one with --new-key, and keep it: the same key gives the same pseudonyms.",
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


@dataclass(frozen=True)
class Pseudonyms:
    """How ids and dates of an export are changed.

    Parameters
    ----------
    key : bytes, optional
        Key of the hash; ids stay as they are where absent.
    shift : bool
        Shift dates, all of one patient by the same number of days.
    """

    key: bytes | None = None
    shift: bool = False

    def __post_init__(self) -> None:
        if self.shift and self.key is None:
            raise DataContractError(
                "shifted dates need a key.",
                "Give --pseudonyms KEY: the days are reckoned from it.",
            )

    def ids(self, cells: pd.Series, column: str) -> pd.Series:
        """Replace ids.

        Parameters
        ----------
        cells : Series of str
            Ids; missing ones stay missing.
        column : str
            Name of the column: one id in two columns gets two pseudonyms.

        Returns
        -------
        Series of str
            The first 20 hexadecimal digits of HMAC-SHA-256 over column and id.
        """
        if self.key is None:
            return cells
        distinct = cells.dropna().unique()
        names = {each: self._digest(column, each).hex()[:_LETTERS] for each in distinct}
        return cells.map(names).astype("str")

    def dates(self, days: pd.Series, patients: pd.Series) -> pd.Series:
        """Shift dates.

        Parameters
        ----------
        days : Series of datetime64
            Dates.
        patients : Series of str
            Whose they are, by the id before it was replaced.

        Returns
        -------
        Series of datetime64
            1 to 364 days earlier; the days between two dates of a patient stay.
        """
        if not self.shift:
            return days
        back = {each: self._days(each) for each in patients.dropna().unique()}
        shift = pd.to_timedelta(patients.map(back).astype("float64"), unit="D")
        return (days - shift.astype("timedelta64[s]")).astype(days.dtype)

    def frame(
        self, frame: pd.DataFrame, ids: dict[str, str], dates: tuple[str, ...], person: str
    ) -> pd.DataFrame:
        """Replace ids and shift dates of a table.

        Parameters
        ----------
        frame : DataFrame
            The table.
        ids : dict of str to str
            Columns of ids, with the column of the contract that each stands for.
        dates : tuple of str
            Columns of dates.
        person : str
            Column with the id of the patient.

        Returns
        -------
        DataFrame
            A copy.
        """
        changed = {name: self.dates(frame[name], frame[person]) for name in dates}
        changed |= {name: self.ids(frame[name], column) for name, column in ids.items()}
        return frame.assign(**changed)

    def _digest(self, column: str, text: str) -> bytes:
        assert self.key is not None
        return hmac.new(self.key, f"{column}\0{text}".encode(), hashlib.sha256).digest()

    def _days(self, patient: str) -> int:
        return int.from_bytes(self._digest("days", patient)[:8], "big") % _MOST_DAYS + 1
