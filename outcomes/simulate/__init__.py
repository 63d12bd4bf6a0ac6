"""Cohorts whose true effects are known, and the records a clinic would have of them."""

from __future__ import annotations

from outcomes.simulate.cohort import LatentCohort, intervene, simulate_latent, stream_latent
from outcomes.simulate.records import patient_ids
from outcomes.simulate.simulation import Cohort, simulate, write_cohort, write_simulation
from outcomes.simulate.spec import SCENARIOS, STRATEGIES, SimulationSpec
from outcomes.simulate.truth import find_truth

__all__ = [
    "SCENARIOS",
    "STRATEGIES",
    "Cohort",
    "LatentCohort",
    "SimulationSpec",
    "find_truth",
    "intervene",
    "patient_ids",
    "simulate",
    "simulate_latent",
    "stream_latent",
    "write_cohort",
    "write_simulation",
]
