"""What a clinic did in a period, how complete its scores are, and who left.

``estimates`` has the period in ``landmark`` (``2026Q3``, or its two dates), the period itself first
and the one it is compared with after it. Terms, for each group:

=======================  ======================================================================
term                     meaning
=======================  ======================================================================
new_patients             patients whose care began in the period (count)
patients_seen            patients with an attended session (count)
sessions_attended        sessions (count; n_patients is patients seen)
no_show, cancelled       shares of appointments; n_patients counts appointments
answered                 share of all pain scores that fell due in the period and were answered
answered_day_N           the same for one analysis window; n_patients is patients due
mean_improvement         mean improvement of pain of patients whose 12-week window ended in the
                         period; n_eligible is those due, n_patients those with both scores;
                         refused where these are too few
responders               of the same patients, share who reached the main threshold of the
                         instrument (for pain 30 % less), of those whose answer tells
serious                  share of attended sessions after which a serious event is recorded;
                         n_patients counts sessions
lapsed                   patients who lapsed in the period (count)
last_known_pain          mean of their last scores of the half year before the end of the period;
                         n_eligible lapsed, n_patients with such a score
lapsed_in_pain           share of these with a last score of 5 or more
cadence_share            at the end of the period, share of patients in care at each cadence;
                         ``group_by`` is ``cadence`` and ``group`` the cadence
starting_pain            mean pain at the start of care by cadence, of those in care at the end of
                         the period (``day 0``) and of the one it is compared with (its label)
=======================  ======================================================================

Counts have ``method`` "count" and no interval. Patients in care attended a session within the days
that cadence looks back on. A clinic's numbers are those of its patients, wherever they went.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from outcomes.analyses.activity_counts import (
    LEVEL,
    appointment_rows,
    cadence_on,
    count_row,
    lapsed_rows,
    serious_rows,
    window_rows,
)
from outcomes.analyses.assemble import assemble, starting_rows
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import CADENCE, ORDER, Members, members, starting_pain
from outcomes.analyses.observed import share_rows
from outcomes.analyses.periods import Dates, Period, period_before, read_period
from outcomes.derive.windows import choose_timing
from outcomes.errors import EstimationError
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "clinic_activity"
NO_SESSIONS = "appointments are not recorded"
NO_SCORES = "pain is not recorded"
NO_EVENTS = "adverse events are not recorded"


@dataclass(frozen=True)
class ClinicActivitySpec:
    """Choices about a period.

    Parameters
    ----------
    period : (str, str) or None
        First and last day as YYYY-MM-DD; None for the last whole quarter of the data.
    compared : (str, str) or None
        Period to compare with; None for as many months right before.
    group_by : {"", "clinic"}
        Clinics apart, or all patients together.
    window : int
        Analysis window whose improvement is shown.
    in_pain : float
        Last score from which a lapsed patient left in pain.
    recent_days : int
        Days before the end of a period in which a last score must lie to be of one who lapsed.
    min_answers : int
        Scores that a mean needs.
    timing : {"", "remote", "pre"}
        Scores that count as answers; empty to choose.
    """

    period: Dates | None = None
    compared: Dates | None = None
    group_by: Literal["", "clinic"] = ""
    window: int = 84
    in_pain: float = 5.0
    recent_days: int = 182
    min_answers: int = 10
    timing: str = ""


def estimate_clinic_activity(
    tables: Tables, spec: ClinicActivitySpec | None = None
) -> AnalysisResult:
    """Count activity, answers and lapses in a period and in the one it is compared with.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : ClinicActivitySpec, optional
        Choices; the default is the last whole quarter against the one before.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes.

    Raises
    ------
    EstimationError
        For a period that cannot be read, or another grouping than by clinic.

    Notes
    -----
    Each period is counted from the records as they were known at its end, so a period counted again
    later, with the same `timing`, gives the same numbers. Shares have Wilson intervals, means t
    intervals; nothing is modelled, so a mean speaks of those who answered.
    """
    spec = spec or ClinicActivitySpec()
    if spec.group_by not in ("", "clinic"):
        raise EstimationError("Activity is counted by clinic or for all.", "Use '' or 'clinic'.")
    period = read_period(spec.period, tables.as_of)
    compared = (
        period_before(period) if spec.compared is None else read_period(spec.compared, tables.as_of)
    )
    everyone = members(tables, spec.group_by, 0)
    timing = spec.timing
    if not timing and tables.assessments is not None:
        timing = choose_timing(
            tables.assessments,
            everyone.start,
            tables.settings.pain_instrument,
            tables.settings.cut_points,
            tables.as_of,
        ).timing
    spec = replace(spec, timing=timing)
    rows = [_period_rows(tables, spec, each) for each in (period, compared)]
    estimates = pd.concat(rows, ignore_index=True)
    mixed, mix_rows = _mix(tables, period, compared)
    has_mix = mixed is not None
    open_end = [each.label for each in (period, compared) if each.last > tables.as_of]
    code = tables.settings.pain_instrument
    return assemble(
        QUESTION,
        spec,
        tables,
        mixed if mixed is not None else everyone,
        pd.concat([estimates.assign(outcome=code), mix_rows], ignore_index=True),
        group_by=CADENCE if has_mix else spec.group_by,
        estimand=describe(
            population="patients in the records",
            strategies="none, care as it was given",
            variable="appointments, answers and scores as recorded",
            intercurrent="none, everything is counted as it happened",
            summary=f"counts, shares and means in {period.label} and {compared.label}",
        ),
        diagnostics={"period": period.label, "compared": compared.label, "timing": timing},
        notes=[
            *(
                f"{label} was not over at the as-of date, so its counts will grow."
                for label in open_end
            ),
            *(
                f"The source does not keep appointments that were {words}, so how many there were "
                "is not recorded."
                for status, words in (("no_show", "missed"), ("cancelled", "cancelled"))
                if f"sessions.status={status}" in tables.absent
            ),
        ],
    )


def _period_rows(tables: Tables, spec: ClinicActivitySpec, period: Period) -> pd.DataFrame:
    """Rows of one period, from what was known at its end."""
    known = tables.at(min(period.last, tables.as_of))
    everyone = members(known, spec.group_by, 0)
    people = everyone.frame
    order = everyone.order or ("",)
    grid = pd.DataFrame({"group": list(order)})
    fresh = people[period.holds(people["start"])]
    parts = [count_row(fresh, grid, "new_patients", "patients")]
    if known.sessions is None:
        terms = ("sessions_attended", "patients_seen", "no_show", "cancelled", "lapsed", "serious")
        parts += [_refused(grid, term, NO_SESSIONS) for term in terms]
    else:
        parts.append(appointment_rows(known, people, grid, period))
        if known.adverse_events is None:
            parts.append(_refused(grid, "serious", NO_EVENTS))
        else:
            parts.append(serious_rows(known, people, grid, period))
        parts.append(
            lapsed_rows(
                known,
                people,
                grid,
                period,
                in_pain=spec.in_pain,
                recent_days=spec.recent_days,
                minimum=spec.min_answers,
            )
        )
    if spec.timing:
        parts.append(
            window_rows(
                known, people, grid, period, spec.timing, spec.window, minimum=spec.min_answers
            )
        )
    else:
        unscored = ("answered", "mean_improvement", "responders")
        parts += [_refused(grid, term, NO_SCORES) for term in unscored]
    return pd.concat(parts, ignore_index=True).assign(group_by=spec.group_by, landmark=period.label)


def _refused(grid: pd.DataFrame, term: str, note: str) -> pd.DataFrame:
    return grid.assign(term=term, status="refused", note=note)


def _mix(tables: Tables, period: Period, compared: Period) -> tuple[Members | None, pd.DataFrame]:
    """Patients in care at the end of the period by cadence, and their shares in both periods."""
    if tables.sessions is None:
        return None, pd.DataFrame()
    found: Members | None = None
    parts = []
    for each in (period, compared):
        known = tables.at(min(each.last, tables.as_of))
        in_care = _in_care(known)
        if found is None:
            found = in_care
        else:
            start = starting_pain(known, in_care)
            parts.append(starting_rows(start, known, landmark=each.label))
        grid = pd.DataFrame({"group": list(ORDER[CADENCE])})
        # Every patient in care is at exactly one cadence: one row a patient and cadence.
        every = in_care.frame[["patient_id", "group"]].merge(
            grid.rename(columns={"group": "cadence"}), how="cross"
        )
        seen = every.assign(event=every["group"] == every["cadence"]).drop(columns="group")
        shares = share_rows(seen.rename(columns={"cadence": "group"}), grid, ["group"], 1, LEVEL)
        parts.append(
            shares.assign(
                term="cadence_share",
                group_by=CADENCE,
                landmark=each.label,
                method="of patients in care at the end of the period, Wilson",
            )
        )
    if found is None or found.frame.empty:
        return None, pd.DataFrame()
    return found, pd.concat(parts, ignore_index=True)


def _in_care(known: Tables) -> Members:
    """Patients with an attended session in the days that cadence looks back on, by cadence."""
    everyone = members(known, "", 0)
    days = known.settings.cut_points.cadence_window
    recent = everyone.frame["last_session"] > known.as_of - pd.Timedelta(days=days)
    people = everyone.keep(recent, "in care", f"no attended session in the last {days} days")
    cadence = cadence_on(known, people.frame, known.as_of)
    frame = people.frame.assign(group=cadence)
    present = set(cadence.dropna())
    order = tuple(group for group in ORDER[CADENCE] if group in present)
    return Members(frame, order, people.steps)
