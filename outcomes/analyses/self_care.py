"""Whether exercises between sessions are done, and what goes with it, in both directions.

``estimates`` terms: ``done_share`` (done ÷ prescribed over everyone), ``mostly_done`` (share of
patients who did at least `mostly` of what was prescribed), ``association`` (score at home for one
tenth more done in the `before` days before it, given the score before that) and ``reverse`` (tenths
done in the `before` days after a score, for one point more of it, given what was done before it).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.analyses.observed import share_rows
from outcomes.derive.home_scores import derive_home_scores
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.stats.linear import fit_linear
from outcomes.stats.ratios import ratio_of_totals
from outcomes.tables import Tables

QUESTION = "self_care"
BOTH_WAYS = (
    "Who hurts less can exercise more, as well as the other way round: the reverse direction "
    "stands beside, and neither says what causes what."
)


@dataclass(frozen=True)
class SelfCareSpec:
    """Choices about self-care.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    mostly : float
        Share of what was prescribed from which a patient mostly did it.
    before : int
        Days over which what was done is added up.
    min_patients : int
        Patients that a number needs.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    mostly: float = 0.8
    before: int = 28
    min_patients: int = 30
    conf_level: float = 0.95


def estimate_self_care(tables: Tables, spec: SelfCareSpec | None = None) -> AnalysisResult:
    """Count what was done of prescribed exercises, and hold it against pain before and after.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : SelfCareSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where no exercise is recorded.

    Notes
    -----
    Days without a row, or without a number prescribed, are left out, never counted as not done.
    Each score at home with exercise days in the `before` days up to it, and an earlier score, gives
    a row; standard errors are by patient (CR1). n_eligible are all patients who began care.
    """
    spec = spec or SelfCareSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    instrument = tables.registry.get(spec.instrument)
    people = members(tables, "", 0)
    days = tables.exercises
    if days is not None:
        days = days[(days["prescribed"] > 0) & days["done"].notna()]
        days = days[days["patient_id"].isin(people.frame["patient_id"])]
    if days is None or days.empty:
        reason = "No exercises are recorded."
        return refuse(QUESTION, spec, tables, people, reason, outcome="self_care")
    days = days.assign(done=np.minimum(days["done"], days["prescribed"]))
    per = days.groupby("patient_id")[["done", "prescribed"]].sum()
    total = ratio_of_totals(per["done"], per["prescribed"], np.zeros(len(per)), spec.conf_level)
    names = ["estimate", "std_error", "conf_low", "conf_high", "df"]
    share = total.iloc[[0]][names].reset_index(drop=True)
    share[["conf_low", "conf_high"]] = share[["conf_low", "conf_high"]].clip(0.0, 1.0)
    seen = pd.DataFrame({"group": "", "event": per["done"] / per["prescribed"] >= spec.mostly})
    mostly = share_rows(seen, pd.DataFrame({"group": [""]}), ["group"], 1, spec.conf_level)
    rows = pd.concat(
        [
            share.assign(term="done_share", unit="share", n_patients=float(len(per))),
            mostly.assign(term="mostly_done"),
            _lagged(tables, days, spec).assign(unit=instrument.unit),
        ],
        ignore_index=True,
    )
    few = (rows["n_patients"] < spec.min_patients).to_numpy()
    rows.loc[few, ["estimate", "std_error", "conf_low", "conf_high"]] = np.nan
    rows = rows.assign(
        outcome="self_care",
        # each is of other people
        landmark=rows["term"].map(
            {"association": f"after {spec.before} days", "reverse": f"{spec.before} days on"}
        ),
        conf_level=spec.conf_level,
        n_eligible=float(people.size),
        status=np.where(few | rows["estimate"].isna(), "refused", "ok"),
        note=np.where(few, "too few patients", ""),
    )
    rows.loc[rows["term"] == "reverse", "unit"] = "tenths done"
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows,
        group_by="",
        estimand=describe(
            population="patients with exercises prescribed and recorded",
            strategies="none compared: what patients did",
            variable=f"share of prescribed exercises done, and {instrument.label} at home",
            intercurrent="days that were not filled in are left out",
            summary="shares, and associations in both directions",
        ),
        notes=(BOTH_WAYS,),
    )


def _lagged(tables: Tables, days: pd.DataFrame, spec: SelfCareSpec) -> pd.DataFrame:
    """Association of what was done with the next score, and of a score with what was done next."""
    frame = _scores(tables, days, spec)
    rows = []
    for term, formula, name, needed in (
        ("association", "score ~ earlier + before", "before", ["score", "earlier", "before"]),
        ("reverse", "after ~ before + score", "score", ["after", "before", "score"]),
    ):
        own = frame.dropna(subset=needed)
        n = float(own["patient_id"].nunique())
        row: dict[str, object] = {"term": term, "n_patients": n, "n_assessments": float(len(own))}
        if n >= spec.min_patients:
            row |= _coefficient(formula, own, name, spec)
        rows.append(row)
    return pd.DataFrame(rows).reindex(
        columns=["term", "n_patients", "n_assessments", "estimate", "std_error", "conf_low",
                 "conf_high", "p_value", "df", "method"]
    )  # fmt: skip


def _coefficient(
    formula: str, frame: pd.DataFrame, name: str, spec: SelfCareSpec
) -> dict[str, object]:
    try:
        fit = fit_linear(formula, frame, cluster="patient_id")
        table = fit.coefficients("cr1", spec.conf_level)
    except EstimationError:
        return {}
    row = table[table["term"] == name].iloc[0]
    columns = ("estimate", "std_error", "conf_low", "conf_high", "df", "p_value")
    found: dict[str, object] = {each: float(row[each]) for each in columns if each in row}
    return found | {"method": "regression on the one before, CR1"}


def _scores(tables: Tables, days: pd.DataFrame, spec: SelfCareSpec) -> pd.DataFrame:
    """Home scores of patients with exercises: the one before, and tenths done before and after."""
    empty = pd.DataFrame(columns=["patient_id", "score", "earlier", "before", "after"])
    scores = derive_home_scores(tables, days["patient_id"].drop_duplicates(), spec.instrument)
    if scores.empty:
        return empty
    frame = scores[["patient_id", "date"]].assign(score=scores["value"])
    frame["earlier"] = frame.groupby("patient_id")["score"].shift()
    frame["row"] = np.arange(len(frame))
    near = frame[["row", "patient_id", "date"]].merge(
        days[["patient_id", "date", "done", "prescribed"]], on="patient_id", suffixes=("", "_day")
    )
    apart = (near["date"] - near["date_day"]).dt.days
    for name, inside in (
        ("before", apart.between(1, spec.before)),
        ("after", apart.between(-spec.before, -1)),
    ):
        sums = near[inside].groupby("row")[["done", "prescribed"]].sum()
        frame[name] = frame["row"].map(10 * sums["done"] / sums["prescribed"])
    return frame
