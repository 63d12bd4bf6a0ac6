"""Published statements held against own numbers; receives results, imports no analysis."""

from __future__ import annotations

from outcomes.analyses.claims.judge import ClaimsSpec, judge_claims
from outcomes.analyses.claims.rules import ClaimRules, Decision, Found, decide, together
from outcomes.analyses.claims.statement import Check, Claim
from outcomes.analyses.claims.statements import CLAIMS
from outcomes.analyses.claims.when import month_reached

__all__ = [
    "CLAIMS",
    "Check",
    "Claim",
    "ClaimRules",
    "ClaimsSpec",
    "Decision",
    "Found",
    "decide",
    "judge_claims",
    "month_reached",
    "together",
]
