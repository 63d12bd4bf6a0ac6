"""What every sentence needs: a subject, who is in it, and the way to say that it cannot be said."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.labels import HEADACHES, instrument_of, outcome_label
from outcomes.present.rows import Row
from outcomes.verdicts import Verdict

NO_COMPARISON = (
    "There is no comparison group here. Neck pain and headaches often ease with time, and people "
    "come when they hurt most, so part of any change would have come anyway; these numbers do not "
    "say how much of it care did."
)

BY_CHANCE = (
    "Changes within a group say little about care, because neck pain and headaches often ease with "
    "time. A difference between groups is the effect of care only if chance decided who was in "
    "which group."
)


@dataclass(frozen=True)
class Sentence:
    """A sentence, or what stands in its place.

    Parameters
    ----------
    text : str
        Plain text.
    carried : bool
        False where the data cannot carry the sentence and the text says what is missing.
    verdict : Verdict, optional
        What is missing, where the sentence is not carried.
    """

    text: str
    carried: bool
    verdict: Verdict | None = None


def subject_of(outcome: str, registry: InstrumentRegistry | None) -> str:
    """Name an outcome at the beginning of a sentence.

    Parameters
    ----------
    outcome : str
        Code of the outcome.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    str
        Such as ``Pain``.
    """
    if outcome == HEADACHES:
        return "Headache days"
    known = instrument_of(outcome, registry)
    if known is None:
        return outcome_label(outcome)
    # the unit stands after every number, so a name that ends with it would say it twice
    return known.short_label.removesuffix(f" ({known.unit})")


def unit_of(row: Row) -> str:
    """Name the unit of an estimate within a sentence.

    Parameters
    ----------
    row : Series or dict
        One estimate.

    Returns
    -------
    str
        Such as ``points``.
    """
    return "days in 28" if row["outcome"] == HEADACHES else str(row["unit"])


def only(rows: pd.DataFrame) -> pd.Series | None:
    """Take the one estimate among rows.

    Parameters
    ----------
    rows : DataFrame
        Rows of one term, time and group.

    Returns
    -------
    Series or None
        The estimate; None where there is none that may be used, or more than one.
    """
    known = rows[rows["status"] == "ok"]
    return known.iloc[0] if len(known) == 1 else None


def cannot(about: str, verdict: Verdict) -> Sentence:
    """Say that a sentence cannot be carried.

    Parameters
    ----------
    about : str
        What it would have been about.
    verdict : Verdict
        What is missing.

    Returns
    -------
    Sentence
        Not carried.
    """
    return Sentence(f"{about}: can't say yet. {verdict.missing}", False, verdict)


def answered(row: pd.Series | Row, verdict: Verdict, did: str = "answered") -> str:
    """Say how many answered, and whether that is few.

    Parameters
    ----------
    row : Series or dict
        One estimate.
    verdict : Verdict
        Whether it must be hedged.
    did : str
        What those did who answered.

    Returns
    -------
    str
        A sentence with both counts.
    """
    if verdict.hedged:
        return f"This goes by the fewer than half who {did}: {counted(row)}."
    return f"{counted(row)} {did}."


def counted(row: pd.Series | Row) -> str:
    """Write who is in an estimate, of those who could be.

    Parameters
    ----------
    row : Series or dict
        One estimate.

    Returns
    -------
    str
        Such as ``213 of 336 (63%)``.
    """
    return write.share(row["n_patients"], row["n_eligible"])
