"""How irregular visits are, from a protocol (0) to chance alone (0.25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Irregularity:
    """Visits counted in bins of many widths.

    Parameters
    ----------
    auc : float
        0 if each subject has exactly one visit in each bin of the right width, as a protocol gives;
        0.25 for visits of a Poisson process; above it where visits come in clusters.
    transformed : float
        The same from 0 (protocol) to 100 (Poisson): 100 (1 − log(4 (0.5 − auc)) / log 2).
    shares : DataFrame
        bins (how many the follow-up was cut into) or reach (share of the gap on either side of a
        scheduled time); zero, one, more: mean share of subjects with so many visits in a bin.
    """

    auc: float
    transformed: float
    shares: pd.DataFrame


def irregularity(
    subject: ArrayLike,
    time: ArrayLike,
    *,
    end: float,
    follow_up: pd.Series | None = None,
    scheduled: Sequence[float] | None = None,
    most_bins: int = 50,
) -> Irregularity:
    """Area under the curve of empty bins against bins with more than one visit.

    Parameters
    ----------
    subject : array_like, shape (n,)
        Subject of each visit.
    time : array_like of float, shape (n,)
        Time of each visit, above 0 and at most `end`.
    end : float
        Time up to which visits are counted.
    follow_up : Series of float, optional
        End of follow-up by subject (index), also of subjects without a visit. Everyone with a visit
        is followed to `end` unless given.
    scheduled : sequence of float, optional
        Times of a protocol, rising. Bins then lie around them, and grow.
    most_bins : int
        The follow-up is cut into 1, 2, …, `most_bins` bins; with `scheduled`, bins reach j/2k of
        the gap to the time before on either side, j = 1, …, k − 1.

    Returns
    -------
    Irregularity
        The area, and the shares it comes from.

    Raises
    ------
    EstimationError
        For missing times, times outside (0, end], subjects without follow-up, or fewer than two
        visits.

    Notes
    -----
    Without a protocol each set of bins has equal expected numbers of visits: cuts are where the
    Nelson–Aalen estimate of the mean number of visits reaches j/k of its end. In each bin the
    shares with no, one and more visits are taken over the subjects followed through the whole bin,
    then averaged over bins. The area is that under the share with none against the share with more
    than one, by trapezoids; for a Poisson process it is ∫ e^(−μ) d(1 − e^(−μ)(1 + μ)) = 1/4. The
    set with the most bins bounds the curve on the left: ask for enough bins that hardly one holds
    two visits.

    References
    ----------
    Lokku A, Birken CS, Maguire JL, Pullenayegum EM. Quantifying the extent of visit irregularity in
    longitudinal data. Int J Biostat 2022;18:487–520. Lokku A, Lim LS, Birken CS, Pullenayegum EM.
    Summarizing the extent of visit irregularity in longitudinal data. BMC Med Res Methodol
    2020;20:135.
    """
    who, t = pd.Series(np.asarray(subject)), np.asarray(time, dtype=float)
    if len(who) != len(t) or len(t) < 2:
        raise EstimationError(
            f"{len(who)} subjects and {len(t)} times are given.", "Give two visits or more."
        )
    if not ((t > 0) & (t <= end)).all():
        raise EstimationError(
            f"{int((~((t > 0) & (t <= end))).sum())} visits have no time or one outside (0, end].",
            "Leave out the visit at entry and those after the end.",
        )
    ends = pd.Series(float(end), index=pd.unique(who)) if follow_up is None else follow_up
    ends = ends.astype(float).clip(upper=float(end))
    code = pd.Index(ends.index).get_indexer(who)
    if (code < 0).any() or (t > ends.to_numpy()[code]).any():
        raise EstimationError(
            "Some visits are of subjects without follow-up, or after it.",
            "Give the end of follow-up of every subject.",
        )
    limit: Floats = np.asarray(ends, dtype=np.float64)
    if scheduled is None:
        sets = _equal_sets(t, limit, most_bins, float(end))
        width = [float(len(left)) for left, _ in sets]
    else:
        sets = _around(np.asarray(scheduled, dtype=float), most_bins)
        width = [j / (2 * most_bins) for j in range(1, most_bins)]
    rows = [_shares(code, t, limit, left, right) for left, right in sets]
    shares = pd.DataFrame(rows, columns=["zero", "one", "more"])
    shares.insert(0, "bins" if scheduled is None else "reach", width)
    # Down the axis where no bin holds two visits, then along it.
    known = shares.dropna().sort_values(["more", "zero"], ascending=[True, False])
    auc = float(np.trapezoid(known["zero"], known["more"]))
    return Irregularity(auc, float(100 * (1 - np.log(4 * (0.5 - auc)) / np.log(2))), shares)


def _equal_sets(t: Floats, limit: Floats, most: int, end: float) -> list[tuple[Floats, Floats]]:
    """Cut follow-up into 1, 2, … bins of equal expected visits; a bin holds its right limit."""
    moments, number = np.unique(t, return_counts=True)
    at_risk = len(limit) - np.searchsorted(np.sort(limit), moments, side="left")
    mean = np.cumsum(number / at_risk)
    sets = []
    for k in range(1, most + 1):
        reach = mean[-1] * np.arange(1, k) / k * (1 - 1e-12)
        cuts = np.unique(np.concatenate([[0.0], moments[np.searchsorted(mean, reach)], [end]]))
        sets.append((cuts[:-1], cuts[1:]))
    return sets


def _around(scheduled: Floats, most: int) -> list[tuple[Floats, Floats]]:
    """Lay bins around the times of a protocol, wider and wider."""
    gap = np.diff(scheduled, prepend=0.0)
    if len(scheduled) < 1 or (gap <= 0).any():
        raise EstimationError("The scheduled times do not rise from above 0.", "Sort them.")
    return [
        (scheduled - gap * j / (2 * most), scheduled + gap * j / (2 * most)) for j in range(1, most)
    ]


def _shares(
    code: NDArray[np.intp], t: Floats, limit: Floats, left: Floats, right: Floats
) -> tuple[float, float, float]:
    """Mean over bins of the shares of subjects with no, one and more visits in them."""
    place = np.searchsorted(right, t, side="left")
    inside = place < len(right)
    inside[inside] = t[inside] > left[place[inside]]
    bins, n = len(right), len(limit)
    counts = np.bincount(code[inside] * bins + place[inside], minlength=n * bins).reshape(n, bins)
    through = limit[:, None] >= right
    followed = through.sum(axis=0)
    if not followed.any():
        return (np.nan, np.nan, np.nan)
    kept = followed > 0
    share = [
        float(np.mean((part & through).sum(axis=0)[kept] / followed[kept]))
        for part in (counts == 0, counts == 1, counts > 1)
    ]
    return share[0], share[1], share[2]
