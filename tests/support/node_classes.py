"""Every class of formula node in the product, so that a new one takes part in the tests of all nodes by itself."""

from __future__ import annotations

from sys import modules

from engine.lowering.sql import sql_form
from engine.ruleset.formula import Formula


def node_classes() -> list[type[Formula]]:
    """Every class of node in the product; those that the SQL lowering adds are known once it is imported. A dataclass
    with slots leaves behind the class that it was made from, which is no name of its module."""
    assert sql_form
    pending, found = [Formula], []
    while pending:
        subclasses = pending.pop().__subclasses__()
        found += [each for each in subclasses if getattr(modules.get(each.__module__), each.__name__, None) is each]
        pending += subclasses
    return [kind for kind in found if kind.__module__.startswith("engine.")]
