"""The page for before the day starts: who comes, what to check and ask, and who is not coming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from outcomes.present import format as write
from outcomes.present.disclosure import Release
from outcomes.present.figures.sparkline import Sparkline
from outcomes.present.sections.chart import chart_id, refuse_outside
from outcomes.present.sections.section import Section
from outcomes.present.tables import Prose
from outcomes.results import AnalysisResult

QUIET = "Nothing to check."
_CLEARANCE, _PLAN, _REASSESS = "clearance_missing", "plan_apart", "reassessment_due"
_NOT_COMING = {
    "worse_nothing_booked": "Worse since the last visit, and nothing booked",
    "left_hurting": "Left hurting",
    "left_well": "Left doing well",
}
_LATER = {
    _CLEARANCE: "without a clearance that they need",
    _PLAN: "who come much less or more often than planned",
    _REASSESS: "to be measured again",
}
"""What patients are told when they come; of the others in care it is only counted."""
_LISTED = 6
"""Patients of a list that are named; the rest are counted."""
_MISSING_SCORE = {
    "no_score": "Pain today: none is recorded yet.",
    "no_baseline": "Pain today: there is no score from the start to compare with.",
}


@dataclass(frozen=True)
class Line:
    """One appointment.

    Parameters
    ----------
    time, patient, session, with_whom : str
        When, who, the number of the session to come, and the therapist where there are several.
    pain : Sparkline or None
        Last scores; None where there is none.
    check, ask : sequence of str
        What to check and why, and what to ask for.
    missing : str
        Missing clearance, which goes before all else.
    """

    time: str
    patient: str
    session: str
    with_whom: str
    pain: Sparkline | None
    check: Sequence[str]
    ask: Sequence[str]
    missing: str = ""

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to check and nothing to ask for."""
        return not (self.check or self.ask or self.missing)

    @property
    def last(self) -> str:
        """Last score; empty where there is none."""
        return write.score(self.pain.scores[-1], 0) if self.pain else ""


_SHEET = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """\
<div class="scroll" role="group" aria-label="{{ caption }}" tabindex="0">
<table class="day">
<caption>{{ caption }}</caption>
<thead><tr><th scope="col">Time</th><th scope="col">Chart</th><th scope="col">Session</th>
{% if several %}
<th scope="col">With</th>
{% endif %}
<th scope="col">Pain</th><th scope="col" class="why">Check, and why</th>
<th scope="col" class="ask">Ask for</th></tr></thead>
<tbody>
{% for line in lines %}
<tr{% if line.quiet %} class="quiet"{% endif %}>
<td>{{ line.time }}</td><th scope="row" class="short">{{ chart(line.patient) }}</th>
<td>{{ line.session }}</td>
{% if several %}
<td>{{ line.with_whom }}</td>
{% endif %}
<td class="pain">{% if line.pain %}{{ image(line.pain) }} <strong>{{ line.last }}</strong>
{%- else %}no score{% endif %}</td>
<td class="why">{% if line.missing %}<strong class="loud">{{ line.missing }}</strong> {% endif %}
{{ line.check | join(" ") or ("" if line.missing else quiet) }}</td>
<td class="ask">{{ line.ask | join(" ") }}</td>
</tr>
{% endfor %}
</tbody>
</table>
</div>
"""
)
_LISTS = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """\
<div class="not-coming">
{% for heading, named, more in lists %}
<p><strong>{{ heading }}{% if not named %}: nobody{% endif %}</strong>{% if named %}:
{% for patient, why in named %}
{{ chart(patient) }} ({{ why }}){{ "; " if not loop.last }}
{%- endfor %}
{% if more %}, and {{ more }} more{% endif %}.{% endif %}</p>
{% endfor %}
{% if later %}
<p>{{ later }}</p>
{% endif %}
</div>
"""
)


@dataclass(frozen=True)
class Sheet:
    """The list of a day, and below it those who are not coming.

    Parameters
    ----------
    caption : str
        Which day, and whose.
    lines : sequence of Line
        Appointments in order of time; none where nothing is booked.
    lists : sequence of (heading, named, more)
        Patients who are not coming: pairs of chart id and reason, and how many more there are.
    later : str
        What is due with others in care, counted.
    """

    caption: str
    lines: Sequence[Line]
    lists: Sequence[tuple[str, Sequence[tuple[str, str]], int]]
    later: str = ""

    def __repr__(self) -> str:
        return f"<Sheet {self.caption!r}: {len(self.lines)} appointments>"

    def _repr_html_(self) -> str:
        words = {"chart": _marked, "quiet": QUIET}
        several = len({line.with_whom for line in self.lines}) > 1
        table = ""
        if self.lines:
            table = _SHEET.render(
                caption=self.caption, lines=self.lines, several=several, image=_image, **words
            )
        lists = _LISTS.render(lists=self.lists, later=self.later, **words) if self.lists else ""
        return f'<div class="wider">\n{table}{lists}</div>'


def _marked(patient: str) -> Markup:
    return Markup(chart_id(patient))


def _image(pain: Sparkline) -> Markup:
    return Markup(pain._repr_html_())


def morning_page(
    release: Release, day: str, *, off_track: str = "", due: str = "", top: float = 10.0
) -> Section:
    """Show the day.

    Parameters
    ----------
    release : Release
        What may be shown.
    day : str
        Name of the result of `estimate_day_list`.
    off_track, due : str
        Names of the results of `estimate_off_track` and `estimate_due`; empty where there is none.
    top : float
        Largest score of pain that there can be.

    Returns
    -------
    Section
        A line an appointment in order of time, those who are not coming, and how often flags are
        wrong.

    Raises
    ------
    DisclosureError
        If the release is made for outside.
    """
    refuse_outside(release)
    result = release[day]
    judged = release[off_track] if off_track else None
    wanted = _due(release[due]) if due else {}
    lines = _lines(result, judged, wanted, top)
    said = [] if lines else [_nothing_booked(result)]
    lists = _lists(result, release[due]) if due else []
    later = _later(result, release[due]) if due else ""
    sheet = Sheet(_caption(result, lines), lines, lists, later)
    notes = judged.notes if judged is not None else ()
    return Section(
        [
            *([Prose(said, kind="absent")] if said else []),
            sheet,
            *([Prose([" ".join(notes)], kind="footnotes")] if notes else []),
        ]
    )


def _caption(result: AnalysisResult, lines: Sequence[Line]) -> str:
    when = result.diagnostics.get("day")
    if not when:
        return "Appointments"
    return f"{pd.Timestamp(when):%A}, {write.date(when)}: {write.count(len(lines), 'appointment')}"


def _nothing_booked(result: AnalysisResult) -> str:
    return " ".join(result.notes) or "No appointment is booked."


def _due(result: AnalysisResult) -> dict[str, dict[str, str]]:
    """Arrange what is due by patient and kind."""
    rows: dict[str, dict[str, str]] = {}
    table = result.diagnostics.get("patients")
    if isinstance(table, pd.DataFrame):
        for row in table.to_dict("records"):
            rows.setdefault(str(row["patient_id"]), {})[str(row["kind"])] = str(row["reason"])
    return rows


def _lines(
    result: AnalysisResult,
    judged: AnalysisResult | None,
    wanted: dict[str, dict[str, str]],
    top: float,
) -> list[Line]:
    curve = result.curve
    if curve.empty:
        return []
    flags = _flags(judged)
    scores = dict(list(curve[curve["series"] == "score"].groupby("patient_id")))
    expected = _expected(judged)
    lines = []
    for row in curve[curve["series"] == "appointment"].to_dict("records"):
        patient = str(row["patient_id"])
        due, flag = wanted.get(patient, {}), flags.get(patient, {})
        check = [str(flag["reason"])] if _flagged(flag) else []
        check += [due[_PLAN]] if _PLAN in due else []
        ask = [due[_REASSESS]] if _REASSESS in due else []
        own = scores.get(patient)
        ask += _missing_score(flag, own)
        lines.append(
            Line(
                time=_text(row["time"]),
                patient=patient,
                session=write.number(row["session_number"]),
                with_whom=_text(row["therapist_id"]),
                pain=None if own is None else _sparkline(own, expected.get(patient), top),
                check=check,
                ask=ask,
                missing=due.get(_CLEARANCE, ""),
            )
        )
    return lines


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _flags(judged: AnalysisResult | None) -> dict[str, dict[str, Any]]:
    table = None if judged is None else judged.diagnostics.get("patients")
    if not isinstance(table, pd.DataFrame):
        return {}
    rows = table.to_dict("records")
    return {str(row["patient_id"]): {str(key): value for key, value in row.items()} for row in rows}


def _flagged(flag: dict[str, Any]) -> bool:
    return flag.get("off_track") == 1 or flag.get("sudden_change") == 1


def _missing_score(flag: dict[str, Any], scores: pd.DataFrame | None) -> list[str]:
    signal = str(flag.get("signal", ""))
    if scores is None:
        return [_MISSING_SCORE["no_score"]]
    return [_MISSING_SCORE[signal]] if signal in _MISSING_SCORE else []


def _expected(judged: AnalysisResult | None) -> dict[str, pd.DataFrame]:
    """Range expected from the start, later from the score before, by patient."""
    if judged is None or judged.curve.empty:
        return {}
    curve = judged.curve
    # past the chart the range is that after the score before
    low = curve["low"].fillna(curve["change_low"])
    high = curve["high"].fillna(curve["change_high"])
    known = curve.assign(low=low, high=high)[low.notna() & (curve["kind"] == "past")]
    return {
        str(patient): rows.set_index("session") for patient, rows in known.groupby("patient_id")
    }


def _sparkline(scores: pd.DataFrame, expected: pd.DataFrame | None, top: float) -> Sparkline:
    """Last scores, inside what is expected in the first sessions and what is usual later."""
    low, high = list(scores["usual_low"]), list(scores["usual_high"])
    if expected is not None:
        for place, session in enumerate(scores["session_number"]):
            if session in expected.index:
                low[place] = float(expected["low"][session])
                high[place] = float(expected["high"][session])
    return Sparkline(list(scores["value"]), low, high, top)


def _lists(
    result: AnalysisResult, due: AnalysisResult
) -> list[tuple[str, list[tuple[str, str]], int]]:
    """Patients of the caseload who are not coming, the last ones first."""
    table, caseload = due.diagnostics.get("patients"), result.diagnostics.get("caseload")
    if not isinstance(table, pd.DataFrame) or not isinstance(caseload, pd.DataFrame):
        return []
    rows = table.merge(_own(caseload, result.spec), on="patient_id")
    lists = []
    for kind, heading in _NOT_COMING.items():
        found = rows[rows["kind"] == kind].sort_values(
            ["date", "patient_id"], ascending=[False, True]
        )
        named = [
            (str(row["patient_id"]), _why(row)) for row in found.head(_LISTED).to_dict("records")
        ]
        lists.append((heading, named, max(len(found) - _LISTED, 0)))
    return lists


def _later(result: AnalysisResult, due: AnalysisResult) -> str:
    """Count what is due with those in care who do not come on the day; empty where nothing is."""
    table, caseload = due.diagnostics.get("patients"), result.diagnostics.get("caseload")
    if not isinstance(table, pd.DataFrame) or not isinstance(caseload, pd.DataFrame):
        return ""
    rows = table.merge(_own(caseload, result.spec), on="patient_id")
    if len(result.curve):
        rows = rows[~rows["patient_id"].isin(result.curve["patient_id"])]
    found = rows["kind"].value_counts()
    parts = [f"{found[kind]:,} {what}" for kind, what in _LATER.items() if found.get(kind, 0)]
    return f"Others in care: {write.listing(parts)}. It is said when they come." if parts else ""


def _why(row: dict[Any, Any]) -> str:
    """Write the last score or the change and its date, short enough for a list."""
    day = pd.Timestamp(row["date"])
    said = f"{day.day} {day:%b}" if pd.notna(day) else ""
    if pd.isna(row["value"]):
        return said
    if row["kind"] == "worse_nothing_booked":
        return f"{write.signed(abs(row['value']), 0)}, {said}"
    return f"{write.score(row['value'], 0)}, {said}"


def _own(caseload: pd.DataFrame, spec: Any) -> pd.DataFrame:
    """Patients of the therapist and the clinic that the page is for."""
    kept = pd.Series(True, index=caseload.index)
    if spec.therapist:
        kept &= caseload["therapist_id"] == spec.therapist
    if spec.clinic:
        kept &= caseload["clinic"] == spec.clinic
    return caseload.loc[kept, ["patient_id"]]
