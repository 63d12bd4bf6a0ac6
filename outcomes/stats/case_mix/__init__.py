"""Case-mix: what subjects would be expected to reach, and what a unit reached beyond that."""

from outcomes.stats.case_mix.difference import observed_minus_expected
from outcomes.stats.case_mix.model import CaseMix, fit_case_mix

__all__ = ["CaseMix", "fit_case_mix", "observed_minus_expected"]
