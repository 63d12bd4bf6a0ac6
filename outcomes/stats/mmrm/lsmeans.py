"""Least-squares means: rows of the design at combinations of levels, averaged over the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import EstimationError
from .description import Description
from .design import coded_frame

Array = NDArray[np.float64]
Weights = Literal["equal", "proportional"]


def reference_rows(
    description: Description,
    by: Sequence[str],
    at: Mapping[str, float | str] | None,
    weights: Weights,
) -> tuple[pd.DataFrame, Array]:
    """Give combinations of the levels of `by`, and the averaged design row of each, (rows, p).

    Numeric variables stand at their mean over the rows used, or at the value in `at`. Factors
    that are neither in `by` nor in `at` are averaged over: every combination of their levels
    alike ("equal"), or as often as it occurs among the rows ("proportional").
    """
    design = description.design
    at = dict(at or {})
    read = set(map(str, design.spec.required_variables))
    for name in [*by, *at]:
        if name not in read:
            raise EstimationError(
                f"{name} is not a variable of the model {design.formula!r}.",
                f"Choose from {sorted(read)}.",
            )
    if weights not in ("equal", "proportional"):
        raise EstimationError(f"No weights named {weights!r}.", "Use 'equal' or 'proportional'.")
    factors = [name for name, v in design.variables.items() if v.is_factor and name in read]
    unusable = [name for name in by if name not in factors and name not in at]
    if unusable:
        raise EstimationError(
            f"{', '.join(unusable)} is a number and has no levels.", "Give its value in `at`."
        )
    choices = {
        name: [design.variables[name].position(at[name])]
        if name in at
        else list(range(len(design.variables[name].levels)))
        for name in factors
    }
    kept = [name for name in by if name in factors]
    rest = [name for name in factors if name not in kept]
    # Last factor of `by` varies slowest, as in R's expand.grid.
    grid = pd.MultiIndex.from_product(
        [choices[name] for name in [*reversed(kept), *rest]], names=[*reversed(kept), *rest]
    ).to_frame(index=False)
    columns = {name: design.variables[name].values(grid[name].to_numpy()) for name in factors}
    n_rows = float(description.cells["rows"].sum())
    for name, variable in design.variables.items():
        if not variable.is_factor:
            value = float(at[name]) if name in at else description.sums[name] / n_rows
            columns[name] = np.full(len(grid), value)
    X = design.matrix(coded_frame(design.variables, columns))
    weight = _weights(description, grid, rest, weights)
    cell = grid.groupby(kept, sort=False).ngroup().to_numpy() if kept else np.zeros(len(grid), int)
    n_cells = cell.max() + 1
    total = np.zeros((n_cells, X.shape[1]))
    np.add.at(total, cell, weight[:, None] * X)
    L = total / np.bincount(cell, weights=weight)[:, None]
    first = np.unique(cell, return_index=True)[1]
    lead = pd.DataFrame(
        {
            name: [design.variables[name].levels[code] for code in grid[name].to_numpy()[first]]
            if name in factors
            else [at[name]] * n_cells
            for name in by
        }
    )
    return lead, L


def _weights(
    description: Description, grid: pd.DataFrame, rest: list[str], weights: Weights
) -> Array:
    if weights == "equal" or not rest:
        return np.ones(len(grid))
    counts = description.cells.groupby(rest)["rows"].sum()
    found = counts.reindex(pd.MultiIndex.from_frame(grid[rest]) if len(rest) > 1 else grid[rest[0]])
    weight = found.fillna(0.0).to_numpy(dtype=float)
    if not weight.any():
        raise EstimationError(
            "No row has the combination of levels asked for.", "Use weights='equal'."
        )
    return weight


def differences(
    lead: pd.DataFrame, L: Array, of: str, levels: Sequence[object], reference: object
) -> tuple[pd.DataFrame, Array]:
    """Rows of L at each level of `of` minus those at the reference, within the other columns.

    `reference` is a level, "first", "previous" or "pairwise".
    """
    others = [name for name in lead.columns if name != of]
    code = lead[of].map({level: i for i, level in enumerate(levels)}).to_numpy()
    place = lead.groupby(others, sort=False).ngroup().to_numpy() if others else np.zeros(len(lead))
    position = {(int(p), int(c)): i for i, (p, c) in enumerate(zip(place, code, strict=True))}
    pairs = _pairs(len(levels), reference, levels)
    found = [
        (position[p, a], position[p, b], a, b)
        for p in dict.fromkeys(int(p) for p in place)
        for a, b in pairs
    ]
    upper, lower, a, b = map(list, zip(*found, strict=True))
    out = lead.iloc[upper][others].reset_index(drop=True)
    out.insert(0, "reference", [levels[i] for i in b])
    out.insert(0, of, [levels[i] for i in a])
    return out, L[upper] - L[lower]


def _pairs(n: int, reference: object, levels: Sequence[object]) -> list[tuple[int, int]]:
    if reference == "pairwise":
        return [(j, i) for i in range(n) for j in range(i + 1, n)]
    if reference == "previous":
        return [(j, j - 1) for j in range(1, n)]
    base = 0 if reference == "first" else list(levels).index(reference)
    return [(j, base) for j in range(n) if j != base]
