"""Orders and holds as lists: by filters, in pages whose cursors go on where the last one ended.

Orders stand in the order in which they were last changed, by the place of the record that changed them. Whoever polls
asks for what was changed since a place, the first change first, and misses nothing: a later commit has a later place.
Everybody else gets the last change first. Holds stand oldest first, as they are lifted.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, or_, select, tuple_

from engine.diagnostics.wording import clipped
from ledger.books.reading import rows_of
from ledger.credit.order import Hold, Order, Release
from ledger.journal.opened_records import ENTRY, JOINED, BodyGone, OpenedRecord, opened
from ledger.search.cursors import BadCursor
from ledger.store.key_database import SubjectKeys
from ledger.store.ledger_tables import STORED
from ledger.store.tables import entries
from ledger.store.trouble import FileTrouble

_FACET_MAX = 50
"""Counts of each sort: those that are most."""

_WHAT = "list of orders"
"""Tells signatures of these cursors from all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose orders alone are seen: those that this person entered, or that were entered for them; of a program that
    asks for nobody, those that it entered."""

    login: str | None
    program: str | None

    def condition(self) -> ColumnElement[bool]:
        """Nobody owns what nobody is known to have entered."""
        orders = STORED[Order].table.c
        if self.login is not None:
            return orders.entered_by == self.login
        return false() if self.program is None else orders.entered_via == self.program

    def owns(self, order: Order) -> bool:
        """The same of one order."""
        if self.login is not None:
            return order.entered_by == self.login
        return self.program is not None and order.entered_via == self.program


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """All that is given must hold; None: whatever it is."""

    states: tuple[str, ...] = ()
    account: str | None = None
    entered_by: str | None = None
    """Login of the person, or name of the program."""

    changed_since: int | None = None
    """Place in the journal: orders that were changed behind it, the first change first."""

    owner: Owner | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFilter:
    """All that is given must hold; None: whatever it is."""

    account: str | None = None
    rule: str | None = None
    """Among those that hold the order."""

    kind: str | None = None
    is_liftable: bool | None = None
    """Nothing holds it, and it waits for somebody to let it go."""

    authorities: tuple[str, ...] = ()
    """The lowest that may release it is one of these."""

    owner: Owner | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """Some orders."""

    orders: list[Order]
    next: str | None
    """Cursor of the next page; None: this is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOrder:
    """An order and the hold that it is in."""

    order: Order
    hold: Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPage:
    """Some held orders, and how many there are of each sort among all that the filter lets through."""

    held: list[HeldOrder]
    next: str | None
    total: int
    facets: Mapping[str, Mapping[str, int]]
    """`rule`, `kind`, `authority`, `account`, `liftable` → how many."""


def orders_wanted(
    connection: Connection, keys: SubjectKeys, wanted: OrderFilter, cursor: str | None, limit: int
) -> OrderPage:
    """Raises `BadCursor`."""
    orders = STORED[Order].table.c
    place = tuple_(orders.changed_seq, orders.id)
    rising = wanted.changed_since is not None
    conditions = [*_order_conditions(wanted)]
    if cursor is not None:
        after = tuple_(*_read_cursor(keys, wanted, cursor))
        conditions.append(place > after if rising else place < after)
    by = (orders.changed_seq, orders.id) if rising else (orders.changed_seq.desc(), orders.id.desc())
    query = select(STORED[Order].table).where(*conditions).order_by(*by).limit(limit + 1)
    found = [STORED[Order].decode(row) for row in connection.execute(query)]
    page: list[Any] = found[:limit]
    last = None if len(found) <= limit else _cursor(keys, wanted, page[-1].changed_seq, page[-1].id)
    return OrderPage(orders=page, next=last)


def _order_conditions(wanted: OrderFilter) -> Iterable[ColumnElement[bool]]:
    orders = STORED[Order].table.c
    if wanted.states:
        yield orders.state.in_(wanted.states)
    if wanted.account is not None:
        yield orders.account == wanted.account
    if wanted.entered_by is not None:
        yield or_(orders.entered_by == wanted.entered_by, orders.entered_via == wanted.entered_by)
    if wanted.changed_since is not None:
        yield orders.changed_seq > wanted.changed_since
    if wanted.owner is not None:
        yield wanted.owner.condition()


def holds_wanted(
    connection: Connection, keys: SubjectKeys, wanted: HoldFilter, cursor: str | None, limit: int
) -> HoldPage:
    """Raises `BadCursor`. All open holds are gone through: there are as many as somebody has to look at."""
    orders, holds = STORED[Order].table, STORED[Hold].table
    conditions = [holds.c.lifted_on.is_(None), *_hold_conditions(wanted)]
    joined = holds.join(orders, orders.c.id == holds.c.order_id)
    query = select(*holds.c).select_from(joined).where(*conditions).order_by(holds.c.since_seq, holds.c.order_id)
    found: list[Any] = [STORED[Hold].decode(row) for row in connection.execute(query)]
    fitting = [each for each in found if wanted.rule is None or wanted.rule in each.rules]
    begin = (-1, "") if cursor is None else _read_cursor(keys, wanted, cursor)
    rest = [each for each in fitting if (each.since_seq, each.order) > begin]
    page = rest[:limit]
    shown = {each.id: each for each in orders_called(connection, [each.order for each in page])}
    return HoldPage(
        held=[HeldOrder(order=shown[each.order], hold=each) for each in page],
        next=None if len(rest) <= limit else _cursor(keys, wanted, page[-1].since_seq, page[-1].order),
        total=len(fitting),
        facets=_facets(fitting),
    )


def _hold_conditions(wanted: HoldFilter) -> Iterable[ColumnElement[bool]]:
    holds = STORED[Hold].table.c
    if wanted.account is not None:
        yield holds.account == wanted.account
    if wanted.kind is not None:
        yield holds.kind == wanted.kind
    if wanted.is_liftable is not None:
        yield holds.liftable_since.is_not(None) if wanted.is_liftable else holds.liftable_since.is_(None)
    if wanted.authorities:
        yield holds.authority.in_(wanted.authorities)
    if wanted.owner is not None:
        yield wanted.owner.condition()


def _facets(holds: Collection[Hold]) -> dict[str, dict[str, int]]:
    counted = {
        "rule": Counter(rule for each in holds for rule in each.rules),
        "kind": Counter(each.kind.value for each in holds),
        "authority": Counter(each.authority for each in holds if each.authority is not None),
        "account": Counter(each.account for each in holds),
        "liftable": Counter("no" if each.liftable_since is None else "yes" for each in holds),
    }
    return {name: dict(counter.most_common(_FACET_MAX)) for name, counter in counted.items()}


def orders_called(connection: Connection, ids: Collection[str]) -> list[Order]:
    """Those that there are."""
    return list(rows_of(connection, Order, STORED[Order].table.c.id.in_(ids))) if ids else []


def rows_of_order(connection: Connection, order: str) -> tuple[list[Hold], list[Release]]:
    """Holds and releases of an order, the first one first."""
    holds = rows_of(connection, Hold, STORED[Hold].table.c.order_id == order)
    releases = rows_of(connection, Release, STORED[Release].table.c.order_id == order)
    return sorted(holds, key=lambda each: each.number), sorted(releases, key=lambda each: each.number)


def records_called(connection: Connection, keys: SubjectKeys, ids: Collection[str]) -> dict[str, OpenedRecord]:
    """Records by their ids; what is gone, or can't be read, is left out."""
    found = {}
    for row in connection.execute(select(*ENTRY).select_from(JOINED).where(entries.c.id.in_(ids))):
        with suppress(BodyGone, FileTrouble):
            record = opened(row, keys.key)
            found[record.header.id] = record
    return found


def _cursor(keys: SubjectKeys, wanted: OrderFilter | HoldFilter, seq: int, id: str) -> str:
    said = json.dumps([seq, id, _digest(wanted)], separators=(",", ":")).encode()
    return urlsafe_b64encode(keys.blind(_WHAT, said.hex()) + said).decode().rstrip("=")


def _read_cursor(keys: SubjectKeys, wanted: OrderFilter | HoldFilter, text: str) -> tuple[int, str]:
    """Raises `BadCursor`."""
    try:
        content = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        content = b""
    length = len(keys.blind(_WHAT, ""))
    signature, said = content[:length], content[length:]
    if not said or not hmac.compare_digest(signature, keys.blind(_WHAT, said.hex())):
        raise BadCursor(f"`{clipped(text)}` is no cursor of this list; begin without one")
    seq, order, digest = json.loads(said)
    if digest != _digest(wanted):
        raise BadCursor("the cursor belongs to another list; send it with the filters of its first page")
    return seq, order


def _digest(wanted: OrderFilter | HoldFilter) -> str:
    said = json.dumps([type(wanted).__name__, asdict(wanted)], sort_keys=True)
    return sha256(said.encode()).hexdigest()[:16]
