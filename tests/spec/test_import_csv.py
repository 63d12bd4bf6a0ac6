"""From any layout to the tables: one thing a mapping can say at a time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import DataContractError
from outcomes.io import ImportSummary, import_csv, read_mapping, read_tables

IDS = "id,x\n1,a\n2,b\n"


def run(tmp_path: Path, mapping: str, check: bool = False, **sources: str) -> ImportSummary:
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    paths = []
    for name, text in sources.items():
        paths.append(tmp_path / f"{name}.csv")
        paths[-1].write_text(text, encoding="utf-8")
    return import_csv(paths, tmp_path / "mapping.toml", tmp_path / "out", check=check)


def rejected(summary: ImportSummary) -> list[tuple[str, int, str, str]]:
    rows = summary.loaded.rejects
    return list(zip(rows["table"], rows["line"], rows["column"], rows["value"], strict=True))


def refusal(tmp_path: Path, mapping: str, **sources: str) -> DataContractError:
    with pytest.raises(DataContractError) as caught:
        run(tmp_path, mapping, **(sources or {"source": IDS}))
    assert caught.value.remedy
    return caught.value


def test_columns_constants_values_units_and_dates(tmp_path: Path) -> None:
    mapping = """
    missing = ["NA"]
    date_format = "%d/%m/%Y"
    [patients]
    patient_id = "id"
    clinic = { constant = "Salem" }
    sex = { column = "sex", values = { F = "female", M = "male" } }
    index_date = "first"
    [assessments]
    patient_id = "id"
    instrument = { constant = "vas_pain" }
    date = "first"
    value = { column = "cm", decimal = ",", factor = 10 }
    """
    source = 'id,sex,first,cm\n 1 ,F,03/04/2024,"7,1"\n2,M,04/04/2024,"0,07"\n3,NA,05/04/2024,NA\n'
    summary = run(tmp_path, mapping, source=source)
    tables = read_tables(tmp_path / "out")
    assert tables.patients["patient_id"].tolist() == ["1", "2", "3"]
    assert tables.patients["sex"].fillna("").tolist() == ["female", "male", ""]
    assert tables.patients["index_date"].iloc[0] == pd.Timestamp("2024-04-03")
    assert tables.assessments["value"].tolist() == [71.0, 0.7]
    assert rejected(summary) == [("assessments", 4, "value", "")]


def test_a_map_of_values_must_be_total(tmp_path: Path) -> None:
    mapping = '[patients]\npatient_id = "id"\nsex = { column = "x", values = { a = "female" } }\n'
    summary = run(tmp_path, mapping, source=IDS)
    assert rejected(summary) == [("patients", 3, "sex", "b")]
    assert "column x" in summary.loaded.rejects["reason"].iloc[0]


@pytest.mark.parametrize(
    "written", ["03/04/2024", "3.4.2024", "2024-4-3", "20240403", "3 Apr 2024"]
)
def test_an_ambiguous_date_is_refused_not_guessed(tmp_path: Path, written: str) -> None:
    mapping = '[patients]\npatient_id = "id"\nindex_date = "x"\n'
    summary = run(tmp_path, mapping, source=f"id,x\n1,2024-04-03\n2,{written}\n")
    assert rejected(summary) == [("patients", 3, "index_date", written)]
    assert "date_format" in summary.loaded.rejects["reason"].iloc[0]


@pytest.mark.parametrize("letters", ["%d/%m/%y", "%x", "%d/%m", "%m/%Y"])
def test_a_format_that_leaves_the_day_open_is_refused(tmp_path: Path, letters: str) -> None:
    error = refusal(tmp_path, f'date_format = "{letters}"\n[patients]\npatient_id = "id"\n')
    assert error.column == "date_format"


def test_time_and_date_from_one_column(tmp_path: Path) -> None:
    mapping = """
    [patients]
    one_row_per_key = true
    patient_id = "id"
    [sessions]
    session_id = "visit"
    patient_id = "id"
    date = { column = "start", date_format = "%d/%m/%Y %H:%M" }
    time = { column = "start", date_format = "%d/%m/%Y %H:%M" }
    status = { constant = "attended" }
    """
    source = "visit,id,start\n1,1,03/04/2024 09:05\n2,1,04/04/2024 17:00\n"
    run(tmp_path, mapping, source=source)
    sessions = read_tables(tmp_path / "out").sessions
    assert sessions["time"].tolist() == ["09:05", "17:00"]
    assert sessions["date"].dt.day.tolist() == [3, 4]


def test_dates_from_day_numbers(tmp_path: Path) -> None:
    mapping = """
    [patients]
    one_row_per_key = true
    patient_id = "id"
    index_date = { origin = 2000-01-01, days = 0 }
    [headache_diary]
    patient_id = "id"
    date = { origin = "2000-01-01", days_column = "day" }
    headache = "ache"
    """
    source = "id,day,ache\n1,-1,1\n1,0,0\n1,1.5,0\n1,,0\n"
    summary = run(tmp_path, mapping, source=source)
    diary = read_tables(tmp_path / "out").headache_diary
    assert diary["date"].dt.strftime("%Y-%m-%d").tolist() == ["1999-12-31", "2000-01-01"]
    assert rejected(summary) == [
        ("headache_diary", 4, "date", "1.5"),
        ("headache_diary", 5, "date", ""),
    ]


def test_dates_from_a_column_and_days(tmp_path: Path) -> None:
    mapping = """
    [patients]
    patient_id = "id"
    [plans]
    patient_id = "id"
    date = { origin_column = "entry", date_format = "%d.%m.%Y", days = 14 }
    plan = { constant = "monthly" }
    """
    run(tmp_path, mapping, source="id,entry\n1,20.02.2024\n2,01.01.2023\n")
    plans = read_tables(tmp_path / "out").plans
    assert plans["date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-03-05", "2023-01-15"]


WIDE = """
[patients]
patient_id = "id"
[assessments]
patient_id = "id"
date = "day"
instrument = { constant = "nrs_pain" }
for_each = [
    { value = "before", timing = { constant = "pre" } },
    { value = "after", timing = { constant = "post" } },
    { instrument = { constant = "ndi" }, value = { column = "percent", factor = 0.5 } },
]
"""


def test_a_wide_row_becomes_long_and_every_place_is_accounted_for(tmp_path: Path) -> None:
    source = "id,day,before,after,percent\n1,2024-01-05,7,,40\n2,2024-01-06,5,4,\n3,,8,x,200\n"
    summary = run(tmp_path, WIDE, source=source)
    scores = read_tables(tmp_path / "out").assessments
    found = scores[["patient_id", "instrument", "timing", "value"]].to_numpy().tolist()
    assert found == [
        ["1", "nrs_pain", "pre", 7.0],
        ["2", "nrs_pain", "pre", 5.0],
        ["2", "nrs_pain", "post", 4.0],
        ["1", "ndi", "remote", 20.0],
    ]
    account = summary.accounting.set_index("table").loc["assessments"]
    assert account.drop("file").to_dict() == {
        "source_rows": 9,
        "passed_over": 2,
        "repeated": 0,
        "joined": 0,
        "rows_read": 7,
        "rows_accepted": 4,
        "rows_rejected": 3,
    }


def test_repeated_rows_of_a_person_must_agree(tmp_path: Path) -> None:
    mapping = '[patients]\none_row_per_key = true\npatient_id = "id"\nsex = "sex"\n'
    source = "id,sex\n1,f\n1,f\n2,m\n2,f\n3,f\n2,m\n1,f\n,f\n"
    summary = run(tmp_path, mapping, source=source)
    assert read_tables(tmp_path / "out").patients["patient_id"].tolist() == ["1", "3"]
    assert rejected(summary) == [
        ("patients", 4, "sex", "m"),
        ("patients", 5, "sex", "f"),
        ("patients", 7, "sex", "m"),
        ("patients", 9, "patient_id", ""),
    ]
    account = summary.accounting.iloc[0]
    assert (account["source_rows"], account["repeated"], account["rows_read"]) == (8, 2, 6)


def test_several_tables_from_one_file_by_kind_of_row(tmp_path: Path) -> None:
    mapping = """
    [patients]
    patient_id = "id"
    where = { column = "kind", is = ["person"] }
    [covariates]
    patient_id = "id"
    name = { constant = "arm" }
    value = "note"
    where = [{ column = "kind", is = ["arm", "group"] }, { column = "note", filled = true }]
    """
    source = "kind,id,note\nperson,1,\narm,1,control\ngroup,1,\nother,1,x\n"
    summary = run(tmp_path, mapping, source=source)
    tables = read_tables(tmp_path / "out")
    assert (len(tables.patients), tables.covariates["value"].tolist()) == (1, ["control"])
    assert summary.accounting["passed_over"].tolist() == [3, 3]


def test_ids_of_two_sites_get_their_prefix(tmp_path: Path) -> None:
    mapping = """
    id_prefix = "{file}-"
    [patients]
    patient_id = "id"
    clinic = { constant = "{file}" }
    """
    summary = run(tmp_path, mapping, north="id\n1\n", south="id\n1\n")
    patients = read_tables(tmp_path / "out").patients
    assert patients["patient_id"].tolist() == ["north-1", "south-1"]
    assert patients["clinic"].tolist() == ["north", "south"]
    assert summary.accounting["file"].tolist() == ["north.csv", "south.csv"]


def test_blocks_choose_their_files_by_pattern(tmp_path: Path) -> None:
    mapping = """
    [patients]
    file = "people*"
    patient_id = "id"
    [[headache_diary]]
    file = "diary*"
    patient_id = "id"
    date = "day"
    headache = "ache"
    """
    run(tmp_path, mapping, people="id\n1\n", diary="id,day,ache\n1,2024-01-05,1\n")
    assert len(read_tables(tmp_path / "out").headache_diary) == 1
    assert (
        "no table"
        in refusal(tmp_path, mapping, people="id\n1\n", diary="id,day,ache\n", z="a\n").problem
    )
    assert refusal(tmp_path, mapping, people="id\n1\n").column == "headache_diary[1].file"


def test_own_instruments_and_settings_travel_into_the_data_set(tmp_path: Path) -> None:
    mapping = """
    name = "Moods"
    complete_to = 2024-12-31
    [settings]
    pain_instrument = "mood"
    [settings.clinics]
    "a b" = "Ä \\"b\\""
    [settings.cut_points]
    windows = [[0, 7], [42, 7]]
    [instruments.mood]
    label = "Mood"
    unit = "points"
    minimum = 0
    maximum = 5.5
    lower_is_better = false
    [patients]
    patient_id = "id"
    [assessments]
    patient_id = "id"
    instrument = { constant = "mood" }
    date = { constant = "2024-01-05" }
    value = "x"
    """
    run(tmp_path, mapping, source="id,x\n1,5.5\n2,6\n")
    tables = read_tables(tmp_path / "out")
    assert tables.settings.pain_instrument == "mood"
    assert tables.settings.clinic_names == {"a b": 'Ä "b"'}
    assert [window.day for window in tables.settings.cut_points.windows] == [0, 42]
    assert tables.assessments["value"].tolist() == [5.5]
    assert (tables.source, tables.as_of) == ("Moods", pd.Timestamp("2024-12-31"))


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    source = "id,day,before,after,percent\n1,2024-01-05,7,,40\n2,2024-01-06,5,44,\n"
    run(tmp_path, WIDE, source=source)
    first = digest(tmp_path / "out")
    run(tmp_path, WIDE, source=source)
    assert digest(tmp_path / "out") == first
    record = json.loads((tmp_path / "out" / "import.json").read_text())
    assert record["sources"][0]["sha256"] == hashlib.sha256(source.encode()).hexdigest()
    assert record["files"]["patients.csv"] == first["patients.csv"]
    assert set(first) == {
        "patients.csv",
        "assessments.csv",
        "rejects.csv",
        "mapping.toml",
        "import.json",
    }


def test_a_table_that_is_no_longer_imported_is_taken_away(tmp_path: Path) -> None:
    source = "id,day,before,after,percent\n1,2024-01-05,7,,40\n"
    run(tmp_path, WIDE, source=source)
    run(tmp_path, '[patients]\npatient_id = "id"\n', source=source)
    assert not (tmp_path / "out" / "assessments.csv").exists()
    assert read_tables(tmp_path / "out").assessments is None
    paths = [tmp_path / "source.csv"]
    import_csv(paths, tmp_path / "mapping.toml", tmp_path / "out", format="parquet")
    assert read_tables(tmp_path / "out").accounting["file"].tolist() == ["patients.parquet"]


def test_tables_of_another_origin_are_never_touched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "plans.csv").write_text("mine\n")
    error = refusal(tmp_path, '[patients]\npatient_id = "id"\n')
    assert "plans.csv" in error.problem
    assert digest(out) == {"plans.csv": hashlib.sha256(b"mine\n").hexdigest()}


def test_settings_that_a_person_changed_stay(tmp_path: Path) -> None:
    mapping = '[settings]\npain_instrument = "{}"\n[patients]\npatient_id = "id"\n'
    run(tmp_path, mapping.format("ndi"), source=IDS)
    run(tmp_path, mapping.format("hit6"), source=IDS)
    path = tmp_path / "out" / "settings.toml"
    assert 'pain_instrument = "hit6"' in path.read_text()
    own = '# mine\npain_instrument = "hit6"\n[clinics]\na = "A"\n'
    path.write_text(own)
    run(tmp_path, mapping.format("hit6"), source=IDS)
    assert path.read_text() == own
    assert refusal(tmp_path, mapping.format("ndi")).column == "pain_instrument"
    assert path.read_text() == own


def test_a_trial_run_writes_nothing(tmp_path: Path) -> None:
    summary = run(tmp_path, WIDE, check=True, source="id,day,before,after,percent\n1,,7,,\n")
    assert not (tmp_path / "out").exists()
    assert "nothing was written" in str(summary)
    assert "1 rejected: assessments date: is empty" in str(summary)


def test_no_patient_writes_nothing(tmp_path: Path) -> None:
    error = refusal(tmp_path, '[patients]\npatient_id = "id"\nindex_date = "x"\n')
    assert "no patient" in error.problem
    assert not (tmp_path / "out").exists()


def test_broken_source_rows_are_rejected_for_every_table(tmp_path: Path) -> None:
    source = "id,day,before,after,percent\n1,2024-01-05,7,,40\n2,2024-01-06\n"
    summary = run(tmp_path, WIDE, source=source)
    lines = summary.loaded.rejects.groupby("table")["line"].agg(list).to_dict()
    assert lines == {"patients": [3], "assessments": [3, 3, 3]}


def test_columns_that_are_not_mapped_are_named_and_not_read(tmp_path: Path) -> None:
    summary = run(tmp_path, '[patients]\npatient_id = "id"\n', source="id,phone\n1,555\n")
    assert summary.loaded.notices[0].endswith("were not read: phone.")
    assert "555" not in (tmp_path / "out" / "patients.csv").read_text()


def test_other_separators_and_encodings(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        'delimiter = ";"\nencoding = "cp1252"\n[patients]\npatient_id = "id"\nclinic = "c"\n'
    )
    (tmp_path / "s.csv").write_bytes("id;c\n1;Montréal\n".encode("cp1252"))
    import_csv(tmp_path / "s.csv", tmp_path / "m.toml", tmp_path / "out")
    assert read_tables(tmp_path / "out").patients["clinic"].tolist() == ["Montréal"]


MISTAKES = [
    # mapping, key named
    ("[plans]\n", "patients"),
    ('colour = "red"\n[patients]\npatient_id = "id"\n', "colour"),
    ('[patients]\nid = "id"\n', "patients.id"),
    ('[patients]\nsex = "x"\n', "patients.patient_id"),
    ('[patients]\npatient_id = "nr"\n', "patients.patient_id"),
    ('[patients]\npatient_id = { colum = "id" }\n', "patients.patient_id.colum"),
    ('[patients]\npatient_id = { column = "id", constant = "1" }\n', "patients.patient_id"),
    ("[patients]\npatient_id = {}\n", "patients.patient_id"),
    ('[patients]\npatient_id = { column = "id", factor = 2 }\n', "patients.patient_id.factor"),
    (
        '[patients]\npatient_id = "id"\nindex_date = { origin = "2000-01-01" }\n',
        "patients.index_date",
    ),
    (
        '[patients]\npatient_id = "id"\nindex_date = { origin = "1.1.2000", days = 1 }\n',
        "patients.index_date.origin",
    ),
    (
        '[patients]\npatient_id = "id"\nindex_date = { column = "x", days = 1 }\n',
        "patients.index_date.days",
    ),
    ('[patients]\npatient_id = "id"\nwhere = { column = "x" }\n', "patients.where"),
    ('[patients]\npatient_id = "id"\nfor_each = []\n', "patients.for_each"),
    (
        '[patients]\npatient_id = "id"\nsex = { column = "x", values = { a = true } }\n',
        "patients.sex.values.a",
    ),
    ('decimal = ";"\n[patients]\npatient_id = "id"\n', "decimal"),
    ('delimiter = ";;"\n[patients]\npatient_id = "id"\n', "delimiter"),
    ('delimiter = "\\""\n[patients]\npatient_id = "id"\n', "delimiter"),
    ('encoding = "klingon"\n[patients]\npatient_id = "id"\n', "encoding"),
    ('encoding = "base64"\n[patients]\npatient_id = "id"\n', "encoding"),
    ('date_format = "%d %Q %Y"\n[patients]\npatient_id = "id"\n', "date_format"),
    ("patients = []\n", "patients"),
    ("patients = 3\n", "patients"),
    ('[patients]\npatient_id = "id"\nfor_each = [3]\n', "patients.for_each[1]"),
    (
        '[patients]\npatient_id = "id"\nindex_date = { origin = "0001-01-01", days = 1 }\n',
        "patients.index_date.origin",
    ),
    (
        '[patients]\npatient_id = "id"\nindex_date = { origin = "2000-01-01", days = 999999 }\n',
        "patients.index_date.days",
    ),
    ('complete_to = "soon"\n[patients]\npatient_id = "id"\n', "complete_to"),
    ('[settings]\ncolour = 1\n[patients]\npatient_id = "id"\n', "colour"),
    ('[instruments.mood]\nlabel = "x"\n[patients]\npatient_id = "id"\n', "instruments.mood.unit"),
    ('[[patients]]\npatient_id = "id"\n[[patients]]\npatient_id = 7\n', "patients[2].patient_id"),
]


@pytest.mark.parametrize(("mapping", "key"), MISTAKES)
def test_a_mistake_in_the_mapping_names_its_key(tmp_path: Path, mapping: str, key: str) -> None:
    error = refusal(tmp_path, mapping)
    assert (error.file, error.column) == ("mapping.toml", key)
    assert not (tmp_path / "out").exists()


def test_a_mapping_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("patients = [\n")
    with pytest.raises(DataContractError, match="not valid TOML"):
        read_mapping(tmp_path / "m.toml")
    with pytest.raises(DataContractError, match="can't be read"):
        read_mapping(tmp_path / "none.toml")


def test_a_source_in_another_encoding_than_named(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('encoding = "utf-16"\n[patients]\npatient_id = "id"\n')
    (tmp_path / "s.csv").write_bytes(b"id\n1\n2")
    with pytest.raises(DataContractError, match="encoding utf-16"):
        import_csv(tmp_path / "s.csv", tmp_path / "m.toml", tmp_path / "out")


def test_days_and_origins_out_of_reach_are_rejected(tmp_path: Path) -> None:
    mapping = """
    [patients]
    patient_id = "id"
    index_date = { origin_column = "x", days_column = "y" }
    """
    source = "id,x,y\n1,2000-01-01,-99999\n2,0001-01-01,5\n3,2000-01-01,999999\n4,2000-01-01,1\n"
    summary = run(tmp_path, mapping, source=source)
    assert [line for _, line, _, _ in rejected(summary)] == [2, 3, 4]


def test_the_closest_column_is_named(tmp_path: Path) -> None:
    assert (
        "'patient'"
        in refusal(
            tmp_path, '[patients]\npatient_id = "pateint"\n', source="patient,x\n1,2\n"
        ).remedy
    )


def test_sources_must_be_there_and_told_apart(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('[patients]\npatient_id = "id"\n')
    with pytest.raises(DataContractError, match="no source"):
        import_csv([], tmp_path / "m.toml", tmp_path / "out")
    with pytest.raises(DataContractError, match="can't be read"):
        import_csv(tmp_path / "none.csv", tmp_path / "m.toml", tmp_path / "out")
    with pytest.raises(DataContractError, match="same name"):
        import_csv(
            [tmp_path / "a/x.csv", tmp_path / "b/x.csv"], tmp_path / "m.toml", tmp_path / "o"
        )


def test_ids_made_up_of_several_columns(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(
        "person,event,number,day\na,one,1,2024-01-01\na,one,2,2024-01-02\na,,1,2024-01-03\n,one,1,2024-01-04\n"
    )
    (tmp_path / "mapping.toml").write_text(
        '[patients]\none_row_per_key = true\npatient_id = "person"\n'
        'where = { column = "person", filled = true }\n'
        '[sessions]\npatient_id = "person"\ndate = "day"\nstatus = { constant = "attended" }\n'
        'session_id = { joined = ["person", "event", "number"], prefix = "v-" }\n'
    )
    summary = import_csv(tmp_path / "visits.csv", tmp_path / "mapping.toml", tmp_path / "out")
    sessions = summary.loaded.tables.sessions
    assert sessions is not None
    assert sessions["session_id"].tolist() == ["v-a-one-1", "v-a-one-2", "v-a-1"]
    assert summary.loaded.rejects["reason"].tolist() == ["is empty"]


@pytest.mark.parametrize(
    "line",
    [
        'session_id = { joined = ["person"] }',
        'session_id = { joined = ["person", "day"], values = { a = "b" } }',
        'session_id = "day"\nclinic = { joined = ["person", "day"] }',
    ],
)
def test_what_is_not_made_up_of_several_columns_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "mapping.toml").write_text(
        '[patients]\npatient_id = "person"\n[sessions]\npatient_id = "person"\ndate = "day"\n'
        f'status = {{ constant = "attended" }}\n{line}\n'
    )
    with pytest.raises(DataContractError, match=r"joined|values"):
        read_mapping(tmp_path / "mapping.toml")


def test_hidden_files_of_a_folder_are_no_sources(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "people.csv").write_text("id\na\n")
    (tmp_path / "exports" / "._people.csv").write_bytes(b"\0\5\x16\7Mac OS X")
    (tmp_path / "mapping.toml").write_text('[patients]\npatient_id = "id"\n')
    summary = import_csv(tmp_path / "exports", tmp_path / "mapping.toml", tmp_path / "out")
    assert summary.accounting["file"].tolist() == ["people.csv"]


def test_what_no_row_was_found_of_is_not_recorded_instead_of_none(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text("id,visit,day,what\na,v1,2024-01-01,\nb,v2,2024-01-02,\n")
    (tmp_path / "mapping.toml").write_text(
        '[patients]\npatient_id = "id"\n[sessions]\nsession_id = "visit"\npatient_id = "id"\n'
        'date = "day"\nstatus = { constant = "attended" }\n[adverse_events]\n'
        'where = { column = "what", filled = true }\nevent_id = "visit"\nsession_id = "visit"\n'
        'symptom = "what"\nserious = { constant = 0 }\n'
    )
    for _ in range(2):
        summary = import_csv(tmp_path / "visits.csv", tmp_path / "mapping.toml", tmp_path / "out")
        assert summary.loaded.tables.adverse_events is None
        assert "adverse_events" in read_tables(tmp_path / "out").absent
        assert any("no row of adverse_events" in notice for notice in summary.loaded.notices)
        account = summary.accounting.set_index("table").loc["adverse_events"]
        assert (account["source_rows"], account["passed_over"], account["rows_read"]) == (2, 2, 0)
        assert summary.changes.empty
    events = (tmp_path / "visits.csv").read_text().replace("v2,2024-01-02,", "v2,2024-01-02,sore")
    (tmp_path / "visits.csv").write_text(events)
    summary = import_csv(tmp_path / "visits.csv", tmp_path / "mapping.toml", tmp_path / "out")
    events = summary.loaded.tables.adverse_events
    assert events is not None and len(events) == 1
