"""Histories for tests of the backtest: IBM's sample where it is at hand, and random ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from functools import cache

import pytest
from hypothesis import strategies as st

from engine.reading.document import read
from receivables.history.history_map import HistoryMap
from receivables.history.history_map_file import read_history_map
from receivables.history.history_rows import invoice_reader
from receivables.items import Item, dated_item
from tests.support.default_policies import default_policies
from tests.support.paths import ROOT, RULES

SAMPLE = ROOT.parent / "shared" / "data" / "ibm_accounts_receivable.csv"
SAMPLE_MAP = RULES / "maps" / "ibm_history.yaml"

DAY = 15_000
"""2011-01-26"""


@cache
def sample_map() -> HistoryMap:
    document, mistakes = read(SAMPLE_MAP.read_bytes(), SAMPLE_MAP.name)
    assert document is not None and not mistakes
    found, diagnostics = read_history_map(document, default_policies().vocabulary)
    assert found is not None, "\n".join(map(str, diagnostics))
    return found


@cache
def sample() -> tuple[Item, ...]:
    if not SAMPLE.exists():
        pytest.skip("IBM's sample is not beside the repository")
    with SAMPLE.open(encoding="utf-8", newline="") as stream:
        heading, *rows = csv.reader(stream)
    read_row = invoice_reader(sample_map(), heading, 2)
    found = [invoice for row in rows if isinstance(invoice := read_row(row), Item)]
    assert len(found) == len(rows) == 2_466
    return tuple(found)


@st.composite
def invoices(draw: st.DrawFn, customers: str = "AB", due_days: Sequence[int] = (0, 7, 30, 60)) -> Item:
    """Due so many days after the issue. Within a stretch of days short enough that much happens on the same day."""
    issued = DAY + draw(st.integers(0, 450))
    settled = draw(st.none() | st.integers(-2, 200))
    disputed_on = draw(st.none() | st.integers(-30, 90))
    return dated_item(
        number=str(draw(st.integers(0, 10**6))),
        customer=draw(st.sampled_from(customers)),
        issued=issued,
        due=issued + draw(st.sampled_from(due_days)),
        settled=None if settled is None else issued + settled,
        amount=draw(st.integers(1, 10_000)),
        disputed=disputed_on is not None,
        disputed_on=None if disputed_on is None else issued + disputed_on,
    )


DUE_BEFORE_ISSUE = (-40, -1, 0, 7, 30)


def histories(due_days: Sequence[int] = (0, 7, 30, 60)) -> st.SearchStrategy[list[Item]]:
    return st.lists(invoices(due_days=due_days), min_size=1, max_size=25, unique_by=lambda invoice: invoice.number)


def accounts_of(invoices: Iterable[Item]) -> dict[str, list[Item]]:
    accounts: dict[str, list[Item]] = {}
    for invoice in invoices:
        known = accounts.get(invoice.customer)
        if known is None:
            accounts[invoice.customer] = [invoice]
        else:
            known.append(invoice)
    return accounts
