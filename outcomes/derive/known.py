"""What was last known of a patient on a day, by binary search in sorted events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.derive.patient_days import NO_DAY, Ints, day_numbers, pack, positions, unpack

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Events:
    """Dated values of patients, sorted by patient and day.

    Parameters
    ----------
    keys : ndarray of int64
        Patient and day, packed.
    readings : ndarray of float64
        A value each; 1 where only the day matters.
    """

    keys: Ints
    readings: Floats

    def last(self, place: Ints, day: Ints) -> Ints:
        """Find the last event of each patient up to and on a day.

        Parameters
        ----------
        place, day : ndarray of int64
            Place of each patient, and day number.

        Returns
        -------
        ndarray of int64
            Place of the event, -1 where there is none.
        """
        found = np.searchsorted(self.keys, pack(place, day), side="right") - 1
        return self.of(place, found)

    def of(self, place: Ints, found: Ints) -> Ints:
        """Blank places of events that are another patient's.

        Parameters
        ----------
        place : ndarray of int64
            Place of each patient.
        found : ndarray of int64
            Places of events, -1 for none.

        Returns
        -------
        ndarray of int64
            The same, -1 where the event is not the patient's own.
        """
        if not len(self.keys):
            return np.full(len(place), -1)
        own = (found >= 0) & (unpack(self.keys[np.maximum(found, 0)])[0] == place)
        return np.where(own, found, -1)

    def value(self, found: Ints) -> Floats:
        """Take values.

        Parameters
        ----------
        found : ndarray of int64
            Places of events, -1 for none.

        Returns
        -------
        ndarray of float64
            Values, missing where there is none.
        """
        return np.append(self.readings, np.nan)[found]

    def day(self, found: Ints) -> Floats:
        """Take days.

        Parameters
        ----------
        found : ndarray of int64
            Places of events, -1 for none.

        Returns
        -------
        ndarray of float64
            Day numbers, missing where there is none.
        """
        return np.append(unpack(self.keys)[1].astype("float64"), np.nan)[found]

    def within(self, place: Ints, after: Ints, until: Ints) -> tuple[Ints, Floats]:
        """Count and add up the events after one day, up to and on another.

        Parameters
        ----------
        place, after, until : ndarray of int64
            Place of each patient, and day numbers.

        Returns
        -------
        count : ndarray of int64
            Events with after < day ≤ until.
        total : ndarray of float64
            Sum of their values.
        """
        begin = np.searchsorted(self.keys, pack(place, after), side="right")
        end = np.searchsorted(self.keys, pack(place, until), side="right")
        running = np.append(0.0, np.cumsum(self.readings))
        return np.maximum(end - begin, 0), running[end] - running[begin]

    def first_within(self, place: Ints, after: Ints, until: Ints) -> Ints:
        """Find the first event after one day, up to and on another.

        Parameters
        ----------
        place, after, until : ndarray of int64
            Place of each patient, and day numbers.

        Returns
        -------
        ndarray of int64
            Place of the event, -1 where there is none.
        """
        begin = np.searchsorted(self.keys, pack(place, after), side="right")
        count, _ = self.within(place, after, until)
        return np.where(count > 0, begin, -1)


def events(rows: pd.DataFrame, ids: pd.Series, values: Floats | None = None) -> Events:
    """Sort dated rows by patient and day.

    Parameters
    ----------
    rows : DataFrame
        Columns patient_id and date.
    ids : Series of str
        Patients; rows of others are left out.
    values : ndarray of float64, optional
        A value a row, 1 unless given. On one day they sort by size.

    Returns
    -------
    Events
        Those with a known patient and a date.
    """
    place, day = positions(rows["patient_id"], ids), day_numbers(rows["date"])
    value = np.ones(len(rows)) if values is None else values
    known = (place >= 0) & (day != NO_DAY) & ~np.isnan(value)
    keys, value = pack(place[known], day[known]), value[known]
    order = np.lexsort((value, keys))
    return Events(keys[order], value[order])


def score_events(
    assessments: pd.DataFrame | None, ids: pd.Series, instrument: str, timings: tuple[str, ...]
) -> Events:
    """Sort the scores of one instrument.

    Parameters
    ----------
    assessments : DataFrame or None
        Scores as in the contract.
    ids : Series of str
        Patients.
    instrument : str
        Its code.
    timings : tuple of str
        Timings to take.

    Returns
    -------
    Events
        Scores that are not missing. Of several on one day a higher one sorts last, so that what is
        last known does not depend on the order of rows.
    """
    if assessments is None:
        return Events(np.empty(0, dtype=np.int64), np.empty(0))
    rows = assessments[
        (assessments["instrument"] == instrument) & assessments["timing"].isin(timings)
    ]
    return events(rows, ids, rows["value"].to_numpy(dtype="float64"))
