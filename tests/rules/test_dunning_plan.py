"""The plan of an invoice keeps its word: decided day by day, each step falls on the day that the plan named, and once.

More than half a year is run through from the day of issue: on each day the invoice is decided with the contacts made so
far, and the step that the decision asks for is taken on that day. The reminder before the due date comes once, the
e-mail, the letter, the visit, the lawyer and the agency once each, in this order; only a call may come again. Nothing
is done on a week-end or a holiday, and no reminder is promised that never comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from engine.vocabulary.days import EPOCH
from tests.support.default_policies import default_folder
from tests.support.invoice_policies import InvoicePolicies, Matched, invoice_policies, with_fault
from tests.support.large import IS_LARGE

LEVELS = {
    "collections.email": 1,
    "collections.call": 2,
    "collections.formal-letter": 3,
    "collections.visit": 4,
    "collections.too-small-to-visit": 4,
    "collections.lawyer-letter": 5,
    "collections.too-small-for-lawyer": 5,
    "collections.agency": 6,
    "collections.too-small-for-agency": 6,
}
"""The level that the rule of a step stands for."""

REMIND = "collections.remind"
DATES = ("email_on", "call_on", "formal_letter_on", "visit_on", "lawyer_letter_on", "agency_on")
"""The dates of the plan, by level."""
COMING = ("reminder_on", "next_step_on")
"""What is still to come."""

GRADES: Mapping[str, dict[str, object]] = {
    "A": {"months": 72, "current_ratio": "2.1", "debt_ratio": "0.35", "external_rating": "A", "on_time_rate": "0.97"}
    | {"seriously_late_rate": "0", "average_days_late": 1, "broken_promises": 0, "assessed_on": "2026-01-05"},
    "E": {"months": 6, "current_ratio": "0.8", "debt_ratio": "0.95", "external_rating": "CCC", "on_time_rate": "0.3"}
    | {"seriously_late_rate": "0.6", "average_days_late": 50, "broken_promises": 2, "assessed_on": "2026-01-05"},
    "none": {},
}
SOUND: dict[str, object] = {"insolvent": False, "litigation": False, "abnormal_operation": False}
"""The amounts stand for each smallest amount of the policy: agency, lawyer, visit, large."""
AMOUNTS = ("60.00", "800.00", "2000.00", "12000.00", "60000.00")
MONDAY = date(2026, 2, 2)
HOLIDAYS = frozenset(
    date.fromisoformat(line[:10])
    for line in default_folder().policies["rules/lists/holidays.csv"].decode("utf-8").splitlines()[1:-1]
)
"""Those of the list that ships; the years run through the spring ones, and from December into the next year."""
DAYS = 200
"""From issue until long after the last step."""


Plan = Mapping[str, date | None]
"""The dates of a plan by name."""


@dataclass(kw_only=True)
class Year:
    """An invoice that nobody pays, from its issue on."""

    amount: str
    account: dict[str, object]
    due: date
    issued: date
    with_levels: bool = True
    """Whether the dunning level is recorded, or only the days of contacts."""
    level: int = 0
    contact: date | None = None
    taken: list[tuple[int, date]] = field(default_factory=list)
    """Level and day of every step; 0 is the reminder before the due date."""

    def decide(self, policies: InvoicePolicies, day: date) -> Matched:
        invoice: dict[str, Any] = {"id": "INV-1", "open_amount": self.amount, "disputed": False}
        invoice |= {"invoice_date": self.issued.isoformat(), "due_date": self.due.isoformat()}
        account = {"id": "C-1", **self.account}
        if self.with_levels:
            invoice["dunning_level"] = self.level
        if self.contact is not None:
            invoice["last_contact_on"] = account["last_contact_on"] = self.contact.isoformat()
        return policies.match({"invoice": invoice, "account": account}, day)

    def run(self, policies: InvoicePolicies) -> list[Plan]:
        """The plan as each day's decision has it."""
        plans: list[Plan] = []
        for number in range(DAYS):
            day = self.issued + timedelta(days=number)
            found = self.decide(policies, day)
            plans.append({name: _date(found[f"dunning.{name}"]) for name in (*DATES, *COMING)})
            steps = {LEVELS[rule] for rule in found.fired if rule in LEVELS}
            assert len(steps) <= 1, found.fired
            if REMIND in found.fired or steps:
                level = steps.pop() if steps else 0
                self.taken.append((level, day))
                self.level, self.contact = max(self.level, level), day
        return plans


def _years() -> list[Year]:
    weekdays = range(7)
    classes = ("key", None)
    found = []
    for grade, amount, weekday, customer, terms, with_levels in product(
        GRADES, AMOUNTS, weekdays, classes, (30, 2), (True, False)
    ):
        # at Easter and at Christmas, so that steps and due dates meet holidays
        due = MONDAY + timedelta(days=(54 if customer else 320) + weekday)
        account = {**GRADES[grade], **SOUND, **({"customer_class": customer} if customer else {})}
        issued = due - timedelta(days=terms)
        found.append(Year(amount=amount, account=account, due=due, issued=issued, with_levels=with_levels))
    return [*_corners(), *(found if IS_LARGE else found[::29])]


def _corners() -> list[Year]:
    """Issued the day before a Sunday on which it is due; due on the eve of Good Friday and on Easter Monday, chased in
    short steps by contacts without levels; due in the days between Christmas and New Year."""
    strict, standard = {**GRADES["E"], **SOUND}, {**SOUND}
    days = [(date(2026, 7, 18), 1), (date(2026, 3, 3), 30), (date(2026, 4, 3), 3), (date(2026, 12, 1), 26)]
    return [
        Year(amount="12000.00", account=account, issued=issued, due=issued + timedelta(days=terms), with_levels=levels)
        for issued, terms in days
        for account, levels in ((strict, False), (standard, True))
    ]


def _date(value: object) -> date | None:
    return EPOCH + timedelta(days=value) if isinstance(value, int) else None


Run = tuple[Year, list[Plan]]


@pytest.fixture(scope="module")
def years() -> list[Run]:
    return [(year, year.run(invoice_policies())) for year in _years()]


def test_each_step_falls_on_the_day_that_the_plan_named(years: list[Run]) -> None:
    for year, plans in years:
        firsts = dict(reversed(year.taken))
        named = {level: plans[0][name] for level, name in enumerate(DATES, 1)}
        assert {level: day for level, day in firsts.items() if level} == named, year
        assert firsts.get(0, year.issued) >= year.issued


def test_every_later_plan_names_the_same_days(years: list[Run]) -> None:
    for year, plans in years:
        firsts = dict(reversed(year.taken))
        for number, plan in enumerate(plans):
            day = year.issued + timedelta(days=number)
            coming = {level: plan[name] for level, name in enumerate(DATES, 1) if firsts[level] >= day}
            assert coming == {level: firsts[level] for level in coming}, (year, day)
            after = min((at for at in firsts.values() if at > day), default=None)
            assert plan["next_step_on"] == after, (year, day)
            assert plan["reminder_on"] == (firsts.get(0) if firsts.get(0, day) >= day else None), (year, day)


def test_each_step_is_taken_once_and_only_a_call_again(years: list[Run]) -> None:
    for year, _ in years:
        _takes_each_step_once(year)
    again = sum(level == 2 for year, _ in years for level, _ in year.taken) - len(years)
    assert again > 0, "no call came again, so nothing was shown about it"


def _takes_each_step_once(year: Year) -> None:
    levels = [level for level, _ in year.taken]
    assert levels == sorted(levels), year
    assert {1, 2, 3, 4, 5, 6} <= set(levels), year
    assert all(levels.count(level) == 1 for level in set(levels) - {2}), year
    assert all(day.isoweekday() <= 5 and day not in HOLIDAYS for _, day in year.taken)


def test_a_reminder_before_the_due_date_is_not_sent_again_on_the_due_date(
    years: list[Run],
) -> None:
    reminded = [[day for level, day in year.taken if level == 0] for year, _ in years]

    assert all(len(days) <= 1 for days in reminded)
    assert sum(bool(days) for days in reminded) > len(years) / 2


FAULTS = {
    "the reminder comes again": (
        "invoice.last_contact_on >= invoice.due_date - max(remind_days, reminder_days_max)",
        "false",
    ),
    "a repeated call keeps the letter waiting": (" and as_of + step_gap_days <= formal_letter_on", ""),
    "the reminder counts as a contact": (
        "invoice.last_contact_on > collections.payable_on then",
        "invoice.last_contact_on > as_of - 90 then",
    ),
    "the plan knows no holidays": (
        "lawyer_letter_on + step_gap_days), lists.holidays",
        "lawyer_letter_on + step_gap_days), []",
    ),
    "a contact after a long holiday counts for two steps": (
        "invoice.last_contact_on >= call_planned",
        "invoice.last_contact_on >= collections.payable_on + call_days",
    ),
    "a reminder is promised that never comes": ("reminder_from > invoice.due_date", "false"),
    "a step comes every day": (
        "level_reached = 4 and lawyer_letter_on = as_of",
        "level_reached >= 4 and lawyer_letter_on <= as_of",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_breaks_the_plan(fault: str) -> None:
    policies = with_fault("dunning", *FAULTS[fault])
    kept = True
    for year in [*_corners(), *_years()[:: 6 if not IS_LARGE else 60]]:
        try:
            plans = year.run(policies)
            test_each_step_falls_on_the_day_that_the_plan_named([(year, plans)])
            test_every_later_plan_names_the_same_days([(year, plans)])
            _takes_each_step_once(year)
            test_a_reminder_before_the_due_date_is_not_sent_again_on_the_due_date([(year, plans)] * 2)
        except (AssertionError, KeyError):
            kept = False
            break

    assert not kept
