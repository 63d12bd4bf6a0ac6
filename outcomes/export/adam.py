"""Analysis data in the manner of CDISC ADaM: subjects (ADSL) and scores (BDS)."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from outcomes.derive import choose_timing, derive_baseline, derive_patients, derive_windows
from outcomes.derive.change import derive_change
from outcomes.derive.episode import derive_start
from outcomes.instruments import Instrument
from outcomes.schema import SCHEMAS
from outcomes.tables import Tables

PARAMCD = {
    "nrs_pain": "NRSPAIN",
    "vas_pain": "VASPAIN",
    "headache_days_recall": "HADAYREC",
    "ppt_kpa": "PPTKPA",
    "craniovertebral_angle": "CVANGLE",
    "promis_pi_4a": "PROMISPI",
    "promis_pf_4a": "PROMISPF",
    "rom_flexion": "ROMFLEX",
    "rom_extension": "ROMEXT",
    "rom_left_lateral_flexion": "ROMLLFLX",
    "rom_right_lateral_flexion": "ROMRLFLX",
    "rom_left_rotation": "ROMLROT",
    "rom_right_rotation": "ROMRROT",
}
"""Codes of parameters where the code of the instrument, in capitals, has more than 8 characters."""

VARIABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "adsl": (
        ("STUDYID", "Name of the data set"),
        ("USUBJID", "The patient"),
        ("SITEID", "Clinic: the patient's own, else that of the first attended session"),
        ("AGE", "Year of the start of care less year of birth"),
        ("AGEU", "Unit of AGE"),
        ("SEX", "As recorded"),
        ("ONSET", "acute, subacute or chronic at the start of care"),
        ("TRTSDT", "Start of care: first attended session, else index date"),
        ("TRTEDT", "Last attended session"),
        ("NSESS", "Attended sessions"),
    ),
    "adqs": (
        ("STUDYID", "Name of the data set"),
        ("USUBJID", "The patient"),
        ("PARAMCD", "Instrument, short"),
        ("PARAM", "Instrument"),
        ("AVAL", "Score, in the unit of AVALU"),
        ("AVALU", "Unit of AVAL"),
        ("BASE", "AVAL of the record with ABLFL = Y"),
        ("CHG", "AVAL - BASE, after the baseline record"),
        ("PCHG", "CHG / |BASE| * 100; empty where BASE is 0"),
        ("ADT", "Day of the score"),
        ("ADY", "ADT - TRTSDT + 1 from the start on, ADT - TRTSDT before; there is no day 0"),
        ("ATPT", "Timing: PRE or POST a session, or REMOTE"),
        ("AVISIT", "Analysis window"),
        ("AVISITN", "Target day of the window, counted from 0 at the start"),
        ("ABLFL", "Y: the last valid score at or before the start, never one after a session"),
        ("ANL01FL", "Y: the one score of the window that the primary analysis uses"),
        ("DTYPE", "Empty: no record is derived or imputed"),
    ),
}  # fmt: skip
"""Variables of each data set in their order, and what they hold."""


def derive_adsl(tables: Tables) -> pd.DataFrame:
    """Make the data set of subjects.

    Parameters
    ----------
    tables : Tables
        The records.

    Returns
    -------
    DataFrame
        One row a patient, sorted by USUBJID, with the columns that `VARIABLES` explains.
    """
    people = derive_patients(tables)
    return pd.DataFrame(
        {
            "STUDYID": pd.Series(tables.source, index=people.index, dtype="str"),
            "USUBJID": people["patient_id"],
            "SITEID": people["clinic"].replace("", np.nan),
            "AGE": people["age"],
            "AGEU": pd.Series("YEARS", index=people.index).where(people["age"].notna()),
            "SEX": people["sex"],
            "ONSET": people["onset"],
            "TRTSDT": people["start"],
            "TRTEDT": people["last_session"],
            "NSESS": people["n_sessions"],
        }
    )


def derive_bds(tables: Tables) -> pd.DataFrame:
    """Make the data set of scores.

    Parameters
    ----------
    tables : Tables
        The records; cut points and instruments are those of its settings.

    Returns
    -------
    DataFrame
        One row a score, sorted by USUBJID, PARAMCD, ADT, ATPT and AVISITN, with the columns that
        `VARIABLES` explains. A score on the day where two windows meet has a row for each window
        that it stands for.

    Notes
    -----
    Baseline, windows and the one timing of an analysis are those of the reports: CHG = AVAL - BASE,
    PCHG = 100 (AVAL - BASE) / |BASE|, missing where BASE is 0. Both are given for rows after the
    baseline record. Global ratings of change have no baseline. Rows without a score are left out.

    References
    ----------
    CDISC Analysis Data Model Implementation Guide, basic data structure.
    """
    scores = tables.assessments
    if scores is None:
        scores = SCHEMAS["assessments"].empty()
    sessions = SCHEMAS["sessions"].empty() if tables.sessions is None else tables.sessions
    cuts = tables.settings.cut_points
    start = derive_start(tables.patients, sessions, cuts)
    codes = [code for code in tables.registry.codes if (scores["instrument"] == code).any()]
    short = _short_codes(codes)
    parts = [_parameter(tables, scores, start, tables.registry.get(code)) for code in codes]
    names = [name for name, _ in VARIABLES["adqs"]]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in names})
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.merge(start[["patient_id", "start"]], on="patient_id", how="left")
    days = (rows["date"] - rows["start"]).dt.days
    after = rows["ablfl"].isna() & (rows["date"] >= rows["baseline_date"])
    after &= ~((rows["date"] == rows["baseline_date"]) & (rows["timing"] != "post"))
    change = rows["change"].where(after)
    registry = {code: tables.registry.get(code) for code in codes}
    labels = {code: each.label for code, each in registry.items()}
    units = {code: each.unit for code, each in registry.items()}
    made = pd.DataFrame(
        {
            "STUDYID": pd.Series(tables.source, index=rows.index, dtype="str"),
            "USUBJID": rows["patient_id"],
            "PARAMCD": rows["instrument"].map(short),
            "PARAM": rows["instrument"].map(labels),
            "AVAL": rows["value"],
            "AVALU": rows["instrument"].map(units),
            "BASE": rows["baseline"],
            "CHG": change,
            "PCHG": 100 * change / rows["baseline"].abs().where(rows["baseline"] != 0),
            "ADT": rows["date"],
            "ADY": days + (days >= 0),
            "ATPT": rows["timing"].str.upper(),
            "AVISIT": rows["avisit"],
            "AVISITN": rows["window"],
            "ABLFL": rows["ablfl"],
            "ANL01FL": rows["anl01fl"],
            "DTYPE": pd.Series(np.nan, index=rows.index, dtype="str"),
        }
    )
    order = ["USUBJID", "PARAMCD", "ADT", "ATPT", "AVISITN"]
    return made.sort_values(order, kind="stable", ignore_index=True)[names]


def _short_codes(codes: list[str]) -> dict[str, str]:
    """Codes of at most eight capitals and digits, no two alike."""
    short: dict[str, str] = {}
    for code in codes:
        plain = PARAMCD.get(code) or re.sub(r"[^A-Z0-9]", "", code.upper())
        plain = re.sub(r"^(?=[0-9]|$)", "P", plain)
        found, number = plain[:8], 1
        while found in short.values():
            number += 1
            found = plain[: 8 - len(str(number))] + str(number)
        short[code] = found
    return short


def _parameter(
    tables: Tables, scores: pd.DataFrame, start: pd.DataFrame, instrument: Instrument
) -> pd.DataFrame:
    """All scores of one instrument with baseline, change and the window each stands for."""
    cuts, code = tables.settings.cut_points, instrument.code
    timing = choose_timing(scores, start, code, cuts, tables.as_of).timing
    own = scores[(scores["instrument"] == code) & scores["value"].notna()]
    # the order in which equal scores of one day are taken is that of their sessions
    own = own.sort_values(["patient_id", "date", "session_id"], kind="stable", ignore_index=True)
    own = own[["patient_id", "instrument", "date", "timing", "value"]].reset_index(names="row")
    baseline = derive_baseline(scores, start, code, cuts)
    windows = derive_windows(
        scores, start, code, timing=timing, sessions=tables.sessions, cuts=cuts, as_of=tables.as_of
    )
    later = windows[windows["answered"] & (windows["window"] > 0)].assign(timing=timing)
    first = baseline.dropna(subset="baseline").rename(
        columns={"baseline": "value", "baseline_date": "date", "baseline_timing": "timing"}
    )
    if instrument.transition:
        first = first.iloc[:0]
        baseline = baseline.assign(baseline=np.nan)
    key = ["patient_id", "date", "timing", "value"]
    stands_for = pd.concat(
        [_rows_of(own, first.assign(window=0), key), _rows_of(own, later, key)],
        ignore_index=True,
    )
    rows = own.merge(stands_for, on="row", how="left").merge(baseline, on="patient_id", how="left")
    names = {0: "Baseline"} | {window.day: f"Day {window.day}" for window in cuts.windows[1:]}
    rows["avisit"] = rows["window"].map(names).astype("str")
    rows["ablfl"] = _flag(rows["window"] == 0)
    rows["anl01fl"] = _flag(rows["window"].notna())
    return derive_change(rows, instrument)


def _flag(holds: pd.Series) -> pd.Series:
    """Y where something holds, empty elsewhere."""
    return pd.Series("Y", index=holds.index, dtype="str").where(holds)


def _rows_of(own: pd.DataFrame, chosen: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Find the score that each choice of a window was made of."""
    found = chosen[[*key, "window"]].merge(own[["row", *key]], on=key, how="inner")
    return found.drop_duplicates(["patient_id", "window"])[["row", "window"]].astype("float64")
