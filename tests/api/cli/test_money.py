"""Amounts are printed as the texts of policies have them."""

from __future__ import annotations

import pytest

from api.cli.money import grouped


@pytest.mark.parametrize(
    ("amount", "printed"),
    [
        ("0.00", "0.00"),
        ("999.99", "999.99"),
        ("1250.00", "1,250.00"),
        ("-1250.50", "-1,250.50"),
        ("1000000", "1,000,000"),
        ("12345678901234567890.123", "12,345,678,901,234,567,890.123"),
        ("none", "none"),
    ],
)
def test_thousands_have_commas(amount: str, printed: str) -> None:
    assert grouped(amount) == printed
