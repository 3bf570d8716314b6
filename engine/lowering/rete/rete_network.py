"""One network of durable_rules, behind the six calls that are safe and fast enough to match with.

The only module that touches the extension; tests/engine/lowering/rete/test_durable_hazards.py shows why each line
is the way it is. A network takes facts of int64 fields under one fixed `sid` and `id`, says which rules fire, and
forgets the fact. Not thread-safe: `engine.lowering.rete.rete_form` holds the lock.
"""

from __future__ import annotations

import importlib
import json
import string
import weakref
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from engine.lowering.conditions import field_name


class DurableRules(Protocol):
    """What we use of the C extension `durable_rules_engine`."""

    def create_ruleset(self, name: str, rules: str) -> int: ...
    def delete_ruleset(self, handle: int) -> None: ...
    def delete_state(self, handle: int, sid: str) -> None: ...
    def assert_fact(self, handle: int, fact: str) -> tuple[int, int]: ...
    def retract_fact(self, handle: int, fact: str) -> tuple[int, int]: ...
    def start_action_for_state(self, handle: int, state: int) -> tuple[str, str] | None: ...
    def complete_and_start_action(self, handle: int, state: int) -> str | None: ...


durable_rules = cast(DurableRules, importlib.import_module("durable_rules_engine"))
assert_fact = durable_rules.assert_fact
retract_fact = durable_rules.retract_fact
start_action = durable_rules.start_action_for_state
complete_action = durable_rules.complete_and_start_action

HANDLED = 0
NOT_HANDLED = 1
"""No rule matched: normal, and nothing is stored."""

RULES_MAX = 60
DECISIONS_PER_STATE = 1_000

_SID = "1"
_SAME_FACT = '{"sid":"1","id":1}'
"""All that a retraction reads; parsing the whole fact again would cost as much as asserting it."""

_RULE_NAMES = string.digits + string.ascii_letters
_PROBE = "z"
_PROBE_RULE = "!"
_PROBE_LABEL = -1
_OPERATORS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}


class ReteError(Exception):
    """durable_rules gave something other than a list of fired rules. Never means that nothing fired."""


class ReteNetwork:
    """`rules` pairs what the caller calls a rule with its conjunction of (field, operator, integer), fields counted
    from 0. In a conjunction, what is seldom true and what is shared with other rules stands best first."""

    def __init__(self, rules: Sequence[tuple[int, Sequence[tuple[int, str, int]]]], numbers: int, flags: int) -> None:
        if len(rules) >= RULES_MAX:
            raise ValueError(f"{len(rules)} rules in one network, at most {RULES_MAX - 1} are safe")
        names = [field_name(field) for field in range(numbers + flags)]
        self.template = '{"sid":"1","id":1' + "".join(f',"{name}":%d' for name in names[:numbers]) + "%s" * flags + "}"
        self._labels = {name: label for name, (label, _) in zip(_RULE_NAMES, rules, strict=False)}
        self._labels[_PROBE_RULE] = _PROBE_LABEL
        definitions = {name: _rule(rule, names) for name, (_, rule) in zip(_RULE_NAMES, rules, strict=False)}
        definitions[_PROBE_RULE] = _rule([(0, "=", 1)], [_PROBE])
        self.handle = durable_rules.create_ruleset("credence", json.dumps(definitions))
        self._decisions = 0
        self.close = weakref.finalize(self, _delete, self.handle)
        self.close.atexit = False
        self._probe()

    def match(self, fact: tuple[int | str, ...]) -> list[int]:
        """What the rules that fire are called, in no particular order. Raises `ReteError` on anything out of the
        ordinary; the network is fit for use again afterwards."""
        self._decisions += 1
        if self._decisions > DECISIONS_PER_STATE:
            self._forget()
        try:
            return self._fired(self.template % fact)
        except Exception as error:
            self._forget()
            raise ReteError(f"{type(error).__name__}: {error}") from error

    def _fired(self, body: str) -> list[int]:
        """The first key of each message is the rule's name, one letter."""
        handle = self.handle
        code, state = assert_fact(handle, body)
        if code == NOT_HANDLED:
            return []
        if code != HANDLED:
            raise ReteError(f"assert_fact gave code {code}")
        action = start_action(handle, state)
        if action is None:
            raise ReteError("a fact was handled, but no rule fired")
        labels = self._labels
        fired = []
        message: str | None = action[1]
        while message is not None:
            fired.append(labels[message[2]])
            message = complete_action(handle, state)
        code, _ = retract_fact(handle, _SAME_FACT)
        if code != HANDLED:
            raise ReteError(f"retract_fact gave code {code}")
        return fired

    def _forget(self) -> None:
        self._decisions = 0
        try:
            durable_rules.delete_state(self.handle, _SID)
        except Exception as error:  # the extension knows no finer type; an absent state is as good as a deleted one
            if "309" not in str(error):
                raise ReteError(f"delete_state: {error}") from error

    def _probe(self) -> None:
        """Fires the probe rule once. `delete_state` frees two pointers that only a started action initialises, so the
        first state of a network must have seen one; no decision carries the probe's field."""
        fired = self._fired(f'{{"sid":"{_SID}","id":1,"{_PROBE}":1}}')
        if fired != [_PROBE_LABEL]:
            raise ReteError(f"the probe fired {fired}")


def _rule(conditions: Sequence[tuple[int, str, int]], names: Sequence[str]) -> Mapping[str, object]:
    parts = [
        {names[field]: literal} if operator == "=" else {_OPERATORS[operator]: {names[field]: literal}}
        for field, operator, literal in conditions
    ]
    return {"all": [{"m": {"$and": parts}}]}


def _delete(handle: int) -> None:
    """The states first: `delete_ruleset` frees the network but not what it still remembers."""
    try:
        durable_rules.delete_state(handle, _SID)
    finally:
        durable_rules.delete_ruleset(handle)
