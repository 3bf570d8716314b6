"""Which outside names a row map's formula reads: facts, helper columns and `as_of`. Part of `read_row_map`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.feel.runtime.builtins import BUILT_INS
from engine.feel.syntax import Call, ContextLiteral, FunctionLiteral, Iteration, Name, Node, Path, children


def reads(tree: Node) -> dict[str, Node]:
    """Names with the node where each is first read: `group.name` for a path, else the bare name. What the formula
    itself introduces (loop variables, parameters, keys) isn't among them, nor is a built-in that is called."""
    own = frozenset(_introduced(tree))
    found: dict[str, Node] = {}
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Path) and isinstance(node.source, Name) and node.source.name not in own:
            found.setdefault(f"{node.source.name}.{node.name}", node)
        elif isinstance(node, Name):
            if node.name not in own:
                found.setdefault(node.name, node)
        elif isinstance(node, Call) and isinstance(node.function, Name) and node.function.name in BUILT_INS:
            pending.extend(reversed(node.arguments))
        else:
            pending.extend(reversed(list(children(node))))
    return _without_parts_of_date(found)


def _without_parts_of_date(found: dict[str, Node]) -> dict[str, Node]:
    """`as_of.year` reads `as_of`."""
    return {("as_of" if name.startswith("as_of.") else name): node for name, node in found.items()}


def _introduced(tree: Node) -> Iterator[str]:
    yield from ("?", "item", "partial")
    pending = [tree]
    while pending:
        node = pending.pop()
        match node:
            case Iteration(name=name):
                yield name
            case FunctionLiteral(parameters=parameters):
                yield from parameters
            case ContextLiteral(entries=entries):
                yield from (key for key, _ in entries)
        pending.extend(children(node))
