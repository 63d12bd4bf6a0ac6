"""Whether patients who had other disciplines beside massage early on do better later.

``estimates`` terms: ``difference`` (score at `window` of those with combined care less that of
those with massage alone, with overlap weights) and ``difference_unweighted`` (the same, given
the start only). A negative difference is less pain with combined care. ``diagnostics`` has
``alike``: standardised differences of what is known at the start, before and after weighting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.follow_up_value import follow_up_values
from outcomes.analyses.groups import Members, members
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.stats.linear import fit_linear
from outcomes.stats.weights import effective_sample_size
from outcomes.stats.weights.choice import ChoiceModel
from outcomes.stats.weights.columns import columns_of
from outcomes.tables import Tables

QUESTION = "combined_care"
OTHERS = ("chiropractic", "acupuncture", "naturopathic")
CHOSEN = (
    "Nobody drew lots for combined care. Weights make both groups alike in what is recorded at the "
    "start; why somebody was sent to another discipline may not be."
)


@dataclass(frozen=True)
class CombinedCareSpec:
    """Choices about combined care.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    disciplines : tuple of str
        Disciplines that make care combined when they were used beside massage.
    within : int
        Days from the start in which both were used. Nothing later decides the group.
    window : int
        Follow-up time, days; its window opens after `within`.
    min_patients : int
        Patients with a score that each group needs.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    disciplines: tuple[str, ...] = OTHERS
    within: int = 56
    window: int = 84
    min_patients: int = 30
    conf_level: float = 0.95


def estimate_combined_care(tables: Tables, spec: CombinedCareSpec | None = None) -> AnalysisResult:
    """Compare early combined care with massage alone among patients who could have had either.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : CombinedCareSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where a group is too small or no
        discipline is recorded.

    Notes
    -----
    Chance e of combined care by logistic regression on baseline, age, onset, sex and distress, as
    far as recorded; weights 1 − e for combined care and e for massage alone. Then score ~ group +
    baseline with these weights, HC3: taking the weights as known makes the interval a little too
    wide. Patients without a score at `window` or the start are left out, and counted against those
    whose time was over. n_patients is of both groups.

    References
    ----------
    Li F, Morgan KL, Zaslavsky AM. J Am Stat Assoc 2018;113:390–400.
    """
    spec = spec or CombinedCareSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    instrument = tables.registry.get(spec.instrument)
    people = members(tables, "", 0)
    group = _groups(tables, people, spec)
    values = follow_up_values(tables, people, spec.instrument, spec.window, "")
    if group.empty or values is None:
        reason = "Disciplines are not recorded." if group.empty else "No score at follow-up."
        return refuse(QUESTION, spec, tables, people, reason, outcome=spec.instrument)
    frame = values.frame.assign(combined=values.frame["patient_id"].map(group))
    frame = frame[frame["combined"].notna() & frame["at_risk"]]
    at_risk = len(frame)
    frame = frame.dropna(subset=["baseline", "value"])
    smaller = int(min(frame["combined"].sum(), (1 - frame["combined"]).sum()))
    if smaller < spec.min_patients:
        reason = (
            f"The smaller group has {smaller} with both scores; {spec.min_patients} are needed."
        )
        return refuse(QUESTION, spec, tables, people, reason, outcome=spec.instrument)
    frame = frame.merge(people.frame[["patient_id", "age", "sex", "onset"]], on="patient_id")
    distress = tables.patients.set_index("patient_id")["distress"]
    frame["distress"] = frame["patient_id"].map(distress)
    frame, known = _covariates(frame)
    weight = _overlap(frame, known)
    rows = [
        _difference(frame.assign(weight=weight), "difference", spec),
        _difference(frame.assign(weight=1.0), "difference_unweighted", spec),
    ]
    table = pd.DataFrame(rows).assign(
        outcome="combined_care",
        landmark=f"day {spec.window}",
        unit=instrument.unit,
        conf_level=spec.conf_level,
        n_patients=float(len(frame)),
        n_eligible=float(at_risk),
        ess=[effective_sample_size(weight.to_numpy()), float(len(frame))],
    )
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        table,
        group_by="",
        estimand=describe(
            population="patients who could have had either, by what is recorded at the start",
            strategies=f"massage with another discipline within {spec.within} days, or alone",
            variable=values.described,
            intercurrent="what happened after that is part of either",
            summary="difference in means, with overlap weights",
        ),
        diagnostics={"alike": _balance(frame, known, weight)},
        notes=(CHOSEN,),
    )


def _groups(tables: Tables, people: Members, spec: CombinedCareSpec) -> pd.Series:
    """1 for combined care, 0 for massage alone, by patient; others are in neither group."""
    if tables.sessions is None or tables.sessions["discipline"].isna().all():
        return pd.Series(dtype="float64")
    held = tables.sessions[tables.sessions["status"] == "attended"]
    start = people.frame.set_index("patient_id")["start"].reindex(held["patient_id"]).to_numpy()
    early = held[(held["date"] - start).dt.days.between(0, spec.within)]
    massage = early.loc[early["discipline"] == "massage", "patient_id"].unique()
    other = early.loc[early["discipline"].isin(spec.disciplines), "patient_id"].unique()
    ids = pd.Index(massage)
    return pd.Series(ids.isin(other).astype("float64"), index=ids)


def _covariates(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Columns known of nearly everyone that vary; the few missing take the mean or 'unknown'."""
    frame = frame.copy()
    known = ["baseline"]
    for name in ("age", "distress"):
        if frame[name].notna().mean() >= 0.8 and frame[name].std() > 0:
            frame[name] = frame[name].fillna(frame[name].mean())
            known.append(name)
    for name in ("onset", "sex"):
        frame[name] = frame[name].fillna("unknown").astype("str")
        if (frame[name] != frame[name].iloc[0]).any():
            known.append(name)
    return frame.reset_index(drop=True), known


def _overlap(frame: pd.DataFrame, known: list[str]) -> pd.Series:
    """Overlap weights: the chance of the group a patient is not in."""
    columns = columns_of(" + ".join(known), frame)
    outcome = frame["combined"].to_numpy(dtype="int64")
    model = ChoiceModel(columns, outcome, ("massage", "combined"))
    chance = pd.Series(model.probabilities(model.fit())[:, 1], index=frame.index)
    weight = (1 - chance).where(frame["combined"] == 1, chance)
    return weight / weight.mean()


def _difference(frame: pd.DataFrame, term: str, spec: CombinedCareSpec) -> dict[str, object]:
    names = ("estimate", "std_error", "conf_low", "conf_high", "df", "p_value")
    try:
        fit = fit_linear("value ~ combined + baseline", frame, weights="weight")
    except EstimationError as error:
        return {"term": term, "status": "refused", "note": str(error)}
    table = fit.coefficients("hc3", spec.conf_level)
    row = table[table["term"] == "combined"].iloc[0]
    found = {name: float(row[name]) for name in names if name in row}
    return {"term": term, "method": "overlap weights, HC3", **found}


def _balance(frame: pd.DataFrame, known: list[str], weight: pd.Series) -> pd.DataFrame:
    """Standardised differences of numbers known at the start."""
    rows = []
    for name in known:
        if frame[name].dtype != "float64":
            continue
        groups = [frame["combined"] == 1, frame["combined"] == 0]
        spread = np.sqrt(np.mean([frame.loc[each, name].var() for each in groups]))
        plain = [frame.loc[each, name].mean() for each in groups]
        even = [np.average(frame.loc[each, name], weights=weight[each]) for each in groups]
        rows.append(
            {
                "covariate": name,
                "smd_unweighted": (plain[0] - plain[1]) / spread,
                "smd": (even[0] - even[1]) / spread,
            }
        )
    return pd.DataFrame(rows)
