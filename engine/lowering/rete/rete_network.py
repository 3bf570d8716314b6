"""One network of durable_rules, behind the six calls that are safe and fast enough to match with.

The only module that touches the extension; tests/engine/lowering/rete/test_durable_hazards.py demonstrates the hazards
named here. A network takes facts of int64 fields under one fixed `sid` and `id`, says which rules fire, and forgets the
fact. Not safe for threads: `engine.lowering.rete.rete_form` holds the lock.

One decision, of a fact that fires two rules named `0` and `3`:

    assert_fact       takes `{"sid":"1","id":1,"a":120,"b":1}`, passes it through the network and gives the code 0 and
                      the state's number. The code 1 says that no rule fires; then nothing is stored, and that is all.
    start_action      gives the first rule's message, `{"0":{...}}`, and locks the state: nothing else would fire for 30
                      seconds.
    complete_action   frees the lock and gives the next message, `{"3":{...}}`, then None. The network runs dry.
    retract_fact      removes the fact, which would otherwise match again together with the next one.

What goes on between decisions:

    delete_state      every thousand decisions, and after every error: a state keeps memory, a fact that was left behind
                      or an action that was left open would spoil the decisions that follow.
    the probe         one rule that fires once, when the network is built: `delete_state` frees two pointers that only a
                      started action sets, and would crash the process in a state in which none ever was.
    delete_ruleset    frees the network, but not its states, which are deleted first.
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
    """The calls of the C extension `durable_rules_engine` that are used here. A handle is a network's number, a state
    the number that `assert_fact` gave."""

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
"""What calls give that did their work; of `assert_fact`: a rule fires."""

NOT_HANDLED = 1
"""What `assert_fact` gives where no rule fires. Normal, and nothing is stored."""

RULES_MAX = 60
"""Rules in a network, its probe among them: the measured safe size of durable_rules 2.0.28. 65 matches of one fact are
an error, and 513 different first conditions hang it."""

DECISIONS_PER_STATE = 1_000
"""Decisions after which the state is deleted, so that its memory stays bounded."""

_SID = "1"
"""The id of the only state. A second one could have the same hash, by which durable_rules tells states apart."""

_SAME_FACT = '{"sid":"1","id":1}'
"""All that a retraction reads; parsing the whole fact again would cost as much as asserting it."""

_RULE_NAMES = string.digits + string.ascii_letters
"""Names of one letter, which stands third in a message: it need not be parsed."""

_PROBE = "z"
"""The field that only the probe's fact has."""

_PROBE_RULE = "!"
_PROBE_LABEL = -1
_OPERATORS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}


class ReteError(Exception):
    """durable_rules gave something other than a list of fired rules. Never means that nothing fired."""


class ReteNetwork:
    """A network of at most 59 rules.

    `template`: the JSON of a fact, to be filled by `%` with the integers of the numbers and the texts of the flags.
    `handle`: the network's number in the extension. `close`: frees it; also called with the last reference."""

    def __init__(self, rules: Sequence[tuple[int, Sequence[tuple[int, str, int]]]], numbers: int, flags: int) -> None:
        """`rules` pairs the caller's label for a rule with its conjunction of (field, operator, integer). Fields are
        counted from 0, the `numbers` first, then the `flags`. In a conjunction, what is seldom true and what is shared
        with other rules should come first. Raises `ValueError` for more rules than are safe."""
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
        """The labels of the rules that fire, in no particular order. `fact` fills the template. Raises `ReteError` on
        anything out of the ordinary; the network can be used again afterwards."""
        self._decisions += 1
        if self._decisions > DECISIONS_PER_STATE:
            self._forget()
        try:
            return self._fired(self.template % fact)
        except Exception as error:
            self._forget()
            raise ReteError(f"{type(error).__name__}: {error}") from error

    def _fired(self, body: str) -> list[int]:
        """The labels of the rules that a fact fires, by the calls that the module describes."""
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
        """Deletes the state, and with it facts and actions that an error left behind."""
        self._decisions = 0
        try:
            durable_rules.delete_state(self.handle, _SID)
        except Exception as error:  # the extension knows no finer type; an absent state is as good as a deleted one
            if "309" not in str(error):
                raise ReteError(f"delete_state: {error}") from error

    def _probe(self) -> None:
        """Fires the probe rule once, so that the state has seen a started action. No decision's fact has the probe's
        field."""
        fired = self._fired(f'{{"sid":"{_SID}","id":1,"{_PROBE}":1}}')
        if fired != [_PROBE_LABEL]:
            raise ReteError(f"the probe fired {fired}")


def _rule(conditions: Sequence[tuple[int, str, int]], names: Sequence[str]) -> Mapping[str, object]:
    """A conjunction in the JSON of durable_rules."""
    parts = [
        {names[field]: literal} if operator == "=" else {_OPERATORS[operator]: {names[field]: literal}}
        for field, operator, literal in conditions
    ]
    return {"all": [{"m": {"$and": parts}}]}


def _delete(handle: int) -> None:
    """The state first: `delete_ruleset` frees the network, but not its states."""
    try:
        durable_rules.delete_state(handle, _SID)
    finally:
        durable_rules.delete_ruleset(handle)
