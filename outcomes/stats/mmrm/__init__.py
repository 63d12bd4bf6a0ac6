"""Mixed models for repeated measures, equal to R's mmrm, on sums over subjects.

    fit = fit_mmrm("score ~ arm * visit + baseline", data, subject="id", visit="visit")
    fit.converged, fit.problems
    fit.coefficients(df="kenward-roger-linear")
    fit.lsmeans(["arm", "visit"])
    fit.differences("arm", by="visit")
    fit.test("arm:visit")

`MmrmStatistics` holds the sums alone: they add up over sources, can be stored, and fit the same.
"""

from .fit import fit_mmrm
from .result import MmrmResult
from .statistics import MmrmStatistics

__all__ = ["MmrmResult", "MmrmStatistics", "fit_mmrm"]
