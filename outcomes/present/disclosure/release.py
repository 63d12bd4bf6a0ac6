"""One decision over all results of a report: what may be shown of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import DisclosureError
from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.present.disclosure.linked import Linked, hide_more, link, stacked
from outcomes.present.disclosure.policy import Policy
from outcomes.present.disclosure.rounding import released, shown_rows
from outcomes.present.disclosure.withholding import SAME_PEOPLE, hidden_rows
from outcomes.results import ESTIMATE_COLUMNS, AnalysisResult


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
    undecided = draft(run, policy)
    hidden = hide_more(undecided.linked, undecided.hidden, policy)
    return released_run(run, undecided, hidden, policy, instruments)


@dataclass(frozen=True)
class Draft:
    """A run of which it is not decided yet what is withheld.

    Parameters
    ----------
    rows : DataFrame
        All estimates, one below the other, as `stacked` gives them.
    hidden : array of bool
        Rows that are withheld by themselves, or because their people are elsewhere.
    gone : dict of str to set of tuple
        By clinic, the people that are withheld.
    linked : Linked
        Counts of the rows and the sums they are in.
    """

    rows: pd.DataFrame
    hidden: NDArray[np.bool_]
    gone: dict[str, set[tuple[str, ...]]]
    linked: Linked


def draft(run: Mapping[str, Mapping[str, AnalysisResult]], policy: Policy) -> Draft:
    """Find what of a run is small, and what adds up to what.

    Parameters
    ----------
    run : mapping of str to mapping of str to AnalysisResult
        As for `disclose_run`.
    policy : Policy
        Rules, for outside.

    Returns
    -------
    Draft
        To decide on.

    Raises
    ------
    DisclosureError
        If a result speaks of one patient.
    """
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
    rows = stacked(run)
    small = hidden_rows(rows, policy)
    # a group withheld in one result must not be shown by another of the same report
    people = rows.groupby(["subject", *SAME_PEOPLE], sort=False).ngroup().to_numpy()
    few = small["people"].to_numpy(dtype=bool)
    hidden = small.any(axis=1).to_numpy(dtype=bool) | np.isin(people, people[few])
    withheld = rows.loc[few, ["subject", *SAME_PEOPLE]].drop_duplicates()
    gone: dict[str, set[tuple[str, ...]]] = {who: set() for who in run}
    for who, *whom in withheld.to_numpy():
        gone[who].add(tuple(whom))
    return Draft(rows, hidden, gone, link(rows, policy))


def released_run(
    run: Mapping[str, Mapping[str, AnalysisResult]],
    decided: Draft,
    hidden: NDArray[np.bool_],
    policy: Policy,
    registry: InstrumentRegistry,
) -> dict[str, Release]:
    """Make the releases of a run once it is decided what is withheld.

    Parameters
    ----------
    run : mapping of str to mapping of str to AnalysisResult
        As for `disclose_run`.
    decided : Draft
        Of the same run.
    hidden : array of bool
        Which of its rows are withheld.
    policy : Policy
        Rules.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    dict of str to Release
        By the code of the clinic.
    """
    shown = shown_rows(decided.rows[list(ESTIMATE_COLUMNS)], hidden, policy)
    releases, start = {}, 0
    # the rows are stacked in the order of the run
    for who, results in run.items():
        left, first = {}, start
        for name, result in results.items():
            stop = start + len(result.estimates)
            own = shown.iloc[start:stop].reset_index(drop=True)
            left[name] = released(result, own, decided.gone[who], policy)
            start = stop
        releases[who] = Release(policy, left, registry, int(hidden[first:start].sum()))
    return releases
