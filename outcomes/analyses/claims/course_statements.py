"""Statements about how patients fare: pain, movement, headaches, and how soon."""

from __future__ import annotations

from outcomes.analyses.claims.rules import Rule
from outcomes.analyses.claims.statement import MOST, Check, Claim

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


COURSE: tuple[Claim, ...] = (
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
                group_by="strategy",
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
)
