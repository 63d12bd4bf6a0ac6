"""Published statements about care for neck pain, each as something that records can be held to.

The statements are those of an article for patients on neuromuscular massage. Their readings are
ours: a statement such as "often" is taken as "of more than half", and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from outcomes.analyses.claims.rules import Rule

MOST = (0.5, 1.0)


@dataclass(frozen=True)
class Check:
    """One number to hold a statement to.

    Parameters
    ----------
    label : str
        What the number is, in words.
    question, term : str
        Analysis and term it comes from.
    rule : str
        As in `decide`; ``shown`` stands beside and is not judged.
    published : tuple of float
        Published figure twice, or the ends of its range.
    effect : float
        Published effect in the unit of the number; missing for a limit.
    group_by, group, landmark, outcome, method : str
        Row of the analysis; method is a part of it.
    split : str
        Grouping that the analysis must have been made with.
    lag : int
        Days from the start of care until somebody counts.
    complete : bool
        Whether those at risk without an answer count as missing.
    """

    label: str
    question: str
    term: str
    rule: Rule
    published: tuple[float, float] = (nan, nan)
    effect: float = nan
    group_by: str = ""
    group: str = ""
    landmark: str = ""
    outcome: str = ""
    method: str = ""
    split: str = ""
    lag: int = 0
    complete: bool = True


@dataclass(frozen=True)
class Claim:
    """A published statement.

    Parameters
    ----------
    name : str
        Such as ``C01``.
    statement, published, reading : str
        What was stated, its figure, and how it is read here.
    checks : tuple of Check
        Numbers to hold it to; those of the rule ``shown`` stand beside.
    needs : tuple of str
        Tables or columns without which nothing is recorded of it.
    sceptic : str
        What a sceptic would answer, where that is not computed.
    exploratory : bool
        True for what stands in the appendix: found by looking at much, and no test of anything.
    no_comparison : bool
        True where the statement compares with something the records do not hold.
    start : tuple of float, optional
        Range of the mean at the start that the figure is for.
    """

    name: str
    statement: str
    published: str
    reading: str
    checks: tuple[Check, ...]
    needs: tuple[str, ...] = ()
    sceptic: str = ""
    exploratory: bool = False
    no_comparison: bool = False
    start: tuple[float, float] | None = None


_SIX = {
    "rom_flexion": "Flexion",
    "rom_extension": "Extension",
    "rom_left_lateral_flexion": "Lateral flexion, left",
    "rom_right_lateral_flexion": "Lateral flexion, right",
    "rom_left_rotation": "Rotation, left",
    "rom_right_rotation": "Rotation, right",
}


def _improved(label: str, rule: Rule, session: int, group: str = "") -> Check:
    return Check(
        label, "sessions_to_improvement", "improved_by", rule, MOST,
        group_by="onset" if group else "", group=group, landmark=f"session {session}", lag=84,
        complete=False,
    )  # fmt: skip


def _association(label: str, kind: str, group: str, outcome: str = "next_change") -> Check:
    return Check(
        label, "practice_patterns", "association", "shown", group_by=kind, group=group,
        outcome=outcome, complete=False,
    )  # fmt: skip


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "C01",
        "Pain falls from 7 to 2 over three years",
        "−5 points",
        "Chronic complaints that started at 6.5 to 7.5 on average; the change reaches −5.",
        (
            Check(
                "Change at three years, chronic",
                "pain_trajectory",
                "change",
                "reaches",
                (-5, -5),
                5.0,
                "onset",
                "chronic",
                "day 1092",
                split="onset",
                lag=1092 + 42,
            ),
            Check(
                "The same, of those who answered to the end",
                "pain_trajectory",
                "completers",
                "shown",
                (-5, -5),
                group_by="onset",
                group="chronic",
                landmark="day 1092",
                split="onset",
            ),
        ),
        ("assessments",),
        start=(6.5, 7.5),
    ),
    Claim(
        "C02",
        "Twice-monthly sessions hold pain at 1 to 2",
        "1–2 points",
        "Pain of 2 or less in more than half of the months at this pace.",
        (
            Check(
                "Months with pain of 2 or less",
                "maintained_pain",
                "held",
                "above",
                MOST,
                0.5,
                landmark="maintenance",
                lag=84,
                complete=False,
            ),
            Check(
                "Mean pain in those months",
                "maintained_pain",
                "mean",
                "shown",
                (1.0, 2.0),
                landmark="maintenance",
                complete=False,
            ),
            Check(
                "Twice monthly against on demand",
                "maintenance_schedules",
                "difference",
                "shown",
                group="twice_monthly vs on_demand",
                complete=False,
            ),
        ),
        ("sessions", "assessments"),
        "Those who do well keep coming, or stop; only a comparison of schedules says what the "
        "schedule does.",
    ),
    Claim(
        "C03",
        "The neck moves 21% to 100% farther",
        "+21% to +100%",
        "Mean change in degrees after 26 weeks, as a percentage of the mean at the start.",
        tuple(
            Check(
                label,
                "rom_change",
                "percent_change",
                "figure",
                (21.0, 100.0),
                21.0,
                landmark="day 182",
                outcome=code,
                lag=182 + 28,
            )
            for code, label in _SIX.items()
        )
        + tuple(
            Check(
                f"{label}: beyond measurement error",
                "rom_change",
                "beyond_mdc95",
                "shown",
                landmark="day 182",
                outcome=code,
            )
            for code, label in _SIX.items()
        ),
        ("assessments",),
        "A movement measured as small is measured larger next time.",
    ),
    Claim(
        "C04",
        "Half as many headaches",
        "−50%",
        "Tension-type headache: days with a headache after 26 weeks, as a ratio to before care.",
        (
            Check(
                "Headache days against before care",
                "headache_frequency",
                "rate_ratio",
                "figure",
                (0.5, 0.5),
                0.5,
                landmark="day 182",
                outcome="headache_days",
                lag=182 + 28,
            ),
            Check(
                "Patients with half or fewer",
                "headache_frequency",
                "responders",
                "shown",
                landmark="day 182",
                outcome="headache_days",
            ),
        ),
        ("headache_diary|headache_periods",),
        "People seek care in a bad month; the month after is better without care too.",
    ),
    Claim(
        "C05",
        "Pain returns within four months without maintenance",
        "most, within 4 months",
        "More than half have pain of 5 or more again, twice in a row, within 17 weeks of the last "
        "scheduled session.",
        (
            Check(
                "Pain back within 17 weeks",
                "pain_return",
                "F(17)",
                "above",
                MOST,
                0.5,
                landmark="week 17",
                method="Turnbull",
                lag=280,
                complete=False,
            ),
        ),
        ("sessions", "assessments"),
        "Who stops differs from who goes on; scores at home tell, visits alone do not.",
    ),
    Claim(
        "C06",
        "Substantial improvement within 2 to 6 sessions, chronic 4 to 6, acute often after one",
        "most by session 6; acute after 1",
        "A fall of 30% and 2 points, confirmed at the next session, in more than half. After one "
        "session means in the score before the second.",
        (
            _improved("By session 6, everyone", "above", 6),
            _improved("By session 6, chronic", "above", 6, "chronic"),
            _improved("After one session, acute", "above", 2, "acute"),
        ),
        ("sessions", "assessments"),
    ),
    Claim(
        "C07",
        "Relief after the first session",
        "most",
        "Pain down by 2 points or more right after the first session, in more than half.",
        (
            Check(
                "Relieved after session 1",
                "first_visits",
                "relieved",
                "above",
                MOST,
                landmark="session 1",
            ),
            Check(
                "Left at the next session", "first_visits", "left", "shown", landmark="session 1"
            ),
        ),
        ("sessions", "assessments"),
        "A score given to the therapist minutes after treatment is kind.",
    ),
    Claim(
        "C08",
        "Sessions 1–3, 4–6, then monthly",
        "most go on monthly",
        "The first gap after the active phase is 21 to 42 days in more than half.",
        (
            Check(
                "Went on monthly",
                "care_rhythm",
                "entered_monthly",
                "above",
                MOST,
                lag=98,
                complete=False,
            ),
            Check(
                "Change a session, 1–3",
                "care_rhythm",
                "slope",
                "shown",
                group_by="sessions",
                group="1–3",
                complete=False,
            ),
            Check(
                "Change a session, 3–6",
                "care_rhythm",
                "slope",
                "shown",
                group_by="sessions",
                group="3–6",
                complete=False,
            ),
        ),
        ("sessions",),
    ),
    Claim(
        "C09",
        "Consistency is key",
        "regular is better",
        "With gaps that vary by a week more, pain is higher at 12 weeks. An association only.",
        (
            Check(
                "Pain for a week more of spread",
                "care_rhythm",
                "gap_variability",
                "above",
                (0.0, 0.0),
                landmark="day 84",
                lag=98,
            ),
            Check(
                "Pain for a tenth more kept",
                "care_rhythm",
                "kept_appointments",
                "shown",
                landmark="day 84",
            ),
        ),
        ("sessions", "assessments"),
        "Who is well need not come so often: spacing follows pain as much as pain follows spacing.",
    ),
    Claim(
        "C10",
        "Acute and chronic complaints differ",
        "a difference",
        "The change at 12 weeks of chronic less that of acute complaints is not zero.",
        (
            Check(
                "Chronic less acute, change at 12 weeks",
                "pain_trajectory",
                "onset_difference",
                "differs",
                group_by="onset",
                landmark="day 84",
                split="onset",
                lag=98,
            ),
        ),
        ("assessments",),
        "Those who start higher fall farther.",
    ),
    Claim(
        "C13",
        "Soreness is common, swelling and lightheadedness occasional, serious events very rare",
        "≥ 1%; 0.1–1%; < 0.01%",
        "Sessions with such an event; the words as the frequency classes of medicines (CIOMS).",
        (
            Check(
                "Soreness",
                "safety",
                "sessions_by_symptom",
                "above",
                (0.01, 1.0),
                group_by="symptom",
                group="soreness",
                complete=False,
            ),
            Check(
                "Swelling",
                "safety",
                "sessions_by_symptom",
                "figure",
                (0.001, 0.01),
                0.01,
                "symptom",
                "swelling",
                complete=False,
            ),
            Check(
                "Lightheadedness",
                "safety",
                "sessions_by_symptom",
                "figure",
                (0.001, 0.01),
                0.01,
                "symptom",
                "lightheadedness",
                complete=False,
            ),
            Check(
                "Serious",
                "safety",
                "serious",
                "below",
                (0.0, 0.0001),
                complete=False,
            ),
        ),
        ("adverse_events",),
        "What nobody asks for is not recorded.",
    ),
    Claim(
        "C15",
        "Eight sites, one standard of care",
        "no site apart",
        "No clinic outside the 99.8% limits once its patients are allowed for.",
        (
            Check(
                "Clinics outside 99.8% limits",
                "clinic_benchmark",
                "outside",
                "nothing",
                group_by="clinic",
                landmark="day 84",
                lag=98,
                complete=False,
            ),
            Check(
                "Spread between clinics",
                "clinic_benchmark",
                "between",
                "shown",
                group_by="clinic",
                landmark="day 84",
                complete=False,
            ),
        ),
        ("assessments",),
        "With few clinics a clinic a full point worse is seldom found.",
    ),
    Claim(
        "C16",
        "Combined care works better",
        "less pain",
        "Pain at 12 weeks is lower with another discipline in the first 8 weeks.",
        (
            Check(
                "Combined less massage alone",
                "combined_care",
                "difference",
                "below",
                (0.0, 0.0),
                landmark="day 84",
                lag=98,
            ),
        ),
        ("sessions.discipline", "assessments"),
        "Those sent to another discipline may differ in what nobody recorded.",
    ),
    Claim(
        "C17",
        "More economical over the long term",
        "cheaper",
        "Fees for a point of improvement at 12 months. What other care costs is not recorded.",
        (
            Check("Fees for a point", "value", "fees_per_point", "shown", landmark="day 364"),
            Check(
                "Fees for a patient 30% better",
                "value",
                "fees_per_responder",
                "shown",
                landmark="day 364",
            ),
        ),
        ("sessions.fee",),
        "Cheaper than what?",
        no_comparison=True,
    ),
    Claim(
        "C18",
        "Self-care keeps people free of pain",
        "less pain",
        "One tenth more done in four weeks goes with a lower score after them.",
        (
            Check(
                "Pain for a tenth more done",
                "self_care",
                "association",
                "below",
                (0.0, 0.0),
                complete=False,
            ),
            Check(
                "The reverse: done for a point of pain",
                "self_care",
                "reverse",
                "shown",
                complete=False,
            ),
            Check("Did at least 80%", "self_care", "mostly_done", "shown", complete=False),
        ),
        ("exercises",),
        "Who hurts less exercises more.",
    ),
    Claim(
        "C19",
        "Contraindications are respected",
        "none treated uncleared",
        "Nobody with a contraindication is treated although not cleared.",
        (
            Check(
                "Treated without clearance",
                "safety",
                "treated_without_clearance",
                "nothing",
                (0.0, 0.0),
                complete=False,
            ),
            Check(
                "Seen within 3 days of the onset",
                "safety",
                "soon_after_onset",
                "shown",
                complete=False,
            ),
        ),
        ("patients.cleared",),
        "Only what was asked and written down is counted.",
    ),
    Claim(
        "C20",
        "The first consultation takes 10 to 15 minutes",
        "10–15 minutes",
        "The first visit as recorded took 10 to 15 minutes, in more than half.",
        (
            Check(
                "In range",
                "first_visits",
                "first_minutes",
                "above",
                MOST,
                landmark="session 1",
                complete=False,
            ),
        ),
        ("sessions.minutes",),
        "Records hold the whole first visit, the treatment with it.",
    ),
    Claim(
        "C21",
        "Trigger points are the primary source in over 70%",
        "> 70%",
        "First visits with an active point that reproduced the familiar pain; lower limit > 70%.",
        (
            Check(
                "With a familiar point",
                "first_visits",
                "familiar_point",
                "above",
                (0.7, 1.0),
                landmark="session 1",
                complete=False,
            ),
        ),
        ("trigger_points",),
        "A point that hurts when pressed need not be the source, and how far two examiners agree "
        "is not in the records.",
    ),
    Claim(
        "C11",
        "Pressure of 6 to 7 is the sweet spot",
        "6–7 of 10",
        "Pressure with the largest fall to the next session, and sessions at 6 to 7.",
        (
            Check(
                "Best pressure",
                "pressure_optimum",
                "optimum",
                "shown",
                (6.0, 7.0),
                complete=False,
            ),
            Check("Sessions at 6 to 7", "pressure_optimum", "in_range", "shown", complete=False),
            _association("Change for a point of pressure", "pressure", ""),
            _association("Soreness for a point of pressure", "pressure", "", "soreness"),
        ),
        ("sessions.pressure",),
        exploratory=True,
    ),
    Claim(
        "C12",
        "Four techniques",
        "",
        "Change to the next session with a technique, among sessions of one therapist.",
        tuple(
            _association(label, "technique", code)
            for code, label in (
                ("compression_hold", "Compression hold"),
                ("cross_fiber_friction", "Cross-fibre friction"),
                ("pin_and_stretch", "Pin and stretch"),
                ("gliding_stroke", "Gliding stroke"),
            )
        ),
        ("sessions.techniques",),
        exploratory=True,
    ),
    Claim(
        "C14",
        "Muscles refer pain",
        "",
        "Change to the next session with a muscle treated. Symptoms of the arm are not recorded.",
        tuple(
            _association(label, "muscle", code)
            for code, label in (
                ("suboccipitals", "Suboccipitals"),
                ("upper_trapezius", "Upper trapezius"),
                ("levator_scapulae", "Levator scapulae"),
                ("scalenes", "Scalenes"),
            )
        ),
        ("sessions.muscles",),
        exploratory=True,
    ),
)
"""All statements; those of the appendix last."""
