"""Rates and proportions: GEE, negative binomial and beta-binomial regression."""

from outcomes.stats.rates.beta_binomial import fit_beta_binomial
from outcomes.stats.rates.gee import fit_proportion_gee, fit_rate_gee
from outcomes.stats.rates.negative_binomial import fit_negative_binomial
from outcomes.stats.rates.result import RateFit

__all__ = [
    "RateFit",
    "fit_beta_binomial",
    "fit_negative_binomial",
    "fit_proportion_gee",
    "fit_rate_gee",
]
