"""What an account may owe: limits as they were asked for, granted and ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.credit.account import Key


class LimitKind(StrEnum):
    """What kind of limit; never deciding one (no row at all) is something else than a limit of zero."""

    LIMIT = "limit"
    TEMPORARY = "temporary"
    """Replaces the limit between two days."""

    UNLIMITED = "unlimited"


class LimitState(StrEnum):
    """What has become of it."""

    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit of one account. Of the granted ones of kind `limit` or `unlimited` the last granted one counts."""

    account: str
    number: int
    """From 1, in the order in which they were asked for."""

    kind: LimitKind
    amount: int | None
    """Minor units of the account's currency; None where it is unlimited."""

    from_on: int
    until_on: int | None
    """The last day on which it counts; None: it has no end."""

    state: LimitState
    reason: str | None = None
    basis: str | None = None
    """What the amount rests on; the fact `limit.basis`."""

    requested_by: str | None = None
    """Of one that was taken over: who, or whose program, imported it."""

    granted_on: int | None = None
    granted_by: str | None = None
    """None of one that was taken over: nobody granted it here."""

    granted_by_role: str | None = None
    second_by: str | None = None
    second_by_role: str | None = None
    decision: str | None = None
    """Id of the decision that allowed it."""

    taken_over_on: int | None = None
    """The business date on which it came from another system, where no policy here judged it."""

    said_granted_by: str | None = None
    """Of one that was taken over: who granted it, by the word of the file alone."""

    @property
    def key(self) -> Key:
        """Account and number."""
        return (self.account, self.number)

    @property
    def rank(self) -> tuple[int, int]:
        """Of two that have begun the one of the higher rank counts: the one that was granted last."""
        return (self.from_on if self.granted_on is None else self.granted_on, self.number)

    def overlaps(self, other: Limit) -> bool:
        """Whether both count on some day."""
        begins = self.until_on is None or other.from_on <= self.until_on
        return begins and (other.until_on is None or self.from_on <= other.until_on)

    def holds_on(self, day: int) -> bool:
        """Whether it is granted and counts on this day."""
        return self.state is LimitState.GRANTED and self.from_on <= day <= (
            day if self.until_on is None else self.until_on
        )
