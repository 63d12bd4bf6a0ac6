"""Which sentence an estimate can carry, and what is missing for it.

The rules stand here and nowhere else. A sentence is carried when enough people answered, the
interval is narrow enough for what the sentence says, and the model arrived; it is hedged when fewer
than half of those at risk answered, and not carried when so few did that they need not resemble the
rest. A verdict that is not carried says what would do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, inf, isinf, isnan, log, nan, sqrt
from typing import Literal

import pandas as pd

from outcomes.errors import EstimationError
from outcomes.instruments import InstrumentRegistry, default_registry
from outcomes.results import AnalysisResult

Kind = Literal["level", "share", "change", "ratio", "causal"]
Direction = Literal["", "better", "worse", "little change"]
Lack = Literal["", "people", "answers", "width", "estimate", "model", "disclosure"]

KINDS: dict[str, Kind] = {
    "mean": "level",
    "starting_pain": "level",
    "baseline_mean": "level",
    "adjusted_mean": "level",
    "asymmetry": "level",
    "rate": "level",
    "baseline_rate": "level",
    "last_known_pain": "level",
    "beyond_mdc95": "share",
    "asymmetric": "share",
    "responders": "share",
    "answered": "share",
    "kept_diary": "share",
    "no_show": "share",
    "cancelled": "share",
    "cadence_share": "share",
    "lapsed_in_pain": "share",
    "improved_by": "share",
    "left_by": "share",
    "answered_in_care": "share",
    "with_start": "share",
    "reliable_improvement": "share",
    "reliable_worsening": "share",
    "rebooked": "share",
    "still_in_care": "share",
    "no_future_booking": "share",
    "lapsed": "share",
    "kept_plan": "share",
    "sessions_with_event": "share",
    "serious": "share",
    "patients_with_event": "share",
    "change": "change",
    "percent_change": "change",
    "difference": "change",
    "second_estimator": "change",
    "first_plan_difference": "change",
    "mean_improvement": "change",
    "rate_ratio": "ratio",
}
"""Terms of estimates that a sentence can be made of, and the kind of sentence."""

# The threshold is the clinic's choice and part of the name of the term.
_THRESHOLDS = ("responders_", "not_", "missing_")

# Outcomes that are not instruments; more of them is worse.
LOWER_IS_BETTER = ("headache_days",)
# Terms that are signed already so that more is better, whatever the instrument.
SIGNED_TERMS = ("mean_improvement",)
# Shares of which less is better; of the rest of `MORE_IS_BETTER` more is. Others have no direction.
LESS_IS_BETTER = (
    "no_show",
    "cancelled",
    "lapsed_in_pain",
    "no_future_booking",
    "sessions_with_event",
    "serious",
)
MORE_IS_BETTER = ("answered", "answered_in_care", "responders", "rebooked", "mean_improvement")


@dataclass(frozen=True)
class VerdictRules:
    """What a sentence needs.

    Parameters
    ----------
    minimum_n : int
        People a statement must rest on.
    floor : float
        Share of those at risk who must have answered for a statement at all.
    completeness : float
        Share of those at risk who must have answered for a statement without a hedge.
    level_width : float
        Widest interval of a level, as a share of the range of its scale.
    share_width : float
        Widest interval of a share.
    small_change : float
        A change is called little when its whole interval is within this share of the range of the
        scale around zero, and
    small_error : float
        within this share of the MDC95 of the instrument, where one was published: what is as large
        as measurement error is not little.
    small_ratio : float
        A ratio is called little when its whole interval is between this and its inverse.
    """

    minimum_n: int = 30
    floor: float = 0.3
    completeness: float = 0.5
    level_width: float = 0.2
    share_width: float = 0.3
    small_change: float = 0.1
    small_error: float = 0.5
    small_ratio: float = 1.25


@dataclass(frozen=True)
class Verdict:
    """Whether a sentence may be said.

    Parameters
    ----------
    kind : {"level", "share", "change", "ratio", "causal"}
        Kind of sentence; causal is one that says what a schedule would do.
    carried : bool
        The sentence may be printed.
    hedged : bool
        It must say that it speaks of those who answered.
    direction : {"", "better", "worse", "little change"}
        What a change or ratio may be called; empty for a level or share, and when not carried.
    missing : str
        What is missing, as a sentence; empty when nothing is.
    more_answers : int or None
        Answers that would make up for it, at the spread seen so far; None when answers would not
        help or nothing is missing.
    lack : {"", "people", "answers", "width", "estimate", "model", "disclosure"}
        What kind of thing is missing. People and width come with time at today's rate; answers of
        people who are there already do not, they have to be asked for.
    answering : float
        Share of those the sentence speaks of who are in the estimate; NaN where not known.
    """

    kind: Kind
    carried: bool
    hedged: bool
    direction: Direction
    missing: str
    more_answers: int | None
    lack: Lack = ""
    answering: float = nan


def kind_of(term: str) -> Kind:
    """Name the kind of sentence that a term makes.

    Parameters
    ----------
    term : str
        Term of an estimate.

    Returns
    -------
    {"level", "share", "change", "ratio", "causal"}
        Its kind.

    Raises
    ------
    EstimationError
        For a term that no sentence is made of.
    """
    if term in KINDS:
        return KINDS[term]
    if term.startswith(_THRESHOLDS):
        return "share"
    raise EstimationError(
        f"No sentence is made of the term {term!r}.", f"Use one of {', '.join(sorted(KINDS))}."
    )


def judge(
    row: pd.Series,
    *,
    registry: InstrumentRegistry | None = None,
    rules: VerdictRules | None = None,
    converged: bool = True,
    eligible: float | None = None,
) -> Verdict:
    """Decide whether one estimate carries its sentence.

    Parameters
    ----------
    row : Series
        One row of `AnalysisResult.estimates`.
    registry : InstrumentRegistry, optional
        For range and direction of the outcome; those shipped by default.
    rules : VerdictRules, optional
        What a sentence needs.
    converged : bool
        Whether the model behind the row arrived at an optimum.
    eligible : float, optional
        People the sentence speaks of, where they are more than those of the row's ``n_eligible``.

    Returns
    -------
    Verdict
        The first thing missing, in the order status, number of people, convergence, completeness
        under the floor, width; then completeness above the floor, which only hedges.

    Raises
    ------
    EstimationError
        For a term that no sentence is made of.

    Notes
    -----
    A level or share needs an interval of at most a certain width. A change or ratio needs one that
    leaves out no change (then its direction is said) or that lies wholly where a change is small
    (then "little change" is said); between the two the data cannot tell. The answers that would
    make the interval narrow enough are n (w / w₀)² − n for a width w that must become w₀: it
    shrinks with the root of n while the spread stays what it is.
    """
    verdict = _judged(row, registry, rules or VerdictRules(), converged, eligible)
    whole = row["n_eligible"] if eligible is None or isnan(eligible) else eligible
    known = verdict.lack != "disclosure" and whole > 0
    return replace(verdict, answering=float(row["n_patients"] / whole)) if known else verdict


def _judged(
    row: pd.Series,
    registry: InstrumentRegistry | None,
    rules: VerdictRules,
    converged: bool,
    eligible: float | None,
) -> Verdict:
    """Find the first thing that is missing."""
    kind = kind_of(row["term"])
    if row["status"] == "suppressed":
        # Its count is hidden too, so nothing may be said about how many are missing.
        missing = "Held back to protect a small group."
        return Verdict(kind, False, False, "", missing, None, "disclosure")
    n = 0 if isnan(row["n_patients"]) else int(row["n_patients"])
    if n < rules.minimum_n:
        more = rules.minimum_n - n
        missing = f"{n} answered; {more} more would reach the {rules.minimum_n} a statement needs."
        return Verdict(kind, False, False, "", missing, more, "people")
    if row["status"] != "ok" or isnan(row["estimate"]):
        reason = row["note"] or "there is no estimate"
        return Verdict(kind, False, False, "", f"Not estimated: {reason}.", None, "estimate")
    if not converged:
        missing = "The model did not arrive at an optimum, so its numbers are not relied on."
        return Verdict(kind, False, False, "", missing, None, "model")
    whole = row["n_eligible"] if eligible is None or isnan(eligible) else eligible
    least, needed = (
        0 if isnan(whole) else _at_least(share, whole)
        for share in (rules.floor, rules.completeness)
    )
    if n < least:
        missing = _incomplete(n, whole, least, rules.floor)
        return Verdict(kind, False, False, "", missing, least - n, "answers")
    registry = registry or default_registry()
    excess, direction = _precision(row, kind, registry, rules)
    if excess > 1:
        if isinf(excess):
            return Verdict(kind, False, False, "", "There is no interval.", None, "estimate")
        more = max(ceil(n * excess**2) - n, 1)
        missing = f"The interval is too wide to tell: about {more} more answers would do."
        return Verdict(kind, False, False, "", missing, more, "width")
    if n < needed:
        missing = _incomplete(n, whole, needed, rules.completeness)
        return Verdict(kind, True, True, direction, missing, needed - n, "answers")
    return Verdict(kind, True, False, direction, "", None)


def judge_result(
    result: AnalysisResult,
    *,
    term: str,
    landmark: str = "",
    group: str = "",
    outcome: str = "",
    registry: InstrumentRegistry | None = None,
    rules: VerdictRules | None = None,
    eligible: float | None = None,
) -> Verdict:
    """Decide about one estimate of a result, its convergence taken from the diagnostics.

    Parameters
    ----------
    result : AnalysisResult
        The result.
    term : str
        Term of the row.
    landmark, outcome : str
        Landmark and outcome of the row; empty where the result has one only.
    group : str
        Group of the row; empty for everyone together.
    registry, rules, eligible
        As for `judge`.

    Returns
    -------
    Verdict
        As `judge` gives it. Where there is no such row, one that is not carried and says so.

    Raises
    ------
    EstimationError
        If several rows fit.
    """
    rows = result.estimates
    rows = rows[(rows["term"] == term) & (rows["group"] == group)]
    for column, wanted in (("landmark", landmark), ("outcome", outcome)):
        if wanted:
            rows = rows[rows[column] == wanted]
    if len(rows) > 1:
        raise EstimationError(
            f"{len(rows)} estimates of {result.question} fit.", "Name landmark and outcome."
        )
    if rows.empty:
        said = " ".join(result.estimates.loc[result.estimates["status"] == "refused", "note"][:1])
        missing = said or "This was not estimated."
        return Verdict(KINDS.get(term, "level"), False, False, "", missing, None, "estimate")
    row = rows.iloc[0]
    return judge(
        row,
        registry=registry,
        rules=rules,
        converged=_converged(result, row),
        eligible=eligible,
    )


def judge_change(now: pd.Series, before: pd.Series, rules: VerdictRules | None = None) -> Verdict:
    """Decide whether a number of one period may be said to differ from that of another.

    Parameters
    ----------
    now, before : Series
        Rows of the same term in two periods, shares or means, each with its interval.
    rules : VerdictRules, optional
        What a sentence needs.

    Returns
    -------
    Verdict
        Of kind ``change``. Carried only if both rest on enough people and the interval of the
        difference leaves out 0; ``direction`` is empty for a number that is neither good nor bad.

    Notes
    -----
    The interval is that of `difference_of`.
    """
    rules = rules or VerdictRules()
    term = str(now["term"])
    kind_of(term)
    for row in (now, before):
        n = 0 if isnan(row["n_patients"]) else int(row["n_patients"])
        if row["status"] == "suppressed":
            missing = "Held back to protect a small group."
            return Verdict("change", False, False, "", missing, None, "disclosure")
        if n < rules.minimum_n:
            more = rules.minimum_n - n
            missing = f"One of the periods has {n}, {more} fewer than a comparison needs."
            return Verdict("change", False, False, "", missing, more, "people")
        if row["status"] != "ok" or isnan(row["conf_low"]) or isnan(row["conf_high"]):
            missing = "There is no interval to compare."
            return Verdict("change", False, False, "", missing, None, "estimate")
    gap, low, high = difference_of(now, before)
    if low <= 0 <= high:
        missing = "The difference is within what chance does."
        return Verdict("change", False, False, "", missing, None, "width")
    direction: Direction = ""
    if term in LESS_IS_BETTER or term in MORE_IS_BETTER:
        direction = "better" if (gap > 0) == (term in MORE_IS_BETTER) else "worse"
    return Verdict("change", True, False, direction, "", None)


def difference_of(now: pd.Series, before: pd.Series) -> tuple[float, float, float]:
    """Give the difference of a number between two periods and its interval.

    Parameters
    ----------
    now, before : Series
        Rows of the same term, shares or means, each with its interval.

    Returns
    -------
    tuple of float
        The difference, and the ends of its interval at the level of the two.

    Notes
    -----
    The interval of a difference of two numbers from their own intervals: with the estimates p and
    q, limits (l, u) and (l', u'), it is p − q − √((p − l)² + (u' − q)²) to
    p − q + √((u − p)² + (q − l')²). It takes the two as independent; the same patients may come in
    both periods, which makes it cautious where they are alike over time.

    References
    ----------
    Newcombe RG. Stat Med 1998;17:873–890, method 10. Zou GY, Donner A. Stat Med 2008;27:1693–1702.
    """
    gap = float(now["estimate"] - before["estimate"])
    low = gap - sqrt(
        (now["estimate"] - now["conf_low"]) ** 2 + (before["conf_high"] - before["estimate"]) ** 2
    )
    high = gap + sqrt(
        (now["conf_high"] - now["estimate"]) ** 2 + (before["estimate"] - before["conf_low"]) ** 2
    )
    return gap, low, high


def months_until(verdict: Verdict, new_per_month: float) -> int | None:
    """Say in how many months a verdict will be carried at today's rate.

    Parameters
    ----------
    verdict : Verdict
        One that is not carried.
    new_per_month : float
        Patients who begin care in a month.

    Returns
    -------
    int or None
        Months, at least 1. None where waiting does not help, because what lacks is answers of
        people who are there already, or a model or an interval, or where nobody begins or answers.

    Notes
    -----
    more answers ÷ (new patients a month × share of those who answer). Those who will answer next
    month began long ago at about the rate of today, so how long a follow-up takes adds nothing.
    """
    rate = new_per_month * verdict.answering
    if verdict.lack not in ("people", "width") or verdict.more_answers is None or not rate > 0:
        return None
    return max(ceil(verdict.more_answers / rate), 1)


def judge_cause(
    result: AnalysisResult,
    *,
    group: str,
    landmark: str,
    outcome: str,
    registry: InstrumentRegistry | None = None,
    rules: VerdictRules | None = None,
) -> Verdict:
    """Decide whether a difference between schedules may be worded as what a schedule would do.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_maintenance_schedules`.
    group, landmark, outcome : str
        Contrast, weeks and outcome of the row with the term ``difference``.
    registry, rules
        As for `judge`.

    Returns
    -------
    Verdict
        Of kind ``causal``. Carried only if all of this holds: the contrast was estimated on enough
        people, in the primary weeks, which are those that the weights are checked for; plans are
        recorded, so that intention is known; the weights balanced what they were to balance and no
        schedule had too few effective patients; the second estimator agrees; and the negative
        control of the same contrast holds 0. `missing` is the first that does not.
        `direction` is what the interval shows either way, as a change.

    Notes
    -----
    Passing does not make an effect of a difference: nothing here sees a cause that nobody recorded.
    Failing is enough to take the word away.
    """
    row = _difference(result, group, landmark, outcome)
    if row is None:
        missing = judge_result(result, term="difference", group=group, landmark=landmark).missing
        return Verdict("causal", False, False, "", missing, None)
    # Those who did not keep to either schedule are weighted for, and are no missing answers.
    shown = judge(row, registry=registry, rules=rules, eligible=float(row["n_patients"]))
    if row["status"] != "ok" or isnan(row["estimate"]):
        return Verdict("causal", False, False, "", shown.missing, shown.more_answers)
    missing = _against_cause(result, row)
    return Verdict("causal", not missing, False, shown.direction, missing, None)


def _difference(
    result: AnalysisResult, group: str, landmark: str, outcome: str
) -> pd.Series | None:
    rows = result.estimates
    rows = rows[
        (rows["term"] == "difference")
        & (rows["group"] == group)
        & (rows["landmark"] == landmark)
        & (rows["outcome"] == outcome)
    ]
    return rows.iloc[0] if len(rows) == 1 else None


def _against_cause(result: AnalysisResult, row: pd.Series) -> str:
    """Say what takes the causal word away; empty if nothing that is checked does."""
    known = result.diagnostics
    horizons = getattr(result.spec, "horizons", ())
    if horizons and row["landmark"] != horizons[0].name:
        return f"The weights were checked for {horizons[0].name} only."
    if not known.get("planned", False):
        return "No plans are recorded, so what was intended is not known."
    failed = known.get("failures") or ()
    if failed:
        return str(failed[0])
    if "model-dependent" in row["note"]:
        return "The two estimators disagree, so the answer depends on the model."
    control = known.get("sensitivity")
    if isinstance(control, pd.DataFrame) and {"analysis", "group", "status"} <= set(control):
        here = (control["analysis"] == "negative control") & (control["group"] == row["group"])
        tested = control[here & (control["status"] == "ok")]
        if (tested["conf_low"] * tested["conf_high"] > 0).any():
            return (
                "The schedules 'change' pain from before they began, which they cannot: patients "
                "differ in ways that the weights do not correct."
            )
    if not known.get("causal_wording", False):
        return "The checks of the weights did not all pass."
    return ""


def _at_least(share: float, whole: float) -> int:
    """Smallest number of people that make up a share; a product may miss it by its last digit."""
    return ceil(share * whole - 1e-9)


def _incomplete(n: int, whole: float, needed: int, share: float) -> str:
    return f"{n:,} of {int(whole):,} answered, under {share:.0%}: {needed - n:,} more would do."


def _converged(result: AnalysisResult, row: pd.Series) -> bool:
    models = result.diagnostics.get("models")
    if not isinstance(models, pd.DataFrame) or "converged" not in models:
        return True
    here = models["group"] == row["group"]
    if "outcome" in models:
        here &= models["outcome"] == row["outcome"]
    return bool(models.loc[here, "converged"].all())


def _range(row: pd.Series, registry: InstrumentRegistry) -> float:
    """Range of the scale in the unit of the row."""
    if row["unit"] == "%":
        return 100.0
    if row["outcome"] in registry:
        instrument = registry.get(row["outcome"])
        return instrument.maximum - instrument.minimum
    return 28.0 if row["outcome"] in LOWER_IS_BETTER else float("nan")


def _precision(
    row: pd.Series, kind: Kind, registry: InstrumentRegistry, rules: VerdictRules
) -> tuple[float, Direction]:
    """How many times wider the interval is than it may be, and the direction it shows."""
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if isnan(low) or isnan(high):
        return inf, ""
    if kind == "share":
        return (high - low) / rules.share_width, ""
    scale = _range(row, registry)
    if kind == "level":
        return (0.0 if isnan(scale) else (high - low) / (rules.level_width * scale)), ""
    limit = rules.small_change * scale
    if row["outcome"] in registry and row["unit"] != "%":
        error = registry.get(row["outcome"]).mdc95
        limit = limit if error is None else min(limit, rules.small_error * error)
    middle = float(row["estimate"])
    if kind == "ratio":
        if low <= 0:
            return inf, ""
        low, high, middle, limit = log(low), log(high), log(middle), log(rules.small_ratio)
    if low > 0 or high < 0:
        return 0.0, "better" if (middle > 0) == _more_is_better(row, registry) else "worse"
    if max(-low, high) <= limit:
        return 0.0, "little change"
    # Enough to leave out zero where the estimate is far from it, or to stay in the small range.
    wanted = abs(middle) if isnan(limit) else max(abs(middle), limit - abs(middle))
    return (high - low) / 2 / wanted if wanted > 0 else inf, ""


def _more_is_better(row: pd.Series, registry: InstrumentRegistry) -> bool:
    if row["term"] in SIGNED_TERMS:
        return True
    if row["outcome"] in registry:
        return not registry.get(row["outcome"]).lower_is_better
    return row["outcome"] not in LOWER_IS_BETTER
