"""One decision over all results of a report: what may be shown of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from outcomes.errors import DisclosureError
from outcomes.instruments import InstrumentRegistry, default_registry
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
    if policy.audience == "inside":
        return Release(policy, dict(results), registry or default_registry())
    personal = sorted(name for name, result in results.items() if result.scope == "patient")
    if personal:
        raise DisclosureError(
            f"{len(personal)} results speak of single patients: {', '.join(personal)}.",
            "Leave them out of what is made for outside.",
        )
    hidden = {name: hidden_rows(result.estimates, policy) for name, result in results.items()}
    gone: set[tuple[str, ...]] = set()
    for name, result in results.items():
        people = hidden[name]["people"]
        gone |= set(map(tuple, result.estimates.loc[people, list(SAME_PEOPLE)].to_numpy()))
    shown, withheld = {}, 0
    for name, result in results.items():
        # a group withheld in one result must not be shown by another of the same report
        rows = hidden[name].any(axis=1) | among(result.estimates[list(SAME_PEOPLE)], gone)
        shown[name] = released(result, rows, gone, policy)
        withheld += int(rows.sum())
    return Release(policy, shown, registry or default_registry(), withheld)
