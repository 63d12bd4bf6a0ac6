"""Charts of the expected course: the distribution of a score given the start, or the last score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analyses.off_track.spec import OffTrackSpec
from outcomes.stats.ordinal import OrdinalFit, fit_ordinal
from outcomes.stats.weights import effective_sample_size

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DEPARTURE = 0.5
"""How far slopes may depart from proportional odds, as `fit_ordinal` takes it."""

CLINIC_SPREAD = 0.5
CLINIC_DEPARTURE = 0.15
"""Prior standard deviations, in log odds, of what differs between clinics: of the common difference
and of its departure at one threshold. The tail of a clinic rests on few people."""

ONSETS = ("acute", "subacute")
"""Against chronic; where onset is not known it counts as chronic, the most frequent one."""

FROM_START = ("low", "median", "high", "tail", "mid_tail")
GIVEN_LAST = ("change_low", "change_high", "change_tail", "change_mid_tail")
"""Columns of `Charts.judge`."""

_START_COLUMNS = 2 + len(ONSETS)
_DAYS_APART = (10, 17, 31)
_EARLY = (3, 5)


@dataclass(frozen=True)
class Charts:
    """Fits for each session given the start, and one given the last score.

    Parameters
    ----------
    by_session : mapping of int to OrdinalFit
        Sessions that are charted, from 2 on without a gap.
    sudden : OrdinalFit or None
        Distribution given start and last score, where enough pairs are known.
    knots : ndarray of float, shape (3,)
        Of the spline in the starting score.
    clinics : tuple of str
        Clinics with a column of their own; empty where there is one.
    effective : mapping of int to float
        Effective number of starters at each session looked at.
    """

    by_session: Mapping[int, OrdinalFit]
    sudden: OrdinalFit | None
    knots: Floats
    clinics: tuple[str, ...]
    effective: Mapping[int, float]

    @property
    def last(self) -> int:
        """Last session charted, 1 where none is."""
        return max(self.by_session, default=1)

    def judge(self, rows: pd.DataFrame, spec: OffTrackSpec) -> pd.DataFrame:
        """Place scores in the distributions expected of them.

        Parameters
        ----------
        rows : DataFrame
            Columns baseline, onset, clinic, session, course (whether in the first course), score,
            previous, days. The score may be missing, for the range alone.
        spec : OffTrackSpec
            Level of the range.

        Returns
        -------
        DataFrame
            On the same index, from the start only: ``low``, ``median``, ``high``, ``tail``
            (P(score or higher)) and ``mid_tail``; given the last score too: ``change_low``,
            ``change_high``, ``change_tail``, ``change_mid_tail``. Missing where there is no chart.
        """
        found_in = {name: np.full(len(rows), np.nan) for name in (*FROM_START, *GIVEN_LAST)}
        lower = (1 - spec.range_level) / 2
        started = (rows["course"] & rows["baseline"].notna()).to_numpy()
        session, score = rows["session"].to_numpy(), rows["score"].to_numpy(dtype=float)
        charted = np.flatnonzero(started & np.isin(session, list(self.by_session)))
        columns = start_columns(rows.iloc[charted], self.knots, self.clinics)
        for number, fit in self.by_session.items():
            among = np.flatnonzero(session[charted] == number)
            here = charted[among]
            ranges, *tails = fit.place(columns[among], score[here], (lower, 0.5, 1 - lower))
            for name, values in zip(FROM_START, [*ranges, *tails], strict=True):
                found_in[name][here] = values
        here = np.flatnonzero(_has_last(rows))
        if self.sudden is not None:
            x = last_columns(rows.iloc[here])
            ranges, *tails = self.sudden.place(x, score[here], (lower, 1 - lower))
            for name, values in zip(GIVEN_LAST, [*ranges, *tails], strict=True):
                found_in[name][here] = values
        return pd.DataFrame(found_in, index=rows.index)


def fit_charts(
    rows: pd.DataFrame,
    spec: OffTrackSpec,
    part: Flags | None = None,
    near: Charts | None = None,
) -> Charts:
    """Fit the chart of each session, given the start alone.

    Parameters
    ----------
    rows : DataFrame
        Past sessions: columns of `Charts.judge` and ``weight`` (of starters at a session of the
        first course; 0 elsewhere).
    spec : OffTrackSpec
        Sessions and smallest effective number.
    part : ndarray of bool, optional
        Rows to fit to; the effective number needed falls with their share.
    near : Charts, optional
        Charts of all rows, from which the fits to a part begin. The result is the same.

    Returns
    -------
    Charts
        Charted are sessions from 2 on up to the first with too few effective starters.

    Notes
    -----
    Each session has its own fit, so the shape of the distribution at a session is free. Columns are
    a restricted cubic spline of the starting score with three knots (10th, 50th, 90th percentile;
    Harrell 2015, section 2.4.5), onset, and clinic with a shrunken effect: a patient is compared
    with people of the same clinic as far as it is known to differ. Weights make who goes on stand
    for who stopped when well.
    """
    used = np.ones(len(rows), dtype=bool) if part is None else part
    needed = spec.min_effective * (1 if part is None else float(used.mean()))
    known = used & rows["baseline"].notna().to_numpy() & rows["score"].notna().to_numpy()
    rows = rows[known]
    session, weight = rows["session"].to_numpy(), rows["weight"].to_numpy()
    starters = rows.loc[session == 1, "baseline"]
    knots = _knots((starters if len(starters) else rows["baseline"]).to_numpy(dtype=float))
    clinics = _clinics(rows["clinic"])
    columns, scores = start_columns(rows, knots, clinics), rows["score"].to_numpy(dtype=float)
    own = np.arange(_START_COLUMNS + len(clinics)) < _START_COLUMNS
    shrink = np.where(own, np.inf, CLINIC_SPREAD)
    begin = near.by_session if near is not None and near.clinics == clinics else {}
    by_session: dict[int, OrdinalFit] = {}
    effective: dict[int, float] = {}
    for number in range(2, spec.sessions + 1):
        here = np.flatnonzero((session == number) & (weight > 0))
        effective[number] = effective_sample_size(weight[here]) if len(here) else 0.0
        score, x = scores[here], columns[here]
        if effective[number] < needed or len(np.unique(score)) < 2:
            break
        # Weights that sum to the effective number: shrinkage then sees what is truly known.
        scaled = weight[here] * effective[number] / weight[here].sum()
        # What differs between clinics may do so by the threshold too: a tail of people whom
        # nothing helps is not moved by a clinic that helps the others more.
        departure = np.where(own, DEPARTURE, CLINIC_DEPARTURE * x.std(axis=0))
        by_session[number] = fit_ordinal(
            score, x, scaled, shrink=shrink, departure=departure, near=begin.get(number)
        )  # fmt: skip
    return Charts(by_session, None, knots, clinics, effective)


def fit_sudden(rows: pd.DataFrame, spec: OffTrackSpec) -> OrdinalFit | None:
    """Fit the distribution of a score given the last one.

    Parameters
    ----------
    rows : DataFrame
        Past sessions, as for `fit_charts`.
    spec : OffTrackSpec
        As many pairs are needed as starters at a session.

    Returns
    -------
    OrdinalFit or None
        None where pairs are too few.

    Notes
    -----
    Columns are those of `last_columns`. Stopping needs no weight here as long as it depends on the
    last score, which is given.
    """
    pairs = np.flatnonzero(_has_last(rows) & rows["score"].notna().to_numpy())
    score = rows["score"].to_numpy(dtype=float)[pairs]
    if len(pairs) < spec.min_effective or len(np.unique(score)) < 2:
        return None
    x = last_columns(rows.iloc[pairs])
    return fit_ordinal(score, x, departure=np.full(x.shape[1], DEPARTURE))


def _clinics(clinic: pd.Series) -> tuple[str, ...]:
    """Clinics that get a column: all, where there are several."""
    names = sorted(set(clinic.unique()) - {""})
    return tuple(names) if len(names) > 1 else ()


def _has_last(rows: pd.DataFrame) -> Flags:
    return np.asarray(rows["previous"].notna() & rows["first_score"].notna(), dtype=bool)


def _knots(baseline: Floats) -> Floats:
    """Three knots that differ, from the percentiles of the starting score."""
    if not len(baseline):
        return np.array([0.0, 1.0, 2.0])
    low, middle, high = np.quantile(baseline, [0.1, 0.5, 0.9])
    middle = middle if low < middle < high else (low + high) / 2
    return np.array([low, middle, high]) if low < high else np.array([low - 1, low, low + 1.0])


def start_columns(rows: pd.DataFrame, knots: Floats, clinics: tuple[str, ...]) -> Floats:
    """Spline of the starting score, onset, and clinic.

    Parameters
    ----------
    rows : DataFrame
        Columns baseline, onset and clinic.
    knots : ndarray of float, shape (3,)
        Knots.
    clinics : tuple of str
        Clinics with a column.

    Returns
    -------
    ndarray of float, shape (n, 4 + clinics)
        Linear term, bend, acute, subacute, and 1 for each clinic's own patients.
    """
    b = rows["baseline"].to_numpy(dtype=float)
    t = knots

    def cubed(from_knot: float) -> Floats:
        return np.asarray(np.maximum(b - from_knot, 0) ** 3)

    bend = cubed(t[0])
    bend = bend - cubed(t[1]) * (t[2] - t[0]) / (t[2] - t[1])
    bend = bend + cubed(t[2]) * (t[1] - t[0]) / (t[2] - t[1])
    onset = rows["onset"].to_numpy(dtype=object)
    at = rows["clinic"].to_numpy(dtype=object)
    return np.column_stack(
        [
            b,
            bend / (t[2] - t[0]) ** 2,
            *(onset == name for name in ONSETS),
            *(at == name for name in clinics),
        ]
    )


def last_columns(rows: pd.DataFrame) -> Floats:
    """Last score, start, time since, and how early in care.

    Parameters
    ----------
    rows : DataFrame
        Columns previous, first_score, days and session.

    Returns
    -------
    ndarray of float, shape (n, 8)
        Last score and its excess over 4, first score, days apart in four classes, session in three.

    Notes
    -----
    Classes, not days, so that most rows repeat another and the fit takes milliseconds.
    """
    last = rows["previous"].to_numpy(dtype=float)
    days, session = rows["days"].to_numpy(dtype=float), rows["session"].to_numpy()
    longer = [(days > edge).astype(float) for edge in _DAYS_APART]
    later = [(session > edge).astype(float) for edge in _EARLY]
    first = rows["first_score"].to_numpy(dtype=float)
    return np.column_stack([last, np.maximum(last - 4, 0), first, *longer, *later])
