"""Off-track flags: who is found, who is flagged wrongly, and whether the charts hold.

The generator plants people whom sessions hardly help among others, in clinics that differ. It can
make people stop coming when they are well, and it goes on after six sessions, so that a flag can
turn out wrong.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from outcomes.analyses.off_track import OffTrackReference, OffTrackSpec, fit_off_track_reference
from outcomes.analyses.off_track.charts import Charts, fit_charts
from outcomes.analyses.off_track.flags import first_flags
from outcomes.analyses.off_track.patients import judged_sessions
from outcomes.analyses.off_track.rows import session_rows
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

from .interval_censored import table

SEED = 190
PLANTED = 0.10
CLINICS = 10
STRATA = (-1, 4, 6, 8, 10)
SPEC = OffTrackSpec(instrument="nrs_pain", sessions=6)


@dataclass(frozen=True)
class Course:
    """Scores before each session, and what is true of each person."""

    scores: np.ndarray
    chronic: np.ndarray
    planted: np.ndarray
    clinic: np.ndarray
    stays: np.ndarray


def simulate_course(
    rng: np.random.Generator,
    n: int,
    *,
    effects: np.random.Generator | None = None,
    sessions: int = 6,
    stopping: bool = False,
    share: float = PLANTED,
) -> Course:
    """Weekly sessions; clinics differ in case-mix and effect where `effects` is given."""
    mix, helps = np.zeros(CLINICS), np.zeros(CLINICS)
    if effects is not None:
        mix, helps = effects.normal(0, 0.4, CLINICS), effects.normal(0, 0.1, CLINICS)
    clinic = rng.integers(0, CLINICS, n)
    chronic, z = (rng.random(n) < 0.5).astype(float), rng.normal(size=n)
    target = 6.35 + 0.5 * chronic + 0.35 * z + mix[clinic] + rng.normal(0, 1.1, n)
    helped = expit(logit(0.40) - 0.25 * z - 0.2 * chronic + helps[clinic] + rng.normal(0, 0.3, n))
    planted = rng.random(n) < share
    helped = np.where(planted, 0.05, helped)
    pain = np.clip(target + np.maximum(rng.normal(0.5, 0.8, n), 0), 0, 10)
    scores = np.empty((n, sessions))
    stays = np.ones((n, sessions), dtype=bool)
    for session in range(sessions):
        scores[:, session] = np.clip(np.rint(pain + rng.normal(0, 0.8, n)), 0, 10)
        fall = helped * np.maximum(pain - 0.5, 0)
        pain = np.clip(pain + 0.055 * (target - pain) - fall + rng.normal(0, 0.45, n), 0, 10)
        leaves = rng.random(n) < expit(-2.2 - 0.9 * (scores[:, session] - 3))
        if stopping and session + 1 < sessions:
            stays[:, session + 1] = stays[:, session] & ~leaves
    return Course(scores, chronic, planted, clinic, stays)


def records_of(course: Course) -> Tables:
    """The same as records of a clinic, one session a week."""
    row, session = np.nonzero(course.stays)
    n = len(course.chronic)
    names = pd.Series([f"p{number:06d}" for number in range(n)], dtype="str")
    ids = names.iloc[row].reset_index(drop=True)
    key = ids + "-" + pd.Series(session + 1).astype("str")
    day = pd.Series(pd.Timestamp("2025-01-06") + pd.to_timedelta(7 * session, unit="D"))
    clinic = pd.Series([f"clinic {number:02d}" for number in range(CLINICS)], dtype="str")
    onset = pd.Series(np.where(course.chronic == 1, "chronic", "subacute"), dtype="str")
    given = {
        "patients": {
            "patient_id": names,
            "clinic": clinic.iloc[course.clinic].reset_index(drop=True),
            "onset": onset,
        },
        "sessions": {"session_id": key, "patient_id": ids, "date": day, "status": "attended"},
        "assessments": {
            "patient_id": ids,
            "instrument": "nrs_pain",
            "date": day,
            "timing": "pre",
            "value": course.scores[row, session],
            "session_id": key,
        },
    }
    frames = {}
    for name, columns in given.items():
        frame = pd.DataFrame(columns)
        for column in SCHEMAS[name].columns:
            if column.name not in frame:
                frame[column.name] = pd.Series([None] * len(frame), index=frame.index)
            frame[column.name] = frame[column.name].astype(column.dtype)
        frames[name] = frame[list(SCHEMAS[name].names)]
    as_of = pd.Timestamp("2026-01-01")
    return Tables(
        frames["patients"],
        as_of,
        sessions=frames["sessions"],
        assessments=frames["assessments"],
        synthetic=True,
    )


def chart_of(tables: Tables, spec: OffTrackSpec = SPEC) -> OffTrackReference:
    """A reference without a record of its flags, which is not needed to judge others."""
    rows = session_rows(tables, spec, weighted=True)
    empty = pd.DataFrame()
    charts = fit_charts(rows, spec)
    return OffTrackReference(spec, tables.as_of, True, charts, "chart", "", 0, empty)


def flagged(judged: pd.DataFrame, n: int, flag: pd.Series) -> np.ndarray:
    """Who is flagged at least once, by number of the person."""
    out = np.zeros(n, dtype=bool)
    out[judged.loc[flag, "patient_id"].str[1:].astype(int).unique()] = True
    return out


def rules(judged: pd.DataFrame, given_last: pd.Series) -> dict[str, pd.Series]:
    """Flags of the chart and of simpler rules, on rows of sessions 2 to 6."""
    better = judged["baseline"] - judged["score"]
    return {
        "expected course, start only": judged["off_track"] == 1,
        "given the last score instead": given_last,
        "2 or more worse than at the last visit": judged["score"] - judged["previous"] >= 2,
        "plain rule: under 2 better at session 4": (judged["session"] == 4)
        & (better < 2)
        & (judged["baseline"] > 4),
    }


def found(course: Course, flags: np.ndarray) -> tuple[float, float]:
    """Shares of planted non-responders and of responders who are flagged."""
    return float(flags[course.planted].mean()), float(flags[~course.planted].mean())


def against_rules(train: Tables, course: Course, test: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Found and flagged wrongly by rule; and the judged sessions."""
    reference = fit_off_track_reference(train, SPEC)
    judged = judged_sessions(test, reference)
    rows = []
    for name, flag in rules(judged, judged["change_tail"] <= SPEC.alarm).items():
        hit, false = found(course, flagged(judged, len(course.planted), flag))
        rows.append({"rule": name, "non-responders found": hit, "responders flagged": false})
    return pd.DataFrame(rows), judged


def calibration(judged: pd.DataFrame) -> pd.DataFrame:
    """Share of scores in the upper 5 % of what was expected (mid-P), in groups."""
    known = judged[judged["mid_tail"].notna()]
    over = (known["mid_tail"] <= 0.05).astype(float)
    stratum = pd.cut(known["baseline"], list(STRATA), labels=["0–4", "5–6", "7–8", "9–10"])
    rows = []
    for name, group in (("session", known["session"]), ("start", stratum)):
        for label, values in over.groupby(group, observed=True):
            error = np.sqrt(0.05 * 0.95 / len(values))
            rows.append(
                {"group": f"{name} {label}", "mid-P ≤ .05": values.mean(), "mc_error": error}
            )
    return pd.DataFrame(rows)


def clinics(judged: pd.DataFrame) -> tuple[float, float]:
    """Smallest and largest exceedance of a clinic."""
    known = judged[judged["mid_tail"].notna()]
    over = (known["mid_tail"] <= 0.05).groupby(known["clinic"]).mean()
    return float(over.min()), float(over.max())


def by_size(sizes: tuple[int, ...], replicates: int, tested: int) -> pd.DataFrame:
    """Small references: how flags and calibration suffer."""
    rows = []
    effects = [SEED, 7]
    course = simulate_course(
        np.random.default_rng([SEED, 8]), tested, effects=np.random.default_rng(effects)
    )
    test = records_of(course)
    for size in sizes:
        results = []
        for replicate in range(replicates):
            rng = np.random.default_rng([SEED, size, replicate])
            own = simulate_course(rng, size, effects=np.random.default_rng(effects))
            spec = replace(SPEC, min_effective=min(SPEC.min_effective, 0.9 * size))
            judged = judged_sessions(test, chart_of(records_of(own), spec))
            flags = flagged(judged, tested, judged["off_track"] == 1)
            over = (judged["mid_tail"].dropna() <= 0.05).mean()
            results.append((*found(course, flags), over))
        mean, spread = np.mean(results, axis=0), np.std(results, axis=0, ddof=1)
        rows.append(
            {
                "starters": f"{size:,}",
                "non-responders found": mean[0],
                "sd": spread[0],
                "responders flagged": mean[1],
                "sd ": spread[1],
                "mid-P ≤ .05": mean[2],
                "sd  ": spread[2],
            }
        )
    return pd.DataFrame(rows)


def stopping(n: int, tested: int) -> pd.DataFrame:
    """Charts of people who stop when well, judged on people who do not stop."""
    train = records_of(simulate_course(np.random.default_rng([SEED, 3]), n, stopping=True))
    course = simulate_course(np.random.default_rng([SEED, 4]), tested)
    test = session_rows(records_of(course), SPEC, weighted=False)
    rows = session_rows(train, SPEC, weighted=True)
    plain = rows.assign(weight=(rows["weight"] > 0).astype(float))
    out = []
    for name, used in (("weighted", rows), ("unweighted", plain)):
        charts: Charts = fit_charts(used, SPEC)
        judged = pd.concat([test, charts.judge(test, SPEC)], axis=1)
        tail = (judged["tail"] <= SPEC.alarm).groupby(judged["patient_id"]).any().to_numpy()
        hit, false = found(course, tail)
        row = {"chart": name, "non-responders found": hit, "responders flagged": false}
        for session in (3, 6):
            here = judged["mid_tail"][judged["session"] == session]
            row[f"mid-P ≤ .05, session {session}"] = (here <= 0.05).mean()
        out.append(row)
    return pd.DataFrame(out)


def wrong_flags(n: int, share: float = PLANTED) -> tuple[OffTrackReference, float]:
    """What a clinic measures of its wrong flags, and the share of responders among the flagged."""
    rng = np.random.default_rng([SEED, 5])
    course = simulate_course(rng, n, sessions=12, share=share)
    reference = fit_off_track_reference(records_of(course), replace(SPEC, sessions=12))
    first = first_flags(reference.history)
    first = first[first["fine_later"].notna()]
    who = first["patient_id"].str[1:].astype(int).to_numpy()
    return reference, float((~course.planted[who]).mean())


def wrong_by_share(n: int, shares: tuple[float, ...]) -> pd.DataFrame:
    """Wrong flags as measured and as they are, by how many do not respond."""
    rows = []
    for share in shares:
        reference, responders = wrong_flags(n, share)
        wrong, told = reference.wrong()
        rows.append(
            {
                "planted": f"{100 * share:.0f} %",
                "flags": f"{told}",
                "measured wrong": wrong / told,
                "1 in": reference.one_in(),
                "truly responders": responders,
            }
        )
    return pd.DataFrame(rows)


def section() -> str:
    """Run the validation and write it up."""
    trained, tested = 20_000, 50_000
    effects = [SEED, 7]
    train = records_of(
        simulate_course(
            np.random.default_rng([SEED, 1]), trained, effects=np.random.default_rng(effects)
        )
    )
    course = simulate_course(
        np.random.default_rng([SEED, 2]), tested, effects=np.random.default_rng(effects)
    )
    rows, judged = against_rules(train, course, records_of(course))
    least, most = clinics(judged)
    return f"""## Off-track flags

{dt.date.today().isoformat()}, seed {SEED}. One person in ten is planted as a non-responder (a
session takes away 5 % of the pain, not 40 %); {CLINICS} clinics differ in case-mix (sd .4 points)
and effect (sd .1 in log odds). Charts of {trained:,} starters judge {tested:,} new people of the
same clinics at sessions 2 to 6. Target: at least 70 % of non-responders found by session 6, at most
2 % of responders flagged. Monte Carlo error .006 for the former, .0006 for the latter.

{table(rows)}

Share of scores in the upper 5 % of what was expected, counting half of ties (target 4–6 %):

{table(calibration(judged))}

By clinic, all sessions together, it lies between {least:.4f} and {most:.4f} (target 4–6 %; mc_error
.0015 of the test, and as much as .005 from the {trained // CLINICS:,} starters of each clinic).

Small references, 10 replicates each, judging 20,000 new people (sd: between references). A chart
is made from 300 effective starters at each session on; 200 shows why not from fewer.

{table(by_size((200, 300, 500, 1_000, 2_000, 5_000), 10, 20_000))}

People who stop coming when they are well, {trained:,} starters, judging 20,000 people none of whom
stops: weights for stopping keep the chart that of all starters.

{table(stopping(trained, 20_000))}

Wrong flags, as a clinic of 6,000 starters over 12 weeks measures them. A flag was wrong when 4 to
13 weeks later pain is at most half of that at the start, whatever was done. Where nobody is
planted, every flag is of somebody who responds, and nearly all of them count as wrong. Where people
are planted, some of them are half better too within 12 sessions, so the clinic's number is no
better than the truth.

{table(wrong_by_share(6_000, (0.0, 0.05, 0.1, 0.2)))}
"""
