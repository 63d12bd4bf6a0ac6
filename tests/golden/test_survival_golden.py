"""Product-limit estimates against published and R's numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from outcomes.stats.survival import kaplan_meier, log_log_interval

# Weeks in remission under 6-mercaptopurine, 21 patients; a plus is censored.
# Freireich EJ et al. Blood 1963;21:699–716; the estimates are those of survfit in R's survival.
REMISSION = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
SURVFIT = [
    (6, 21, 0.857, 0.0764),
    (7, 17, 0.807, 0.0869),
    (10, 15, 0.753, 0.0963),
    (13, 12, 0.690, 0.1068),
    (16, 11, 0.627, 0.1141),
    (22, 7, 0.538, 0.1282),
    (23, 6, 0.448, 0.1346),
]


@pytest.mark.parametrize(("time", "at_risk", "survival", "error"), SURVFIT)
def test_remission(time: int, at_risk: int, survival: float, error: float) -> None:
    weeks = [float(each.rstrip("+")) for each in REMISSION.split()]
    ended = [not each.endswith("+") for each in REMISSION.split()]
    (row,) = kaplan_meier(weeks, ended, [time]).to_dict("records")
    assert row["n_at_risk"] == at_risk
    assert row["estimate"] == pytest.approx(survival, abs=5e-4)
    assert row["std_error"] == pytest.approx(error, abs=5e-5)


def test_the_interval_is_that_of_survfit(shared: Path) -> None:
    """Tolerance 1e-9: the same formula on the same S and standard error of the lung data."""
    golden = json.loads((shared / "golden" / "d_survival.json").read_text(encoding="utf-8"))
    for row in golden["results"]["lung_km_loglog"]:
        low, high = log_log_interval(row["surv"], row["se"] / row["surv"])
        assert float(low) == pytest.approx(row["lower"], abs=1e-9)
        assert float(high) == pytest.approx(row["upper"], abs=1e-9)


def test_nobody_is_followed_beyond_the_last_time() -> None:
    found = kaplan_meier([1, 2, 3], [True, False, False], [0, 1, 3, 4])
    assert list(found["estimate"][:3]) == pytest.approx([1, 2 / 3, 2 / 3])
    assert np.isnan(found["estimate"][3])
    gone = kaplan_meier([1, 2], [True, True], [2, 9])
    assert list(gone["estimate"]) == [0, 0]
