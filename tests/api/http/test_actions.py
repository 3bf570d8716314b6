"""Actions over HTTP: in decisions, kept in the journal, and with their titles in the vocabulary and the document."""

from __future__ import annotations

from pathlib import Path

from api.http.answers import DecisionShape
from api.settings import Settings
from engine.vocabulary.actions import STANDARD_ACTIONS
from tests.support.running_service import BODY, ORDERS, running, write_rules

ACTION = "    action: {do: call_broker, by: as_of + 30, amount: order.amount - limit}\n...\n"
OWN = "actions:\n  call_broker: {en: call the broker, zh: 联系保险经纪}\n...\n"


def test_actions_are_answered_recorded_and_named(tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "rules", ORDERS.removesuffix("...\n") + ACTION)
    facts = (rules / "facts.yaml").read_text(encoding="utf-8")
    (rules / "facts.yaml").write_text(facts.removesuffix("...\n") + OWN, encoding="utf-8")
    with running(Settings(rules=rules, journal=tmp_path / "credence.db")) as client:
        answer = client.post("/v1/decisions/order", json=BODY)
        assert answer.status_code == 201, answer.text
        assert answer.json()["actions"] == [
            {"action": "call_broker", "by": "2026-07-31", "amount": "2000.00", "rule": "orders.over-limit"}
        ]
        DecisionShape.model_validate_json(answer.content)
        assert client.get(answer.headers["location"]).content == answer.content

        named = {each["name"]: each["title"] for each in client.get("/v1/facts").json()["actions"]}
        assert list(named) == [*STANDARD_ACTIONS, "call_broker"]
        assert named["call_broker"] == {"en": "call the broker", "zh": "联系保险经纪"}

        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        assert schemas["RequestedAction"]["properties"]["action"] == {"$ref": "#/components/schemas/ActionName"}
        assert schemas["ActionName"]["x-titles"] == named
        assert "enum" not in schemas["ActionName"]  # a recorded decision may have a word that is gone by now
        asked = schemas["OrderDecision"]["properties"]["actions"]
        assert asked["items"] == {"$ref": "#/components/schemas/RequestedAction"}
