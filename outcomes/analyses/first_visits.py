"""What happened at the first visit: relief, its length, and what was palpated.

``estimates`` terms: ``relief`` (score before less score after the first session, mean),
``relieved`` (share who improved by at least `points`), ``left`` (score before the first session
less score before the second, mean), ``first_minutes`` (share of first visits whose minutes lie in
`minutes`) and ``familiar_point`` (share of first visits at which points were palpated
with an active point that reproduced the familiar pain).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.analyses.observed import mean_rows, share_rows
from outcomes.analyses.scale import scale_of
from outcomes.derive.episode import derive_sessions
from outcomes.derive.session_scores import derive_session_scores
from outcomes.results import AnalysisResult
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

QUESTION = "first_visits"
SOON = "A score minutes after treatment is given to the person who treated, and fades."


@dataclass(frozen=True)
class FirstVisitsSpec:
    """Choices about first visits.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    points : float
        Improvement that counts as relief, in tenths of the scale.
    minutes : tuple of float
        Shortest and longest first visit that counts as in range.
    min_patients : int
        Patients that a number needs.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    points: float = 2.0
    minutes: tuple[float, float] = (10.0, 15.0)
    min_patients: int = 10
    conf_level: float = 0.95


def estimate_first_visits(tables: Tables, spec: FirstVisitsSpec | None = None) -> AnalysisResult:
    """Describe the first attended session of each patient.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : FirstVisitsSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; n_eligible of every term is the number of first
        visits, n_patients those at which it was recorded.

    Notes
    -----
    Plain means (t) and shares (Wilson). Visits without the record in question are left out.
    ``left`` needs a score before both sessions. Palpated points stand once a session, muscle and
    side in the records, so how far two examiners agree cannot be had from them.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209–212.
    """
    spec = spec or FirstVisitsSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    instrument = tables.registry.get(spec.instrument)
    _, tenth = scale_of(instrument)
    people = members(tables, "", 0)
    visits = _visits(tables, spec.instrument)
    visits = visits[visits["patient_id"].isin(people.frame["patient_id"])]
    grid = pd.DataFrame({"group": [""]})
    level, least = spec.conf_level, spec.min_patients

    def of(column: pd.Series, term: str, *, share: bool) -> pd.DataFrame:
        seen = pd.DataFrame({"group": "", "value": column.dropna().astype("float64")})
        if not share:
            rows = mean_rows(seen, grid, ["group"], least, level).assign(unit=instrument.unit)
            rows["method"] = "mean of those recorded"
        else:
            seen = seen.assign(event=seen["value"] == 1)
            rows = share_rows(seen, grid, ["group"], least, level).assign(method="share recorded")
        return rows.assign(term=term)

    relief = visits["pre"] - visits["post"]
    in_range = visits["minutes"].between(*spec.minutes).where(visits["minutes"].notna())
    rows = pd.concat(
        [
            of(relief, "relief", share=False),
            of((relief >= spec.points * tenth).where(relief.notna()), "relieved", share=True),
            of(visits["pre"] - visits["next"], "left", share=False),
            of(in_range, "first_minutes", share=True),
            of(visits["familiar"], "familiar_point", share=True),
        ],
        ignore_index=True,
    )
    # each was recorded of other people
    rows = rows.assign(outcome=rows["term"], landmark="session 1", n_eligible=float(len(visits)))
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows,
        group_by="",
        estimand=describe(
            population="first attended sessions",
            strategies="none compared",
            variable=f"{instrument.label} before and after, minutes, points palpated",
            intercurrent="what was not recorded is left out",
            summary="means and shares of those recorded",
        ),
        notes=(SOON,),
    )


def _visits(tables: Tables, instrument: str) -> pd.DataFrame:
    """One row a first visit: scores around it, the next score, minutes, what was palpated."""
    held = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    cuts = tables.settings.cut_points
    columns = ["patient_id", "session_id", "date", "time", "status", "minutes"]
    attended = derive_sessions(held[columns], cuts)
    first = attended[attended["session_number"] == 1].set_index("session_id")
    scores = SCHEMAS["assessments"].empty() if tables.assessments is None else tables.assessments
    scores = scores[(scores["instrument"] == instrument) & scores["session_id"].isin(first.index)]
    scores = scores[scores["value"].notna()]
    around = {
        timing: scores[scores["timing"] == timing]
        .drop_duplicates("session_id")
        .set_index("session_id")["value"]
        for timing in ("pre", "post")
    }
    series = derive_session_scores(tables, instrument)
    again = series[(series["session"] == 2) & (series["episode"] == 1)]
    second = again.set_index("patient_id")["score"]
    points = tables.trigger_points
    points = SCHEMAS["trigger_points"].empty() if points is None else points
    active = (points["active"] == 1) & (points["reproduced"] == 1)
    told = points["active"].notna() & points["reproduced"].notna()
    familiar = active[told].groupby(points.loc[told, "session_id"]).any().astype("float64")
    ids = first.index.to_series()
    return pd.DataFrame(
        {
            "patient_id": first["patient_id"],
            "pre": ids.map(around["pre"]).astype("float64"),
            "post": ids.map(around["post"]).astype("float64"),
            "next": first["patient_id"].map(second).astype("float64"),
            "minutes": first["minutes"].astype("float64"),
            "familiar": ids.map(familiar).astype("float64"),
        }
    ).replace([np.inf, -np.inf], np.nan)
