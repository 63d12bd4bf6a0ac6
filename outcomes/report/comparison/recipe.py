"""The analysis frame and its weights for other programs, with a script in R for the number."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from outcomes.analyses.maintenance_schedules.frame import ScheduleFrame
from outcomes.export.pseudonyms import ID_COLUMNS, Pseudonyms
from outcomes.export.spreadsheet import write_csv

FRAME, MEANINGS, NUMBER, SCRIPT = "analysis_frame", "analysis_columns", "primary_number", "primary"
_R = """\
# The primary difference of the comparison of schedules, from the analysis frame and its weights.
# Base R is enough. Run in the folder of the export: Rscript {script}.R
frame <- read.csv("{frame}.csv", encoding = "UTF-8", check.names = FALSE)
expected <- read.csv("{number}.csv")
blocks <- {first}:{last}

# Mean of the weighted means of the blocks. `influence` is what each patient adds to its error, with
# leverage; `share` is how much of the mean rests on each.
arm <- function(weight) {{
  rows <- frame[frame$block %in% blocks, ]
  w <- rows[[weight]] * rows$weight_answer
  y <- ifelse(w > 0, rows$answer, 0)
  total <- ave(w, rows$block, FUN = sum)
  share <- w / total
  centre <- ave(share * y, rows$block, FUN = sum)
  apart <- ifelse(w > 0, share * (y - centre) / (1 - share), 0)
  patient <- factor(rows$patient_id, levels = unique(rows$patient_id))
  list(
    estimate = sum(share * y) / length(blocks),
    influence = as.vector(tapply(apart, patient, sum)) / length(blocks),
    share = as.vector(tapply(share, patient, sum)) / length(blocks)
  )
}}

a <- arm("{a}")  # {name_a}
b <- arm("{b}")  # {name_b}
estimate <- a$estimate - b$estimate
std_error <- sqrt(sum((a$influence - b$influence)^2))
share <- c(a$share, b$share)
df <- sum(share^2)^2 / sum(share^4)
half <- qt(0.975, df) * std_error
cat(sprintf("difference %.8f, standard error with the weights known %.8f, df %.3f\\n",
            estimate, std_error, df))
cat(sprintf("95%% interval with the weights known %.4f to %.4f\\n",
            estimate - half, estimate + half))
off <- abs(estimate - expected$estimate)
cat(sprintf("away from the exported number by %.2e\\n", off))
if (off > 1e-6) stop("The number differs from the exported one.")
"""


def write_recipe(found: ScheduleFrame, folder: Path, pseudonyms: Pseudonyms) -> None:
    """Write frame, weights, meanings of columns, the number, and the script.

    Parameters
    ----------
    found : ScheduleFrame
        Rows and weights; they speak of single patients and stay inside.
    folder : Path
        Where to.
    pseudonyms : Pseudonyms
        How to change ids and dates.
    """
    ids = {name: name for name in ID_COLUMNS if name in found.frame}
    frame = pseudonyms.frame(found.frame, ids, ("decision",), "patient_id")
    write_csv(frame, folder / f"{FRAME}.csv")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pa.parquet.write_table(table.replace_schema_metadata(None), folder / f"{FRAME}.parquet")
    _write_stata(frame, found.meanings, folder / f"{FRAME}.dta")
    write_csv(found.meanings, folder / f"{MEANINGS}.csv")
    number = {"contrast": " vs ".join(found.contrast), "estimate": found.estimate}
    number |= {"std_error_weights_known": found.std_error, "df": found.df}
    write_csv(pd.DataFrame([number]), folder / f"{NUMBER}.csv")
    a, b = found.contrast
    script = _R.format(
        script=SCRIPT,
        frame=FRAME,
        number=NUMBER,
        first=found.blocks[0],
        last=found.blocks[1],
        a=found.weights[a],
        b=found.weights[b],
        name_a=_one_line(a),
        name_b=_one_line(b),
    )
    (folder / f"{SCRIPT}.R").write_text(script, encoding="utf-8", newline="\n")


def _one_line(text: str) -> str:
    """Keep a name from ending a comment."""
    return " ".join(text.split())


def _write_stata(frame: pd.DataFrame, meanings: pd.DataFrame, path: Path) -> None:
    said = dict(zip(meanings["column"], meanings["meaning"], strict=True))
    plain = frame.copy()
    names: dict[str, str] = {}
    for name in frame:
        if pd.api.types.is_string_dtype(frame[name].dtype):
            plain[name] = frame[name].astype("object").where(frame[name].notna(), "")
        short = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in str(name))
        short = short if short[:1].isalpha() else f"v_{short}"
        while short[:32] in names.values():
            short = f"{short[:28]}_{len(names)}"
        names[str(name)] = short[:32]
    plain = plain.rename(columns=names)
    labels = {names[name]: meaning[:80] for name, meaning in said.items()}
    dates: dict[str, str] = {
        names[str(n)]: "td" for n in frame if pd.api.types.is_datetime64_any_dtype(frame[n])
    }
    plain.to_stata(
        path, write_index=False, version=118, variable_labels=labels,
        convert_dates=cast(Any, dates),
        # the same data give the same bytes
        time_stamp=pd.Timestamp("2000-01-01").to_pydatetime(),
    )  # fmt: skip
