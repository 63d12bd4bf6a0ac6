"""The derivations once more, slow and plain: one patient, one row, one question at a time.

Written from the words of the contract, without the sorted arrays of the package, so that the two
can only agree if both are right. Days are whole numbers since some day 0; missing is None.
"""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.settings import CutPoints


@dataclass(frozen=True)
class Session:
    id: str
    patient: str
    day: int
    minute: int | None
    status: str
    booked_on: int | None


@dataclass(frozen=True)
class Score:
    patient: str
    day: int
    timing: str
    value: float | None
    session: str | None


@dataclass(frozen=True)
class Cohort:
    patients: dict[str, int | None]  # id and index date
    sessions: tuple[Session, ...]
    scores: tuple[Score, ...]
    diary: tuple[tuple[str, int, int], ...] = ()  # patient, day, headache
    periods: tuple[tuple[str, int, int, float], ...] = ()  # patient, first day, days, headaches


def attended(cohort: Cohort, patient: str) -> list[Session]:
    held = [s for s in cohort.sessions if s.patient == patient and s.status == "attended"]
    late = 24 * 60
    return sorted(held, key=lambda s: (s.day, late if s.minute is None else s.minute, s.id))


def course(cohort: Cohort, patient: str, cuts: CutPoints) -> list[dict[str, object]]:
    """Attended sessions with episode, numbers, gap and phase."""
    rows: list[dict[str, object]] = []
    episode, within, maintained = 0, 0, False
    previous: int | None = None
    for number, session in enumerate(attended(cohort, patient), start=1):
        gap = None if previous is None else session.day - previous
        if gap is None or gap >= cuts.episode_gap:
            episode, within, maintained = episode + 1, 0, False
        within += 1
        if within > cuts.active_sessions:
            maintained = True
        if within > cuts.maintenance_gap_after and gap is not None and gap >= cuts.maintenance_gap:
            maintained = True
        phase = "initial" if within <= cuts.initial_sessions else "consolidation"
        rows.append(
            {
                "patient_id": patient,
                "session_id": session.id,
                "day": session.day,
                "episode": episode,
                "session_number": number,
                "episode_session": within,
                "gap_days": gap,
                "phase": "maintenance" if maintained else phase,
            }
        )
        previous = session.day
    return rows


def start(cohort: Cohort, patient: str) -> tuple[int | None, str | None]:
    held = attended(cohort, patient)
    if held:
        return held[0].day, held[0].id
    return cohort.patients[patient], None


def time_zero(cohort: Cohort, patient: str, cuts: CutPoints, as_of: int) -> int | None:
    rows = course(cohort, patient, cuts)
    active = [row for row in rows if row["episode"] == 1 and row["phase"] != "maintenance"]
    if not active:
        return None
    last = active[-1]
    if last["episode_session"] >= cuts.active_sessions:
        return last["day"]
    if last["episode_session"] < cuts.maintenance_gap_after:
        return None
    following = [row["day"] for row in rows if row["session_number"] > last["session_number"]]
    until = following[0] if following else as_of
    return last["day"] if until - last["day"] >= cuts.maintenance_gap else None


def baseline(cohort: Cohort, patient: str, cuts: CutPoints) -> Score | None:
    begun, first = start(cohort, patient)
    if begun is None:
        return None
    best: Score | None = None
    for score in cohort.scores:
        if score.patient != patient or score.value is None or score.timing == "post":
            continue
        if not begun - cuts.baseline_max_age <= score.day <= begun:
            continue
        on_the_day = score.day == begun and score.timing == "pre"
        if (
            on_the_day
            and score.session is not None
            and first is not None
            and score.session != first
        ):
            continue
        if best is None or _baseline_rank(score) < _baseline_rank(best):
            best = score
    return best


def _baseline_rank(score: Score) -> tuple[int, bool, bool, str]:
    return (-score.day, score.timing != "pre", score.session is None, score.session or "")


def near_session(cohort: Cohort, score: Score, cuts: CutPoints) -> bool:
    held = attended(cohort, score.patient)
    today = [s for s in held if s.day == score.day]
    earlier = [s for s in held if s.day < score.day]
    if score.timing != "pre":
        return bool(today) or any(score.day - s.day == 1 for s in earlier)
    if len(today) > 1 and score.session is not None and score.session != today[0].id:
        return True
    if not earlier:
        return False
    last = earlier[-1]
    own = today[0].minute if today else None
    if own is None or last.minute is None:
        return score.day - last.day == 1
    return (score.day - last.day) * 24 * 60 + own - last.minute <= cuts.soreness_hours * 60


def windows(
    cohort: Cohort, patient: str, timing: str, cuts: CutPoints, as_of: int, keep: bool
) -> list[tuple[bool, Score | None, bool]]:
    """At risk, score used and flag of each window."""
    begun, _ = start(cohort, patient)
    rows: list[tuple[bool, Score | None, bool]] = []
    for window in cuts.windows:
        if begun is None:
            rows.append((False, None, False))
            continue
        if window.day == 0:
            known = begun <= as_of
            rows.append((known, baseline(cohort, patient, cuts) if known else None, False))
            continue
        usable = [
            score
            for score in cohort.scores
            if score.patient == patient
            and score.timing == timing
            and score.value is not None
            and begun < score.day <= as_of
            and abs(score.day - begun - window.day) <= window.margin
        ]
        sore = [score for score in usable if near_session(cohort, score, cuts)]
        allowed = usable if keep else [score for score in usable if score not in sore]
        best = min(
            allowed,
            key=lambda score: (
                abs(score.day - begun - window.day),
                score.day,
                score in sore,
                score.session is None,
                score.session or "",
            ),
            default=None,
        )
        at_risk = begun + window.day + window.margin <= as_of
        rows.append((at_risk, best, (best in sore) if keep else bool(sore)))
    return rows


def cadence(
    cohort: Cohort, patient: str, day: int, cuts: CutPoints, as_of: int
) -> tuple[int, int, str, float | None] | None:
    """Sessions, length of the window, cadence, and whether an appointment lay ahead."""
    held = [session.day for session in attended(cohort, patient) if session.day <= day]
    if not held or day > as_of:
        return None
    number = sum(day - cuts.cadence_window < each <= day for each in held)
    length = max(min(day - min(held), cuts.cadence_window), cuts.cadence_min)
    mine = [session for session in cohort.sessions if session.patient == patient]
    booked: float | None
    if day == as_of:
        booked = float(any(s.status == "booked" and s.day >= day for s in mine))
    elif any(s.booked_on is not None for s in cohort.sessions):
        booked = float(any(s.booked_on is not None and s.booked_on <= day < s.day for s in mine))
    else:
        booked = None
    rate = number * 28 / length
    if day - max(held) >= cuts.lapse and booked != 1:
        return number, length, "lapsed", booked
    if rate >= cuts.weekly:
        return number, length, "weekly", booked
    if rate >= cuts.twice_monthly:
        return number, length, "twice_monthly", booked
    if rate >= cuts.monthly:
        return number, length, "monthly", booked
    return number, length, "sparse", booked


def headache_days(cohort: Cohort, patient: str, first: int, last: int) -> tuple[float, float]:
    """Days observed and headache days within a span."""
    days = [ache for who, day, ache in cohort.diary if who == patient and first <= day <= last]
    if days:
        return len(days), sum(days)
    inside = [
        (days, aches)
        for who, begin, days, aches in cohort.periods
        if who == patient and first <= begin and begin + days - 1 <= last
    ]
    return sum(days for days, _ in inside), sum(aches for _, aches in inside)
