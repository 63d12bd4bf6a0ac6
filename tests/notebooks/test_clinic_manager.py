"""The manager's notebook on data sets of every shape, in one warm kernel."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from outcomes.errors import OutcomesError
from outcomes.report.kernel import WarmKernel, read_notebook, with_parameters
from outcomes.report.page import Imprint, build_page
from tests.page_words import words_of

Frames = dict[str, pd.DataFrame]
NAME = "clinic_manager.ipynb"
ALLOWED = ("outcomes.analyses", "outcomes.present", "outcomes.verdicts")


@pytest.fixture(scope="module")
def notebook(repository: Path) -> Path:
    return repository / "notebooks" / NAME


def people(frames: Frames, clinic: str, number: int) -> Frames:
    """Records of some patients of a clinic."""
    patients = frames["patients"]
    ids = patients.loc[patients["clinic"] == clinic, "patient_id"].head(number)
    return {name: frame[frame["patient_id"].isin(ids)] for name, frame in frames.items()}


def write(frames: Frames, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def starts(frames: Frames) -> pd.Series:
    attended = frames["sessions"][frames["sessions"]["status"] == "attended"]
    return attended.groupby("patient_id")["date"].min()


def without_sessions(frames: Frames, *tables: str) -> Frames:
    """Patients with the date their care began, and some tables."""
    patients = frames["patients"][["patient_id", "sex"]]
    dated = patients.assign(index_date=patients["patient_id"].map(starts(frames)))
    return {"patients": dated} | {name: frames[name] for name in tables}


def trial(frames: Frames) -> Frames:
    """Two arms with counted headache days before and a year after, and nothing else."""
    patients = without_sessions(frames)["patients"]
    rows = []
    for position, patient in enumerate(patients["patient_id"]):
        for start, days in (("2025-01-04", 14 + position % 7), ("2026-01-18", 8 + position % 9)):
            rows.append((patient, start, 28, days - 3 * (position % 2) * (start > "2025-02-01")))
    columns = ["patient_id", "start", "days_observed", "headache_days"]
    arms = ["control" if position % 2 else "acupuncture" for position in range(len(patients))]
    return {
        "patients": patients.assign(index_date="2025-02-01"),
        "headache_periods": pd.DataFrame(rows, columns=columns),
        "covariates": pd.DataFrame(
            {"patient_id": patients["patient_id"], "name": "arm", "value": arms}
        ),
    }


def no_follow_up(frames: Frames) -> Frames:
    first = starts(frames)
    kept = {"patients": frames["patients"]}
    for name in ("sessions", "assessments"):
        frame = frames[name]
        kept[name] = frame[frame["date"] <= frame["patient_id"].map(first)]
    return kept


def page_of(kernel: WarmKernel, notebook: Path, data: Path, **more: Any) -> str:
    node = kernel.run(notebook, {"data": str(data), **more})
    audience = more.get("audience", "inside")
    return build_page(node, Imprint("Clinic report", audience, True, "Data", "0"))


def check_words(page: str) -> None:
    """What no page may hold: codes, numbers that are none, percentages without counts."""
    words = words_of(page)
    assert not re.search(r"\b[a-z]+_[a-z_]+\b", words), re.findall(r"\b[a-z]+_[a-z_]+\b", words)
    assert not re.search(r"\b(nan|NaN|None(?! of)|NaT|inf)\b|<NA>", words)
    assert "Traceback" not in words
    answer = words.partition("What these records can say")[2].partition("Who improved")[0]
    for found in re.finditer(r"\d+%", answer):
        before = answer[max(0, found.start() - 40) : found.start()]
        counted = re.search(r"of [\d,]+ \($", before)
        limits = re.search(r"95% CI [^)]*$|\($", before) or found[0] == "95%"
        assert counted or limits, answer[found.start() - 40 : found.end() + 10]


def test_the_notebook_holds_prose_and_calls_only(notebook: Path) -> None:
    node = read_notebook(notebook)
    code = [cell for cell in node.cells if cell.cell_type == "code"]
    prose = [cell.source for cell in node.cells if cell.cell_type == "markdown"]
    assert node.metadata.kernelspec.name == "python3"
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert sum(len(re.findall(r"^# ", text, re.MULTILINE)) for text in prose) == 1
    tree = ast.parse("\n".join(cell.source for cell in code))
    banned = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.BinOp, ast.While)
    assert [type(node).__name__ for node in ast.walk(tree) if isinstance(node, banned)] == []
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Import)
        if isinstance(node, ast.ImportFrom):
            reads = node.module == "outcomes.io" and [a.name for a in node.names] == ["read_tables"]
            assert reads or (node.module or "").startswith(ALLOWED)


def test_an_unknown_parameter_is_refused(notebook: Path) -> None:
    with pytest.raises(OutcomesError, match="has no parameter clinik"):
        with_parameters(read_notebook(notebook), {"clinik": "Salem"}, NAME)


def test_a_notebook_without_its_tag_is_refused(notebook: Path) -> None:
    node = read_notebook(notebook)
    for cell in node.cells:
        cell.metadata.pop("tags", None)
    with pytest.raises(OutcomesError, match="0 cells tagged parameters"):
        with_parameters(node, {}, NAME)


def test_one_clinic(sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path) -> None:
    data = write(people(sample, "Salem", 75), tmp_path)
    page = page_of(kernel, notebook, data, clinic="Salem")
    check_words(page)
    words = words_of(page)
    assert re.search(r"Pain fell by \d\.\d points in 12 weeks \(95% CI \d\.\d to \d\.\d\)", words)
    assert "There is no comparison group here." in words
    assert "People who hurt come more often" in words
    assert "Groups formed at the start" not in page  # no arms, so no heading about them
    assert "Clinics side by side" not in page  # nor about other clinics
    assert page.count("<img") == len(re.findall(r'<img alt="[^"]{30,}"', page)) >= 4


def test_nothing_travels_from_one_report_to_the_next(
    sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path
) -> None:
    data = write(people(sample, "Salem", 35), tmp_path / "one")
    other = write(people(sample, "Portland", 25), tmp_path / "two")
    first = page_of(kernel, notebook, data)
    page_of(kernel, notebook, other)
    assert page_of(kernel, notebook, data) == first


def test_made_for_outside(
    sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path
) -> None:
    data = write(people(sample, "Salem", 75), tmp_path)
    page = page_of(kernel, notebook, data, audience="outside")
    check_words(page)
    assert "Prepared for release" in page
    assert "withheld" in words_of(page)
    shares = re.findall(r"([\d,]+) of ([\d,]+) \(", words_of(page))
    assert shares
    assert all(int(n.replace(",", "")) % 5 == 0 for pair in shares for n in pair)


def test_a_small_clinic_is_in_no_number_for_outside(
    sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path
) -> None:
    """Else the small clinic would be what all clinics have more than the large one."""
    large, small = people(sample, "Salem", 60), people(sample, "Portland", 5)
    both = {name: pd.concat([frame, small[name]]) for name, frame in large.items()}
    data = write(both, tmp_path / "both")
    without = page_of(kernel, notebook, write(large, tmp_path / "one"), audience="outside")
    page = page_of(kernel, notebook, data, audience="outside")
    said = "Patients of clinics too small to be shown are in no number of this release."
    assert words_of(page).count(said) == 1
    assert said not in words_of(without)
    assert words_of(page).replace(said, "").split() == words_of(without).split()
    assert not re.search(r"\d rows", words_of(page).partition("Who is missing")[2])
    assert "Salem" in words_of(page).partition("The answer")[0]  # as the title says


def test_a_trial_with_counted_headaches_only(
    sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path
) -> None:
    data = write(trial(people(sample, "Salem", 80)), tmp_path)
    page = page_of(kernel, notebook, data)
    check_words(page)
    words = words_of(page)
    assert "lower in the group control than in the group acupuncture" in words
    assert "Groups formed at the start" in words
    assert "There is no record of appointments" in words
    assert "Left out: pain over time." in words
    assert "There is no comparison group" not in words


def test_a_diary_only(sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path) -> None:
    frames = without_sessions(people(sample, "Salem", 140), "headache_diary")
    page = page_of(kernel, notebook, write(frames, tmp_path))
    check_words(page)
    assert "At 6 months headache days were down" in words_of(page)


def test_pain_scores_only(
    sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path
) -> None:
    frames = without_sessions(people(sample, "Salem", 60), "assessments")
    scores = frames["assessments"]
    frames["assessments"] = scores.loc[
        scores["instrument"] == "nrs_pain", ["patient_id", "instrument", "date", "timing", "value"]
    ]
    page = page_of(kernel, notebook, write(frames, tmp_path))
    check_words(page)
    words = words_of(page)
    assert "Pain fell by" in words
    assert "Left out: neck movement." in words
    assert "Left out: headaches." in words


def test_six_patients(sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path) -> None:
    data = write(people(sample, "Salem", 6), tmp_path)
    page = page_of(kernel, notebook, data)
    check_words(page)
    assert "These records do not carry an answer yet." in page
    said = (
        "Pain: There are too few records for any number: at most 4 patients at one follow-up time."
    )
    assert said in words_of(page)
    outside = page_of(kernel, notebook, data, audience="outside")
    check_words(outside)
    assert "too few people to show this outside" in outside


def test_no_follow_up(sample: Frames, kernel: WarmKernel, notebook: Path, tmp_path: Path) -> None:
    page = page_of(kernel, notebook, write(no_follow_up(people(sample, "Salem", 60)), tmp_path))
    check_words(page)
    assert "These records do not carry an answer yet." in page


def test_an_output_that_needs_a_script_is_refused() -> None:
    cell = nbformat.v4.new_code_cell(
        "x",
        outputs=[
            nbformat.v4.new_output("display_data", {"text/html": "<script>alert(1)</script>"})
        ],
    )
    imprint = Imprint("Clinic report", "inside", False, "Data", "0")
    with pytest.raises(OutcomesError, match="needs a script"):
        build_page(nbformat.v4.new_notebook(cells=[cell]), imprint)


def test_what_a_call_gives_back_is_shown() -> None:
    """The base template of nbconvert drops execute_result silently; ours must not."""
    cell = nbformat.v4.new_code_cell(
        "x",
        outputs=[nbformat.v4.new_output("execute_result", {"text/html": "<p>shown</p>"})],
    )
    imprint = Imprint('<b>"A" \\ 😀</b>', "inside", True, "<i>", "0", "letter")
    page = build_page(nbformat.v4.new_notebook(cells=[cell]), imprint)
    assert "<p>shown</p>" in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "size: letter" in page
    assert "SYNTHETIC DATA" in page
