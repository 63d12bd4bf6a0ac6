"""All instruments known: those shipped, and the user's own from ``settings.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from outcomes.errors import DataContractError
from outcomes.instruments.model import Instrument
from outcomes.instruments.reading import read_instrument


class InstrumentRegistry:
    """Instruments by code. A registry does not change; `extended` returns another.

    Parameters
    ----------
    instruments : iterable of Instrument
        Instruments with different codes.
    """

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._instruments = {each.code: each for each in instruments}

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes known, in the order registered."""
        return tuple(self._instruments)

    def __contains__(self, code: object) -> bool:
        return code in self._instruments

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._instruments.values())

    def __len__(self) -> int:
        return len(self._instruments)

    def get(self, code: str) -> Instrument:
        """Look up an instrument.

        Parameters
        ----------
        code : str
            Its code.

        Returns
        -------
        Instrument
            The instrument.

        Raises
        ------
        DataContractError
            If the code is not known.
        """
        if code not in self._instruments:
            raise DataContractError(
                f"no instrument has the code {code!r}.",
                f"Use one of: {', '.join(self.codes)}; or describe your own in settings.toml.",
                column="instrument",
            )
        return self._instruments[code]

    def by_loinc(self, code: str) -> Instrument | None:
        """Find the instrument whose score goes by a LOINC code.

        Parameters
        ----------
        code : str
            Such as ``82237-9``.

        Returns
        -------
        Instrument or None
            The instrument, or None where no instrument has that code.
        """
        return next((each for each in self if code in each.loinc), None)

    def extended(
        self, definitions: Mapping[str, Mapping[str, Any]], *, file: str = "settings.toml"
    ) -> InstrumentRegistry:
        """Return a registry with more instruments.

        Parameters
        ----------
        definitions : mapping
            Table by code, as parsed from ``[instruments.<code>]``. A table for a code that is known
            already must say ``replace = true``, and then stands in place of it as a whole.
        file : str
            Name of the file, for errors.

        Returns
        -------
        InstrumentRegistry
            This registry's instruments and the new ones.

        Raises
        ------
        DataContractError
            For a definition that does not fit, or one that would replace another unasked.
        """
        found = dict(self._instruments)
        for code, definition in definitions.items():
            content = dict(definition) if isinstance(definition, Mapping) else definition
            replaces = content.pop("replace", False) if isinstance(content, dict) else False
            if code in self and replaces is not True:
                raise DataContractError(
                    "is an instrument already.",
                    "Choose another code, or add replace = true to use yours in its place.",
                    file=file,
                    column=f"instruments.{code}",
                )
            found[code] = read_instrument(code, content, file=file)
        return InstrumentRegistry(found.values())


@cache
def default_registry() -> InstrumentRegistry:
    """Read the instruments that the package ships.

    Returns
    -------
    InstrumentRegistry
        The same object at each call.
    """
    registry = InstrumentRegistry(())
    folder = files("outcomes.instruments") / "definitions"
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        registry = registry.extended(content["instruments"], file=path.name)
    return registry
