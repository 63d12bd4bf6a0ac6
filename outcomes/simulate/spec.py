"""What is simulated: every switch and number of a simulated cohort, with its default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from outcomes.errors import OutcomesError

INITIAL_WEEKS = 6
BLOCK_WEEKS = 4
PLANS = ("on_demand", "monthly", "twice_monthly")
"""Schedules by the number of sessions planned in a block: 0, 1 and 2."""

NONE = "none"
STRATEGIES = ("twice_monthly", "monthly", "on_demand", NONE)
"""What everyone can be made to follow; ``none`` is no session at all after week 6."""

LEAD_DAYS = 91
"""Entry begins this long before the years asked for, so that their last window can close."""

EARLY_HOME_WEEKS = (1, 3, 5, 7)


@dataclass(frozen=True)
class SimulationSpec:
    """A cohort to simulate.

    Parameters
    ----------
    patients : int
        Number of patients.
    seed : int
        The same seed and the same spec give the same cohort.
    clinics, therapists : int
        Number of clinics, and of therapists in each.
    years : float
        Patients enter evenly over this many years and a quarter before `as_of`.
    as_of : str
        Last day of the records, ISO. Later appointments appear as booked.
    scenario : str
        Name of the scenario, for people.
    blocks : int
        Four-week blocks after the initial six weeks that `simulate_course` runs; 13 are a year.
        The tables have as many as the calendar allows.
    maintenance_effect : bool
        False: nothing that is done after week 6 has any effect, and recovery lasts.
    visits : {"VAR", "VNAR"}
        On-demand visits follow the last recorded score, or the pain felt (not at random).
    drop_out : {"MAR", "MNAR"}
        Drop-out follows the last recorded score, or the pain felt (not at random).
    stickiness : float
        Log odds added to the plan a patient is on already.
    twice_monthly_slope, monthly_slope : float
        Log odds of these plans against on demand, per point of the last recorded score.
    early_home_weeks : tuple of int
        Weeks after which a score is asked for at home, beside the end of every block. Week 0 is
        the first one.
    rom_sd : float
        Standard deviation of a movement at the start, degrees.
    rom_caps : tuple of float
        Largest flexion, extension, lateral flexion and rotation, degrees.
    truth_patients : int
        Patients simulated under each strategy to find the true effects.
    non_responders : float
        Share of patients whom a session relieves of a twentieth of their pain only.
    """

    patients: int = 8_000
    seed: int = 1
    clinics: int = 20
    therapists: int = 4
    years: float = 3.0
    as_of: str = "2026-09-30"
    scenario: str = "effect"
    blocks: int = 13
    maintenance_effect: bool = True
    visits: str = "VAR"
    drop_out: str = "MAR"
    stickiness: float = 3.8
    twice_monthly_slope: float = 0.45
    monthly_slope: float = 0.15
    early_home_weeks: tuple[int, ...] = ()
    rom_sd: float = 8.0
    rom_caps: tuple[float, float, float, float] = (60.0, 75.0, 45.0, 80.0)
    truth_patients: int = 50_000
    non_responders: float = 0.0

    def __post_init__(self) -> None:
        for name in ("patients", "clinics", "therapists", "blocks", "truth_patients"):
            if getattr(self, name) < 1:
                raise OutcomesError(f"{name} must be at least 1.", "Ask for one or more.")
        if self.seed < 0:
            raise OutcomesError("The seed must not be negative.", "Use 0 or a positive number.")
        if not 0 < self.years <= 50:
            raise OutcomesError("years must be above 0 and at most 50.", "Use for example 3.")
        if not 0 <= self.non_responders <= 1:
            raise OutcomesError("non_responders must be a share.", "Use for example 0.2.")
        if self.visits not in ("VAR", "VNAR"):
            raise OutcomesError("visits must be VAR or VNAR.", "Choose one of them.")
        if self.drop_out not in ("MAR", "MNAR"):
            raise OutcomesError("drop_out must be MAR or MNAR.", "Choose one of them.")
        if any(not 0 <= week < INITIAL_WEEKS + BLOCK_WEEKS - 1 for week in self.early_home_weeks):
            raise OutcomesError(
                "early_home_weeks must lie before the end of the first block.",
                f"Use weeks from 0 to {INITIAL_WEEKS + BLOCK_WEEKS - 2}.",
            )
        if tuple(sorted(set(self.early_home_weeks))) != tuple(self.early_home_weeks):
            raise OutcomesError("early_home_weeks must rise.", "Sort them, each week once.")
        try:
            date.fromisoformat(self.as_of)
        except ValueError:
            raise OutcomesError(
                "as_of is not a date.", "Write it as YYYY-MM-DD, for example 2026-09-30."
            ) from None

    @property
    def weeks(self) -> int:
        """Weeks that `simulate_course` runs."""
        return INITIAL_WEEKS + BLOCK_WEEKS * self.blocks

    @property
    def home_weeks(self) -> tuple[int, ...]:
        """Weeks after which a score is asked for at home."""
        ends = range(INITIAL_WEEKS + BLOCK_WEEKS - 1, self.weeks, BLOCK_WEEKS)
        return (*self.early_home_weeks, *ends)

    def covering_calendar(self) -> SimulationSpec:
        """Return the spec with enough blocks for the first patient to be followed to the end.

        Returns
        -------
        SimulationSpec
            The same, with `blocks` set so that appointments booked ahead exist too.
        """
        days = round(365.25 * self.years) + LEAD_DAYS
        blocks = (days - 7 * INITIAL_WEEKS) // (7 * BLOCK_WEEKS) + 3
        return replace(self, blocks=max(int(blocks), 1))


SCENARIOS: dict[str, SimulationSpec] = {
    "effect": SimulationSpec(),
    "null": SimulationSpec(scenario="null", maintenance_effect=False),
    "vnar": SimulationSpec(scenario="vnar", visits="VNAR"),
    "mnar": SimulationSpec(scenario="mnar", drop_out="MNAR"),
    "vnar_mnar": SimulationSpec(scenario="vnar_mnar", visits="VNAR", drop_out="MNAR"),
    "positivity_stress": SimulationSpec(
        scenario="positivity_stress", stickiness=6.0, twice_monthly_slope=1.2
    ),
    "non_responders": SimulationSpec(scenario="non_responders", non_responders=0.2),
    "sample": SimulationSpec(
        scenario="sample", clinics=8, stickiness=4.6, early_home_weeks=EARLY_HOME_WEEKS
    ),
}
"""Named scenarios; `dataclasses.replace` sets patients, seed, clinics and years."""
