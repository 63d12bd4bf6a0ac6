"""The answer in sentences that a manager can repeat.

Each holds its number, its interval, how many people it speaks of and how many it could have spoken
of. What the data cannot carry is not said: the verdict says what is missing instead.
"""

from __future__ import annotations

from outcomes.present.sentences.change import change_sentence, completeness_sentence, spoken_days
from outcomes.present.sentences.difference import difference_sentence
from outcomes.present.sentences.headaches import (
    diary_sentence,
    headache_sentence,
    responder_sentence,
)
from outcomes.present.sentences.movement import movement_sentence
from outcomes.present.sentences.sentence import BY_CHANCE, NO_COMPARISON, Sentence

__all__ = [
    "BY_CHANCE",
    "NO_COMPARISON",
    "Sentence",
    "change_sentence",
    "completeness_sentence",
    "diary_sentence",
    "difference_sentence",
    "headache_sentence",
    "movement_sentence",
    "responder_sentence",
    "spoken_days",
]
