"""The TARGET statement, filled in from the run.

The items are those of the checklist of Cashin AG, Hansford HJ, Hernán MA, et al. Transparent
reporting of observational studies emulating a target trial: the TARGET statement. JAMA 2025
(doi 10.1001/jama.2025.13350), BMJ 2025 (doi 10.1136/bmj-2025-087179), named in our own words.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.labels import (
    contrast_label,
    outcome_label,
    strategy_label,
    strategy_words,
)
from outcomes.present.rows import why_absent
from outcomes.present.schedules import (
    DIFFERENCE,
    MODEL_DEPENDENT,
    cell_of,
    contrasts_of,
    frame_of,
    horizons_of,
    level_of,
    outcomes_of,
    row_of,
    strategies_of,
)
from outcomes.present.sections.schedules.words import told
from outcomes.present.sections.section import Section
from outcomes.present.sentences.schedules import effects_carried
from outcomes.present.tables import Table
from outcomes.results import AnalysisResult

_AUTHORS = "Not in the records: for the authors to state."


def target_statement(
    release: Release,
    name: str,
    first_plans: str,
    *,
    clinics: Collection[str],
    as_of: pd.Timestamp,
    synthetic: bool,
) -> Section:
    """Fill in the protocol and the 21 items of the TARGET statement from the run.

    Parameters
    ----------
    release : Release
        What may be shown.
    name : str
        Name of the result of `estimate_maintenance_schedules`.
    first_plans : str
        Name of the result of `describe_first_plans`.
    clinics : collection of str
        Codes of the clinics in the data.
    as_of : Timestamp
        Last day of the records that were read.
    synthetic : bool
        Whether the records were simulated.

    Returns
    -------
    Section
        A table of the protocol as the trial would have it and as it was emulated, and one of the
        21 items, each from the choices, the diagnostics or the estimates; what only the authors
        know is left to them.
    """
    result = release[name]
    simulated = " The records are simulated and evidence of nothing." if synthetic else ""
    numbered = len([clinic for clinic in clinics if clinic])
    whose = write.count(numbered, "clinic") if numbered else "clinics that are not named"
    items = [
        ("1 Title and abstract", _abstract(result)),
        ("2 Background", _background(result)),
        ("3 Causal question", _question(result, release)),
        (
            "4 Why a trial is emulated",
            "Chance did not decide who came how often: patients who hurt come more often, and pain "
            "is seen when they come. Naming the trial that would answer the question fixes whom "
            "to take, when to begin and what to compare, before outcomes are looked at.",
        ),
        (
            "5 Data sources",
            f"Routine records of {whose} up to {write.date(as_of)}. {_sources(result)}{simulated}",
        ),
        ("6 Protocol of the target trial", "See the protocol above, middle column."),
        ("7 Its emulation", "See the protocol above, last column."),
        ("8 Selection of patients", _selection(result)),
        ("9 Characteristics at the start", _characteristics(release[first_plans], release)),
        ("10 Follow-up", _follow_up(result)),
        ("11 Missing data", _missing(result, release)),
        ("12 Outcomes", _outcomes(result, release)),
        ("13 Effect estimates", _estimates(result, release)),
        ("14 Additional analyses", _additional(result)),
        ("15 Interpretation", _interpretation(result, release)),
        ("16 Limitations", _limitations(result)),
        ("17 Ethics", _AUTHORS),
        (
            "18 Registration",
            "The choices of this run are named by the fingerprint on this page. Whether and where "
            "they were registered beforehand is not in the records.",
        ),
        ("19 Data sharing", _sharing(release)),
        ("20 Funding", _AUTHORS),
        ("21 Competing interests", _AUTHORS),
    ]
    note = (
        "Items of the TARGET statement (Cashin and others, JAMA 2025, doi "
        "10.1001/jama.2025.13350), named in our own words and filled in by this run."
    )
    return Section(
        [
            _protocol(result, release),
            Table(
                "TARGET statement: what is reported",
                ("Item", "In this report"),
                items,
                (note,),
                numeric=False,
            ),
        ]
    )


def _protocol(result: AnalysisResult, release: Release) -> Table:
    """Set the trial beside its emulation, in the eight parts of a protocol."""
    spec = result.spec
    planned = result.diagnostics.get("planned")
    pain = outcome_label(spec.instrument, release.registry)
    schedules = "; ".join(strategy.described() for strategy in spec.strategies)
    primary = spec.horizons[0]
    weeks = f"weeks {4 * primary.first - 3} to {4 * primary.last}"
    left_out = result.diagnostics.get("confounders_left_out", ())
    adjusted = [
        outcome_label(str(name), release.registry).lower()
        for name in spec.confounders
        if name not in left_out
    ]
    resampled = result.diagnostics.get("resampled", "patients")
    rows = [
        (
            "Eligibility",
            "Active phase of care over, no maintenance plan yet, pain scored in the "
            f"{spec.recent} days before.",
            f"The same, from the records; the first plan within {spec.wait} days. The weeks "
            "compared must be over by the end of the records.",
        ),
        (
            "Schedules",
            f"{schedules[:1].upper()}{schedules[1:]}.",
            _followed(planned),
        ),
        (
            "Assignment",
            "By chance, not blinded.",
            "Not by chance. Each patient is cloned to every schedule and weighted by what was "
            f"recorded before each decision: last pain, its trend and age, schedule so far"
            f"{', ' + ', '.join(adjusted) if adjusted else ''}.",
        ),
        (
            "Follow-up",
            f"From the decision for {write.count(4 * primary.last, 'week')}.",
            "The same, in blocks of four weeks, until a clone leaves its schedule or care.",
        ),
        (
            "Outcome",
            f"{pain}, asked at home, mean of {weeks}.",
            "The same, of those who answered, weighted for those who did not.",
        ),
        (
            "Contrast",
            "Per protocol: difference in means had all kept to one schedule and to the other.",
            "The same. By first plan cannot be had without plans."
            if planned is False
            else "The same; beside it by first plan, where plans are recorded.",
        ),
        (
            "Assumptions",
            "Chance makes the groups alike; leaving is explained by what is recorded.",
            "Whatever drives both schedule and pain is recorded; some chance of every schedule for "
            "everyone; the schedules are what they say; the models are right.",
        ),
        (
            "Analysis",
            "Weights for staying and answering.",
            "Clones, censoring and weights, beside weighted sequential regression; intervals from "
            + (
                f"{write.count(spec.bootstraps, 'resample')} of {resampled} with every model "
                "refitted, wider where few patients carry much of a mean."
                if spec.bootstraps
                else "a sandwich that takes the weights as known."
            ),
        ),
    ]
    return Table(
        "The trial and its emulation",
        ("Part", "The trial that would answer it", "As emulated here"),
        rows,
        numeric=False,
    )


def _followed(planned: bool | None) -> str:
    """Say how it is told which schedule a patient followed; None where nothing was compared."""
    if planned is None:
        return "The same, as recommended where plans are recorded, else as attended."
    return (
        "The same, as recommended at each decision."
        if planned
        else "The same, as attended: what was intended is not recorded."
    )


def _abstract(result: AnalysisResult) -> str:
    if not contrasts_of(result):
        return "An emulation of a target trial that was refused; the first page says why."
    carried = any(each.carried for each in effects_carried(result).values())
    return (
        "An emulation of a target trial from routine records. The first page has the answer, "
        + (
            "worded as an effect where the checks allow it."
            if carried
            else "worded as an association, as the checks do not allow more."
        )
    )


def _background(result: AnalysisResult) -> str:
    names = write.listing([strategy_label(s.name).lower() for s in result.spec.strategies])
    return (
        f"After the active phase patients keep to one of several schedules ({names}). Which of "
        "them keeps pain lower cannot be read off who has less pain, as the naive answers beside "
        "the corrected one show."
    )


def _question(result: AnalysisResult, release: Release) -> str:
    spec = result.spec
    first, second = (strategy_words(name) for name in spec.contrasts[0])
    pain = outcome_label(spec.instrument, release.registry).lower()
    others = [contrast_label(f"{a} vs {b}").lower() for a, b in spec.contrasts[1:]]
    asked = (
        f"How would mean {pain} in {spec.horizons[0].name} differ had everyone kept to {first} and "
        f"had everyone kept to {second}?"
    )
    return f"{asked} Then {write.listing(others)}." if others else asked


def _sources(result: AnalysisResult) -> str:
    if not contrasts_of(result):
        return "Nothing was compared."
    return (
        "Schedules are those of the recorded plans; scores were answered at home."
        if result.diagnostics.get("planned")
        else "No plans were used: schedules are told by attended sessions. Scores were answered at "
        "home."
    )


def _selection(result: AnalysisResult) -> str:
    steps = result.exclusions
    if steps.empty:
        return "Nobody was left out."
    begun, left = steps["n_in"].iloc[0], steps["n_out"].iloc[-1]
    if pd.isna(begun) or pd.isna(left):
        return "Withheld: too few people."
    if not contrasts_of(result):
        reason = told(why_absent(result))
        return f"{write.count(int(begun), 'patient')} in the records. {reason}"
    return (
        f"{write.number(left)} of {write.number(begun)} patients are eligible; the flow chart has "
        "the reasons."
    )


def _characteristics(first: AnalysisResult, release: Release) -> str:
    rows = first.estimates
    rows = rows[(rows["term"] == "smd") & (rows["status"] == "ok")]
    if rows.empty:
        return f"Not described. {told(why_absent(first))}".strip()
    row = rows.iloc[int(rows["estimate"].abs().to_numpy().argmax())]
    return (
        "Table of patients by first plan. Furthest apart: "
        f"{outcome_label(row['outcome'], release.registry).lower()}, "
        f"{contrast_label(row['landmark']).lower()}, "
        f"{write.score(abs(row['estimate']), 2)} standard deviations before weights."
    )


def _follow_up(result: AnalysisResult) -> str:
    flow = frame_of(result, "flow")
    if flow.empty:
        return "Nobody was followed, as nothing was compared."
    last = result.spec.horizons[0].last
    rows = flow[flow["block"] == last]
    kept = [
        f"{strategy_label(row.strategy).lower()} "
        f"{write.number(row.kept) if row.kept == row.kept else 'few'}"
        for row in rows.itertuples()
    ]
    return f"Kept to their schedule for {write.count(4 * last, 'week')}: {write.listing(kept)}."


def _missing(result: AnalysisResult, release: Release) -> str:
    flow = frame_of(result, "flow")
    if flow.empty:
        return "Nothing was compared."
    primary = result.spec.horizons[0]
    rows = flow[flow["block"].between(primary.first, primary.last)]
    kept, answered = rows["kept"].sum(), rows["answered"].sum()
    said = (
        f"{write.share(answered, kept)} blocks of four weeks in {primary.name} have an answer, of "
        "those whose clone kept to its schedule; unanswered ones are weighted for."
    )
    left_out = result.diagnostics.get("confounders_left_out", ())
    if left_out:
        names = [outcome_label(str(n), release.registry).lower() for n in left_out]
        said += f" Not recorded or without variation, so not adjusted for: {', '.join(names)}."
    return said


def _outcomes(result: AnalysisResult, release: Release) -> str:
    if not contrasts_of(result):
        return "Nothing was compared."
    horizon = horizons_of(result)[0]
    outcome = outcomes_of(result, horizon)[0]
    found = [
        f"{strategy_label(s).lower()} "
        f"{cell_of(row_of(result, 'mean', s, horizon, outcome), change=False)}"
        for s in strategies_of(result)
    ]
    label = outcome_label(outcome, release.registry)
    return f"{label}, {horizon}: {'; '.join(found)} ({level_of(result)})."


def _estimates(result: AnalysisResult, release: Release) -> str:
    if not contrasts_of(result):
        return f"No estimate. {told(why_absent(result))}".strip()
    horizon = horizons_of(result)[0]
    outcome = outcomes_of(result, horizon)[0]
    found = []
    for contrast in contrasts_of(result):
        row = row_of(result, DIFFERENCE, contrast, horizon, outcome)
        mark = " (model-dependent)" if row and MODEL_DEPENDENT in row["note"] else ""
        shown = cell_of(row, change=True)
        shown = "refused" if shown == write.NOT_KNOWN else shown
        found.append(f"{contrast_label(contrast).lower()} {shown}{mark}")
    return f"{'; '.join(found)} ({level_of(result)})."


def _additional(result: AnalysisResult) -> str:
    panel = frame_of(result, "sensitivity")
    if panel.empty:
        return "No sensitivity analysis was made."
    first = contrasts_of(result)[0] if contrasts_of(result) else ""
    control = panel["analysis"].isin(["negative control", "E-value"])
    shown = panel[(panel["group"] == first) & (panel["status"] == "ok") & ~control]
    refused = int(((panel["group"] == first) & (panel["status"] == "refused")).sum())
    made = write.count(len(dict.fromkeys(panel["analysis"])) - 1, "kind")
    if shown.empty:
        return f"{made} of sensitivity analysis; all were refused for the primary contrast."
    low, high = shown["estimate"].min(), shown["estimate"].max()
    also = f" {write.count(refused, 'line')} refused." if refused else ""
    return (
        f"{made} of sensitivity analysis in one panel; the primary contrast ranges from "
        f"{write.signed(low, 2)} to {write.signed(high, 2)} over those that estimate it.{also}"
    )


def _interpretation(result: AnalysisResult, release: Release) -> str:
    judged = effects_carried(result, release.registry)
    if not judged:
        return "Nothing to interpret, as nothing was compared."
    carried = sum(verdict.carried for verdict in judged.values())
    if carried == len(judged):
        return (
            "All contrasts in the primary weeks may be worded as effects, if what drove schedule "
            "and pain is recorded."
        )
    reasons = dict.fromkeys(verdict.missing for verdict in judged.values() if verdict.missing)
    said = " ".join(told(reason) for reason in reasons)
    whole = write.count(len(judged), "contrast")
    return f"{carried} of {whole} may be worded as an effect. {said}"


def _limitations(result: AnalysisResult) -> str:
    warned = [note for note in result.notes if "effective patients of" in note]
    said = [*result.diagnostics.get("failures", ()), *warned]
    if not result.diagnostics.get("planned", True):
        said.insert(0, "What was intended is not recorded.")
    sentences = [f"{text[:1].upper()}{text[1:]}" for text in map(told, said)]
    return " ".join([*sentences, "The last part lists what this cannot tell."])


def _sharing(release: Release) -> str:
    return (
        "Prepared for release: small counts are withheld and others rounded. Records stay in the "
        "clinic."
        if release.policy.audience == "outside"
        else "For use inside the clinic; records stay there."
    )
