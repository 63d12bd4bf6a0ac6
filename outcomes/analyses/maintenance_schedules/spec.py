"""Choices of a comparison of maintenance schedules, and the estimand that they spell out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from outcomes.analyses.estimand import describe
from outcomes.derive.decisions import BLOCK_DAYS
from outcomes.errors import EstimationError
from outcomes.instruments import Instrument
from outcomes.settings import Settings


@dataclass(frozen=True)
class Strategy:
    """A schedule that everyone could be asked to keep.

    Parameters
    ----------
    name : str
        What to call it.
    every : tuple of int, optional
        Fewest and most days between scheduled sessions. None: no scheduled session, come back when
        needed.
    """

    name: str
    every: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.every is not None and not 0 < self.every[0] <= self.every[1]:
            raise EstimationError(
                f"The strategy {self.name} asks for sessions every {self.every} days.",
                "Give the fewest and the most days between sessions, such as (10, 21).",
            )

    def described(self) -> str:
        """Say what it asks for.

        Returns
        -------
        str
            A phrase.
        """
        name = self.name.replace("_", " ")
        if self.every is None:
            return f"{name} (no scheduled session, come back when needed)"
        return f"{name} (a session every {self.every[0]} to {self.every[1]} days)"


@dataclass(frozen=True)
class Horizon:
    """Blocks over which the outcome is averaged.

    Parameters
    ----------
    name : str
        What to call it.
    first, last : int
        First and last block of 28 days, counted from 1.
    """

    name: str
    first: int
    last: int

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last:
            raise EstimationError(
                f"The horizon {self.name} runs from block {self.first} to {self.last}.",
                "Blocks are counted from 1, the first before the last.",
            )


STRATEGIES = (
    Strategy("twice_monthly", (10, 21)),
    Strategy("monthly", (22, 42)),
    Strategy("on_demand"),
)
WEEKS_13_24 = Horizon("weeks 13–24", 4, 6)
MONTHS_10_12 = Horizon("months 10–12", 11, 13)


@dataclass(frozen=True)
class MaintenanceSchedulesSpec:
    """Choices of a comparison of maintenance schedules.

    Parameters
    ----------
    strategies : tuple of Strategy
        Schedules compared.
    contrasts : tuple of (str, str)
        Pairs of names, first minus second, the primary one first; the rest is tested in this order
        for as long as the one before was clear. Unless given, each strategy against the last one,
        then the others in pairs.
    horizons : tuple of Horizon
        Weeks compared, the primary ones first.
    instrument : str
        Pain instrument, answered at home; empty for that of the settings.
    responders : tuple of str
        Thresholds of the instrument by which a patient responded.
    state : str
        Threshold of the instrument for a state to be in.
    headache_days, movements : bool
        Analyse headache days per 28 days, and the six movements, in the primary weeks.
    grace : int, optional
        Where plans are recorded: blocks in a row that may be off the strategy, 0 unless given, as a
        missed session is no change of plan. Where only attended sessions tell: sessions in eight
        weeks that may be missed (on demand: that may be had), 1 unless given.
    use_plans : bool
        False looks at attended sessions even where plans are recorded.
    wait, recent : int
        Days after the active phase in which the first plan must be made, and days before it in
        which pain must have been recorded.
    confounders : tuple of str
        What is known at the start and may bear on schedule and outcome; those that are not recorded
        or do not vary are left out and named.
    bootstraps : int
        Resamples of patients, or of clinics where there are at least 30.
    seed : int
        Seed of the resamples.
    min_ess, warn_ess : float
        Effective number of patients under which a schedule is refused, and warned about.
    min_chance, max_without : float
        A schedule is refused when more than the share `max_without` of patients had less than
        `min_chance` of keeping to it in some block.
    sensitivity : bool
        Make the panel of sensitivity analyses.
    conf_level : float
        Confidence level.
    """

    strategies: tuple[Strategy, ...] = STRATEGIES
    contrasts: tuple[tuple[str, str], ...] = ()
    horizons: tuple[Horizon, ...] = (WEEKS_13_24, MONTHS_10_12)
    instrument: str = ""
    responders: tuple[str, ...] = ("moderate", "substantial", "two_points")
    state: str = "acceptable"
    headache_days: bool = True
    movements: bool = True
    grace: int | None = None
    use_plans: bool = True
    wait: int = 28
    recent: int = 28
    confounders: tuple[str, ...] = ("onset", "distress", "age", "sex", "clinic")
    bootstraps: int = 500
    seed: int = 20260101
    min_ess: float = 100.0
    warn_ess: float = 300.0
    min_chance: float = 0.05
    max_without: float = 0.02
    sensitivity: bool = True
    conf_level: float = 0.95

    def __post_init__(self) -> None:
        names = [strategy.name for strategy in self.strategies]
        if len(set(names)) < len(names) or len(names) < 2:
            raise EstimationError(
                "Two strategies or more are compared, each with a name of its own.",
                "Name them apart.",
            )
        if not self.contrasts:
            against = [(name, names[-1]) for name in names[:-1]]
            object.__setattr__(self, "contrasts", (*against, *combinations(names[:-1], 2)))
        unknown = sorted({name for pair in self.contrasts for name in pair} - set(names))
        if unknown or any(a == b for a, b in self.contrasts):
            raise EstimationError(
                f"Contrasts name strategies that are not compared: {', '.join(unknown)}."
                if unknown
                else "A contrast holds a strategy against itself.",
                f"Use pairs of {', '.join(names)}.",
            )
        if not self.horizons:
            raise EstimationError("There is no horizon.", "Give at least one.")


def settled_spec(settings: Settings) -> MaintenanceSchedulesSpec:
    """Choices as the settings of a data set make them.

    Parameters
    ----------
    settings : Settings
        Those beside the data.

    Returns
    -------
    MaintenanceSchedulesSpec
        The default, with the strategies of the settings where they name any.
    """
    strategies = tuple(Strategy(name, every) for name, every in settings.strategies)
    return MaintenanceSchedulesSpec(strategies=strategies or STRATEGIES)


def estimand_text(
    spec: MaintenanceSchedulesSpec, horizon: Horizon, instrument: Instrument, planned: bool
) -> str:
    """Write the estimand from the choices.

    Parameters
    ----------
    spec : MaintenanceSchedulesSpec
        The choices.
    horizon : Horizon
        Weeks compared.
    instrument : Instrument
        The pain instrument.
    planned : bool
        Whether recorded plans tell who followed what.

    Returns
    -------
    str
        The paragraph.
    """
    weeks = f"weeks {4 * (horizon.first - 1) + 1} to {4 * horizon.last}"
    grace = spec.grace if spec.grace is not None else (0 if planned else 1)
    clock = (
        "the day the first maintenance plan was made, the last session of the active phase or up "
        f"to {spec.wait} days after it"
        if planned
        else "the last session of the active phase"
    )
    followed = (
        "as recommended at every decision, four weeks apart"
        if planned
        else "as attended in every eight weeks, since intentions are not recorded"
    )
    off = (
        f"{grace} session(s) in eight weeks may be missed, or had on demand"
        if not planned
        else "no block off it is allowed"
        if grace == 0
        else f"{grace} block(s) of {BLOCK_DAYS} days in a row off it are allowed, not the first"
    )
    return describe(
        population="patients who finished the active phase, had no maintenance plan yet, and whose "
        f"pain was recorded in the {spec.recent} days before; time zero is {clock}",
        strategies="; ".join(strategy.described() for strategy in spec.strategies)
        + f"; {followed}; {off}",
        variable=f"{instrument.label} answered at home, mean of {weeks} after time zero",
        intercurrent="leaving the schedule or care ends the follow-up of a patient under it, "
        "and those who stay are weighted for those who do not; scores from the hours after a "
        "session are left out, and unanswered ones are weighted for",
        summary="difference of means had everyone kept the one schedule and had everyone kept the "
        "other (per protocol); beside it by the first plan, whatever followed",
    )
