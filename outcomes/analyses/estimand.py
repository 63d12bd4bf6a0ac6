"""Estimands in words, written from the choices of a spec so that the two cannot part."""

from __future__ import annotations

from outcomes.analyses.groups import CADENCE
from outcomes.settings import CutPoints

INTERCURRENT = (
    "stopping care or coming more or less often is part of what is described; scores from the "
    "{hours} hours after a session are left out; missing scores are taken as missing at random "
    "given those recorded"
)


def describe(
    *, population: str, strategies: str, variable: str, intercurrent: str, summary: str
) -> str:
    """Write an estimand as one paragraph, its five parts named.

    Parameters
    ----------
    population, strategies, variable, intercurrent, summary : str
        The five attributes of an estimand, as phrases without a full stop.

    Returns
    -------
    str
        The paragraph.

    References
    ----------
    ICH E9(R1) addendum on estimands and sensitivity analysis in clinical trials, 2019.
    """
    return (
        f"Population: {population}. Care compared: {strategies}. Variable: {variable}. "
        f"Intercurrent events: {intercurrent}. Summary: {summary}."
    )


def population(group_by: str, landmark: int, restriction: str = "") -> str:
    """Say whom an analysis is about.

    Parameters
    ----------
    group_by : str
        Grouping of the analysis.
    landmark : int
        Day at which cadence is taken.
    restriction : str
        What else a patient had to have, as a phrase that follows "patients who began care".

    Returns
    -------
    str
        A phrase.
    """
    reached = f" and had reached day {landmark} by the as-of date" if group_by == CADENCE else ""
    return f"patients who began care{reached}{restriction}"


def strategies(group_by: str, landmark: int, cuts: CutPoints) -> str:
    """Say what care is compared, or that none is.

    Parameters
    ----------
    group_by : str
        Grouping of the analysis.
    landmark : int
        Day at which cadence is taken.
    cuts : CutPoints
        For the days that cadence looks back on.

    Returns
    -------
    str
        A phrase.
    """
    phrases = {
        "": "none, care as it was given",
        "onset": "none, care as it was given, apart by how long the complaint had lasted",
        "clinic": "none, care as it was given, by clinic and not adjusted for who goes there",
        CADENCE: (
            "none that was assigned; groups are the sessions attended in the "
            f"{cuts.cadence_window} days up to day {landmark}, and nothing later changes a group"
        ),
    }
    return phrases[group_by]


def intercurrent(cuts: CutPoints) -> str:
    """Say how what happens on the way is dealt with.

    Parameters
    ----------
    cuts : CutPoints
        For the hours after a session that are left out.

    Returns
    -------
    str
        A phrase.
    """
    return INTERCURRENT.format(hours=cuts.soreness_hours)
