"""A little of what `make validate` does at length: files made to break every way in."""

from __future__ import annotations

import pytest

from tests.validate.fuzzing import by_chance, by_hypothesis, targets


@pytest.mark.parametrize("name", list(targets()))
def test_no_file_breaks_an_import(name: str) -> None:
    found = by_hypothesis(name, 60)
    assert found.counts["files"] >= 60
    found = by_chance(name, 80)
    assert found.counts["read"]
    assert found.counts["refused"]
    assert found.counts["whole"]
