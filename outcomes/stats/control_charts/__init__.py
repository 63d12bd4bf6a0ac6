"""Control charts over time: stable, changed, or not to be told apart; with their false alarms."""

from outcomes.stats.control_charts.autocorrelation import (
    Autocorrelation,
    find_autocorrelation,
    phi_estimate,
)
from outcomes.stats.control_charts.chart import ControlChart, chart_individuals, control_chart
from outcomes.stats.control_charts.cusum import (
    cusum_false_alarms,
    cusum_threshold,
    mean_run_length,
    risk_adjusted_cusum,
)
from outcomes.stats.control_charts.false_alarms import (
    autoregressive,
    false_alarms,
    simulate_charts,
)
from outcomes.stats.control_charts.limits import Kind, prediction_factor
from outcomes.stats.control_charts.runs import Runs, find_runs, run_limits
from outcomes.stats.control_charts.series import every_period

__all__ = [
    "Autocorrelation",
    "ControlChart",
    "Kind",
    "Runs",
    "autoregressive",
    "chart_individuals",
    "control_chart",
    "cusum_false_alarms",
    "cusum_threshold",
    "every_period",
    "false_alarms",
    "find_autocorrelation",
    "find_runs",
    "mean_run_length",
    "phi_estimate",
    "prediction_factor",
    "risk_adjusted_cusum",
    "run_limits",
    "simulate_charts",
]
