"""Questionnaires and measurements: what a number means, which change counts, and who says so."""

from __future__ import annotations

from outcomes.instruments.loinc import check_digit_ok
from outcomes.instruments.model import Instrument
from outcomes.instruments.parts import Band, BandScheme, ErrorFloor, Threshold
from outcomes.instruments.registry import InstrumentRegistry, default_registry
from outcomes.instruments.scoring import ItemScoring

__all__ = [
    "Band",
    "BandScheme",
    "ErrorFloor",
    "Instrument",
    "InstrumentRegistry",
    "ItemScoring",
    "Threshold",
    "check_digit_ok",
    "default_registry",
]
