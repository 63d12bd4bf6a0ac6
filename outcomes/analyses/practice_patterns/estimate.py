"""What goes with what in practice: pressure, techniques, muscles, therapists. Never what causes.

``estimates`` terms: ``association`` (change of the outcome with one point of pressure, or with a
technique or muscle used rather than not), ``reverse`` (change of pressure, or of the share of
sessions with it, for one point more pain before the session), ``therapist_sd`` (spread between
therapists in the improvement of their patients) and ``therapist_share`` (share of its variance).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.analyses.practice_patterns.sessions import (
    Practice,
    covariates,
    practice_sessions,
)
from outcomes.analyses.practice_patterns.spec import PracticePatternsSpec
from outcomes.analyses.practice_patterns.therapists import therapist_rows
from outcomes.results import AnalysisResult
from outcomes.stats.associations import associations
from outcomes.stats.multiplicity import benjamini_hochberg
from outcomes.tables import Tables

QUESTION = "practice_patterns"
NEXT, SORE = "next_change", "soreness"
PRESSURE = "pressure"
LINKED = (
    "What is shown goes together and need not cause: pain decides what is done as much as what is "
    "done decides pain, so the reverse direction stands beside each row."
)


def estimate_practice_patterns(
    tables: Tables, spec: PracticePatternsSpec | None = None
) -> AnalysisResult:
    """Find what goes with the next score and with soreness, and whether pain decides it.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : PracticePatternsSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; group_by is pressure, technique, muscle or
        therapist. P values of techniques and muscles of one outcome are adjusted together for
        false discoveries (Benjamini–Hochberg), those of the reverse direction likewise. ``curve``
        has the same rows: group_by, group, outcome, term, estimate, conf_low, conf_high, p_value,
        found (1 where the adjusted p value is at most `false_discoveries`).

    Notes
    -----
    Compared are sessions of one therapist at equal pain before the session, starting pain, number
    of the session and time to the next score; standard errors allow for sessions of one patient
    being alike. A technique chosen for reasons that are not recorded still differs in those. The
    therapist is a random intercept in a model of the improvement of patients.
    """
    spec = spec or PracticePatternsSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    practice = practice_sessions(tables, spec)
    unit = tables.registry.get(spec.instrument).unit
    rows = pd.concat(
        [_of_outcome(practice, outcome, spec, unit) for outcome in (NEXT, SORE)]
        + [_reversed(practice, spec)]
        + [therapist_rows(tables, practice.frame, spec, unit)],
        ignore_index=True,
    )
    columns = ["group_by", "group", "outcome", "term", "estimate", "conf_low", "conf_high"]
    curve = rows[rows["term"].isin(["association", "reverse"])]
    curve = curve.reindex(columns=[*columns, "p_value"]).reset_index(drop=True)
    curve["found"] = (curve["p_value"] <= spec.false_discoveries).astype("float64")
    curve["found"] = curve["found"].where(curve["p_value"].notna())
    return assemble(
        QUESTION,
        spec,
        tables,
        members(tables, "", 0),
        rows,
        group_by="",
        estimand=describe(
            population="attended sessions with a pain score before them",
            strategies="none compared: what therapists chose to do",
            variable="change of pain to the next scored session, and soreness recorded after it",
            intercurrent="sessions without a next score in time say nothing of the change",
            summary="difference with one point of pressure, or with a technique or muscle used, "
            "among sessions of one therapist at equal pain",
        ),
        curve=curve,
        diagnostics={"sessions": len(practice.frame)},
        notes=(LINKED,),
    )


def _of_outcome(
    practice: Practice, outcome: str, spec: PracticePatternsSpec, unit: str
) -> pd.DataFrame:
    """Associations of one outcome with pressure, techniques and muscles."""
    frame = practice.frame
    parts = [_associated(frame, frame[[PRESSURE]], PRESSURE, outcome, spec)]
    parts += [_associated(frame, used, kind, outcome, spec) for kind, used in practice.used.items()]
    rows = pd.concat(parts, ignore_index=True)
    if "p_value" in rows:
        family = (rows["group_by"] != PRESSURE).to_numpy()
        rows.loc[family, "p_value"] = benjamini_hochberg(rows.loc[family, "p_value"].to_numpy())
    return rows.assign(outcome=outcome, unit=unit if outcome == NEXT else "share")


def _associated(
    frame: pd.DataFrame,
    predictors: pd.DataFrame,
    kind: str,
    outcome: str,
    spec: PracticePatternsSpec,
) -> pd.DataFrame:
    """One row a predictor, refused where there is too little of it."""
    known = frame[outcome].notna() & predictors.notna().all(axis=1)
    known &= frame["therapist_id"].ne("")
    base = {"term": "association", "group_by": kind}
    n = int(known.sum())
    clusters = frame.loc[known, "patient_id"].nunique()
    if n < spec.min_sessions or clusters < 2 or predictors.shape[1] == 0:
        return _refused(base, n, spec)
    here, x = frame[known], predictors[known]
    table = associations(
        here[outcome].to_numpy(dtype=float),
        x.to_numpy(dtype=float),
        covariates(here.assign(days=here["days"].fillna(0))),
        group=pd.factorize(here["therapist_id"])[0],
        cluster=pd.factorize(here["patient_id"])[0],
        level=spec.conf_level,
    )
    return _told(table, x, base, clusters, spec, method="within therapist, CR1 by patient")


def _reversed(practice: Practice, spec: PracticePatternsSpec) -> pd.DataFrame:
    """Whether pain before the session goes with what was done in it."""
    frame = practice.frame
    kinds = {PRESSURE: frame[[PRESSURE]], **practice.used}
    parts = []
    for kind, chosen in kinds.items():
        base = {"term": "reverse", "group_by": kind}
        known = chosen.notna().all(axis=1) & frame["therapist_id"].ne("")
        n, clusters = int(known.sum()), frame.loc[known, "patient_id"].nunique()
        if n < spec.min_sessions or clusters < 2 or chosen.shape[1] == 0:
            parts.append(_refused(base, n, spec))
            continue
        here, x = frame[known], chosen[known]
        # The score is the predictor here; the rest of what is known stays in the model.
        given = covariates(here.assign(days=0.0))[:, 2:8]
        table = associations(
            x.to_numpy(dtype=float),
            here[["score"]].to_numpy(dtype=float),
            given,
            group=pd.factorize(here["therapist_id"])[0],
            cluster=pd.factorize(here["patient_id"])[0],
            level=spec.conf_level,
        )
        told = _told(table, x, base, clusters, spec, method="within therapist, CR1 by patient")
        parts.append(told.assign(unit="points of pressure" if kind == PRESSURE else "share"))
    rows = pd.concat(parts, ignore_index=True)
    if "p_value" in rows:
        family = (rows["group_by"] != PRESSURE).to_numpy()
        rows.loc[family, "p_value"] = benjamini_hochberg(rows.loc[family, "p_value"].to_numpy())
    return rows.assign(outcome="chosen")


def _told(
    table: pd.DataFrame,
    x: pd.DataFrame,
    base: dict[str, str],
    clusters: int,
    spec: PracticePatternsSpec,
    *,
    method: str,
) -> pd.DataFrame:
    """Rows of estimates from a table of slopes."""
    kind = base["group_by"]
    names = ["" if kind == PRESSURE else str(name) for name in x]
    with_it = x.gt(0).sum().to_numpy(dtype=float)
    few = np.minimum(with_it, len(x) - with_it) < spec.min_uses
    few &= kind != PRESSURE
    few |= table["estimate"].isna().to_numpy()
    rows = table.mask(pd.Series(few)).assign(
        **base,
        group=names,
        n_patients=float(clusters),
        n_assessments=float(len(x)),
        n_events=with_it,
        conf_level=spec.conf_level,
        method=method,
    )
    rows["status"] = np.where(few, "refused", "ok")
    rows["note"] = np.where(
        few, f"fewer than {spec.min_uses} sessions with it or without it, or no variation", ""
    )
    return rows


def _refused(base: dict[str, str], n: int, spec: PracticePatternsSpec) -> pd.DataFrame:
    note = f"{n} sessions have all that is needed; {spec.min_sessions} are needed"
    return pd.DataFrame(
        [{**base, "group": "", "p_value": np.nan, "n_assessments": n, "status": "refused"}]
    ).assign(note=note)
