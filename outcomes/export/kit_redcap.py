"""A REDCap data dictionary with the tables of the contract as forms."""

from __future__ import annotations

import csv
import io

from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.schema import SCHEMAS, Column, TableSchema

HEADER = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
RECORD_ID = "record_id"
PREFIX = {
    "patients": "pat",
    "sessions": "ses",
    "assessments": "asm",
    "headache_diary": "dia",
    "headache_periods": "per",
    "plans": "pla",
    "adverse_events": "adv",
    "trigger_points": "tri",
    "exercises": "exe",
    "covariates": "cov",
}
"""Field names must be unique in a project, so each form has its own beginning."""
_VALIDATION = {"date": "date_ymd", "time": "time", "number": "number", "whole": "integer"}


def field_name(table: str, column: str) -> str:
    """Name of the REDCap field of a column.

    Parameters
    ----------
    table, column : str
        Names in the contract.

    Returns
    -------
    str
        ``record_id`` for the patient, else the form's beginning and the column.
    """
    return RECORD_ID if column == "patient_id" else f"{PREFIX[table]}_{column}"


def redcap_dictionary(registry: InstrumentRegistry | None = None) -> str:
    """Write the data dictionary.

    Parameters
    ----------
    registry : InstrumentRegistry, optional
        Instruments to offer; those shipped unless given.

    Returns
    -------
    str
        CSV to be uploaded as the dictionary of a new project. All forms but ``patients`` are then
        to be made repeating instruments. The flat export of raw values imports with the mapping
        ``redcap_kit``.
    """
    registry = registry or default_registry()
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    for schema in SCHEMAS.values():
        for column in schema.columns:
            if column.name == "patient_id" and schema.name != "patients":
                continue
            writer.writerow(_field(schema, column, registry))
    return stream.getvalue()


def _field(schema: TableSchema, column: Column, registry: InstrumentRegistry) -> list[str]:
    kind, choices = "text", ""
    low = "" if column.minimum is None else f"{column.minimum:g}"
    high = "" if column.maximum is None else f"{column.maximum:g}"
    if column.name == "instrument":
        kind = "dropdown"
        choices = " | ".join(
            f"{code}, {registry.get(code).label.replace(',', ' ').replace('|', ' ')}"
            for code in registry.codes
        )
    elif column.kind == "code":
        kind = "dropdown"
        choices = " | ".join(f"{code}, {code.replace('_', ' ')}" for code in column.allowed)
    elif column.kind == "flag":
        kind = "yesno"
    listed = "; ".join(column.allowed) if column.kind == "list" else ""
    return [
        field_name(schema.name, column.name),
        schema.name,
        "",
        kind,
        column.meaning[0].upper() + column.meaning[1:],
        choices,
        f"One or more of: {listed}" if listed else "",
        _VALIDATION.get(column.kind, ""),
        low,
        high,
        "",
        "",
        "y" if column.required and column.name != "patient_id" else "",
        "",
        "",
        "",
        "",
        "",
    ]
