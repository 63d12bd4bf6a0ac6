"""Whether pain stays low in maintenance at one cadence, month by month.

``estimates`` terms: ``held`` (share of patient-months with a score of at most `at_most`) and
``mean`` (mean score of those months), both of the months at the cadence of the spec.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.analyses.scale import scale_of
from outcomes.derive.cadence import cadence_at
from outcomes.derive.episode import derive_sessions
from outcomes.derive.home_scores import derive_home_scores
from outcomes.derive.phases import derive_time_zero
from outcomes.results import AnalysisResult
from outcomes.stats.ratios import ratio_of_totals
from outcomes.tables import Tables

QUESTION = "maintained_pain"
MONTH = 28
WHO_STAYS = (
    "These are the months of those who kept coming at this pace. Who does not do well may change "
    "the pace or leave, so the share is no effect of the pace."
)


@dataclass(frozen=True)
class MaintainedPainSpec:
    """Choices about pain in maintenance.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    cadence : str
        Cadence over the weeks before a score that counts.
    at_most : float
        Highest score that counts as held, in tenths of the scale.
    min_patients : int
        Patients that a share needs.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    cadence: str = "twice_monthly"
    at_most: float = 2.0
    min_patients: int = 10
    conf_level: float = 0.95


def estimate_maintained_pain(
    tables: Tables, spec: MaintainedPainSpec | None = None
) -> AnalysisResult:
    """Count the months of maintenance at one cadence in which pain was low.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : MaintainedPainSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where too few patients have such a month.

    Notes
    -----
    Months are 28 days from the end of the active phase; the first score answered at home in each
    counts, those within two days of a session aside, and the cadence is that of the weeks up to it,
    nothing later. Months without an answer are left out: n_eligible are patients who came to
    maintenance, n_patients those with a month that counts. Share and mean are ratios of totals
    whose error knows that months of one patient are alike; the limits of the share stay within 0
    and 1.

    References
    ----------
    Cochran WG. Sampling techniques. 3rd ed. Wiley 1977, section 6.4.
    """
    spec = spec or MaintainedPainSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    instrument = tables.registry.get(spec.instrument)
    lowest, tenth = scale_of(instrument)
    at_most = lowest + tenth * spec.at_most
    people = members(tables, "", 0)
    months, reached = _months(tables, people.start, spec)
    months = months[months["cadence"] == spec.cadence]
    n = int(months["patient_id"].nunique())
    if n < spec.min_patients:
        reason = f"{n} have a score in maintenance at this pace; {spec.min_patients} are needed."
        return refuse(QUESTION, spec, tables, people, reason, outcome=spec.instrument)
    held = (months["value"] <= at_most).astype("float64")
    per = pd.DataFrame({"held": held, "value": months["value"], "n": 1.0})
    per = per.groupby(months["patient_id"]).sum()
    rows = []
    for term, top, unit in (("held", "held", "share"), ("mean", "value", instrument.unit)):
        found = ratio_of_totals(per[top], per["n"], np.zeros(len(per)), spec.conf_level).iloc[0]
        names = ("estimate", "std_error", "conf_low", "conf_high", "df")
        rows.append({"term": term, "unit": unit, **{name: float(found[name]) for name in names}})
    frame = pd.DataFrame(rows)
    share = frame["term"] == "held"
    for end in ("conf_low", "conf_high"):
        frame.loc[share, end] = frame.loc[share, end].clip(0.0, 1.0)
    frame = frame.assign(
        outcome=spec.instrument,
        landmark="maintenance",
        conf_level=spec.conf_level,
        n_eligible=float(reached),
        n_patients=float(n),
        n_assessments=float(len(months)),
        method="ratio of totals by patient",
    )
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        frame,
        group_by="",
        estimand=describe(
            population="patients whose active phase of care has ended, in months at the pace "
            f"{spec.cadence.replace('_', ' ')}",
            strategies="none compared: the months of those who kept that pace",
            variable=f"{instrument.label} answered at home, once in 28 days",
            intercurrent="months at another pace, or without an answer, are left out",
            summary=f"share of months with a score of at most {at_most:g}, and mean score",
        ),
        notes=(WHO_STAYS,),
    )


def _months(
    tables: Tables, start: pd.DataFrame, spec: MaintainedPainSpec
) -> tuple[pd.DataFrame, int]:
    """First home score of each month after the active phase with its cadence, and who got there."""
    none = pd.DataFrame(columns=["patient_id", "date", "value", "cadence"])
    if tables.sessions is None or tables.assessments is None:
        return none, 0
    cuts = tables.settings.cut_points
    held = tables.sessions[["patient_id", "session_id", "date", "time", "status"]]
    zero = derive_time_zero(derive_sessions(held, cuts), cuts, tables.as_of)
    ended = zero[zero["time_zero"].notna()].set_index("patient_id")["time_zero"]
    scores = derive_home_scores(tables, ended.index.to_series(), spec.instrument)
    since = (scores["date"] - ended.reindex(scores["patient_id"]).to_numpy()).dt.days
    # a score on the day the phase ends is of the active phase
    scores = scores.assign(month=(since - 1) // MONTH)[since > 0]
    scores = scores.drop_duplicates(["patient_id", "month"]).reset_index(drop=True)
    if scores.empty:
        return none, len(ended)
    paced = cadence_at(scores, tables.sessions, start, cuts, tables.as_of)
    return scores.assign(cadence=paced["cadence"].to_numpy()), len(ended)
