"""The reference that patients are held against, and how its flags fared on this clinic's past."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.off_track.charts import FROM_START, Charts, fit_charts, fit_sudden
from outcomes.analyses.off_track.flags import first_flags, flagged_by, flags_of
from outcomes.analyses.off_track.rows import session_rows
from outcomes.analyses.off_track.spec import OffTrackSpec
from outcomes.derive.known import score_events
from outcomes.derive.patient_days import day_numbers, positions, sorted_ids
from outcomes.errors import EstimationError
from outcomes.stats.intervals import wilson
from outcomes.tables import Tables

CHART, PLAIN_RULE = "chart", "plain_rule"


@dataclass(frozen=True)
class OffTrackReference:
    """Charts of one data set at one day, with the record of their flags.

    Parameters
    ----------
    spec : OffTrackSpec
        Choices, the instrument filled in.
    as_of : Timestamp
        Day of the records.
    synthetic : bool
        Whether the records were simulated.
    charts : Charts
        The fits; none where starters are too few.
    rule : {"chart", "plain_rule"}
        What patients are judged by.
    why_plain : str
        Why there is no chart, as a sentence; empty where there is one.
    starters : int
        Patients with a score at the start and at a later session of the first course.
    history : DataFrame
        Past sessions as `session_rows` makes them, judged by charts made without the patient
        (`Charts.judge`), with ``off_track``, ``sudden_change`` (1, 0 or missing), ``later`` (score
        some weeks after) and ``fine_later`` (1, 0 or missing).
    """

    spec: OffTrackSpec
    as_of: pd.Timestamp
    synthetic: bool
    charts: Charts
    rule: str
    why_plain: str
    starters: int
    history: pd.DataFrame

    def check(self, tables: Tables) -> None:
        """Refuse to judge patients that this reference may not judge.

        Parameters
        ----------
        tables : Tables
            The patients' data set.

        Raises
        ------
        EstimationError
            If the reference was fitted on simulated patients and these are real, or knows of days
            after the as-of date of these.
        """
        if self.synthetic and not tables.synthetic:
            raise EstimationError(
                "This reference was fitted on simulated patients: it never judges real ones.",
                "Fit the reference on the clinic's own records.",
            )
        if self.as_of > tables.as_of:
            raise EstimationError(
                "This reference knows of days after the as-of date.",
                "Fit the reference on the records as they were known on that day.",
            )

    def wrong(self) -> tuple[int, int]:
        """Count first flags that turned out wrong.

        Returns
        -------
        (int, int)
            Flags after which the patient turned out fine, whatever was done, and flags with a later
            score.
        """
        first = first_flags(self.history)
        told = first["fine_later"].notna()
        return int(first["fine_later"].sum()), int(told.sum())

    def one_in(self) -> float:
        """Say N of "flags are wrong about 1 in N".

        Returns
        -------
        float
            Flags with a later score for each wrong one; missing while they are too few to say.
        """
        wrong, told = self.wrong()
        if told < self.spec.min_flags:
            return float("nan")
        return told / wrong if wrong else float("inf")

    def one_in_text(self) -> str:
        """Say how often flags are wrong, as a sentence.

        Returns
        -------
        str
            With the number of flags it rests on, or why it is not known yet.
        """
        spec, (wrong, told) = self.spec, self.wrong()
        if told < spec.min_flags:
            return (
                f"How often flags are wrong is not known yet: {told} of this clinic's flags have a "
                f"score {spec.later_from} to {spec.later_to} days later, {spec.min_flags} are "
                "needed."
            )
        low, high = wilson(wrong, told, spec.conf_level)
        if wrong == 0:
            return f"None of this clinic's {told} flags with a later score was wrong so far."
        share = wrong / told
        # below 2, whole numbers would hide the difference between most flags and all of them
        often = f"{told / wrong:.{1 if told < 2 * wrong else 0}f}".removesuffix(".0")
        least = "half" if spec.fine_share == 0.5 else f"{100 * spec.fine_share:.0f} %"
        text = (
            f"Flags are wrong about 1 in {often} "
            f"({100 * share:.0f} %, {100 * float(low):.0f} to {100 * float(high):.0f} %): "
            f"of {told} of this clinic's flags, {wrong} were followed {spec.later_from} to "
            f"{spec.later_to} days later by pain at most {least} of that at the start."
        )
        if float(low) > 0.5:
            text += " Most people who are flagged here get well all the same."
        return text

    def alarm_text(self) -> str:
        """Say how many starters are flagged, as a sentence.

        Returns
        -------
        str
            Measured on this clinic's past; empty where too few were judged to say.
        """
        rate = flagged_by(self.history, self.spec.found_by)
        sudden = self.history["sudden_change"]
        if len(rate) < self.spec.min_flags:
            return ""
        text = (
            f"Of 100 people who start, {100 * rate.mean():.0f} are flagged as off track at least "
            f"once by session {self.spec.found_by}"
        )
        if sudden.notna().any():
            text += f"; of 100 visits, {100 * sudden.mean():.1f} are flagged as a sudden change"
        return text + "."


def fit_off_track_reference(tables: Tables, spec: OffTrackSpec | None = None) -> OffTrackReference:
    """Fit the expected course, and look at how its flags would have fared.

    Parameters
    ----------
    tables : Tables
        All patients of a clinic or network, at the day that is looked from.
    spec : OffTrackSpec, optional
        Choices.

    Returns
    -------
    OffTrackReference
        To give to `estimate_off_track` for any of these patients; fit it once a day.

    Raises
    ------
    EstimationError
        If a higher score of the instrument is not worse.

    Notes
    -----
    For the record of past flags, patients are dealt into parts in the order of their ids and each
    is judged by charts fitted without their part, so that no flag is praised for what it was fitted
    to. Scores after the as-of date of `tables` do not exist for it.
    """
    spec = spec or OffTrackSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    if not tables.registry.get(spec.instrument).lower_is_better:
        raise EstimationError(
            "Off-track signals need an instrument on which higher is worse.",
            "Choose a pain instrument, such as nrs_pain.",
        )
    rows = session_rows(tables, spec, weighted=True)
    charts = fit_charts(rows, spec)
    starters = _starters(rows)
    why = ""
    if charts.last >= spec.first_charted:
        charts = replace(charts, sudden=fit_sudden(rows, spec))
    else:
        charts = replace(charts, by_session={})
        why = (
            f"{starters} people have a score at the start and at a later session; a chart needs "
            f"{spec.min_effective:.0f} at each of sessions 2 to {spec.first_charted}. Until then "
            f"the plain rule is used: under {spec.plain_points:g} points better by session "
            f"{spec.plain_session}, for those who started above {spec.plain_above:g}."
        )
    judged = _judge_apart(rows, charts, spec)
    history = pd.concat([rows, judged], axis=1)
    flags = flags_of(history, charts, spec)
    history = pd.concat([history, flags], axis=1)
    history = _later(history, tables, spec)
    rule = PLAIN_RULE if why else CHART
    return OffTrackReference(
        spec, tables.as_of, tables.synthetic, charts, rule, why, starters, history
    )


def _starters(rows: pd.DataFrame) -> int:
    seen = rows["course"] & rows["baseline"].notna() & rows["score"].notna()
    return int(rows.loc[seen & (rows["session"] > 1), "patient_id"].nunique())


def _judge_apart(rows: pd.DataFrame, charts: Charts, spec: OffTrackSpec) -> pd.DataFrame:
    """Judge each patient by charts made without them.

    The chart given the last score is fitted to so many pairs that one patient's own do not matter.
    """
    out = charts.judge(rows, spec)
    if not charts.by_session:
        return out
    part = positions(rows["patient_id"], sorted_ids(rows["patient_id"])) % spec.folds
    course = rows["course"].to_numpy()
    rows, part = rows[course], part[course]
    found = out.loc[course, list(FROM_START)].to_numpy(copy=True)
    for number in range(spec.folds):
        own = part == number
        apart = fit_charts(rows, spec, ~own, near=charts)
        found[own] = apart.judge(rows[own], spec)[list(FROM_START)].to_numpy()
    out.loc[course, list(FROM_START)] = found
    return out


def _later(history: pd.DataFrame, tables: Tables, spec: OffTrackSpec) -> pd.DataFrame:
    """Add the last score some weeks after each session, and whether the patient was fine by then.

    Fine is said in points of the patient's own start, not by the place among others: where one in
    five does not respond, being among the best nine in ten is no sign of being fine.
    """
    ids = sorted_ids(history["patient_id"])
    place, day = positions(history["patient_id"], ids), day_numbers(history["date"])
    scores = score_events(tables.assessments, ids, spec.instrument, ("pre", "remote"))
    found = scores.last(place, day + spec.later_to)
    inside = scores.day(found) >= day + spec.later_from
    later = pd.Series(np.where(inside, scores.value(found), np.nan), index=history.index)
    known = later.notna() & history["baseline"].notna()
    fine = (later <= spec.fine_share * history["baseline"]).astype(float).where(known)
    return history.assign(later=later, fine_later=fine)
