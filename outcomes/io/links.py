"""Keys that must be unique, and rows that must hang on others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from outcomes.errors import DataContractError
from outcomes.io.parse import as_text
from outcomes.io.verdict import Verdict

# What cannot differ between two rows of one person.
IDENTITY = ("clinic", "sex", "birth_year")


@dataclass(frozen=True)
class Known:
    """Ids of a table that other tables refer to.

    Parameters
    ----------
    table : str
        Name of the table.
    key : str
        Its id column.
    accepted : Index
        Ids of accepted rows.
    rejected : Index
        Ids of rows that were read and rejected.
    """

    table: str
    key: str
    accepted: pd.Index
    rejected: pd.Index


def known_ids(frame: pd.DataFrame, verdict: Verdict) -> Known:
    """Collect the ids of a table that has been judged.

    Parameters
    ----------
    frame : DataFrame
        All rows read.
    verdict : Verdict
        What was decided about them.

    Returns
    -------
    Known
        Ids accepted and rejected.
    """
    (key,) = verdict.schema.key
    accepted = pd.Index(frame.loc[verdict.accepted, key])
    rejected = pd.Index(frame.loc[~verdict.accepted, key].dropna().unique())
    return Known(verdict.schema.name, key, accepted, rejected)


def refuse_shared_ids(patients: pd.DataFrame, verdict: Verdict) -> None:
    """Refuse a data set in which one patient_id stands for two people.

    Parameters
    ----------
    patients : DataFrame
        All rows read; those rejected so far are not looked at.
    verdict : Verdict
        Where the rows stand.

    Raises
    ------
    DataContractError
        If rows of one id contradict each other in clinic, sex or year of birth.
    """
    ids = patients["patient_id"].where(verdict.accepted)
    twice = patients[ids.notna() & ids.duplicated(keep=False)]
    if twice.empty:
        return
    told_apart = twice.groupby("patient_id")[list(IDENTITY)].nunique()
    differs = told_apart.gt(1)
    shared = differs.index[differs.any(axis=1)]
    if shared.empty:
        return
    column = next(name for name in IDENTITY if differs[name].any())
    first = int(np.flatnonzero(ids.isin(shared))[0])
    count = len(shared)
    raise DataContractError(
        f"{count:,} patient_id{'s stand' if count > 1 else ' stands'} for more than one person: "
        f"rows of one id differ in {column}.",
        "If sites number their patients on their own, give each site's ids a prefix when they are "
        "imported (id_prefix in the mapping); if it is a slip, correct the row.",
        file=verdict.rows.file_names(np.array([first]))[0],
        line=int(verdict.rows.line[first]),
        column=column,
    )


def reject_shared_keys(frame: pd.DataFrame, verdict: Verdict) -> None:
    """Reject every row whose key another row has too.

    Parameters
    ----------
    frame : DataFrame
        All rows read; those without a complete key are passed over, save for ``session_id`` and
        ``timing`` of an assessment, which may be empty.
    verdict : Verdict
        Receives the reasons.
    """
    key = list(verdict.schema.key)
    may_be_empty = [name for name in key if not verdict.schema.column(name).required]
    complete = frame[[name for name in key if name not in may_be_empty]].notna().all(axis=1)
    shared = (frame.duplicated(key, keep=False) & complete).to_numpy()
    if not shared.any():
        return
    clashing = frame.loc[shared, key].assign(place=np.flatnonzero(shared))
    places = clashing.groupby(key, dropna=False, sort=False)["place"]
    first, last = places.transform("min").to_numpy(), places.transform("max").to_numpy()
    other = np.full(len(frame), -1, dtype=np.int64)
    other[shared] = np.where(clashing["place"].to_numpy() == first, last, first)
    words = "the same " + ", ".join(key)
    verdict.reject(shared, key[0] if len(key) == 1 else "", f"another row has {words}", other)


def reject_strays(frame: pd.DataFrame, verdict: Verdict, known: Known | None) -> None:
    """Reject rows that hang on a row which is not there or was rejected.

    Parameters
    ----------
    frame : DataFrame
        All rows read.
    verdict : Verdict
        Receives the reasons.
    known : Known or None
        Ids that exist; None where the data set lacks the table.
    """
    if known is None:
        verdict.reject(
            frame["session_id"].notna(), "session_id", "there is no table sessions to find it in"
        )
        return
    # a patient has many rows, and each id is looked up once
    if known.key not in verdict.rows.cells:
        return
    coded = verdict.rows.coded(known.key)
    given = as_text(coded.texts)
    absent = np.append(given.notna() & ~_is_in(given, known.accepted), False)
    missing = absent[coded.codes]
    if not missing.any():
        return
    turned_away = np.append(_is_in(given, known.rejected), False)[coded.codes]
    what = known.table.removesuffix("s")
    verdict.reject(missing & turned_away, known.key, f"the row of its {what} was rejected")
    verdict.reject(missing & ~turned_away, known.key, f"is not in {known.table}")


def _is_in(texts: pd.Series, ids: pd.Index) -> np.ndarray:
    """Whether each is among some ids; `Series.isin` would take the text apart cell by cell."""
    found = pc.is_in(pa.array(texts, pa.large_string()), value_set=pa.array(ids, pa.large_string()))
    return found.to_numpy(zero_copy_only=False)
