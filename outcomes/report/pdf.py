"""A tagged PDF from the page of a report, where the library for it is there."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import matplotlib

HOW_TO_GET = (
    "PDFs are not made: the library pango or the package weasyprint is missing. "
    "Install the extra 'report' and pango (Debian: libpango-1.0-0 libpangoft2-1.0-0; "
    "macOS: brew install pango; conda: environment.yml has it)."
)


def pdf_maker() -> Any | None:
    """Find the PDF engine.

    Returns
    -------
    module or None
        WeasyPrint, or None where it or a library of the system is missing.
    """
    try:
        import weasyprint
    except (ImportError, OSError):
        return None
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    return weasyprint


def write_pdf(weasyprint: Any, page: str, path: Path) -> None:
    """Write the page of a report as PDF/UA-1.

    Parameters
    ----------
    weasyprint : module
        As found by `pdf_maker`.
    page : str
        The HTML document; it may not ask for anything from elsewhere.
    path : Path
        File to write.

    Notes
    -----
    The text is set in the family that matplotlib brings and the figures use, so the same page gives
    the same PDF on every machine.
    """
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fonts = FontConfiguration()
    sheet = weasyprint.CSS(
        string=_font_sheet(), font_config=fonts, url_fetcher=URLFetcher(allowed_protocols=["file"])
    )
    document = weasyprint.HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=["data"]))
    document.write_pdf(path, stylesheets=[sheet], font_config=fonts, pdf_variant="pdf/ua-1")


def _font_sheet() -> str:
    """Style sheet that sets the text in the family that matplotlib brings."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    faces = {
        "DejaVuSans.ttf": "font-weight: 400",
        "DejaVuSans-Bold.ttf": "font-weight: 700",
        "DejaVuSans-Oblique.ttf": "font-style: italic",
    }
    family = "font-family: Report, sans-serif !important;"
    rules = [
        f"@font-face {{ font-family: Report; src: url({(folder / name).as_uri()}); {face}; }}"
        for name, face in faces.items()
    ]
    return "\n".join([*rules, f"body {{ {family} }} @page {{ {family} }}"])
