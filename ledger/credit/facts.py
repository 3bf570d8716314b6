"""The facts of an order and its account, from a snapshot: the body of a request, as a caller without a ledger sends it.

Each fact of the account is worked out here (`DERIVED`), recorded by somebody (`Account.profile`, `Figures`), or not
known. Those that are worked out can't be given by anybody. `receivables.account_facts` defines the payment record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import RATE_SCALE, decimal_formatter
from ledger.credit.account import Account, AccountStatus, Figures, Grade, Group
from ledger.credit.change import Desk
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.order import Checkpoint, Order, Release, ReleaseState
from ledger.credit.security import Security, SecurityKind
from ledger.credit.snapshot import Snapshot
from ledger.items.item import ItemKind, ItemState, OpenItem
from ledger.items.totals import BookTotal, DayRecord, DueTotal, LevelTotal
from receivables.account_facts import QUARTER_DAYS, YEAR_DAYS, AccountFacts, facts_of_totals, in_request
from receivables.months import whole_months

DERIVED_OF_ORDER = frozenset(
    (
        "id", "deposit_paid", "related_amount", "related_approved", "related_held", "letter_of_credit_amount",
        "letter_of_credit_until", "entered_by", "released_on", "released_amount", "released_by", "released_by_role",
        "second_released_by", "second_released_by_role", "checkpoint", "approved_on", "approved_amount",
    )
)  # fmt: skip
"""Facts of an order that only the ledger says, by their names without `order.`."""

DERIVED_OF_ACCOUNT = frozenset(
    (
        "id", "status", "blocked_since", "months", "limit_status", "credit_limit", "limit_until", "temporary_limit",
        "temporary_from", "temporary_until", "group_limit", "group_exposure", "group_insolvent", "open_invoices",
        "delivered_not_invoiced", "open_orders", "deposits_held", "receivables_total", "book_customers",
        "overdue_amount", "days_overdue_max", "dunning_level", "disputed_amount", "guarantee_amount",
        "guarantee_cover", "guarantee_until", "insured_limit", "insured_cover", "insured_until", "insured_stopped_on",
        "insured_max_days", "securities", "letters_of_credit", "on_time_rate", "seriously_late_rate",
        "average_days_late", "previous_average_days_late", "average_monthly_sales", "assigned_grade",
        "next_review_on", "last_order_on", "open_items",
    )
)  # fmt: skip
"""Facts of an account that only the ledger says, by their names without `account.`."""

_RATE_ONE = 10**RATE_SCALE
_GUARANTEES = frozenset((SecurityKind.BANK_GUARANTEE, SecurityKind.FLOATING_CHARGE))


def order_body(
    snapshot: Snapshot, order: Order, desk: Desk, checkpoint: Checkpoint, release: Release | None = None
) -> dict[str, Any]:
    """The body of a request that decides this order at this checkpoint. The order may be one that is not in the
    snapshot yet; what it has reserved and delivered itself is taken out of the account's totals, and what of it is
    invoiced out of its amounts. `release`: one that is only proposed; None: the one in force, where there is one."""
    account = snapshot.get(Account, order.account)
    assert account is not None, order.account
    body: dict[str, Any] = {"as_of": desk.business_date.isoformat()}
    if account.currency != desk.engine.vocabulary.currency:
        body["currency"] = account.currency
    known = snapshot.get(Order, order.id)
    body["order"] = _order_group(snapshot, account, order, desk, checkpoint, release)
    body["account"] = account_group(snapshot, account, desk, known, deposits_for(snapshot, order))
    return body


def _order_group(
    snapshot: Snapshot, account: Account, order: Order, desk: Desk, checkpoint: Checkpoint, release: Release | None
) -> dict[str, Any]:
    money = _money(account)
    group = {
        "id": order.id,
        "prepayment": False,
        **order.asked,
        "amount": money(order.amount - order.billed - order.lapsed),
    }
    group["checkpoint"] = checkpoint.value
    if order.entered_by is not None:
        group["entered_by"] = order.entered_by
    deposit = deposits_for(snapshot, order)
    if deposit:
        group["deposit_paid"] = money(deposit)
    sisters = snapshot.orders.sisters_of(order, snapshot.get(Order, order.id))
    if sisters.related:
        group["related_amount"] = money(sisters.related)
        group["related_approved"] = money(sisters.approved)
        group["related_held"] = money(sisters.held)
    letters = [each for each in _securities(snapshot, account, desk.day) if _is_credit_for(each, order)]
    if letters:
        group["letter_of_credit_amount"] = money(sum(each.amount for each in letters))
        ends = [each.until_on for each in letters if each.until_on is not None]
        if ends:
            group["letter_of_credit_until"] = _iso(min(ends))
    if order.approved_on is not None:
        group["approved_on"] = _iso(order.approved_on)
        group["approved_amount"] = money(max((order.approved_amount or 0) - order.billed, 0))
    counting = release or release_in_force(snapshot, order, desk.day)
    if counting is not None:
        group |= release_facts(counting, order, account)
    return group


def deposits_for(snapshot: Snapshot, order: Order) -> int:
    """What was received for this order and is not set off."""
    return -sum(
        item.open_amount
        for item in snapshot.of_order(OpenItem, order.id)
        if item.kind is ItemKind.DEPOSIT and item.state is ItemState.OPEN
    )


def release_in_force(snapshot: Snapshot, order: Order, day: int) -> Release | None:
    """The newest release that has not ended by its own date. Whether it counts, the policies say."""
    releases = [
        each
        for each in snapshot.of_order(Release, order.id)
        if each.state is ReleaseState.IN_FORCE and (each.expires_on is None or day <= each.expires_on)
    ]
    return max(releases, key=lambda each: each.number, default=None)


def release_facts(release: Release, order: Order, account: Account) -> dict[str, Any]:
    """The facts of an order that a release is."""
    facts = {
        "released_on": _iso(release.on),
        "released_amount": _money(account)(max(release.amount - order.billed, 0)),
        "released_by": release.by,
        "released_by_role": release.role,
    }
    if release.second_by is not None and release.second_by_role is not None:
        facts["second_released_by"] = release.second_by
        facts["second_released_by_role"] = release.second_by_role
    return facts


def account_group(
    snapshot: Snapshot, account: Account, desk: Desk, own: Order | None = None, own_deposit: int = 0
) -> dict[str, Any]:
    """The facts of an account. `own`: the order that is being decided, as it stands in the totals; `own_deposit`: what
    was received for it, which it may be before the order is there."""
    day, money = desk.day, _money(account)
    reserved, delivered = (own.reserved, own.delivered) if own is not None else (0, 0)
    figures = max(
        (each for each in snapshot.of_account(Figures, account.id) if each.on <= day),
        key=lambda each: each.on,
        default=None,
    )
    group: dict[str, Any] = {**account.profile, **(figures.figures if figures is not None else {})}
    group |= in_request(account.id, _payment_record(snapshot, account, day), MINOR_UNITS[account.currency])
    group["status"] = account.status.value
    if account.status is AccountStatus.BLOCKED and account.blocked_since is not None:
        group["blocked_since"] = _iso(account.blocked_since)
    group["delivered_not_invoiced"] = money(account.delivered - delivered)
    group["open_orders"] = money(account.open_orders - reserved)
    group["deposits_held"] = money(account.deposits - own_deposit)
    group["dunning_level"] = max(
        (each.level for each in snapshot.of_account(LevelTotal, account.id) if each.items), default=0
    )
    last = snapshot.orders.last_day(account.id, own)
    if last is not None:
        group["last_order_on"] = _iso(last)
    group |= _limits(snapshot, account, day)
    group |= _secured(snapshot, account, day, money)
    group |= _group(snapshot, account, reserved + delivered - own_deposit, money)
    group |= _grade(snapshot, account, day)
    book = snapshot.get(BookTotal, account.currency)
    if book is not None:
        group["book_customers"] = book.customers
    return group


def _payment_record(snapshot: Snapshot, account: Account, day: int) -> AccountFacts:
    """As `receivables.account_facts` defines it, for the day with all that was booked until now."""
    due = [each for each in snapshot.of_account(DueTotal, account.id) if each.items and each.due_on < day]
    owed = sum(each.open_amount for each in snapshot.of_account(DueTotal, account.id))
    to_set_off = max(owed - account.open_items, 0)  # credits on account, against the oldest first
    overdue, oldest = 0, day
    for each in sorted(due, key=lambda total: total.due_on):
        left = max(each.open_amount - to_set_off, 0)
        to_set_off -= each.open_amount - left
        if left and not overdue:
            oldest = each.due_on
        overdue += left
    records = snapshot.of_account(DayRecord, account.id)
    year = [each for each in records if day - YEAR_DAYS < each.day <= day]
    quarter = [each for each in records if day - QUARTER_DAYS < each.day <= day]
    previous = [each for each in records if day - 2 * QUARTER_DAYS < each.day <= day - QUARTER_DAYS]
    since = account.first_issued_on if account.customer_since is None else account.customer_since
    book = snapshot.get(BookTotal, account.currency)
    return facts_of_totals(
        months=0 if since is None else max(whole_months(since, day), 0),
        has_items=account.first_issued_on is not None,
        open_invoices=account.open_items,
        overdue_amount=overdue,
        days_overdue_max=day - oldest if overdue else 0,
        disputed_amount=account.disputed,
        paid=sum(each.paid for each in year),
        paid_on_time=sum(each.on_time for each in year),
        paid_seriously_late=sum(each.seriously_late for each in year),
        paid_in_quarter=sum(each.paid for each in quarter),
        days_late_in_quarter=sum(each.days_late for each in quarter),
        paid_in_previous_quarter=sum(each.paid for each in previous),
        days_late_in_previous_quarter=sum(each.days_late for each in previous),
        sales=sum(each.issued for each in year),
        receivables_total=0 if book is None else book.open_items,
    )


def _limits(snapshot: Snapshot, account: Account, day: int) -> dict[str, Any]:
    money = _money(account)
    granted = [each for each in snapshot.of_account(Limit, account.id) if each.state is LimitState.GRANTED]
    normal = [each for each in granted if each.kind is not LimitKind.TEMPORARY and each.from_on <= day]
    facts: dict[str, Any] = {"limit_status": "none"}
    if normal:
        limit = max(normal, key=lambda each: (each.granted_on or each.from_on, each.number))
        facts["limit_status"] = "unlimited" if limit.kind is LimitKind.UNLIMITED else "limited"
        if limit.amount is not None:
            facts["credit_limit"] = money(limit.amount)
        if limit.until_on is not None:
            facts["limit_until"] = _iso(limit.until_on)
    temporary = [each for each in granted if each.kind is LimitKind.TEMPORARY]
    ahead = [each for each in temporary if each.until_on is None or each.until_on >= day]
    if ahead:
        limit = min(ahead, key=lambda each: each.from_on)
        facts["temporary_limit"] = money(limit.amount or 0)
        facts["temporary_from"] = _iso(limit.from_on)
        if limit.until_on is not None:
            facts["temporary_until"] = _iso(limit.until_on)
    return facts


def _secured(snapshot: Snapshot, account: Account, day: int, money: Any) -> dict[str, Any]:
    """Several guarantees are told as one: their amounts times their covers, until the first of them ends; where none
    is valid the one that ended last, so that the policies can say so."""
    facts: dict[str, Any] = {}
    own = [each for each in snapshot.of_account(Security, account.id) if each.order is None]
    guarantees = [each for each in own if each.kind in _GUARANTEES and (each.ended_on is None or each.ended_on > day)]
    counting = [each for each in guarantees if each.counts_on(day)]
    if not counting and guarantees:
        counting = [max(guarantees, key=lambda each: each.until_on or 0)]
    if counting:
        if len(counting) == 1:
            amount, cover = counting[0].amount, counting[0].cover
        else:
            amount, cover = sum(each.amount * each.cover // _RATE_ONE for each in counting), _RATE_ONE
        facts |= {"guarantee_amount": money(amount), "guarantee_cover": _rate(cover)}
        ends = [each.until_on for each in counting if each.until_on is not None]
        facts["guarantee_until"] = _iso(min(ends)) if ends else "2199-12-31"
    insured = [each for each in own if each.kind is SecurityKind.INSURANCE and each.counts_on(day)]
    if insured:
        total = sum(each.amount for each in insured)
        cover = sum(each.amount * each.cover for each in insured) // total if total else 0
        facts |= {"insured_limit": money(total), "insured_cover": _rate(cover)}
        ends = [each.until_on for each in insured if each.until_on is not None]
        facts["insured_until"] = _iso(min(ends)) if ends else "2199-12-31"
        stopped = [each.stopped_on for each in insured if each.stopped_on is not None]
        if stopped:
            facts["insured_stopped_on"] = _iso(min(stopped))
        most = [each.max_days for each in insured if each.max_days is not None]
        if most:
            facts["insured_max_days"] = min(most)
    return facts


def _group(snapshot: Snapshot, account: Account, own: int, money: Any) -> dict[str, Any]:
    group = None if account.group is None else snapshot.get(Group, account.group)
    if group is None or group.limit is None:
        return {}
    facts: dict[str, Any] = {"group_limit": money(group.limit), "group_exposure": money(group.total - own)}
    if group.insolvent is not None:
        facts["group_insolvent"] = group.insolvent
    return facts


def _grade(snapshot: Snapshot, account: Account, day: int) -> dict[str, Any]:
    grades = sorted(
        (each for each in snapshot.of_account(Grade, account.id) if each.since <= day), key=lambda g: g.since
    )
    if not grades:
        return {}
    grade = grades[-1]
    facts: dict[str, Any] = {"assigned_grade": grade.grade, "assessed_on": _iso(grade.since)}
    if grade.review_on is not None:
        facts["next_review_on"] = _iso(grade.review_on)
    if len(grades) > 1:
        facts["previous_grade"] = grades[-2].grade
    return facts


def _securities(snapshot: Snapshot, account: Account, day: int) -> list[Security]:
    return [each for each in snapshot.of_account(Security, account.id) if each.counts_on(day)]


def _is_credit_for(security: Security, order: Order) -> bool:
    return security.kind is SecurityKind.LETTER_OF_CREDIT and security.order == order.id


def _money(account: Account) -> Any:
    return decimal_formatter(MINOR_UNITS[account.currency])


_rate = decimal_formatter(RATE_SCALE)


def _iso(day: int) -> str:
    return date_of(day).isoformat()


def as_of(body: Mapping[str, Any]) -> date:
    """The day of a body that `order_body` made."""
    return date.fromisoformat(body["as_of"])
