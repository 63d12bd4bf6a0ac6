"""Several sums in one reading of a partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from outcomes.tables import Tables


@dataclass(frozen=True)
class ByName:
    """Sums by name, added name by name; None is nothing to add.

    Parameters
    ----------
    sums : mapping of str to object
        Sums, each of which can be added to those of the same name.
    """

    sums: Mapping[str, Any]

    def __add__(self, other: ByName) -> ByName:
        """Add the sums of other patients."""
        total = dict(self.sums)
        for name, sums in other.sums.items():
            if total.get(name) is None:
                total[name] = sums
            elif sums is not None:
                total[name] = total[name] + sums
        return ByName(total)

    def __getitem__(self, name: str) -> Any:
        """Give the sums of a name; None where no patient had any."""
        return self.sums[name]


@dataclass(frozen=True)
class Together:
    """Several ways of summing a partition as one.

    Parameters
    ----------
    gathers : mapping of str to callable
        Functions of `Tables`, or partials of them, by the name of their sums.
    """

    gathers: Mapping[str, Callable[[Tables], Any]]

    def __call__(self, tables: Tables) -> ByName:
        """Sum a partition in every way."""
        return ByName({name: gather(tables) for name, gather in self.gathers.items()})
