"""Observed minus expected, unit by unit (indirect standardisation).

The difference says how a unit did with *its own* subjects; two units with very different subjects
are each compared with expectation, not with each other.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from outcomes.errors import EstimationError
from outcomes.stats.design import subject_codes
from outcomes.stats.sandwich import sum_by


def observed_minus_expected(
    observed: ArrayLike, expected: ArrayLike, unit: ArrayLike, *, weights: ArrayLike | None = None
) -> pd.DataFrame:
    """Average what subjects reached beyond expectation, unit by unit.

    Parameters
    ----------
    observed : array_like, shape (N,)
        Outcomes.
    expected : array_like, shape (N,)
        Expected outcomes, same unit.
    unit : array_like, shape (N,)
        Unit of each subject.
    weights : array_like, shape (N,), optional
        Positive weights, such as for having answered.

    Returns
    -------
    pandas.DataFrame
        One row per unit in order of appearance: unit, n, n_effective ((Σw)²/Σw²), observed,
        expected, difference (weighted means), std_error (of the difference, from the residuals
        within units pooled over units), standardised (overall observed mean + difference − overall
        mean difference).

    Raises
    ------
    EstimationError
        If lengths differ, a weight is not positive, or nothing is complete.

    Notes
    -----
    A row with a missing value is left out. ``standardised`` is what the subjects of all units would
    have reached had every unit's difference been this one's.

    References
    ----------
    NHS Digital. Patient reported outcome measures (PROMs) in England: a guide to PROMs methodology
    (an adjusted gain is the national gain plus the mean difference of a provider).
    """
    w = np.ones(np.size(observed)) if weights is None else np.asarray(weights, float)
    frame = pd.DataFrame(
        {
            "unit": np.asarray(unit),
            "observed": np.asarray(observed, float),
            "expected": np.asarray(expected, float),
            "w": w,
        }
    ).dropna()
    if frame.empty:
        raise EstimationError(
            "No subject has an outcome, an expectation and a unit.", "Give complete rows."
        )
    if not (np.isfinite(frame["w"]).all() and (frame["w"] > 0).all()):
        raise EstimationError("A weight is not positive.", "Leave rows of weight zero out.")
    codes, labels = subject_codes(frame["unit"])
    y, e, w = (frame[name].to_numpy() for name in ("observed", "expected", "w"))
    size = len(labels)
    total = sum_by(w, codes, size)
    effective = total**2 / sum_by(w**2, codes, size)
    mean, hope = sum_by(w * y, codes, size) / total, sum_by(w * e, codes, size) / total
    difference = mean - hope
    residual = y - e - difference[codes]
    free = len(y) - size
    scaled = w / w.mean()
    sd = np.sqrt((scaled * residual**2).sum() / free) if free else np.nan
    middle = (total * difference).sum() / total.sum()
    return pd.DataFrame(
        {
            "unit": labels,
            "n": np.bincount(codes, minlength=size),
            "n_effective": effective,
            "observed": mean,
            "expected": hope,
            "difference": difference,
            "std_error": sd / np.sqrt(effective),
            "standardised": (total * mean).sum() / total.sum() + difference - middle,
        }
    )
