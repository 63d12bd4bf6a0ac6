"""Cut points and names in one place, and the user's own in ``settings.toml`` beside the data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from outcomes.errors import DataContractError

SETTINGS_FILE = "settings.toml"
LARGEST = 36_525
"""No cut point is larger: a hundred years of days."""

CADENCES = ("weekly", "twice_monthly", "monthly", "sparse", "lapsed")


@dataclass(frozen=True)
class Window:
    """Days around a follow-up time in which an assessment counts for it.

    Parameters
    ----------
    day : int
        Target, in days from the start of care.
    margin : int
        Days before and after the target that still count.
    """

    day: int
    margin: int

    @property
    def first(self) -> int:
        """First day that counts."""
        return self.day - self.margin

    @property
    def last(self) -> int:
        """Last day that counts."""
        return self.day + self.margin


WINDOWS = (
    *(Window(day, 7) for day in (0, 14, 28, 42, 56)),
    Window(84, 14),
    Window(182, 28),
    *(Window(day, 42) for day in (364, 546, 728, 910, 1092)),
)


@dataclass(frozen=True)
class CutPoints:
    """Every number that decides who is counted where. Days unless a name says otherwise.

    Parameters
    ----------
    episode_gap : int
        An attended session this many days or more after the last one opens a new episode.
    baseline_max_age : int
        A baseline assessment may not be older than this at the start of care.
    soreness_hours : int
        A score dated within this many hours after a session is left out of the primary analysis.
    windows : tuple of Window
        Analysis windows, by target day.
    cadence_window : int
        Days looked back on when counting attended sessions.
    cadence_min : int
        Shortest time that a cadence is computed over.
    weekly, twice_monthly, monthly : float
        Sessions per 28 days from which a cadence is called so; fewer than `monthly` is sparse.
    lapse : int
        No attended session for this long, and none booked, is lapsed.
    initial_sessions, active_sessions : int
        Last session of the initial phase and of the active phase.
    maintenance_gap, maintenance_gap_after : int
        A gap of this many days after session number `maintenance_gap_after` ends the active phase.
    diary_days : int
        Days in a headache period that rates are expressed for.
    diary_min_days : int
        Diary days that must be filled in for a rate to count.
    home_share : float
        Share of patients at risk that must have answered at home for home-answered scores to be
        the ones analysed.
    cadence_landmark : int
        Day from the start of care at which patients are classed by the cadence so far.
    """

    episode_gap: int = 90
    baseline_max_age: int = 28
    soreness_hours: int = 48
    windows: tuple[Window, ...] = WINDOWS
    cadence_window: int = 84
    cadence_min: int = 28
    weekly: float = 3.0
    twice_monthly: float = 1.3
    monthly: float = 0.6
    lapse: int = 60
    initial_sessions: int = 3
    active_sessions: int = 6
    maintenance_gap: int = 14
    maintenance_gap_after: int = 4
    diary_days: int = 28
    diary_min_days: int = 14
    home_share: float = 0.4
    cadence_landmark: int = 182

    def __post_init__(self) -> None:
        if not self.weekly > self.twice_monthly > self.monthly > 0:
            raise ValueError("cadence cut points must fall: weekly > twice_monthly > monthly > 0")
        if not 0 < self.initial_sessions < self.active_sessions:
            raise ValueError("initial_sessions must be below active_sessions")
        if not 0 < self.diary_min_days <= self.diary_days:
            raise ValueError("diary_min_days must be between 1 and diary_days")
        if self.home_share > 1:
            raise ValueError("home_share is a share, at most 1")
        days = [window.day for window in self.windows]
        if days != sorted(set(days)) or not days or days[0] != 0:
            raise ValueError("windows must start at day 0 and rise")


@dataclass(frozen=True)
class Disclosure:
    """How few are too few to be shown outside the clinic.

    Parameters
    ----------
    minimum : int
        Smallest number of people that may be shown.
    round_to : int
        Counts are rounded to a multiple of this.
    """

    minimum: int = 8
    round_to: int = 5


@dataclass(frozen=True)
class Settings:
    """What a clinic chose for itself; everything has a default.

    Parameters
    ----------
    cut_points : CutPoints
        Who is counted where.
    clinic_names : mapping of str to str
        Name to print for a clinic's code.
    pain_instrument : str
        Instrument code that stands for pain in the reports.
    instruments : mapping
        The user's own instruments as read from TOML, for `outcomes.instruments` to check.
    thresholds : mapping of str to str
        Instrument code to the name of the threshold that decides who responded.
    strategies : tuple of (str, (int, int) or None)
        Maintenance schedules to compare: a name, with the fewest and most days between sessions,
        or None for no scheduled session. Empty: those of the comparison itself.
    disclosure : Disclosure
        What is withheld and rounded in what is made for outside.
    """

    cut_points: CutPoints = field(default_factory=CutPoints)
    clinic_names: Mapping[str, str] = field(default_factory=dict)
    pain_instrument: str = "nrs_pain"
    instruments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    thresholds: Mapping[str, str] = field(default_factory=dict)
    strategies: tuple[tuple[str, tuple[int, int] | None], ...] = ()
    disclosure: Disclosure = Disclosure()


def read_settings(folder: Path) -> Settings:
    """Read ``settings.toml`` beside the data, or take the defaults where there is none.

    Parameters
    ----------
    folder : Path
        Folder of the data set.

    Returns
    -------
    Settings
        Defaults, with what the file sets exchanged.

    Raises
    ------
    DataContractError
        If the file is not TOML, names an unknown setting, or a value does not fit.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        return Settings()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataContractError(
            f"cannot be read: {error.strerror}.",
            "Give yourself the right to read it, or remove it to use the defaults.",
            file=SETTINGS_FILE,
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataContractError(
            f"not valid TOML: {error}.",
            "Mend the line named, or remove the file to use the defaults.",
            file=SETTINGS_FILE,
        ) from None
    return settings_from(content)


def settings_from(content: Mapping[str, Any]) -> Settings:
    """Build settings from the parsed content of a settings file.

    Parameters
    ----------
    content : mapping
        Tables ``cut_points``, ``clinics``, ``instruments``, ``thresholds``, ``disclosure``, the
        list of tables ``strategies`` and the key ``pain_instrument``, all optional.

    Returns
    -------
    Settings
        Defaults, with what `content` sets exchanged.

    Raises
    ------
    DataContractError
        For an unknown name or a value that does not fit.
    """
    tables = ("cut_points", "clinics", "instruments", "thresholds", "disclosure")
    _refuse_unknown(content, {*tables, "pain_instrument", "strategies"}, "setting")
    for table in tables:
        if not isinstance(content.get(table, {}), Mapping):
            raise DataContractError(
                "must be a table.", f"Write [{table}].", file=SETTINGS_FILE, column=table
            )
    names = content.get("clinics", {})
    thresholds = content.get("thresholds", {})
    for table, values in (("clinics", names), ("thresholds", thresholds)):
        wrong = [key for key, value in values.items() if not isinstance(value, str)]
        if wrong:
            raise DataContractError(
                "values must be text.", 'Write name = "text".', file=SETTINGS_FILE, column=table
            )
    pain = content.get("pain_instrument", "nrs_pain")
    if not isinstance(pain, str):
        raise DataContractError(
            "must be an instrument code.",
            'Write pain_instrument = "nrs_pain".',
            file=SETTINGS_FILE,
            column="pain_instrument",
        )
    return Settings(
        cut_points=_cut_points(content.get("cut_points", {})),
        clinic_names=dict(names),
        pain_instrument=pain,
        instruments=dict(content.get("instruments", {})),
        thresholds=dict(thresholds),
        strategies=_strategies(content.get("strategies", [])),
        disclosure=_disclosure(content.get("disclosure", {})),
    )


def _refuse_unknown(content: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(content) - known)
    if unknown:
        raise DataContractError(
            f"unknown {what}.",
            f"Use one of: {', '.join(sorted(known))}.",
            file=SETTINGS_FILE,
            column=unknown[0],
        )


def _cut_points(values: Mapping[str, Any]) -> CutPoints:
    whole = {
        item.name: isinstance(item.default, int)
        for item in fields(CutPoints)
        if item.name != "windows"
    }
    _refuse_unknown(values, {*whole, "windows"}, "cut point")
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name == "windows":
            changes[name] = _windows(value)
            continue
        fits = isinstance(value, int) if whole[name] else isinstance(value, (int, float))
        if isinstance(value, bool) or not fits or not 0 < value <= LARGEST:
            raise DataContractError(
                f"must be a {'whole ' if whole[name] else ''}number above 0, at most {LARGEST}.",
                "Correct the value or remove the line to use the default.",
                file=SETTINGS_FILE,
                column=name,
            )
        changes[name] = value if whole[name] else float(value)
    try:
        return replace(CutPoints(), **changes)
    except ValueError as error:
        raise DataContractError(
            f"{error}.", "Correct the cut points together.", file=SETTINGS_FILE, column="cut_points"
        ) from None


def _disclosure(values: Mapping[str, Any]) -> Disclosure:
    _refuse_unknown(values, {item.name for item in fields(Disclosure)}, "rule of disclosure")
    for name, value in values.items():
        if type(value) is not int or not 1 <= value <= LARGEST:
            raise DataContractError(
                f"must be a whole number from 1 to {LARGEST}.",
                "Correct the value or remove the line to use the default.",
                file=SETTINGS_FILE,
                column=name,
            )
    return replace(Disclosure(), **values)


def _windows(value: Any) -> tuple[Window, ...]:
    pairs_given = isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(type(part) is int for part in pair)
        for pair in value
    )
    if not pairs_given or any(margin < 0 or day > LARGEST for day, margin in value):
        raise DataContractError(
            "must be pairs of day and margin.",
            "Write windows = [[0, 7], [42, 7], [84, 14]].",
            file=SETTINGS_FILE,
            column="windows",
        )
    return tuple(Window(day, margin) for day, margin in value)


def _strategies(value: Any) -> tuple[tuple[str, tuple[int, int] | None], ...]:
    found: list[tuple[str, tuple[int, int] | None]] = []
    fits = isinstance(value, list) and all(isinstance(each, Mapping) for each in value)
    for each in value if fits else []:
        _refuse_unknown(each, {"name", "every"}, "part of a strategy")
        name, every = each.get("name"), each.get("every")
        days = isinstance(every, list) and len(every) == 2 and all(type(d) is int for d in every)
        if not isinstance(name, str) or not name.strip() or not (every is None or days):
            fits = False
        elif every is None:
            found.append((name.strip(), None))
        else:
            fits = fits and 0 < every[0] <= every[1] <= LARGEST
            found.append((name.strip(), (every[0], every[1])))
    names = [name for name, _ in found]
    if not fits or len(names) == 1 or len(set(names)) < len(names):
        raise DataContractError(
            "must be two schedules or more, each with a name of its own and, unless sessions are "
            "on demand, the fewest and most days between them.",
            'Write [[strategies]] with name = "every three weeks" and every = [18, 24], once a '
            "schedule.",
            file=SETTINGS_FILE,
            column="strategies",
        )
    return tuple(found)
