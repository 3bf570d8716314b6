"""Where each fact of an account comes from, in one word: for those who ask why it is as it is."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.credit.account import Account, Figures
from ledger.credit.account_fact_group import CONTINUED, DERIVED_OF_ACCOUNT, REPLACED

_BY_ORIGIN: Mapping[str, str] = {
    "account": "id status blocked_since",
    "items": "open_invoices overdue_amount days_overdue_max dunning_level disputed_amount open_items deposits_held",
    "payments": "months on_time_rate seriously_late_rate average_days_late previous_average_days_late "
    "average_monthly_sales bounced_on",
    "orders": "delivered_not_invoiced open_orders last_order_on",
    "limits": "limit_status credit_limit limit_until temporary_limit temporary_from temporary_until",
    "securities": "guarantee_amount guarantee_cover guarantee_until insured_limit insured_cover insured_until "
    "insured_stopped_on insured_max_days securities letters_of_credit",
    "group": "group_limit group_exposure group_insolvent group_worst_grade",
    "book": "receivables_total book_customers",
    "grades": "assigned_grade next_review_on",
}

ORIGINS: Mapping[str, str] = {name: origin for origin, names in _BY_ORIGIN.items() for name in names.split()}
"""Derived facts by their names without `account.`."""


def origin_of(name: str, account: Account, figures: Figures | None) -> str:
    """Of a fact that has a value, by its name without `account.`."""
    if name in DERIVED_OF_ACCOUNT:
        return ORIGINS[name]
    if figures is not None and name in figures.figures:
        return "figures"
    if name in CONTINUED and account.profile.get(name) is None:
        return "collections"
    return "grades" if name in REPLACED and name not in account.profile else "profile"
