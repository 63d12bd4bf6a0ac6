"""Plain means of those who answered: what most reports print, shown beside the model's means.

A mean of those who answered speaks of those who answered. `completers_means` goes further down that
road, to those who stayed to the end; both are labelled as what they are.
"""

from __future__ import annotations

import pandas as pd

from outcomes.stats.intervals import mean_interval


def observed_means(answers: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Mean of the answers in each group and window.

    Parameters
    ----------
    answers : DataFrame
        One row a patient and window with an answer: patient_id, group, window, value.
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
    grouped = answers.groupby(["group", "window"])["value"]
    table = pd.DataFrame(
        {"estimate": grouped.mean(), "sd": grouped.std(), "n_patients": grouped.count()}
    ).reset_index()
    low, high = mean_interval(table["estimate"], table["sd"].fillna(0), table["n_patients"], level)
    return table.assign(conf_low=low, conf_high=high)


def completers_means(
    answers: pd.DataFrame, last: dict[str, int], level: float = 0.95
) -> pd.DataFrame:
    """Mean of the answers of patients with a baseline who also answered in the last window.

    Parameters
    ----------
    answers : DataFrame
        One row a patient and window with an answer: patient_id, group, window, value.
    last : dict of str to int
        Window that a patient of each group must have answered in to count.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        As for `observed_means`.

    Notes
    -----
    Completers are known only at the end, and those who stay differ from those who leave: this is
    the curve that flatters (or slanders) most, and is never the headline.
    """
    final = answers["window"] == answers["group"].map(last)
    stayed = set(answers.loc[final, "patient_id"])
    began = set(answers.loc[answers["window"] == 0, "patient_id"])
    return observed_means(answers[answers["patient_id"].isin(stayed & began)], level)
