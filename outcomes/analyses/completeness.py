"""How complete the scores are, by follow-up time, month and clinic, and who is missing.

``estimates`` has these terms, for each group:

=====================  ========================================================================
term                   meaning
=====================  ========================================================================
answered               by follow-up time (``landmark`` ``day N``): share with a score of those whose
                       time was over, whether they still came or not (fixed denominator); by month
                       (``landmark`` its two dates): share of the scores that fell due in it, where
                       n_patients counts scores. A month in which none fell due is refused
answered_in_care       by follow-up time: the same, of those who were then still coming (variable
                       denominator): at the opening of the window they had not lapsed
start_value, share_of  at ``window``, ``group_by`` ``answered`` and ``group`` ``answered`` or
                       ``not_answered``: mean (or share) at the start of care; ``outcome`` names
                       what
start_difference       mean or share of those who did not answer less that of those who did, in
                       standard deviations; ``group`` is empty
=====================  ========================================================================

``curve`` repeats the shares by follow-up time: outcome, group_by, group, window, n_patients
(answered), n_eligible (whose time was over). Nothing here is modelled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe, population, strategies
from outcomes.analyses.groups import CADENCE, START_COLUMNS, Members, members
from outcomes.analyses.observed import mean_rows, share_rows
from outcomes.analyses.periods import months_before
from outcomes.analyses.scores import WindowScores, window_scores
from outcomes.analyses.start_values import start_values
from outcomes.derive.cadence import cadence_at
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "completeness"
LEVEL = 0.95
NO_SESSIONS = "appointments are not recorded"
ANSWERED, SILENT = "answered", "not_answered"
_NUMBERS = ("age", "distress", "desk_hours")
_SHARES = (("sex", "female"), ("onset", "chronic"), ("whiplash", 1.0))


@dataclass(frozen=True)
class CompletenessSpec:
    """Choices about completeness.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    group_by : {"", "onset", "cadence", "clinic"}
        Groups apart, or all patients together.
    window : int
        Follow-up time at which those who answered are compared with the others.
    months : int
        Whole months up to the as-of date.
    landmark : int or None
        Day at which cadence is taken; None for that of the settings.
    timing : {"", "remote", "pre"}
        Scores that count; empty to choose.
    min_answers : int
        People a mean or share at the start needs.
    """

    instrument: str = ""
    group_by: str = ""
    window: int = 84
    months: int = 24
    landmark: int | None = None
    timing: str = ""
    min_answers: int = 10


def estimate_completeness(tables: Tables, spec: CompletenessSpec | None = None) -> AnalysisResult:
    """Count scores answered of those due, and compare who answered with who did not.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : CompletenessSpec, optional
        Choices; the default is pain over 24 months, all patients together.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where there is no score.

    Raises
    ------
    EstimationError
        For an unknown grouping, timing or window.

    Notes
    -----
    Shares have Wilson intervals. Both denominators are shown, because leaving care is one way of
    not answering: the fixed one says how much of the truth is known, the variable one how well
    those who come are asked. The difference at the start is (m₀ − m₁) / √((s₀² + s₁²) / 2), for a
    share with s² = p (1 − p); from 0.1 or 0.2 on it is often called large enough to matter. Being
    alike at the start does not mean being alike at follow-up.

    References
    ----------
    Coens C et al. Lancet Oncol 2020;21:e83–96 (fixed and variable denominators). Austin PC. Stat
    Med 2009;28:3083–3107 (standardised difference).
    """
    spec = spec or CompletenessSpec()
    cuts = tables.settings.cut_points
    code = spec.instrument or tables.settings.pain_instrument
    landmark = cuts.cadence_landmark if spec.landmark is None else spec.landmark
    spec = replace(spec, instrument=code, landmark=landmark)
    if spec.window == 0 or spec.window not in {each.day for each in cuts.windows}:
        days = ", ".join(str(each.day) for each in cuts.windows if each.day)
        raise EstimationError(
            f"There is no follow-up window at day {spec.window}.", f"Use days among {days}."
        )
    people = members(tables, spec.group_by, landmark)
    scores = window_scores(tables, people, code, spec.timing, ())
    if scores is None or people.frame.empty:
        reason = f"There is no score of {tables.registry.get(code).label}."
        return refuse(QUESTION, spec, tables, people, reason, group_by=spec.group_by, outcome=code)
    spec = replace(spec, timing=scores.timing)
    grid = pd.DataFrame({"group": list(people.order)})
    # a class formed at the landmark says nothing of what was answered before it
    after = landmark if spec.group_by == CADENCE else 1
    due = scores.frame[scores.frame["at_risk"] & (scores.frame["window"] >= after)]
    by_window = _by_window(tables, people, due, grid)
    rows = [by_window, _by_month(tables, people, due, grid, spec.months)]
    kept = pd.concat(rows).assign(outcome=code, group_by=spec.group_by)
    missing = _who_is_missing(tables, people, scores, spec)
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        pd.concat([kept, missing], ignore_index=True),
        group_by=spec.group_by,
        estimand=describe(
            population=population(spec.group_by, landmark),
            strategies=strategies(spec.group_by, landmark, cuts),
            variable=f"whether there is a score: {scores.described}",
            intercurrent="leaving care counts as not answering, except where it says in care",
            summary="share answered, by follow-up time and by the month a score fell due",
        ),
        curve=_curve(by_window).assign(outcome=code, group_by=spec.group_by),
        steps=scores.steps,
        diagnostics={"timing": scores.timing},
    )


def _by_window(
    tables: Tables, people: Members, due: pd.DataFrame, grid: pd.DataFrame
) -> pd.DataFrame:
    """Shares answered at each follow-up time, of all and of those still coming."""
    cells = due[["window"]].drop_duplicates().sort_values("window").merge(grid, how="cross")
    cells = cells.assign(landmark="day " + cells["window"].astype("str"))
    keys = ["group", "landmark"]
    seen = due.assign(landmark="day " + due["window"].astype("str"), event=due["answered"])
    parts = [
        share_rows(seen, cells, keys, 1, LEVEL).assign(
            term="answered", method="of those whose time was over, Wilson"
        )
    ]
    if tables.sessions is None:
        parts.append(cells.assign(term="answered_in_care", status="refused", note=NO_SESSIONS))
    else:
        coming = seen[_still_coming(tables, people, seen)]
        parts.append(
            share_rows(coming, cells, keys, 1, LEVEL).assign(
                term="answered_in_care", method="of those then still coming, Wilson"
            )
        )
    return pd.concat(parts).drop(columns="window")


def _still_coming(tables: Tables, people: Members, due: pd.DataFrame) -> pd.Series:
    """Whether a patient had not lapsed on the day each window opened."""
    opens = {each.day: each.first for each in tables.settings.cut_points.windows}
    start = due["patient_id"].map(people.frame.set_index("patient_id")["start"])
    dates = start + pd.to_timedelta(due["window"].map(opens), unit="D")
    found = cadence_at(
        pd.DataFrame({"patient_id": due["patient_id"], "date": dates}),
        tables.sessions,
        people.frame[START_COLUMNS],
        tables.settings.cut_points,
        tables.as_of,
    )["cadence"].set_axis(due.index)
    return found.notna() & (found != "lapsed")


def _by_month(
    tables: Tables, people: Members, due: pd.DataFrame, grid: pd.DataFrame, months: int
) -> pd.DataFrame:
    """Shares answered of the scores whose window closed in each month."""
    periods = months_before(tables.as_of, months)
    lasts = {each.day: each.last for each in tables.settings.cut_points.windows}
    start = due["patient_id"].map(people.frame.set_index("patient_id")["start"])
    closing = start + pd.to_timedelta(due["window"].map(lasts), unit="D")
    labels = {f"{each.first:%Y-%m}": each.label for each in periods}
    month = closing.dt.strftime("%Y-%m").map(labels)
    seen = due.assign(landmark=month, event=due["answered"])[month.notna()]
    cells = pd.DataFrame({"landmark": list(labels.values())}).merge(grid, how="cross")
    found = share_rows(seen, cells, ["group", "landmark"], 1, LEVEL).assign(
        term="answered", unit="share of scores due", method="of the scores that fell due, Wilson"
    )
    empty = found["status"] == "refused"
    found.loc[empty, "note"] = "no score fell due in this month"
    return found


def _who_is_missing(
    tables: Tables, people: Members, scores: WindowScores, spec: CompletenessSpec
) -> pd.DataFrame:
    """Compare what was known at the start of those who answered and of the others."""
    here = scores.frame[(scores.frame["window"] == spec.window) & scores.frame["at_risk"]]
    side = pd.Series(
        np.where(here["answered"], ANSWERED, SILENT), index=here["patient_id"], dtype="str"
    )
    names = [*_NUMBERS, *(name for name, _ in _SHARES)]
    known = start_values(tables, names).set_index("patient_id").reindex(side.index)
    began = scores.frame[scores.frame["window"] == 0].set_index("patient_id")["value"]
    code = scores.instrument.code
    values = {code: began.reindex(side.index).to_numpy(dtype="float64")}
    values |= {
        name: known[name].to_numpy(dtype="float64") for name in _NUMBERS if _given(known[name])
    }
    shares = {}
    for name, wanted in _SHARES:
        if known[name].notna().any():
            flags = (known[name] == wanted).where(known[name].notna()).astype("float64")
            # a share of everybody or of nobody is no difference but another way of recording
            if 0 < flags.mean() < 1:
                shares[f"{name}_{wanted}" if isinstance(wanted, str) else name] = flags.to_numpy()
    grid = pd.DataFrame({"group": [ANSWERED, SILENT]})
    units = {code: scores.instrument.unit, "age": "years", "desk_hours": "hours"}
    parts = []
    for name, numbers in (values | shares).items():
        seen = pd.DataFrame({"group": side.to_numpy(), "value": numbers}).dropna()
        if name in shares:
            found = share_rows(
                seen.assign(event=seen["value"] == 1), grid, ["group"], spec.min_answers, LEVEL
            ).assign(term="share_of", method="share at the start, Wilson")
        else:
            found = mean_rows(seen, grid, ["group"], spec.min_answers, LEVEL).assign(
                term="start_value", unit=units.get(name, ""), method="mean at the start"
            )
        sizes = pd.Series(side.to_numpy()).value_counts()
        found = found.assign(n_eligible=grid["group"].map(sizes).fillna(0), outcome=name)
        parts += [found, _difference(seen, found).assign(outcome=name)]
    return pd.concat(parts, ignore_index=True).assign(
        group_by="answered", landmark=f"day {spec.window}"
    )


def _given(column: pd.Series) -> bool:
    return bool(column.notna().any()) and pd.api.types.is_numeric_dtype(column.dtype)


def _difference(seen: pd.DataFrame, both: pd.DataFrame) -> pd.DataFrame:
    """Standardised difference, those who did not answer less those who did."""
    row: dict[str, object] = {"group": "", "term": "start_difference"}
    row |= {"unit": "standard deviations"}
    row |= {"n_patients": len(seen), "n_eligible": both["n_eligible"].sum()}
    groups = seen.groupby("group")["value"]
    means, spread = groups.mean(), groups.var()
    if (both["status"] != "ok").any() or not spread.mean() > 0:
        return pd.DataFrame([row | {"status": "refused", "note": "too few, or all alike"}])
    gap = (means[SILENT] - means[ANSWERED]) / np.sqrt(spread.mean())
    return pd.DataFrame([row | {"estimate": gap, "method": "standardised difference"}])


def _curve(by_window: pd.DataFrame) -> pd.DataFrame:
    rows = by_window[(by_window["term"] == "answered") & (by_window["status"] == "ok")]
    return pd.DataFrame(
        {
            "group": rows["group"],
            "window": rows["landmark"].str.removeprefix("day ").astype("int64"),
            "n_patients": rows["n_events"],
            "n_eligible": rows["n_patients"],
        }
    ).reset_index(drop=True)
