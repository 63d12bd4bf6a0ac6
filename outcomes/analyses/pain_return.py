"""When pain returns after scheduled sessions have ended, from scores answered at home.

``estimates`` holds ``F(4)``, ``F(8)`` and ``F(17)``: the share with a sustained return within so
many weeks, by the nonparametric maximum likelihood and by a log-normal model beside it, and
``rmst``: mean weeks free of return up to a horizon; the same weighted for who went back to
scheduled sessions. ``diagnostics``: ``restarting`` has how many did, and twice the gain in
log-likelihood by which their last score foretold it. With scores of visits only they are not
identified and the rows hold bounds. ``curve``: method, week, low, high, estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.analyses.restart_weights import RestartWeights
from outcomes.analyses.scale import scale_of
from outcomes.derive.restarts import derive_restarts
from outcomes.derive.sustained_return import derive_stops, derive_sustained_return
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.stats.interval_censored import bootstrap_turnbull, fit_aft, fit_turnbull
from outcomes.stats.one_thread import one_thread_each
from outcomes.tables import Tables

QUESTION = "pain_return"
NOT_IDENTIFIED = (
    "not point-identified: people come when it hurts, so a visit finds the return late if at all, "
    "and those who come are not those who stay away; the truth lies between the bounds"
)


RESTARTING = (
    "{n} of {of} patients went back to scheduled sessions, and their last score foretold who: read "
    "the rows weighted for restarting."
)


@dataclass(frozen=True)
class Bounds:
    """Scores on the scale of the instrument.

    Parameters
    ----------
    well : float
        Highest score of a patient who is well.
    returned : float
        Score from which pain has returned.
    """

    well: float
    returned: float


@dataclass(frozen=True)
class PainReturnSpec:
    """Choices about the return of pain.

    Parameters
    ----------
    instrument : str
        Pain instrument; empty for that of the settings.
    threshold : float
        Score from which pain has returned, in tenths of the range of the instrument: on a scale of
        0 to 10 the score itself.
    apart : int
        Days for which it must stay there.
    at_most : float
        Highest score at which a patient counts as well when sessions end, in the same tenths.
    weeks : tuple of float
        Weeks at which the share is wanted.
    horizon : float
        Weeks up to which time free of return is counted.
    min_patients : int
        Patients with a record that are needed.
    min_restarts : int
        Patients who went back to scheduled sessions that are needed to weight for it.
    home_share : float
        Share of patients with a record at home from which those are analysed.
    bootstraps, seed : int
        Resamples of patients, and their seed.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    threshold: float = 5.0
    apart: int = 14
    at_most: float = 3.0
    weeks: tuple[float, ...] = (4.0, 8.0, 17.0)
    horizon: float = 26.0
    min_patients: int = 30
    min_restarts: int = 20
    home_share: float = 0.4
    bootstraps: int = 200
    seed: int = 20260101
    conf_level: float = 0.95


@one_thread_each()
def estimate_pain_return(
    tables: Tables,
    spec: PainReturnSpec | None = None,
    *,
    on_step: Callable[[int, int], None] | None = None,
) -> AnalysisResult:
    """Estimate how soon pain returns without scheduled sessions.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : PainReturnSpec, optional
        Choices.
    on_step : callable, optional
        Told (done, total) as resamples are made.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused without plans, since what was scheduled
        is then not known.

    Notes
    -----
    Return is sustained: a score at or above the threshold at all records over at least 14 days. It
    is bracketed by the last record before and the first of it. Follow-up ends when scheduled care
    begins again. That is taken as independent of the return by the plain rows, and given the score
    when sessions ended by the log-normal model; rows weighted for restarting let it depend on all
    scores recorded before (`RestartWeights`). From visits alone two errors pull apart: counting a
    return at the visit that found it, among all, is late; the likelihood of brackets between visits
    takes visits for independent of pain and is early. They are printed as bounds.

    References
    ----------
    Turnbull BW. J R Stat Soc B 1976;38:290–295. Lindsey JC, Ryan LM. Methods for interval-censored
    data. Stat Med 1998;17:219–238.
    """
    spec = spec or PainReturnSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    people = members(tables, "", 0)
    if tables.plans is None or not len(tables.plans):
        reason = (
            "No plans are recorded, so the last scheduled session is not known. The last session "
            "attended is known only afterwards and would class people by what came later."
        )
        return refuse(QUESTION, spec, tables, people, reason)
    instrument = tables.registry.get(spec.instrument)
    low, tenth = scale_of(instrument)
    bounds = Bounds(low + spec.at_most * tenth, low + spec.threshold * tenth)
    stops = derive_stops(tables, spec.instrument, at_most=bounds.well)
    home = _brackets(tables, stops, spec, bounds, "remote")
    answering = float((home["records"] > 0).mean()) if len(home) else 0.0
    timing = "remote" if answering >= spec.home_share else "pre"
    brackets = home if timing == "remote" else _brackets(tables, stops, spec, bounds, "pre")
    data = brackets.merge(stops, on="patient_id")
    seen = data[data["records"] > 0].reset_index(drop=True)
    stopped = people.keep(
        people.frame["patient_id"].isin(stops["patient_id"]),
        "scheduled sessions ended while well",
        f"no plan without scheduled sessions, or pain above {bounds.well:g} or not recorded then",
    )
    if len(seen) < spec.min_patients:
        reason = (
            f"{len(seen)} patients have a score after their scheduled sessions ended; "
            f"{spec.min_patients} are needed."
        )
        return refuse(QUESTION, spec, tables, stopped, reason)
    diagnostics: dict[str, Any] = {
        "timing": timing,
        "answering_at_home": answering,
        "bracket_weeks": (seen["right"] - seen["left"])
        .where(np.isfinite(seen["right"]))
        .describe()
        .to_frame("weeks"),
    }
    if timing == "remote":
        rows, curve, notes = _identified(seen, spec, on_step)
        weighted, restarting = _weighted(tables, seen, spec, tenth)
        rows += weighted
        notes += restarting["notes"]
        diagnostics["restarting"] = restarting["table"]
    else:
        rows, curve, notes = _bounds(data, seen, spec)
    shown = pd.DataFrame(rows).assign(
        outcome=spec.instrument,
        conf_level=spec.conf_level,
        n_eligible=len(stops),
        n_patients=len(seen),
        n_assessments=int(seen["records"].sum()),
        n_events=int(np.isfinite(seen["right"]).sum()),
    )
    shown["unit"] = np.where(shown["term"] == "rmst", "weeks", "share")
    return assemble(
        QUESTION,
        spec,
        tables,
        stopped,
        shown,
        group_by="",
        estimand=describe(
            population=f"patients whose scheduled sessions ended while {instrument.label} was at "
            f"most {bounds.well:g}",
            strategies="no scheduled sessions, come back when needed",
            variable=f"weeks from the last scheduled session to a sustained return "
            f"({bounds.returned:g} or more on all records over {spec.apart} days)",
            intercurrent="follow-up ends when scheduled care begins again",
            summary="share with a return by week; mean weeks free of it",
        ),
        curve=curve,
        steps=[("a record afterwards", "no score afterwards", len(stops), len(seen))],
        diagnostics=diagnostics,
        notes=notes,
    )


def _brackets(
    tables: Tables, stops: pd.DataFrame, spec: PainReturnSpec, bounds: Bounds, timing: str
) -> pd.DataFrame:
    return derive_sustained_return(
        tables, stops, spec.instrument, timing, threshold=bounds.returned, apart=spec.apart
    )


def _identified(
    seen: pd.DataFrame, spec: PainReturnSpec, on_step: Callable[[int, int], None] | None
) -> tuple[list[dict[str, object]], pd.DataFrame, tuple[str, ...]]:
    """Nonparametric estimate with bootstrap limits, and the log-normal model beside it."""
    boot = bootstrap_turnbull(
        seen["left"],
        seen["right"],
        times=list(spec.weeks),
        horizon=spec.horizon,
        replicates=spec.bootstraps,
        seed=spec.seed,
        level=spec.conf_level,
        on_step=on_step,
    )
    rows: list[dict[str, object]] = []
    for each in boot.estimates.to_dict("records"):
        known = not np.isnan(each["estimate"])
        rows.append(
            {
                "term": each["term"],
                "landmark": f"week {each['time']:g}",
                "estimate": each["estimate"],
                "std_error": each["std_error"],
                "conf_low": each["conf_low"] if known else each["outer_low"],
                "conf_high": each["conf_high"] if known else each["outer_high"],
                "method": "Turnbull, bootstrap",
                "status": "ok" if known else "not_identified",
                "note": "" if known else "nobody was followed so far; limits are bounds",
            }
        )
    weeks = np.arange(1.0, spec.horizon + 1)
    curve = boot.fit.cdf(weeks).rename(columns={"time": "week"}).assign(method="Turnbull")
    notes: tuple[str, ...] = ()
    try:
        model = fit_aft("~ score", seen, left="left", right="right")
    except EstimationError as error:
        return rows, curve, (f"The log-normal model could not be fitted: {error.problem}",)
    table = model.mean_cdf(list(spec.weeks), vcov="robust", level=spec.conf_level)
    for each in table.to_dict("records"):
        rows.append(
            {
                "term": f"F({each['time']:g})",
                "landmark": f"week {each['time']:g}",
                **{k: each[k] for k in ("estimate", "std_error", "conf_low", "conf_high")},
                "method": "interval-censored log-normal",
            }
        )
    smooth = model.mean_cdf(weeks)[["time", "estimate"]].rename(columns={"time": "week"})
    smooth = smooth.assign(low=smooth["estimate"], high=smooth["estimate"], method="log-normal")
    return rows, pd.concat([curve, smooth], ignore_index=True), notes


def _weighted(
    tables: Tables, seen: pd.DataFrame, spec: PainReturnSpec, tenth: float
) -> tuple[list[dict[str, object]], dict[str, Any]]:
    """Rows weighted for going back to scheduled sessions, and what was found about that."""
    went = int(seen["resumed"].sum())
    table = pd.DataFrame({"restarted": [went], "of": [len(seen)], "gain": [np.nan]})
    if went < spec.min_restarts:
        return [], {"table": table, "notes": ()}
    left, right = seen["left"].to_numpy(), seen["right"].to_numpy()
    gone = (seen["until"] - seen["stopped"]).dt.days.to_numpy() / 7
    followed = np.where(seen["resumed"], gone, np.inf)
    weeks = derive_restarts(tables, seen, spec.instrument, right, ceil(spec.horizon))
    weeks = weeks[weeks["last"].notna()].reset_index(drop=True)
    method = "Turnbull, weighted for restarting"
    try:
        weights = RestartWeights(weeks, left, right, followed, tenth)
        draws = weights.resample(spec.weeks, spec.horizon, spec.bootstraps, spec.seed)
        low, high = draws.interval(spec.conf_level)
    except EstimationError as error:
        said = f"Restarting could not be weighted for: {error.problem}"
        return [], {"table": table, "notes": (said,)}
    table["gain"] = weights.gain
    terms = [(f"F({week:g})", week) for week in spec.weeks] + [("rmst", spec.horizon)]
    rows: list[dict[str, object]] = [
        {
            "term": term,
            "landmark": f"week {week:g}",
            "estimate": draws.point[j],
            "std_error": draws.std_error[j],
            "conf_low": low[j],
            "conf_high": high[j],
            "method": method,
        }
        for j, (term, week) in enumerate(terms)
        if not np.isnan(draws.point[j])
    ]
    notes = (RESTARTING.format(n=went, of=len(seen)),) if weights.informative else ()
    return rows, {"table": table, "notes": notes}


def _bounds(
    data: pd.DataFrame, seen: pd.DataFrame, spec: PainReturnSpec
) -> tuple[list[dict[str, object]], pd.DataFrame, tuple[str, ...]]:
    """Bounds from visits: counted when found among all, and as if visits knew nothing of pain."""
    fit = fit_turnbull(seen["left"], seen["right"])
    weeks = np.arange(1.0, spec.horizon + 1)

    def between(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        late = (data["right"].to_numpy()[:, None] <= at).mean(axis=0)
        early = fit.cdf(at)["high"].to_numpy()
        return np.minimum(late, early), np.maximum(late, early)

    low, high = between(np.array(spec.weeks))
    rows: list[dict[str, object]] = [
        {
            "term": f"F({week:g})",
            "landmark": f"week {week:g}",
            "conf_low": low[j],
            "conf_high": high[j],
            "method": "bounds from visits",
            "status": "not_identified",
            "note": NOT_IDENTIFIED,
        }
        for j, week in enumerate(spec.weeks)
    ]
    low, high = between(weeks)
    curve = pd.DataFrame(
        {"week": weeks, "estimate": np.nan, "low": low, "high": high, "method": "bounds"}
    )
    free_low, free_high = (1 - high).sum(), min((1 - low).sum() + 1, spec.horizon)
    rows.append(
        {
            "term": "rmst",
            "landmark": f"week {spec.horizon:g}",
            "conf_low": free_low,
            "conf_high": free_high,
            "method": "bounds from visits",
            "status": "not_identified",
            "note": NOT_IDENTIFIED,
        }
    )
    said = "Scores were recorded at visits only. " + NOT_IDENTIFIED[0].upper() + NOT_IDENTIFIED[1:]
    return rows, curve, (said + ".",)
