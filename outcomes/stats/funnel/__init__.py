"""Funnels: compare units with what is expected of them, and know how often that goes wrong."""

from outcomes.stats.funnel.alarms import Alarms, mean_alarms
from outcomes.stats.funnel.compare import funnel_of_means, funnel_of_proportions
from outcomes.stats.funnel.detectable import (
    detectable_difference,
    simulated_detectable_difference,
)
from outcomes.stats.funnel.dispersion import Dispersion, Reference, reference
from outcomes.stats.funnel.funnel import Funnel
from outcomes.stats.funnel.heterogeneity import (
    moment_variance,
    paule_mandel,
    variance_interval,
    weighted_mean,
)
from outcomes.stats.funnel.limits import binomial_limits, normal_limits, winsorise
from outcomes.stats.funnel.shrinkage import Shrunken, best_predictions, posterior, reliability

__all__ = [
    "Alarms",
    "Dispersion",
    "Funnel",
    "Reference",
    "Shrunken",
    "best_predictions",
    "binomial_limits",
    "detectable_difference",
    "funnel_of_means",
    "funnel_of_proportions",
    "mean_alarms",
    "moment_variance",
    "normal_limits",
    "paule_mandel",
    "posterior",
    "reference",
    "reliability",
    "simulated_detectable_difference",
    "variance_interval",
    "weighted_mean",
    "winsorise",
]
