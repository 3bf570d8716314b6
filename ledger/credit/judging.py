"""What all moves of an order share: it is found, decided as it would stand, and takes the state of its decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.vocabulary.persons import person
from ledger.credit.account import Account, Group
from ledger.credit.change import Asker, CommandRefused, Desk, Judged, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.exchange import last_rate, no_rate, rate_on
from ledger.credit.facts import as_of, order_body
from ledger.credit.order import (
    RESERVING,
    STATE_OF_OUTCOME,
    Hold,
    HoldKind,
    Order,
    OrderCheckpoint,
    OrderState,
    Release,
)
from ledger.credit.order_currency import rate_missing
from ledger.credit.profile import money_facts
from ledger.credit.shown import money_shown, order_shown
from ledger.credit.snapshot import Snapshot

ITSELF = "itself"
"""Who lifts a hold where nobody asked."""


def wanted_order(snapshot: Snapshot, number: str) -> Order:
    """Raises `CommandRefused` (`unknown-order`)."""
    order = snapshot.get(Order, number)
    if order is None:
        raise CommandRefused("unknown-order", f"there is no order {number}", order=number)
    return order


def judge(
    snapshot: Snapshot, order: Order, desk: Desk, checkpoint: OrderCheckpoint, id: str, release: Release | None = None
) -> Judged:
    """The order decided as it would stand, with a release that is only proposed. Raises `FactsRefused`."""
    body = order_body(snapshot, order, desk, checkpoint, release)
    missing = rate_missing(snapshot, order, desk)
    if missing is not None:
        return _judge_without_rate(snapshot, order, desk, body, id, missing)
    return Judged(decision=desk.engine.decide_request("order", body, as_of(body), id), facts=body)


def _judge_without_rate(
    snapshot: Snapshot, order: Order, desk: Desk, body: dict[str, Any], id: str, missing: str
) -> Judged:
    """Nobody knows today what amounts in the account's currency, or the order's own, are worth: they are left out, but
    for the order's own by the last rate that there was. So whatever they speak for or against waits. Raises
    `CommandRefused` (`no-rate`) where there never was one, and where the policies would let the order go without
    looking at an amount."""
    known = desk.engine.vocabulary
    body.pop("rates", None)
    currency = body.pop("currency", known.currency)
    last = None if currency == known.currency else last_rate(snapshot, desk, currency)
    if last is not None or currency == known.currency:
        amounts = money_facts(known, "order")
        for group in ("order", "account"):
            body[group] = {name: value for name, value in body[group].items() if f"{group}.{name}" not in amounts}
        left = order.amount - order.billed
        amount = left if last is None else last.converted(left, known.currency_digits)
        body["order"]["amount"] = money_shown(amount, known.currency)
        decision = desk.engine.decide_request("order", body, as_of(body), id)
        if STATE_OF_OUTCOME[decision.outcome] not in RESERVING:
            return Judged(decision=decision, facts=body)
    raise no_rate(desk, missing, desk.day)


def take_decision(
    posting: Posting,
    order: Order,
    judged: Judged,
    lifted_by: str,
    *,
    lifts_manual: bool = False,
    renews: bool = True,
) -> Order:
    """The order in the state that its decision gives it, with what it reserves; a hold begins or ends. `order` has the
    amounts that were decided on.

    What somebody holds stays held, unless it `lifts_manual`. The approval that counts at delivery is made anew where
    it `renews`; one that rests on a release counts only as long as that does.
    """
    decision, day = judged.decision, posting.desk.day
    state = STATE_OF_OUTCOME[decision.outcome]
    hold = open_hold(posting, order)
    if state in RESERVING and hold is not None and hold.kind is HoldKind.MANUAL and not lifts_manual:
        state = OrderState.HELD
    is_approved_anew = state in RESERVING and renews
    is_released = decision.results.get("release", {}).get("in_force") is True
    decided = in_state(order, state)
    decided = replace(
        decided,
        decision=decision.id,
        outcome=decision.outcome,
        approved_on=day if is_approved_anew else order.approved_on,
        approved_amount=order.amount if is_approved_anew else order.approved_amount,
        approval_stands=not is_released if is_approved_anew else order.approval_stands,
        stopped_by=None if lifts_manual else order.stopped_by,
    )
    posting.put_order(decided)
    set_hold(posting, decided, judged, lifted_by)
    return decided


def sales_person_of(account: Account) -> str | None:
    """The customer's, as policies compare persons; None where nobody is known."""
    name = account.profile.get("sales_person")
    return person(name) if isinstance(name, str) else None


def touched(order: Order, asker: Asker) -> tuple[str, ...]:
    """Those whose own order it is once this person has changed or reopened it."""
    if asker.login is None or asker.login in order.touched_by:
        return order.touched_by
    return (*order.touched_by, asker.login)


def in_state(order: Order, state: OrderState) -> Order:
    """The order in this state, with what it reserves there."""
    reserves = state in RESERVING and not order.is_prepaid
    return replace(order, state=state, reserved=order.undelivered if reserves else 0)


def rules_that_hold(judged: Judged) -> tuple[str, ...]:
    """Ids of the rules by which the decision is no milder."""
    decision = judged.decision
    worst = decision.outcome
    return tuple(each.rule for each in decision.reasons if not each.waived and each.outcome == worst)


def open_hold(posting: Posting, order: Order) -> Hold | None:
    """The hold that the order is in; None where it is in none."""
    last = _last_hold(posting, order)
    return None if last is None or last.lifted_on is not None else last


def set_hold(
    posting: Posting, order: Order, judged: Judged | None, lifted_by: str, kind: HoldKind = HoldKind.POLICY
) -> None:
    """One hold is open while the order is held, and none otherwise. `judged`: the decision that holds it."""
    last, is_held = _last_hold(posting, order), order.state is OrderState.HELD
    said = {} if judged is None or not is_held else _said_of_hold(judged)
    if last is not None and last.lifted_on is None:
        if is_held:
            posting.put(replace(last, liftable_since=None, **said))
        else:
            posting.put(replace(last, lifted_on=posting.desk.day, lifted_by=lifted_by))
    elif is_held:
        posting.put(
            Hold(
                order=order.id,
                account=order.account,
                number=1 if last is None else last.number + 1,
                kind=kind,
                since=posting.desk.day,
                since_seq=posting.desk.next_seq,
                **said,
            )
        )


def _said_of_hold(judged: Judged) -> dict[str, Any]:
    release = judged.decision.results.get("release", {})
    authority, two_people = release.get("authority"), release.get("two_people")
    return {
        "rules": rules_that_hold(judged),
        "authority": authority if isinstance(authority, str) else None,
        "two_people": two_people if isinstance(two_people, bool) else None,
    }


def _last_hold(posting: Posting, order: Order) -> Hold | None:
    holds = posting.snapshot.of_order(Hold, order.id)
    last = max(holds, key=lambda each: each.number, default=None)
    return None if last is None else posting.get(Hold, *last.key)


def versions(posting: Posting, account: str, order: Order | None = None) -> dict[str, Any]:
    """On which state of the account and its group, and on which day, something was decided; and which state it made.
    `order`: what was decided, whose own currency may have no rate."""
    before = posting.snapshot.existing(Account, account)
    after = posting.get(Account, account) or before
    group = None if before.group is None else posting.snapshot.get(Group, before.group)
    told = {
        "business_date": posting.desk.business_date.isoformat(),
        "account_version": before.version,
        "account_version_after": after.version,
        "group_version": None if group is None else group.version,
    }
    desk, own = posting.desk, posting.desk.engine.vocabulary.currency
    missing = None if order is None else rate_missing(posting.snapshot, order, desk)
    if missing is None and after.currency != own and not rate_on(posting.snapshot, desk, after.currency, desk.day):
        missing = after.currency
    return told if missing is None else {**told, "no_rate_of": missing}


def order_change(
    posting: Posting,
    order: Order,
    judged: Judged | None,
    *,
    status: int = 200,
    shown: Mapping[str, Any] | None = None,
    cause: Mapping[str, Any] | None = None,
    refused: CommandRefused | None = None,
    is_refusal: bool = False,
) -> LedgerChange:
    """What the posting comes to, about this order as it is now."""
    now = posting.get(Order, order.id) or order
    account = posting.get(Account, order.account)
    group = None if account is None else account.group
    return LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        act=posting.cause,
        about=order.id,
        account=order.account,
        judged=judged,
        told=versions(posting, order.account, now) | ({} if cause is None else {"cause": dict(cause)}),
        shown={"order": order_shown(now), **(shown or {})},
        rechecks=posting.rechecks,
        recheck_groups=frozenset((group,)) if group is not None and posting.rechecks else frozenset(),
        status=status,
        refused=refused,
        is_refusal=is_refusal,
    )
