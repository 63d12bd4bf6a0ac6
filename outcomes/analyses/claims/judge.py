"""Published statements held against a clinic's own numbers, with results of other analyses.

``estimates`` has one row a number, as in its source, with the statement and label in ``estimand``
(``C01: change at three years, chronic``). ``curve`` has one row a number too, and one a statement
with an empty ``label``: claim, label, question, statement, published, reading, sceptic, rule,
published_low, published_high, verdict (consistent, not_consistent, cannot_tell, not_recorded;
empty where nothing is judged), reason, n_needed, month (in which it becomes answerable), estimand
(of its row in estimates; empty without one), tipping (how much worse than modelled those who did
not answer would have to be for a change no longer to reach the published one), exploratory (0/1).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from math import inf, isfinite, nan
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import gather
from outcomes.analyses.claims.numbers import Row, found_in, result_for, row_for, start_of
from outcomes.analyses.claims.rules import ClaimRules, Decision, decide, together
from outcomes.analyses.claims.statement import Check, Claim
from outcomes.analyses.claims.statements import CLAIMS
from outcomes.analyses.claims.when import month_reached
from outcomes.results import ESTIMATE_COLUMNS, AnalysisResult

QUESTION = "claims"
NOT_PROVED = (
    "A check never says that a statement is proved: most of these numbers describe what happened, "
    "and none says what would have happened without care."
)


@dataclass(frozen=True)
class ClaimsSpec:
    """Choices about the check of published statements.

    Parameters
    ----------
    claims : tuple of Claim
        Statements.
    rules : ClaimRules
        Numbers that a verdict needs.
    """

    claims: tuple[Claim, ...] = CLAIMS
    rules: ClaimRules = field(default_factory=ClaimRules)


def judge_claims(
    results: Mapping[str, AnalysisResult],
    *,
    as_of: pd.Timestamp,
    absent: Collection[str] = (),
    spec: ClaimsSpec | None = None,
) -> AnalysisResult:
    """Hold every published statement against the results there are.

    Parameters
    ----------
    results : mapping of str to AnalysisResult
        Results of other analyses, found by their question whatever their names. A statement whose
        analysis is not among them cannot be told. `estimate_intake` among them gives the pace.
    as_of : Timestamp
        Last day of the records.
    absent : collection of str
        Tables and columns that the data set does not have.
    spec : ClaimsSpec, optional
        Choices.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes. Every statement has a verdict, also where nothing
        is recorded.

    Notes
    -----
    See `decide` for the rule, `together` for statements with several numbers, `month_reached` for
    the month. A statement about a start (`Claim.start`) is not consistent where the patients began
    elsewhere. Tipping point of a change c with lower limit l, a share s without an answer and
    published change p: (p − l) / s, the amount by which those who did not answer would have to be
    worse off than the model takes them to be.
    """
    spec = spec or ClaimsSpec()
    pace, starters = _pace(results)
    estimates: list[Row] = []
    lines: list[dict[str, Any]] = []
    for claim in spec.claims:
        recorded = _recorded(claim, absent)
        decisions, parts = [], []
        for check in claim.checks:
            row = _row(check, results) if recorded else None
            decision = None
            if check.rule != "shown":
                decision = _decide(check, row, results, recorded, spec)
                decision = _with_start(claim, check, decision, results)
            named = f"{claim.name}: {check.label[0].lower()}{check.label[1:]}"
            if row is not None:
                estimates.append(row | {"estimand": named})
            if decision is not None:
                decisions.append((check, row, decision))
            parts.append(
                _line(claim, check.label, decision, check.question)
                | {
                    "rule": check.rule,
                    "published_low": check.published[0],
                    "published_high": check.published[1],
                    "estimand": named if row is not None else "",
                    "tipping": _tipping(check, row),
                }
            )
        whole = _whole(claim, [each[2] for each in decisions], recorded)
        month, needed = "", nan
        if whole is not None and whole.verdict == "cannot_tell":
            month, needed = _when(decisions, starters, pace, as_of)
        lines.append(_line(claim, "", whole, "") | {"month": month, "n_needed": needed})
        lines.extend(parts)
    curve = pd.DataFrame(lines)
    frame = pd.DataFrame(estimates, columns=list(ESTIMATE_COLUMNS)).drop(columns=["note", "scope"])
    return gather(
        QUESTION,
        spec,
        frame,
        curve=curve,
        estimand="Published statements against the clinic's own numbers.",
        notes=(NOT_PROVED,),
    )


def _recorded(claim: Claim, absent: Collection[str]) -> bool:
    """Whether what a statement needs is in the data set; `a|b` needs one of two."""
    gone = set(absent)

    def there(name: str) -> bool:
        return name not in gone and name.partition(".")[0] not in gone

    return all(any(there(name) for name in needed.split("|")) for needed in claim.needs)


def _row(check: Check, results: Mapping[str, AnalysisResult]) -> Row | None:
    result = result_for(check, results)
    return None if result is None else row_for(check, result)


def _decide(
    check: Check,
    row: Row | None,
    results: Mapping[str, AnalysisResult],
    recorded: bool,
    spec: ClaimsSpec,
) -> Decision:
    if not recorded:
        return Decision("not_recorded")
    if result_for(check, results) is None:
        return Decision("cannot_tell", "not_asked", inf)
    if row is None and check.question == "clinic_benchmark":
        return Decision("cannot_tell", "few_clinics", inf)
    if row is None:
        # asked, and nobody to count yet
        return Decision("cannot_tell", "few", float(spec.rules.minimum_n))
    return decide(found_in(row, check), check.rule, check.published, check.effect, spec.rules)


def _with_start(
    claim: Claim, check: Check, decision: Decision, results: Mapping[str, AnalysisResult]
) -> Decision:
    """Take back what a figure for a certain start says of patients who began elsewhere."""
    result = result_for(check, results)
    if claim.start is None or decision.verdict != "consistent" or result is None:
        return decision
    start = start_of(check, result)
    inside = claim.start[0] <= start <= claim.start[1]
    return decision if inside else replace(decision, verdict="not_consistent", reason="start")


def _whole(claim: Claim, decisions: list[Decision], recorded: bool) -> Decision | None:
    if not recorded:
        return Decision("not_recorded")
    if claim.no_comparison:
        return Decision("cannot_tell", "no_comparison", inf)
    return together(decisions) if decisions else None


def _line(claim: Claim, label: str, decision: Decision | None, question: str) -> dict[str, Any]:
    return {
        "claim": claim.name,
        "label": label,
        "question": question,
        "statement": claim.statement,
        "published": claim.published,
        "reading": claim.reading,
        "sceptic": claim.sceptic,
        "rule": "",
        "published_low": nan,
        "published_high": nan,
        "verdict": "" if decision is None else decision.verdict,
        "reason": "" if decision is None else decision.reason,
        "n_needed": nan,
        "month": "",
        "estimand": "",
        "tipping": nan,
        "exploratory": float(claim.exploratory),
    }


def _tipping(check: Check, row: Row | None) -> float:
    """How much worse those without an answer must be for a change to fall short."""
    if row is None or check.rule != "reaches" or not row["n_eligible"] > 0:
        return nan
    missing = 1 - row["n_patients"] / row["n_eligible"]
    room = check.published[0] - row["conf_low"]
    return room / missing if missing > 0 and room > 0 else nan


def _pace(results: Mapping[str, AnalysisResult]) -> tuple[float, pd.DataFrame]:
    none = pd.DataFrame({"month": pd.to_datetime([]), "n_patients": np.zeros(0)})
    for result in results.values():
        if result.question == "intake":
            curve = result.curve
            return float(result.estimates["estimate"].iloc[0]), curve if len(curve) else none
    return 0.0, none


def _when(
    decisions: list[tuple[Check, Row | None, Decision]],
    starters: pd.DataFrame,
    pace: float,
    as_of: pd.Timestamp,
) -> tuple[str, float]:
    """Month in which all numbers that cannot be told yet can be, and the people that takes."""
    months, most = [], nan
    for check, row, decision in decisions:
        if decision.verdict != "cannot_tell":
            continue
        have = 0.0 if row is None or np.isnan(row["n_patients"]) else float(row["n_patients"])
        needed = decision.needed
        months.append(month_reached(needed, have, starters, pace, check.lag, as_of))
        if isfinite(needed):
            most = needed if np.isnan(most) else max(most, needed)
    return ("" if "" in months else max(months, default="")), most
