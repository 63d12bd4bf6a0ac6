"""What published studies found, to read the clinic's own numbers by."""

from __future__ import annotations

from outcomes.present.disclosure import Release
from outcomes.present.rows import why_absent
from outcomes.present.sections.section import Section
from outcomes.present.tables import Prose, Table

_PAIN = (
    (
        "Ordinary physiotherapy for neck pain",
        "Pain 5.9 at the start, 2.6 at 6 weeks, 2.0 at 3 months, 1.5 at 6 months, among those who "
        "answered; 35% did not answer at 6 months.",
        "Verwoerd 2024, BMJ Open 14:e086683",
    ),
    (
        "Massage for neck pain against a wait list, 228 people",
        "Two or three 60-minute sessions a week for 4 weeks: pain down by 30% or more 2.3 and 2.7 "
        "times as often; 30-minute sessions did no better than waiting.",
        "Sherman 2014, Ann Fam Med 12:112–120",
    ),
    (
        "Deep-tissue massage, four groups, 619 people",
        "Less pain at 7 weeks (ratio 1.36, 95% CI 1.04 to 1.77), no difference at 52 weeks.",
        "Skillgate 2020, Musculoskelet Sci Pract 45:102070",
    ),
    (
        "Monthly maintenance care for neck pain, 98 people",
        "No difference over 10 months.",
        "Martel 2011, BMC Musculoskelet Disord 12:41",
    ),
)
_HEADACHES = (
    (
        "Massage for tension-type headache, 16 people",
        "4.7 headaches a week, then 3.7 and 3.2; a later trial of 56 people found no gain over "
        "placebo.",
        "PubMed Central PMC2565109; Moraska 2015, Clin J Pain 31:159–168",
    ),
    (
        "Manipulation for headache from the neck",
        "16 to 8 days in 4 weeks with 18 visits; about one day less for 6 visits more.",
        "Haas 2018, Spine J 18:1741–54",
    ),
)
_MOVEMENT = (
    (
        "Neck movement",
        "7% to 15% more at 4 weeks.",
        "Häkkinen 2007, J Rehabil Med 39:575–9",
    ),
)


PUBLISHED = frozenset(text for study in (*_PAIN, *_HEADACHES, *_MOVEMENT) for text in study)
"""Texts on studies, whose numbers of people everybody may know."""


def published_figures(release: Release) -> Section:
    """Show what published studies found about the outcomes a report has.

    Parameters
    ----------
    release : Release
        What may be shown: ``pain``, ``headaches`` and ``movement``.

    Returns
    -------
    Section
        A table of studies; a line where none of the outcomes can be shown.

    Notes
    -----
    The studies chose their patients and most had a comparison group, so their numbers are no
    target. They are context.
    """
    chosen = {"pain": _PAIN, "headaches": _HEADACHES, "movement": _MOVEMENT}
    rows = [
        row for name, studies in chosen.items() if not why_absent(release[name]) for row in studies
    ]
    if not rows:
        return Section([Prose(["No outcome that studies report can be shown here."])])
    note = (
        "These studies chose whom they took, and most compared with people who got other care or "
        "none. Their numbers are something to read one's own by, not a target."
    )
    columns = ("Study", "What was found", "Source")
    return Section([Table("Published studies", columns, rows, (note,), numeric=False)])
