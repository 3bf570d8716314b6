"""Everything that was tried for one case, in order: why each rule fired or didn't, with every value that was read.

Nouns that `explain` gives; unlike a decision they also hold what did not happen. Values are as in a decision's JSON,
and `place` is always `file:line:column`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.deciding.decision import Decision, JsonValue, RequestedAction
from engine.vocabulary.text import Text

Verdict = bool | None
"""True: holds, fires or is hit. False: doesn't. None: can't be said, since something is missing."""


@dataclass(frozen=True, slots=True)
class InputValue:
    """One variable with its value: something that a condition or a formula reads."""

    name: str
    """The full name of a fact, value or parameter."""

    title: Text | None
    """What readers call it; None where its author gave no title."""

    value: JsonValue
    """Null for a fact that was not given and for a value that could not be worked out."""

    def as_json(self) -> dict[str, object]:
        """Without the title, which the policies hold."""
        return {"name": self.name, "value": self.value}


@dataclass(frozen=True, slots=True)
class TriedCondition:
    """One of the conditions that must all hold for a rule to fire or a row to be hit."""

    text: str
    """FEEL, as its author wrote it."""

    place: str
    """Where it stands."""

    value: Verdict
    """Whether it holds in this case."""

    inputs: tuple[InputValue, ...]
    """What it reads: first what the text names, then what else its formula needs."""

    def as_json(self) -> dict[str, object]:
        """As `credence explain --json` prints it."""
        inputs = [item.as_json() for item in self.inputs]
        return {"text": self.text, "place": self.place, "value": self.value, "inputs": inputs}


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRow:
    """A row of a table, or a band of a scorecard's criterion."""

    id: str
    """`policy.table#row`."""

    place: str
    """Where it stands."""

    hit: Verdict
    """Whether its conditions hold. A row behind another one that is hit may hold and still not count."""

    can_matter: bool
    """False for an unknown row of a table whose outputs are the same whether that row is hit or not."""

    conditions: tuple[TriedCondition, ...]
    """All of its cells, also those behind one that is false."""

    def as_json(self) -> dict[str, object]:
        """As `credence explain --json` prints it."""
        return {
            "id": self.id,
            "place": self.place,
            "hit": self.hit,
            "can_matter": self.can_matter,
            "conditions": [item.as_json() for item in self.conditions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedTable:
    """A decision table, or one criterion of a scorecard, with what it gave."""

    id: str
    """`policy.table`."""

    place: str
    """Where it stands."""

    rows: tuple[TriedRow, ...]
    """All rows, in the author's order."""

    outputs: tuple[InputValue, ...]
    """What the table gives, as full names with values."""

    missing: tuple[str, ...]
    """The facts behind its unknown rows, where those leave some output open; else empty."""

    def as_json(self) -> dict[str, object]:
        """As `credence explain --json` prints it."""
        return {
            "id": self.id,
            "place": self.place,
            "rows": [row.as_json() for row in self.rows],
            "outputs": [output.as_json() for output in self.outputs],
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedOut:
    """A named value of a policy, or a scorecard's total."""

    name: str
    """Its full name, `policy.value`."""

    title: Text | None
    """What readers call it; None where its author gave no title."""

    formula: str
    """FEEL, as its author wrote it; for a scorecard the names of its criteria with `+` between them."""

    place: str
    """Where it is defined."""

    value: JsonValue
    """What it is in this case; null where it can't be worked out."""

    inputs: tuple[InputValue, ...]
    """What the formula reads."""

    missing: tuple[str, ...]
    """Where the value is null: the facts that are missing behind it, or the values without a result."""

    def as_json(self) -> dict[str, object]:
        """As `credence explain --json` prints it."""
        return {
            "name": self.name,
            "formula": self.formula,
            "place": self.place,
            "value": self.value,
            "inputs": [item.as_json() for item in self.inputs],
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRule:
    """A rule, and what it asked for in this case."""

    id: str
    """`policy.rule`."""

    title: Text | None
    """What readers call it; None where its author gave no title."""

    place: str
    """Where it stands."""

    outcome: str
    """What the rule asks for when it fires."""

    if_missing: str | None
    """What it asks for when it can't be worked out; None where its author wrote `ignore`."""

    fired: Verdict
    """Whether all of its conditions hold."""

    effect: str | None
    """What it asked for in this case; None for nothing."""

    waived_by: tuple[str, ...]
    """Ids of the exceptions by which it asks for nothing; empty where it counts or has nothing to ask for."""

    decisive: bool
    """Whether it asked for the decision's outcome: nothing asked for anything more severe."""

    conditions: tuple[TriedCondition, ...]
    """All of its conditions, also those behind one that is false."""

    missing: tuple[str, ...]
    """Where it can't be worked out: the facts that are missing behind it, or the values without a result."""

    action: RequestedAction | None
    """What it asks somebody to do in this case; None for nothing."""

    def as_json(self) -> dict[str, object]:
        """As `credence explain --json` prints it."""
        return {
            "id": self.id,
            "place": self.place,
            "outcome": self.outcome,
            "if_missing": self.if_missing,
            "fired": self.fired,
            "effect": self.effect,
            "waived_by": list(self.waived_by),
            "decisive": self.decisive,
            "conditions": [item.as_json() for item in self.conditions],
            "missing": list(self.missing),
            "action": self.action and self.action.as_json(),
        }


@dataclass(frozen=True, slots=True)
class TriedPolicy:
    """One policy's part in the case."""

    name: str
    """The policy's name."""

    title: Text
    """What readers call it."""

    steps: tuple[WorkedOut | TriedTable, ...]
    """Its values and tables, in the order in which they were worked out."""

    rules: tuple[TriedRule, ...]
    """Its rules in the author's order; empty for a policy of another case kind, which is only read."""

    def as_json(self) -> dict[str, object]:
        """As `credence explain --json` prints it."""
        return {
            "policy": self.name,
            "title": self.title.as_json(),
            "steps": [step.as_json() for step in self.steps],
            "rules": [rule.as_json() for rule in self.rules],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedException:
    """An exception, and whether it holds in this case."""

    id: str
    """`exceptions.name`."""

    place: str
    """Where it stands."""

    waives: tuple[str, ...]
    """The rules that it waives where it holds."""

    holds: Verdict
    """Where this can't be said, it waives nothing."""

    conditions: tuple[TriedCondition, ...]
    """Its first and its last day, then all of its own conditions."""

    missing: tuple[str, ...]
    """Where it can't be said: the facts that are missing behind it, or the values without a result."""

    def as_json(self) -> dict[str, object]:
        """As `credence explain --json` prints it."""
        return {
            "id": self.id,
            "place": self.place,
            "waives": list(self.waives),
            "holds": self.holds,
            "conditions": [item.as_json() for item in self.conditions],
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that was tried for one case."""

    decision: Decision
    """The decision that is explained."""

    given: tuple[InputValue, ...]
    """The date of the decision, then the facts that the case has."""

    not_given: tuple[InputValue, ...]
    """The facts that the case lacks."""

    policies: tuple[TriedPolicy, ...]
    """In the order in which the first part of each was worked out."""

    exceptions: tuple[TriedException, ...]
    """The exceptions for this kind of case, in the author's order."""

    def as_json(self) -> dict[str, object]:
        """As `credence explain --json` prints it and the API answers it."""
        return {
            "decision": self.decision.as_json(),
            "given": [item.as_json() for item in self.given],
            "not_given": [item.name for item in self.not_given],
            "policies": [policy.as_json() for policy in self.policies],
            "exceptions": [exception.as_json() for exception in self.exceptions],
        }
