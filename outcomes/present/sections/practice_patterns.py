"""What goes with what in practice, and whether pain decides it."""

from __future__ import annotations

from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.practice import plot_practice, practice_label, shown_rows
from outcomes.present.rows import Row, interval_of, lookup, records, rows_of
from outcomes.present.sections.section import Part, Section, absent, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult


def practice_patterns(release: Release, name: str) -> Section:
    """Show associations of pressure, techniques and muscles, with the reverse beside them.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_practice_patterns`.

    Returns
    -------
    Section
        The caution, a figure, a table with the reverse direction, and the spread of therapists.
    """
    result = release[name]
    missing = absent(result, "what goes with what in practice")
    if missing:
        return missing
    parts: list[Part] = [Prose(list(notes_of(result)))]
    if any(len(shown_rows(result, outcome)) for outcome in ("next_change", "soreness")):
        parts += [plot_practice(result), _both_ways(result)]
    spread = lookup(rows_of(result, "therapist_sd"), "term").get(("therapist_sd",))
    share = lookup(rows_of(result, "therapist_share"), "term").get(("therapist_share",))
    if spread is not None and spread["status"] == "ok" and share is not None:
        parts.append(
            Prose(
                [
                    f"Therapists differ by {write.score(spread['estimate'], 2)} "
                    f"{spread['unit']} (standard deviation) in the improvement of their patients "
                    f"at equal starting pain: {write.proportion(share['estimate'])} of what "
                    "differs between patients. Whom a therapist sees is part of it."
                ]
            )
        )
    elif spread is not None and spread["note"]:
        parts.append(Prose([f"How far therapists differ: {spread['note']}."]))
    return Section(parts)


def _both_ways(result: AnalysisResult) -> Table:
    """Tabulate the next score, soreness, and whether pain decides what is done."""
    rows = records(rows_of(result, "association"))
    found = {(row["outcome"], row["group_by"], row["group"]): row for row in rows}
    back = lookup(rows_of(result, "reverse"), "group_by", "group")
    named = dict.fromkeys((row["group_by"], row["group"]) for row in rows if row["status"] == "ok")
    return Table(
        "Both directions",
        (
            "Used",
            f"Change of pain to the next session ({interval_of(result)})",
            "Soreness after it, in 100 sessions",
            "Chosen more with a point more pain",
        ),
        [
            (
                practice_label(*each),
                cells.change(found.get(("next_change", *each)), 2),
                _in_hundred(found.get(("soreness", *each))),
                cells.change(back.get(each), 2)
                if each[0] == "pressure"
                else _in_hundred(back.get(each)),
            )
            for each in named
        ],
        (
            "The last column reads the other way: how much firmer, or in how many more of 100 "
            "sessions, with one point more pain before the session. P values of techniques and "
            "muscles are adjusted for false discoveries together.",
        ),
    )


def _in_hundred(row: Row | None) -> str:
    """Write a difference of shares in sessions of a hundred."""
    if row is None or row["status"] != "ok":
        return cells.change(row)
    hundred = {name: 100 * row[name] for name in ("estimate", "conf_low", "conf_high")}
    return cells.change({**row, **hundred}, 1)
