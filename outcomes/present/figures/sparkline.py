"""A few scores as a line no higher than a word, inside the range that is usual for them."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from outcomes.present import format as write
from outcomes.present.theme import ACCENT, INK

_WIDTH, _HEIGHT, _EDGE = 120.0, 26.0, 4.0
_BAND = "#cfdcea"


@dataclass(frozen=True)
class Sparkline:
    """Scores in order of time, drawn small.

    Parameters
    ----------
    scores : sequence of float
        In order; at least one.
    low, high : sequence of float
        Usual range at each score, missing where there is none.
    top : float
        Largest score that there can be; the smallest is drawn at the bottom as 0.
    said : str
        What the scores are, at the beginning of the words that stand for the drawing.
    """

    scores: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    top: float
    said: str = "Pain"

    @property
    def alt(self) -> str:
        """Words that stand for the drawing."""
        listed = ", ".join(write.score(value, 0) for value in self.scores)
        text = f"{self.said}, oldest first: {listed}."
        low, high = self.low[-1], self.high[-1]
        if math.isnan(low) or math.isnan(high):
            return text
        return f"{text} Usual now: {write.score(low, 0)} to {write.score(high, 0)}."

    def __repr__(self) -> str:
        return f"<Sparkline {self.alt}>"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self._svg().encode()).decode()
        return (
            f'<img class="sparkline" width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}" '
            f'alt="{escape(self.alt, quote=True)}" src="data:image/svg+xml;base64,{data}">'
        )

    def _svg(self) -> str:
        places = [self._across(position) for position in range(len(self.scores))]
        points = [(x, self._up(value)) for x, value in zip(places, self.scores, strict=True)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        last_x, last_y = points[-1]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" '
            f'width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}">{self._band(places)}'
            f'<polyline points="{line}" fill="none" stroke="{INK}" stroke-width="1.4" '
            f'stroke-linejoin="round"/>'
            f'<circle cx="{last_x:.1f}" cy="{last_y:.1f}" r="2.8" fill="{ACCENT}"/></svg>'
        )

    def _band(self, places: Sequence[float]) -> str:
        """Shape of the usual range, over the scores that have one."""
        known = [
            (x, self._up(low), self._up(high))
            for x, low, high in zip(places, self.low, self.high, strict=True)
            if not (math.isnan(low) or math.isnan(high))
        ]
        if not known:
            return ""
        if len(known) == 1:
            x, low, high = known[0]
            known = [(x - 3, low, high), (x + 3, low, high)]
        edge = [(x, high) for x, _, high in known] + [(x, low) for x, low, _ in reversed(known)]
        shape = " ".join(f"{x:.1f},{y:.1f}" for x, y in edge)
        return f'<polygon points="{shape}" fill="{_BAND}"/>'

    def _across(self, position: int) -> float:
        steps = max(len(self.scores) - 1, 1)
        start = _EDGE if len(self.scores) > 1 else _WIDTH - _EDGE
        return start + position * (_WIDTH - 2 * _EDGE) / steps

    def _up(self, value: float) -> float:
        return _HEIGHT - _EDGE - value / self.top * (_HEIGHT - 2 * _EDGE)
