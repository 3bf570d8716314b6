"""Which conditions the policies in force can put on a case, for interfaces that show or fill them in.

A decision names its conditions shortly, `{"deposit": "300.00"}`. What each is called and measured in follows from the
rules that set it: for the OpenAPI document and for `GET /v1/facts`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.pipeline import Engine
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Type


@dataclass(frozen=True, slots=True)
class ConditionKind:
    """One condition that an approval may depend on."""

    name: str
    """As decisions have it: `deposit`."""

    title: Text | None
    """What readers call it; None where its author gave no title."""

    type: Type
    """What its value is: an amount mostly."""


def condition_kinds(engine: Engine, case: str) -> tuple[ConditionKind, ...]:
    """The conditions that rules of this case kind can set on any date, by name; where its type changes with a date, the
    latest counts."""
    found: dict[str, ConditionKind] = {}
    for ruleset in engine.rulesets():
        if ruleset.case == case:
            for rule in ruleset.rules:
                for name, formula in rule.conditions:
                    found[name] = ConditionKind(name, ruleset.condition_titles.get(name), formula.type)
    return tuple(found[name] for name in sorted(found))
