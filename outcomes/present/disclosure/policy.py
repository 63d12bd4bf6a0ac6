"""Rules of a release: for whom, how few are too few, how counts are rounded."""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.errors import DisclosureError
from outcomes.settings import Settings

AUDIENCES = ("inside", "outside")


@dataclass(frozen=True)
class Policy:
    """Rules of a release.

    Parameters
    ----------
    audience : {"inside", "outside"}
        Inside nothing is withheld.
    minimum : int
        Smallest number of people that may be shown.
    round_to : int
        Counts are rounded to a multiple of this.
    """

    audience: str = "inside"
    minimum: int = 8
    round_to: int = 5

    def __post_init__(self) -> None:
        if self.audience not in AUDIENCES:
            raise DisclosureError(
                f"There is no audience {self.audience!r}.", f"Use one of {', '.join(AUDIENCES)}."
            )
        if self.minimum < 1 or self.round_to < 1:
            raise DisclosureError("minimum and round_to must be at least 1.", "Correct the policy.")

    @property
    def smallest_clinic(self) -> int:
        """Smallest number of patients of a clinic that a release may have in it; inside any."""
        return self.minimum if self.audience == "outside" else 0

    @property
    def slack(self) -> tuple[int, int]:
        """How far below and above what is shown a rounded count may be."""
        return self.round_to // 2, (self.round_to + 1) // 2 - 1

    @property
    def possible(self) -> int:
        """How many values a small count that is withheld may still have, at least.

        No fewer than a rounded count that is shown has.
        """
        return min(self.round_to, self.minimum)


def policy_of(audience: str, settings: Settings) -> Policy:
    """Take the rules of a release from the settings.

    Parameters
    ----------
    audience : {"inside", "outside"}
        Who it is for.
    settings : Settings
        With the numbers of ``[disclosure]``.

    Returns
    -------
    Policy
        The rules.

    Raises
    ------
    DisclosureError
        For an unknown audience.
    """
    chosen = settings.disclosure
    return Policy(audience, chosen.minimum, chosen.round_to)
