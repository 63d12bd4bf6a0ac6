# ruff: noqa: E501 - queries are long
"""Queries to SQLite, DuckDB and a real PostgreSQL: read only, bound, in pieces, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from outcomes.cli import main
from outcomes.errors import DataContractError
from outcomes.io import databases, import_sql, read_mapping

MAPPING = """
[queries.people]
sql = "select id, site, born from people where site <> :unwanted"
parameters = { unwanted = "O'Hare; drop table people --" }

[queries.visits]
sql = '''
select v.id, v.person, v.day, v.clock, v.state, v.fee, ' :x' as note -- not a :parameter
from visits v where v.day >= :since order by v.day, v.id
'''
parameters = { since = 2024-01-01 }

[patients]
query = "people"
patient_id = "id"
clinic = "site"
birth_year = "born"

[sessions]
query = "visits"
session_id = "id"
patient_id = "person"
date = "day"
time = { column = "clock", date_format = "%H:%M:%S" }
status = { column = "state", values = { came = "attended", away = "no_show" } }
fee = "fee"
"""
SCHEMA = [
    "create table people (id integer, name text, site text, born integer)",
    "insert into people values (2, 'Bo Renn', 'Salem', 1980), (1, 'Ada Quill', 'Salem', 1970)",
    "create table visits (id text, person integer, day date, clock time, state text, fee float)",
    "insert into visits values ('b', 1, '2024-02-01', '09:30:00', 'came', 80.50),"
    " ('a', 1, '2024-01-04', '10:00:00', 'came', null), ('c', 2, '2024-02-02', '11:00:00', 'away',"
    " 20), ('d', 2, '2023-02-02', '11:00:00', 'away', 20)",
]


def mapped(folder: Path, text: str = MAPPING) -> Path:
    (folder / "mapping.toml").write_text(text)
    return folder / "mapping.toml"


def sqlite_url(folder: Path) -> str:
    path = folder / "clinic.db"
    with sqlite3.connect(path) as connection:
        for statement in SCHEMA:
            connection.execute(statement)
    return f"sqlite:///{path}"


def duckdb_url(folder: Path) -> str:
    duckdb = pytest.importorskip("duckdb")
    path = folder / "clinic.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in SCHEMA:
            connection.execute(statement)
    return f"duckdb:///{path}"


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((each for each in folders if (each / "initdb").exists()), None)


class Server:
    """A PostgreSQL of the tests' own, run by somebody other than root."""

    def __init__(self, folder: Path, binaries: Path, user: list[str]) -> None:
        self.folder, self.binaries, self.user = folder, binaries, user
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://reader@127.0.0.1:{self.port}/postgres"

    def run(self, *command: str) -> str:
        whole = [*self.user, str(self.binaries / command[0]), *command[1:]]
        done = subprocess.run(
            whole, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def start(self) -> None:
        data = str(self.folder / "data")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self.folder}"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start")

    def sql(self, statement: str) -> None:
        import psycopg

        owner = self.url.replace("reader", "owner")
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Stop at once, as a machine that loses its power."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg")
    binaries = _binaries()
    if binaries is None:
        pytest.skip("needs initdb and postgres (Debian: postgresql), which are not installed")
    user: list[str] = []
    if os.geteuid() == 0:
        # initdb refuses root
        if shutil.which("runuser") is None:
            pytest.skip("PostgreSQL can't be started as root, and there is no runuser")
        user = ["runuser", "-u", "nobody", "--"]
    folder = Path(tempfile.mkdtemp(prefix="outcomes-postgres-"))
    if user:
        shutil.chown(folder, "nobody")
    folder.chmod(0o755)
    here = Server(folder, binaries, user)
    try:
        data = str(folder / "data")
        here.run("initdb", "-D", data, "-U", "owner", "-A", "trust", "--no-sync", "-E", "UTF8")
        (folder / "data" / "pg_hba.conf").write_text(
            "local all owner trust\nhost all reader 127.0.0.1/32 scram-sha-256\n"
            "host all all 127.0.0.1/32 trust\n"
        )
        here.start()
        here.sql("; ".join(SCHEMA))
        here.sql(
            "create role reader login password 's3cret'; grant select on people, visits to reader"
        )
        yield here
    finally:
        subprocess.run(
            [*user, str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "stop"],
            cwd=folder, capture_output=True, check=False,
        )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "duckdb", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "postgresql":
        monkeypatch.setenv("OUTCOMES_SQL_PASSWORD", "s3cret")
        return request.getfixturevalue("server").url
    return {"sqlite": sqlite_url, "duckdb": duckdb_url}[request.param](tmp_path)


def test_answers_become_tables(url: str, tmp_path: Path) -> None:
    out = tmp_path / "data"
    summary = import_sql(mapped(tmp_path), out, url=url)
    tables = summary.loaded.tables
    assert tables.patients[["patient_id", "clinic"]].to_numpy().tolist() == [
        ["1", "Salem"],
        ["2", "Salem"],
    ]
    assert tables.sessions["session_id"].tolist() == ["a", "b", "c"]
    assert tables.sessions["fee"].fillna(-1).tolist() == [-1, 80.5, 20]
    assert tables.sessions["time"].tolist() == ["10:00", "09:30", "11:00"]
    assert summary.accounting["rows_read"].tolist() == [2, 3]
    record = json.loads((out / "import.json").read_text())
    assert [source["file"] for source in record["sources"]] == ["people", "visits"]
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    import_sql(mapped(tmp_path), out, url=url)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    written = "".join(text.decode() for text in before.values())
    assert "Quill" not in written and "s3cret" not in written


@pytest.mark.parametrize(
    "statement",
    [
        "with gone as (delete from people returning id) select id, 'x' as site from gone",
        "select id, site from nowhere",
        "select id, site from people where id = 1 / (id - id)",
    ],
)
def test_writing_and_errors_are_one_clear_line(url: str, tmp_path: Path, statement: str) -> None:
    if "1 /" in statement and not url.startswith("postgres"):
        pytest.skip("division by nothing is no error there")
    text = f'[queries.q]\nsql = "{statement}"\n[patients]\npatient_id = "id"\nclinic = "site"\n'
    with pytest.raises(DataContractError, match="nothing was written") as caught:
        import_sql(mapped(tmp_path, text), tmp_path / "data", url=url)
    assert "s3cret" not in str(caught.value) and "Quill" not in str(caught.value)
    assert not (tmp_path / "data").exists()
    text = '[queries.q]\nsql = "select id from people"\n[patients]\npatient_id = "id"\n'
    assert (
        len(import_sql(mapped(tmp_path, text), tmp_path / "more", url=url).loaded.tables.patients)
        == 2
    )


def test_what_a_role_may_write_is_said(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_SQL_PASSWORD", "s3cret")
    said = import_sql(mapped(tmp_path), tmp_path / "a", url=server.url).loaded.notices
    assert not any("may write" in notice for notice in said)
    owner = server.url.replace("reader", "owner")
    said = import_sql(mapped(tmp_path), tmp_path / "b", url=owner).loaded.notices
    assert any("may write" in notice for notice in said)


def test_a_wrong_password_is_not_repeated(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("OUTCOMES_SQL_PASSWORD", "wr0ng")
    monkeypatch.setenv("OUTCOMES_SQL_URL", server.url)
    command = ["import", "sql", "--mapping", str(mapped(tmp_path)), "--out", str(tmp_path / "d")]
    assert main(command) == 1
    told = capsys.readouterr().err
    assert told.count("\n") <= 2 and "refused" in told and "wr0ng" not in told
    monkeypatch.setenv("OUTCOMES_SQL_PASSWORD", "s3cret")
    assert main(command) == 0


def test_times_with_a_zone_are_brought_to_the_clinic(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_SQL_PASSWORD", "s3cret")
    text = """[queries.q]
sql = "select 'p' as id, timestamptz '2024-03-11 06:30:00+00' as at"
[patients]
patient_id = "id"
index_date = "at"
"""
    with pytest.raises(DataContractError, match="time zone"):
        import_sql(mapped(tmp_path, text), tmp_path / "data", url=server.url)
    text = f'time_zone = "America/Los_Angeles"\n{text}'
    tables = import_sql(mapped(tmp_path, text), tmp_path / "data", url=server.url).loaded.tables
    assert str(tables.patients["index_date"].iloc[0].date()) == "2024-03-10"


def test_a_database_that_stops_half_way_leaves_what_was_there(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_SQL_PASSWORD", "s3cret")
    out = tmp_path / "data"
    import_sql(mapped(tmp_path), out, url=server.url)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    monkeypatch.setattr(databases, "CHUNK", 50)
    text = """[queries.q]
sql = "select 'p' || n as id, pg_sleep(0.002)::text as x from generate_series(1, 100000) n order by n"
[patients]
patient_id = "id"
"""
    stopper = threading.Timer(0.7, server.stop)
    stopper.start()
    begun = time.monotonic()
    try:
        with pytest.raises(DataContractError, match=r"broke off.*nothing was written"):
            import_sql(mapped(tmp_path, text), out, url=server.url)
    finally:
        stopper.join()
        time.sleep(0.3)
        server.start()
    # it was in the midst of the answer: the sleeps of all rows would take minutes
    assert time.monotonic() - begun < 60
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_only_a_few_rows_are_held_by_the_driver(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_SQL_PASSWORD", "s3cret")
    text = (
        '[queries.q]\nsql = "select n from generate_series(1, 1000) n"\n'
        '[patients]\npatient_id = "n"\n'
    )
    monkeypatch.setattr(databases, "CHUNK", 100)
    with databases.open_database(server.url) as database:
        query = read_mapping(mapped(tmp_path, text)).queries[0]
        names, chunks = database.rows(query)
        sizes = [len(chunk) for chunk in chunks]
    assert names == ["n"] and sizes == [100] * 10
    assert (
        len(
            import_sql(
                mapped(tmp_path, text), tmp_path / "d", url=server.url
            ).loaded.tables.patients
        )
        == 1000
    )


SIMPLE = '[patients]\npatient_id = "id"\n'


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[database]\nurl = "postgresql://a:b@c/d"\n', "database.url"),
        ('[database]\nurl = "postgresql://a@c/d?password=b"\n', "database.url"),
        ('[queries.q]\nsql = "delete from people"\n', "queries.q.sql"),
        ('[queries.q]\nsql = "/* select */ drop table people"\n', "queries.q.sql"),
        ('[queries.q]\nsql = "select 1 as id; commit; drop table people"\n', "queries.q.sql"),
        ('[queries.q]\nsql = "select :a as id"\n', "queries.q.parameters.a"),
        ('[queries.q]\nsql = "select \':a\' as id"\nparameters = { a = 1 }\n', "queries.q.parameters.a"),
        ('[queries.q]\nsql = "select :a as id"\nparameters = { a = [1] }\n', "queries.q.parameters.a"),
    ],
)  # fmt: skip
def test_queries_and_addresses_that_are_refused(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(DataContractError) as caught:
        read_mapping(mapped(tmp_path, text + SIMPLE))
    assert caught.value.column == key


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://a:b@c/d", "password"),
        ("sqlite:///nowhere.db", "no such database"),
        ("nonsense", "not understood"),
        ("", "no database"),
    ],
)
def test_addresses_given_that_do_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.delenv("OUTCOMES_SQL_URL", raising=False)
    text = '[queries.q]\nsql = "select 1 as id"\n' + SIMPLE
    with pytest.raises(DataContractError, match=words):
        import_sql(mapped(tmp_path, text), tmp_path / "data", url=url)


def test_a_query_without_a_table_and_a_table_without_a_query(tmp_path: Path) -> None:
    queries = '[queries.q]\nsql = "select 1 as id"\n[queries.r]\nsql = "select 1 as id"\n'
    for block, key in (('query = "q"\n', "queries.r"), ('query = "s"\n', "patients.query")):
        with pytest.raises(DataContractError) as caught:
            import_sql(mapped(tmp_path, queries + SIMPLE + block), tmp_path / "d", url="sqlite://")
        assert caught.value.column == key


def test_the_mapping_on_the_page_works(repository: Path, tmp_path: Path) -> None:
    page = (repository / "docs" / "sources.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    path = tmp_path / "clinic.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table visits (id, person, starts_at, state)")
        connection.execute("insert into visits values ('v', 'p', '2024-01-05', 'came')")
    people = '[patients]\npatient_id = "person"\none_row_per_key = true\n'
    mapping = mapped(tmp_path, example + people)
    tables = import_sql(mapping, tmp_path / "data", url=f"sqlite:///{path}").loaded.tables
    assert tables.sessions["session_id"].tolist() == ["v"]
