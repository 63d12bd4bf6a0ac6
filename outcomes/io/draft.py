"""A first mapping for sources nobody has mapped yet, with questions where a person must decide."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from outcomes.errors import DataContractError
from outcomes.instruments import default_registry
from outcomes.io import draft_redcap as redcap
from outcomes.io.csv_rows import CsvFormat, read_csv_rows, read_header
from outcomes.io.draft_looks import Look, look_at
from outcomes.io.draft_names import FLAG, INSTRUMENTS, MEANINGS, NAMES, PERSONAL, meaning_of, plain
from outcomes.io.excel_rows import ENDINGS, ExcelFile
from outcomes.io.rows import Rows, split_name
from outcomes.io.settings_file import quoted
from outcomes.schema import SCHEMAS, Column

_DELIMITERS = (",", ";", "\t", "|")
# lines that names of columns may stand on below a title
_HEADERS = (*((line,) for line in range(2, 9)), *((line, line + 1) for line in range(1, 9)))
_TABLES = ("sessions", "headache_diary", "plans")
# A score is measured out of the names of its columns, so these words say when it was taken.
_TIMINGS = {
    "pre": ("before", "pre", "vorher", "davor", "avant", "antes"),
    "post": ("after", "post", "nachher", "danach", "après", "después"),
}


@dataclass(frozen=True)
class _Source:
    """One file or sheet: names of columns and what is seen in each."""

    name: str
    looks: dict[str, Look]
    twice: tuple[str, ...]
    style: CsvFormat | None
    redcap: redcap.Layout | None = None
    header: tuple[int, ...] = ()

    def find(self, table: str, column: str, taken: set[str]) -> str:
        """Name of the source's column that most likely is one of the contract."""
        if self.redcap is not None and column == "patient_id":
            return self.redcap.record_id
        known = [plain(column), *NAMES.get(f"{table}.{column}", ())]
        by_plain = {plain(name): name for name in reversed(self.looks)}
        for spelt in known:
            if spelt in by_plain and by_plain[spelt] not in taken:
                return by_plain[spelt]
        return ""


def draft_mapping(sources: Path | str | Sequence[Path | str]) -> str:
    """Propose a mapping for CSV files or workbooks from their headers and values.

    Parameters
    ----------
    sources : path or sequence of paths
        CSV files and Excel workbooks.

    Returns
    -------
    str
        TOML to be checked and completed by a person. What is not certain is a comment that begins
        with ``# ?``; lines that lack something are commented out.

    Raises
    ------
    DataContractError
        If a source can't be read, or no column can be the id of a patient.

    Notes
    -----
    A date format is proposed only where a day above 12 shows which number is the month. Values are
    repeated only where they are codes: at most 12 different ones in the column, each in at least 5
    rows. Columns that look personal are left out and named.
    """
    given = [sources] if isinstance(sources, Path | str) else list(sources)
    seen = [source for path in map(Path, given) for source in _look(path)]
    usable = [source for source in seen if source.find("patients", "patient_id", set())]
    if not usable:
        names = ", ".join(source.name for source in seen)
        raise DataContractError(
            f"no column looks like the id of a patient ({names}).",
            "Name it patient_id in the header, or write the mapping by hand from docs/data.md.",
        )
    several = len(seen) > 1 or bool(split_name(seen[0].name)[1])
    lines = [
        "# A draft made from headers and values. Read every line, answer what begins with # ?,",
        "# and try it with --check before you import.",
        "",
        'name = "Name of the clinic, as reports shall print it"',
        *_style(seen),
        "",
    ]
    people = max(usable, key=lambda source: len(_columns(source, "patients", set())))
    lines += _block(people, "patients", several, seen)
    for source in usable:
        for table in _TABLES:
            lines += _block(source, table, several, seen)
        lines += _scores(source, several)
    for source in seen:
        lines += _left_out(source, source in usable)
    return "\n".join(lines).rstrip() + "\n"


def _look(path: Path) -> list[_Source]:
    if path.suffix.lower() in ENDINGS:
        book = ExcelFile(path)
        return [_sheet(book, sheet) for sheet in book.filled()]
    style = _sniff(path)
    return [_source(lambda wanted: read_csv_rows(path, wanted, style), style)]


def _sheet(book: ExcelFile, sheet: str) -> _Source:
    """Look at a sheet, whose names may stand below a title or on two lines."""
    first = _source(lambda wanted: book.read(sheet, wanted), None)
    best = first
    for header in _HEADERS:
        if best.find("patients", "patient_id", set()) and not best.twice:
            break
        try:
            found = _source(lambda wanted, at=header: book.read(sheet, wanted, at), None)  # type: ignore[misc]
        except DataContractError:
            continue
        if found.find("patients", "patient_id", set()) and (best is first or not found.twice):
            best = replace(found, header=header)
    return best


def _source(
    read: Callable[[Callable[[list[str]], list[str]]], Rows], style: CsvFormat | None
) -> _Source:
    twice: list[str] = []

    def named_once(header: list[str]) -> list[str]:
        twice.extend(sorted({name for name in header if name and header.count(name) > 1}))
        return [name for name in header if name and name not in twice]

    rows = read(named_once)
    looks = {str(name): look_at(rows.cells[name], rows.typed.get(str(name))) for name in rows.cells}
    return _Source(rows.files[0], looks, tuple(twice), style, redcap.layout_of(rows.cells))


def _sniff(path: Path) -> CsvFormat:
    """Delimiter and encoding with which the header falls into most columns."""
    found: list[tuple[int, CsvFormat]] = []
    for encoding in ("utf-8", "cp1252"):
        for delimiter in _DELIMITERS:
            style = CsvFormat(delimiter, encoding)
            try:
                if encoding == "utf-8":
                    path.read_bytes().decode("utf-8-sig")
                found.append((len(read_header(path, style)), style))
            except (UnicodeDecodeError, DataContractError):
                continue
            except OSError:
                break
        if found:
            return max(found, key=lambda each: each[0])[1]
    read_header(path)  # says what is wrong with the file
    return CsvFormat()


def _style(seen: list[_Source]) -> list[str]:
    styles = [source.style for source in seen if source.style is not None]
    lines = []
    if styles and styles[0].delimiter != ",":
        lines.append(f"delimiter = {quoted(styles[0].delimiter)}")
    if styles and styles[0].encoding != "utf-8":
        lines.append(f"encoding = {quoted(styles[0].encoding)}  # ? a guess: the file is not UTF-8")
    if len(set(styles)) > 1:
        lines.append("# ? the files differ in delimiter or encoding: save them alike")
    if any("%z" in look.date_format for source in seen for look in source.looks.values()):
        lines.append('time_zone = "?"  # ? where the clinic is, such as "America/Los_Angeles"')
    if any(look.comma for source in seen for look in source.looks.values()):
        lines.append('decimal = ","')
    return lines


def _columns(source: _Source, table: str, taken: set[str]) -> dict[str, str]:
    """Columns of the contract that are found in a source."""
    found: dict[str, str] = {}
    person = source.find("patients", "patient_id", set())
    taken = taken | {person}
    for column in SCHEMAS[table].columns:
        name = person if column.name == "patient_id" else source.find(table, column.name, taken)
        if not name or PERSONAL.search(plain(name)):
            continue
        if source.looks[name].kind == "empty" or not _fits(column, source.looks[name]):
            continue
        found[column.name] = name
        taken = taken | {name}
    return found


def _fits(column: Column, look: Look) -> bool:
    kinds = {
        "date": ("date",),
        "number": ("number",),
        "whole": ("number",),
        "flag": ("number", "text"),
        "code": ("text", "number"),
    }
    if column.kind == "flag" and not look.codes:
        return False
    return look.kind in kinds.get(column.kind, ("date", "time", "number", "text"))


def _block(source: _Source, table: str, several: bool, seen: list[_Source]) -> list[str]:
    found = _columns(source, table, set())
    schema = SCHEMAS[table]
    telling = {"sessions": "status", "headache_diary": "headache", "plans": "plan"}
    if table in telling and telling[table] not in found:
        return []
    made_up = source.redcap.session_id() if source.redcap is not None else ""
    made_up = made_up if table == "sessions" and "session_id" not in found else ""
    missing = [
        name
        for name in schema.required_columns
        if name not in found and not (made_up and name == "session_id")
    ]
    lines = _head(source, table, several)
    if source.redcap is not None:
        lines += source.redcap.where(list(found.values()))
    if table == "patients":
        lines.append("one_row_per_key = true")
        if len(seen) > 1:
            lines.append("# ? are all patients in this source? Rows of others would be rejected.")
    lines += [_cell(source, table, column, found[column]) for column in found]
    if table == "sessions" and "date" in found and "time" not in found:
        moment = source.looks[found["date"]].date_format
        if "%M" in moment:
            name, letters = quoted(found["date"]), quoted(moment)
            lines.append(f"time = {{ column = {name}, date_format = {letters} }}")
    if made_up:
        lines.append(f"session_id = {made_up}")
    if table == "sessions" and source.redcap is not None:
        lines += source.redcap.checkboxes()
    lines += [f'{name} = "?"  # ? which column of the source is it?' for name in missing]
    if missing:
        lines = [f"# {line}" if line and not line.startswith("#") else line for line in lines]
        lines.insert(
            1, f"# ? {table} lack {', '.join(missing)}: complete the lines, then uncomment"
        )
    return [*lines, ""]


def _head(source: _Source, table: str, several: bool) -> list[str]:
    lines = ["[patients]" if table == "patients" else f"[[{table}]]"]
    file, sheet = split_name(source.name)
    if several:
        lines.append(f"file = {quoted(_literal(file))}")
    if sheet:
        lines.append(f"sheet = {quoted(_literal(sheet))}")
    if source.header:
        lines.append(f"header = {list(source.header)}")
    return lines


def _literal(name: str) -> str:
    """Write a name as the pattern that fits it alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _cell(source: _Source, table: str, column: str, name: str) -> str:
    look, kind = source.looks[name], SCHEMAS[table].column(column).kind
    if kind == "date" and (look.date_format or look.doubt):
        if look.doubt:
            return f"{column} = {quoted(name)}  # ? date_format: {look.doubt}"
        return f"{column} = {{ column = {quoted(name)}, date_format = {quoted(look.date_format)} }}"
    patterns = MEANINGS.get(f"{table}.{column}") or (FLAG if kind == "flag" else None)
    allowed = SCHEMAS[table].column(column).allowed
    if patterns is None and kind == "code":
        patterns = {word: word for word in allowed}
    known = set(allowed) if allowed else {"0", "1"} if kind == "flag" else set()
    if patterns is None or (known and set(look.codes) <= known and not look.rare):
        return f"{column} = {quoted(name)}"
    values = [(code, meaning_of(code, patterns)) for code in look.codes]
    pairs = ", ".join(f"{quoted(code)} = {quoted(word)}" for code, word in values if word)
    open_codes = ", ".join(quoted(code) for code, word in values if not word)
    asked = []
    if open_codes:
        asked.append(f"what do {open_codes} mean?")
    if look.rare or not look.codes:
        asked.append(f"{look.rare or 'many'} further values are not shown here: add them")
    text = f"{column} = {{ column = {quoted(name)}, values = {{ {pairs} }} }}"
    return text + (f"  # ? {' '.join(asked)}" if asked else "")


def _scores(source: _Source, several: bool) -> list[str]:
    registry = default_registry()
    person = source.find("patients", "patient_id", set())
    records: list[str] = []
    scored: list[list[str]] = []
    found: set[tuple[str, str]] = set()
    for code, columns in _items(source.looks).items():
        pairs = ", ".join(f"item_{at} = {quoted(name)}" for at, name in enumerate(columns, start=1))
        records.append(f"    {{ instrument = {{ constant = {quoted(code)} }}, {pairs} }},")
        scored.append(columns)
    items_asked = {name for columns in scored for name in columns}
    for name, look in source.looks.items():
        spelt = plain(name)
        code = next((code for how, code in INSTRUMENTS if re.search(how, spelt)), "")
        if not code or look.kind != "number" or name == person or PERSONAL.search(spelt):
            continue
        if name in items_asked:
            continue
        question = ""
        scale = registry.get(code)
        if code in ("nrs_pain", "vas_pain") or not look.within(scale.minimum, scale.maximum):
            question = f"  # ? is it {scale.label}? Another unit needs a factor."
        timing = next(
            (when for when, words in _TIMINGS.items() if set(words) & set(spelt.split())), ""
        )
        if (code, timing) in found:
            question += "  # ? beside another of its kind: say with timing when each was taken."
        found.add((code, timing))
        said = f"timing = {{ constant = {quoted(timing)} }}, " if timing else ""
        instrument = f"instrument = {{ constant = {quoted(code)} }}"
        records.append(f"    {{ {said}{instrument}, value = {quoted(name)} }},{question}")
        scored.append([name])
    if not records:
        return []
    if source.redcap is None:
        day = source.find("assessments", "date", set())
        dated = {day: records} if day and source.looks[day].kind == "date" else {}
    else:
        days = [
            name
            for name, look in source.looks.items()
            if look.kind == "date" and not PERSONAL.search(plain(name))
        ]
        dated = {}
        for record, names in zip(records, scored, strict=True):
            # forms stand on lines of their own, each with its own date
            dated.setdefault(source.redcap.beside(names, days), []).append(record)
    undated = dated.pop("", []) if dated else records
    lines = []
    for day, of_day in dated.items():
        lines += _head(source, "assessments", several)
        lines += [
            _cell(source, "assessments", "patient_id", person),
            _cell(source, "assessments", "date", day),
        ]
        session = source.find("assessments", "session_id", {person, day})
        if session:
            lines.append(_cell(source, "assessments", "session_id", session))
        lines += ["for_each = [", *of_day, "]", ""]
    if undated:
        named = quoted(source.name)
        lines += [f"# ? {named} has scores but no date beside them, so they are left out", ""]
    return lines


def _items(looks: dict[str, Look]) -> dict[str, list[str]]:
    """Columns of the items of an instrument, by its code, where all of them are there."""
    numbered: dict[str, dict[int, str]] = {}
    for name, look in looks.items():
        found = re.fullmatch(r"(.*?\D)\s*(?:q|item|frage)?\s*(\d{1,2})", plain(name))
        if found is None or look.kind not in ("number", "empty"):
            continue
        code = next((code for how, code in INSTRUMENTS if re.search(how, found[1].strip())), "")
        if code:
            numbered.setdefault(code, {})[int(found[2])] = name
    items = {}
    for code, columns in numbered.items():
        scoring = default_registry().get(code).scoring
        if scoring is not None and sorted(columns) == list(range(1, scoring.items + 1)):
            items[code] = [columns[at] for at in sorted(columns)]
    return items


def _left_out(source: _Source, usable: bool) -> list[str]:
    lines = []
    if not usable:
        lines.append(f"# ? {quoted(source.name)}: no column looks like a patient's id; not used")
    personal = [
        name
        for name in source.looks
        if PERSONAL.search(plain(name)) and not (source.redcap and name.startswith("redcap_"))
    ]
    if personal:
        named = ", ".join(map(quoted, personal))
        lines.append(f"# {quoted(source.name)}: left out, as they may say who somebody is: {named}")
    if source.twice:
        named = ", ".join(map(quoted, source.twice))
        lines.append(f"# ? {quoted(source.name)}: named twice in the header, so not used: {named}")
    return lines
