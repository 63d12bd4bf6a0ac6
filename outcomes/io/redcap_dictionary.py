"""The data dictionary of a REDCap project, and what it says against a mapping."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from outcomes.errors import DataContractError
from outcomes.io.csv_rows import read_csv_rows
from outcomes.io.mapping import CellSource, Mapping

SYSTEM = re.compile(
    r"redcap_(event_name|repeat_instrument|repeat_instance|data_access_group|survey_identifier)"
    r"|\w+_(complete|timestamp)"
)
"""Columns of a flat export that are no fields."""
_HEADERS = {
    "field_name": "Variable / Field Name",
    "field_type": "Field Type",
    "select_choices_or_calculations": "Choices, Calculations, OR Slider Labels",
    "text_validation_type_or_show_slider_number": "Text Validation Type OR Show Slider Number",
    "identifier": "Identifier?",
}
_CHOSEN = ("radio", "dropdown", "checkbox")


@dataclass(frozen=True)
class Field:
    """A field of a REDCap project.

    Parameters
    ----------
    name : str
        Its variable.
    kind : str
        Such as ``text`` or ``checkbox``.
    choices : tuple of str
        Codes of its choices.
    validation : str
        Such as ``date_ymd``.
    identifier : bool
        The project marks it as one that says who somebody is.
    """

    name: str
    kind: str
    choices: tuple[str, ...] = ()
    validation: str = ""
    identifier: bool = False

    @property
    def says_who(self) -> bool:
        """Whether it holds free text that the project marks as identifying; dates may be needed."""
        free = self.kind in ("text", "notes") and not self.validation.startswith(("date", "time"))
        return self.identifier and free


def fields_of(metadata: Sequence[Dictionary[str, object]]) -> dict[str, Field]:
    """Take the fields from a data dictionary.

    Parameters
    ----------
    metadata : sequence of mapping
        A row a field, by the names that the API gives its columns.

    Returns
    -------
    dict of str to Field
        By variable, in order; the first is the id of the record.
    """
    fields = {}
    for row in metadata:
        said = {name: str(row.get(name) or "").strip() for name in _HEADERS}
        kind = said["field_type"]
        choices = said["select_choices_or_calculations"] if kind in _CHOSEN else ""
        codes = tuple(part.split(",")[0].strip() for part in re.split(r"\||\n", choices))
        fields[said["field_name"]] = Field(
            name=said["field_name"],
            kind=kind,
            choices=tuple(code for code in codes if code),
            validation=said["text_validation_type_or_show_slider_number"],
            identifier=said["identifier"].lower() == "y",
        )
    return fields


def read_dictionary(path: Path | str) -> dict[str, Field]:
    """Read the data dictionary that REDCap lets one download.

    Parameters
    ----------
    path : Path or str
        CSV file.

    Returns
    -------
    dict of str to Field
        As `fields_of`.

    Raises
    ------
    DataContractError
        If it can't be read or is no data dictionary.
    """
    path = Path(path)

    def wanted(header: list[str]) -> list[str]:
        for name in (_HEADERS["field_name"], _HEADERS["field_type"]):
            if name not in header:
                raise DataContractError(
                    "the file is no data dictionary of REDCap.",
                    "Download it under Project Setup, Data Dictionary.",
                    file=path.name,
                    column=name,
                )
        return [name for name in header if name in _HEADERS.values()]

    cells = read_csv_rows(path, wanted).cells
    short = {header: name for name, header in _HEADERS.items()}
    named = cells.rename(columns=short)
    names = [str(name) for name in named.columns]
    return fields_of([dict(zip(names, row, strict=True)) for row in named.to_numpy()])


def field_of(column: str) -> str:
    """Name the field that a column of a flat export belongs to.

    Parameters
    ----------
    column : str
        Such as ``pain`` or, of a checkbox, ``tech___2``.

    Returns
    -------
    str
        The variable.
    """
    return column.partition("___")[0]


def check_fields(
    mapping: Mapping, fields: Dictionary[str, Field], missing_codes: Sequence[str] = ()
) -> list[str]:
    """Hold a mapping against a data dictionary.

    Parameters
    ----------
    mapping : Mapping
        What becomes of the columns.
    fields : mapping of str to Field
        The fields of the project.
    missing_codes : sequence of str
        Codes by which the project says why something is missing.

    Returns
    -------
    list of str
        Notices: choices that a map of values does not name.

    Raises
    ------
    DataContractError
        If the mapping names a field that is not there or says who somebody is, or does not know a
        code for what is missing.
    """
    record_id = next(iter(fields), "")
    notices = []
    for block in mapping.blocks:
        for column, key in block.needs.items():
            name = field_of(column)
            if name not in fields:
                if not SYSTEM.fullmatch(column):
                    _refuse_unknown(mapping, key, name, fields)
                continue
            if fields[name].says_who and name != record_id:
                raise DataContractError(
                    f"the project marks the field {name!r} as one that says who somebody is.",
                    "Leave it out of the mapping.",
                    file=mapping.file,
                    column=key,
                )
        for cell in (cell for record in block.records for cell in record.values()):
            unknown = [code for code in missing_codes if code not in cell.missing]
            if unknown and cell.needs and not cell.cases:
                raise DataContractError(
                    f"the project has the codes {', '.join(unknown)} for what is missing.",
                    f"Add missing = [{', '.join(map(repr, missing_codes))}] to the mapping.",
                    file=mapping.file,
                    column=cell.key,
                )
            notices += _unnamed(cell, fields)
    return list(dict.fromkeys(notices))


def _refuse_unknown(mapping: Mapping, key: str, name: str, fields: Dictionary[str, Field]) -> None:
    close = difflib.get_close_matches(name, list(fields), n=1)
    raise DataContractError(
        f"the project has no field {name!r}.",
        f"Correct the name; the closest is {close[0]!r}." if close else "Correct the name.",
        file=mapping.file,
        column=key,
    )


def _unnamed(cell: CellSource, fields: Dictionary[str, Field]) -> list[str]:
    """Choices that a map of values does not name, so that rows with them will be rejected."""
    field = fields.get(cell.column)
    if field is None or cell.meanings is None:
        return []
    left = [code for code in field.choices if code not in cell.meanings]
    if not left:
        return []
    return [f"{cell.key}: the mapping does not say what {', '.join(left)} of {field.name} means."]
