"""The portfolio's account facts as they were worked out before they were defined once: kept word for word as an oracle.

A customer's items → the account facts that follow from them, as of the close of a day.

Part of `decided`. What a map says of a customer counts before what is worked out here. A figure with nothing
to tell it from is left out, so that policies treat it as missing. The payment record is read as `history.record` reads
it when the next day opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.vocabulary.binding import JsonScalar
from engine.vocabulary.decimals import RATE_SCALE, decimal_formatter
from tests.receivables.oracles.figures_oracle import Item, disputed_amount, line
from tests.receivables.oracles.running_oracle import (
    QUARTER_DAYS,
    SERIOUSLY_LATE_DAYS,
    SERIOUSLY_LATE_INVOICES_MIN,
    YEAR_DAYS,
    rounded,
    whole_months,
)

_MONTHS_IN_YEAR = 12


def account_facts(
    customer: str, items: Sequence[Item], as_of: int, receivables: int, currency_digits: int
) -> dict[str, JsonScalar]:
    """`items`: all that were issued to this customer by `as_of`, at least one; `receivables` are those of all
    customers."""
    money = decimal_formatter(currency_digits)
    owed = [item for item in items if item.open_amount]
    total, disputed = line("", owed, as_of), disputed_amount(owed)
    overdue = [as_of - item.due for item in owed if item.due < as_of and not item.is_credit]
    sales = _monthly_sales(items, as_of)
    found: dict[str, JsonScalar] = {
        "id": customer,
        "months": _months(items, as_of),
        "open_invoices": money(total.amount),
        "overdue_amount": money(total.overdue),
        "days_overdue_max": max(overdue, default=0),
        "disputed_amount": None if disputed is None else money(disputed),
        "receivables_total": money(receivables) if receivables >= 0 else None,
        "average_monthly_sales": money(sales) if sales is not None and sales >= 0 else None,
        **_payment_record(items, as_of),
    }
    return {name: value for name, value in found.items() if value is not None}


def _payment_record(items: Sequence[Item], as_of: int) -> dict[str, JsonScalar]:
    rate, quarter = decimal_formatter(RATE_SCALE), as_of - QUARTER_DAYS
    year = _days_late(items, as_of - YEAR_DAYS, as_of)
    on_time = rounded(sum(not days for days in year) * 10**RATE_SCALE, len(year))
    late = rounded(sum(days > SERIOUSLY_LATE_DAYS for days in year) * 10**RATE_SCALE, len(year))
    last, before = _days_late(items, quarter, as_of), _days_late(items, quarter - QUARTER_DAYS, quarter)
    return {
        "on_time_rate": None if on_time is None else rate(on_time),
        "seriously_late_rate": None if late is None or len(year) < SERIOUSLY_LATE_INVOICES_MIN else rate(late),
        "average_days_late": rounded(sum(last), len(last)),
        "previous_average_days_late": rounded(sum(before), len(before)),
    }


def merged(computed: Mapping[str, JsonScalar], said: Mapping[str, JsonScalar]) -> dict[str, JsonScalar]:
    return {**computed, **said, "id": computed["id"]}


def _days_late(items: Iterable[Item], after: int, until: int) -> list[int]:
    """Of the invoices closed after one day and by another; paid on time counts 0."""
    return [
        max(item.settled - item.due, 0)
        for item in items
        if item.settled is not None and after < max(item.settled, item.issued) <= until and not item.is_credit
    ]


def _months(items: Iterable[Item], as_of: int) -> int:
    return whole_months(min(item.issued for item in items), as_of)


def _monthly_sales(items: Sequence[Item], as_of: int) -> int | None:
    """Of the last twelve months; a customer of less than a year is averaged over the months it has been one."""
    sales = sum(item.amount for item in items if item.issued > as_of - YEAR_DAYS)
    return rounded(sales, min(max(_months(items, as_of), 1), _MONTHS_IN_YEAR))
