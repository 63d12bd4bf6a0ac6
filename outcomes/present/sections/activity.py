"""A period beside the one it is compared with: visits, answers, lapses and the mix of cadences."""

from __future__ import annotations

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.disclosure import Release
from outcomes.present.labels import group_label
from outcomes.present.rows import Row, lookup, rows_of
from outcomes.present.sections.section import Section, absent, notes_of
from outcomes.present.tables import Table
from outcomes.results import AnalysisResult

_MEASURES = (
    ("new_patients", "Patients who began care"),
    ("patients_seen", "Patients seen"),
    ("sessions_attended", "Sessions attended"),
    ("no_show", "Appointments missed without notice"),
    ("cancelled", "Appointments cancelled"),
    ("answered", "Pain scores answered, of those due"),
    ("mean_improvement", "Mean improvement of pain 12 weeks after the start"),
    ("lapsed", "Patients who lapsed"),
    ("lapsed_in_pain", "Lapsed with a last pain score of 5 or more"),
)
_COUNTS = ("new_patients", "patients_seen", "sessions_attended", "lapsed")
_MEANS = ("mean_improvement",)


def period_comparison(release: Release, name: str) -> Section:
    """Show what happened in the period and in the one it is compared with.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_clinic_activity`.

    Returns
    -------
    Section
        A table of counts and shares, and one of the patients in care by cadence.

    Raises
    ------
    DisclosureError
        If the mix of cadences comes without starting pain or without its caution.
    """
    result = release[name]
    missing = absent(result, "the comparison of periods")
    if missing:
        return missing
    periods = _periods(result)
    rows = []
    for term, label in _MEASURES:
        found = lookup(rows_of(result, term, group=""), "landmark")
        if any(row["status"] != "refused" for row in found.values()):
            rows.append((label, *(_cell(term, found.get((period,))) for period in periods)))
    notes = notes_of(result, without=beside_cadence(result))
    columns = ("Measure", *(write.period(period) for period in periods))
    tables = []
    if rows:
        note = "Counted from the records as they were known at the end of each period."
        tables.append(Table(" and ".join(columns[1:]), columns, rows, (note, *notes)))
    mix = _mix(result, periods)
    return Section([*tables, *([mix] if mix else [])])


def _periods(result: AnalysisResult) -> list[str]:
    """Labels of the two periods, the one looked at first."""
    estimates = result.estimates
    own = estimates[estimates["term"] != "starting_pain"]
    return list(dict.fromkeys(own["landmark"]))


def _cell(term: str, row: Row | None) -> str:
    if term in _COUNTS:
        return cells.count(row)
    if term in _MEANS:
        text = cells.mean(row)
        known = row is not None and row["status"] == "ok"
        return f"{text}\n{cells.answered(row)}" if known else text
    return cells.share(row)


def _mix(result: AnalysisResult, periods: list[str]) -> Table | None:
    """Patients in care by cadence at the end of each period."""
    shares = lookup(rows_of(result, "cadence_share"), "group", "landmark")
    groups = list(dict.fromkeys(group for group, _ in shares))
    if not groups:
        return None
    rows = [
        (
            group_label("cadence", group),
            *(cells.share(shares.get((group, period))) for period in periods),
        )
        for group in groups
    ]
    columns = ("How often they come", *(f"End of {write.period(period)}" for period in periods))
    return Table("Patients in care, by how often they come", columns, rows, beside_cadence(result))
