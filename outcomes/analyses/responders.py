"""How many improved by an amount that counts, by three named thresholds side by side.

``estimates`` has one follow-up time in ``landmark`` (``day 84``). Terms, for each group and each
named threshold T:

=======================  ======================================================================
term                     meaning
=======================  ======================================================================
responders_T             share who reached T, of those whose answer tells (n_patients); n_eligible
                         is everyone whose time was over
responders_T_of_start    the same count, of those with a score at the start
responders_T_of_all      the same count, of everyone whose time was over: the composite "answered
                         and better", in which a missing answer counts as not better
not_T_of_all             answered and not better, of everyone
missing_T_of_all         not known, of everyone
reliable_improvement,    share whose change is beyond measurement error, and for improvement the
reliable_worsening       first threshold as well, of those with both scores
with_start, answered     share of everyone with a score at the start, and with one at follow-up
=======================  ======================================================================

The three ``_of_all`` rows of a threshold add up to everyone. ``curve`` is the threshold sweep, one
less the cumulative distribution of improvement: outcome, group_by, group, scale (``points``
or ``percent``), at (amount), n_events (improved by at least that much), n_patients (with both
scores), n_eligible (everyone). A negative amount is a worsening that n_events did not exceed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.analyses.assemble import assemble, refuse
from outcomes.analyses.estimand import describe, intercurrent, population, strategies
from outcomes.analyses.groups import CADENCE, members
from outcomes.analyses.observed import share_rows
from outcomes.analyses.scores import window_scores
from outcomes.derive.reliable_change import derive_reliable_change, detectable_change
from outcomes.derive.responder import derive_responder
from outcomes.errors import EstimationError
from outcomes.instruments import Instrument, Threshold
from outcomes.results import AnalysisResult
from outcomes.tables import Tables

QUESTION = "responders"
LEVEL = 0.95
_STEPS = 40
"""Amounts of the sweep: steps of one fortieth of the scale, worse and better."""
_SLACK = 1e-9


@dataclass(frozen=True)
class RespondersSpec:
    """Choices about who responded.

    Parameters
    ----------
    instrument : str
        Instrument code; empty for the pain instrument of the settings.
    thresholds : tuple of str
        Names of thresholds, the main one first; empty for the default one (or that of the settings)
        and, up to three, the first of each other kind.
    group_by : {"", "onset", "cadence", "clinic"}
        Groups apart, or all patients together.
    window : int
        Target day of the follow-up.
    landmark : int or None
        Day at which cadence is taken; None for the day the follow-up window opens.
    timing : {"", "remote", "pre"}
        Scores that count; empty to choose.
    min_answers : int
        Answers that a share of those who answered needs.
    """

    instrument: str = ""
    thresholds: tuple[str, ...] = ()
    group_by: str = ""
    window: int = 84
    landmark: int | None = None
    timing: str = ""
    min_answers: int = 10


def estimate_responders(tables: Tables, spec: RespondersSpec | None = None) -> AnalysisResult:
    """Count who improved by named amounts, who did not, and of whom it is not known.

    Parameters
    ----------
    tables : Tables
        The data set.
    spec : RespondersSpec, optional
        Choices; the default is pain at 12 weeks, everyone together.

    Returns
    -------
    AnalysisResult
        As the docstring of this module describes; refused where nobody answered.

    Raises
    ------
    EstimationError
        For an unknown grouping, timing, window or threshold, or an instrument without thresholds.

    Notes
    -----
    Counts with Wilson intervals, nothing modelled: ``responders_T`` speaks of those who answered,
    and ``_of_all`` is the lowest it can be. What lies between is not known. Reliable improvement is
    improvement ≥ max(first threshold, MDC95), see `derive_reliable_change`.

    References
    ----------
    Farrar JT et al. Pain 2001;94:149–158. Dworkin RH et al. J Pain 2008;9:105–121. Jacobson NS,
    Truax P. J Consult Clin Psychol 1991;59:12–19. Wilson EB. J Am Stat Assoc 1927;22:209–212.
    """
    spec = spec or RespondersSpec()
    cuts = tables.settings.cut_points
    code = spec.instrument or tables.settings.pain_instrument
    instrument = tables.registry.get(code)
    chosen = choose_thresholds(instrument, spec.thresholds, tables.settings.thresholds.get(code))
    opens = {each.day: each.first for each in cuts.windows}
    if spec.window == 0 or spec.window not in opens:
        raise EstimationError(
            f"There is no follow-up window at day {spec.window}.",
            f"Use days among {', '.join(str(day) for day in opens if day)}.",
        )
    landmark = opens[spec.window] if spec.landmark is None else spec.landmark
    if spec.group_by == CADENCE and landmark > opens[spec.window]:
        raise EstimationError(
            "Cadence is taken after the follow-up window opens.", "Give an earlier landmark."
        )
    names = tuple(threshold.name for threshold in chosen)
    spec = replace(spec, instrument=code, thresholds=names, landmark=landmark)
    people = members(tables, spec.group_by, landmark)
    scores = window_scores(tables, people, code, spec.timing, (spec.window,))
    if scores is None or scores.closed.empty:
        reason = f"There is no score of {instrument.label} of a patient in this analysis."
        return refuse(QUESTION, spec, tables, people, reason, group_by=spec.group_by, outcome=code)
    spec = replace(spec, timing=scores.timing)
    wide = scores.frame.set_index(["patient_id", "window"])
    here = wide.xs(spec.window, level="window")
    frame = here[["group", "at_risk", "value"]].assign(baseline=wide["value"].xs(0, level="window"))
    frame = frame[frame["at_risk"]].reset_index()
    grid = pd.DataFrame({"group": list(people.order)})
    rows = _rows(frame, grid, instrument, chosen, spec.min_answers)
    return assemble(
        QUESTION,
        spec,
        tables,
        people,
        rows.assign(outcome=code, group_by=spec.group_by, landmark=f"day {spec.window}"),
        group_by=spec.group_by,
        estimand=describe(
            population=population(spec.group_by, landmark, " and whose follow-up time was over"),
            strategies=strategies(spec.group_by, landmark, cuts),
            variable=f"{scores.described}; thresholds: {'; '.join(t.label for t in chosen)}",
            intercurrent=intercurrent(cuts).replace(
                "missing scores are taken as missing at random given those recorded",
                "a missing score is counted apart, and as not better in the composite",
            ),
            summary="share who reached each threshold, of those who answered and of everyone",
        ),
        curve=_sweep(frame, instrument, spec.min_answers).assign(
            outcome=code, group_by=spec.group_by
        ),
        steps=[
            (
                f"day {spec.window} is over",
                f"the window of day {spec.window} was still open at the as-of date",
                len(people.frame),
                len(frame),
            ),
            (
                "both scores known",
                "no score at the start, or none at follow-up",
                len(frame),
                int((frame["baseline"].notna() & frame["value"].notna()).sum()),
            ),
        ],
        diagnostics={
            "timing": scores.timing,
            "reliable_change": f"{detectable_change(instrument):.3g} {instrument.unit}, "
            f"and {chosen[0].label}",
        },
    )


def choose_thresholds(
    instrument: Instrument, named: tuple[str, ...] = (), default: str | None = None
) -> tuple[Threshold, ...]:
    """Choose the thresholds that stand side by side.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    named : tuple of str
        Names that were asked for; empty to choose.
    default : str, optional
        Name of the main threshold; the instrument's own unless given.

    Returns
    -------
    tuple of Threshold
        Those asked for, else the main one, then the first of each other kind, then others, three
        at most.

    Raises
    ------
    EstimationError
        If the instrument has no threshold.
    DataContractError
        For an unknown name.

    Notes
    -----
    One cut says little: a change that counts depends on the baseline and on the way it was found,
    so a percentage, a number of points and a state are shown together where they are known.
    """
    if not instrument.thresholds:
        raise EstimationError(
            f"{instrument.label} has no named threshold.",
            f"Add [instruments.{instrument.code}.thresholds] in settings.toml.",
        )
    if named:
        return tuple(instrument.threshold(name) for name in named)
    first = instrument.threshold(default)
    others = [each for each in instrument.thresholds.values() if each.name != first.name]
    kinds = {first.kind: first}
    for each in others:
        kinds.setdefault(each.kind, each)
    chosen = list(kinds.values())
    chosen += [each for each in others if each not in chosen]
    return tuple(chosen[:3])


def _rows(
    frame: pd.DataFrame,
    grid: pd.DataFrame,
    instrument: Instrument,
    thresholds: tuple[Threshold, ...],
    minimum: int,
) -> pd.DataFrame:
    """All rows of a result."""
    everyone = grid["group"].map(frame.groupby("group").size()).astype("float64").fillna(0)
    parts = []

    def add(term: str, event: pd.Series, among: pd.Series, least: int, method: str) -> None:
        seen = frame[among].assign(event=event[among])
        found = share_rows(seen, grid, ["group"], least, LEVEL)
        parts.append(
            found.assign(term=term, n_eligible=everyone.to_numpy(), method=f"{method}, Wilson")
        )

    began = frame["baseline"].notna()
    everybody = pd.Series(True, index=frame.index)
    for each in thresholds:
        answer = derive_responder(frame["baseline"], frame["value"], instrument, each)
        yes, known = answer == "yes", answer != "missing"
        name = each.name
        add(f"responders_{name}", yes, known, minimum, "of those whose answer tells")
        add(f"responders_{name}_of_start", yes, began, 1, "of those with a score at the start")
        add(f"responders_{name}_of_all", yes, everybody, 1, "answered and better, of everyone")
        add(f"not_{name}_of_all", answer == "no", everybody, 1, "answered and not better")
        add(f"missing_{name}_of_all", ~known, everybody, 1, "not known, of everyone")
    add("with_start", began, everybody, 1, "of everyone")
    add("answered", frame["value"].notna(), everybody, 1, "of everyone")
    if np.isnan(detectable_change(instrument)):
        note = f"no measurement error of {instrument.label} is published"
        for term in ("reliable_improvement", "reliable_worsening"):
            parts.append(grid.assign(term=term, status="refused", note=note))
    else:
        change = derive_reliable_change(
            frame["baseline"], frame["value"], instrument, thresholds[0]
        )
        known = change != "missing"
        method = "beyond measurement error, of those with both scores"
        add("reliable_improvement", change == "better", known, minimum, method)
        add("reliable_worsening", change == "worse", known, minimum, method)
    return pd.concat(parts, ignore_index=True)


def _sweep(frame: pd.DataFrame, instrument: Instrument, minimum: int) -> pd.DataFrame:
    """Count how many improved by at least each amount, in points and in percent of the start."""
    gain = instrument.improvement(frame["baseline"], frame["value"])
    reach = instrument.maximum - instrument.minimum
    percent = 100 * gain / frame["baseline"].abs().where(frame["baseline"] != 0)
    amounts = {
        "points": (gain, np.linspace(-reach, reach, 2 * _STEPS + 1)),
        "percent": (percent, np.arange(-100.0, 101.0, 5.0)),
    }
    parts = []
    for scale, (gained, at) in amounts.items():
        for group, values in gained.groupby(frame["group"]):
            known = np.sort(values.dropna().to_numpy(dtype="float64"))
            if len(known) < minimum:
                continue
            short = np.searchsorted(known, at - _SLACK * (1 + np.abs(at)), side="left")
            parts.append(
                pd.DataFrame(
                    {
                        "group": str(group),
                        "scale": scale,
                        "at": at,
                        "n_events": len(known) - short,
                        "n_patients": len(known),
                        "n_eligible": len(values),
                    }
                )
            )
    columns = ["group", "scale", "at", "n_events", "n_patients", "n_eligible"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
