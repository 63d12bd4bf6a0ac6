"""``python -m outcomes`` is the command ``outcomes``."""

from __future__ import annotations

import sys

from outcomes.cli import main

if __name__ == "__main__":
    sys.exit(main())
