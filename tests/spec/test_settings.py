"""What a clinic may set for itself, and how a wrong line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcomes.errors import DataContractError
from outcomes.settings import CutPoints, Window, read_settings


def settings(folder: Path, text: str):
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return read_settings(folder)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_settings(tmp_path).cut_points == CutPoints()


def test_cut_points_clinics_and_windows(tmp_path: Path) -> None:
    chosen = settings(
        tmp_path,
        """
        pain_instrument = "vas_pain"
        [cut_points]
        lapse = 75
        weekly = 3
        windows = [[0, 7], [42, 7], [84, 14]]
        [clinics]
        B1 = "Beaverton"
        [thresholds]
        ndi = "author"
        """,
    )
    assert chosen.cut_points.lapse == 75
    assert chosen.cut_points.windows == (Window(0, 7), Window(42, 7), Window(84, 14))
    assert chosen.clinic_names == {"B1": "Beaverton"}
    assert chosen.pain_instrument == "vas_pain"
    assert chosen.thresholds == {"ndi": "author"}


def test_schedules_to_compare(tmp_path: Path) -> None:
    chosen = settings(
        tmp_path,
        """
        [[strategies]]
        name = "every three weeks"
        every = [18, 24]
        [[strategies]]
        name = "on demand"
        """,
    )
    assert chosen.strategies == (("every three weeks", (18, 24)), ("on demand", None))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("strategies = 3", "strategies"),
        ("[strategies]\nname = 'a'", "strategies"),
        ("[[strategies]]\nname = 'alone'", "strategies"),
        ("[[strategies]]\nname = 'a'\n[[strategies]]\nname = 'a'", "strategies"),
        ("[[strategies]]\nname = 'a'\nevery = [9, 3]\n[[strategies]]\nname = 'b'", "strategies"),
        ("[[strategies]]\nname = 'a'\nevery = 14\n[[strategies]]\nname = 'b'", "strategies"),
        ("[[strategies]]\nnames = 'a'", "names"),
        ("lapse = 60", "lapse"),
        ("[cut_points]\nlaps = 60", "laps"),
        ("[cut_points]\nlapse = 'sixty'", "lapse"),
        ("[cut_points]\nlapse = 60.5", "lapse"),
        ("[cut_points]\nlapse = true", "lapse"),
        ("[cut_points]\nlapse = -1", "lapse"),
        ("[cut_points]\nlapse = 40000", "lapse"),
        ("[cut_points]\nmonthly = nan", "monthly"),
        ("[cut_points]\nmonthly = inf", "monthly"),
        ("[cut_points]\nhome_share = 1.5", "cut_points"),
        ("[cut_points]\nweekly = 1.0", "cut_points"),
        ("[cut_points]\nwindows = [[14, 7]]", "cut_points"),
        ("[cut_points]\nwindows = [14, 28]", "windows"),
        ("[cut_points]\nwindows = [[0, 7], [14, -1]]", "windows"),
        ("clinics = 3", "clinics"),
        ("[clinics]\nB1 = 3", "clinics"),
        ("pain_instrument = 3", "pain_instrument"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, column: str) -> None:
    with pytest.raises(DataContractError) as raised:
        settings(tmp_path, text)
    assert raised.value.file == "settings.toml"
    assert raised.value.column == column
    assert raised.value.remedy


def test_text_that_is_not_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataContractError, match=r"settings\.toml.*not valid TOML"):
        settings(tmp_path, "[cut_points\nlapse = 60")
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataContractError, match="not valid TOML"):
        read_settings(tmp_path)


def test_rules_of_disclosure_can_be_stricter(tmp_path: Path) -> None:
    chosen = settings(tmp_path, "[disclosure]\nminimum = 11\nround_to = 10\n")
    assert (chosen.disclosure.minimum, chosen.disclosure.round_to) == (11, 10)


@pytest.mark.parametrize("line", ["minimum = 0", "round_to = 2.5", "minimum = true", "least = 3"])
def test_a_wrong_rule_of_disclosure_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataContractError, match=line.partition(" ")[0]):
        settings(tmp_path, f"[disclosure]\n{line}\n")
