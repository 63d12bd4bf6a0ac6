"""Reports made before a person was taken out of the records."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from outcomes.report.publish import PAGE, published
from outcomes.report.refresh import REFRESH_FILE, read_refresh


def reports_that_knew(
    data: Path, patient_id: str, folders: Sequence[Path] | None = None
) -> list[tuple[Path, bool]]:
    """List reports that were made while a person was in the records.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    patient_id : str
        Id of the person.
    folders : sequence of Path, optional
        Folders of reports; ``./reports``, and those that the data set is set up to write to, unless
        given.

    Returns
    -------
    list of (Path, bool)
        Page of each report, and whether the id stands on it; a report of which it does not may
        count the person all the same.
    """
    if folders is None:
        chosen = [Path("reports")]
        if (data / REFRESH_FILE).is_file():
            chosen += [order.out for order in read_refresh(data).reports]
    else:
        chosen = list(folders)
    pages = [
        folder / PAGE
        for out in {each.resolve(): each for each in chosen}.values()
        for folder, _ in published(out)
    ]
    word = re.compile(rf"(?<![\w-]){re.escape(patient_id)}(?![\w-])")
    pages = [Path(os.path.normpath(page)) for page in pages]
    return [(page, bool(word.search(page.read_text(encoding="utf-8")))) for page in pages]
