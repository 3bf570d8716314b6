"""SQL under construction: values, the columns that hold them, and the sub-selects that the columns are written in.

Part of the SQL lowering. A level is one sub-select: it reads the columns of the level before and adds its own, so that
a value that is read twice is computed once, and the query grows with the policy, not with its nesting.

Example: `x = n + 1`, `y = x * x`, `z = y > 5`, of which `z` is selected. `x` is read twice and becomes a column of its
own. `y` is read by `z` alone and is written there.

    WITH level_1 AS (SELECT n, n + 1 AS x FROM facts),
         level_2 AS (SELECT *, (x * x) > 5 AS z FROM level_1)
    SELECT z FROM level_2
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.condition_rewrites import branches, connected, stepwise, truth
from engine.lowering.sql.dialect import Dialect, binary, number, text, wrapped
from engine.vocabulary.binding import Value

_INLINED_NODES_MAX = 150
"""Nodes of an expression that may still be written into its only reader. Databases limit the depth of expressions, and
sqlglot walks them recursively."""

_REPEATED_NODES_MAX = 20
"""Nodes of an expression that is computed anew for each of its readers where sub-selects copy rows: computing one of
this size is cheaper there than carrying its value through the levels between."""


@dataclass(frozen=True, slots=True)
class SqlValue:
    """An expression and what is known of its value."""

    sql: Expr
    """The expression; it reads columns that are defined already. Copied, never changed."""

    _: KW_ONLY
    wide: bool = False
    """An integer that may need more than 64 bits, of the dialect's wide type."""

    nullable: bool = False
    """Whether it can be null."""

    constant: tuple[Value] | None = None
    """The value of a literal, in a tuple of one since the value itself may be None; None for all other expressions."""

    long: bool = False
    """An integer that every database holds in 64 bits or more. Of others, such as plain digits and choices among them,
    a database may make 32 bits, and fail where arithmetic leaves those: see `Levels.lengthened`."""

    @property
    def is_plain(self) -> bool:
        """Whether repeating it costs nothing: a column or a literal."""
        return isinstance(self.sql, exp.Column | exp.Literal | exp.Boolean | exp.Null) or self.constant is not None

    @property
    def is_null(self) -> bool:
        """Whether it is the literal NULL."""
        return self.constant == (None,)


def literal(value: Value, dialect: Dialect, *, wide: bool = False) -> SqlValue:
    """A constant; `wide` gives a number the wide type."""
    match value:
        case None:
            return SqlValue(exp.Null(), nullable=True, constant=(None,))
        case bool():
            return SqlValue(exp.Boolean(this=value), constant=(value,))
        case str():
            return SqlValue(text(value), constant=(value,))
        case int():
            sql = dialect.wide_number(value) if wide else number(value)
            return SqlValue(sql, wide=wide, constant=(value,), long=wide)
    raise TypeError("a list is no literal")


class ColumnNames:
    """Gives out column names that are valid and different in every dialect, some of which ignore case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, hint: str) -> str:
        """A name like the hint: `order.amount` becomes `order_amount`, and `order_amount_2` where that is taken."""
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in hint.lower())
        name, count = plain, 1
        while name in self._taken:
            count += 1
            name = f"{plain}_{count}"
        self._taken.add(name)
        return name


class Levels:
    """Builds values and collects the columns that hold them; `selects` writes these as sub-selects.

    Columns are defined one after another and read only columns before them. Which level a column comes to, and whether
    it becomes a column at all, is settled by `selects` for the columns that a query selects.

    `dialect`: whose SQL is built. `names`: gives out the columns' names. `nullable`: the columns that may be null.
    `texts`: the columns of facts that are text."""

    def __init__(self, dialect: Dialect, names: ColumnNames) -> None:
        self.dialect = dialect
        self.names = names
        self.nullable: set[str] = set()
        self.texts: set[str] = set()
        self._columns: list[tuple[str, Expr]] = []
        self._heights: dict[str, int] = {}
        self._never_inlined: set[str] = set()

    # --- columns -----------------------------------------------------------------------------------------------------

    def let(self, value: SqlValue, hint: str = "part") -> SqlValue:
        """The value as something that costs nothing to repeat: itself, or a column that is defined for it."""
        return value if value.is_plain else self.define(value, hint)

    def define(self, value: SqlValue, hint: str) -> SqlValue:
        """Defines a column with a name like `hint`; gives the value that reads it."""
        return self.named(value, self.names.name(hint))

    def named(self, value: SqlValue, name: str) -> SqlValue:
        """Defines a column with exactly this name, which the caller has taken from `names`."""
        sql = stepwise(value.sql, nullable=value.nullable) if self.dialect.lazy_case else value.sql.copy()
        self._columns.append((name, sql))
        self._heights[name] = self._height(sql) + 1
        if value.nullable:
            self.nullable.add(name)
        return replace(value, sql=column(name), constant=None)

    # --- values ------------------------------------------------------------------------------------------------------

    def at(
        self,
        sql: Expr,
        parts: Iterable[SqlValue],
        *,
        wide: bool = False,
        nullable: bool | None = None,
        long: bool = False,
    ) -> SqlValue:
        """The value of an expression made of these parts. Unless `nullable` is given, it can be null where one of them
        can, as with the operators of SQL."""
        nullable = any(part.nullable for part in parts) if nullable is None else nullable
        return SqlValue(sql, wide=wide, nullable=nullable, long=long or wide)

    def widened(self, value: SqlValue, *, wide: bool) -> SqlValue:
        """The number as a wide one or, where `wide` is false, as a narrow one, in which it must fit."""
        if value.wide == wide or value.is_null:
            return value
        if value.constant is not None:
            return literal(value.constant[0], self.dialect, wide=wide)
        to = self.dialect.to_wide if wide else self.dialect.to_narrow
        return replace(value, sql=to(value.sql), wide=wide, long=True)

    def lengthened(self, value: SqlValue) -> SqlValue:
        """The number in 64 bits at least: `5` becomes `CAST(5 AS BIGINT)`. A literal of more than 32 bits would get
        them by its digits alone, but not in every database."""
        if value.long or value.is_null:
            return value
        return replace(value, sql=self.dialect.to_narrow(value.sql), long=True)

    def operate(self, kind: type[Expr], left: SqlValue, right: SqlValue, *, wide: bool = False) -> SqlValue:
        """Arithmetic of two numbers, `exp.Add` for example; `wide` says whether the result may need more than 64 bits.
        One operand gets the type of the result, and databases convert the other one to it themselves."""
        if wide and not left.wide and not right.wide:
            left = self.widened(left, wide=True)
        elif not left.long and not right.long:
            left = self.lengthened(left)
        return self.at(binary(kind, left.sql, right.sql), (left, right), wide=wide, long=True)

    def combined(self, parts: Sequence[SqlValue], kind: type[exp.Connector]) -> SqlValue:
        """All conditions (`exp.And`) or one of them (`exp.Or`); of no conditions true and false."""
        if not parts:
            return literal(kind is exp.And, self.dialect)
        return self.at(connected(kind, [part.sql for part in parts]), parts)

    def test(self, kind: type[Expr], left: SqlValue, right: SqlValue) -> SqlValue:
        """A comparison of two values, `exp.LT` for example."""
        return self.at(binary(kind, left.sql, right.sql), (left, right))

    def total(self, numbers: Sequence[SqlValue]) -> SqlValue:
        """The sum of at least one long number. Where sub-selects copy rows, numbers that are known in an early level
        are added up there, so that one value is carried on instead of many."""
        if not numbers:
            raise ValueError("a sum has terms")
        by_height: dict[int, list[SqlValue]] = {}
        for each in numbers:
            height = self._height(each.sql) if self.dialect.materializes_subselects else 0
            by_height.setdefault(height, []).append(each)
        first, *later = sorted(by_height)
        total = self._sum(by_height[first])
        for height in later:
            total = self._sum([total, *by_height[height]])
        return total

    def _sum(self, terms: Sequence[SqlValue]) -> SqlValue:
        sql = terms[0].sql
        for term in terms[1:]:
            sql = exp.Add(this=sql, expression=term.sql)
        total = self.at(sql, terms, long=True)
        if self.dialect.materializes_subselects:
            total = self.define(total, "match_bits")
            self._never_inlined.add(total.sql.name)
        return total

    def case(self, choices: Sequence[tuple[SqlValue, SqlValue]], otherwise: SqlValue) -> SqlValue:
        """A CASE: the result of the first choice whose condition is true. A condition that is null counts as false, so
        that only the results decide whether the value can be null."""
        results = [*(result for _, result in choices), otherwise]
        wide = any(result.wide for result in results)
        ifs: list[exp.If] = []
        for test, choice in choices:
            result = self.widened(choice, wide=wide)
            is_split = self.dialect.lazy_case and result.is_plain
            ifs += (
                branches(test.sql, result.sql) if is_split else [exp.If(this=test.sql.copy(), true=result.sql.copy())]
            )
        sql = exp.Case(ifs=ifs, default=self.widened(otherwise, wide=wide).sql.copy())
        nullable = any(result.nullable for result in results)
        parts = [*results, *(test for test, _ in choices)]
        return self.at(sql, parts, wide=wide, nullable=nullable, long=any(result.long for result in results))

    def missing(self, value: SqlValue) -> SqlValue:
        """Whether the value is null: never null itself."""
        if not value.nullable:
            return literal(value=False, dialect=self.dialect)
        return self.at(exp.Is(this=wrapped(value.sql), expression=exp.Null()), (value,), nullable=False)

    def number(self, value: int) -> SqlValue:
        """A literal of plain digits."""
        return literal(value, self.dialect)

    def _height(self, sql: Expr) -> int:
        """How many columns, each reading the next, stand between an expression and the facts."""
        return max((self._heights.get(each.name, 0) for each in sql.find_all(exp.Column)), default=0)

    # --- the query ---------------------------------------------------------------------------------------------------

    def selects(self, source: str, selected: Sequence[Expr]) -> tuple[list[tuple[str, exp.Select]], str]:
        """The sub-selects of a query that selects these expressions, each with its name, in the order in which they
        read each other; and the name of the last, from which the query selects.

        Only columns that the expressions need are written. `source` is the relation of facts. The first sub-select
        lists the columns that it reads instead of `*`: another column of the source could have the name of one of
        ours."""
        levels, source_columns = self._levels_behind(selected)
        named = []
        for index, columns in enumerate(levels):
            aliases = [exp.alias_(sql, name, copy=False) for name, sql in columns]
            before: list[Expr] = [exp.Star()] if index else [column(name) for name in source_columns]
            select = exp.select(*before, *aliases, copy=False).from_(_level_name(index, source), copy=False)
            if self.dialect.inlines_subselects:
                select = select.offset(0)
            named.append((_level_name(index + 1, source), select))
        return named, _level_name(len(levels), source)

    def _levels_behind(self, selected: Sequence[Expr]) -> tuple[list[list[tuple[str, Expr]]], list[str]]:
        """The columns behind the selected expressions, by levels, and the columns of the source that they read. A
        column that only one other column reads is written into that: one value less to carry, and in a branch of CASE
        it is computed for few rows."""
        needed, readers = self._needed(selected)
        is_selected = {each.name for sql in selected for each in sql.find_all(exp.Column)}
        inlined: dict[str, Expr] = {}
        heights: dict[str, int] = {}
        levels: list[list[tuple[str, Expr]]] = []
        source_columns: set[str] = set(readers)
        for name, defined in needed:
            source_columns.discard(name)
            sql = _with(defined, inlined)
            if name not in is_selected | self._never_inlined and self._is_inlined(sql, readers[name]):
                inlined[name] = sql
                continue
            height = max((heights.get(each.name, 0) for each in sql.find_all(exp.Column)), default=0)
            heights[name] = height + 1
            if height == len(levels):
                levels.append([])
            levels[height].append((name, sql))
        return levels, sorted(source_columns)

    def _needed(self, selected: Sequence[Expr]) -> tuple[list[tuple[str, Expr]], Counter[str]]:
        """The columns that the selected expressions read, directly or through others, in the order of definition; and
        how many times each column is read. Walks backwards: a column's readers stand behind it."""
        readers = Counter(each.name for sql in selected for each in sql.find_all(exp.Column))
        needed: list[tuple[str, Expr]] = []
        for name, sql in reversed(self._columns):
            if readers[name]:
                needed.append((name, sql))
                readers.update(each.name for each in sql.find_all(exp.Column))
        return needed[::-1], readers

    def _is_inlined(self, sql: Expr, readers: int) -> bool:
        """Whether an expression is written where it is read, instead of being a column."""
        copies_rows = self.dialect.materializes_subselects
        if copies_rows and any(each.name in self.texts for each in sql.find_all(exp.Column)):
            return False
        most = _INLINED_NODES_MAX if readers == 1 else _REPEATED_NODES_MAX if copies_rows else 0
        return len(list(sql.walk())) <= most


def _level_name(level: int, source: str) -> str:
    return f"level_{level}" if level else source


def _with(sql: Expr, inlined: Mapping[str, Expr]) -> Expr:
    """The expression with inlined columns written out. In a branch of CASE they may stand without their `COALESCE`."""

    def written(node: Expr) -> Expr:
        return wrapped(inlined[node.name]) if isinstance(node, exp.Column) and node.name in inlined else node

    result = sql.transform(written)
    for branch in result.find_all(exp.If):
        branch.set("this", truth(branch.this.unnest()))
    return result


def column(name: str) -> exp.Column:
    """An expression that reads a column by its name."""
    return exp.column(exp.to_identifier(name))


def bare(condition: SqlValue) -> SqlValue:
    """A condition for a branch of CASE, in which null is as good as false."""
    return replace(condition, sql=truth(condition.sql))
