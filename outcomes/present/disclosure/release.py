"""One decision over all results of a report: what may be shown of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from outcomes.errors import DisclosureError
from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.present.disclosure.linked import hide_more, link
from outcomes.present.disclosure.policy import Policy
from outcomes.present.disclosure.rounding import released
from outcomes.present.disclosure.withholding import SAME_PEOPLE, among, hidden_rows
from outcomes.results import AnalysisResult


@dataclass(frozen=True)
class Release(Mapping[str, AnalysisResult]):
    """Results that may be shown, by name.

    Parameters
    ----------
    policy : Policy
        Rules they were released under.
    results : mapping of str to AnalysisResult
        What is left of each result.
    registry : InstrumentRegistry
        Instruments of the data set, to name outcomes by.
    withheld : int
        Number of estimates withheld.
    """

    policy: Policy
    results: Mapping[str, AnalysisResult]
    registry: InstrumentRegistry
    withheld: int = 0

    def __getitem__(self, name: str) -> AnalysisResult:
        return self.results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)


def disclose(
    results: Mapping[str, AnalysisResult],
    policy: Policy,
    registry: InstrumentRegistry | None = None,
) -> Release:
    """Decide what of a report may be shown.

    Parameters
    ----------
    results : mapping of str to AnalysisResult
        All results of the report.
    policy : Policy
        Rules; for inside the results come back as they are.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Release
        For outside: rows on fewer than `minimum` people or events are withheld (status
        ``suppressed``, no number left); a group that could be had by subtracting the others from
        the total takes the smallest other group with it; counts are rounded; shares and their
        intervals are computed again from the rounded counts; standard errors, degrees of freedom
        and p values are taken out; of the diagnostics only convergence stays.

    Raises
    ------
    DisclosureError
        If a result speaks of one patient and the release is for outside.

    Notes
    -----
    A share k/n has the Wilson interval of the rounded k and n. Means keep estimate and interval,
    which are printed with one decimal; where their n is withheld they are too. A count of none is
    withheld like other small ones, because showing it would narrow down the rest.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209–212.
    """
    return disclose_run({"": results}, policy, registry)[""]


def disclose_run(
    run: Mapping[str, Mapping[str, AnalysisResult]],
    policy: Policy,
    registry: InstrumentRegistry | None = None,
    *,
    also: Collection[tuple[str, str, int]] = (),
) -> dict[str, Release]:
    """Decide what of all reports of a run may be shown, at once.

    Parameters
    ----------
    run : mapping of str to mapping of str to AnalysisResult
        Results by name, by the code of the clinic they are of; empty for all clinics together.
    policy : Policy
        Rules; for inside the results come back as they are.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.
    also : collection of (clinic, name of the result, number of the row)
        Estimates to withhold in any case.

    Returns
    -------
    dict of str to Release
        By the code of the clinic. As `disclose`, and nothing that is withheld in one report is
        what all clinics have more than the others, or stands in another report.

    Raises
    ------
    DisclosureError
        If a result speaks of one patient and the release is for outside.
    """
    instruments = registry or default_registry()
    if policy.audience == "inside":
        return {who: Release(policy, dict(results), instruments) for who, results in run.items()}
    personal = sorted(
        {
            name
            for results in run.values()
            for name, result in results.items()
            if result.scope == "patient"
        }
    )
    if personal:
        raise DisclosureError(
            f"{len(personal)} results speak of single patients: {', '.join(personal)}.",
            "Leave them out of what is made for outside.",
        )
    gone: dict[str, set[tuple[str, ...]]] = {who: set() for who in run}
    hidden = {}
    for who, results in run.items():
        small = {name: hidden_rows(result.estimates, policy) for name, result in results.items()}
        for name, result in results.items():
            people = result.estimates.loc[small[name]["people"], list(SAME_PEOPLE)]
            gone[who] |= set(map(tuple, people.to_numpy()))
        for name, result in results.items():
            # a group withheld in one result must not be shown by another of the same report
            elsewhere = among(result.estimates[list(SAME_PEOPLE)], gone[who])
            hidden[who, name] = (small[name].any(axis=1) | elsewhere).to_numpy(copy=True)
    for who, name, row in also:
        hidden[who, name][row] = True
    linked = link(run, policy)
    cells = linked.cells
    before = [
        hidden[who, name][int(row)]
        for who, name, row in zip(cells["subject"], cells["result"], cells["row"], strict=True)
    ]
    after = hide_more(linked, pd.Series(before, index=cells.index, dtype=bool), policy)
    for who, name, row in cells.loc[after, ["subject", "result", "row"]].to_numpy():
        hidden[who, name][int(row)] = True
    releases = {}
    for who, results in run.items():
        shown = {
            name: released(
                result,
                pd.Series(hidden[who, name], index=result.estimates.index, dtype=bool),
                gone[who],
                policy,
            )
            for name, result in results.items()
        }
        withheld = sum(int(hidden[who, name].sum()) for name in results)
        releases[who] = Release(policy, shown, instruments, withheld)
    return releases
