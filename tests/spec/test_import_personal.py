"""What may say who somebody is stays out, also out of the list of rejects."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcomes.io import ImportSummary, import_csv

MAPPING = """
[patients]
patient_id = "id"
clinic = "clinic"
headache_type = "note"
birth_year = "born"
[covariates]
patient_id = "id"
name = "what"
value = "was"
"""
HEAD = "id;clinic;note;born;what;was\n"
CLEAN = "p1;Salem;tension;1980;arm;control\n"


def run(tmp_path: Path, *lines: str) -> ImportSummary:
    (tmp_path / "mapping.toml").write_text('delimiter = ";"\n' + MAPPING, encoding="utf-8")
    (tmp_path / "source.csv").write_text(HEAD + CLEAN + "\n".join(lines), encoding="utf-8")
    return import_csv(tmp_path / "source.csv", tmp_path / "mapping.toml", tmp_path / "out")


@pytest.mark.parametrize(
    ("line", "column", "value", "reason"),
    [
        ("p2;Salem;ring 503-555-0123;;a;b", "headache_type", "503-555", "phone"),
        ("p2;Salem;+44 20 7946 0958;;a;b", "headache_type", "7946", "phone"),
        ("p2;Salem;(030) 123456;;a;b", "headache_type", "123456", "phone"),
        ("p2;Salem;ann@example.org;;a;b", "headache_type", "example", "mail"),
        ("p2;Salem;078-05-1120;;a;b", "headache_type", "078-05", "national"),
        ("p2;Salem;12 Old Mill Road;;a;b", "headache_type", "Mill", "address"),
        ("p2;Salem;Lange Gartenstraße 12;;a;b", "headache_type", "Garten", "address"),
        ("Ann Example;Salem;;;a;b", "patient_id", "Ann", "name"),
        ("Example, Ann;Salem;;;a;b", "patient_id", "Ann", "name"),
        ("p2;Salem;;1980-05-03;a;b", "birth_year", "05-03", "date of birth"),
        ("p2;Salem;;3.5.1980;a;b", "birth_year", "3.5.", "date of birth"),
        ("p2;ann@example.org;;;a;b", "clinic", "example", "mail"),
    ],
)
def test_it_is_rejected_and_withheld(
    tmp_path: Path, line: str, column: str, value: str, reason: str
) -> None:
    rejects = run(tmp_path, line).loaded.rejects
    row = rejects[rejects["table"] == "patients"].iloc[0]
    assert (row["line"], row["column"], row["value"]) == (3, column, "(withheld)")
    assert reason in row["reason"]
    for path in (tmp_path / "out").iterdir():
        assert value not in path.read_text(encoding="utf-8"), path.name


def test_a_birthday_among_covariates(tmp_path: Path) -> None:
    rejects = run(tmp_path, "p2;Salem;;;date of birth;1980-05-03", "p3;Salem;;;surgery;1980-05-03")
    assert rejects.loaded.rejects["line"].tolist() == [3]


@pytest.mark.parametrize(
    "line",
    [
        "2024-001-0123;Salem;migraine;1980;arm;b",
        "1234567890;Main Street 12;cervicogenic headache;;arm;b",
        "ABC-DEF;12 Main Street;5 days a month;;height;180 cm",
        "P 0012;St. John Clinic;since 2019-05-03;;dose;1 200 300",
    ],
)
def test_what_only_resembles_it_stays(tmp_path: Path, line: str) -> None:
    assert run(tmp_path, line).loaded.rejects.empty


def test_every_row_stays_accounted_for(tmp_path: Path) -> None:
    account = run(tmp_path, "Ann Example;Salem;;;a;b", "p3;Salem;;;a;b").accounting
    assert (account["rows_read"] == account["rows_accepted"] + account["rows_rejected"]).all()
    assert account["rows_rejected"].tolist() == [1, 1]
