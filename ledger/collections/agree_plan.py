"""A payment plan is asked for, agreed and ended: the policies say which one needs nobody, and who agrees to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.vocabulary.binding import FactsRefused
from ledger.collections.asked import OfAccount, credits_before, day_result, named_items, next_number, recorded, wants_of
from ledger.collections.collections_shown import plan_shown
from ledger.collections.judge_item import judge_item
from ledger.collections.payment_plan import Instalment, PaymentPlan, PaymentPlanState
from ledger.credit.account import Account
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, Judged, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import required_account
from ledger.credit.release_order import AUTHORITIES
from ledger.credit.snapshot import Snapshot, Wants
from ledger.items.item import OpenItem

CONCESSIONS = "concessions"
"""The policy that says what may be agreed: `plan_possible`, `instalments`, and `plan_authority` where it has one."""

LEAST_AUTHORITY = "credit_manager"
"""Who agrees to what the policies don't let pass by itself, where they name nobody."""

INSTALMENTS_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPlan:
    """A plan that a customer asks for, with amounts and days as its caller wrote them."""

    account: str
    invoices: tuple[str, ...] = ()
    """Empty: all that the account owes."""

    instalments: tuple[tuple[str, str], ...]
    """Day and amount of each."""

    reason: str | None = None
    asker: Asker
    id: str
    """Of the decision on the item that was due first."""

    @property
    def wants(self) -> Wants:
        """The account, and the items."""
        return wants_of(self.account, *self.invoices)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreePlan(OfAccount):
    """Somebody with the authority agrees to a plan that waits."""

    account: str
    number: int
    asker: Asker
    id: str
    """Of the decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPlan(OfAccount):
    """A plan is over: everything is due as before."""

    account: str
    number: int
    reason: str
    asker: Asker


def ask_plan(snapshot: Snapshot, command: AskPlan, desk: Desk) -> LedgerChange:
    """Runs at once where the policies let it (201), and waits for somebody with the authority otherwise (202). Raises
    `CommandRefused`, and `FactsRefused` with every fault."""
    account, items = named_items(snapshot, command.account, command.invoices)
    plans = snapshot.of_account(PaymentPlan, account.id)
    if any(each.state in (PaymentPlanState.PROPOSED, PaymentPlanState.RUNNING) for each in plans):
        raise CommandRefused("plan-exists", f"account {account.id} has a plan that runs or waits; end it first")
    plan = PaymentPlan(
        account=account.id,
        number=next_number(each.number for each in plans),
        items=tuple(each.id for each in items),
        amount=0,
        asked_on=desk.day,
        reason=command.reason,
        asked_by=command.asker.login or command.asker.program,
    )
    parts = _instalments(snapshot, command, account, items, desk, plan)
    judged = judge_item(snapshot, items[0], desk, command.id, plan_requested=True)
    plan = replace(plan, amount=sum(each.amount for each in parts), decision=judged.decision.id)
    posting = Posting(snapshot, desk, "ask-plan")
    if _passes_by_itself(judged, len(parts)):
        plan = _running(snapshot, plan, desk)
    posting.put(plan)
    for each in parts:
        posting.put(each)
    posting.touch(account.id)
    posting.recheck(account.id)  # what is on the worklist waits, or waits no longer
    status = 201 if plan.state is PaymentPlanState.RUNNING else 202
    shown = {"plan": plan_shown(plan, parts, account.currency), "authority": authority_wanted(judged)}
    return recorded(posting, account.id, f"{account.id}/{plan.number}", shown, status=status, judged=judged)


def _running(snapshot: Snapshot, plan: PaymentPlan, desk: Desk) -> PaymentPlan:
    before = credits_before(snapshot, plan.account, plan.items)
    return replace(plan, state=PaymentPlanState.RUNNING, agreed_on=desk.day, before=before)


def _passes_by_itself(judged: Judged, instalments: int) -> bool:
    """By the policies' own word alone: what they don't say is no leave."""
    values = judged.decision.results.get(CONCESSIONS, {})
    most = values.get("instalments")
    is_referred = judged.decision.outcome == "review"
    return values.get("plan_possible") is True and isinstance(most, int) and instalments <= most and not is_referred


def authority_wanted(judged: Judged) -> str:
    """Who has to agree, at the least."""
    named = judged.decision.results.get(CONCESSIONS, {}).get("plan_authority")
    return named if isinstance(named, str) and named in AUTHORITIES else LEAST_AUTHORITY


def _instalments(
    snapshot: Snapshot, command: AskPlan, account: Account, items: Sequence[OpenItem], desk: Desk, plan: PaymentPlan
) -> list[Instalment]:
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    read = [
        (reading.date(day, f"instalments[{at}].due_on"), reading.amount(amount, f"instalments[{at}].amount"))
        for at, (day, amount) in enumerate(command.instalments, 1)
    ]
    days = [day for day, _ in read]
    if not reading.faults and (not read or len(read) > INSTALMENTS_MAX):
        reading.fault("instalments", f"are none, or more than {INSTALMENTS_MAX}", "send each with its day and amount")
    if not reading.faults and (days != sorted(set(days)) or days[0] < desk.day):
        reading.fault("instalments", "are not in the order of their days, from today on", "one for each day")
    if not reading.faults and sum(amount for _, amount in read) != sum(each.open_amount for each in items):
        reading.fault("instalments", "don't come to what is open", "plan neither less nor more than is open")
    reading.done()
    parts = [
        Instalment(account=account.id, plan=plan.number, number=at, due_on=day, counts_until=day, amount=amount)
        for at, (day, amount) in enumerate(read, 1)
    ]
    return [replace(each, counts_until=_waited_until(snapshot, plan, each, items[0], desk)) for each in parts]


def _waited_until(snapshot: Snapshot, plan: PaymentPlan, part: Instalment, item: OpenItem, desk: Desk) -> int:
    """The last day on which a payment is in time, as the policies' `collections.instalment_until` says."""
    alone = (replace(plan, state=PaymentPlanState.RUNNING, amount=part.amount), replace(part, number=1))
    try:
        judged = judge_item(snapshot.with_rows(alone), item, desk, "")
    except (FactsRefused, CommandRefused):
        return part.due_on
    until = day_result(judged.decision, "collections", "instalment_until")
    return part.due_on if until is None else max(until, part.due_on)


def required_plan(snapshot: Snapshot, account: str, number: int, *states: PaymentPlanState) -> PaymentPlan:
    """Raises `CommandRefused`: `unknown-plan`, or `illegal-move` where it is in another state."""
    plan = snapshot.get(PaymentPlan, required_account(snapshot, account).id, number)
    if plan is None:
        raise CommandRefused("unknown-plan", f"account {account} has no payment plan {number}")
    if plan.state not in states:
        legal = [] if plan.state in (PaymentPlanState.COMPLETED, PaymentPlanState.CANCELLED) else ["end"]
        raise CommandRefused(
            "illegal-move",
            f"plan {number} of account {account} is {plan.state}; possible are: {', '.join(legal) or 'nothing'}",
            state=plan.state.value,
            legal_moves=legal,
        )
    return plan


def agree_plan(snapshot: Snapshot, command: AgreePlan, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`. Nobody agrees to a plan that they asked for."""
    plan = required_plan(snapshot, command.account, command.number, PaymentPlanState.PROPOSED)
    account, items = named_items(snapshot, command.account, plan.items)
    judged = judge_item(snapshot, items[0], desk, command.id, plan_requested=True)
    wanted, asker = authority_wanted(judged), command.asker
    if asker.login is None or asker.authority not in AUTHORITIES:
        raise CommandRefused("no-authority", "a plan takes a person with authority; here nobody has any")
    parts = [each for each in snapshot.of_account(Instalment, account.id) if each.plan == plan.number]
    posting = Posting(snapshot, desk, "agree-plan")
    about = f"{account.id}/{plan.number}"
    refused: CommandRefused | None = None
    if asker.login == plan.asked_by:
        refused = CommandRefused("own-plan", f"{asker.login} asked for the plan; somebody else agrees to it")
    elif AUTHORITIES.index(asker.authority) < AUTHORITIES.index(wanted):
        refused = CommandRefused("above-authority", f"the plan takes the authority {wanted}", authority=wanted)
    shown: dict[str, Any] = {}
    if refused is not None:
        shown = {"plan": plan_shown(plan, parts, account.currency)}
        change = recorded(posting, account.id, about, shown, id=command.id)
        return replace(change, refused=refused, is_refusal=True)
    plan = replace(
        _running(snapshot, plan, desk),
        agreed_by=asker.login,
        agreed_by_role=asker.authority,
        decision=judged.decision.id,
    )
    posting.put(plan)
    posting.touch(account.id)
    posting.recheck(account.id)  # what is on the worklist waits, or waits no longer
    shown = {"plan": plan_shown(plan, parts, account.currency), "authority": wanted}
    return recorded(posting, account.id, about, shown, judged=judged)


def end_plan(snapshot: Snapshot, command: EndPlan, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`."""
    states = (PaymentPlanState.PROPOSED, PaymentPlanState.RUNNING, PaymentPlanState.BROKEN)
    plan = required_plan(snapshot, command.account, command.number, *states)
    account = required_account(snapshot, command.account)
    posting = Posting(snapshot, desk, "end-plan")
    ended = replace(plan, state=PaymentPlanState.CANCELLED)
    posting.put(ended)
    posting.touch(account.id)
    posting.recheck(account.id)  # what is on the worklist waits, or waits no longer
    parts = [each for each in snapshot.of_account(Instalment, account.id) if each.plan == plan.number]
    shown = {"plan": plan_shown(ended, parts, account.currency), "reason": command.reason}
    return recorded(posting, account.id, f"{account.id}/{plan.number}", shown)
