"""What may leave the clinic: disclosure control over all results of a report at once.

Inside the clinic nothing is changed. For outside, small counts are withheld, the rest are rounded,
and what could give a withheld count away by subtraction is withheld as well. Everything a report
shows is rendered from the release that `disclose` returns, so no number goes another way.
"""

from __future__ import annotations

from outcomes.present.disclosure.policy import Policy, policy_of
from outcomes.present.disclosure.release import Release, disclose, disclose_run

__all__ = ["Policy", "Release", "disclose", "disclose_run", "policy_of"]
