"""A few numbers large enough to be read across a table, each with what it is out of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jinja2

# Written on the element too, so that tiles stand side by side in a notebook.
_GRID = "display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem"
_TEMPLATE = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """\
<ul class="tiles" style="{{ grid }};list-style:none;padding:0">
{% for tile in tiles.tiles %}
<li class="tile">
<span class="label">{{ tile.label }}</span>
<span class="{{ "big" if tile.known else "big unknown" }}">{{ tile.number }}</span>
<span class="of">{{ tile.of }}</span>
{% for line in tile.periods %}
<span class="period">
{%- for piece in line.split(": ") -%}
<span class="piece">{{ piece }}{{ "" if loop.last else ":" }}</span>{{ "" if loop.last else " " }}
{%- endfor -%}
</span>
{% endfor %}
</li>
{% endfor %}
</ul>
"""
)


@dataclass(frozen=True)
class Tile:
    """One number.

    Parameters
    ----------
    label : str
        What it is of.
    number : str
        The number, or what stands in its place.
    of : str
        What it is out of, or why there is none.
    periods : sequence of str
        The same in the last period and in the one it is compared with.
    known : bool
        Whether there is a number.
    """

    label: str
    number: str
    of: str
    periods: Sequence[str] = ()
    known: bool = True


@dataclass(frozen=True)
class Tiles:
    """Numbers side by side.

    Parameters
    ----------
    tiles : sequence of Tile
        In reading order.
    """

    tiles: Sequence[Tile]

    def __repr__(self) -> str:
        return "\n".join(f"{tile.label}: {tile.number} ({tile.of})" for tile in self.tiles)

    def _repr_html_(self) -> str:
        return _TEMPLATE.render(tiles=self, grid=_GRID)
