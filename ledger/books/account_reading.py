"""What is shown of an account beside its facts: pages of accounts, items, entries, and what happened to it when.

Pages go on where the last one ended: behind a number, or before a place in the journal. So a page stays what it was
while others book.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Text, and_, cast, func, or_, select

from ledger.books.reading import rows_of
from ledger.credit.account import Account, Figures, Grade, Group
from ledger.credit.entry import EntryBucket
from ledger.credit.limit import Limit, LimitState
from ledger.credit.order import Hold, Order, Release
from ledger.credit.security import Security
from ledger.items.item import ItemState, OpenItem
from ledger.store.ledger_tables import STORED, ledger_entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an account."""

    on: int
    what: str
    about: str
    amount: int | None = None
    by: str | None = None


def account_numbered(connection: Connection, id: str) -> Account | None:
    """By its number."""
    found = rows_of(connection, Account, STORED[Account].table.c.id == id)
    return found[0] if found else None


def account_names(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """What the accounts are called, by number; those without a name are left out."""
    columns = STORED[Account].table.c
    named = select(columns.id, columns.name).where(columns.id.in_(ids), columns.name.is_not(None))
    return {row.id: row.name for row in connection.execute(named)} if ids else {}


def group_numbered(connection: Connection, id: str) -> Group | None:
    """By its number."""
    found = rows_of(connection, Group, STORED[Group].table.c.id == id)
    return found[0] if found else None


def accounts_found(connection: Connection, text: str | None, group: str | None, after: str, most: int) -> list[Account]:
    """Accounts whose number begins with the text or whose name has it, in the order of their numbers."""
    columns = STORED[Account].table.c
    wanted = [columns.id > after]
    if text is not None:
        pattern = _escaped(text)
        wanted.append(
            or_(
                columns.id.like(f"{pattern}%", escape="\\"),
                func.lower(columns.name).like(f"%{pattern.lower()}%", escape="\\"),
            )
        )
    if group is not None:
        wanted.append(columns.group_id == group)
    return page_of(connection, Account, and_(*wanted), (columns.id,), most)


def items_of(connection: Connection, account: str, state: ItemState | None, after: str, most: int) -> list[OpenItem]:
    """Items of an account in the order of their numbers."""
    columns = STORED[OpenItem].table.c
    wanted = [columns.account == account, columns.id > after]
    if state is not None:
        wanted.append(columns.state == state.value)
    return page_of(connection, OpenItem, and_(*wanted), (columns.id,), most)


def entries_of(connection: Connection, account: str, before: tuple[int, int] | None, most: int) -> list[Any]:
    """Movements of an account, the newest first."""
    columns = ledger_entries.c
    wanted = [columns.account == account]
    if before is not None:
        seq, number = before
        wanted.append(or_(columns.seq < seq, and_(columns.seq == seq, columns.number < number)))
    newest = select(ledger_entries).where(*wanted).order_by(columns.seq.desc(), columns.number.desc()).limit(most)
    return list(connection.execute(newest))


def exposure_on(connection: Connection, account: str, day: int) -> dict[EntryBucket, int]:
    """What the account's movements came to until a day, by bucket."""
    columns = ledger_entries.c
    sums = (
        select(columns.bucket, cast(func.sum(columns.amount), Text))  # a sum is a decimal on PostgreSQL
        .where(columns.account == account, columns.effective_on <= day)
        .group_by(columns.bucket)
    )
    found = {EntryBucket(bucket): int(total) for bucket, total in connection.execute(sums)}
    return {bucket: found.get(bucket, 0) for bucket in EntryBucket}


def rows_of_account(connection: Connection, kind: type[Any], account: str) -> list[Any]:
    """All limits, securities, figures or grades of an account."""
    return list(rows_of(connection, kind, STORED[kind].table.c.account == account))


def events_of(connection: Connection, account: str, until: int, most: int) -> list[Event]:
    """What happened to an account up to a day, the newest first."""
    found = [*_limit_events(connection, account), *_recorded(connection, account)]
    for kind, events in ((Order, _order_events), (Hold, _hold_events), (OpenItem, _item_events)):
        for row in _newest(connection, kind, account, most):
            found += events(row)
    for release in rows_of_account(connection, Release, account):
        found.append(
            Event(
                on=release.on,
                what=f"release {release.state}",
                about=release.order,
                amount=release.amount,
                by=release.by,
            )
        )
    happened = [each for each in found if each.on <= until]
    return sorted(happened, key=lambda each: (each.on, each.what, each.about), reverse=True)[:most]


def _limit_events(connection: Connection, account: str) -> Iterable[Event]:
    for limit in rows_of_account(connection, Limit, account):
        what = "limit granted" if limit.granted_on is not None else f"limit {limit.state}"
        if limit.taken_over_on is not None:
            yield Event(
                on=limit.taken_over_on, what="limit taken over", about=str(limit.number), amount=limit.amount,
                by=limit.requested_by,
            )  # fmt: skip
            continue
        on = limit.granted_on if limit.granted_on is not None else limit.from_on
        about = str(limit.number)
        if limit.state is LimitState.GRANTED or limit.granted_on is not None:
            yield Event(on=on, what=what, about=about, amount=limit.amount, by=limit.granted_by)
        else:
            yield Event(on=on, what=what, about=about, amount=limit.amount, by=limit.requested_by)


def _recorded(connection: Connection, account: str) -> Iterable[Event]:
    for figures in rows_of_account(connection, Figures, account):
        yield Event(on=figures.on, what="figures", about=figures.source or "")
    for grade in rows_of_account(connection, Grade, account):
        yield Event(on=grade.since, what="grade", about=grade.grade, by=grade.assigned_by)
    for security in rows_of_account(connection, Security, account):
        if security.from_on is not None:
            yield Event(on=security.from_on, what="security begins", about=security.id, amount=security.amount)
        end = security.ended_on if security.ended_on is not None else security.until_on
        if end is not None:
            yield Event(on=end, what="security ends", about=security.id, amount=security.amount)


def _order_events(order: Order) -> Iterable[Event]:
    yield Event(on=order.entered_on, what="order entered", about=order.id, amount=order.amount, by=order.entered_by)


def _hold_events(hold: Hold) -> Iterable[Event]:
    yield Event(on=hold.since, what="held", about=hold.order)
    if hold.lifted_on is not None:
        yield Event(on=hold.lifted_on, what="lifted", about=hold.order, by=hold.lifted_by)


def _item_events(item: OpenItem) -> Iterable[Event]:
    yield Event(on=item.issued_on, what=item.kind.value, about=item.id, amount=item.amount)
    if item.settled_on is not None and item.amount > 0:
        what = "written off" if item.state is ItemState.WRITTEN_OFF else "settled"
        yield Event(on=item.settled_on, what=what, about=item.id, amount=item.amount)


_DAYS = {Order: "entered_on", Hold: "since", OpenItem: "issued_on"}


def _newest(connection: Connection, kind: type[Any], account: str, most: int) -> list[Any]:
    stored = STORED[kind]
    columns = stored.table.c
    newest = select(stored.table).where(columns.account == account).order_by(columns[_DAYS[kind]].desc()).limit(most)
    return [stored.decode(row) for row in connection.execute(newest)]


def page_of(connection: Connection, kind: type[Any], wanted: Any, order: tuple[Any, ...], most: int) -> list[Any]:
    """The first rows of a kind that fulfil a condition, in an order."""
    stored = STORED[kind]
    page = select(stored.table).where(wanted).order_by(*order).limit(most)
    return [stored.decode(row) for row in connection.execute(page)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
