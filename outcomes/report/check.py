"""What was read, what was not, and what can be said from it, in plain text."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from outcomes.io import Loaded
from outcomes.io.load import REJECTS_FILE
from outcomes.present.format import count, date, number, share
from outcomes.report.completeness import find_topics, measure_completeness, needed

_REASONS = 15


def describe(loaded: Loaded) -> str:
    """Describe a data set for the person who keeps it.

    Parameters
    ----------
    loaded : Loaded
        What was read.

    Returns
    -------
    str
        Rows of each table read, accepted and rejected; the first reasons with their counts, never
        a value; notices; how complete the records are; which questions can be reported, and what
        the others lack.
    """
    tables = loaded.tables
    title = f"{tables.source}, {count(len(tables.patients), 'patient')}, as of {date(tables.as_of)}"
    parts = [title]
    if tables.synthetic:
        parts.append("These records are simulated and are evidence of nothing.")
    parts.append(_accounting(loaded.accounting))
    if len(loaded.rejects):
        parts.append(_reasons(loaded.rejects))
    if loaded.notices:
        parts.append(_section("Please note", loaded.notices))
    if len(tables.patients):
        shares = measure_completeness(tables)
        wide = max(len(each.label) for each in shares)
        lines = [f"{each.label:<{wide}}  {share(each.have, each.of)}" for each in shares]
        parts.append(_section("Recorded", lines))
        topics = find_topics(tables)
        can = [topic.label for topic in topics if not topic.missing]
        cannot = [f"{topic.label}: {topic.missing}" for topic in topics if topic.missing]
        table, sentence = map(number, needed())
        rule = f"Can be reported (a table needs {table} patients at a time, a sentence {sentence})"
        parts.append(_section(rule, can or ["Nothing yet."]))
        if cannot:
            parts.append(_section("Cannot be reported", cannot))
    return "\n\n".join(parts)


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _accounting(accounting: pd.DataFrame) -> str:
    wide = max(len(name) for name in accounting["table"])
    columns = ["rows_read", "rows_accepted", "rows_rejected"]
    lines = [f"{'':<{wide}}  {'read':>12}  {'accepted':>12}  {'rejected':>12}"]
    for table, counts in zip(accounting["table"], accounting[columns].to_numpy(), strict=True):
        lines.append(f"{table:<{wide}}" + "".join(f"  {number(each):>12}" for each in counts))
    earlier = int(accounting["rejected_at_import"].sum())
    if earlier:
        lines.append(f"{number(earlier)} more had been rejected when the records were imported.")
    return _section("Rows", lines)


def _reasons(rejects: pd.DataFrame) -> str:
    """Count reasons; the line of another row belongs to one row and is left out."""
    reason = rejects["reason"].str.replace(r" \((?:[^()]*, )?line \d+\)$", "", regex=True)
    place = rejects["table"].where(
        rejects["column"] == "", rejects["table"] + ", " + rejects["column"]
    )
    counts = (place + ": " + reason).value_counts()
    lines = [f"{number(rows):>8}  {why}" for why, rows in counts.head(_REASONS).items()]
    if len(counts) > _REASONS:
        lines.append(f"{'':>8}  and {number(len(counts) - _REASONS)} other reasons")
    return _section(f"Why rows were rejected (each is in {REJECTS_FILE})", lines)
