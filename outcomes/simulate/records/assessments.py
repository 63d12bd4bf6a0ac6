"""Scores: pain before, after and between sessions; movements and questionnaires now and then."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.simulate.cohort import LatentCohort
from outcomes.simulate.measures import (
    MOVEMENTS,
    ROM_ERROR,
    draw_disability,
    draw_headache_impact,
    draw_starting_motion,
    headache_share,
    range_of_motion,
)
from outcomes.simulate.records.calendar import Appointments, Days, home_days, pain_at
from outcomes.simulate.records.frames import frame
from outcomes.simulate.spec import INITIAL_WEEKS

POST_WEEKS = 3
POST_SHARE = 0.9
"""Sessions after which a score is taken too, among those of weeks 0 to 2 and reassessments."""
DEVICE = "CROM"


def _rows(
    ids: npt.NDArray[np.str_],
    rows: Appointments,
    session_ids: npt.NDArray[np.str_],
    instrument: str,
    timing: str,
    value: npt.NDArray,
) -> pd.DataFrame:
    n = len(rows.patient)
    return frame(
        "assessments",
        {
            "patient_id": ids[rows.patient],
            "instrument": np.full(n, instrument),
            "date": rows.day,
            "timing": np.full(n, timing),
            "value": value,
            "session_id": session_ids,
            "device": np.full(n, DEVICE if instrument in MOVEMENTS else ""),
        },
    )


def _pain_scores(
    cohort: LatentCohort,
    ids: npt.NDArray[np.str_],
    rows: Appointments,
    session_ids: npt.NDArray[np.str_],
    rng: np.random.Generator,
) -> list[pd.DataFrame]:
    before = _rows(
        ids, rows, session_ids, "nrs_pain", "pre", cohort.course.score[rows.patient, rows.week]
    )
    taken = (rows.week < POST_WEEKS) | rows.reassessment
    taken &= rng.random(len(taken)) < POST_SHARE
    after = rows.select(taken)
    pain = pain_at(cohort, after.patient, after.week)
    efficacy = cohort.people.efficacy[after.patient]
    if not cohort.spec.maintenance_effect:
        efficacy = efficacy * (after.week < INITIAL_WEEKS)
    left = pain - efficacy * np.maximum(pain - 0.5, 0)
    value = np.clip(np.rint(left + rng.normal(0, 0.8, len(left))), 0, 10)
    return [before, _rows(ids, after, session_ids[taken], "nrs_pain", "post", value)]


def _home_scores(
    cohort: LatentCohort, ids: npt.NDArray[np.str_], entry: Days, appointments: Appointments
) -> pd.DataFrame:
    patient, asked, day = home_days(cohort, entry, appointments)
    n = len(patient)
    return frame(
        "assessments",
        {
            "patient_id": ids[patient],
            "instrument": np.full(n, "nrs_pain"),
            "date": day,
            "timing": np.full(n, "remote"),
            "value": cohort.course.home_score[patient, asked],
            "session_id": np.full(n, ""),
            "device": np.full(n, ""),
        },
    )


def assessments_table(
    cohort: LatentCohort,
    ids: npt.NDArray[np.str_],
    entry: Days,
    headache: npt.NDArray[np.str_],
    appointments: Appointments,
    session_ids: npt.NDArray[np.str_],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Write the table of scores.

    Parameters
    ----------
    cohort : LatentCohort
        Patients and course.
    ids : array of str
        Their ids.
    entry : array of datetime64[D]
        First day of each.
    headache : array of str
        Type of headache of each.
    appointments : Appointments
        All appointments.
    session_ids : array of str
        Their ids.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        Table ``assessments``, sorted by patient, date and instrument.
    """
    held = appointments.select(appointments.attended)
    held_ids = session_ids[appointments.attended]
    parts = _pain_scores(cohort, ids, held, held_ids, rng)
    parts.append(_home_scores(cohort, ids, entry, appointments))

    full = (held.week == 0) | held.reassessment
    rows, row_ids = held.select(full), held_ids[full]
    people = cohort.people
    pain = pain_at(cohort, rows.patient, rows.week)
    for movement in MOVEMENTS:
        start = draw_starting_motion(movement, cohort.spec.rom_sd, len(people), rng)
        degrees = range_of_motion(
            movement,
            start[rows.patient],
            pain,
            people.entry_pain[rows.patient],
            cohort.spec.rom_caps,
        )
        read = np.maximum(np.rint(degrees + rng.normal(0, ROM_ERROR, len(degrees))), 0)
        parts.append(_rows(ids, rows, row_ids, movement, "pre", read))

    disability = draw_disability(pain, people.distress[rows.patient], rng)
    parts.append(_rows(ids, rows, row_ids, "ndi", "pre", disability))

    ache = headache[rows.patient] != "none"
    share = headache_share(people, cohort.course.pain[:, 0].astype(float))[rows.patient]
    share = share * np.exp(0.125 * (pain - people.entry_pain[rows.patient]))
    impact = draw_headache_impact(share[ache], pain[ache], rng)
    parts.append(_rows(ids, rows.select(ache), row_ids[ache], "hit6", "pre", impact))

    table = pd.concat(parts, ignore_index=True)
    table = table[table["date"] <= pd.Timestamp(cohort.spec.as_of)]
    return table.sort_values(
        ["patient_id", "date", "instrument", "timing"], ignore_index=True, kind="stable"
    )
