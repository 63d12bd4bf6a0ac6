"""The pressure with the largest fall of pain to the next session. Exploratory.

``estimates`` terms: ``optimum`` (pressure at the lowest point of the curve) and ``in_range`` (share
of sessions with a pressure within `span`). ``curve`` has pressure and change: the fitted change to
the next session, less that at the middle pressure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.analyses.practice_patterns.sessions import covariates, practice_sessions
from outcomes.analyses.practice_patterns.spec import PracticePatternsSpec
from outcomes.results import AnalysisResult
from outcomes.stats.bootstrap import Bootstrap, bootstrap
from outcomes.stats.ratios import ratio_of_totals
from outcomes.tables import Tables

QUESTION = "pressure_optimum"
Floats = NDArray[np.float64]
FLAT = (
    "Therapists press as patients bear it. Where the curve is flat its lowest point is chance, and "
    "its interval spans most of the range."
)
_KNOTS = (3.0, 5.5, 8.0)


@dataclass(frozen=True)
class PressureOptimumSpec:
    """Choices about pressure.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    span : tuple of float
        Pressures that are counted as in range.
    min_sessions : int
        Sessions with a next score that the curve needs.
    min_patients : int
        Patients that it needs.
    bootstraps : int
        Resamples of patients.
    seed : int
        Seed of the resamples.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    span: tuple[float, float] = (6.0, 7.0)
    min_sessions: int = 200
    min_patients: int = 30
    bootstraps: int = 200
    seed: int = 20260101
    conf_level: float = 0.95


def estimate_pressure_optimum(
    tables: Tables, spec: PressureOptimumSpec | None = None
) -> AnalysisResult:
    """Look for the pressure that goes with the largest fall of pain to the next session.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : PressureOptimumSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused with too few sessions.

    Notes
    -----
    Change to the next session ~ restricted cubic spline of pressure (knots 3, 5.5, 8) + what
    `practice_patterns` adjusts for, within therapists (all less the therapist's mean). The lowest
    point is looked for between the 5th and the 95th percentile of pressures used, in steps of a
    tenth; its interval is that of a bootstrap of patients with the means of therapists held. A
    lowest point at the edge means that none was found inside. Sessions without pressure or a next
    score are left out.

    References
    ----------
    Harrell FE. Regression modeling strategies. 2nd ed. Springer 2015, section 2.4.
    """
    spec = spec or PressureOptimumSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    people = members(tables, "", 0)
    frame = practice_sessions(tables, PracticePatternsSpec(instrument=spec.instrument)).frame
    pressed = frame[frame["pressure"].notna()]
    used = pressed[pressed["next_change"].notna() & pressed["therapist_id"].ne("")]
    patients = int(used["patient_id"].nunique())
    if len(used) < spec.min_sessions or patients < spec.min_patients:
        reason = f"{len(used)} sessions have a pressure and a next score; too few for a curve."
        return refuse(QUESTION, spec, tables, people, reason, outcome="next_change")
    low, high = np.quantile(used["pressure"], [0.05, 0.95])
    grid = np.arange(low, high + 1e-9, 0.1)
    drawn, shape = _optimum(used, grid, spec)
    ends = drawn.interval(spec.conf_level)
    inside = pressed["pressure"].between(*spec.span).astype("float64")
    per = pd.DataFrame({"in": inside, "n": 1.0}).groupby(pressed["patient_id"]).sum()
    share = ratio_of_totals(per["in"], per["n"], np.zeros(len(per)), spec.conf_level).iloc[0]
    rows = [
        {
            "term": "optimum",
            "estimate": float(drawn.point[0]),
            "conf_low": float(ends[0][0]),
            "conf_high": float(ends[1][0]),
            "n_patients": float(patients),
            "n_assessments": float(len(used)),
            "unit": "points of pressure",
            "method": "spline within therapist, bootstrap of patients",
        },
        {
            "term": "in_range",
            "estimate": float(share["estimate"]),
            "conf_low": max(float(share["conf_low"]), 0.0),
            "conf_high": min(float(share["conf_high"]), 1.0),
            "n_patients": float(len(per)),
            "unit": "share",
            "method": "ratio of totals by patient",
        },
    ]
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        pd.DataFrame(rows).assign(outcome="next_change", conf_level=spec.conf_level),
        group_by="",
        estimand=describe(
            population="sessions with a recorded pressure and a score before the next session",
            strategies="none compared: how hard therapists pressed",
            variable="change of the score to the next session",
            intercurrent="sessions without a next score in time are left out",
            summary="pressure at the lowest point of the curve",
        ),
        curve=pd.DataFrame({"pressure": grid, "change": shape}),
        notes=(FLAT,),
    )


def _spline(x: Floats) -> Floats:
    """Restricted cubic spline with three knots: the line and one bend."""
    a, b, c = _KNOTS
    cube = [np.maximum(x - knot, 0.0) ** 3 for knot in _KNOTS]
    bend = cube[0] - cube[1] * (c - a) / (c - b) + cube[2] * (b - a) / (c - b)
    return np.column_stack([x, bend / (c - a) ** 2])


def _optimum(
    used: pd.DataFrame, grid: Floats, spec: PressureOptimumSpec
) -> tuple[Bootstrap, Floats]:
    """Lowest point of the curve in the data and in resamples, and the curve of the data."""
    x = np.column_stack([_spline(used["pressure"].to_numpy(dtype=float)), covariates(used)])
    whole = pd.DataFrame(np.column_stack([x, used["next_change"].to_numpy(dtype=float)]))
    therapist = pd.factorize(used["therapist_id"])[0]
    z = (whole - whole.groupby(therapist).transform("mean")).to_numpy()
    codes, names = pd.factorize(used["patient_id"])
    k = z.shape[1]
    # sums of products by patient, so that a resample is one product of matrices
    products = np.zeros((len(names), k * k))
    for column in range(k):
        own = pd.DataFrame(z * z[:, [column]]).groupby(codes).sum().to_numpy()
        products[:, column * k : (column + 1) * k] = own
    basis = _spline(grid)

    def shape_of(counts: NDArray[np.int64]) -> Floats:
        sums = (counts.astype(float) @ products).reshape(k, k)
        beta = np.linalg.lstsq(sums[:-1, :-1], sums[:-1, -1], rcond=1e-10)[0]
        return basis @ beta[:2]

    def statistic(counts: NDArray[np.int64]) -> Floats:
        return np.array([grid[int(np.argmin(shape_of(counts)))]])

    drawn = bootstrap(statistic, len(names), replicates=spec.bootstraps, seed=spec.seed, workers=1)
    shape = shape_of(np.ones(len(names), dtype=np.int64))
    return drawn, shape - shape[len(shape) // 2]
