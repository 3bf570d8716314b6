"""A customer's items → the account facts that follow from them, as of the close of a day.

Part of `portfolio_decided`. What a map says of a customer counts before what is worked out here. A figure with nothing
to tell it from is left out, so that policies treat it as missing. Spans are those of `engine.history`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from engine.facts import decimal_shower
from engine.map_rows import Raw
from engine.portfolio import Item, date_of, decimal_text, disputed_amount, line

YEAR_DAYS = 365
QUARTER_DAYS = 91
_MONTHS_IN_YEAR = 12


def account_facts(
    customer: str, items: Sequence[Item], as_of: int, receivables: int, currency_digits: int
) -> dict[str, Raw]:
    """`items`: all that were issued to this customer by `as_of`, at least one; `receivables` are those of all
    customers."""
    money = decimal_shower(currency_digits)
    owed = [item for item in items if item.open_amount]
    total, disputed = line("", owed, as_of), disputed_amount(owed)
    overdue = [as_of - item.due for item in owed if item.due < as_of and not item.is_credit]
    months = whole_months(min(item.issued for item in items), as_of)
    sales = sum(item.amount for item in items if item.issued > as_of - YEAR_DAYS)
    quarter = as_of - QUARTER_DAYS
    found: dict[str, Raw] = {
        "id": customer,
        "months": months,
        "open_invoices": money(total.amount),
        "overdue_amount": money(total.overdue),
        "days_overdue_max": max(overdue, default=0),
        "disputed_amount": None if disputed is None else money(disputed),
        "receivables_total": money(receivables) if receivables >= 0 else None,
        "on_time_rate": on_time_rate(_days_late(items, as_of - YEAR_DAYS, as_of)),
        "average_days_late": _average(_days_late(items, quarter, as_of)),
        "previous_average_days_late": _average(_days_late(items, quarter - QUARTER_DAYS, quarter)),
        "average_monthly_sales": _monthly(sales, months, currency_digits),
    }
    return {name: value for name, value in found.items() if value is not None}


def on_time_rate(days_late: Sequence[int]) -> str | None:
    if not days_late:
        return None
    return decimal_text(Fraction(sum(days <= 0 for days in days_late), len(days_late)), 6)


def whole_months(first: int, day: int) -> int:
    begin, end = date_of(first), date_of(day)
    return (end.year - begin.year) * _MONTHS_IN_YEAR + end.month - begin.month - (end.day < begin.day)


def merged(computed: Mapping[str, Raw], said: Mapping[str, Raw]) -> dict[str, Raw]:
    return {**computed, **said, "id": computed["id"]}


def _days_late(items: Iterable[Item], after: int, until: int) -> list[int]:
    """Of the invoices settled after one day and by another; paid on time counts 0."""
    return [
        max(item.settled - item.due, 0)
        for item in items
        if item.settled is not None and after < item.settled <= until and not item.is_credit
    ]


def _average(days_late: Sequence[int]) -> int | None:
    """Rounded half to even, as policies round."""
    return round(Fraction(sum(days_late), len(days_late))) if days_late else None


def _monthly(sales: int, months: int, currency_digits: int) -> str | None:
    """Of the last twelve months; a customer of less than a year is averaged over the months it has been one."""
    if sales < 0:
        return None
    return decimal_text(Fraction(sales, min(max(months, 1), _MONTHS_IN_YEAR) * 10**currency_digits), currency_digits)
