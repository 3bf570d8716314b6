"""What pays where the customer doesn't: guarantees, charges, letters of credit, insurance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.vocabulary.decimals import RATE_SCALE
from ledger.credit.account import Key


class SecurityKind(StrEnum):
    """What kind of security."""

    BANK_GUARANTEE = "bank_guarantee"
    PARENT_GUARANTEE = "parent_guarantee"
    FLOATING_CHARGE = "floating_charge"
    LETTER_OF_CREDIT = "letter_of_credit"
    RETENTION_OF_TITLE = "retention_of_title"
    INSURANCE = "insurance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """One security of an account, or of one of its orders."""

    account: str
    id: str
    """The caller's number of it."""

    kind: SecurityKind
    order: str | None = None
    """None: it secures whatever the account owes."""

    amount: int
    """Minor units of the account's currency; of an insurance its limit."""

    cover: int
    """Share of the amount that is paid, in millionths."""

    from_on: int | None = None
    until_on: int | None = None
    """The last day on which it can be drawn on; None: it has no end."""

    stopped_on: int | None = None
    """From when new deliveries are not insured."""

    max_days: int | None = None
    """Longest credit period that is insured."""

    reference: str | None = None
    issuer: str | None = None
    """Bank or insurer."""

    ended_on: int | None = None
    """Given back or cancelled: it counts nothing from this day on."""

    @property
    def key(self) -> Key:
        """Account and number."""
        return (self.account, self.id)

    @property
    def pays(self) -> int:
        """The share of its amount that is paid, rounded down."""
        one: int = 10**RATE_SCALE
        return self.amount * self.cover // one

    def counts_on(self, day: int) -> bool:
        """Whether it could be drawn on that day."""
        begun = self.from_on is None or self.from_on <= day
        ended = self.ended_on is not None and self.ended_on <= day
        return begun and not ended and (self.until_on is None or day <= self.until_on)
