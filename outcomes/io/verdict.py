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
        self._other_line = np.zeros(len(rows), dtype=np.int64)
        places: dict[tuple[str, str], list[int]] = {}
        for broken in rows.broken:
            places.setdefault((broken.column, broken.reason), []).append(broken.position)
        for (column, reason), positions in places.items():
            mask = np.zeros(len(rows), dtype=bool)
            mask[positions] = True
            self.reject(mask, column, reason)

    @property
    def accepted(self) -> np.ndarray:
        """Rows without a reason against them."""
        return self._reason == 0

    def reject(
        self,
        where: np.ndarray | pd.Series,
        column: str,
        reason: str,
        other_line: np.ndarray | None = None,
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
        other_line : array of int, optional
            Line of another row that this one clashes with, shown after the reason.
        """
        mask = np.asarray(where, dtype=bool) & (self._reason == 0)
        if not mask.any():
            return
        if (column, reason) not in self._given:
            self._given.append((column, reason))
        self._reason[mask] = self._given.index((column, reason))
        if other_line is not None:
            self._other_line[mask] = other_line[mask]

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
            f"{self._given[code][1]} (line {line})" if line else self._given[code][1]
            for code, line in zip(self._reason[at], self._other_line[at], strict=True)
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
