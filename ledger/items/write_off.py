"""A write-off: what somebody wants to be given up of an invoice, and what became of that.

    proposed → booked → reversed          refused

It is booked at once where whoever asks for it has the authority that the policies say; otherwise it waits for somebody
who has. What is booked is an item of the same number (`ItemKind.WRITE_OFF`), set off against the invoice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.credit.account import Key


class WriteOffState(StrEnum):
    """What has become of it."""

    PROPOSED = "proposed"
    """It waits for somebody with the authority."""

    BOOKED = "booked"
    REFUSED = "refused"
    REVERSED = "reversed"
    """Booked, and taken back since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """One; amounts in minor units of the account's currency."""

    id: str
    """The caller's number, which no item of the ledger may use besides its own."""

    account: str
    invoice: str
    amount: int
    state: WriteOffState
    reason: str
    """Why, in words."""

    proposed_by: str | None
    """Login of whoever asked for it, or name of the program."""

    proposed_on: int
    authority: str | None = None
    """The lowest that may agree, as the policies said last: a member of `provisions.write_off_authority`."""

    decided_by: str | None = None
    """Login of who agreed to it or refused it."""

    decided_by_role: str | None = None
    decided_on: int | None = None
    decision: str
    """Id of the last decision on it."""

    record: str
    """Id of the record that it was asked for with: sent again, it is answered as that says."""

    digest: str
    """SHA-256 of what was asked, hexadecimal."""

    @property
    def key(self) -> Key:
        """Its number."""
        return (self.id,)
