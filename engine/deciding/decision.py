"""The answer: outcome, conditions, results and every reason, as data that is recorded and returned unchanged.

Noun at the end of the pipeline. The same facts, policy version, date and id give the same `as_json()`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.ruleset.ruleset import FACTS_MISSING
from engine.version import POLICY_LANGUAGE
from engine.vocabulary.rates import Rate
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
            "reason": self.reason.as_json(),
            "until": self.until,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a decision is not milder than it is: a rule that fired, or one that could not be worked out. One that is
    waived says what the decision would rest on without the exception."""

    rule: str
    """The rule's full id, such as `orders.over-limit`. Three ids are the engine's own: `engine-disagreement`,
    `no-rules` and, only where reasons are gathered, `facts-missing`."""

    outcome: str
    """What the rule asks for; the decision's outcome is the most severe of these, waived ones left out."""

    text: Text
    """The reason in words, with the case's numbers."""

    remedy: Text | None
    """What would make the case pass; None where the rule names nothing, and where all that helps is to supply the
    facts in `missing`."""

    facts: tuple[tuple[str, JsonValue], ...]
    """The variables that the rule reads, by full name, with their values in this case; of a rule that could not be
    worked out only those that are known."""

    missing: tuple[str, ...]
    """Empty for a rule that fired. Otherwise the names of the facts that are missing, or of the values that have no
    result. What they are called and measured in stands once, in the decision's own `missing`."""

    place: str
    """Where the rule stands, as `file:line:column`; `engine` for the engine's own reasons."""

    waived: tuple[Waiver, ...]
    """Every exception by which the rule does not count in this case; empty for a reason that counts."""

    rules: tuple[str, ...] = ()
    """Of a reason that stands for several rules their full ids, see `gathered`; empty for all others."""

    def as_json(self) -> dict[str, object]:
        """As the decision's JSON holds it."""
        return {
            "rule": self.rule,
            **({"rules": list(self.rules)} if self.rules else {}),
            "outcome": self.outcome,
            "text": self.text.as_json(),
            "remedy": self.remedy and self.remedy.as_json(),
            "facts": dict(self.facts),
            "missing": list(self.missing),
            "place": self.place,
            "waived": [waiver.as_json() for waiver in self.waived],
        }


def gathered(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons as they are shown: the rules that only wait for facts share one.

    An order of which nothing but the amount is known is held by some twenty rules that all wait for the same facts:

        hold  orders.over-limit      waits for  account.open_invoices, order.prepayment
        hold  orders.prepayment-due  waits for  order.prepayment
        →  hold  facts-missing: 2 rules can't be checked, 2 facts are missing

    That reason names the rules, and stands where the first of them stood; all of them ask for the case kind's caution.
    A rule that lacks more than facts, that is waived, or that is the only one to wait keeps a reason of its own.
    """
    waiting = [reason for reason in reasons if _waits_for_facts(reason)]
    if len(waiting) < 2:
        return tuple(reasons)
    together = _in_one(waiting)
    return tuple(
        together if reason is waiting[0] else reason
        for reason in reasons
        if reason is waiting[0] or not _waits_for_facts(reason)
    )


def _waits_for_facts(reason: Reason) -> bool:
    """Whoever lacks a parameter's value or a result has a remedy: the policy's author can do something about it."""
    return bool(reason.missing) and reason.remedy is None and not reason.waived


def _in_one(reasons: Sequence[Reason]) -> Reason:
    missing = tuple(sorted({name for reason in reasons for name in reason.missing}))
    text = Text(
        f"{len(reasons)} rules can't be checked, {'1 fact is' if len(missing) == 1 else f'{len(missing)} facts are'} "
        "missing.",
        f"{len(reasons)} 条规则无法检查，缺少 {len(missing)} 项事实。",
    )
    return Reason(
        rule=FACTS_MISSING,
        outcome=reasons[0].outcome,
        text=text.among(reasons[0].text.languages),
        remedy=None,
        facts=(),
        missing=missing,
        place="engine",
        waived=(),
        rules=tuple(reason.rule for reason in reasons),
    )


@dataclass(frozen=True, slots=True)
class Undetermined:
    """A rule, a table or an exception that could not be worked out. An exception then waives nothing."""

    id: str
    """Its full id."""

    missing: tuple[str, ...]
    """The facts that are missing behind it, or the values that have no result. In JSON they stand in the decision's
    `missing`, each with all that wait for it."""

    ignored: bool
    """Whether the rule's author wrote `if_missing: ignore`, so that it gives no reason. False for tables, whose unknown
    outputs mean what the rules that read them say, and for exceptions."""

    def as_json(self) -> dict[str, object]:
        """As the decision's JSON holds it."""
        return {"id": self.id, "ignored": self.ignored}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedAction:
    """What somebody has to do about the case, such as telling the insurer by a day; one for each rule that fired, asks
    for an act and is not waived."""

    action: str
    """The action's word, of the vocabulary's: `notify_insurer`."""

    by: str | None
    """The latest date, `2026-08-14`; None where the rule names none, or it can't be worked out in this case."""

    amount: str | None
    """How much it is about, in the decision's currency; None in the same way."""

    rule: str
    """The full id of the rule that asks for it; why, its reason says."""

    def as_json(self) -> dict[str, object]:
        """As the decision's JSON holds it."""
        return {"action": self.action, "by": self.by, "amount": self.amount, "rule": self.rule}


class Lack(StrEnum):
    """Why an input of a rule or a table is unknown, and so who can help."""

    FACT = "fact"
    """A fact that the request leaves out; whoever asks supplies it."""

    PARAMETER = "parameter"
    """A parameter without a value on this day; the policy's author gives it one."""

    VALUE = "value"
    """A value without a result, though no fact is missing behind it: it divides by zero, or reads a table that has no
    row for this case."""

    RULE = "rule"
    """The same of a rule's own condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingInput:
    """Something that rules or tables wait for, once for all of them.

    Example: without `account.open_invoices` exposure can't be worked out, and without exposure neither the credit limit
    nor the concentration can be checked. Then the fact stands here, `needed_by` both rules, and exposure doesn't.
    """

    name: str
    """The fact's name, `account.open_invoices`; or that of the parameter, value or rule."""

    lack: Lack

    title: Text | None
    """What readers call it; None where its author gave no title."""

    type: str | None
    """The word for its type, such as `money`; None for rules and for lists."""

    unit: str | None
    """What it is counted in, see `unit_of`."""

    needed_by: tuple[str, ...]
    """The ids of the tables and rules that could not be worked out for want of it, in the order of `undetermined`."""

    def as_json(self) -> dict[str, object]:
        """As the decision's JSON holds it."""
        return {
            "name": self.name,
            "kind": self.lack.value,
            "title": self.title and self.title.as_json(),
            "type": self.type,
            "unit": self.unit,
            "needed_by": list(self.needed_by),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value that its policy shows to readers, such as the headroom that is left under the limit."""

    name: str
    """The value's full name, `orders.headroom`; it stands among the decision's results too."""

    title: Text

    type: str
    """The word for its type, such as `money`."""

    unit: str | None
    """What it is counted in, see `unit_of`."""

    value: JsonValue
    """Never null: a figure that has no result in this case is left out."""

    def as_json(self) -> dict[str, object]:
        """As the decision's JSON holds it."""
        return {
            "name": self.name,
            "title": self.title.as_json(),
            "type": self.type,
            "unit": self.unit,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class PassedRule:
    """A rule that applies to the case and does not speak against it. Made once for each rule of a rule set."""

    rule: str
    """The rule's full id."""

    title: Text | None

    def as_json(self) -> dict[str, object]:
        """As the decision's JSON holds it."""
        return {"rule": self.rule, "title": self.title and self.title.as_json()}


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

    actions: tuple[RequestedAction, ...]
    """What people have to do, in the order of the reasons that ask for it."""

    reasons: tuple[Reason, ...]
    """The most severe first. Of equal ones first the rules that fired, then those that can't be worked out, each in the
    policies' order; the engine's own come last. Behind all of them stand those that are waived, in the same order. Each
    rule has its own here; shown they are `gathered`."""

    undetermined: tuple[Undetermined, ...]
    """All that could not be worked out, whether it matters or not; tables, then exceptions, then rules."""

    missing: tuple[MissingInput, ...]
    """What was missing for all of `undetermined`, each once: facts in the vocabulary's order, then the rest by name."""

    passed: tuple[PassedRule, ...]
    """The rules that were checked and did not fire, in the policies' order; so the case passed them. Rules that don't
    apply to it (`Rule.scope`), those that a parameter switches off and those that could only give advice are not among
    them."""

    figures: tuple[Figure, ...]
    """What the policies show of their values, in the order in which they are worked out."""

    results: Mapping[str, Mapping[str, JsonValue]]
    """What the policies worked out, by policy and name, such as `limits: {credit_limit: "60000.00"}`."""

    policy_version: str
    """SHA-256 over the policy set's files."""

    policy_language: int = POLICY_LANGUAGE
    """The version of the policy language that the policies were read in, see `engine.version`."""

    engine_version: str
    """Release and fingerprint of the engine, see `engine.version`."""

    rate: Rate | None = None
    """By which amounts that came in another currency were converted; None where all were in the policies' own."""

    dropped_facts: tuple[str, ...] = ()
    """Facts of the request that the policies have no more, and that were left out of account for that."""

    @property
    def shown_reasons(self) -> tuple[Reason, ...]:
        """The reasons as answers and terminals show them: rules that only wait for facts share one, see `gathered`."""
        return gathered(self.reasons) if self.undetermined else self.reasons

    def as_json(self) -> dict[str, object]:
        """As the API answers and the journal keeps it: plain dicts and lists, keys always in this order."""
        return {
            **self.as_json_without_rules(),
            "reasons": [reason.as_json() for reason in self.shown_reasons],
            "passed": [rule.as_json() for rule in self.passed],
        }

    def as_json_without_rules(self) -> dict[str, object]:
        """The same keys in the same order, `reasons` and `passed` empty: for who writes these by themselves."""
        return {
            "id": self.id,
            "case": self.case,
            "subject": self.subject,
            "as_of": self.as_of,
            "currency": self.currency,
            **({"converted_from": self.rate.as_json()} if self.rate else {}),
            **({"dropped_facts": list(self.dropped_facts)} if self.dropped_facts else {}),
            "outcome": self.outcome,
            "conditions": dict(self.conditions),
            "actions": [action.as_json() for action in self.actions],
            "reasons": [],
            "missing": [item.as_json() for item in self.missing],
            "undetermined": [item.as_json() for item in self.undetermined],
            "passed": [],
            "figures": [figure.as_json() for figure in self.figures],
            "results": {policy: dict(values) for policy, values in self.results.items()},
            "policy_version": self.policy_version,
            "policy_language": self.policy_language,
            "engine_version": self.engine_version,
        }
