"""Sheets to print and fill in, and a page on how and when to ask."""

from __future__ import annotations

from pathlib import Path

import jinja2

from outcomes.schema import SCHEMAS
from outcomes.settings import CutPoints

PAPERS = {"a4": "A4", "letter": "letter"}
PAGES = {
    "pain": "Pain today",
    "diary": "Headache diary",
    "plan": "Recommended schedule",
    "asking": "How and when to ask",
}
"""Pages by the names of their files, with their titles."""


def paper_pages(paper: str = "a4", cuts: CutPoints | None = None) -> dict[str, str]:
    """Write the pages.

    Parameters
    ----------
    paper : {"a4", "letter"}
        Size to print on.
    cuts : CutPoints, optional
        Follow-up times and the like; the defaults unless given.

    Returns
    -------
    dict of str to str
        HTML documents by name, complete in themselves.

    Notes
    -----
    Only scales that are free to print are used: pain from 0 to 10, and a diary of headache days.
    """
    cuts = cuts or CutPoints()
    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "paper"),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return {
        name: engine.get_template(f"{name}.html.j2").render(
            title=title,
            paper=PAPERS[paper],
            plans=SCHEMAS["plans"].column("plan").allowed,
            days=cuts.diary_days,
            fewest=cuts.diary_min_days,
            home_share=f"{cuts.home_share:.0%}".replace("%", " %"),
            baseline_age=cuts.baseline_max_age,
            windows=cuts.windows[1:],
            soreness=cuts.soreness_hours,
        )
        for name, title in PAGES.items()
    }
