"""Two services in one process: each decides by its own policies, counts its own decisions and keeps its own journal."""

from __future__ import annotations

from pathlib import Path

import httpx2

from api.settings import Settings
from tests.support.journal_reading import headers_in
from tests.support.running_service import BODY, ORDERS, running, write_rules

DECIDED = 'credence_decisions_total{case="order",outcome="%s"}'


def _settings(home: Path, limit: int) -> Settings:
    rules = write_rules(home / "rules")
    (rules / "orders.yaml").write_text(ORDERS.replace("limit: 10000", f"limit: {limit}"), encoding="utf-8")
    return Settings(rules=rules, journal=home / "var" / "credence.db")


def _outcome(client: httpx2.Client) -> str:
    answer = client.post("/v1/decisions/order", json=BODY)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["outcome"])


def _recorded(settings: Settings) -> list[str]:
    return [header.outcome for header in headers_in(settings.journal)]


def test_two_apps_share_nothing(tmp_path: Path) -> None:
    lenient, strict = _settings(tmp_path / "lenient", 20_000), _settings(tmp_path / "strict", 1)
    with running(lenient) as first, running(strict) as second:
        outcomes = [(_outcome(first), _outcome(second)) for _ in range(3)]
        assert outcomes == [("approve", "hold")] * 3
        metrics = first.get("/metrics").text, second.get("/metrics").text
        checks = [client.post("/v1/policies/check", json={"files": {}}).json()["ok"] for client in (first, second)]
    assert [DECIDED % "approve" in text for text in metrics] == [True, False]
    assert [DECIDED % "hold" in text for text in metrics] == [False, True]
    assert checks == [True, True]
    assert _recorded(lenient) == ["approve"] * 3
    assert _recorded(strict) == ["hold"] * 3
