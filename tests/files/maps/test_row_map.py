"""Row maps: a mistake in a map is found before the first row, and a row is either mapped exactly or faulted in full."""

from __future__ import annotations

from datetime import date

import pytest

from engine.diagnostics.diagnostic import Place
from engine.reading.document import read
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Kind, Type, Vocabulary
from files.maps.mapped_rows import heading_faults, row_reader
from files.maps.row_map import DateFormat, RowMap
from files.maps.row_map_file import read_row_map

PLACE = Place("facts.yaml", 1, 1)
EUR = Vocabulary("EUR", 2)


def _fact(name: str, kind: Kind, required: bool = False, members: tuple[str, ...] = ()) -> Fact:
    return Fact(
        name=name,
        type=EUR.type_named(kind, members),
        title=Text(name, name),
        note=None,
        required=required,
        example="",
        place=PLACE,
    )


VOCABULARY = Vocabulary(
    "EUR",
    2,
    {
        fact.name: fact
        for fact in (
            _fact("invoice.id", Kind.TEXT, required=True),
            _fact("invoice.amount", Kind.MONEY),
            _fact("invoice.open_amount", Kind.MONEY),
            _fact("invoice.due_date", Kind.DATE),
            _fact("invoice.days_overdue", Kind.DAYS),
            _fact("invoice.months_running", Kind.MONTHS),
            _fact("invoice.disputed", Kind.YES_NO),
            _fact("invoice.reminders", Kind.INTEGER),
            _fact("invoice.channel", Kind.ENUM, members=("paper", "electronic")),
            _fact("order.amount", Kind.MONEY),
        )
    },
)

HEAD = """\
map: erp-export
title: {en: ERP export, zh: ERP 导出}
case: invoice
dates: M/d/yyyy
"""

GOOD = (
    HEAD
    + """\
columns:
  settled: {column: Settled, type: date}
facts:
  invoice.id: {column: No}
  invoice.amount: {column: Amount}
  invoice.due_date: {column: Due}
  invoice.disputed: {column: Disputed, values: {"Yes": true, "No": false}}
  invoice.channel: {column: Channel, values: {Paper: paper, Mail: electronic}}
  invoice.open_amount: {formula: "if row.settled <= as_of then 0 else invoice.amount"}
  invoice.days_overdue: {formula: if invoice.open_amount > 0 then as_of - invoice.due_date else 0}
"""
)

HEADING = ("No", "Amount", "Due", "Disputed", "Channel", "Settled")


def _map(text: str) -> RowMap:
    document, mistakes = read(text, "rules/maps/erp.yaml")
    assert document is not None, mistakes
    found, diagnostics = read_row_map(document, VOCABULARY)
    assert found is not None, [str(item) for item in diagnostics]
    return found


def _mistakes(text: str) -> list[str]:
    document, mistakes = read(text, "m.yaml")
    assert document is not None, mistakes
    return [f"{d.place.line}:{d.place.column} {d.code}" for d in read_row_map(document, VOCABULARY)[1]]


def test_a_row_becomes_a_request_body_with_dates_words_and_derived_facts() -> None:
    read_row = row_reader(_map(GOOD), HEADING, date(2013, 6, 30))

    mapped = read_row(("0000611365", "55.94", "2/1/2013", "Yes", "Paper", "7/15/2013"))

    assert mapped.faults == ()
    assert mapped.facts == {
        "invoice": {
            "id": "0000611365",
            "amount": "55.94",
            "due_date": "2013-02-01",
            "disputed": True,
            "channel": "paper",
            "open_amount": "55.94",
            "days_overdue": 149,
        }
    }


def test_an_empty_cell_is_a_missing_fact_and_a_missing_operand() -> None:
    read_row = row_reader(_map(GOOD), HEADING, date(2013, 6, 30))

    mapped = read_row(("1", "10", "", " ", "", ""))

    assert mapped.faults == ()
    assert mapped.facts == {
        "invoice": {
            "id": "1",
            "amount": "10",
            "due_date": None,
            "disputed": None,
            "channel": None,
            "open_amount": "10",  # FEEL: an unknown condition takes `else`
            "days_overdue": None,
        }
    }


def test_all_faults_of_a_row_are_named_with_their_columns_and_nothing_is_guessed() -> None:
    read_row = row_reader(_map(GOOD), HEADING, date(2013, 6, 30))

    mapped = read_row(("1", "1,250.00", "13/1/2013", "Maybe", "Paper", "2013-07-15"))

    assert [str(fault) for fault in mapped.faults] == [
        "row.settled: column `Settled`: `2013-07-15` is not a date of the form M/d/yyyy",
        "invoice.amount: column `Amount`: `1,250.00` is not a plain decimal number (write it with a decimal point and "
        "without separators or signs, such as 1250.00)",
        "invoice.due_date: column `Due`: `13/1/2013` is not a date of the form M/d/yyyy",
        "invoice.disputed: column `Disputed`: `Maybe` is not among the values of the map (it translates `Yes`, `No`)",
    ]
    assert {"invoice.open_amount", "invoice.amount"} <= mapped.unsure


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        (
            ("No", "Amout", "Due", "Disputed", "Channel", "Settled"),
            ["Amount: the column that `invoice.amount` is read from is missing (did you mean `Amout`?)"],
        ),
        ((*HEADING, "Due"), ["Due: is the heading of 2 columns (rename all but the one for `invoice.due_date`)"]),
        ((*HEADING, "Other", "Other"), []),
    ],
    ids=["missing", "twice", "twice-but-unused"],
)
def test_a_heading_that_does_not_fit_is_said_before_the_first_row(heading: tuple[str, ...], said: list[str]) -> None:
    assert [str(fault) for fault in heading_faults(_map(GOOD), heading)] == said


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ("  invoice.id: {column: No}\n  invoice.amout: {column: A}", ["7:3 M001"]),
        ("  invoice.id: {column: No}\n  order.amount: {column: A}", ["7:3 M001"]),
        ("  invoice.id: {column: No}\n  invoice.amount: {column: A, formula: 1}", ["7:3 M002"]),
        ("  invoice.id: {column: No}\n  invoice.amount: {}", ["7:3 M002"]),
        ("  invoice.id: {column: No}\n  invoice.due_date: {column: A, format: mm/dd/yy}", ["7:41 M003"]),
        ("  invoice.id: {column: No}\n  invoice.amount: {column: A, format: d.M.yyyy}", ["7:39 M003"]),
        ("  invoice.id: {column: No}\n  invoice.amount: {formula: 1 +}", ["7:32 M004"]),
        ("  invoice.id: {column: No}\n  invoice.amount: {formula: row.x + 1}", ["7:29 M005"]),
        ("  invoice.id: {column: No}\n  invoice.amount: {formula: invoice.open_amount}", ["7:29 M005"]),
        ("  invoice.id: {column: No}\n  invoice.amount: {formula: to_day + 1}", ["7:29 M005"]),
        (
            "  invoice.id: {column: No}\n  invoice.amount: {formula: invoice.open_amount}\n"
            "  invoice.open_amount: {formula: invoice.amount}",
            ["7:3 M006"],
        ),
        ("  invoice.amount: {column: A}", ["6:3 M007"]),
        ('  invoice.id: {column: No}\n  invoice.disputed: {column: D, values: {"Yes": 1}}', ["7:49 M008"]),
        ("  invoice.id: {column: No}\n  invoice.channel: {column: D, values: {P: papr}}", ["7:44 M008"]),
    ],
)
def test_each_mistake_in_a_map_has_its_code_and_place(facts: str, codes: list[str]) -> None:
    assert _mistakes(f"{HEAD}facts:\n{facts}\n") == codes


def test_all_mistakes_of_a_map_come_at_once() -> None:
    text = "map: Erp Export\ntitle: ERP\ncase: bill\nfacts: {}\ncolour: red\n"

    assert [item.split()[1] for item in _mistakes(text)] == ["P004", "P010", "P007", "P001"]


def test_a_derived_fact_may_read_another_that_stands_after_it() -> None:
    row_map = _map(
        HEAD
        + "facts:\n"
        + "  invoice.days_overdue: {formula: if invoice.open_amount > 0 then 5 else 0}\n"
        + "  invoice.open_amount: {formula: invoice.amount - 1}\n"
        + "  invoice.amount: {column: A}\n"
        + "  invoice.id: {column: No}\n"
    )

    mapped = row_reader(row_map, ("A", "No"), date(2026, 1, 1))(("2.50", "7"))

    assert mapped.facts == {"invoice": {"id": "7", "amount": "2.50", "open_amount": "1.5", "days_overdue": 5}}


@pytest.mark.parametrize(
    ("fact", "formula", "given"),
    [
        ("invoice.days_overdue", "as_of - invoice.due_date", 30),
        ("invoice.days_overdue", 'as_of - @"2026-01-01"', 30),
        ("invoice.months_running", "years and months duration(invoice.due_date, as_of)", 0),
        ("invoice.reminders", "3.0", 3),
        ("invoice.reminders", "3.5", "3.5"),
        ("invoice.amount", "1E+3", "1000"),
        ("invoice.due_date", "invoice.due_date", None),
        ("invoice.amount", "'[1]'", "[Decimal('1')]"),
        ("invoice.disputed", "some x in [1, 2] satisfies x > 1", True),
        ("invoice.amount", "1 / 0", None),
    ],
)
def test_what_a_formula_gives_is_written_as_a_request_would(fact: str, formula: str, given: object) -> None:
    due = "" if fact == "invoice.due_date" else "  invoice.due_date: {column: Due}\n"
    if not due:
        formula = "null"
    text = f"{HEAD}facts:\n  invoice.id: {{column: No}}\n{due}  {fact}:\n    formula: {formula}\n"

    mapped = row_reader(_map(text), ("No", "Due"), date(2026, 1, 31))(("1", "1/1/2026"))

    assert mapped.facts["invoice"][fact.partition(".")[2]] == given  # type: ignore[index]  # a mapping, in a test


@pytest.mark.parametrize(
    ("spelling", "text", "day"),
    [
        ("M/d/yyyy", "2/1/2013", date(2013, 2, 1)),
        ("M/d/yyyy", "02/01/2013", date(2013, 2, 1)),
        ("dd.MM.yyyy", "01.02.2013", date(2013, 2, 1)),
        ("dd.MM.yyyy", "1.2.2013", None),
        ("yyyyMMdd", "20130201", date(2013, 2, 1)),
        ("yyyy年M月d日", "2013年2月1日", date(2013, 2, 1)),
        ("M/d/yyyy", "2/30/2013", None),
        ("M/d/yyyy", "2/1/13", None),
        ("M/d/yyyy", "٢/1/2013", None),
    ],
)
def test_dates_are_read_only_in_the_format_that_is_written(spelling: str, text: str, day: date | None) -> None:
    found = DateFormat.of(spelling)

    assert (found.read(text) if found else None) == day


@pytest.mark.parametrize(
    "spelling", ["", "M/d", "M/M/yyyy", "d/M/yy", "dd-MMM-yyyy", "M/d/yyyy HH:mm", "Mdyyyy", "d/M/yyyy d"]
)
def test_a_format_that_is_not_one_day_one_month_one_year_is_none(spelling: str) -> None:
    assert DateFormat.of(spelling) is None


def test_type_of_a_helper_column_may_be_left_out() -> None:
    row_map = _map(
        HEAD
        + "columns: {note: {column: N}}\n"
        + "facts: {invoice.id: {column: No}, invoice.disputed: {formula: 'contains(row.note, \"!\")'}}\n"
    )

    assert row_map.columns[0].type == Type(Kind.TEXT)
    assert row_reader(row_map, ("N", "No"), date(2026, 1, 1))(("what!", "1")).facts["invoice"] == {
        "id": "1",
        "disputed": True,
    }
