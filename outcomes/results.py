"""Results as data: the one shape that every analysis returns and every report reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

SCOPES = ("aggregate", "patient")
STATUSES = ("ok", "refused", "suppressed", "not_identified")

_TEXT = "str"
_NUMBER = "float64"
ESTIMATE_COLUMNS: dict[str, str] = {
    "outcome": _TEXT,
    "estimand": _TEXT,
    "group_by": _TEXT,
    "group": _TEXT,
    "landmark": _TEXT,
    "term": _TEXT,
    "estimate": _NUMBER,
    "std_error": _NUMBER,
    "conf_low": _NUMBER,
    "conf_high": _NUMBER,
    "conf_level": _NUMBER,
    "df": _NUMBER,
    "p_value": _NUMBER,
    "n_eligible": _NUMBER,
    "n_patients": _NUMBER,
    "n_assessments": _NUMBER,
    "n_events": _NUMBER,
    "ess": _NUMBER,
    "unit": _TEXT,
    "method": _TEXT,
    "status": _TEXT,
    "note": _TEXT,
    "scope": _TEXT,
}
"""Columns of `AnalysisResult.estimates`, always all of them, and their types."""

EXCLUSION_COLUMNS = ("step", "reason", "n_in", "n_out")


def estimates_frame(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]], *, scope: str = "aggregate"
) -> pd.DataFrame:
    """Rows of estimates with the fixed columns, absent ones filled as not known.

    Parameters
    ----------
    rows : DataFrame or sequence of mappings
        One row an estimate; keys are names of `ESTIMATE_COLUMNS`.
    scope : {"aggregate", "patient"}
        Whether a row speaks of many people or of one.

    Returns
    -------
    DataFrame
        Exactly the columns of `ESTIMATE_COLUMNS` in their order. Text that is absent is empty,
        numbers that are absent are NaN, status defaults to ``ok``.

    Raises
    ------
    ValueError
        For a column that is not part of the contract, or an unknown scope or status.
    """
    if scope not in SCOPES:
        raise ValueError(f"scope is one of {SCOPES}, not {scope!r}")
    frame = pd.DataFrame(rows).reset_index(drop=True)
    unknown = sorted(set(frame.columns) - set(ESTIMATE_COLUMNS))
    if unknown:
        raise ValueError(f"not columns of an estimate: {unknown}")
    frame = frame.reindex(columns=list(ESTIMATE_COLUMNS))
    for name, kind in ESTIMATE_COLUMNS.items():
        if kind == _TEXT:
            filled = frame[name].astype("object").where(frame[name].notna(), "")
            frame[name] = filled.astype("str")
        else:
            frame[name] = pd.to_numeric(frame[name]).astype("float64")
    frame["status"] = frame["status"].replace("", "ok")
    frame["scope"] = scope
    wrong = sorted(set(frame["status"]) - set(STATUSES))
    if wrong:
        raise ValueError(f"unknown status {wrong}; use one of {STATUSES}")
    return frame


def exclusions_frame(steps: Sequence[tuple[str, str, int, int]]) -> pd.DataFrame:
    """Who was left out and why, a row a step.

    Parameters
    ----------
    steps : sequence of (step, reason, n_in, n_out)
        Patients (or rows) that entered a step and those that left it as eligible.

    Returns
    -------
    DataFrame
        Columns step, reason, n_in, n_out.
    """
    return pd.DataFrame(list(steps), columns=list(EXCLUSION_COLUMNS))


class AnalysisResult:
    """What one question yielded: estimates, a curve to plot, who was left out, and diagnostics.

    Frames are copied in and out, so that nobody downstream can change a number.

    Parameters
    ----------
    question : str
        Name of the analysis, such as ``pain_trajectory``.
    spec : object
        The frozen dataclass with every choice made.
    estimates : DataFrame
        As made by `estimates_frame`.
    curve : DataFrame, optional
        Ready to plot; its columns belong to the question and are documented there.
    exclusions : DataFrame, optional
        As made by `exclusions_frame`.
    diagnostics : mapping, optional
        Named numbers, texts or frames about how the estimate came about, warnings included.
    estimand : str, optional
        Population, strategy, variable, intercurrent events and summary in one paragraph.
    notes : sequence of str, optional
        Sentences that a reader must see beside the numbers.
    """

    def __init__(
        self,
        question: str,
        spec: Any,
        estimates: pd.DataFrame,
        *,
        curve: pd.DataFrame | None = None,
        exclusions: pd.DataFrame | None = None,
        diagnostics: Mapping[str, Any] | None = None,
        estimand: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        if list(estimates.columns) != list(ESTIMATE_COLUMNS):
            raise ValueError("estimates must come from estimates_frame()")
        scopes = set(estimates["scope"])
        if len(scopes) > 1:
            raise ValueError("a result speaks of one scope: aggregate or patient")
        self.question = question
        self.spec = spec
        self.scope = scopes.pop() if scopes else "aggregate"
        self.estimand = estimand
        self.notes = tuple(notes)
        self._estimates = estimates.copy()
        self._curve = (curve if curve is not None else pd.DataFrame()).copy()
        self._exclusions = (exclusions if exclusions is not None else exclusions_frame([])).copy()
        self._diagnostics = dict(diagnostics or {})

    @property
    def estimates(self) -> pd.DataFrame:
        """Estimates with the columns of `ESTIMATE_COLUMNS` (a copy)."""
        return self._estimates.copy()

    @property
    def curve(self) -> pd.DataFrame:
        """Rows ready to plot (a copy)."""
        return self._curve.copy()

    @property
    def exclusions(self) -> pd.DataFrame:
        """Who was left out and why (a copy)."""
        return self._exclusions.copy()

    @property
    def diagnostics(self) -> dict[str, Any]:
        """Named facts about how the estimates came about (frames are copies)."""
        return {
            name: value.copy() if isinstance(value, pd.DataFrame) else value
            for name, value in self._diagnostics.items()
        }

    def replace(
        self,
        *,
        estimates: pd.DataFrame | None = None,
        curve: pd.DataFrame | None = None,
        exclusions: pd.DataFrame | None = None,
        diagnostics: Mapping[str, Any] | None = None,
        notes: Sequence[str] | None = None,
    ) -> AnalysisResult:
        """Return the same result with some parts exchanged, as disclosure control does.

        Parameters
        ----------
        estimates, curve, exclusions : DataFrame, optional
            The new frames; those not given stay.
        diagnostics : mapping, optional
            The new diagnostics.
        notes : sequence of str, optional
            The new notes.

        Returns
        -------
        AnalysisResult
            A new result; this one is unchanged.
        """
        return AnalysisResult(
            self.question,
            self.spec,
            self._estimates if estimates is None else estimates,
            curve=self._curve if curve is None else curve,
            exclusions=self._exclusions if exclusions is None else exclusions,
            diagnostics=self._diagnostics if diagnostics is None else diagnostics,
            estimand=self.estimand,
            notes=self.notes if notes is None else notes,
        )

    def _brief(self) -> pd.DataFrame:
        shown = ["outcome", "group", "landmark", "term", "estimate", "conf_low", "conf_high"]
        shown += ["n_patients", "n_eligible", "unit", "status", "note"]
        return self._estimates[shown]

    def summary(self) -> str:
        """Describe the result as plain text for a person at a terminal.

        Returns
        -------
        str
            The estimand, the estimates with intervals and counts, exclusions and notes.
        """
        parts = [self.question.replace("_", " ").capitalize()]
        if self.estimand:
            parts.append(self.estimand)
        parts.append(self._brief().to_string(index=False, float_format="{:.4g}".format))
        if len(self._exclusions):
            parts.append(self._exclusions.to_string(index=False))
        parts.extend(self.notes)
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        return f"<AnalysisResult {self.question}: {len(self._estimates)} estimates, {self.scope}>"

    def _repr_html_(self) -> str:
        head = f"<p><strong>{escape(self.question.replace('_', ' ').capitalize())}</strong></p>"
        lead = f"<p>{escape(self.estimand)}</p>" if self.estimand else ""
        table = self._brief().to_html(index=False, float_format="{:.4g}".format, escape=True)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return head + lead + table + notes
