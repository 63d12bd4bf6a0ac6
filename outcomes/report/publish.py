"""Finished reports on the disk: whole or not at all, and an index over all of them.

Each report is a folder. It is written beside its place under a name that begins with a dot and is
renamed when whole, so a run that is killed leaves no half report where a reader would look.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import jinja2

from outcomes.errors import OutcomesError
from outcomes.report.page import AUDIENCES, SYNTHETIC

PAGE, PDF, ENTRY, INDEX = "report.html", "report.pdf", "report.json", "index.html"
WORD = "report.docx"
_STAGED, _OLD = ".staged-", ".old-"
_DAY = 86_400


@dataclass(frozen=True)
class Entry:
    """What the index says about one report.

    Parameters
    ----------
    title, subject : str
        Title of the report and whom it is about.
    audience : {"inside", "outside"}
        Who it is made for.
    period, as_of : str
        The period it looks at and the last day of the records it read, for people.
    synthetic : bool
        Whether the records were simulated.
    imprint : str
        Data, versions and specification.
    order : str
        What the index sorts by.
    """

    title: str
    subject: str
    audience: str
    period: str
    as_of: str
    synthetic: bool
    imprint: str
    order: str


@contextmanager
def staged(out: Path, audience: str, name: str) -> Iterator[Path]:
    """Give a folder to write a report into, and put it in its place when the context ends well.

    Parameters
    ----------
    out : Path
        Folder of all reports.
    audience : {"inside", "outside"}
        Subfolder.
    name : str
        Folder of the report, safe as a path; a report that is there already is replaced.

    Yields
    ------
    Path
        An empty folder, removed again if anything goes wrong.
    """
    shelf = out / audience
    _make_folder(shelf)
    _clear_leftovers(shelf)
    # the process is named, so that a later run knows what nobody writes to any more
    folder = Path(tempfile.mkdtemp(prefix=f"{_STAGED}{os.getpid()}-", dir=shelf))
    try:
        yield folder
        folder.chmod(0o755 & ~_umask())
        place = shelf / name
        old = shelf / f"{_OLD}{os.getpid()}-{name}"
        if place.exists():
            place.rename(old)
        try:
            folder.rename(place)
        except OSError:
            if old.exists():
                old.rename(place)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_entry(folder: Path, entry: Entry) -> None:
    """Write what the index will say about a report beside it.

    Parameters
    ----------
    folder : Path
        Folder of the report.
    entry : Entry
        What to say.
    """
    text = json.dumps(asdict(entry), ensure_ascii=False, indent=2, sort_keys=True)
    (folder / ENTRY).write_text(text + "\n", encoding="utf-8")


def write_index(out: Path) -> Path:
    """Write the index over all reports in a folder, and one for each audience.

    Parameters
    ----------
    out : Path
        Folder of all reports.

    Returns
    -------
    Path
        The index page. The index of an audience lies in its own folder and names no report of the
        other, so that the folder can be handed on as it is.
    """
    _make_folder(out)
    _clear_leftovers(out)
    found = {audience: _entries(out / audience) for audience in AUDIENCES}
    for audience, entries in found.items():
        if entries:
            _write_whole(out / audience / INDEX, _index_page({audience: entries}, ""))
    shown = {audience: entries for audience, entries in found.items() if entries}
    _write_whole(out / INDEX, _index_page(shown, "{audience}/"))
    return out / INDEX


def published(out: Path) -> list[tuple[Path, Entry]]:
    """List the reports in a folder.

    Parameters
    ----------
    out : Path
        Folder of all reports.

    Returns
    -------
    list of (Path, Entry)
        Folder of each report, and what the index says of it.
    """
    return [
        (out / audience / name, entry)
        for audience in AUDIENCES
        for name, entry, _ in _entries(out / audience)
    ]


def _entries(shelf: Path) -> list[tuple[str, Entry, bool]]:
    """Folder name, entry and whether there is a PDF, for each whole report."""
    found = []
    for path in shelf.glob(f"[!.]*/{ENTRY}"):
        if not (path.parent / PAGE).is_file():
            continue
        try:
            entry = Entry(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            continue  # not one of ours
        found.append((path.parent.name, entry, (path.parent / PDF).is_file()))
    return sorted(found, key=lambda each: (each[1].order, each[0]))


def _index_page(shown: dict[str, list[tuple[str, Entry, bool]]], prefix: str) -> str:
    templates = resources.files("outcomes.report") / "template"
    text = (templates / "index_page.html.j2").read_text(encoding="utf-8")
    style = (templates / "report.css").read_text(encoding="utf-8")
    engine = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    groups = [
        (audience, AUDIENCES[audience], prefix.format(audience=audience), entries)
        for audience, entries in shown.items()
    ]
    synthetic = any(entry.synthetic for entries in shown.values() for _, entry, _ in entries)
    return engine.from_string(text).render(
        groups=groups,
        style=style,
        warning=SYNTHETIC if synthetic else "",
        page=PAGE,
        pdf=PDF,
    )


def _write_whole(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f"{_STAGED}{os.getpid()}-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.chmod(0o644 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutcomesError(
            f"The folder {folder.name} cannot be made: {error.strerror}.",
            "Name another with --out.",
        ) from None


def _clear_leftovers(shelf: Path) -> None:
    """Put back or remove what killed runs left behind; what a running one writes to stays.

    A run killed after it put the earlier report aside, and before the new one was in its place,
    leaves only the earlier one: that goes back to where it was.
    """
    for path in shelf.glob(f"{_OLD}*"):
        owner, _, name = path.name.removeprefix(_OLD).partition("-")
        # this process is between two reports here, so what bears its number is a dead one's
        if owner != str(os.getpid()) and _at_work(owner, path):
            continue
        if name and (path / PAGE).is_file() and not (shelf / name).exists():
            with suppress(OSError):  # another run put it back at the same moment
                path.rename(shelf / name)
        shutil.rmtree(path, ignore_errors=True)
    for path in shelf.glob(f"{_STAGED}*"):
        if _at_work(path.name.removeprefix(_STAGED).partition("-")[0], path):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _at_work(owner: str, path: Path) -> bool:
    if os.name == "nt" or not owner.isdigit():
        # asking for a process would end it on Windows; nothing is written to for a day
        with suppress(FileNotFoundError):  # its run has just come to its end
            return time.time() - path.stat().st_mtime < _DAY
        return False
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
