"""What an improvement took: sessions and fees per responder and per point."""

from __future__ import annotations

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.disclosure import Release
from outcomes.present.labels import group_label, split_words, timing_words
from outcomes.present.rows import Row, interval_of, lookup, outcome_of, rows_of, split_of
from outcomes.present.sections.section import Section, absent, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_COLUMNS = (
    ("sessions_per_responder", "Sessions per responder", 1),
    ("sessions_per_point", "Sessions per point", 1),
    ("fees_per_responder", "Fees per responder", 0),
    ("fees_per_point", "Fees per point", 0),
)
PERSPECTIVE = (
    "Fees are what was charged for sessions and missed appointments, in the currency of the "
    "records: not what care cost the clinic, nor what else a patient spent or saved. All "
    "improvement is counted, whether or not care brought it about."
)


def value(release: Release, name: str) -> Section:
    """Show sessions and fees per responder and per point of improvement.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_value`, with or without a grouping.

    Returns
    -------
    Section
        A table, a row a group; columns of fees only where fees are recorded.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    result = release[name]
    split = split_of(result)
    what = "sessions and fees for an improvement"
    what = f"{what}, {split_words(result)}" if split else what
    missing = absent(result, what)
    if missing:
        return missing
    ratios = result.estimates[result.estimates["term"].isin([term for term, _, _ in _COLUMNS])]
    if (ratios["status"] == "ok").any():
        return Section([value_table(result, release)])
    notes = [note for note in ratios["note"] if note]
    reason = notes[0] if notes else "nothing that can be shown"
    return Section([Prose([f"Left out: {what}. {reason[:1].upper()}{reason[1:]}."], kind="absent")])


def value_table(result: AnalysisResult, release: Release) -> Table:
    """Tabulate the ratios.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_value`.
    release : Release
        For the names of instruments and thresholds.

    Returns
    -------
    Table
        A row a group.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    beside = beside_cadence(result)
    split = split_of(result)
    found = {term: lookup(rows_of(result, term), "group") for term, _, _ in _COLUMNS}
    known = lookup(rows_of(result, "fees_known"), "group")
    paid = any(
        row["status"] != "refused"
        for term in ("fees_per_responder", "fees_per_point")
        for row in found[term].values()
    )
    shown = [each for each in _COLUMNS if paid or not each[0].startswith("fees")]
    means = lookup(rows_of(result, "mean_sessions"), "group")
    rows = []
    for key, first in found["sessions_per_responder"].items():
        cells_of = [_ratio(found[term].get(key), decimals) for term, _, decimals in shown]
        rows.append(
            (
                group_label(split, key[0]),
                *cells_of,
                _plain(means.get(key)),
                cells.answered(first) if first["status"] != "refused" else _analysed(first),
            )
        )
    label = release.registry.get(outcome_of(result)).threshold(result.spec.threshold).label
    interval = interval_of(result)
    when = write.follow_up(result.spec.window)
    title = "What an improvement took"
    return Table(
        f"{title} by {when}, {split_words(result)}" if split else f"{title} by {when}",
        (
            "Group",
            *(f"{name} ({interval})" for _, name, _ in shown),
            "Sessions a patient",
            "Analysed",
        ),
        rows,
        (
            *beside,
            f"Responder: {label.replace(' %', '%')}. Sessions and fees of everyone analysed, also "
            "of those who did not respond, divided by the responders or by the points gained. "
            "Analysed: patients with both scores, of those whose time was over. – where too few "
            "responded, or no improvement can be told from none.",
            PERSPECTIVE if paid else _no_fees(known),
            *_fees_known(known, paid),
            *filter(None, [timing_words(result)]),
            *notes_of(result, without=beside),
        ),
    )


def _fees_known(known: dict[tuple[str, ...], Row], paid: bool) -> list[str]:
    """Say of how many all fees are known, where it is not everyone."""
    rows = [row for row in known.values() if row["status"] == "ok"]
    have, of = sum(row["n_events"] for row in rows), sum(row["n_patients"] for row in rows)
    if not paid or not of or have == of:
        return []
    return [
        f"Fees rest on the {write.share(have, of)} patients analysed of whom every attended "
        "session has a fee; the others are left out of the fees."
    ]


def _no_fees(known: dict[tuple[str, ...], Row]) -> str:
    """Say why there are no fees: none recorded in full, or of too few."""
    nobody = all(row["n_events"] == 0 for row in known.values() if row["status"] == "ok")
    reason = (
        "No patient has a fee for every attended session"
        if nobody
        else "Too few patients have both scores and a fee for every attended session"
    )
    return f"{reason}, so fees are left out; a missing fee is not a fee of nothing."


def _ratio(row: Row | None, decimals: int) -> str:
    if row is None or row["status"] != "ok":
        return cells.mean(row)
    text = write.score(row["estimate"], decimals)
    limits = write.interval(row["conf_low"], row["conf_high"], decimals)
    if limits == write.NOT_KNOWN:
        return f"{text} ({write.score(row['conf_low'], decimals)} or more)"
    return f"{text} ({limits})"


def _plain(row: Row | None) -> str:
    if row is None or row["status"] != "ok":
        return cells.mean(row)
    return write.score(row["estimate"])


def _analysed(row: Row) -> str:
    return write.share(row["n_patients"], row["n_eligible"])
