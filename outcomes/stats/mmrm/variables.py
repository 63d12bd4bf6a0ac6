"""Variables of a formula: numbers, and factors with their levels in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import EstimationError
from .checks import check_visit_order


@dataclass(frozen=True)
class Variable:
    """A variable of the formula: a number, or a factor with its levels in order.

    Parameters
    ----------
    name : str
        Column of the frame.
    levels : tuple
        Values of a factor as they were given; empty for a number.
    recoded : bool
        Whether the formula sees the labels of the levels (True) or the values themselves, as in
        `C(x)` of a numeric x.
    """

    name: str
    levels: tuple[object, ...] = ()
    recoded: bool = False

    @property
    def is_factor(self) -> bool:
        """Whether the variable has levels."""
        return bool(self.levels)

    @property
    def labels(self) -> list[str]:
        """Levels as text, as they appear in the names of coefficients."""
        return [level_label(level) for level in self.levels]

    def position(self, level: object) -> int:
        """Index of a level given as value or label."""
        labels = self.labels
        wanted = level_label(level)
        if wanted not in labels:
            raise EstimationError(
                f"{self.name} has no level named {wanted!r}.", f"Its levels are {labels}."
            )
        return labels.index(wanted)

    def column(self, values: NDArray[Any]) -> pd.Categorical[str] | NDArray[Any]:
        """Column that the formula reads, from codes (or the values of `C(x)`)."""
        if self.recoded:
            return pd.Categorical.from_codes(values, categories=pd.Index(self.labels))
        return values

    def codes(self, values: NDArray[Any]) -> NDArray[Any]:
        """Level codes of what the formula reads: codes already, or the values of `C(x)`."""
        return values if self.recoded else np.searchsorted(np.asarray(self.levels), values)

    def values(self, codes: NDArray[Any]) -> NDArray[Any]:
        """Inverse of `codes`."""
        return codes if self.recoded else np.asarray(self.levels)[codes]


def level_label(level: object) -> str:
    """Text of a level; a whole number stored as a float loses its point."""
    if isinstance(level, (float, np.floating)) and float(level).is_integer():
        return str(int(level))
    return str(level)


def read_variable(
    name: str, column: pd.Series, *, is_visit: bool, keep_unused: bool
) -> tuple[Variable, NDArray[Any]]:
    """Variable and its codes (factor, -1 where missing) or numbers (NaN where missing)."""
    dtype = column.dtype
    numeric = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    if pd.api.types.is_datetime64_any_dtype(dtype) and not is_visit:
        raise EstimationError(
            f"{name} holds dates.", "Give the model a number of days since a fixed date instead."
        )
    if numeric and not is_visit:
        return Variable(name), column.to_numpy(dtype=float, na_value=np.nan)
    if isinstance(dtype, pd.CategoricalDtype):
        categories = column.cat.categories
        codes = column.cat.codes.to_numpy().astype(np.int64)
    else:
        codes, categories = pd.factorize(column, sort=True)
        codes = codes.astype(np.int64)
    if not keep_unused:
        used = np.zeros(len(categories), dtype=bool)
        used[codes[codes >= 0]] = True
        renumber = np.append(np.cumsum(used) - 1, -1)
        codes, categories = renumber[codes], categories[used]
    levels = tuple(categories)
    labels = [level_label(level) for level in levels]
    if len(set(labels)) < len(labels):
        raise EstimationError(f"{name} has levels that read the same.", "Rename them.")
    ordered = isinstance(dtype, pd.CategoricalDtype) and bool(column.cat.ordered)
    if is_visit and not ordered:
        check_visit_order(name, levels, labels)
    return Variable(name, levels, True), codes
