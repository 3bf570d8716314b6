"""Rows of a portfolio: an invoice that is issued later waits, a date of the past after the report is a fault."""

from __future__ import annotations

from datetime import date

import pytest

from engine.pipeline import Engine
from engine.reading.document import read
from files.maps.row_map_file import read_row_map
from receivables.portfolio.portfolio_rows import BookReader

MAP = """map: pf
title: {en: pf, zh: pf}
case: invoice
dates: yyyy-MM-dd
columns:
  amount: {column: amount, type: money}
  settled: {column: paid, type: date}
facts:
  invoice.id: {column: no}
  account.id: {column: customer}
  invoice.invoice_date: {column: issued}
  invoice.due_date: {column: due}
  invoice.open_amount: {column: amount}
  invoice.last_contact_on: {column: contact}
  invoice.disputed_on: {column: disputed}
...
"""
HEADING = ("no", "customer", "issued", "due", "amount", "paid", "contact", "disputed")


def reader_of(text: str, engine: Engine) -> BookReader:
    document, _ = read(text.encode(), "pf.yaml")
    assert document is not None
    row_map, mistakes = read_row_map(document, engine.vocabulary)
    assert row_map is not None, mistakes
    return BookReader(row_map, engine.vocabulary, date(2026, 7, 1))


def test_each_row_is_held_to_the_day_of_the_report(default_engine: Engine) -> None:
    reader = reader_of(MAP, default_engine)

    def faults(*cells: str) -> list[str]:
        return [str(fault) for fault in reader.add(HEADING, cells)]

    assert faults("1", "C", "2026-07-01", "2026-08-01", "5.000", "", "2026-07-01", "2026-07-02") == []
    assert faults("2", "C", "2026-07-02", "2026-08-01", "5.00", "", "2026-07-03", "") == []
    assert faults("3", "C", "2026-06-01", "2026-07-01", "5.00", "", "2026-07-02", "") == [
        "invoice.last_contact_on: column `contact`: `2026-07-02` lies after the day of the decision, 2026-07-01 "
        "(expected that day or an earlier one)"
    ]
    book = reader.book()
    assert ([item.number for item in book.items], book.later) == (["1"], 1)


OWED = MAP.replace("invoice.open_amount: {column: amount}", "invoice.open_amount: {column: open}")
SETTLED = "is not 0 although the invoice was settled"
UNSETTLED = "is 0 although the invoice is not settled"
BEYOND = "is not between 0 and the amount of the invoice"


@pytest.mark.parametrize("settled", [True, False], ids=["with the day of settlement", "without"])
@pytest.mark.parametrize(
    ("amount", "paid", "owed", "fault", "without"),
    [
        ("5.00", "", "5.00", None, None),
        ("5.00", "", "0.01", None, None),
        ("5.00", "", "0.00", UNSETTLED, None),
        ("5.00", "2026-07-01", "0.00", None, None),
        ("5.00", "2026-07-01", "5.00", SETTLED, None),
        ("5.00", "2026-07-02", "5.00", None, None),
        ("5.00", "2026-07-02", "0.00", UNSETTLED, None),
        ("5.00", "", "5.01", BEYOND, BEYOND),
        ("5.00", "", "-0.01", BEYOND, BEYOND),
        ("-5.00", "", "-5.00", None, None),
        ("-5.00", "", "-5.01", BEYOND, BEYOND),
        ("-5.00", "", "0.01", BEYOND, BEYOND),
    ],
)
def test_what_is_owed_agrees_with_the_settlement_and_the_amount(
    default_engine: Engine, settled: bool, amount: str, paid: str, owed: str, fault: str | None, without: str | None
) -> None:
    """On the day of the report, 1 July. A map without the day of settlement says nothing of it."""
    text = OWED if settled else OWED.replace("  settled: {column: paid, type: date}\n", "")
    reader = reader_of(text, default_engine)
    row = ("1", "C", "2026-06-01", "2026-07-01", amount, paid, "", "", owed)
    said = [str(each) for each in reader.add((*HEADING, "open"), row)]
    expected = fault if settled else without
    assert len(said) == (expected is not None)
    assert expected is None or said[0].startswith(f"invoice.open_amount: {expected}")
