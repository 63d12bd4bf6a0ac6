"""What goes with what in practice: pressure, techniques, muscles, therapists. Never what causes.

``estimates`` terms: ``association`` (change of the outcome with one point of pressure, or with a
technique or muscle used rather than not), ``reverse`` (change of pressure, or of the share of
sessions with it, for one point more pain before the session), ``therapist_sd`` (spread between
therapists in the improvement of their patients) and ``therapist_share`` (share of its variance).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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

Floats = NDArray[np.float64]

QUESTION = "practice_patterns"
NEXT, SORE = "next_change", "soreness"
PRESSURE = "pressure"
METHOD = "within therapist, CR1 by patient"
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

    def slopes(here: pd.DataFrame, used: Floats) -> pd.DataFrame:
        return associations(
            here[outcome].to_numpy(dtype=float),
            used,
            covariates(here.assign(days=here["days"].fillna(0))),
            group=pd.factorize(here["therapist_id"])[0],
            cluster=pd.factorize(here["patient_id"])[0],
            level=spec.conf_level,
        )

    rows = _each_kind(practice, frame[outcome].notna(), "association", slopes, spec)
    return rows.assign(outcome=outcome, unit=unit if outcome == NEXT else "share")


def _reversed(practice: Practice, spec: PracticePatternsSpec) -> pd.DataFrame:
    """Whether pain before the session goes with what was done in it."""

    def slopes(here: pd.DataFrame, used: Floats) -> pd.DataFrame:
        # The score is the predictor here; the rest of what is known stays in the model.
        return associations(
            used,
            here[["score"]].to_numpy(dtype=float),
            covariates(here.assign(days=0.0))[:, 2:8],
            group=pd.factorize(here["therapist_id"])[0],
            cluster=pd.factorize(here["patient_id"])[0],
            level=spec.conf_level,
        )

    everywhere = pd.Series(True, index=practice.frame.index)
    rows = _each_kind(practice, everywhere, "reverse", slopes, spec)
    unit = np.where(rows["group_by"] == PRESSURE, "points of pressure", "share")
    return rows.assign(outcome="chosen", unit=unit)


def _each_kind(
    practice: Practice,
    counts: pd.Series,
    term: str,
    slopes: Callable[[pd.DataFrame, Floats], pd.DataFrame],
    spec: PracticePatternsSpec,
) -> pd.DataFrame:
    """Rows of pressure, techniques and muscles, refused where there is too little of them.

    Each is asked on its own; those of which the same sessions tell are only computed together.
    """
    frame = practice.frame
    counts = counts & frame["therapist_id"].ne("")
    kinds = {PRESSURE: frame[[PRESSURE]], **practice.used}
    alike: dict[bytes, list[str]] = {}
    told: dict[str, pd.Series] = {}
    for kind, used in kinds.items():
        told[kind] = counts & used.notna().all(axis=1)
        alike.setdefault(told[kind].to_numpy().tobytes(), []).append(kind)
    parts: dict[str, pd.DataFrame] = {}
    for names in alike.values():
        known = told[names[0]]
        here = frame[known]
        n, clusters = len(here), here["patient_id"].nunique()
        enough = n >= spec.min_sessions and clusters >= 2
        asked = {kind: kinds[kind][known] for kind in names if enough and kinds[kind].shape[1]}
        if asked:
            table = slopes(here, np.column_stack([each.to_numpy() for each in asked.values()]))
        first = 0
        for kind in names:
            base = {"term": term, "group_by": kind}
            if kind not in asked:
                parts[kind] = _refused(base, n, spec)
                continue
            own = table.iloc[first : first + asked[kind].shape[1]].reset_index(drop=True)
            first += len(own)
            parts[kind] = _told(own, asked[kind], base, clusters, spec)
    rows = pd.concat([parts[kind] for kind in kinds], ignore_index=True)
    if "p_value" in rows:
        family = (rows["group_by"] != PRESSURE).to_numpy()
        rows.loc[family, "p_value"] = benjamini_hochberg(rows.loc[family, "p_value"].to_numpy())
    return rows


def _told(
    table: pd.DataFrame,
    x: pd.DataFrame,
    base: dict[str, str],
    clusters: int,
    spec: PracticePatternsSpec,
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
        method=METHOD,
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
