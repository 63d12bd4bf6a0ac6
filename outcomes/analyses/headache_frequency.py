"""How many days in 28 have a headache, and how that compares with before care began.

``curve`` has the columns of `pain_trajectory`, with ``headache_days`` in ``outcome``, days per 28
days in ``estimate`` and the one series ``model``. Window 0 is the 28 days before care began, of all
patients with enough diary days then; a split by cadence has it in ``start_level`` only.

``estimates`` holds, for each group and follow-up time (``landmark`` is ``day N``):

==============  ================================================================================
term            meaning
==============  ================================================================================
baseline_rate   headache days per 28 days before care began, of the patients of the same row's rate
rate            headache days per 28 days then; n_events headache days in n_assessments diary days
rate_ratio      rate then over rate before, in the same patients
responders      share whose headache days fell by at least half; n_events of n_patients
kept_diary      share of all patients whose span is over with a diary long enough for the same row's
                rate; also ``day 0``
short_diaries   share of the diaries begun that have under 14 days, and so no rate; also ``day 0``
==============  ================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.diary_rates import KEYS, RateChoices, SeriesOfRates, estimate_rates
from outcomes.analyses.estimand import describe, population, strategies
from outcomes.analyses.groups import CADENCE, Members, members
from outcomes.analyses.headache_spans import BASELINE, find_spans
from outcomes.analyses.observed import share_rows
from outcomes.derive.headache_days import derive_headache_days
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "headache_frequency"
OUTCOME = "headache_days"
# Half of a rate may miss the other rate by an error of the last digit.
ROUNDING = 1e-9


@dataclass(frozen=True)
class HeadacheFrequencySpec:
    """Choices about headache days.

    Parameters
    ----------
    group_by : {"", "onset", "cadence", "clinic"}
        Groups apart by this; empty for everyone together.
    days : tuple of int
        Follow-up times in days from the start of care, rising.
    landmark : int or None
        Day at which cadence is taken; None for that of the settings. Diary days count after it.
    baseline_days : int or None
        Days before the start that make the baseline; None for the 28 that a rate is expressed for.
    headache_type : str
        Only patients with this type of headache; empty for all.
    reduction : float
        Fall of headache days that makes a responder, as a share of those before care.
    min_patients : int
        Patients that a rate needs.
    cr2_below : int
        Patients under which standard errors are bias-reduced with Satterthwaite df.
    conf_level : float
        Confidence level.
    """

    group_by: str = ""
    days: tuple[int, ...] = (28, 84, 182, 364, 728, 1092)
    landmark: int | None = None
    baseline_days: int | None = None
    headache_type: str = ""
    reduction: float = 0.5
    min_patients: int = 10
    cr2_below: int = 200
    conf_level: float = 0.95


def estimate_headache_frequency(
    tables: Tables, spec: HeadacheFrequencySpec | None = None
) -> AnalysisResult:
    """Estimate headache days per 28 days and their ratio to those before care began.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : HeadacheFrequencySpec, optional
        Choices; the defaults are all headache patients together.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where nothing was recorded.

    Raises
    ------
    EstimationError
        For an unknown grouping.

    Notes
    -----
    Rates and their ratio come from a log-linear Poisson model with diary days as exposure, fitted
    by estimating equations with a variance that holds whatever the spread of the counts and however
    alike the days of one patient are. Each follow-up time is compared with the days before care of
    the same patients: those with at least 14 diary days both times. Patients whose diary is shorter
    are counted in ``short_diaries`` and in no rate. ``n_eligible`` of a rate are those who kept a
    diary before care; ``kept_diary`` says how many of all patients that leaves. A patient
    without a headache before care cannot halve them and is not among the responders or their
    denominator.

    References
    ----------
    Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. Biometrika
    1986;73:13–22.
    """
    spec = spec or HeadacheFrequencySpec()
    cuts = tables.settings.cut_points
    landmark = cuts.cadence_landmark if spec.landmark is None else spec.landmark
    spec = replace(spec, landmark=landmark)
    people = _of_type(members(tables, spec.group_by, landmark), spec)
    earliest = landmark + 1 if spec.group_by == CADENCE else 1
    spans = find_spans(tables, people, spec.days, earliest, spec.baseline_days)
    kept = derive_headache_days(
        tables.headache_diary, tables.headache_periods, spans.frame, cuts
    ).assign(group=lambda rows: rows["patient_id"].map(people.group))
    if not (kept["days_observed"] > 0).any():
        reason = "No headache diary or counted period of a patient in this analysis was found."
        return refuse(
            QUESTION, spec, tables, people, reason, group_by=spec.group_by, outcome=OUTCOME
        )
    begun = kept[kept["days_observed"] > 0]
    times = tuple(day for day in spec.days if day in set(begun["span"]))
    short = _short(begun, _grid(kept, people, times), spec)
    everyone = kept, _grid(kept, people, times)
    people, paired = _population(people, begun, spec, cuts.diary_min_days)
    kept = kept[kept["patient_id"].isin(people.frame["patient_id"])]
    grid = _grid(kept, people, times)
    choices = RateChoices(paired, spec.min_patients, spec.cr2_below, spec.conf_level)
    series = estimate_rates(kept, grid, choices)
    rows = [series.rows, _kept_diary(*everyone, paired, spec), short]
    if paired:
        rows.insert(1, _responders(kept, grid, spec))
    estimates = pd.concat(rows, ignore_index=True).assign(
        outcome=OUTCOME,
        group_by=spec.group_by,
        landmark=lambda table: "day " + table["span"].astype(str),
    )
    reached = f" and filled in {cuts.diary_min_days} or more diary days before" if paired else ""
    kind = f", with headache of type {spec.headache_type}" if spec.headache_type else ""
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        estimates.drop(columns="span"),
        group_by=spec.group_by,
        estimand=describe(
            population=population(spec.group_by, landmark, kind + reached),
            strategies=strategies(spec.group_by, landmark, cuts),
            variable=(
                f"headache days per {cuts.diary_days} days, of at least {cuts.diary_min_days} days "
                f"filled in ({spans.described})"
            ),
            intercurrent=(
                "stopping care or coming more or less often is part of what is described; diaries "
                "not kept are taken as missing at random"
            ),
            summary="rate in each span, and its ratio to the rate before care in the same patients",
        ),
        curve=_curve(series, people, spec),
        diagnostics={"spans": spans.days, "paired": paired, "warnings": series.warnings},
        notes=(
            ""
            if paired
            else "Too few diaries were kept before care began, so rates stand without a ratio.",
            *series.warnings,
        ),
    )


def _of_type(people: Members, spec: HeadacheFrequencySpec) -> Members:
    """Members with the type of headache asked for."""
    if not spec.headache_type:
        return people
    kept = people.frame["headache_type"] == spec.headache_type
    return people.keep(kept, f"{spec.headache_type} headache", "another type or not recorded")


def _population(
    people: Members, begun: pd.DataFrame, spec: HeadacheFrequencySpec, needed: int
) -> tuple[Members, bool]:
    """Patients with a diary, and with enough of one before care where there are such patients."""
    people = people.keep(
        people.frame["patient_id"].isin(set(begun["patient_id"])),
        "kept a diary",
        "no diary or counted period near a follow-up time",
    )
    before = begun[(begun["span"] == BASELINE) & begun["sufficient"]]
    if len(before) < spec.min_patients:
        return people, False
    people = people.keep(
        people.frame["patient_id"].isin(set(before["patient_id"])),
        "diary before care",
        f"fewer than {needed} diary days in the 28 days before care",
    )
    return people, True


def _grid(kept: pd.DataFrame, people: Members, times: tuple[int, ...]) -> pd.DataFrame:
    """Cells of groups and times with the number of patients whose span is over."""
    index = pd.MultiIndex.from_product([people.order, (BASELINE, *times)], names=KEYS)
    counts = kept.groupby(KEYS).size().reindex(index, fill_value=0)
    return counts.rename("n_eligible").reset_index()


def _responders(
    kept: pd.DataFrame, grid: pd.DataFrame, spec: HeadacheFrequencySpec
) -> pd.DataFrame:
    """Share whose headache days fell by at least the reduction asked for."""
    enough = kept[kept["sufficient"]]
    before = enough[enough["span"] == BASELINE].set_index("patient_id")["per_28"]
    later = enough[enough["span"] != BASELINE]
    baseline = later["patient_id"].map(before).astype("float64")
    later, baseline = later[baseline > 0], baseline[baseline > 0]
    event = later["per_28"] <= (1 - spec.reduction) * baseline + ROUNDING
    rows = share_rows(
        later.assign(event=event),
        grid[grid["span"] != BASELINE],
        KEYS,
        spec.min_patients,
        spec.conf_level,
    )
    return rows.assign(
        term="responders",
        method=f"share with headache days down by {spec.reduction:.0%} or more, Wilson",
    )


def _kept_diary(
    kept: pd.DataFrame, grid: pd.DataFrame, paired: bool, spec: HeadacheFrequencySpec
) -> pd.DataFrame:
    """Share of all patients whose diary is in the rate of a time, before anybody is left out."""
    before = set(kept.loc[(kept["span"] == BASELINE) & kept["sufficient"], "patient_id"])
    event = kept["sufficient"] & (kept["patient_id"].isin(before) | (not paired))
    rows = share_rows(kept.assign(event=event), grid, KEYS, minimum=1, level=spec.conf_level)
    return rows.assign(term="kept_diary", method="share of all patients whose span is over, Wilson")


def _short(begun: pd.DataFrame, grid: pd.DataFrame, spec: HeadacheFrequencySpec) -> pd.DataFrame:
    """Share of the diaries begun that are too short for a rate."""
    rows = share_rows(
        begun.assign(event=~begun["sufficient"]), grid, KEYS, minimum=1, level=spec.conf_level
    )
    return rows.assign(term="short_diaries", method="share of diaries begun, Wilson")


def _curve(series: SeriesOfRates, people: Members, spec: HeadacheFrequencySpec) -> pd.DataFrame:
    start = series.start.set_index("group")
    curve = series.curve
    if spec.group_by == CADENCE:
        curve = curve[curve["span"] != BASELINE]
    return curve.rename(columns={"span": "window"}).assign(
        outcome=OUTCOME,
        group_by=spec.group_by,
        series="model",
        start_level=curve["group"].map(start["estimate"]).astype("float64"),
        start_level_n=curve["group"].map(start["n_patients"]).astype("float64").fillna(0),
    )
