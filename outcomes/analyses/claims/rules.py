"""When a published statement is consistent with a clinic's own number, and when nobody can tell.

The rules stand here and nowhere else. They are kept at the same numbers as those of sentences in
`outcomes.verdicts`; a test holds them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, isnan, nan
from typing import Literal

Rule = Literal["figure", "reaches", "above", "below", "differs", "nothing", "shown"]
Verdict = Literal["consistent", "not_consistent", "cannot_tell", "not_recorded"]
Reason = Literal[
    "",
    "few",
    "unanswered",
    "wide",
    "near",
    "refused",
    "bounds",
    "start",
    "no_comparison",
    "not_asked",
    "few_clinics",
]


@dataclass(frozen=True)
class ClaimRules:
    """What a verdict needs.

    Parameters
    ----------
    minimum_n : int
        People (or sessions) a verdict must rest on.
    floor : float
        Share of those at risk who must have answered.
    narrow : float
        Widest interval that may be called consistent, as a share of the published effect.
    little : float
        Difference that is called none when the whole interval lies within it, in points.
    """

    minimum_n: int = 30
    floor: float = 0.3
    narrow: float = 0.5
    little: float = 1.0


@dataclass(frozen=True)
class Found:
    """A clinic's own number.

    Parameters
    ----------
    estimate, low, high : float
        The number and its 95 % limits.
    n, eligible : float
        People it rests on, and those it could have rested on; missing where all are there.
    events : float
        What was counted; missing where nothing is.
    status : str
        As in estimates.
    """

    estimate: float = nan
    low: float = nan
    high: float = nan
    n: float = nan
    eligible: float = nan
    events: float = nan
    status: str = "ok"


@dataclass(frozen=True)
class Decision:
    """What a number says about a statement.

    Parameters
    ----------
    verdict : str
        consistent, not_consistent, cannot_tell or not_recorded.
    reason : str
        Why it cannot be told: ``few`` people, too many ``unanswered``, a ``wide`` interval, a
        number too ``near`` the limit, an analysis that ``refused``, gives ``bounds`` only or was
        ``not_asked`` for, ``few_clinics`` to compare, or ``no_comparison``. Why it is not
        consistent: ``start`` where the patients began from another level than the published
        ones.
    needed : float
        People that would do at the spread seen so far; infinite where more people would not help.
    """

    verdict: Verdict
    reason: Reason = ""
    needed: float = nan


def decide(
    found: Found | None,
    rule: Rule,
    published: tuple[float, float],
    effect: float = nan,
    rules: ClaimRules | None = None,
) -> Decision:
    """Hold a number against a published figure.

    Parameters
    ----------
    found : Found or None
        The clinic's number; None where what it needs was not recorded.
    rule : str
        How they are held together:

        - ``figure``: the interval meets the published figure, or its range;
        - ``reaches``: a change falls at least as far as the published one, which is negative;
        - ``above``, ``below``: the interval lies wholly beyond the published limit;
        - ``differs``: the interval leaves out no difference;
        - ``nothing``: not one event.
    published : tuple of float
        The figure twice, or the ends of its range.
    effect : float
        Size of the published effect, in the unit of the number; missing where the statement gives
        a limit only.
    rules : ClaimRules, optional
        Numbers that a verdict needs.

    Returns
    -------
    Decision
        The first that applies of: not recorded; refused; too few people; too few of those at risk;
        not consistent; too wide for the published effect; consistent.

    Raises
    ------
    ValueError
        For the rule ``shown``, by which nothing is judged.

    Notes
    -----
    A number that contradicts the published figure may do so with a wide interval; one that agrees
    must be narrower than `narrow` times the effect, because a wide interval agrees with anything.
    The people that would make an interval of width w as narrow as w₀ are n (w / w₀)². Near a limit
    those are n (h / d)², with h from the number to the end of the interval and d from the number to
    the limit. Where nothing was counted the interval narrows with n (rule of three), and the square
    goes.
    """
    rules = rules or ClaimRules()
    if rule == "shown":
        raise ValueError("a number that is only shown has no verdict")
    if found is None:
        return Decision("not_recorded")
    n = 0.0 if isnan(found.n) else found.n
    if n < rules.minimum_n:
        return Decision("cannot_tell", "few", float(rules.minimum_n))
    if found.status == "not_identified":
        return Decision("cannot_tell", "bounds", inf)
    if found.status != "ok" or isnan(found.estimate):
        return Decision("cannot_tell", "refused", inf)
    if found.eligible > 0 and n < rules.floor * found.eligible:
        return Decision("cannot_tell", "unanswered", inf)
    if rule == "nothing":
        return Decision("not_consistent" if found.events > 0 else "consistent")
    if isnan(found.low) or isnan(found.high):
        return Decision("cannot_tell", "refused", inf)
    low, high = published
    if rule == "differs":
        if found.low > 0 or found.high < 0:
            return Decision("consistent")
        if max(-found.low, found.high) <= rules.little:
            return Decision("not_consistent")
        return Decision("cannot_tell", "wide", _beyond(found, 0.0, n))
    if rule in ("above", "below"):
        limit = low if rule == "above" else high
        inside = found.low > limit if rule == "above" else found.high < limit
        outside = found.high < limit if rule == "above" else found.low > limit
        if outside:
            return Decision("not_consistent")
        if not inside:
            return Decision("cannot_tell", "near", _beyond(found, limit, n))
    elif found.low > high or (rule == "figure" and found.high < low):
        return Decision("not_consistent")
    width = found.high - found.low
    allowed = rules.narrow * effect
    if isfinite(allowed) and not width < allowed:
        return Decision("cannot_tell", "wide", n * (width / allowed) ** _power(found))
    return Decision("consistent")


def together(decisions: list[Decision]) -> Decision:
    """Put the verdicts on the parts of one statement together.

    Parameters
    ----------
    decisions : list of Decision
        One a part; at least one.

    Returns
    -------
    Decision
        Not consistent if a part is not; else the first that cannot be told; else consistent if a
        part is. Parts that are not recorded say nothing beside others.
    """
    known = [each for each in decisions if each.verdict != "not_recorded"]
    for verdict in ("not_consistent", "cannot_tell", "consistent"):
        for each in known:
            if each.verdict == verdict:
                return each
    return decisions[0]


def _beyond(found: Found, limit: float, n: float) -> float:
    """People that would take the interval clear of a limit, if the number stays where it is."""
    away = abs(found.estimate - limit)
    half = max(found.estimate - found.low, found.high - found.estimate)
    return n * (half / away) ** _power(found) if away > 0 else inf


def _power(found: Found) -> int:
    """How an interval narrows: with the root of n, but with n itself while nothing was counted."""
    return 1 if found.events == 0 else 2
