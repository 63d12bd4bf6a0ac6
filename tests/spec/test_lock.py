"""A locked report: what it was made of, and what is said when that is no longer so."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import OutcomesError
from outcomes.report.lock import (
    LOCK,
    SAME_NUMBERS,
    Lock,
    differences,
    make_lock,
    read_lock,
    records_fingerprint,
    verify,
    write_lock,
)
from outcomes.tables import Tables
from tests.small_tables import assessments, patients, sessions

DAY = pd.Timestamp("2026-06-30")
ORDER = {"reader": "manager", "as_of": "2026-06-30"}
PAGE = "<head>{head}</head><main id='report'><p>Pain fell by {points}</p></main><footer>1</footer>"


def records(points: int = 3, *, later: bool = True) -> Tables:
    visits = """
        patient date       status    booked_on
        one     2026-05-04 attended  2026-05-01
        one     2026-06-01 attended  2026-05-04
        two     2026-06-15 attended  2026-06-01
        """
    scores = f"""
        patient date       value timing
        one     2026-05-04 8     pre
        one     2026-06-01 {points}     pre
        two     2026-06-15 7     pre
        """
    if later:
        visits += """one     2026-07-06 attended  2026-07-01
        three   2026-08-03 attended  2026-08-01
        """
        scores += """one     2026-07-06 1     pre
        three   2026-08-03 9     pre
        """
    names = ("one", "two", "three") if later else ("one", "two")
    last = "2026-08-31" if later else "2026-06-30"
    people = patients(*names)
    return Tables(
        people, pd.Timestamp(last), sessions=sessions(visits), assessments=assessments(scores)
    ).at(DAY)


def lock(points: int = 3, head: str = "a", **changes: object) -> Lock:
    page = PAGE.format(points=points, head=head)
    made = make_lock(ORDER, records_fingerprint(records(points)), "choices", page)
    return replace(made, **changes)


def test_records_that_grow_leave_the_digest_of_what_was_known_before() -> None:
    assert records_fingerprint(records()) == records_fingerprint(records(later=False))


def test_the_order_of_rows_does_not_count_and_a_corrected_score_does() -> None:
    tables = records()
    assert tables.assessments is not None
    turned = replace(tables, assessments=tables.assessments.iloc[::-1])
    assert records_fingerprint(turned) == records_fingerprint(tables)
    then, now = records_fingerprint(tables), records_fingerprint(records(points=4))
    assert {name for name in then if then[name] != now[name]} == {"assessments"}


def test_a_row_entered_twice_is_not_the_same() -> None:
    tables = records()
    twice = replace(tables, sessions=pd.concat([tables.sessions, tables.sessions]))
    assert records_fingerprint(twice)["sessions"] != records_fingerprint(tables)["sessions"]


def test_nothing_is_said_of_what_is_the_same() -> None:
    assert differences(lock(), lock(head="another style")) == []


def test_what_changed_is_said() -> None:
    said = differences(lock(), lock(points=4, choices="other"))
    assert said == [
        "Records up to 2026-06-30 were added, taken out or corrected since: assessments.",
        "The notebook or the settings changed.",
        "What the report shows is not the same.",
    ]


def test_another_version_with_the_same_numbers_says_both() -> None:
    then = lock()
    now = replace(then, versions={**then.versions, "numpy": "99"})
    said = differences(then, now)
    assert said == [f"Versions: numpy {then.versions['numpy']}, now 99.", SAME_NUMBERS]


def test_a_lock_tells_no_count(tmp_path: Path) -> None:
    write_lock(tmp_path, lock())
    kept = json.loads((tmp_path / LOCK).read_text(encoding="utf-8"))
    assert kept == asdict(lock())
    assert all(len(digest) == 64 for digest in kept["records"].values())


@pytest.mark.parametrize("text", ["{}", "no json", '{"order": 1}'])
def test_what_is_no_lock_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK).write_text(text, encoding="utf-8")
    with pytest.raises(OutcomesError, match="was not written by this program"):
        read_lock(tmp_path)


def test_a_folder_without_a_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutcomesError, match=r"no lock\.json"):
        read_lock(tmp_path)


def test_a_report_made_again_is_compared_and_thrown_away(tmp_path: Path) -> None:
    write_lock(tmp_path, lock())
    made: list[Path] = []

    def make(then: Lock, out: Path) -> Path:
        made.append(out)
        write_lock(out, lock(points=5))
        return out

    assert verify(tmp_path, make)[-1] == "What the report shows is not the same."
    assert not made[0].exists()
