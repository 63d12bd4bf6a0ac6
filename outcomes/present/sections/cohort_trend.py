"""How the caseload moves: who is in care, what changed since last month, improvement by entry."""

from __future__ import annotations

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.caseload import PANELS, panel_rows, plot_caseload
from outcomes.present.rows import Row, interval_of, lookup, records, rows_of
from outcomes.present.sections.section import Part, Section, absent, in_words
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_CHANGES = (("better", "better"), ("worse", "worse"), ("same", "neither"))


def cohort_trend(release: Release, name: str) -> Section:
    """Show the caseload over the months, what changed since last month, and improvement by entry.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_cohort_trend`.

    Returns
    -------
    Section
        Sentences, small charts and a table, as far as there are numbers.

    Raises
    ------
    DisclosureError
        If the split by cadence comes without starting pain or its caution.
    """
    result = release[name]
    missing = absent(result, "how the caseload moves")
    if missing:
        return missing
    parts: list[Part] = []
    said = _now(result)
    if said:
        parts.append(Prose(said))
    drawn = any(panel_rows(result, by, term)["value"].notna().any() for by, term, _ in PANELS)
    if drawn:
        parts.append(plot_caseload(result))
    table = _by_entry(result)
    if table:
        parts.append(table)
    return Section(parts)


def _now(result: AnalysisResult) -> list[str]:
    """Sentences on today's caseload and on changes beyond measurement error."""
    days = _days(result)
    care = {row["landmark"]: row for row in records(rows_of(result, "in_care", group=""))
            if row["group_by"] == ""}  # fmt: skip
    said = []
    now, before = care.get(days[-1]), care.get(days[-2]) if len(days) > 1 else None
    if _ok(now) and now is not None:
        text = f"In care on {write.date(days[-1])}: {write.count(now['estimate'], 'patient')}"
        if _ok(before) and before is not None:
            text += f", a month before {write.number(before['estimate'])}"
        said.append(f"{text}.")
    elif now is not None and now["status"] == "suppressed":
        said.append(f"In care on {write.date(days[-1])}: withheld: too few people.")
    changed = {term: lookup(rows_of(result, term), "term").get((term,)) for term, _ in _CHANGES}
    known = [row for row in changed.values() if row is not None and _ok(row)]
    if len(known) == len(_CHANGES) and known[0]["n_patients"] > 0:
        counts = [
            f"{write.number(row['estimate'])} {word}"
            for (term, word) in _CHANGES
            if (row := changed[term]) is not None
        ]
        mdc = result.diagnostics.get("mdc95")
        beyond = f" ({mdc:g} or more)" if mdc else ""
        said.append(
            f"Since last month, beyond measurement error{beyond}: "
            f"{write.listing(counts)}, of {write.count(known[0]['n_patients'], 'patient')} with a "
            "score then and now."
        )
    elif changed["same"] is not None and changed["same"]["note"]:
        said.append(in_words(f"Change since last month: {changed['same']['note']}."))
    return said


def _by_entry(result: AnalysisResult) -> Table | None:
    """Improvement by quarter of entry at a fixed time."""
    rows = [row for row in records(rows_of(result, "mean_improvement")) if row["group"]]
    if not any(_ok(row) for row in rows):
        return None
    care = {
        (row["group"], row["landmark"]): row
        for row in records(rows_of(result, "in_care"))
        if row["group_by"] == "cohort"
    }
    last = _days(result)[-1]
    when = write.follow_up(int(result.spec.window))
    return Table(
        "Patients by quarter of entry",
        (
            "Entered",
            "In care now",
            f"Mean improvement at {when} ({interval_of(result)})",
            f"Answered at {when}",
        ),
        [
            (
                write.period(row["group"]),
                _count(care.get((row["group"], last))),
                cells.mean(row),
                cells.answered(row),
            )
            for row in rows
        ],
        ("Improvement is that of who answered, at the same time after entry for every quarter.",),
    )


def _days(result: AnalysisResult) -> list[str]:
    """Days that are looked at, rising."""
    return sorted(set(rows_of(result, "in_care")["landmark"])) or [""]


def _count(row: Row | None) -> str:
    if row is None:
        return write.number(0)
    return cells.count(row)


def _ok(row: Row | None) -> bool:
    return row is not None and row["status"] == "ok"
