"""Reports of one run held inside the kernel until what may be shown of all of them is decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import outcomes.present
from outcomes.instruments import InstrumentRegistry
from outcomes.present import Policy, Release
from outcomes.report.small_cells import protect
from outcomes.results import AnalysisResult

_Waiting = tuple[dict[str, AnalysisResult], Policy, InstrumentRegistry | None, Release]
_RELEASES: dict[str, _Waiting] = {}
_NAMES: dict[str, dict[str, Any]] = {}
_NOW = [""]


def hold_releases() -> None:
    """Let `outcomes.present.disclose` keep results for outside until `decide` is called.

    Notes
    -----
    The release that a notebook gets is empty until then, and filled in place. Nothing can be shown
    from it too early.
    """
    disclose = outcomes.present.disclose
    if getattr(disclose, "__module__", "") == __name__:
        return

    def held(
        results: Mapping[str, AnalysisResult],
        policy: Policy,
        registry: InstrumentRegistry | None = None,
    ) -> Release:
        if policy.audience == "inside":
            return disclose(results, policy, registry)
        empty = disclose({}, policy, registry)
        _RELEASES[_NOW[0]] = (dict(results), policy, registry, empty)
        return empty

    outcomes.present.disclose = held


def begin(clinic: str) -> None:
    """Say whose report is begun.

    Parameters
    ----------
    clinic : str
        Code of the clinic; empty for all together.
    """
    _NOW[0] = clinic


def put_away(clinic: str, names: Mapping[str, Any]) -> None:
    """Keep what a notebook has computed so far.

    Parameters
    ----------
    clinic : str
        Whose report it is.
    names : mapping
        Namespace of the notebook.
    """
    _NAMES[clinic] = {name: value for name, value in names.items() if not name.startswith("_")}


def take_out(clinic: str) -> dict[str, Any]:
    """Give back what a notebook had computed.

    Parameters
    ----------
    clinic : str
        Whose report it is.

    Returns
    -------
    dict
        Its names; they are kept no longer.
    """
    return _NAMES.pop(clinic)


def decide() -> None:
    """Decide over all that was held, and fill the releases.

    Raises
    ------
    DisclosureError
        If a small count can be told from the reports whatever is withheld.
    """
    if not _RELEASES:
        return
    _, policy, registry, _ = next(iter(_RELEASES.values()))
    run = {clinic: results for clinic, (results, *_) in _RELEASES.items()}
    for clinic, release in protect(run, policy, registry).items():
        held = _RELEASES[clinic][3]
        # a release is frozen for those who read it; this one has not been read yet
        object.__setattr__(held, "results", release.results)
        object.__setattr__(held, "withheld", release.withheld)
    _RELEASES.clear()
