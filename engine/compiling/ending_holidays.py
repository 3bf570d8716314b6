"""Lists of holidays that come to their end: a warning, since from then on every weekday counts as worked.

Holidays are known a year or two ahead, so that somebody has to go on with the list. Nobody notices where it ends: the
dates that are worked out are right but for the holidays, and a customer is called on Christmas Day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from engine.compiling.link import Linked, expressions, parts_with_formulas
from engine.compiling.lists import dotted_name
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.feel import syntax
from engine.reading.policy import ParameterDefinition

NOTICE_DAYS = 90
"""How long before the last holiday that is listed the warning begins: what is planned ahead, such as the next step of
dunning, soon falls behind it."""

_FUNCTIONS = ("first working day", "last working day")


def ending_holidays(linked: Linked, today: date) -> Iterator[Diagnostic]:
    """A warning W006 for each list that a formula takes for holidays, and whose last date is less than `NOTICE_DAYS`
    after `today`. An empty list says on purpose that there are none."""
    parameters = dict(linked.parameters())
    taken = {
        full: parameters[full]
        for policy, part in parts_with_formulas(linked)
        for expression in expressions(part)
        for name in _holidays(expression.tree)
        for full in (f"{policy.name}.{name}", name)
        if full in parameters
    }
    for name, parameter in sorted(taken.items()):
        last = _last_date(parameter)
        if last is not None and last < today + timedelta(days=NOTICE_DAYS):
            message = f"the holidays in `{name}` end on {last}; after that every weekday counts as worked"
            hint = "add those of the next year, or let the list be empty if there are none"
            yield Diagnostic(parameter.place, ErrorCode.W006, message, hint)


def _holidays(node: syntax.Node) -> Iterator[str]:
    """The names that stand as holidays in a call of one of the functions."""
    if isinstance(node, syntax.Call) and isinstance(node.function, syntax.Name) and node.function.name in _FUNCTIONS:
        named = dict(zip(node.names, node.arguments, strict=True)) if node.names else {}
        given = named.get("holidays") if named else (node.arguments[1] if len(node.arguments) > 1 else None)
        name = dotted_name(given) if given is not None else None
        if name is not None:
            yield name
    for child in syntax.children(node):
        yield from _holidays(child)


def _last_date(parameter: ParameterDefinition) -> date | None:
    """The latest date in any of a list's values, whenever that applies. The set checks, so that what isn't a date yet,
    as in a list's own file, is one in words."""
    entries = [entry for each in parameter.values if isinstance(each.value, tuple) for entry in each.value]
    return max((e if isinstance(e, date) else date.fromisoformat(str(e)) for e in entries), default=None)
