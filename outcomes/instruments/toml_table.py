"""A TOML table that knows where it stands, so that an error names the key at fault."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from outcomes.errors import DataContractError

_NAMES = {str: "text", float: "a number", int: "a whole number", bool: "true or false"}
_NAMES |= {list: "a list", dict: "a table"}


class TomlTable:
    """A TOML table together with where it stands, so that errors can name the key.

    Parameters
    ----------
    content : Any
        What was parsed; refused if it is no table.
    place : str
        Name of the table with the tables above it, joined by points.
    file : str
        Name of the file.
    """

    def __init__(self, content: Any, place: str, file: str) -> None:
        self.place = place
        self.file = file
        if not isinstance(content, Mapping):
            self.refuse("", "must be a table.", f"Write [{place}] with its keys below.")
        self.content: Mapping[str, Any] = content

    def refuse(self, key: str, problem: str, remedy: str) -> NoReturn:
        """Raise the error for a key of this table.

        Parameters
        ----------
        key : str
            The key at fault; empty for the table as a whole.
        problem, remedy : str
            As for `DataContractError`.

        Raises
        ------
        DataContractError
            Always.
        """
        column = f"{self.place}.{key}" if key else self.place
        raise DataContractError(problem, remedy, file=self.file, column=column)

    def check(self, kinds: Mapping[str, type], required: Sequence[str]) -> dict[str, Any]:
        """Return the values, once no key is unknown or missing and their kinds are right.

        Parameters
        ----------
        kinds : mapping of str to type
            Kind of each key there may be; ``float`` takes whole numbers too.
        required : sequence of str
            Keys that must be there.

        Returns
        -------
        dict
            Value by key.

        Raises
        ------
        DataContractError
            For the first key that does not fit.
        """
        unknown = sorted(set(self.content) - set(kinds))
        if unknown:
            self.refuse(unknown[0], "unknown key.", f"Use one of: {', '.join(sorted(kinds))}.")
        for key in required:
            if key not in self.content:
                self.refuse(key, "is missing.", f"Add {key} = {_NAMES[kinds[key]]}.")
        return {key: self._value(key, kinds[key]) for key in self.content}

    def _value(self, key: str, kind: type) -> Any:
        value = self.content[key]
        if kind is float:
            return self.number(key, value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.refuse(key, "has the wrong type.", f"Write {_NAMES[kind]}.")
        if isinstance(value, str) and not value.strip():
            self.refuse(key, "is empty.", "Write some text, or leave the key out.")
        return value

    def number(self, key: str, value: Any) -> float:
        """Return a number as float.

        Parameters
        ----------
        key : str
            Key it stands under.
        value : Any
            What stands there.

        Returns
        -------
        float
            The number, finite.

        Raises
        ------
        DataContractError
            If it is something else.
        """
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value):
            self.refuse(key, "has the wrong type.", "Write a number.")
        return float(value)

    def below(self, key: str) -> TomlTable:
        """Return the table under a key.

        Parameters
        ----------
        key : str
            A key of this table.

        Returns
        -------
        TomlTable
            The table, which knows its place.

        Raises
        ------
        DataContractError
            If something else stands there.
        """
        return TomlTable(self.content[key], f"{self.place}.{key}", self.file)
