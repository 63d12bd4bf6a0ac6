"""Resources of a file one after another: a Bundle, bulk NDJSON, or one resource; also packed."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TextIO

from outcomes.errors import DataContractError
from outcomes.io.fhir.elements import Resource, part, parts, text

ENDINGS = (".json", ".ndjson", ".jsonl", ".gz")
RESOURCE_LIMIT = 64_000_000
"""Characters in one resource beyond which a file holds no records."""
_CHUNK = 1 << 16
_LINES = (".ndjson", ".jsonl")
# JSON packs to a tenth or a thirtieth; what unpacks to more than this is made to do harm.
_MOST_UNPACKED, _FREE = 200, 64_000_000
_MOST_BLANK = 1_000_000
_SPACE = " \t\r\n"


@dataclass(frozen=True)
class Found:
    """A resource and where it stands.

    Parameters
    ----------
    place : int
        Number of the entry in a Bundle, or of the line in NDJSON, counting from 1.
    resource : dict
        The resource; empty where what stands there is none.
    full_url : str
        Address that other entries of the Bundle name it by.
    problem : str
        Why there is no resource; empty where there is one.
    deleted : str
        Type and id of a resource that the entry says was deleted, such as ``Observation/7``.
    """

    place: int
    resource: Resource
    full_url: str = ""
    problem: str = ""
    deleted: str = ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


# Numbers stay as they are written: 7.0 keeps its digits, and none is too long to read.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse_constant)


def read_resources(path: Path) -> Iterator[Found]:
    """Read the resources of a file without holding the file in memory.

    Parameters
    ----------
    path : Path
        A Bundle of any type, one resource, or a resource a line; ``.gz`` if packed with gzip.

    Yields
    ------
    Found
        Each resource, and each place where one should stand and does not.

    Raises
    ------
    DataContractError
        If the file can't be read, is no JSON, holds a resource that is larger than any record, or
        unpacks to a multiple of its size that no record does.
    """
    try:
        if _holds_lines(path):
            with _opened(path, "surrogateescape") as stream:
                yield from _lines(stream, path)
        else:
            with _opened(path, "strict") as stream:
                yield from _Document(stream, path).resources()
    except UnicodeError:
        raise DataContractError(
            "the file is not UTF-8 text.", "Export it again as JSON in UTF-8.", file=path.name
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is not packed whole"
        raise DataContractError(
            f"the file can't be read ({reason}).",
            "Check that it is there, that you may read it and that it was written whole.",
            file=path.name,
        ) from None


@contextmanager
def _opened(path: Path, errors: str) -> Iterator[TextIO]:
    with path.open("rb") as raw:
        packed = path.suffix.lower() == ".gz"
        whole = gzip.GzipFile(fileobj=raw) if packed else raw
        with io.TextIOWrapper(whole, encoding="utf-8-sig", errors=errors, newline="\n") as stream:
            yield stream


def _holds_lines(path: Path) -> bool:
    """Whether each line is a resource: by the ending, else by what the first line is."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    if suffixes and suffixes[-1] in _LINES:
        return True
    with _opened(path, "surrogateescape") as stream:
        first = stream.readline(_CHUNK).strip()
        if first.startswith("<"):
            raise DataContractError(
                "the file is XML.", "Export the records as JSON or NDJSON.", file=path.name
            )
        try:
            kind = part(_DECODER.decode(first)).get("resourceType")
        except (ValueError, RecursionError):
            return False
        return kind is not None and kind != "Bundle"


@dataclass
class _Guard:
    """What a packed file may unpack to."""

    path: Path
    unpacked: int = 0
    allowed: float = field(init=False)

    def __post_init__(self) -> None:
        packed = self.path.suffix.lower() == ".gz"
        size = self.path.stat().st_size
        self.allowed = max(_FREE, _MOST_UNPACKED * size) if packed else float("inf")

    def count(self, letters: int) -> None:
        self.unpacked += letters
        if self.unpacked > self.allowed:
            raise DataContractError(
                f"the file unpacks to more than {_MOST_UNPACKED} times its size.",
                "Unpack it yourself and look at it; records do not pack that small.",
                file=self.path.name,
            )


def _too_large(path: Path, place: int) -> NoReturn:
    raise DataContractError(
        f"a resource of {RESOURCE_LIMIT:,} characters or more is no record.",
        "Export without attached documents.",
        file=path.name,
        line=place,
    )


def _lines(stream: TextIO, path: Path) -> Iterator[Found]:
    guard = _Guard(path)
    place = blank = 0
    while line := stream.readline(RESOURCE_LIMIT):
        place += 1
        guard.count(len(line))
        if len(line) >= RESOURCE_LIMIT:
            _too_large(path, place)
        if not line.strip():
            blank += 1
            if blank > _MOST_BLANK:
                raise DataContractError(
                    "the file holds little but empty lines.", "Export it again.", file=path.name
                )
            continue
        try:
            content = _DECODER.decode(line)
            line.encode("utf-8")
        except UnicodeEncodeError:
            yield Found(place, {}, problem="is not UTF-8 text")
        except (ValueError, RecursionError):
            yield Found(place, {}, problem="is not valid JSON")
        else:
            if part(content).get("resourceType") == "Bundle":
                for entry in parts(part(content).get("entry")):
                    yield from _entry(entry, place)
            else:
                yield _resource(content, place)


def _resource(content: Any, place: int, full_url: str = "") -> Found:
    if not text(part(content).get("resourceType")):
        return Found(place, {}, problem="is no resource")
    return Found(place, content, full_url)


def _entry(entry: Any, place: int) -> Iterator[Found]:
    """One entry of a Bundle; a Bundle within it is gone through too."""
    waiting = [part(entry)]
    while waiting:
        here = waiting.pop()
        resource, request = here.get("resource"), part(here.get("request"))
        if text(request.get("method")) == "DELETE":
            yield Found(place, {}, deleted=text(request.get("url")))
        elif part(resource).get("resourceType") == "Bundle":
            waiting += parts(part(resource).get("entry"))[::-1]
        else:
            yield _resource(resource, place, text(here.get("fullUrl")))


class _Document:
    """A JSON document read piece by piece, so that of a Bundle one entry is held at a time."""

    def __init__(self, stream: TextIO, path: Path) -> None:
        self.stream, self.path = stream, path
        self.buffer, self.at, self.before = "", 0, 0
        self.ended = False
        self.guard = _Guard(path)
        self.place = 0

    def resources(self) -> Iterator[Found]:
        """Go through the document."""
        first = self._peek()
        if first == "[":
            for each in self._list():
                self.place += 1
                yield from self._any(each)
        elif first == "{":
            yield from self._object()
        else:
            self._refuse("is no JSON")
        if self._peek():
            self._refuse("goes on after its end")

    def _any(self, content: Any) -> Iterator[Found]:
        if part(content).get("resourceType") == "Bundle":
            for entry in parts(part(content).get("entry")):
                yield from _entry(entry, self.place)
        else:
            yield _resource(content, self.place)

    def _object(self) -> Iterator[Found]:
        """Go through a Bundle, or take the object as one resource."""
        fields: Resource = {}
        self.at += 1
        if self._peek() == "}":
            self.at += 1
        else:
            while True:
                key = self._value()
                if not isinstance(key, str) or self._peek() != ":":
                    self._refuse("is no valid JSON")
                self.at += 1
                bundle = fields.get("resourceType", "Bundle") == "Bundle"
                if key == "entry" and bundle and self._peek() == "[":
                    for entry in self._list():
                        self.place += 1
                        yield from _entry(entry, self.place)
                else:
                    fields[key] = self._value()
                after = self._peek()
                self.at += 1
                if after == "}":
                    break
                if after != ",":
                    self._refuse("is no valid JSON")
        if not self.place and fields.get("resourceType") != "Bundle":
            self.place = 1
            yield _resource(fields, 1)

    def _list(self) -> Iterator[Any]:
        self.at += 1
        if self._peek() == "]":
            self.at += 1
            return
        while True:
            yield self._value()
            after = self._peek()
            self.at += 1
            if after == "]":
                return
            if after != ",":
                self._refuse("is no valid JSON")

    def _value(self) -> Any:
        """Read one value, taking in as much of the file as it needs."""
        while True:
            self._peek()
            try:
                value, end = _DECODER.raw_decode(self.buffer, self.at)
            except RecursionError:
                self._refuse("is nested too deeply")
            except ValueError:
                if self.ended:
                    self._refuse("is no valid JSON")
                self._more()
                continue
            if end == len(self.buffer) and not self.ended:
                self._more()  # a number may go on
                continue
            self.at = end
            return value

    def _peek(self) -> str:
        """Skip white space and look at what comes; empty at the end of the file."""
        while True:
            while self.at < len(self.buffer):
                letter = self.buffer[self.at]
                if letter not in _SPACE:
                    return letter
                self.at += 1
            if self.ended:
                return ""
            self._more()

    def _more(self) -> None:
        # twice as much each time, so that a long value is not read over and over
        kept = self.buffer[self.at :]
        if len(kept) >= RESOURCE_LIMIT:
            _too_large(self.path, self.place + 1)
        chunk = self.stream.read(max(_CHUNK, len(kept)))
        self.before += self.at
        self.guard.count(len(chunk))
        self.ended = not chunk
        self.buffer, self.at = kept + chunk, 0

    def _refuse(self, problem: str) -> NoReturn:
        raise DataContractError(
            f"the file {problem} (near character {self.before + self.at + 1:,}).",
            "Export it again as a FHIR Bundle in JSON, or as NDJSON.",
            file=self.path.name,
        )
