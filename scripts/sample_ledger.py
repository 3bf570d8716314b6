"""Writes api/starter/sample/invoices.csv, a small made-up ledger: `python scripts/sample_ledger.py`.

A test holds the two together.

Eighteen months of invoices of thirteen customers, as a bookkeeping program would export them on 30 June 2026: most pay
on time, some a few days late, one slower every quarter, one seldom at all. The documents' commands run on it. Numbers
are drawn with a fixed seed, so the same file comes out everywhere.
"""

from __future__ import annotations

import csv
import io
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEDGER = ROOT / "api" / "starter" / "sample" / "invoices.csv"

HEADING = ("Invoice", "Customer", "Country", "Issued", "Due", "Amount", "Open", "Disputed", "Reminders", "Settled")
_FIRST = date(2025, 1, 2)
_EXPORTED = date(2026, 6, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Customer:
    """Buys every `pace` days or so, for about `amount` euros on `terms` days, and pays about `late` days after the due
    date, with `slower` more days from one quarter to the next."""

    number: str
    country: str
    pace: int
    amount: int
    terms: int
    late: int
    slower: int = 0


_CUSTOMERS = (
    _Customer(number="C-17", country="DE", pace=24, amount=4_500, terms=30, late=-3),
    _Customer(number="C-19", country="DE", pace=45, amount=9_800, terms=30, late=-5),
    _Customer(number="C-23", country="FR", pace=30, amount=7_200, terms=30, late=4),
    _Customer(number="C-26", country="FR", pace=60, amount=2_400, terms=30, late=-2),
    _Customer(number="C-31", country="CN", pace=40, amount=11_500, terms=30, late=2, slower=6),
    _Customer(number="C-42", country="NL", pace=35, amount=1_600, terms=30, late=-4),
    _Customer(number="C-45", country="NL", pace=50, amount=6_100, terms=45, late=-6),
    _Customer(number="C-58", country="SE", pace=70, amount=2_300, terms=30, late=0),
    _Customer(number="C-60", country="SE", pace=38, amount=5_200, terms=30, late=-3),
    _Customer(number="C-64", country="PL", pace=33, amount=3_300, terms=15, late=9),
    _Customer(number="C-71", country="PL", pace=55, amount=8_400, terms=30, late=48),
    _Customer(number="C-77", country="IT", pace=48, amount=4_000, terms=60, late=-1),
    _Customer(number="C-83", country="IT", pace=80, amount=3_600, terms=30, late=100),
)


def rows() -> Iterator[tuple[str, ...]]:
    """The ledger's rows by day of issue, below the heading."""
    drawn = random.Random(2026)
    invoices = sorted(invoice for customer in _CUSTOMERS for invoice in _invoices(customer, drawn))
    for number, (issued, customer, country, due, amount, settled) in enumerate(invoices, 2001):
        overdue = (_EXPORTED - due).days if settled > _EXPORTED else 0
        yield (
            f"R-{number}",
            customer,
            country,
            issued.isoformat(),
            due.isoformat(),
            f"{amount}.00",
            f"{amount if settled > _EXPORTED else 0}.00",
            "yes" if settled > _EXPORTED and number % 9 == 0 else "no",
            str(sum(overdue > days for days in (1, 7, 15))),
            "" if settled > _EXPORTED else settled.isoformat(),
        )


def _invoices(customer: _Customer, drawn: random.Random) -> Iterator[tuple[date, str, str, date, int, date]]:
    """Day of issue, customer, country, due date, amount and the day on which each is paid, after the export or not."""
    issued = _FIRST + timedelta(int(drawn.random() * customer.pace))
    while issued <= _EXPORTED:
        due = issued + timedelta(customer.terms)
        quarter = (issued - _FIRST).days // 91
        late = customer.late + customer.slower * quarter + int(drawn.random() * 9) - 3
        amount = int(customer.amount * (0.6 + 0.8 * drawn.random()))
        yield issued, customer.number, customer.country, due, amount, max(due + timedelta(late), issued)
        issued += timedelta(max(int(customer.pace * (0.6 + 0.8 * drawn.random())), 1))


def ledger() -> str:
    """The whole file."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADING)
    table.writerows(rows())
    return text.getvalue()


if __name__ == "__main__":
    LEDGER.write_text(ledger(), encoding="utf-8")
    sys.stdout.write(f"{LEDGER.relative_to(ROOT)} written\n")
