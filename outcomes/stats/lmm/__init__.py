"""Linear mixed models with a random intercept and slope, for outcomes at irregular times."""

from outcomes.stats.lmm.fit import fit_lmm
from outcomes.stats.lmm.profile import profile_intervals
from outcomes.stats.lmm.result import LmmFit

__all__ = ["LmmFit", "fit_lmm", "profile_intervals"]
