"""Widgets: choices on top, and sections that are made again when a choice changes."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from datetime import date
from html import escape
from time import perf_counter
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
_OLD = "outcomes-old"
"""Class of a section that still shows what was chosen before."""
_BETWEEN = 0.005
"""Seconds between sections, in which another choice is heard."""
_QUIET, _PATIENCE = 1.5, 1.0
"""Seconds without a choice after which something is learned ahead, and that it may take."""
Show = Callable[[Choice], Section]


class Panel:
    """Controls and what follows them.

    Sections follow one after the other, those at the top first, and a new choice is heard in
    between: nobody waits for sections of a choice that no longer holds.

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
        self._clinic = _dropdown("Clinic")
        self._therapist = _dropdown("Therapist")
        self._cohort = _dropdown("Began care in")
        self._patient = widgets.Dropdown(description="Patient", options=[], layout=_layout())
        self._day = widgets.DatePicker(
            description="Records up to", value=self._last, max=self._last, layout=_layout()
        )
        self._said = widgets.HTML()
        self._shown: list[tuple[Show, Any]] = []
        self._waiting: list[tuple[Show, Any]] = []
        self._next: asyncio.TimerHandle | None = None
        self._busy = False
        self._offer(first)
        self._offer_patients()
        for control in (self._day, self._clinic, self._therapist, self._cohort, self._patient):
            control.style.description_width = "6.5rem"
            control.observe(self._changed, names="value")
        # what every view of the day needs, and what takes longest to make
        views.learn(first.as_of)
        # what is loaded by now stays; looking through it for garbage would stop a view half-way
        gc.collect()
        gc.freeze()
        self._later(_QUIET, self._learn_ahead)

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
            if change["owner"] in (self._clinic, self._day):
                self._offer(self.choice)
            if change["owner"] is not self._patient:
                self._offer_patients()
        finally:
            self._busy = False
        self._waiting = list(self._shown)
        for _, box in self._waiting:
            box.add_class(_OLD)
        if not self._later(_BETWEEN, self._make_next):
            while self._waiting:
                self._make_next()

    def _make_next(self) -> None:
        """Make the first of the sections that wait, and come back for the others."""
        if self._waiting:
            show, box = self._waiting.pop(0)
            html = self._html(show)
            if html != box.value:
                box.value = html
            box.remove_class(_OLD)
        if self._waiting:
            self._later(_BETWEEN, self._make_next)
        else:
            self._later(_QUIET, self._learn_ahead)

    def _learn_ahead(self) -> None:
        """Learn what an earlier day would ask for, as long as nobody would notice."""
        begun = perf_counter()
        if self._views.learn_ahead() and perf_counter() - begun < _PATIENCE:
            self._later(_QUIET / 5, self._learn_ahead)

    def _later(self, seconds: float, what: Callable[[], None]) -> bool:
        """Do something after what is asked for meanwhile; False where nothing runs that could."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if self._next is not None:
            self._next.cancel()
        self._next = loop.call_later(seconds, what)
        return True

    def _html(self, show: Show) -> str:
        try:
            body = show(self.choice)._repr_html_()
        except OutcomesError as error:
            body = f'<div class="absent"><p>{escape(str(error))}</p></div>'
        return f'<style>{STYLE}</style><div class="outcomes">{body}</div>'

    def _offer(self, choice: Choice) -> None:
        """Offer what the records know of on the day; keep what was chosen if it is among it."""
        tables = self._views.at(choice.as_of)
        names = tables.settings.clinic_names
        clinics = [(names.get(code, code), code) for code in clinics_of(tables) if code]
        _offer(self._clinic, clinics, choice.clinic)
        _offer(self._therapist, _same(therapists_of(tables, self._clinic.value)), choice.therapist)
        _offer(self._cohort, _same(cohorts_of(tables)), choice.cohort)

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


def _dropdown(name: str) -> Any:
    return widgets.Dropdown(description=name, options=[(_ALL, "")], layout=_layout())


def _offer(control: Any, offered: list[tuple[str, str]], chosen: str) -> None:
    """Put options into a list, and choose one of them, or all."""
    options = ((_ALL, ""), *offered)
    if options != control.options:
        control.options = options
    known = [value for _, value in offered]
    control.value = chosen if chosen in known else ""
