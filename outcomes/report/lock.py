"""What a report must be made of to have the same numbers again, kept beside it and checked later.

A locked period is one whose report can be made again, from records that have grown since, with
every number as it was. Nothing is frozen: the records up to that day are read again and compared.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from outcomes.errors import OutcomesError
from outcomes.present.format import listing
from outcomes.report.origin import versions
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

LOCK = "lock.json"
SAME_NUMBERS = "Every number and figure is the same all the same."


@dataclass(frozen=True)
class Lock:
    """What one report was made of, and what came out.

    Parameters
    ----------
    order : dict of str to str
        Reader, clinic, therapist, period, comparison, last day of the records and audience.
    records : dict of str to str
        SHA-256 of each table as read up to that day, whatever the order of its rows.
    choices : str
        SHA-256 of the notebook, its parameters and the settings.
    versions : dict of str to str
        Of Python, this package and the libraries that compute.
    page : str
        SHA-256 of everything the report shows, figures included.
    """

    order: dict[str, str]
    records: dict[str, str]
    choices: str
    versions: dict[str, str]
    page: str


def make_lock(order: dict[str, str], records: dict[str, str], choices: str, page: str) -> Lock:
    """Lock a report that was just made.

    Parameters
    ----------
    order, records, choices
        As for `Lock`.
    page : str
        The HTML document; its head and foot do not count.

    Returns
    -------
    Lock
        With the versions that are running.
    """
    shown = page.partition("<main")[2].partition("</main>")[0]
    return Lock(order, records, choices, versions(), hashlib.sha256(shown.encode()).hexdigest())


def write_lock(folder: Path, lock: Lock) -> None:
    """Write a lock beside its report.

    Parameters
    ----------
    folder : Path
        Folder of the report.
    lock : Lock
        The lock.
    """
    text = json.dumps(asdict(lock), ensure_ascii=False, indent=2, sort_keys=True)
    (folder / LOCK).write_text(text + "\n", encoding="utf-8")


def read_lock(place: Path) -> Lock:
    """Read the lock of a report.

    Parameters
    ----------
    place : Path
        Folder of the report, or the file itself.

    Returns
    -------
    Lock
        As written.

    Raises
    ------
    OutcomesError
        If there is none, or it is not one.
    """
    path = place / LOCK if place.is_dir() else place
    try:
        return Lock(**json.loads(path.read_text(encoding="utf-8")))
    except OSError:
        problem = f"There is no {LOCK} in that folder."
    except (ValueError, TypeError):
        problem = f"The {LOCK} there was not written by this program, or was changed."
    raise OutcomesError(problem, "Give the folder of a report that `outcomes report` made.")


def records_fingerprint(tables: Tables) -> dict[str, str]:
    """Digest of the records that a report was made of.

    Parameters
    ----------
    tables : Tables
        The data set as read, up to its last day.

    Returns
    -------
    dict of str to str
        SHA-256 by table; the same records give the same whatever the order of their rows. How many
        rows there are is not told.
    """
    found = {}
    for name in SCHEMAS:
        table = getattr(tables, name)
        if table is not None:
            rows = pd.util.hash_pandas_object(table, index=False).to_numpy()
            digest = hashlib.sha256(",".join(map(str, table.columns)).encode())
            digest.update(np.sort(rows).astype("<u8").tobytes())
            found[name] = digest.hexdigest()
    return found


def differences(then: Lock, now: Lock) -> list[str]:
    """Say what is no longer as it was.

    Parameters
    ----------
    then, now : Lock
        Of the report and of the same report made again.

    Returns
    -------
    list of str
        A sentence each; empty where every number is the same.
    """
    said = []
    changed = [
        name.replace("_", " ")
        for name in SCHEMAS
        if then.records.get(name) != now.records.get(name)
    ]
    if changed:
        said.append(
            f"Records up to {then.order['as_of']} were added, taken out or corrected since: "
            f"{listing(changed)}."
        )
    if then.choices != now.choices:
        said.append("The notebook or the settings changed.")
    moved = [
        f"{name} {then.versions.get(name, 'none')}, now {now.versions.get(name, 'none')}"
        for name in sorted({*then.versions, *now.versions})
        if then.versions.get(name) != now.versions.get(name)
    ]
    if moved:
        said.append(f"Versions: {'; '.join(moved)}.")
    if then.page == now.page:
        return [*said, SAME_NUMBERS] if said else []
    said.append("What the report shows is not the same.")
    return said


def verify(place: Path, make: Callable[[Lock, Path], Path]) -> list[str]:
    """Make a locked report again and say what is not as it was.

    Parameters
    ----------
    place : Path
        Folder of the report.
    make : callable
        Takes the lock and an empty folder, makes the same report in it, and gives the folder of
        the new report.

    Returns
    -------
    list of str
        As `differences` gives it. What was made again is thrown away.
    """
    then = read_lock(place)
    with tempfile.TemporaryDirectory() as folder:
        return differences(then, read_lock(make(then, Path(folder))))
