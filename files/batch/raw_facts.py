"""Raw columns → facts in SQL: what the binder accepts becomes an integer, text or yes/no, all else a fault of its row.

Stands before the SQL form, as `binding` stands before `evaluate`. Cells are text, as from CSV, in which
blank means missing; typed columns count by their value. The words of a fault are taken from the binder itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import DUCKDB, Dialect, binary, call, number, text
from engine.lowering.sql.levels import column
from engine.reading.fact_value import bound
from engine.vocabulary.binding import TEXT_LENGTH_MAX, FactsRefused, json_value
from engine.vocabulary.invisible import CONTROLS, UNSEEN, sql_class
from engine.vocabulary.vocabulary import Fact, Kind, Type
from files.maps.row_map import DateFormat

RAW = "raw"
"""The relation of raw columns."""

FAULTS = "faults"

_WHOLE = "-?[0-9]{1,18}"
_CONTROL, _UNSEEN = sql_class(CONTROLS), sql_class(UNSEEN)
_NARROW_DIGITS = 18
_NO_BLANKS_AROUND = "\\A[!-~]([ -~]*[!-~])?\\z"
"""Most cells; what else stands around them is stripped as Python strips it, at three times the cost."""

_BLANKS = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)))) + (
    "\u2028\u2029\u202f\u205f\u3000"
)
_BLANK = f"\\A[{_BLANKS}]*\\z"


class ColumnType(StrEnum):
    """How a column holds its values."""

    CELLS = "cells"
    TEXT = "text"
    WHOLE = "whole numbers"
    DECIMAL = "decimals"
    FLOAT = "floating-point numbers"
    YES_NO = "yes/no"
    DATE = "dates"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FactSource:
    """Where a fact comes from. `words` translates text, which then counts as cells do; a word that it doesn't know is a
    fault, and so is every value of a column that is no text."""

    column: str
    form: ColumnType
    dates: DateFormat | None = None
    words: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class CheckedFact:
    """One fact: its value, null where the raw one is, and what is wrong with the raw one: first test that is true."""

    value: Expr
    faults: tuple[tuple[Expr, str], ...]


class RawFacts:
    """The relations between raw columns and facts. `names` are the columns of the facts, as `SqlForm.columns` has them;
    `kept` are raw columns that stay beside them."""

    def __init__(
        self,
        facts: Sequence[Fact],
        names: Mapping[str, str],
        sources: Mapping[str, FactSource],
        dialect: Dialect = DUCKDB,
        kept: Sequence[str] = (),
    ) -> None:
        self.facts = tuple(facts)
        self.dialect = dialect
        self._names = names
        self._sources = {name: _as_cells(source) for name, source in sources.items()}
        self._kept = [column(name) for name in kept]

    def checked(self, raw: str = RAW) -> exp.Select:
        """Every row: the facts' columns, the kept ones, and `faults`: null where the row can be decided."""
        cells = exp.select(*self._kept, *self._cells(), copy=False).from_(raw, copy=False)
        readings = {fact.name: self._reading(fact) for fact in self.facts}
        values = [exp.alias_(readings[name].value, self._names[name], copy=False) for name in readings]
        faults = exp.alias_(self._faults(list(readings.values())), FAULTS, copy=False)
        whole = exp.select(*(column.copy() for column in self._kept), *values, faults, copy=False)
        return whole.from_("cells", copy=False).with_("cells", as_=cells, copy=False)

    def sound(self) -> exp.Select:
        """The facts of the rows that can be decided."""
        columns = [column(self._names[fact.name]) for fact in self.facts]
        no_fault = exp.Is(this=column(FAULTS), expression=exp.Null())
        checked = exp.alias_(self.checked().subquery(copy=False), "checked", copy=False)
        return exp.select(*columns, copy=False).from_(checked, copy=False).where(no_fault, copy=False)

    def _cells(self) -> Iterator[Expr]:
        for fact in self.facts:
            source = self._sources.get(fact.name)
            yield exp.alias_(self._cell(source) if source else exp.Null(), self._names[fact.name])

    def _cell(self, source: FactSource) -> Expr:
        raw = exp.column(exp.to_identifier(source.column, quoted=True))
        if source.form is not ColumnType.CELLS:
            return raw
        plain = self.dialect.matches(raw, _NO_BLANKS_AROUND)
        trimmed = exp.Trim(this=raw.copy(), expression=text(_BLANKS), position="BOTH")
        bare = exp.Case(ifs=[exp.If(this=plain, true=raw.copy())], default=trimmed)
        cell = exp.Nullif(this=bare, expression=text(""))
        if source.words is None:
            return cell
        ifs = [exp.If(this=text(word), true=text(to) if to else exp.Null()) for word, to in source.words.items()]
        return exp.Case(this=cell, ifs=ifs, default=binary(exp.DPipe, text("\x01"), cell))

    def _faults(self, readings: Sequence[CheckedFact]) -> Expr:
        """All faults of a row, one a line; tests that are null are not true."""
        cases = [
            exp.Case(ifs=[exp.If(this=test, true=text(words)) for test, words in reading.faults])
            for reading in readings
            if reading.faults
        ]
        if not cases:
            return exp.cast(exp.Null(), self.dialect.text_type)
        any_fault = exp.or_(*(test.copy() for reading in readings for test, _ in reading.faults), copy=False)
        joined = call("CONCAT_WS", text("\n"), *cases)
        return exp.Case(ifs=[exp.If(this=any_fault, true=joined)])

    # --- one fact ----------------------------------------------------------------------------------------------------

    def _reading(self, fact: Fact) -> CheckedFact:
        cell = column(self._names[fact.name])
        source = self._sources.get(fact.name)
        missing = [(exp.Is(this=cell.copy(), expression=exp.Null()), f"{fact.name}: is required")]
        if source is None:
            type_ = {Kind.YES_NO: "BOOLEAN"}.get(fact.type.kind, self._sql_type(fact.type))
            return CheckedFact(exp.cast(cell, type_), tuple(missing) if fact.required else ())
        untranslated = source.words is not None and source.form is not ColumnType.CELLS
        reading = self._untranslated(fact, source, cell) if untranslated else self._read(fact, source, cell)
        faults = [*(missing if fact.required else ()), *reading.faults]
        if source.words is not None and not untranslated:
            known = ", ".join(list(source.words)[:12])
            unknown = self.dialect.matches(cell, "\\A\\x01")
            words = f"{fact.name}: column `{source.column}` has a word that is not among the values of the map"
            faults.insert(0, (unknown, f"{words} (it translates {known})"))
        return CheckedFact(reading.value, tuple(faults))

    def _sql_type(self, type_: Type) -> str:
        return self.dialect.text_type if type_.kind in (Kind.TEXT, Kind.ENUM) else self.dialect.narrow

    def _read(self, fact: Fact, source: FactSource, cell: Expr) -> CheckedFact:
        match fact.type.kind:
            case Kind.MONEY | Kind.RATE | Kind.NUMBER:
                return self._decimal(fact, source.form, cell)
            case Kind.INTEGER | Kind.DAYS | Kind.MONTHS:
                return self._whole(fact, source.form, cell)
            case Kind.DATE:
                return self._date(fact, source, cell)
            case Kind.YES_NO:
                return self._yes_no(fact, source.form, cell)
            case Kind.ENUM:
                members = exp.In(this=cell.copy(), expressions=[text(member) for member in fact.type.members])
                return self._words(fact, source.form, cell, [(exp.Not(this=members), _said(fact, "\x00"))])
            case Kind.TEXT:
                long = binary(exp.GT, exp.Length(this=cell.copy()), number(TEXT_LENGTH_MAX))
                control, unseen = (self.dialect.matches(cell, pattern) for pattern in (_CONTROL, _UNSEEN))
                blank = self.dialect.matches(cell, _BLANK)
                faults = [(long, _said(fact, "x" * (TEXT_LENGTH_MAX + 1)))]
                faults += [(control, _said(fact, "\x00")), (unseen, _said(fact, "\u200b"))]
                if source.form is ColumnType.TEXT or source.words is not None:
                    faults.append((blank, _said(fact, "")))
                return self._words(fact, source.form, cell, faults)

    def _words(self, fact: Fact, form: ColumnType, cell: Expr, faults: list[tuple[Expr, str]]) -> CheckedFact:
        if form in (ColumnType.CELLS, ColumnType.TEXT):
            return CheckedFact(cell, tuple(faults))
        return self._refused(fact, cell, _said(fact, 1))

    def _untranslated(self, fact: Fact, source: FactSource, cell: Expr) -> CheckedFact:
        said = f"{fact.name}: column `{source.column}` is no text, so the map's `values` can't translate it"
        return self._refused(fact, cell, f"{said} (leave `values` out of the map, or write the column as text)")

    def _refused(self, fact: Fact, cell: Expr, words: str) -> CheckedFact:
        """Every value of this column is a fault."""
        type_ = "BOOLEAN" if fact.type.kind is Kind.YES_NO else self._sql_type(fact.type)
        return CheckedFact(exp.cast(exp.Null(), type_), ((_known(cell), words),))

    def _decimal(self, fact: Fact, form: ColumnType, cell: Expr) -> CheckedFact:
        scale = fact.type.scale
        if form is ColumnType.FLOAT:
            return self._refused(fact, cell, _said(fact, 0.5))
        faults: list[tuple[Expr, str]] = []
        if form in (ColumnType.CELLS, ColumnType.TEXT):
            pattern = "\\A-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,%d})?\\z"
            faults.append((exp.Not(this=self.dialect.matches(cell, pattern % 12)), _said(fact, "x")))
            if scale < 12:
                narrow = pattern % scale if scale else "\\A-?(0|[1-9][0-9]{0,17})\\z"
                faults.append((exp.Not(this=self.dialect.matches(cell, narrow)), _said(fact, "0." + "1" * (scale + 1))))
        elif form is ColumnType.DECIMAL:
            faults.append((self.dialect.has_more_decimals(cell, scale), _said(fact, "0." + "1" * (scale + 1))))
        elif form is not ColumnType.WHOLE:
            return self._refused(fact, cell, _said(fact, True))
        return self._in_range(fact, cell, self._unscaled(fact.type, cell), faults, "9" * 18)

    def _unscaled(self, type_: Type, cell: Expr) -> Expr:
        """Null where the number is out of range: multiplied, it might not be held."""
        largest, scale = max(-type_.low, type_.high), type_.scale
        digits = _NARROW_DIGITS if largest * 10**scale < 10**_NARROW_DIGITS else 38
        read = _tried(cell, f"DECIMAL({digits}, {scale})")
        if not scale:
            return exp.Cast(this=read, to=exp.DataType.build(self.dialect.narrow))
        ends = [
            exp.cast(text(str(json_value(end, type_))), f"DECIMAL({digits}, {scale})")
            for end in (type_.low, type_.high)
        ]
        moved = exp.Cast(this=binary(exp.Mul, read, number(10**scale)), to=exp.DataType.build(self.dialect.narrow))
        within = exp.Between(this=read.copy(), low=ends[0], high=ends[1])
        return exp.Case(ifs=[exp.If(this=within, true=moved)])

    def _in_range(
        self, fact: Fact, cell: Expr, value: Expr, faults: list[tuple[Expr, str]], outside: str | int
    ) -> CheckedFact:
        """A value that can't be held is out of range too."""
        within = exp.Between(this=value.copy(), low=number(fact.type.low), high=number(fact.type.high))
        inside = exp.Coalesce(this=within, expressions=[exp.Boolean(this=False)])
        wrong = exp.and_(_known(cell), exp.Not(this=inside))
        return CheckedFact(value, (*faults, (wrong, _said(fact, outside))))

    def _whole(self, fact: Fact, form: ColumnType, cell: Expr) -> CheckedFact:
        value = _tried(cell, self.dialect.narrow)
        if form is ColumnType.WHOLE:
            return self._in_range(fact, cell, value, [], 10**30)
        if form is not ColumnType.CELLS:
            return self._refused(fact, cell, _said(fact, "x"))
        plain = exp.Not(this=self.dialect.matches(cell, f"\\A{_WHOLE}\\z"))
        return self._in_range(fact, cell, value, [(plain, _said(fact, "x"))], 10**30)

    def _date(self, fact: Fact, source: FactSource, cell: Expr) -> CheckedFact:
        if source.form is ColumnType.DATE:
            return self._in_range(fact, cell, self.dialect.day(cell), [], "0001-01-01")
        if source.form not in (ColumnType.CELLS, ColumnType.TEXT):
            return self._refused(fact, cell, _said(fact, 1))
        pattern, iso, words = "[0-9]{4}-[0-9]{2}-[0-9]{2}", cell.copy(), _said(fact, "x")
        if source.dates is not None and source.dates.spelling != "yyyy-MM-dd":
            pattern, iso = self._as_iso(source.dates, cell)
            words = f"{fact.name}: is not a date of the form {source.dates.spelling}"
        day = self.dialect.day(_tried(iso, "DATE"))
        faults: list[tuple[Expr, str]] = [(exp.Not(this=self.dialect.matches(cell, f"\\A{pattern}\\z")), words)]
        unknown = exp.and_(_known(cell), exp.Is(this=exp.Paren(this=day.copy()), expression=exp.Null()))
        faults.append((unknown, _said(fact, "2026-02-30")))
        return self._in_range(fact, cell, day, faults, "0001-01-01")

    def _as_iso(self, dates: DateFormat, cell: Expr) -> tuple[str, Expr]:
        groups = dates.pattern.groupindex
        pattern = dates.pattern.pattern
        for name in groups:
            pattern = pattern.replace(f"(?P<{name}>", "(")
        parts = "-".join(f"{self.dialect.group_reference}{groups[name]}" for name in ("year", "month", "day"))
        return pattern, call("REGEXP_REPLACE", cell, text(f"\\A{pattern}\\z"), text(parts))

    def _yes_no(self, fact: Fact, form: ColumnType, cell: Expr) -> CheckedFact:
        if form is ColumnType.YES_NO:
            return CheckedFact(cell, ())
        if form is not ColumnType.CELLS:
            return self._refused(fact, cell, _said(fact, "x"))
        known = exp.In(this=cell.copy(), expressions=[text("true"), text("false")])
        value = binary(exp.EQ, cell, text("true"))
        return CheckedFact(value, ((exp.Not(this=known), _said(fact, "x")),))


def _as_cells(source: FactSource) -> FactSource:
    return (
        replace(source, form=ColumnType.CELLS)
        if source.words is not None and source.form is ColumnType.TEXT
        else source
    )


def _tried(cell: Expr, type_: str) -> Expr:
    """Null where the cell is none of this type; `safe` keeps Spark from failing instead."""
    return exp.TryCast(this=cell.copy(), to=exp.DataType.build(type_), safe=True)


def _known(cell: Expr) -> Expr:
    return exp.Not(this=exp.Is(this=cell.copy(), expression=exp.Null()))


def _said(fact: Fact, wrong: object) -> str:
    """What the binder says to a value that is wrong in this way."""
    try:
        bound(fact, wrong)  # type: ignore[arg-type]  # the point is that it is none
    except FactsRefused as refused:
        return str(refused.faults[0])
    return f"{fact.name}: is out of range"


__all__ = ["FAULTS", "RAW", "ColumnType", "FactSource", "RawFacts"]
