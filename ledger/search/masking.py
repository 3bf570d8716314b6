"""A decision without what is confidential or personal: for readers who are to see how policies decide, and no figures.

What is left out, in a decision that keeps its shape:

- figures, results, what passed, what a condition asks for and the amount of an action: all of it is worked out, from
  whatever facts;
- of a reason that names a flagged fact, everything but its outcome, for the rule alone says what the fact is;
- of a reason that names a worked-out value, its texts and numbers: the value may rest on flagged facts.

A reason keeps its words where it names facts alone, none of them flagged.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.journal.opened_records import OpenedRecord
from ledger.record.decision_parts import ANSWER, REQUEST, flagged_facts

WITHHELD = "withheld"
"""Stands for the name of a rule that isn't shown, and for its place."""

_NO_WORDS = {"en": "You may not see this reason's figures.", "zh": "您无权查看此理由的数据。"}
_REASON = f"{ANSWER}/reason."
_WORKED_OUT = ("conditions", "passed", "figures", "results")
_GROUPS = frozenset(group for kind in CASE_KINDS.values() for group in kind.groups)


def masked(decision: Mapping[str, Any], flagged: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """The decision without them, and JSON pointers to what lacks something. `flagged`: names of facts."""
    reasons = [masked_reason(reason, flagged) for reason in decision["reasons"]]
    hidden = hidden_rules(decision["reasons"], flagged)
    shown = {**decision, **{name: _emptied(name, decision[name]) for name in _WORKED_OUT if name in decision}}
    shown["reasons"] = reasons
    if "actions" in decision:
        shown["actions"] = [_masked_action(action, hidden) for action in decision["actions"]]
    pairs = zip(decision["reasons"], reasons, strict=True)
    lacking = [f"/reasons/{number}" for number, (before, after) in enumerate(pairs) if before != after]
    lacking += [f"/{name}" for name in ("actions", *_WORKED_OUT) if decision.get(name) != shown.get(name)]
    return shown, lacking


def masked_reason(reason: Mapping[str, Any], flagged: Collection[str]) -> dict[str, Any]:
    """A reason in its shape, with what may be seen of it."""
    if _is_hidden(reason, flagged):
        return {**_without_figures(reason), "rule": WITHHELD, "place": WITHHELD, "missing": [], "waived": []}
    if all(_is_fact(name) for name in reason["facts"]):
        return dict(reason)
    return _without_figures(reason)


def hidden_rules(reasons: Iterable[Mapping[str, Any]], flagged: Collection[str]) -> frozenset[str]:
    """Rules that say by their name alone what a flagged fact is."""
    return frozenset(reason["rule"] for reason in reasons if _is_hidden(reason, flagged))


def shown_rules(reasons: Iterable[Mapping[str, Any]], flagged: Collection[str]) -> Iterator[str]:
    """The others."""
    return (reason["rule"] for reason in reasons if not _is_hidden(reason, flagged))


def _is_hidden(reason: Mapping[str, Any], flagged: Collection[str]) -> bool:
    names = [name.partition("[")[0] for name in (*reason["facts"], *reason["missing"])]
    return any(name in flagged for name in names)


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


def masked_answer(answer: str, flagged: Collection[str]) -> tuple[bytes, list[str]]:
    """The text of a decision without them, and what lacks something."""
    shown, lacking = masked(json.loads(answer), flagged)
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode(), lacking


def withheld_parts(record: OpenedRecord) -> frozenset[str]:
    """Paths of the parts of a body that a masked export holds commitments to alone: flagged facts, the answer but for
    reasons that name facts alone, none of them flagged. Of a decision that is in no such parts, all of it."""
    body = record.body
    flagged = flagged_facts(body)
    paths = [part.path for part in body.parts]
    if not any(path.startswith(f"{ANSWER}/") for path in paths):
        return frozenset({REQUEST, ANSWER} & set(paths))
    reasons = {part.path for part in body.parts if part.path.startswith(_REASON) and _is_shown(part.content, flagged)}
    held = (path for path in paths if path.startswith((f"{REQUEST}/", ANSWER)))
    return frozenset(held) - reasons


def _is_shown(content: bytes, flagged: Collection[str]) -> bool:
    reason: dict[str, Any] = json.loads(content)
    return masked_reason(reason, flagged) == reason
