"""Widgets: choices on top, and sections that are made again when a choice changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from html import escape
from typing import Any

import ipywidgets as widgets
import pandas as pd

from outcomes.analyses.cohorts import cohorts_of, therapists_of
from outcomes.analyses.selection import clinics_of
from outcomes.errors import OutcomesError
from outcomes.explore.choice import Choice
from outcomes.explore.style import STYLE
from outcomes.explore.views import Views
from outcomes.present.sections.section import Section

_ALL = "all"
Show = Callable[[Choice], Section]


class Panel:
    """Controls and what follows them.

    Parameters
    ----------
    views : Views
        What can be shown.
    first : Choice
        What is chosen at first.
    """

    def __init__(self, views: Views, first: Choice) -> None:
        self._views = views
        self._last = pd.Timestamp(first.as_of).date()
        tables = views.tables
        names = tables.settings.clinic_names
        clinics = [(names.get(code, code), code) for code in clinics_of(tables) if code]
        self._clinic = _dropdown("Clinic", clinics, first.clinic)
        self._therapist = _dropdown("Therapist", _same(therapists_of(tables)), first.therapist)
        self._cohort = _dropdown("Began care in", _same(cohorts_of(tables)), first.cohort)
        self._patient = widgets.Dropdown(description="Patient", options=[], layout=_layout())
        self._day = widgets.DatePicker(
            description="Records up to", value=self._last, max=self._last, layout=_layout()
        )
        self._said = widgets.HTML()
        self._shown: list[tuple[Show, Any]] = []
        self._busy = False
        self._offer_patients()
        for control in (self._day, self._clinic, self._therapist, self._cohort, self._patient):
            control.style.description_width = "6.5rem"
            control.observe(self._changed, names="value")

    @property
    def choice(self) -> Choice:
        """What is chosen now."""
        day: date = min(self._day.value or self._last, self._last)
        return Choice(
            day.isoformat(),
            self._clinic.value,
            self._therapist.value,
            self._cohort.value,
            self._patient.value or "",
        )

    @property
    def controls(self) -> Any:
        """The choices, in a row that wraps."""
        row = (self._clinic, self._therapist, self._cohort, self._patient, self._day)
        return widgets.VBox(
            [widgets.Box(row, layout=widgets.Layout(flex_flow="row wrap")), self._said]
        )

    def view(self, show: Show) -> Any:
        """Make a section that follows the controls.

        Parameters
        ----------
        show : callable
            Makes the section for a choice.

        Returns
        -------
        Widget
            Holds the section.
        """
        box = widgets.HTML(layout=widgets.Layout(width="100%"))
        self._shown.append((show, box))
        box.value = self._html(show)
        return box

    def _changed(self, change: Any) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            if change["owner"] is self._clinic:
                self._offer_therapists()
            if change["owner"] is not self._patient:
                self._offer_patients()
        finally:
            self._busy = False
        for show, box in self._shown:
            html = self._html(show)
            if html != box.value:
                box.value = html

    def _html(self, show: Show) -> str:
        try:
            body = show(self.choice)._repr_html_()
        except OutcomesError as error:
            body = f'<div class="absent"><p>{escape(str(error))}</p></div>'
        return f'<style>{STYLE}</style><div class="outcomes">{body}</div>'

    def _offer_therapists(self) -> None:
        """Offer the therapists of the clinic, and keep the one chosen if it is among them."""
        offered = _same(therapists_of(self._views.tables, self._clinic.value))
        chosen = self._therapist.value
        self._therapist.options = [(_ALL, ""), *offered]
        self._therapist.value = chosen if chosen in dict(offered).values() else ""

    def _offer_patients(self) -> None:
        """Offer the patients of the choice, those of the day first, and choose one."""
        offered = self._views.patients(self.choice)
        chosen = self._patient.value
        self._patient.options = offered
        self._patient.value = chosen if chosen in offered else next(iter(offered), None)


def _layout() -> widgets.Layout:
    return widgets.Layout(width="17rem")


def _same(values: Sequence[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


def _dropdown(name: str, offered: list[tuple[str, str]], chosen: str) -> Any:
    known = [value for _, value in offered]
    return widgets.Dropdown(
        description=name,
        options=[(_ALL, ""), *offered],
        value=chosen if chosen in known else "",
        layout=_layout(),
    )
