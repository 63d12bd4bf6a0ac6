"""What a mapping file says of a database: its address, and the queries to ask it."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from urllib.parse import urlsplit

from outcomes.instruments.toml_table import TomlTable
from outcomes.io.mapping import Query

_SECRET = re.compile(r"(?i)(^|[?&;\s])(password|passwd|pwd|token|secret|sslpassword)\s*=")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What stands between quotes or behind comment marks is no part of a statement.
_ASIDE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_READS = re.compile(r"(?i)\s*\(?\s*(select|with|values|from)\b")


def holds_secret(address: str) -> bool:
    """Say whether the address of a database holds a password.

    Parameters
    ----------
    address : str
        As for SQLAlchemy.

    Returns
    -------
    bool
        True where it does.
    """
    try:
        password = urlsplit(address).password
    except ValueError:
        return True
    return password is not None or _SECRET.search(address) is not None


def read_address(top: TomlTable) -> str:
    """Read the address of a database.

    Parameters
    ----------
    top : TomlTable
        The mapping file.

    Returns
    -------
    str
        As for SQLAlchemy.

    Raises
    ------
    DataContractError
        If it is missing or holds a password.
    """
    here = TomlTable(top.content["database"], "database", top.file)
    address = str(here.check({"url": str}, ("url",))["url"])
    if holds_secret(address):
        here.refuse(
            "url",
            "holds a password, and this file is copied beside the data.",
            "Take it out, and give it in the variable OUTCOMES_SQL_PASSWORD of the environment.",
        )
    return address


def read_queries(top: TomlTable) -> tuple[Query, ...]:
    """Read the queries of a mapping.

    Parameters
    ----------
    top : TomlTable
        The mapping file.

    Returns
    -------
    tuple of Query
        In the order of the file.

    Raises
    ------
    DataContractError
        If one does something other than read, holds several statements, or a parameter does not
        fit.
    """
    here = TomlTable(top.content["queries"], "queries", top.file)
    return tuple(_query(here, name) for name in here.content)


def _query(above: TomlTable, name: str) -> Query:
    here = above.below(name)
    values = here.check({"sql": str, "parameters": dict}, ("sql",))
    text = values["sql"].strip().removesuffix(";")
    plain = _ASIDE.sub(" ", text)
    if not _READS.match(plain):
        here.refuse("sql", "does not begin with SELECT or WITH.", "Ask for rows only.")
    if ";" in plain:
        here.refuse("sql", "holds several statements.", "Write one query under each name.")
    parameters = values.get("parameters", {})
    for key, value in parameters.items():
        fits = isinstance(value, str | int | float | date | datetime | time)
        if not _PARAMETER.fullmatch(key) or not fits:
            here.refuse(f"parameters.{key}", "is no value.", "Write text, a number or a date.")
    named = set(re.findall(r"(?<![:\w]):([A-Za-z_][A-Za-z0-9_]*)", plain))
    if named != set(parameters):
        odd = min(named ^ set(parameters))
        here.refuse(
            f"parameters.{odd}",
            "is named in the query and has no value, or has one and is not named.",
            f"Write :{odd} in the query, and {odd} = … under parameters.",
        )
    # SQLAlchemy would take a colon between quotes for a parameter
    text = _ASIDE.sub(lambda aside: re.sub(r"(?<!\\):(?=\w)", r"\\:", aside[0]), text)
    return Query(name, text, dict(parameters))
