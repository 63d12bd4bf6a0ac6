"""Short codes that mean nothing, and names of towns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from outcomes.simulate.population import Index

# Crockford's digits: I, L, O and U are left out, which are taken for others.
_DIGITS = np.array(list("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
_BITS = 5

SAMPLE_TOWNS = (
    "Beaverton",
    "Happy Valley",
    "Hillsboro",
    "Gresham",
    "Portland",
    "Salem",
    "Vancouver",
    "Woodburn",
)
MORE_TOWNS = (
    *("Albany", "Ashland", "Astoria", "Aumsville", "Baker City", "Bandon", "Battle Ground"),
    *("Bend", "Brookings", "Burns", "Camas", "Canby", "Cannon Beach", "Central Point"),
    *("Coos Bay", "Cornelius", "Corvallis", "Cottage Grove", "Dallas", "Damascus", "Estacada"),
    *("Eugene", "Fairview", "Florence", "Forest Grove", "Gladstone", "Gold Beach", "Grants Pass"),
    *("Hermiston", "Hood River", "Independence", "Jacksonville", "Junction City", "Keizer"),
    *("Kelso", "Klamath Falls", "La Grande", "Lake Oswego", "Lakeview", "Lebanon", "Longview"),
    *("Lincoln City", "Madras", "McMinnville", "Medford", "Milwaukie", "Molalla", "Monmouth"),
    *("Mount Angel", "Newberg", "Newport", "North Bend", "Ontario", "Oregon City", "Pendleton"),
    *("Prineville", "Redmond", "Reedsport", "Ridgefield", "Roseburg", "Sandy", "Scappoose"),
    *("Seaside", "Sherwood", "Silverton", "Sisters", "Springfield", "St. Helens", "Stayton"),
    *("Sutherlin", "Sweet Home", "The Dalles", "Tigard", "Tillamook", "Troutdale", "Tualatin"),
    *("Umatilla", "Veneta", "Washougal", "West Linn", "Wilsonville", "Wood Village"),
)


def clinic_names(number: int) -> npt.NDArray[np.str_]:
    """Names of simulated clinics.

    Parameters
    ----------
    number : int
        How many.

    Returns
    -------
    array of str, shape (number,)
        Towns; past the last town they start again with a number behind them.
    """
    towns = (*SAMPLE_TOWNS, *MORE_TOWNS)
    rounds = (divmod(place, len(towns)) for place in range(number))
    return np.array([towns[town] + (f" {turn + 1}" if turn else "") for turn, town in rounds])


def digits_for(number: int) -> int:
    """Count the characters that codes need.

    Parameters
    ----------
    number : int
        How many codes there are.

    Returns
    -------
    int
        At least 1.
    """
    return max(1, -(-(number - 1).bit_length() // _BITS))


def codes(prefix: str, numbers: Index, digits: int) -> npt.NDArray[np.str_]:
    """Write numbers as short codes.

    Parameters
    ----------
    prefix : str
        One letter in front.
    numbers : array of int
        Not negative, below 32 to the power `digits`.
    digits : int
        Length of the code behind the prefix.

    Returns
    -------
    array of str
        One code a number, all different when the numbers are.
    """
    shifts = _BITS * np.arange(digits - 1, -1, -1)
    places = (numbers[:, None] >> shifts) & ((1 << _BITS) - 1)
    written = np.ascontiguousarray(_DIGITS[places]).view(f"<U{digits}").reshape(len(numbers))
    return np.char.add(prefix, written)


def patient_codes(first: int, number: int, cohort: int) -> npt.NDArray[np.str_]:
    """Ids of patients, in an order that says nothing about clinic or date.

    Parameters
    ----------
    first : int
        Number of the first patient in the cohort.
    number : int
        How many.
    cohort : int
        Patients in the whole cohort, which decides the length of the ids.

    Returns
    -------
    array of str, shape (number,)
        ``P`` and three characters, four for a cohort of more than 32,768 patients, and so on.
    """
    digits = digits_for(max(cohort, 1 << (3 * _BITS)))
    # An odd factor modulo a power of two only shuffles, so no two patients meet.
    place = np.arange(first, first + number) * 20_692_357 + 7_368_787
    return codes("P", place % (1 << (digits * _BITS)), digits)
