"""One row per subject and visit, with the holes that are to be filled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import EstimationError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Panel:
    """n subjects by T visits.

    Parameters
    ----------
    frame : DataFrame
        n·T rows sorted by subject and visit, with all columns of the data.
    outcome : ndarray of float, shape (n, T)
        Outcome, NaN where it is to be imputed.
    group : ndarray of int, shape (n,)
        Code of the group of each subject.
    groups : tuple
        Names of the groups.
    event : ndarray of int, shape (n,)
        First visit from which the strategy of the group applies; T if it never does.
    n_set_aside : int
        Outcomes that were observed at or after the event of a group whose strategy is not MAR, and
        are imputed instead.
    """

    frame: pd.DataFrame
    outcome: Floats
    group: Ints
    groups: tuple[object, ...]
    event: Ints
    n_set_aside: int

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where values are to be imputed, shape (n, T)."""
        return np.isnan(self.outcome)

    @property
    def after_event(self) -> NDArray[np.bool_]:
        """Visits at or after the event, shape (n, T)."""
        return np.arange(self.outcome.shape[1]) >= self.event[:, None]


def build_panel(
    data: pd.DataFrame,
    *,
    outcome: str,
    subject: str,
    visit: str,
    group: str,
    event: str | None,
    set_aside: set[object],
) -> Panel:
    """Check the rows and lay them out by subject and visit.

    Parameters
    ----------
    data : DataFrame
        One row for every subject and visit, also those without an outcome.
    outcome, subject, visit, group : str
        Columns.
    event : str, optional
        Column with the first visit after the event, one value a subject, missing if there was none.
        Unless given the event is the first visit after the last observed outcome.
    set_aside : set
        Groups whose outcomes after the event are set aside.

    Returns
    -------
    Panel
        Rows, outcomes, groups and events.

    Raises
    ------
    EstimationError
        For absent columns, missing identifiers, subject-visits that are repeated or lacking, a
        group that changes, or an event at an unknown visit.
    """
    wanted = [outcome, subject, visit, group, *([event] if event else [])]
    absent = [name for name in wanted if name not in data.columns]
    if absent:
        raise EstimationError(f"The data have no column {', '.join(absent)}.", "Check the names.")
    empty = [name for name in (subject, visit, group) if data[name].isna().any()]
    if empty:
        raise EstimationError(f"{', '.join(empty)} has missing values.", "Leave those rows out.")
    if not pd.api.types.is_numeric_dtype(data[outcome]):
        raise EstimationError(f"{outcome} is not numeric.", "Convert it to numbers.")
    if np.isinf(data[outcome].to_numpy(dtype=float, na_value=np.nan)).any():
        raise EstimationError(f"{outcome} has infinite values.", "Correct those rows.")
    levels = _visit_levels(data[visit])
    order = data[visit].map({level: k for k, level in enumerate(levels)}).to_numpy(dtype=int)
    codes, _ = pd.factorize(data[subject])
    n, T = int(codes.max()) + 1, len(levels)
    if data.duplicated([subject, visit]).any():
        repeated = int(data.duplicated([subject, visit]).sum())
        raise EstimationError(
            f"{repeated} rows repeat a subject and visit.", "Keep one row per subject and visit."
        )
    if len(data) != n * T:
        raise EstimationError(
            f"{n * T - len(data)} of {n * T} subject-visits have no row.",
            "Add them with the covariates filled in and the outcome missing.",
        )
    frame = data.iloc[np.lexsort((order, codes))].reset_index(drop=True)
    group_codes, groups = pd.factorize(frame[group], sort=True)
    by_subject = group_codes.reshape(n, T)
    if (by_subject != by_subject[:, :1]).any():
        raise EstimationError(
            f"{group} changes within {int((by_subject != by_subject[:, :1]).any(axis=1).sum())} "
            "subjects.",
            "Give each subject the group it began in.",
        )
    y = frame[outcome].to_numpy(dtype=float, na_value=np.nan).reshape(n, T).copy()
    seen = ~np.isnan(y)
    last = np.where(seen.any(axis=1), T - seen[:, ::-1].argmax(axis=1), 0)
    when = last if event is None else _events(frame[event], levels, n, T)
    first_group = by_subject[:, 0]
    affected = np.isin(first_group, [k for k, name in enumerate(groups) if name in set_aside])
    later = seen & (np.arange(T) >= when[:, None]) & affected[:, None]
    y[later] = np.nan
    return Panel(frame, y, first_group.astype(np.int64), tuple(groups), when, int(later.sum()))


def _visit_levels(column: pd.Series) -> list[object]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.remove_unused_categories().cat.categories)
    return list(np.sort(column.unique()))


def _events(column: pd.Series, levels: list[object], n: int, T: int) -> Ints:
    given = column.to_numpy(dtype=object).reshape(n, T)
    absent = pd.isna(given)
    place = {level: k for k, level in enumerate(levels)}
    codes = np.array([[place.get(value, -1) for value in row] for row in given])
    codes[absent] = T
    if (codes < 0).any():
        raise EstimationError(
            f"{int((codes < 0).any(axis=1).sum())} subjects have an event at an unknown visit.",
            f"Use one of the visits {', '.join(map(str, levels))}, or leave it missing.",
        )
    if (codes != codes[:, :1]).any():
        raise EstimationError(
            f"The event changes within {int((codes != codes[:, :1]).any(axis=1).sum())} subjects.",
            "Repeat one value in all rows of a subject.",
        )
    return codes[:, 0].astype(np.int64)
