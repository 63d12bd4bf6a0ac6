"""Who belongs to which group: everyone, by onset, by clinic, or by cadence at a landmark.

Groups by onset and clinic are known at the start of care. Cadence is known at the landmark, from
the sessions before it, and only of patients who began care long enough ago to have reached it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.derive.baseline import derive_baseline
from outcomes.derive.cadence import cadence_at, landmark_dates
from outcomes.derive.episode import derive_start
from outcomes.derive.patient import derive_patients
from outcomes.errors import EstimationError
from outcomes.settings import CADENCES
from outcomes.tables import Tables

CADENCE, ONSET = "cadence", "onset"
START_COLUMNS = ["patient_id", "start", "first_session"]
GROUPINGS = ("", ONSET, CADENCE, "clinic")
ORDER: dict[str, tuple[str, ...]] = {
    "": ("",),
    ONSET: ("acute", "subacute", "chronic"),
    CADENCE: CADENCES,
}


@dataclass(frozen=True)
class Members:
    """Patients of an analysis, each in one group.

    Parameters
    ----------
    frame : DataFrame
        One row a patient: those of `derive_patients` and `derive_start`, and group.
    order : tuple of str
        Groups that have a member, in the order they are shown.
    steps : tuple of (step, reason, n_in, n_out)
        Who was left out on the way, for `exclusions_frame`.
    """

    frame: pd.DataFrame
    order: tuple[str, ...]
    steps: tuple[tuple[str, str, int, int], ...]

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.frame)

    @property
    def start(self) -> pd.DataFrame:
        """Start of care, as `derive_start` makes it."""
        return self.frame[START_COLUMNS]

    @property
    def group(self) -> pd.Series:
        """Group by patient id."""
        return self.frame.set_index("patient_id")["group"]

    def keep(self, kept: pd.Series, step: str, reason: str) -> Members:
        """Leave members out, and account for it.

        Parameters
        ----------
        kept : Series of bool
            Which rows of `frame` stay.
        step, reason : str
            What those who stay have, and why the others are left out.

        Returns
        -------
        Members
            Those who stay.
        """
        frame = self.frame[kept].reset_index(drop=True)
        present = set(frame["group"])
        order = tuple(group for group in self.order if group in present)
        steps = (*self.steps, (step, reason, len(self.frame), len(frame)))
        return Members(frame, order, steps)


def check_grouping(group_by: str) -> None:
    """Refuse a grouping that does not exist.

    Parameters
    ----------
    group_by : str
        Name of the grouping; empty for everyone together.

    Raises
    ------
    EstimationError
        If it is not one of `GROUPINGS`.
    """
    if group_by not in GROUPINGS:
        known = ", ".join(repr(name) for name in GROUPINGS)
        raise EstimationError(f"There is no grouping {group_by!r}.", f"Use one of {known}.")


def members(tables: Tables, group_by: str, landmark: int) -> Members:
    """Put the patients who began care into groups.

    Parameters
    ----------
    tables : Tables
        The data set.
    group_by : {"", "onset", "cadence", "clinic"}
        What to group by; empty for everyone together.
    landmark : int
        Day from the start of care at which cadence is taken. Used for cadence only.

    Returns
    -------
    Members
        Patients with a start of care (and, for cadence, who had reached the landmark by the as-of
        date) and a known group.

    Raises
    ------
    EstimationError
        If there is no such grouping.

    Notes
    -----
    Cadence counts the attended sessions of the 84 days up to and including the landmark, nothing
    after it. A patient whose onset or clinic is not recorded is counted in `steps`, never guessed.
    """
    check_grouping(group_by)
    everyone = _everyone(tables)
    steps = []

    def keep(frame: pd.DataFrame, kept: pd.Series, step: str, reason: str) -> pd.DataFrame:
        steps.append((step, reason, len(frame), int(kept.sum())))
        return frame[kept]

    begun = everyone["start"].notna() & (everyone["start"] <= tables.as_of)
    people = keep(everyone, begun, "began care", "no attended session and no start date")
    if group_by == CADENCE:
        day = people["start"] + pd.Timedelta(days=landmark)
        reached = day <= tables.as_of
        reason = f"day {landmark} lies after the as-of date"
        people = keep(people, reached, f"reached day {landmark}", reason)
        group = _cadence(tables, people, landmark)
    elif group_by == "":
        group = pd.Series("", index=people.index, dtype="str")
    else:
        group = people[group_by]
    known = group.notna() & ((group != "") | (group_by == ""))
    people = people.assign(group=group.astype("str"))
    if group_by:
        reason = f"{group_by} not recorded"
        if group_by == CADENCE and tables.sessions is None:
            reason = "no appointments are recorded"
        people = keep(people, known, f"{group_by} known", reason)
    present = set(people["group"])
    order = ORDER.get(group_by, tuple(sorted(present)))
    return Members(
        people.reset_index(drop=True), tuple(g for g in order if g in present), tuple(steps)
    )


def _everyone(tables: Tables) -> pd.DataFrame:
    """All patients with what is known of them and the start of their care."""

    def derive() -> pd.DataFrame:
        start = derive_start(tables.patients, tables.sessions, tables.settings.cut_points)
        known = derive_patients(tables).drop(columns="start").merge(start, on="patient_id")
        return known.merge(tables.patients[["patient_id", "headache_type"]], on="patient_id")

    return tables.derived("everyone", derive)


def _cadence(tables: Tables, people: pd.DataFrame, landmark: int) -> pd.Series:
    """Cadence at the landmark for each row of `people`; missing where there are no sessions."""
    if tables.sessions is None or people.empty:
        return pd.Series(pd.NA, index=people.index, dtype="str")
    start = people[START_COLUMNS]
    classed = cadence_at(
        landmark_dates(start, landmark, tables.as_of),
        tables.sessions,
        start,
        tables.settings.cut_points,
        tables.as_of,
    )
    return people["patient_id"].map(classed.set_index("patient_id")["cadence"])


Steps = tuple[tuple[str, str, int, int], ...]


def add_steps(left: Steps, right: Steps) -> Steps:
    """Add the numbers of those left out in two sources, step by step.

    Parameters
    ----------
    left, right : tuple of (step, reason, n_in, n_out)
        The same steps of either source.

    Returns
    -------
    tuple of (step, reason, n_in, n_out)
        The same steps of both together.
    """
    return tuple(
        (step, reason, n_in + other_in, n_out + other_out)
        for (step, reason, n_in, n_out), (_, _, other_in, other_out) in zip(
            left, right, strict=True
        )
    )


@dataclass(frozen=True)
class MemberCounts:
    """How many patients an analysis has in each group, and how they began; of many sources.

    Parameters
    ----------
    start : DataFrame
        By group: members, n (with a baseline of the pain instrument), total and squares of these
        baselines.
    steps : tuple of (step, reason, n_in, n_out)
        Who was left out on the way, for `exclusions_frame`.
    group_by : str
        The grouping.
    """

    start: pd.DataFrame
    steps: tuple[tuple[str, str, int, int], ...]
    group_by: str

    def __add__(self, other: MemberCounts) -> MemberCounts:
        """Add the members of another source, made with the same choices."""
        start = self.start.add(other.start, fill_value=0.0)
        return MemberCounts(start, add_steps(self.steps, other.steps), self.group_by)

    @property
    def size(self) -> int:
        """Number of members."""
        return int(self.start["members"].sum())

    @property
    def order(self) -> tuple[str, ...]:
        """Groups that have a member, in the order they are shown."""
        present = set(self.start.index[self.start["members"] > 0])
        order = ORDER.get(self.group_by, tuple(sorted(present)))
        return tuple(group for group in order if group in present)


def starting_pain(tables: Tables, people: Members | MemberCounts) -> pd.DataFrame:
    """Pain at the start of care by group, as recorded.

    Parameters
    ----------
    tables : Tables
        The data set; not looked at where the members are counted already.
    people : Members or MemberCounts
        The patients and their groups.

    Returns
    -------
    DataFrame
        One row a group: group, start_pain (mean baseline of the pain instrument, in its unit),
        start_pain_sd, start_pain_n (members with a baseline), members.

    Notes
    -----
    A plain mean of those with a baseline. It is printed beside every comparison of cadences, so
    that nobody takes groups that differed from the beginning for groups made different by care.
    """
    counted = people if isinstance(people, MemberCounts) else count_members(tables, people, "")
    start = counted.start.reindex(list(people.order))
    n = start["n"]
    mean = start["total"] / n.where(n > 0)
    variance = (start["squares"] - n * mean**2).clip(lower=0) / (n - 1).where(n > 1)
    table = pd.DataFrame(
        {
            "start_pain": mean,
            "start_pain_sd": np.sqrt(variance),
            "start_pain_n": n.astype("int64"),
            "members": start["members"].astype("int64"),
        }
    )
    return table.rename_axis("group").reset_index()


def derive_for(
    tables: Tables,
    people: Members,
    key: Hashable,
    derive: Callable[[pd.DataFrame], pd.DataFrame],
) -> pd.DataFrame:
    """Derive a frame for the members of an analysis, of all patients once and for all analyses.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : Members
        Patients.
    key : hashable
        Names the derivation with all its choices.
    derive : callable
        Makes the frame from the start of care of any patients: the same number of rows for each, in
        their order, which depend on no other patient.

    Returns
    -------
    DataFrame
        The rows of the members, in their order, on a fresh index.

    Notes
    -----
    Where the members start at another time than the start of care, the frame is made for them.
    """
    everyone = _everyone(tables)[START_COLUMNS]
    place = pd.Index(everyone["patient_id"]).get_indexer(pd.Index(people.frame["patient_id"]))
    theirs = people.start.reset_index(drop=True)
    if (place < 0).any() or not everyone.iloc[place].reset_index(drop=True).equals(theirs):
        return derive(people.start)
    whole = tables.derived(key, lambda: derive(everyone))
    if len(place) == len(everyone) and (np.diff(place) == 1).all():
        return whole
    each = len(whole) // max(len(everyone), 1)
    rows = (place[:, None] * each + np.arange(each)).ravel()
    return whole.iloc[rows].reset_index(drop=True)


def count_members(tables: Tables, people: Members, group_by: str) -> MemberCounts:
    """Count the members of each group and sum their pain at the start.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : Members
        The patients and their groups.
    group_by : str
        Their grouping.

    Returns
    -------
    MemberCounts
        What can be added to that of other patients.
    """
    baseline = pd.Series(float("nan"), index=people.frame.index)
    if tables.assessments is not None:
        code, cuts = tables.settings.pain_instrument, tables.settings.cut_points
        found = derive_for(
            tables,
            people,
            ("baseline", code),
            lambda start: derive_baseline(tables.assessments, start, code, cuts),
        )
        baseline = found["baseline"].set_axis(people.frame.index)
    parts = pd.DataFrame(
        {"members": 1.0, "n": baseline.notna().astype("float64"), "total": baseline.fillna(0.0)}
    )
    parts["squares"] = parts["total"] ** 2
    start = parts.groupby(people.frame["group"].astype("str")).sum()
    return MemberCounts(start, people.steps, group_by)
