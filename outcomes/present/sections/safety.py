"""What went wrong after sessions, and whether contraindications were respected."""

from __future__ import annotations

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.disclosure import Release
from outcomes.present.labels import group_label, split_words
from outcomes.present.rows import Row, interval_of, lookup, records, rows_of
from outcomes.present.sections.section import Part, Section, absent, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_NOT_ASKED = (
    "Only what was recorded is counted: a low number may mean that nobody asked, or wrote it down."
)


def safety(release: Release, name: str) -> Section:
    """Show adverse events by grade, kind and duration, and treatment without clearance.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_safety`, with or without a grouping.

    Returns
    -------
    Section
        Sentences and tables; by group one table.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    result = release[name]
    missing = absent(result, "safety")
    if missing:
        return missing
    if result.spec.group_by:
        return Section([_split_table(result)])
    parts: list[Part] = [Prose(_sentences(result))]
    parts += [
        table
        for table in (
            _sessions_table(
                result,
                "sessions_by_worst",
                "How bad events were, per 100 sessions",
                "Worst event of the session",
                "Each session counts once, by its worst event. Minor: bothersomeness of 3 or less "
                "on a scale from 0 to 10; serious by its own mark; not graded: severity or "
                "duration was not recorded. Grades: Paanalahti 2014, BMC Musculoskelet Disord "
                "15:77.",
            ),
            _sessions_table(
                result,
                "sessions_by_symptom",
                "What was felt, per 100 sessions",
                "Symptom",
                "A session with two symptoms is in two rows.",
            ),
            _shares_table(
                result,
                "duration",
                "How long events lasted",
                ("Duration", "Events"),
                _median(result),
            ),
            _shares_table(
                result,
                "flagged_by",
                "Contraindications of patients treated",
                ("Contraindication", "Patients of those asked"),
                (),
            ),
        )
        if table is not None
    ]
    return Section(parts)


def _sentences(result: AnalysisResult) -> list[str]:
    """Say events per 100 sessions, serious ones, and who was treated without clearance."""
    said = []
    any_event, serious = _row(result, "sessions_with_event"), _row(result, "serious")
    if any_event is not None and _ok(any_event):
        said.append(
            f"At least one event is recorded after {_hundred(any_event)} of 100 sessions "
            f"({_counted(any_event)})."
        )
    elif any_event is not None and any_event["status"] == "refused":
        said.append("Adverse events are not recorded, so nothing can be said of them.")
    if serious is not None and _ok(serious):
        if serious["n_events"] == 0:
            said.append(
                f"No serious event is recorded in {write.count(serious['n_patients'], 'session')}. "
                "As far as all are recorded, that makes a rate above "
                f"{_one_in(serious['conf_high'])} unlikely (limit of one side, 95%)."
            )
        else:
            said.append(f"Serious events: {_counted(serious)}.")
    elif serious is not None and serious["status"] == "suppressed":
        said.append("The number of serious events is withheld: too few people.")
    if _ok(any_event):
        said.append(_NOT_ASKED)
    return [*said, *_clearance(result)]


def _clearance(result: AnalysisResult) -> list[str]:
    screened, flagged = _row(result, "screened"), _row(result, "flagged")
    if not _ok(screened):
        return []
    if screened is not None and screened["n_events"] == 0:
        return ["Contraindications are not recorded, so whether they were respected is not known."]
    said = [f"Asked for contraindications: {cells.share(screened)} patients treated."]
    without = _row(result, "treated_without_clearance")
    unknown = _row(result, "clearance_not_recorded")
    if _ok(flagged):
        said.append(f"Of these {cells.share(flagged)} had one.")
    if without is not None and _ok(without):
        said.append(
            "None of them is recorded as treated without clearance."
            if without["n_events"] == 0
            else f"Treated although not cleared: {cells.share(without)}. It should be none."
        )
    if unknown is not None and _ok(unknown) and unknown["n_events"]:
        said.append(f"Whether they were cleared is not recorded of {cells.share(unknown)}.")
    soon = _row(result, "soon_after_onset")
    texts = [" ".join(said)]
    if _ok(soon):
        days = write.number(result.spec.onset_days)
        texts.append(
            f"First seen within {days} days of the onset, of patients with a dated onset: "
            f"{cells.share(soon)}."
        )
    return texts


def _sessions_table(
    result: AnalysisResult, term: str, caption: str, first: str, note: str
) -> Table | None:
    rows = records(rows_of(result, term))
    rows = [row for row in rows if row["group"] != "ungraded" or row["n_events"]]
    if not rows:
        return None
    split = str(rows[0]["group_by"])
    return Table(
        caption,
        (first, f"Per 100 sessions ({interval_of(result)})", "Sessions"),
        [(_name(split, row["group"]), _per_hundred(row), _sessions(row)) for row in rows],
        (note,),
    )


def _shares_table(
    result: AnalysisResult,
    term: str,
    caption: str,
    columns: tuple[str, str],
    notes: tuple[str, ...],
) -> Table | None:
    rows = [row for row in records(rows_of(result, term)) if row["status"] != "refused"]
    if not rows:
        return None
    split = str(rows[0]["group_by"])
    return Table(
        caption,
        columns,
        [(_name(split, row["group"]), cells.share(row)) for row in rows],
        notes,
    )


def _split_table(result: AnalysisResult) -> Table:
    beside = beside_cadence(result)
    split = result.spec.group_by
    terms = {
        term: lookup(rows_of(result, term), "group")
        for term in ("sessions_with_event", "serious", "flagged", "treated_without_clearance")
    }
    rows = [
        (
            group_label(split, key[0]),
            _per_hundred(row),
            _sessions(terms["serious"].get(key)),
            cells.share(terms["flagged"].get(key)),
            cells.share(terms["treated_without_clearance"].get(key)),
        )
        for key, row in terms["sessions_with_event"].items()
    ]
    return Table(
        f"Safety, {split_words(result)}",
        (
            "Group",
            f"Events per 100 sessions ({interval_of(result)})",
            "Sessions with a serious event",
            "With a contraindication",
            "Of these not cleared",
        ),
        rows,
        (
            *beside,
            "Sessions with at least one event. " + _NOT_ASKED + " – where nothing is recorded, or "
            "nobody has a contraindication.",
            *notes_of(result, without=beside),
        ),
    )


def _median(result: AnalysisResult) -> tuple[str, ...]:
    row = _row(result, "duration_median")
    if row is None or not _ok(row):
        return ()
    return (
        f"Half of the events whose duration is known were over in {row['estimate']:.0f} hours.",
    )


def _name(split: str, group: str) -> str:
    label = group_label(split, group)
    return label[:1].upper() + label[1:]


def _row(result: AnalysisResult, term: str) -> Row | None:
    return lookup(rows_of(result, term), "group").get(("",))


def _ok(row: Row | None) -> bool:
    return row is not None and row["status"] == "ok"


def _hundred(row: Row | None) -> str:
    return write.NOT_KNOWN if row is None else write.score(100 * row["estimate"])


def _per_hundred(row: Row | None) -> str:
    """Write a share of sessions as a number per 100 sessions with its interval."""
    if row is None or row["status"] != "ok":
        return cells.mean(row)
    # a rate of rare events needs digits, or its limit reads as nothing
    top = 100 * row["conf_high"]
    decimals = 1 if top >= 0.5 else 2 if top >= 0.05 else 3
    limits = write.interval(100 * row["conf_low"], 100 * row["conf_high"], decimals)
    return f"{write.score(100 * row['estimate'], decimals)} ({limits})"


def _sessions(row: Row | None) -> str:
    if row is None or row["status"] != "ok":
        return cells.share(row)
    return f"{write.number(row['n_events'])} of {write.number(row['n_patients'])}"


def _counted(row: Row | None) -> str:
    if row is None:
        return write.NOT_KNOWN
    return f"{write.number(row['n_events'])} of {write.count(row['n_patients'], 'session')}"


def _one_in(limit: float) -> str:
    return f"1 in {write.number(1 / limit)} sessions" if limit > 0 else write.NOT_KNOWN
