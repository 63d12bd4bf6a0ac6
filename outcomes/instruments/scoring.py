"""From the answers to items to one score, with the rule for items left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from outcomes.errors import DataContractError

METHODS = ("sum", "mean", "table")


@dataclass(frozen=True)
class ItemScoring:
    """How the answers to items become a score.

    Parameters
    ----------
    method : {"sum", "mean", "table"}
        Sum or mean of the items, or a score looked up by the raw sum.
    items : int
        Number of items, in columns ``item_1`` to ``item_<items>``.
    minimum, maximum : float
        Lowest and highest answer.
    min_answered : int
        Items that must be answered for a score to be given. With fewer the score is missing.
        With at least as many, a sum is ``sum of the answered × items ÷ answered``, which is the
        same as adding the mean of the answered for each one left out.
    answers : tuple of float
        The only answers there are, where not every number in the range is one.
    whole : bool
        Answers have no decimals.
    table : mapping of int to float
        Score by raw sum, for method ``table``.
    standard_errors : mapping of int to float
        Standard error of the score by raw sum, where published.
    source : str
        Where the rule is from.
    convention : bool
        The rule for items left out is a convention of this project, no source was found.
    """

    method: str
    items: int
    minimum: float
    maximum: float
    min_answered: int
    answers: tuple[float, ...] = ()
    whole: bool = False
    table: Mapping[int, float] = field(default_factory=dict)
    standard_errors: Mapping[int, float] = field(default_factory=dict)
    source: str = ""
    convention: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the item columns."""
        return tuple(f"item_{number}" for number in range(1, self.items + 1))

    def wrong_items(self, items: pd.DataFrame) -> pd.DataFrame:
        """Find answers that the instrument does not have.

        Parameters
        ----------
        items : DataFrame
            Columns ``item_1``, ``item_2``, …; other columns are ignored. Missing is unanswered.

        Returns
        -------
        DataFrame
            True where an answer is out of range or not one of the answers, and where an item
            beyond the last one of the instrument is answered. Same index, item columns only.
        """
        given = [name for name in items.columns if str(name).startswith("item_")]
        wrong = pd.DataFrame(False, index=items.index, columns=given)
        for name in given:
            answer = items[name].to_numpy(dtype="float64")
            answered = ~np.isnan(answer)
            if name not in self.columns:
                wrong[name] = answered
                continue
            fits = (answer >= self.minimum) & (answer <= self.maximum)
            if self.answers:
                fits &= np.isin(answer, self.answers)
            if self.whole:
                fits &= answer == np.floor(answer)
            wrong[name] = answered & ~fits
        return wrong

    def score(self, items: pd.DataFrame) -> pd.Series:
        """Score rows of answers.

        Parameters
        ----------
        items : DataFrame
            Columns ``item_1`` to ``item_<items>``; a column that is absent is unanswered.

        Returns
        -------
        Series of float64
            The score, missing where too few items are answered.

        Raises
        ------
        DataContractError
            If an answer is not one the instrument has; `wrong_items` finds them beforehand.
        """
        wrong = self.wrong_items(items)
        if wrong.to_numpy().any():
            column = str(wrong.columns[wrong.any().to_numpy()][0])
            raise DataContractError(
                f"{int(wrong[column].sum())} answers are not ones that the instrument has.",
                f"Answers go from {self.minimum:g} to {self.maximum:g}"
                + (f" ({', '.join(f'{each:g}' for each in self.answers)})" if self.answers else "")
                + f", for {self.items} items.",
                column=column,
            )
        answers = items.reindex(columns=list(self.columns)).to_numpy(dtype="float64")
        answered = (~np.isnan(answers)).sum(axis=1)
        total = np.nansum(answers, axis=1)
        enough = answered >= max(self.min_answered, 1)
        divisor = np.where(enough, answered, 1)
        if self.method == "sum":
            value = total * self.items / divisor
        elif self.method == "mean":
            value = total / divisor
        else:
            raw = pd.Series(total).map(dict(self.table))
            value = raw.to_numpy(dtype="float64")
        return pd.Series(np.where(enough, value, np.nan), index=items.index, name="value")

    def totals(self) -> tuple[float, ...]:
        """List the sums that complete answers can give.

        Returns
        -------
        tuple of float
            Sorted; empty where the answers are not a short list of numbers.
        """
        if not self.answers or self.method != "sum":
            return ()
        sums = {0.0}
        for _ in range(self.items):
            sums = {before + answer for before, answer in product(sums, self.answers)}
        return tuple(sorted(sums))
