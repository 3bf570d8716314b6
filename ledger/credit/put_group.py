"""A group of companies is put, or its limit is changed. Who belongs to it is said by the accounts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.credit.account import Group
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, LedgerChange
from ledger.credit.put_account import require_version
from ledger.credit.shown import group_shown
from ledger.credit.snapshot import Snapshot, Wants


@dataclass(frozen=True, slots=True, kw_only=True)
class PutGroup:
    """All that is said of a group: what isn't said is no longer known."""

    group: str
    currency: str | None = None
    """ISO 4217; None: the policies', or the one that it has."""

    limit: str | None = None
    """What all its accounts may owe together, as decimal text; None: there is no such limit."""

    limit_until: str | None = None
    insolvent: bool | None = None
    said: frozenset[str] | None = None
    """Of a file: the columns that it has, and what is told in none of them stays; None: all is said."""

    if_version: int | None = None
    asker: Asker

    @property
    def wants(self) -> Wants:
        """The group."""
        return Wants(groups=frozenset((self.group,)))


def put_group(snapshot: Snapshot, command: PutGroup, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault."""
    before = snapshot.get(Group, command.group)
    require_version(command.if_version, 0 if before is None else before.version)
    own = desk.engine.vocabulary.currency
    reading = Reading(desk.engine.vocabulary, own if before is None else before.currency, desk.day)
    currency = reading.known_currency(command.currency, "currency")
    limit = None if command.limit is None else reading.amount(command.limit, "limit", least=0, currency=currency)
    until = reading.optional_date(command.limit_until, "limit_until")
    reading.done()
    if before is not None and currency != before.currency:
        raise CommandRefused(
            "group-currency-differs",
            f"group {before.id} is in {before.currency}, in which its accounts' exposures are added up",
            group=before.id,
        )
    told = {"limit": limit, "limit_until": until, "insolvent": command.insolvent}
    said = told if before is None or command.said is None else {n: v for n, v in told.items() if n in command.said}
    group = replace(before or Group(id=command.group, currency=currency), **said)  # type: ignore[arg-type]  # by name
    changed = group != before
    if changed:
        group = replace(group, version=group.version + 1)
    return LedgerChange(
        rows=(group,) if changed else (),
        act="group",
        about=group.id,
        account=None,
        told={
            "business_date": desk.business_date.isoformat(),
            "group_version": 0 if before is None else before.version,
            "group_version_after": group.version,
        },
        shown={"group": group_shown(group)},
        status=201 if before is None else 200,
        recheck_groups=frozenset((group.id,)) if changed and before is not None else frozenset(),
    )
