"""Reports from a data set: read it once, run the notebook for each, publish each when whole."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from nbformat import NotebookNode

from outcomes import __version__
from outcomes.analyses.selection import clinics_too_small, select_patients
from outcomes.errors import DataContractError, DisclosureError, OutcomesError
from outcomes.io import Loaded, keep_rejects, load
from outcomes.present import format as write
from outcomes.present import policy_of
from outcomes.present.sections.context import PUBLISHED
from outcomes.report.kernel import WarmKernel
from outcomes.report.lock import Lock, make_lock, records_fingerprint, verify, write_lock
from outcomes.report.naming import folder_name
from outcomes.report.origin import choices_fingerprint, imprint
from outcomes.report.page import Imprint, build_page
from outcomes.report.pdf import HOW_TO_GET, pdf_maker, write_pdf
from outcomes.report.period import Period, last_quarter, read_period
from outcomes.report.places import INSIDE_ONLY, notebook_for
from outcomes.report.publish import (
    PAGE,
    PDF,
    WORD,
    Entry,
    published,
    staged,
    write_entry,
    write_index,
)
from outcomes.report.small_cells_on_pages import attack_pages
from outcomes.report.subjects import Subject, subjects
from outcomes.report.usage import UsageError
from outcomes.report.word import HOW_TO_GET_WORD, word_maker, write_word
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

_TITLES = {
    "manager": "Clinic report",
    "researcher": "Comparison of schedules",
    "therapist": "The day",
}
# A report stands still; whoever opens a notebook may move what it shows.
_OF_READER: dict[str, dict[str, Any]] = {"therapist": {"live": False}}
# What the notebooks will need; the kernel fetches it, and the records, while they are read here.
_WARM_UP = """
from outcomes.report.records import keep_records
keep_records()
import outcomes.analyses, outcomes.io, outcomes.present
outcomes.io.read_tables({data!r}, as_of={as_of!r})
"""

Say = Callable[[str], None]
OnStep = Callable[[int, int], None]
OnPage = Callable[[str, str], None]


@dataclass(frozen=True)
class ReportOrder:
    """What to make.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    out : Path
        Folder of all reports.
    readers : tuple of str
        Who the reports are for.
    clinic : str
        Code or name of a clinic, ``all`` for everyone together and each clinic, empty for everyone
        together.
    therapist : str
        Id of a therapist whose patients the reports are about; empty for no restriction.
    period : Period, optional
        Period looked at; the last whole quarter of the records unless given.
    compare : {"previous", "year"}
        What the period is compared with.
    as_of : str
        Last day of the records to read, ISO; empty for the end of the period, or of the records.
    audience : {"inside", "outside"}
        Who may see the reports.
    paper : {"a4", "letter"}
        Size of the printed page.
    pdf : bool
        Whether to make PDFs too.
    word : bool
        Whether to write text and tables as Word documents too.
    """

    data: Path
    out: Path
    readers: tuple[str, ...] = ("manager",)
    clinic: str = ""
    therapist: str = ""
    period: Period | None = None
    compare: str = "previous"
    as_of: str = ""
    audience: str = "inside"
    paper: str = "a4"
    pdf: bool = True
    word: bool = False


def make_reports(
    order: ReportOrder, *, say: Say, on_step: OnStep, on_page: OnPage | None = None
) -> Path:
    """Make reports and the index over them.

    Parameters
    ----------
    order : ReportOrder
        What to make.
    say : callable
        Takes lines for the person who waits.
    on_step : callable
        Called with the number of steps done and of all.
    on_page : callable, optional
        Called with the title of each page and the page.

    Returns
    -------
    Path
        The index page.

    Raises
    ------
    UsageError
        If something is asked for that there is not.
    OutcomesError
        If the records cannot be read or a notebook fails; reports finished before that stay.
    """
    _check(order)
    notebooks = {reader: notebook_for(reader) for reader in order.readers}
    weasyprint = pdf_maker() if order.pdf else None
    if order.pdf and weasyprint is None:
        say(HOW_TO_GET)
    docx = word_maker() if order.word else None
    if order.word and docx is None:
        say(HOW_TO_GET_WORD)
    # one page is printed while the kernel, another process, works on the next
    with WarmKernel() as kernel, ThreadPoolExecutor(max_workers=1) as printer:
        kernel.prepare(_WARM_UP.format(data=str(order.data.resolve()), as_of=order.as_of or None))
        tables, period = _read(order, say)
        records = records_fingerprint(tables)
        whom = _subjects(order, tables, say)
        jobs = [(reader, subject) for reader in order.readers for subject in whom]
        printing: deque[tuple[str, Future[str]]] = deque()

        def of_subject(reader: str, subject: Subject) -> dict[str, Any]:
            return _parameters(order, subject, tables, period) | _OF_READER.get(reader, {})

        def step_of(position: int) -> OnStep:
            """Say how far a report is as how far all of them are."""
            return lambda done, total: on_step(position * total + done, len(jobs) * total)

        def finish(left: int) -> None:
            """Wait until no more than some reports are being printed."""
            while len(printing) > left:
                title, future = printing.popleft()
                page = future.result()
                if on_page is not None:
                    on_page(title, page)
                say(f"{len(jobs) - waiting - len(printing)} of {len(jobs)}: {title}")

        begun: dict[tuple[str, str], NotebookNode] = {}
        if order.audience == "outside":
            for reader in order.readers:
                begun |= _decided(kernel, notebooks[reader], reader, whom, of_subject, step_of)
            _refuse_small_cells(order, tables, begun)
        for position, (reader, subject) in enumerate(jobs):
            waiting = len(jobs) - position
            parameters = of_subject(reader, subject)
            node = begun.get((reader, subject.clinic))
            if node is None:
                node = kernel.run(notebooks[reader], parameters, on_step=step_of(position))
            finish(0)
            chosen = {name: value for name, value in parameters.items() if name != "data"}
            choices = choices_fingerprint(notebooks[reader], chosen, tables.settings)
            made = _Made(reader, subject, tables, period, records, choices)
            title = f"{_title(reader)}: {subject.name}"
            printing.append((title, printer.submit(_publish, order, made, node, weasyprint, docx)))
        waiting = 0
        finish(0)
    return write_index(order.out)


def _decided(
    kernel: WarmKernel,
    notebook: Path,
    reader: str,
    whom: tuple[Subject, ...],
    of_subject: Callable[[str, Subject], dict[str, Any]],
    step_of: Callable[[int], OnStep],
) -> dict[tuple[str, str], NotebookNode]:
    """Run a notebook for all subjects, with one decision on what may be shown of them together."""
    kernel.hold_releases()
    waiting = {
        subject.clinic: kernel.run_to_release(
            notebook, of_subject(reader, subject), on_step=step_of(position)
        )
        for position, subject in enumerate(whom)
    }
    kernel.decide()
    return {
        (reader, clinic): kernel.go_on(node, notebook.name, clinic)
        for clinic, node in waiting.items()
    }


def _refuse_small_cells(
    order: ReportOrder, tables: Tables, nodes: dict[tuple[str, str], NotebookNode]
) -> None:
    """Read the finished pages as a stranger would, and publish none if a small count is told."""
    policy = policy_of(order.audience, tables.settings)
    for reader in order.readers:
        blank = Imprint("", order.audience, tables.synthetic, "", __version__)
        pages = {
            clinic: build_page(node, blank)
            for (whose, clinic), node in nodes.items()
            if whose == reader
        }
        leaks = attack_pages(pages, policy, PUBLISHED)
        if leaks:
            raise DisclosureError(
                f"{len(leaks)} places in the reports tell small counts, the first: "
                f"{leaks[0].where} ({leaks[0].why}).",
                "Nothing was published. Please report it as a fault.",
            )


@dataclass(frozen=True)
class _Made:
    """What one report is of and what it was made of."""

    reader: str
    subject: Subject
    tables: Tables
    period: Period
    records: dict[str, str]
    choices: str


def _publish(
    order: ReportOrder, made: _Made, node: NotebookNode, weasyprint: Any | None, docx: Any | None
) -> str:
    """Write a report into its folder and return its page."""
    reader, subject, tables, period = made.reader, made.subject, made.tables, made.period
    data = hashlib.sha256(json.dumps(made.records, sort_keys=True).encode()).hexdigest()
    line = imprint(data, made.choices, write.date(tables.as_of))
    page = build_page(node, _imprint(order, reader, subject, tables, line))
    shown = _shown(reader, period, tables.as_of)
    with staged(order.out, order.audience, _folder(order, reader, subject, shown)) as folder:
        (folder / PAGE).write_text(page, encoding="utf-8")
        if weasyprint is not None:
            write_pdf(weasyprint, page, folder / PDF)
        if docx is not None:
            write_word(docx, page, folder / WORD)
        write_entry(folder, _entry(order, reader, subject, tables, shown, line))
        ordered = {
            "reader": reader,
            "clinic": subject.clinic,
            "therapist": subject.therapist,
            "period": period.code,
            "compare": order.compare,
            "as_of": tables.as_of.date().isoformat(),
            "audience": order.audience,
        }
        write_lock(folder, make_lock(ordered, made.records, made.choices, page))
    return page


def verify_report(place: Path, data: Path, *, say: Say, on_step: OnStep) -> list[str]:
    """Make a report again from the records as they are now, and compare it with what it was.

    Parameters
    ----------
    place : Path
        Folder of the report.
    data : Path
        Folder of the data set, which may have grown since.
    say, on_step : callable
        As for `make_reports`.

    Returns
    -------
    list of str
        What is not as it was; empty where every number is the same.

    Raises
    ------
    OutcomesError
        If the folder holds no lock, or the report cannot be made again.
    """

    def make(lock: Lock, out: Path) -> Path:
        ordered = lock.order
        again = ReportOrder(
            data,
            out,
            readers=(ordered["reader"],),
            clinic=ordered["clinic"],
            therapist=ordered["therapist"],
            period=read_period(ordered["period"]),
            compare=ordered["compare"],
            as_of=ordered["as_of"],
            audience=ordered["audience"],
            pdf=False,
        )
        make_reports(again, say=say, on_step=on_step)
        return published(out)[0][0]

    return verify(place, make)


def _check(order: ReportOrder) -> None:
    kept = sorted(INSIDE_ONLY & set(order.readers))
    if kept and order.audience == "outside":
        raise UsageError(
            f"The report for the {kept[0]} names patients by their charts and stays inside.",
            "Use --audience inside, or another report.",
        )
    if order.therapist and order.audience == "outside":
        raise UsageError(
            "A report on one therapist's patients stays inside the clinic.",
            "Leave out --therapist, or use --audience inside.",
        )


def _read(order: ReportOrder, say: Say) -> tuple[Tables, Period]:
    as_of: str | pd.Timestamp | None = order.as_of or None
    loaded = load(order.data, as_of=as_of)
    _check_begun(loaded.tables, order)
    if order.period is not None and not order.as_of:
        end = order.period.last
        if order.period.first > loaded.tables.as_of:
            raise UsageError(
                f"The period {order.period.code} begins after the end of the records, "
                f"{write.date(loaded.tables.as_of)}.",
                "Choose an earlier one.",
            )
        if end < loaded.tables.as_of:
            loaded = replace(loaded, tables=loaded.tables.at(end))
    if loaded.tables.patients.empty:
        raise OutcomesError(
            "No patient could be read.", "Run `outcomes check` on the folder to see why."
        )
    for notice in loaded.notices:
        say(notice)
    if len(loaded.rejects):
        rejected = write.count(len(loaded.rejects), "row")
        say(f"{rejected} rejected; {_where_listed(loaded, order.data)}")
    return loaded.tables, order.period or last_quarter(loaded.tables.as_of)


def _where_listed(loaded: Loaded, data: Path) -> str:
    """Write the rejected rows beside the data, never among reports, and say where they are."""
    try:
        listed = keep_rejects(loaded, data)
    except DataContractError:
        return (
            "the folder of the data cannot be written to: run `outcomes check` on a copy of it to "
            "have them listed."
        )
    if listed:
        return "the reasons are in rejects.csv beside the data."
    return "rejects.csv beside the data is the list of the import: import again to list them."


def _check_begun(tables: Tables, order: ReportOrder) -> None:
    """Refuse a day or a period that ends before the first record."""
    if order.period is not None:
        last, what = order.period.last, f"period {order.period.code} ends"
    elif order.as_of:
        last, what = tables.as_of, "as-of date lies"
    else:
        return
    first = _first_record(tables)
    # read at a day before them all, the records are gone
    if first is None and order.as_of:
        last, what = tables.as_of, "as-of date lies"
    elif first is None or first <= last:
        return
    raise UsageError(
        f"The {what} before the first record: there is none up to {write.date(last)}.",
        "Choose a later one.",
    )


def _first_record(tables: Tables) -> pd.Timestamp | None:
    """Day of the first thing recorded, a booking among them; None where there is nothing."""
    dates = [tables.patients["index_date"].min()]
    for name, schema in SCHEMAS.items():
        table = getattr(tables, name)
        if table is not None and schema.dated_by:
            dates.append(table[schema.dated_by].min())
    if tables.sessions is not None:
        dates.append(tables.sessions["booked_on"].min())
    return min((day for day in dates if pd.notna(day)), default=None)


def _subjects(order: ReportOrder, tables: Tables, say: Say) -> tuple[Subject, ...]:
    """List whom to report about; outside, no clinic that is too small, for all less the others."""
    small = clinics_too_small(tables, policy_of(order.audience, tables.settings).smallest_clinic)
    if not small:
        return subjects(tables, order.clinic, order.therapist)
    names = tables.settings.clinic_names
    if order.clinic and order.clinic in {*small, *(names.get(code, code) for code in small)}:
        raise UsageError(
            "That clinic has too few patients for a report for outside.",
            "Use --audience inside, and keep the report inside.",
        )
    say("Patients of clinics too small to be shown are in no number of this release.")
    return subjects(select_patients(tables, without=small), order.clinic, order.therapist)


def _parameters(
    order: ReportOrder, subject: Subject, tables: Tables, period: Period
) -> dict[str, Any]:
    before = period.before(order.compare)
    return {
        "data": str(order.data.resolve()),
        "as_of": tables.as_of.date().isoformat(),
        "clinic": subject.clinic,
        "therapist": subject.therapist,
        "period": (period.first.date().isoformat(), period.last.date().isoformat()),
        "compared": (before.first.date().isoformat(), before.last.date().isoformat()),
        "audience": order.audience,
    }


def _title(reader: str) -> str:
    return _TITLES[reader]


def _shown(reader: str, period: Period, as_of: pd.Timestamp) -> Period:
    """Period that a report shows: of the therapist's page the day that it is looked from."""
    if reader != "therapist":
        return period
    return Period(pd.Period(as_of, freq="D"))


def _folder(order: ReportOrder, reader: str, subject: Subject, period: Period) -> str:
    """Name the folder of a report: the same order replaces its own report and no other's."""
    chosen = (str(order.data.resolve()), order.compare, order.as_of, order.paper)
    also = (subject.clinic, subject.therapist, *chosen)
    return folder_name(_title(reader), subject.name, period.code, also=also)


def _imprint(
    order: ReportOrder, reader: str, subject: Subject, tables: Tables, line: str
) -> Imprint:
    return Imprint(
        title=f"{_title(reader)}: {subject.name}",
        audience=order.audience,
        synthetic=tables.synthetic,
        imprint=line,
        version=__version__,
        paper=order.paper,
    )


def _entry(
    order: ReportOrder, reader: str, subject: Subject, tables: Tables, period: Period, line: str
) -> Entry:
    return Entry(
        title=f"{_title(reader)}: {subject.name}",
        subject=subject.name,
        audience=order.audience,
        period=(
            write.dates(period.first, period.last)
            if period.first < period.last
            else write.date(period.first)
        ),
        as_of=write.date(tables.as_of),
        synthetic=tables.synthetic,
        imprint=line,
        # everyone together first, then clinics by name
        order=f"{reader}\x00{bool(subject.clinic)}\x00{subject.name}\x00{period.code}",
    )
