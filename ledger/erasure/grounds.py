"""Why the law wants something erased: the words that a record keeps, each with its article."""

from __future__ import annotations

from enum import StrEnum


class Ground(StrEnum):
    """The grounds of GDPR article 17(1) and PIPL article 47, which agree."""

    NOT_NEEDED = "not-needed"
    """No longer needed for what it was collected for: GDPR 17(1)(a), PIPL 47(1)."""

    CONSENT_WITHDRAWN = "consent-withdrawn"
    """It rested on a consent that was withdrawn: GDPR 17(1)(b), PIPL 47(3)."""

    OBJECTION = "objection"
    """The person objects, and nothing overrides that: GDPR 17(1)(c)."""

    UNLAWFUL = "unlawful"
    """It should never have been processed: GDPR 17(1)(d), PIPL 47(4)."""

    LEGAL_DUTY = "legal-duty"
    """A law or a court orders it: GDPR 17(1)(e), PIPL 47(5)."""
