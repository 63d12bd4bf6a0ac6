"""Figures and words side by side, as many as fit: one screen, or a printed page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

COLUMN = 4.1
"""Width of a column in inches, as figures for a board are drawn."""
# Written on the element too, so that it stands side by side where no style sheet of ours is, as in
# a notebook; the style sheet of the reports says how it is printed.
_GRID = (
    "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(21rem,100%),1fr));"
    "gap:.2rem 1.4rem;align-items:start"
)


class Part(Protocol):
    """Anything that a page can show."""

    def _repr_html_(self) -> str: ...


@dataclass(frozen=True)
class Board:
    """Parts side by side.

    Parameters
    ----------
    parts : sequence of Part
        In reading order.
    wide : sequence of int
        Places in `parts` of those that take two columns.
    """

    parts: Sequence[Part]
    wide: Sequence[int] = ()

    def __repr__(self) -> str:
        return "\n".join(repr(part) for part in self.parts)

    def _repr_html_(self) -> str:
        cells = "\n".join(
            f'<div class="{"wide" if place in self.wide else "cell"}">{part._repr_html_()}</div>'
            for place, part in enumerate(self.parts)
        )
        return f'<div class="board" style="{_GRID}">\n{cells}\n</div>'
