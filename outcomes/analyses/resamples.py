"""Other numbers of resamples than a spec has: fewer to look at, more to print."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Spec = TypeVar("Spec", bound=DataclassInstance)


def with_resamples(spec: Spec, bootstraps: int | None) -> Spec:
    """Give a spec another number of resamples.

    Parameters
    ----------
    spec : dataclass
        Choices of an analysis that resamples, with a field ``bootstraps``.
    bootstraps : int or None
        Resamples; None leaves the spec as it is.

    Returns
    -------
    dataclass
        The same choices otherwise.
    """
    return spec if bootstraps is None else replace(spec, bootstraps=bootstraps)
