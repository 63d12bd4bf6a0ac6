"""The attack finds what trying out every world finds, and a release holds against all of them."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from outcomes.present.disclosure import Policy
from outcomes.report.small_cells import protect
from outcomes.results import AnalysisResult, estimates_frame
from outcomes.stats.unseen_counts import Sums, unseen_values

LARGEST, ENOUGH, LIMIT = 4, 3, 20
OUTSIDE = Policy("outside")


@st.composite
def linked_tables(draw: st.DrawFn) -> tuple[list[int], list[list[int]], list[bool], int, int]:
    """Counts of their own, others that are sums of some before them, and which are shown."""
    own = draw(st.lists(st.integers(0, 5), min_size=2, max_size=4))
    sums = []
    for _ in range(draw(st.integers(1, 5))):
        before = list(range(len(own) + len(sums)))
        sums.append(draw(st.lists(st.sampled_from(before), min_size=1, max_size=4, unique=True)))
    size = len(own) + len(sums)
    shown = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return own, sums, shown, draw(st.integers(0, 2)), draw(st.integers(0, 2))


@settings(max_examples=60)
@given(linked_tables())
def test_values_are_those_of_all_worlds(
    drawn: tuple[list[int], list[list[int]], list[bool], int, int],
) -> None:
    own, parts, shown, below, above = drawn

    def worlds(cells: list[np.ndarray]) -> np.ndarray:
        for members in parts:
            cells = [*cells, sum(cells[member] for member in members)]
        return np.array(cells)

    true = worlds([np.array(count) for count in own]).astype(float)
    low = np.where(shown, np.maximum(true - below, 0), 0.0)
    high = np.where(shown, true + above, np.inf)
    # a count beyond this is in no sum that is shown and no small one, so that how far is the same
    most = int(np.where(shown, high, 0).max()) + LARGEST + 1
    assume(most <= LIMIT)
    all_worlds = worlds(list(np.indices((most + 1,) * len(own)).reshape(len(own), -1)))
    agree = ((all_worlds >= low[:, None]) & (all_worlds <= high[:, None])).all(axis=0)
    number = [i for i, members in enumerate(parts) for _ in range(len(members) + 1)]
    count = [each for i, members in enumerate(parts) for each in (len(own) + i, *members)]
    total = [flag for members in parts for flag in (True, *[False] * len(members))]
    wanted = np.flatnonzero(~np.array(shown) & (true <= LARGEST))
    assume(len(wanted))
    found = unseen_values(
        Sums(np.array(number), np.array(count), np.array(total)),
        low,
        high,
        true,
        wanted,
        largest=LARGEST,
        enough=ENOUGH,
    )
    for one, values in zip(wanted, found, strict=True):
        possible = np.isin(np.arange(LARGEST + 1), all_worlds[one, agree])
        assert not (values & ~possible).any()
        assert min(values.sum(), ENOUGH) == min(possible.sum(), ENOUGH)


def row(group: str, n: int) -> dict[str, object]:
    return {
        "group_by": "onset" if group else "",
        "group": group,
        "outcome": "nrs_pain",
        "landmark": "day 42",
        "term": "mean",
        "estimate": 3.0,
        "n_patients": float(n),
    }


@settings(max_examples=25)
@given(st.lists(st.integers(0, 14), min_size=4, max_size=4))
def test_no_world_less_is_left_by_a_release_of_two_clinics_and_two_groups(sizes: list[int]) -> None:
    """All worlds that agree with what is shown, tried out, without a word from the attack."""
    cell = np.array(sizes).reshape(2, 2)
    true = np.pad(cell, ((0, 1), (0, 1)))
    true[2, :2], true[:2, 2], true[2, 2] = cell.sum(axis=0), cell.sum(axis=1), cell.sum()
    run = {
        clinic: {
            "pain": AnalysisResult(
                "pain_trajectory",
                None,
                estimates_frame([row("", n[2]), row("x", n[0]), row("y", n[1])]),
            )
        }
        for clinic, n in zip(("a", "b", ""), true, strict=True)
    }
    releases = protect(run, OUTSIDE)
    shown = np.array(
        [releases[who]["pain"].estimates["n_patients"].to_numpy() for who in ("a", "b", "")]
    )[:, [1, 2, 0]]
    below, above = OUTSIDE.slack
    grid = np.indices((int(sum(sizes)) // 2 + 18,) * 2).reshape(2, -1)
    seen: dict[tuple[int, int], set[int]] = {
        at: set() for at in itertools.product(range(3), [0, 1, 2])
    }
    for first in range(grid.max() + 1):
        for second in range(grid.max() + 1):
            x, y = grid
            world = {
                (0, 0): np.full_like(x, first),
                (0, 1): np.full_like(x, second),
                (1, 0): x,
                (1, 1): y,
            }
            world[0, 2], world[1, 2] = world[0, 0] + world[0, 1], x + y
            for column in range(3):
                world[2, column] = world[0, column] + world[1, column]
            agree = np.ones(x.shape, dtype=bool)
            for at, count in world.items():
                if not np.isnan(shown[at]):
                    agree &= (count >= max(shown[at] - below, OUTSIDE.minimum)) & (
                        count <= shown[at] + above
                    )
            if agree.any():
                for at, count in world.items():
                    seen[at] |= set(np.unique(count[agree & (count < OUTSIDE.minimum)]).tolist())
    for at, values in seen.items():
        if np.isnan(shown[at]) and true[at] < OUTSIDE.minimum:
            assert len(values) >= OUTSIDE.possible
