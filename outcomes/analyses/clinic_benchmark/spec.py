"""Choices of a comparison between clinics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outcomes.errors import EstimationError

Unit = Literal["clinic", "therapist_id"]
CLINIC: Unit = "clinic"
THERAPIST: Unit = "therapist_id"


@dataclass(frozen=True)
class ClinicBenchmarkSpec:
    """Choices of a comparison between clinics.

    Parameters
    ----------
    unit : {"clinic", "therapist_id"}
        What is compared.
    reason : str
        Why therapists are compared; needed for them and kept on the result.
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    window : int
        Follow-up time in days from the start.
    threshold : str
        Name of the threshold of a responder; empty for that of the settings.
    covariates : tuple of str or None
        What to adjust for beside the baseline; None for what is recorded of those in
        `outcomes.analyses.case_mix.COVARIATES`.
    response_weights : bool
        Weight those who answered for those with the same start who did not.
    min_patients : int
        Answers that a clinic needs to be compared.
    min_reliability : float
        Share of the variance of its value that must be difference between clinics before a clinic
        is named.
    min_clinics : int
        Clinics with enough answers that limits need.
    timing : {"", "remote", "pre"}
        Scores to analyse; empty to choose.
    replicates : int
        Simulated comparisons behind false alarms and smallest differences.
    """

    unit: Unit = CLINIC
    reason: str = ""
    instrument: str = ""
    window: int = 84
    threshold: str = ""
    covariates: tuple[str, ...] | None = None
    response_weights: bool = True
    min_patients: int = 30
    min_reliability: float = 0.7
    min_clinics: int = 5
    timing: str = ""
    replicates: int = 2000

    def check(self) -> None:
        """Refuse a comparison that may not be made.

        Raises
        ------
        EstimationError
            For another unit, or for therapists without a reason.
        """
        if self.unit not in (CLINIC, THERAPIST):
            raise EstimationError(
                f"{self.unit!r} cannot be compared.", f"Use {CLINIC!r} or {THERAPIST!r}."
            )
        if self.unit == THERAPIST and not self.reason.strip():
            raise EstimationError(
                "Therapists are compared only for a stated reason.",
                "Say in reason= what the comparison is for and who will see it.",
            )
        if self.min_clinics < 3:
            raise EstimationError(
                "Limits from fewer than three clinics say nothing.", "Use min_clinics of 3 or more."
            )
