"""Beside the comparison: when pain returns, and how many sessions improvement takes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.schedules.courses import plot_return, plot_sessions
from outcomes.present.labels import group_label, timing_words
from outcomes.present.rows import Row, interval_of, lookup, records
from outcomes.present.sections.section import Part, Section, absent, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

NOT_IDENTIFIED = "not point-identified"
RESAMPLED = {"Turnbull, bootstrap", "Turnbull, weighted for restarting"}


def pain_return_section(release: Release, name: str) -> Section:
    """Show when pain returns once scheduled sessions have ended.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_pain_return`.

    Returns
    -------
    Section
        Shares by week with scores at home; bounds labelled as not point-identified, and never a
        single curve, with scores of visits only.
    """
    result = release[name]
    estimates = result.estimates
    bounded = estimates[estimates["status"] == "not_identified"]
    if not (estimates["status"] == "ok").any() and bounded.empty:
        return absent(result, "return of pain") or Section([])
    parts: list[Part] = []
    if len(result.curve):
        parts.append(plot_return(result))
    methods = [each for each in dict.fromkeys(estimates["method"]) if each]
    found = lookup(estimates, "term", "method")
    rows = []
    for term in dict.fromkeys(estimates["term"]):
        if not term:
            continue
        shown = [_cell(found.get((term, method)), term) for method in methods]
        rows.append((_term(term, result.spec.horizon), *shown))
    row = records(estimates[estimates["term"] != ""])[0]
    notes = [
        f"{result.estimand}",
        f"{cells.answered(row)} patients whose scheduled sessions ended have a record afterwards. "
        f"{timing_words(result)}".strip(),
        *([_resampled(result, "Turnbull estimates")] if RESAMPLED & set(methods) else []),
        *notes_of(result),
    ]
    whole_bounds = len(bounded) and not (estimates["status"] == "ok").any()
    caption = (
        f"Return of pain after the last scheduled session: {NOT_IDENTIFIED}, bounds only"
        if whole_bounds
        else f"Return of pain after the last scheduled session ({interval_of(result)})"
    )
    heads = [_method(method) for method in methods]
    parts.append(Table(caption, ("By", *heads), rows, notes, numeric=not whole_bounds))
    return Section(parts)


def _resampled(result: AnalysisResult, what: str) -> str:
    """Say how many resamples limits rest on, as other parts of the page may have more."""
    times = write.count(result.spec.bootstraps, "resample")
    return f"Limits of {what} are those of {times} of patients, with everything refitted."


def _method(method: str) -> str:
    return {
        "Turnbull, bootstrap": "Without a model (Turnbull)",
        "interval-censored log-normal": "Log-normal model",
        "bounds from visits": "Bounds from visits",
    }.get(method, method)


def _term(term: str, horizon: float) -> str:
    if term == "rmst":
        return f"Weeks free of return, of {horizon:g}"
    return f"Returned by week {term.removeprefix('F(').removesuffix(')')}"


def _cell(row: Row | None, term: str) -> str:
    if row is None:
        return write.NOT_KNOWN
    share = term != "rmst"
    if row["status"] == "not_identified":
        limits = (
            write.proportion_interval(row["conf_low"], row["conf_high"])
            if share
            else write.interval(row["conf_low"], row["conf_high"])
        )
        return f"{NOT_IDENTIFIED}: {limits}"
    if row["status"] != "ok" or not share:
        return cells.mean(row)
    limits = write.proportion_interval(row["conf_low"], row["conf_high"])
    return f"{write.proportion(row['estimate'])} ({limits})"


def sessions_section(release: Release, name: str) -> Section:
    """Show pain session by session, the plateau, and sessions to confirmed improvement.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_sessions_to_improvement`.

    Returns
    -------
    Section
        The course had everyone gone on beside that of who came, and shares improved by onset.
    """
    result = release[name]
    missing = absent(result, "sessions to improvement")
    if missing:
        return missing
    estimates = result.estimates
    parts: list[Part] = []
    if result.curve["mean"].notna().any() if len(result.curve) else False:
        parts.append(plot_sessions(result, release.registry))
    parts.append(Prose([_plateau(estimates, result.spec)]))
    means = lookup(estimates[estimates["term"] == "mean"], "landmark")
    came = lookup(estimates[estimates["term"] == "attendees"], "landmark")
    name_of = interval_of(result)
    rows = [
        (
            landmark.capitalize(),
            cells.mean(row),
            cells.mean(came.get((landmark,))),
            _n(row["n_patients"]),
        )
        for (landmark,), row in means.items()
    ]
    if rows:
        parts.append(
            Table(
                f"Mean pain before each session ({name_of})",
                ("Session", "Had everyone gone on", "Those who came", "Patients"),
                rows,
                (
                    "The two part where leaving goes with pain. Sessions with too few effective "
                    "patients are refused (–).",
                    _resampled(result, "means had everyone gone on, and of the plateau,"),
                    *notes_of(result),
                ),
            )
        )
    shares = estimates[estimates["term"].isin(["improved_by", "left_by"])]
    if len(shares):
        parts.append(_improved(shares, name_of, result.spec))
    return Section(parts)


def _plateau(estimates: pd.DataFrame, spec: Any) -> str:
    rows = records(estimates[estimates["term"] == "plateau"])
    if not rows or rows[0]["status"] != "ok":
        note = rows[0]["note"] if rows else ""
        return f"No plateau can be told{': ' + note if note else ''}."
    row = rows[0]
    limits = write.interval(row["conf_low"], row["conf_high"], 0)
    return (
        f"The plateau is at session {row['estimate']:.0f} "
        f"({write.confidence(row['conf_level'])} {limits}): the first at which mean pain, had "
        f"everyone gone on, lies less than {spec.margin:g} points above that at "
        f"session {spec.sessions}."
    )


def _n(value: float) -> str:
    return write.number(value) if value == value else write.NOT_KNOWN


def _improved(shares: pd.DataFrame, name_of: str, spec: Any) -> Table:
    found = lookup(shares, "term", "group_by", "group", "landmark")
    landmarks = list(dict.fromkeys(shares["landmark"]))
    rows = []
    for group_by, group in dict.fromkeys(
        shares[["group_by", "group"]].itertuples(index=False, name=None)
    ):
        label = group_label(group_by, group)
        for term, words in (("improved_by", "improved"), ("left_by", "left before")):
            shown = [_share(found.get((term, group_by, group, mark))) for mark in landmarks]
            rows.append((f"{label}: {words}", *shown))
    return Table(
        f"Share with confirmed improvement by session ({name_of})",
        ("Onset", *(mark.capitalize() for mark in landmarks)),
        rows,
        (
            f"Confirmed: at least {spec.percent:g} % and {spec.points:g} points below the start, "
            "at one session and the next. Leaving before that is a competing event: who left is "
            "not counted as one who would have improved later, nor as one who would not.",
        ),
    )


def _share(row: Row | None) -> str:
    if row is None or row["status"] != "ok":
        return cells.mean(row)
    limits = write.proportion_interval(row["conf_low"], row["conf_high"])
    return f"{write.proportion(row['estimate'])} ({limits})"
