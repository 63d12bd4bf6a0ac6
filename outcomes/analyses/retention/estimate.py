"""Cadence over time, plans against attendance, staying in care, and leaving it in pain.

``estimates`` has these terms; ``group_by`` is empty, or ``clinic`` with `by_clinic`, unless said:

=======================  ======================================================================
term                     meaning
=======================  ======================================================================
cadence_share            by month (``landmark`` its two dates), ``group_by`` ``cadence``: share of
                         patients in care at its end; refused in a month without a session
starting_pain            ``group_by`` ``cadence``: mean pain at the start by the cadence held last
no_show, cancelled       shares of appointments by month, and over all of them (``landmark`` empty)
rebooked                 share of attended sessions after which an appointment stood booked
still_in_care            by follow-up time: share whose first course goes on after that day
planned_sessions,        ``group_by`` ``plan``: sessions per 28 days under a plan, their ratio,
attended_sessions,       and the share of patients who attended enough of those planned
attended_of_planned,
kept_plan
no_future_booking        share of patients in care without an appointment ahead, on the as-of date
lapsed                   share lapsed of patients who attended in the last year
lapsed_in_pain           share of these with a last score of 5 or more; n_eligible lapsed
lapsed_by_last_pain      ``group_by`` ``last_pain``: lapsed patients by band of their last score
=======================  ======================================================================

``curve`` is the share still in care week by week: outcome, group_by, group, day, estimate,
conf_low, conf_high, n_patients (watched up to then), n_eligible.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import CADENCE, ORDER, Members, members
from outcomes.analyses.periods import months_before
from outcomes.analyses.retention.leaving import course_lengths, staying_curve, staying_rows
from outcomes.analyses.retention.months import monthly_appointments, monthly_cadence
from outcomes.analyses.retention.plans import plan_periods, plan_rows
from outcomes.analyses.retention.present_day import booking_rows, lapsed_rows, standing
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "retention"
STAYING = "care"
"""Outcome of the rows that are not about a score."""


@dataclass(frozen=True)
class RetentionSpec:
    """Choices about staying in care.

    Parameters
    ----------
    by_clinic : bool
        Clinics apart; the mix of cadences and plans are then left out.
    months : int
        Whole months up to the as-of date.
    days : tuple of int
        Days from the first session at which the share still in care is given.
    plan_days : int
        Days that a recommendation stands for at most, if no other follows.
    kept : float
        Share of planned sessions from which a patient kept a plan.
    lapsed_within : int
        Days before the as-of date in which the last session of a lapsed patient must lie.
    score_before : int
        Days before the last session from which a score is one of leaving.
    in_pain : float
        Last score from which a lapsed patient left in pain.
    bands : str
        Name of the bands of pain; empty for the first of the instrument.
    min_patients : int
        Patients that a share in care and a ratio need.

    Notes
    -----
    75 % of assigned sessions as adherence is that of Sherman KJ et al. Ann Fam Med 2014;12:112–120.
    """

    by_clinic: bool = False
    months: int = 24
    days: tuple[int, ...] = (0, 28, 84, 182, 364, 728)
    plan_days: int = 84
    kept: float = 0.75
    lapsed_within: int = 364
    score_before: int = 28
    in_pain: float = 5.0
    bands: str = ""
    min_patients: int = 10


def estimate_retention(tables: Tables, spec: RetentionSpec | None = None) -> AnalysisResult:
    """Describe how often patients come, whether they keep plans, and when they leave.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : RetentionSpec, optional
        Choices; the defaults are 24 months of all patients.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused without attended sessions.

    Notes
    -----
    Nothing is modelled. A course of care is over after 90 days without a session; the last 90 days
    before the as-of date are therefore not judged, and who was in care then is censored there (see
    `course_lengths` and `outcomes.stats.survival`). Leaving is neither good nor bad by itself:
    people leave because they are well and because care did not help.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457–481. Wilson EB. J Am Stat Assoc
    1927;22:209–212.
    """
    spec = spec or RetentionSpec()
    group_by = "clinic" if spec.by_clinic else ""
    everyone = members(tables, group_by, 0)
    people = everyone.keep(
        everyone.frame["first_session"].notna(), "attended a session", "no attended session"
    )
    if tables.sessions is None or people.frame.empty:
        reason = "No attended session is recorded."
        return refuse(QUESTION, spec, tables, people, reason, group_by=group_by, outcome=STAYING)
    grid = pd.DataFrame({"group": list(people.order)})
    frame = people.frame
    months = months_before(tables.as_of, spec.months)
    courses = course_lengths(tables, frame)
    now = standing(tables, frame)
    parts = [
        monthly_appointments(tables, frame, grid, months),
        staying_rows(courses, grid, spec.days, spec.min_patients),
        booking_rows(tables, now, grid),
        lapsed_rows(
            tables,
            now,
            grid,
            within=spec.lapsed_within,
            before=spec.score_before,
            in_pain=spec.in_pain,
            scheme=spec.bands,
        ),
    ]
    shown = people
    if not spec.by_clinic:
        mix, latest = monthly_cadence(tables, frame, months)
        shown = _by_cadence(people, latest)
        parts += [mix, _plans(tables, frame, spec)]
    rows = pd.concat(parts, ignore_index=True)
    rows["group_by"] = rows["group_by"].where(rows["group_by"].notna(), group_by)
    curve = staying_curve(courses, grid, spec.min_patients)
    judged = "began care long enough ago to judge staying"
    gap = tables.settings.cut_points.episode_gap
    return assemble(
        QUESTION,
        spec,
        tables,
        shown,
        rows.assign(outcome=STAYING),
        group_by=group_by,
        estimand=describe(
            population="patients who attended a session",
            strategies="none, care as it was given",
            variable="appointments, recommendations and last scores as recorded",
            intercurrent="returning after the end of a first course is not looked at",
            summary="shares by month, share still in care by time, and ratios to what was planned",
        ),
        curve=curve.assign(outcome=STAYING, group_by=group_by),
        steps=[
            (judged, f"first session in the last {gap} days", len(frame), len(courses)),
        ],
        diagnostics={"months": f"{months[0].first:%Y-%m-%d} to {months[-1].last:%Y-%m-%d}"},
    )


def _by_cadence(people: Members, latest: pd.DataFrame) -> Members:
    """Put the patients of the mix at the cadence held last, for the starting pain of each."""
    frame = people.frame.drop(columns="group").merge(latest, on="patient_id")
    present = set(frame["group"])
    return Members(frame, tuple(g for g in ORDER[CADENCE] if g in present), people.steps)


def _plans(tables: Tables, people: pd.DataFrame, spec: RetentionSpec) -> pd.DataFrame:
    """Rows by plan; one refused row where no plan is recorded."""
    periods = None
    if tables.plans is not None:
        periods = plan_periods(tables, people["patient_id"], spec.plan_days)
    if periods is None or periods.empty:
        note = "no recommended schedule is recorded"
        return pd.DataFrame(
            [{"term": "attended_of_planned", "group_by": "plan", "status": "refused", "note": note}]
        )
    per = tables.settings.cut_points.diary_days
    return plan_rows(periods, per, spec.kept, spec.min_patients)
