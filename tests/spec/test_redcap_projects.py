# ruff: noqa: E501 - headers of exports are long
"""REDCap projects of several layouts, as flat exports and by the API of a stand-in server."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from outcomes.cli import main
from outcomes.errors import DataContractError
from outcomes.io import import_csv, import_redcap, redcap_api

TOKEN = "0123456789ABCDEF0123456789ABCDEF"
DICTIONARY = [
    ("study_id", "intake", "text", "", "", "y"),
    ("first_name", "intake", "text", "", "", "y"),
    ("site", "intake", "radio", "1, Salem | 2, Gresham", "", ""),
    ("sex", "intake", "dropdown", "F, Female | M, Male | U, Not told", "", ""),
    ("start", "intake", "text", "", "date_ymd", "y"),
    ("visit_id", "visit", "text", "", "", ""),
    ("visit_date", "visit", "text", "", "date_ymd", "y"),
    ("tech", "visit", "checkbox", "1, Hold | 2, Friction | -9, None", "", ""),
    ("pain_date", "pain", "text", "", "date_ymd", ""),
    ("pain", "pain", "text", "", "integer", ""),
    ("diary_date", "diary", "text", "", "date_ymd", ""),
    ("headache", "diary", "yesno", "", "", ""),
]
KEYS = (
    "field_name", "form_name", "field_type", "select_choices_or_calculations",
    "text_validation_type_or_show_slider_number", "identifier",
)  # fmt: skip
BLANK = {
    "study_id": "", "redcap_event_name": "", "redcap_repeat_instrument": "",
    "redcap_repeat_instance": "", "redcap_data_access_group": "", "first_name": "", "site": "",
    "sex": "", "start": "", "intake_complete": "", "visit_id": "", "visit_date": "", "tech___1": "0",
    "tech___2": "0", "tech____9": "0", "visit_complete": "", "pain_date": "", "pain": "",
    "pain_complete": "", "pain_timestamp": "", "diary_date": "", "headache": "", "diary_complete": "",
}  # fmt: skip


def row(study_id: str, event: str, form: str = "", instance: int | str = "", **cells: str) -> dict:
    said = {
        "study_id": study_id, "redcap_event_name": event, "redcap_repeat_instrument": form,
        "redcap_repeat_instance": instance, "redcap_data_access_group": "main",
    }  # fmt: skip
    return {**BLANK, **said, **cells}


# Two arms; visits repeat as a form, diary days repeat as a form of an event, pain as whole events.
RECORDS = [
    row("A-1", "start_arm_1", first_name="Ada", site="1", sex="F", start="2024-01-01"),
    row("A-1", "care_arm_1", "visit", 1, visit_id="v1", visit_date="2024-01-01", tech___1="1"),
    row("A-1", "care_arm_1", "visit", 2, visit_id="v2", visit_date="2024-01-08", tech____9="1"),
    row("A-1", "care_arm_1", "diary", 1, diary_date="2024-01-02", headache="1"),
    row("A-1", "care_arm_1", "diary", 2, diary_date="2024-01-03", headache="UNK"),
    row("A-1", "pain_arm_1", "", 1, pain_date="2024-01-09", pain="6"),
    row("A-1", "pain_arm_1", "", 2, pain_date="2024-01-16", pain="NA"),
    row("B-1", "start_arm_2", first_name="Bo", site="2", sex="M", start="2024-01-05"),
    row("B-1", "pain_arm_2", "", 1, pain_date="2024-01-20", pain="4"),
    row("B-2", "start_arm_2", first_name="Cy", site="2", sex="UNK", start="2024-01-05"),
]
MAPPING = """
missing = ["NA", "UNK"]
[patients]
where = { column = "redcap_event_name", is = ["start_arm_1", "start_arm_2"] }
patient_id = "study_id"
clinic = { column = "site", values = { 1 = "Salem", 2 = "Gresham" } }
sex = { column = "sex", values = { F = "female", M = "male" } }
index_date = "start"
[sessions]
where = { column = "redcap_repeat_instrument", is = ["visit"] }
session_id = "visit_id"
patient_id = "study_id"
date = "visit_date"
status = { constant = "attended" }
techniques = { checked = { "tech___1" = "compression_hold", "tech___2" = "cross_fiber_friction" } }
[assessments]
where = [
    { column = "redcap_event_name", is = ["pain_arm_1", "pain_arm_2"] },
    { column = "pain", filled = true },
]
patient_id = "study_id"
instrument = { constant = "nrs_pain" }
date = "pain_date"
value = "pain"
[headache_diary]
where = { column = "redcap_repeat_instrument", is = ["diary"] }
patient_id = "study_id"
date = "diary_date"
headache = "headache"
[[covariates]]
where = { column = "redcap_event_name", is = ["start_arm_1", "start_arm_2"] }
patient_id = "study_id"
name = { constant = "arm" }
value = { column = "redcap_event_name", values = { start_arm_1 = "one", start_arm_2 = "two" } }
"""


def mapped(folder: Path, text: str = MAPPING) -> Path:
    (folder / "mapping.toml").write_text(text)
    return folder / "mapping.toml"


def as_csv(rows: list[dict]) -> str:
    lines = [",".join(rows[0]), *(",".join(str(cell) for cell in each.values()) for each in rows)]
    return "\n".join(lines) + "\n"


def dictionary(folder: Path) -> Path:
    header = (
        '"Variable / Field Name","Form Name","Field Type","Choices, Calculations, OR Slider Labels",'
        '"Text Validation Type OR Show Slider Number",Identifier?\n'
    )
    lines = [",".join(f'"{cell}"' for cell in each) for each in DICTIONARY]
    (folder / "dictionary.csv").write_text(header + "\n".join(lines) + "\n", encoding="utf-8-sig")
    return folder / "dictionary.csv"


class StandIn:
    """A REDCap that answers as one does, or fails in a chosen way."""

    def __init__(self) -> None:
        self.fault = ""
        self.asked: list[dict[str, str]] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = {name: values[0] for name, values in parse_qs(body).items()}
                stand_in.asked.append(asked)
                stand_in.answer(self, asked)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        if asked["token"] != TOKEN:
            self.send(handler, {"error": f"You do not have permissions ({asked['token']})"}, 403)
            return
        if asked["content"] == "metadata":
            self.send(handler, [dict(zip(KEYS, each, strict=True)) for each in DICTIONARY])
        elif asked["content"] == "project":
            self.send(handler, {"project_id": 1, "missing_data_codes": "NA, n/a | UNK, Unknown"})
        elif asked["content"] == "record":
            self.records(handler, asked)

    def records(self, handler: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        fields = {value for name, value in asked.items() if name.startswith("fields[")}
        ids = {value for name, value in asked.items() if name.startswith("records[")}
        whole = {name for name in BLANK if name.startswith("redcap_")}
        if "exportSurveyFields" in asked:
            whole.add("pain_timestamp")
        if "exportDataAccessGroups" not in asked:
            whole.discard("redcap_data_access_group")
        found = [
            {name: each[name] for name in each if name in whole or name.split("___")[0] in fields}
            for each in RECORDS
            if not ids or each["study_id"] in ids
        ]
        if not ids or not self.fault:
            self.send(handler, found)
        elif self.fault == "slow":
            time.sleep(3)
        elif self.fault == "half":
            self.send(handler, found, cut=True)
        elif self.fault == "half without length":
            self.send(handler, found, cut=True, length=False)
        elif self.fault == "fewer":
            self.send(handler, found[:1])
        elif self.fault == "page":
            self.send(handler, "<html>Please log in</html>", 200, text=True)
        elif self.fault == "elsewhere":
            handler.send_response(307)
            handler.send_header("Location", self.url)
            handler.end_headers()
        elif self.fault == "gone":
            handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def send(
        handler: BaseHTTPRequestHandler,
        content: Any,
        status: int = 200,
        *,
        text: bool = False,
        cut: bool = False,
        length: bool = True,
    ) -> None:
        body = (content if text else json.dumps(content)).encode()
        handler.send_response(status)
        if length:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if cut else body)
        handler.close_connection = True


@pytest.fixture
def redcap(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    pytest.importorskip("redcap")
    monkeypatch.setenv("OUTCOMES_REDCAP_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "*")
    here = StandIn()
    yield here
    here.server.shutdown()
    here.server.server_close()


def test_the_api_gives_what_the_flat_export_gives(redcap: StandIn, tmp_path: Path) -> None:
    (tmp_path / "flat.csv").write_text(as_csv(RECORDS))
    mapping = mapped(tmp_path)
    flat = import_redcap(
        tmp_path / "flat.csv", mapping, tmp_path / "flat", dictionary=dictionary(tmp_path)
    )
    api = import_redcap((), mapping, tmp_path / "api", url=redcap.url)
    for name in ("patients", "sessions", "assessments", "headache_diary", "covariates"):
        written = [(tmp_path / each / f"{name}.csv").read_bytes() for each in ("flat", "api")]
        assert written[0] == written[1]
    tables = api.loaded.tables
    assert tables.patients["clinic"].tolist() == ["Salem", "Gresham", "Gresham"]
    assert tables.sessions["techniques"].fillna("").tolist() == ["compression_hold", ""]
    assert tables.assessments["value"].tolist() == [6, 4]
    assert tables.covariates["value"].tolist() == ["one", "two", "two"]
    rejects = api.loaded.rejects[["table", "line", "column"]].to_numpy().tolist()
    assert rejects == [["assessments", 8, "value"], ["headache_diary", 6, "headache"]]
    assert flat.loaded.rejects[["table", "line", "column"]].to_numpy().tolist() == rejects
    account = api.accounting
    parts = account[["passed_over", "repeated", "joined", "rows_read"]].sum(axis=1)
    assert (account["source_rows"] == parts).all()
    assert any("what U of sex means" in notice for notice in api.loaded.notices)
    # names never left the server, and what is identifying is in no file
    asked = {value for each in redcap.asked for name, value in each.items() if "fields[" in name}
    assert "first_name" not in asked and "pain" in asked
    record = json.loads((tmp_path / "api" / "import.json").read_text())
    assert [source["file"] for source in record["sources"]] == ["redcap"]
    written = "".join(path.read_text() for path in (tmp_path / "api").iterdir())
    assert TOKEN not in written and "Ada" not in written


def test_times_of_surveys_and_access_groups_are_asked_for_when_named(
    redcap: StandIn, tmp_path: Path
) -> None:
    text = MAPPING.replace('date = "pain_date"', 'date = "pain_timestamp"').replace(
        '{ column = "site", values = { 1 = "Salem", 2 = "Gresham" } }', '"redcap_data_access_group"'
    )
    summary = import_redcap((), mapped(tmp_path, text), tmp_path / "data", url=redcap.url)
    assert summary.loaded.tables.patients["clinic"].unique().tolist() == ["main"]
    assert summary.loaded.tables.assessments.empty


def test_importing_again_changes_no_byte_and_small_batches_are_the_same(
    redcap: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_redcap((), mapped(tmp_path), tmp_path / "data", url=redcap.url)
    before = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    monkeypatch.setattr(redcap_api, "BATCH", 1)
    import_redcap((), mapped(tmp_path), tmp_path / "data", url=redcap.url)
    assert {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()} == before


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("slow", "did not answer"),
        ("half", "broke off"),
        ("half without length", "cut short"),
        ("fewer", "other records"),
        ("page", "not its own"),
        ("elsewhere", "not its own"),
        ("gone", "broke off"),
    ],
)
def test_what_goes_wrong_half_way_leaves_what_was_there(
    redcap: StandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: str,
    words: str,
) -> None:
    monkeypatch.setattr(redcap_api, "SECONDS", 0.5)
    monkeypatch.setattr(redcap_api, "BATCH", 2)
    out = tmp_path / "data"
    command = ["import", "redcap", "--url", redcap.url, "--mapping", str(mapped(tmp_path))]
    assert main([*command, "--out", str(out)]) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    redcap.fault = fault
    capsys.readouterr()
    assert main([*command, "--out", str(out)]) == 1
    told = capsys.readouterr().err
    assert words in told and "nothing was written" in told and TOKEN not in told
    assert told.count("\n") <= 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize(
    ("token", "words"),
    [("F" * 32, "token is wrong"), ("short", "holds no token"), ("", "is not set")],
)
def test_a_token_that_does_not_do_is_not_repeated(
    redcap: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, words: str
) -> None:
    monkeypatch.setenv("OUTCOMES_REDCAP_TOKEN", token)
    with pytest.raises(DataContractError, match=words) as caught:
        import_redcap((), mapped(tmp_path), tmp_path / "data", url=redcap.url)
    assert not token or token not in str(caught.value)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://redcap.example.org/api/",
        "https://redcap.example.org/",
        "https://a:b@redcap.example.org/api/",
        "nonsense",
    ],
)
def test_addresses_that_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("OUTCOMES_REDCAP_TOKEN", TOKEN)
    with pytest.raises(DataContractError, match="address"):
        import_redcap((), mapped(tmp_path), tmp_path / "data", url=url)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('index_date = "start"', 'index_date = "begin"', "no field 'begin'"),
        ('{ column = "site", values = { 1 = "Salem", 2 = "Gresham" } }', '"first_name"', "who"),
        ('missing = ["NA", "UNK"]', 'missing = ["NA"]', "codes UNK"),
    ],
)
def test_a_mapping_is_held_against_the_dictionary(
    redcap: StandIn, tmp_path: Path, before: str, after: str, words: str
) -> None:
    mapping = mapped(tmp_path, MAPPING.replace(before, after))
    with pytest.raises(DataContractError, match=words):
        import_redcap((), mapping, tmp_path / "data", url=redcap.url)
    if "codes" not in words:
        (tmp_path / "flat.csv").write_text(as_csv(RECORDS))
        with pytest.raises(DataContractError, match=words):
            import_redcap(
                tmp_path / "flat.csv", mapping, tmp_path / "d", dictionary=dictionary(tmp_path)
            )


def test_files_and_an_address_exclude_each_other(tmp_path: Path) -> None:
    for sources, url in (((), ""), (("a.csv",), "https://redcap.example.org/api/")):
        with pytest.raises(DataContractError, match="either"):
            import_redcap(sources, mapped(tmp_path), tmp_path / "data", url=url)
    (tmp_path / "no.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataContractError, match="no data dictionary"):
        import_redcap("a.csv", mapped(tmp_path), tmp_path / "d", dictionary=tmp_path / "no.csv")


LABELS = """Record ID,Event Name,Repeat Instrument,Repeat Instance,Sex,Visit date,Techniques used (choice=Hold),Techniques used (choice=Friction),Pain now,Complete?
1,Start (Arm 1: Clinic),,,Female,,Unchecked,Unchecked,,Complete
1,Care (Arm 1: Clinic),Visit,1,,05/01/2024,Checked,Unchecked,"3,5",Complete
1,Care (Arm 1: Clinic),Visit,2,,12/01/2024,Checked,Checked,Not asked,Unverified
2,Start (Arm 2: Home),,,Male,,Unchecked,Unchecked,,Incomplete
"""
BY_LABELS = """
date_format = "%d/%m/%Y"
missing = ["Not asked"]
[patients]
where = { column = "Event Name", is = ["Start (Arm 1: Clinic)", "Start (Arm 2: Home)"] }
patient_id = "Record ID"
sex = { column = "Sex", values = { Female = "female", Male = "male" } }
[sessions]
where = { column = "Repeat Instrument", is = ["Visit"] }
session_id = { column = "Repeat Instance", prefix = "visit-" }
patient_id = "Record ID"
date = "Visit date"
status = { constant = "attended" }
techniques = { checked = { "Techniques used (choice=Hold)" = "compression_hold", "Techniques used (choice=Friction)" = "cross_fiber_friction" } }
[assessments]
for_each = [{ value = { column = "Pain now", decimal = "," } }]
patient_id = "Record ID"
instrument = { constant = "nrs_pain" }
date = "Visit date"
"""


def test_an_export_of_labels_is_read_by_its_labels(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(LABELS, encoding="utf-8-sig")
    summary = import_csv(tmp_path / "labels.csv", mapped(tmp_path, BY_LABELS), tmp_path / "data")
    tables = summary.loaded.tables
    assert summary.loaded.rejects.empty
    assert tables.patients["sex"].tolist() == ["female", "male"]
    assert tables.sessions["techniques"].tolist() == [
        "compression_hold",
        "compression_hold;cross_fiber_friction",
    ]
    assert tables.assessments["value"].tolist() == [3.5]
