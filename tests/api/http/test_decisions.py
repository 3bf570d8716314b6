"""What the endpoint answers is what the journal holds and what can be read again."""

from __future__ import annotations

import asyncio
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from jsonschema import Draft202012Validator

from api.http.answers import DecisionShape
from api.settings import Settings
from engine.vocabulary.plain_text import text_fault
from ledger.journal.journal import Journal
from ledger.record.decision_parts import whole_parts
from ledger.record.new_records import Record
from ledger.record.record_header import RecordKind
from tests.support.journal_reading import decision_in, from_journal
from tests.support.journal_records import record
from tests.support.running_service import BODY


def test_an_order_over_the_limit_is_held_with_its_reason(client: httpx2.Client) -> None:
    answer = client.post("/v1/decisions/order", json=BODY)
    decision = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/decisions/{decision['id']}"
    assert (decision["outcome"], decision["subject"], decision["as_of"]) == ("hold", "SO-1", "2026-07-01")
    assert [reason["rule"] for reason in decision["reasons"]] == ["orders.over-limit"]
    assert uuid.UUID(decision["id"]).version == 7


@pytest.mark.parametrize(
    ("case", "body"),
    [
        ("order", BODY),
        (
            "invoice",
            {"invoice": {"id": "I-1", "open_amount": "10.00", "due_date": "2026-01-01"}, "account": {"id": "C"}},
        ),
        ("account", {"account": {"id": "C-1"}}),
        ("portfolio", {"portfolio": {"id": "P-1", "receivables": "100.00"}}),
        ("limit", {"limit": {"id": "L-1", "kind": "limit", "amount": "100.00"}, "account": {"id": "C-1"}}),
    ],
)
def test_every_kind_of_case_answers_in_the_documented_shape(client: httpx2.Client, case: str, body: Any) -> None:
    answer = client.post(f"/v1/decisions/{case}", json=body)
    assert answer.status_code == 201, answer.text
    DecisionShape.model_validate_json(answer.content)


def test_the_date_is_today_where_none_is_given(client: httpx2.Client) -> None:
    before = datetime.now(UTC).date().isoformat()
    decision = client.post("/v1/decisions/order", json={**BODY, "as_of": None}).json()
    assert before <= decision["as_of"] <= datetime.now(UTC).date().isoformat()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    amount=some.decimals(0, 10**9, places=2),
    id=some.text(some.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40).filter(
        lambda text: text_fault(text) is None
    ),
)
def test_answer_journal_and_later_reading_are_the_same_bytes(
    client: httpx2.Client, service_settings: Settings, amount: object, id: str
) -> None:
    answer = client.post("/v1/decisions/order", json={**BODY, "order": {"id": id, "amount": f"{amount:f}"}})
    assert answer.status_code == 201, answer.text
    kept = decision_in(service_settings.journal, answer.json()["id"])
    assert kept.answer.encode() == answer.content == client.get(answer.headers["location"]).content
    assert kept.request.encode() == answer.request.content
    assert (kept.case_kind, str(kept.seq)) == ("order", answer.headers["journal-entry"])


def test_concurrent_requests_share_commits(client: httpx2.Client) -> None:
    before = _metric(client, "credence_journal_commit_records_count")
    requests = 400
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/decisions/order", json=BODY).status_code, range(requests)))
    assert answers == [201] * requests
    assert _metric(client, "credence_journal_commit_records_count") - before < requests


def test_the_policy_text_of_a_decision_is_in_the_journal(client: httpx2.Client, service_settings: Settings) -> None:
    decision = client.post("/v1/decisions/order", json=BODY).json()
    kept = from_journal(service_settings.journal, lambda journal: journal.find_policy_set(decision["policy_version"]))
    assert kept is not None
    assert "over-limit" in "".join(kept.files.values())


def test_metrics_count_outcomes_and_rules(client: httpx2.Client) -> None:
    names = (
        'credence_decisions_total{case="order",outcome="hold"}',
        'credence_rule_hits_total{rule="orders.over-limit"}',
    )
    client.post("/v1/decisions/order", json=BODY)
    before = [_metric(client, name) for name in names]
    client.post("/v1/decisions/order", json=BODY)
    assert [_metric(client, name) for name in names] == [count + 1 for count in before]


def _metric(client: httpx2.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))


RECORDED_BEFORE = {
    "id": "01a20069-767e-7289-841e-0c1e0d8f48ea",
    "case": "order",
    "subject": "SO-1",
    "as_of": "2026-07-01",
    "currency": "EUR",
    "outcome": "hold",
    "conditions": {"part": "5.00"},
    "reasons": [
        {
            "rule": "orders.over-limit",
            "outcome": "hold",
            "text": {"en": "Can't be checked.", "zh": "无法检查。"},
            "remedy": {"en": "Supply it.", "zh": "请提供。"},
            "facts": {"orders.exposure_after": None},
            "missing": ["account.open_invoices"],
            "place": "rules/orders.yaml:1:1",
        }
    ],
    "undetermined": [{"id": "orders.over-limit", "missing": ["account.open_invoices"], "ignored": False}],
    "results": {"orders": {"exposure_after": None}},
    "policy_version": "0" * 64,
    "engine_version": "0.2.0+c0f5a5d2e1b7",
}
"""What the journal has of a time when decisions had no lists of what is missing, passed and shown."""


async def _recorded(journal: Journal, record: Record) -> None:
    await journal.record(record)


def test_a_decision_recorded_before_is_answered_as_it_was_and_has_the_documented_shape(
    service_settings: Settings, client: httpx2.Client
) -> None:
    first = client.post("/v1/decisions/order", json=BODY).json()
    earlier = first["id"][:-4] + "beef"
    old = json.dumps(RECORDED_BEFORE | {"id": earlier}, ensure_ascii=False)
    imported = replace(record(earlier), kind=RecordKind.IMPORTED, parts=whole_parts(b"{}", old.encode()))
    from_journal(service_settings.journal, lambda journal: asyncio.run(_recorded(journal, imported)))

    answer = client.get(f"/v1/decisions/{earlier}")
    assert answer.text == old
    document = client.get("/openapi.json").json()
    schema = document["paths"]["/v1/decisions/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator(schema | {"components": document["components"]})
    assert list(validator.iter_errors(answer.json())) == []
    assert list(validator.iter_errors(first)) == []
    assert list(validator.iter_errors(RECORDED_BEFORE | {"reasons": [{}]}))
