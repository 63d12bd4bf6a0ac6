"""Records and analysis data for other programs and other people."""

from __future__ import annotations

from outcomes.export.adam import derive_adsl, derive_bds
from outcomes.export.export import KINDS, export_data
from outcomes.export.pseudonyms import Pseudonyms
from outcomes.io.keys import make_key, read_key

__all__ = [
    "KINDS",
    "Pseudonyms",
    "derive_adsl",
    "derive_bds",
    "export_data",
    "make_key",
    "read_key",
]
