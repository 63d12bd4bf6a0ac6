"""How pain falls session by session had everyone gone on, and when improvement is confirmed.

``curve`` has one row a session: group (``everyone`` or ``attendees``), session, mean, conf_low,
conf_high, n_patients, ess. ``estimates`` holds ``mean`` (had everyone gone on) and ``attendees``
(plain mean of who came) for each session, ``plateau`` (first session after which the mean falls
less than a margin more), and ``improved_by`` and ``left_by`` for each onset group: the share with
confirmed improvement by a session, and the share that left before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.confirmed_improvement import improvement_rows
from outcomes.analyses.course_weights import CourseWeights, plateau
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.derive.baseline import derive_baseline
from outcomes.derive.course_sessions import derive_course_sessions
from outcomes.results import AnalysisResult
from outcomes.stats.bootstrap import bootstrap
from outcomes.stats.strategies import period_mean
from outcomes.tables import Tables

QUESTION = "sessions_to_improvement"
Floats = NDArray[np.float64]
EVERYONE, ATTENDEES = "everyone", "attendees"


@dataclass(frozen=True)
class SessionsToImprovementSpec:
    """Choices about the course of the first sessions.

    Parameters
    ----------
    instrument : str
        Pain instrument, scored before sessions; empty for that of the settings.
    sessions : int
        Last session looked at.
    gap : int
        Days after which a next session is no longer the same course.
    margin : float
        The plateau is the first session at which the mean lies less than this above that of the
        last session, in points.
    percent, points : float
        Confirmed improvement is a fall by both, seen at one session and the next.
    min_ess : float
        Effective number of patients that a session needs.
    bootstraps, seed : int
        Resamples of patients, and their seed.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    sessions: int = 12
    gap: int = 21
    margin: float = 0.5
    percent: float = 30.0
    points: float = 2.0
    min_ess: float = 100.0
    bootstraps: int = 200
    seed: int = 20260101
    conf_level: float = 0.95


def estimate_sessions_to_improvement(
    tables: Tables,
    spec: SessionsToImprovementSpec | None = None,
    *,
    on_step: Callable[[int, int], None] | None = None,
) -> AnalysisResult:
    """Estimate the mean course had everyone gone on, beside that of those who did.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : SessionsToImprovementSpec, optional
        Choices.
    on_step : callable, optional
        Told (done, total) as resamples are made.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; sessions with too few effective patients are
        refused.

    Notes
    -----
    Patients leave when they are well, so the plain mean of who still comes stops falling while the
    same people go on getting better: a false plateau. Weights Π 1/P(goes on | last score, session
    number) make those who stay stand for those who left; right if leaving depends on the last
    recorded score only. Shares improved are cumulative incidences with leaving as a competing
    event; patients whose course is not over by the as-of date leave the numbers at risk.

    References
    ----------
    Barkham M, et al. Dose–effect relations and responsive regulation. J Consult Clin Psychol
    2006;74:160–167. Aalen OO, Johansen S. Scand J Stat 1978;5:141–150.
    """
    spec = spec or SessionsToImprovementSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    people = members(tables, "", 0)
    course = derive_course_sessions(tables, spec.instrument, sessions=spec.sessions, gap=spec.gap)
    course = course[course["last"].notna()].reset_index(drop=True)
    if course["patient_id"].nunique() < spec.min_ess or course["goes_on"].nunique() < 2:
        reason = (
            f"{course['patient_id'].nunique()} patients have a score before a session of their "
            f"first course; {spec.min_ess:.0f} are needed, some of whom left it."
        )
        return refuse(QUESTION, spec, tables, people, reason)
    fitted = CourseWeights(course, spec.sessions)
    rows, curve = _mean_rows(fitted, spec, on_step)
    baseline = derive_baseline(
        tables.assessments, people.start, spec.instrument, tables.settings.cut_points
    )
    rows += improvement_rows(
        course,
        baseline.set_index("patient_id")["baseline"],
        people.frame.set_index("patient_id")["onset"],
        points=spec.points,
        percent=spec.percent,
        level=spec.conf_level,
    )
    instrument = tables.registry.get(spec.instrument)
    shown = pd.DataFrame(rows).assign(
        outcome=spec.instrument, n_eligible=len(people.frame), conf_level=spec.conf_level
    )
    shown["unit"] = np.where(shown["term"].isin(["mean", ATTENDEES]), instrument.unit, "")
    shown.loc[shown["term"] == "plateau", "unit"] = "session"
    shown.loc[shown["term"].isin(["improved_by", "left_by"]), "unit"] = "share"
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        shown,
        group_by="",
        estimand=describe(
            population="patients who began care, with a score before a session of the first course",
            strategies=f"going on to session {spec.sessions}, with no gap over {spec.gap} days",
            variable=f"{instrument.label} before each session",
            intercurrent="leaving the course is weighted for by the scores up to then; for shares "
            "improved it is a competing event",
            summary="mean by session; first session at the plateau; share improved by session",
        ),
        curve=curve,
        notes=fitted.whole.notes,
    )


def _mean_rows(
    fitted: CourseWeights,
    spec: SessionsToImprovementSpec,
    on_step: Callable[[int, int], None] | None,
) -> tuple[list[dict[str, object]], pd.DataFrame]:
    """Means by session both ways, the plateau, and the curve."""
    weights = fitted.weights(fitted.whole)

    def statistic(drawn: NDArray[np.int64]) -> Floats:
        counts = drawn.astype(float)
        means = fitted.means(fitted.models.fit(counts, fitted.whole), counts)
        return np.append(means, plateau(means, spec.margin))

    draws = bootstrap(
        statistic,
        fitted.models.n_subjects,
        replicates=spec.bootstraps,
        seed=spec.seed,
        on_step=on_step,
    )
    low, high = draws.interval(spec.conf_level)
    rows: list[dict[str, object]] = []
    refused = False
    for session in range(spec.sessions):
        for group, w in ((EVERYONE, weights), (ATTENDEES, (weights > 0).astype(float))):
            here = w[:, [session]]
            if not (here > 0).any():
                continue
            arm = period_mean(fitted.score[:, [session]], here)
            own = group == EVERYONE
            few = arm.ess < spec.min_ess
            refused |= few and own
            spread = draws.std_error[session] if own else arm.std_error
            numbers = [arm.estimate, max(spread, arm.std_error)]
            ends = (
                [low[session], high[session]]
                if own
                else [arm.estimate - 1.96 * arm.std_error, arm.estimate + 1.96 * arm.std_error]
            )
            values = [np.nan] * 4 if few else [*numbers, *ends]
            rows.append(
                {
                    "term": "mean" if own else ATTENDEES,
                    "group": group,
                    "landmark": f"session {session + 1}",
                    **dict(
                        zip(["estimate", "std_error", "conf_low", "conf_high"], values, strict=True)
                    ),
                    "n_patients": arm.n,
                    "n_assessments": arm.n_values,
                    "ess": arm.ess,
                    "method": "weighted for leaving, bootstrap" if own else "mean of who came",
                    "status": "refused" if few else "ok",
                    "note": f"{arm.ess:.0f} effective patients, {spec.min_ess:.0f} are needed"
                    if few
                    else "",
                }
            )
    curve = pd.DataFrame(rows)
    curve["session"] = curve["landmark"].str.removeprefix("session ").astype(int)
    curve = curve.rename(columns={"estimate": "mean"})[
        ["group", "session", "mean", "conf_low", "conf_high", "n_patients", "ess"]
    ]
    at = plateau(fitted.means(fitted.whole), spec.margin)
    blank = refused or np.isnan(at)
    rows.append(
        {
            "term": "plateau",
            "group": EVERYONE,
            "landmark": f"session {spec.sessions}",
            "estimate": np.nan if blank else at,
            "conf_low": np.nan if blank else low[-1],
            "conf_high": np.nan if blank else high[-1],
            "n_patients": fitted.models.n_subjects,
            "method": "weighted for leaving, bootstrap",
            "status": "refused" if blank else "ok",
            "note": "too few effective patients by the last session" if blank else "",
        }
    )
    return rows, curve
