"""Clinics whose true differences are known, as tables of the contract."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

DAY = 84


def clinic_tables(
    sizes: Sequence[int],
    effects: Sequence[float],
    seed: int,
    *,
    answering: float = 0.7,
    starts: pd.DatetimeIndex | None = None,
    sd: float = 1.5,
    severity: Sequence[float] | None = None,
    drift: float = 0.0,
) -> Tables:
    """Patients of clinics with a score at the start and at 12 weeks.

    Improvement is 2 + .6 (baseline − 5) + effect of the clinic + drift · years + noise.
    """
    rng = np.random.default_rng(seed)
    clinic = np.repeat(np.arange(len(sizes)), sizes)
    n = len(clinic)
    worse = np.zeros(len(sizes)) if severity is None else np.asarray(severity, float)
    baseline = 5 + worse[clinic] + rng.normal(size=n)
    days = pd.date_range("2025-01-01", periods=700) if starts is None else starts
    start = days[rng.integers(0, len(days), n)]
    years = np.asarray((start - days[0]).days) / 365.25
    gain = (
        2
        + 0.6 * (baseline - 5)
        + np.asarray(effects, float)[clinic]
        + drift * years
        + sd * rng.normal(size=n)
    )
    ids = pd.Series([f"p{number:05d}" for number in range(n)], dtype="str")
    patients = pd.DataFrame(
        {
            "patient_id": ids,
            "clinic": [f"Clinic {chr(65 + each)}" for each in clinic],
            "sex": rng.choice(["female", "male"], n),
            "birth_year": 1980.0 - rng.integers(0, 30, n),
            "index_date": start,
        }
    )
    there = rng.uniform(size=n) < answering
    first = pd.DataFrame({"patient_id": ids, "date": start, "value": baseline, "timing": "pre"})
    later = pd.DataFrame(
        {
            "patient_id": ids,
            "date": start + pd.Timedelta(days=DAY),
            "value": baseline - gain,
            "timing": "remote",
        }
    )[there]
    scores = pd.concat([first, later]).assign(instrument="nrs_pain")
    scores = scores.sort_values(["patient_id", "date"], ignore_index=True)
    return Tables(
        typed("patients", patients),
        days[-1] + pd.Timedelta(days=200),
        assessments=typed("assessments", scores),
    )


def typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A table of the contract with its types and all of its columns."""
    schema = SCHEMAS[name]
    frame = frame.reindex(columns=list(schema.names))
    return pd.DataFrame({c.name: frame[c.name].astype(c.dtype) for c in schema.columns})
