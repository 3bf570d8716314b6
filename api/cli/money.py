"""Amounts as commands print them: with commas between thousands, as the texts of policies have them."""

from __future__ import annotations


def grouped(amount: str) -> str:
    """`1250.00` as `1,250.00`: decimal text as the service answers it."""
    sign, digits = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    whole, point, part = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{part}" if whole.isdigit() else amount
