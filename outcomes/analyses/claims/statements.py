"""Published statements about care for neck pain, each as something that records can be held to.

The statements are those of an article for patients on neuromuscular massage. Their readings are
ours: a statement such as "often" is taken as "of more than half", and says so.
"""

from __future__ import annotations

from outcomes.analyses.claims.care_statements import CARE
from outcomes.analyses.claims.course_statements import COURSE
from outcomes.analyses.claims.exploratory_statements import EXPLORATORY
from outcomes.analyses.claims.statement import Claim

CLAIMS: tuple[Claim, ...] = (*COURSE, *CARE, *EXPLORATORY)
"""All statements; those of the appendix last."""
