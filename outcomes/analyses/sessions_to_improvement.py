"""How pain falls session by session had everyone gone on, and when improvement is confirmed.

``curve`` has one row a session: group (``everyone`` or ``attendees``), session, mean, conf_low,
conf_high, n_patients, ess. ``estimates`` holds ``mean`` (had everyone gone on) and ``attendees``
(plain mean of who came) for each session, ``plateau`` (first session after which the mean falls
less than a margin more), ``improved_by`` and ``left_by`` for each onset group: the share with
confirmed improvement by a session, and the share that left before; and ``mean_by_onset`` and
``plateau_by_onset``, had everyone of an onset group gone on.
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
from outcomes.analyses.scale import scale_of
from outcomes.derive.baseline import derive_baseline
from outcomes.derive.course_sessions import derive_course_sessions
from outcomes.results import AnalysisResult
from outcomes.stats.bootstrap import bootstrap
from outcomes.stats.one_thread import one_thread_each
from outcomes.stats.strategies import PeriodMean, period_mean
from outcomes.tables import Tables

QUESTION = "sessions_to_improvement"
Floats = NDArray[np.float64]
EVERYONE, ATTENDEES = "everyone", "attendees"
ONSETS = ("acute", "subacute", "chronic")


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
        last session, in tenths of the range: points on a scale of 0 to 10.
    percent, points : float
        Confirmed improvement is a fall by both (points in the same tenths), seen at one session and
        the next.
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


@one_thread_each()
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
    instrument = tables.registry.get(spec.instrument)
    scale = scale_of(instrument)
    course = derive_course_sessions(tables, spec.instrument, sessions=spec.sessions, gap=spec.gap)
    course = course[course["last"].notna()].reset_index(drop=True)
    if course["patient_id"].nunique() < spec.min_ess or course["goes_on"].nunique() < 2:
        reason = (
            f"{course['patient_id'].nunique()} patients have a score before a session of their "
            f"first course; {spec.min_ess:.0f} are needed, some of whom left it."
        )
        return refuse(QUESTION, spec, tables, people, reason)
    fitted = CourseWeights(course, spec.sessions, scale)
    onset = people.frame.set_index("patient_id")["onset"]
    rows, curve = _mean_rows(fitted, onset, spec, spec.margin * scale[1], on_step)
    baseline = derive_baseline(
        tables.assessments, people.start, spec.instrument, tables.settings.cut_points
    )
    rows += improvement_rows(
        course,
        baseline.set_index("patient_id")["baseline"],
        onset,
        points=spec.points * scale[1],
        percent=spec.percent,
        level=spec.conf_level,
    )
    shown = pd.DataFrame(rows).assign(
        outcome=spec.instrument, n_eligible=len(people.frame), conf_level=spec.conf_level
    )
    scores = shown["term"].isin(["mean", ATTENDEES, "mean_by_onset"])
    shown["unit"] = np.where(scores, instrument.unit, "")
    shown.loc[shown["term"].isin(["plateau", "plateau_by_onset"]), "unit"] = "session"
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
    onset: pd.Series,
    spec: SessionsToImprovementSpec,
    margin: float,
    on_step: Callable[[int, int], None] | None,
) -> tuple[list[dict[str, object]], pd.DataFrame]:
    """Means by session both ways, the plateau, the same by onset, and the curve."""
    weights = fitted.weights(fitted.whole)
    kind = onset.reindex(fitted.models.subjects).to_numpy()
    who = {"": np.ones(len(kind))}
    who |= {group: (kind == group).astype(float) for group in ONSETS if (kind == group).any()}

    def statistic(drawn: NDArray[np.int64]) -> Floats:
        fit = fitted.models.fit(drawn.astype(float), fitted.whole)
        means = [fitted.means(fit, drawn * own) for own in who.values()]
        return np.concatenate([np.append(each, plateau(each, margin)) for each in means])

    draws = bootstrap(
        statistic,
        fitted.models.n_subjects,
        replicates=spec.bootstraps,
        seed=spec.seed,
        on_step=on_step,
    )
    low, high = draws.interval(spec.conf_level)
    spread = draws.std_error
    rows: list[dict[str, object]] = []
    late: list[dict[str, object]] = []
    for place, (group, own) in enumerate(who.items()):
        at = place * (spec.sessions + 1)
        refused = False
        for session in range(spec.sessions):
            here = weights[:, [session]] * own[:, None]
            if not (here > 0).any():
                refused = True
                continue
            arm = period_mean(fitted.score[:, [session]], here)
            few = arm.ess < spec.min_ess
            refused |= few
            error = np.fmax(spread[at + session], arm.std_error)
            numbers = (arm.estimate, error, low[at + session], high[at + session])
            term = "mean_by_onset" if group else "mean"
            row = _row(term, group or EVERYONE, session, arm, numbers, few, spec)
            (late if group else rows).append(row | {"group_by": "onset" if group else ""})
        if not group:
            rows += _attending(fitted, weights, spec)
        reached = plateau(fitted.means(fitted.whole, own), margin)
        blank = refused or np.isnan(reached)
        late.append(
            {
                "term": "plateau_by_onset" if group else "plateau",
                "group_by": "onset" if group else "",
                "group": group or EVERYONE,
                "landmark": f"session {spec.sessions}",
                "estimate": np.nan if blank else reached,
                "conf_low": np.nan if blank else low[at + spec.sessions],
                "conf_high": np.nan if blank else high[at + spec.sessions],
                "n_patients": int(own.sum()),
                "method": "weighted for leaving, bootstrap",
                "status": "refused" if blank else "ok",
                "note": "too few effective patients by the last session" if blank else "",
            }
        )
    curve = pd.DataFrame(rows)
    curve["session"] = curve["landmark"].str.removeprefix("session ").astype(int)
    curve = curve.sort_values("session", kind="stable").rename(columns={"estimate": "mean"})[
        ["group", "session", "mean", "conf_low", "conf_high", "n_patients", "ess"]
    ]
    return [*rows, *late], curve.reset_index(drop=True)


def _attending(
    fitted: CourseWeights, weights: Floats, spec: SessionsToImprovementSpec
) -> list[dict[str, object]]:
    """Plain means of who came."""
    rows = []
    for session in range(spec.sessions):
        here = (weights[:, [session]] > 0).astype(float)
        if not here.any():
            continue
        arm = period_mean(fitted.score[:, [session]], here)
        half = 1.96 * arm.std_error
        numbers = (arm.estimate, arm.std_error, arm.estimate - half, arm.estimate + half)
        few = arm.ess < spec.min_ess
        rows.append(_row(ATTENDEES, ATTENDEES, session, arm, numbers, few, spec))
    return rows


def _row(
    term: str,
    group: str,
    session: int,
    arm: PeriodMean,
    numbers: tuple[float, ...],
    few: bool,
    spec: SessionsToImprovementSpec,
) -> dict[str, object]:
    names = ("estimate", "std_error", "conf_low", "conf_high")
    values = [np.nan] * len(names) if few else numbers
    return {
        "term": term,
        "group": group,
        "landmark": f"session {session + 1}",
        **dict(zip(names, values, strict=True)),
        "n_patients": arm.n,
        "n_assessments": arm.n_values,
        "ess": arm.ess,
        "method": "mean of who came" if term == ATTENDEES else "weighted for leaving, bootstrap",
        "status": "refused" if few else "ok",
        "note": f"{arm.ess:.0f} effective patients, {spec.min_ess:.0f} are needed" if few else "",
    }
