"""The sample that is shipped: `python -m outcomes.simulate.sample` makes it again."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from outcomes.simulate.simulation import write_simulation
from outcomes.simulate.spec import SCENARIOS

SAMPLE_SPEC = replace(SCENARIOS["sample"], patients=2_800, seed=2023, years=3.0)
"""What ``outcomes simulate --patients 2800 --seed 2023 --scenario sample`` simulates."""


def main() -> int:
    """Write the sample into the folder named, or into ``data/sample``.

    Returns
    -------
    int
        0.
    """
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("data/sample")
    write_simulation(SAMPLE_SPEC, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
