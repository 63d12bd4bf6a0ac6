"""How far therapists differ in the improvement of their patients, as one number and no list."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from outcomes.analyses.practice_patterns.spec import PracticePatternsSpec
from outcomes.errors import EstimationError
from outcomes.stats.lmm import fit_lmm
from outcomes.tables import Tables


def therapist_rows(
    tables: Tables, sessions: pd.DataFrame, spec: PracticePatternsSpec, unit: str
) -> pd.DataFrame:
    """Estimate the spread between therapists.

    Parameters
    ----------
    tables : Tables
        For the direction of the instrument.
    sessions : DataFrame
        As in `Practice.frame`.
    spec : PracticePatternsSpec
        Sessions and smallest numbers.
    unit : str
        Unit of the scores.

    Returns
    -------
    DataFrame
        Parts of estimates: ``therapist_sd`` and ``therapist_share``, refused where there are too
        few therapists or patients.

    Notes
    -----
    improvement ~ baseline + (1 | therapist of the first session), by REML; improvement is that to
    the last score from session 2 to `therapist_sessions`. The spread holds what the patients
    of therapists differ in beyond baseline, and names nobody.
    """
    early = sessions[sessions["session"] <= spec.therapist_sessions]
    first = early.groupby("patient_id").head(1).set_index("patient_id")
    last = early.groupby("patient_id").tail(1).set_index("patient_id")
    instrument = tables.registry.get(spec.instrument)
    frame = pd.DataFrame(
        {
            "therapist": first["therapist_id"],
            "baseline": first["baseline"],
            "improvement": instrument.improvement(first["baseline"], last["score"]),
        }
    )[last["session"] > 1]
    frame = frame[frame["therapist"].ne("")].dropna()
    therapists = frame["therapist"].nunique()
    base: Mapping[str, object] = {
        "group_by": "therapist",
        "group": "",
        "outcome": "improvement",
        "n_patients": float(len(frame)),
        "n_eligible": float(therapists),
    }
    terms = {"therapist_sd": unit, "therapist_share": "share"}
    reason = ""
    if therapists < spec.min_therapists or len(frame) < spec.min_patients:
        reason = (
            f"{therapists} therapists with {len(frame)} patients; {spec.min_therapists} with "
            f"{spec.min_patients} are needed"
        )
    variance, note, residual = np.nan, "", np.nan
    if not reason:
        try:
            fit = fit_lmm("improvement ~ baseline", frame.reset_index(), subject="therapist")
        except EstimationError as error:
            reason = error.problem
        else:
            variance, residual = float(fit.random_covariance[0, 0]), fit.sigma**2
            note = "; ".join(fit.notes)
    values = {
        "therapist_sd": np.sqrt(variance),
        "therapist_share": variance / (variance + residual),
    }
    return pd.DataFrame(
        [
            {
                **base,
                "term": term,
                "estimate": values[term],
                "unit": terms[term],
                "method": "random intercept, REML",
                "status": "refused" if reason else "ok",
                "note": reason or note,
            }
            for term in terms
        ]
    )
