"""What must hold of the default policies whatever the invoice: nothing due is lost, nothing counts that isn't there.

Each relation looks at invoices made at random and names those that break it. That it can, is shown beside it: with one
place of the policies written wrongly it names one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pytest

from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.vocabulary import Kind
from tests.support.invoice_policies import InvoicePolicies, Matched, invoice_policies, with_fault
from tests.support.large import how_many
from tests.support.random_invoices import Made, made_invoice
from tests.support.steps import one_in

CASES = how_many(1_000, large=20_000)

STEPS = {
    "collections.remind": 1,
    "collections.email": 2,
    "collections.call": 3,
    "collections.formal-letter": 4,
    "collections.too-small-to-visit": 4,
    "collections.visit": 5,
    "collections.too-small-for-lawyer": 4,
    "collections.lawyer-letter": 6,
    "collections.agency": 7,
    "collections.promise-broken": 3,
    "collections.promise-too-late": 3,
}
"""How hard each step is on the customer. A write-off is none."""

INSTEAD_OF_A_STEP = frozenset({"collections.too-small-for-agency", "insurance.collection"})
WAITS = frozenset(
    f"collections.{name}"
    for name in ("disputed", "promised", "on-plan", "blocked", "just-contacted", "week-end", "in-court")
)
MAY_PUT_OFF_A_WRITE_OFF = frozenset(f"collections.{name}" for name in ("disputed", "promised", "on-plan", "in-court"))
"""What may still bring the money; a dunning block, a recent contact or a week-end doesn't."""

LAST_RESORTS = frozenset(
    {
        "collections.agency",
        "provisions.write-off",
        "provisions.write-off-after-last-step",
        "provisions.write-off-residual",
    }
)

BYSTANDERS = (
    *(f"invoice.{name}" for name in ("insured_amount", "insurer_notified", "claim_filed", "insurer_consented")),
    *(f"invoice.{name}" for name in ("secured_amount", "guarantee_drawn", "title_retained", "proof_of_debt_filed")),
    *(f"invoice.{name}" for name in ("plan_requested", "settlement_offer", "financing_offered", "financing_recourse")),
    *(f"invoice.{name}" for name in ("assignment_banned", "governing_law", "debt_acknowledged_on", "discount_rate")),
    *(f"invoice.{name}" for name in ("discount_days", "daily_interest_rate")),
    *(f"account.{name}" for name in ("country", "overdue_amount", "days_overdue_max", "open_invoices")),
    *(
        f"account.{name}"
        for name in ("receivables_total", "insured_cover", "guarantee_until", "insolvency_accepted_on")
    ),
)
"""Facts that other reasons are about. None of them may take a step away."""

AMOUNTS_OF_ZERO = ("insured_amount", "secured_amount", "settlement_offer", "credits_pending")
"""Amounts of the invoice that may be left out or zero, which is the same."""

PAST = {"invoice.disputed_on", "invoice.promised_on", "invoice.last_contact_on", "invoice.debt_acknowledged_on"}
PAST |= {"account.last_contact_on", "account.insolvency_accepted_on", "account.assessed_on", "account.blocked_since"}
PAST |= {"account.bounced_on", "account.screened_on", "account.last_order_on"}
AHEAD = {"invoice.invoice_date", "invoice.due_date", "invoice.promise_date", "invoice.dunning_block_until"}
AHEAD |= {"invoice.instalment_due", "account.guarantee_until", "account.insured_until", "account.limit_until"}
AHEAD |= {"account.claims_due_by", "account.temporary_from", "account.temporary_until"}
AHEAD |= {"account.next_review_on", "account.insured_stopped_on"}
A_DAY = timedelta(days=1)
STEP_GAP_DAYS = 3
"""As the policy `collections` has it."""

Relation = Callable[[InvoicePolicies, Made, date], Iterator[str]]


def a_due_step_stays(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    """A step that is due where little is known of an invoice is due where all is known, or what stands for it."""
    alone = {
        group: {key: value for key, value in facts.items() if f"{group}.{key}" not in BYSTANDERS}
        for group, facts in made.items()
    }
    before, found = policies.match(alone, day).fired, policies.match(made, day)
    after = found.fired | found.undetermined  # what is open is a review, and names the step
    for step in (before & (STEPS.keys() | INSTEAD_OF_A_STEP)) - after:
        if not after & INSTEAD_OF_A_STEP:
            yield f"{step} is gone, {sorted(after)}"


def a_due_step_is_taken_or_waits(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    """Where a step is due there is one, or a reason that says what it waits for; never both."""
    found = policies.match(made, day)
    steps, waits = found.fired & (STEPS.keys() | INSTEAD_OF_A_STEP), found.fired & WAITS
    if found["collections.held_back"] and not steps and not waits:
        yield f"nothing is done and nothing says why: {sorted(found.fired)}"
    if found.fired & STEPS.keys() and waits:
        yield f"{sorted(steps)} beside {sorted(waits)}"


def something_is_said(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    """Of every invoice at least one rule speaks: what is to be done, or why nothing is."""
    found = policies.match(made, day)
    policies_of_steps = ("collections.", "insurance.", "recovery.", "provisions.")
    if not any(rule.startswith(policies_of_steps) for rule in found.fired | found.undetermined):
        yield f"nothing of {found['collections.chased']} at {found['collections.days_overdue']} days overdue"


def nothing_is_dunned_before_it_is_overdue(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    """Before the last day on which the invoice could be paid there is a reminder at most."""
    found = policies.match(made, day)
    dunning = found.fired & (STEPS.keys() | INSTEAD_OF_A_STEP) - {"collections.remind"}
    if dunning and found.number("collections.days_overdue") <= 0:
        yield f"{sorted(dunning)} at {found['collections.days_overdue']} days overdue"


def a_wait_hides_no_last_resort(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    fired = policies.match(made, day).fired
    hiding = fired & WAITS - MAY_PUT_OFF_A_WRITE_OFF
    if fired & LAST_RESORTS and hiding:
        yield f"{sorted(fired & LAST_RESORTS)} hidden by {sorted(hiding)}"


def a_payment_makes_no_step_harder(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    """Where levels are recorded, or no contact is. Where only the day of a contact is known, what was done then is told
    from the days of the track, and a payment may change the track."""
    if made["invoice"].get("dunning_level") is None and made["invoice"].get("last_contact_on") is not None:
        return
    amount = float(str(made["invoice"]["open_amount"]))
    paid = {**made, "invoice": {**made["invoice"], "open_amount": f"{max(amount * 0.6, 0):.2f}"}}
    before, after = (_hardest(policies.match(facts, day)) for facts in (made, paid))
    if amount > 0 and after > before:
        yield f"{before} becomes {after}"


def nothing_is_covered_twice(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    found = policies.match(made, day)
    open_amount = max(found.number("invoice.open_amount"), 0)
    covered, at_risk = found["provisions.covered"], found["provisions.at_risk"]
    if isinstance(covered, int) and not 0 <= covered <= open_amount:
        yield f"{covered} of {open_amount} is covered"
    if isinstance(covered, int) and isinstance(at_risk, int) and at_risk + covered != open_amount:
        yield f"{covered} covered and {at_risk} at risk of {open_amount}"
    allowance = found["provisions.allowance"]
    if isinstance(at_risk, int) and isinstance(allowance, int) and not 0 <= allowance <= at_risk:
        yield f"an allowance of {allowance} for {at_risk} at risk"


def interest_is_that_of_the_law(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    """The undisputed amount at each day's own rate, until an insolvency was accepted; cents round by half-year."""
    found = policies.match(made, day)
    interest, late = found["concessions.late_interest"], found["collections.days_overdue"]
    if not isinstance(interest, int) or not isinstance(late, int):
        return
    days = max(late, 0)
    accepted = found["account.insolvency_accepted_on"]
    if found["collections.insolvent"] and isinstance(accepted, int):
        days = min(days, max(accepted - found.number("invoice.due_date"), 0))
    due = date(1970, 1, 1) + timedelta(days=found.number("invoice.due_date"))
    by_contract = found["invoice.daily_interest_rate"]
    daily = by_contract / 10**6 if isinstance(by_contract, int) else None
    shares = sum(_daily_rate(str(found["recovery.law"]), daily, due + n * A_DAY) for n in range(1, days + 1))
    if abs(interest - found.number("concessions.interest_base") * shares) > 10:
        yield f"{interest} on {found['concessions.interest_base']} for {days} days since {due}"


def _daily_rate(law: str, by_contract: float | None, day: date) -> float:
    """What a day's delay costs of each unit that is owed."""
    if by_contract is not None:
        return by_contract
    if law in {"DE", "FR", "PL"}:
        return (_ECB.get((day.year, day.month > 6), 0) + 8) / 100 / 365
    return 0.0005 if law == "CN" else 0


_ECB = {(2023, False): 2.5, (2023, True): 4, (2024, False): 4.5, (2024, True): 4.25, (2025, False): 3.15}
_ECB |= {(2025, True): 2.15, (2026, False): 2.15, (2026, True): 2.4}
"""The rate of the main refinancing operations in percent, by year and whether it is the second half."""


def an_advance_is_backed(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    """No more than the undisputed amount; where only the insurer stands behind it, no more than he pays; nothing on a
    debtor who is insolvent, in court or on a sanctions list."""
    found = policies.match(made, day)
    advance = found["financing.advance"]
    if not isinstance(advance, int) or advance == 0:
        return
    undisputed = found.number("invoice.open_amount") - found.number("collections.disputed_part")
    insured = min(found.number("insurance.insured_part"), undisputed)
    excluded = ("account.insolvent", "account.litigation", "account.sanctions_hit", "invoice.disputed")
    if advance > undisputed or any(found[name] for name in excluded):
        yield f"{advance} is advanced"
    if found["financing.own_rate"] == 0 and advance * 10**6 > insured * found.number("account.insured_cover"):
        yield f"{advance} is advanced on {insured} insured"


def zero_needs_nothing_else(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    """An amount of zero decides as one that is left out, whatever else is missing."""
    for name in AMOUNTS_OF_ZERO:
        zero = {**made, "invoice": {**made["invoice"], name: "0.00"}}
        none = {**made, "invoice": {key: value for key, value in made["invoice"].items() if key != name}}
        with_zero, without = policies.match(zero, day), policies.match(none, day)
        if (with_zero.fired, with_zero.undetermined) != (without.fired, without.undetermined):
            yield f"{name}: {sorted(with_zero.fired ^ without.fired)} {sorted(with_zero.undetermined)}"


def the_plan_is_a_plan(policies: InvoicePolicies, made: Made, day: date) -> Iterator[str]:
    """The steps that are still to come follow one another with the gap between two contacts, on working days."""
    found = policies.match(made, day)
    names = ("email_on", "call_on", "formal_letter_on", "visit_on", "lawyer_letter_on", "agency_on")
    reached = found["dunning.level_reached"]
    if not isinstance(reached, int) or found["dunning.resume_on"] is None:
        return
    dates = [found.number(f"dunning.{name}") for name in names][reached:]
    if any(after - before < STEP_GAP_DAYS for before, after in pairwise(dates)):
        yield f"two contacts within {STEP_GAP_DAYS} days: {dates}"
    if any((at + 3) % 7 > 4 for at in dates):  # 1970-01-01 was a Thursday
        yield f"a step on a week-end: {dates}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A text of a policy, and the mistake that is written in its place."""

    policy: str
    text: str
    instead: str


FAULTS: Mapping[Relation, Fault] = {
    a_due_step_stays: Fault(
        "collections",
        "when: [chase, dunning.step_falling = 3]",
        "when: [chase, dunning.step_falling = 3, not(recovery.deadline_near)]",
    ),
    a_due_step_is_taken_or_waits: Fault(
        "collections",
        "when: [held_back, dunning.quiet_until > as_of]",
        "when: [held_back, dunning.quiet_until > as_of + 1]",
    ),
    something_is_said: Fault(
        "collections", "when: [dunnable, as_of < dunning.remind_on, dunning.reminder_on = null]", "when: false"
    ),
    nothing_is_dunned_before_it_is_overdue: Fault(
        "collections", "when: [chase, promise_too_late, days_overdue > 0,", "when: [chase, promise_too_late,"
    ),
    a_wait_hides_no_last_resort: Fault(
        "collections", "when: [worth_it, blocked, dunning.level_reached < 6 or dunning.level_due < 6]", "when: blocked"
    ),
    a_payment_makes_no_step_harder: Fault(
        "collections",
        "when: [chase, dunning.step_falling = 4, chased >= visit_minimum]",
        "when: [chase, dunning.step_falling = 4, chased < visit_minimum]",
    ),
    nothing_is_covered_twice: Fault(
        "provisions", "max(invoice.open_amount - recovery.secured_part -", "max(invoice.open_amount -"
    ),
    interest_is_that_of_the_law: Fault(
        "concessions",
        "max(min(as_of, account.insolvency_accepted_on) - invoice.due_date, 0)",
        "as_of - invoice.due_date",
    ),
    an_advance_is_backed: Fault("financing", "min(insurance.insured_part, base)", "base"),
    zero_needs_nothing_else: Fault(
        "insurance", "invoice.insured_amount != null and invoice.insured_amount > 0", "invoice.insured_amount != null"
    ),
    the_plan_is_a_plan: Fault("dunning", "else email_on + step_gap_days)", "else email_on)"),
}


@pytest.mark.parametrize("relation", one_in(3, FAULTS), ids=lambda relation: str(relation.__name__))
def test_the_default_policies_keep(relation: Relation) -> None:
    assert next(_broken(relation, invoice_policies()), None) is None


@pytest.mark.parametrize("relation", one_in(3, FAULTS), ids=lambda relation: str(relation.__name__))
def test_a_fault_breaks(relation: Relation) -> None:
    fault = FAULTS[relation]

    assert next(_broken(relation, with_fault(fault.policy, fault.text, fault.instead)), None) is not None


def test_the_invoices_that_are_made_reach_every_rule() -> None:
    chance = random.Random(11)
    policies = invoice_policies()
    fired: set[str] = set()
    for _ in range(3_000):
        fired |= policies.match(*made_invoice(chance)).fired
    rules = {rule.id for rule in policies.engine.ruleset("invoice", date(2026, 7, 15)).rules}

    assert rules - fired <= {"collections.due-date-missing", "collections.not-issued"}


def test_a_date_of_the_past_that_lies_ahead_never_counts(default_engine: Engine) -> None:
    """Every date of an invoice or an account is either of the past or may lie ahead. One of the past that lies ahead is
    refused, or the invoice is decided as if it were left out."""
    dates = {
        fact.name for fact in default_engine.ruleset("invoice", date(2026, 7, 15)).facts if fact.type.kind is Kind.DATE
    }
    assert dates <= PAST | AHEAD, f"of the past, or may they lie ahead? {sorted(dates - PAST - AHEAD)}"
    chance, policies = random.Random(11), invoice_policies()
    counted = 0
    for _ in range(CASES // 5):
        made, day = made_invoice(chance)
        for name in sorted(PAST & dates):
            group, _, key = name.partition(".")
            without = {**made, group: {each: value for each, value in made[group].items() if each != key}}
            ahead = {**made, group: {**made[group], key: (day + A_DAY).isoformat()}}
            try:
                found = policies.match(ahead, day)
            except FactsRefused as refused:
                assert [fault.path for fault in refused.faults] == [name]
            else:
                expected = policies.match(without, day)
                assert (found.fired, found.undetermined) == (expected.fired, expected.undetermined), name
                counted += 1
    assert counted > 0


def _broken(relation: Relation, policies: InvoicePolicies) -> Iterator[str]:
    chance = random.Random(relation.__name__)
    for _ in range(CASES):
        made, day = made_invoice(chance)
        for how in relation(policies, made, day):
            yield f"{how}: {day} {made}"


def _hardest(found: Matched) -> int:
    hard = STEPS | {"insurance.collection": STEPS["collections.agency"]}
    return max((hard[rule] for rule in found.fired & hard.keys()), default=0)
