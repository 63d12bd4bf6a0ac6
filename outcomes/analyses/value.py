"""What an improvement took: sessions and fees per responder and per point.

``estimates`` has one follow-up time in ``landmark`` (``day 364``). Terms, for each group:

=====================  ========================================================================
term                   meaning
=====================  ========================================================================
sessions_per_responder sessions of all patients analysed, by the number who responded
sessions_per_point     sessions of all patients analysed, by the sum of their improvement
improvement_per_session the inverse: points of improvement per session attended
fees_per_responder,    the same of fees, of patients whose attended sessions all have a fee
fees_per_point
mean_sessions          mean number of sessions up to the follow-up time
mean_fees              mean fees up to then, of patients whose fees are all known
fees_known             share of patients analysed whose attended sessions all have a fee
=====================  ========================================================================

n_patients is patients analysed (a score at the start and at follow-up), n_eligible everyone whose
time was over, n_events responders in the terms per responder. ``curve`` is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe, intercurrent, population, strategies
from outcomes.analyses.groups import CADENCE, members
from outcomes.analyses.observed import mean_rows, share_rows
from outcomes.analyses.scores import window_scores
from outcomes.derive.responder import derive_responder
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.stats.bootstrap import bootstrap
from outcomes.tables import Tables

QUESTION = "value"
LEVEL = 0.95
NO_FEES = "fees are not recorded for every attended session of enough patients"
_SUMS = ("sessions", "yes", "gain", "known", "fees", "fee_yes", "fee_gain")
_RATIOS = (
    ("sessions_per_responder", "sessions", "yes", "sessions per responder"),
    ("sessions_per_point", "sessions", "gain", "sessions per point"),
    ("improvement_per_session", "gain", "sessions", "points per session"),
    ("fees_per_responder", "fees", "fee_yes", "currency of the fees per responder"),
    ("fees_per_point", "fees", "fee_gain", "currency of the fees per point"),
)


@dataclass(frozen=True)
class ValueSpec:
    """Choices about value.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    threshold : str
        Name of the threshold of a responder; empty for that of the settings.
    group_by : {"", "onset", "cadence", "clinic"}
        Groups apart, or all patients together.
    window : int
        Target day of the follow-up; sessions and fees are counted up to it.
    landmark : int or None
        Day at which cadence is taken; None for that of the settings.
    timing : {"", "remote", "pre"}
        Scores that count; empty to choose.
    min_patients, min_responders : int
        Patients, and responders, that a ratio needs.
    replicates, seed : int
        Resamples of patients for the intervals, and the seed of their streams.
    """

    instrument: str = ""
    threshold: str = ""
    group_by: str = ""
    window: int = 364
    landmark: int | None = None
    timing: str = ""
    min_patients: int = 10
    min_responders: int = 5
    replicates: int = 1000
    seed: int = 20260101


def estimate_value(
    tables: Tables,
    spec: ValueSpec | None = None,
    *,
    on_step: Callable[[int, int], None] | None = None,
) -> AnalysisResult:
    """Divide sessions and fees by the patients who responded and by the points gained.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : ValueSpec, optional
        Choices; the default is pain at 12 months, everyone together.
    on_step : callable, optional
        Called with (done, total) after each resample.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where nobody has both scores.

    Raises
    ------
    EstimationError
        For an unknown grouping, timing or window.

    Notes
    -----
    Ratios of totals, Σ sessions / Σ responders, not means of ratios: the sessions of those who did
    not respond are part of the price. Percentile intervals from resampling patients within groups.
    A ratio per point is refused as not identified where 2.5 % or more of the resamples have no
    improvement in all, since a ratio to about nothing has no meaning. An attended session without
    a fee is a fee that is not known, never a fee of 0: such a patient is left out of the fees, and
    ``fees_known`` says how many remain. Fees recorded for missed appointments are counted. Fees
    are what was charged: not wages, rent, time off work, nor what would have been spent elsewhere.
    All improvement is counted, whether care brought it about or not.

    References
    ----------
    Efron B, Tibshirani RJ. An introduction to the bootstrap. Chapman & Hall 1993, chapter 13.
    Drummond MF et al. Methods for the economic evaluation of health care programmes. 4th ed.
    Oxford 2015.
    """
    spec = spec or ValueSpec()
    cuts = tables.settings.cut_points
    code = spec.instrument or tables.settings.pain_instrument
    landmark = cuts.cadence_landmark if spec.landmark is None else spec.landmark
    instrument = tables.registry.get(code)
    named = spec.threshold or tables.settings.thresholds.get(code)
    if not instrument.thresholds:
        raise EstimationError(
            f"{instrument.label} has no named threshold.",
            f"Add [instruments.{code}.thresholds] in settings.toml.",
        )
    threshold = instrument.threshold(named)
    spec = replace(spec, instrument=code, threshold=threshold.name, landmark=landmark)
    if spec.group_by == CADENCE and landmark >= spec.window:
        raise EstimationError(
            "Cadence is taken after the follow-up time.", "Give an earlier landmark."
        )
    people = members(tables, spec.group_by, landmark)
    scores = window_scores(tables, people, code, spec.timing, (spec.window,))
    reason = ""
    if tables.sessions is None or people.frame["first_session"].isna().all():
        reason = "No attended session is recorded."
    elif scores is None or scores.closed.empty:
        reason = f"There is no score of {instrument.label} of a patient in this analysis."
    if reason or scores is None:
        return refuse(QUESTION, spec, tables, people, reason, group_by=spec.group_by, outcome=code)
    spec = replace(spec, timing=scores.timing)
    wide = scores.frame.set_index(["patient_id", "window"])
    here = wide.xs(spec.window, level="window")
    frame = here[["group", "at_risk", "value"]].assign(baseline=wide["value"].xs(0, level="window"))
    due = frame[frame["at_risk"]].reset_index()
    answer = derive_responder(due["baseline"], due["value"], instrument, threshold)
    due = due.assign(
        gain=instrument.improvement(due["baseline"], due["value"]),
        yes=(answer == "yes").astype("float64"),
    )
    known = due[due["gain"].notna() & (answer != "missing")]
    spent = _spent(tables, people.frame, spec.window)
    analysed = known.merge(spent, on="patient_id").reset_index(drop=True)
    grid = pd.DataFrame({"group": list(people.order)})
    rows = _rows(analysed, grid, due.groupby("group").size(), spec, on_step)
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows.assign(outcome=code, group_by=spec.group_by, landmark=f"day {spec.window}"),
        group_by=spec.group_by,
        estimand=describe(
            population=population(
                spec.group_by, landmark, " and have a score at the start and at follow-up"
            ),
            strategies=strategies(spec.group_by, landmark, cuts),
            variable=f"sessions and fees up to day {spec.window}; {scores.described}; "
            f"responder: {threshold.label}",
            intercurrent=intercurrent(cuts).replace(
                "missing scores are taken as missing at random given those recorded",
                "patients without both scores are left out of sessions, fees and improvement",
            ),
            summary="totals of sessions and fees by responders and by points of improvement",
        ),
        steps=[
            (
                f"day {spec.window} is over",
                f"the window of day {spec.window} was still open at the as-of date",
                len(people.frame),
                len(due),
            ),
            ("both scores known", "no score at the start, or none then", len(due), len(analysed)),
            (
                "all fees known (for fees only)",
                "an attended session without a fee",
                len(analysed),
                int(analysed["fees"].notna().sum()),
            ),
        ],
        diagnostics={"timing": scores.timing, "threshold": threshold.label},
    )


def _spent(tables: Tables, people: pd.DataFrame, window: int) -> pd.DataFrame:
    """Sessions attended and fees from the start to the follow-up time; fees missing if any is."""
    assert tables.sessions is not None
    start = people.loc[people["first_session"].notna(), ["patient_id", "start"]]
    rows = tables.sessions[["patient_id", "date", "status", "fee"]].merge(start, on="patient_id")
    last = rows["start"] + pd.Timedelta(days=window)
    rows = rows[(rows["date"] >= rows["start"]) & (rows["date"] <= last)]
    rows = rows[rows["status"] != "booked"]
    came = rows["status"] == "attended"
    totals = pd.DataFrame(
        {
            "patient_id": rows["patient_id"],
            "sessions": came.astype("float64"),
            "fees": rows["fee"].fillna(0.0),
            "unknown": (came & rows["fee"].isna()).astype("float64"),
        }
    )
    found = totals.groupby("patient_id")[["sessions", "fees", "unknown"]].sum().reset_index()
    return found.assign(fees=found["fees"].where(found["unknown"] == 0)).drop(columns="unknown")


def _rows(
    analysed: pd.DataFrame,
    grid: pd.DataFrame,
    eligible: pd.Series,
    spec: ValueSpec,
    on_step: Callable[[int, int], None] | None,
) -> pd.DataFrame:
    """All rows of a result."""
    with_fees = analysed["fees"].notna()
    everyone = grid["group"].map(eligible).fillna(0).to_numpy(dtype="float64")
    paid = analysed[with_fees]
    means = [
        mean_rows(
            analysed.assign(value=analysed["sessions"]), grid, ["group"], spec.min_patients, LEVEL
        ).assign(term="mean_sessions", unit="sessions", method="mean"),
        mean_rows(
            paid.assign(value=paid["fees"]), grid, ["group"], spec.min_patients, LEVEL
        ).assign(term="mean_fees", unit="currency of the fees", method="mean"),
        share_rows(analysed.assign(event=with_fees), grid, ["group"], 1, LEVEL).assign(
            term="fees_known", method="of patients analysed, Wilson"
        ),
    ]
    if not len(paid):
        means[1]["note"] = NO_FEES
    ratios = _ratio_rows(analysed, grid, spec, on_step)
    return pd.concat([ratios, *means], ignore_index=True).assign(
        n_eligible=lambda rows: np.tile(everyone, len(rows) // len(grid))
    )


def _ratio_rows(
    analysed: pd.DataFrame,
    grid: pd.DataFrame,
    spec: ValueSpec,
    on_step: Callable[[int, int], None] | None,
) -> pd.DataFrame:
    """Ratios of totals with percentile intervals over patients."""
    place = analysed["group"].map({group: i for i, group in enumerate(grid["group"])})
    groups = place.to_numpy(dtype=np.int64)
    paid = analysed["fees"].notna().to_numpy(dtype="float64")
    amounts = np.column_stack(
        [
            analysed["sessions"],
            analysed["yes"],
            analysed["gain"],
            paid,
            analysed["fees"].fillna(0.0),
            analysed["yes"] * paid,
            analysed["gain"] * paid,
        ]
    ).astype("float64")
    shape = (len(grid), len(_SUMS))
    cell = (groups[:, None] * len(_SUMS) + np.arange(len(_SUMS))).ravel()

    def totals(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        weighted = (amounts * counts[:, None]).ravel()
        found = np.bincount(cell, weights=weighted, minlength=shape[0] * shape[1])
        return found.astype("float64")

    n = np.bincount(groups, minlength=len(grid)).astype("float64")
    drawn = None
    if len(analysed) >= 2:
        drawn = bootstrap(
            totals,
            len(analysed),
            replicates=spec.replicates,
            seed=spec.seed,
            strata=groups,
            on_step=on_step,
        )
    whole = totals(np.ones(len(analysed), dtype=np.int64)).reshape(shape)
    again = np.empty((0, *shape)) if drawn is None else drawn.replicates.reshape(-1, *shape)
    parts = []
    for term, top, bottom, unit in _RATIOS:
        over, under = _SUMS.index(top), _SUMS.index(bottom)
        people = whole[:, _SUMS.index("known")] if top == "fees" else n
        parts.append(
            _one_ratio(
                grid, whole[:, over], whole[:, under], again[:, :, over], again[:, :, under],
                people, per_head=bottom.endswith("yes"), fees=top == "fees", spec=spec,
            ).assign(term=term, unit=unit)
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _one_ratio(
    grid: pd.DataFrame,
    top: NDArray[np.float64],
    bottom: NDArray[np.float64],
    tops: NDArray[np.float64],
    bottoms: NDArray[np.float64],
    people: NDArray[np.float64],
    *,
    per_head: bool,
    fees: bool,
    spec: ValueSpec,
) -> pd.DataFrame:
    """One ratio in each group, or the reason why there is none."""
    tail = (1 - LEVEL) / 2
    few = people < spec.min_patients
    rare = (bottom < spec.min_responders) & per_head
    none = (bottoms <= 0).mean(axis=0) >= tail if len(bottoms) else np.ones(len(grid), dtype=bool)
    refused = few | rare | none
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(refused, np.nan, top / bottom)
        draws = np.where(bottoms > 0, tops / bottoms, np.inf)
    low = high = np.full(len(grid), np.nan)
    if len(draws):
        # "lower" and "higher" take a resample as it is: no mean of a number and infinity
        low = np.quantile(draws, tail, axis=0, method="lower")
        high = np.quantile(draws, 1 - tail, axis=0, method="higher")
    note = np.select(
        [few & fees, few, rare],
        [NO_FEES, f"fewer than {spec.min_patients} have both scores",
         f"fewer than {spec.min_responders} responded"],
        "no improvement in all that can be told from none",
    )  # fmt: skip
    return grid.assign(
        estimate=ratio,
        conf_low=np.where(refused, np.nan, low),
        conf_high=np.where(refused | np.isinf(high), np.nan, high),
        conf_level=LEVEL,
        n_patients=people,
        n_events=bottom if per_head else np.nan,
        method="ratio of totals, percentile interval over patients",
        status=np.select([few | rare, none], ["refused", "not_identified"], "ok"),
        note=np.where(refused, note, ""),
    )
