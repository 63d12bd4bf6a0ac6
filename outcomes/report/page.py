"""From an executed notebook to one HTML file that needs nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from importlib import resources
from pathlib import Path

from nbconvert import HTMLExporter
from nbformat import NotebookNode

from outcomes.errors import OutcomesError
from outcomes.report.meanings import with_meanings

PAPERS = {"a4": "A4", "letter": "letter"}
AUDIENCES = {"inside": "For use inside the clinic", "outside": "Prepared for release"}
SYNTHETIC = "SYNTHETIC DATA – evidence of nothing"
_TEMPLATE = "template"
# The template writes this before each output of a call.
_OUTPUT = "<!-- output -->"
# A name of any length must leave the page number its place on one line.
_MARGIN_LETTERS = 70
_LEFT_OUT = r'<div class="absent">(?:(?!</div>).)*</div>'


@dataclass(frozen=True)
class Imprint:
    """What a page says about itself.

    Parameters
    ----------
    title : str
        Title of the document, for people.
    audience : {"inside", "outside"}
        Who it is made for.
    synthetic : bool
        Whether the records were simulated.
    imprint : str
        Where the numbers come from: data, date, versions, specification.
    version : str
        Of the package.
    paper : {"a4", "letter"}
        What it is printed on.
    """

    title: str
    audience: str
    synthetic: bool
    imprint: str
    version: str
    paper: str = "a4"

    @property
    def banner(self) -> str:
        """Line on top of every page."""
        return AUDIENCES[self.audience]

    @property
    def warning(self) -> str:
        """Second line on top of every page of a report on simulated records."""
        return SYNTHETIC

    @property
    def style(self) -> str:
        """Style sheet, with the margins of the printed page."""
        sheet = resources.files("outcomes.report") / _TEMPLATE / "report.css"
        return sheet.read_text(encoding="utf-8") + _margins(self)


def build_page(notebook: NotebookNode, imprint: Imprint) -> str:
    """Make the page of a report.

    Parameters
    ----------
    notebook : NotebookNode
        Executed, outputs included.
    imprint : Imprint
        What the page says about itself.

    Returns
    -------
    str
        A whole HTML document without scripts and without an address to load anything from.

    Raises
    ------
    OutcomesError
        If an output cannot be shown on a page that must hold everything itself.
    """
    exporter = HTMLExporter(
        template_name=_TEMPLATE,
        extra_template_basedirs=[str(Path(__file__).resolve().parent)],
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(notebook, resources={"page": imprint})
    return _self_contained(with_meanings(_with_contents(_in_sections(_with_names(body)))))


def _margins(imprint: Imprint) -> str:
    """Style of the printed page; the banner stands in the margin of each."""
    warned = f" · {SYNTHETIC}" if imprint.synthetic else ""
    colour = "#a30000" if imprint.synthetic else "#0b5394"
    quiet = "color: #52606d; font-size: 7.8pt;"
    return (
        f"@page {{ size: {PAPERS[imprint.paper]}; margin: 21mm 19mm 19mm; "
        f"@top-center {{ content: {_css_text(imprint.banner + warned)}; color: {colour}; "
        "font-weight: 700; font-size: 8.4pt; width: 100%; } "
        f"@bottom-left {{ content: {_css_text(_shortened(imprint.title))}; {quiet} width: 75%; }} "
        f'@bottom-right {{ content: "Page " counter(page) " of " counter(pages); {quiet} }} }}\n'
        # what a patient takes home says neither "inside" nor whose page it was
        f"@page take-home {{ @top-center {{ content: {_css_text(warned.removeprefix(' · '))}; }} "
        '@bottom-left { content: ""; } @bottom-right { content: ""; } }\n'
    )


def _shortened(text: str) -> str:
    """Cut a line to what fits the margin, with a mark where it was cut."""
    return text if len(text) <= _MARGIN_LETTERS else text[: _MARGIN_LETTERS - 1].rstrip() + "…"


def _css_text(text: str) -> str:
    """Write any text as a string of CSS; what could end the string or the sheet is escaped."""
    safe = re.sub(r"[^\w .,:–·()-]", lambda found: f"\\{ord(found[0]):x} ", text)
    return f'"{safe}"'


def _with_names(page: str) -> str:
    """Give each heading of the second level a name to point at."""
    seen: dict[str, int] = {}

    def named(found: re.Match[str]) -> str:
        plain = unescape(re.sub(r"<[^>]+>", "", found[1]))
        name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "section"
        seen[name] = seen.get(name, 0) + 1
        name += f"-{seen[name]}" if seen[name] > 1 else ""
        return f'<h2 id="{name}">{found[1]}</h2>'

    return re.sub(r"<h2>(.*?)</h2>", named, page, flags=re.DOTALL)


def _in_sections(page: str) -> str:
    """Wrap each heading of the second level and what follows in a section that bears its name.

    A section whose calls showed nothing is left out, heading and all: a data set without arms of a
    trial needs no heading about them.
    """
    head, opening, rest = page.partition('<main id="report">')
    body, closing, tail = rest.partition("</main>")
    parts = re.split(r"(?=<h2 id=)", body)
    if len(parts) == 1:
        return page
    wrapped = [parts[0]]
    for part in parts[1:]:
        if not re.search(rf"{_OUTPUT}\s*<", part):
            continue
        name = part.split('"', 2)[1]
        shown = "".join(map(_without_bare_heading, re.split(r"(?=<h3\b)", part)))
        wrapped.append(f'<section aria-labelledby="{name}">\n{shown}</section>\n')
    return head + opening + "".join(wrapped).replace(_OUTPUT, "") + closing + tail


def _without_bare_heading(block: str) -> str:
    """Take the heading off a block that only says what is left out: the line is enough."""
    outputs = block.split(_OUTPUT)[1:]
    bare = all(re.fullmatch(_LEFT_OUT, output.strip(), re.DOTALL) for output in outputs)
    if not block.startswith("<h3") or not outputs or not bare:
        return block
    return "".join(_OUTPUT + output for output in outputs)


def _with_contents(page: str) -> str:
    """Put a table of contents after the first section, which is the answer itself."""
    found = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', page, flags=re.DOTALL)
    if len(found) < 3:
        return page
    items = "".join(f'<li><a href="#{name}">{text.strip()}</a></li>\n' for name, text in found)
    contents = (
        '<nav aria-labelledby="contents">\n<h2 id="contents">In this report</h2>\n'
        f"<ol>\n{items}</ol>\n</nav>\n"
    )
    first, closing, rest = page.partition("</section>\n")
    return first + closing + contents + rest


def _self_contained(page: str) -> str:
    """Refuse a page that runs something or asks for something from elsewhere."""
    if re.search(r"<script\b|<iframe\b|<object\b|<link\b", page, flags=re.IGNORECASE):
        raise OutcomesError("An output of the notebook needs a script or another file.")
    for address in re.findall(r"""\b(?:src|href)\s*=\s*["']?([^"'\s>]+)""", page):
        if not unescape(address).startswith(("#", "data:")):
            raise OutcomesError("An output of the notebook points outside the report.")
    return page
