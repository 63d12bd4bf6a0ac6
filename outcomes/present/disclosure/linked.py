"""All counts of all reports of a run as one system: who adds up to whom, and what that gives away.

A reader has every report of a run on the desk. Groups add up to everyone, clinics to all clinics,
parts of a family of terms to the people they are of. What is withheld in one place is the rest of
something that is shown in another, unless enough else is withheld with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.present.disclosure.counts import nearest
from outcomes.present.disclosure.families import (
    LEVELS,
    OVERLAPPING,
    PARTS,
    SAME_EVENTS,
    threshold_in,
)
from outcomes.present.disclosure.policy import Policy
from outcomes.results import AnalysisResult

CLINIC = "clinic"
_OF = ["clinic", "outcome", "group_by", "group", "landmark"]
_WHO = [*_OF, "question"]
_CELL = [*_WHO, "term", "column"]
_COLUMNS = ("n_eligible", "n_patients", "n_events")
_PEOPLE = ["n_eligible", "n_patients"]
STRICT, WIDE = 0, 1


@dataclass(frozen=True)
class Linked:
    """Counts of a run and the sums they are in.

    Parameters
    ----------
    cells : DataFrame
        A row each place where a count stands: subject, result, row, what it is of, and ``count``,
        the number of the count; the same count may stand in several places.
    true : Series
        True counts by their numbers. Those that stand nowhere, such as how many did not answer,
        come last.
    sums : DataFrame
        A row each member of a sum: ``sum``, ``count``, ``total`` (whether it is the total, else a
        part) and ``kind``: 0 where groups or terms add up, 1 where rounding protects by itself.
    """

    cells: pd.DataFrame
    true: pd.Series
    sums: pd.DataFrame


def link(run: Mapping[str, Mapping[str, AnalysisResult]], policy: Policy) -> Linked:
    """Arrange the counts of all results of a run, and find the sums they are in.

    Parameters
    ----------
    run : mapping of str to mapping of str to AnalysisResult
        Results by name, by the code of the clinic they are of; empty for all clinics together.
    policy : Policy
        Rules.

    Returns
    -------
    Linked
        A sum is one only where the true counts add up, as groups of one cadence need not: some
        patients have none. People of the same group and time who are as many are taken for the
        same people, whatever is said of them.
    """
    places = [
        _cells(subject, name, result)
        for subject, results in run.items()
        for name, result in results.items()
    ]
    cells = pd.concat([each for each in places if len(each)] or [_empty()], ignore_index=True)
    people = cells["column"].isin(_PEOPLE)
    # levels of one thing are all of the same people
    level = people & cells["term"].isin(LEVELS)
    cells.loc[level, ["group_by", "group"]] = ""
    same = cells[_CELL].copy()
    same.loc[people, ["question", "term"]] = ""
    same.loc[people, "column"] = "people"
    cells["count"] = (
        same.assign(value=cells["value"]).groupby([*_CELL, "value"], sort=False).ngroup()
    )
    values = cells.drop_duplicates("count").set_index("count")["value"].sort_index()
    if cells.empty:
        return Linked(cells, values, pd.DataFrame(columns=["sum", "count", "total", "kind"]))
    unseen, rest = _rest(cells, len(values), policy)
    values = pd.concat([values, unseen]).astype("float64")
    distinct = cells.drop_duplicates([*_CELL, "count"])
    found = [
        *_groups(distinct),
        _clinics(distinct),
        _levels(cells),
        *_terms(cells),
        _same_people(cells),
        rest,
    ]
    start, sums = 0, []
    for each in found:
        sums.append(each.assign(sum=start + each["sum"]))
        start += int(each["sum"].max()) + 1 if len(each) else 0
    return Linked(cells, values, _true(pd.concat(sums, ignore_index=True), values))


def hide_more(linked: Linked, hidden: pd.Series, policy: Policy) -> pd.Series:
    """Withhold more rows until no sum gives a small count away.

    Parameters
    ----------
    linked : Linked
        Counts and sums.
    hidden : Series of bool
        Whether each place of `linked.cells` is withheld already.
    policy : Policy
        Rules.

    Returns
    -------
    Series of bool
        The same places, more of them withheld.

    Notes
    -----
    Of a sum whose total is shown, either nothing small is withheld, or two parts at least that are
    `minimum` together. Of clinics, whose many roundings protect by themselves, it is enough that
    `possible` values remain for the small one. Where that fails the smallest part that is shown
    goes too. It ends, because each step withholds something.
    """
    cells, values = linked.cells, linked.true.to_numpy()
    row = cells.groupby(["subject", "result", "row"], sort=False).ngroup().to_numpy()
    which, sums = cells["count"].to_numpy(), linked.sums
    member, number = sums["count"].to_numpy(), sums["sum"].to_numpy()
    total, kind = sums["total"].to_numpy(dtype=bool), sums["kind"].to_numpy()
    size = int(number.max()) + 1 if len(sums) else 0
    rounded = nearest(linked.true, policy.round_to).to_numpy()
    gone = hidden.to_numpy(copy=True)
    unseen = np.bincount(which, minlength=len(values)) == 0

    def per_sum(what: np.ndarray) -> np.ndarray:
        return np.bincount(number, weights=what, minlength=size)

    while True:
        gone = _whole_rows(gone, row)
        small = np.zeros(len(values), dtype=bool)
        small[which[gone]] = True
        small = (small | unseen) & (values < policy.minimum)
        # a small count withheld in one place is withheld in all
        gone = _whole_rows(gone | small[which], row)
        shown = np.zeros(len(values), dtype=bool)
        shown[which[~gone]] = True
        if not size:
            break
        lost = ~shown[member]
        some = per_sum(lost & small[member] & ~total) > 0
        total_shown = per_sum(~lost & total) > 0
        parts = lost & ~total
        together, parts_lost = per_sum(parts * values[member]), per_sum(parts)
        strict = (parts_lost >= 2) & (together >= policy.minimum)
        sign = np.where(total, 1.0, -1.0)
        rest = per_sum(np.where(lost, 0.0, sign * rounded[member]))
        low_slack, high_slack = policy.slack
        n_total, n_parts = per_sum(~lost & total), per_sum(~lost & ~total)
        low = rest - n_total * low_slack - n_parts * high_slack
        high = rest + n_total * high_slack + n_parts * low_slack
        low = np.where(parts_lost > 1, 0.0, np.maximum(low, 0.0))
        wide = np.minimum(high, policy.minimum - 1) - low + 1 >= policy.possible
        kinds = np.zeros(size, dtype=int)
        kinds[number] = kind
        bad = some & total_shown & ~np.where(kinds == STRICT, strict, wide)
        if not bad.any():
            break
        candidates = np.flatnonzero(bad[number] & ~lost)
        # parts first, the smallest first; the total where no part is left
        order = np.lexsort((values[member[candidates]], total[candidates], number[candidates]))
        first = candidates[order][np.unique(number[candidates][order], return_index=True)[1]]
        gone |= np.isin(which, member[first])
    return pd.Series(gone, index=cells.index)


def _whole_rows(gone: np.ndarray, row: np.ndarray) -> np.ndarray:
    if not len(gone):
        return gone
    return (np.bincount(row, weights=gone) > 0)[row]


def _empty() -> pd.DataFrame:
    columns = ["subject", "result", "row", *_CELL, "value"]
    return pd.DataFrame({name: pd.Series(dtype="object") for name in columns})


def _cells(subject: str, name: str, result: AnalysisResult) -> pd.DataFrame:
    """Find the counts of people, of events and of what they did in one result."""
    rows = result.estimates
    if rows.empty:
        return _empty()
    rows["question"] = result.question
    # a clinic's row among all clinics is the row of everyone in its own report
    of_clinic = (rows["group_by"] == CLINIC) & (subject == "")
    rows["clinic"] = rows["group"].where(of_clinic, subject)
    rows.loc[of_clinic, ["group_by", "group"]] = ""
    rows["count"] = rows["estimate"].where(rows["method"] == "count")
    rows["row"] = np.arange(len(rows))
    long = rows.melt(
        id_vars=[*_WHO, "term", "row"],
        value_vars=[*_COLUMNS, "count"],
        var_name="column",
        value_name="value",
    ).dropna(subset="value")
    return long.assign(subject=subject, result=name, column=long["column"].astype("str"))


def _rest(cells: pd.DataFrame, first: int, policy: Policy) -> tuple[pd.Series, pd.DataFrame]:
    """Count few that did not answer, or have not what is counted: they stand nowhere."""
    wide = cells.pivot(
        index=["subject", "result", "row"], columns="column", values=["count", "value"]
    )
    found = []
    for whole, part in (("n_eligible", "n_patients"), ("n_patients", "n_events")):
        if not {whole, part} <= set(wide["value"].columns):
            continue
        left = wide["value", whole] - wide["value", part]
        few = wide[(left > 0) & (left < policy.minimum)]
        pairs = few["count"][[whole, part]].drop_duplicates()
        if len(pairs):
            found.append(
                pd.DataFrame(
                    {
                        "whole": pairs[whole].to_numpy(),
                        "part": pairs[part].to_numpy(),
                        "left": left[pairs.index].to_numpy(),
                    }
                )
            )
    together = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
    if together.empty:
        return pd.Series(dtype="float64"), _no_sums()
    number = np.arange(len(together))
    unseen = pd.Series(together["left"].to_numpy(), index=first + number)
    members = [
        (together["whole"].to_numpy(), True),
        (together["part"].to_numpy(), False),
        (first + number, False),
    ]
    rest = pd.concat(
        [
            pd.DataFrame({"sum": number, "count": count, "total": total, "kind": WIDE})
            for count, total in members
        ],
        ignore_index=True,
    )
    return unseen, rest.astype({"count": "int64"})


def _no_sums() -> pd.DataFrame:
    return pd.DataFrame(
        {"sum": [], "count": [], "total": pd.Series(dtype=bool), "kind": []}
    ).astype({"sum": "int64", "count": "int64", "kind": "int64"})


def _groups(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Add groups of each split up to everyone, where they are groups and not levels."""
    own = cells[~cells["term"].isin([*LEVELS, *OVERLAPPING])]
    keys = [name for name in _CELL if name not in ("group_by", "group")]
    whole = own[own["group_by"] == ""]
    return [
        _sums(pd.concat([whole, own[own["group_by"] == split]]), keys, "group_by", STRICT)
        for split in own["group_by"].unique()
        if split
    ]


def _clinics(cells: pd.DataFrame) -> pd.DataFrame:
    """Add clinics up to all of them; nobody anywhere is a sum only of all clinics there are."""
    own = cells.drop_duplicates([*_CELL, "count"])
    found = _sums(own, [name for name in _CELL if name != "clinic"], "clinic", WIDE)
    number = found["sum"].to_numpy()
    most = own.loc[own["clinic"] != "", "clinic"].nunique()
    parts = np.bincount(number, weights=~found["total"])
    people = np.bincount(number, weights=own["value"].to_numpy(dtype="float64"))
    return found[((parts == most) | (people > 0))[number]]


def _sums(cells: pd.DataFrame, keys: list[str], part: str, kind: int) -> pd.DataFrame:
    """Add up counts that agree in `keys`; the total is the one whose `part` is empty."""
    return pd.DataFrame(
        {
            "sum": cells.groupby(keys, sort=False).ngroup().to_numpy(),
            "count": cells["count"].to_numpy(),
            "total": (cells[part] == "").to_numpy(),
            "kind": kind,
        }
    )


def _levels(cells: pd.DataFrame) -> pd.DataFrame:
    """Events of levels add up to the people that any level is of."""
    own = cells[cells["term"].isin(LEVELS) & cells["column"].isin(["n_events", "n_patients"])]
    keys = ["clinic", "outcome", "landmark", "question", "term"]
    return _people_and_events(own, own.groupby(keys, sort=False).ngroup())


def _terms(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Families of terms whose events add up, and terms whose events are the same."""
    found = []
    for families, same in ((PARTS, False), (SAME_EVENTS, True)):
        for family in families:
            threshold = cells["term"].map(
                {term: _threshold(term, family) for term in cells["term"].unique()}
            )
            columns = ["n_events"] if same else ["n_events", "n_patients"]
            kept = threshold.notna() & cells["column"].isin(columns)
            own = cells[kept]
            keys = [own[name] for name in _WHO] + [threshold[kept].rename("threshold")]
            number = own.groupby(keys, sort=False).ngroup()
            found.append((_equal if same else _people_and_events)(own, number))
    return found


def _threshold(term: str, family: tuple[str, ...]) -> str | None:
    names = (threshold_in(term, template) for template in family)
    return next((name for name in names if name is not None), None)


def _equal(own: pd.DataFrame, number: pd.Series) -> pd.DataFrame:
    """Each other member of a family equals the first: sums of one part."""
    frame = pd.DataFrame({"family": number.to_numpy(), "count": own["count"].to_numpy()})
    frame = frame.drop_duplicates()
    first = frame.groupby("family")["count"].transform("first")
    pairs = frame.assign(first=first)[frame["count"] != first]
    return _pairs(pairs["first"].to_numpy(), pairs["count"].to_numpy())


def _same_people(cells: pd.DataFrame) -> pd.DataFrame:
    """Those with something are the people that something else is said of."""
    events = cells[cells["column"] == "n_events"]
    people = cells[cells["column"].isin(_PEOPLE)]
    both = people[[*_OF, "value", "count"]].merge(
        events[[*_OF, "value", "count"]], on=[*_OF, "value"], suffixes=("", "_of_events")
    )
    both = both[["count", "count_of_events"]].drop_duplicates()
    return _pairs(both["count"].to_numpy(), both["count_of_events"].to_numpy())


def _pairs(total: np.ndarray, part: np.ndarray) -> pd.DataFrame:
    number = np.arange(len(total))
    return pd.DataFrame(
        {
            "sum": np.concatenate([number, number]),
            "count": np.concatenate([total, part]).astype("int64"),
            "total": np.repeat([True, False], len(total)),
            "kind": STRICT,
        }
    )


def _people_and_events(own: pd.DataFrame, number: pd.Series) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "sum": number.to_numpy(),
            "count": own["count"].to_numpy(),
            "total": (own["column"] == "n_patients").to_numpy(),
            "kind": STRICT,
        }
    )
    return frame


def _true(sums: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """Keep what adds up: one total, one part at least, and the same number on both sides."""
    sums = sums.drop_duplicates(["sum", "count", "total"])
    value = values.reindex(sums["count"]).to_numpy()
    by = sums["sum"].to_numpy()
    size = int(by.max()) + 1 if len(by) else 0
    total = sums["total"].to_numpy(dtype=bool)
    left = np.bincount(by, weights=np.where(total, value, -value), minlength=size)
    ones = np.bincount(by, weights=total, minlength=size)
    members = np.bincount(by, minlength=size)
    kept = (np.abs(left) < 1e-9) & (ones == 1) & (members >= 2)
    sums = sums[kept[by]].copy()
    sums["sum"] = sums.groupby("sum", sort=False).ngroup()
    return sums.reset_index(drop=True)
