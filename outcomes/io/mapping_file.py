"""The mapping file: TOML read and checked against the contract of the tables."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Dictionary
from dataclasses import replace
from pathlib import Path
from typing import Any

from outcomes.errors import DataContractError
from outcomes.instruments import default_registry
from outcomes.instruments.toml_table import TomlTable
from outcomes.io.csv_rows import CsvFormat
from outcomes.io.mapping import Answers, Block, CellSource, Mapping, Where
from outcomes.io.mapping_cells import (
    Defaults,
    read_cell,
    read_codes,
    read_date_format,
    read_day,
    read_decimal,
    read_texts,
    read_time_zone,
    read_where,
)
from outcomes.io.mapping_queries import read_address, read_queries
from outcomes.schema import SCHEMAS, TableSchema
from outcomes.settings import settings_from

TOP_KEYS = {
    "name": str,
    "source": str,
    "delimiter": str,
    "encoding": str,
    "decimal": str,
    "missing": list,
    "date_format": str,
    "time_zone": str,
    "id_prefix": str,
    "complete_to": object,
    "codes": dict,
    "database": dict,
    "queries": dict,
    "settings": dict,
    "instruments": dict,
}
BLOCK_KEYS: dict[str, type] = {
    "file": str,
    "sheet": str,
    "header": object,
    "where": object,
    "one_row_per_key": bool,
    "for_each": list,
    "id_prefix": str,
    "query": str,
    "answers": dict,
    "not_recorded": list,
}

_HEADER_LIMIT = 1_000


def read_mapping(path: Path | str) -> Mapping:
    """Read a mapping file.

    Parameters
    ----------
    path : Path or str
        TOML file, or the name of a mapping that the package ships, such as ``migraine_diary``;
        `docs/data.md` describes the keys.

    Returns
    -------
    Mapping
        Checked against the contract of the tables.

    Raises
    ------
    DataContractError
        If the file can't be read, or for a key that is unknown, missing or does not fit; the error
        names the key and the remedy.
    """
    path = Path(path)
    shipped = Path(__file__).parent / "mappings" / f"{path}.toml"
    if not path.exists() and path.name == str(path) and shipped.is_file():
        path = shipped
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text)
    except OSError as error:
        raise DataContractError(
            f"the mapping can't be read ({error.strerror}).", "Check its name.", file=path.name
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataContractError(
            f"not valid TOML: {error}.", "Mend the line named.", file=path.name
        ) from None
    tables = {name: content.pop(name) for name in SCHEMAS if name in content}
    top = _Top(content, path.name)
    values = top.check({**TOP_KEYS, **dict.fromkeys(SCHEMAS, dict)}, ())
    if not tables.get("patients"):
        top.refuse("patients", "is missing.", "Add [patients] with patient_id = …")
    mark = values.get("delimiter", ",")
    if len(mark) != 1 or mark in '"\r\n ':
        top.refuse("delimiter", "must be one character.", r'Write delimiter = ";" or "\t".')
    try:
        "".encode(values.get("encoding", "utf-8"))
    except LookupError:
        top.refuse("encoding", "is not known.", 'Write the like of encoding = "cp1252".')
    defaults = Defaults(
        decimal=read_decimal(top, values),
        date_format=read_date_format(top, values),
        missing=read_texts(top, "missing", values.get("missing", [])),
        id_prefix=values.get("id_prefix", ""),
        time_zone=read_time_zone(top, values),
    )
    blocks = [
        block
        for name, found in tables.items()
        for block in _blocks(name, found, path.name, defaults)
    ]
    return Mapping(
        file=path.name,
        text=text,
        name=values.get("name", ""),
        origin=values.get("source", ""),
        style=CsvFormat(mark, values.get("encoding", "utf-8")),
        blocks=tuple(blocks),
        complete_to=read_day(top, "complete_to", values["complete_to"])
        if "complete_to" in values
        else "",
        settings=_settings(values, path.name),
        time_zone=defaults.time_zone,
        codes=read_codes(top, values.get("codes", {})),
        database=read_address(top) if "database" in values else "",
        queries=read_queries(top) if "queries" in values else (),
    )


class _Top(TomlTable):
    """The file as a whole: its keys have no table before them."""

    def __init__(self, content: Dictionary[str, Any], file: str) -> None:
        super().__init__(content, "", file)

    def refuse(self, key: str, problem: str, remedy: str) -> Any:
        raise DataContractError(problem, remedy, file=self.file, column=key)


def _settings(values: dict[str, Any], file: str) -> dict[str, Any]:
    content = dict(values.get("settings", {}))
    if "instruments" in values:
        content["instruments"] = values["instruments"]
    try:
        default_registry().extended(settings_from(content).instruments, file=file)
    except DataContractError as error:
        raise DataContractError(
            error.problem, error.remedy, file=file, column=error.column
        ) from None
    return content


def _blocks(name: str, content: Any, file: str, defaults: Defaults) -> list[Block]:
    if isinstance(content, list):
        places = [f"{name}[{number}]" for number in range(1, len(content) + 1)]
        return [
            _block(SCHEMAS[name], TomlTable(each, place, file), defaults)
            for each, place in zip(content, places, strict=True)
        ]
    return [_block(SCHEMAS[name], TomlTable(content, name, file), defaults)]


def _block(schema: TableSchema, here: TomlTable, defaults: Defaults) -> Block:
    chosen = {key: value for key, value in here.content.items() if key in BLOCK_KEYS}
    columns = {key: value for key, value in here.content.items() if key not in BLOCK_KEYS}
    options = TomlTable(chosen, here.place, here.file).check(BLOCK_KEYS, ())
    defaults = replace(defaults, id_prefix=options.get("id_prefix", defaults.id_prefix))
    shared = _record(schema, TomlTable(columns, here.place, here.file), defaults)
    records = [shared]
    varying: list[tuple[str, ...]] = [()]
    if "for_each" in options:
        parts = [
            TomlTable(part, f"{here.place}.for_each[{number}]", here.file)
            for number, part in enumerate(options["for_each"], start=1)
        ]
        if not parts:
            here.refuse("for_each", "is empty.", "Name a record, or leave the key out.")
        each = [_record(schema, part, defaults) for part in parts]
        records = [{**shared, **part} for part in each]
        varying = [tuple(name for name, cell in part.items() if cell.needs) for part in each]
    for record in records:
        for column in schema.required_columns:
            if column not in record:
                here.refuse(column, "is missing.", f'Add {column} = "column of the source".')
    return Block(
        table=schema,
        key=here.place,
        records=tuple(records),
        varying=tuple(varying),
        file=options.get("query", options.get("file", "*")),
        where=_where(here, options.get("where", [])),
        one_row_per_key=options.get("one_row_per_key", False),
        sheet=options.get("sheet", ""),
        header=_header(here, options["header"]) if "header" in options else (),
        answers=_answers(here, records),
        not_recorded=_not_recorded(schema, here, options["not_recorded"])
        if "not_recorded" in options
        else (),
    )


def _header(here: TomlTable, content: Any) -> tuple[int, ...]:
    """Lines of a header: one number, or the first and the last."""
    lines = content if isinstance(content, list) else [content]
    whole = all(isinstance(line, int) and not isinstance(line, bool) for line in lines)
    if not whole or len(lines) not in (1, 2) or not 1 <= lines[0] <= lines[-1] <= _HEADER_LIMIT:
        here.refuse("header", "is no line.", "Write header = 3, or [3, 4] for names on two lines.")
    return tuple(range(lines[0], lines[-1] + 1))


def _where(here: TomlTable, content: Any) -> tuple[Where, ...]:
    parts = content if isinstance(content, list) else [content]
    return tuple(read_where(here, "where", part)[0] for part in parts)


def _answers(here: TomlTable, records: list[dict[str, CellSource]]) -> Answers | None:
    """How answers are listed; cells that are answers need it, and the other way round."""
    asked = any(cell.question for record in records for cell in record.values())
    if "answers" not in here.content:
        if asked:
            here.refuse(
                "answers",
                "is missing, and a column is an answer.",
                'Add answers = { question = "…", answer = "…", of = ["…"] }.',
            )
        return None
    if not asked:
        here.refuse("answers", "is there, and no column is an answer.", "Use answer_to.")
    below = here.below("answers")
    values = below.check({"question": str, "answer": str, "of": list}, ("question", "answer", "of"))
    if not values["of"]:
        below.refuse("of", "is empty.", "Name the columns that tell one form from another.")
    return Answers(values["question"], values["answer"], read_texts(below, "of", values["of"]))


def _not_recorded(schema: TableSchema, here: TomlTable, content: list[Any]) -> tuple[str, ...]:
    """Statuses that the source deletes."""
    known = schema.column("status").allowed if schema.name == "sessions" else ()
    named = read_texts(here, "not_recorded", content)
    if not known or not named or not set(named) <= set(known):
        here.refuse(
            "not_recorded",
            "names statuses of sessions that the source does not keep.",
            f"Use some of: {', '.join(known)}." if known else "Leave it out.",
        )
    return named


def _record(schema: TableSchema, here: TomlTable, defaults: Defaults) -> dict[str, CellSource]:
    record = {}
    for name, content in here.content.items():
        if not schema.knows(name):
            known = ", ".join([*schema.names, *BLOCK_KEYS])
            here.refuse(name, f"is no column of {schema.name}.", f"Use one of: {known}.")
        record[name] = read_cell(schema.column(name), here, content, defaults)
    return record
