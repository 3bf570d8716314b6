"""What of two answers to one request is not the same: nothing, the wording alone, or the decision.

    recorded   {"outcome":"hold",…,"reasons":[{"rule":"orders.over-limit","text":{"en":"Above …"},…}]}
    again      {"outcome":"hold",…,"reasons":[{"rule":"orders.over-limit","text":{"en":"Over …"},…}]}
    →          same decision, other wording

Wording are texts for readers, and the places of rules in files. All else is the decision, also what is not known here:
a member that only one of two answers has counts as a difference, unless it holds nothing. Values are the same only if
they are written alike: 1 is neither `true` nor 1.0, and no number passes through a float.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from engine.vocabulary.strict_json import read_json_object


class Verdict(StrEnum):
    """How a decision that was made again compares with the recorded one. Of several the first counts."""

    OUTCOME = "DIFFERENT (outcome)"
    RULES = "DIFFERENT (rules)"
    """Which rules speak, which are waived, and which could not be worked out."""

    FACTS = "DIFFERENT (facts)"
    """What was read and worked out: facts, figures, results, and what was missing."""

    CONDITIONS = "DIFFERENT (conditions)"
    """What the customer must bring, and what people must do."""

    WORDING = "same decision, other wording"
    NONE = "same bytes"

    @property
    def is_same_decision(self) -> bool:
        """The bytes or at least what they say."""
        return self in (Verdict.WORDING, Verdict.NONE)


_WORDING = ("text", "remedy", "place", "title", "policy_language", "engine_version")
"""Members that readers see and nobody decides by: of the answer, of a reason, of what was missing and passed."""

_RULES = ("reasons", "undetermined", "passed")
_CONDITIONS = ("conditions", "actions")
_OF_RULES = ("rule", "rules", "outcome", "missing", "waived")
"""Members of a reason that say which rule speaks, and how."""


class _Number(NamedTuple):
    """As it is written, and equal to nothing but a number that is written alike."""

    text: str


def compared(recorded: bytes, again: bytes) -> Verdict:
    """Raises `ValueError` where either is no answer, or could be read in two ways, with a key that stands twice."""
    if recorded == again:
        return Verdict.NONE
    before, after = _parts(_read(recorded)), _parts(_read(again))
    differing = (word for word in before if before[word] != after[word])
    return next(differing, Verdict.WORDING)


def _read(answer: bytes) -> dict[str, Any]:
    read_json_object(answer, decimals_as_text=True)  # which refuses what is read here without a question
    text: dict[str, Any] = json.loads(answer, parse_int=_Number, parse_float=_Number)
    return text


def _parts(answer: dict[str, Any]) -> dict[Verdict, object]:
    """What an answer says, by the word for a difference in it."""
    reasons = answer.get("reasons", [])
    if not isinstance(reasons, list) or not all(isinstance(each, dict) for each in reasons):
        raise ValueError("it is no answer of a decision")
    if not isinstance(answer.get("outcome"), str):
        raise ValueError("it is no answer of a decision")
    rules: dict[str, Any] = {name: _without_wording(answer.get(name, [])) for name in ("undetermined", "passed")}
    rules["reasons"] = [{name: _rule_member(each, name) for name in _OF_RULES} for each in reasons]
    others = {name: value for name, value in answer.items() if name not in (*_RULES, *_CONDITIONS, "outcome")}
    facts = _without_wording(others)
    facts["of reasons"] = [
        {name: value for name, value in each.items() if name not in (*_OF_RULES, *_WORDING)} for each in reasons
    ]
    return {
        Verdict.OUTCOME: answer["outcome"],
        Verdict.RULES: rules,
        Verdict.FACTS: _not_empty(facts),
        Verdict.CONDITIONS: [_or_nothing(answer.get(name)) for name in _CONDITIONS],
    }


def _rule_member(reason: Mapping[str, Any], name: str) -> object:
    """Of a waiver the exception's author gives the reason in words; whom and until when stays."""
    value = _or_nothing(reason.get(name))
    if name == "waived" and isinstance(value, list):
        return [_without_reason(waiver) for waiver in value]
    return value


def _without_reason(waiver: Any) -> Any:
    return {key: said for key, said in waiver.items() if key != "reason"} if isinstance(waiver, dict) else waiver


def _or_nothing(value: Any) -> Any:
    return None if value in (None, [], {}) else value


def _without_wording(value: Any) -> Any:
    """An object, or a list of them, without what only readers see. What is within `results` are names that policies'
    authors chose, so it is left as it is."""
    if isinstance(value, list):
        return [_without_wording(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: each if name == "results" else _without_wording(each)
        for name, each in value.items()
        if name not in _WORDING
    }


def _not_empty(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if _or_nothing(value) is not None}
