"""Raw columns → facts in SQL: what the binder accepts becomes an integer, text or yes/no, all else a fault of its row.

Stands before the SQL form, as `binding` stands before `evaluate`. Cells are text, as from CSV, in which
blank means missing; typed columns count by their value. The words of a fault are those that `decide-file` has for the
same cell (`files.maps.cell_faults`). What a map says of a column's signs, words and parts is in `cell_sql`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import DUCKDB, Dialect, binary, call, cast, number, text
from engine.lowering.sql.levels import ColumnNames, column
from engine.vocabulary.binding import after_the_day
from engine.vocabulary.decimals import DECIMALS_READ
from engine.vocabulary.vocabulary import Fact, Future, Kind, Type
from files.batch.cell_sql import (
    HOLDS_JOINT,
    LACKS_PART,
    ODD,
    day_of_text,
    is_rewritten,
    joined_by,
    joined_cells,
    plain_number,
    typed_cell,
    without_words,
)
from files.batch.cell_words import CellWords
from files.batch.formula_columns import FormulaColumns, FormulaResult, known_on
from files.batch.person_texts import PERSON_REFUSED, PERSONS, READ, WRITTEN
from files.batch.raw_amounts import RawAmounts, Relations
from files.batch.raw_columns import (
    CheckedFact,
    ColumnType,
    FactSource,
    RawTarget,
    Test,
    as_cells,
    faults_of_row,
    is_rounded_decimal,
    is_written_out,
    known,
    mapped_column,
    raw_column,
)
from files.batch.raw_currency import RawCurrency
from files.batch.record_facts import JoinedRelation
from files.batch.unfit_texts import BLANKS, unfit_texts_of
from files.batch.unscaled import NARROW_DIGITS, tried, unscaled
from files.maps.cell_faults import (
    TIME_OF_DAY,
    fault_of_missing,
    joint_in_part,
    no_date,
    no_known_word,
    no_yes_no,
    parts_missing,
)
from files.maps.map_formulas import out_of_range, unfit_texts
from files.maps.row_map import Column, RowMap

RAW = "raw"
"""The relation of raw columns."""

FAULTS = "faults"

_INTEGER = f"-?[0-9]{{1,{DECIMALS_READ}}}(\\.0{{1,{DECIMALS_READ}}})?"
_DECIMAL = f"-?(0|[1-9][0-9]{{0,{DECIMALS_READ - 1}}})(\\.[0-9]{{1,{DECIMALS_READ}}})?"
_DECIMAL_OF_CELL = _DECIMAL.replace("-?", "-?0*", 1)
"""Files of a fixed width fill numbers up with zeros."""

_NO_BLANKS_AROUND = "\\A[!-~]([ -~]*[!-~])?\\z"
"""Most cells; what else stands around them is stripped as Python strips it, at three times the cost."""

_ASCII = "\\A[ -~]*\\z"


class RawFacts(RawAmounts):
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
        currency: RawCurrency | None = None,
        joined: Mapping[str, JoinedRelation] | None = None,
    ) -> None:
        """`names` are the columns of the facts, as `SqlForm.columns` has them; `sources` says which raw columns give
        facts and helper columns; `kept` are raw columns that stay beside the facts. `row_map` has the formulas for the
        facts that no column gives; `as_of` is the day, as a day count, that they read under that name, and to which
        dates of the past are held. `persons`: there is a relation `PERSONS` of what `persons_written` gives.
        `currency`: what the rows say of their currency; None where they say nothing.
        `joined`: the lists that stand in relations of their own, by fact."""
        super().__init__()
        self._joined = joined or {}
        self._currency = currency
        self._persons = persons
        self.facts = tuple(facts)
        self.dialect = dialect
        self._names = names
        self._sources = {name: as_cells(source) for name, source in sources.items()}
        as_text = [source for source in sources.values() if is_rounded_decimal(source) or is_written_out(source)]
        self._as_text = {name for source in as_text for name in (source.mapped.columns if source.mapped else ())}
        self._kept = [column(name) for name in kept]
        self._as_of = as_of
        self._formulas = row_map.formulas if row_map else ()
        self._formula_names = tuple(formula.name for formula in self._formulas)
        derived = set(self._formula_names)
        targets = [RawTarget(fact.name, fact.type, fact.required) for fact in facts if fact.name not in derived]
        self._targets = {target.name: (names[target.name], target) for target in targets}
        self._written: dict[str, str] = {}
        self._add_helpers(row_map.helpers if row_map else ())
        headings = currency.headings if currency else ()
        self._currency_cells = {name: f"credence_currency_{number}" for number, name in enumerate(headings)}
        bare = {name: self._bare(name) for name in headings}
        self.row_rates = currency.row_rates(bare, dialect) if currency else None
        self._read_as = {name: f"{PERSONS}_{number}" for number, name in enumerate(self._of_persons())}

    def of_record(self, facts: Sequence[Fact], sources: Mapping[str, FactSource]) -> RawFacts:
        names = {fact.name: f"credence_value_{at}" for at, fact in enumerate(facts)}
        return RawFacts(facts, names, sources, self.dialect, as_of=self._as_of)

    def _of_persons(self) -> list[str]:
        """The targets that are persons in a column of text."""
        texts = (ColumnType.CELLS, ColumnType.TEXT)
        return [
            name
            for name, (_, target) in self._targets.items()
            if target.type.kind is Kind.PERSON and name in self._sources and self._sources[name].column_type in texts
        ]

    def persons_written(self, raw: str = RAW) -> Iterator[exp.Query]:
        """For each column that holds persons, its different texts beyond ASCII, as WRITTEN; each query reads `raw`
        once."""
        odd = exp.Not(this=self.dialect.matches(exp.column(WRITTEN, quoted=True), _ASCII))
        for name in self._read_as:
            written = exp.select(exp.alias_(self._own_cell(name), WRITTEN, quoted=True)).from_(raw).distinct()
            yield exp.select("*").from_(written.subquery("written")).where(odd.copy())

    def checked(self, raw: str = RAW, *, in_words: bool = True) -> exp.Select:
        """Every row: the facts' columns, the kept ones, and `faults`: null where the row can be decided. Without words
        an empty text stands for whatever faults a row has: databases plan that in half the time."""
        cells = self._with_persons(exp.select(*self._kept, *self._cells(), copy=False).from_(raw, copy=False))
        cells = self._with_lists(cells)
        readings = {name: self._reading(target) for name, (_, target) in self._targets.items()}
        below = self._with_amounts(cells)
        values = [exp.alias_(readings[name].value, self._targets[name][0], copy=False) for name in readings]
        found = faults_of_row(list(readings.values()), self.dialect, in_words=in_words)
        faults = exp.alias_(self._after_currency(found), FAULTS, copy=False)
        kept = [each.copy() for each in (*self._kept, *self._rate_kept())]
        columns = exp.select(*kept, *values, faults, copy=False).from_(below[-1][0], copy=False)
        if self._formulas:
            return self._with_formulas(below, columns, in_words=in_words)
        return reduce(lambda query, each: query.with_(each[0], as_=each[1], copy=False), below, columns)

    def sound(self, raw: str = RAW) -> exp.Select:
        """The facts of the rows that can be decided, and the kept columns."""
        columns = [*self._kept, *self._rate_kept(), *(column(self._names[fact.name]) for fact in self.facts)]
        no_fault = exp.Is(this=column(FAULTS), expression=exp.Null())
        checked = exp.alias_(self.checked(raw, in_words=False).subquery(copy=False), "checked", copy=False)
        return exp.select(*columns, copy=False).from_(checked, copy=False).where(no_fault, copy=False)

    def _after_currency(self, others: Expr) -> Expr:
        """The faults of a row whose amounts are in the policies' currency; of any other row that fault alone, since
        nobody knows then how its amounts are to be read."""
        if self._currency is None:
            return others
        bare = {name: column(in_relation) for name, in_relation in self._currency_cells.items()}
        ifs = [exp.If(this=test, true=words) for test, words in self._currency.tests(self.dialect, bare)]
        return exp.Case(ifs=ifs, default=others)

    # --- formulas ----------------------------------------------------------------------------------------------------

    def _add_helpers(self, helpers: Sequence[Column]) -> None:
        """Each under a column name that is free."""
        free = ColumnNames()
        for name in (*self._names.values(), FAULTS):
            free.name(name)
        for helper in helpers:
            self._targets[helper.name] = (free.name(helper.name), RawTarget(helper.name, helper.type, required=False))
        self._results = {name: self._names.get(name) or free.name(name) for name in self._formula_names}
        for name, source in self._sources.items():
            if name in self._targets and is_rewritten(source.mapped, source.words):
                self._written[name] = free.name(f"{name} written")
        self._written |= {name: free.name(f"{name} faults") for name in self._joined}

    def _with_formulas(self, below: Relations, columns: exp.Select, *, in_words: bool) -> exp.Select:
        """As `faults_of_row` has it: of a row's faults, those of its cells count first, then results out of range, then
        required facts that a formula leaves missing."""
        inputs = {name: (in_relation, target.type) for name, (in_relation, target) in self._targets.items()}
        formulas = FormulaColumns(
            self._formulas, inputs, self._results, FAULTS, self.dialect, self._as_of, self._unfit_text
        )
        misfits = [CheckedFact(result.raw, tuple(self._misfits(result))) for result in formulas.results]
        required = {fact.name for fact in self.facts if fact.required}
        missing = [
            CheckedFact(
                result.raw, (_missing(f"{result.formula.name}: is required", column(self._names[result.formula.name])),)
            )
            for result in formulas.results
            if result.formula.name in required
        ]
        missing += [
            CheckedFact(
                result.raw, (self._late(result.raw, text(str(after_the_day(result.formula.name, self._as_of)))),)
            )
            for result in formulas.results
            if result.formula.type.future is Future.REFUSED
        ]
        others = [faults_of_row(some, self.dialect, in_words=in_words) for some in (misfits, missing)]
        faults = exp.alias_(exp.Coalesce(this=column(FAULTS), expressions=others), FAULTS, copy=False)
        facts = [column(self._names[fact.name]) for fact in self.facts]
        kept = [*self._kept, *self._rate_kept()]
        levels, top = formulas.selects("columns", [*kept, *facts, faults.this])
        query = exp.select(*(each.copy() for each in (*kept, *facts)), faults, copy=False).from_(top, copy=False)
        for name, select in (*below, ("columns", columns), *levels):
            query = query.with_(name, as_=select, copy=False)
        return query

    def _misfits(self, result: FormulaResult) -> Iterator[Test]:
        if result.misfit is not None:
            yield result.misfit, text(str(out_of_range(result.formula)))
        if result.formula.type.kind.is_text:
            words = {wrong: text(str(fault)) for wrong, fault in unfit_texts(result.formula)}
            is_text = result.formula.type.kind is Kind.TEXT
            yield from unfit_texts_of(self.dialect, result.raw, lambda wrong: words[wrong], blank=True, around=is_text)

    # --- cells -------------------------------------------------------------------------------------------------------

    def _cells(self) -> Iterator[Expr]:
        for name, (in_relation, target) in self._targets.items():
            source = self._sources.get(name)
            if name in self._joined:
                yield from self._joined_cells(name)
                continue
            yield exp.alias_(self._cell(source, target) if source else exp.Null(), in_relation)
            if source is not None and name in self._written:
                yield exp.alias_(self._as_written(source), self._written[name])
        for name, in_relation in self._currency_cells.items():
            yield exp.alias_(self._bare(name), in_relation)
        yield from self.row_rates.columns() if self.row_rates else ()
        for read in self._read_as.values():
            person = exp.column(READ, read, quoted=True) if self._persons else exp.Null()
            yield exp.alias_(cast(person, self.dialect.text_type), read)

    def _with_persons(self, cells: exp.Select) -> exp.Select:
        for name, read in self._read_as.items() if self._persons else ():
            same = binary(exp.EQ, exp.column(WRITTEN, read, quoted=True), self._own_cell(name))
            cells = cells.join(exp.to_table(PERSONS).as_(read), on=same, join_type="left", copy=False)
        return cells

    def _cell(self, source: FactSource, target: RawTarget) -> Expr:
        """What the source holds; text of a form that the map describes as the plain text that it stands for."""
        mapped = source.mapped
        if source.column_type is not ColumnType.CELLS:
            raw = raw_column(source.column)
            return typed_cell(mapped, raw, self.dialect, is_date=source.column_type is ColumnType.DATE)
        if mapped is not None and mapped.rest:
            return joined_cells(mapped, [self._bare(name) for name in mapped.columns])
        cell = without_words(mapped, self._bare(source.column))
        if source.words is not None:
            ifs = [exp.If(this=text(word), true=text(to) if to else exp.Null()) for word, to in source.words.items()]
            return exp.Case(this=cell, ifs=ifs, default=binary(exp.DPipe, text(ODD), cell))
        if mapped is None or mapped.numbers.is_plain:
            return cell
        own = plain_number(mapped.numbers, cell, self.dialect, _decimals(target.type))
        if self.row_rates is None or target.type.kind is not Kind.MONEY or not mapped.numbers.rounds:
            return own
        others = self.row_rates.targets(target).items()
        read = {each: plain_number(mapped.numbers, cell, self.dialect, other.type.scale) for each, other in others}
        return self.row_rates.by_digits(own, read)

    def _bare(self, name: str) -> Expr:
        """A cell without blanks around it; null where nothing is left."""
        raw = cast(raw_column(name), self.dialect.text_type) if name in self._as_text else raw_column(name)
        plain = self.dialect.matches(raw, _NO_BLANKS_AROUND)
        trimmed = exp.Trim(this=raw.copy(), expression=text(BLANKS), position="BOTH")
        bare = exp.Case(ifs=[exp.If(this=plain, true=raw.copy())], default=trimmed)
        return exp.Nullif(this=bare, expression=text(""))

    def _as_written(self, source: FactSource) -> Expr:
        """The cell for the words of its faults."""
        if source.column_type is not ColumnType.CELLS:
            return cast(raw_column(source.column), self.dialect.text_type)
        mapped = source.mapped
        if mapped is None or not mapped.rest:
            return self._bare(source.column)
        parts: Iterator[Expr] = (exp.Coalesce(this=self._bare(name), expressions=[text("")]) for name in mapped.columns)
        return reduce(lambda left, right: joined_by(mapped.joint, left, right), parts)

    # --- one fact ----------------------------------------------------------------------------------------------------

    def _read_alone(self, target: RawTarget) -> CheckedFact:
        in_relation, _ = self._targets[target.name]
        cell = column(in_relation)
        source = self._sources.get(target.name)
        if (unread := self._unread(target, cell)) is not None or source is None:
            missing = (_missing(f"{target.name}: is required", cell),) if target.required else ()
            return CheckedFact(unread.value, (*unread.faults, *missing)) if unread else CheckedFact(cell, missing)
        untranslated = source.words is not None and source.column_type is not ColumnType.CELLS
        reading = self._untranslated(target, source, cell) if untranslated else self._read(target, source, cell)
        faults = list(reading.faults)
        if target.required:
            faults.insert(0, _missing(str(fault_of_missing(mapped_column(target, source), "is required")), cell))
        if source.words is not None and not untranslated:
            unknown = self.dialect.matches(cell, f"\\A{ODD}")
            faults.insert(0, (unknown, self._words(target).said(*no_known_word(list(source.words)))))
        return CheckedFact(reading.value, tuple(faults))

    def _words(self, target: RawTarget) -> CellWords:
        source = self._sources[target.name]
        has_text = source.column_type not in (ColumnType.FLOAT, ColumnType.OTHER)
        cell = column(self._written.get(target.name, self._targets[target.name][0])) if has_text else None
        said_of = replace(mapped_column(target, source), type=target.type)
        return CellWords(said_of, target.required, cell, self.dialect)

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
                unknown = (exp.Not(this=members), self._words(target).of_binding("\x00"))
                return self._known_words(target, source.column_type, cell, [unknown])
            case Kind.PERSON:
                return self._person(target, source, cell)
            case Kind.LIST:
                return self._list(target, source, cell)
            case Kind.TEXT:
                blank = source.column_type is ColumnType.TEXT or source.words is not None
                words = self._words(target).of_binding
                faults = list(unfit_texts_of(self.dialect, cell, words, blank=blank, around=blank))
                return self._known_words(
                    target, source.column_type, cell, [*self._unjoined(target, source, cell), *faults]
                )

    def _unjoined(self, target: RawTarget, source: FactSource, cell: Expr) -> Iterator[Test]:
        """Tests for an id whose parts can't be joined."""
        mapped = source.mapped
        if mapped is not None and mapped.rest:
            yield self.dialect.matches(cell, f"\\A{LACKS_PART}"), self._words(target).said(*parts_missing(mapped))
            yield self.dialect.matches(cell, f"\\A{HOLDS_JOINT}"), self._words(target).said(*joint_in_part(mapped))

    def _person(self, target: RawTarget, source: FactSource, cell: Expr) -> CheckedFact:
        """As `person` has it. Almost every login is ASCII, which SQL reads; what others are stands in PERSONS."""
        if target.name not in self._read_as:
            return self._known_words(target, source.column_type, cell, [])
        faults = list(unfit_texts_of(self.dialect, cell, self._words(target).of_binding, blank=True))
        bare = exp.Lower(this=call("REPLACE", cell.copy(), text(" "), text("")))
        read = exp.Coalesce(this=column(self._read_as[target.name]), expressions=[text(PERSON_REFUSED + "is unread")])
        refused = self.dialect.matches(read, f"\\A{PERSON_REFUSED}")
        is_ascii = self.dialect.matches(cell, _ASCII)
        odd = exp.and_(exp.Not(this=is_ascii.copy()), refused)
        value = exp.Case(ifs=[exp.If(this=is_ascii, true=bare), exp.If(this=exp.Not(this=refused.copy()), true=read)])
        value = exp.Case(ifs=[exp.If(this=known(cell), true=value)])
        words = binary(exp.DPipe, text(f"{target.name}: "), call("SUBSTRING", read, number(2)))
        return CheckedFact(value, (*faults, (odd, words)))

    def _unfit_text(self, value: Expr, type_: Type) -> Expr:
        tests = unfit_texts_of(self.dialect, value, text, blank=True, around=type_.kind is Kind.TEXT)
        return exp.or_(*(test for test, _ in tests))

    def _known_words(self, target: RawTarget, column_type: ColumnType, cell: Expr, faults: list[Test]) -> CheckedFact:
        if column_type in (ColumnType.CELLS, ColumnType.TEXT):
            return CheckedFact(cell, tuple(faults))
        return self._refused(target, cell, self._words(target).of_binding(1))

    def _untranslated(self, target: RawTarget, source: FactSource, cell: Expr) -> CheckedFact:
        message = f"{target.name}: column `{source.column}` is no text, so the map's `values` can't translate it"
        hint = "leave `values` out of the map, or write the column as text"
        return self._refused(target, cell, text(f"{message} ({hint})"))

    def _refused(self, target: RawTarget, cell: Expr, words: Expr) -> CheckedFact:
        """Every value of this column is a fault."""
        type_ = "BOOLEAN" if target.type.kind is Kind.YES_NO else self._sql_type(target.type)
        return CheckedFact(cast(exp.Null(), type_), ((known(cell), words),))

    def _decimal(self, target: RawTarget, column_type: ColumnType, cell: Expr) -> CheckedFact:
        scale = target.type.scale
        if column_type is ColumnType.FLOAT:
            return self._refused(target, cell, self._words(target).of_binding(0.5))
        faults: list[Test] = []
        if column_type in (ColumnType.CELLS, ColumnType.TEXT):
            mapped = self._sources[target.name].mapped
            has_thousands = mapped is not None and bool(mapped.numbers.thousands)
            is_filled_up = column_type is ColumnType.CELLS and not has_thousands
            pattern = _DECIMAL_OF_CELL if is_filled_up else _DECIMAL
            plain = exp.Not(this=self.dialect.matches(cell, f"\\A{pattern}\\z"))
            faults.append((plain, self._words(target).no_number()))
            if scale < DECIMALS_READ:
                longer = self.dialect.matches(cell, f"\\.[0-9]{{{scale}}}0*[1-9]")
                faults.append((longer, self._words(target).of_binding("0." + "1" * (scale + 1))))
        elif column_type is ColumnType.DECIMAL:
            too_fine = self._words(target).of_binding("0." + "1" * (scale + 1))
            faults.append((self.dialect.has_more_decimals(cell, scale), too_fine))
        elif column_type is not ColumnType.WHOLE:
            return self._refused(target, cell, self._words(target).of_binding(wrong=True))
        return self._in_range(target, cell, unscaled(target.type, cell, self.dialect), faults, "9" * 19)

    def _in_range(
        self, target: RawTarget, cell: Expr, value: Expr, faults: list[Test], outside: str | int
    ) -> CheckedFact:
        """A value that can't be held is out of range too."""
        within = exp.Between(this=value.copy(), low=number(target.type.low), high=number(target.type.high))
        inside = exp.Coalesce(this=within, expressions=[exp.Boolean(this=False)])
        wrong = exp.and_(known(cell), exp.Not(this=inside))
        return CheckedFact(value, (*faults, (wrong, self._words(target).of_binding(outside))))

    def _integer(self, target: RawTarget, column_type: ColumnType, cell: Expr) -> CheckedFact:
        if column_type is ColumnType.WHOLE:
            return self._in_range(target, cell, tried(cell, self.dialect.narrow), [], 10**30)
        value = tried(tried(cell, f"DECIMAL({NARROW_DIGITS}, 0)"), self.dialect.narrow)  # `3.0` is 3
        if column_type is ColumnType.DECIMAL:
            fractional = (self.dialect.has_more_decimals(cell, 0), self._words(target).of_binding("x"))
            return self._in_range(target, cell, value, [fractional], 10**30)
        if column_type is not ColumnType.CELLS:
            return self._refused(target, cell, self._words(target).of_binding("x"))
        plain = exp.Not(this=self.dialect.matches(cell, f"\\A{_INTEGER}\\z"))
        return self._in_range(target, cell, value, [(plain, self._words(target).no_number())], 10**30)

    def _date(self, target: RawTarget, source: FactSource, cell: Expr) -> CheckedFact:
        if source.column_type in (ColumnType.DATE, ColumnType.TIMESTAMP):
            is_stamp = source.column_type is ColumnType.TIMESTAMP
            day, later = self._midnight(target, cell) if is_stamp else (cell, [])
            reading = self._in_range(target, cell, self.dialect.day(day), later, "0001-01-01")
            return self._of_the_past(target, reading)
        if source.column_type not in (ColumnType.CELLS, ColumnType.TEXT):
            return self._refused(target, cell, self._words(target).of_binding(1))
        of_target = mapped_column(target, source)
        day = day_of_text(of_target.dates, cell, self.dialect)
        unread = exp.and_(known(cell), exp.Is(this=exp.Paren(this=day.copy()), expression=exp.Null()))
        faults: list[Test] = [(unread, self._words(target).said(no_date(of_target)))]
        return self._of_the_past(target, self._in_range(target, cell, day, faults, "0001-01-01"))

    def _midnight(self, target: RawTarget, cell: Expr) -> tuple[Expr, list[Test]]:
        """The date of a timestamp, which programs write that have no type for dates; a time of the day is a fault."""
        day = cast(cell, "DATE")
        return day, [(binary(exp.NEQ, cell.copy(), day.copy()), self._words(target).said(*TIME_OF_DAY))]

    def _of_the_past(self, target: RawTarget, reading: CheckedFact) -> CheckedFact:
        """A date with what becomes of one after the day of the decision (`Future`)."""
        match target.type.future:
            case None:
                return reading
            case Future.REFUSED:
                words = self._words(target).of_fault(after_the_day(target.name, self._as_of))
                return replace(reading, faults=(*reading.faults, self._late(reading.value, words)))
            case Future.UNKNOWN:
                return replace(reading, value=known_on(self._as_of, reading.value))

    def _late(self, value: Expr, words: Expr) -> Test:
        return binary(exp.GT, value, number(self._as_of)), words

    def _yes_no(self, target: RawTarget, column_type: ColumnType, cell: Expr) -> CheckedFact:
        if column_type is ColumnType.YES_NO:
            return CheckedFact(cell, ())
        if column_type is not ColumnType.CELLS:
            return self._refused(target, cell, self._words(target).of_binding("x"))
        known = exp.In(this=cell.copy(), expressions=[text("true"), text("false")])
        value = binary(exp.EQ, cell, text("true"))
        return CheckedFact(value, ((exp.Not(this=known), self._words(target).said(*no_yes_no())),))


def _decimals(type_: Type) -> int | None:
    """Decimals of a type whose numbers may have some; None for whole numbers."""
    return type_.scale if type_.kind in (Kind.MONEY, Kind.RATE, Kind.NUMBER) else None


def _missing(words: str, value: Expr) -> Test:
    return exp.Is(this=value.copy(), expression=exp.Null()), text(words)


__all__ = ["FAULTS", "RAW", "ColumnType", "FactSource", "RawFacts"]
