"""The report over a whole network: its records are read in parts and never held together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from outcomes import __version__
from outcomes.errors import OutcomesError
from outcomes.io import PartitionedData, open_partitions
from outcomes.io.parquet_rows import rows_in
from outcomes.present import format as write
from outcomes.report.kernel import WarmKernel
from outcomes.report.naming import folder_name
from outcomes.report.origin import choices_fingerprint, data_fingerprint, imprint
from outcomes.report.page import Imprint, build_page
from outcomes.report.pdf import HOW_TO_GET, pdf_maker, write_pdf
from outcomes.report.places import notebooks_folder
from outcomes.report.publish import PAGE, PDF, Entry, staged, write_entry, write_index

NOTEBOOK = "network.ipynb"
MANY_PATIENTS = 200_000
"""From here on a data set that can be read in parts is, unless something else is asked for."""
_TITLE, _EVERYONE = "Network report", "All clinics"

Say = Callable[[str], None]
OnStep = Callable[[int, int], None]


@dataclass(frozen=True)
class NetworkOrder:
    """What to make.

    Parameters
    ----------
    data : Path
        Folder of a Parquet data set that `outcomes import` or `outcomes simulate` wrote.
    out : Path
        Folder of all reports.
    as_of : str
        Last day of the records to read, ISO; empty for the last day of the records.
    audience : {"inside", "outside"}
        Who may see the report.
    paper : {"a4", "letter"}
        Size of the printed page.
    pdf : bool
        Whether to make a PDF too.
    scheduler : str
        Address of a Dask scheduler; empty for this machine.
    """

    data: Path
    out: Path
    as_of: str = ""
    audience: str = "inside"
    paper: str = "a4"
    pdf: bool = True
    scheduler: str = ""


def is_network(data: Path) -> bool:
    """Say whether a data set is so large that it is better read in parts.

    Parameters
    ----------
    data : Path
        Folder of a data set.

    Returns
    -------
    bool
        True for a data set cut into partitions with `MANY_PATIENTS` or more.
    """
    patients = data / "patients.parquet"
    # a look at the number of rows spares everybody else the digests of all files
    if not patients.is_file() or rows_in(patients) < MANY_PATIENTS:
        return False
    found = open_partitions(data)
    return found is not None and _patients(found) >= MANY_PATIENTS


def make_network_report(order: NetworkOrder, *, say: Say, on_step: OnStep) -> Path:
    """Make the report and the index.

    Parameters
    ----------
    order : NetworkOrder
        What to make.
    say : callable
        Takes lines for the person who waits.
    on_step : callable
        Called with the number of steps done and of all.

    Returns
    -------
    Path
        The index page.

    Raises
    ------
    OutcomesError
        If the data set cannot be read in parts, the scheduler cannot be reached, or the notebook
        fails.
    """
    records = open_partitions(order.data, as_of=order.as_of or None)
    if records is None:
        raise OutcomesError(
            "The data set cannot be read in parts.",
            "Bring it in with `outcomes import parquet`, or report without --scheduler.",
        )
    weasyprint = pdf_maker() if order.pdf else None
    if order.pdf and weasyprint is None:
        say(HOW_TO_GET)
    parts = write.count(records.count, "part")
    where = "on a cluster" if order.scheduler else "on this machine"
    say(f"{write.count(_patients(records), 'patient')} in {parts}, read {where}.")
    notebook = notebooks_folder() / NOTEBOOK
    chosen = {"as_of": records.as_of.date().isoformat(), "audience": order.audience}
    places = {"data": str(order.data.resolve()), "scheduler": order.scheduler}
    with WarmKernel() as kernel:
        node = kernel.run(notebook, chosen | places, on_step=on_step)
    line = imprint(
        data_fingerprint(order.data),
        choices_fingerprint(notebook, chosen, records.settings),
        write.date(records.as_of),
    )
    title = f"{_TITLE}: {_EVERYONE}"
    page = build_page(
        node,
        Imprint(title, order.audience, records.synthetic, line, __version__, order.paper),
    )
    folder = folder_name(
        _TITLE, chosen["as_of"], also=(places["data"], order.paper, order.audience)
    )
    with staged(order.out, order.audience, folder) as stage:
        (stage / PAGE).write_text(page, encoding="utf-8")
        if weasyprint is not None:
            write_pdf(weasyprint, page, stage / PDF)
        write_entry(
            stage,
            Entry(
                title=title,
                subject=_EVERYONE,
                audience=order.audience,
                period=f"up to {write.date(records.as_of)}",
                as_of=write.date(records.as_of),
                synthetic=records.synthetic,
                imprint=line,
                order=f"network\x00{chosen['as_of']}",
            ),
        )
    return write_index(order.out)


def _patients(records: PartitionedData) -> int:
    accounting = records.accounting
    return int(accounting.loc[accounting["table"] == "patients", "rows_accepted"].sum())
