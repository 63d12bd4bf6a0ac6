"""Inverse intensity of visit weights, and whether visits are at random at all."""

from __future__ import annotations

import pandas as pd

from outcomes.errors import EstimationError
from outcomes.stats.weights import Decision, WeightModels


def visit_decision(
    intensity: str, stabiliser: str | None = None, *, visit: str = "visit"
) -> Decision:
    """Make the decision to come, for `WeightModels` on a `visit_grid`.

    Parameters
    ----------
    intensity : str
        Right-hand side of the discrete-time logistic model of a visit in a week, such as
        ``"last_score + since + C(week)"``: everything known before the week that bears on both
        coming and the outcome.
    stabiliser : str, optional
        Right-hand side of the model in the numerator; only what the outcome model holds too.
    visit : str
        Boolean column of the grid.

    Returns
    -------
    Decision
        Weight 1/P(visit | history), or P(visit | stabiliser)/P(visit | history), in weeks with a
        visit and 0 in the others; not multiplied over weeks. Put beside decisions on treatment and
        staying it gives their product.

    Notes
    -----
    A visit in a week of intensity λ stands for 1/λ weeks like it, so weighted means estimate the
    average over all weeks. Analyse weighted rows with an independence working correlation; any
    other undoes the weights.

    References
    ----------
    Lin H, Scharfstein DO, Rosenheck RA. Analysis of longitudinal data with irregular,
    outcome-dependent follow-up. J R Stat Soc B 2004;66:791–813. Bůžková P, Lumley T. Longitudinal
    data analysis for generalized linear models with follow-up dependent on outcome-related
    variables. Can J Stat 2007;35:485–500. Tompkins G, Dubin JA, Wallace M. Flexible inverse
    probability of treatment and visit weighting. arXiv 2405.15740.
    """
    return Decision("visit", visit, intensity, stabiliser, keep=True, cumulative=False)


def at_random_test(
    grid: pd.DataFrame, intensity: str, current: str, *, subject: str, visit: str = "visit"
) -> pd.Series:
    """Test whether a value seen apart from visits tells of coming beyond what was known before.

    Parameters
    ----------
    grid : DataFrame
        As made by `visit_grid`.
    intensity : str
        Right-hand side of the visit model.
    current : str
        Column with the outcome in the week as answered apart from visits; missing in weeks without
        an answer. It must have been asked for whether or not there was a visit.
    subject, visit : str
        Columns.

    Returns
    -------
    Series
        term, estimate (log odds of a visit a unit of `current`), std_error, t, p_value, conf_low,
        conf_high, n (weeks with an answer).

    Raises
    ------
    EstimationError
        If fewer than 50 weeks have an answer, or as `WeightModels`.

    Notes
    -----
    Visits are at random if coming depends on the outcome only through the history in the model. The
    visits alone cannot show this, an outcome answered apart from them can: its coefficient in the
    visit model is then 0. A small p-value says that inverse intensity weights are biased and which
    way; a large one is no proof.
    """
    if current not in grid.columns:
        raise EstimationError(
            f"The grid has no column {current}.", "Name the value answered apart."
        )
    rows = grid[grid[current].notna()]
    if len(rows) < 50:
        raise EstimationError(
            f"Only {len(rows)} weeks have {current}.",
            "Ask for the outcome apart from visits; without it this stays an assumption.",
        )
    decision = visit_decision(f"{intensity.split('~')[-1]} + {current}", visit=visit)
    models = WeightModels(rows, [decision], subject=subject, period="week")
    table = models.coefficients(models.fit())
    found = table[table["term"] == current].iloc[0].drop(["decision", "level", "df", "determined"])
    found["n"] = len(rows)
    return found
