"""Whatever a mapping says, it is understood or refused by the key at fault."""

from __future__ import annotations

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcomes.errors import OutcomesError
from outcomes.io import import_csv
from outcomes.io.mapping_cells import CELL_KEYS
from outcomes.io.mapping_file import BLOCK_KEYS, TOP_KEYS
from outcomes.io.settings_file import toml_text

EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
ODD = st.one_of(
    st.sampled_from(["id", "x", "", " ", ",", "%d/%m/%Y", "%Q", "*", "2000-01-01", "{file}", "{}"]),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(st.sampled_from(["a", "b"]), max_size=2),
    st.just({}),
)
CELL = st.one_of(
    st.just("id"),
    st.just({"constant": "2000-01-01"}),
    st.fixed_dictionaries(
        {"column": st.just("x")}, optional=dict.fromkeys(sorted({*CELL_KEYS} - {"column"}), ODD)
    ),
    st.dictionaries(st.sampled_from(sorted(CELL_KEYS)), ODD, max_size=4),
    ODD,
)
PATIENTS = st.fixed_dictionaries(
    {"patient_id": st.just("id")},
    optional={
        **dict.fromkeys(("sex", "index_date", "birth_year", "whiplash"), CELL),
        **dict.fromkeys(sorted(BLOCK_KEYS), ODD),
    },
)
SCORES = st.fixed_dictionaries(
    {"patient_id": st.just("id"), "instrument": CELL, "date": CELL},
    optional={"value": CELL, "timing": CELL, "session_id": CELL, "colour": CELL},
)
MAPPINGS = st.fixed_dictionaries(
    {"patients": PATIENTS},
    optional={
        "assessments": SCORES,
        **dict.fromkeys(("missing", "id_prefix", "date_format", "decimal", "complete_to"), ODD),
        **dict.fromkeys(("settings", "instruments", "encoding", "delimiter", "name"), ODD),
    },
)


@EXAMPLES
@given(MAPPINGS)
def test_a_mapping_is_understood_or_refused_by_its_key(content: dict) -> None:
    assert set(content) <= {*TOP_KEYS, "patients", "assessments"}
    with TemporaryDirectory() as folder:
        mapping, source = Path(folder) / "m.toml", Path(folder) / "s.csv"
        mapping.write_text(toml_text(content), encoding="utf-8")
        source.write_text("id,x\n1,5\n2,2000-01-01\n3,a\n4,\n", encoding="utf-8")
        try:
            summary = import_csv(source, mapping, Path(folder) / "out")
        except OutcomesError as error:
            assert error.remedy
            return
    account = summary.accounting
    parts = account["passed_over"] + account["repeated"] + account["rows_read"]
    assert (account["source_rows"] == parts).all()


PLAIN = st.one_of(st.text(), st.integers(-(2**53), 2**53), st.booleans(), st.floats(-1e9, 1e9))
NESTED = st.recursive(
    st.one_of(PLAIN, st.lists(PLAIN, max_size=3)),
    lambda below: st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=12,
)


@EXAMPLES
@given(st.dictionaries(st.text(max_size=8), NESTED, max_size=4))
def test_settings_are_written_so_that_they_read_back(content: dict) -> None:
    assert tomllib.loads(toml_text(content)) == content
