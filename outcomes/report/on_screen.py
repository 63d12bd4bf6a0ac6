"""Names beside chart ids, on this screen only: joined in memory, served on loopback, never written.

A report holds chart ids. Whoever has a list of names may see them in the finished pages for as long
as this process runs; no file, no cache of a browser and no log gets one.
"""

from __future__ import annotations

import csv
import hmac
import re
import secrets
from collections.abc import Mapping
from html import escape, unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from outcomes.errors import DataContractError

_CHART = re.compile(r'<span class="chart">([^<]*)</span>')
_COLUMNS = ("id", "name")
_INLINE_ONLY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""A page may draw what it holds itself, and ask for nothing and run nothing."""


def read_names(path: Path) -> dict[str, str]:
    """Read a list of names.

    Parameters
    ----------
    path : Path
        A CSV file with the columns ``id`` and ``name``, in UTF-8.

    Returns
    -------
    dict of str to str
        Name by chart id.

    Raises
    ------
    DataContractError
        If the file cannot be read, has not these columns, or gives an id two names. Messages hold
        line numbers and never a name.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise DataContractError(
            "cannot be read as CSV in UTF-8.", "Save the list as CSV (UTF-8).", file=path.name
        ) from None
    names: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        chart, name = ((row.get(column) or "").strip() for column in _COLUMNS)
        if not chart or not name or names.get(chart, name) != name:
            raise DataContractError(
                f"line {line} has no id, no name, or an id that has another name already.",
                "Give the columns id and name, and each id once.",
                file=path.name,
            )
        names[chart] = name
    if not names:
        raise DataContractError(
            "holds no name.", "Give the columns id and name, and a line a patient.", file=path.name
        )
    return names


def with_names(page: str, names: Mapping[str, str]) -> str:
    """Put names before the chart ids of a page.

    Parameters
    ----------
    page : str
        A finished page.
    names : mapping of str to str
        Name by chart id.

    Returns
    -------
    str
        The page; an id without a name stays as it is.
    """

    def named(found: re.Match[str]) -> str:
        name = names.get(unescape(found[1]))
        return found[0] if name is None else f"{escape(name)} ({found[0]})"

    return _CHART.sub(named, page)


class NamedPages:
    """Pages with names, for this screen; use it as a context.

    Parameters
    ----------
    pages : mapping of str to str
        Finished pages by title.
    names : mapping of str to str
        Name by chart id.
    """

    def __init__(self, pages: Mapping[str, str], names: Mapping[str, str]) -> None:
        shown = {str(place): with_names(page, names) for place, page in enumerate(pages.values())}
        links = "".join(
            f'<li><a href="{place}">{escape(title)}</a></li>' for place, title in enumerate(pages)
        )
        shown[""] = (
            '<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8">'
            "<title>Reports with names, on this screen only</title></head>"
            f"<body><h1>With names, on this screen only</h1><ul>{links}</ul></body></html>"
        )
        if len(pages) == 1:
            shown[""] = shown["0"]
        self._token = secrets.token_urlsafe(24)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(shown, self._token))

    @property
    def address(self) -> str:
        """Address with the token, which only this computer can open."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{self._token}/"

    def __enter__(self) -> NamedPages:
        return self

    def __exit__(self, *problem: object) -> None:
        self._server.server_close()

    def serve(self) -> None:
        """Answer until interrupted."""
        self._server.serve_forever()

    def stop(self) -> None:
        """End `serve` from another thread."""
        self._server.shutdown()


def _handler(pages: Mapping[str, str], token: str) -> type[BaseHTTPRequestHandler]:
    """Answer requests that know the token, from a browser that was sent to this computer."""

    class Handler(BaseHTTPRequestHandler):
        """One request."""

        server_version = "outcomes"
        sys_version = ""

        def do_GET(self) -> None:
            """Send a page."""
            _, given, name = (*self.path.split("/", 2), "", "")[:3]
            # a page elsewhere can make a browser ask here under a name of its own
            host = (self.headers.get("Host") or "").partition(":")[0]
            known = hmac.compare_digest(given.encode(), token.encode())
            if host != "127.0.0.1" or not known or name not in pages:
                self.send_error(404)
                return
            body = pages[name].encode("utf-8")
            self.send_response(200)
            for key, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("X-Content-Type-Options", "nosniff"),
                ("Content-Security-Policy", _INLINE_ONLY),
            ):
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: an address holds the token."""

    return Handler
