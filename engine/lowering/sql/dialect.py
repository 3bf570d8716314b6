"""What the SQL dialects write differently: exact wide integers, whole division, dates as day counts, arrays.

Leaf of the SQL lowering. Every query is one sqlglot tree for all dialects; only what stands here differs. To add a
dialect, add a `Dialect` to `DIALECTS`, with a subclass if some of its SQL differs, and a member to the command line's
`--dialect`.

Two integer types are told apart everywhere: a *narrow* number is a 64-bit integer in each dialect, a *wide* one holds
at least 38 digits. Dates are day counts, narrow integers that count from 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlglot import exp
from sqlglot.expressions import Expr

NARROW_LOW, NARROW_HIGH = -(2**63), 2**63 - 1
"""The range of a narrow number."""

EPOCH_TEXT = "1970-01-01"
_EPOCH = exp.Cast(this=exp.Literal.string(EPOCH_TEXT), to=exp.DataType.build("DATE"))


def wrapped(part: Expr) -> Expr:
    """A copy that may stand as an operand: in brackets where it is itself an operation."""
    part = part.copy()
    operators = (exp.Binary, exp.Unary, exp.In, exp.Between)
    return exp.Paren(this=part) if isinstance(part, operators) and not isinstance(part, exp.Dot) else part


def number(value: int) -> Expr:
    """A literal of plain digits, in brackets where it is negative."""
    literal = exp.Literal.number(str(abs(value)))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def text(value: str) -> Expr:
    """A text literal; sqlglot escapes it for the dialect."""
    return exp.Literal.string(value)


def binary(kind: type[Expr], left: Expr, right: Expr) -> Expr:
    """An operation of two operands, such as `exp.Add`, with brackets where they need them."""
    return kind(this=wrapped(left), expression=wrapped(right))


def cast(part: Expr, type_: str, dialect: str = "") -> Expr:
    """A cast to a type that is named as `dialect` names it; blank: as sqlglot does."""
    return exp.Cast(this=part.copy(), to=data_type(type_, dialect))


def data_type(name: str, dialect: str = "") -> exp.DataType:
    """The type of this name in a dialect; blank: as sqlglot names it. A query casts to few types, many times, so that
    each name is parsed once."""
    return _parsed_type(name, dialect).copy()


@cache
def _parsed_type(name: str, dialect: str) -> exp.DataType:
    return exp.DataType.build(name, dialect=dialect or None)


def call(name: str, *parts: Expr) -> Expr:
    """A call of a function by its name, which sqlglot writes as it stands."""
    return exp.Anonymous(this=name, expressions=[part.copy() for part in parts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The SQL of one database. The fields are its types, names and costs; the methods write the expressions for which
    databases have different SQL, and a subclass overrides those that differ from the base's.

    The costs choose between spellings of the same meaning, so a wrong one makes a query slow, never wrong."""

    name: str
    """sqlglot's name of the dialect, by which it writes and parses it."""

    wide: str
    """The type of integers of at least 38 digits."""

    narrow: str = "BIGINT"
    """The type of 64-bit integers."""

    text_type: str = "VARCHAR"
    """The type of text of any length."""

    array_concat: str = "ARRAY_CONCAT"
    """The function that joins arrays."""

    group_reference: str = "\\"
    """What stands before a group's number in the replacement of REGEXP_REPLACE."""

    has_wide_bits: bool = False
    """Whether `&` takes wide integers. Elsewhere the last bit of one is found by a remainder."""

    lazy_case: bool = False
    """Whether CASE computes a branch only on the rows that the branches before it left open, while AND computes all its
    operands on all rows. Conjunctions are then written as CASE; without it DuckDB needs 1.09 times the processor time
    for 300,000 orders under the default policies (bitmask of rules)."""

    constant_array_lookup: bool = False
    """Whether indexing a constant array is faster than a CASE over the index. Without it DuckDB needs 10 times the
    processor time for 150,000 of the same orders."""

    inlines_subselects: bool = False
    """Whether the planner merges a sub-select into its reader, which writes an expression out once for each time it is
    read: levels that read each other's columns twice grow exponentially, until the planner's memory ends. OFFSET 0
    keeps sub-selects apart."""

    materializes_subselects: bool = False
    """Whether each sub-select copies every row that passes through it, and texts cost most of all. Queries then prefer
    repeating a small expression to carrying its value, and compute what reads a text in the first sub-select."""

    has_record_arrays: bool = True
    """Whether a column can hold arrays of structs that a query can go through for each row."""

    has_lambdas: bool = False
    """Whether functions of arrays take a function of an entry, which may read other columns. Lists are read by
    sub-selects elsewhere."""

    def to_wide(self, part: Expr) -> Expr:
        """`part` as a wide integer."""
        return cast(part, self.wide, self.name)

    def to_narrow(self, part: Expr) -> Expr:
        """`part` as a narrow integer; the database fails where it doesn't fit."""
        return cast(part, self.narrow, self.name)

    def wide_number(self, value: int) -> Expr:
        """A wide literal. Beyond 64 bits BigQuery and Spark read plain digits as a floating-point number, so that
        those are cast from a text."""
        plain = NARROW_LOW <= value <= NARROW_HIGH
        return self.to_wide(number(value) if plain else text(str(value)))

    def remainder(self, left: Expr, right: Expr, *, wide: bool) -> Expr:  # noqa: ARG002 some dialects look at it
        """The rest of a division, with the sign of `left`; `wide` says whether the operands are."""
        return binary(exp.Mod, left, right)

    def quotient(self, left: Expr, right: Expr, *, wide: bool) -> Expr:  # noqa: ARG002 some dialects look at it
        """The quotient rounded towards zero, exact for every size of the operands. `left` and `right` are columns or
        literals; `wide` says whether they are wide integers."""
        return binary(exp.IntDiv, left, right)

    def narrow_quotient(self, left: Expr, right: Expr) -> Expr:
        """The quotient of wide integers that are not negative, where it is narrow."""
        return self.quotient(left, right, wide=True)

    def low_bits(self, part: Expr, count: int) -> Expr:
        """The lowest `count` bits of a column that is never negative."""
        return self.remainder(part, number(1 << count), wide=False)

    def high_bits(self, part: Expr, count: int) -> Expr:
        """What stands above the lowest `count` bits of a column that is never negative."""
        return self.quotient(part, number(1 << count), wide=False)

    def add_months(self, day: Expr, months: Expr) -> Expr:
        """The day count of the same day of the month that many months later, or of the month's last day."""
        raise NotImplementedError

    def date(self, day: Expr) -> Expr:
        """The date of a day count."""
        raise NotImplementedError

    def day(self, date: Expr) -> Expr:
        """The day count of a date."""
        raise NotImplementedError

    def date_part(self, part: str, day: Expr) -> Expr:
        """The year, month or day of a day count's date."""
        return exp.Extract(this=exp.var(part.upper()), expression=self.date(day))

    def index_of(self, whole: Expr, part: Expr) -> Expr:
        """Where `part` first stands in `whole`, counted from 1; 0 where it doesn't."""
        return call("STRPOS", whole, part)

    def array(self, parts: Sequence[Expr], element: str) -> Expr:
        """An array of these values, of the type `element`."""
        return exp.Cast(
            this=exp.Array(expressions=[part.copy() for part in parts]),
            to=data_type(f"ARRAY<{element}>", "bigquery"),
        )

    def joined(self, arrays: Sequence[Expr]) -> Expr:
        """One array of the entries of at least one array, in order, joined two by two."""
        joined = arrays[0].copy()
        for array in arrays[1:]:
            joined = call(self.array_concat, joined, array)
        return joined

    def transformed(self, array: Expr, each: exp.Lambda) -> Expr:
        """The array of what `each` makes of the entries. Only where bulk writes files: DuckDB and Spark."""
        raise NotImplementedError

    def filtered(self, array: Expr, each: exp.Lambda) -> Expr:
        """The array of the entries of which `each` is true. Only with `has_lambdas`, as the next three."""
        raise NotImplementedError

    def length(self, array: Expr) -> Expr:
        """How many entries an array has."""
        raise NotImplementedError

    def total(self, array: Expr) -> Expr:
        """The sum of an array of wide integers; null, or 0, of an empty one."""
        raise NotImplementedError

    def extreme(self, array: Expr, *, greatest: bool) -> Expr:
        """The greatest or least entry of an array; null of an empty one."""
        raise NotImplementedError

    def trimmed_right(self, whole: Expr, letter: str) -> Expr:
        """A text without this letter at its end, however often it stands there."""
        return exp.Trim(this=whole.copy(), expression=text(letter), position="TRAILING")

    def entry(self, entries: Sequence[Expr], place: Expr) -> Expr:
        """The entry of a constant array at a place counted from 1. Only with `constant_array_lookup`."""
        raise NotImplementedError

    def position(self, words: Sequence[str], word: Expr) -> Expr:
        """Which of the words `word` is, counted from 1; null for none of them."""
        ifs = [exp.If(this=binary(exp.EQ, word, text(each)), true=number(i)) for i, each in enumerate(words, 1)]
        return exp.Case(ifs=ifs)

    def matches(self, whole: Expr, pattern: str) -> Expr:
        """Whether a regular expression finds something in a text; anchors are the pattern's own."""
        return exp.RegexpLike(this=whole.copy(), expression=text(pattern))

    def has_more_decimals(self, decimal: Expr, scale: int) -> Expr:
        """Whether a decimal has digits other than 0 beyond `scale`."""
        unit = cast(text(f"0.{'0' * (scale - 1)}1" if scale else "1"), f"DECIMAL({scale + 1}, {scale})")
        return binary(exp.NEQ, binary(exp.Mod, decimal, unit), number(0))


class DuckDb(Dialect):
    """DuckDB has shifts, arrays that are indexed as fast as a column is read, and its own names for their functions."""

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

    def transformed(self, array: Expr, each: exp.Lambda) -> Expr:
        return call("LIST_TRANSFORM", array, each)

    def filtered(self, array: Expr, each: exp.Lambda) -> Expr:
        return call("LIST_FILTER", array, each)

    def length(self, array: Expr) -> Expr:
        return call("LEN", array)

    def total(self, array: Expr) -> Expr:
        return call("LIST_SUM", array)

    def extreme(self, array: Expr, *, greatest: bool) -> Expr:
        return call("LIST_MAX" if greatest else "LIST_MIN", array)

    def entry(self, entries: Sequence[Expr], place: Expr) -> Expr:
        has_texts = any(isinstance(each, exp.Literal) and each.is_string for each in entries)
        has_booleans = any(isinstance(each, exp.Boolean) for each in entries)
        type_ = self.text_type if has_texts else "BOOLEAN" if has_booleans else self.narrow
        return call("LIST_EXTRACT", self.array(entries, type_), place)

    def position(self, words: Sequence[str], word: Expr) -> Expr:
        """LIST_POSITION runs once for each entry of a column's dictionary, where the column has one."""
        return call("LIST_POSITION", self.array([text(each) for each in words], self.text_type), word)

    def matches(self, whole: Expr, pattern: str) -> Expr:
        return call("REGEXP_MATCHES", whole, text(pattern))

    def has_more_decimals(self, decimal: Expr, scale: int) -> Expr:
        """DuckDB computes the remainder of decimals of more than 18 digits in floating point."""
        return binary(exp.NEQ, call("TRUNC", decimal, number(scale)), decimal)


class Spark(Dialect):
    """Spark's wide integers are decimals, whose division keeps few digits; dates and arrays have its own functions."""

    __slots__ = ()

    _STEP = 10**19
    _SMALL = 10**6

    def position(self, words: Sequence[str], word: Expr) -> Expr:
        """Reads the word once; a CASE would read it for each comparison."""
        place = call("ARRAY_POSITION", exp.Array(expressions=[text(each) for each in words]), word)
        return exp.Nullif(this=place, expression=number(0))

    def quotient(self, left: Expr, right: Expr, *, wide: bool) -> Expr:
        """`div` gives 64 bits only, and `/` keeps 32 digits before the point, which a small divisor may exceed: by one
        of those the number is divided in two steps, its digits beyond the 19th first. With a step of 100 instead of
        10**19, 7654 by 3: 76 is 25 * 3 + 1, and 100 + 54 by 3 is 51, so the quotient is 25 * 100 + 51."""
        if not wide:
            return super().quotient(left, right, wide=wide)
        if isinstance(right, exp.Literal) and len(right.this) > len(str(self._SMALL)):
            return self._exact(left, right)
        step = self.wide_number(self._STEP)
        low = self.remainder(left, step, wide=True)
        high = self._exact(left, step)
        carried = binary(exp.Add, binary(exp.Mul, self.remainder(high, right, wide=True), step), low)
        high_quotient = binary(exp.Mul, self._exact(high, right), step)
        two_steps = binary(exp.Add, high_quotient, self._exact(carried, right))
        is_large = binary(exp.GTE, exp.Abs(this=right.copy()), number(self._SMALL))
        return exp.Case(ifs=[exp.If(this=is_large, true=self._exact(left, right))], default=two_steps)

    def narrow_quotient(self, left: Expr, right: Expr) -> Expr:
        return self._exact(left, right)

    def _exact(self, left: Expr, right: Expr) -> Expr:
        """The division of the multiple of `right` that is next to `left`, which has no digits to round."""
        multiple = binary(exp.Sub, left, self.remainder(left, right, wide=True))
        return self.to_wide(binary(exp.Div, multiple, right))

    def remainder(self, left: Expr, right: Expr, *, wide: bool) -> Expr:
        rest = binary(exp.Mod, left, right)
        return self.to_wide(rest) if wide else rest

    def date(self, day: Expr) -> Expr:
        return call("DATE_FROM_UNIX_DATE", cast(day, "INTEGER", self.name))

    def day(self, date: Expr) -> Expr:
        return self.to_narrow(call("UNIX_DATE", date))

    def add_months(self, day: Expr, months: Expr) -> Expr:
        return self.day(call("ADD_MONTHS", self.date(day), cast(months, "INTEGER", self.name)))

    def index_of(self, whole: Expr, part: Expr) -> Expr:
        return call("INSTR", whole, part)

    def joined(self, arrays: Sequence[Expr]) -> Expr:
        """Joins all of them at once."""
        return call(self.array_concat, *arrays)

    def transformed(self, array: Expr, each: exp.Lambda) -> Expr:
        return call("TRANSFORM", array, each)

    def filtered(self, array: Expr, each: exp.Lambda) -> Expr:
        return call("FILTER", array, each)

    def length(self, array: Expr) -> Expr:
        return self.to_narrow(call("SIZE", array))

    def total(self, array: Expr) -> Expr:
        """Each step keeps 38 digits, which no sum of a list exceeds."""
        names = [exp.to_identifier(name) for name in ("total", "entry")]
        step = exp.Lambda(
            this=self.to_wide(exp.Add(this=names[0].copy(), expression=names[1].copy())), expressions=names
        )
        return call("AGGREGATE", array, self.wide_number(0), step)

    def extreme(self, array: Expr, *, greatest: bool) -> Expr:
        return call("ARRAY_MAX" if greatest else "ARRAY_MIN", array)


class Postgres(Dialect):
    """PostgreSQL divides its wide NUMERIC by DIV; its dates are subtracted and moved by intervals."""

    __slots__ = ()

    def quotient(self, left: Expr, right: Expr, *, wide: bool) -> Expr:
        """`typed` keeps sqlglot from casting the operands to floating point."""
        if wide:
            return call("DIV", left, right)
        return exp.Div(this=wrapped(left), expression=wrapped(right), typed=True)

    def date(self, day: Expr) -> Expr:
        return binary(exp.Add, _EPOCH, cast(day, "INT", self.name))

    def day(self, date: Expr) -> Expr:
        return self.to_narrow(exp.Paren(this=binary(exp.Sub, date, _EPOCH)))

    def add_months(self, day: Expr, months: Expr) -> Expr:
        interval = call("MAKE_INTERVAL", number(0), cast(months, "INT", self.name))
        return self.day(cast(exp.Paren(this=binary(exp.Add, self.date(day), interval)), "DATE", self.name))

    def date_part(self, part: str, day: Expr) -> Expr:
        """EXTRACT gives a NUMERIC here."""
        return self.to_narrow(exp.Extract(this=exp.var(part.upper()), expression=self.date(day)))


class Snowflake(Dialect):
    """Snowflake's only number type is a decimal, and its arrays have no element type."""

    __slots__ = ()

    def quotient(self, left: Expr, right: Expr, *, wide: bool) -> Expr:
        """`/` keeps decimals and rounds; of a multiple of the divisor it is exact."""
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


class BigQuery(Dialect):
    """BigQuery divides every size of integer by DIV; dates and arrays have their own functions."""

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
        """Joins all of them at once."""
        return call(self.array_concat, *arrays)


DUCKDB = DuckDb(
    name="duckdb",
    wide="HUGEINT",
    array_concat="LIST_CONCAT",
    has_wide_bits=True,
    has_lambdas=True,
    lazy_case=True,
    constant_array_lookup=True,
)
SPARK = Spark(
    name="spark",
    wide="DECIMAL(38, 0)",
    text_type="STRING",
    array_concat="CONCAT",
    group_reference="$",
    has_lambdas=True,
    materializes_subselects=True,
)
POSTGRES = Postgres(name="postgres", wide="NUMERIC", array_concat="ARRAY_CAT", inlines_subselects=True)
SNOWFLAKE = Snowflake(name="snowflake", wide="NUMBER(38, 0)", array_concat="ARRAY_CAT", has_record_arrays=False)
BIGQUERY = BigQuery(name="bigquery", wide="BIGNUMERIC", narrow="INT64", text_type="STRING")

DIALECTS: Mapping[str, Dialect] = {each.name: each for each in (DUCKDB, SPARK, POSTGRES, SNOWFLAKE, BIGQUERY)}
"""Every dialect by its name."""
