"""What follows from pain: headache days, range of motion, disability and headache impact."""

from __future__ import annotations

import numpy as np

from outcomes.simulate.population import Array, People

DIARY_DAYS = 28
CLUMPING = 6.0
"""Sum of the two beta parameters of a patient's share of headache days in a window."""

MOVEMENTS = {
    "rom_flexion": (38.0, 1.00, 0),
    "rom_extension": (40.0, 0.60, 1),
    "rom_left_lateral_flexion": (30.0, 0.40, 2),
    "rom_right_lateral_flexion": (30.0, 0.21, 2),
    "rom_left_rotation": (55.0, 0.30, 3),
    "rom_right_rotation": (55.0, 0.30, 3),
}
"""Degrees at the start, gain as a share of them, and which of the caps holds."""

ROM_ERROR = 3.0


def headache_share(people: People, mean_pain: Array) -> Array:
    """Compute the expected share of days with a headache.

    Parameters
    ----------
    people : People
        n patients.
    mean_pain : array, shape (n,)
        Mean pain over the days.

    Returns
    -------
    array, shape (n,)
        λ exp(.125 (pain − 7)) / 28, at most 1.
    """
    days = people.headache_rate * np.exp(0.125 * (mean_pain - 7))
    return np.minimum(days / DIARY_DAYS, 1.0)


def draw_headache_share(share: Array, rng: np.random.Generator) -> Array:
    """Draw the share of headache days in one window, so that days in it are beta-binomial.

    Parameters
    ----------
    share : array
        Expected share.
    rng : Generator
        Random numbers.

    Returns
    -------
    array
        Beta with the mean `share` and φ = 6.
    """
    inside = np.clip(share, 1e-6, 1 - 1e-6)
    return rng.beta(inside * CLUMPING, (1 - inside) * CLUMPING)


def draw_starting_motion(movement: str, sd: float, number: int, rng: np.random.Generator) -> Array:
    """Draw how far patients can move at the start.

    Parameters
    ----------
    movement : str
        Key of `MOVEMENTS`.
    sd : float
        Standard deviation between patients, degrees.
    number : int
        Patients.
    rng : Generator
        Random numbers.

    Returns
    -------
    array, shape (number,)
        Degrees, at least 5.
    """
    return np.maximum(MOVEMENTS[movement][0] + sd * rng.standard_normal(number), 5.0)


def range_of_motion(
    movement: str,
    start: Array,
    pain: Array,
    entry_pain: Array,
    caps: tuple[float, float, float, float],
) -> Array:
    """Degrees that go with a level of pain, without measurement error.

    Parameters
    ----------
    movement : str
        Key of `MOVEMENTS`.
    start : array
        Degrees at the start.
    pain, entry_pain : array
        Pain now and at the start.
    caps : tuple of float
        Largest flexion, extension, lateral flexion and rotation.

    Returns
    -------
    array
        min(start + 1.36 gain · start · clip(1 − pain / entry pain, −.3, 1), cap).
    """
    _, gain, cap = MOVEMENTS[movement]
    better = np.clip(1 - pain / entry_pain, -0.3, 1.0)
    return np.minimum(start + 1.36 * gain * start * better, caps[cap])


def draw_disability(pain: Array, distress: Array, rng: np.random.Generator) -> Array:
    """Draw totals of the Neck Disability Index.

    Parameters
    ----------
    pain, distress : array, shape (n,)
        Pain now and distress at entry.
    rng : Generator
        Random numbers.

    Returns
    -------
    array, shape (n,)
        0 to 50.

    Notes
    -----
    A convention of this project: 3.2 pain + 2 distress + N(0, 4²).
    """
    total = 3.2 * pain + 2 * distress + rng.normal(0, 4, len(pain))
    return np.clip(np.rint(total), 0, 50)


def draw_headache_impact(share: Array, pain: Array, rng: np.random.Generator) -> Array:
    """Draw totals of the HIT-6.

    Parameters
    ----------
    share : array
        Expected share of headache days now.
    pain : array
        Pain now.
    rng : Generator
        Random numbers.

    Returns
    -------
    array
        36 to 78.

    Notes
    -----
    A convention of this project: 45 + 25 share + 1.2 pain + N(0, 4²).
    """
    total = 45 + 25 * share + 1.2 * pain + rng.normal(0, 4, len(pain))
    total = np.clip(np.rint(total), 36, 78)
    # Six answers of 6, 8, 10, 11 or 13 points never add up to these.
    return total - np.isin(total, (37, 39, 77))
