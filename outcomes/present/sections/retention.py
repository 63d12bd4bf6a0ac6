"""Who stays: cadence over time, plans against attendance, appointments, and those who lapsed."""

from __future__ import annotations

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.months import (
    MonthlyWords,
    monthly_rows,
    plot_cadence_mix,
    plot_months,
)
from outcomes.present.figures.staying import plot_staying
from outcomes.present.labels import group_label
from outcomes.present.rows import Row, interval_of, lookup, records, rows_of
from outcomes.present.sections.section import Part, Section, absent
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_MONTHLY = (
    ("no_show", "Appointments missed without notice", "the share of appointments missed", False),
    (
        "rebooked",
        "Sessions after which the next appointment was booked",
        "the share of sessions after which the next appointment stood booked",
        True,
    ),
)


def cadence_over_time(release: Release, name: str) -> Section:
    """Show the patients in care by how often they come, month by month.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_retention`.

    Returns
    -------
    Section
        A figure, or a line that says why there is none.

    Raises
    ------
    DisclosureError
        If the mix comes without starting pain or without its caution.
    """
    result = release[name]
    what = "how often patients come, month by month"
    missing = absent(result, what)
    if missing:
        return missing
    rows = monthly_rows(result, "cadence_share")
    if not (rows["status"] == "ok").any():
        return _left_out(what, "There is no month with a number that can be shown")
    return Section([plot_cadence_mix(result)])


def plan_attendance(release: Release, name: str) -> Section:
    """Show what was recommended against what was attended.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_retention`.

    Returns
    -------
    Section
        A table by plan, or a line that says why there is none.
    """
    result = release[name]
    what = "recommended schedules against sessions attended"
    missing = absent(result, what)
    if missing:
        return missing
    terms = {
        term: lookup(rows_of(result, term), "group")
        for term in ("planned_sessions", "attended_sessions", "attended_of_planned", "kept_plan")
    }
    rows = []
    for key, came in terms["attended_sessions"].items():
        ratio = terms["attended_of_planned"].get(key)
        rows.append(
            (
                group_label("plan", key[0]),
                _plain(terms["planned_sessions"].get(key)),
                cells.mean(came),
                _plain(ratio, 2),
                cells.share(terms["kept_plan"].get(key)),
                cells.WITHHELD
                if came["status"] == "suppressed"
                else write.number(came["n_patients"]),
            )
        )
    if not rows:
        reasons = [row["note"] for row in records(rows_of(result, "attended_of_planned"))]
        return _left_out(what, reasons[0] if reasons and reasons[0] else "None is recorded")
    kept = f"{100 * result.spec.kept:g}%"
    return Section(
        [
            Table(
                "Recommended schedules and what was attended",
                (
                    "Plan",
                    "Planned per 28 days",
                    f"Attended per 28 days ({interval_of(result)})",
                    "Attended per planned",
                    f"Came to {kept} or more",
                    "Patients",
                ),
                rows,
                (
                    "A plan stands until the next one, at most "
                    f"{write.number(result.spec.plan_days)} days. When needed has no planned "
                    "session. A patient who had several plans is in several rows.",
                ),
            )
        ]
    )


def staying_in_care(release: Release, name: str) -> Section:
    """Show how long patients stay in their first course of care.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_retention`.

    Returns
    -------
    Section
        A figure and a sentence, or by clinic a table; a line where too few are watched.
    """
    result = release[name]
    what = "how long patients stay"
    missing = absent(result, what)
    if missing:
        return missing
    if result.spec.by_clinic:
        table = _by_clinic(result)
        return Section([table]) if table else _left_out(what, "Too few patients began long ago")
    curve = result.curve
    if len(curve) < 2:
        return _left_out(what, "Too few patients began care long enough ago")
    rows = lookup(rows_of(result, "still_in_care", group=""), "day")
    said = [
        f"{write.proportion(row['estimate'])} at {write.follow_up(int(day))}"
        for (day,), row in rows.items()
        if row["status"] == "ok" and day in (84, 182, 364)
    ]
    parts: list[Part] = []
    if said:
        parts.append(
            Prose(
                [
                    f"Still in their first course of care: {write.listing(said)}. People leave "
                    "because they are well and because care did not help; this does not tell which."
                ]
            )
        )
    return Section([*parts, plot_staying(result)])


def appointments_kept(release: Release, name: str) -> Section:
    """Show appointments missed and booked again by month, and who has none ahead.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_retention`, all patients or by clinic.

    Returns
    -------
    Section
        A sentence and a figure for each share.
    """
    result = release[name]
    missing = absent(result, "appointments")
    if missing:
        return missing
    parts: list[Part] = []
    if result.spec.by_clinic:
        parts += _appointments_by_clinic(result)
    elif said := _standing(result):
        parts.append(Prose(said))
    by = ", by clinic" if result.spec.by_clinic else ""
    for term, caption, measure, whole in _MONTHLY:
        rows = monthly_rows(result, term)
        if (rows["status"] == "ok").any():
            words = MonthlyWords(f"{caption}{by}, by month", measure, "Dashed: median.")
            parts.append(plot_months(result, term, words, whole=whole))
        else:
            notes = [note for note in rows["note"] if note]
            parts += _left_out(caption.lower(), notes[0] if notes else "None is recorded").parts
    return Section(parts)


def lapsed_patients(release: Release, name: str) -> Section:
    """Show the lapsed by the last pain that is known of them.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_retention`.

    Returns
    -------
    Section
        A sentence and a table by band of pain.
    """
    result = release[name]
    what = "lapsed patients by their last pain"
    missing = absent(result, what)
    if missing:
        return missing
    lapsed = lookup(rows_of(result, "lapsed"), "group").get(("",))
    pain = lookup(rows_of(result, "lapsed_in_pain"), "group").get(("",))
    parts: list[Part] = []
    said = []
    if _ok(lapsed):
        said.append(
            f"Of the patients who attended in the last {_weeks(result.spec.lapsed_within)}, "
            f"{cells.share(lapsed)} have lapsed."
        )
    if _ok(pain):
        said.append(
            f"Of those with a last score, {cells.share(pain)} left with pain of "
            f"{result.spec.in_pain:g} or more."
        )
    if said:
        parts.append(Prose([" ".join(said)]))
    bands = records(rows_of(result, "lapsed_by_last_pain"))
    if any(row["status"] == "ok" for row in bands):
        parts.append(
            Table(
                "Lapsed patients by the last pain known of them",
                ("Last pain", "Patients"),
                [(_band(row["group"]), cells.share(row)) for row in bands],
                (
                    "The last score from "
                    f"{write.number(result.spec.score_before)} days before the last session on, "
                    "not one taken after a session. Names of bands are for display only.",
                ),
            )
        )
    if parts:
        return Section(parts)
    hidden = any(row is not None and row["status"] == "suppressed" for row in (lapsed, pain))
    reason = "Withheld: there are too few people" if hidden else "Nobody attended in that time"
    return _left_out(what, reason)


def _standing(result: AnalysisResult) -> list[str]:
    """Say how many have no appointment ahead, and the shares over all months."""
    ahead = lookup(rows_of(result, "no_future_booking"), "group").get(("",))
    said = []
    if _ok(ahead):
        said.append(f"Patients in care without an appointment ahead: {cells.share(ahead)}.")
    elif ahead is not None and ahead["status"] == "refused" and ahead["n_patients"] != 0:
        said.append(f"Who has no appointment ahead is not known: {ahead['note']}.")
    whole = {
        term: lookup(rows_of(result, term), "landmark").get(("",))
        for term in ("no_show", "cancelled")
    }
    counted = [
        f"{word} {cells.share(whole[term])}"
        for term, word in (("no_show", "missed without notice"), ("cancelled", "cancelled"))
        if _ok(whole[term])
    ]
    if counted:
        months = write.number(result.spec.months)
        said.append(f"Appointments in the last {months} months: {write.listing(counted)}.")
    return said


def _by_clinic(result: AnalysisResult) -> Table | None:
    staying = lookup(rows_of(result, "still_in_care"), "group", "day")
    days = [day for day in (84, 182, 364) if any(key[1] == day for key in staying)]
    pain = lookup(rows_of(result, "lapsed_in_pain"), "group", "landmark")
    groups = list(dict.fromkeys(group for group, _ in staying))
    rows = [
        (
            group_label("clinic", group),
            *(_proportion(staying.get((group, day))) for day in days),
            cells.share(pain.get((group, ""))),
        )
        for group in groups
    ]
    if not rows or not days:
        return None
    return Table(
        "Staying in care, by clinic",
        (
            "Clinic",
            *(f"In care at {write.follow_up(day)}" for day in days),
            "Lapsed in pain",
        ),
        rows,
        (
            "In care: still in the first course of care. Lapsed in pain: last score of "
            f"{result.spec.in_pain:g} or more, of lapsed patients with one. Not adjusted for who "
            "goes where.",
        ),
    )


def _appointments_by_clinic(result: AnalysisResult) -> list[Part]:
    found = {
        term: lookup(rows_of(result, term), "group", "landmark")
        for term in ("no_show", "rebooked", "no_future_booking")
    }
    groups = sorted({group for rows in found.values() for group, when in rows if not when})
    if not groups:
        return []
    return [
        Table(
            "Appointments, by clinic",
            ("Clinic", "Missed without notice", "Booked again", "None ahead"),
            [
                (
                    group_label("clinic", group),
                    *(cells.share(rows.get((group, ""))) for rows in found.values()),
                )
                for group in groups
            ],
            (
                f"Missed: of appointments due in the last {write.number(result.spec.months)} "
                "months. Booked again: sessions after which an appointment stood booked. None "
                "ahead: of patients in care. Not adjusted for who goes where.",
            ),
        )
    ]


def _left_out(what: str, reason: str) -> Section:
    text = reason.strip().rstrip(".")
    said = f"Left out: {what}. {text[:1].upper()}{text[1:]}."
    return Section([Prose([said], kind="absent")])


def _ok(row: Row | None) -> bool:
    return row is not None and row["status"] == "ok"


def _plain(row: Row | None, decimals: int = 1) -> str:
    """Write an estimate without its interval."""
    if row is None or row["status"] != "ok":
        return cells.mean(row)
    return write.score(row["estimate"], decimals)


def _proportion(row: Row | None) -> str:
    if row is None or row["status"] != "ok":
        return cells.mean(row)
    limits = write.proportion_interval(row["conf_low"], row["conf_high"])
    text = write.proportion(row["estimate"])
    return text if limits == write.NOT_KNOWN else f"{text} ({limits})"


def _band(name: str) -> str:
    return name[:1].upper() + name[1:]


def _weeks(days: int) -> str:
    return "year" if days == 364 else write.count(days // 7, "week")
