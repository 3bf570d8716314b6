"""Values by date that are renewed at a regular interval, such as a reference rate each half-year, and that come to
their end: a warning, since the last one goes on with nobody noticing.

A table with a row for each half-year, or a parameter with a value for each year, says by its own dates how often it is
renewed. Where the next one is due and isn't there, interest is charged at last year's rate.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from engine.compiling.link import Linked
from engine.compiling.lists import dotted_name
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.feel import syntax
from engine.reading.policy import Row, TableDefinition

SERIES_MIN = 4
"""Dates that make a series: three equal steps are no chance."""

NOTICE_DAYS = 14
"""How long before the next date the warning begins: a central bank says about two weeks ahead what its rate will be."""

_MONTHS = 12
_ONE_DAY = timedelta(days=1)


def ending_series(linked: Linked, today: date) -> Iterator[Diagnostic]:
    """A warning W007 for each table and each parameter whose dates follow one another at equal steps of months, and
    whose next date is less than `NOTICE_DAYS` after `today` and not there."""
    for unit in linked.units:
        if isinstance(unit.part, TableDefinition):
            yield from _of_table(unit.policy.name, unit.part, today)
    for name, parameter in linked.parameters():
        starts = sorted(each.since for each in parameter.values if each.since is not None)
        following = next_date(starts)
        if not parameter.is_list and following is not None and _is_due(following, today):
            message = f"`{name}` has a value every {_step(starts)}, and none from {following} on"
            hint = f"add `{following}: …`, or that of {starts[-1]} once more if nothing changes"
            yield Diagnostic(parameter.place, ErrorCode.W007, message, hint)


def next_date(dates: Sequence[date]) -> date | None:
    """The date that goes on with a series in equal steps of months: after 30 June, 31 December and 30 June the next 31
    December. None where the dates, in order, are too few or the last steps differ."""
    dates = dates[-SERIES_MIN:]
    if len(dates) < SERIES_MIN:
        return None
    at_ends = all((each + _ONE_DAY).day == 1 for each in dates)
    if not at_ends and len({each.day for each in dates}) > 1:
        return None
    months = [each.year * _MONTHS + each.month - 1 for each in dates]
    steps = {later - earlier for earlier, later in itertools.pairwise(months)}
    if len(steps) > 1 or not min(steps):
        return None
    following = months[-1] + steps.pop()
    if at_ends:
        return _first_of(following + 1) - _ONE_DAY
    try:
        return _first_of(following).replace(day=dates[-1].day)
    except ValueError:  # the 29th of February
        return None


def _first_of(months: int) -> date:
    return date(months // _MONTHS, months % _MONTHS + 1, 1)


def _of_table(policy: str, table: TableDefinition, today: date) -> Iterator[Diagnostic]:
    """By the dates after which its rows begin. A column counts where every row but one bears such a date."""
    by_column: dict[str, dict[date, tuple[Row, str]]] = {}
    for row in table.rows:
        for column, start, sign in _starts(row):
            by_column.setdefault(column, {})[start] = row, sign
    for column, rows in by_column.items():
        starts = sorted(rows)
        following = next_date(starts)
        if following is not None and _is_due(following, today):
            last, sign = rows[starts[-1]]
            message = (
                f"the rows of `{policy}.{table.name}` follow by `{column}` every {_step(starts)}, and none begins at "
                f"{following}: `{last.id}` goes on"
            )
            test = f"`{column}: '{sign} date(\"{following}\")'`"
            hint = f"end `{last.id}` there, and add a row with {test} and its value"
            yield Diagnostic(last.place, ErrorCode.W007, message, hint)
            return


def _starts(row: Row) -> Iterator[tuple[str, date, str]]:
    """The columns of a row that begin at a date, `> date("2026-06-30")` or a range from one, with that date and its
    sign: `>=` where the day itself is inside."""
    for cell in row.cells:
        name, tests = dotted_name(cell.column.tree), cell.tests.tree
        if name is None or not isinstance(tests, syntax.UnaryTests) or tests.negated or len(tests.tests) != 1:
            continue
        test = tests.tests[0]
        start = _date(test.low) if isinstance(test, syntax.Interval) and test.low is not None else None
        if start is not None and isinstance(test, syntax.Interval):
            yield name, start, ">=" if test.low_closed else ">"


def _date(node: syntax.Node) -> date | None:
    """The date that `date("2026-06-30")` and `@"2026-06-30"` name."""
    written = node.text if isinstance(node, syntax.AtLiteral) else ""
    if isinstance(node, syntax.Call) and isinstance(node.function, syntax.Name) and node.function.name == "date":
        argument, *more = node.arguments or (node,)
        written = argument.value if isinstance(argument, syntax.String) and not more else ""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _is_due(following: date, today: date) -> bool:
    return following < today + timedelta(days=NOTICE_DAYS)


def _step(dates: Sequence[date]) -> str:
    """`6 months`, `year`."""
    last, before = dates[-1], dates[-2]
    months = (last.year - before.year) * _MONTHS + last.month - before.month
    years = {1: "month", _MONTHS: "year"}
    return years.get(months, f"{months} months")
