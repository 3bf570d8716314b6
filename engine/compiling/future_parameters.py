"""Parameters that have no value yet on a day: a warning, since whatever reads them can't be worked out until then.

Nothing is wrong with `fee: {2027-01-01: 5}` as such. On a day before, each rule behind `fee` is undetermined and gives
its caution, which holds orders that nobody meant to hold; most often a first value was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from engine.compiling.link import Linked, Part, expressions, names_read
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.diagnostics.wording import listed
from engine.reading.policy import LISTS, Policy, RuleDefinition


def future_parameters(linked: Linked, today: date) -> Iterator[Diagnostic]:
    """A warning W001 for each parameter whose first value begins after `today`, with all values, tables and rules that
    read it."""
    readers = _readers(linked)
    for name, parameter in linked.parameters():
        since = parameter.values[0].since if parameter.values else None
        if since is None or since <= today:
            continue
        reading = readers.get(name, [])
        until = f"until then {listed(reading)} can't be worked out" if reading else "nothing reads it"
        message = f"the parameter `{parameter.name}` has no value before {since}; {until}"
        hint = "give it a value from an earlier date on, or write `value: …` for always"
        if name.partition(".")[0] == LISTS:
            message = f"the list `{name}` has no entries before {since}; {until}"
            hint = "give some entry an earlier first day, or none"
        yield Diagnostic(parameter.place, ErrorCode.W001, message, hint)


def _readers(linked: Linked) -> dict[str, list[str]]:
    """What reads each parameter directly, in the order of the files; of a table the first output is named."""
    policies = linked.policies.values()
    parameters = frozenset(name for name, _ in linked.parameters())
    parts: list[tuple[Policy, str, Part | RuleDefinition]] = [(u.policy, u.gives[0], u.part) for u in linked.units]
    parts += [(policy, f"{policy.name}.{rule.id}", rule) for policy in policies for rule in policy.rules.values()]
    readers: dict[str, list[str]] = {}
    for policy, name, part in sorted(parts, key=lambda each: each[2].place):
        for expression in expressions(part):
            for parameter in names_read(policy, expression, parameters, linked.lists):
                known = readers.setdefault(parameter, [])
                if name not in known:
                    known.append(name)
    return readers
