"""Any kind of import by its name, for those who are told which one to make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from outcomes.io.import_csv import import_csv
from outcomes.io.import_excel import import_excel
from outcomes.io.import_fhir import MAPPING, import_fhir
from outcomes.io.import_parquet import import_parquet
from outcomes.io.import_redcap import import_redcap
from outcomes.io.import_sql import import_sql
from outcomes.io.importing import ImportSummary

KINDS = ("csv", "excel", "parquet", "redcap", "fhir", "sql")
DEFAULT_MAPPINGS = {"fhir": MAPPING}
"""Kinds whose codes say what a row is, so that one mapping fits every source."""


@dataclass(frozen=True)
class ImportOrder:
    """An import to make.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    mapping : Path or str
        Mapping file, or the name of one that is shipped.
    sources : tuple of Path
        Files and folders.
    url : str
        Address of a database, or of the API of a REDCap.
    dictionary : Path, optional
        Data dictionary of a REDCap project.
    format : str
        Kind of the files written, ``csv`` or ``parquet``; that of the data set which is there
        unless given, CSV where there is none.
    """

    kind: str
    mapping: Path | str
    sources: tuple[Path, ...] = ()
    url: str = ""
    dictionary: Path | None = None
    format: str = ""


def import_as_ordered(order: ImportOrder, out: Path | str, *, check: bool = False) -> ImportSummary:
    """Make an import.

    Parameters
    ----------
    order : ImportOrder
        What to import.
    out : Path or str
        Folder of the data set.
    check : bool
        Only say what would happen.

    Returns
    -------
    ImportSummary
        Counts, rejects and notices.

    Raises
    ------
    DataContractError
        As for the import of that kind.
    """
    format = order.format or ("parquet" if (Path(out) / "patients.parquet").is_file() else "csv")
    if order.kind == "sql":
        return import_sql(order.mapping, out, url=order.url, check=check, format=format)
    if order.kind == "redcap":
        return import_redcap(
            order.sources,
            order.mapping,
            out,
            url=order.url,
            dictionary=order.dictionary,
            check=check,
            format=format,
        )
    if order.kind == "fhir":
        return import_fhir(order.sources, out, order.mapping, check=check, format=format)
    read = {"csv": import_csv, "excel": import_excel, "parquet": import_parquet}[order.kind]
    return read(order.sources, order.mapping, out, check=check, format=format)
