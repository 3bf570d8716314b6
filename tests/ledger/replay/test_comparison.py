"""Every member of an answer, changed by itself: it is wording, or a part of the decision, never nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from engine.pipeline import load
from ledger.record.decision_parts import answer_parts
from ledger.replay.comparison import Verdict, compared
from tests.support.default_policies import policies_of_november_2026
from tests.support.exception_files import exception, with_exceptions
from tests.support.small_policies import REASON

Path = tuple[str | int, ...]
POLICY = f"""
values: {{headroom: {{formula: 10 - account.level, title: {{en: Room, zh: 余}}, show: true}}, text: account.level * 2}}
rules:
  high: {{when: account.level > 5, then: review, reason: {REASON}, action: {{do: litigate}}}}
  waived: {{when: account.level > 6, then: restrict, reason: {REASON}}}
  waits: {{when: account.points > 6, then: review, reason: {REASON}}}
  waits-too: {{when: account.points > 7, then: review, reason: {REASON}}}
"""
WORDING = ("text", "remedy", "place", "title")


def _answers() -> Iterator[dict[str, Any]]:
    """One of each thing that answers hold, and one by whole policies."""
    engine = load(with_exceptions(POLICY, long=exception("p.waived", 'account.id = "C-1"'))).engine
    assert engine is not None
    for each, case, facts in (
        (engine, "account", {"account": {"id": "C-1", "level": 7}}),
        (policies_of_november_2026(), "order", {"order": {"id": "SO-1", "amount": "99000.00"}, "account": {"id": "C"}}),
    ):
        answer, _ = answer_parts(each.decide(case, facts, date(2026, 7, 1), "id"))
        yield json.loads(answer)
    engine.close()


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    return list(_answers())


def _leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    is_leaf = True
    for name, each in members:
        is_leaf = False
        yield from _leaves(each, (*path, name))
    if is_leaf and path:
        yield path


def _meant(path: Path) -> Verdict:
    """By whom a change at this place matters, written down once more."""
    match path:
        case ("outcome",):
            return Verdict.OUTCOME
        case ("policy_language" | "engine_version",):
            return Verdict.WORDING
        case ("conditions" | "actions", *_):
            return Verdict.CONDITIONS
        case ("reasons", _, "waived", _, "reason", *_):
            return Verdict.WORDING
        case ("reasons", _, "facts", *_):
            return Verdict.FACTS
        case ("reasons" | "passed" | "missing" | "figures", _, word, *_) if word in WORDING:
            return Verdict.WORDING
        case ("reasons" | "passed" | "undetermined", *_):
            return Verdict.RULES
        case _:
            return Verdict.FACTS


def _changed(answer: dict[str, Any], path: Path, value: Any) -> bytes:
    changed: Any = copy.deepcopy(answer)
    within = changed
    for step in path[:-1]:
        within = within[step]
    within[path[-1]] = value
    return json.dumps(changed).encode()


def test_the_answers_hold_what_answers_can(answers: list[dict[str, Any]]) -> None:
    first = answers[0]
    assert any(reason["waived"] for reason in first["reasons"])
    assert any("rules" in reason for reason in first["reasons"])
    assert all(first[name] for name in ("actions", "figures", "missing", "undetermined", "results"))
    assert "text" in first["results"]["p"]


def test_each_member_that_is_changed_gives_its_word(answers: list[dict[str, Any]]) -> None:
    seen = set()
    for answer in answers:
        recorded = json.dumps(answer).encode()
        for path in _leaves(answer):
            word = compared(recorded, _changed(answer, path, "other"))
            assert word is _meant(path), path
            seen.add(word)
    assert seen >= {Verdict.OUTCOME, Verdict.RULES, Verdict.FACTS, Verdict.CONDITIONS, Verdict.WORDING}


def test_each_member_that_is_left_out_or_added_gives_its_word(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        recorded = json.dumps(answer).encode()
        for name in answer.keys() - {"outcome"}:
            without = json.dumps({each: value for each, value in answer.items() if each != name}).encode()
            word = Verdict.WORDING if answer[name] in (None, [], {}) else _meant((name, 0, "other"))
            word = Verdict.WORDING if name in ("policy_language", "engine_version") else word
            assert compared(recorded, without) is compared(without, recorded) is word, name
        assert compared(recorded, json.dumps({**answer, "new": [1]}).encode()) is Verdict.FACTS
        assert compared(recorded, json.dumps({**answer, "new": []}).encode()) is Verdict.WORDING


def test_equal_bytes_are_the_same_and_equal_members_in_other_bytes_are_wording(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        recorded = json.dumps(answer).encode()
        assert compared(recorded, recorded) is Verdict.NONE
        assert compared(recorded, recorded + b" ") is Verdict.WORDING


VALUES = (
    *(
        "0",
        "1",
        "-1",
        "1.0",
        "1.00",
        "10e-1",
        "true",
        "false",
        "null",
        '"1"',
        '"true"',
        '""',
        "[1]",
        '["1"]',
        '{"1": 1}',
    ),
    *("1000000000000000.01", "1000000000000000.02", "9007199254740992", "9007199254740993", "0.1", "0.10", "1e400"),
)
"""Texts of JSON of which no two are the same, however Python compares what it makes of them."""


@pytest.mark.parametrize("member", ["results", "conditions", "actions", "of a reason", "missing of a reason"])
def test_values_are_the_same_only_where_they_are_written_alike(member: str) -> None:
    def answer(value: str) -> bytes:
        at = "x" if member == "of a reason" else "missing"
        reason = f'{{"rule":"p.r","{at}":{value}}}' if "reason" in member else '{"rule":"p.r"}'
        held = f',"{member}":{value}' if "reason" not in member else ""
        return f'{{"outcome":"hold","reasons":[{reason}]{held}}}'.encode()

    for one in VALUES:
        for other in VALUES:
            word = compared(answer(one), answer(other) + b" ")
            assert (word is Verdict.WORDING) is (one == other), (one, other)


def _with_each_key_twice(value: Any) -> Iterator[str]:
    """An answer's text with a key of one of its objects standing twice, the second time as it was."""
    for place in [(), *_objects(value)]:
        within = value
        for step in place:
            within = within[step]
        for key in list(within)[:1]:
            text = json.dumps(value)
            whole = json.dumps(within)
            yield text.replace(whole, whole.replace("{", "{" + json.dumps(key) + ':"other",', 1), 1)


def _objects(value: Any, path: Path = ()) -> Iterator[Path]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in members:
        if isinstance(each, dict) and each:
            yield (*path, name)
        yield from _objects(each, (*path, name))


def test_an_answer_that_can_be_read_in_two_ways_is_not_compared(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        recorded = json.dumps(answer).encode()
        for text in _with_each_key_twice(answer):
            assert json.loads(text) == answer  # which is how Python reads it
            for one, other in ((recorded, text.encode()), (text.encode(), recorded)):
                with pytest.raises(ValueError, match="twice"):
                    compared(one, other)


@pytest.mark.parametrize("reasons", ["1", "null", "{}", "[1]", "[null]", "[[]]", "true"])
def test_reasons_that_are_none_are_not_compared(reasons: str, answers: list[dict[str, Any]]) -> None:
    text = f'{{"outcome": "hold", "reasons": {reasons}}}'.encode()
    with pytest.raises(ValueError, match="no answer"):
        compared(json.dumps(answers[0]).encode(), text)


@pytest.mark.parametrize("text", [b"[]", b"{}", b'{"outcome": 1}', b"x", b""])
def test_what_is_no_answer_is_not_compared(text: bytes, answers: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"no answer|JSON|empty"):
        compared(text, json.dumps(answers[0]).encode())
