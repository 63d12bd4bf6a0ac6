"""Which 28 days of diary stand for a follow-up time.

The baseline is the 28 days before care began. For a follow-up time the 28 days are taken, the same
for everybody, in which most diary days were filled in, near the target and never overlapping those
of another follow-up time. Only whether a day was filled in decides, never what was written. Counted
periods are taken as they were counted: for each patient the one nearest to the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from outcomes.analyses.groups import Members
from outcomes.tables import Tables

BASELINE = 0
KEYS = ["patient_id", "span"]
# Days that a span may lie before or after its target.
REACH = 28
# A span nearer to its target is preferred if it holds at least this share of the most diary days.
NEARLY_AS_FULL = 0.98


@dataclass(frozen=True)
class Spans:
    """Days of diary by patient and follow-up time.

    Parameters
    ----------
    frame : DataFrame
        One row a patient and span that is over at the as-of date: patient_id, span (target day, 0
        for the baseline), first, last (dates).
    days : dict of int to (int, int)
        First and last day from the start of care, by target day.
    """

    frame: pd.DataFrame
    days: dict[int, tuple[int, int]]

    @property
    def described(self) -> str:
        """Spans in words, for the estimand."""
        parts = [
            f"days {first} to {last} for day {day}" for day, (first, last) in self.days.items()
        ]
        return f"diary of {', '.join(parts)}; counted periods as they were counted"


def find_spans(
    tables: Tables,
    people: Members,
    targets: tuple[int, ...],
    earliest: int,
    baseline_days: int | None = None,
) -> Spans:
    """Find the days of diary that stand for the baseline and for each follow-up time.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : Members
        Patients whose diaries count.
    targets : tuple of int
        Follow-up times in days from the start of care, rising.
    earliest : int
        First day that may belong to a follow-up time: after the landmark where groups were formed
        there.
    baseline_days : int or None
        Days before the start that make the baseline; None for as many as a rate is expressed for.

    Returns
    -------
    Spans
        Follow-up times near which nothing was recorded are absent.

    Notes
    -----
    For target t the diary span is the days [f, f + 27] with the most days filled in over all
    patients, |f − (t − 14)| ≤ 28, within the middle ground between the neighbouring targets. A span
    that is nearer to its target is preferred when it holds at least 98 % as many. A counted period
    stands for a target when its middle is within 28 days of it and it starts no earlier than
    `earliest`; for the baseline when it ends before care began and started at most 56 days before.
    """
    width = tables.settings.cut_points.diary_days
    start = people.start[["patient_id", "start"]]
    start = start[start["start"].notna()]
    filled = _filled_days(tables, start)
    counted = _counted(tables, start, targets, earliest, width)
    days = {BASELINE: (-(baseline_days or width), -1)}
    for target, low, high in _zones(targets, width, earliest):
        chosen = _fullest(filled, target - width // 2, low, high, width)
        if chosen is None and (counted["span"] == target).any():
            chosen = min(max(target - width // 2, low), high)
        if chosen is not None:
            days[target] = (chosen, chosen + width - 1)
    common = pd.concat(
        [
            start[["patient_id"]].assign(
                span=target,
                first=start["start"] + pd.Timedelta(days=first),
                last=start["start"] + pd.Timedelta(days=last),
            )
            for target, (first, last) in days.items()
        ]
    )
    # A patient's own counted period takes the place of the common span, unless a diary was kept.
    counted = counted[~counted["patient_id"].isin(filled["patient_id"])]
    frame = pd.concat([counted, common]).drop_duplicates(KEYS)
    frame = frame[frame["last"] <= tables.as_of]
    return Spans(frame.sort_values(KEYS, ignore_index=True), days)


def _filled_days(tables: Tables, start: pd.DataFrame) -> pd.DataFrame:
    """Diary days that say whether there was a headache: patient_id, day from the start of care."""
    if tables.headache_diary is None:
        return pd.DataFrame({"patient_id": pd.Series(dtype="str"), "day": pd.Series(dtype="int64")})
    diary = tables.headache_diary.loc[
        tables.headache_diary["headache"].notna(), ["patient_id", "date"]
    ].merge(start, on="patient_id")
    day = (diary["date"] - diary["start"]).dt.days
    return diary[["patient_id"]].assign(day=day)


def _zones(targets: tuple[int, ...], width: int, earliest: int) -> list[tuple[int, int, int]]:
    """Target with the lowest and highest first day of its span."""
    middles = [(a + b) // 2 for a, b in pairwise(targets)]
    lows = [earliest, *middles]
    highs = [*middles, targets[-1] + REACH + width]
    zones = []
    for target, low, high in zip(targets, lows, highs, strict=True):
        nominal = target - width // 2
        first = max(low, nominal - REACH, earliest)
        last = min(high - width, nominal + REACH)
        if first <= last:
            zones.append((target, first, last))
    return zones


def _fullest(filled: pd.DataFrame, nominal: int, low: int, high: int, width: int) -> int | None:
    """First day of the span with the most days filled in, the nearer where it hardly matters."""
    day = filled["day"].to_numpy()
    inside = day[(day >= low) & (day < high + width)] - low
    if not len(inside):
        return None
    per_day = np.bincount(inside, minlength=high - low + width)
    total = np.convolve(per_day, np.ones(width, dtype=int), mode="valid")
    good = np.flatnonzero(total >= NEARLY_AS_FULL * total.max()) + low
    return int(good[np.argmin(np.abs(good - nominal))])


def _counted(
    tables: Tables, start: pd.DataFrame, targets: tuple[int, ...], earliest: int, width: int
) -> pd.DataFrame:
    """Take the counted period of each patient that is nearest to each target."""
    columns = [*KEYS, "first", "last"]
    if tables.headache_periods is None or tables.headache_periods.empty:
        nobody = start.iloc[:0]
        return nobody.assign(span=0, first=nobody["start"], last=nobody["start"])[columns]
    periods = tables.headache_periods.rename(columns={"start": "first"})
    periods = periods[["patient_id", "first", "days_observed"]].merge(start, on="patient_id")
    length = periods["days_observed"].astype("int64")
    periods["last"] = periods["first"] + pd.to_timedelta(length - 1, unit="D")
    begins = (periods["first"] - periods["start"]).dt.days
    ends = begins + length - 1
    found = []
    before = (ends < 0) & (begins >= -2 * width)
    found.append(periods[before].assign(span=BASELINE, far=-begins[before]))
    for target in targets:
        far = (begins + ends + 1 - 2 * target).abs() / 2
        near = (far <= REACH) & (begins >= earliest)
        found.append(periods[near].assign(span=target, far=far[near]))
    nearest = pd.concat(found).sort_values(["far", "first"], kind="stable")
    # A period stands for one follow-up time only, the one it is nearest to.
    nearest = nearest.drop_duplicates(["patient_id", "first"])
    return nearest.drop_duplicates(KEYS)[columns]
