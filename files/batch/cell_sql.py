"""Cells as SQL: the signs, words and parts that a map describes, turned into the plain text that they stand for.

Part of `raw_facts`; the same as `files.maps.mapped_rows` does in Python. A cell that has no such form keeps its text
behind a mark that no sound cell begins with, so that the tests of the next relation find it:

    1.234,50-      a number with a decimal comma      -1234.50
    12.34,5        the same column                    \\x0112.34,5
    1000, 47/11    an id of two columns, joined by /  \\x031000/47/11
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, call, cast, data_type, number, text
from engine.vocabulary.vocabulary import DATE
from files.maps.cell_faults import CELL_SHOWN_MAX, HIDDEN_CHARACTERS
from files.maps.date_format import ISO, DateFormat
from files.maps.number_format import POINT, NumberFormat
from files.maps.row_map import Column

ODD, LACKS_PART, HOLDS_JOINT = "\x01", "\x02", "\x03"
"""Marks before a cell that has not the form that the map gives, and before ids whose parts can't be joined."""

_NUL = 0
_HALF = text("5")


def is_rewritten(column: Column | None, words: Mapping[str, str | None] | None) -> bool:
    """Whether a relation holds something else than the cell itself."""
    return words is not None or (column is not None and bool(column.rest or not column.numbers.is_plain))


def without_words(column: Column | None, cell: Expr) -> Expr:
    """The cell; null where it is one of the column's words for no value."""
    if column is None or not column.no_value:
        return cell
    return _null_if(exp.In(this=cell.copy(), expressions=[text(word) for word in column.no_value]), cell)


def typed_cell(column: Column | None, raw: Expr, dialect: Dialect, *, is_date: bool) -> Expr:
    """As `without_words`, of a value that is no text: a date is compared with the words that name a day."""
    words = column.no_value_typed if column is not None else ()
    if not words:
        return raw
    if is_date:
        known = [cast(text(word), "DATE") for word in words]
        return _null_if(exp.In(this=raw.copy(), expressions=known), raw)
    as_text = cast(raw.copy(), dialect.text_type)
    return _null_if(exp.In(this=as_text, expressions=[text(word) for word in words]), raw)


def _null_if(test: Expr, value: Expr) -> Expr:
    return exp.Case(ifs=[exp.If(this=test, true=exp.Null())], default=value.copy())


def shown_in_sql(cell: Expr, dialect: Dialect) -> Expr:
    """As `cell_faults.shown_cell`."""
    whole = cast(cell.copy(), dialect.text_type)
    is_long = binary(exp.GT, exp.Length(this=whole), number(CELL_SHOWN_MAX))
    cut = binary(exp.DPipe, call("SUBSTR", whole, number(1), number(CELL_SHOWN_MAX - 1)), text("…"))
    short = exp.Case(ifs=[exp.If(this=is_long, true=cut)], default=whole.copy())
    visible = call("TRANSLATE", short, text(HIDDEN_CHARACTERS), text("·" * len(HIDDEN_CHARACTERS)))
    return call("REPLACE", visible, call("CHR", number(_NUL)), text("·"))


# --- ids of several columns ------------------------------------------------------------------------------------------


def joined_by(joint: str, left: Expr, right: Expr) -> Expr:
    """Two texts with the joint between them."""
    return binary(exp.DPipe, binary(exp.DPipe, left, text(joint)), right)


def joined_cells(column: Column, cells: Sequence[Expr]) -> Expr:
    """The parts of an id as one text: null where all are missing, marked where some are or where one holds the
    joint."""
    parts = [without_words(column, cell) for cell in cells]
    known = [exp.Not(this=exp.Is(this=exp.Paren(this=part.copy()), expression=exp.Null())) for part in parts]
    all_known = exp.and_(*(each.copy() for each in known), copy=False)
    none_known = exp.Not(this=exp.Paren(this=exp.or_(*(each.copy() for each in known), copy=False)))
    holds = exp.or_(*(_holds(part, column.joint) for part in parts), copy=False)
    joined = parts[0]
    for part in parts[1:]:
        joined = joined_by(column.joint, joined, part)
    return exp.Case(
        ifs=[
            exp.If(this=none_known, true=exp.Null()),
            exp.If(this=exp.Not(this=exp.Paren(this=all_known)), true=text(LACKS_PART)),
            exp.If(this=holds, true=text(HOLDS_JOINT)),
        ],
        default=joined,
    )


def _holds(part: Expr, joint: str) -> Expr:
    return binary(exp.NEQ, call("REPLACE", part, text(joint), text("")), part)


# --- numbers ---------------------------------------------------------------------------------------------------------


def plain_number(numbers: NumberFormat, cell: Expr, dialect: Dialect, scale: int | None) -> Expr:
    """A cell that is a number in this format, with a decimal point and nothing else; any other cell marked.

    `scale`: the decimals of its type, None for whole numbers. Digits beyond it are rounded away where the format says
    so.
    """
    pattern = f"\\A({numbers.signed_pattern(decimals=scale is not None)})\\z"
    others = f"-(){numbers.thousands_characters}"
    digits = call("TRANSLATE", cell, text(numbers.decimal + others), text(POINT))
    minus = exp.Case(ifs=[exp.If(this=dialect.matches(cell, "\\A[-(]|-\\z"), true=text("-"))], default=text(""))
    if numbers.rounds and scale is not None:
        digits = _rounded(digits, scale, dialect)
    plain = binary(exp.DPipe, minus, digits)
    return exp.Case(
        ifs=[exp.If(this=dialect.matches(cell, pattern), true=plain)],
        default=binary(exp.DPipe, text(ODD), cell),
    )


_WHOLE_DIGITS_MAX = 19
"""More digits before the point are out of every range, however they are rounded."""


def _rounded(digits: Expr, scale: int, dialect: Dialect) -> Expr:
    """Digits with a decimal point, rounded half to even. `7.125` at 2: kept is `712`, the rest `5`; 712 is even, so it
    stays, and the point goes back in: `7.12`."""
    whole = call("REGEXP_EXTRACT", digits, text("\\A([0-9]+)"), number(1))
    decimals = call("REGEXP_EXTRACT", digits, text("\\A[0-9]+[.]([0-9]+)"), number(1))
    kept = binary(exp.DPipe, whole, call("SUBSTR", decimals, number(1), number(scale))) if scale else whole
    rest = dialect.trimmed_right(call("SUBSTR", decimals, number(scale + 1)), "0")
    is_half_of_odd = exp.and_(binary(exp.EQ, rest, _HALF), dialect.matches(kept, "[13579]\\z"), copy=False)
    is_up = exp.or_(binary(exp.GT, rest, _HALF), is_half_of_odd, copy=False)
    up = exp.Case(ifs=[exp.If(this=is_up, true=number(1))], default=number(0))
    exact = exp.TryCast(this=kept, to=data_type("DECIMAL(30, 0)"), safe=True)
    sum_ = cast(binary(exp.Add, exact, up), "DECIMAL(30, 0)")
    together = cast(sum_, dialect.text_type)
    long = exp.Case(
        ifs=[
            exp.If(
                this=binary(exp.LTE, exp.Length(this=together.copy()), number(scale)),
                true=call("LPAD", together, number(scale + 1), text("0")),
            )
        ],
        default=together.copy(),
    )
    point_after = binary(exp.Sub, exp.Length(this=long.copy()), number(scale))
    back: Expr = long
    if scale:
        front = call("SUBSTR", long, number(1), point_after)
        back = joined_by(POINT, front, call("SUBSTR", long, binary(exp.Add, point_after, number(1))))
    is_huge = binary(exp.GT, exp.Length(this=whole.copy()), number(_WHOLE_DIGITS_MAX))
    is_fine = binary(exp.GT, exp.Length(this=decimals.copy()), number(scale))
    ifs = [exp.If(this=is_huge, true=whole.copy()), exp.If(this=is_fine, true=back)]
    return exp.Case(ifs=ifs, default=digits.copy())


# --- dates -----------------------------------------------------------------------------------------------------------


def day_of_text(formats: Sequence[DateFormat], cell: Expr, dialect: Dialect) -> Expr:
    """The day count of the day that a cell names in one of these formats; null where it names none. As
    `date_format.read_in_any`."""
    days = [_day(each, cell, dialect) for each in formats]
    if len(days) == 1:
        return days[0]
    within = [_null_if(exp.Not(this=_in_bounds(day)), day) for day in days]
    return exp.Coalesce(this=within[0], expressions=within[1:])


def _in_bounds(day: Expr) -> Expr:
    between = exp.Between(this=exp.Paren(this=day.copy()), low=number(DATE.low), high=number(DATE.high))
    return exp.Coalesce(this=between, expressions=[exp.Boolean(this=False)])


def _day(format_: DateFormat, cell: Expr, dialect: Dialect) -> Expr:
    pattern, iso = ("[0-9]{4}-[0-9]{2}-[0-9]{2}", cell) if format_.spelling == ISO else _as_iso(format_, cell, dialect)
    fits = exp.and_(
        dialect.matches(cell, f"\\A{pattern}\\z"),
        exp.Not(this=dialect.matches(iso, "\\A0000")),  # a year that databases know and calendars don't
        copy=False,
    )
    text_ = exp.Case(ifs=[exp.If(this=fits, true=iso.copy())])
    return dialect.day(exp.TryCast(this=text_, to=data_type("DATE"), safe=True))


def _as_iso(format_: DateFormat, cell: Expr, dialect: Dialect) -> tuple[str, Expr]:
    """The format as a pattern for databases, and a cell that fits it as year-month-day."""
    groups = format_.pattern.groupindex
    pattern = format_.pattern.pattern
    for name in groups:
        pattern = pattern.replace(f"(?P<{name}>", "(")
    if not format_.names_months and format_.first_year is None:
        parts = "-".join(f"{dialect.group_reference}{groups[name]}" for name in ("year", "month", "day"))
        return pattern, call("REGEXP_REPLACE", cell, text(f"\\A{pattern}\\z"), text(parts))
    year, month, day = (
        call("REGEXP_EXTRACT", cell, text(f"\\A{pattern}\\z"), number(groups[name]))
        for name in ("year", "month", "day")
    )
    if format_.first_year is not None:
        year = _whole_year(format_.first_year, year)
    if format_.names_months:
        bare = call("LOWER", dialect.trimmed_right(month, "."))
        ifs = [exp.If(this=text(word), true=text(f"{at:02}")) for word, at in format_.month_words.items()]
        month = exp.Case(this=bare, ifs=ifs)
    return pattern, joined_by("-", joined_by("-", year, month), day)


def _whole_year(first: int, written: Expr) -> Expr:
    """Four digits of a year that is written with two: from 1950 on `50` is 1950, and `49` is 2049."""
    century, start = divmod(first, 100)
    is_early = binary(exp.GTE, written, text(f"{start:02}"))
    before = exp.Case(ifs=[exp.If(this=is_early, true=text(str(century)))], default=text(str(century + 1)))
    return binary(exp.DPipe, before, written)
