"""Random row maps with formulas, rows of cells for them, and what the plain evaluator of formulas makes of each row.

Seeded. Every formula is tried by itself first, so that a map holds only what `credence check` passes and what runs in
bulk. The facts have narrow bounds, so that results out of range come along.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from engine.lowering.sql.portability import check_formulas
from engine.pipeline import Engine
from engine.reading.document import read
from engine.ruleset.interpret import value_of
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.binding import Value, json_value
from engine.vocabulary.days import day_number
from engine.vocabulary.plain_text import text_fault
from engine.vocabulary.vocabulary import Kind, Type
from files.maps.date_format import MONTHS
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map
from tests.support.small_policies import engine_of

DAY = date(2026, 7, 15)
FACTS = ("level", "points", "cap", "share", "ratio", "wait", "term", "day", "flag", "word", "region", "color")
POLICY = "values:\n" + "".join(f"  seen_{name}: {{formula: account.{name}}}\n" for name in FACTS)
"""A policy whose values are the facts, so that a decision shows them."""

FAULTY = "faulty"

CELLS: Mapping[Kind, Mapping[str, Value]] = {
    Kind.MONEY: {
        "0": 0,
        "12.5000": 1250,
        "-3.1": -310,
        "1000": 100000,
        "1000.01": 100001,
        "999999999999999.99": 10**17 - 1,
    },
    Kind.RATE: {"0": 0, "0.05": 50000, "1": 10**6, "-0.333333": -333333, "1.000001": 1000001},
    Kind.NUMBER: {"0": 0, "1.5": 1500000, "-7": -7000000, "10": 10**7, "0.000001": 1},
    Kind.INTEGER: {"0": 0, "1": 1, "3": 3, "9": 9, "10": 10, "-2": -2, "1000000000": 10**9},
    Kind.DAYS: {"0": 0, "30": 30, "99": 99, "100": 100, "-1": -1, "100000": 100000},
    Kind.MONTHS: {"0": 0, "3": 3, "24": 24, "25": 25, "-1": -1},
    Kind.DATE: {
        "2026-07-15": 20649,
        "2024-02-29": 19782,
        "1900-01-01": -25567,
        "2199-12-31": 84005,
        "2026-01-31": 20484,
    },
    Kind.YES_NO: {"true": True, "false": False},
    Kind.ENUM: {"red": "red", "blue": "blue"},
    Kind.TEXT: {"a": "a", "red": "red", "Ab c": "Ab c", "中文": "中文", "x" * 150: "x" * 150},
}
"""What cells of each type stand for. Blank ones are missing."""

FAULTY_CELLS: Mapping[Kind, Sequence[str]] = {
    Kind.MONEY: ("1,5", "0.001", "1000000000000000.01", "1e3"),
    Kind.RATE: ("5%", "0.0000001", "99999999"),
    Kind.NUMBER: ("x", "1000000.1"),
    Kind.INTEGER: ("1.5", "1000000001", "99999999999999999999"),
    Kind.DAYS: ("100001", "-"),
    Kind.MONTHS: ("3601",),
    Kind.DATE: ("2026-02-30", "9999-12-31", "15.7.2026", "0001-01-01"),
    Kind.YES_NO: ("yes",),
    Kind.ENUM: ("green",),
    Kind.TEXT: ("a\tb", "y" * 201),
}


@dataclass(frozen=True, slots=True)
class Style:
    """A way in which a column writes its cells: what the map says of it, how it writes a plain cell, and cells that it
    takes for none. None for a cell that can't be written so."""

    entry: str
    write: Callable[[str], str | None]
    faulty: Sequence[str]


def _grouped(cell: str, thousands: str, decimal: str) -> str:
    minus, digits = ("-", cell[1:]) if cell.startswith("-") else ("", cell)
    whole, point, decimals = digits.partition(".")
    groups = re.sub(r"(?<=[0-9])(?=([0-9]{3})+$)", thousands, whole)
    return minus + groups + (decimal + decimals if point else "")


def _trailing(cell: str) -> str:
    comma = cell.replace(".", ",")
    return f"{comma[1:]}-" if comma.startswith("-") else comma


def _in_brackets(cell: str) -> str:
    return f"({cell[1:]})" if cell.startswith("-") else cell


def _short_year(cell: str) -> str | None:
    day = date.fromisoformat(cell)
    return f"{day:%d}-{MONTHS[day.month - 1][:3].upper()}-{day.year % 100:02}" if 1950 <= day.year < 2050 else None


def _with_points(cell: str) -> str:
    return f"{int(cell[8:])}.{int(cell[5:7])}.{cell[:4]}"


def _in_full(cell: str) -> str:
    return f"{int(cell[8:])} {MONTHS[int(cell[5:7]) - 1]} {cell[:4]}"


def _finer(cell: str) -> str:
    return f"{cell if '.' in cell else cell + '.0'}0004"


PLAIN = Style("", lambda cell: cell, ())
"""As every column is written where the map says nothing; its faulty cells are those of its type."""

_NUMBERS = (
    Style('decimal: ",", thousands: "."', lambda cell: _grouped(cell, ".", ","), ("12.34,5", "1,2.3", "1.2345", "1.5")),
    Style('thousands: ","', lambda cell: _grouped(cell, ",", "."), ("1,5", "12,34", "1,000,0")),
    Style('decimal: ",", thousands: "\'"', lambda cell: _grouped(cell, "'", ","), ("1'0", "1.5", "1''000")),
    Style('decimal: ",", thousands: " "', lambda cell: _grouped(cell, "\u00a0", ","), ("1 00", "1  000", ", 5")),
    Style('decimal: ",", negative: trailing_minus', _trailing, ("--1", "-1-", "(1)", "1.5")),
    Style("negative: [parentheses, trailing_minus]", _in_brackets, ("(1", "(-1)", "1)-", "1,5")),
)
_DATES = (
    Style("format: dd-MMM-yy", _short_year, ("31-Feb-26", "1-Jan-26", "01-Jan-2026", "01-Jän-26")),
    Style("format: [d.M.yyyy, yyyy-MM-dd]", _with_points, ("1.2.26", "1.13.2026")),
    Style("format: 'd MMMM yyyy'", _in_full, ("1 Jan 2026", "1 Mai 2026")),
)
_STYLES: Mapping[Kind, Sequence[Style]] = {
    Kind.MONEY: (*_NUMBERS, Style("round: true", _finer, ("x", "1,5"))),
    Kind.RATE: _NUMBERS,
    Kind.NUMBER: _NUMBERS,
    Kind.DATE: _DATES,
}
NO_VALUE = ("n/a", "0000-00-00")

_LEAVES: Mapping[str, Sequence[str]] = {
    "m": ("row.money", "row.fee", "account.cap"),
    "n": ("row.number", "row.integer", "row.rate", "account.points", "account.ratio", "account.level", "#"),
    "d": ("row.days", "account.wait", 'duration("P30D")', "(as_of - row.date)"),
    "o": ("row.months", "account.term", 'duration("P3M")'),
    "t": ("row.date", "as_of", "account.day", 'date("2026-02-28")'),
    "s": ("row.text", "account.word", '"red"', '"中"', '""'),
    "e": ("row.color", "account.color"),
    "c": ("row.yes", "account.flag", "row.integer > 3", "row.money = null", "row.date <= as_of", 'row.color = "red"'),
}
_SHAPES: Mapping[str, Sequence[str]] = {
    "m": ("$m + $m", "$m - $m", "$m * $n", "$m / $n", "abs( $m )", "min( $m , $m )", "if $c then $m else $m", "$m + #")
    + ("if $c then 0 else $m", "decimal( $m * 1.005 , 1)", "if $m = null then 0 else $m"),
    "n": ("$n + $n", "$n - $n", "$n * $n", "$n / $n", "modulo( $n , $n )", "max( $n , $n )", "if $c then # else $n")
    + ("string length( $s )", "$t .year", "$t .day", "floor( $n )", "$m / $m", "$d / $d", "count([ $n , $n ])"),
    "d": ("$d + $d", "$d - $d", "$t - $t", "if $c then $d else $d", "max( $d , $d )"),
    "o": ("$o + $o", "if $c then $o else $o", "$o - $o"),
    "t": (
        "if $c then $t else $t",
        "min( $t , $t )",
        "row.date + row.months",
        'row.date - duration("P7D")',
        "max( $t , $t )",
    ),
    "s": (
        "$s + $s",
        "if $c then $s else $s",
        "substring( $s , 2)",
        "substring( $s , -2, 1)",
        "if $c then $s else null",
    ),
    "e": ("if $c then $e else $e", 'if $c then "red" else $e', "if $c then blue else red", "if $c then $e else null"),
    "c": ("$m > $m", "$m <= #", "$n < $n", "$n = $n", "$d >= $d", "$t < $t", "$c and $c", "$c or $c", "not( $c )")
    + ("$n = null", "$s = null", "$n in [ # .. $n ]", "contains( $s , $s )", "$e = red", "starts with( $s , $s )")
    + (
        "$m between 0 and $m",
        'row.color in ["red", "blue"]',
        "some x in [ # , $n ] satisfies x > $n",
        "ends with( $s , $s )",
    ),
}
_OF_FACTS: Mapping[str, str] = {
    "level": "n", "points": "n", "cap": "m", "share": "n", "ratio": "n", "wait": "d", "term": "o", "day": "t",
    "flag": "c", "word": "s", "color": "e",
}  # fmt: skip
_HELPERS = {
    "money": "money", "fee": "money", "rate": "rate", "number": "number", "integer": "integer", "days": "days",
    "months": "months", "date": "date", "yes": "yes/no", "color": "enum, members: [red, blue]", "text": "text",
}  # fmt: skip


@cache
def seeing_engine() -> Engine:
    return engine_of(POLICY)


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """What the plain evaluator makes of a row: the names that have faults, or the facts' values by full name."""

    faulty: frozenset[str]
    facts: Mapping[str, Value]


class RandomRowMap:
    """One map: about half of the facts come from formulas, the others from columns; some formulas read others."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        types = {fact.name: fact.type for fact in seeing_engine().vocabulary.of_case("account")}
        from_columns = [name for name in FACTS if name == "region" or self.chance.random() < 0.3]
        self._columns = {f"account.{name}": types[f"account.{name}"] for name in ("id", *from_columns)}
        self._styles: dict[str, Style] = {}
        self._written: dict[str, str] = {}
        kinds = {name: Kind(type_.partition(",")[0]) for name, type_ in _HELPERS.items()}
        kinds |= {name: type_.kind for name, type_ in self._columns.items()}
        for name, kind in kinds.items():
            if kind in _STYLES and self.chance.random() < 0.6:
                self._styles[name] = self.chance.choice(_STYLES[kind])
        for name in self.chance.sample(FACTS, len(FACTS)):
            if name not in from_columns:
                self._write_formula(name)
        self.row_map = self._read(self._written)

    @property
    def heading(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(column.column for column in self.row_map.columns))

    def rows(self, count: int) -> list[tuple[tuple[str, ...], ExpectedRow]]:
        """Cells in the order of the heading, and what they come to."""
        return [self._row(number) for number in range(count)]

    # --- the map -----------------------------------------------------------------------------------------------------

    def text(self, formulas: Mapping[str, str]) -> str:
        lines = ["map: random", "title: {en: Random, zh: 随机}", "case: account"]
        lines += ["two_digit_years_from: 1950", "columns:"]
        lines += [f"  {name}: {{column: {name}, type: {type_}{self._style(name)}}}" for name, type_ in _HELPERS.items()]
        lines += ["facts:", *(f"  {name}: {{column: {name}{self._style(name)}}}" for name in self._columns)]
        lines += [f"  account.{name}:\n    formula: >-\n      {formula}" for name, formula in formulas.items()]
        return "\n".join([*lines, "...", ""])

    def _style(self, name: str) -> str:
        entry = self._styles.get(name, PLAIN).entry
        return f", no_value: [{', '.join(NO_VALUE)}]" + (f", {entry}" if entry else "")

    def _read(self, formulas: Mapping[str, str]) -> RowMap:
        row_map = self._tried(formulas)
        assert row_map is not None
        return row_map

    def _tried(self, formulas: Mapping[str, str]) -> RowMap | None:
        if "level" not in formulas and "account.level" not in self._columns:
            formulas = {**formulas, "level": "1"}
        document, mistakes = read(self.text(formulas), "random.yaml")
        assert document is not None, mistakes
        return read_row_map(document, seeing_engine().vocabulary)[0]

    def _write_formula(self, name: str) -> None:
        """A formula that is free of mistakes and runs everywhere, and reads none that is written later."""
        for _ in range(60):
            text = self._expression(_OF_FACTS[name], self.chance.choice((0, 1, 2, 2, 3)))
            row_map = self._tried({**self._written, name: text})
            if row_map and not check_formulas((each.formula, each.place) for each in row_map.formulas):
                self._written[name] = text
                return
        self._written[name] = "null" if name != "level" else "1"

    def _expression(self, kind: str, depth: int) -> str:
        text = ""
        for part in self.chance.choice(_LEAVES[kind] if depth <= 0 else _SHAPES[kind]).split(" "):
            if part.startswith("$"):
                part = f"({self._expression(part[1], depth - 1)})"
            elif part == "#":
                part = self.chance.choice(("0", "1", "2.5", "0.05", "-3", "9", "100"))
            text += part if part.startswith(".") else f" {part}"
        return text.strip()

    # --- rows --------------------------------------------------------------------------------------------------------

    def _row(self, number: int) -> tuple[tuple[str, ...], ExpectedRow]:
        values: dict[str, Value] = {AS_OF: day_number(DAY)}
        faulty = set()
        cells = []
        odd = self.chance.random() < 0.15
        for column in self.row_map.columns:
            style = self._styles.get(column.column, PLAIN)
            cell, value = self._cell(column.type, style, odd=odd and self.chance.random() < 0.2)
            if column.name == "account.id":
                cell = value = f"C-{number}"
            if value == FAULTY or not _holds(column.type, value):
                faulty.add(column.name)
            if column.name == "account.level" and value is None:
                faulty.add(column.name)
            cells.append(cell)
            values[column.name] = value
        if faulty:
            return tuple(cells), ExpectedRow(frozenset(faulty), {})
        return tuple(cells), self._expected(values)

    def _cell(self, type_: Type, style: Style, *, odd: bool) -> tuple[str, Value]:
        if odd:
            return self.chance.choice(style.faulty or FAULTY_CELLS[type_.kind]), FAULTY
        if type_.kind is Kind.ENUM and "red" not in type_.members:
            return type_.members[0], type_.members[0]
        written = ((style.write(cell), value) for cell, value in CELLS[type_.kind].items())
        pool: list[tuple[str, Value]] = [("", None), (self.chance.choice(NO_VALUE), None)]
        pool += [(cell, value) for cell, value in written if cell is not None]
        cell, value = self.chance.choice([pair for pair in pool if _holds(type_, pair[1])] * 20 + pool)
        return f" {cell}" if self.chance.random() < 0.1 else cell, value

    def _expected(self, values: dict[str, Value]) -> ExpectedRow:
        faulty = set()
        for formula in self.row_map.formulas:
            value = value_of(formula.formula, values)
            if not _holds(formula.type, value):
                faulty.add(formula.name)
                value = None
            values[formula.name] = value
        if not faulty and values["account.level"] is None:
            faulty.add("account.level")
        facts = {name: value for name, value in values.items() if name.startswith("account.")}
        return ExpectedRow(frozenset(faulty), {} if faulty else facts)


def _holds(type_: Type, value: Value) -> bool:
    """Whether a fact of this type can be this."""
    if value is None or type_.kind is Kind.YES_NO:
        return True
    if isinstance(value, str):
        return type_.kind is Kind.ENUM or bool(value and value == value.strip() and not text_fault(value))
    return isinstance(value, int) and type_.low <= value <= type_.high


def seen(facts: Mapping[str, Value]) -> dict[str, object]:
    """The facts as the policy's results show them, by the names of the results."""
    types = {fact.name: fact.type for fact in seeing_engine().vocabulary.of_case("account")}
    return {f"seen_{name}": json_value(facts.get(f"account.{name}"), types[f"account.{name}"]) for name in FACTS}
