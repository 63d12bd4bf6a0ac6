"""Adding what some of the sources may not have."""

from __future__ import annotations

from typing import Any, TypeVar

Sums = TypeVar("Sums", bound=Any)


def add_known(left: Sums | None, right: Sums | None) -> Sums | None:
    """Add the sums of two sources, either of which may have none.

    Parameters
    ----------
    left, right : object or None
        Sums that can be added to each other; None is nothing to add.

    Returns
    -------
    object or None
        Their sum, the one there is, or None.
    """
    if left is None or right is None:
        return right if left is None else left
    return left + right
