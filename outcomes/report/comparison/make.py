"""One comparison of schedules, from its protocol to the files others can read and compute again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from outcomes.analyses.maintenance_schedules import (
    estimate_maintenance_schedules,
    settled_spec,
)
from outcomes.analyses.maintenance_schedules.frame import schedule_frame
from outcomes.analyses.maintenance_schedules.methods import bibliography, methods_paragraph
from outcomes.errors import DataContractError, DisclosureError
from outcomes.export.export import RECORD, earlier_files
from outcomes.export.pseudonyms import Pseudonyms
from outcomes.export.spreadsheet import write_csv
from outcomes.io import read_tables
from outcomes.io.place import placed_together
from outcomes.present import disclose, policy_of
from outcomes.report.comparison.contents import (
    figures_of_result,
    frames_of_result,
    tables_to_read,
)
from outcomes.report.comparison.documents import (
    HOW_TO_GET_WORD,
    html_page,
    word_maker,
    write_word,
)
from outcomes.report.comparison.protocol import PROTOCOL_FILE, chosen, hold, register, versions
from outcomes.report.comparison.recipe import write_recipe
from outcomes.report.origin import data_fingerprint
from outcomes.results import AnalysisResult
from outcomes.settings import read_settings
from outcomes.tables import Tables

TITLE = "Comparison of maintenance schedules"
RESULTS, METHODS, REFERENCES = "results.json", "methods.txt", "references.bib"


@dataclass(frozen=True)
class ComparisonOrder:
    """What to compare, for whom, and where to write it.

    Parameters
    ----------
    data, out : Path
        Folder of the data set, and the one to write to.
    audience : {"inside", "outside"}
        For outside disclosure control is on and no row of a patient is written.
    bootstraps, seed : int, optional
        Other than those of the spec.
    amend : str
        Why the choices differ from those on record.
    pseudonyms : Pseudonyms
        How to change ids and dates of the analysis frame.
    as_of : str
        Read nothing later than this date.
    """

    data: Path
    out: Path
    audience: str = "inside"
    bootstraps: int | None = None
    seed: int | None = None
    amend: str = ""
    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)
    as_of: str = ""


def make_comparison(
    order: ComparisonOrder,
    *,
    say: Callable[[str], None] = print,
    on_step: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Compare schedules and write everything that belongs to it.

    Parameters
    ----------
    order : ComparisonOrder
        What to do.
    say : callable
        Receives a line where there is something to know.
    on_step : callable, optional
        Told (done, total) as resamples are made.

    Returns
    -------
    list of Path
        The files written, the protocol first.

    Raises
    ------
    DataContractError
        If the data can't be read, or the folder holds something else or can't be written to.
    EstimationError
        If other choices are on record, or they changed on the way.
    DisclosureError
        If pseudonyms are asked for outside: rows of patients are never made for outside.

    Notes
    -----
    The choices, with their fingerprint, the time and versions, are on the disk before the records
    are read, and are checked when the numbers are there. The protocol stays when the rest fails.
    """
    data, out = Path(order.data), Path(order.out)
    if out.resolve() == data.resolve():
        raise DataContractError(
            "the comparison would mix with the data.", "Choose another folder.", file=out.name
        )
    if order.audience == "outside" and order.pseudonyms.key is not None:
        raise DisclosureError(
            "Rows of single patients are never made for outside, pseudonyms or not.",
            "Leave out the pseudonyms, or make the comparison for inside.",
        )
    earlier_files(out, (PROTOCOL_FILE,))
    settings = read_settings(data)
    policy = policy_of(order.audience, settings)
    spec = settled_spec(settings)
    if order.bootstraps is not None:
        spec = replace(spec, bootstraps=order.bootstraps)
    if order.seed is not None:
        spec = replace(spec, seed=order.seed)
    register(out, chosen(spec, settings), amend=order.amend)
    tables = read_tables(data, as_of=order.as_of or None)
    result = estimate_maintenance_schedules(tables, spec, on_step=on_step)
    protocol = hold(out, chosen(spec, tables.settings))
    released = disclose({"comparison": result}, policy, tables.registry)["comparison"]
    maker = word_maker()
    if maker is None:
        say(HOW_TO_GET_WORD)
    with placed_together(out, lambda: earlier_files(out, (PROTOCOL_FILE,))) as stage:
        _write_tables(released, stage, maker, tables)
        for name, figure in figures_of_result(released, tables.registry).items():
            path = stage / f"figure_{name}.svg"
            path.write_text(figure.svg, encoding="utf-8", newline="\n")
            path.with_suffix(".png").write_bytes(figure.png())
        _write_methods(result, stage, tables)
        origin = {
            "question": result.question,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "audience": order.audience,
            "synthetic": tables.synthetic,
            "as_of": f"{tables.as_of:%Y-%m-%d}",
            "versions": versions(),
            "seed": spec.seed,
            "data_sha256": data_fingerprint(data),
            "protocol": {name: protocol[name] for name in ("registered", "sha256", "amendments")},
        }
        _write_json(origin | _as_json(released), stage / RESULTS)
        refused = _why_refused(result)
        if order.audience == "inside" and not refused:
            write_recipe(schedule_frame(tables, spec), stage, order.pseudonyms)
        elif order.audience == "inside":
            # rows and weights would give the number that the result withholds
            say(f"No analysis frame, as the primary difference is refused: {refused}")
        files = sorted(path.name for path in stage.iterdir())
        record = {
            "source": tables.source,
            "synthetic": tables.synthetic,
            "pseudonymised": order.pseudonyms.key is not None,
            "files": files,
        }
        _write_json(record, stage / RECORD)
    return [out / name for name in (PROTOCOL_FILE, *files)]


def _why_refused(result: AnalysisResult) -> str:
    """Why there is no primary difference; empty where there is one."""
    rows = result.estimates
    first = rows[(rows["term"] == "difference") & (rows["status"] == "ok")]
    group = " vs ".join(result.spec.contrasts[0])
    horizon = result.spec.horizons[0].name
    own = (rows["group"] == group) & (rows["landmark"] == horizon)
    own &= rows["outcome"] == result.spec.instrument
    if len(first[own.reindex(first.index)]):
        return ""
    refused = rows[rows["status"] != "ok"]
    return str((refused[own.reindex(refused.index)] if own.any() else refused)["note"].iloc[0])


def _write_tables(result: AnalysisResult, folder: Path, maker: Any, tables: Tables) -> None:
    for name, frame in frames_of_result(result).items():
        write_csv(frame, folder / f"table_{name}.csv")
    read = tables_to_read(result)
    lead = [result.estimand, *result.notes]
    if tables.synthetic:
        lead.insert(0, "The records are simulated: these numbers are no evidence about care.")
    lead = [text for text in lead if text]
    page = html_page(TITLE, lead, read)
    (folder / "tables.html").write_text(page, encoding="utf-8", newline="\n")
    if maker is not None:
        made = tables.as_of.to_pydatetime()
        write_word(maker, folder / "tables.docx", TITLE, lead, read, made)


def _write_methods(result: AnalysisResult, folder: Path, tables: Tables) -> None:
    found, spec = result.diagnostics, result.spec
    text = methods_paragraph(
        spec,
        tables.registry.get(spec.instrument),
        planned=bool(found.get("planned", tables.plans is not None)),
        resampled=str(found.get("resampled", "patients")),
        left_out=tuple(found.get("confounders_left_out", ())),
        version=versions()["outcomes"],
    )
    (folder / METHODS).write_text(text + "\n", encoding="utf-8", newline="\n")
    (folder / REFERENCES).write_text(bibliography(spec), encoding="utf-8", newline="\n")


def _as_json(result: AnalysisResult) -> dict[str, Any]:
    """Everything a result holds, as JSON can."""
    rows = result.estimates
    first = rows[(rows["term"] == "difference") & (rows["outcome"] == result.spec.instrument)]
    return {
        "spec": asdict(result.spec),
        "estimand": result.estimand,
        "primary": next(iter(_rows(first.head(1))), None),
        "estimates": _rows(rows),
        "curve": _rows(result.curve),
        "exclusions": _rows(result.exclusions),
        "diagnostics": {
            name: _rows(value) if isinstance(value, pd.DataFrame) else value
            for name, value in result.diagnostics.items()
        },
        "notes": list(result.notes),
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _cell(value) for name, value in row.items()} for row in frame.to_dict("records")
    ]


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is pd.NaT or value is pd.NA:
        return None
    return value


def _write_json(content: dict[str, Any], path: Path) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False, default=_odd)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _odd(value: Any) -> Any:
    """Values that JSON has no word for: numbers of NumPy, dates."""
    return value.item() if hasattr(value, "item") else str(value)
