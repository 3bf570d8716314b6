"""Invoices made up at random, on and beside the numbers of the default policies, most as a ledger would have them.

Each fact that may be left out often is; dates lie around the day of the decision, amounts around the smallest
amounts of the policies. No fact of the past lies after the day of the decision.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

Made = dict[str, dict[str, object]]

DAYS = tuple(date(2026, 7, 6) + timedelta(days=offset) for offset in range(14))
"""Two weeks, so that every weekday is twice a day of decision."""

OVERDUE = (
    *(-130, -121, -60, -10, -7, -6, -1, 0, 1, 2, 3, 4, 7, 10, 15, 20, 21, 29, 30, 31, 40, 45, 46, 59, 60, 61, 70, 75),
    *(89, 90, 91, 100, 101, 105, 120, 165, 180, 181, 200, 365, 366, 500, 800, 1200),
)
AMOUNTS = (
    *("-500.00", "0.00", "5.00", "9.99", "10.00", "249.99", "250.00", "999.99", "1000.00", "4999.99", "5000.00"),
    *("12000.00", "49999.99", "50000.00", "400000.00"),
)
LAWS = ("DE", "CN", "FR", "US", "PL")
COUNTRIES = ("DE", "HK", "RU", "XX")
GRADED: tuple[dict[str, object], ...] = (
    {},
    {"months": 72, "current_ratio": "2.1", "debt_ratio": "0.35", "external_rating": "A", "on_time_rate": "0.97"}
    | {"seriously_late_rate": "0", "average_days_late": 1, "assessed_on": "2026-03-01"},
    {"months": 30, "on_time_rate": "0.97", "seriously_late_rate": "0", "average_days_late": 1}
    | {"assessed_on": "2026-02-01"},
    {"months": 30, "on_time_rate": "0.35", "seriously_late_rate": "0.2", "average_days_late": 20}
    | {"assessed_on": "2026-06-25"},
    {"months": 6, "current_ratio": "0.8", "debt_ratio": "0.95", "external_rating": "CCC", "on_time_rate": "0.3"}
    | {"seriously_late_rate": "0.6", "average_days_late": 50, "assessed_on": "2026-06-25"},
)


def made_invoice(chance: random.Random) -> tuple[Made, date]:
    day = chance.choice(DAYS)
    amount = chance.choice(AMOUNTS)
    due = _before(day, chance.choice(OVERDUE))
    invoice: dict[str, object] = {"id": "INV-1", "open_amount": amount, "due_date": due}
    account: dict[str, object] = {"id": "C-1", **chance.choice(GRADED)}
    made = {"invoice": invoice, "account": account}

    def perhaps(share: float, fact: str, *values: object) -> None:
        group, _, key = fact.partition(".")
        if chance.random() < share and key not in made[group]:
            made[group][key] = chance.choice(values)

    invoice["disputed"] = chance.random() < 0.2
    if chance.random() < 0.15:  # an invoice that a factor would look at
        invoice |= {"due_date": _before(day, -30), "disputed": False, "financing_offered": True}
        account |= {"country": "DE", "open_invoices": "40000.00", "receivables_total": "900000.00"}
        account |= {"overdue_amount": "0.00", "broken_promises": 0, "insolvent": False, "abnormal_operation": False}
    perhaps(
        0.7, "invoice.invoice_date", *(_before(date.fromisoformat(due), terms) for terms in (0, 14, 30, 60, 120, 121))
    )
    perhaps(0.5, "invoice.disputed_amount", "0.00", "100.00", "1990.01", "20000.00")
    perhaps(0.4, "invoice.disputed_on", *(_before(day, ago) for ago in (0, 1, 30, 31, 60)))
    perhaps(0.7, "invoice.dunning_level", 0, 1, 2, 3, 4, 5, 6)
    perhaps(0.6, "invoice.last_contact_on", *(_before(day, ago) for ago in (0, 1, 2, 3, 4, 6, 7, 8, 20, 60)))
    perhaps(0.3, "account.last_contact_on", *(_before(day, ago) for ago in (0, 2, 3, 7)))
    perhaps(0.3, "invoice.promise_date", *(_before(day, ago) for ago in (-60, -31, -30, -5, 0, 3, 4, 20)))
    perhaps(0.2, "invoice.promised_amount", "0.00", "500.00", "1990.01", "60000.00")
    perhaps(0.2, "invoice.promised_on", *(_before(day, ago) for ago in (0, 5, 40)))
    perhaps(0.1, "invoice.dunning_block_until", *(_before(day, ago) for ago in (-10, 0, 1)))
    perhaps(0.1, "invoice.instalment_due", *(_before(day, ago) for ago in (-10, 0, 3, 4, 20)))
    perhaps(0.2, "invoice.credits_pending", "0.00", "100.00", "12000.00")
    perhaps(0.4, "invoice.insured_amount", "0.00", "100.00", "5000.00", "50000.00")
    perhaps(0.8, "invoice.insurer_notified", True, False)
    perhaps(0.8, "invoice.claim_filed", True, False)
    perhaps(0.7, "account.insured_cover", "0", "0.7", "0.9", "1")
    perhaps(0.3, "invoice.secured_amount", "0.00", "1000.00", "12000.00")
    perhaps(0.3, "account.guarantee_until", *(_before(day, ago) for ago in (-60, -22, -21, 0, 1)))
    perhaps(0.1, "invoice.guarantee_drawn", True, False)
    perhaps(0.1, "invoice.insurer_consented", True, False)
    perhaps(0.1, "invoice.plan_requested", True, False)
    perhaps(0.2, "invoice.settlement_offer", "0.00", "100.00", "9600.00", "20000.00")
    perhaps(0.3, "invoice.financing_offered", True, False)
    perhaps(0.2, "invoice.financing_recourse", True, False)
    perhaps(0.1, "invoice.assignment_banned", True, False)
    perhaps(0.1, "invoice.recovery_exhausted", True, False)
    perhaps(0.05, "invoice.court_action", True, False)
    perhaps(0.1, "invoice.title_retained", True, False)
    perhaps(0.1, "invoice.proof_of_debt_filed", True, False)
    perhaps(0.2, "invoice.debt_acknowledged_on", *(_before(day, ago) for ago in (0, 300, 700)))
    perhaps(0.3, "invoice.governing_law", *LAWS)
    perhaps(0.2, "invoice.daily_interest_rate", "0", "0.0005", "0.001")
    perhaps(0.3, "invoice.discount_rate", "0", "0.02")
    perhaps(0.3, "invoice.discount_days", 0, 10, 120)
    perhaps(0.8, "account.insolvent", False, False, False, True)
    perhaps(0.3, "account.insolvency_accepted_on", *(_before(day, ago) for ago in (0, 10, 100)))
    perhaps(0.8, "account.litigation", False, False, True)
    perhaps(0.8, "account.abnormal_operation", False, False, True)
    perhaps(0.8, "account.broken_promises", 0, 1, 2, 3)
    perhaps(0.5, "account.country", *COUNTRIES)
    perhaps(0.8, "account.open_invoices", "12000.00", "40000.00", "400000.00")
    perhaps(0.8, "account.receivables_total", "900000.00", "90000.00")
    perhaps(0.8, "account.overdue_amount", "0.00", "500.00", "500.01", "30000.00")
    perhaps(0.6, "account.days_overdue_max", 0, 60, 61, 90, 91)
    perhaps(0.3, "account.customer_class", "key", "key", "standard")
    perhaps(0.2, "account.sanctions_hit", False, False, False, True)
    return made, day


def _before(day: date, days: int) -> str:
    return (day - timedelta(days=days)).isoformat()
