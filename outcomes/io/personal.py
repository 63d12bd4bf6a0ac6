"""Text that may say who somebody is, found before anything is written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from outcomes.io.rows import Broken, Rows
from outcomes.schema import TableSchema

WITHHELD = "(withheld)"
"""Stands in ``rejects.csv`` where a cell looked personal."""
_STREETS = "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|way|terrace"
_ANYWHERE = (
    ("looks like a mail address", r"[\w.+-]+@[\w-]+\.[\w.-]*\w"),
    (
        "looks like a phone number",
        r"(^|[^\w.-])(\+[0-9][0-9 ()./-]{7,}[0-9]|\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4})"
        r"($|[^\w-])|\(0[0-9]{1,4}\) ?[0-9][0-9 /-]{4,}",
    ),
    ("looks like a national number", r"(^|[^\w-])[0-9]{3}-[0-9]{2}-[0-9]{4}($|[^\w-])"),
)
_ADDRESS = (
    "looks like an address",
    rf"(?i)(^|\s)[0-9]{{1,5}}[a-z]?\s+(\pL+\.?\s+){{1,3}}({_STREETS})\.?($|[\s,])"
    r"|\pL{2,}(straße|strasse|str\.|gasse|weg|platz)\s+[0-9]{1,4}",
)
_NAME = (
    "looks like a name",
    r"^\s*(\p{Lu}\p{Ll}+[ ,.'-]+){1,3}\p{Lu}\p{Ll}+\.?\s*$",
)
_BIRTH = (
    "is a full date of birth: only the year may be kept",
    r"^\s*([0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}"
    r"|[0-9]{8}\s*$|[0-9]{1,2}[. -]+\pL{3,}[., -]+[0-9]{2,4}|\pL{3,}\.? [0-9]{1,2},? [0-9]{4})",
)
# what each pattern asks for somewhere, save that of births: most ids are letters and digits
_MARK = "[^0-9A-Za-z]"
_IDS = ("patient_id", "session_id", "event_id")


def reject_personal(schema: TableSchema, rows: Rows) -> Rows:
    """Mark rows with a cell that may say who somebody is, and withhold that cell.

    Parameters
    ----------
    schema : TableSchema
        The table that the rows become.
    rows : Rows
        Rows made by a mapping.

    Returns
    -------
    Rows
        The same rows, those with such a cell marked broken.

    Notes
    -----
    Mail addresses, phone numbers and numbers in the form of a social security number are looked for
    in every column, addresses of streets in all but the clinic, names in ids, and full dates in the
    year of birth and in covariates about birth. Patterns find what is written in the usual ways;
    they do not prove that nothing personal is left.
    """
    cells = rows.cells
    broken = list(rows.broken)
    changed = set()
    for name in cells.columns:
        looked_for = _looked_for(schema, str(name))
        if not looked_for:
            continue
        coded = rows.coded(str(name))
        texts = pa.array(coded.texts, pa.large_string())
        marked = _matching(texts, _MARK).nonzero()[0]
        for reason, pattern in looked_for:
            if pattern == _BIRTH[1]:
                found = _matching(texts, pattern)
            else:
                found = np.zeros(len(texts), dtype=bool)
                found[marked] = _matching(texts.take(pa.array(marked)), pattern)
            if not found.any():
                continue
            hit = found[coded.codes]
            if schema.name == "covariates" and pattern == _BIRTH[1]:
                hit &= cells["name"].str.contains(r"(?i)birth|dob", regex=True).to_numpy()
            broken += [Broken(int(place), str(name), reason) for place in hit.nonzero()[0]]
            cells = cells.assign(**{str(name): cells[name].mask(hit, WITHHELD)})
            changed.add(str(name))
    if not changed:
        return rows
    same = {name: coded for name, coded in rows.known.items() if name not in changed}
    return replace(rows, cells=cells, broken=tuple(broken)).remember(same)


def _matching(texts: pa.Array, pattern: str) -> np.ndarray:
    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)


def _looked_for(schema: TableSchema, column: str) -> list[tuple[str, str]]:
    if not schema.knows(column):
        return []
    kind = schema.column(column).kind
    if column == "birth_year":
        return [_BIRTH, *_ANYWHERE]
    if kind in ("date", "time"):
        return []
    looked_for = list(_ANYWHERE)
    if column != "clinic":
        looked_for.append(_ADDRESS)
    if column in _IDS:
        looked_for.append(_NAME)
    if schema.name == "covariates" and column == "value":
        looked_for.append(_BIRTH)
    return looked_for
