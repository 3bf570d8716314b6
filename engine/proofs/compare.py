"""Two policy sets → what changed, in words, node by node. Verb of `engine.proofs`.

    parameter orders.limit_tolerance   Overrun of the limit that passes: 5% → 10%
    row       terms.table#c            Deposit: 10% → 40%
    band      grading.promises         1: 5 → 7
    rule      orders.over-limit        reason text: … → …

What a change does to decisions is not said here: that is for a proof (`engine.proofs.category`), or for cases that are
decided by both. Only this is: a part that is written differently, and yet compiles to the same formula, is marked as
such, and so is the order of rows where it has no effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Protocol

from engine.deciding.value_words import reader_formatter
from engine.diagnostics.diagnostic import Place
from engine.pipeline import Engine
from engine.proofs.node_change import NodeChange
from engine.proofs.paired import paired
from engine.proofs.policy_nodes import (
    TEXT_PARTS,
    NodeKind,
    NodePart,
    PolicyNode,
    is_in,
    nodes_of,
    parameter_node,
    plain,
    table_name,
    written,
)
from engine.reading.list_file import name_in_set
from engine.reading.policy import (
    LISTS,
    Band,
    Cell,
    HitPolicy,
    OutputCell,
    ParameterDefinition,
    Policy,
    Row,
    TableDefinition,
    WrittenValue,
)
from engine.reading.policy_list import SITE_FACTS
from engine.vocabulary.languages import reader_of
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Type

_NO_VALUE = Text("no value", "无取值")
_ORDER = Text("order of rows", "行序")
_WITHOUT_EFFECT = Text("without effect", "不影响结果")
_SAME_FORMULA = Text("written differently, decides the same", "写法不同，结果相同")

_BY_ORDER = frozenset({HitPolicy.FIRST, HitPolicy.RULE_ORDER})
"""Hit policies by which the order of rows matters."""


def compare(before: Engine, after: Engine) -> tuple[NodeChange, ...]:
    """What changed from one set to the other, in the order of the second; nodes that are gone come last."""
    if before.version == after.version:
        return ()
    return tuple(_Comparison(before, after).changes())


class _Comparison:
    """Two sets side by side, and what is worked out of both once."""

    def __init__(self, before: Engine, after: Engine) -> None:
        self._sides = (before, after)
        self._readers: Sequence[str] = after.vocabulary.languages

    def changes(self) -> Iterator[NodeChange]:
        same = self._same_files
        old, new = ({(each.kind, each.name): each for each in nodes_of(side, same)} for side in self._sides)
        gone: list[NodeChange] = []
        for key in dict.fromkeys((*new, *old)):
            was, is_ = old.get(key), new.get(key)
            if was is None or is_ is None:
                gone += self._whole(was, is_)
            else:
                yield from self._parts(was, is_)
        yield from self._parameters()
        yield from self._tables()
        yield from self._bands()
        yield from gone

    def _whole(self, was: PolicyNode | None, is_: PolicyNode | None) -> Iterator[NodeChange]:
        node = is_ or was
        if node is None:
            return
        told = next((node.parts[word].shown for word in ("formula", "when", "then") if word in node.parts), plain(""))
        yield NodeChange(
            kind=node.kind,
            name=node.name,
            title=node.title,
            part="",
            part_title=plain(""),
            before=told if was else None,
            after=told if is_ else None,
            before_place=_place(was),
            after_place=_place(is_),
            decides=node.kind not in (NodeKind.INVARIANT, NodeKind.RETENTION),
        )

    def _parts(self, was: PolicyNode, is_: PolicyNode) -> Iterator[NodeChange]:
        for word in dict.fromkeys((*is_.parts, *was.parts)):
            one, other = was.parts.get(word), is_.parts.get(word)
            if _shown(one) == _shown(other):
                continue
            is_same = word in ("formula", "when") and self._formulas_agree(was.kind, was.name)
            decides = word.partition(" ")[0] not in TEXT_PARTS and is_.kind not in (
                NodeKind.INVARIANT,
                NodeKind.RETENTION,
            )
            yield _changed(was, is_, word, one, other, decides=decides and not is_same, is_same=is_same)

    @cached_property
    def _same_files(self) -> frozenset[str]:
        """Files with the same text on both sides, by their names in the set: nothing of theirs changed."""
        first, second = ({name_in_set(name): text for name, text in side.files.items()} for side in self._sides)
        same = {name for name, text in first.items() if second.get(name) == text}
        return frozenset(
            same if self._sides[0].standard_facts == self._sides[1].standard_facts else same - {SITE_FACTS}
        )

    def _pairs(self) -> Iterator[tuple[Policy, Policy]]:
        """The policies that both sides have, where their files differ."""
        for policy in self._sides[1].policies.values():
            other = self._sides[0].policies.get(policy.name)
            if other is not None and not is_in(policy.place, self._same_files):
                yield other, policy

    # --- what is compiled ---

    def _formulas_agree(self, kind: NodeKind, name: str) -> bool:
        """Whether a value, or a rule's conditions, compile to the same on all dates."""
        if kind not in (NodeKind.VALUE, NodeKind.RULE):
            return False
        old, new = (side.formulas(name) for side in self._sides)
        return bool(old) and old == new

    @cached_property
    def _types(self) -> Mapping[str, Type]:
        """Of all parameters that have a value on some date, and of what policies work out."""
        return {**self._sides[0].types(), **self._sides[1].types()}

    def _value(self, name: str, value: WrittenValue | None, types: Mapping[str, Type]) -> Text:
        """As readers see it."""
        if value is None:
            return _NO_VALUE
        if isinstance(value, tuple):
            return plain(", ".join(value) or "[]")
        type_ = types.get(name)
        if type_ is None:
            return plain(str(value).lower() if isinstance(value, bool) else value)
        bound = int(value.scaleb(type_.scale)) if isinstance(value, Decimal) else value
        side = self._sides[1].vocabulary
        by_language = {}
        for language in side.languages:
            reader = reader_of(language, side.languages)
            by_language[language] = reader_formatter(type_, side.currency, reader, words=side.words)(bound)
        return Text.of(by_language)

    # --- values of parameters ---

    def _parameters(self) -> Iterator[NodeChange]:
        old, new = (dict(_parameters_of(side)) for side in self._sides)
        for name in new:
            if name in old:
                yield from self._values(name, old[name], new[name])
        for name in (*(each for each in new if each not in old), *(each for each in old if each not in new)):
            if not name.startswith(f"{LISTS}."):
                continue
            yield from self._values(name, old.get(name), new.get(name))

    def _values(
        self, name: str, was: ParameterDefinition | None, is_: ParameterDefinition | None
    ) -> Iterator[NodeChange]:
        """One change for each span of dates in which the values differ."""
        some = is_ or was
        if some is None or (was and is_ and _dated(was) == _dated(is_)):
            return
        starts = sorted({each.since or date.min for side in (was, is_) if side for each in side.values} | {date.min})
        spans: list[tuple[date, date | None, WrittenValue | None, WrittenValue | None]] = []
        for index, start in enumerate(starts):
            pair = (_value_on(was, start), _value_on(is_, start))
            until = starts[index + 1] if index + 1 < len(starts) else None
            if spans and spans[-1][2:] == pair:
                spans[-1] = (spans[-1][0], until, *pair)
            else:
                spans.append((start, until, *pair))
        node = parameter_node(name.partition(".")[0], some)
        for start, until, before, after in spans:
            if before != after:
                one, other = self._shown_values(name, before, after)
                yield NodeChange(
                    kind=NodeKind.LIST if name.startswith(f"{LISTS}.") else node.kind,
                    name=name,
                    title=node.title or plain(some.name),
                    part="value",
                    part_title=plain(""),
                    before=one,
                    after=other,
                    since=None if start == date.min else start,
                    until=until,
                    before_place=_place(was),
                    after_place=_place(is_),
                )

    def _shown_values(self, name: str, before: WrittenValue | None, after: WrittenValue | None) -> tuple[Text, Text]:
        """Of lists only the entries that one side lacks."""
        if isinstance(before, tuple) and isinstance(after, tuple):
            lost = [each for each in before if each not in set(after)]
            won = [each for each in after if each not in set(before)]
            if lost or won:
                return plain(", ".join(lost) or "–"), plain(", ".join(won) or "–")
        return self._value(name, before, self._types), self._value(name, after, self._types)

    # --- tables ---

    def _tables(self) -> Iterator[NodeChange]:
        for other, policy in self._pairs():
            for table in policy.tables.values():
                if table.name in other.tables:
                    yield from self._rows(other, policy, other.tables[table.name], table)

    def _rows(self, was: Policy, is_: Policy, before: TableDefinition, after: TableDefinition) -> Iterator[NodeChange]:
        pairs = paired([_row_key(row) for row in before.rows], [_row_key(row) for row in after.rows])
        name = table_name(is_, after)
        old_parts = [self._row(was, before, row) for row in before.rows]
        new_parts = [self._row(is_, after, row) for row in after.rows]
        for one, other in pairs:
            old = None if one is None else before.rows[one]
            new = None if other is None else after.rows[other]
            row = new or old
            if row is None:
                continue
            node = PolicyNode(
                kind=NodeKind.ROW, name=f"{name}#{row.id}", title=None, place=row.place,
                parts=new_parts[other] if other is not None else old_parts[one or 0],
            )  # fmt: skip
            if old is None or new is None:
                yield _row_change(node, old, new)
                continue
            yield from self._parts(_with(node, old_parts[one or 0], old), _with(node, new_parts[other or 0], new))
        yield from _moved(name, before, after, [pair for pair in pairs if None not in pair])

    def _row(self, policy: Policy, table: TableDefinition, row: Row) -> Mapping[str, NodePart]:
        parts = {f"if {_column(cell)}": self._cell(cell) for cell in row.cells}
        for output in row.outputs:
            parts[f"gives {output.name}"] = self._output(policy, table, output)
        return parts

    def _cell(self, cell: Cell) -> NodePart:
        column = _column(cell)
        fact = self._sides[1].vocabulary.facts.get(column)
        return NodePart(fact.title if fact else plain(column), plain(written(cell.tests)))

    def _output(self, policy: Policy, table: TableDefinition, output: OutputCell) -> NodePart:
        definition = next((each for each in table.outputs if each.name == output.name), None)
        title = definition.title if definition and definition.title else plain(output.name)
        content = output.content
        if isinstance(content, str | bool | Decimal):
            return NodePart(title, self._value(f"{policy.name}.{output.name}", content, self._types))
        return NodePart(title, plain("null") if content is None else plain(written(content)))

    # --- scorecards ---

    def _bands(self) -> Iterator[NodeChange]:
        for other, policy in self._pairs():
            if policy.scorecard is None or other.scorecard is None:
                continue
            was = {each.name: each for each in other.scorecard.criteria}
            for criterion in policy.scorecard.criteria:
                if criterion.name in was:
                    name = f"{policy.name}.{criterion.name}"
                    yield from _bands(name, criterion.title, was[criterion.name].bands, criterion.bands)


class _Placed(Protocol):
    """Whatever knows where it stands."""

    @property
    def place(self) -> Place: ...


def _place(each: _Placed | None) -> Place | None:
    return None if each is None else each.place


def _shown(part: NodePart | None) -> object:
    return part and part.shown.by_language


def _changed(
    was: PolicyNode,
    is_: PolicyNode,
    word: str,
    one: NodePart | None,
    other: NodePart | None,
    *,
    decides: bool,
    is_same: bool,
) -> NodeChange:
    part = other or one
    return NodeChange(
        kind=is_.kind,
        name=is_.name,
        title=is_.title,
        part=word,
        part_title=part.title if part else plain(""),
        before=one.shown if one else None,
        after=other.shown if other else None,
        before_place=was.place,
        after_place=is_.place,
        decides=decides,
        remark=_SAME_FORMULA if is_same else None,
    )


# --- parameters ------------------------------------------------------------------------------------------------------


def _parameters_of(engine: Engine) -> Iterator[tuple[str, ParameterDefinition]]:
    for policy in engine.policies.values():
        yield from ((f"{policy.name}.{each.name}", each) for each in policy.parameters.values())
    yield from ((f"{LISTS}.{each.name}", each) for each in engine.lists.values())


def _dated(parameter: ParameterDefinition) -> list[tuple[date | None, WrittenValue]]:
    return [(each.since, each.value) for each in parameter.values]


def _value_on(parameter: ParameterDefinition | None, day: date) -> WrittenValue | None:
    if parameter is None:
        return None
    held = [each.value for each in parameter.values if (each.since or date.min) <= day]
    return held[-1] if held else None


# --- rows and bands --------------------------------------------------------------------------------------------------


def _row_key(row: Row) -> tuple[str, str]:
    """The author's id; and its cells."""
    return "" if row.id.isdigit() else row.id, "; ".join(
        f"{_column(cell)}: {written(cell.tests)}" for cell in row.cells
    )


def _column(cell: Cell) -> str:
    return written(cell.column)


def _with(node: PolicyNode, parts: Mapping[str, NodePart], row: Row) -> PolicyNode:
    return PolicyNode(kind=node.kind, name=node.name, title=None, place=row.place, parts=parts)


def _row_change(node: PolicyNode, old: Row | None, new: Row | None) -> NodeChange:
    told = Text.of(
        (language, ", ".join(f"{part.title[language]} {part.shown[language]}" for part in node.parts.values()))
        for language in ("en", "zh")
    )
    return NodeChange(
        kind=node.kind,
        name=node.name,
        title=None,
        part="",
        part_title=plain(""),
        before=told if old else None,
        after=told if new else None,
        before_place=_place(old),
        after_place=_place(new),
    )


def _moved(
    name: str, before: TableDefinition, after: TableDefinition, pairs: Sequence[tuple[int | None, int | None]]
) -> Iterator[NodeChange]:
    """Rows that are on both sides, and stand in another order."""
    order = [one for one, _ in pairs if one is not None]
    if order == sorted(order):
        return
    matters = before.hit in _BY_ORDER or after.hit in _BY_ORDER
    yield NodeChange(
        kind=NodeKind.TABLE,
        name=name,
        title=None,
        part="order",
        part_title=_ORDER,
        before=plain(", ".join(before.rows[one].id for one in sorted(order))),
        after=plain(", ".join(before.rows[one].id for one in order)),
        before_place=before.place,
        after_place=after.place,
        decides=matters,
        remark=None if matters else _WITHOUT_EFFECT,
    )


def _bands(name: str, title: Text | None, before: Sequence[Band], after: Sequence[Band]) -> Iterator[NodeChange]:
    keys = [[("", written(band.tests)) for band in side] for side in (before, after)]
    for one, other in paired(*keys):
        old = None if one is None else before[one]
        new = None if other is None else after[other]
        band = new or old
        if band is None or (old and new and (written(old.tests), old.points) == (written(new.tests), new.points)):
            continue
        same_tests = bool(old and new and written(old.tests) == written(new.tests))
        yield NodeChange(
            kind=NodeKind.BAND,
            name=name,
            title=title,
            part=f"points {written(band.tests)}",
            part_title=plain(written(band.tests)) if same_tests or not (old and new) else plain(""),
            before=None if old is None else plain(_points(old, is_alone=same_tests or new is None)),
            after=None if new is None else plain(_points(new, is_alone=same_tests or old is None)),
            before_place=_place(old),
            after_place=_place(new),
        )


def _points(band: Band, *, is_alone: bool) -> str:
    return str(band.points) if is_alone else f"{written(band.tests)}: {band.points}"
