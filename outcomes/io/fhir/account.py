"""What became of every resource that was read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

Spot = tuple[str, int]
"""File, and number of the entry or line in it."""

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
UNREADABLE = "(unreadable)"
ACCOUNT = ("file", "resource", "read", "accepted", "rejected", "skipped")
REJECTS = ("table", "file", "line", "column", "value", "reason")
SKIPPED = ("file", "resource", "reason", "resources")


@dataclass
class Account:
    """Counts of resources, and where those went that were used.

    Parameters
    ----------
    read : Counter
        Resources read by file and type.
    skipped : Counter
        Resources not used, by file, type and reason.
    used : list of tuple
        File, type, kind of row, and spots of rows that a resource had a part in.
    unreadable : list of tuple
        Spot and reason of what could not be read as a resource.
    """

    read: Counter[tuple[str, str]] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    used: list[tuple[str, str, str, tuple[Spot, ...]]] = field(default_factory=list)
    unreadable: list[tuple[Spot, str]] = field(default_factory=list)

    def count(self, file: str, kind: str) -> str:
        """Count a resource that was read.

        Parameters
        ----------
        file : str
            Name of its file.
        kind : str
            Its type, as it says.

        Returns
        -------
        str
            The type to count it under: one that is no word is not repeated.
        """
        shown = kind if _TYPE.fullmatch(kind) else UNREADABLE
        self.read[file, shown] += 1
        return shown

    def skip(self, file: str, kind: str, reason: str) -> None:
        """Say why a resource is not used.

        Parameters
        ----------
        file, kind : str
            As counted.
        reason : str
            The reason.
        """
        self.skipped[file, kind, reason] += 1

    def reject(self, spot: Spot, reason: str) -> None:
        """Count something that could not be read as a resource.

        Parameters
        ----------
        spot : Spot
            Where it stands.
        reason : str
            What is wrong with it.
        """
        self.count(spot[0], UNREADABLE)
        self.unreadable.append((spot, reason))

    def rejects(self) -> pd.DataFrame:
        """List what could not be read, as rejected rows of no table.

        Returns
        -------
        DataFrame
            Columns table, file, line, column, value, reason; the text itself is not repeated.
        """
        rows = [(UNREADABLE, *spot, "", "", reason) for spot, reason in self.unreadable]
        return pd.DataFrame(rows, columns=list(REJECTS))

    def use(self, file: str, kind: str, row: str, *spots: Spot) -> None:
        """Say which rows a resource is part of.

        Parameters
        ----------
        file, kind : str
            As counted.
        row : str
            Kind of row.
        *spots : Spot
            Where the rows stand.
        """
        self.used.append((file, kind, row, spots))

    def reasons(self) -> pd.DataFrame:
        """List the resources that were not used.

        Returns
        -------
        DataFrame
            Columns file, resource, reason, resources.
        """
        rows = [(*key, count) for key, count in sorted(self.skipped.items())]
        return pd.DataFrame(rows, columns=list(SKIPPED))

    def settle(self, rejects: pd.DataFrame) -> pd.DataFrame:
        """Say what became of all resources once their rows have been judged.

        Parameters
        ----------
        rejects : DataFrame
            Rejected rows of tables with their file (``name [kind of row]``) and line.

        Returns
        -------
        DataFrame
            A row for each file and type: file, resource, read, accepted, rejected, skipped. read is
            the sum of the other three; rejected is a resource of which a row was.
        """
        wrong = set(zip(rejects["file"], rejects["line"].astype("int64"), strict=True))
        rejected: Counter[tuple[str, str]] = Counter()
        used: Counter[tuple[str, str]] = Counter()
        for file, kind, row, spots in self.used:
            used[file, kind] += 1
            rejected[file, kind] += any((f"{name} [{row}]", at) in wrong for name, at in spots)
        for (file, _), _ in self.unreadable:
            rejected[file, UNREADABLE] += 1
            used[file, UNREADABLE] += 1
        skipped: Counter[tuple[str, str]] = Counter()
        for (file, kind, _), count in self.skipped.items():
            skipped[file, kind] += count
        rows = [
            (*key, read, used[key] - rejected[key], rejected[key], skipped[key])
            for key, read in sorted(self.read.items())
        ]
        return pd.DataFrame(rows, columns=list(ACCOUNT))
