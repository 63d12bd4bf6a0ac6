"""What a clinic needs to start recording: a workbook, a REDCap dictionary and sheets to print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from outcomes.errors import DataContractError
from outcomes.export.kit_paper import PAPERS, paper_pages
from outcomes.export.kit_redcap import redcap_dictionary
from outcomes.export.kit_workbook import write_kit_workbook
from outcomes.io.place import placed_together
from outcomes.report.pdf import HOW_TO_GET, pdf_maker, write_pdf

WORKBOOK = "records.xlsx"
DICTIONARY = "redcap_dictionary.csv"


def make_kit(
    out: Path | str,
    *,
    paper: str = "a4",
    pdf: bool = True,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Write the kit to a folder.

    Parameters
    ----------
    out : Path or str
        Folder to write to. Files of the kit that are there already stop it: they may be filled in.
    paper : {"a4", "letter"}
        Size of the sheets.
    pdf : bool
        Write PDFs of the sheets too, where the library for it is there.
    say : callable
        Receives a line where there is something to know.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DataContractError
        If a file of the kit is there already, the size is not known, or the folder can't be
        written to.
    """
    out = Path(out)
    if paper not in PAPERS:
        raise DataContractError(
            f"there is no paper size {paper}.", f"Use one of: {', '.join(PAPERS)}."
        )
    maker = pdf_maker() if pdf else None
    if pdf and maker is None:
        say(HOW_TO_GET)
    pages = paper_pages(paper)
    names = [WORKBOOK, DICTIONARY, *(f"{name}.html" for name in pages)]
    names += [f"{name}.pdf" for name in pages] if maker is not None else []

    def nothing_there() -> list[str]:
        there = [name for name in names if (out / name).exists()]
        if there:
            raise DataContractError(
                f"the folder holds {there[0]} already, which may be filled in.",
                "Choose another folder, or move it away.",
                file=out.name,
            )
        return []

    nothing_there()
    with placed_together(out, nothing_there) as stage:
        write_kit_workbook(stage / WORKBOOK)
        (stage / DICTIONARY).write_text(redcap_dictionary(), encoding="utf-8", newline="\n")
        for name, page in pages.items():
            (stage / f"{name}.html").write_text(page, encoding="utf-8", newline="\n")
            if maker is not None:
                write_pdf(maker, page, stage / f"{name}.pdf")
    return [out / name for name in names]
