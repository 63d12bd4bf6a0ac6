"""Choices about practice patterns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PracticePatternsSpec:
    """Choices about practice patterns.

    Parameters
    ----------
    instrument : str
        Pain instrument, scored before sessions; empty for that of the settings.
    max_days : int
        Longest time to the next scored session.
    min_sessions : int
        Sessions with a next score that a model needs.
    min_uses : int
        Sessions with a technique or muscle, and without it, that an association needs.
    therapist_sessions : int
        Improvement by the last score up to this session is what therapists are compared on.
    min_therapists, min_patients : int
        Therapists, and patients of theirs, that the spread between therapists needs.
    false_discoveries : float
        Expected share of false findings among those called found.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    max_days: int = 42
    min_sessions: int = 200
    min_uses: int = 50
    therapist_sessions: int = 6
    min_therapists: int = 5
    min_patients: int = 100
    false_discoveries: float = 0.05
    conf_level: float = 0.95
