"""Rows gathered one by one, to become the rows of a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from outcomes.io.fhir.account import Spot
from outcomes.io.rows import Broken, Rows, rows_of_file, sheet_name


@dataclass
class Collected:
    """Rows of one kind from all files.

    Parameters
    ----------
    kind : str
        Kind of row: patients, visits or scores.
    columns : tuple of str
        Their columns.
    """

    kind: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, spot: Spot, cells: Mapping[str, str], problems: Mapping[str, str]) -> None:
        """Add a row.

        Parameters
        ----------
        spot : tuple
            File and number of the resource it is from.
        cells : mapping of str to str
            Cells by column; the others are empty.
        problems : mapping of str to str
            What is wrong with it, by column.
        """
        self.problems += [(len(self.rows), name, why) for name, why in problems.items()]
        self.rows.append(tuple(cells.get(name, "") for name in self.columns))
        self.spots.append(spot)

    def sources(self, files: list[str]) -> list[Rows]:
        """Part the rows by file.

        Parameters
        ----------
        files : list of str
            All files read; those without a row of this kind give none.

        Returns
        -------
        list of Rows
            Each named after its file and the kind.
        """
        places: dict[str, list[int]] = {file: [] for file in files}
        for place, (file, _) in enumerate(self.spots):
            places[file].append(place)
        wrong: dict[int, list[tuple[str, str]]] = {}
        for place, column, why in self.problems:
            wrong.setdefault(place, []).append((column, why))
        made = []
        for file, own in places.items():
            if not own:
                continue
            cells = pd.DataFrame(
                [self.rows[place] for place in own], columns=list(self.columns), dtype="str"
            )
            lines = np.array([self.spots[place][1] for place in own], dtype=np.int64)
            broken = tuple(
                Broken(position, column, why)
                for position, place in enumerate(own)
                for column, why in wrong.get(place, ())
            )
            made.append(rows_of_file(cells, lines, sheet_name(file, self.kind), broken))
        return made
