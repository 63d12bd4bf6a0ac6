"""Numbers for words: the same answers as the words, kept as long as the column."""

from __future__ import annotations

import gc

import numpy as np
import pandas as pd
import pyarrow as pa

from outcomes import coded as module
from outcomes.coded import as_arrow, coded, holds, text_of


def test_a_column_is_numbered_once() -> None:
    column = pd.Series(["b", None, "a", "b"], dtype="str")
    found = coded(column)
    words = found.words.to_pylist()
    assert [words[code] if code >= 0 else None for code in found.codes] == ["b", None, "a", "b"]
    assert coded(pd.DataFrame({"name": column}).assign(other=1)["name"]) is found


def test_numbers_go_with_their_column() -> None:
    column = pd.Series(["b", "a"], dtype="str")
    before = len(module._kept)
    coded(column)
    assert len(module._kept) == before + 1
    del column
    gc.collect()
    assert len(module._kept) == before


def test_a_column_that_is_written_to_is_another() -> None:
    frame = pd.DataFrame({"name": pd.Series(["b", "a"], dtype="str")})
    assert holds(frame["name"], "a").tolist() == [False, True]
    frame.loc[0, "name"] = "a"
    assert holds(frame["name"], "a").tolist() == [True, True]


def test_words_are_held_as_pandas_compares_them() -> None:
    column = pd.Series(["b", None, "a", "c", "b"], dtype="str")
    for words in (("a",), ("a", "c"), ("z",), ("z", "b"), ()):
        expected = column.isin(words).to_numpy()
        np.testing.assert_array_equal(holds(column, *words), expected)
        np.testing.assert_array_equal(holds(column.astype("category"), *words), expected)
        np.testing.assert_array_equal(holds(column.astype(object), *words), expected)


def test_places_among_others() -> None:
    column = pd.Series(["b", None, "a", "c"], dtype="str")
    for known in (["a", "b", "c"], ["c", "x"], [], ["b", "a", "c"]):
        expected = pd.Index(known, dtype="str").get_indexer(pd.Index(column))
        got = coded(column).places(as_arrow(pd.Series(known, dtype="str")))
        np.testing.assert_array_equal(got, expected)


def test_a_part_of_a_column_has_only_its_own_words() -> None:
    column = pd.Series(["b", "a", "c"], dtype="str")
    coded(column)
    assert sorted(coded(column.iloc[:2]).present().to_pylist()) == ["a", "b"]


def test_numbered_words_are_spelled_out_and_stay_numbered() -> None:
    chunks = [pa.array(["x", None, "y"]), pa.array(["z", "y", None])]
    column = text_of(pa.chunked_array([chunk.dictionary_encode() for chunk in chunks]))
    plain = pd.Series(["x", None, "y", "z", "y", None], dtype="str")
    pd.testing.assert_series_equal(column, plain)
    assert id(column.array.__arrow_array__()) in module._kept
    assert id(pd.DataFrame({"name": column})["name"].array.__arrow_array__()) in module._kept
    for word in "xyz":
        np.testing.assert_array_equal(holds(column, word), (plain == word).to_numpy())


def test_nothing_is_numbered_too() -> None:
    assert len(coded(pd.Series([], dtype="str")).codes) == 0
    assert coded(pd.Series([None, None], dtype="str")).codes.tolist() == [-1, -1]
    assert len(text_of(pa.chunked_array([], pa.dictionary(pa.int32(), pa.string())))) == 0
