"""What belongs to an instrument: bands of its scale, changes that count, measurement error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

THRESHOLD_KINDS = ("points", "percent", "state")
ERROR_MEASURES = ("MDC95", "MDC90", "MDC", "SDC", "SEM")


@dataclass(frozen=True)
class Band:
    """A stretch of a scale with a name, for display.

    Parameters
    ----------
    label : str
        Name for people.
    lower, upper : float
        Ends of the stretch.
    includes_lower : bool
        Whether `lower` itself belongs here (else to the band below).
    """

    label: str
    lower: float
    upper: float
    includes_lower: bool = True


@dataclass(frozen=True)
class BandScheme:
    """A named way to cut a scale into bands. Several exist, so the name is kept with the result.

    Parameters
    ----------
    name : str
        Name of the scheme.
    levels : tuple of Band
        From the low end of the scale to the high end, without gap or overlap.
    population, source : str
        Whom the cut points were found in, and where.
    convention : bool
        A convention of this project.
    """

    name: str
    levels: tuple[Band, ...]
    population: str = ""
    source: str = ""
    convention: bool = False

    def __iter__(self) -> Iterator[Band]:
        return iter(self.levels)

    def __len__(self) -> int:
        return len(self.levels)

    def label(self, values: pd.Series) -> pd.Series:
        """Name the band of each value.

        Parameters
        ----------
        values : Series of float
            Scores.

        Returns
        -------
        Series of str
            Labels, missing where the score is missing or off the scale.
        """
        numbers = values.to_numpy(dtype="float64")
        place = np.full(len(numbers), -1)
        for position, band in enumerate(self.levels):
            above = numbers >= band.lower if band.includes_lower else numbers > band.lower
            place[above] = position
        place[~(numbers <= self.levels[-1].upper)] = -1
        labels = np.array([*(band.label for band in self.levels), None], dtype=object)
        return pd.Series(labels[place], index=values.index, dtype="str")


@dataclass(frozen=True)
class Threshold:
    """A change, or a state, that somebody called important.

    Parameters
    ----------
    name : str
        Name to choose it by.
    kind : {"points", "percent", "state"}
        Improvement in units of the scale, improvement in percent of the baseline, or a score to
        have reached whatever the baseline was.
    value : float
        Points, percent or score; points and percent are positive for either direction.
    label : str
        Words for people.
    default : bool
        Used where none is named.
    population, source : str
        Whom it was found in, and where.
    convention : bool
        A convention of this project.
    note : str
        What a reader must know to use it.
    """

    name: str
    kind: str
    value: float
    label: str
    default: bool = False
    population: str = ""
    source: str = ""
    convention: bool = False
    note: str = ""


@dataclass(frozen=True)
class ErrorFloor:
    """Size of change that measurement error alone brings about.

    Parameters
    ----------
    value : float
        In units of the scale.
    measure : str
        What was published: ``MDC95``, ``MDC90``, ``MDC``, ``SDC`` or ``SEM``. These are different
        things; MDC95 = 1.96 · √2 · SEM and MDC90 = 1.645 · √2 · SEM.
    population, source : str
        Whom it was found in, and where.
    convention : bool
        A convention of this project.
    """

    value: float
    measure: str
    population: str = ""
    source: str = ""
    convention: bool = False
