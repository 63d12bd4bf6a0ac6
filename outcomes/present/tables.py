"""Tables for people: a caption, headers that screen readers follow, footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import jinja2

_TEMPLATE = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """\
<div class="block{% if not table.numeric %} long{% elif table.whole %} whole{% endif %}">
<div class="scroll" role="group" aria-label="{{ table.caption }}" tabindex="0">
<table>
<caption>{{ table.caption }}</caption>
<thead>
<tr>
{% for column in table.columns %}
<th scope="col"{% if not loop.first and table.numeric %} class="number"{% endif %}>
{%- for together, words in kept(column) -%}
{%- if together -%}<span class="piece">{{ words }}</span>{%- else -%}{{ words }}{%- endif -%}
{%- endfor -%}
</th>
{% endfor %}
</tr>
</thead>
<tbody>
{% for row in table.rows %}
<tr{% if table.names %} id="{{ table.names[loop.index0] }}"{% endif %}>
{% for cell in row %}
{% if loop.first %}
<th scope="row"{% if cell | length < 20 %} class="short"{% endif %}>{{ cell }}</th>
{% else %}
{% if table.numeric %}
<td class="number">
{%- for line in pieces(cell) -%}
{%- for piece in line -%}
<span class="piece">{{ piece }}</span>{{ "" if loop.last else " " }}
{%- endfor -%}
{% if not loop.last %}<br>{% endif %}
{%- endfor -%}
</td>
{% else %}
<td>{{ cell }}</td>
{% endif %}
{% endif %}
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
</div>
{% if table.footnotes %}
<div class="footnotes">
{% for note in table.footnotes %}
<p>{{ note }}</p>
{% endfor %}
</div>
{% endif %}
</div>
"""
)


# Letters of a table's print across a page, between two columns, and of a name before it is broken.
_PAGE_LETTERS, _GAP_LETTERS, _NAME_LETTERS = 92, 2.3, 22


def _pieces(cell: str) -> list[list[str]]:
    """Lines of a cell and their pieces: it may break before a bracket, and nowhere else."""
    return [re.split(r" (?=\()", line) for line in cell.split("\n")]


def _kept(header: str) -> list[tuple[bool, str]]:
    """Parts of a header, and whether each stays on one line: a bracket, a number with its unit."""
    found = re.split(r"(\(\d+% [A-Za-z]+\)|\d+ (?:weeks?|months?|years?|days?)\b)", header)
    return [(place % 2 == 1, words) for place, words in enumerate(found) if words]


@dataclass(frozen=True)
class Table:
    """A table ready to print; every cell is text that `outcomes.present.format` made.

    Parameters
    ----------
    caption : str
        What the table shows, as a title.
    columns : sequence of str
        Headers.
    rows : sequence of sequence of str
        Cells; the first of each row is its header.
    footnotes : sequence of str
        Sentences under the table.
    numeric : bool
        Whether the cells are numbers, to be set flush right.
    names : sequence of str
        Name of each row on the page, to point at; none unless given.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    footnotes: Sequence[str] = ()
    numeric: bool = True
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError(
                f"the table {self.caption!r} has no rows: say so in a sentence instead"
            )
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row of {self.caption!r} has not {len(self.columns)} cells")
        if self.names and len(self.names) != len(self.rows):
            raise ValueError(f"{self.caption!r} has {len(self.names)} names for its rows")

    @property
    def whole(self) -> bool:
        """Whether no cell need be broken for the table to be as wide as a printed page."""
        first, *others = zip(*self.rows, strict=True)
        widths = [
            max(len(line) for cell in column for line in cell.split("\n")) for column in others
        ]
        names = min(max(map(len, first)), _NAME_LETTERS)
        return names + sum(widths) + _GAP_LETTERS * len(widths) <= _PAGE_LETTERS

    def __repr__(self) -> str:
        return f"<Table {self.caption!r}: {len(self.rows)} rows>"

    def _repr_html_(self) -> str:
        return _TEMPLATE.render(table=self, pieces=_pieces, kept=_kept)


@dataclass(frozen=True)
class Prose:
    """Sentences ready to print.

    Parameters
    ----------
    sentences : sequence of str
        Plain text; each becomes a paragraph, or an item of a list.
    kind : str
        Class for the style sheet: ``answer``, ``note``, ``absent`` or ``caution``.
    listed : bool
        Whether to set the sentences as a list.
    """

    sentences: Sequence[str]
    kind: str = "note"
    listed: bool = False

    def __repr__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        return _PROSE.render(prose=self)


_PROSE = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """\
<div class="{{ prose.kind }}">
{% if prose.listed %}
<ul>
{% for sentence in prose.sentences %}
<li>{{ sentence }}</li>
{% endfor %}
</ul>
{% else %}
{% for sentence in prose.sentences %}
<p>{{ sentence }}</p>
{% endfor %}
{% endif %}
</div>
"""
)
