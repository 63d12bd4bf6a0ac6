"""What a comparison could show and when, worked out before any outcome is looked at."""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.prepare import (
    NotReady,
    known_at_start,
    prepare,
    settle,
    with_range,
)
from outcomes.analyses.maintenance_schedules.rows import support
from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec
from outcomes.stats.weights import effective_sample_size
from outcomes.tables import Tables

# Normal quantiles of a two-sided test at 5 % and of a power of 80 %.
DETECTABLE = 1.96 + 0.84


def plan_maintenance_schedules(
    tables: Tables, spec: MaintenanceSchedulesSpec | None = None
) -> pd.DataFrame:
    """Say how many patients and months each schedule still needs, and what could then be seen.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : MaintenanceSchedulesSpec, optional
        Choices of the comparison; unless given those of the settings.

    Returns
    -------
    DataFrame
        One row a horizon and strategy: horizon, strategy, n_eligible, n_following (kept to it and
        answered in the thinnest block), ess, patients_needed (eligible, for `warn_ess`),
        months_needed (at the pace of the last year, 0 when enough), spread (standard deviation of
        the last score at the first decision), smallest_difference (points, that a comparison with a
        schedule of as many effective patients detects with a power of 80 %), status (ok,
        warned, refused, not_possible), note.

    Raises
    ------
    EstimationError
        For an instrument without a range.

    Notes
    -----
    Answers of the weeks compared count as given or not, never by their value, and no mean of any
    schedule is computed; scores enter as what was known at each decision, for the weights. The
    smallest difference is 2.8 √2 SD/√ess. The spread of the weights is taken to stay what it is.
    """
    spec, planned = settle(tables, spec)
    instrument = with_range(tables, spec.instrument)
    known = known_at_start(tables, spec)
    rows: list[dict[str, object]] = []
    for horizon in spec.horizons:
        ready = prepare(
            tables, known, spec, horizon, instrument, planned, all_outcomes=False, blind=True
        )
        if isinstance(ready, NotReady):
            rows.append({"horizon": horizon.name, "status": "not_possible", "note": ready.reason})
            continue
        comparison, grid = ready.comparison, ready.grid
        fitted, outcome = comparison.whole, comparison.outcomes[0]
        first = grid.frame[grid.frame["block"] == 1]
        spread = float(first["score"].std())
        end = tables.as_of - pd.Timedelta(days=28 * horizon.last)
        pace = int((first["decision"] > end - pd.Timedelta(days=365)).sum()) / 12
        for s in comparison.strategies:
            w = comparison.outcome_weights(fitted, outcome, s)
            ess = min(effective_sample_size(column) for column in w.T)
            without = comparison.without_chance(fitted, s, spec.min_chance)
            state = support(s, ess, grid.n, spec, without)
            if not np.isfinite(ess):
                ess = 0.0
            needed = ceil(grid.n * spec.warn_ess / ess) if ess > 0 else np.nan
            more = max(needed - grid.n, 0)
            months = ceil(more / pace) if pace > 0 and ess > 0 else np.nan
            rows.append(
                {
                    "horizon": horizon.name,
                    "strategy": s,
                    "n_eligible": grid.n,
                    "n_following": int((w > 0).sum(axis=0).min()),
                    "ess": ess,
                    "patients_needed": needed,
                    "months_needed": 0.0 if more == 0 else months,
                    "spread": spread,
                    "smallest_difference": DETECTABLE * spread * np.sqrt(2 / ess)
                    if ess > 0
                    else np.nan,
                    "status": "refused" if state.refused else ("warned" if state.note else "ok"),
                    "note": state.note,
                }
            )
    return pd.DataFrame(rows)


def smallest_differences(
    plan: pd.DataFrame, contrasts: tuple[tuple[str, str], ...]
) -> pd.DataFrame:
    """Say what each contrast could show with the patients there are.

    Parameters
    ----------
    plan : DataFrame
        As made by `plan_maintenance_schedules`.
    contrasts : tuple of (str, str)
        Pairs of strategies.

    Returns
    -------
    DataFrame
        horizon, contrast, smallest_difference (points, detected with a power of 80 % at 5 %;
        missing where one of the two has no effective patient).
    """
    if "strategy" not in plan:
        return pd.DataFrame(columns=["horizon", "contrast", "smallest_difference"])
    known = plan[plan["strategy"].notna()].set_index(["horizon", "strategy"])
    rows = []
    for horizon in dict.fromkeys(known.index.get_level_values("horizon")):
        for a, b in contrasts:
            if (horizon, a) not in known.index or (horizon, b) not in known.index:
                continue
            first, second = known.loc[(horizon, a)], known.loc[(horizon, b)]
            variance = sum(
                1 / each["ess"] if each["ess"] > 0 else np.inf for each in (first, second)
            )
            found = DETECTABLE * first["spread"] * np.sqrt(variance)
            rows.append(
                {
                    "horizon": horizon,
                    "contrast": f"{a} vs {b}",
                    "smallest_difference": found if np.isfinite(found) else np.nan,
                }
            )
    return pd.DataFrame(rows, columns=["horizon", "contrast", "smallest_difference"])
