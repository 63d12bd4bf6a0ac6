"""Frames of the contract from arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.schema import SCHEMAS


def frame(table: str, columns: Mapping[str, npt.NDArray | pd.Series]) -> pd.DataFrame:
    """Put arrays into the columns of a table, in the order and with the types of the contract.

    Parameters
    ----------
    table : str
        Name of the table.
    columns : mapping of str to array
        Columns of the contract; those not given are left out.

    Returns
    -------
    DataFrame
        One row an element. Empty text is a missing value.
    """
    schema = SCHEMAS[table]
    made: dict[str, pd.Series] = {}
    order = [*schema.names, *(name for name in columns if name not in schema.names)]
    for name in order:
        if name not in columns:
            continue
        series = pd.Series(columns[name]).reset_index(drop=True)
        kind = schema.column(name).dtype
        if kind == "str":
            series = series.astype("str")
            made[name] = series.mask(series == "")
        elif kind == "float64":
            made[name] = series.astype("float64")
        else:
            made[name] = series.astype("datetime64[us]")
    return pd.DataFrame(made)


def choose(
    options: tuple[str, ...], chances: tuple[float, ...], number: int, rng: np.random.Generator
) -> npt.NDArray[np.str_]:
    """Draw words.

    Parameters
    ----------
    options : tuple of str
        The words.
    chances : tuple of float
        How likely each is.
    number : int
        How many to draw.
    rng : Generator
        Random numbers.

    Returns
    -------
    array of str, shape (number,)
        One of `options` each.
    """
    return np.array(options)[rng.choice(len(options), size=number, p=chances)]
