"""Files that readers break on, made from bytes, so that any fuzzer can make them."""

from __future__ import annotations

import copy
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from tests.fhir_bundles import bundle, encounter, ndi, patient, score

CELLS = (
    "", " ", "P1", "P2", "S1", "2024-01-05", "2024-02-30", "05/01/2024", "1899-12-31", "0", "1",
    "7", "-1", "4,5", "1e999", "NaN", "nrs_pain", "ndi", "attended", "pre", "remote", '"', '"a',
    'a"b', '""', "a;b", "a,b", "x\ny", "\r", "\0", "é", "\ud800", "\ufeff", "ada@example.org",
    "555-201-8437", "=1+1", "x" * 300, "9" * 400, "1" * 20, "{file}", "redcap_repeat_instrument",
    "visit", "TRUE", "#N/A", "٣", "２０２４-01-05",
)  # fmt: skip


class Choices:
    """Decisions read off bytes; when they run out, the first choice is taken."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def below(self, number: int) -> int:
        """One of 0 to number - 1."""
        taken = self.data[self.at : self.at + 2]
        self.at += 2
        return int.from_bytes(taken, "big") % number if taken else 0

    def of(self, options: Sequence[Any]) -> Any:
        """One of some options."""
        return options[self.below(len(options))]

    def rest(self) -> bytes:
        """All bytes that are left, to be put into a file as they are."""
        taken, self.at = self.data[self.at :], len(self.data)
        return taken


def _spoilt(content: bytes, choose: Choices) -> bytes:
    """Leave a file whole, or cut, doubled, overwritten or with bytes put into it."""
    at = choose.below(len(content) + 1)
    what = choose.below(16)
    if what == 4:
        return content[:at]
    if what == 5:
        return content[:at] + choose.rest()[:64] + content[at:]
    if what == 6:
        junk = choose.rest()[:64]
        return content[:at] + junk + content[at + len(junk) :]
    return content[:at] + content[choose.below(at + 1) :] if what == 7 else content


def csv_file(choose: Choices, header: Sequence[str] = ("id", "day", "pain", "when")) -> bytes:
    """Lines of cells with what breaks readers in them."""
    mark, end = choose.of((",", ",", ",", ";", "\t")), choose.of(("\n", "\r\n", "\r"))
    lines = [mark.join(header if choose.below(9) < 8 else [choose.of(CELLS) for _ in header])]
    for _ in range(choose.below(8)):
        width = len(header) + (choose.below(3) - 1 if choose.below(6) == 5 else 0)
        cells = [choose.of(CELLS) for _ in range(width)]
        if choose.below(2):
            cells = [f'"{each}"' for each in cells]
        lines.append(mark.join(cells))
    text = end.join(lines) + (end if choose.below(2) else "")
    return _spoilt(text.encode("utf-8", "surrogatepass"), choose)


REDCAP = ("record_id", "redcap_event_name", "redcap_repeat_instrument", "visit_date", "pain",
          "tech___1", "tech___2")  # fmt: skip


def redcap_file(choose: Choices) -> bytes:
    """A flat export of a REDCap project, more or less."""
    return csv_file(choose, REDCAP)


_LINES = (
    "[patients]", "[[assessments]]", "[sessions]", "[settings]", "[instruments.x]", "[codes]",
    'patient_id = "id"', 'date = "day"', 'value = "pain"', 'instrument = { constant = "nrs_pain" }',
    "one_row_per_key = true", 'time = { column = "when", date_format = "%H:%M" }', 'file = "[a"',
    'decimal = ","', 'date_format = "%d/%m/%Y"', 'date_format = "%z"', 'time_zone = "Mars/North"',
    'time_zone = "Europe/Berlin"', 'encoding = "utf-16"', 'encoding = "hex"', 'delimiter = "ä"',
    'id_prefix = "{file}-"', "complete_to = 2026-01-01", "header = 0",
    'complete_to = "0000-00-00"',
    'where = { column = "pain", filled = true }', "for_each = []",
    'for_each = [{ value = "pain" }]',
    'value = { column = "pain", factor = 1e308, add = -1e308 }', 'x = "hit6.item_99"',
    "minimum = 1",
    'date = { origin = 2000-01-01, days_column = "pain" }', 'sex = { column = "id", values = {} }',
    'techniques = { checked = { "a" = "gliding_stroke" } }', 'label = "X"', "maximum = nan",
    "missing = [1, 2.5, true]", "a.b.c = 1", '"" = 1', "patients = 3", "\ud800",
    'value = { column = "pain", decimal = ";" }', "cut_points = { windows = [1] }",
)  # fmt: skip


_BASE = (
    "[patients]", 'patient_id = "id"', "one_row_per_key = true", "[[assessments]]",
    'patient_id = "id"', 'instrument = { constant = "nrs_pain" }', 'date = "day"', 'value = "pain"',
)  # fmt: skip


def mapping_file(choose: Choices) -> bytes:
    """A mapping with lines that do not belong together."""
    lines = [choose.of(_LINES) for _ in range(choose.below(4))]
    base = list(_BASE)
    for _ in range(choose.below(3)):
        base.insert(choose.below(len(base) + 1), choose.of(_LINES))
    if choose.below(6) == 5:
        del base[choose.below(len(base))]
    before = lines if choose.below(3) == 2 else []
    return _spoilt("\n".join(before + base).encode("utf-8", "surrogatepass"), choose)


_JUNK: tuple[Any, ...] = (
    None, "", "x", -1, 0, 10**40, 1.5, True, [], {}, [[]], [None], {"reference": "#x"},
    {"reference": "Patient/p1"}, {"reference": "Patient/p9"}, {"coding": [{"code": "72514-3"}]},
    "2024-13-01", "9999-12-31T23:59:60-14:00", "0001-01-01T00:00:00+14:00", "urn:uuid:p1",
    {"value": 1}, {"extension": [{"url": "x/ordinalValue", "valueDecimal": "1"}]},
    "entered-in-error",
    "\ud800", "Observation/o1", [{"reference": "Observation/o1"}, {"reference": "Observation/o2"}],
    {"system": "http://loinc.org", "code": "71961-0"}, "\0", "Bundle", {"resourceType": "Bundle"},
)  # fmt: skip
_SEEDS: tuple[dict[str, Any], ...] = (
    patient("p1"),
    encounter("e1", "Patient/p1", "2024-05-01T09:00:00-07:00", "2024-05-01T09:45:00-07:00"),
    score("o1", "Patient/p1", "2024-05-01T09:00:00-07:00", 4,
          encounter={"reference": "Encounter/e1"}),
    score("o2", "Patient/p1", "2024-05-01", 20, "82237-9",
          derivedFrom=[{"reference": "QuestionnaireResponse/q1"}]),
    ndi("q1", "Patient/p1", "2024-05-01", [2] * 10),
    score("o3", "Patient/p1", "2024-05-02", 3, "82227-0",
          hasMember=[{"reference": "Observation/o1"}]),
    {"resourceType": "Appointment", "id": "a1", "status": "booked", "start": "2024-05-09T09:00:00Z",
     "participant": [{"actor": {"reference": "Patient/p1"}}]},
    {"resourceType": "Questionnaire", "id": "f", "url": "u", "item": [{"linkId": "1"}]},
)  # fmt: skip


def _disturbed(tree: Any, choose: Choices) -> Any:
    """Replace one place of a resource, found by a walk down from its top."""
    here = tree
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return tree
        key = choose.of(keys)
        if isinstance(here[key], dict | list) and choose.below(4):
            here = here[key]
            continue
        if choose.below(4):
            here[key] = copy.deepcopy(choose.of(_JUNK))
        else:
            del here[key]
        return tree


def fhir_file(choose: Choices) -> bytes:
    """Resources with parts that are missing, of another kind, or point anywhere."""
    chosen = [copy.deepcopy(choose.of(_SEEDS)) for _ in range(1 + choose.below(6))]
    if choose.below(8) < 7:
        chosen.append(copy.deepcopy(_SEEDS[0]))
    for each in chosen:
        for _ in range(max(0, choose.below(6) - 3)):
            _disturbed(each, choose)
    lines = choose.below(2)
    if lines:
        content = "\n".join(map(json.dumps, chosen))
    else:
        whole = bundle([{"id": "x", "resourceType": "x", **each} for each in chosen])
        content = json.dumps(whole if choose.below(6) < 5 else _disturbed(whole, choose))
    spoilt = _spoilt(content.encode(), choose)
    return gzip.compress(spoilt, 1) if choose.below(12) == 11 else spoilt


_TYPES = {
    "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/'
    'package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/'
    'package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    'main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/'
    '2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_PLACES = ("A2", "B2", "C2", "A3", "B3", "C3") * 6 + ("A1", "XFD1048576", "A0", "ZZZZ9", "")
_VALUES = ("1", "45000.5", "-1", "1e308", "99999999999999999999", "TRUE", "x", "", "2958466", "nan")


def workbook(choose: Choices) -> bytes:
    """A workbook whose sheet is written by hand, and not always well."""
    head = ['<c r="A1" t="inlineStr"><is><t>id</t></is></c>',
             '<c r="B1" t="inlineStr"><is><t>day</t></is></c>',
             '<c r="C1" t="inlineStr"><is><t>pain</t></is></c>']  # fmt: skip
    cells = []
    for _ in range(choose.below(8)):
        kind, place = choose.of(("n", "b", "e", "d", "s", "str")), choose.of(_PLACES)
        cells.append(f'<c r="{place}" t="{kind}"><v>{choose.of(_VALUES)}</v></c>')
    merged = '<mergeCells><mergeCell ref="A1:B3"/></mergeCells>' if choose.below(4) == 3 else ""
    row = (
        f'<row r="1">{"".join(head)}</row><row r="{2 + choose.below(9) % 5}">{"".join(cells)}</row>'
    )
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f"{row}</sheetData>{merged}</worksheet>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(
        stream, "w", choose.of((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    ) as file:
        for name, text in _TYPES.items():
            file.writestr(name, text if choose.below(20) < 19 else _spoilt(text.encode(), choose))
        file.writestr("xl/worksheets/sheet1.xml", _spoilt(sheet.encode(), choose))
    return stream.getvalue() if choose.below(4) < 3 else _spoilt(stream.getvalue(), choose)


_COLUMNS: tuple[Callable[[Choices, int], pa.Array], ...] = (
    lambda choose, n: pa.array([_clean(choose.of(CELLS)) for _ in range(n)], pa.string()),
    lambda choose, n: pa.array([choose.of((None, 1, -5, 2**62)) for _ in range(n)], pa.int64()),
    lambda choose, n: pa.array([choose.of((None, 0.5, float("nan"), 1e300)) for _ in range(n)]),
    lambda choose, n: pa.array([choose.of((None, 0, 2**40, -(2**62))) for _ in range(n)]).cast(
        choose.of((pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.duration("s")))
    ),
    lambda choose, n: pa.array([choose.of((None, True, False)) for _ in range(n)], pa.bool_()),
    lambda choose, n: pa.array([[choose.of(("", "a"))]] * n, pa.list_(pa.string())),
    lambda choose, n: pa.array([choose.of((None, b"\xff", b"x")) for _ in range(n)], pa.binary()),
    lambda choose, n: pa.array([{"a": 1}] * n, pa.struct([("a", pa.int8())])),
    lambda choose, n: pa.array(["a"] * n).dictionary_encode(),
    lambda choose, n: pa.nulls(n),
)  # fmt: skip


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def parquet_file(choose: Choices) -> bytes:
    """A table whose columns are of any type."""
    n = choose.below(5)
    names = ["id", "day", "pain", "when"][: 1 + choose.below(4)]
    try:
        table = pa.table([choose.of(_COLUMNS)(choose, n) for _ in names], names=names)
    except pa.ArrowException:
        table = pa.table({"id": ["P1"]})
    stream = io.BytesIO()
    pa.parquet.write_table(table, stream)
    return _spoilt(stream.getvalue(), choose)
