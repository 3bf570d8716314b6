"""Rows of a portfolio: an invoice that is issued later waits, a date of the past after the report is a fault."""

from __future__ import annotations

from datetime import date

from engine.pipeline import load
from engine.reading.document import read
from files.maps.row_map_file import read_row_map
from ledger.policies.rules_folder import read_folder
from receivables.portfolio.portfolio_rows import BookReader
from tests.support.paths import RULES

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


def test_each_row_is_held_to_the_day_of_the_report() -> None:
    engine = load(read_folder(RULES).policies).engine
    assert engine is not None
    document, _ = read(MAP.encode(), "pf.yaml")
    assert document is not None
    row_map, mistakes = read_row_map(document, engine.vocabulary)
    assert row_map is not None, mistakes
    reader = BookReader(row_map, engine.vocabulary, date(2026, 7, 1))

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
