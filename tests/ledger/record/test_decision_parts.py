"""Requests and answers cut into parts: one after the other they are what was sent, and each flagged value is alone."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic_core import to_json

from engine.pipeline import Engine
from engine.vocabulary.strict_json import read_json_object
from ledger.record import decision_parts
from ledger.record.body_parts import Body
from ledger.record.decision_parts import FlaggedFacts, answer_parts
from tests.support.large import how_many

AS_OF = "2026-07-01"


def _example(engine: Engine, case: str) -> dict[str, Any]:
    body: dict[str, Any] = {"as_of": AS_OF}
    for fact in engine.vocabulary.of_case(case):
        body.setdefault(fact.group, {})[fact.name.partition(".")[2]] = fact.example
    return body


def _flagged(engine: Engine, case: str) -> set[str]:
    return {fact.name for fact in engine.vocabulary.of_case(case) if fact.confidential or fact.personal}


def _parts(engine: Engine, case: str, raw: bytes) -> dict[str, bytes]:
    body = read_json_object(raw, decimals_as_text=False)
    parts = FlaggedFacts(engine.vocabulary, case).request_parts(raw, body)
    assert Body(b"", tuple(parts)).document("request") == raw
    by_path = {part.path: part.content for part in parts}
    assert len(by_path) == len(parts)
    return by_path


def _name(path: str) -> str:
    return path.partition("/")[2].partition("@")[0]


@pytest.mark.parametrize("case", ["order", "invoice", "account", "limit", "portfolio"])
def test_each_flagged_value_is_a_part_of_its_own(default_engine: Engine, case: str) -> None:
    body = _example(default_engine, case)
    parts = _parts(default_engine, case, json.dumps(body).encode())
    values = {_name(path): value for path, value in parts.items() if "/" in path}
    assert set(values) == _flagged(default_engine, case)
    for name, value in values.items():
        group, _, key = name.partition(".")
        assert json.loads(value) == body[group][key]


@pytest.mark.parametrize("case", ["order", "invoice", "account", "limit", "portfolio"])
def test_a_usual_request_is_not_read_twice(default_engine: Engine, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its flagged values are found by their keys alone, lists too: else each decision costs half as much again."""
    monkeypatch.setattr(decision_parts, "_spans", lambda *_: pytest.fail("it is read as JSON once more"))
    body = _example(default_engine, case)
    for indent in (None, 2):
        _parts(default_engine, case, json.dumps(body, indent=indent).encode())


def _written(chance: random.Random, value: Any) -> str:
    """JSON as somebody may write it: blanks anywhere, characters escaped or not."""
    blank = chance.choice(["", " ", "\n\t", "  "])
    if isinstance(value, dict):
        members = list(value.items())
        chance.shuffle(members)
        inner = ",".join(f"{blank}{_written(chance, k)}{blank}:{blank}{_written(chance, v)}" for k, v in members)
        return f"{{{inner}{blank}}}"
    if isinstance(value, list):
        return f"[{','.join(_written(chance, item) for item in value)}{blank}]"
    if isinstance(value, str) and chance.random() < 0.2:
        escaped = (f"\\u{ord(each):04x}" if chance.random() < 0.3 else json.dumps(each)[1:-1] for each in value)
        return f'"{"".join(escaped)}"'
    return json.dumps(value, ensure_ascii=chance.random() < 0.5)


@pytest.mark.parametrize("seed", range(how_many(60, large=2_000)))
@pytest.mark.parametrize("quick", [True, False], ids=["by its key", "by reading"])
def test_however_a_request_is_written(
    default_engine: Engine, seed: int, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not quick:
        monkeypatch.setattr(FlaggedFacts, "_quick_spans", lambda *_: None)
    chance = random.Random(seed)
    case = "order" if seed % 3 else "invoice"  # which has a key that records in a list of the account have too
    body = _example(default_engine, case)
    for group in (case, "account"):
        for key in list(body[group]):
            if key != "id" and chance.random() < 0.4:
                body[group][key] = None
    tricky = ['"sales_person":"x"', "sales_person", '\\"', "entered_by", 'é 客户 "', '","insolvent":true']
    body[case]["id"] = chance.choice(tricky)
    body["account"]["sales_person"] = chance.choice([*tricky, None])
    if body["account"]["open_items"]:
        body["account"]["open_items"][0]["id"] = chance.choice([*tricky, '"]', '\\"],[', "]"])
    parts = _parts(default_engine, case, _written(chance, body).encode())
    values = {_name(path): json.loads(value) for path, value in parts.items() if "/" in path}
    given = {f"{group}.{key}": value for group in (case, "account") for key, value in body[group].items()}
    assert values == {name: given[name] for name in _flagged(default_engine, case) if given.get(name) is not None}


def test_a_key_that_stands_in_records_too_is_told_apart(default_engine: Engine) -> None:
    """A site's flagged fact is called as a member of the records in a list that everybody may see."""
    vocabulary = default_engine.vocabulary
    cover = replace(vocabulary.facts["account.guarantee_cover"], name="order.cover")
    flagged = FlaggedFacts(replace(vocabulary, facts={**vocabulary.facts, cover.name: cover}), "order")
    for key in ("cover", "c\\u006fver"):
        for securities in ('[{"cover":"0.5"}]', '[{"cover":"0.5"},{"cover":"1"}]', "[]"):
            raw = f'{{"account":{{"securities":{securities}}},"order":{{"{key}":"0.9"}}}}'.encode()
            _, part = flagged.request_parts(raw, json.loads(raw))
            assert part.content == b'"0.9"'


def test_the_answer_is_cut_at_its_reasons_and_results(default_engine: Engine) -> None:
    body = _example(default_engine, "order")
    naive = {"order": {"id": "SO-1", "amount": "12.00"}, "account": {"id": "C-1"}}
    full = [body | {"order": body["order"] | {"amount": amount}} for amount in ("12.00", "900000.00", "0.00")]
    for facts in ({group: each[group] for group in ("order", "account")} for each in (*full, naive)):
        decision = default_engine.decide("order", facts, date(2026, 7, 1), "id", None)
        answer, parts = answer_parts(decision)
        assert answer == Body(b"", tuple(parts)).document("answer") == to_json(decision.as_json())
        reasons = [part.content for part in parts if part.path.startswith("answer/reason.")]
        assert [json.loads(reason) for reason in reasons] == [reason.as_json() for reason in decision.shown_reasons]
        [results] = [part.content for part in parts if part.path.startswith("answer/results@")]
        assert list(json.loads(b"{%b}" % results)) == ["figures", "results"]
