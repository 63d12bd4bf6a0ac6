"""A finished figure: a drawing, the words that stand for it, and its caption."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass, field
from html import escape

import matplotlib.figure
from matplotlib.transforms import Bbox

from outcomes.present.theme import look

_EDGE = 0.04
"""Least white around what is drawn, in inches."""


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
    caution : str
        What must not be overlooked when reading it.
    drawing : matplotlib.figure.Figure, optional
        What it was made of, to be saved in other forms.
    """

    svg: str
    alt: str
    caption: str
    note: str = ""
    caution: str = ""
    drawing: matplotlib.figure.Figure | None = field(default=None, repr=False, compare=False)

    def png(self, dots: int = 200) -> bytes:
        """Render the drawing in pixels, for programs that take no SVG.

        Parameters
        ----------
        dots : int
            Pixels an inch.

        Returns
        -------
        bytes
            A PNG file with the caption and the words for it inside.

        Raises
        ------
        ValueError
            If the figure was made without its drawing.
        """
        if self.drawing is None:
            raise ValueError(f"the figure {self.caption!r} has no drawing to render")
        buffer = io.BytesIO()
        with look():
            self.drawing.savefig(
                buffer, format="png", dpi=dots, bbox_inches=_box(self.drawing),
                metadata={"Title": self.caption, "Description": self.alt, "Software": None},
            )  # fmt: skip
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"<Figure {self.caption!r}>"

    def _repr_html_(self) -> str:
        # an image rather than inline SVG: the PDF engine loses the alternative text of the latter
        data = base64.b64encode(self.svg.encode()).decode()
        said = "".join(
            f'<span class="{kind}">{escape(text)}</span>'
            for kind, text in (("beware", self.caution), ("how-to-read", self.note))
            if text
        )
        return (
            f"<figure><figcaption>{escape(self.caption)}{said}</figcaption>"
            f'<img alt="{escape(self.alt, quote=True)}" '
            f'src="data:image/svg+xml;base64,{data}"></figure>'
        )


def finish(
    drawing: matplotlib.figure.Figure, *, alt: str, caption: str, note: str = "", caution: str = ""
) -> Figure:
    """Turn a drawing of matplotlib into a figure.

    Parameters
    ----------
    drawing : matplotlib.figure.Figure
        Drawn with the look of `outcomes.present.theme.look`.
    alt, caption, note, caution : str
        As for `Figure`.

    Returns
    -------
    Figure
        As wide as it was drawn, so that letters have one size in all figures, or wider where a
        label needs it; as high as what is drawn, so that no label is lost.
    """
    buffer = io.BytesIO()
    with look():
        drawing.savefig(buffer, format="svg", bbox_inches=_box(drawing), metadata={"Date": None})
    svg = buffer.getvalue().decode("utf-8")
    # the document type would make readers look for a file elsewhere
    svg = re.sub(r"<!DOCTYPE[^>]*>\s*", "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    return Figure(svg=svg, alt=alt, caption=caption, note=note, caution=caution, drawing=drawing)


def _box(drawing: matplotlib.figure.Figure) -> Bbox:
    """Say what to save: as wide as drawn, or wider for a label, and as high as what is there."""
    drawing.canvas.draw()
    drawn = drawing.get_tightbbox()
    return Bbox.from_extents(
        min(drawn.x0, 0),
        drawn.y0 - _EDGE,
        max(drawn.x1, drawing.get_figwidth()),
        drawn.y1 + _EDGE,
    )
