"""The answer: outcome, conditions, results and every reason, as data that is recorded and returned unchanged.

Noun at the end of the pipeline. The same facts, policy version, date and id give the same `as_json()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.vocabulary.text import Text

JsonValue = str | int | bool | None | list["JsonValue"]
"""Money, rates and numbers are decimal text, dates are ISO 8601 text, counts, days and months are integers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """An exception by which a reason doesn't count."""

    exception: str
    """Its full id, `exceptions.long-terms-kn`."""

    by: str
    """Who asked for it."""

    approved_by: str
    """Who approved it."""

    reason: Text
    """Why, in its author's words."""

    until: str
    """The last day on which it holds, `2026-12-31`."""

    def as_json(self) -> dict[str, object]:
        """As the decision's JSON holds it."""
        return {
            "exception": self.exception,
            "by": self.by,
            "approved_by": self.approved_by,
            "reason": {"en": self.reason.en, "zh": self.reason.zh},
            "until": self.until,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a decision is not milder than it is: a rule that fired, or one that could not be worked out. One that is
    waived says what the decision would rest on without the exception."""

    rule: str
    """The rule's full id, such as `orders.over-limit`. Two ids are the engine's own: `engine-disagreement` and
    `no-rules`."""

    outcome: str
    """What the rule asks for; the decision's outcome is the most severe of these, waived ones left out."""

    text: Text
    """The reason in words, with the case's numbers."""

    remedy: Text | None
    """What would make the case pass; None where the rule names nothing."""

    facts: tuple[tuple[str, JsonValue], ...]
    """The variables that the rule reads, by full name, with their values in this case."""

    missing: tuple[str, ...]
    """Empty for a rule that fired. Otherwise the facts that are missing, or the values that have no result."""

    place: str
    """Where the rule stands, as `file:line:column`; `engine` for the engine's own reasons."""

    waived: tuple[Waiver, ...]
    """Every exception by which the rule does not count in this case; empty for a reason that counts."""

    def as_json(self) -> dict[str, object]:
        """As the decision's JSON holds it."""
        return {
            "rule": self.rule,
            "outcome": self.outcome,
            "text": {"en": self.text.en, "zh": self.text.zh},
            "remedy": self.remedy and {"en": self.remedy.en, "zh": self.remedy.zh},
            "facts": dict(self.facts),
            "missing": list(self.missing),
            "place": self.place,
            "waived": [waiver.as_json() for waiver in self.waived],
        }


@dataclass(frozen=True, slots=True)
class Undetermined:
    """A rule, a table or an exception that could not be worked out. An exception then waives nothing."""

    id: str
    """Its full id."""

    missing: tuple[str, ...]
    """The facts that are missing behind it, or the values that have no result."""

    ignored: bool
    """Whether the rule's author wrote `if_missing: ignore`, so that it gives no reason. False for tables, whose unknown
    outputs mean what the rules that read them say, and for exceptions."""

    def as_json(self) -> dict[str, object]:
        """As the decision's JSON holds it."""
        return {"id": self.id, "missing": list(self.missing), "ignored": self.ignored}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the policies say about one case on one day, and why."""

    id: str
    """Who asked gives it: the service a UUID, a batch a hash of the row, a policy test its name."""

    case: str
    """The case kind: `order`, `invoice`, …"""

    subject: str
    """The number of the order, invoice, account or portfolio, from the case's facts."""

    as_of: str
    """The day that the decision holds for, `2026-07-01`. It chooses the parameters in force and is what `as_of` means
    in policies."""

    currency: str
    """Of all amounts, by its ISO 4217 code."""

    outcome: str
    """One of the case kind's ladder: the most severe outcome that a reason asks for that is not waived."""

    conditions: Mapping[str, JsonValue]
    """What must be done for the case to pass after all, by name, such as `deposit: "300.00"`; from rules that fired and
    are not waived."""

    reasons: tuple[Reason, ...]
    """The most severe first. Of equal ones first the rules that fired, then those that can't be worked out, each in the
    policies' order; the engine's own come last. Behind all of them stand those that are waived, in the same order."""

    undetermined: tuple[Undetermined, ...]
    """All that could not be worked out, whether it matters or not; tables, then exceptions, then rules."""

    results: Mapping[str, Mapping[str, JsonValue]]
    """What the policies worked out, by policy and name, such as `limits: {credit_limit: "60000.00"}`."""

    policy_version: str
    """SHA-256 over the policy set's files."""

    engine_version: str
    """Release and fingerprint of the engine, see `engine.version`."""

    def as_json(self) -> dict[str, object]:
        """As the API answers and the journal keeps it: plain dicts and lists, keys always in this order."""
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
