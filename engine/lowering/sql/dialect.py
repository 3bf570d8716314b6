"""What the SQL dialects say differently: exact wide integers, whole division, dates as day counts, lists.

Leaf of the SQL lowering. Everything else is one tree for all dialects; only what stands here differs, so a new dialect
is a new `Dialect`. A narrow number is a 64-bit integer in each of them, a wide one holds at least 38 digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.expressions import Expr, func

NARROW_LOW, NARROW_HIGH = -(2**63), 2**63 - 1
EPOCH_TEXT = "1970-01-01"


def wrapped(part: Expr) -> Expr:
    """A copy that may stand as an operand."""
    part = part.copy()
    operators = (exp.Binary, exp.Unary, exp.In, exp.Between)
    return exp.Paren(this=part) if isinstance(part, operators) and not isinstance(part, exp.Dot) else part


def number(value: int) -> Expr:
    literal = exp.Literal.number(str(abs(value)))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def text(value: str) -> Expr:
    return exp.Literal.string(value)


def binary(kind: type[Expr], left: Expr, right: Expr) -> Expr:
    return kind(this=wrapped(left), expression=wrapped(right))


def cast(part: Expr, type_: str, dialect: str) -> Expr:
    return exp.Cast(this=part.copy(), to=exp.DataType.build(type_, dialect=dialect))


def call(name: str, *parts: Expr) -> Expr:
    return exp.Anonymous(this=name, expressions=[part.copy() for part in parts])


@dataclass(frozen=True, slots=True)
class Dialect:
    """`name` is sqlglot's. `wide_bits`: wide integers have bits to look at. `fenced`: sub-selects need OFFSET 0, or
    the planner writes their expressions into one another until memory ends. `lazy_case`: CASE computes a branch on its
    rows only, so that a conjunction is twice as fast as a CASE than as an AND. `lists`: the entry of a constant list
    is had sooner than by a CASE. `row_wise`: each sub-select copies every row, text dearest of all."""

    name: str
    wide: str
    narrow: str = "BIGINT"
    text_type: str = "VARCHAR"
    wide_bits: bool = False
    fenced: bool = False
    lazy_case: bool = False
    lists: bool = False
    row_wise: bool = False

    def to_wide(self, part: Expr) -> Expr:
        return cast(part, self.wide, self.name)

    def to_narrow(self, part: Expr) -> Expr:
        return cast(part, self.narrow, self.name)

    def wide_number(self, value: int) -> Expr:
        """Beyond 64 bits BigQuery and Spark read no plain digits as an exact integer."""
        plain = NARROW_LOW <= value <= NARROW_HIGH
        return self.to_wide(number(value) if plain else text(str(value)))

    def remainder(self, left: Expr, right: Expr, *, wide: bool) -> Expr:  # noqa: ARG002 some dialects look at it
        """With the sign of `left`."""
        return binary(exp.Mod, left, right)

    def quotient(self, left: Expr, right: Expr, *, wide: bool) -> Expr:  # noqa: ARG002 some dialects look at it
        """Rounded towards zero. `left` and `right` are columns or literals; for any size of the result."""
        return binary(exp.IntDiv, left, right)

    def low_bits(self, part: Expr, count: int) -> Expr:
        """Of a column that is not negative."""
        return self.remainder(part, number(1 << count), wide=False)

    def high_bits(self, part: Expr, count: int) -> Expr:
        """What stands above the `count` low ones."""
        return self.quotient(part, number(1 << count), wide=False)

    def add_months(self, day: Expr, months: Expr) -> Expr:
        raise NotImplementedError

    def date(self, day: Expr) -> Expr:
        raise NotImplementedError

    def day(self, date: Expr) -> Expr:
        """The day count of a date."""
        raise NotImplementedError

    def date_part(self, part: str, day: Expr) -> Expr:
        return exp.Extract(this=exp.var(part.upper()), expression=self.date(day))

    def index_of(self, whole: Expr, part: Expr) -> Expr:
        """Where `part` stands in `whole`, from 1; 0 where it doesn't."""
        return call("STRPOS", whole, part)

    def array(self, parts: Sequence[Expr], element: str) -> Expr:
        return exp.Cast(
            this=exp.Array(expressions=[part.copy() for part in parts]),
            to=exp.DataType.build(f"ARRAY<{element}>", dialect="bigquery"),
        )

    def joined(self, arrays: Sequence[Expr]) -> Expr:
        found = arrays[0].copy()
        for array in arrays[1:]:
            found = func("ARRAY_CONCAT", found, array.copy(), dialect="bigquery")
        return found

    def transformed(self, array: Expr, each: exp.Lambda) -> Expr:
        """The list of what `each` makes of its members. Where bulk writes files: DuckDB and Spark."""
        raise NotImplementedError

    def trimmed_right(self, whole: Expr, letter: str) -> Expr:
        return exp.Trim(this=whole.copy(), expression=text(letter), position="TRAILING")

    def entry(self, entries: Sequence[Expr], place: Expr) -> Expr:
        """Of a list of constants, counted from 1."""
        raise NotImplementedError

    def position(self, words: Sequence[str], word: Expr) -> Expr:
        """Which of the words it is, counted from 1; null for none of them."""
        ifs = [exp.If(this=binary(exp.EQ, word, text(each)), true=number(i)) for i, each in enumerate(words, 1)]
        return exp.Case(ifs=ifs)

    def matches(self, whole: Expr, pattern: str) -> Expr:
        return exp.RegexpLike(this=whole.copy(), expression=text(pattern))


_EPOCH = exp.Cast(this=text(EPOCH_TEXT), to=exp.DataType.build("DATE"))


class DuckDb(Dialect):
    __slots__ = ()

    def low_bits(self, part: Expr, count: int) -> Expr:
        return binary(exp.BitwiseAnd, part, number((1 << count) - 1))

    def high_bits(self, part: Expr, count: int) -> Expr:
        return binary(exp.BitwiseRightShift, part, number(count))

    def date(self, day: Expr) -> Expr:
        return binary(exp.Add, _EPOCH, cast(day, "INTEGER", self.name))

    def day(self, date: Expr) -> Expr:
        return binary(exp.Sub, date, _EPOCH)

    def add_months(self, day: Expr, months: Expr) -> Expr:
        moved = binary(exp.Add, self.date(day), call("TO_MONTHS", cast(months, "INTEGER", self.name)))
        return self.day(cast(moved, "DATE", self.name))

    def joined(self, arrays: Sequence[Expr]) -> Expr:
        found = arrays[0].copy()
        for array in arrays[1:]:
            found = call("LIST_CONCAT", found, array)
        return found

    def transformed(self, array: Expr, each: exp.Lambda) -> Expr:
        return call("LIST_TRANSFORM", array, each)

    def entry(self, entries: Sequence[Expr], place: Expr) -> Expr:
        words = any(isinstance(each, exp.Literal) and each.is_string for each in entries)
        truths = any(isinstance(each, exp.Boolean) for each in entries)
        type_ = self.text_type if words else "BOOLEAN" if truths else self.narrow
        return call("LIST_EXTRACT", self.array(entries, type_), place)

    def position(self, words: Sequence[str], word: Expr) -> Expr:
        """Runs on the dictionary of a column where it has one."""
        return call("LIST_POSITION", self.array([text(each) for each in words], self.text_type), word)

    def matches(self, whole: Expr, pattern: str) -> Expr:
        return call("REGEXP_MATCHES", whole, text(pattern))


class Spark(Dialect):
    __slots__ = ()

    _STEP = 10**19
    _SMALL = 10**6

    def position(self, words: Sequence[str], word: Expr) -> Expr:
        """Reads the word once; a CASE does for each comparison."""
        place = call("ARRAY_POSITION", exp.Array(expressions=[text(each) for each in words]), word)
        return exp.Nullif(this=place, expression=number(0))

    def quotient(self, left: Expr, right: Expr, *, wide: bool) -> Expr:
        """`div` gives 64 bits only, and `/` keeps 32 digits before the point: a small divisor takes two steps."""
        if not wide:
            return super().quotient(left, right, wide=wide)
        if isinstance(right, exp.Literal) and len(right.this) > len(str(self._SMALL)):
            return self._exact(left, right)
        step = self.wide_number(self._STEP)
        low = self.remainder(left, step, wide=True)
        high = self._exact(left, step)
        carried = binary(exp.Add, binary(exp.Mul, self.remainder(high, right, wide=True), step), low)
        whole = binary(exp.Mul, self._exact(high, right), step)
        two_steps = binary(exp.Add, whole, self._exact(carried, right))
        big = binary(exp.GTE, exp.Abs(this=right.copy()), number(self._SMALL))
        return exp.Case(ifs=[exp.If(this=big, true=self._exact(left, right))], default=two_steps)

    def _exact(self, left: Expr, right: Expr) -> Expr:
        whole = binary(exp.Sub, left, self.remainder(left, right, wide=True))
        return self.to_wide(binary(exp.Div, whole, right))

    def remainder(self, left: Expr, right: Expr, *, wide: bool) -> Expr:
        found = binary(exp.Mod, left, right)
        return self.to_wide(found) if wide else found

    def date(self, day: Expr) -> Expr:
        return call("DATE_FROM_UNIX_DATE", cast(day, "INTEGER", self.name))

    def day(self, date: Expr) -> Expr:
        return self.to_narrow(call("UNIX_DATE", date))

    def add_months(self, day: Expr, months: Expr) -> Expr:
        return self.day(call("ADD_MONTHS", self.date(day), cast(months, "INTEGER", self.name)))

    def index_of(self, whole: Expr, part: Expr) -> Expr:
        return call("INSTR", whole, part)

    def joined(self, arrays: Sequence[Expr]) -> Expr:
        return call("CONCAT", *arrays)

    def transformed(self, array: Expr, each: exp.Lambda) -> Expr:
        return call("TRANSFORM", array, each)

    def matches(self, whole: Expr, pattern: str) -> Expr:
        return exp.RegexpLike(this=whole.copy(), expression=text(pattern))


class Postgres(Dialect):
    __slots__ = ()

    def quotient(self, left: Expr, right: Expr, *, wide: bool) -> Expr:
        if wide:
            return call("DIV", left, right)
        return exp.Div(this=wrapped(left), expression=wrapped(right), typed=True)  # else sqlglot divides as floats

    def date(self, day: Expr) -> Expr:
        return binary(exp.Add, _EPOCH, cast(day, "INT", self.name))

    def day(self, date: Expr) -> Expr:
        return self.to_narrow(exp.Paren(this=binary(exp.Sub, date, _EPOCH)))

    def add_months(self, day: Expr, months: Expr) -> Expr:
        interval = call("MAKE_INTERVAL", number(0), cast(months, "INT", self.name))
        return self.day(cast(exp.Paren(this=binary(exp.Add, self.date(day), interval)), "DATE", self.name))

    def date_part(self, part: str, day: Expr) -> Expr:
        return self.to_narrow(exp.Extract(this=exp.var(part.upper()), expression=self.date(day)))

    def joined(self, arrays: Sequence[Expr]) -> Expr:
        found = arrays[0].copy()
        for array in arrays[1:]:
            found = call("ARRAY_CAT", found, array)
        return found


class Snowflake(Dialect):
    __slots__ = ()

    def quotient(self, left: Expr, right: Expr, *, wide: bool) -> Expr:
        """`/` keeps decimals and rounds; of a multiple it is exact."""
        exact = binary(exp.Div, binary(exp.Sub, left, binary(exp.Mod, left, right)), right)
        return self.to_wide(exact) if wide else self.to_narrow(exact)

    def date(self, day: Expr) -> Expr:
        return call("DATEADD", exp.var("DAY"), day, _EPOCH)

    def day(self, date: Expr) -> Expr:
        return call("DATEDIFF", exp.var("DAY"), _EPOCH, date)

    def add_months(self, day: Expr, months: Expr) -> Expr:
        return self.day(call("DATEADD", exp.var("MONTH"), months, self.date(day)))

    def index_of(self, whole: Expr, part: Expr) -> Expr:
        return call("POSITION", part, whole)

    def array(self, parts: Sequence[Expr], element: str) -> Expr:  # noqa: ARG002 its arrays have no type
        return call("ARRAY_CONSTRUCT", *parts)

    def joined(self, arrays: Sequence[Expr]) -> Expr:
        found = arrays[0].copy()
        for array in arrays[1:]:
            found = call("ARRAY_CAT", found, array)
        return found


class BigQuery(Dialect):
    __slots__ = ()

    def quotient(self, left: Expr, right: Expr, *, wide: bool) -> Expr:  # noqa: ARG002 one for both
        return call("DIV", left, right)

    def date(self, day: Expr) -> Expr:
        return call("DATE_FROM_UNIX_DATE", day)

    def day(self, date: Expr) -> Expr:
        return call("UNIX_DATE", date)

    def add_months(self, day: Expr, months: Expr) -> Expr:
        moved = exp.DateAdd(this=self.date(day), expression=months.copy(), unit=exp.var("MONTH"))
        return self.day(moved)

    def joined(self, arrays: Sequence[Expr]) -> Expr:
        return call("ARRAY_CONCAT", *arrays)


DUCKDB = DuckDb("duckdb", "HUGEINT", wide_bits=True, lazy_case=True, lists=True)
SPARK = Spark("spark", "DECIMAL(38, 0)", text_type="STRING", row_wise=True)
POSTGRES = Postgres("postgres", "NUMERIC", fenced=True)
SNOWFLAKE = Snowflake("snowflake", "NUMBER(38, 0)")
BIGQUERY = BigQuery("bigquery", "BIGNUMERIC", "INT64", "STRING")

DIALECTS: Mapping[str, Dialect] = {each.name: each for each in (DUCKDB, SPARK, POSTGRES, SNOWFLAKE, BIGQUERY)}
