"""A payment plan: what is owed in instalments, by agreement.

Instalments are paid one after the other by whatever is set off against the plan's items. A plan is broken once the last
day of an instalment is over and less was paid by then than all instalments until it come to; what is booked late counts
by its effective day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger.credit.account import Key


class PaymentPlanState(StrEnum):
    """How a plan stands."""

    PROPOSED = "proposed"
    """Waits for somebody with the authority."""

    RUNNING = "running"
    COMPLETED = "completed"
    BROKEN = "broken"
    CANCELLED = "cancelled"


RUNNING_PLANS = frozenset((PaymentPlanState.RUNNING, PaymentPlanState.BROKEN))
"""States in which payments count for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlan:
    """One plan of one account."""

    account: str
    number: int
    """From 1, for each account."""

    items: tuple[str, ...]
    amount: int
    """What all instalments come to, in minor units of the account's currency."""

    state: PaymentPlanState = PaymentPlanState.PROPOSED
    paid: int = 0
    """Set off against its items since it was agreed."""

    before: tuple[str, ...] = ()
    """Credits that were set off against its items already when it was agreed, and don't count."""

    asked_on: int
    agreed_on: int | None = None
    reason: str | None = None
    asked_by: str | None = None
    agreed_by: str | None = None
    agreed_by_role: str | None = None
    decision: str | None = None
    """By which the policies let it run, or referred it."""

    @property
    def key(self) -> Key:
        """Account and number."""
        return (self.account, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """One part of a plan."""

    account: str
    plan: int
    number: int
    """From 1, by due date."""

    due_on: int
    counts_until: int
    """The last day on which a payment is in time, by the policies."""

    amount: int
    paid_by_then: int = 0
    """What was paid for the whole plan with an effective day until `counts_until`."""

    @property
    def key(self) -> Key:
        """Account, plan and number."""
        return (self.account, self.plan, self.number)


def first_unmet(instalments: Sequence[Instalment]) -> Instalment | None:
    """The first instalment by whose last day less was paid than all until it come to; None where there is none."""
    owed = 0
    for each in sorted(instalments, key=lambda one: one.number):
        owed += each.amount
        if each.paid_by_then < owed:
            return each
    return None


def plan_state(plan: PaymentPlan, instalments: Sequence[Instalment], day: int) -> PaymentPlanState:
    """What a plan that runs is on a day, whether the day's turn was made or not."""
    if plan.state not in RUNNING_PLANS and plan.state is not PaymentPlanState.COMPLETED:
        return plan.state
    unmet = first_unmet(instalments)
    if unmet is not None and day > unmet.counts_until:
        return PaymentPlanState.BROKEN
    return PaymentPlanState.COMPLETED if plan.paid >= plan.amount else PaymentPlanState.RUNNING
