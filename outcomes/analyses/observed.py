"""Plain means and shares of those who were observed.

A mean of those who answered speaks of those who answered. Beside a model's mean it shows what the
model changes; that of `completers_of` goes further down that road, to those who stayed to the end.
Shares have no model: each comes with the number it is a share of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from outcomes.stats.intervals import mean_interval, wilson


def sum_answers(answers: pd.DataFrame, centre: float = 0.0) -> pd.DataFrame:
    """Sum the answers in each group and window.

    Parameters
    ----------
    answers : DataFrame
        One row a patient and window with an answer: patient_id, group, window, value.
    centre : float
        Subtracted from every answer first, for precision.

    Returns
    -------
    DataFrame
        By (group, window): n, total and squares of the distance from `centre`. Those of other
        patients can be added.
    """
    away = answers["value"] - centre
    parts = pd.DataFrame({"n": 1.0, "total": away, "squares": away**2})
    return parts.groupby([answers["group"], answers["window"]]).sum()


def means_of_sums(sums: pd.DataFrame, centre: float, level: float = 0.95) -> pd.DataFrame:
    """Mean of the answers in each group and window, from sums over them.

    Parameters
    ----------
    sums : DataFrame
        As made by `sum_answers`.
    centre : float
        What was subtracted from every answer.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        group, window, estimate, sd, n_patients, conf_low, conf_high (missing below two answers).

    Notes
    -----
    Mean ± t · sd/√n. Missing answers are ignored, which is right only if those who did not answer
    are like those who did.
    """
    n, away = sums["n"], sums["total"] / sums["n"]
    variance = (sums["squares"] - n * away**2).clip(lower=0) / (n - 1).where(n > 1)
    table = pd.DataFrame(
        {"estimate": centre + away, "sd": np.sqrt(variance), "n_patients": n.astype("int64")}
    ).reset_index()
    low, high = mean_interval(table["estimate"], table["sd"].fillna(0), table["n_patients"], level)
    return table.assign(conf_low=low, conf_high=high)


def completers_of(answers: pd.DataFrame, last: Mapping[str, int]) -> pd.DataFrame:
    """Keep the answers of patients with a baseline who also answered in the last window.

    Parameters
    ----------
    answers : DataFrame
        One row a patient and window with an answer: patient_id, group, window, value.
    last : mapping of str to int
        Window that a patient of each group must have answered in to count.

    Returns
    -------
    DataFrame
        All answers of these patients.

    Notes
    -----
    Completers are known only at the end, and those who stay differ from those who leave: their
    curve flatters (or slanders) most, and is never the headline.
    """
    final = answers["window"] == answers["group"].map(last)
    stayed = answers["patient_id"].isin(answers.loc[final, "patient_id"])
    began = answers["patient_id"].isin(answers.loc[answers["window"] == 0, "patient_id"])
    return answers[stayed & began]


def mean_rows(
    seen: pd.DataFrame, grid: pd.DataFrame, keys: Sequence[str], minimum: int, level: float
) -> pd.DataFrame:
    """Mean of a value among those seen, for every cell of a grid, as parts of estimates.

    Parameters
    ----------
    seen : DataFrame
        One row a person and cell with a value: the keys, value.
    grid : DataFrame
        One row a cell: the keys, and any other columns, which are kept.
    keys : sequence of str
        Columns that name a cell.
    minimum : int
        People a cell needs; below it the row is refused.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        The grid with estimate, std_error, conf_low, conf_high, conf_level, df, n_patients, status
        and note, on a fresh index.

    Notes
    -----
    Mean ± t · sd/√n of the values there are.
    """
    grouped = seen.groupby(list(keys))["value"]
    table = pd.DataFrame({"mean": grouped.mean(), "sd": grouped.std(), "n": grouped.count()})
    grid = grid.reset_index(drop=True)
    table = grid[list(keys)].join(table, on=list(keys))
    n = table["n"].fillna(0)
    low, high = mean_interval(table["mean"], table["sd"].fillna(0), n, level)
    rows = grid.assign(
        estimate=table["mean"],
        std_error=table["sd"] / np.sqrt(n),
        conf_low=low,
        conf_high=high,
        df=n - 1,
        conf_level=level,
        n_patients=n,
    )
    return _refuse_few(rows, minimum)


def share_rows(
    seen: pd.DataFrame, grid: pd.DataFrame, keys: Sequence[str], minimum: int, level: float
) -> pd.DataFrame:
    """Share with an event among those seen, for every cell of a grid, as parts of estimates.

    Parameters
    ----------
    seen : DataFrame
        One row a person (or whatever is counted) and cell: the keys, event (True or False).
    grid : DataFrame
        One row a cell: the keys, and any other columns, which are kept.
    keys : sequence of str
        Columns that name a cell.
    minimum : int
        People a cell needs; below it the row is refused.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        The grid with estimate (0 to 1), conf_low, conf_high, conf_level, n_events, n_patients,
        unit, status and note, on a fresh index.

    Notes
    -----
    Wilson's interval. Who was not seen is not in the denominator.
    """
    grouped = seen.groupby(list(keys))["event"]
    table = pd.DataFrame({"events": grouped.sum(), "n": grouped.count()})
    grid = grid.reset_index(drop=True)
    table = grid[list(keys)].join(table, on=list(keys))
    events, n = table["events"].fillna(0).astype(float), table["n"].fillna(0).astype(float)
    low, high = wilson(events, n, level)
    rows = grid.assign(
        estimate=events / n.where(n > 0),
        conf_low=low,
        conf_high=high,
        conf_level=level,
        n_patients=n,
        n_events=events,
        unit="share",
    )
    return _refuse_few(rows, minimum)


def _refuse_few(rows: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Take the numbers out of rows that rest on too few, and say so."""
    few = rows["n_patients"] < minimum
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "df"]
    rows.loc[few, [name for name in numbers if name in rows]] = np.nan
    counted = rows["n_patients"].astype(int).astype(str)
    note = counted + f" observed; at least {minimum} are needed"
    return rows.assign(status=np.where(few, "refused", "ok"), note=note.where(few, ""))
