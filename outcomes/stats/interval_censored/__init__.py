"""Times to an event that were only bracketed: exact, left-, right- and interval-censored rows."""

from .aft import AftFit
from .aft_fit import fit_aft
from .rows import CensoredTimes, censored_times
from .turnbull import TurnbullFit, fit_turnbull
from .turnbull_bootstrap import TurnbullBootstrap, bootstrap_turnbull

__all__ = [
    "AftFit",
    "CensoredTimes",
    "TurnbullBootstrap",
    "TurnbullFit",
    "bootstrap_turnbull",
    "censored_times",
    "fit_aft",
    "fit_turnbull",
]
