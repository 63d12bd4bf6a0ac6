"""Statements on pressure, techniques and muscles: looked at, and not tested."""

from __future__ import annotations

from outcomes.analyses.claims.statement import Check, Claim


def _association(label: str, kind: str, group: str, outcome: str = "next_change") -> Check:
    return Check(
        label, "practice_patterns", "association", "shown", group_by=kind, group=group,
        outcome=outcome, complete=False,
    )  # fmt: skip


EXPLORATORY: tuple[Claim, ...] = (
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
