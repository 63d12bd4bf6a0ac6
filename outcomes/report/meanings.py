"""Words of a page that say their meaning where they are read, taken from its list of words."""

from __future__ import annotations

import re
from html import unescape

from outcomes.present.sections.terms import WRITTEN

_ROW = re.compile(
    r'<tr id="(word-[a-z-]+)">\s*<th[^>]*>(.*?)</th>\s*<td[^>]*>(.*?)</td>', re.DOTALL
)
# Headings and links are read as they are; what a patient takes home has no page to turn to.
_CLOSED = {"h1", "h2", "h3", "h4", "nav", "a", "button", "td", "style", "title", "footer"}
_VOID = {"img", "br", "meta", "hr"}
_LEFT = re.compile(r'class="(?:take-home|label|big)\b')
_LIST = '<tr id="word-'


def with_meanings(page: str) -> str:
    """Make each word of the list at the end say its meaning where it is used first in a section.

    Parameters
    ----------
    page : str
        A whole HTML document.

    Returns
    -------
    str
        The page; words are buttons that open what they mean, without a script, and print as plain
        text. A page without a list of words is returned as it is.
    """
    meanings = {name: (word, said) for name, word, said in _ROW.findall(page)}
    if not meanings:
        return page
    head, opening, rest = page.partition('<main id="report">')
    body, closing, tail = rest.partition("</main>")
    parts = re.split(r"(?=<section\b)", body)
    used: set[str] = set()
    told = [part if _LIST in part else _told(part, set(meanings), used) for part in parts]
    boxes = "".join(
        f'<div popover id="say-{name}" class="meaning" role="note">'
        f"<p><strong>{word.strip()}</strong> {said.strip()}</p></div>\n"
        for name, (word, said) in meanings.items()
        if name in used
    )
    return head + opening + "".join(told) + boxes + closing + tail


def _told(part: str, names: set[str], used: set[str]) -> str:
    """Make the first of each word in a part of a page a button."""
    waiting = {
        name: re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE)
        for name, pattern in WRITTEN.items()
        if name in names
    }
    opened: list[tuple[str, bool]] = []
    made = []
    for token in re.split(r"(<[^>]+>)", part):
        if token.startswith("<"):
            _follow(token, opened)
        elif token.strip() and not any(closed for _, closed in opened):
            token = _marked(token, waiting, used)
        made.append(token)
    return "".join(made)


def _follow(tag: str, opened: list[tuple[str, bool]]) -> None:
    """Keep count of the elements that are open, and of those that are left as they are."""
    found = re.match(r"</?([a-zA-Z0-9]+)", tag)
    if found is None or tag.startswith("<!"):
        return
    name = found[1].lower()
    if tag.startswith("</"):
        while opened and opened.pop()[0] != name:
            pass
    elif name not in _VOID and not tag.endswith("/>"):
        opened.append((name, name in _CLOSED or bool(_LEFT.search(tag))))


def _marked(text: str, waiting: dict[str, re.Pattern[str]], used: set[str]) -> str:
    """Mark words in a text; where two could begin at one place the longer is taken."""
    made: list[str] = []
    at = 0
    while True:
        found = [(each.search(text, at), name) for name, each in waiting.items()]
        hits = [(hit.start(), -len(hit[0]), name, hit) for hit, name in found if hit]
        if not hits:
            return "".join(made) + text[at:]
        _, _, name, hit = min(hits, key=lambda each: each[:3])
        label = f"What “{unescape(hit[0])}” means"
        made.append(
            f'{text[at : hit.start()]}<button type="button" class="word" '
            f'popovertarget="say-{name}" title="{label}">{hit[0]}</button>'
        )
        at = hit.end()
        used.add(name)
        del waiting[name]
