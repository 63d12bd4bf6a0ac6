"""Words of a page that say what they mean: where they are marked, and where they are left alone."""

from __future__ import annotations

import re

from outcomes.present import definitions
from outcomes.present.sections.terms import WRITTEN
from outcomes.report.meanings import with_meanings
from outcomes.settings import CutPoints, Settings

WORDS = definitions(Settings())._repr_html_()


def page(*sections: str) -> str:
    inside = "".join(f"<section>{each}</section>" for each in (*sections, WORDS))
    return f'<body><main id="report">{inside}</main><footer>95% CI</footer></body>'


def marked(text: str) -> list[str]:
    """Words that are buttons, in order."""
    return re.findall(r'<button[^>]*class="word"[^>]*>(.*?)</button>', text)


def test_the_first_of_a_word_in_each_section_says_its_meaning() -> None:
    made = with_meanings(page("<p>95% CI and 95% CI.</p>", "<li>95% CI</li>"))
    assert marked(made) == ["95% CI", "95% CI"]
    boxes = re.findall(r'<div popover id="say-(word-[a-z-]+)"', made)
    assert boxes == ["word-ci"]  # one box however often it is opened, and none that nothing opens
    assert set(re.findall(r'popovertarget="say-([a-z-]+)"', made)) == set(boxes)
    # within the landmark of the report, after all of it
    assert made.rindex("</section>") < made.index("popover id") < made.index("</main>")


def test_headings_links_numbers_and_what_is_taken_home_stay_as_they_are() -> None:
    for left in (
        "<h3>95% CI</h3>",
        '<p><a href="#x">95% CI</a></p>',
        "<table><tr><td>95% CI</td></tr></table>",
        '<div class="take-home"><p>95% CI</p></div>',
        '<img alt="95% CI">',
    ):
        assert marked(with_meanings(page(left))) == []
    after = with_meanings(page("<h3>95% CI</h3><p>A median.</p>"))
    assert marked(after) == ["median"]


def test_words_within_words_are_not_marked() -> None:
    assert marked(with_meanings(page("<p>Unanswered and lapsed-like.</p>"))) == []


def test_text_is_otherwise_unchanged() -> None:
    before = page("<p>Of 3 &lt; 4 the <b>median</b>, mean &amp; lapsed; care began.</p>")
    body = re.sub(r"<div popover .*?</div>\n", "", with_meanings(before)).partition("</main>")[0]
    assert re.sub(r"</?button[^>]*>", "", body) == before.partition("</main>")[0]


def test_a_page_without_a_list_of_words_is_returned_as_it_is() -> None:
    plain = '<body><main id="report"><section><p>95% CI</p></section></main></body>'
    assert with_meanings(plain) == plain


def test_every_written_word_has_a_row_and_its_own_cut_points() -> None:
    assert set(WRITTEN) <= set(re.findall(r'<tr id="([a-z-]+)"', WORDS))
    own = definitions(Settings(cut_points=CutPoints(lapse=45)))._repr_html_()
    said = with_meanings(page("<p>lapsed</p>").replace(WORDS, own))
    assert "No attended session for 45 days" in said.partition('popover id="say-word-lapsed"')[2]
