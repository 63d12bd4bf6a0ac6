"""What a flat export of REDCap says of itself, for a first mapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from outcomes.io.settings_file import quoted

_EVENT, _FORM, _INSTANCE = (
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
)
_BOX = "___"
_HALF = 0.5


@dataclass(frozen=True)
class Layout:
    """Where the records of a project stand in its export.

    Parameters
    ----------
    record_id : str
        First field of the project.
    cells : DataFrame
        Cells of the export.
    """

    record_id: str
    cells: pd.DataFrame

    def session_id(self) -> str:
        """Make up the number of a visit, as a project without one has it.

        Returns
        -------
        str
            TOML.
        """
        parts = [name for name in (_EVENT, _FORM, _INSTANCE) if name in self.cells]
        return f"{{ joined = [{', '.join(map(quoted, [self.record_id, *parts]))}] }}"

    def where(self, columns: Sequence[str]) -> list[str]:
        """Say on which lines of the export some fields stand.

        Parameters
        ----------
        columns : sequence of str
            Fields of a table.

        Returns
        -------
        list of str
            The key ``where``, or nothing where they stand on every line.
        """
        told = [name for name in columns if name != self.record_id and name in self.cells]
        # who belongs to which group stands on every line
        told = [name for name in told if not name.startswith("redcap_")]
        if not told:
            return []
        filled = (self.cells[told].apply(lambda cells: cells.str.strip()) != "").any(axis=1)
        conditions = []
        for name in (_EVENT, _FORM):
            if name not in self.cells:
                continue
            where = list(dict.fromkeys(self.cells.loc[filled, name]))
            if where and len(where) < self.cells[name].nunique():
                texts = ", ".join(map(quoted, where))
                conditions.append(f"{{ column = {quoted(name)}, is = [{texts}] }}")
        return [f"where = [{', '.join(conditions)}]"] if conditions else []

    def beside(self, fields: Sequence[str], days: Sequence[str]) -> str:
        """Find the date that stands on the same lines as some fields.

        Parameters
        ----------
        fields : sequence of str
            Fields of a score.
        days : sequence of str
            Fields that hold dates.

        Returns
        -------
        str
            The one that is filled on most of their lines; empty where none is on half of them.
        """
        filled = (self.cells[list(fields)].apply(lambda cells: cells.str.strip()) != "").any(axis=1)
        shares = {day: (self.cells.loc[filled, day].str.strip() != "").mean() for day in days}
        best = max(shares, key=lambda day: shares[day], default="")
        return best if best and shares[best] > _HALF else ""

    def checkboxes(self) -> list[str]:
        """Name the fields of checkboxes, for a person to say what they are.

        Returns
        -------
        list of str
            Comments.
        """
        fields: dict[str, list[str]] = {}
        for name in map(str, self.cells.columns):
            if _BOX in name:
                fields.setdefault(name.partition(_BOX)[0], []).append(name)
        return [
            f"# ? is {field} techniques or muscles? techniques = {{ checked = {{ "
            + ", ".join(f'{quoted(box)} = "?"' for box in boxes)
            + " } }"
            for field, boxes in fields.items()
        ]


def layout_of(cells: pd.DataFrame) -> Layout | None:
    """Recognise a flat export of REDCap.

    Parameters
    ----------
    cells : DataFrame
        Cells of a source.

    Returns
    -------
    Layout or None
        None where it is something else.
    """
    if not len(cells.columns) or not {_EVENT, _FORM, _INSTANCE} & set(cells.columns):
        return None
    return Layout(str(cells.columns[0]), cells)
