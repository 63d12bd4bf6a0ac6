"""LOINC codes carry a check digit; codes that fail it do circulate."""

from __future__ import annotations

import re

_SHAPE = re.compile(r"([0-9]{1,7})-([0-9])")


def check_digit_ok(code: str) -> bool:
    """Say whether a LOINC code has the right check digit.

    Parameters
    ----------
    code : str
        Such as ``72514-3``.

    Returns
    -------
    bool
        False when the code has another shape, or its last digit is not the one its number asks for.

    Notes
    -----
    Luhn's Mod-10: from the right, digits in odd places are doubled (digits of a two-digit product
    added up), all are summed, and the check digit brings the sum to a multiple of ten. A code may
    pass and still mean something else: 71965-8 is depression, not pain.
    """
    match = _SHAPE.fullmatch(code)
    if match is None:
        return False
    total = 0
    for place, digit in enumerate(reversed(match[1])):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number // 10 + number % 10
    return (10 - total % 10) % 10 == int(match[2])
