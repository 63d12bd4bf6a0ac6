"""How far high scores fall by themselves when asked again: regression to the mean, computed.

``estimates`` terms: ``regression_to_mean`` (expected change of those who scored at least `group` at
the start, were nothing to happen between; group_by is ``at_least``), ``within_person_sd`` (spread
of one person's scores while nothing is expected to change) and ``reliability`` (share of the
variance at the start that lies between people). ``curve`` has the first term: at_least, estimate,
conf_low, conf_high, n_patients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe
from outcomes.analyses.groups import members
from outcomes.analyses.scale import scale_of
from outcomes.derive.baseline import derive_baseline
from outcomes.derive.score_pairs import derive_score_pairs
from outcomes.results import AnalysisResult
from outcomes.stats.bootstrap import bootstrap
from outcomes.tables import Tables

QUESTION = "regression_to_mean"
Floats = NDArray[np.float64]
CHOSEN = (
    "This is for those chosen by a high score among all who began care. That everyone came because "
    "it hurt more than usual adds to it, and cannot be seen in records that begin with care."
)


@dataclass(frozen=True)
class RegressionToMeanSpec:
    """Choices about regression to the mean.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    at_least : tuple of float
        Lowest scores that patients are chosen by, in tenths of the scale.
    apart : tuple of int
        Fewest and most days between two scores of one person.
    settled : int
        Days from the start of care from which scores are taken as settled, where too few people
        have two scores before care.
    min_pairs : int
        People with two scores that an estimate needs.
    bootstraps : int
        Resamples of patients.
    seed : int
        Seed of the resamples.
    conf_level : float
        Confidence level.
    """

    instrument: str = ""
    at_least: tuple[float, ...] = (6.0, 7.0, 8.0)
    apart: tuple[int, int] = (7, 42)
    settled: int = 182
    min_pairs: int = 30
    bootstraps: int = 200
    seed: int = 20260101
    conf_level: float = 0.95


def estimate_regression_to_mean(
    tables: Tables, spec: RegressionToMeanSpec | None = None
) -> AnalysisResult:
    """Estimate what choosing patients by a high score does to the next score, care apart.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : RegressionToMeanSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where nobody has two scores close
        together, or scores at the start do not vary.

    Notes
    -----
    With s²w the variance within people, s² that of scores at the start, m their mean and m_k the
    mean of those with at least k, the expected change of the latter is −(s²w / s²)(m_k − m). For
    normal scores that is the formula of Barnett 2005; m_k is taken as observed, so only the
    regression of a second score on the first needs to be linear. s²w is half the variance of the
    difference of two scores of one person `apart` days apart: both before care where enough people
    have them, else both at home after `settled` days, when a score still fluctuates and the mean no
    longer moves. Each person counts once, by the mean of the own squares. The interval is that of a
    bootstrap of patients. Patients without a score at the start are left out.

    References
    ----------
    Barnett AG, van der Pols JC, Dobson AJ. Int J Epidemiol 2005;34:215–220.
    """
    spec = spec or RegressionToMeanSpec()
    spec = replace(spec, instrument=spec.instrument or tables.settings.pain_instrument)
    instrument = tables.registry.get(spec.instrument)
    people = members(tables, "", 0)
    frame, source = _frame(tables, people.start, spec)
    known = frame[frame["baseline"].notna()]
    pairs = int(known["square"].notna().sum())
    reason = ""
    if pairs < spec.min_pairs:
        reason = f"{pairs} have two scores close together; {spec.min_pairs} are needed."
    elif not known["baseline"].var() > 0:
        reason = "All scores at the start are the same."
    if reason:
        return refuse(QUESTION, spec, tables, people, reason, outcome=spec.instrument)
    lowest, tenth = scale_of(instrument)
    cuts = tuple(lowest + tenth * each for each in spec.at_least)
    base, square = known["baseline"].to_numpy(), known["square"].to_numpy()

    def statistic(counts: NDArray[np.int64]) -> Floats:
        return _expected(base, square, counts.astype(float), cuts)

    drawn = bootstrap(statistic, len(known), replicates=spec.bootstraps, seed=spec.seed, workers=1)
    low, high = drawn.interval(spec.conf_level)
    labels = [("regression_to_mean", f"{cut:g}") for cut in cuts]
    labels += [("within_person_sd", ""), ("reliability", "")]
    n = [int((base >= cut).sum()) for cut in cuts] + [pairs, pairs]
    rows = pd.DataFrame(
        {
            "term": [term for term, _ in labels],
            "group_by": ["at_least" if group else "" for _, group in labels],
            "group": [group for _, group in labels],
            "estimate": drawn.point,
            "conf_low": low,
            "conf_high": high,
            "n_patients": n,
        }
    )
    few = (rows["n_patients"] < spec.min_pairs).to_numpy()
    rows.loc[few, ["estimate", "conf_low", "conf_high"]] = np.nan
    rows = rows.assign(
        outcome=spec.instrument,
        landmark=np.where(rows["group"] == "", "two scores", "day 0"),
        conf_level=spec.conf_level,
        n_eligible=float(len(known)),
        unit=np.where(rows["term"] == "reliability", "share", instrument.unit),
        method="regression to the mean, bootstrap of patients",
        status=np.where(few, "refused", "ok"),
        note=np.where(few, "too few scored that high", ""),
    )
    chosen = rows[rows["term"] == "regression_to_mean"].rename(columns={"group": "at_least"})
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows,
        group_by="",
        estimand=describe(
            population="patients who began care with a score of at least so much",
            strategies="none: what a second score would be were nothing to happen between",
            variable=f"change of {instrument.label} from the first score to the second",
            intercurrent=f"spread within people from two scores {source}",
            summary="expected mean change",
        ),
        curve=chosen[["at_least", "estimate", "conf_low", "conf_high", "n_patients"]],
        diagnostics={"pairs": source},
        notes=(CHOSEN,),
    )


def _frame(
    tables: Tables, start: pd.DataFrame, spec: RegressionToMeanSpec
) -> tuple[pd.DataFrame, str]:
    """Baseline of each patient, half the mean squared difference of own pairs, and their source."""
    cuts = tables.settings.cut_points
    base = derive_baseline(tables.assessments, start, spec.instrument, cuts)
    pairs = derive_score_pairs(tables, start, spec.instrument, spec.apart)
    before = pairs[pairs["second_day"] <= 0]
    after = pairs[(pairs["first_day"] >= spec.settled) & (pairs["timing"] == "remote")]
    enough = before["patient_id"].nunique() >= spec.min_pairs
    used = before if enough else after
    # the mean of a settled score may still drift a little; that is no spread within people
    apart = used["second"] - used["first"]
    square = ((apart - apart.mean()) ** 2 / 2).groupby(used["patient_id"]).mean()
    frame = base[["patient_id", "baseline"]].assign(square=base["patient_id"].map(square))
    source = "before care" if enough else f"at home after day {spec.settled} of care"
    return frame, source


def _expected(base: Floats, square: Floats, counts: Floats, cuts: tuple[float, ...]) -> Floats:
    """Estimate the change for each cut, the spread within people and the reliability."""
    n = counts.sum()
    mean = counts @ base / n
    variance = counts @ (base - mean) ** 2 / (n - 1)
    paired = ~np.isnan(square)
    within = counts[paired] @ square[paired] / max(counts[paired].sum(), 1.0)
    # no more than all of the spread can lie within people
    share = min(within / variance, 1.0) if variance > 0 else np.nan
    changes = []
    for cut in cuts:
        weight = counts * (base >= cut)
        high = weight @ base / weight.sum() if weight.sum() else np.nan
        changes.append(-share * (high - mean))
    return np.array([*changes, np.sqrt(within), 1 - share])
