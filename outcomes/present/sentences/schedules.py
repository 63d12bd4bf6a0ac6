"""How maintenance schedules compare, worded as an effect only where the checks passed."""

from __future__ import annotations

import re
from dataclasses import replace

from outcomes.instruments import InstrumentRegistry
from outcomes.present import format as write
from outcomes.present.labels import outcome_label, strategy_words
from outcomes.present.schedules import (
    DIFFERENCE,
    TOO_FEW,
    contrasts_of,
    horizons_of,
    outcomes_of,
    row_of,
)
from outcomes.present.sentences.sentence import Sentence, cannot, subject_of, unit_of
from outcomes.results import AnalysisResult
from outcomes.verdicts import Verdict, judge_cause, judge_result

IF_ALL_RECORDED = (
    "Sentences that say what would be if everyone kept to a schedule hold only if the records hold "
    "whatever drove both the schedule and the pain. No check can show that."
)


def schedule_sentence(
    result: AnalysisResult,
    contrast: str,
    horizon: str,
    outcome: str,
    registry: InstrumentRegistry | None = None,
) -> Sentence:
    """Say how two schedules compare.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.
    contrast, horizon, outcome : str
        What is compared.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    Sentence
        Worded as what a schedule would do where `judge_cause` carries that; as an association, with
        what takes the other wording away, where it does not; not carried where there is no number
        or the interval is too wide to tell.
    """
    first, _, second = contrast.partition(" vs ")
    a, b = strategy_words(first), strategy_words(second)
    row = row_of(result, DIFFERENCE, contrast, horizon, outcome)
    subject = subject_of(outcome, registry)
    if ":" in outcome:
        subject = outcome_label(outcome, registry)
    about = f"{subject} in {horizon}, {a} against {b}"
    shown = judge_result(
        result,
        term=DIFFERENCE,
        landmark=horizon,
        group=contrast,
        outcome=outcome,
        registry=registry,
        # those on neither schedule are weighted for, and are no missing answers
        eligible=None if row is None else float(row["n_patients"]),
    )
    if row is None or not shown.carried:
        # what follows a reason in a note, such as the order of testing, is no part of it
        missing = re.split(r"; (?:primary|tested)", shown.missing)[0].rstrip(".") + "."
        if row is not None and row["status"] == "refused" and not row["note"]:
            missing = TOO_FEW
        return cannot(about, replace(shown, missing=missing))
    cause = judge_cause(
        result, group=contrast, landmark=horizon, outcome=outcome, registry=registry
    )
    share = row["unit"] == "share"
    scale, decimals, unit = (100, 0, "percentage points") if share else (1, 1, unit_of(row))
    amount = write.score(scale * abs(row["estimate"]), decimals)
    name = write.confidence(row["conf_level"])
    ends = [scale * row[end] for end in ("conf_low", "conf_high")]
    if shown.direction == "little change":
        limits = write.interval(min(ends), max(ends), decimals)
        found = f"hardly differ ({name} {limits} {unit})"
        effect = f"{subject} in {horizon} would {found} had everyone kept to {a} or to {b}."
        told = f"{subject} in {horizon} did {found} between {a} and {b}"
        told = told.replace("did hardly differ", "hardly differed")
    else:
        side = "lower" if row["estimate"] < 0 else "higher"
        near, far = sorted(abs(end) for end in ends)
        limits = write.interval(near, far, decimals)
        found = f"{amount} {unit} {side} ({name} {limits})"
        effect = (
            f"{subject} in {horizon} would be {found} if everyone kept to {a} than if everyone "
            f"kept to {b}."
        )
        told = f"{subject} in {horizon} was {found} with {a} than with {b}"
    if cause.carried:
        return Sentence(effect, True)
    return Sentence(
        f"{told}, once patients were weighted to be alike in what is recorded. This is an "
        f"association and not an effect: {_within(cause.missing)}",
        True,
    )


def _within(sentence: str) -> str:
    """Write a sentence as the end of another."""
    head = sentence[:1]
    return sentence if sentence[:2].isupper() else f"{head.lower()}{sentence[1:]}"


def effects_carried(
    result: AnalysisResult, registry: InstrumentRegistry | None = None
) -> dict[str, Verdict]:
    """Judge each contrast of the primary outcome in the primary weeks.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.
    registry : InstrumentRegistry, optional
        Instruments of the data set; those shipped unless given.

    Returns
    -------
    dict of str to Verdict
        Of kind ``causal``, by contrast; empty where nothing was compared.
    """
    contrasts = contrasts_of(result)
    if not contrasts:
        return {}
    horizon = horizons_of(result)[0]
    outcome = outcomes_of(result, horizon)[0]
    return {
        contrast: judge_cause(
            result, group=contrast, landmark=horizon, outcome=outcome, registry=registry
        )
        for contrast in contrasts
    }
