"""A data set written for other programs: contract tables, or analysis data."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from outcomes.errors import DataContractError
from outcomes.export.adam import VARIABLES, derive_adsl, derive_bds
from outcomes.export.fhir import as_line, fhir_resources
from outcomes.export.pseudonyms import ID_COLUMNS, Pseudonyms
from outcomes.export.spreadsheet import write_csv, write_workbook
from outcomes.io import read_tables
from outcomes.io.place import placed_together
from outcomes.io.write import frames_of
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

KINDS = ("adam", "csv", "excel", "fhir", "parquet")
RECORD = "export.json"


def export_data(
    data: Path | str,
    out: Path | str,
    kind: str,
    *,
    pseudonyms: Pseudonyms | None = None,
) -> dict[str, int]:
    """Write a data set for other programs.

    Parameters
    ----------
    data : Path or str
        Folder of the data set.
    out : Path or str
        Folder to write to; it must be empty, or hold an earlier export.
    kind : {"adam", "csv", "excel", "fhir", "parquet"}
        ADaM-like CSV files; the tables of the contract as CSV, one workbook, or Parquet; or scores
        as FHIR Observations with the patients and encounters they refer to.
    pseudonyms : Pseudonyms, optional
        How to change ids and dates; they stay as they are unless given.

    Returns
    -------
    dict of str to int
        Rows written, by table; resources by type for FHIR.

    Raises
    ------
    DataContractError
        If the data can't be read, the kind is not known, or the folder is that of the data or holds
        something else.

    Notes
    -----
    Accepted rows are exported. Text that a spreadsheet would run as a formula is neutralised in CSV
    and Excel, so such a text does not come back from them letter by letter; Parquet is exact.
    """
    data, out = Path(data), Path(out)
    pseudonyms = pseudonyms or Pseudonyms()
    if kind not in KINDS:
        raise DataContractError(f"there is no export {kind}.", f"Use one of: {', '.join(KINDS)}.")
    if out.resolve() == data.resolve():
        raise DataContractError(
            "the export would mix with the data.", "Choose another folder.", file=out.name
        )
    tables = read_tables(data)
    frames = _adam(tables, pseudonyms) if kind == "adam" else _tables(tables, pseudonyms)
    rows = {name: len(frame) for name, frame in frames.items()}
    with placed_together(out, lambda: earlier_files(out)) as stage:
        if kind == "excel":
            write_workbook(frames, stage / "tables.xlsx", tables.as_of.to_pydatetime())
        for name, frame in frames.items():
            if kind in ("adam", "csv"):
                write_csv(frame, stage / f"{name}.csv")
            elif kind == "parquet":
                table = pa.Table.from_pandas(frame, preserve_index=False)
                pa.parquet.write_table(
                    table.replace_schema_metadata(None), stage / f"{name}.parquet"
                )
        if kind == "fhir":
            rows = {}
            for name, resources in fhir_resources(frames, tables.registry).items():
                with (stage / f"{name}.ndjson").open("w", encoding="utf-8", newline="\n") as file:
                    rows[name] = sum(1 for each in resources if file.write(as_line(each)))
        if kind == "adam":
            variables = [(each, *row) for each, named in VARIABLES.items() for row in named]
            columns = ["DATASET", "VARIABLE", "MEANING"]
            write_csv(pd.DataFrame(variables, columns=columns), stage / "variables.csv")
        record = {
            "source": tables.source,
            "synthetic": tables.synthetic,
            "as_of": None if pseudonyms.shift else f"{tables.as_of:%Y-%m-%d}",
            "pseudonymised": pseudonyms.key is not None,
            "dates_shifted": pseudonyms.shift,
            "rows": rows,
            "files": sorted(path.name for path in stage.iterdir()),
        }
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        (stage / RECORD).write_text(text, encoding="utf-8", newline="\n")
    return rows


def _adam(tables: Tables, pseudonyms: Pseudonyms) -> dict[str, pd.DataFrame]:
    # derived before ids change, as equal scores are told apart by the order of session ids
    ids = {"USUBJID": "patient_id"}
    return {
        "adsl": pseudonyms.frame(derive_adsl(tables), ids, ("TRTSDT", "TRTEDT"), "USUBJID"),
        "adqs": pseudonyms.frame(derive_bds(tables), ids, ("ADT",), "USUBJID"),
    }


def _tables(tables: Tables, pseudonyms: Pseudonyms) -> dict[str, pd.DataFrame]:
    changed = {}
    for name, frame in frames_of(tables).items():
        kept = [column for column in frame if frame[column].notna().any() or not len(frame)]
        frame = frame[kept]
        ids = {column: column for column in ID_COLUMNS if column in frame}
        dates = tuple(
            column.name
            for column in SCHEMAS[name].columns
            if column.kind == "date" and column.name in frame
        )
        changed[name] = pseudonyms.frame(frame, ids, dates, "patient_id")
    return changed


def earlier_files(out: Path, kept: tuple[str, ...] = ()) -> list[str]:
    """List files of an earlier export, which a new one replaces; anything else stops it.

    Parameters
    ----------
    out : Path
        Folder of the export, which need not be there.
    kept : tuple of str
        Files that may lie there and stay.

    Returns
    -------
    list of str
        Names.

    Raises
    ------
    DataContractError
        If the folder holds a file that no export wrote.
    """
    if not out.is_dir():
        return []
    there = {path.name for path in out.iterdir() if not path.name.startswith(".outcomes-")}
    there -= set(kept)
    before: set[str] = set()
    if RECORD in there:
        try:
            record = json.loads((out / RECORD).read_text(encoding="utf-8"))
            before = {RECORD, *map(str, record["files"])}
        except (ValueError, KeyError, TypeError):
            before = set()
    if there - before:
        raise DataContractError(
            f"the folder holds something that no export wrote: {min(there - before)}.",
            "Choose an empty folder.",
            file=out.name,
        )
    return sorted(there)
