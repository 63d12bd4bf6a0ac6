"""Whatever the table, what is released of it gives no small count away."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.present.disclosure import Policy
from outcomes.report.small_cells import attack, protect
from outcomes.results import AnalysisResult, estimates_frame

OUTSIDE = Policy("outside")
SIZE = st.one_of(st.integers(0, 9), st.integers(0, 60))


def rows(counts: np.ndarray, split: str) -> list[dict[str, object]]:
    """Everyone and each group: how many there are, and how many of them are better."""
    found = []
    for name, (n, better) in zip(("", "x", "y", "z"), counts, strict=True):
        found.append(
            {
                "group_by": split if name else "",
                "group": name,
                "outcome": "nrs_pain",
                "landmark": "day 84",
                "term": "responders_moderate",
                "estimate": better / n if n else np.nan,
                "n_patients": float(n),
                "n_events": float(better),
            }
        )
    return found


def of_clinic(groups: np.ndarray) -> AnalysisResult:
    counts = np.vstack([groups.sum(axis=0), groups])
    return AnalysisResult("responders", None, estimates_frame(rows(counts, "onset")))


@settings(max_examples=8)
@given(st.lists(st.tuples(SIZE, SIZE), min_size=9, max_size=9))
def test_no_small_count_of_any_report_is_told(pairs: list[tuple[int, int]]) -> None:
    groups = np.array([(n + better, better) for n, better in pairs]).reshape(3, 3, 2)
    run = {"": {"r": of_clinic(groups.sum(axis=0))}}
    run |= {name: {"r": of_clinic(each)} for name, each in zip("abc", groups, strict=True)}
    releases = protect(run, OUTSIDE)
    assert attack(run, releases, OUTSIDE) == []
    for release in releases.values():
        shown = release["r"].estimates["n_patients"].dropna()
        assert (shown % OUTSIDE.round_to == 0).all()
        assert (shown >= OUTSIDE.minimum).all()
