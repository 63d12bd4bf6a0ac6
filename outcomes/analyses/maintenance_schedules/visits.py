"""Pain before sessions, week by week, weighted for the schedule and for coming at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analyses.maintenance_schedules.grid import Floats
from outcomes.analyses.maintenance_schedules.prepare import Prepared
from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec
from outcomes.derive.known import score_events
from outcomes.derive.patient_days import Ints, day_numbers
from outcomes.errors import EstimationError
from outcomes.stats.strategies import PeriodMean, period_mean
from outcomes.stats.visits import visit_decision
from outcomes.stats.weights import WeightModels
from outcomes.tables import Tables

WEEKS = 4


def visit_means(
    tables: Tables, primary: Prepared, spec: MaintenanceSchedulesSpec
) -> dict[str, PeriodMean]:
    """Mean pain of each strategy from scores before sessions alone.

    Parameters
    ----------
    tables : Tables
        The data set.
    primary : Prepared
        Clones and their weights.
    spec : MaintenanceSchedulesSpec
        For the instrument.

    Returns
    -------
    dict of str to PeriodMean
        Mean of each strategy that has visits.

    Raises
    ------
    EstimationError
        If too few visits have a score, or coming cannot be modelled.

    Notes
    -----
    A week of the blocks compared counts with the first score before a session in it, weighted with
    the clone's weight and 1/P(such a visit in the week | last score at its start, schedule, week of
    the block, weeks since the last session). Right if coming depends on pain through what is
    recorded only.

    References
    ----------
    Lin H, Scharfstein DO, Rosenheck RA. J R Stat Soc B 2004;66:791–813.
    """
    comparison, grid = primary.comparison, primary.comparison.grid
    blocks = list(comparison.outcomes[0].periods)
    weeks = _weeks(tables, primary, spec, blocks)
    if weeks["visit"].sum() < spec.min_ess:
        raise EstimationError(
            f"Only {int(weeks['visit'].sum())} weeks have a score before a session.",
            "Record pain before every session.",
        )
    # Scheduled visits come in some weeks of a block only; those on demand follow the score.
    formula = "C(cell) + C(code):last + C(code):last_2 + since"
    models = WeightModels(weeks, [visit_decision(formula)], subject="subject", period="week")
    intensity = models.fit().weights
    fitted = comparison.whole
    here = weeks["subject"].to_numpy(), weeks["period"].to_numpy()
    found = {}
    for s in comparison.strategies:
        clone = fitted.weights[s][here]
        total = np.zeros((grid.n, len(blocks)))
        value = np.zeros_like(total)
        at = here[0], here[1] - blocks[0]
        w = clone * intensity
        np.add.at(total, at, w)
        np.add.at(value, at, w * np.nan_to_num(weeks["score"].to_numpy()))
        y: Floats = np.divide(value, total, out=np.full_like(total, np.nan), where=total > 0)
        if (total > 0).any(axis=0).all():
            found[s] = period_mean(y, total)
    return found


def _weeks(
    tables: Tables, primary: Prepared, spec: MaintenanceSchedulesSpec, blocks: list[int]
) -> pd.DataFrame:
    """One row a patient and week in care, with what was known when it began."""
    grid = primary.comparison.grid
    frame = grid.frame
    ids = frame["patient_id"].iloc[:: grid.blocks].reset_index(drop=True)
    inside = frame["in_care"] & frame["block"].isin([b + 1 for b in blocks])
    rows = frame[inside].reset_index(drop=True)
    place = np.repeat(rows["subject"].to_numpy(), WEEKS)
    number: Ints = np.tile(np.arange(WEEKS), len(rows))
    begin = np.repeat(day_numbers(rows["decision"]), WEEKS) + 7 * number
    pre = score_events(tables.assessments, ids, spec.instrument, ("pre",))
    every = score_events(tables.assessments, ids, spec.instrument, ("pre", "remote"))
    first = pre.first_within(place, begin, begin + 7)
    last = every.value(every.last(place, begin))
    since = (begin - pre.day(pre.last(place, begin))) / 7
    block = np.repeat(rows["block"].to_numpy(), WEEKS)
    weeks = pd.DataFrame(
        {
            "subject": place,
            "period": block - 1,
            "week": WEEKS * (block - 1) + number,
            "code": np.repeat(rows["code"].to_numpy(), WEEKS).astype(str),
            "visit": first >= 0,
            "score": pre.value(first),
            "last": last,
            "last_2": np.maximum(last - 6, 0),
            "since": np.log1p(np.nan_to_num(since, nan=52.0)),
        }
    )
    weeks["cell"] = weeks["code"] + " week " + pd.Series(number.astype(str))
    # Where a schedule never has a session in a week of its block, nobody was at risk of one.
    possible = weeks.groupby("cell")["visit"].transform("any")
    return weeks[possible].reset_index(drop=True)
