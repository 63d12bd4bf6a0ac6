"""What must and must not change a grid of weeks or an area of irregularity."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.stats.visits import irregularity, visit_grid


@st.composite
def diaries(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    ends = draw(st.lists(st.integers(0, 60), min_size=1, max_size=6))
    rows = [
        (person, draw(st.integers(0, end)), float(draw(st.integers(0, 10))))
        for person, end in enumerate(ends)
        for _ in range(draw(st.integers(0, 8)))
    ]
    visits = pd.DataFrame(rows, columns=["id", "day", "score"])
    return visits, pd.DataFrame({"id": range(len(ends)), "end": ends})


@given(diaries())
@settings(max_examples=80, deadline=None)
def test_grid_against_a_plain_reading(found: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    visits, people = found
    grid = visit_grid(
        visits, people, subject="id", time="day", end="end", values=["score"], step=7.0
    )
    assert len(grid) == (people["end"] // 7).sum()
    for row in grid.itertuples():
        own = visits[visits["id"] == row.id].sort_values("day", kind="stable")
        before = own[own["day"] <= 7 * (row.week - 1)]
        now = own[(own["day"] > 7 * (row.week - 1)) & (own["day"] <= 7 * row.week)]
        assert row.visit == (len(now) > 0)
        assert row.n_before == (before["day"] > 0).sum()
        last = np.ceil(before["day"].max() / 7) if len(before) else 0
        assert row.since == row.week - last
        if len(before):
            assert row.last_score == before["score"].iloc[-1]
        else:
            assert np.isnan(row.last_score)
        if len(now):
            assert row.score == now["score"].iloc[0]


@given(st.integers(0, 10_000), st.sampled_from([7.0, 0.1, 365.25]))
@settings(max_examples=30, deadline=None)
def test_irregularity_has_no_unit_and_no_order(seed: int, unit: float) -> None:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(40), rng.poisson(4, 40))
    if len(who) < 2:
        return
    time = 1 - rng.random(len(who))
    base = irregularity(who, time, end=1, most_bins=20)
    order = rng.permutation(len(who))
    other = irregularity([f"s{i}" for i in who[order]], time[order] * unit, end=unit, most_bins=20)
    assert abs(other.auc - base.auc) < 1e-10
    assert 0 <= base.auc < 0.5
    total = base.shares[["zero", "one", "more"]].sum(axis=1)
    np.testing.assert_allclose(total, 1)
