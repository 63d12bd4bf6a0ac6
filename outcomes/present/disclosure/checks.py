"""Diagnostics for outside: what says how an estimate came about, without saying who was there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from outcomes.present.disclosure.counts import nearest, tells
from outcomes.present.disclosure.policy import Policy

CHOICES = ("cadence_window", "planned", "causal_wording", "confounders_left_out")
"""Diagnostics that are choices or verdicts and count nobody."""

FRAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "flow": (("on_strategy", "left_care", "left_strategy", "kept", "answered"), ()),
    "support": (("n", "n_weighted"), ("sum_over_n",)),
    "balance": (("n_weighted",), ("smd", "smd_unweighted")),
    "naive": (("n",), ("mean",)),
    "sensitivity": ((), ("estimate", "conf_low", "conf_high")),
}
"""Frames of a comparison that may be shown: which columns count people, and which numbers of the
row stay where all its counts are large enough. Other numbers, such as a largest weight, are of one
person or tell how many there were, and go."""
_TOGETHER = ("left_care", "left_strategy")


def shown_diagnostics(diagnostics: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """Keep what says how an estimate came about without saying how many people it is of.

    Parameters
    ----------
    diagnostics : mapping
        Of one result.
    policy : Policy
        Rules.

    Returns
    -------
    dict
        Convergence of models, choices, sentences without a count, and the frames of `FRAMES` with
        rounded counts and without small ones.
    """
    kept: dict[str, Any] = {}
    for name, value in diagnostics.items():
        if isinstance(value, pd.DataFrame):
            columns = [
                column for column in value.columns if column in ("outcome", "group", "converged")
            ]
            if "converged" in columns:
                kept[name] = value[columns]
            elif name in FRAMES and len(value):
                kept[name] = _shown(value, *FRAMES[name], policy)
        elif name in CHOICES or (isinstance(value, str) and not tells(value)):
            kept[name] = value
        elif name == "failures":
            kept[name] = tuple(text if not tells(text) else "A check failed." for text in value)
    return kept


def _shown(
    frame: pd.DataFrame, people: tuple[str, ...], numbers: tuple[str, ...], policy: Policy
) -> pd.DataFrame:
    labels = [str(name) for name in frame.columns if frame[name].dtype == "str" or name == "block"]
    shown = frame[[*labels, *people, *[name for name in numbers if name in frame]]].copy()
    few = shown[list(people)] < policy.minimum
    if set(_TOGETHER) <= set(people):
        # what is left of those who went would be had from the rest
        few.loc[few[list(_TOGETHER)].any(axis=1), list(_TOGETHER)] = True
    for name in people:
        shown[name] = nearest(shown[name], policy.round_to).mask(few[name])
    shown.loc[few.any(axis=1), [name for name in numbers if name in shown]] = float("nan")
    for name in labels:
        if name == "note":
            shown[name] = shown[name].where(~shown[name].map(tells), "")
    return shown
