"""The error for a command that was used wrongly, as against data that are wrong."""

from __future__ import annotations

from outcomes.errors import OutcomesError


class UsageError(OutcomesError):
    """Something was asked for that there is not."""

    exit_code = 2
