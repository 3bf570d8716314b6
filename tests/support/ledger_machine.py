"""A machine that asks a credit ledger for whatever can be asked, in any order, beside a plain model of it.

After every command the answer must be the model's, and every order, account and group must stand as the model says. And
whatever the facts of an account are made of, the versions of the account or its group must tell that they changed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from engine.vocabulary.days import date_of
from ledger.credit.account import Account, Group
from ledger.credit.block_account import Block, Unblock
from ledger.credit.change import Asker, Desk
from ledger.credit.change_order import ChangeOrder
from ledger.credit.deliver import Deliver, Undeliver
from ledger.credit.facts import account_body, order_body
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.limit_request import GrantLimit, RequestLimit
from ledger.credit.order import LIVE, Hold, HoldKind, Order, OrderCheckpoint
from ledger.credit.put_account import PutAccount
from ledger.credit.put_group import PutGroup
from ledger.credit.put_security import EndSecurity, PutSecurity
from ledger.credit.recheck import Recheck
from ledger.credit.release_order import ReleaseOrder
from ledger.credit.reopen import Reopen
from ledger.credit.security import SecurityKind
from ledger.credit.snapshot import LedgerCommand, LedgerRow
from ledger.credit.stop import Cancel, Close, HoldOrder, Reject
from ledger.credit.submit import Submit
from ledger.items.post_deposit import PostDeposit
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment
from ledger.items.reverse import Reverse
from tests.support.credit_books import BASE_DAY, Answer, Books, PureBooks
from tests.support.ledger_model import AGAIN, LedgerModel, ModelAccount, ModelOrder
from tests.support.model_policies import model_engine

LIMIT, GROUP_LIMIT = 10_000_00, 16_000_00
AMOUNTS = (500_00, 2_500_00, 2_500_01, 4_000_00, 6_000_00, 8_000_00, 10_000_00, 12_000_00)
PEOPLE = ("u.becker", "u.keller", "u.vogt")
ROLES = ("none", "assistant", "credit_manager", "cfo")

amounts = st.sampled_from(AMOUNTS)
people = st.sampled_from(PEOPLE)
roles = st.sampled_from(ROLES)
terms = st.sampled_from((10, 30, 60))
money = st.sampled_from((500_00, 2_500_00, 4_000_00))
accounts = st.sampled_from((0, 0, 0, 1, 1, 2))
orders = st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, 4))
"""The last one, the one before it, and so on."""

seldom = st.sampled_from((False, False, False, False, False, True))
parts = st.sampled_from(("all", "all", "half", "more"))
_days = st.sampled_from((1, 1, 2, 4, 8))

_numbers = count(1)
"""Of decisions and machines: none is used twice, whatever database they share."""

_begin = count(BASE_DAY, 400)
"""On which days machines begin that share a database, in which no day comes a second time."""


def written(cents: int) -> str:
    """`2500.01`."""
    return f"{cents // 100}.{cents % 100:02}"


def first_rows(accounts: Iterable[str], group: str) -> list[LedgerRow]:
    """Two accounts of a group and one of none, each with a limit."""
    rows: list[LedgerRow] = [Group(id=group, currency="EUR", limit=GROUP_LIMIT, version=1)]
    for place, each in enumerate(accounts):
        rows.append(Account(id=each, currency="EUR", version=1, group=group if place < 2 else None))
        rows.append(
            Limit(
                account=each, number=1, kind=LimitKind.LIMIT, amount=LIMIT, from_on=0, until_on=None,
                state=LimitState.GRANTED,
            )
        )  # fmt: skip
    return rows


class LedgerMachine(RuleBasedStateMachine):
    """`kept`: databases that do the same as the pure verbs, and must end with the same rows."""

    kept: tuple[Books, ...] = ()

    @initialize()
    def begin(self) -> None:
        number, day = next(_numbers), next(_begin) if self.kept else BASE_DAY
        self.prefix = f"m{number}-"  # ids of records are looked up in small letters
        self.group = f"{self.prefix}G"
        self.accounts = [f"{self.prefix}C{each}" for each in range(3)]
        self.engine = model_engine()
        self.model = LedgerModel(day)
        self.model.groups[self.group] = GROUP_LIMIT
        for place, each in enumerate(self.accounts):
            self.model.accounts[each] = ModelAccount(LIMIT, self.group if place < 2 else None)
        rows = first_rows(self.accounts, self.group)
        self.pure = PureBooks(self.engine, rows, day)
        for books in self.kept:
            books.put(*rows)
            books.day = day
        self.facts = self._facts()

    # --- what is asked ---

    @rule(account=accounts, amount=amounts, days=terms, by=people, copied=st.integers(0, 15))
    def submit(self, account: int, amount: int, days: int, by: str, copied: int) -> None:
        number = f"{self.prefix}O{len(self.model.orders)}"
        self._submit(number, self._account(account), amount, days, by, self._origin(account, copied))

    @rule(account=accounts, amount=amounts, members=st.integers(2, 4))
    def submit_together(self, account: int, amount: int, members: int) -> None:
        """At once, of accounts next to each other: as one after the other."""
        commands, expected = [], []
        for place in range(account, account + members):
            number, owes = f"{self.prefix}O{len(self.model.orders)}", self._account(place // 2)
            commands.append(self._submitted(number, owes, amount, 30, "u.becker", None))
            self.model.submit(number, owes, amount, 30, "u.becker")
            expected.append(self.model.orders[number].state)
        for books in self._all:
            answers = books.ask(*commands)
            assert [(each.shown or {})["order"]["state"] for each in answers] == expected
        self._compare()

    @precondition(lambda self: self.model.orders)
    @rule(order=orders, amount=amounts)
    def submit_again(self, order: int, amount: int) -> None:
        """The same order, or another of its number."""
        known = self._order(order)
        self._submit(known.id, known.account, amount, known.days, known.by, known.copied_from)

    @precondition(lambda self: self.model.orders)
    @rule(order=orders, next=st.sampled_from((1, 1, 1, 2, 0, -1)), amount=amounts, days=terms, by=people, role=roles)
    def change(self, order: int, next: int, amount: int, days: int, by: str, role: str) -> None:
        known = self._order(order)
        revision = max(known.revision + next, 1)
        command = ChangeOrder(
            order=known.id, revision=revision, asked=_asked(amount, days), asker=Asker(login=by, authority=role),
            id=self._id(),
        )  # fmt: skip
        self._same(self.model.change(known.id, revision, amount, days, by, role), command)

    @precondition(lambda self: self.model.orders)
    @rule(order=orders, by=people, role=roles)
    def release(self, order: int, by: str, role: str) -> None:
        number = self._order(order).id
        command = ReleaseOrder(
            order=number, reason="x", expires_on=None, asker=Asker(login=by, authority=role), id=self._id()
        )
        self._same(self.model.release(number, by, role), command)

    @precondition(lambda self: self.model.orders)
    @rule(order=orders, by=people, role=roles, what=st.sampled_from(("recheck", "reopen", "reopen", "hold", "reject")))
    def judge(self, order: int, by: str, role: str, what: str) -> None:
        number, asker = self._order(order).id, Asker(login=by, authority=role)
        if what == "recheck":
            self._same(self.model.recheck(number, by, role), Recheck(order=number, asker=asker, id=self._id()))
        elif what == "reopen":
            self._same(self.model.reopen(number, by, role), Reopen(order=number, asker=asker, id=self._id()))
        elif what == "hold":
            self._same(self.model.hold(number, by), HoldOrder(order=number, asker=asker, reason="x"))
        else:
            self._same(self.model.reject(number, by), Reject(order=number, asker=asker, reason="x"))

    @precondition(lambda self: self.model.orders)
    @rule(order=orders, closes=seldom)
    def cancel(self, order: int, *, closes: bool) -> None:
        number, asker = self._order(order).id, Asker(login="u.becker")
        if closes:
            self._same(self.model.close(number), Close(order=number, asker=asker))
        else:
            self._same(self.model.cancel(number), Cancel(order=number, asker=asker))

    @precondition(lambda self: self.model.orders)
    @rule(order=orders, part=parts, is_final=seldom)
    def deliver(self, order: int, part: str, *, is_final: bool) -> None:
        number, asker = self._order(order).id, Asker(login="u.erp")
        amount = _part_of(self._order(order).undelivered, part)
        command = Deliver(order=number, amount=written(amount), is_final=is_final, asker=asker, id=self._id())
        self._same(self.model.deliver(number, amount, is_final=is_final), command)

    @precondition(lambda self: self.model.orders)
    @rule(order=orders, part=parts, is_again=st.booleans())
    def undeliver(self, order: int, part: str, *, is_again: bool) -> None:
        number, asker = self._order(order).id, Asker(login="u.erp")
        amount = _part_of(self._order(order).delivered, part)
        command = Undeliver(
            order=number, amount=written(amount), is_again=is_again, reason="x", asker=asker, id=self._id()
        )
        self._same(self.model.undeliver(number, amount, is_again=is_again), command)

    @rule(account=accounts, amount=money, order=st.integers(0, 15))
    def invoice(self, account: int, amount: int, order: int) -> None:
        """Of an order, or of none."""
        known = self._order(order) if self.model.orders and order < 8 else None
        owes = self._account(account) if known is None else known.account
        day = date_of(self.model.day).isoformat()
        command = PostInvoice(
            invoice=self._item("I"), account=owes, amount=written(amount), issued_on=day, due_on=day,
            order=None if known is None else known.id, asker=Asker(login="u.erp"), id=self._id(),
        )  # fmt: skip
        self.model.invoice(owes, amount, None if known is None else known.id)
        self._same(None, command)

    @rule(account=accounts, amount=money)
    def pay(self, account: int, amount: int) -> None:
        number, owes = self._item("P"), self._account(account)
        self.model.pay(number, owes, amount)
        command = PostPayment(
            payment=number, account=owes, amount=written(amount), asker=Asker(login="u.erp"), id=self._id()
        )
        self._same(None, command)

    @precondition(lambda self: self.model.orders)
    @rule(order=orders, amount=st.sampled_from((4_000_00, 8_000_00)))
    def deposit(self, order: int, amount: int) -> None:
        number, known = self._item("D"), self._order(order)
        command = PostDeposit(
            deposit=number, account=known.account, order=known.id, amount=written(amount), asker=Asker(login="u.erp"),
            id=self._id(),
        )  # fmt: skip
        self._same(self.model.deposit(number, known.id, amount), command)

    @precondition(lambda self: self.model.money)
    @rule(money=orders)
    def reverse(self, money: int) -> None:
        numbers = list(self.model.money)
        number = numbers[-1 - money % len(numbers)]
        self._same(self.model.reverse(number), Reverse(item=number, asker=Asker(login="u.erp"), id=self._id()))

    @rule(
        account=accounts, amount=st.sampled_from((6_000_00, LIMIT, 12_000_00)), days=_days, is_temporary=st.booleans()
    )
    def grant(self, account: int, amount: int, days: int, *, is_temporary: bool) -> None:
        owes, until = self._account(account), self.model.day + days
        kind = LimitKind.TEMPORARY if is_temporary else LimitKind.LIMIT
        asked = RequestLimit(
            account=owes, kind=kind, amount=written(amount), asker=Asker(login="u.becker"), id=self._id(),
            until_on=date_of(until).isoformat() if is_temporary else None,
        )  # fmt: skip
        if is_temporary:
            expected = self.model.grant_for_days(owes, amount, days)
        else:
            expected = None
            self.model.grant(owes, amount)
        answer = self._same(expected, asked, compares=False)
        if answer.shown is not None:
            number = answer.shown["limit"]["number"]
            cfo = Asker(login="u.vogt", authority="cfo")
            self._same(None, GrantLimit(account=owes, number=number, asker=cfo, id=self._id()))

    @rule(account=accounts, amount=money, days=_days, ends=st.booleans())
    def guarantee(self, account: int, amount: int, days: int, *, ends: bool) -> None:
        owes, asker = self._account(account), Asker(login="u.erp")
        if ends:
            expected = self.model.end_guarantee(owes)
            command: LedgerCommand = EndSecurity(account=owes, security="S", asker=asker)
            if expected is not None:
                return
        else:
            expected = None
            self.model.guarantee(owes, amount, days)
            command = PutSecurity(
                account=owes, security="S", kind=SecurityKind.BANK_GUARANTEE, amount=written(amount), asker=asker,
                until_on=date_of(self.model.day + days).isoformat(),
            )  # fmt: skip
        self._same(expected, command)

    @rule(account=accounts, blocks=seldom)
    def block(self, account: int, *, blocks: bool) -> None:
        owes, asker = self._account(account), Asker(login="u.vogt", authority="cfo")
        if blocks:
            self._same(self.model.block(owes), Block(account=owes, reason="x", asker=asker))
        else:
            self._same(self.model.unblock(owes), Unblock(account=owes, reason="x", asker=asker))

    @rule(amount=st.sampled_from((None, LIMIT, GROUP_LIMIT, 20_000_00)))
    def limit_group(self, amount: int | None) -> None:
        self.model.groups[self.group] = amount
        limit = None if amount is None else written(amount)
        self._same(None, PutGroup(group=self.group, limit=limit, asker=Asker(login="u.vogt", authority="cfo")))

    @rule(account=accounts, joins=st.booleans())
    def join(self, account: int, *, joins: bool) -> None:
        owes, group = self._account(account), self.group if joins else None
        self.model.accounts[owes].group = group
        asker = Asker(login="u.vogt", authority="cfo")
        self._same(None, PutAccount(account=owes, group=group, may_widen=True, asker=asker))

    @rule(days=_days)
    def turn(self, days: int) -> None:
        """Another day comes, and the service looks at all that waits."""
        self.model.day += days
        for books in self._all:
            books.day = self.model.day
            books.turn()
        self.facts = self._facts()
        self.lift()

    @rule()
    def lift(self) -> None:
        self.model.lift()
        for books in self._all:
            books.lift()
        self._compare()

    # --- what must be so ---

    def teardown(self) -> None:
        """Each database has the rows that the pure verbs made."""
        if not hasattr(self, "pure"):
            return
        for books in self.kept:
            for kind in (Account, Group, Order, Hold):
                mine = [each for each in books.rows(kind) if str(each.key[0]).startswith(self.prefix)]
                assert [_plain(each) for each in mine] == [_plain(each) for each in self.pure.rows(kind)], kind

    @property
    def _all(self) -> tuple[Books, ...]:
        return (self.pure, *self.kept)

    def _same(self, expected: str | None, command: LedgerCommand, *, compares: bool = True) -> Answer:
        """Asks it of all, and compares with what the model says of it."""
        for books in self._all:
            [answer] = books.ask(command)
            if expected == AGAIN:
                assert answer.refused in (None, "moved-on"), (command, answer)
            else:
                assert answer.refused == expected, (command, answer)
        if compares:
            self._compare()
        return answer

    def _submit(self, number: str, account: str, amount: int, days: int, by: str, copied_from: str | None) -> None:
        command = self._submitted(number, account, amount, days, by, copied_from)
        self._same(self.model.submit(number, account, amount, days, by, copied_from), command)

    def _submitted(self, number: str, account: str, amount: int, days: int, by: str, copied_from: str | None) -> Submit:
        return Submit(
            order=number, account=account, asked=_asked(amount, days), copied_from=copied_from, asker=Asker(login=by),
            id=self._id(),
        )  # fmt: skip

    def _compare(self) -> None:
        """The pure verbs' rows with the model, and the facts with those before."""
        holds = {each.order: each for each in self.pure.snapshot.all(Hold) if each.lifted_on is None}
        for order in self.pure.snapshot.all(Order):
            known, hold = self.model.orders[order.id], holds.get(order.id)
            found = (order.state.value, order.amount, order.reserved, order.delivered, order.billed, order.lapsed)
            wanted = (known.state, known.amount, known.reserved, known.delivered, known.billed, known.lapsed)
            assert found == wanted, (order.id, found, wanted)
            assert (hold is not None) == (known.state == "held"), order.id
            assert (hold is not None and hold.kind is HoldKind.MANUAL) == known.manual, order.id
            assert (order.approved_on, order.approved_amount) == (known.approved_on, known.approved_amount), order.id
        for account in self.pure.snapshot.all(Account):
            assert account.open_items == self.model.open_items(account.id), account.id
            assert account.deposits == self.model.deposits(account.id), account.id
            assert account.exposure == self.model.exposure(account.id), account.id
        group = self.pure.snapshot.existing(Group, self.group)
        assert group.total == self.model.group_exposure(self.group)
        self._versions_tell_what_changed()

    def _versions_tell_what_changed(self) -> None:
        before, self.facts = self.facts, self._facts()
        for account, (versions, facts) in self.facts.items():
            was_versions, was_facts = before[account]
            if versions == was_versions:
                assert facts == {name: was_facts.get(name) for name in facts}, account

    def _facts(self) -> dict[str, tuple[Any, dict[str, Any]]]:
        """Of each account its versions, and the facts of it and of its orders today; less those of the whole book."""
        found = {}
        desk, snapshot = Desk(engine=self.engine, day=self.model.day), self.pure.snapshot
        for account in snapshot.all(Account):
            group = None if account.group is None else snapshot.existing(Group, account.group).version
            facts: dict[str, Any] = {"": account_body(snapshot, account, desk)}
            for order in snapshot.all(Order):
                if order.account == account.id and order.state in LIVE:
                    facts[order.id] = order_body(snapshot, order, desk, OrderCheckpoint.RECHECK)
            for each in facts.values():
                for name in ("receivables_total", "book_customers"):
                    each["account"].pop(name, None)
            found[account.id] = (account.version, account.group, group), facts
        return found

    def _account(self, place: int) -> str:
        return self.accounts[place % len(self.accounts)]

    def _order(self, place: int) -> ModelOrder:
        orders = list(self.model.orders.values())
        return orders[-1 - place % len(orders)]

    def _origin(self, account: int, copied: int) -> str | None:
        """An order of the same account."""
        owes = self._account(account)
        known = [each.id for each in self.model.orders.values() if each.account == owes]
        return known[copied % len(known)] if known and copied < 5 else None

    def _item(self, kind: str) -> str:
        return f"{self.prefix}{kind}{next(_numbers)}"

    def _id(self) -> str:
        return f"{self.prefix}{next(_numbers)}"


def _part_of(whole: int, part: str) -> int:
    """What can be asked for is above zero."""
    amount = {"all": whole, "half": whole // 2, "more": whole + 1}[part]
    return amount if amount > 0 else 1


def _asked(amount: int, days: int) -> dict[str, Any]:
    return {"amount": written(amount), "payment_days": days}


_OF_ONE_JOURNAL = ("changed_seq", "since_seq")


def _plain(row: Any) -> dict[str, Any]:
    names = (each for each in row.__dataclass_fields__ if each not in _OF_ONE_JOURNAL)
    return {name: getattr(row, name) for name in names}


def walk(machine: LedgerMachine, seed: int, steps: int, often: tuple[str, ...] = (), **only: Any) -> None:
    """The machine goes so many steps by a seed: what it does of its own, less what hypothesis makes smaller. So a fault
    that takes several commands in a row is met soon. `often`: what it does nearly always; `only`: which values
    an argument is given alone."""
    chosen = random.Random(seed)
    machine.begin()
    for _ in range(steps):
        name = chosen.choice(often if often and chosen.random() < 0.95 else _OFTEN)
        if (name in _ON_ORDERS and not machine.model.orders) or (name == "reverse" and not machine.model.money):
            continue
        given = {each: only.get(f"{name}_{each}", values) for each, values in _GIVEN[name].items()}
        getattr(machine, name)(**{each: chosen.choice(values) for each, values in given.items()})
    machine.teardown()


_ACCOUNTS, _ORDERS = (0, 0, 0, 1, 1, 2), (0, 0, 0, 0, 1, 1, 2, 3)
_SOME, _SELDOM, _EITHER = (500_00, 2_500_00, 4_000_00), (False,) * 5 + (True,), (False, True)
_PARTS, _FEW = ("all", "all", "half", "more"), (1, 1, 2, 4, 8)
_GIVEN: dict[str, dict[str, Any]] = {
    "submit": {"account": _ACCOUNTS, "amount": AMOUNTS, "days": (30,), "by": PEOPLE[:1], "copied": range(16)},
    "submit_together": {"account": _ACCOUNTS, "amount": AMOUNTS, "members": (2, 3)},
    "submit_again": {"order": _ORDERS, "amount": AMOUNTS},
    "change": {
        "order": _ORDERS, "next": (1, 1, 1, 0, -1), "amount": AMOUNTS, "days": (10, 30, 30, 60), "by": PEOPLE[:2],
        "role": ROLES,
    },
    "release": {"order": _ORDERS, "by": PEOPLE, "role": ROLES},
    "judge": {"order": _ORDERS, "by": PEOPLE, "role": ROLES, "what": ("recheck", "reopen", "reopen", "hold", "reject")},
    "cancel": {"order": _ORDERS, "closes": _SELDOM},
    "deliver": {"order": _ORDERS, "part": _PARTS, "is_final": _SELDOM},
    "undeliver": {"order": _ORDERS, "part": _PARTS, "is_again": _EITHER},
    "invoice": {"account": _ACCOUNTS, "amount": _SOME, "order": range(16)},
    "pay": {"account": _ACCOUNTS, "amount": _SOME},
    "deposit": {"order": _ORDERS, "amount": (4_000_00, 8_000_00)},
    "reverse": {"money": _ORDERS},
    "grant": {"account": _ACCOUNTS, "amount": (6_000_00, LIMIT, 12_000_00), "days": _FEW, "is_temporary": _EITHER},
    "guarantee": {"account": _ACCOUNTS, "amount": _SOME, "days": _FEW, "ends": _EITHER},
    "block": {"account": _ACCOUNTS, "blocks": _SELDOM},
    "limit_group": {"amount": (None, LIMIT, GROUP_LIMIT, 20_000_00)},
    "join": {"account": _ACCOUNTS, "joins": _EITHER},
    "turn": {"days": _FEW},
    "lift": {},
}  # fmt: skip
_ON_ORDERS = frozenset(("submit_again", "change", "release", "judge", "cancel", "deliver", "undeliver", "deposit"))
_OFTEN = (*_GIVEN, "submit", "submit", "change", "change", "change", "release", "release", "judge", "deliver", "pay")
