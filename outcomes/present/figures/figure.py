"""A finished figure: a drawing, the words that stand for it, and its caption."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from html import escape

import matplotlib.figure

from outcomes.present.theme import look


@dataclass(frozen=True)
class Figure:
    """A drawing that a page can carry without any other file.

    Parameters
    ----------
    svg : str
        The drawing.
    alt : str
        What the drawing shows, in words and numbers, for those who do not see it.
    caption : str
        The one idea of the figure.
    note : str
        How to read it, in a smaller hand under the caption.
    """

    svg: str
    alt: str
    caption: str
    note: str = ""

    def __repr__(self) -> str:
        return f"<Figure {self.caption!r}>"

    def _repr_html_(self) -> str:
        # an image rather than inline SVG: the PDF engine loses the alternative text of the latter
        data = base64.b64encode(self.svg.encode()).decode()
        note = f'<span class="how-to-read">{escape(self.note)}</span>' if self.note else ""
        return (
            f"<figure><figcaption>{escape(self.caption)}{note}</figcaption>"
            f'<img alt="{escape(self.alt, quote=True)}" '
            f'src="data:image/svg+xml;base64,{data}"></figure>'
        )


def finish(drawing: matplotlib.figure.Figure, *, alt: str, caption: str, note: str = "") -> Figure:
    """Turn a drawing of matplotlib into a figure.

    Parameters
    ----------
    drawing : matplotlib.figure.Figure
        Drawn with the look of `outcomes.present.theme.look`.
    alt, caption, note : str
        As for `Figure`.

    Returns
    -------
    Figure
        The drawing is cut to what is drawn, so that no label is lost.
    """
    buffer = io.BytesIO()
    with look():
        drawing.savefig(
            buffer, format="svg", bbox_inches="tight", pad_inches=0.04, metadata={"Date": None}
        )
    svg = buffer.getvalue().decode("utf-8")
    # the document type would make readers look for a file elsewhere
    svg = re.sub(r"<!DOCTYPE[^>]*>\s*", "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    return Figure(svg=svg, alt=alt, caption=caption, note=note)
