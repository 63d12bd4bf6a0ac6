"""The text of a finished page, as its readers have it."""

from __future__ import annotations

import re
from html import unescape


def words_of(page: str) -> str:
    """Text of a page without style, alternative text of its figures behind it."""
    # a word that says its meaning is a button within a sentence
    body = re.sub(r"</?button[^>]*>", "", page.partition("<body>")[2])
    alts = " ".join(re.findall(r'alt="([^"]*)"', body))
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body) + " " + alts))
