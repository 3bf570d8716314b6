"""SQL under construction: expressions, the columns made of them, and the sub-selects that the columns are written in.

Part of the SQL lowering. A level is one sub-select: it reads the columns of the one before and adds its own, so that
whatever is used twice is written once, and the text grows with the policy, not with its nesting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.condition_rewrites import branches, connected, stepwise, truth
from engine.lowering.sql.dialect import Dialect, binary, number, text, wrapped
from engine.vocabulary.binding import Value

_WRITTEN_MAX = 150
"""Nodes of an expression that may still be written where it is read: databases bound how deep expressions may be."""

_COPIED_MAX = 20
"""Nodes of an expression that is computed anew for each reader sooner than another sub-select copies the row."""


@dataclass(frozen=True, slots=True)
class SqlValue:
    """`wide`: an integer of more than 64 bits. `long`: one that every database holds in 64 bits or more; of others,
    such as plain digits and what is chosen among them, a database may make 32 bits, and fail where arithmetic leaves
    those. `constant` holds the value of a literal in a tuple of one."""

    sql: Expr
    wide: bool = False
    nullable: bool = False
    constant: tuple[Value] | None = None
    long: bool = False

    @property
    def is_plain(self) -> bool:
        """Costs nothing to repeat."""
        return isinstance(self.sql, exp.Column | exp.Literal | exp.Boolean | exp.Null) or self.constant is not None

    @property
    def is_null(self) -> bool:
        return self.constant == (None,)


def literal(value: Value, dialect: Dialect, *, wide: bool = False) -> SqlValue:
    match value:
        case None:
            return SqlValue(exp.Null(), nullable=True, constant=(None,))
        case bool():
            return SqlValue(exp.Boolean(this=value), constant=(value,))
        case str():
            return SqlValue(text(value), constant=(value,))
        case int():
            return SqlValue(dialect.wide_number(value) if wide else number(value), wide, False, (value,), long=wide)


class ColumnNames:
    """Names that are free in every dialect, where letters of either case are one."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, wanted: str) -> str:
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in wanted.lower())
        name, count = plain, 1
        while name in self._taken:
            count += 1
            name = f"{plain}_{count}"
        self._taken.add(name)
        return name


class Levels:
    def __init__(self, dialect: Dialect, names: ColumnNames) -> None:
        self.dialect = dialect
        self.names = names
        self.nullable: set[str] = set()  # columns that may be null
        self.texts: set[str] = set()  # facts that are text
        self._columns: list[tuple[str, Expr]] = []  # each reads only columns before it
        self._heights: dict[str, int] = {}
        self._firm: set[str] = set()  # never written where they are read

    def let(self, code: SqlValue, wanted: str = "part") -> SqlValue:
        """The code as a column, unless it costs nothing to repeat it."""
        return code if code.is_plain else self.define(code, wanted)

    def define(self, code: SqlValue, wanted: str) -> SqlValue:
        return self.named(code, self.names.name(wanted))

    def named(self, code: SqlValue, name: str) -> SqlValue:
        sql = stepwise(code.sql, nullable=code.nullable) if self.dialect.lazy_case else code.sql.copy()
        self._columns.append((name, sql))
        self._heights[name] = self._height(sql) + 1
        if code.nullable:
            self.nullable.add(name)
        return replace(code, sql=column(name), constant=None)

    def at(
        self,
        sql: Expr,
        parts: Iterable[SqlValue],
        *,
        wide: bool = False,
        nullable: bool | None = None,
        long: bool = False,
    ) -> SqlValue:
        """An expression made of these parts; null, unless told otherwise, where one of them is."""
        nullable = any(part.nullable for part in parts) if nullable is None else nullable
        return SqlValue(sql, wide, nullable, long=long or wide)

    def widened(self, code: SqlValue, *, wide: bool) -> SqlValue:
        if code.wide == wide or code.is_null:
            return code
        if code.constant is not None:
            value = code.constant[0]
            return literal(value, self.dialect, wide=wide)
        to = self.dialect.to_wide if wide else self.dialect.to_narrow
        return replace(code, sql=to(code.sql), wide=wide, long=True)

    def lengthened(self, code: SqlValue) -> SqlValue:
        """In 64 bits at least. What is longer than 32 by its digits alone is so anyway, but not in every database."""
        if code.long or code.is_null:
            return code
        return replace(code, sql=self.dialect.to_narrow(code.sql), long=True)

    def operate(self, kind: type[Expr], left: SqlValue, right: SqlValue, *, wide: bool = False) -> SqlValue:
        """Arithmetic whose result is `wide` or not; databases widen the other operand themselves."""
        if wide and not left.wide and not right.wide:
            left = self.widened(left, wide=True)
        elif not left.long and not right.long:
            left = self.lengthened(left)
        return self.at(binary(kind, left.sql, right.sql), (left, right), wide=wide, long=True)

    def combined(self, parts: Sequence[SqlValue], kind: type[exp.Connector]) -> SqlValue:
        if not parts:
            return literal(kind is exp.And, self.dialect)
        return self.at(connected(kind, [part.sql for part in parts]), parts)

    def test(self, kind: type[Expr], left: SqlValue, right: SqlValue) -> SqlValue:
        return self.at(binary(kind, left.sql, right.sql), (left, right))

    def total(self, numbers: Sequence[SqlValue]) -> SqlValue:
        """The sum of long numbers. Where rows are copied, what can be told early is added early, so that fewer values
        are carried."""
        by_height: dict[int, list[SqlValue]] = {}
        for each in numbers:
            by_height.setdefault(self._height(each.sql) if self.dialect.row_wise else 0, []).append(each)
        total: SqlValue | None = None
        for height in sorted(by_height):
            terms = by_height[height] if total is None else [total, *by_height[height]]
            sql = terms[0].sql
            for term in terms[1:]:
                sql = exp.Add(this=sql, expression=term.sql)
            total = self.at(sql, terms, long=True)
            if self.dialect.row_wise:
                total = self.define(total, "told")
                self._firm.add(total.sql.name)
        assert total is not None, "a sum has terms"
        return total

    def _height(self, sql: Expr) -> int:
        return max((self._heights.get(found.name, 0) for found in sql.find_all(exp.Column)), default=0)

    def case(self, choices: Sequence[tuple[SqlValue, SqlValue]], otherwise: SqlValue) -> SqlValue:
        """The first result whose condition is true; nullness as of the results alone."""
        results = [*(result for _, result in choices), otherwise]
        wide = any(result.wide for result in results)
        ifs: list[exp.If] = []
        for test, result in choices:
            shown = self.widened(result, wide=wide)
            apart = self.dialect.lazy_case and shown.is_plain
            ifs += branches(test.sql, shown.sql) if apart else [exp.If(this=test.sql.copy(), true=shown.sql.copy())]
        sql = exp.Case(ifs=ifs, default=self.widened(otherwise, wide=wide).sql.copy())
        nullable = any(result.nullable for result in results)
        parts = [*results, *(test for test, _ in choices)]
        return self.at(sql, parts, wide=wide, nullable=nullable, long=any(result.long for result in results))

    def missing(self, code: SqlValue) -> SqlValue:
        if not code.nullable:
            return literal(False, self.dialect)
        return self.at(exp.Is(this=wrapped(code.sql), expression=exp.Null()), (code,), nullable=False)

    def number(self, value: int) -> SqlValue:
        return literal(value, self.dialect)

    def selects(self, source: str, wanted: Sequence[Expr]) -> tuple[list[tuple[str, exp.Select]], str]:
        """One sub-select for each level, with its name, of the columns behind `wanted` alone; and the name of the last.
        The first names what it reads: a column more in `source` must not be taken for one of ours."""
        levels, read = self._needed(wanted)
        found = []
        for index, columns in enumerate(levels):
            aliases = [exp.alias_(sql, name, copy=False) for name, sql in columns]
            before: list[Expr] = [exp.Star()] if index else [column(name) for name in read]
            select = exp.select(*before, *aliases, copy=False).from_(_level_name(index, source), copy=False)
            found.append((_level_name(index + 1, source), select.offset(0) if self.dialect.fenced else select))
        return found, _level_name(len(levels), source)

    def _needed(self, wanted: Sequence[Expr]) -> tuple[list[list[tuple[str, Expr]]], list[str]]:
        """The columns behind `wanted`, by levels, and those of the source. What one other column alone reads is written
        there: one value less to carry, and in a branch of CASE it is computed for few rows."""
        used = Counter(found.name for sql in wanted for found in sql.find_all(exp.Column))
        asked = set(used)
        kept: list[tuple[str, Expr]] = []
        for name, sql in reversed(self._columns):
            if used[name]:
                kept.append((name, sql))
                used.update(found.name for found in sql.find_all(exp.Column))
        written: dict[str, Expr] = {}
        heights: dict[str, int] = {}
        levels: list[list[tuple[str, Expr]]] = []
        read: set[str] = set(used)
        for name, sql in reversed(kept):
            read.discard(name)
            whole = _with(sql, written)
            if name not in asked | self._firm and self._is_written(whole, used[name]):
                written[name] = whole
                continue
            height = max((heights.get(found.name, 0) for found in whole.find_all(exp.Column)), default=0)
            heights[name] = height + 1
            if height == len(levels):
                levels.append([])
            levels[height].append((name, whole))
        return levels, sorted(read)

    def _is_written(self, sql: Expr, readers: int) -> bool:
        """Where it is read, instead of being a column."""
        if self.dialect.row_wise and any(found.name in self.texts for found in sql.find_all(exp.Column)):
            return False
        most = _WRITTEN_MAX if readers == 1 else _COPIED_MAX if self.dialect.row_wise else 0
        return len(list(sql.walk())) <= most


def _level_name(level: int, source: str) -> str:
    return f"level_{level}" if level else source


def _with(sql: Expr, written: Mapping[str, Expr]) -> Expr:
    def instead(node: Expr) -> Expr:
        return wrapped(written[node.name]) if isinstance(node, exp.Column) and node.name in written else node

    whole = sql.transform(instead)
    for branch in whole.find_all(exp.If):
        branch.set("this", truth(branch.this.unnest()))
    return whole


def column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name))


def bare(condition: SqlValue) -> SqlValue:
    return replace(condition, sql=truth(condition.sql))
