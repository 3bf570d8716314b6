"""What the day's turn does with one account: promises and plans whose day is over, reviews that are due, and whether it
stands otherwise than before."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.collections.asked import OfAccount, recorded
from ledger.collections.collections_shown import plan_shown, promise_shown
from ledger.collections.payment_plan import RUNNING_PLANS, Instalment, PaymentPlan, PaymentPlanState, plan_state
from ledger.collections.promise import Promise, PromiseState
from ledger.collections.record_promise import states_now
from ledger.credit.account import Account, Grade
from ledger.credit.account_fact_group import account_body, as_of
from ledger.credit.assign_grade import AssignGrade, assign_grade
from ledger.credit.change import Asker, CommandRefused, Desk, Judged, LedgerChange, Unchanged
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import required_account
from ledger.credit.snapshot import Snapshot, Wants

ACCOUNT_CASE = "account"

SERVICE = Asker(login=None, program="credit ledger")
"""Who does what nobody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAgreements(OfAccount):
    """Promises and plans of an account are looked at on a new day."""

    account: str
    id: str
    """Of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAccount:
    """An account is reviewed where that is due, and decided otherwise; on record where it stands otherwise."""

    account: str
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The account."""
        return Wants(accounts=frozenset((self.account,)))


def judge_agreements(snapshot: Snapshot, command: JudgeAgreements, desk: Desk) -> LedgerChange:
    """Raises `Unchanged` where every row says what the day does."""
    account = required_account(snapshot, command.account)
    posting = Posting(snapshot, desk, "promise-judged")
    promises = states_now(snapshot.of_account(Promise, account.id), desk.day)
    plans = _plans_now(snapshot, account, desk.day)
    for promise in promises:
        posting.put(promise)
    for plan in plans:
        posting.put(plan)
    if not posting.rows:
        raise Unchanged
    posting.touch(account.id)
    act = posting.cause
    if any(each.state is PaymentPlanState.BROKEN for each in plans):
        act = "plan-broken"
    if any(each.state is PromiseState.BROKEN for each in promises):
        act = "promise-broken"
    shown = {
        "promises": [promise_shown(each, account.currency, desk.day) for each in promises],
        "plans": [plan_shown(each, _parts(snapshot, each), account.currency) for each in plans],
    }
    return recorded(posting, account.id, account.id, shown, id=command.id, act=act)


def _plans_now(snapshot: Snapshot, account: Account, day: int) -> list[PaymentPlan]:
    running = [each for each in snapshot.of_account(PaymentPlan, account.id) if each.state in RUNNING_PLANS]
    now = [replace(each, state=plan_state(each, _parts(snapshot, each), day)) for each in running]
    return [each for each, before in zip(now, running, strict=True) if each.state is not before.state]


def _parts(snapshot: Snapshot, plan: PaymentPlan) -> list[Instalment]:
    return [each for each in snapshot.of_account(Instalment, plan.account) if each.plan == plan.number]


def review_account(snapshot: Snapshot, command: ReviewAccount, desk: Desk) -> LedgerChange:
    """Raises `Unchanged` where no review is due and the account stands as before, and `CommandRefused` or
    `FactsRefused` where it can't be decided."""
    account = required_account(snapshot, command.account)
    change = _reviewed(snapshot, account, command, desk)
    mildest = next(iter(CASE_KINDS[ACCOUNT_CASE].ladder))
    if change is None:
        body = account_body(snapshot, account, desk)
        if "currency" in body and "rates" not in body:
            raise Unchanged
        decision = desk.engine.decide_request(ACCOUNT_CASE, body, as_of(body), command.id)
        if decision.outcome == (account.standing or mildest):
            raise Unchanged
        posting = Posting(snapshot, desk, "review")
        posting.put(replace(account, standing=decision.outcome))
        return recorded(
            posting, account.id, account.id, {"standing": decision.outcome},
            judged=Judged(decision=decision, facts=body),
        )  # fmt: skip
    outcome = account.standing if change.judged is None else change.judged.decision.outcome
    rows = tuple(replace(row, standing=outcome) if isinstance(row, Account) else row for row in change.rows)
    return replace(change, rows=rows)


def _reviewed(snapshot: Snapshot, account: Account, command: ReviewAccount, desk: Desk) -> LedgerChange | None:
    """The review that is due, with the grade that it assigns; None where none is, or the policies give no grade."""
    grades = sorted(snapshot.of_account(Grade, account.id), key=lambda each: each.since)
    due = grades[-1].review_on if grades else None
    if due is None or due > desk.day:
        return None
    try:
        return assign_grade(snapshot, AssignGrade(account=account.id, asker=SERVICE, id=command.id), desk)
    except (CommandRefused, FactsRefused):
        return None
