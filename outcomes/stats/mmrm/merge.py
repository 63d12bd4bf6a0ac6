"""Adding the sums of two sources."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import EstimationError
from .columns import Column
from .description import Description
from .features import base_of, feature_names
from .sums import Sums

Array = NDArray[np.float64]
AnySums = TypeVar("AnySums", bound=Sums)


def add(left: AnySums, right: Sums) -> AnySums:
    """Add the sums of two sources that have no subject in common."""
    check_same_model(left.description, right.description)
    columns = tuple(
        replace(a, varies=a.varies or b.varies)
        for a, b in zip(
            left.description.design.columns, right.description.design.columns, strict=True
        )
    )
    left = with_columns(left, columns)
    right = with_offset(with_columns(right, columns), left.offset)
    keys = np.concatenate(
        [np.column_stack([s.group, s.seen]).astype(np.int64) for s in (left, right)]
    )
    patterns, member = np.unique(keys, axis=0, return_inverse=True)
    n_subjects = np.zeros(len(patterns))
    np.add.at(n_subjects, member, np.concatenate([left.n_subjects, right.n_subjects]))
    products = np.zeros((len(patterns), *left.products.shape[1:]))
    np.add.at(products, member, np.concatenate([left.products, right.products]))
    return replace(
        left,
        description=_add_descriptions(left.description, right.description),
        seen=patterns[:, 1:] == 1,
        group=patterns[:, 0],
        n_subjects=n_subjects,
        products=products,
        n_withheld=left.n_withheld + right.n_withheld,
    )


def check_same_model(left: Description, right: Description) -> None:
    """Refuse sums of different models, or of transforms that took numbers from the data."""
    for what, a, b in [
        ("formula", left.design.formula, right.design.formula),
        ("visit column", left.design.visit, right.design.visit),
        ("covariance groups", left.groups, right.groups),
        *(
            (f"levels of {name}", variable.labels, right.design.variables[name].labels)
            for name, variable in left.design.variables.items()
            if name in right.design.variables
        ),
        ("coefficients", left.design.names, right.design.names),
    ]:
        if a != b:
            raise EstimationError(
                f"The sums differ in their {what}.",
                "Make them with the same formula, and factors as pd.Categorical with all levels.",
            )
    if left.design.remembers_data or right.design.remembers_data:
        raise EstimationError(
            f"A function in {left.design.formula!r} takes numbers from the data of each source, "
            "so the sums do not fit together.",
            "Work out that column beforehand with fixed numbers.",
        )


def with_columns(sums: AnySums, columns: tuple[Column, ...]) -> AnySums:
    """Give what varies in another source a feature a visit."""
    design = replace(sums.description.design, columns=columns)
    features = feature_names(columns, len(design.visits))
    if features == sums.features:
        return sums
    old = {name: i for i, name in enumerate(sums.features)}
    source = np.array([old.get(name, old.get(base_of(name), -1)) for name in features])
    T = sums.seen.shape[1]
    index = np.concatenate([source, len(sums.features) + np.arange(T)])
    return replace(
        sums,
        description=replace(sums.description, design=design),
        features=features,
        offset=sums.offset[np.append(source, -1)],
        products=sums.products[:, index[:, None], index],
    )


def with_offset(sums: AnySums, offset: Array) -> AnySums:
    """Move to another offset, exactly, because the constant is one of the features."""
    change = sums.offset - offset
    if "1" not in sums.features or not change.any():
        return sums
    one, d = sums.features.index("1"), len(sums.features)
    R, T = sums.seen.shape
    move = np.broadcast_to(np.eye(d + T), (R, d + T, d + T)).copy()
    move[:, :d, one] += change[:-1]
    move[:, d:, one] += change[-1] * sums.seen
    products = move @ sums.products @ np.swapaxes(move, 1, 2)
    return replace(sums, offset=offset, products=products)


def _add_descriptions(left: Description, right: Description) -> Description:
    factors = [name for name in left.cells.columns if name != "rows"]
    cells = pd.concat([left.cells, right.cells], ignore_index=True)
    if factors:
        cells = cells.groupby(factors)["rows"].sum().reset_index()
    else:
        cells = pd.DataFrame({"rows": [cells["rows"].sum()]})
    return replace(
        left,
        n_subjects=left.n_subjects + right.n_subjects,
        n_rows=left.n_rows + right.n_rows,
        log_weight=left.log_weight + right.log_weight,
        within=left.within | right.within,
        sums={name: left.sums[name] + right.sums[name] for name in left.sums},
        cells=cells,
        n_read=left.n_read + right.n_read,
        n_missing=left.n_missing + right.n_missing,
    )
