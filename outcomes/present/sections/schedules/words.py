"""Notes of a comparison of schedules, written for people."""

from __future__ import annotations

import re

from outcomes.present import format as write
from outcomes.present.sections.section import in_words


def told(note: str) -> str:
    """Write a note of the comparison for people.

    Parameters
    ----------
    note : str
        As the analysis wrote it.

    Returns
    -------
    str
        Schedules by their names, large numbers of patients with separators.
    """
    return re.sub(
        r"\d{4,}(?= eligible)", lambda found: write.number(float(found[0])), in_words(note)
    )
