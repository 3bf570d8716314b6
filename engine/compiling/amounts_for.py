"""Amounts of policies that were chosen in another currency than the set's: one warning for all of them.

Whoever changes `currency: EUR` to `JPY` alone gets limits of 10,000 yen. That is right as it stands, and most likely
not meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.compiling.link import Linked
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.reading.policy import OutputDefinition, ParameterDefinition


def amounts_for_others(linked: Linked, currency: str) -> Iterator[Diagnostic]:
    """A warning W004 at the first parameter or output whose amounts are for another currency; none without any."""
    others = sorted((each for each in _declared(linked) if each[2] != currency), key=lambda each: each[0])
    if not others:
        return
    place, name, meant = others[0]
    more = f" and {len(others) - 1} more are" if len(others) > 1 else " is"
    message = f"`{name}`{more} for {meant}, and the currency of this set is {currency}"
    hint = f"choose other amounts and write `for: {currency}`, or begin with `credence init --currency {currency}`"
    yield Diagnostic(place, ErrorCode.W004, message, hint)


def _declared(linked: Linked) -> Iterator[tuple[Place, str, str]]:
    """Place, name and currency of everything that says in which currency its amounts were chosen."""
    for policy in linked.policies.values():
        declared: list[ParameterDefinition | OutputDefinition] = list(policy.parameters.values())
        declared += [output for table in policy.tables.values() for output in table.outputs]
        for each in declared:
            if each.currency is not None:
                yield each.place, f"{policy.name}.{each.name}", each.currency
