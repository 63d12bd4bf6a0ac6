"""What a comparison of schedules cannot tell, from what the records lack."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from outcomes.present.disclosure import Release
from outcomes.present.labels import outcome_label, strategy_label
from outcomes.present.rows import why_absent
from outcomes.present.schedules import contrasts_of, frame_of, horizons_of, strategies_of
from outcomes.present.sections.schedules.words import told
from outcomes.present.sections.section import Section
from outcomes.present.tables import Prose
from outcomes.results import AnalysisResult

_SHOWN_ELSEWHERE = (
    "The checks of the weights did not",
    "No plans are recorded",
    "Not adjusted for",
    "Nobody follows",
)


def schedule_limits(
    release: Release, name: str, pain_return: str, *, clinics: Collection[str]
) -> Section:
    """Say what the pages before cannot tell.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.
    pain_return : str
        Name of the result of `estimate_pain_return`.
    clinics : collection of str
        Codes of the clinics that the patients are of, an empty one where they belong to none.

    Returns
    -------
    Section
        Sentences, those that hold of every such comparison after those that these records give
        reason for.
    """
    result = release[name]
    said = [*_of_these_records(result, release, clinics)]
    bounded = (release[pain_return].estimates["status"] == "not_identified").any()
    if bounded:
        said.append(
            "When pain returns is only bounded: without scores answered at home nobody knows how "
            "those are who do not come."
        )
    said += [
        "Whether something that nobody recorded drove both the schedule and the pain. No check can "
        "rule that out; the E-values say how strong it would have to be.",
        "What no session at all would do: on demand means coming back when needed.",
        "What a schedule does for one person: means of many are compared.",
        "What holds elsewhere: other clinics, other patients, and those who were not eligible may "
        "differ.",
        "Whether massage works: every schedule compared is care, and none is none.",
    ]
    return Section([Prose(said, listed=True)])


def _of_these_records(
    result: AnalysisResult, release: Release, clinics: Collection[str]
) -> list[str]:
    said = []
    if not contrasts_of(result):
        said.append(f"Anything about which schedule is better. {told(why_absent(result))}".strip())
    elif not result.diagnostics.get("planned", False):
        notes = [note for note in result.notes if note.startswith("No plans are recorded")]
        said += notes[:1]
    compared = horizons_of(result)
    if contrasts_of(result):
        last = max(horizon.last for horizon in result.spec.horizons)
        said.append(
            f"What comes after week {4 * last}. Compared were {' and '.join(compared)}."
            if len(compared) > 1
            else f"What comes after week {4 * last}."
        )
    absent = [s.name for s in result.spec.strategies if s.name not in strategies_of(result)]
    if absent and contrasts_of(result):
        names = ", ".join(strategy_label(name).lower() for name in absent)
        said.append(f"Anything about the schedules that nobody follows: {names}.")
    left_out = [
        outcome_label(str(code), release.registry).lower()
        for code in result.diagnostics.get("confounders_left_out", ())
    ]
    if left_out:
        said.append(
            "Whether patients differed in what is not recorded or does not vary here: "
            f"{', '.join(left_out)}."
        )
    if set(clinics) <= {""}:
        said.append("Whether clinics differ, and whether that is behind it: none is recorded.")
    elif len(clinics) == 1:
        said.append(
            "Whether another clinic would find the same: all patients are of one clinic, and its "
            "habits cannot be told from the schedules."
        )
    said += [told(note) for note in result.notes if contrasts_of(result) and _worth(note, result)]
    return list(dict.fromkeys(said))


def _worth(note: str, result: AnalysisResult) -> bool:
    """Leave out what is said beside the numbers already."""
    if note.startswith(_SHOWN_ELSEWHERE) or "effective patients of" in note:
        return False
    if note in result.diagnostics.get("failures", ()):
        return False
    panel = frame_of(result, "sensitivity")
    shown = isinstance(panel, pd.DataFrame) and len(panel) > 0
    return not (shown and note.startswith(("Pain at visits", "Schedules after the decision")))
