"""Text columns as numbers, worked out once a column.

Nearly every text of a record repeats: ids of patients, instruments, statuses. Numbers do where a
derivation only asks which rows are alike. An array of Arrow never changes, so the numbers found
for a column stay true as long as it lives, and every derivation of the same records shares them.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass(frozen=True)
class Coded:
    """A column of text as numbered words.

    Parameters
    ----------
    codes : ndarray of int32
        Place of each row's word in `words`, -1 where it is missing.
    words : pyarrow.LargeStringArray
        The words of the column, in any order; some may be in no row.
    """

    codes: NDArray[np.int32]
    words: pa.Array

    def places(self, known: pa.Array) -> NDArray[np.int64]:
        """Find the place of each row's word among others.

        Parameters
        ----------
        known : pyarrow.LargeStringArray
            Different words.

        Returns
        -------
        ndarray of int64
            Place in `known`, -1 where the word is missing or not among them.
        """
        if self.words.equals(known):
            return self.codes.astype(np.int64)
        found = pc.index_in(self.words, value_set=known, skip_nulls=True)
        place = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        # a missing word has the code -1, which takes the last
        return np.append(place, -1)[self.codes]

    def present(self) -> pa.Array:
        """List the words that rows hold.

        Returns
        -------
        pyarrow.LargeStringArray
            Each once.
        """
        used = np.bincount(self.codes[self.codes >= 0], minlength=len(self.words)) > 0
        return self.words if used.all() else self.words.filter(pa.array(used))

    def any_of(self, chosen: tuple[str, ...]) -> NDArray[np.bool_]:
        """Mark the rows that hold one of some words.

        Parameters
        ----------
        chosen : tuple of str
            The words.

        Returns
        -------
        ndarray of bool
            One for each row; False where it is missing.
        """
        wanted = pc.is_in(self.words, value_set=pa.array(chosen, pa.large_string()))
        which = np.flatnonzero(wanted.to_numpy(zero_copy_only=False))
        if len(which) == 1:
            return self.codes == which[0]
        return np.isin(self.codes, which) if len(which) else np.zeros(len(self.codes), dtype=bool)


def coded(column: pd.Series) -> Coded:
    """Give the words of a column as numbers.

    Parameters
    ----------
    column : Series of str or category
        Text, of which the numbers are kept until the column is gone.

    Returns
    -------
    Coded
        Its words, numbered.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy().astype(np.int32)
        return Coded(codes, as_arrow(column.cat.categories.to_series()))
    whole = _arrow_of(column.astype("str"))
    kept = _kept.get(id(whole))
    if kept is not None:
        return kept[1]
    found = _numbered(whole.combine_chunks().dictionary_encode())
    _keep(whole, found)
    return found


def text_of(array: pa.ChunkedArray) -> pd.Series:
    """Spell out a column that came as numbered words, and keep its numbers.

    Parameters
    ----------
    array : pyarrow.ChunkedArray
        Of dictionary type.

    Returns
    -------
    Series of str
        The words of the rows.
    """
    whole = array.unify_dictionaries().combine_chunks()
    found = _numbered(whole)
    spelled = pa.DictionaryArray.from_arrays(whole.indices, found.words).dictionary_decode()
    column = pd.Series(pd.array(spelled, dtype="str"))
    _keep(_arrow_of(column), found)
    return column


def as_arrow(column: pd.Series) -> pa.Array:
    """Give a column of text as one array.

    Parameters
    ----------
    column : Series of str
        Text.

    Returns
    -------
    pyarrow.LargeStringArray
        The same.
    """
    values = pa.array(column.astype("str"), type=pa.large_string())
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def holds(column: pd.Series, *words: str) -> NDArray[np.bool_]:
    """Mark the rows of a column that hold one of some words.

    Parameters
    ----------
    column : Series of str
        Text.
    *words : str
        The words.

    Returns
    -------
    ndarray of bool
        One for each row; False where it is missing.
    """
    return coded(column).any_of(words)


_kept: dict[int, tuple[weakref.ref[pa.ChunkedArray], Coded]] = {}


def _arrow_of(column: pd.Series) -> pa.ChunkedArray:
    """Give the array that a column is made of, the same one as often as it is asked for."""
    array: Any = column.array
    found: pa.ChunkedArray = array.__arrow_array__()
    return found


def _keep(whole: pa.ChunkedArray, found: Coded) -> None:
    """Keep what was found of an array until it is gone; nothing else may have its id before."""
    key = id(whole)
    _kept[key] = (weakref.ref(whole, lambda _: _kept.pop(key, None)), found)


def _numbered(array: pa.DictionaryArray) -> Coded:
    codes = pc.fill_null(array.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    return Coded(codes, array.dictionary.cast(pa.large_string()))
