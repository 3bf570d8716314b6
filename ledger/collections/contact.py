"""What was done about open items, and what keeps steps back: contacts as evidence, dunning blocks, facts on record."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.credit.account import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The customer was written to, called or visited. Evidence: never changed, and gone only with the customer."""

    account: str
    id: str
    """Of the record that has it."""

    on: int
    step: str
    """An outcome of the policies that is a step (`email`, `formal_letter`), or `other`."""

    items: tuple[str, ...] = ()
    """What it was about; empty: the account as a whole."""

    levels: tuple[int, ...] = ()
    """The dunning level that each item reached by it, in the order of `items`."""

    outcome: str | None = None
    """What came of it, in one of the site's words: `reached`, `no-answer`."""

    person: str | None = None
    """Who was reached."""

    text: str | None = None
    document: str | None = None
    """SHA-256 of what was sent, hexadecimal."""

    by: str | None = None
    """Login of whoever did it."""

    counts: bool = True
    """It keeps the next step waiting: it was about something overdue, or the account as a whole."""

    @property
    def key(self) -> Key:
        """Account and record."""
        return (self.account, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningBlock:
    """No steps are taken until a day, about one item or the whole account."""

    account: str
    number: int
    """From 1, for each account."""

    item: str | None = None
    """None: all that the account owes."""

    since: int
    until: int
    """The last day on which it counts."""

    reason: str
    by: str | None = None
    ended_on: int | None = None
    """From this day on it counts no more."""

    @property
    def key(self) -> Key:
        """Account and number."""
        return (self.account, self.number)

    def counts_on(self, day: int) -> bool:
        """Whether it still keeps steps back."""
        return self.ended_on is None and self.until >= day


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFact:
    """Something that was done or found out about an item, as a fact of the policies: the insurer was notified, a claim
    filed, a court called, a settlement offered. The last one of a fact counts."""

    item: str
    number: int
    """From 1, for each item."""

    account: str
    fact: str
    """Its name without `invoice.`: `insurer_notified`."""

    value: str
    """As JSON."""

    on: int
    """The day on which it was done."""

    by_date: int | None = None
    """Until when the policies wanted it done, as of the day on which it was recorded."""

    reference: str | None = None
    """The other side's: a claim's or a file's number."""

    by: str | None = None

    @property
    def key(self) -> Key:
        """Item and number."""
        return (self.item, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorAssignment:
    """Who looks after an account from a day on; with `until` a substitute for that time."""

    account: str
    number: int
    """From 1, for each account; the last that counts on a day counts."""

    collector: str
    """Login."""

    since: int
    until: int | None = None
    by: str | None = None

    @property
    def key(self) -> Key:
        """Account and number."""
        return (self.account, self.number)

    def counts_on(self, day: int) -> bool:
        """Whether it says who the collector is on this day."""
        return self.since <= day and (self.until is None or day <= self.until)
