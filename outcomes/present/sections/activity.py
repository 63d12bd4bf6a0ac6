"""A period beside the one it is compared with: visits, answers, lapses and the mix of cadences."""

from __future__ import annotations

import pandas as pd

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.disclosure import Release
from outcomes.present.labels import group_label
from outcomes.present.rows import Row, interval_of, lookup, records, rows_of
from outcomes.present.sections.section import Section, absent, notes_of
from outcomes.present.tables import Table
from outcomes.results import AnalysisResult
from outcomes.verdicts import VerdictRules, difference_of, judge_change

_MEASURES = (
    ("new_patients", "Patients who began care"),
    ("patients_seen", "Patients seen"),
    ("sessions_attended", "Sessions attended"),
    ("no_show", "Appointments missed without notice"),
    ("cancelled", "Appointments cancelled"),
    ("answered", "Pain scores answered, of those due"),
    ("mean_improvement", "Mean improvement of pain {window} after the start"),
    ("lapsed", "Patients who lapsed during the period"),
    (
        "lapsed_in_pain",
        "Of these with a score in the last {weeks} weeks, last one {in_pain} or more",
    ),
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
        if any(row["status"] != "refused" or _few(row) for row in found.values()):
            rows.append(
                (
                    _label(label, result),
                    *(_cell(term, found.get((period,))) for period in periods),
                    _difference(term, *(found.get((period,)) for period in periods)),
                )
            )
    notes = notes_of(result, without=beside_cadence(result))
    columns = ("Measure", *(write.period(period) for period in periods))
    level = interval_of(result)
    tables = []
    if rows:
        said = ["Counted from the records as they were known at the end of each period."]
        if any(map(_few, records(rows_of(result, "mean_improvement", group="")))):
            few = result.spec.min_answers
            said.append(f"– stands where fewer than {few} patients had both scores.")
        if len(rows_of(result, "cadence_share")) and "cadence_window" in result.diagnostics:
            said.append(
                "Who lapsed during a period is counted among all patients. The patients in care "
                "below attended in the "
                f"{write.number(result.diagnostics['cadence_window'])} days before its end, so "
                "fewer of them have lapsed."
            )
        said.append(
            "Difference: of shares in percentage points, with the interval that chance allows for; "
            f"– where fewer than {VerdictRules().minimum_n} in one of the periods."
        )
        heads = (*columns, f"Difference ({level})")
        tables.append(Table(" and ".join(columns[1:]), heads, rows, (*said, *notes)))
    mix = _mix(result, periods)
    return Section([*tables, *([mix] if mix else [])])


def _label(label: str, result: AnalysisResult) -> str:
    """Name a measure with the choices it was made by."""
    spec = result.spec
    return label.format(
        window=write.follow_up(spec.window),
        weeks=write.number(spec.recent_days // 7),
        in_pain=f"{spec.in_pain:g}",
    )


def _few(row: Row) -> bool:
    """Whether a mean was refused although there are scores."""
    return row["term"] in _MEANS and row["status"] == "refused" and row["n_patients"] > 0


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


def _difference(term: str, now: Row | None, before: Row | None) -> str:
    """Write how a number differs from that of the period before; of counts without an interval."""
    if now is None or before is None or {now["status"], before["status"]} != {"ok"}:
        return write.NOT_KNOWN
    if term in _COUNTS:
        return write.signed(now["estimate"] - before["estimate"], 0)
    rows = pd.Series(now), pd.Series(before)
    if judge_change(*rows).lack not in ("", "width"):
        return write.NOT_KNOWN
    scale = 1.0 if term in _MEANS else 100.0
    gap, low, high = (scale * each for each in difference_of(*rows))
    return f"{write.signed(gap)} ({write.signed(low)} to {write.signed(high)})"


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
