"""`first working day` and `last working day` → formulas: a date moved off week-ends and holidays. Part of
`expressions`.

Working days are Monday to Friday without the days of a list, and the days of a second list, which are worked though
they are a Saturday, a Sunday or a holiday (as China does around its long holidays). The lists are known when a policy
is compiled, so that nothing has to be searched for in a decision: only around the listed days does anything differ from
"a Saturday becomes the Monday", and those days are sorted by how far they move. With Friday 25 December 2026 as a
holiday

    first working day(d, holidays)   is   d + (if d in [25 December] then 3
                                               else if d.weekday > 5 then 8 - d.weekday else 0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date

from engine.compiling import arithmetic as a
from engine.compiling.mismatch import Mismatch
from engine.compiling.named_lists import NamedList, shown_name
from engine.diagnostics.codes import ErrorCode
from engine.feel import syntax
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula
from engine.ruleset.functions import FUNCTIONS
from engine.vocabulary.days import date_of, day_number
from engine.vocabulary.vocabulary import YES_NO, Kind, Type

_STEPS = {"first working day": 1, "last working day": -1}
"""The functions, and in which direction each looks for a working day."""

CLOSED_IN_A_ROW_MAX = 31
"""Days in a row that aren't worked. A longer stretch is a slip: a year too many in a list, or the wrong list."""

_FRIDAY = 5
_WEEK_END = 2


def is_working_day_function(name: str) -> bool:
    """Whether a call of this name is for `working_day`."""
    return name in _STEPS


def working_day(
    name: str,
    arguments: Sequence[syntax.Node],
    compiled: Callable[[syntax.Node], Formula],
    named: Callable[[syntax.Node], NamedList | None],
) -> Formula:
    """The date of a call `name(date, holidays, worked?)`: the date itself where it is a working day, else the nearest
    one after it (`first`) or before it (`last`).

    `compiled` gives the formula of an argument, `named` the list that one names. Null where the date is, and unknown
    where a list has no entries yet. Raises `Mismatch` for arguments of another kind and for a stretch of days off that
    is longer than `CLOSED_IN_A_ROW_MAX`."""
    least, most = FUNCTIONS[name].least, FUNCTIONS[name].most
    if not least <= len(arguments) <= most:
        hint = f"write `{name}(as_of, lists.holidays)`"
        raise Mismatch(ErrorCode.T004, f"`{name}` takes {least} or {most} arguments, found {len(arguments)}", hint)
    day = compiled(arguments[0])
    if day.type.kind is not Kind.DATE:
        raise Mismatch(ErrorCode.T001, f"{a.described(day)} is not a date", f"write `{name}(as_of, lists.holidays)`")
    lists = [_listed(name, argument, compiled, named) for argument in arguments[1:]]
    for listed in lists:
        if isinstance(listed, NamedList):
            return a.Unset(day.type, listed.name, nullable=True)
    holidays, worked, *_ = [*(frozenset(days) for days in lists if not isinstance(days, NamedList)), frozenset[int]()]
    return _moved(day, _moves(holidays, worked, _STEPS[name], name), _STEPS[name])


def _listed(
    name: str,
    node: syntax.Node,
    compiled: Callable[[syntax.Node], Formula],
    named: Callable[[syntax.Node], NamedList | None],
) -> tuple[int, ...] | NamedList:
    """The days of a list; the list itself where it has none yet."""
    listed = named(node)
    if listed is not None:
        if listed.type.kind is not Kind.DATE:
            hint = "write `of: date`, or its days under a heading `date`"
            raise Mismatch(ErrorCode.T001, f"`{shown_name(listed)}` is a list of words, not of days", hint)
        return listed if listed.is_unset else tuple(day_number(date.fromisoformat(entry)) for entry in listed.entries)
    if not isinstance(node, syntax.ListLiteral):
        raise Mismatch(
            ErrorCode.T004, f"`{name}` takes a written-out list of days, or a list that has a name", "see `rules/lists`"
        )
    return tuple(_written_day(compiled(item)) for item in node.items)


def _written_day(item: Formula) -> int:
    if not isinstance(item, Constant) or item.type.kind is not Kind.DATE or not isinstance(item.value, int):
        raise Mismatch(ErrorCode.T004, "each day of the list must be written out", 'write `[@"2026-12-25"]`')
    return item.value


def _moves(holidays: frozenset[int], worked: frozenset[int], step: int, name: str) -> dict[int, list[int]]:
    """How far each day moves that moves otherwise than by the week-end alone: the days by distance."""

    def is_open(day: int) -> bool:
        return day in worked or (day not in holidays and _weekday(day) <= _FRIDAY)

    by_distance: dict[int, list[int]] = {}
    for day in sorted(_around(holidays | worked, step)):
        distance = next((n for n in range(CLOSED_IN_A_ROW_MAX + 1) if is_open(day + n * step)), None)
        if distance is None:
            message = f"`{name}`: more than {CLOSED_IN_A_ROW_MAX} days in a row from {date_of(day)} aren't worked"
            raise Mismatch(ErrorCode.T004, message, "take the days out of the list that are worked")
        if distance != _week_end_distance(day, step):
            by_distance.setdefault(distance, []).append(day)
    return by_distance


def _around(listed: Iterable[int], step: int) -> set[int]:
    """The listed days, and the week-end that runs into each."""
    return {day - step * number for day in listed for number in range(_WEEK_END + 1)}


def _weekday(day: int) -> int:
    return date_of(day).isoweekday()


def _week_end_distance(day: int, step: int) -> int:
    """How far a day moves where nothing is a holiday: Saturday to Monday 2, Sunday to Friday 2."""
    beyond = _weekday(day) - _FRIDAY
    return 0 if beyond <= 0 else _WEEK_END + 1 - beyond if step > 0 else beyond


def _moved(day: Formula, moves: dict[int, list[int]], step: int) -> Formula:
    """The date with its distance added, or taken away."""
    weekday = f.DatePart(Type(Kind.INTEGER, low=1, high=7), "weekday", day, nullable=day.nullable)
    one, last = a.constant(Type(Kind.INTEGER), 1), a.constant(Type(Kind.INTEGER), _FRIDAY)
    beyond = a.subtract(weekday, last)
    off = a.subtract(a.constant(Type(Kind.INTEGER), _WEEK_END + 1), beyond) if step > 0 else beyond
    distance = a.choose(a.compare(">", weekday, last), off, a.subtract(one, one))
    for number, days in moves.items():
        listed = f.MemberOf(YES_NO, day, tuple(days), nullable=day.nullable)
        distance = a.choose(listed, a.constant(Type(Kind.INTEGER), number), distance)
    distance = a.retyped(distance, Type(Kind.DAYS, low=0, high=CLOSED_IN_A_ROW_MAX))
    moved = a.add(day, distance) if step > 0 else a.subtract(day, distance)
    low, high = (day.type.low, moved.type.high) if step > 0 else (moved.type.low, day.type.high)
    return a.retyped(moved, replace(moved.type, low=low, high=high))
