"""History maps: a mistake in a map is found before the first row is, and a row is an invoice or faulted in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.reading.document import read
from receivables.history.history_map import ACCOUNT_FACTS, HistoryMap
from receivables.history.history_map_file import is_history_map, read_history_map
from receivables.history.history_rows import history_heading_faults, invoice_reader
from receivables.items import Item, dated_item
from tests.support.default_policies import default_policies
from tests.support.invoice_histories import sample_map
from tests.support.mistakes import Mistake, assert_diagnostics, each_mistake, frame_of

MISTAKES = Path(__file__).parent / "mistakes" / "history_maps.txt"
MAP = frame_of(MISTAKES)
HEADING = ["No", "Who", "From", "Due", "Paid", "Sum", "Cur", "Bad", "Else"]
ROW = ["7", "C", "1.2.2013", "3.3.2013", "2013-03-09", "12.5", "EUR", "Y", "x"]


def _read(text: str) -> tuple[HistoryMap | None, list[str]]:
    document, mistakes = read(text.encode(), "past.yaml")
    assert document is not None and not mistakes
    assert is_history_map(document)
    found, diagnostics = read_history_map(document, default_policies().vocabulary)
    return found, list(map(str, diagnostics))


def test_a_map_says_what_is_told_and_what_is_assumed() -> None:
    found, diagnostics = _read(MAP)

    assert found is not None and not diagnostics
    assert (found.name, found.currency, found.title.zh, len(found.columns)) == ("past", "EUR", "历史", 8)
    assumed = {part.name: "as_of" if part.as_of else part.value for part in found.assumptions}
    assert assumed["account.open_orders"] == "0.00"
    assert assumed["account.dunning_level"] == 0
    assert assumed["account.insolvent"] is False
    assert assumed["account.assessed_on"] == "as_of"
    assert assumed["account.limit_until"] == "2030-01-01"
    assert "account.disputed_amount" not in found.facts_from_history
    assert set(found.facts_from_history) | {"account.disputed_amount"} >= set(ACCOUNT_FACTS)


def test_disputes_with_a_date_are_told() -> None:
    found, _ = _read(MAP.replace("  currency: {column: Cur}", "  disputed_on: {column: Since}"))

    assert found is not None and "account.disputed_amount" in found.facts_from_history


@each_mistake(MISTAKES)
def test_all_that_is_wrong_with_a_map_is_said_where_it_stands(mistake: Mistake) -> None:
    found, diagnostics = _read(mistake.text)

    assert found is None
    assert_diagnostics(mistake, diagnostics, "past.yaml")


def test_the_shipped_map_reads() -> None:
    assert [part.name for part in sample_map().assumptions if part.as_of] == ["account.assessed_on"]


# --- rows ------------------------------------------------------------------------------------------------------------


def _row(**cells: str) -> Item | list[str]:
    found, _ = _read(MAP)
    assert found is not None
    row = [cells.get(name, cell) for name, cell in zip(HEADING, ROW, strict=True)]
    read_row = invoice_reader(found, HEADING, 2)(row)
    return read_row if isinstance(read_row, Item) else list(map(str, read_row))


def test_a_row_is_an_invoice() -> None:
    assert _row() == dated_item("7", "C", 15_737, 15_767, 15_773, 1_250, disputed=True)
    assert _row(Paid="", Bad="", Sum="0.010") == dated_item("7", "C", 15_737, 15_767, None, 1)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"Sum": ""}, "history.amount: is missing"),
        ({"Sum": "-3"}, "history.amount: is not an amount that an order can have"),
        ({"Sum": "0"}, "history.amount: is not an amount that an order can have"),
        ({"Sum": "1.005"}, "history.amount: is not an amount that an order can have"),
        ({"Sum": "1,5"}, "history.amount: column `Sum`: `1,5` is not a plain decimal number"),
        ({"From": "1.2.1713", "Due": "1.2.1713"}, "history: holds a day outside of what policies can speak about"),
        ({"From": "2013-02-01"}, "history.issued: column `From`: `2013-02-01` is not a date of the form d.M.yyyy"),
        ({"Cur": "USD"}, "history.currency: is `USD`, the map says `EUR`"),
        ({"Bad": "?"}, "history.disputed: column `Bad`: `?` is not among the values of the map"),
        ({"Who": " "}, "history.customer: is missing"),
    ],
)
def test_a_row_that_is_no_invoice_says_why(cells: dict[str, str], said: str) -> None:
    faults = _row(**cells)

    assert isinstance(faults, list)
    assert any(said in fault for fault in faults), faults


def test_cells_that_were_seen_before_are_read_alike() -> None:
    """With the plain columns alone, rows are read from remembered cells; nothing may differ from reading them whole."""
    plain, _ = _read(MAP.replace("  currency: {column: Cur}\n", ""))
    fuller, _ = _read(MAP)
    assert plain is not None and fuller is not None
    quick, whole = (invoice_reader(found, HEADING, 2) for found in (plain, fuller))
    changes = [
        {},
        {"Sum": "12.50"},
        {"Sum": "-12.50"},
        {"Sum": "0.00"},
        {"Sum": "1000000000000000.01"},
        {"Sum": "１2.50"},
        {"Sum": ""},
        {"No": " 7"},
        {"Who": ""},
        {"Paid": ""},
        {"Bad": ""},
        {"Bad": "?"},
        {"From": "3.3.2013"},
        {"From": "4.3.2013"},
        {"Due": "1.2.2013"},
        {"Due": "2013-03-03"},
    ]
    rows = [[change.get(name, cell) for name, cell in zip(HEADING, ROW, strict=True)] for change in changes]

    for row in rows * 3:
        assert quick(row) == whole(row)


def test_a_heading_must_have_the_columns() -> None:
    found, _ = _read(MAP)
    assert found is not None

    assert history_heading_faults(found, HEADING) == ()
    (fault,) = history_heading_faults(found, [name for name in HEADING if name != "Due"])
    assert str(fault).startswith("Due: the column that `history.due` is read from is missing")


def test_an_invoice_that_was_due_before_its_issue_counts() -> None:
    invoice = _row(Due="31.1.2013")

    assert isinstance(invoice, Item)
    assert (invoice.due - invoice.issued, invoice.payment_days) == (-1, 0)


WORKED_OUT = (
    ("  amount: {column: Sum}", "  amount: {formula: 'row.gross - row.off'}"),
    ("  settled: {column: Paid, format: yyyy-MM-dd}", "  settled: {formula: 'if row.open then null else history.due'}"),
    (
        "columns:",
        'decimal: ","\nhelpers:\n  gross: {column: Sum, type: money, round: true}\n'
        "  off: {column: Else, type: money}\n  open: {column: Paid, type: yes/no}\ncolumns:",
    ),
)


def _worked_out() -> HistoryMap:
    text = MAP
    for before, after in WORKED_OUT:
        text = text.replace(before, after, 1)
    found, diagnostics = _read(text)
    assert found is not None, diagnostics
    return found


def test_amount_and_settlement_may_be_worked_out() -> None:
    read_row = invoice_reader(_worked_out(), HEADING, 2)
    row = ["7", "C", "1.2.2013", "3.3.2013", "false", "1250,005", "EUR", "Y", "250,00"]

    assert read_row(row) == dated_item("7", "C", 15_737, 15_767, 15_767, 100_000, disputed=True)
    assert read_row([*row[:4], "true", *row[5:]]) == dated_item("7", "C", 15_737, 15_767, None, 100_000, disputed=True)
    faults = read_row([*row[:8], "25.00"])
    assert not isinstance(faults, Item)
    said = "row.off: column `Else`: `25.00` is not a number as the map has it (write it like 1250,50)"
    assert list(map(str, faults)) == [said]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("row.gross - row.off", "row.gross - row.of", "M005 `row.of` is not known here (did you mean `row.off`?)"),
        ("row.gross - row.off", "as_of - history.due", "M005 unknown name `as_of`"),
        ("row.gross - row.off", "history.amount + row.off", "M006 the formulas of `history.amount` read one another"),
        (
            "row.gross - row.off'}",
            "row.gross', round: true}",
            "M002 `amount` is worked out by a formula, which reads no",
        ),
        ("'row.gross - row.off'", "'row.gross -'", "M004 "),
        ("{formula: 'row.gross - row.off'}", "{}", "M002 `amount` needs a column or a formula, one of them"),
    ],
)
def test_what_is_wrong_with_a_formula_of_a_history_is_said(before: str, after: str, said: str) -> None:
    text = MAP
    for old, new in WORKED_OUT:
        text = text.replace(old, new, 1)
    found, diagnostics = _read(text.replace(before, after))

    assert found is None
    assert any(said in diagnostic for diagnostic in diagnostics), diagnostics
