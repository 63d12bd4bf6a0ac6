"""Controls over sections that follow them; still sections where there is nothing to control."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from outcomes.explore.choice import Choice
from outcomes.explore.views import Views
from outcomes.present.disclosure import Policy
from outcomes.present.sections.section import Section
from outcomes.tables import Tables

Show = Callable[[Choice], Section]


def explore(
    tables: Tables,
    *,
    clinic: str = "",
    therapist: str = "",
    audience: str = "inside",
    live: bool = True,
) -> Explorer:
    """Open a data set to be looked at.

    Parameters
    ----------
    tables : Tables
        The data set, with all patients.
    clinic, therapist : str
        What is chosen at first; empty for all.
    audience : {"inside", "outside"}
        Who may see it. Single patients are refused for outside.
    live : bool
        Whether to show controls. Where ipywidgets is not installed there are none.

    Returns
    -------
    Explorer
        Its parts are shown in cells of their own.
    """
    first = Choice(tables.as_of.date().isoformat(), clinic=clinic, therapist=therapist)
    possible = live and importlib.util.find_spec("ipywidgets") is not None
    return Explorer(Views(tables, Policy(audience)), first, live=possible)


class Part:
    """One section, still or following the controls.

    Parameters
    ----------
    html : callable
        Makes the section as it stands in a report.
    widget : object, optional
        Shows the section live; None where there are no controls.
    """

    def __init__(self, html: Callable[[], str], widget: Any = None) -> None:
        self._html = html
        self._widget = widget

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if self._widget is not None:
            bundle: dict[str, Any] = self._widget._repr_mimebundle_()
            return bundle
        return {"text/html": self._html(), "text/plain": repr(self)}


class Explorer:
    """A page about a day, a cohort and single patients.

    Parameters
    ----------
    views : Views
        What can be shown.
    first : Choice
        What is chosen at first.
    live : bool
        Whether there are controls.
    """

    def __init__(self, views: Views, first: Choice, *, live: bool) -> None:
        self._views = views
        self._choice = first
        self._panel: Any = None
        if live:
            from outcomes.explore.panel import Panel

            self._panel = Panel(views, first)

    @property
    def choice(self) -> Choice:
        """What is chosen now."""
        return self._panel.choice if self._panel else self._choice

    def controls(self) -> Part:
        """Show the controls; nothing where there are none.

        Returns
        -------
        Part
            Choices of day, clinic, therapist, cohort and patient.
        """
        return Part(lambda: "", self._panel.controls if self._panel else None)

    def cover(self) -> Part:
        """Show whom the page is about, and up to when.

        Returns
        -------
        Part
            As `Views.cover`.
        """
        return self._part(self._views.cover)

    def day(self) -> Part:
        """Show the next day with appointments.

        Returns
        -------
        Part
            As `Views.day`.
        """
        return self._part(self._views.day)

    def cohort(self) -> Part:
        """Show how the patients move.

        Returns
        -------
        Part
            As `Views.cohort`.
        """
        return self._part(self._views.cohort)

    def practice(self) -> Part:
        """Show what goes along with what is done in sessions.

        Returns
        -------
        Part
            As `Views.practice`.
        """
        return self._part(self._views.practice)

    def patients(self) -> Part:
        """Show the patient chosen, or in a report each patient of the day.

        Returns
        -------
        Part
            As `Views.patient`, or `Views.pages`.
        """
        return self._part(self._views.pages, self._views.patient)

    def handouts(self) -> Part:
        """Show the sheets to take home.

        Returns
        -------
        Part
            As `Views.handouts`.
        """
        return self._part(self._views.handouts)

    def _part(self, still: Show, moving: Show | None = None) -> Part:
        if self._panel:
            return Part(lambda: "", self._panel.view(moving or still))
        return Part(lambda: still(self._choice)._repr_html_())
