"""Chart ids on a page, marked so that a screen may show names in their place, and kept inside."""

from __future__ import annotations

from html import escape

from outcomes.errors import DisclosureError
from outcomes.present.disclosure import Release


def chart_id(patient: str) -> str:
    """Write a chart id as HTML.

    Parameters
    ----------
    patient : str
        Id of the patient.

    Returns
    -------
    str
        The id, escaped and marked.
    """
    return f'<span class="chart">{escape(patient)}</span>'


def refuse_outside(release: Release) -> None:
    """Refuse to show single patients in what is made for outside.

    Parameters
    ----------
    release : Release
        What may be shown.

    Raises
    ------
    DisclosureError
        If the release is made for outside.
    """
    if release.policy.audience != "inside":
        raise DisclosureError(
            "Pages on single patients stay inside the clinic.", "Use --audience inside."
        )
