"""Relations that hold for every book: shares lie between 0 and 1, parts add up to the whole, a ratio without a value
has a reason, no warning speaks of a ratio without a value, and page, terminal and JSON say the same.

The books are random, of few items, so that credit notes, zero and negative sums, a single quarter, and quarters without
sales or payments are common among them; the last test holds that they are.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import date
from fractions import Fraction
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from engine.pipeline import Engine
from engine.vocabulary.days import date_of, day_number
from engine.vocabulary.decimals import decimal_text
from receivables.default_policies import PORTFOLIO_HEALTH
from receivables.figures import Line, PortfolioFigures, Quarter, figures
from receivables.items import Item
from receivables.portfolio.portfolio_decisions import decide_portfolio
from receivables.portfolio.portfolio_json import portfolio_json
from receivables.portfolio.portfolio_report import portfolio_report
from receivables.portfolio.portfolio_rows import Book
from receivables.portfolio.run_portfolio import Portfolio
from receivables.ratios import NoValue, Ratio
from receivables.report.html_page import html
from receivables.report.parts import Report, ReportTable, Tiles
from receivables.report.terminal_text import print_report
from tests.support.large import how_many

AS_OF = date(2026, 6, 30)
TODAY = day_number(AS_OF)
DAYS = Fraction(90)
REACH = 300
"""Days before the report on which items are issued: a little more than three quarters."""


@st.composite
def items(draw: st.DrawFn) -> Item:
    """Any item whose open amount agrees with its settlement, as the reader of rows lets through."""
    issued = TODAY - draw(st.integers(0, REACH))
    amount = draw(st.sampled_from([100_00, 250_00, 1, 900_00, -80_00, -100_00, -950_00, 0]))
    due = issued + draw(st.sampled_from([-20, 0, 30, 30, 30, 90]))
    settled = draw(st.none() | st.integers(-10, 200).map(lambda days: issued + days))
    is_open = settled is None or settled > TODAY
    owed = draw(st.sampled_from([amount, amount, amount // 2 or amount])) if is_open else 0
    customer = draw(st.sampled_from("ABC"))
    return Item("", customer, issued, due, settled, amount, owed, draw(st.sampled_from([None, False, True])))


def numbered(found: list[Item]) -> tuple[Item, ...]:
    return tuple(each._replace(number=str(number)) for number, each in enumerate(found))


BOOKS = st.lists(items(), min_size=1, max_size=9).map(numbered)
OPENINGS = st.sampled_from([None, TODAY - REACH - 70, TODAY - 91])


def figures_of(book: tuple[Item, ...], opening: int | None = None) -> PortfolioFigures:
    has_settled = any(item.settled is not None for item in book)
    return figures(book, TODAY, DAYS, opening, has_settled=has_settled)


def ratios_of(found: PortfolioFigures) -> dict[str, Ratio]:
    """Every share among the figures, by a name."""
    shares: dict[str, Ratio] = {
        "overdue": found.total.overdue_share,
        "top": found.concentration.top_share,
        "largest": found.concentration.largest_share,
        "herfindahl": found.concentration.herfindahl,
    }
    for number, quarter in enumerate(found.quarters):
        shares |= {f"overdue {number}": quarter.overdue_share, f"effectiveness {number}": quarter.effectiveness}
    return shares


@given(BOOKS, OPENINGS)
@settings(max_examples=how_many(150, large=20_000), deadline=None)
def test_shares_lie_between_0_and_1_and_parts_add_up(book: tuple[Item, ...], opening: int | None) -> None:
    found = figures_of(book, opening)

    for name, share in ratios_of(found).items():
        assert isinstance(share, NoValue) or 0 <= share <= 1, name
    total, concentration = found.total, found.concentration
    assert total.overdue <= total.invoices and total.credits <= 0
    assert total.amount == total.invoices + total.credits
    assert sum(bucket.amount for bucket in found.aging) == total.invoices
    assert found.credits.amount == total.credits
    assert sum(bucket.amount for bucket in found.aging[1:]) == total.overdue
    assert sum(balance.amount for balance in concentration.top) == concentration.owed  # three customers at most
    for quarter in found.quarters:
        _ratios_of_a_quarter_agree(quarter)
    if found.quarters:  # the last quarter closes with what the report's date shows
        last = found.quarters[-1]
        assert (last.invoices, last.credits, last.overdue) == (total.invoices, total.credits, total.overdue)


def _ratios_of_a_quarter_agree(quarter: Quarter) -> None:
    dso, best, late = quarter.dso, quarter.best_possible_dso, quarter.average_days_delinquent
    if isinstance(dso, NoValue):
        assert best is dso and late is dso  # one reason for all three
        assert not quarter.whole or quarter.sales <= 0 or quarter.receivables < 0
        return
    assert isinstance(best, Fraction) and isinstance(late, Fraction)
    assert 0 <= best <= dso and late >= 0 and best + late == dso
    assert quarter.whole and quarter.sales > 0 and quarter.receivables >= 0


def _line(invoices: int, credit_notes: int, overdue: int) -> Line:
    return Line(key="", count=2, invoices=invoices, credits=credit_notes, overdue_count=1, overdue=overdue)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_credit_notes_change_no_overdue_share(overdue: int, current: int, credit: int) -> None:
    invoices = overdue + current

    assert _line(invoices, -credit, overdue).overdue_share == _line(invoices, 0, overdue).overdue_share


# --- policies, page, terminal and JSON --------------------------------------------------------------------------------


def portfolio_of(engine: Engine, book: tuple[Item, ...], opening: int | None) -> Portfolio:
    found = figures_of(book, opening)
    facts = {
        each.number: {
            "invoice": {
                "id": each.number,
                "open_amount": decimal_text(Fraction(each.open_amount, 100), 2),
                "due_date": date_of(each.due).isoformat(),
                "disputed": each.disputed,
            }
        }
        for each in book
        if each.open_amount
    }
    names = {"A": "Anna & Söhne <GmbH>"}
    held = Book(items=book, facts=facts, accounts={}, contradicted=(), later=0, names=names)
    decisions = decide_portfolio(engine, held, found, "p", "manufacturing")
    return Portfolio(
        name="p",
        files=("p.csv",),
        as_of=AS_OF,
        rows=len(book),
        rejected=0,
        book=held,
        figures=found,
        decisions=decisions,
    )


SPEAKS_OF = {
    "dso-rising": "dso",
    "dso-jumped": "dso",
    "dso-creeping": "dso",
    "dso-above-industry": "dso",
    "overdue-high": "overdue_share",
    "overdue-alarming": "overdue_share",
    "concentration": "buyer_share",
    "collection-weak": "effectiveness",
}
"""The ratio that each rule of the portfolio policy compares."""


@given(BOOKS, OPENINGS)
@settings(max_examples=how_many(20, large=3_000), deadline=None)
def test_policy_page_terminal_and_json_say_the_same(
    default_engine: Engine, book: tuple[Item, ...], opening: int | None
) -> None:
    portfolio = portfolio_of(default_engine, book, opening)
    found: dict[str, Any] = portfolio_json(portfolio, default_engine)

    _the_policy_divides_as_the_figures_do(portfolio)
    _every_null_has_a_reason(found, found["no_value_reasons"])
    for language in ("en", "zh"):
        report = portfolio_report(portfolio, default_engine, language)
        _dashes_have_reasons(report)
        _page_and_terminal_hold_every_cell(report)
        _the_tables_are_the_json(report, found)


def _the_policy_divides_as_the_figures_do(portfolio: Portfolio) -> None:
    """The policy's own ratios are those of the report, null where the report has a dash; and no rule warns of one that
    has no value."""
    decision, found = portfolio.decisions.portfolio, portfolio.figures
    results = decision.results[PORTFOLIO_HEALTH]
    shown: dict[str, Ratio] = {
        "overdue_share": found.total.overdue_share,
        "buyer_share": found.concentration.largest_share,
    }
    if found.quarters and found.quarters[-1].whole:
        last = found.quarters[-1]
        shown |= {"dso": last.dso, "effectiveness": last.effectiveness}
    for name, value in shown.items():
        said = results[name]
        assert (said is None) == isinstance(value, NoValue), name
        if isinstance(value, Fraction):
            assert Fraction(str(said)) == Fraction(decimal_text(value, 6)), name
    for reason in decision.reasons:
        spoken_of = SPEAKS_OF.get(reason.rule.partition(".")[2])
        if spoken_of and not reason.missing:
            assert isinstance(shown[spoken_of], Fraction), reason.rule
    assert not any(reason.rule.endswith("contradicts") for reason in decision.reasons)


def _every_null_has_a_reason(found: Any, texts: dict[str, Any]) -> None:
    """In every object with ratios, those and only those that are null are named with a code that has a text."""
    if isinstance(found, list):
        for each in found:
            _every_null_has_a_reason(each, texts)
    elif isinstance(found, dict):
        if "no_value" in found:
            unsaid = {name for name, value in found.items() if value is None} - {"opening_receivables", "disputed"}
            assert unsaid == found["no_value"].keys()
            assert set(found["no_value"].values()) <= texts.keys()
        for each in found.values():
            _every_null_has_a_reason(each, texts)


def _tables(report: Report) -> list[ReportTable]:
    return [part for section in report.sections for part in section.parts if isinstance(part, ReportTable)]


def _dashes_have_reasons(report: Report) -> None:
    for table in _tables(report):
        amounts = {index for index, name in enumerate(table.headings) if name in ("Opening receivables", "期初应收")}
        if any(cell == "–" for row in table.rows for index, cell in enumerate(row) if index not in amounts):
            assert table.note, table.headings
    for section in report.sections:
        for part in section.parts:
            if isinstance(part, Tiles):
                assert all(tile.note for tile in part.tiles if tile.value == "–")


def _page_and_terminal_hold_every_cell(report: Report) -> None:
    page = unescape(html(report))
    console = Console(file=io.StringIO(), width=400)
    print_report(console, report)
    text = " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]  # it is a StringIO
    for table in _tables(report):
        for cell in (cell for row in table.rows for cell in row if len(cell) < 25):
            assert f">{cell}</td>" in page
            assert not cell or f"| {cell} " in text
    assert report.headline is not None
    assert report.headline.text in page


def _the_tables_are_the_json(report: Report, found: dict[str, Any]) -> None:
    """The ratios of each quarter stand in the report's table as JSON has them, rounded."""
    ratios = [table for table in _tables(report) if len(table.headings) == 7 and "CEI" in table.headings]
    if not found["quarters"]:
        assert ratios == []
        return
    (table,) = ratios
    for row, quarter in zip(table.rows, found["quarters"], strict=True):
        expected = [
            _shown(quarter["dso"], 1),
            _shown(quarter["best_possible_dso"], 1),
            _shown(quarter["average_days_delinquent"], 1),
            _shown(quarter["overdue_share"], 100),
            _shown(quarter["collection_effectiveness"], 100),
        ]
        assert [_number(cell) for cell in (row[1], *row[3:])] == pytest.approx(expected, abs=0.0502, nan_ok=True)


def _shown(text: str | None, times: int) -> float:
    return float("nan") if text is None else float(text) * times


def _number(cell: str) -> float:
    return float("nan") if cell == "–" else float(re.sub(r"[%,]", "", cell))


def test_the_books_reach_what_they_should() -> None:
    """Of 250 random books, how many hold each kind of trouble."""
    reached: Counter[str] = Counter()

    @given(BOOKS)
    @settings(max_examples=250, deadline=None, database=None, derandomize=True)
    def count(book: tuple[Item, ...]) -> None:
        found = figures_of(book)
        reached["credit balance"] += found.total.amount < 0
        reached["nothing open"] += found.total.count == 0
        reached["only credit notes"] += found.total.credits < 0 == found.total.invoices
        reached["open items only"] += not found.quarters
        reached["one quarter"] += len(found.quarters) == 1
        for quarter in found.quarters:
            for value in (quarter.dso, quarter.effectiveness, quarter.overdue_share):
                reached[value.code if isinstance(value, NoValue) else "value"] += 1

    count()
    kinds = ("credit balance", "nothing open", "only credit notes", "open items only", "one quarter", "value")
    codes = ("no-sales", "sales-credited", "credit-balance", "nothing-to-collect")
    others = ("more-paid-out", "books-begin", "no-open-invoice")
    assert {kind: reached[kind] for kind in (*kinds, *codes, *others) if reached[kind] < 2} == {}
