"""How much of what reports need has been recorded, and by it what can be reported."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomes.analyses.window_means import ModelChoices
from outcomes.derive.baseline import derive_baseline
from outcomes.derive.episode import derive_start
from outcomes.derive.headache_days import derive_headache_days
from outcomes.derive.windows import derive_windows
from outcomes.present.format import count, follow_up, number
from outcomes.tables import Tables
from outcomes.verdicts import VerdictRules

ROM = (
    "rom_flexion",
    "rom_extension",
    "rom_left_lateral_flexion",
    "rom_right_lateral_flexion",
    "rom_left_rotation",
    "rom_right_rotation",
)
ARM = "arm"


@dataclass(frozen=True)
class Share:
    """How many of those who could have something recorded have it.

    Parameters
    ----------
    label : str
        What is counted.
    have, of : int
        Patients with it, and patients who could have it.
    """

    label: str
    have: int
    of: int


@dataclass(frozen=True)
class Topic:
    """A question reports answer, and what is missing for it.

    Parameters
    ----------
    label : str
        The question in words.
    missing : str
        What is missing, as a sentence; empty where the question can be answered.
    """

    label: str
    missing: str


def measure_completeness(tables: Tables) -> tuple[Share, ...]:
    """Count who has what recorded.

    Parameters
    ----------
    tables : Tables
        The data set.

    Returns
    -------
    tuple of Share
        Start of care, pain at the start, a pain score near each follow-up time (at home, and before
        a session) among those followed that long, a plan, and a headache diary before and after the
        start.
    """
    cuts = tables.settings.cut_points
    people = derive_start(tables.patients, tables.sessions, cuts)
    pain = tables.settings.pain_instrument
    name = tables.registry.get(pain).short_label if pain in tables.registry else pain
    started = people["start"].notna()
    start = people[started].reset_index(drop=True)
    everyone, n = len(people), len(start)
    baseline = derive_baseline(tables.assessments, start, pain, cuts)
    shares = [
        Share("Start of care known", n, everyone),
        Share(f"{name} at the start", int(baseline["baseline"].notna().sum()), n),
    ]
    for timing, where in (("remote", "at home"), ("pre", "before a session")):
        windows = derive_windows(
            tables.assessments,
            start,
            pain,
            timing=timing,
            sessions=tables.sessions,
            cuts=cuts,
            as_of=tables.as_of,
        )
        followed = windows[windows["at_risk"] & (windows["window"] > 0)]
        if not followed["answered"].any():
            continue
        for window in cuts.windows:
            answered = followed.loc[followed["window"] == window.day, "answered"]
            if len(answered):
                label = f"{name} {where} at {follow_up(window.day)}"
                shares.append(Share(label, int(answered.sum()), len(answered)))
    if tables.plans is not None:
        planned = int(people["patient_id"].isin(tables.plans["patient_id"]).sum())
        shares.append(Share("A recommended schedule", planned, everyone))
    if tables.headache_diary is not None or tables.headache_periods is not None:
        shares += _diaries(tables, start)
    return tuple(shares)


def _diaries(tables: Tables, start: pd.DataFrame) -> list[Share]:
    cuts = tables.settings.cut_points
    day = pd.Timedelta(days=1)
    begun = start["start"]
    spans = pd.concat(
        [
            start.assign(span="before", first=begun - cuts.diary_days * day, last=begun - day),
            start.assign(span="after", first=begun, last=tables.as_of),
        ]
    )
    days = derive_headache_days(tables.headache_diary, tables.headache_periods, spans, cuts)
    enough = days[days["sufficient"]].groupby("span").size().reindex(["before", "after"]).fillna(0)
    least = number(cuts.diary_min_days)
    return [
        Share(
            f"Headache diary of {least} days before the start", int(enough["before"]), len(start)
        ),
        Share(f"Headache diary of {least} days after the start", int(enough["after"]), len(start)),
    ]


def needed() -> tuple[int, int]:
    """Patients that a table and that a sentence of a report need.

    Returns
    -------
    table, sentence : int
        Smallest numbers of patients.
    """
    return ModelChoices().min_answers, VerdictRules().minimum_n


def find_topics(tables: Tables) -> tuple[Topic, ...]:
    """Say which questions the records can answer, and what the others lack.

    Parameters
    ----------
    tables : Tables
        The data set.

    Returns
    -------
    tuple of Topic
        In the order of the reports. A question counts as answerable once as many patients as a
        table needs have what it rests on; the report itself then judges each number.
    """
    people = derive_start(tables.patients, tables.sessions, tables.settings.cut_points)
    least, sentence = needed()
    pain = tables.settings.pain_instrument
    scores = tables.assessments
    start = people.loc[people["start"].notna(), ["patient_id", "start"]]
    begun = start["patient_id"]

    def having(ids: pd.Series | None, what: str) -> str:
        n = 0 if ids is None else int(begun.isin(ids).sum())
        if n >= least:
            return ""
        return (
            f"{what} is recorded for {count(n, 'patient')}; a table needs {number(least)}, a "
            f"sentence {number(sentence)}."
        )

    def scored(codes: tuple[str, ...]) -> pd.Series | None:
        if scores is None:
            return None
        later = scores.merge(start, on="patient_id")
        later = later[later["instrument"].isin(codes) & (later["date"] > later["start"])]
        return later.loc[later["timing"] != "post", "patient_id"]

    diary = [
        table["patient_id"]
        for table in (tables.headache_diary, tables.headache_periods)
        if table is not None
    ]
    arms = tables.covariates
    arm_of = None if arms is None else arms.loc[arms["name"] == ARM, "patient_id"]
    attended = tables.sessions
    visits = None if attended is None else attended.loc[attended["status"] == "attended"]
    visitors = None if visits is None else visits["patient_id"]
    name = tables.registry.get(pain).label if pain in tables.registry else pain
    no_pain = having(scored((pain,)), f"A score of {name} after the start of care")
    no_visits = having(visitors, "An attended session")
    no_start = having(begun, "A start of care (an attended session, or index_date)")
    return (
        Topic("Pain over time", no_start or no_pain),
        Topic("Pain by how often patients come", no_visits or no_pain),
        Topic(
            "Neck movement",
            no_start or having(scored(ROM), "A range of motion after the start of care"),
        ),
        Topic(
            "Headache days",
            no_start or having(pd.concat(diary) if diary else None, "A headache diary or count"),
        ),
        Topic(
            "Groups known at the start, such as the arms of a trial",
            having(arm_of, "The arm of the trial (a covariate)") or no_pain,
        ),
    )
