"""Rows of a database query, read and nothing else: a reading transaction, in pieces, in one go."""

from __future__ import annotations

import importlib
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import unquote

from outcomes.errors import DataContractError
from outcomes.io.mapping import Query

URL_VARIABLE = "OUTCOMES_SQL_URL"
PASSWORD_VARIABLE = "OUTCOMES_SQL_PASSWORD"
CHUNK = 20_000
"""Rows fetched at a time."""
_CONNECT_SECONDS = 15
_WRITES = """
select 1 where (select rolsuper from pg_roles where rolname = current_user)
or exists (select 1 from information_schema.role_table_grants where grantee = current_user
and privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'))
"""

Chunk = Sequence[Sequence[Any]]


class Database(Protocol):
    """A database that is open for reading."""

    notices: tuple[str, ...]

    def rows(self, query: Query) -> tuple[list[str], Iterator[Chunk]]:
        """Ask a query: names of columns, and rows in pieces."""


def open_database(address: str) -> AbstractContextManager[Database]:
    """Open a database for reading.

    Parameters
    ----------
    address : str
        As for SQLAlchemy: ``postgresql://reader@host/name``, ``sqlite:///file``, ``duckdb:///file``.
        A password is taken from the variable OUTCOMES_SQL_PASSWORD where there is one.

    Returns
    -------
    context manager of Database
        All its queries see the same state of the database, and none can change it.

    Raises
    ------
    DataContractError
        If the database, or what speaks to it, is not there, or the connection breaks; the error
        never repeats what the database said, as that may hold a value or a password.
    """
    kind = re.split(r"[+:]", address, maxsplit=1)[0].lower()
    if kind == "duckdb":
        return _duckdb(_file(address))
    if kind == "sqlite":
        return _sqlite(_file(address))
    if kind in ("postgresql", "postgres"):
        return _postgresql(address)
    return _other(address)


def _file(address: str) -> Path:
    """Path in an address such as ``sqlite:///folder/file``."""
    path = Path(unquote(re.sub(r"^[a-z0-9+]+:/{0,3}", "", address.partition("?")[0])))
    if re.match(r"[a-z0-9+]+:////", address):
        path = Path("/") / path
    if not path.is_file():
        raise DataContractError(
            "there is no such database.", "Correct its address.", file=path.name or "database"
        )
    return path


class _SqlDatabase:
    """A connection of SQLAlchemy."""

    def __init__(self, connection: Any, notices: tuple[str, ...] = ()) -> None:
        self._connection = connection
        self.notices = notices

    def rows(self, query: Query) -> tuple[list[str], Iterator[Chunk]]:
        from sqlalchemy import text

        # the driver binds the values: they are never part of the text
        result = self._connection.execute(text(query.text), query.parameters)
        return list(result.keys()), result.partitions(CHUNK)


class _DuckDatabase:
    """A connection of DuckDB; SQLAlchemy writes the parameters the way it takes them."""

    notices: tuple[str, ...] = ()

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, query: Query) -> tuple[list[str], Iterator[Chunk]]:
        from sqlalchemy import text
        from sqlalchemy.engine.default import DefaultDialect

        bound = text(query.text).compile(dialect=DefaultDialect(paramstyle="qmark"))
        values = [query.parameters[name] for name in bound.positiontup or ()]
        result = self._connection.execute(str(bound), values)
        names = [column[0] for column in result.description]
        return names, iter(lambda: result.fetchmany(CHUNK), [])


@contextmanager
def _duckdb(path: Path) -> Iterator[Database]:
    duckdb = _library("duckdb")
    with _spoken_to(duckdb.Error):
        connection = duckdb.connect(str(path), read_only=True)
        try:
            # a query can't write or read other files either
            connection.execute("set enable_external_access = false; begin transaction")
            yield _DuckDatabase(connection)
        finally:
            connection.close()


@contextmanager
def _sqlite(path: Path) -> Iterator[Database]:
    sqlalchemy = _library("sqlalchemy")

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)

    engine = sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=_no_pool())
    with _spoken_to(sqlalchemy.exc.SQLAlchemyError), engine.connect() as connection:
        connection.exec_driver_sql("pragma query_only = on")
        connection.exec_driver_sql("begin")
        yield _SqlDatabase(connection)


@contextmanager
def _postgresql(address: str) -> Iterator[Database]:
    sqlalchemy = _library("sqlalchemy")
    _library("psycopg")
    url = _with_password(re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql+psycopg:", address))
    engine = sqlalchemy.create_engine(
        url,
        poolclass=_no_pool(),
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            # also for what a query might begin after ending the transaction
            "options": "-c default_transaction_read_only=on",
            "application_name": "outcomes import",
        },
    )
    errors = (sqlalchemy.exc.SQLAlchemyError, _library("psycopg").Error)
    with (
        _spoken_to(*errors),
        engine.connect().execution_options(
            isolation_level="REPEATABLE READ",
            postgresql_readonly=True,
            stream_results=True,
            max_row_buffer=CHUNK,
        ) as connection,
    ):
        writes = connection.execute(sqlalchemy.text(_WRITES)).first() is not None
        notice = (
            "The role of the database may write. The import only reads, but use a role that can't "
            "do otherwise."
        )
        yield _SqlDatabase(connection, (notice,) if writes else ())


@contextmanager
def _other(address: str) -> Iterator[Database]:
    sqlalchemy = _library("sqlalchemy")
    try:
        engine = sqlalchemy.create_engine(_with_password(address), poolclass=_no_pool())
    except (sqlalchemy.exc.SQLAlchemyError, ImportError):
        raise DataContractError(
            "the address of the database is not understood, or its driver is not installed.",
            "Write postgresql://reader@host/name, sqlite:///file or duckdb:///file.",
            column="database.url",
        ) from None
    notice = (
        "That the role may only read was not made sure for this kind of database: give it no right "
        "to write."
    )
    with (
        _spoken_to(sqlalchemy.exc.SQLAlchemyError),
        engine.connect().execution_options(stream_results=True) as connection,
    ):
        yield _SqlDatabase(connection, (notice,))


def _with_password(address: str) -> Any:
    sqlalchemy = _library("sqlalchemy")
    try:
        url = sqlalchemy.make_url(address)
    except sqlalchemy.exc.ArgumentError:
        raise DataContractError(
            "the address of the database is not understood.",
            "Write the like of postgresql://reader@host/name.",
            column="database.url",
        ) from None
    password = os.environ.get(PASSWORD_VARIABLE)
    return url.set(password=password) if password and url.password is None else url


def _no_pool() -> Any:
    return _library("sqlalchemy").pool.NullPool


def _library(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise DataContractError(
            f"reading databases needs {name}.", "Install it with: pip install 'outcomes[sql]'."
        ) from None


@contextmanager
def _spoken_to(*errors: type[Exception]) -> Iterator[None]:
    """Say in our words what went wrong; those of a database may repeat values and passwords."""
    try:
        yield
    except errors as error:
        raise DataContractError(
            f"the database refused or broke off ({_what(error)}); nothing was written.",
            "Check that it runs, the address, the role and its password, and the names in the "
            "query; then import again.",
            column="database",
        ) from None


def _what(error: Exception) -> str:
    """Kind of an error, with the code that PostgreSQL gives it."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__} {getattr(cause, 'sqlstate', None) or ''}".strip()
