"""Rates that a formula divides by 100: a warning, since a rate is a share already.

    order.amount * discount_rate / 100      with 0.05 this is 0.05% of the amount, not 5%

Units alone don't show it: a rate may be divided by any number. Only where nothing else in the product can be what the
100 is for, such as a count of points, is it most likely a slip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.compiling.compile import Compiled
from engine.compiling.link import expressions, parts_with_formulas
from engine.compiling.lists import dotted_name, list_name
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.diagnostics.wording import clipped
from engine.feel import syntax
from engine.reading.policy import Policy
from engine.vocabulary.vocabulary import Kind, Type

_HUNDRED, _HUNDREDTH = Decimal(100), Decimal("0.01")

Types = Mapping[str, Type]


def divided_rates(compiled: Compiled) -> Iterator[Diagnostic]:
    """A warning W005 at each product in which a rate is divided by a written 100, or multiplied by 0.01."""
    linked = compiled.linked
    types: dict[str, Type] = {}
    for stretch in compiled.stretches:
        types |= stretch.variables
    types |= {name: _sent(fact.type) for name, fact in compiled.vocabulary.facts.items()}
    for name, parameter in linked.parameters():
        if parameter.type and parameter.type.maximum is not None and parameter.type.maximum >= _HUNDRED:
            types.pop(name, None)
    for policy, part in parts_with_formulas(linked):
        for expression in expressions(part):
            for product, rate in _Names(policy, types).slips(expression.tree, {}):
                words = clipped(expression.text_of(product))
                message = f"`{words}`: `{rate}` is a share, 0.05 for 5%, and divided by 100 once more"
                hint = "leave the 100 out, or declare it as a `number` if it counts percent"
                yield Diagnostic(expression.place_of(product), ErrorCode.W005, message, hint)


@dataclass(frozen=True, slots=True)
class _Names:
    """What names stand for in one policy. `types` are those of all facts, values and parameters by full name."""

    policy: Policy
    types: Types

    def slips(self, node: syntax.Node, bound: Types) -> Iterator[tuple[syntax.Node, str]]:
        """Each product with such a slip, and the rate's name. `bound` are the values of records that have a name here,
        `i.share` or `share`."""
        match node:
            case syntax.Arithmetic(operator="*" | "/"):
                above, below = _factors(node)
                if rate := self._slip(above, below, bound):
                    yield node, rate
                for part in (*above, *below):
                    yield from self.slips(part, bound)
            case syntax.Filter(source=source, condition=condition):
                inner = self._of_records(source, "") | self._of_records(source, "item.")
                yield from self.slips(source, bound)
                yield from self.slips(condition, {**bound, **inner})
            case syntax.For(iterations=iterations, result=result):
                yield from self._within(iterations, result, bound)
            case syntax.Quantified(iterations=iterations, satisfies=satisfies):
                yield from self._within(iterations, satisfies, bound)
            case _:
                for child in syntax.children(node):
                    yield from self.slips(child, bound)

    def _within(
        self, iterations: tuple[syntax.Iteration, ...], body: syntax.Node, bound: Types
    ) -> Iterator[tuple[syntax.Node, str]]:
        inner = dict(bound)
        for each in iterations:
            yield from self.slips(each.source, bound)
            inner |= self._of_records(each.source, f"{each.name}.")
        yield from self.slips(body, inner)

    def _of_records(self, source: syntax.Node, prefix: str) -> dict[str, Type]:
        lists = {name for name, type_ in self.types.items() if type_.kind is Kind.LIST}
        name = dotted_name(source) if dotted_name(source) in lists else list_name(source, lists)
        return {f"{prefix}{field.name}": _sent(field.type) for field in self.types[name].fields} if name else {}

    def _slip(self, above: list[syntax.Node], below: list[syntax.Node], bound: Types) -> str | None:
        """The rate among the factors `above` the line, where the only thing that a 100 can be for is the rate."""
        numbers = [part.value for part in above if isinstance(part, syntax.Number)]
        is_divided = numbers == [_HUNDREDTH] or (not numbers and any(_is_hundred(part) for part in below))
        if not is_divided:
            return None
        named = [part for part in above if not isinstance(part, syntax.Number)]
        types = [self._type(part, bound) for part in named]
        if any(type_ is None or type_.kind in (Kind.NUMBER, Kind.INTEGER) or _counts_percent(type_) for type_ in types):
            return None
        rates = [part for part, type_ in zip(named, types, strict=True) if type_ and type_.kind is Kind.RATE]
        return dotted_name(rates[0]) if rates else None

    def _type(self, node: syntax.Node, bound: Types) -> Type | None:
        name = dotted_name(node)
        if name is None:
            return None
        return bound.get(name) or self.types.get(f"{self.policy.name}.{name}") or self.types.get(name)


def _factors(node: syntax.Node) -> tuple[list[syntax.Node], list[syntax.Node]]:
    """What is above and what is below the line of a product: of `a / (b / c)` these are `a`, `c` and `b`."""
    above: list[syntax.Node] = []
    below: list[syntax.Node] = []
    pending = [(node, False)]
    while pending:
        top, is_below = pending.pop()
        if isinstance(top, syntax.Arithmetic) and top.operator in ("*", "/"):
            pending += [(top.right, is_below ^ (top.operator == "/")), (top.left, is_below)]
        else:
            (below if is_below else above).append(top)
    return above, below


def _is_hundred(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Number) and node.value == _HUNDRED


def _sent(type_: Type) -> Type:
    """The type of a fact, whose bounds are all that somebody declared."""
    return replace(type_, written=(type_.low, type_.high))


def _counts_percent(type_: Type) -> bool:
    """Whether somebody declared that up to 100 may be written for it, as for what counts percent."""
    most = type_.written[1] if type_.written and type_.kind is Kind.RATE else 0
    return most >= _HUNDRED.scaleb(type_.scale)
