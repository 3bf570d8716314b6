"""Everything that was tried for one case, in order: why each rule fired or didn't, with every value that was read.

Noun that `explain` gives; unlike a decision it also holds what did not happen. Values are as in a decision's JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.deciding.decision import Decision, JsonValue
from engine.vocabulary.text import Text

Verdict = bool | None
"""True: holds, fires or is hit; None: can't be said."""


@dataclass(frozen=True, slots=True)
class InputValue:
    """A variable that a condition or formula reads; a null fact is one that was not given."""

    name: str
    title: Text | None
    value: JsonValue

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "value": self.value}


@dataclass(frozen=True, slots=True)
class TriedCondition:
    """One sub-condition in its author's words, with what it reads."""

    text: str
    place: str
    value: Verdict
    inputs: tuple[InputValue, ...]

    def as_json(self) -> dict[str, object]:
        inputs = [item.as_json() for item in self.inputs]
        return {"text": self.text, "place": self.place, "value": self.value, "inputs": inputs}


@dataclass(frozen=True, slots=True)
class TriedRow:
    """A table row or a scorecard band. `can_matter` is false for an unknown row of a table whose outputs are all the
    same whether it is hit or not."""

    id: str
    place: str
    hit: Verdict
    can_matter: bool
    conditions: tuple[TriedCondition, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "place": self.place,
            "hit": self.hit,
            "can_matter": self.can_matter,
            "conditions": [item.as_json() for item in self.conditions],
        }


@dataclass(frozen=True, slots=True)
class TriedTable:
    """`missing` are the facts behind its unknown rows, where those leave some output open."""

    id: str
    place: str
    rows: tuple[TriedRow, ...]
    outputs: tuple[InputValue, ...]
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "place": self.place,
            "rows": [row.as_json() for row in self.rows],
            "outputs": [output.as_json() for output in self.outputs],
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """A named value: its formula as written, and what it reads."""

    name: str
    title: Text | None
    formula: str
    place: str
    value: JsonValue
    inputs: tuple[InputValue, ...]
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "formula": self.formula,
            "place": self.place,
            "value": self.value,
            "inputs": [item.as_json() for item in self.inputs],
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True)
class TriedRule:
    """`outcome` is what the rule asks for when it fires; `effect` is what it asked for in this case, None for nothing.
    `decisive`: no other rule asked for anything more severe."""

    id: str
    title: Text | None
    place: str
    outcome: str
    if_missing: str | None
    fired: Verdict
    effect: str | None
    decisive: bool
    conditions: tuple[TriedCondition, ...]
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "place": self.place,
            "outcome": self.outcome,
            "if_missing": self.if_missing,
            "fired": self.fired,
            "effect": self.effect,
            "decisive": self.decisive,
            "conditions": [item.as_json() for item in self.conditions],
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True)
class TriedPolicy:
    """`steps` in order of evaluation."""

    name: str
    title: Text
    steps: tuple[WorkedOut | TriedTable, ...]
    rules: tuple[TriedRule, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "policy": self.name,
            "title": {"en": self.title.en, "zh": self.title.zh},
            "steps": [step.as_json() for step in self.steps],
            "rules": [rule.as_json() for rule in self.rules],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """`policies` in the order in which their first part was worked out."""

    decision: Decision
    given: tuple[InputValue, ...]
    not_given: tuple[InputValue, ...]
    policies: tuple[TriedPolicy, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "decision": self.decision.as_json(),
            "given": [item.as_json() for item in self.given],
            "not_given": [item.name for item in self.not_given],
            "policies": [policy.as_json() for policy in self.policies],
        }
