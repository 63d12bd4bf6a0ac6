"""Patients by blocks, ready for weights: codes of treatment, history, and who was there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analyses.maintenance_schedules.spec import MaintenanceSchedulesSpec, Strategy
from outcomes.instruments import Instrument

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Knots of the last score, as shares of its range: coming and leaving bend at low and high pain.
KNOTS = (0.2, 0.6)


@dataclass(frozen=True)
class ScheduleGrid:
    """n patients × K blocks.

    Parameters
    ----------
    frame : DataFrame
        n · K rows, sorted by patient and block: those of `derive_blocks`, the columns that models
        are made of, ``subject`` (0 to n − 1), ``code``, ``previous`` and ``left``.
    n, blocks : int
        Patients and blocks.
    codes : ndarray of int, shape (n, K)
        Which strategies each block agrees with, numbered; -1 when no longer in care.
    allowed : dict of str to tuple of int
        Codes that agree with each strategy.
    at_risk, in_care : ndarray of bool, shape (n, K)
        In care through the block before, and at the decision of the block.
    history : ndarray of float, shape (n, K, p)
        What the sequential regressions are on.
    terms : tuple of str
        Confounders in the weight models, as terms of a formula.
    schedule_terms : tuple of str
        What the schedule model needs beside where sessions tell what was followed: those of the
        block before, sessions so far and the time since the last one.
    left_out : tuple of str
        Confounders that are not recorded or do not vary.
    cluster : ndarray of int, shape (n,)
        Clinic of each patient; one whose clinic is not known stands alone.
    clinics : int
        Number of clinics.
    """

    frame: pd.DataFrame
    n: int
    blocks: int
    codes: Ints
    allowed: dict[str, tuple[int, ...]]
    at_risk: Flags
    in_care: Flags
    history: Floats
    terms: tuple[str, ...]
    schedule_terms: tuple[str, ...]
    left_out: tuple[str, ...]
    cluster: Ints
    clinics: int

    @property
    def followed(self) -> dict[str, tuple[int, ...]]:
        """Strategies that some block agrees with, and the codes of each."""
        return {name: codes for name, codes in self.allowed.items() if codes}

    def square(self, column: str) -> Floats:
        """Give a column as a matrix.

        Parameters
        ----------
        column : str
            Numeric column of `frame`.

        Returns
        -------
        ndarray of float, shape (n, K)
            A row a patient.
        """
        return self.frame[column].to_numpy(dtype=float).reshape(self.n, self.blocks)


def make_grid(
    blocks: pd.DataFrame,
    patients: pd.DataFrame,
    instrument: Instrument,
    spec: MaintenanceSchedulesSpec,
    planned: bool,
    lag: int = 0,
) -> ScheduleGrid:
    """Code treatment and history.

    Parameters
    ----------
    blocks : DataFrame
        As made by `derive_blocks`.
    patients : DataFrame
        One row a patient: patient_id, baseline, and a column for each confounder that is recorded.
    instrument : Instrument
        The pain instrument.
    spec : MaintenanceSchedulesSpec
        Strategies and confounders.
    planned : bool
        Whether plans tell which strategy a block agrees with, or sessions attended in it.
    lag : int
        Blocks by which the recorded score is older than the decision (a sensitivity analysis).

    Returns
    -------
    ScheduleGrid
        Ready for `WeightModels`.

    Notes
    -----
    With plans a block agrees with a strategy whose range of days holds the interval of the plan in
    force; on demand agrees with plans of no scheduled session. Without plans the interval is that
    of the sessions attended in the block and the one before (56 days; 28 in the first block), of
    which `grace` may have been missed; on demand agrees with at most `grace` sessions in them.
    Strategies that overlap share codes.
    Missing confounders are filled in with their mean, or are a level of their own.
    """
    k = int(blocks["block"].max())
    frame = blocks.reset_index(drop=True).copy()
    n = len(frame) // k
    frame["subject"] = np.repeat(np.arange(n), k)
    agrees = (
        _by_plan(frame, spec.strategies)
        if planned
        else _by_sessions(frame, spec.strategies, spec.grace or 0, k)
    )
    pattern = agrees @ (1 << np.arange(len(spec.strategies)))
    different = np.unique(pattern[frame["in_care"].to_numpy()])
    code = np.searchsorted(different, pattern)
    in_care = frame["in_care"].to_numpy().reshape(n, k)
    codes = np.where(in_care, code.reshape(n, k), -1)
    allowed = {
        strategy.name: tuple(int(c) for c, bits in enumerate(different) if bits >> j & 1)
        for j, strategy in enumerate(spec.strategies)
    }
    before = np.full((n, k), -1)
    before[:, 1:] = codes[:, :-1]
    frame["code"] = codes.ravel()
    frame["previous"] = pd.Categorical(before.ravel())
    _attendance(frame, n, k)
    frame["left"] = (~frame["in_care"]).astype(int)
    frame["later"] = frame["at_risk"] & (frame["block"] > 1)
    numbers, words, left_out = _confounders(frame, patients, spec)
    scores = _score_columns(frame, instrument, lag, n, k)
    terms = (*numbers, *(f"C({name})" for name in words))
    kinds = [pd.get_dummies(frame[name], drop_first=True, dtype=float) for name in words]
    columns = [*scores, *numbers]
    history = np.column_stack([np.ones(len(frame)), frame[columns], *kinds]).astype(float)
    cluster, clinics = np.full(n, -1), 0
    if "clinic" in patients:
        clinic = patients.set_index("patient_id")["clinic"].replace("", np.nan)
        found, names = pd.factorize(clinic.reindex(frame["patient_id"].to_numpy()[::k]).to_numpy())
        cluster, clinics = found.astype(np.int64), len(names)
    alone = np.flatnonzero(cluster < 0)
    cluster[alone] = clinics + np.arange(len(alone))
    return ScheduleGrid(
        frame=frame,
        n=n,
        blocks=k,
        codes=codes,
        allowed=allowed,
        at_risk=frame["at_risk"].to_numpy().reshape(n, k),
        in_care=in_care,
        history=history.reshape(n, k, -1),
        terms=terms,
        schedule_terms=() if planned else ("C(came)", "rate", "gap"),
        left_out=left_out,
        cluster=cluster,
        clinics=clinics,
    )


def _attendance(frame: pd.DataFrame, n: int, k: int) -> None:
    """Sessions a block so far, and how long ago the last one was, at each decision."""
    sessions = frame["sessions"].to_numpy(dtype=float).reshape(n, k)
    so_far = np.zeros((n, k))
    so_far[:, 1:] = sessions.cumsum(axis=1)[:, :-1] / np.arange(1, k)
    gap = np.zeros((n, k))
    gap[:, 1:] = frame["open_gap"].to_numpy(dtype=float).reshape(n, k)[:, :-1]
    came = np.zeros((n, k))
    came[:, 1:] = np.minimum(sessions[:, :-1], 3)
    frame["came"] = came.ravel().astype(int)
    frame["rate"], frame["gap"] = so_far.ravel(), np.log1p(gap.ravel())


def _by_plan(frame: pd.DataFrame, strategies: tuple[Strategy, ...]) -> Ints:
    """Which strategies the plan in force agrees with, a column each."""
    interval = frame["interval"].to_numpy()
    none = (frame["plan"] == "on_demand").to_numpy()
    return np.column_stack(
        [
            none if s.every is None else (interval >= s.every[0]) & (interval <= s.every[1])
            for s in strategies
        ]
    ).astype(np.int64)


def _by_sessions(
    frame: pd.DataFrame, strategies: tuple[Strategy, ...], missed: int, k: int
) -> Ints:
    """Which strategies the attended sessions agree with, a column each."""
    sessions = frame["sessions"].to_numpy(dtype=float).reshape(-1, k)
    count, days = sessions.copy(), np.full_like(sessions, 56.0)
    count[:, 1:] += sessions[:, :-1]
    days[:, 0] = 28.0
    columns = []
    for strategy in strategies:
        agrees = count <= missed
        if strategy.every is not None:
            agrees = np.zeros_like(count, dtype=bool)
            for more in range(missed + 1):
                gap = np.divide(
                    days, count + more, out=np.full_like(days, np.inf), where=count + more > 0
                )
                agrees |= (gap >= strategy.every[0]) & (gap <= strategy.every[1])
        columns.append(agrees.ravel())
    return np.column_stack(columns).astype(np.int64)


def _confounders(
    frame: pd.DataFrame, patients: pd.DataFrame, spec: MaintenanceSchedulesSpec
) -> tuple[list[str], list[str], tuple[str, ...]]:
    """Put confounders at the start beside the blocks, without gaps; numbers, words, left out."""
    place = pd.Index(patients["patient_id"]).get_indexer(pd.Index(frame["patient_id"]))
    numbers, words, left_out = [], [], []
    for name in ("baseline", *spec.confounders):
        column = f"{name}_"
        values = patients[name].take(place).reset_index(drop=True) if name in patients else None
        if name == "baseline" and values is not None:
            frame["baseline_known"] = values
        if values is None or values.nunique() < 2:
            left_out.append(name)
            if values is not None:
                frame[column] = values.fillna("") if values.dtype == "str" else values
        elif pd.api.types.is_numeric_dtype(values.dtype):
            frame[column] = values.fillna(values.mean()).astype(float)
            numbers.append(column)
            if values.isna().any():
                frame[f"{column}missing"] = values.isna().astype(float)
                numbers.append(f"{column}missing")
        else:
            frame[column] = values.fillna("not recorded").replace("", "not recorded")
            words.append(column)
    return numbers, words, tuple(left_out)


def _score_columns(
    frame: pd.DataFrame, instrument: Instrument, lag: int, n: int, k: int
) -> list[str]:
    """Columns of the last score in tenths of its range, bent at the knots."""
    low, high = instrument.minimum, instrument.maximum
    assert low is not None and high is not None
    for name in ("score", "trend", "score_age"):
        values = frame[name].to_numpy(dtype=float).reshape(n, k)
        if lag:
            values = values[:, np.maximum(np.arange(k) - lag, 0)]
        frame[f"{name}_known"] = values.ravel()
    scale = 10 / (high - low)
    for name, source in (("last", "score_known"), ("late", "before_answer")):
        value = (frame[source] - low) * scale
        frame[name] = value
        for number, knot in enumerate(KNOTS, start=1):
            frame[f"{name}_{number}"] = (value - 10 * knot).clip(lower=0)
    frame["rising"] = frame["trend_known"] * scale
    frame["age_of_score"] = np.log1p(frame["score_age_known"])
    frame["seen"] = frame["seen_lately"].astype(float)
    return ["last", "last_1", "last_2", "rising", "age_of_score"]
