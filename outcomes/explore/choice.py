"""What somebody chose to look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """What is looked at.

    Parameters
    ----------
    as_of : str
        Last day of the records that is read, ISO.
    clinic, therapist, cohort : str
        Whose patients; empty for all.
    patient : str
        One patient; empty for none.
    """

    as_of: str
    clinic: str = ""
    therapist: str = ""
    cohort: str = ""
    patient: str = ""
