"""Accepted or rejected: one verdict a row, with the first reason found."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.io.rows import Rows
from outcomes.schema import TableSchema


class Verdict:
    """Collects why rows of one table are rejected; the first reason given to a row stays.

    Parameters
    ----------
    schema : TableSchema
        The table.
    rows : Rows
        Its rows as read.
    """

    def __init__(self, schema: TableSchema, rows: Rows) -> None:
        self.schema = schema
        self.rows = rows
        self._reason = np.zeros(len(rows), dtype=np.int32)
        self._given: list[tuple[str, str]] = [("", "")]
        self._other = np.full(len(rows), -1, dtype=np.int64)
        places: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for broken in rows.broken:
            here = (broken.position, broken.other)
            places.setdefault((broken.column, broken.reason), []).append(here)
        for (column, reason), pairs in places.items():
            mask = np.zeros(len(rows), dtype=bool)
            other = np.full(len(rows), -1, dtype=np.int64)
            positions, others = np.array(pairs).T
            mask[positions] = True
            other[positions] = others
            self.reject(mask, column, reason, other)

    @property
    def accepted(self) -> np.ndarray:
        """Rows without a reason against them."""
        return self._reason == 0

    def reject(
        self,
        where: np.ndarray | pd.Series,
        column: str,
        reason: str,
        other: np.ndarray | None = None,
    ) -> None:
        """Reject the rows where a mask is true and no reason was given before.

        Parameters
        ----------
        where : array of bool
            One value a row.
        column : str
            Column at fault, empty where it is the row as a whole.
        reason : str
            What is wrong, without the value.
        other : array of int, optional
            Position of another row that this one clashes with, -1 for none; where it stands is
            shown after the reason.
        """
        mask = np.asarray(where, dtype=bool) & (self._reason == 0)
        if not mask.any():
            return
        if (column, reason) not in self._given:
            self._given.append((column, reason))
        self._reason[mask] = self._given.index((column, reason))
        if other is not None:
            self._other[mask] = other[mask]

    def rejects(self) -> pd.DataFrame:
        """List the rejected rows with their reasons.

        Returns
        -------
        DataFrame
            Columns table, file, line, column, value, reason; one row for each rejected row.
        """
        at = np.flatnonzero(self._reason)
        columns = [self._given[code][0] for code in self._reason[at]]
        reasons = [
            f"{self._given[code][1]} ({self._place(other)})" if other >= 0 else self._given[code][1]
            for code, other in zip(self._reason[at], self._other[at], strict=True)
        ]
        values = np.full(len(at), "", dtype=object)
        names = np.array(columns, dtype=object)
        for name in set(columns) & set(self.rows.cells.columns):
            hit = names == name
            values[hit] = self.rows.cells[name].iloc[at[hit]].astype("str").fillna("").to_numpy()
        return pd.DataFrame(
            {
                "table": pd.Series([self.schema.name] * len(at), dtype="str"),
                "file": pd.Series(self.rows.file_names(at), dtype="str"),
                "line": self.rows.line[at],
                "column": pd.Series(columns, dtype="str"),
                "value": pd.Series(values, dtype="str"),
                "reason": pd.Series(reasons, dtype="str"),
            }
        )

    def _place(self, position: int) -> str:
        """Name where a row stands, with its file where there are several."""
        line = f"line {self.rows.line[position]}"
        if len(self.rows.files) == 1:
            return line
        return f"{self.rows.files[self.rows.file[position]]}, {line}"
