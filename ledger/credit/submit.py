"""An order is entered: decided, and what it comes to reserved in the same moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ledger.credit.account import Account, Group
from ledger.credit.asked_order import asked_amount
from ledger.credit.change import Again, Asker, Change, CommandRefused, Desk, Judged
from ledger.credit.facts import as_of, order_body
from ledger.credit.order import (
    RESERVING,
    STATE_OF_OUTCOME,
    Checkpoint,
    Hold,
    HoldKind,
    Order,
    OrderState,
    Revision,
)
from ledger.credit.posting import Posting
from ledger.credit.shown import order_shown
from ledger.credit.snapshot import Snapshot, Wants


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Revision 1 of an order."""

    order: str
    account: str
    asked: Mapping[str, Any] = field(hash=False)
    """Facts of the order by their names without `order.`, as JSON: amounts as decimal text, in the account's
    currency."""

    copied_from: str | None
    """The order that this one was copied or split from."""

    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The account, and orders of this number wherever they are."""
        origin = frozenset() if self.copied_from is None else frozenset((self.copied_from,))
        return Wants(accounts=frozenset((self.account,)), orders=frozenset((self.order,)) | origin)


def submit(snapshot: Snapshot, command: Submit, desk: Desk) -> Change:
    """Raises `CommandRefused`, and `Again` where the same revision was asked before."""
    account = snapshot.get(Account, command.account)
    if account is None:
        raise CommandRefused("unknown-account", f"there is no account {command.account}", account=command.account)
    digest = digest_of_asked(command.account, command.asked, command.copied_from)
    _refuse_known(snapshot, command, digest)
    order = Order(
        id=command.order,
        account=command.account,
        revision=1,
        state=OrderState.HELD,
        asked=command.asked,
        currency=account.currency,
        amount=asked_amount(command.asked, account.currency, desk.engine.vocabulary),
        is_prepaid=command.asked.get("prepayment") is True,
        root=_root(snapshot, command),
        entered_by=command.asker.login,
        entered_on=desk.day,
    )
    judged = judge(snapshot, order, desk, Checkpoint.ENTRY, command.id)
    posting = Posting(snapshot, desk, "submit")
    posting.put(Revision(order=order.id, account=account.id, revision=1, digest=digest, decision=judged.decision.id))
    order = take_decision(posting, order, judged)
    return Change(
        rows=posting.rows,
        entries=posting.entries,
        act="submit",
        about=order.id,
        account=account.id,
        judged=judged,
        told=versions(posting, order.account),
        shown={"order": order_shown(order)},
        status=201,
    )


def judge(snapshot: Snapshot, order: Order, desk: Desk, checkpoint: Checkpoint, id: str) -> Judged:
    """The order decided as it would stand. Raises `FactsRefused`."""
    body = order_body(snapshot, order, desk, checkpoint)
    return Judged(decision=desk.engine.decide_request("order", body, as_of(body), id), facts=body)


def take_decision(posting: Posting, order: Order, judged: Judged) -> Order:
    """The order in the state that its decision gives it, with what it reserves; a hold begins or ends. `order` has the
    amounts that were decided on."""
    decision, day = judged.decision, posting.desk.day
    state = STATE_OF_OUTCOME[decision.outcome]
    goes = state in RESERVING
    decided = replace(
        order,
        state=state,
        reserved=order.undelivered if goes and not order.is_prepaid else 0,
        decision=decision.id,
        outcome=decision.outcome,
        approved_on=day if goes else order.approved_on,
        approved_amount=order.amount if goes else order.approved_amount,
    )
    posting.put_order(decided)
    set_hold(posting, decided, tuple(reason.rule for reason in decision.reasons if not reason.waived))
    return decided


def set_hold(posting: Posting, order: Order, rules: tuple[str, ...], lifted_by: str = "decision") -> None:
    """One hold is open while the order is held, and none otherwise."""
    holds = [each for each in posting.snapshot.of_account(Hold, order.account) if each.order == order.id]
    last = max(holds, key=lambda each: each.number, default=None)
    is_open = last is not None and last.lifted_on is None
    if order.state is OrderState.HELD and is_open:
        assert last is not None
        posting.put(replace(last, rules=rules))
    elif order.state is OrderState.HELD:
        posting.put(
            Hold(
                order=order.id,
                account=order.account,
                number=1 if last is None else last.number + 1,
                kind=HoldKind.POLICY,
                since=posting.desk.day,
                since_seq=posting.desk.next_seq,
                rules=rules,
            )
        )
    elif is_open:
        assert last is not None
        posting.put(replace(last, lifted_on=posting.desk.day, lifted_by=lifted_by))


def versions(posting: Posting, account: str) -> dict[str, Any]:
    """On which state of the account and its group, and on which day, something was decided; and which state it made."""
    before, after = posting.snapshot.get(Account, account), posting.get(Account, account)
    assert before is not None and after is not None, account
    group = None if before.group is None else posting.snapshot.get(Group, before.group)
    return {
        "business_date": posting.desk.business_date.isoformat(),
        "account_version": before.version,
        "account_version_after": after.version,
        "group_version": None if group is None else group.version,
    }


def digest_of_asked(account: str, asked: Mapping[str, Any], copied_from: str | None) -> str:
    """The same for the same content, however it was written."""
    told = _in_order.encode([account, asked, copied_from])
    return sha256(told.encode()).hexdigest()


_in_order = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))  # made once: it takes longer


def _refuse_known(snapshot: Snapshot, command: Submit, digest: str) -> None:
    known = snapshot.get(Order, command.order)
    if known is None:
        return
    if known.account != command.account:
        raise CommandRefused(
            "revision-differs",
            f"the order {command.order} belongs to another account; give this one a number of its own",
        )
    first = snapshot.get(Revision, command.order, 1)
    if first is not None and first.digest == digest:
        raise Again(first.decision)
    raise CommandRefused(
        "revision-differs",
        f"the order {command.order} is there already with other content, in revision {known.revision}; "
        "send a change of it, or give this order a number of its own",
        current_revision=known.revision,
    )


def _root(snapshot: Snapshot, command: Submit) -> str:
    if command.copied_from is None:
        return command.order
    origin = snapshot.get(Order, command.copied_from)
    return command.copied_from if origin is None else origin.root
