"""Mixed models for repeated measures, equal to R's mmrm, on sums over subjects."""

from .fit import fit_mmrm
from .result import MmrmResult
from .statistics import MmrmStatistics

__all__ = ["MmrmResult", "MmrmStatistics", "fit_mmrm"]
