"""Who improved by an amount that counts: three thresholds, and those of whom it is not known."""

from __future__ import annotations

from outcomes.instruments import InstrumentRegistry
from outcomes.present import cells
from outcomes.present import format as write
from outcomes.present.caution import beside_cadence
from outcomes.present.disclosure import Release
from outcomes.present.figures.sweep import plot_sweep
from outcomes.present.labels import group_label, outcome_label, split_words, timing_words
from outcomes.present.rows import Row, interval_of, lookup, outcome_of, rows_of, split_of
from outcomes.present.sections.section import Part, Section, absent, notes_of
from outcomes.present.tables import Prose, Table
from outcomes.results import AnalysisResult

_LINES = 5
"""Groups that lines can still be told apart for."""


def responders(release: Release, name: str) -> Section:
    """Show how many responded, by every threshold and denominator.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_responders`, with or without a grouping.

    Returns
    -------
    Section
        For everyone together sentences, a table of thresholds by denominator, one of everyone with
        those not known apart, and the sweep over all thresholds; for a split a table a group and
        the sweep.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    result = release[name]
    split = split_of(result)
    missing = absent(result, f"responders {split_words(result)}" if split else "responders")
    if missing:
        return missing
    if split and not _any_share(result):
        what, least = f"responders {split_words(result)}", result.spec.min_answers
        return Section(
            [
                Prose(
                    [f"Left out: {what}. In each group fewer than {least} patients answered."],
                    kind="absent",
                )
            ]
        )
    parts: list[Part] = []
    if split:
        parts.append(responder_split_table(result, release.registry))
    else:
        parts += [
            Prose(_sentences(result, release.registry)),
            threshold_table(result, release.registry),
            composite_table(result, release.registry),
        ]
    curve = result.curve
    few = len(curve) and curve["group"].nunique() <= _LINES
    if few and (curve["scale"] == "points").any():
        parts.append(plot_sweep(result, release.registry))
    return Section(parts)


def threshold_table(result: AnalysisResult, registry: InstrumentRegistry) -> Table:
    """Tabulate each threshold by its three denominators.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_responders`, everyone together.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Table
        A row a threshold.
    """
    rows = []
    for name in result.spec.thresholds:
        told = _row(result, f"responders_{name}")
        rows.append(
            (
                _label(result, registry, name),
                _with_interval(told),
                cells.share(_row(result, f"responders_{name}_of_start")),
                cells.share(_row(result, f"responders_{name}_of_all")),
            )
        )
    when = write.follow_up(result.spec.window)
    return Table(
        f"Responders at {when}: {outcome_label(outcome_of(result), registry)}",
        (
            "Threshold",
            f"Of those who answered ({interval_of(result)})",
            "Of those with a start score",
            "Of everyone",
        ),
        rows,
        (
            "Of those who answered: patients whose scores tell whether the threshold was reached. "
            f"Of everyone: all patients whose {when} were over, answered or not; the lowest that "
            "the share can be.",
            *_sources(result, registry),
            *filter(None, [timing_words(result)]),
            *notes_of(result),
        ),
    )


def composite_table(result: AnalysisResult, registry: InstrumentRegistry) -> Table:
    """Tabulate everyone: answered and better, answered and not, and not known.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_responders`, everyone together.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Table
        A row a threshold.
    """
    rows = [
        (
            _label(result, registry, name),
            cells.share(_row(result, f"responders_{name}_of_all")),
            cells.share(_row(result, f"not_{name}_of_all")),
            cells.share(_row(result, f"missing_{name}_of_all")),
        )
        for name in result.spec.thresholds
    ]
    return Table(
        f"Everyone at {write.follow_up(result.spec.window)}, answered or not",
        ("Threshold", "Answered and better", "Answered, not better", "Not known"),
        rows,
        ("Not known is neither better nor not better: it is counted apart.",),
    )


def responder_split_table(result: AnalysisResult, registry: InstrumentRegistry) -> Table:
    """Tabulate each group by each threshold, of those who answered.

    Parameters
    ----------
    result : AnalysisResult
        Of `estimate_responders` with a grouping.
    registry : InstrumentRegistry
        Instruments of the data set.

    Returns
    -------
    Table
        A row a group.

    Raises
    ------
    DisclosureError
        If a split by cadence comes without starting pain or without its caution.
    """
    beside = beside_cadence(result)
    split = split_of(result)
    names = result.spec.thresholds
    terms = {name: lookup(rows_of(result, f"responders_{name}"), "group") for name in names}
    answered = lookup(rows_of(result, "answered"), "group")
    rows = [
        (
            group_label(split, key[0]),
            *(cells.share(terms[name].get(key)) for name in names),
            cells.share(answered.get(key)),
        )
        for key in answered
    ]
    few = any(row["status"] == "refused" for name in names for row in terms[name].values())
    return Table(
        f"Responders at {write.follow_up(result.spec.window)}, {split_words(result)}",
        ("Group", *(_label(result, registry, name) for name in names), "Answered"),
        rows,
        (
            *beside,
            "Shares are of those whose scores tell. Answered: of all whose time was over.",
            *([f"– stands where fewer than {result.spec.min_answers} answered."] if few else []),
            *filter(None, [timing_words(result)]),
            *notes_of(result, without=beside),
        ),
    )


def _sentences(result: AnalysisResult, registry: InstrumentRegistry) -> list[str]:
    """Say the main threshold, those not known, and change beyond measurement error."""
    name = result.spec.thresholds[0]
    when = write.follow_up(result.spec.window)
    told, missing = _row(result, f"responders_{name}"), _row(result, f"missing_{name}_of_all")
    said = []
    if told and told["status"] == "ok":
        low, high = told["conf_low"], told["conf_high"]
        said.append(
            f"Of {write.count(told['n_patients'], 'patient')} who answered at {when}, "
            f"{write.number(told['n_events'])} "
            f"({write.percent(told['n_events'], told['n_patients'])}; {interval_of(result)} "
            f"{write.proportion_interval(low, high)}) had "
            f"{_label(result, registry, name).lower()}."
        )
    elif told:
        said.append(
            f"Fewer than {result.spec.min_answers} patients answered at {when}, too few for a "
            "share of them."
            if told["status"] == "refused"
            else f"The share at {when} is withheld: too few people."
        )
    if missing and missing["status"] == "ok" and missing["n_events"]:
        said.append(
            f"Not known: {write.share(missing['n_events'], missing['n_patients'])}, who may have "
            "done better or worse."
        )
    better, worse = _row(result, "reliable_improvement"), _row(result, "reliable_worsening")
    amount = result.diagnostics.get("reliable_change", "")
    if better and better["status"] == "ok" and amount:
        ill = f"; {cells.share(worse)} got worse by as much" if _ok(worse) else ""
        said.append(
            f"Beyond what measurement error explains ({amount.replace(' %', '%')}): "
            f"{cells.share(better)} improved"
            f"{ill}."
        )
    return said


def _ok(row: Row | None) -> bool:
    return row is not None and row["status"] == "ok"


def _any_share(result: AnalysisResult) -> bool:
    """Whether a group has a share that may be told, or is withheld; not only how many answered."""
    terms = [f"responders_{name}" for name in result.spec.thresholds]
    rows = result.estimates[result.estimates["term"].isin(terms)]
    return bool((rows["status"] != "refused").any())


def _row(result: AnalysisResult, term: str) -> Row | None:
    return lookup(rows_of(result, term), "group").get(("",))


def _with_interval(row: Row | None) -> str:
    text = cells.share(row)
    if row is None or row["status"] != "ok":
        return text
    return f"{text}\n{write.proportion_interval(row['conf_low'], row['conf_high'])}"


def _label(result: AnalysisResult, registry: InstrumentRegistry, name: str) -> str:
    label = registry.get(outcome_of(result)).threshold(name).label.replace(" %", "%")
    return label[:1].upper() + label[1:]


def _sources(result: AnalysisResult, registry: InstrumentRegistry) -> list[str]:
    """Name where each threshold comes from."""
    instrument = registry.get(outcome_of(result))
    said = []
    for name in result.spec.thresholds:
        threshold = instrument.threshold(name)
        source = threshold.source or "a convention of this project, no source was found"
        said.append(f"{_label(result, registry, name)}: {source}.")
    return said
