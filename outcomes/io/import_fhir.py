"""FHIR R4 into a data set: Bundles and bulk NDJSON, each resource accounted for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from outcomes.errors import DataContractError
from outcomes.instruments import default_registry
from outcomes.io.fhir.codes import CodeBook
from outcomes.io.fhir.reader import FhirReader
from outcomes.io.fhir.stream import ENDINGS
from outcomes.io.importing import ImportSummary, import_rows
from outcomes.io.mapping import Block, Mapping
from outcomes.io.mapping_file import read_mapping
from outcomes.io.rows import Rows, split_name
from outcomes.io.sources import known_format, read_named, source_paths
from outcomes.schema import ITEM_COLUMN
from outcomes.settings import settings_from

MAPPING = "fhir"
"""The shipped mapping, used unless another is given."""


def import_fhir(
    sources: Path | str | Sequence[Path | str],
    out: Path | str,
    mapping: Mapping | Path | str = MAPPING,
    *,
    check: bool = False,
    format: str = "csv",
) -> ImportSummary:
    """Bring FHIR resources into a data set.

    Parameters
    ----------
    sources : path or sequence of paths
        Bundles (JSON), bulk NDJSON, or single resources; may be packed with gzip. A folder stands
        for such files in it. References may point from one file into another.
    out : Path or str
        Folder of the data set.
    mapping : Mapping or path
        What becomes of the rows of patients, visits and scores; the shipped mapping takes all.
    check, format
        As for `import_csv`.

    Returns
    -------
    ImportSummary
        Counts, rejects and notices; `resources` says what became of each kind of resource.

    Raises
    ------
    DataContractError
        As for `import_csv`; and if a file is no JSON, or holds a resource larger than any record.

    Notes
    -----
    Patient, Encounter, Appointment, Observation and QuestionnaireResponse are read;
    resources read = accepted + rejected + skipped. Names, addresses, telephone numbers,
    identifiers and the day of birth are not taken from any resource. Scores are found by LOINC
    codes whose check digit holds, and by the codes that the mapping names.

    References
    ----------
    HL7 FHIR R4 (4.0.1).
    """
    mapping = mapping if isinstance(mapping, Mapping) else read_mapping(mapping)
    known_format(format)
    paths = source_paths(sources, ENDINGS, mapping)
    registry = default_registry().extended(
        settings_from(mapping.settings).instruments, file=mapping.file
    )
    reader = FhirReader(
        CodeBook(registry, mapping.codes, mapping.file),
        ZoneInfo(mapping.time_zone) if mapping.time_zone else None,
    )
    for path in paths:
        reader.read(path)
    read = [_checked(rows, mapping) for rows in reader.rows()]
    if not any(split_name(rows.files[0])[1] == "patients" for rows in read):
        raise DataContractError(
            "the files hold no Patient.",
            "Export the Patient resources too: without them nobody's scores can be placed.",
            file=paths[0].name,
        )
    read[0] = replace(read[0], notices=tuple(reader.notices))
    # what the files hold nothing of is a table that the data set does not have
    told = [
        _without_empty_items(block, about)
        for block in mapping.blocks
        if (about := [rows for rows in read if block.is_about(rows.files[0])])
    ]
    return import_rows(
        read,
        paths,
        replace(mapping, blocks=tuple(told)),
        Path(out),
        check=check,
        format=format,
        resources=reader.account,
    )


def _without_empty_items(block: Block, about: Sequence[Rows]) -> Block:
    """Leave out items that no questionnaire of the files has."""
    records = tuple(
        {
            name: cell
            for name, cell in record.items()
            if not (ITEM_COLUMN.fullmatch(name) and cell.column)
            or any((rows.cells[cell.column] != "").any() for rows in about)
            or any(row.column == cell.column for rows in about for row in rows.broken)
        }
        for record in block.records
    )
    return replace(block, records=records)


def _checked(rows: Rows, mapping: Mapping) -> Rows:
    """Refuse a mapping that names columns which rows of this kind do not have."""
    name = rows.files[0]
    blocks = [block for block in mapping.blocks if block.is_about(name)]

    def read(wanted: Callable[[list[str]], list[str]]) -> Rows:
        wanted(list(rows.cells.columns))
        return rows

    # the columns are ours, so that those not mapped need no notice
    return replace(read_named(name, blocks, mapping, read), notices=())
