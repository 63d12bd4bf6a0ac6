"""An attack on finished pages: counts, shares and tables as a stranger reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from outcomes.present import Policy
from outcomes.report.small_cells import Leak

_NUMBER = r"\d{1,3}(?:,\d{3})+|\d+"
_RATIO = re.compile(rf"(?<![\d.,])({_NUMBER}) of ({_NUMBER})(?![\d,.]*\d)(?:\s*\((\d+)\s*%\))?")
_PEOPLE = re.compile(
    rf"(?<![\d.,–-])({_NUMBER}) (?:patients|patient|people|persons?|responders|answered|answers)\b"
)
# "fewer than 30 patients" says what a rule is, not how many there were.
_RULE = re.compile(r"(?:than|under|least|below|above|over|every|per|to|most|needs|about)\s*$", re.I)
_TOTAL = re.compile(r"^(?:all\b|everyone\b|total\b|together\b)", re.I)
_WITHHELD = "withheld"
_WHOLE = re.compile(rf"^({_NUMBER})$")
_SILENT = {"style", "script"}
_BREAKS = {"p", "li", "td", "th", "tr", "div", "figcaption", "caption", "h1", "h2", "h3", "h4"}


@dataclass(frozen=True)
class PageTable:
    """A table as it stands on a page.

    Parameters
    ----------
    caption : str
        Its title.
    rows : tuple of tuple of str
        Cells, headers among them, the first row the names of the columns.
    """

    caption: str
    rows: tuple[tuple[str, ...], ...]


class _Reader(HTMLParser):
    """Collects sentences, alternative texts and tables."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tables: list[PageTable] = []
        self._open: list[list[str]] = []
        self._rows: list[tuple[str, ...]] = []
        self._caption = ""
        self._words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block; alternative texts and labels are sentences too."""
        self._silent += tag in _SILENT
        self.texts += [value for name, value in attrs if name in ("alt", "aria-label") and value]
        if tag in _BREAKS:
            self._flush()
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._open.append([])

    def handle_endtag(self, tag: str) -> None:
        """End a block."""
        self._silent -= tag in _SILENT
        if tag not in _BREAKS and tag != "table":
            return
        text = self._flush()
        if tag in ("td", "th") and self._open:
            self._open[-1].append(text)
        elif tag == "caption":
            self._caption = text
        elif tag == "tr" and self._open:
            self._rows.append(tuple(self._open.pop()))
        elif tag == "table":
            self.tables.append(PageTable(self._caption, tuple(self._rows)))

    def handle_data(self, data: str) -> None:
        """Take words that are shown."""
        if not self._silent:
            self._words.append(data)

    def _flush(self) -> str:
        text = " ".join("".join(self._words).split())
        self._words = []
        if text:
            self.texts.append(text)
        return text


def attack_pages(
    pages: Mapping[str, str], policy: Policy, published: Collection[str] = ()
) -> list[Leak]:
    """Try to recover small counts from finished pages.

    Parameters
    ----------
    pages : mapping of str to str
        HTML by the code of the clinic; empty for all clinics together.
    policy : Policy
        Rules, which the attacker knows.
    published : collection of str
        Texts whose counts are of other people, such as those in published studies.

    Returns
    -------
    list of Leak
        A count that is small or not rounded, in a table, a sentence or the text of a figure; a
        percentage that its rounded counts do not give; a cell that is the rest of its column, or
        of all clinics. Empty if there is none.
    """
    read = {who: _read(page) for who, page in pages.items()}
    leaks = []
    for who, reader in read.items():
        place = who or "all"
        for text in reader.texts:
            if text in published:
                continue
            leaks += [Leak(f"{place}: {_short(text)}", why) for why in _told_by(text, policy)]
        for table in reader.tables:
            leaks += [Leak(f"{place}: {table.caption}", why) for why in _rest_of(table, policy)]
    return leaks + _across({who: reader.tables for who, reader in read.items()}, policy)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


def _told_by(text: str, policy: Policy) -> list[str]:
    """Say what is wrong with the counts and shares of a sentence."""
    found = []
    for match in _RATIO.finditer(text):
        part, whole = _whole(match.group(1)), _whole(match.group(2))
        if _open_to_all(part, policy) or _open_to_all(whole, policy):
            found.append("a count that is small or not rounded")
        elif match.group(3) and whole and abs(100 * part / whole - int(match.group(3))) > 0.51:
            found.append("a percentage that is not of the rounded counts")
    for match in _PEOPLE.finditer(text):
        if _RULE.search(text[: match.start()]):
            continue
        if _open_to_all(_whole(match.group(1)), policy):
            found.append("a number of people that is small or not rounded")
    return found


def _rest_of(table: PageTable, policy: Policy) -> list[str]:
    """Find a column with a total and all parts but one."""
    body = table.rows[1:]
    width = max((len(row) for row in table.rows), default=0)
    found = []
    for column in range(1, width):
        cells = [(row[0], row[column]) for row in body if len(row) > column]
        totals = [_count(cell) for label, cell in cells if _TOTAL.match(label)]
        parts = [cell for label, cell in cells if not _TOTAL.match(label)]
        lost = sum(_WITHHELD in cell for cell in parts)
        known = [value for cell in parts if (value := _count(cell)) is not None]
        total = totals[0] if len(totals) == 1 else None
        if total is None or lost != 1 or len(known) != len(parts) - 1 or not known:
            continue
        below, above = policy.slack
        least = total - below - sum(known) - above * len(known)
        most = total + above - sum(known) + below * len(known)
        if most >= 0 and least < policy.minimum:
            found.append("a cell that is the total less all others")
    return found


def _across(pages: Mapping[str, list[PageTable]], policy: Policy) -> list[Leak]:
    """Find a cell of all clinics of which all clinics but one are shown."""
    cells: dict[tuple[str, str, str, str], dict[str, str]] = {}
    for who, tables in pages.items():
        for table in tables:
            names = table.rows[0] if table.rows else ()
            for row in table.rows[1:]:
                for name, cell in zip(names[1:], row[1:], strict=False):
                    cells.setdefault((table.caption, names[0], row[0], name), {})[who] = cell
    clinics = [who for who in pages if who]
    leaks = []
    below, above = policy.slack
    for (caption, _, label, name), by in cells.items():
        total = _count(by.get("", ""))
        if total is None or len(clinics) < 2 or any(who not in by for who in clinics):
            continue
        lost = [who for who in clinics if _WITHHELD in by[who]]
        known = [value for who in clinics if (value := _count(by[who])) is not None]
        if len(lost) != 1 or len(known) != len(clinics) - 1:
            continue
        least = max(0, total - below - sum(known) - above * len(known))
        most = min(policy.minimum - 1, total + above - sum(known) + below * len(known))
        if 0 <= most - least + 1 < policy.possible and least < policy.minimum <= total:
            leaks.append(Leak(f"{caption}, {label}, {name}", "all clinics less the others"))
    return leaks


def _count(cell: str) -> int | None:
    """Read the count a cell holds, the first of two where it says how many of how many."""
    alone = _WHOLE.match(cell)
    if alone:
        return _whole(alone.group(1))
    ratio = _RATIO.search(cell)
    return _whole(ratio.group(1)) if ratio else None


def _whole(text: str) -> int:
    return int(text.replace(",", ""))


def _open_to_all(count: int, policy: Policy) -> bool:
    # a count of `minimum` may be rounded to less than that
    return count < policy.minimum - policy.slack[0] or count % policy.round_to > 0


def _short(text: str) -> str:
    """Say which sentence it is without repeating a number of it."""
    return re.sub(r"\d[\d,.]*", "#", text)[:80]
