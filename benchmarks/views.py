"""Every view of the live page on the sample, after every kind of choice, against half a second.

Seconds of processor time on one thread. The sections of `outcomes.explore` are made as a notebook
or the app makes them: one after the other, each shown as soon as it is there, those of a choice
that no longer holds never. ``first`` is the first time that a choice is made, the slowest of
several (patients, clinics, therapists, cohorts, days); ``again`` is the time after other choices
were made in between. What all views share is learned before the first of them is shown.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

LIMIT = 0.5
SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
VIEWS = ("cover", "day", "cohort", "practice", "patient", "handouts")
OFFERS = "lists of the controls"
ALL = "all of them together"
DAYS = (date(2026, 8, 20), date(2026, 8, 21), date(2026, 8, 24))
QUARTERS = (date(2026, 5, 21), date(2026, 2, 16), date(2025, 9, 9), date(2024, 10, 8))


class _Ready:
    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html


class Watch:
    """A panel on the sample whose sections are timed."""

    def __init__(self) -> None:
        from outcomes.explore.choice import Choice
        from outcomes.explore.panel import Panel
        from outcomes.explore.views import Views
        from outcomes.io import read_tables
        from outcomes.present.disclosure import Policy

        tables = read_tables(SAMPLE)
        self.seconds: dict[str, float] = {}
        begun = time.process_time()
        self.views = Views(tables, Policy("inside"))
        panel = Panel(self.views, Choice(tables.as_of.date().isoformat()))
        self.opening = time.process_time() - begun
        for name in VIEWS:
            panel.view(self._timed(name))
        self.controls = {each.description: each for each in panel.controls.children[0].children}

    def _timed(self, name: str) -> Callable[[Any], Any]:
        made = getattr(self.views, name)

        def show(choice: Any) -> _Ready:
            begun = time.process_time()
            html = made(choice)._repr_html_()
            self.seconds[name] = time.process_time() - begun
            return _Ready(html)

        return show

    def choose(self, control: str, value: Any) -> dict[str, float]:
        """Seconds of each section, and of the lists of the controls, after a choice."""
        self.seconds = dict.fromkeys(VIEWS, 0.0)
        begun = time.process_time()
        self.controls[control].value = value
        total = time.process_time() - begun
        return {OFFERS: total - sum(self.seconds.values()), **self.seconds, ALL: total}


def _choices(watch: Watch) -> Iterator[tuple[str, str, list[Any]]]:
    """Kinds of choices: what each is called, its control, and values to go through."""
    for name in ("Patient", "Clinic", "Therapist", "Began care in"):
        offered = [each[1] if isinstance(each, tuple) else each for each in _options(watch, name)]
        step = max(len(offered) // 12, 1)
        yield name.lower(), name, [*offered[step::step], offered[0]]
    yield "a day of the same quarter", "Records up to", list(DAYS)
    yield "a day of another quarter", "Records up to", list(QUARTERS)


def _options(watch: Watch, name: str) -> list[Any]:
    return list(watch.controls[name].options)


def rows() -> list[dict[str, object]]:
    """One line for opening, and for each kind of choice one a section."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    watch = Watch()
    opened = {"learned before the first section": watch.opening, **watch.seconds}
    lines: list[dict[str, object]] = [
        _line("opening", name, seconds, None) for name, seconds in opened.items()
    ]
    # what a kernel does while nobody chooses
    while watch.views.learn_ahead():
        pass
    for said, control, values in _choices(watch):
        before = watch.controls[control].value
        first = [watch.choose(control, value) for value in values]
        again = [watch.choose(control, value) for value in values[-2:]]
        watch.choose(control, before)
        lines += [
            _line(said, name, max(each[name] for each in first), max(e[name] for e in again))
            for name in first[0]
        ]
    return lines


def _line(choice: str, section: str, first: float, again: float | None) -> dict[str, object]:
    """Hold a section against the limit; together they may take longer, as each is shown at once."""
    limit = None if section.startswith(("learned", ALL)) else LIMIT
    return {
        "choice": choice,
        "section": section,
        "first s": first,
        "again s": again,
        "limit s": limit,
        "ratio": first / limit if limit else None,
    }
