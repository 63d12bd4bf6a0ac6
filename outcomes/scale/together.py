"""Several sums in one reading of a partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from outcomes.analyses.adding import add_known
from outcomes.derive.patient import derive_patients
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
            total[name] = add_known(total.get(name), sums)
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
    without : tuple of str
        Clinics whose patients are left out.
    """

    gathers: Mapping[str, Callable[[Tables], Any]]
    without: tuple[str, ...] = ()

    def __call__(self, tables: Tables) -> ByName:
        """Sum a partition in every way."""
        if self.without:
            people = derive_patients(tables)
            kept = ~people["clinic"].fillna("").isin(self.without)
            tables = tables.restrict(people.loc[kept, "patient_id"])
        if tables.patients.empty:
            return ByName(dict.fromkeys(self.gathers))
        return ByName({name: gather(tables) for name, gather in self.gathers.items()})
