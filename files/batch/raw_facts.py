"""Raw columns → facts in SQL: what the binder accepts becomes an integer, text or yes/no, all else a fault of its row.

Stands before the SQL form, as `binding` stands before `evaluate`. Cells are text, as from CSV, in which
blank means missing; typed columns count by their value. The words of a fault are taken from the binder itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import DUCKDB, Dialect, binary, call, number, text
from engine.lowering.sql.levels import ColumnNames, column
from engine.vocabulary.binding import TEXT_LENGTH_MAX, FactsRefused, after_the_day, json_value, value_reader
from engine.vocabulary.decimals import DECIMALS_READ
from engine.vocabulary.invisible import CONTROLS, FILLERS, UNSEEN, sql_class
from engine.vocabulary.vocabulary import Fact, Future, Kind, Type
from files.batch.formula_columns import FormulaColumns, FormulaResult, known_on
from files.batch.person_texts import PERSON_REFUSED, PERSONS, READ, WRITTEN
from files.maps.map_formulas import out_of_range, unfit_texts
from files.maps.row_map import Column, DateFormat, RowMap

RAW = "raw"
"""The relation of raw columns."""

FAULTS = "faults"

_INTEGER = f"-?[0-9]{{1,18}}(\\.0{{1,{DECIMALS_READ}}})?"
_DECIMAL = f"-?(0|[1-9][0-9]{{0,17}})(\\.[0-9]{{1,{DECIMALS_READ}}})?"
_CONTROL, _UNSEEN = sql_class(CONTROLS), sql_class((*UNSEEN, *FILLERS))
_NARROW_DIGITS = 18
_NO_BLANKS_AROUND = "\\A[!-~]([ -~]*[!-~])?\\z"
"""Most cells; what else stands around them is stripped as Python strips it, at three times the cost."""

_BLANKS = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)))) + (
    "\u2028\u2029\u202f\u205f\u3000"
)
_BLANK = f"\\A[{_BLANKS}]*\\z"


_ASCII = "\\A[ -~]*\\z"


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
    """Where a fact or a helper column of a map comes from."""

    column: str
    """The raw column."""

    column_type: ColumnType
    """How that column holds its values."""

    dates: DateFormat | None = None
    """How it writes dates that are text; None for YYYY-MM-DD."""

    words: Mapping[str, str | None] | None = None
    """Translates text, which then counts as cells do; a word that it doesn't know is a fault, and so is every value of
    a column that is no text. None where the column's own values count."""


@dataclass(frozen=True, slots=True)
class RawTarget:
    """What a raw column is read as: a fact, or a helper column, which is held to its type as an optional fact is."""

    name: str
    """A fact's name, or that of a helper column (`row.settled`). Faults begin with it."""

    type: Type
    """What its values are: raw values that don't fit are faults of their rows."""

    required: bool
    """Whether a missing value is a fault."""


@dataclass(frozen=True, slots=True)
class CheckedFact:
    """One target as expressions over the raw values."""

    value: Expr
    """An integer at the type's scale, a day count, text or yes/no; null where the raw value is."""

    faults: tuple[tuple[Expr, str | Expr], ...]
    """Tests and words: what is wrong with the raw value is said by the first test that is true."""


class RawFacts:
    """The relations between raw columns and facts.

    Without formulas there are two: `cells` holds what each raw column holds, text without blanks around it, and the one
    over it the facts and the row's faults. With the formulas of a row map the second one is called `columns`, and
    sub-selects over it add the formulas' results.
    """

    def __init__(
        self,
        facts: Sequence[Fact],
        names: Mapping[str, str],
        sources: Mapping[str, FactSource],
        dialect: Dialect = DUCKDB,
        kept: Sequence[str] = (),
        *,
        row_map: RowMap | None = None,
        as_of: int = 0,
        persons: bool = False,
    ) -> None:
        """`names` are the columns of the facts, as `SqlForm.columns` has them; `sources` says which raw columns give
        facts and helper columns; `kept` are raw columns that stay beside the facts. `row_map` has the formulas for the
        facts that no column gives; `as_of` is the day, as a day count, that they read under that name, and to which
        dates of the past are held. `persons`: there is a relation `PERSONS` of what `persons_written` gives."""
        self._persons = persons
        self.facts = tuple(facts)
        self.dialect = dialect
        self._names = names
        self._sources = {name: _as_cells(source) for name, source in sources.items()}
        self._kept = [column(name) for name in kept]
        self._as_of = as_of
        self._formulas = row_map.formulas if row_map else ()
        derived = {formula.name for formula in self._formulas}
        targets = [RawTarget(fact.name, fact.type, fact.required) for fact in facts if fact.name not in derived]
        self._targets = {target.name: (names[target.name], target) for target in targets}
        self._add_helpers(row_map.helpers if row_map else ())
        self._read_as = {name: f"{PERSONS}_{number}" for number, name in enumerate(self._of_persons())}

    def _of_persons(self) -> list[str]:
        """The targets that are persons in a column of text."""
        texts = (ColumnType.CELLS, ColumnType.TEXT)
        return [
            name
            for name, (_, target) in self._targets.items()
            if target.type.kind is Kind.PERSON and name in self._sources and self._sources[name].column_type in texts
        ]

    def persons_written(self, raw: str = RAW) -> exp.Query | None:
        """Every text beyond ASCII that stands for a person, as WRITTEN; None where no column holds persons."""
        queries = [
            exp.select(exp.alias_(self._cell(self._sources[name]), WRITTEN, quoted=True)).from_(raw)
            for name in self._read_as
        ]
        if not queries:
            return None
        written = exp.union(*queries, distinct=True) if len(queries) > 1 else queries[0].distinct()
        odd = exp.Not(this=self.dialect.matches(exp.column(WRITTEN, quoted=True), _ASCII))
        return exp.select("*").from_(written.subquery("written")).where(odd)

    def checked(self, raw: str = RAW) -> exp.Select:
        """Every row: the facts' columns, the kept ones, and `faults`: null where the row can be decided."""
        cells = self._with_persons(exp.select(*self._kept, *self._cells(), copy=False).from_(raw, copy=False))
        readings = {name: self._reading(target) for name, (_, target) in self._targets.items()}
        values = [exp.alias_(readings[name].value, self._targets[name][0], copy=False) for name in readings]
        faults = exp.alias_(self._faults(list(readings.values())), FAULTS, copy=False)
        columns = exp.select(*(each.copy() for each in self._kept), *values, faults, copy=False)
        columns = columns.from_("cells", copy=False)
        if not self._formulas:
            return columns.with_("cells", as_=cells, copy=False)
        return self._with_formulas(cells, columns)

    def sound(self) -> exp.Select:
        """The facts of the rows that can be decided."""
        columns = [column(self._names[fact.name]) for fact in self.facts]
        no_fault = exp.Is(this=column(FAULTS), expression=exp.Null())
        checked = exp.alias_(self.checked().subquery(copy=False), "checked", copy=False)
        return exp.select(*columns, copy=False).from_(checked, copy=False).where(no_fault, copy=False)

    # --- formulas ----------------------------------------------------------------------------------------------------

    def _add_helpers(self, helpers: Sequence[Column]) -> None:
        """Each under a column name that is free."""
        free = ColumnNames()
        for name in (*self._names.values(), FAULTS):
            free.name(name)
        for helper in helpers:
            self._targets[helper.name] = (free.name(helper.name), RawTarget(helper.name, helper.type, required=False))

    def _with_formulas(self, cells: exp.Select, columns: exp.Select) -> exp.Select:
        """As `faults_of_row` has it: of a row's faults, those of its cells count first, then results out of range, then
        required facts that a formula leaves missing."""
        inputs = {name: (in_relation, target.type) for name, (in_relation, target) in self._targets.items()}
        formulas = FormulaColumns(self._formulas, inputs, self._names, FAULTS, self.dialect, self._as_of)
        misfits = [CheckedFact(result.raw, tuple(self._misfits(result))) for result in formulas.results]
        required = {fact.name for fact in self.facts if fact.required}
        missing = [
            CheckedFact(result.raw, (_missing(result.formula.name, column(self._names[result.formula.name])),))
            for result in formulas.results
            if result.formula.name in required
        ]
        missing += [
            CheckedFact(result.raw, (self._after_the_day(result.formula.name, result.raw),))
            for result in formulas.results
            if result.formula.type.future is Future.REFUSED
        ]
        others = [self._faults(some) for some in (misfits, missing)]
        faults = exp.alias_(exp.Coalesce(this=column(FAULTS), expressions=others), FAULTS, copy=False)
        facts = [column(self._names[fact.name]) for fact in self.facts]
        levels, top = formulas.selects("columns", [*self._kept, *facts, faults.this])
        query = exp.select(*(each.copy() for each in (*self._kept, *facts)), faults, copy=False).from_(top, copy=False)
        for name, select in (("cells", cells), ("columns", columns), *levels):
            query = query.with_(name, as_=select, copy=False)
        return query

    def _misfits(self, result: FormulaResult) -> Iterator[tuple[Expr, str]]:
        if result.misfit is not None:
            yield result.misfit, str(out_of_range(result.formula))
        if result.formula.type.kind.is_text:
            words = {text: str(fault) for text, fault in unfit_texts(result.formula)}
            yield from self._unfit_texts(result.raw, lambda text: words[text], blank=True)

    # --- cells -------------------------------------------------------------------------------------------------------

    def _cells(self) -> Iterator[Expr]:
        for name, (in_relation, _) in self._targets.items():
            source = self._sources.get(name)
            yield exp.alias_(self._cell(source) if source else exp.Null(), in_relation)
        for read in self._read_as.values():
            known = exp.column(READ, read, quoted=True) if self._persons else exp.Null()
            yield exp.alias_(exp.cast(known, self.dialect.text_type), read)

    def _with_persons(self, cells: exp.Select) -> exp.Select:
        for name, read in self._read_as.items() if self._persons else ():
            same = binary(exp.EQ, exp.column(WRITTEN, read, quoted=True), self._cell(self._sources[name]))
            cells = cells.join(exp.to_table(PERSONS).as_(read), on=same, join_type="left", copy=False)
        return cells

    def _cell(self, source: FactSource) -> Expr:
        raw = exp.column(exp.to_identifier(source.column, quoted=True))
        if source.column_type is not ColumnType.CELLS:
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
            exp.Case(ifs=[exp.If(this=test, true=_said(words)) for test, words in reading.faults])
            for reading in readings
            if reading.faults
        ]
        if not cases:
            return exp.cast(exp.Null(), self.dialect.text_type)
        any_fault = exp.or_(*(test.copy() for reading in readings for test, _ in reading.faults), copy=False)
        joined = call("CONCAT_WS", text("\n"), *cases)
        return exp.Case(ifs=[exp.If(this=any_fault, true=joined)])

    # --- one fact ----------------------------------------------------------------------------------------------------

    def _reading(self, target: RawTarget) -> CheckedFact:
        in_relation, _ = self._targets[target.name]
        cell = column(in_relation)
        source = self._sources.get(target.name)
        missing = [_missing(target.name, cell)]
        if source is None:
            type_ = {Kind.YES_NO: "BOOLEAN"}.get(target.type.kind, self._sql_type(target.type))
            return CheckedFact(exp.cast(cell, type_), tuple(missing) if target.required else ())
        untranslated = source.words is not None and source.column_type is not ColumnType.CELLS
        reading = self._untranslated(target, source, cell) if untranslated else self._read(target, source, cell)
        faults = [*(missing if target.required else ()), *reading.faults]
        if source.words is not None and not untranslated:
            known = ", ".join(list(source.words)[:12])
            unknown = self.dialect.matches(cell, "\\A\\x01")
            words = f"{target.name}: column `{source.column}` has a word that is not among the values of the map"
            faults.insert(0, (unknown, f"{words} (it translates {known})"))
        return CheckedFact(reading.value, tuple(faults))

    def _sql_type(self, type_: Type) -> str:
        return self.dialect.text_type if type_.kind.is_text or type_.kind is Kind.ENUM else self.dialect.narrow

    def _read(self, target: RawTarget, source: FactSource, cell: Expr) -> CheckedFact:
        match target.type.kind:
            case Kind.MONEY | Kind.RATE | Kind.NUMBER:
                return self._decimal(target, source.column_type, cell)
            case Kind.INTEGER | Kind.DAYS | Kind.MONTHS:
                return self._integer(target, source.column_type, cell)
            case Kind.DATE:
                return self._date(target, source, cell)
            case Kind.YES_NO:
                return self._yes_no(target, source.column_type, cell)
            case Kind.ENUM:
                members = exp.In(this=cell.copy(), expressions=[text(member) for member in target.type.members])
                return self._words(
                    target, source.column_type, cell, [(exp.Not(this=members), _binder_fault(target, "\x00"))]
                )
            case Kind.PERSON:
                return self._person(target, source, cell)
            case Kind.TEXT:
                blank = source.column_type is ColumnType.TEXT or source.words is not None
                faults = list(self._unfit_texts(cell, lambda wrong: _binder_fault(target, wrong), blank=blank))
                return self._words(target, source.column_type, cell, faults)

    def _person(self, target: RawTarget, source: FactSource, cell: Expr) -> CheckedFact:
        """As `person` has it. Almost every login is ASCII, which SQL reads; what others are stands in PERSONS."""
        if target.name not in self._read_as:
            return self._words(target, source.column_type, cell, [])
        faults = list(self._unfit_texts(cell, lambda wrong: _binder_fault(target, wrong), blank=True))
        bare = exp.Lower(this=call("REPLACE", cell.copy(), text(" "), text("")))
        read = exp.Coalesce(this=column(self._read_as[target.name]), expressions=[text(PERSON_REFUSED + "is unread")])
        refused = self.dialect.matches(read, f"\\A{PERSON_REFUSED}")
        is_ascii = self.dialect.matches(cell, _ASCII)
        odd = exp.and_(exp.Not(this=is_ascii.copy()), refused)
        value = exp.Case(ifs=[exp.If(this=is_ascii, true=bare), exp.If(this=exp.Not(this=refused.copy()), true=read)])
        value = exp.Case(ifs=[exp.If(this=_known(cell), true=value)])
        words = binary(exp.DPipe, text(f"{target.name}: "), call("SUBSTRING", read, number(2)))
        return CheckedFact(value, (*faults, (odd, words)))

    def _unfit_texts(self, value: Expr, words: Callable[[str], str], *, blank: bool) -> Iterator[tuple[Expr, str]]:
        """Tests for text that no fact can hold; `words` says what is wrong, of a text with the same fault. `blank`:
        empty text is one of them."""
        long = binary(exp.GT, exp.Length(this=value.copy()), number(TEXT_LENGTH_MAX))
        yield long, words("x" * (TEXT_LENGTH_MAX + 1))
        yield self.dialect.matches(value, _CONTROL), words("\x00")
        yield self.dialect.matches(value, _UNSEEN), words("\u200b")
        if blank:
            yield self.dialect.matches(value, _BLANK), words("")

    def _words(
        self, target: RawTarget, column_type: ColumnType, cell: Expr, faults: Sequence[tuple[Expr, str]]
    ) -> CheckedFact:
        if column_type in (ColumnType.CELLS, ColumnType.TEXT):
            return CheckedFact(cell, tuple(faults))
        return self._refused(target, cell, _binder_fault(target, 1))

    def _untranslated(self, target: RawTarget, source: FactSource, cell: Expr) -> CheckedFact:
        message = f"{target.name}: column `{source.column}` is no text, so the map's `values` can't translate it"
        return self._refused(target, cell, f"{message} (leave `values` out of the map, or write the column as text)")

    def _refused(self, target: RawTarget, cell: Expr, words: str) -> CheckedFact:
        """Every value of this column is a fault."""
        type_ = "BOOLEAN" if target.type.kind is Kind.YES_NO else self._sql_type(target.type)
        return CheckedFact(exp.cast(exp.Null(), type_), ((_known(cell), words),))

    def _decimal(self, target: RawTarget, column_type: ColumnType, cell: Expr) -> CheckedFact:
        scale = target.type.scale
        if column_type is ColumnType.FLOAT:
            return self._refused(target, cell, _binder_fault(target, 0.5))
        faults: list[tuple[Expr, str]] = []
        if column_type in (ColumnType.CELLS, ColumnType.TEXT):
            faults.append((exp.Not(this=self.dialect.matches(cell, f"\\A{_DECIMAL}\\z")), _binder_fault(target, "x")))
            if scale < DECIMALS_READ:
                longer = self.dialect.matches(cell, f"\\.[0-9]{{{scale}}}0*[1-9]")
                faults.append((longer, _binder_fault(target, "0." + "1" * (scale + 1))))
        elif column_type is ColumnType.DECIMAL:
            faults.append(
                (self.dialect.has_more_decimals(cell, scale), _binder_fault(target, "0." + "1" * (scale + 1)))
            )
        elif column_type is not ColumnType.WHOLE:
            return self._refused(target, cell, _binder_fault(target, wrong=True))
        return self._in_range(target, cell, self._unscaled(target.type, cell), faults, "9" * 18)

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
        self, target: RawTarget, cell: Expr, value: Expr, faults: list[tuple[Expr, str]], outside: str | int
    ) -> CheckedFact:
        """A value that can't be held is out of range too."""
        within = exp.Between(this=value.copy(), low=number(target.type.low), high=number(target.type.high))
        inside = exp.Coalesce(this=within, expressions=[exp.Boolean(this=False)])
        wrong = exp.and_(_known(cell), exp.Not(this=inside))
        return CheckedFact(value, (*faults, (wrong, _binder_fault(target, outside))))

    def _integer(self, target: RawTarget, column_type: ColumnType, cell: Expr) -> CheckedFact:
        if column_type is ColumnType.WHOLE:
            return self._in_range(target, cell, _tried(cell, self.dialect.narrow), [], 10**30)
        value = _tried(_tried(cell, f"DECIMAL({_NARROW_DIGITS}, 0)"), self.dialect.narrow)  # `3.0` is 3
        if column_type is ColumnType.DECIMAL:
            fractional = (self.dialect.has_more_decimals(cell, 0), _binder_fault(target, "x"))
            return self._in_range(target, cell, value, [fractional], 10**30)
        if column_type is not ColumnType.CELLS:
            return self._refused(target, cell, _binder_fault(target, "x"))
        plain = exp.Not(this=self.dialect.matches(cell, f"\\A{_INTEGER}\\z"))
        return self._in_range(target, cell, value, [(plain, _binder_fault(target, "x"))], 10**30)

    def _date(self, target: RawTarget, source: FactSource, cell: Expr) -> CheckedFact:
        if source.column_type is ColumnType.DATE:
            return self._of_the_past(target, self._in_range(target, cell, self.dialect.day(cell), [], "0001-01-01"))
        if source.column_type not in (ColumnType.CELLS, ColumnType.TEXT):
            return self._refused(target, cell, _binder_fault(target, 1))
        pattern, iso, words = "[0-9]{4}-[0-9]{2}-[0-9]{2}", cell.copy(), _binder_fault(target, "x")
        if source.dates is not None and source.dates.spelling != "yyyy-MM-dd":
            pattern, iso = self._as_iso(source.dates, cell)
            words = f"{target.name}: is not a date of the form {source.dates.spelling}"
        day = self.dialect.day(_tried(iso, "DATE"))
        faults: list[tuple[Expr, str]] = [(exp.Not(this=self.dialect.matches(cell, f"\\A{pattern}\\z")), words)]
        unknown = exp.and_(_known(cell), exp.Is(this=exp.Paren(this=day.copy()), expression=exp.Null()))
        faults.append((unknown, _binder_fault(target, "2026-02-30")))
        return self._of_the_past(target, self._in_range(target, cell, day, faults, "0001-01-01"))

    def _of_the_past(self, target: RawTarget, reading: CheckedFact) -> CheckedFact:
        """A date with what becomes of one after the day of the decision (`Future`)."""
        match target.type.future:
            case None:
                return reading
            case Future.REFUSED:
                return replace(reading, faults=(*reading.faults, self._after_the_day(target.name, reading.value)))
            case Future.UNKNOWN:
                return replace(reading, value=known_on(self._as_of, reading.value))

    def _after_the_day(self, name: str, value: Expr) -> tuple[Expr, str]:
        return binary(exp.GT, value, number(self._as_of)), str(after_the_day(name, self._as_of))

    def _as_iso(self, dates: DateFormat, cell: Expr) -> tuple[str, Expr]:
        groups = dates.pattern.groupindex
        pattern = dates.pattern.pattern
        for name in groups:
            pattern = pattern.replace(f"(?P<{name}>", "(")
        parts = "-".join(f"{self.dialect.group_reference}{groups[name]}" for name in ("year", "month", "day"))
        return pattern, call("REGEXP_REPLACE", cell, text(f"\\A{pattern}\\z"), text(parts))

    def _yes_no(self, target: RawTarget, column_type: ColumnType, cell: Expr) -> CheckedFact:
        if column_type is ColumnType.YES_NO:
            return CheckedFact(cell, ())
        if column_type is not ColumnType.CELLS:
            return self._refused(target, cell, _binder_fault(target, "x"))
        known = exp.In(this=cell.copy(), expressions=[text("true"), text("false")])
        value = binary(exp.EQ, cell, text("true"))
        return CheckedFact(value, ((exp.Not(this=known), _binder_fault(target, "x")),))


def _as_cells(source: FactSource) -> FactSource:
    return (
        replace(source, column_type=ColumnType.CELLS)
        if source.words is not None and source.column_type is ColumnType.TEXT
        else source
    )


def _said(words: str | Expr) -> Expr:
    return text(words) if isinstance(words, str) else words.copy()


def _tried(cell: Expr, type_: str) -> Expr:
    """Null where the cell is none of this type; `safe` keeps Spark from failing instead."""
    return exp.TryCast(this=cell.copy(), to=exp.DataType.build(type_), safe=True)


def _known(cell: Expr) -> Expr:
    return exp.Not(this=exp.Is(this=cell.copy(), expression=exp.Null()))


def _missing(name: str, value: Expr) -> tuple[Expr, str]:
    return exp.Is(this=value.copy(), expression=exp.Null()), f"{name}: is required"


def _binder_fault(target: RawTarget, wrong: object) -> str:
    """What the binder says to a value that is wrong in this way."""
    try:
        value_reader(target.type, target.name, required=target.required)(wrong)  # type: ignore[arg-type]  # it is none
    except FactsRefused as refused:
        return str(refused.faults[0])
    return f"{target.name}: is out of range"


__all__ = ["FAULTS", "RAW", "ColumnType", "FactSource", "RawFacts"]
