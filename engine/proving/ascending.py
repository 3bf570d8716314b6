"""Whether what an author says must ascend does: parameters on every date, outputs of a table in every row.

A slip in one number can turn the steps of collection round, or let an alarm come before its warning, and each number by
itself looks right. So a policy can say `ascending: [email_days < call_days]`, and an output `ascending: true` where it
must not fall from row to row. Part of compiling a policy set; works on what the author wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.diagnostics.wording import did_you_mean
from engine.reading.policy import (
    Ascending,
    AscendingName,
    DatedConstant,
    OutputDefinition,
    ParameterDefinition,
    Policy,
    Row,
    TableDefinition,
)
from engine.vocabulary.vocabulary import Kind
from engine.vocabulary.written_numbers import plain

_CANT_ASCEND = "name parameters with numbers or dates, or outputs of one table with numbers"


@dataclass(frozen=True, slots=True)
class _Compared:
    """A value as it stands in the file; `where` is empty, or says where or when: ` in the row `a``."""

    value: Decimal | str
    place: Place
    where: str = ""

    @property
    def text(self) -> str:
        return plain(self.value) if isinstance(self.value, Decimal) else self.value


def check_ascending(policy: Policy) -> Iterator[Diagnostic]:
    """A diagnostic for each two neighbours that don't ascend: L008 on each date, or in each row. Names that there are
    not are N001; what can't be put in order is L009."""
    for chain in policy.ascending:
        yield from _chain(policy, chain)
    for table in policy.tables.values():
        for output in table.outputs:
            if output.ascending:
                yield from _down_the_rows(table, output)


# --- chains ----------------------------------------------------------------------------------------------------------


def _chain(policy: Policy, chain: Ascending) -> Iterator[Diagnostic]:
    outputs = {output.name: table for table in policy.tables.values() for output in table.outputs}
    refused = [wrong for link in chain.links if (wrong := _unfit(policy, outputs, link))]
    if refused:
        yield from refused
        return
    tables = {outputs[link.name].name for link in chain.links if link.name in outputs}
    if len(tables) > 1:
        message = "outputs of different tables have no rows in common"
        yield Diagnostic(chain.place, ErrorCode.L009, message, "name outputs of one table, or parameters")
        return
    for low, high in pairwise(chain.links):
        kinds = [_kind(policy, outputs, link) for link in (low, high)]
        if None not in kinds and kinds[0] != kinds[1]:
            message = f"`{low.name}` is `{kinds[0]}` and `{high.name}` is `{kinds[1]}`: they have no order"
            yield Diagnostic(high.place, ErrorCode.L009, message, "compare like with like")
        elif low.name in outputs or high.name in outputs:
            yield from _in_rows(policy, outputs.get(low.name) or outputs[high.name], low, high)
        else:
            yield from _on_dates(policy.parameters[low.name], policy.parameters[high.name], high)


def _unfit(policy: Policy, outputs: Mapping[str, TableDefinition], link: AscendingName) -> Diagnostic | None:
    """What is wrong with a name in a chain; None where it can be put in order."""
    if link.name in outputs:
        return None
    if link.name in policy.parameters:
        values = policy.parameters[link.name].values
        is_date = (type_ := policy.parameters[link.name].type) is not None and type_.word == Kind.DATE
        if all(isinstance(each.value, Decimal) or is_date for each in values):
            return None
        return Diagnostic(link.place, ErrorCode.L009, f"`{link.name}` has no order", _CANT_ASCEND)
    criteria = policy.scorecard.criteria if policy.scorecard else ()
    worked_out = {*policy.values, *(criterion.name for criterion in criteria)}
    if link.name in worked_out or (policy.scorecard and link.name == policy.scorecard.total):
        return Diagnostic(
            link.place, ErrorCode.L009, f"`{link.name}` is worked out for each case, it can't be checked", _CANT_ASCEND
        )
    hint = did_you_mean(link.name, [*policy.parameters, *outputs]) or _CANT_ASCEND
    return Diagnostic(link.place, ErrorCode.N001, f"`{link.name}` is no parameter or output of this policy", hint)


def _kind(policy: Policy, outputs: Mapping[str, TableDefinition], link: AscendingName) -> str | None:
    """The declared type; None where none is."""
    if link.name in policy.parameters:
        type_ = policy.parameters[link.name].type
    else:
        type_ = next(each for each in outputs[link.name].outputs if each.name == link.name).type
    return type_.word if type_ else None


# --- parameters, on each date ----------------------------------------------------------------------------------------


def _on_dates(low: ParameterDefinition, high: ParameterDefinition, link: AscendingName) -> Iterator[Diagnostic]:
    """Once for each two values that are in force together."""
    dates = sorted({each.since or date.min for each in (*low.values, *high.values)})
    for day in dates:
        below, above = _in_force(low, day), _in_force(high, day)
        if below is None or above is None:
            continue
        changed = max((below, above), key=lambda each: each.since or date.min)
        one, other = _Compared(_value(below), below.place), _Compared(_value(above), above.place)
        since = f"from {changed.since} on " if changed.since else ""
        for wrong in _descends(low.name, one, high.name, other, changed.place, is_strict=link.is_strict):
            yield replace(wrong, message=since + wrong.message)


def _in_force(parameter: ParameterDefinition, day: date) -> DatedConstant | None:
    begun = [each for each in parameter.values if (each.since or date.min) <= day]
    return begun[-1] if begun else None


def _value(constant: DatedConstant) -> Decimal | str:
    return constant.value if isinstance(constant.value, Decimal) else str(constant.value)


# --- outputs, in each row --------------------------------------------------------------------------------------------


def _in_rows(policy: Policy, table: TableDefinition, low: AscendingName, high: AscendingName) -> Iterator[Diagnostic]:
    for row in table.rows:
        for below in _values(policy, row, low):
            for above in _values(policy, row, high):
                if isinstance(below, Diagnostic) or isinstance(above, Diagnostic):
                    yield from (each for each in (below, above) if isinstance(each, Diagnostic))
                else:
                    place = above.place if high.name not in policy.parameters else below.place
                    yield from _descends(low.name, below, high.name, above, place, is_strict=high.is_strict)


def _values(policy: Policy, row: Row, link: AscendingName) -> Iterator[_Compared | Diagnostic]:
    """All values that a name may have beside a row: a parameter's of all dates, or the row's own; none of null."""
    if link.name in policy.parameters:
        for each in policy.parameters[link.name].values:
            yield _Compared(_value(each), each.place, f" from {each.since} on" if each.since else "")
    else:
        yield from _cell(row, link.name)


def _cell(row: Row, name: str) -> Iterator[_Compared | Diagnostic]:
    for cell in row.outputs:
        if cell.name != name or cell.content is None:
            continue
        if isinstance(cell.content, Decimal):
            yield _Compared(cell.content, cell.place, f" in the row `{row.id}`")
        else:
            message = f"whether `{name}` ascends can't be told: the row `{row.id}` gives no plain number"
            yield Diagnostic(cell.place, ErrorCode.L009, message, "write a number, or leave it out of `ascending`")


def _down_the_rows(table: TableDefinition, output: OutputDefinition) -> Iterator[Diagnostic]:
    cells = [cell for row in table.rows for cell in _cell(row, output.name)]
    yield from (cell for cell in cells if isinstance(cell, Diagnostic))
    for above, below in pairwise(cell for cell in cells if isinstance(cell, _Compared)):
        strict = output.ascending == "strictly"
        yield from _descends(output.name, above, output.name, below, below.place, is_strict=strict)


def _descends(
    low: str, below: _Compared, high: str, above: _Compared, place: Place, *, is_strict: bool
) -> Iterator[Diagnostic]:
    fits = below.value < above.value or (below.value == above.value and not is_strict)  # type: ignore[operator]  # alike
    if fits:
        return
    since = below.where if below.where != above.where else ""
    must = "must be more than" if is_strict else "must not be less than"
    other = f"the {below.text}{below.where}" if low == high else f"`{low}`, which is {below.text}{since}"
    message = f"`{high}` is {above.text}{above.where} and {must} {other}"
    yield Diagnostic(place, ErrorCode.L008, message, "see `ascending`")
