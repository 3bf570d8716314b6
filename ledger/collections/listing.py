"""What is to be done for a customer on a day, from what the policies say of each open item.

Not the outcome of a decision counts here but every rule that fired: a letter that is due stands in the list beside the
notice to the insurer, whose `review` is the more severe outcome. All that goes to one customer by one channel on one
day is one entry, so that nobody is written to three times about three invoices:

    I-1 formal letter, I-2 call, I-3 e-mail   →  one entry `customer`, lead I-1, formal letter, levels 3, 2, 1

The plan ahead (`ledger.collections.plan_ahead`) asks this same function for each day to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from engine.deciding.decision import Decision, Reason
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import date_of, day_number
from ledger.collections.collections_shown import PRIORITY_SCALE
from ledger.collections.contact import CollectorAssignment
from ledger.collections.invoice_facts import Shares, open_owed, shares_of
from ledger.collections.judge_item import INVOICE_CASE, judge_with_account
from ledger.collections.record_contact import LEVEL_OF_STEP, collector_on, level_after
from ledger.collections.worklist_entry import CARRIED_DAYS, CHANNEL_OF_ACTION, EntryState, WorkChannel, WorklistEntry
from ledger.credit.account import Account
from ledger.credit.account_fact_group import account_body
from ledger.credit.change import CommandRefused, Desk, Judged
from ledger.credit.snapshot import Snapshot
from ledger.items.item import OpenItem

COLLECTIONS, DUNNING = "collections", "dunning"
"""Policies whose values the list reads where they have them: `collections.chased`, `.priority` and `.working_day`,
`dunning.step_falling`."""

FOR_THE_DESK = frozenset(("review", "write_off"))
"""Outcomes of invoices that somebody of the house decides on."""

_LADDER = {outcome: at for at, outcome in enumerate(CASE_KINDS[INVOICE_CASE].ladder)}
_UNDECIDED = "can't-be-decided"


@dataclass(slots=True, kw_only=True)
class _Work:
    """What is to be done about one item by one channel."""

    item: OpenItem
    steps: list[str] = field(default_factory=list)
    level: int = 0
    by_date: int | None = None
    reasons: list[Mapping[str, Any]] = field(default_factory=list)
    amount: int = 0
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What was found for a customer on a day."""

    entries: tuple[WorklistEntry, ...]
    judged: Mapping[str, Judged] = field(hash=False)
    """By the number of each item that could be decided on."""


def listed(snapshot: Snapshot, account: Account, desk: Desk) -> Listed:
    """Entries that are due, by what was decided on each open item; none on a day that is no working day."""
    body = account_body(snapshot, account, desk)
    shares = shares_of(snapshot, account.id, desk.day)
    judged: dict[str, Judged] = {}
    work: defaultdict[WorkChannel, list[_Work]] = defaultdict(list)
    for item in open_owed(snapshot, account.id):
        try:
            known = judge_with_account(body, snapshot, item, desk, shares, "")
        except (FactsRefused, CommandRefused) as refused:
            work[WorkChannel.DESK].append(_undecided(item, refused))
            continue
        if known.decision.results.get(COLLECTIONS, {}).get("working_day") is False:
            return Listed(entries=(), judged={})
        judged[item.id] = known
        for channel, each in _work_on(item, known.decision, account, shares, desk).items():
            work[channel].append(each)
    entries = (_entry(snapshot, account, desk, channel, work[channel]) for channel in WorkChannel if work[channel])
    return Listed(entries=tuple(entries), judged=judged)


def _undecided(item: OpenItem, why: Exception) -> _Work:
    """Nothing is left out because it couldn't be decided."""
    text = f"{item.id} can't be decided: {why}"
    reason = {
        "item": item.id, "rule": _UNDECIDED, "outcome": "review", "action": None, "by": None,
        "text": {"en": text, "zh": f"{item.id} 无法决策：{why}"},
    }  # fmt: skip
    return _Work(item=item, steps=["review"], level=item.dunning_level, reasons=[reason], amount=item.open_amount)


def _work_on(
    item: OpenItem, decision: Decision, account: Account, shares: Shares, desk: Desk
) -> dict[WorkChannel, _Work]:
    found: dict[WorkChannel, _Work] = {}
    chased, priority = _chased(item, decision, account, shares, desk), _priority(decision)
    for reason in decision.reasons:
        for channel, step, by in _asked_for(reason, decision):
            work = found.setdefault(channel, _Work(item=item, level=item.dunning_level, priority=priority))
            work.steps.append(step)
            work.amount = chased if channel is WorkChannel.CUSTOMER else item.open_amount
            work.by_date = by if work.by_date is None else min(work.by_date, by or work.by_date)
            work.reasons.append(
                {
                    "item": item.id, "rule": reason.rule, "outcome": reason.outcome,
                    "action": step if step not in _LADDER else None,
                    "by": None if by is None else date_of(by).isoformat(),
                    "text": reason.text.as_json(),
                }
            )  # fmt: skip
            if channel is WorkChannel.CUSTOMER:
                work.level = max(work.level, _level(item, step, decision))
    return found


def _asked_for(reason: Reason, decision: Decision) -> Iterator[tuple[WorkChannel, str, int | None]]:
    """To whom what goes by a rule that fired, and until when. Actions without a date are no work of a day."""
    if reason.waived:
        return
    actions = [each for each in decision.actions if each.rule == reason.rule and each.by is not None]
    if reason.outcome in LEVEL_OF_STEP:
        yield WorkChannel.CUSTOMER, reason.outcome, None
    for each in actions:
        by = day_number(date.fromisoformat(each.by or ""))
        yield CHANNEL_OF_ACTION.get(each.action, WorkChannel.DESK), each.action, by
    if reason.outcome in FOR_THE_DESK and not actions:
        yield WorkChannel.DESK, reason.outcome, None


def _level(item: OpenItem, step: str, decision: Decision) -> int:
    """The level that the step raises the item to: the policies' own word, where they have one (a second letter may take
    the place of a visit, and a call after a broken promise raises nothing)."""
    falling = decision.results.get(DUNNING, {}).get("step_falling")
    return level_after(item, falling if isinstance(falling, int) else LEVEL_OF_STEP[step])


def _chased(item: OpenItem, decision: Decision, account: Account, shares: Shares, desk: Desk) -> int:
    told = decision.results.get(COLLECTIONS, {}).get("chased")
    if isinstance(told, str) and account.currency == desk.engine.vocabulary.currency:
        return int(Decimal(told).scaleb(MINOR_UNITS[account.currency]))
    return max(item.open_amount - item.disputed_amount - shares.credits.get(item.id, 0), 0)


def _priority(decision: Decision) -> int:
    told = decision.results.get(COLLECTIONS, {}).get("priority")
    return int(Decimal(told).scaleb(PRIORITY_SCALE)) if isinstance(told, str) else 0


def _entry(
    snapshot: Snapshot, account: Account, desk: Desk, channel: WorkChannel, work: Sequence[_Work]
) -> WorklistEntry:
    by_dates = [each.by_date for each in work if each.by_date is not None]
    lead = min(work, key=lambda each: (-_rank(each), each.by_date or desk.day + 10**6, each.item.due_on, each.item.id))
    step = max(lead.steps, key=lambda each: _LADDER.get(each, 0))
    return WorklistEntry(
        account=account.id,
        day=desk.day,
        channel=channel,
        step=step,
        lead=lead.item.id,
        items=tuple(each.item.id for each in work),
        levels=tuple(each.level for each in work),
        amount=sum(each.amount for each in work),
        priority=max(each.priority for each in work),
        by_date=min(by_dates, default=None),
        reasons=tuple(reason for each in work for reason in each.reasons),
        collector=collector_on(snapshot.of_account(CollectorAssignment, account.id), desk.day),
        since=_since(snapshot, account.id, desk.day, channel, step),
    )


def _rank(work: _Work) -> int:
    return max(_LADDER.get(each, 0) for each in work.steps)


def _since(snapshot: Snapshot, account: str, day: int, channel: WorkChannel, step: str) -> int:
    """The first day on which the same was listed and nobody has done it."""
    before = [
        each.since
        for each in snapshot.of_account(WorklistEntry, account)
        if each.channel is channel
        and each.step == step
        and each.state is not EntryState.DONE
        and day - CARRIED_DAYS <= each.day <= day
    ]
    return min(before, default=day)
