"""What each patient reached, and what a patient with the same start would be expected to reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analyses.groups import Members, add_steps
from outcomes.analyses.scores import WindowScores, window_scores
from outcomes.analyses.start_values import as_numbers, recorded_at_start
from outcomes.derive.responder import derive_responder
from outcomes.errors import EstimationError
from outcomes.stats.case_mix import CaseMix, fit_case_mix
from outcomes.stats.case_mix.model import Kind
from outcomes.tables import Tables

COVARIATES = ("onset", "age", "sex", "distress", "headache_type", "whiplash", "desk_hours")
"""What may bear on improvement and is known at the start, the most important first."""
IMPROVEMENT, RESPONDER = "improvement", "responder"
_RECORDED = 0.5
_PER_TERM = 10
_NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Outcomes:
    """Outcome and start of the patients of an analysis at one follow-up time.

    Parameters
    ----------
    frame : DataFrame
        One row a patient for whom the follow-up time is over and who has a baseline: patient_id,
        group, start, baseline, value, answered, improvement, responder (1, 0 or missing), then one
        column for each term of the case-mix.
    terms : tuple of str
        Names of those columns, the most important first.
    covariates, absent : tuple of str
        What the terms were made of, and what was not recorded for enough patients.
    scores : WindowScores
        The scores that it was made of.
    steps : tuple of (step, reason, n_in, n_out)
        Who was left out.
    """

    frame: pd.DataFrame
    terms: tuple[str, ...]
    covariates: tuple[str, ...]
    absent: tuple[str, ...]
    scores: WindowScores
    steps: tuple[tuple[str, str, int, int], ...]


@dataclass(frozen=True)
class OutcomeRows:
    """Outcome and start of the patients of any number of sources, before they are coded.

    A case-mix model has no sums that would do in place of its rows, so these are short: some
    dozen values a patient.

    Parameters
    ----------
    frame : DataFrame
        As that of `Outcomes`, without terms.
    known : DataFrame
        What was recorded at the start, a column a covariate, in the order of `frame`.
    scores : WindowScores
        What was asked.
    steps : tuple of (step, reason, n_in, n_out)
        Who was left out.
    by_name : bool
        Whether the covariates were asked for by name.
    """

    frame: pd.DataFrame
    known: pd.DataFrame
    scores: WindowScores
    steps: tuple[tuple[str, str, int, int], ...]
    by_name: bool

    def __add__(self, other: OutcomeRows) -> OutcomeRows:
        """Add the patients of another source, taken with the same choices."""
        return OutcomeRows(
            pd.concat([self.frame, other.frame], ignore_index=True),
            pd.concat([self.known, other.known], ignore_index=True),
            self.scores,
            add_steps(self.steps, other.steps),
            self.by_name,
        )


def outcomes_at(
    tables: Tables,
    people: Members,
    code: str,
    day: int,
    *,
    timing: str = "",
    threshold: str = "",
    covariates: Sequence[str] | None = None,
) -> Outcomes | None:
    """Take improvement and response at one follow-up time, with what was known at the start.

    Parameters
    ----------
    tables : Tables
        The data set.
    people : Members
        Patients and their groups.
    code : str
        Instrument code.
    day : int
        Follow-up time.
    timing : {"", "remote", "pre"}
        Scores to analyse; empty to choose.
    threshold : str
        Name of the threshold of a responder; empty for that of the settings.
    covariates : sequence of str, optional
        What to adjust for beside the baseline; `COVARIATES` as far as recorded unless given.

    Returns
    -------
    Outcomes or None
        None where there is not one score of this instrument.

    Raises
    ------
    EstimationError
        For an unknown instrument, window or timing, or a covariate asked for by name that is not
        known at the start.

    Notes
    -----
    A covariate recorded for less than half of the patients is left out, unless asked for by name.
    A missing number is set to the mean and marked by a column of its own, a missing code is a level
    of its own, so that nobody is dropped for not having answered a question.
    """
    rows = outcome_rows(
        tables, people, code, day, timing=timing, threshold=threshold, covariates=covariates
    )
    return None if rows is None else with_case_mix(rows)


def outcome_rows(
    tables: Tables,
    people: Members,
    code: str,
    day: int,
    *,
    timing: str = "",
    threshold: str = "",
    covariates: Sequence[str] | None = None,
) -> OutcomeRows | None:
    """Take what `outcomes_at` is made of, of a part of a data set.

    Parameters
    ----------
    tables, people, code, day, timing, threshold, covariates
        As for `outcomes_at`.

    Returns
    -------
    OutcomeRows or None
        To be added to those of other parts; None where there is not one score.

    Raises
    ------
    EstimationError
        As for `outcomes_at`.
    """
    scores = window_scores(tables, people, code, timing, (day,))
    if scores is None or scores.frame.empty:
        return None
    wide = scores.frame.set_index(["patient_id", "window"])
    later = wide.xs(day, level="window")
    frame = people.frame[["patient_id", "group", "start"]].copy()
    frame["baseline"] = frame["patient_id"].map(wide["value"].xs(0, level="window"))
    # An answer in a window that is still open is not counted: those who answer late are not in it.
    frame["at_risk"] = frame["patient_id"].map(later["at_risk"])
    frame["value"] = frame["patient_id"].map(later["value"].where(later["at_risk"]))
    steps = []
    for column, step, reason in (
        ("at_risk", f"day {day} is over", f"day {day} had not passed at the as-of date"),
        ("baseline", "score at the start", "no score before the first session"),
    ):
        kept = frame[column].eq(True) if column == "at_risk" else frame[column].notna()
        steps.append((step, reason, len(frame), int(kept.sum())))
        frame = frame[kept]
    frame = frame.drop(columns="at_risk").reset_index(drop=True)
    instrument = scores.instrument
    frame["answered"] = frame["value"].notna()
    frame["improvement"] = instrument.improvement(frame["baseline"], frame["value"])
    name = threshold or tables.settings.thresholds.get(code) or None
    if instrument.thresholds:
        reached = derive_responder(
            frame["baseline"], frame["value"], instrument, instrument.threshold(name)
        )
        frame["responder"] = reached.map({"yes": 1.0, "no": 0.0}).astype("float64")
    else:
        frame["responder"] = np.nan
    asked = COVARIATES if covariates is None else tuple(covariates)
    known = recorded_at_start(tables, asked).set_index("patient_id").reindex(frame["patient_id"])
    return OutcomeRows(
        frame,
        known.reset_index(drop=True),
        WindowScores.without_answers(instrument, scores.timing, scores.windows),
        tuple(steps),
        by_name=covariates is not None,
    )


def with_case_mix(rows: OutcomeRows) -> Outcomes:
    """Code what was known at the start for a case-mix model.

    Parameters
    ----------
    rows : OutcomeRows
        Of all patients.

    Returns
    -------
    Outcomes
        As `outcomes_at` describes.
    """
    known = pd.DataFrame({name: as_numbers(rows.known[name]) for name in rows.known})
    known = known.mask(known == "")
    share = known.notna().mean()
    least = 0.0 if rows.by_name else _RECORDED
    names = [str(name) for name in known]
    used = tuple(name for name in names if share[name] > least)
    absent = tuple(name for name in names if name not in used)
    terms = _coded(rows.frame["baseline"], known[list(used)])
    frame = pd.concat([rows.frame, terms], axis=1)
    return Outcomes(frame, tuple(terms.columns), used, absent, rows.scores, rows.steps)


def expected(
    found: Outcomes, measure: str, *, unit: str = "group", weights: pd.Series | None = None
) -> CaseMix:
    """Fit what patients would be expected to reach, whichever clinic they go to.

    Parameters
    ----------
    found : Outcomes
        Outcomes and starts.
    measure : {"improvement", "responder"}
        What is expected.
    unit : str
        Column of the units whose differences the slopes must not take up.
    weights : Series, optional
        Weights of the rows of ``found.frame``, such as `answer_weights`; 1 unless given.

    Returns
    -------
    CaseMix
        Observed and expected of those with the outcome; its index is that of ``found.frame``.

    Raises
    ------
    EstimationError
        If nobody, or everybody, has the outcome.

    Notes
    -----
    One term is allowed for every ten patients (for a responder: every ten of the rarer kind), the
    most important first. Slopes come from differences within units; where a logistic model cannot
    be fitted that way, or units are too many for it, from all patients together.

    References
    ----------
    DeLong ER, Peterson ED, DeLong DM, et al. Comparing risk-adjustment methods for provider
    profiling. Stat Med 1997;16:2645–2664.
    """
    rows = found.frame[found.frame[measure].notna()]
    kind: Kind = "logistic" if measure == RESPONDER else "linear"
    rarer = len(rows)
    if kind == "logistic":
        rarer = int(min(rows[measure].sum(), len(rows) - rows[measure].sum()))
    spare = len(rows) - rows[unit].nunique()
    terms = list(found.terms[: max(0, min(rarer // _PER_TERM, spare - 1))])
    weight = None
    if weights is not None:
        rows = rows.assign(weight=weights.reindex(rows.index))
        weight = "weight"
    within = kind == "linear" or rows[unit].nunique() <= _MOST_UNITS
    for inside, chosen in ((within, terms), (False, terms), (False, terms[:1]), (False, [])):
        usable = _independent(rows, chosen, unit if inside else "")
        formula = f"{measure} ~ {' + '.join(usable) or 1}"
        try:
            return fit_case_mix(
                formula, rows, unit=unit, kind=kind, within_units=inside, weights=weight
            )
        except EstimationError as error:
            problem = error
    raise problem


_MOST_UNITS = 100
"""Units beyond which a logistic model does not carry an effect for each."""


def answer_weights(found: Outcomes) -> pd.Series:
    """Weigh those who answered for those with the same start who did not.

    Parameters
    ----------
    found : Outcomes
        Outcomes and starts.

    Returns
    -------
    Series
        The mean chance of answering over that of the patient, for every row of ``found.frame``; 1
        where everybody or nobody answered.

    Notes
    -----
    The chance comes from a logistic model of the terms of the case-mix, slopes within groups. It is
    taken as at least 5 %, so that no patient stands for more than 20.

    References
    ----------
    Seaman SR, White IR. Review of inverse probability weighting for dealing with missing data. Stat
    Methods Med Res 2013;22:278–295.
    """
    frame = found.frame.assign(answered=found.frame["answered"].astype("float64"))
    share = frame["answered"].mean()
    if not 0 < share < 1:
        return pd.Series(1.0, index=frame.index)
    data = Outcomes(
        frame.rename(columns={"responder": "_", "answered": RESPONDER}),
        found.terms,
        found.covariates,
        found.absent,
        found.scores,
        found.steps,
    )
    chance = expected(data, RESPONDER).rows["expected"]
    return share / chance.clip(lower=0.05)


def _coded(baseline: pd.Series, known: pd.DataFrame) -> pd.DataFrame:
    """Columns of numbers: the baseline, numbers, and a column for each level of a code."""
    columns = {"term_0": baseline.to_numpy(dtype="float64")}

    def add(values: NDArray[np.float64]) -> None:
        columns[f"term_{len(columns)}"] = values

    for name in known:
        values = known[name]
        if pd.api.types.is_numeric_dtype(values.dtype):
            missing = values.isna().to_numpy()
            add(values.fillna(values.mean()).to_numpy(dtype="float64"))
            if missing.any():
                add(missing.astype("float64"))
            continue
        text = values.astype("object").where(values.notna(), _NOT_RECORDED).astype("str")
        counts = text.value_counts()
        # The most common level is what the others are compared with; rare ones are taken with it.
        for level in sorted(counts.index[1:]):
            if counts[level] >= _PER_TERM:
                add((text == level).to_numpy(dtype="float64"))
    return pd.DataFrame(columns, index=baseline.index)


def _independent(rows: pd.DataFrame, terms: Sequence[str], unit: str) -> list[str]:
    """Terms that say something that those before them do not, within units if asked."""
    kept: list[str] = []
    basis = np.empty((len(rows), 0))
    for term in terms:
        column = rows[term].to_numpy(dtype="float64")
        away = column - (
            rows[term].groupby(rows[unit]).transform("mean").to_numpy()
            if unit
            else np.full(len(rows), column.mean())
        )
        size = np.sqrt((column**2).sum())
        rest = away - basis @ (basis.T @ away)
        left = np.sqrt((rest**2).sum())
        if left > 1e-6 * max(size, 1e-300):
            basis = np.column_stack([basis, rest / left])
            kept.append(term)
    return kept
