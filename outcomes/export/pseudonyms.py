"""Pseudonyms by keyed hash and dates shifted per patient, for data that leave the clinic.

Pseudonymised data still are personal data: whoever has the key can tell who is who, and a rare
course of care can be recognised without it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import pandas as pd

from outcomes.errors import DataContractError

ID_COLUMNS = ("patient_id", "session_id", "event_id", "therapist_id")
"""Columns whose cells are replaced."""
_LETTERS = 20
_MOST_DAYS = 364


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
