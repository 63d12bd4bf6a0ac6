"""An attack on a run: what its reports, taken together, tell of small counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.errors import DisclosureError
from outcomes.instruments import InstrumentRegistry
from outcomes.present.disclosure import Policy, Release, disclose_run
from outcomes.present.disclosure.counts import nearest
from outcomes.present.disclosure.linked import Linked, link
from outcomes.results import AnalysisResult
from outcomes.stats.unseen_counts import Sums, unseen_bounds


@dataclass(frozen=True)
class Leak:
    """A small count that a reader can tell.

    Parameters
    ----------
    where : str
        Report, result and row it stands in, or the page and place; never the count.
    why : str
        How it can be had.
    """

    where: str
    why: str


def protect(
    run: Mapping[str, Mapping[str, AnalysisResult]],
    policy: Policy,
    registry: InstrumentRegistry | None = None,
) -> dict[str, Release]:
    """Release a run so that an attack on it finds nothing.

    Parameters
    ----------
    run : mapping of str to mapping of str to AnalysisResult
        True results by name, by the code of the clinic; empty for all clinics together.
    policy : Policy
        Rules.
    registry : InstrumentRegistry, optional
        Instruments of the data set.

    Returns
    -------
    dict of str to Release
        By the code of the clinic.

    Raises
    ------
    DisclosureError
        If a small count can be had after all.

    Notes
    -----
    The rules of `disclose_run` look at one sum at a time. What several sums give away together the
    attack finds; then the smallest count is withheld that is shown beside it, and all is tried
    again. It ends, because each round withholds something.
    """
    releases = disclose_run(run, policy, registry)
    if policy.audience == "inside":
        return releases
    linked = link(run, policy)
    shown = _shown(linked, releases)
    told = _told(linked, shown, policy)
    also: set[tuple[str, str, int]] = set()
    while len(told):
        also |= _beside(linked, shown, told)
        again = disclose_run(run, policy, registry, also=also)
        still = _shown(linked, again)
        if (still == shown).all():
            raise DisclosureError(
                f"{len(told)} small counts could be told from the reports together.",
                "Nothing was published. Report on fewer clinics or groups.",
            )
        releases, shown = again, still
        # withholding more tells less, so only those told before can be told now
        told = _told(linked, shown, policy, told)
    return releases


def _beside(linked: Linked, shown: np.ndarray, told: np.ndarray) -> set[tuple[str, str, int]]:
    """Pick the smallest count shown in a sum with each one told, or with what hangs on it."""
    sums, true = linked.sums, linked.true.to_numpy()
    number, member = sums["sum"].to_numpy(), sums["count"].to_numpy()
    chosen: set[int] = set()
    for one in told:
        reached = np.array([one])
        while True:
            within = np.isin(number, number[np.isin(member, reached)])
            wider = np.unique(member[within])
            found = wider[shown[wider]]
            if len(found) or len(wider) == len(reached):
                break
            reached = wider
        if len(found):
            chosen.add(int(found[np.argmin(true[found])]))
    places = linked.cells[linked.cells["count"].isin(chosen)]
    return set(places[["subject", "result", "row"]].itertuples(index=False, name=None))


def attack(
    run: Mapping[str, Mapping[str, AnalysisResult]],
    releases: Mapping[str, Release],
    policy: Policy,
) -> list[Leak]:
    """Try to recover small counts from what a run shows.

    Parameters
    ----------
    run : mapping of str to mapping of str to AnalysisResult
        True results by name, by the code of the clinic.
    releases : mapping of str to Release
        What is shown of them.
    policy : Policy
        Rules, which the attacker knows.

    Returns
    -------
    list of Leak
        Empty if of each small count at least `policy.possible` values below `policy.minimum`
        remain.

    Notes
    -----
    The attacker knows every sum that is true (groups, clinics, families of terms, those who did
    not answer), that shown counts are rounded to the nearest multiple, and that withheld ones are
    not negative. All reports of the run are on the desk.
    """
    linked = link(run, policy)
    cells = linked.cells
    published = _published(cells, releases)
    leaks = _wrong(cells, published, policy)
    told = _told(linked, _shown(linked, releases), policy)
    first = cells.drop_duplicates("count").set_index("count")
    for count in told:
        where = _place(first.loc[count]) if count in first.index else _rest_of(count, linked, first)
        leaks.append(Leak(where, "it is the rest of counts that are shown"))
    return leaks


def _shown(linked: Linked, releases: Mapping[str, Release]) -> np.ndarray:
    """Find which counts stand somewhere."""
    seen = ~np.isnan(_published(linked.cells, releases))
    shown = np.zeros(len(linked.true), dtype=bool)
    shown[linked.cells["count"].to_numpy(dtype="int64")[seen]] = True
    return shown


def _told(
    linked: Linked, shown: np.ndarray, policy: Policy, among: np.ndarray | None = None
) -> np.ndarray:
    """Find which small counts, of all or of some, can be told though they are not shown."""
    true, members = linked.true.to_numpy(), linked.sums
    below, above = policy.slack
    rounded = nearest(linked.true, policy.round_to).to_numpy()
    least = np.where(shown, np.maximum(rounded - below, policy.minimum), 0.0)
    most = np.where(shown, rounded + above, np.inf)
    few = ~shown & (true < policy.minimum)
    wanted = np.flatnonzero(few) if among is None else among[few[among]]
    sums = Sums(
        members["sum"].to_numpy(dtype="int64"),
        members["count"].to_numpy(dtype="int64"),
        members["total"].to_numpy(dtype=bool),
    )
    bounds = unseen_bounds(
        sums,
        np.minimum(least, true),
        most,
        true,
        wanted,
        largest=policy.minimum - 1,
        enough=policy.possible,
    )
    return wanted[bounds[:, 1] - bounds[:, 0] + 1 < policy.possible]


def _published(cells: pd.DataFrame, releases: Mapping[str, Release]) -> np.ndarray:
    """Find what is shown in each place; missing where it is withheld."""
    found = np.full(len(cells), np.nan)
    for (who, name), own in cells.groupby(["subject", "result"]):
        estimates = releases[str(who)][str(name)].estimates
        for column, places in own.groupby("column"):
            shown = estimates["estimate" if column == "count" else str(column)].to_numpy()
            found[places.index] = shown[places["row"].to_numpy(dtype="int64")]
    return found


def _wrong(cells: pd.DataFrame, published: np.ndarray, policy: Policy) -> list[Leak]:
    """Find counts that are shown though they are small, or as they are."""
    seen = ~np.isnan(published)
    small = seen & (cells["value"].to_numpy(dtype="float64") < policy.minimum)
    exact = seen & (np.abs(published / policy.round_to - np.round(published / policy.round_to)) > 0)
    leaks = [Leak(_place(row), "it is shown") for _, row in cells[small].iterrows()]
    return leaks + [Leak(_place(row), "it is not rounded") for _, row in cells[exact].iterrows()]


def _place(row: pd.Series) -> str:
    parts = [row["subject"] or "all", row["result"], row["term"], row["group"], row["landmark"]]
    return ", ".join(str(part) for part in parts if part) + f" ({row['column']})"


def _rest_of(count: int, linked: Linked, first: pd.DataFrame) -> str:
    sums = linked.sums
    own = sums.loc[sums["count"] == count, "sum"].iloc[0]
    whole = sums[(sums["sum"] == own) & sums["total"]]["count"].iloc[0]
    return f"the rest of {_place(first.loc[whole])}"
