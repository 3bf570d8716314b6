"""Row maps: a mistake in a map is found before the first row, and a row is either mapped exactly or faulted in full."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import pytest

from engine.diagnostics.diagnostic import Place
from engine.reading.document import read
from engine.vocabulary.binding import Binder, FactsRefused
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Kind, Type, Vocabulary
from files.maps.date_format import DateFormat
from files.maps.mapped_rows import MappedRow, faults_of_row, heading_faults, row_reader
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map

PLACE = Place("facts.yaml", 1, 1)
EUR = Vocabulary(currency="EUR", currency_digits=2)


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
    currency="EUR",
    currency_digits=2,
    facts={
        fact.name: fact
        for fact in (
            _fact("invoice.id", Kind.TEXT, required=True),
            _fact("invoice.amount", Kind.MONEY),
            _fact("invoice.open_amount", Kind.MONEY),
            _fact("invoice.due_date", Kind.DATE),
            _fact("invoice.days_overdue", Kind.DAYS),
            _fact("invoice.months_running", Kind.MONTHS),
            _fact("invoice.disputed", Kind.YES_NO),
            _fact("invoice.paid", Kind.MONEY),
            _fact("invoice.note", Kind.TEXT),
            replace(_fact("invoice.reminders", Kind.INTEGER), type=Type(Kind.INTEGER, scale=0, low=0, high=99)),
            _fact("invoice.channel", Kind.ENUM, members=("paper", "electronic")),
            _fact("order.amount", Kind.MONEY),
        )
    },
)


def _invoice(row: MappedRow) -> dict[str, object]:
    facts = row.facts["invoice"]
    assert isinstance(facts, dict)
    return facts


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

    assert (mapped.faults, mapped.formula_faults) == ((), ())
    assert mapped.facts == {
        "invoice": {
            "id": "1",
            "amount": "10",
            "due_date": None,
            "disputed": None,
            "channel": None,
            "open_amount": None,  # as in a policy: a missing operand makes the condition missing, and that the result
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
    assert "open_amount" not in _invoice(mapped)


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
        ('  invoice.id: {column: No}\n  invoice.amount: {column: A, decimal: ";"}', ["7:40 M010"]),
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


@pytest.mark.parametrize(
    ("top", "amount", "said"),
    [
        ("", 'decimal: ";"', '`;` can\'t be the decimal sign (write "," or "." between quotes)'),
        ("", "decimal: '.', thousands: '.'", "`.` can't be the decimal sign and the sign of thousands"),
        ("", "thousands: '.'", "`.` can't be the decimal sign and the sign of thousands"),
        ('decimal: ","', 'thousands: ","', "`,` can't be the decimal sign and the sign of thousands"),
        ("", "thousands: _", "`_` can't be the sign of thousands"),
        ("", "negative: after", "`after` is not a way of writing negatives"),
        ("", "round: up", "`round` must be `true` or `false`, not `up`"),
        ("", "values: {x: 1}, decimal: ','", "`invoice.amount` is translated, so it has no `decimal`"),
        ("", "join: /", "`invoice.amount` is one column, so nothing is joined"),
        ("", "no_value: []", "the words for no value must not be empty"),
        ("", "no_value: ['']", "a word for no value must be the text of a cell"),
        ("skip_lines: -1", "", "the number of lines must be a whole number between 0 and 1000, not the number `-1`"),
        ("skip_lines: 1.5", "", "the number of lines must be a whole number"),
        ("two_digit_years_from: 50", "", "the first year must be a whole number between 1900 and 2100"),
        ("dates: dd-MMM-yy", "", "`dd-MMM-yy` has years of two digits, and the map doesn't say of which century"),
        ("dates: dd-MMM-yyy", "", "`dd-MMM-yyy` is not a date format"),
        ("dates: [d/M/yyyy, M/d/yyyy]", "", "the date formats `d/M/yyyy`, `M/d/yyyy` read `2/1/1901` as two days"),
        ("dates: [dd.MM.yyyy, MM.dd.yyyy, yyyy-MM-dd]", "", "read `02.01.1901` as two days"),
        ("two_digit_years_from: 2000\ndates: [ddMMyy, yyMMdd]", "", "as two days"),
        ("dates: []", "", "the date formats must not be empty"),
        ("no_date: {}", "", "a word for no value must be the text of a cell"),
    ],
)
def test_what_a_map_says_of_cells_is_checked(top: str, amount: str, said: str) -> None:
    head = HEAD.replace("dates: M/d/yyyy\n", "") + (f"{top}\n" if top else "")
    entry = f"{{column: A{', ' + amount if amount else ''}}}"
    facts = f"  invoice.id: {{column: No}}\n  invoice.amount: {entry}\n  invoice.due_date: {{column: D}}\n"
    document, mistakes = read(f"{head}facts:\n{facts}", "m.yaml")
    assert document is not None, mistakes

    row_map, diagnostics = read_row_map(document, VOCABULARY)

    assert row_map is None
    assert [said in str(diagnostic) for diagnostic in diagnostics] == [True], list(map(str, diagnostics))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{column: [A, B]}", "`invoice.id` needs the one sign that stands between its columns"),
        ("{column: [A, B], join: x}", "`invoice.id` needs the one sign that stands between its columns"),
        ("{column: [A, B], join: --}", "`invoice.id` needs the one sign that stands between its columns"),
        ("{column: [A], join: /}", "an id is made of 2 to 5 different columns"),
        ("{column: [A, A], join: /}", "an id is made of 2 to 5 different columns"),
        ("{column: [A, [B]], join: /}", "a column must be the text of its heading, not a list"),
        ("{column: [A, B], join: /, values: {x: y}}", "`invoice.id` can't be made of several columns"),
    ],
)
def test_an_id_of_several_columns_is_checked(entry: str, said: str) -> None:
    document, mistakes = read(f"{HEAD}facts:\n  invoice.id: {entry}\n", "m.yaml")
    assert document is not None, mistakes

    diagnostics = read_row_map(document, VOCABULARY)[1]

    assert [said in str(diagnostic) for diagnostic in diagnostics] == [True], list(map(str, diagnostics))


def test_no_two_ids_of_several_columns_become_one() -> None:
    row_map = _map(f"{HEAD}facts:\n  invoice.id: {{column: [A, B], join: /, no_value: n/a}}\n")
    read_row = row_reader(row_map, ("A", "B"), date(2026, 1, 1))
    parts = ("", " ", "1", "11", "/", "1/", "/1", "a/b", "n/a", "A", "é")
    ids: dict[object, tuple[str, str]] = {}

    for pair in itertools.product(parts, repeat=2):
        row = read_row(pair)
        cells = tuple("" if cell == "n/a" else cell.strip() for cell in pair)
        if bool(cells[0]) != bool(cells[1]) or "/" in "".join(cells):
            assert [fault.path for fault in row.faults] == ["invoice.id"], pair
        elif any(cells):
            assert ids.setdefault(_invoice(row)["id"], cells) == cells  # type: ignore[arg-type]  # two of them
        else:
            assert not row.faults and _invoice(row)["id"] is None


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

    assert mapped.facts == {"invoice": {"id": "7", "amount": "2.50", "open_amount": "1.50", "days_overdue": 5}}


@pytest.mark.parametrize(
    ("fact", "formula", "given"),
    [
        ("invoice.days_overdue", "as_of - invoice.due_date", 30),
        ("invoice.days_overdue", 'as_of - @"2026-01-01"', 30),
        ("invoice.reminders", "as_of.day", 31),
        ("invoice.months_running", 'duration("P1Y2M")', 14),
        ("invoice.reminders", "3.0", 3),
        ("invoice.reminders", "2.5", 2),
        ("invoice.reminders", "3.5", 4),
        ("invoice.amount", "1E+3", "1000.00"),
        ("invoice.amount", "invoice.paid / 3", "0.33"),
        ("invoice.amount", "invoice.paid / (as_of.day - 31)", None),
        ("invoice.due_date", 'as_of + duration("P1M")', "2026-02-28"),
        ("invoice.due_date", "null", None),
        ("invoice.disputed", "some x in [1, 2] satisfies x > 1", True),
        ("invoice.channel", "if invoice.paid > 1 then paper else electronic", "electronic"),
        ("invoice.note", 'substring("as written", 1, 2)', "as"),
    ],
)
def test_a_formula_gives_what_a_value_of_the_facts_type_is_in_a_policy(fact: str, formula: str, given: object) -> None:
    due = "" if fact == "invoice.due_date" else "  invoice.due_date: {column: Due}\n"
    text = f"{HEAD}facts:\n  invoice.id: {{column: No}}\n  invoice.paid: {{column: Paid}}\n{due}"
    text += f"  {fact}:\n    formula: {formula}\n"

    mapped = row_reader(_map(text), ("No", "Due", "Paid"), date(2026, 1, 31))(("1", "1/1/2026", "1"))

    assert _invoice(mapped)[fact.partition(".")[2]] == given


@pytest.mark.parametrize("policy_type", ["days", "number"])
def test_a_missing_cell_means_in_a_map_what_a_missing_fact_means_in_a_policy(policy_type: str) -> None:
    """The formula that FEEL alone would answer with 7."""
    text = f"{HEAD}columns: {{x: {{column: X, type: {policy_type}}}}}\n"
    fact = "invoice.days_overdue" if policy_type == "days" else "invoice.reminders"
    text += f"facts: {{invoice.id: {{column: No}}, {fact}: {{formula: if row.x <= 3 then 0 else 7}}}}\n"

    read_row = row_reader(_map(text), ("No", "X"), date(2026, 1, 31))

    key = fact.partition(".")[2]
    assert [_invoice(read_row(("1", cell)))[key] for cell in ("3", "4", "")] == [0, 7, None]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            "invoice.days_overdue: {formula: invoice.amount}",
            "9:35: T001 the formula gives money, and `invoice.days_overdue` is declared as `days` (give a formula of "
            "that type, or another fact)",
        ),
        (
            "invoice.paid: {formula: invoice.amount + row.settled}",
            "9:27: T001 `invoice.amount + row.settled`: money can't be added to a date (use days, or "
            '`duration("P3M")`)',
        ),
        (
            "invoice.channel: {formula: if row.settled = null then papr else electronic}",
            "9:57: M005 unknown name `papr` (did you mean `paper`?)",
        ),
        (
            'invoice.channel: {formula: \'if row.settled = null then "papr" else "electronic"\'}',
            "9:31: T007 `papr` is not one of the declared words (did you mean `paper`?)",
        ),
        (
            "invoice.disputed: {formula: row.note}",
            "9:31: T001 the formula gives text, and `invoice.disputed` is declared ",
        ),
        ("invoice.paid: {formula: invoice.amount / 0}", "9:27: T008 `invoice.amount / 0`: nothing can be divided by"),
        ('invoice.note: {formula: \'replace(row.note, "a", "b")\'}', "9:28: N004 "),
        ("invoice.paid: {formula: sqrt(4)}", "9:27: T006 `sqrt(4)`: `sqrt` is not exact, policy arithmetic is"),
        ("invoice.paid: {formula: 'for x in [1] return x'}", "9:28: T003 "),
        ("invoice.reminders: {formula: -1}", "9:32: M009 the formula gives nothing that `invoice.reminders` can hold "),
        (
            "invoice.reminders: {formula: row.setled.year}",
            "9:32: M005 `row.setled.year`: `row.setled` is not known here (did",
        ),
        (
            "invoice.reminders: {formula: row.settled.yaer}",
            "9:32: T003 `row.settled.yaer`: a date has no `.yaer` (did ",
        ),
    ],
)
def test_a_formulas_mistake_is_found_at_its_place_before_the_first_row(facts: str, said: str) -> None:
    columns = "columns: {settled: {column: S, type: date}, note: {column: N}}\n"
    text = f"{HEAD}{columns}facts:\n  invoice.id: {{column: No}}\n  invoice.amount: {{column: A}}\n  {facts}\n"
    document, mistakes = read(text, "m.yaml")
    assert document is not None, mistakes

    row_map, [diagnostic] = read_row_map(document, VOCABULARY)

    assert row_map is None
    assert str(diagnostic).startswith(f"m.yaml:{said}")


def test_a_result_that_its_fact_cannot_hold_is_a_fault_of_the_row_and_the_formula_is_named() -> None:
    row_map = _map(
        f"{HEAD}columns: {{note: {{column: N}}, count: {{column: C, type: integer}}}}\n"
        "facts:\n"
        "  invoice.id: {column: No}\n"
        "  invoice.reminders: {formula: row.count - 3}\n"
        '  invoice.note: {formula: "row.note + row.note"}\n'
        "  invoice.days_overdue: {formula: 'invoice.reminders * duration(\"P1D\")'}\n"
    )
    read_row = row_reader(row_map, ("No", "N", "C"), date(2026, 1, 31))

    assert read_row(("1", "note", "3")).formula_faults == ()
    mapped = read_row(("1", "note" * 40, "2"))
    assert mapped.faults == ()
    assert sorted(map(str, mapped.formula_faults)) == [
        "invoice.note: the formula `row.note + row.note` gives text that is longer than 200 characters",
        "invoice.reminders: the formula `row.count - 3` gives a value that is out of range (expected between 0 and 99)",
    ]
    assert _invoice(mapped) == {"id": "1", "reminders": None, "note": None, "days_overdue": None}


def test_what_only_follows_from_another_fault_is_not_said() -> None:
    row_map = _map(
        f"{HEAD}columns: {{a: {{column: A, type: integer}}, b: {{column: B, type: integer}}}}\n"
        "facts:\n"
        "  invoice.id: {formula: 'if row.a > 0 then \"x\" else null'}\n"
        "  invoice.reminders: {formula: row.b - 3}\n"
    )
    read_row = row_reader(row_map, ("A", "B"), date(2026, 1, 31))
    binder = Binder("invoice", tuple(fact for fact in VOCABULARY.facts.values() if fact.group == "invoice"))

    def said(*cells: str) -> list[str]:
        row = read_row(cells)
        try:
            binder.bind(row.facts)
        except FactsRefused as refused:
            return [fault.path for fault in faults_of_row(row_map, row, refused.faults)]
        return [fault.path for fault in faults_of_row(row_map, row, ())]

    assert said("1", "4") == []
    assert said("", "4") == ["invoice.id"]
    assert said("", "2") == ["invoice.reminders"]
    assert said("x", "2") == ["row.a"]
    assert said("x", "y") == ["row.a", "row.b"]


def test_a_helper_column_is_held_to_its_type_as_a_fact_is() -> None:
    columns = "a: {column: A, type: money}, d: {column: D, type: date}, w: {column: W, type: enum, members: [x, y]}"
    row_map = _map(f"{HEAD}columns: {{{columns}}}\nfacts: {{invoice.id: {{column: No}}}}\n")

    row = row_reader(row_map, ("No", "A", "D", "W"), date(2026, 1, 1))(("1", "1.234", "12/31/9999", "z"))

    assert [str(fault) for fault in row.faults] == [
        "row.a: column `A`: `1.234` has more than 2 decimals (write fewer decimals, or let the map say `round: true`)",
        "row.d: column `D`: `12/31/9999` is out of range (expected between 1900-01-01 and 2199-12-31)",
        "row.w: column `W`: `z` is not one of the known words (expected one of x, y)",
    ]


def test_a_formula_that_reads_no_column_is_worked_out_once_for_all_rows() -> None:
    row_map = _map(
        f"{HEAD}facts: {{invoice.id: {{column: No}}, invoice.due_date: {{formula: as_of}}, "
        "invoice.days_overdue: {formula: 'as_of - invoice.due_date + 1'}}\n"
    )
    read_row = row_reader(row_map, ("No",), date(2026, 1, 31))

    rows = [_invoice(read_row((number,))) for number in ("1", "2")]

    assert rows == [{"id": number, "due_date": "2026-01-31", "days_overdue": 1} for number in ("1", "2")]
    rows[0].clear()
    assert _invoice(read_row(("3",)))["days_overdue"] == 1  # no row shares its facts with another


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
    "spelling", ["", "M/d", "M/M/yyyy", "d/M/yy", "dd-MMMMM-yyyy", "M/d/yyyy HH:mm", "Mdyyyy", "d/M/yyyy d"]
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
    assert _invoice(row_reader(row_map, ("N", "No"), date(2026, 1, 1))(("what!", "1"))) == {
        "id": "1",
        "disputed": True,
    }
