"""One instrument: its scale, its direction, and the changes that somebody called important."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from outcomes.errors import DataContractError
from outcomes.instruments.parts import BandScheme, ErrorFloor, Threshold
from outcomes.instruments.scoring import ItemScoring


@dataclass(frozen=True)
class Instrument:
    """A questionnaire or measurement.

    Parameters
    ----------
    code : str
        Code in the column ``instrument``.
    label, short_label : str
        Names for people.
    unit : str
        Unit of a score as a plural word.
    minimum, maximum : float
        Ends of the scale, both possible.
    lower_is_better : bool
        Direction of the scale.
    recall : str
        Time the questions ask about; empty where not known.
    scoring : ItemScoring, optional
        From items to the score; absent where only the score is kept.
    bands : mapping of str to BandScheme
        Severity bands, for display only.
    thresholds : mapping of str to Threshold
        Named thresholds.
    floor : ErrorFloor, optional
        Published measurement error.
    whole : bool
        Scores have no decimals.
    transition : bool
        The answer is a change already (global ratings), so it has no baseline.
    decimals : int
        Decimals to print.
    loinc : tuple of str
        Codes under which the score is found elsewhere, the one to write first.
    loinc_items : tuple of str
        Codes of the items, in order.
    imprecise_at : tuple of float
        Scores at the end of the scale where one step is worth many and the error is large.
    licence, source : str
        Terms of use as far as known, and origin.
    hint : str
        What to look for when scores are off the scale.
    conventions : tuple of str
        What is a convention of this project and has no source.
    """

    code: str
    label: str
    short_label: str
    unit: str
    minimum: float
    maximum: float
    lower_is_better: bool
    recall: str = ""
    scoring: ItemScoring | None = None
    bands: Mapping[str, BandScheme] = field(default_factory=dict)
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    floor: ErrorFloor | None = None
    whole: bool = False
    transition: bool = False
    decimals: int = 1
    loinc: tuple[str, ...] = ()
    loinc_items: tuple[str, ...] = ()
    imprecise_at: tuple[float, ...] = ()
    licence: str = ""
    source: str = ""
    hint: str = ""
    conventions: tuple[str, ...] = ()

    @property
    def mdc95(self) -> float | None:
        """Change beyond which 95 % of unchanged people do not come by error, where published."""
        floor = self.floor
        return floor.value if floor is not None and floor.measure == "MDC95" else None

    def score(self, items: pd.DataFrame) -> pd.Series:
        """Score rows of item answers.

        Parameters
        ----------
        items : DataFrame
            Columns ``item_1``, ``item_2``, …; missing is unanswered.

        Returns
        -------
        Series of float64
            The score, missing where too few items are answered.

        Raises
        ------
        DataContractError
            If the instrument is registered without scoring, or an answer is not one it has.
        """
        if self.scoring is None:
            raise DataContractError(
                f"{self.code} is registered without a rule to score its items.",
                "Give the total in the column value, or add [instruments."
                f"{self.code}.scoring] with replace = true in settings.toml.",
                column="value",
            )
        return self.scoring.score(items)

    def check(self, values: pd.Series) -> pd.Series:
        """Say what is wrong with scores.

        Parameters
        ----------
        values : Series of float
            Scores; missing ones are not wrong.

        Returns
        -------
        Series of str
            The reason a score cannot be, empty where it can. No reason holds the score itself.
        """
        numbers = values.to_numpy(dtype="float64")
        given = ~np.isnan(numbers)
        reasons = np.full(len(numbers), "", dtype=object)
        totals = self.scoring.totals() if self.scoring is not None else ()
        if totals:
            reasons[given & ~np.isin(numbers, totals)] = "not a total that its items can give"
        if self.whole:
            reasons[given & (numbers != np.floor(numbers))] = "must be a whole number"
        outside = given & ~((numbers >= self.minimum) & (numbers <= self.maximum))
        hint = f"; {self.hint}" if self.hint else ""
        reasons[outside] = f"outside {self.minimum:g} to {self.maximum:g}{hint}"
        return pd.Series(reasons, index=values.index, dtype="str")

    def improvement(self, baseline: pd.Series, value: pd.Series) -> pd.Series:
        """Change from baseline, signed so that positive is better.

        Parameters
        ----------
        baseline, value : Series of float
            Scores, aligned by position in the index.

        Returns
        -------
        Series of float64
            Missing where either is, and for global ratings, which have no baseline.
        """
        change = (value - baseline).astype("float64")
        if self.transition:
            return change * np.nan
        return -change if self.lower_is_better else change

    def imprecise(self, values: pd.Series) -> pd.Series:
        """Mark scores at an end of the scale where the instrument measures poorly.

        Parameters
        ----------
        values : Series of float
            Scores.

        Returns
        -------
        Series of bool
            True at such a score.
        """
        return values.isin(self.imprecise_at)

    def threshold(self, name: str | None = None) -> Threshold:
        """Look up a threshold by name, or the default one.

        Parameters
        ----------
        name : str, optional
            Name of the threshold.

        Returns
        -------
        Threshold
            The threshold.

        Raises
        ------
        DataContractError
            If there is none of that name, or no default.
        """
        known = ", ".join(self.thresholds) or "none"
        if name is not None:
            if name not in self.thresholds:
                raise DataContractError(
                    f"{self.code} has no threshold of that name.",
                    f"Choose one of: {known}.",
                    column=f"thresholds.{self.code}",
                )
            return self.thresholds[name]
        for threshold in self.thresholds.values():
            if threshold.default:
                return threshold
        raise DataContractError(
            f"{self.code} has no threshold that is used by default.",
            f"Name one (there are: {known}), or add your own in settings.toml.",
            column=f"thresholds.{self.code}",
        )
