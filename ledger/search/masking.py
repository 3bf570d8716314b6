"""A decision without what is confidential or personal: for readers who are to see how policies decide, and no figures.

What is left out, in a decision that keeps its shape:

- figures, results, what passed, what a condition asks for and the amount of an action: all of it is worked out, from
  whatever facts;
- of a reason that names a flagged fact, everything but its outcome, for the rule alone says what the fact is; so the
  rule stands nowhere else either;
- a flagged fact that was missing, and the rules that wait for it;
- of a reason that names a worked-out value, its texts and numbers: the value may rest on flagged facts.

A reason keeps its words where it names facts alone, none of them flagged. Flagged are the facts that were so when the
decision was made, and always those of the engine's own that are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from engine.reading.standard_facts import standard_flagged_facts
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.journal.opened_records import OpenedRecord
from ledger.record.body_parts import Body
from ledger.record.decision_parts import ANSWER, REQUEST
from ledger.record.decision_parts import flagged_facts as flagged_then
from ledger.record.new_records import ACTOR, COMMAND, EXPORT, LEDGER_ACT, REFUSAL, REQUEST_ID

WITHHELD = "withheld"
"""Stands for the name of a rule that isn't shown, and for its place."""

_NO_WORDS = {"en": "You may not see this reason's figures.", "zh": "您无权查看此理由的数据。"}
_REASON = f"{ANSWER}/reason."
_WORKED_OUT = ("conditions", "passed", "figures", "results")
_NAMING = frozenset({ACTOR, EXPORT, REQUEST_ID, COMMAND, LEDGER_ACT})
"""Parts that name people: who asked, who exported and by which filter, what was asked of the ledger and what it did."""

_GROUPS = frozenset(group for kind in CASE_KINDS.values() for group in kind.groups)


def masked(decision: Mapping[str, Any], flagged: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """The decision without them, and JSON pointers to what lacks something. `flagged`: names of facts."""
    reasons = [masked_reason(reason, flagged) for reason in decision["reasons"]]
    hidden = hidden_rules(decision, flagged)
    shown = {**decision, **{name: _emptied(name, decision[name]) for name in _WORKED_OUT if name in decision}}
    shown["reasons"] = reasons
    if "actions" in decision:
        shown["actions"] = [_masked_action(action, hidden) for action in decision["actions"]]
    if "missing" in decision:
        shown["missing"] = list(_masked_missing(decision["missing"], hidden, flagged))
    if "undetermined" in decision:
        shown["undetermined"] = [each for each in decision["undetermined"] if each["id"] not in hidden]
    pairs = zip(decision["reasons"], reasons, strict=True)
    lacking = [f"/reasons/{number}" for number, (before, after) in enumerate(pairs) if before != after]
    others = ("actions", "missing", "undetermined", *_WORKED_OUT)
    lacking += [f"/{name}" for name in others if decision.get(name) != shown.get(name)]
    return shown, lacking


def masked_for_sales(decision: Mapping[str, Any], flagged: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """The decision for whoever enters orders and has no figure of the customer's, and JSON pointers to what lacks
    something. The ledger's own facts were decided on, so nothing of it is the reader's: a reason that names a flagged
    fact is hidden; all others keep their words and numbers, for somebody must tell the customer what to pay. What was
    worked out beside them goes."""
    hidden = hidden_rules(decision, flagged)
    reasons = [
        masked_reason(each, flagged) if _is_hidden(each, flagged) else dict(each) for each in decision["reasons"]
    ]
    shown = {**decision, "reasons": reasons}
    shown |= {name: type(decision[name])() for name in ("passed", "figures", "results") if name in decision}
    if "missing" in decision:
        shown["missing"] = list(_masked_missing(decision["missing"], hidden, flagged))
    if "undetermined" in decision:
        shown["undetermined"] = [each for each in decision["undetermined"] if each["id"] not in hidden]
    pairs = zip(decision["reasons"], reasons, strict=True)
    lacking = [f"/reasons/{number}" for number, (before, after) in enumerate(pairs) if before != after]
    others = ("missing", "undetermined", "passed", "figures", "results")
    return shown, lacking + [f"/{name}" for name in others if decision.get(name) != shown.get(name)]


def masked_reason(reason: Mapping[str, Any], flagged: Collection[str]) -> dict[str, Any]:
    """A reason in its shape, with what may be seen of it."""
    if _is_hidden(reason, flagged):
        shape = {name: value for name, value in _without_figures(reason).items() if name != "rules"}
        return {**shape, "rule": WITHHELD, "place": WITHHELD, "missing": [], "waived": []}
    if all(_is_fact(name) for name in reason["facts"]):
        return dict(reason)
    return _without_figures(reason)


def hidden_rules(decision: Mapping[str, Any], flagged: Collection[str]) -> frozenset[str]:
    """Rules and tables that say by their name alone what a flagged fact is, or that it was missing. Of those for which
    one reason stands, the ones that wait for a flagged fact; all of them where the decision doesn't say which do."""
    missing = decision.get("missing", [{}])
    is_known = all("needed_by" in item for item in missing)
    hidden = (reason for reason in decision["reasons"] if _is_hidden(reason, flagged))
    rules = {rule for reason in hidden if not (is_known and "rules" in reason) for rule in _rules(reason)}
    lacking = (item for item in missing if is_known and _is_flagged(item["name"], flagged))
    return frozenset(rules | {rule for item in lacking for rule in item["needed_by"]})


def rules_of(decision: Mapping[str, Any]) -> list[str]:
    """The rules among the reasons, in their order; of a reason that stands for several all of them."""
    return [rule for reason in decision["reasons"] for rule in _rules(reason)]


def shown_rules(decision: Mapping[str, Any], flagged: Collection[str]) -> list[str]:
    """Those of them that aren't hidden."""
    hidden = hidden_rules(decision, flagged)
    return [rule for rule in rules_of(decision) if rule not in hidden]


def _rules(reason: Mapping[str, Any]) -> Iterable[str]:
    return reason.get("rules") or [reason["rule"]]


def _is_hidden(reason: Mapping[str, Any], flagged: Collection[str]) -> bool:
    return any(_is_flagged(name, flagged) for name in (*reason["facts"], *reason["missing"]))


def _is_flagged(name: str, flagged: Collection[str]) -> bool:
    """The fact, or a field of a list's records."""
    return name.partition("[")[0] in flagged


def _masked_missing(
    missing: Iterable[Mapping[str, Any]], hidden: Collection[str], flagged: Collection[str]
) -> Iterator[dict[str, Any]]:
    """A rule that is hidden may itself stand there, as what has no result."""
    for item in missing:
        if not _is_flagged(item["name"], flagged) and item["name"] not in hidden:
            waiting = item.get("needed_by", ())
            yield {**item, "needed_by": [rule for rule in waiting if rule not in hidden]}


def _is_fact(name: str) -> bool:
    """As sent, not worked out: no policy is called as a group of facts."""
    return name.partition(".")[0] in _GROUPS


def _without_figures(reason: Mapping[str, Any]) -> dict[str, Any]:
    return {**reason, "text": _NO_WORDS, "remedy": None, "facts": {}}


def _masked_action(action: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    rule = WITHHELD if action["rule"] in hidden else action["rule"]
    return {**action, "amount": None, "by": None, "rule": rule}


def _emptied(name: str, value: Any) -> Any:
    """Conditions keep their names, for what is asked for is no figure of the customer's."""
    return dict.fromkeys(value) if name == "conditions" else type(value)()


def masked_answer(answer: str | bytes, flagged: Collection[str], *, for_sales: bool = False) -> tuple[bytes, list[str]]:
    """The text of a decision without them, and what lacks something; as `masked` or `masked_for_sales` has it."""
    shown, lacking = (masked_for_sales if for_sales else masked)(json.loads(answer), flagged)
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode(), lacking


def flagged_facts(body: Body) -> frozenset[str]:
    """Of a record: those that were flagged then among those that were sent, and the engine's own that are."""
    return flagged_then(body) | standard_flagged_facts()


def withheld_parts(record: OpenedRecord) -> frozenset[str]:
    """Paths of the parts of a body that a masked export holds commitments to alone: flagged facts, who asked where the
    line names somebody, the answer but for the first reasons that name facts alone, none of them flagged. Of a decision
    that is in no such parts, all of it.

    Where a part stands in its document is in its path, so a part that is shown tells the length of what stands before
    it. Therefore no reason is shown behind one that isn't, and none at all where the answer says before its reasons
    what is asked for."""
    parts = record.body.parts
    paths = {part.path for part in parts}
    naming = _NAMING | {REFUSAL} if record.of_ledger else _NAMING  # why the ledger refused names who asked
    if not any(path.startswith(f"{ANSWER}/") for path in paths):
        return (frozenset({REQUEST, ANSWER}) | naming) & paths
    held = {path for path in paths if path.startswith((f"{REQUEST}/", ANSWER)) or path in naming}
    return frozenset(held - {*_shown_reasons(record)})


def _shown_reasons(record: OpenedRecord) -> Iterator[str]:
    flagged = flagged_facts(record.body)
    decision: dict[str, Any] = json.loads(record.body.document(ANSWER) or b"{}")
    if decision.get("conditions") or decision.get("actions"):
        return
    for part in record.body.parts:
        if part.path.startswith(_REASON):
            if not _is_shown(part.content, flagged):
                return
            yield part.path


def _is_shown(content: bytes, flagged: Collection[str]) -> bool:
    reason: dict[str, Any] = json.loads(content)
    return masked_reason(reason, flagged) == reason
