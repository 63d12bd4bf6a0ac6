"""Figures say in words what they draw, and none splits by cadence without its caution."""

from __future__ import annotations

import base64
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from outcomes.errors import DisclosureError
from outcomes.instruments import default_registry
from outcomes.present.caution import beside_cadence
from outcomes.present.figures.course import course_figures, plot_course
from outcomes.present.figures.figure import Figure
from outcomes.present.figures.movement import plot_movement
from outcomes.present.sections.difference import difference_table
from outcomes.present.sections.headaches import headache_table
from outcomes.present.sections.movement import movement_split_table, movement_table
from outcomes.present.sections.pain import course_table, split_table
from outcomes.present.theme import CADENCE, strokes
from outcomes.results import AnalysisResult, estimates_frame

CAUTION = "People who hurt come more often, so the groups differ before care does anything."
SPLITS = {
    "": ("",),
    "onset": ("acute", "chronic"),
    "cadence": ("twice_monthly", "monthly", "lapsed"),
}


class Images(HTMLParser):
    """Collects the attributes of images."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs))


def image(figure: Figure) -> tuple[str, str]:
    """Alternative text and drawing of a figure, as a page carries them."""
    parser = Images()
    parser.feed(figure._repr_html_())
    (found,) = parser.found
    kind, _, data = str(found["src"]).partition(",")
    assert kind == "data:image/svg+xml;base64"
    return str(found["alt"]), base64.b64decode(data).decode()


def starting(group: str, **more: Any) -> dict[str, Any]:
    return {
        "outcome": "nrs_pain",
        "group_by": "cadence",
        "group": group,
        "landmark": "day 0",
        "term": "starting_pain",
        "estimate": 7.25,
        "n_patients": 120,
    } | more


def course(group_by: str, *, notes: tuple[str, ...] = (CAUTION,), start: bool = True) -> Any:
    rows, curve = [], []
    for group in SPLITS[group_by]:
        for window, mean in ((0, 7.0), (182, 3.04), (364, 2.55)):
            if group_by == "cadence" and window == 0:
                continue
            here = {
                "outcome": "nrs_pain",
                "group_by": group_by,
                "group": group,
                "estimate": mean,
                "conf_low": mean - 0.4,
                "conf_high": mean + 0.4,
                "n_eligible": 1234,
                "n_patients": 617,
            }
            rows.append({**here, "landmark": f"day {window}", "term": "mean"})
            curve += [
                {**here, "window": window, "series": series, "start_level": 7.25}
                for series in ("model", "completers")
            ]
        if group_by == "cadence" and start:
            rows.append(starting(group))
    return AnalysisResult(
        "pain_trajectory", None, estimates_frame(rows), curve=pd.DataFrame(curve), notes=notes
    )


def movement(group_by: str, *, notes: tuple[str, ...] = (CAUTION,)) -> AnalysisResult:
    rows = []
    for group in SPLITS[group_by]:
        here = {
            "outcome": "rom_left_rotation",
            "group_by": group_by,
            "group": group,
            "n_eligible": 90,
            "n_patients": 61,
        }
        for landmark, term, value in (
            ("day 0", "mean", 62.0),
            ("day 182", "mean", 69.96),
            ("day 182", "change", 7.96),
        ):
            limits = {"conf_low": value - 1, "conf_high": value + 1}
            rows.append({**here, **limits, "landmark": landmark, "term": term, "estimate": value})
        if group_by == "cadence":
            rows.append(starting(group))
    return AnalysisResult("rom_change", None, estimates_frame(rows), notes=notes)


@pytest.mark.parametrize("group_by", SPLITS)
def test_the_words_hold_the_numbers_that_are_drawn(group_by: str) -> None:
    alt, svg = image(plot_course(course(group_by)))
    assert "6 months 3.0, 1 year 2.6" in alt
    assert svg.startswith("<?xml")
    assert "http://www.w3.org/2000/svg" in svg


def test_a_figure_says_which_scores_and_which_interval_it_shows() -> None:
    for draw, made in ((plot_course, course("")), (lambda r: plot_movement(r, 182), movement(""))):
        at_90 = made.replace(
            estimates=made.estimates.assign(conf_level=0.9), diagnostics={"timing": "remote"}
        )
        note = draw(at_90).note
        assert "Follow-up scores are those answered at home." in note
        assert "(90% CI)" in note and "95" not in note
        before = draw(made.replace(diagnostics={"timing": "pre"})).note
        assert "Follow-up scores are those taken before a session." in before
        assert "Follow-up scores" not in draw(made).note


def test_headers_name_the_level_of_the_rows() -> None:
    registry = default_registry()
    pain = course("").replace(estimates=course("").estimates.assign(conf_level=0.9))
    moved = movement("").replace(estimates=movement("").estimates.assign(conf_level=0.9))
    aches = pain.replace(estimates=pain.estimates.replace({"term": {"mean": "rate"}}))
    onset = course("onset").replace(estimates=course("onset").estimates.assign(conf_level=0.9))
    for html in (
        course_table(pain, registry)._repr_html_(),
        split_table(onset, registry)._repr_html_(),
        movement_table(moved, 182, registry)._repr_html_(),
        movement_split_table(moved, 182, registry)._repr_html_(),
        headache_table(aches)._repr_html_(),
    ):
        assert "90% CI" in html and "95% CI" not in html


def test_the_table_of_headaches_says_how_many_of_all_patients_it_speaks_of() -> None:
    rows = estimates_frame(
        [
            {
                "outcome": "headache_days",
                "landmark": "day 182",
                "term": term,
                "estimate": 0.36,
                "n_eligible": eligible,
                "n_patients": n,
                "n_events": 830,
            }
            for term, n, eligible in (("rate", 830, 984), ("kept_diary", 2320, 2320))
        ]
    )
    html = headache_table(AnalysisResult("headache_frequency", None, rows))._repr_html_()
    assert "830 of 984" in unescape(html).replace("\u00a0", " ")
    assert "830 of 2,320 (36%) at 6 months, of all patients whose time had come" in html


def test_a_comparison_says_which_scores_it_uses() -> None:
    here = {"group_by": "arm", "landmark": "day 364", "outcome": "nrs_pain", "group": "a"}
    rows = estimates_frame([{**here, "term": term} for term in ("mean", "difference")])
    made = AnalysisResult("group_difference", None, rows, diagnostics={"timing": "pre"})
    html = difference_table(made, default_registry())._repr_html_()
    assert "Follow-up scores are those taken before a session." in html


def test_words_of_the_figure_name_people_not_codes() -> None:
    figures = [plot_course(course(split)) for split in SPLITS]
    figures += [plot_movement(movement(split), 182) for split in SPLITS]
    for figure in figures:
        words = f"{figure.alt} {figure.caption} {figure.note}"
        assert not re.search(r"[a-z]_[a-z]|nan", words), words


def test_the_change_of_a_movement_is_read_from_the_result() -> None:
    figure = plot_movement(movement(""), 182)
    assert "Rotation to the left: 62.0 to 70.0." in figure.alt


def test_nothing_is_fetched_from_elsewhere() -> None:
    for figure in (plot_course(course("")), plot_movement(movement(""), 182)):
        addresses = re.findall(r'href="([^"#][^"]*)"|url\(([^#)][^)]*)\)', figure.svg)
        assert addresses == []
        assert "<!DOCTYPE" not in figure.svg
        assert "<text" not in figure.svg  # outlines, so no font is needed


def test_the_same_result_gives_the_same_bytes() -> None:
    assert plot_course(course("")).svg == plot_course(course("")).svg


def test_a_name_of_a_clinic_is_escaped() -> None:
    figure = Figure(svg="<svg/>", alt='"<b>Salem</b>', caption="<i>&", note="<u>")
    html = figure._repr_html_()
    assert "<b>" not in html
    assert "<i>" not in html
    assert "<u>" not in html
    assert image(figure)[0] == '"<b>Salem</b>'


def test_a_split_by_cadence_brings_caution_and_starting_pain() -> None:
    for figure in (plot_course(course("cadence")), plot_movement(movement("cadence"), 182)):
        assert CAUTION in figure._repr_html_()
        assert "twice a month 7.3 (120 patients)" in figure.caution
        assert "lapsed 7.3 (120 patients)" in figure.caution


def test_a_split_by_cadence_without_its_caution_is_not_drawn() -> None:
    with pytest.raises(DisclosureError, match="without the sentence"):
        plot_course(course("cadence", notes=()))
    with pytest.raises(DisclosureError, match="without the sentence"):
        plot_movement(movement("cadence", notes=("Something else.",)), 182)


def test_a_split_by_cadence_without_starting_pain_is_not_drawn() -> None:
    with pytest.raises(DisclosureError, match="starting pain"):
        plot_course(course("cadence", start=False))


def test_starting_pain_that_is_not_known_is_said_so() -> None:
    refused = starting("monthly", estimate=None, n_patients=0, status="refused")
    withheld = starting("lapsed", estimate=None, n_patients=None, status="suppressed")
    rows = estimates_frame([starting("weekly"), refused, withheld])
    caution, line = beside_cadence(AnalysisResult("x", None, rows, notes=(CAUTION,)))
    assert caution == CAUTION
    assert line == (
        "Mean pain at the start of care: weekly 7.3 (120 patients), monthly not recorded and "
        "lapsed withheld, too few people."
    )


def test_nothing_to_draw_is_an_error_not_an_empty_panel() -> None:
    refused = estimates_frame([{"status": "refused", "note": "no score"}])
    empty = AnalysisResult("pain_trajectory", None, refused)
    with pytest.raises(ValueError, match="no curve"):
        plot_course(empty)
    with pytest.raises(ValueError, match="no movement"):
        plot_movement(empty, 182)


def test_where_no_point_may_be_shown_there_is_no_figure() -> None:
    whole = course("onset")
    assert len(course_figures(whole)) == 1
    nothing = whole.curve.iloc[:0]
    assert course_figures(whole.replace(curve=nothing)) == []
    answering_only = whole.curve.assign(series="answering")
    assert course_figures(whole.replace(curve=answering_only)) == []


def test_a_group_looks_the_same_in_every_figure() -> None:
    clinics = ["Salem", "Beaverton", "Hillsboro"]
    assert strokes(clinics) == strokes(reversed(clinics))
    assert strokes(["monthly", "weekly"])["monthly"] == CADENCE["monthly"]
    assert len(set(strokes([*CADENCE]).values())) == len(CADENCE)


def test_a_schedule_of_one_s_own_has_a_colour_of_its_own() -> None:
    drawn = strokes(["twice_monthly", "every_5_weeks", "on_demand"])
    assert len({stroke.colour for stroke in drawn.values()}) == 3
