"""The answer: outcome, conditions, results and every reason, as data that is recorded and returned unchanged.

Noun at the end of the pipeline. The same facts, policy version, date and id give the same `as_json()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.vocabulary.text import Text

JsonValue = str | int | bool | None | list["JsonValue"]
"""Money, rates and numbers are decimal text, dates ISO 8601 text, counts and days integers."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that fired (`missing` empty) or that could not be evaluated because of the `missing` facts."""

    rule: str
    outcome: str
    text: Text
    remedy: Text | None
    facts: tuple[tuple[str, JsonValue], ...]
    missing: tuple[str, ...]
    place: str  # file:line:column

    def as_json(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "outcome": self.outcome,
            "text": {"en": self.text.en, "zh": self.text.zh},
            "remedy": self.remedy and {"en": self.remedy.en, "zh": self.remedy.zh},
            "facts": dict(self.facts),
            "missing": list(self.missing),
            "place": self.place,
        }


@dataclass(frozen=True, slots=True)
class Undetermined:
    """A rule, table or value that could not be worked out; `ignored` where the policy says that it does not matter."""

    id: str
    missing: tuple[str, ...]
    ignored: bool

    def as_json(self) -> dict[str, object]:
        return {"id": self.id, "missing": list(self.missing), "ignored": self.ignored}


@dataclass(frozen=True, slots=True)
class Decision:
    id: str
    case: str
    subject: str  # the order, invoice or account number
    as_of: str
    currency: str
    outcome: str
    conditions: Mapping[str, JsonValue]
    reasons: tuple[Reason, ...]
    undetermined: tuple[Undetermined, ...]
    results: Mapping[str, Mapping[str, JsonValue]]  # by policy
    policy_version: str
    engine_version: str

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "case": self.case,
            "subject": self.subject,
            "as_of": self.as_of,
            "currency": self.currency,
            "outcome": self.outcome,
            "conditions": dict(self.conditions),
            "reasons": [reason.as_json() for reason in self.reasons],
            "undetermined": [item.as_json() for item in self.undetermined],
            "results": {policy: dict(values) for policy, values in self.results.items()},
            "policy_version": self.policy_version,
            "engine_version": self.engine_version,
        }
