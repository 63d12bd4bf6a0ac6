"""REDCap into a data set: flat exports, or the API of a project, held against its dictionary."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from outcomes.errors import DataContractError
from outcomes.io.import_csv import import_csv
from outcomes.io.importing import Fetched, ImportSummary, import_rows
from outcomes.io.mapping import Mapping
from outcomes.io.mapping_file import read_mapping
from outcomes.io.redcap_api import open_project
from outcomes.io.redcap_dictionary import SYSTEM, check_fields, field_of, read_dictionary
from outcomes.io.rows import Rows, rows_of_file
from outcomes.io.sources import known_format, read_named

SOURCE = "redcap"
"""Name of the API as a source."""


def import_redcap(
    sources: Path | str | Sequence[Path | str],
    mapping: Mapping | Path | str,
    out: Path | str,
    *,
    url: str = "",
    dictionary: Path | str | None = None,
    check: bool = False,
    format: str = "csv",
) -> ImportSummary:
    """Bring records of a REDCap project into a data set.

    Parameters
    ----------
    sources : path or sequence of paths
        Flat exports (CSV); none where `url` is given.
    mapping, out, check, format
        As for `import_csv`.
    url : str
        Address of the API. The token is taken from the variable OUTCOMES_REDCAP_TOKEN.
    dictionary : Path or str, optional
        Data dictionary of the project (CSV), to hold the mapping against; the API sends its own.

    Returns
    -------
    ImportSummary
        Counts, rejects and notices.

    Raises
    ------
    DataContractError
        As for `import_csv`; and if the mapping names a field that the project does not have or
        marks as identifying, or the API refuses, does not answer or breaks off.

    Notes
    -----
    From the API only fields that the mapping names are asked for. Each answer must hold all records
    that were asked for; nothing is written until all are there.
    """
    mapping = mapping if isinstance(mapping, Mapping) else read_mapping(mapping)
    known_format(format)
    files = [sources] if isinstance(sources, Path | str) else list(sources)
    if bool(url) == bool(files):
        raise DataContractError(
            "either files or the address of the API must be given.",
            "Name exports, or give --url.",
        )
    if not url:
        notices = [] if dictionary is None else check_fields(mapping, read_dictionary(dictionary))
        summary = import_csv(files, mapping, out, check=check, format=format)
        said = (*notices, *summary.loaded.notices)
        return replace(summary, loaded=replace(summary.loaded, notices=said))
    rows = _fetched(mapping, url)
    digest = hashlib.sha256(rows.cells.to_csv(index=False).encode("utf-8", "surrogatepass"))
    source = Fetched(SOURCE, digest.hexdigest())
    return import_rows([rows], [source], mapping, Path(out), check=check, format=format)


def _fetched(mapping: Mapping, url: str) -> Rows:
    """Rows of a project that the mapping needs."""
    for block in mapping.blocks:
        if block.sheet or block.header or not block.fits_file(SOURCE):
            raise DataContractError(
                "is about files, and the API has none.",
                "Leave out file, sheet and header.",
                file=mapping.file,
                column=block.key,
            )
    project = open_project(url)
    notices = check_fields(mapping, project.fields, project.missing_codes)
    needed = list(dict.fromkeys(name for block in mapping.blocks for name in block.needs))
    fields = [field_of(name) for name in needed if field_of(name) in project.fields]
    forms = [name for name in needed if name.endswith("_complete") and SYSTEM.fullmatch(name)]
    of_surveys = [
        name
        for name in needed
        if name.endswith(("_timestamp", "_survey_identifier")) and name not in project.fields
    ]
    cells = project.records(
        [*fields, *forms],
        groups="redcap_data_access_group" in needed,
        surveys=bool(of_surveys),
    )
    if cells.empty:
        raise DataContractError("the project has no record.", "Check that the token is of it.")

    def read(wanted: Callable[[list[str]], list[str]]) -> Rows:
        keep = wanted(list(cells.columns))
        # lines as in the flat export, the header being line 1
        return rows_of_file(cells[keep], np.arange(2, len(cells) + 2), SOURCE)

    rows = read_named(SOURCE, mapping.blocks, mapping, read)
    return replace(rows, notices=(*notices, *rows.notices))
