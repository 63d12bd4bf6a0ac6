"""People taken out of a data set, known by keyed hash so that no import brings them back."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from outcomes.errors import DataContractError
from outcomes.io.keys import KEY_VARIABLE, own_key_file, read_key
from outcomes.io.records import Records
from outcomes.io.rows import Rows

FORGOTTEN_FILE = "forgotten.json"
"""Holds keyed hashes of ids, and nothing else; the key lies elsewhere."""


@dataclass(frozen=True)
class Forgotten:
    """Those whom a data set must not hold again.

    Parameters
    ----------
    hashes : tuple of str
        HMAC-SHA-256 of their ids.
    key : bytes
        Key of the hash; empty where there is nobody.
    """

    hashes: tuple[str, ...] = ()
    key: bytes = b""

    def with_id(self, patient_id: str) -> Forgotten:
        """Add somebody.

        Parameters
        ----------
        patient_id : str
            Their id.

        Returns
        -------
        Forgotten
            With that person.
        """
        return replace(self, hashes=tuple(sorted({*self.hashes, self._digest(patient_id)})))

    def text(self) -> str:
        """Write the list as it is kept beside the data.

        Returns
        -------
        str
            JSON.
        """
        return json.dumps({"hashes": list(self.hashes)}, indent=2) + "\n"

    def leave_out(
        self, made: Sequence[Records], tables: Sequence[str]
    ) -> tuple[list[Records], tuple[str, ...]]:
        """Pass over their rows, and those of their sessions.

        Parameters
        ----------
        made : sequence of Records
            Rows that an import made.
        tables : sequence of str
            The table that each belongs to.

        Returns
        -------
        list of Records
            Without these rows, which count as passed over.
        tuple of str
            A notice where there were any.
        """
        if not self.hashes:
            return list(made), ()
        theirs = [self._theirs(each.rows) for each in made]
        sessions = {
            session
            for each, table, mask in zip(made, tables, theirs, strict=True)
            if table == "sessions"
            for session in each.rows.cells.loc[mask, "session_id"].str.strip()
        } - {""}
        kept, count = [], 0
        for each, mask in zip(made, theirs, strict=True):
            if "session_id" in each.rows.cells:
                mask = mask | each.rows.cells["session_id"].str.strip().isin(sessions).to_numpy()
            count += int(mask.sum())
            by_file = np.bincount(each.rows.file[mask], minlength=len(each.rows.files))
            places = [each.rows.files.index(name) for name in each.counts["file"]]
            passed = each.counts["passed_over"] + by_file[places]
            kept.append(Records(each.rows.kept(~mask), each.counts.assign(passed_over=passed)))
        notice = f"{count:,} rows of people who were taken out of this data set were passed over."
        return kept, (notice,) if count else ()

    def refuse_if_changed(self, folder: Path) -> None:
        """Stop an import that began before somebody was taken out.

        Parameters
        ----------
        folder : Path
            Folder of the data set, held still by the caller.

        Raises
        ------
        DataContractError
            If the list is another one by now.
        """
        if _hashes(folder) != self.hashes:
            raise DataContractError(
                "somebody was taken out of the data set in the meantime; nothing was written.",
                "Import again.",
                file=folder.name,
            )

    def _theirs(self, rows: Rows) -> np.ndarray:
        if "patient_id" not in rows.cells:
            return np.zeros(len(rows), dtype=bool)
        codes, distinct = pd.factorize(rows.cells["patient_id"].str.strip())
        known = frozenset(self.hashes)
        return np.array([self._digest(each) in known for each in distinct], dtype=bool)[codes]

    def _digest(self, patient_id: str) -> str:
        whole = f"forgotten\0{patient_id}".encode("utf-8", "surrogatepass")
        return hmac.new(self.key, whole, hashlib.sha256).hexdigest()


def read_forgotten(folder: Path) -> Forgotten:
    """Read who must not come back into a data set.

    Parameters
    ----------
    folder : Path
        Folder of the data set; it need not be there.

    Returns
    -------
    Forgotten
        Nobody where nobody was taken out.

    Raises
    ------
    DataContractError
        If the list can't be read, or its key is not there: without it nobody can be told apart.
    """
    hashes = _hashes(folder)
    if not hashes:
        return Forgotten()
    try:
        return Forgotten(hashes, read_key(own_key_file(), away_from=(folder,)))
    except DataContractError as error:
        raise DataContractError(
            "people were taken out of this data set, and the key by which they are known can't be "
            f"read: {error.problem}",
            f"Say where it is with the variable {KEY_VARIABLE} of the environment. Without it an "
            "import could bring them back.",
            file=FORGOTTEN_FILE,
        ) from None


def _hashes(folder: Path) -> tuple[str, ...]:
    path = folder / FORGOTTEN_FILE
    if not path.is_file():
        return ()
    try:
        return tuple(map(str, json.loads(path.read_text(encoding="utf-8"))["hashes"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise DataContractError(
            "the list of those who were taken out can't be read.",
            "Restore this file from a copy: without it an import could bring them back.",
            file=FORGOTTEN_FILE,
        ) from None
