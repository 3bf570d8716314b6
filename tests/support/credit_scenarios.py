"""Scenarios of the credit ledger as data: what is done step by step, and what must come of it.

    - check: 1
      title: the last cent under the limit passes, the next one doesn't
      steps:
        - {submit: O1, amount: "43000.00", then: approved, reserved: "43000.00", exposure: "63000.00"}
        - {submit: O2, amount: "0.01", then: held, reasons: [orders.over-limit], remedy: "0.01"}

The first word of a step is what is done, `then` the state of the order or why it wasn't done; the rest are arguments,
and what must hold afterwards. `frozen` and `shipped` say what is otherwise by the policies of November 2026, and by
those that ship.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

import yaml

from ledger.books.verbs import VERBS
from ledger.credit.account import Account, Group
from ledger.credit.block_account import Block, Unblock
from ledger.credit.change import Asker, Desk, LedgerChange
from ledger.credit.change_order import ChangeOrder
from ledger.credit.command_posting import Posting
from ledger.credit.deliver import Deliver, Undeliver, bill_order
from ledger.credit.entry import EntryBucket
from ledger.credit.judging import order_change, wanted_order
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.order import Hold, Order
from ledger.credit.put_account import PutAccount
from ledger.credit.put_security import EndSecurity, PutSecurity
from ledger.credit.recheck import Recheck
from ledger.credit.release_order import ReleaseOrder
from ledger.credit.reopen import Reopen
from ledger.credit.security import SecurityKind
from ledger.credit.snapshot import LedgerCommand, LedgerRow, Snapshot, Wants
from ledger.credit.stop import Cancel, Close, HoldOrder, Reject
from ledger.credit.submit import Submit
from ledger.items.post_deposit import PostDeposit
from ledger.items.reverse import Reverse
from ledger.items.totals import BookTotal, DueTotal
from tests.support.credit_books import Answer, Books, account_rows, base_rows, day
from tests.support.paths import ROOT

FOLDER = ROOT / "tests" / "ledger" / "credit" / "scenarios"
Step = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice over part of an order, which the items' own commands post."""

    order: str
    amount: int

    @property
    def wants(self) -> Wants:
        return Wants(orders=frozenset((self.order,)))


def _bill(snapshot: Snapshot, command: Bill, desk: Desk) -> LedgerChange:
    posting = Posting(snapshot, desk, "invoice")
    billed = bill_order(posting, command.order, command.amount)
    assert billed is not None
    posting.move(billed.order.account, EntryBucket.OPEN_ITEMS, command.amount, order=billed.order.id)
    return order_change(posting, wanted_order(snapshot, command.order), None)


VERBS[Bill] = _bill  # type: ignore[index]  # for tests alone


def scenarios() -> list[dict[str, Any]]:
    """All, by file and place."""
    return [each for path in sorted(FOLDER.glob("*.yaml")) for each in yaml.safe_load(path.read_text("utf-8"))]


def rows_of_scenario(scenario: dict[str, Any]) -> list[LedgerRow]:
    """The base, with the limit that it asks for and its other accounts."""
    base = dict(scenario.get("base", {}))
    limit = cents(base.pop("limit", "60000.00"))
    group = base.pop("group", None)
    members = base.pop("accounts", ["C-1"])
    others = {name: cents(value) if isinstance(value, str) and "." in value else value for name, value in base.items()}
    rows = base_rows(members[0], limit=limit, **others, **({"group": "G"} if group else {}))
    for number, member in enumerate(members[1:]):
        rows += account_rows(member, limit=limit, **others, **({"group": "G"} if group else {}))
        assert number < 9
    if group:
        total = cents(group["exposure"])
        rows.append(Group(id="G", currency="EUR", limit=cents(group["limit"]), total=total, insolvent=False))
    return rows


def cents(text: str) -> int:
    """`1250.00` as minor units."""
    whole, _, part = text.partition(".")
    assert len(part) == 2, text
    return int(whole + part)


def run(scenario: dict[str, Any], books: Books, policies: str) -> None:
    """Does all steps; what doesn't hold fails with the step."""
    if policies not in scenario.get("policies", (policies,)):
        return
    for number, said in enumerate(scenario["steps"], 1):
        step = {name: value for name, value in said.items() if name not in ("frozen", "shipped")}
        step |= said.get(policies, {})
        if step.get("leave_out"):
            continue
        _do(step, books, f"step {number} {step}", scenario)


def _do(step: Step, books: Books, where: str, scenario: dict[str, Any]) -> None:
    word = next(iter(step))
    if word in _BESIDE:
        _BESIDE[word](step, books)
    elif word == "together":
        commands = [_command(one) for one in _spread(step["together"])]
        answers = books.ask(*commands)
        counted = Counter(_came_to(each) for each in answers)
        assert counted == step["then"], f"{where}: {counted}"
    elif word == "lift":
        before = {each.id: each.state for each in books.rows(Order)}
        books.lift()
        lifted = [each.id for each in books.rows(Order) if each.state != before[each.id]]
        assert sorted(step["lift"]) == sorted(lifted), f"{where}: {lifted}"
    else:
        (answer,) = books.ask(_command(step))
        _check_answer(step, answer, where)
        number = next(iter(step.values()))
        if answer.refused is None:
            _check_order(step, books, number, where)
    _check_totals(step, books, where)


def _spread(steps: Iterable[Step]) -> list[Step]:
    """`times: 20` gives twenty orders, `O-0` to `O-19`."""
    spread: list[Step] = []
    for step in steps:
        times = step.get("times")
        word = next(iter(step))
        spread += [step] if times is None else [{**step, word: f"{step[word]}-{each}"} for each in range(times)]
    return spread


def _came_to(answer: Answer) -> str:
    return answer.refused or str((answer.shown or {})["order"]["state"])


def _asker(step: Step, login: str = "u.becker") -> Asker:
    return Asker(login=step.get("by", login), authority=step.get("role", "none"))


_DESK = Asker(login="u.hoffmann", authority="credit_manager")
_ASKED = ("amount", "payment_days", "prepayment", "delivery_date")


def _command(step: Step) -> LedgerCommand:
    word, number = next(iter(step.items()))
    decision = str(uuid4())
    asked: dict[str, Any] = {name: step[name] for name in _ASKED if name in step}
    asked.setdefault("payment_days", 30)
    asker = _asker(step)
    commands: dict[str, Callable[[], LedgerCommand]] = {
        "submit": lambda: Submit(
            order=number,
            account=step.get("account", "C-1"),
            asked=asked | step.get("facts", {}),
            copied_from=step.get("copied_from"),
            asker=asker,
            id=decision,
        ),
        "change": lambda: ChangeOrder(
            order=number, revision=step["revision"], asked=asked | step.get("facts", {}), asker=asker, id=decision
        ),
        "recheck": lambda: Recheck(order=number, asker=asker, id=decision),
        "release": lambda: ReleaseOrder(
            order=number,
            reason="they pay on Friday",
            expires_on=day(step["until"]) if "until" in step else None,
            asker=asker,
            id=decision,
        ),
        "hold": lambda: HoldOrder(order=number, asker=_asker(step, "u.hoffmann"), reason="call first"),
        "reject": lambda: Reject(order=number, asker=_asker(step, "u.hoffmann"), reason="no"),
        "cancel": lambda: Cancel(order=number, asker=asker),
        "close": lambda: Close(order=number, asker=asker),
        "reopen": lambda: Reopen(order=number, asker=asker, id=decision),
        "deliver": lambda: Deliver(
            order=number,
            amount=step.get("amount", "1.00"),
            is_final=step.get("final", False),
            delivery=step.get("delivery"),
            asker=asker,
            id=decision,
        ),
        "undeliver": lambda: Undeliver(
            order=number,
            amount=step.get("amount", "1.00"),
            is_again=step.get("again", False),
            reason="damaged",
            delivery=step.get("delivery"),
            asker=asker,
            id=decision,
        ),
        "bill": lambda: Bill(order=number, amount=cents(step.get("amount", "1.00"))),
    }
    return commands[word]()


def _check_answer(step: Step, answer: Answer, where: str) -> None:
    if "then" in step:
        assert _came_to(answer) == step["then"], f"{where}: {_came_to(answer)} {answer.members} {_reasons(answer)}"
    if "reasons" in step:
        assert _reasons(answer) == step["reasons"], f"{where}: {_reasons(answer)}"
    if "against" in step:
        against = [each["rule"] for each in (answer.members or {}).get("reasons", ())]
        assert against == step["against"], f"{where}: {against}"
    if "remedy" in step:
        first = (answer.decision or {})["reasons"][0]["remedy"]["en"].replace(",", "")
        assert f"EUR {step['remedy']}" in first, f"{where}: {first}"
    if "status" in step and answer.refused is None:
        assert answer.status == step["status"], where
    if "legal" in step:
        assert (answer.members or {})["legal_moves"] == step["legal"], f"{where}: {answer.members}"
    if "second" in step:
        assert (answer.shown or {})["second_person"] == step["second"], f"{where}: {answer.shown}"


def _reasons(answer: Answer) -> list[str]:
    """Rules that hold or reject, and those of releases."""
    decision = answer.decision or {}
    return [
        each["rule"]
        for each in decision.get("reasons", ())
        if each["outcome"] in ("hold", "reject") or each["rule"].startswith("release.")
    ]


def _check_order(step: Step, books: Books, number: str, where: str) -> None:
    order = next(each for each in books.rows(Order) if each.id == number)
    for name in ("reserved", "delivered", "billed", "lapsed"):
        if name in step:
            assert getattr(order, name) == cents(step[name]), f"{where}: {name} {getattr(order, name)}"


def _check_totals(step: Step, books: Books, where: str) -> None:
    account = _account(books, step.get("account", "C-1") if "exposure" in step or "open_orders" in step else "C-1")
    for name in ("exposure", "open_orders"):
        if name in step:
            assert getattr(account, name) == cents(step[name]), f"{where}: {name} {getattr(account, name)}"
    for number, state in step.get("orders", {}).items():
        order = next(each for each in books.rows(Order) if each.id == number)
        assert order.state == state, f"{where}: {number} {order.state}"


def _account(books: Books, number: str) -> Account:
    found = next(each for each in books.rows(Account) if each.id == number)
    assert isinstance(found, Account)
    return found


def _pay(step: Step, books: Books) -> None:
    """A payment, oldest due first; negative where one bounces."""
    account, amount = _account(books, step["pay"]), cents(step["amount"])
    rows: list[LedgerRow] = [replace(account, open_items=account.open_items - amount, version=account.version + 1)]
    left = amount
    for due in [each for each in books.rows(DueTotal) if each.account == account.id]:
        part = min(due.open_amount, left) if amount > 0 else left
        left -= part
        after = due.open_amount - part
        rows.append(replace(due, open_amount=after, items=1 if after else 0))
    rows += [replace(each, open_items=each.open_items - amount) for each in books.rows(BookTotal)]
    if account.group is not None:
        rows += [replace(each, total=each.total - amount, version=each.version + 1) for each in books.rows(Group)]
    members = [each.id for each in books.rows(Account) if each.id == account.id or each.group == (account.group or "")]
    books.put(*rows, recheck=members if amount > 0 else [])


def _limit(step: Step, books: Books) -> None:
    account = _account(books, step.get("account", "C-1"))
    number = 1 + max(each.number for each in books.rows(Limit) if each.account == account.id)
    limit = Limit(
        account=account.id,
        number=number,
        kind=LimitKind.TEMPORARY if "until" in step else LimitKind.LIMIT,
        amount=cents(step["limit"]),
        from_on=day(step.get("from", date(2026, 7, 1))),
        until_on=day(step["until"]) if "until" in step else None,
        granted_on=books.day,
        state=LimitState.GRANTED,
    )
    books.put(limit, replace(account, version=account.version + 1), recheck=[account.id])


def _block(step: Step, books: Books) -> None:
    """By somebody with authority; a deposit and a letter of credit come and go by commands too."""
    _done(books, Block(account=step["block"], reason="court", asker=_DESK))


def _unblock(step: Step, books: Books) -> None:
    _done(books, Unblock(account=step["unblock"], reason="settled", asker=_DESK))


def _deposit(step: Step, books: Books) -> None:
    order, number = step["deposit"], str(uuid4())
    _done(
        books,
        PostDeposit(deposit=f"D-{order}", account="C-1", order=order, amount=step["amount"], asker=_DESK, id=number),
    )


def _reverse(step: Step, books: Books) -> None:
    _done(books, Reverse(item=f"D-{step['reverse']}", asker=_DESK, id=str(uuid4())))


def _letter(step: Step, books: Books) -> None:
    order = step["letter"]
    _done(
        books,
        PutSecurity(
            account="C-1",
            security=f"L-{order}",
            kind=SecurityKind.LETTER_OF_CREDIT,
            order=order,
            amount=step["amount"],
            until_on=str(step["until"]) if "until" in step else None,
            asker=_DESK,
        ),
    )


def _end_letter(step: Step, books: Books) -> None:
    _done(books, EndSecurity(account="C-1", security=f"L-{step['end_letter']}", asker=_DESK))


def _done(books: Books, command: LedgerCommand) -> None:
    (answer,) = books.ask(command)
    assert answer.refused is None, (command, answer)


def _profile(step: Step, books: Books) -> None:
    account = _account(books, step.get("account", "C-1"))
    books.put(replace(account, profile={**account.profile, **step["profile"]}, version=account.version + 1))


def _sells(step: Step, books: Books) -> None:
    """The customer has another sales person from now on."""
    account = _account(books, "C-1")
    _done(books, PutAccount(account="C-1", profile={**account.profile, "sales_person": step["sells"]}, asker=_DESK))


def _see(step: Step, books: Books) -> None:
    """Whether a hold is offered to whoever may let it go."""
    if "order" in step:
        hold = [each for each in books.rows(Hold) if each.order == step["order"]][-1]
        assert (hold.liftable_since is not None) == step["offered"], f"{step} {hold}"


def _day(step: Step, books: Books) -> None:
    books.day = day(step["day"])


def _turn(step: Step, books: Books) -> None:
    """The day's turn: every account with an order that waits."""
    books.day = day(step["turn"])
    books.turn()


_BESIDE: dict[str, Callable[[Step, Books], None]] = {
    "pay": _pay,
    "limit": _limit,
    "block": _block,
    "unblock": _unblock,
    "deposit": _deposit,
    "reverse": _reverse,
    "letter": _letter,
    "end_letter": _end_letter,
    "profile": _profile,
    "sells": _sells,
    "day": _day,
    "turn": _turn,
    "check": _see,
}
