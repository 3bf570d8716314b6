"""Policy files change while the service runs: what checks takes effect, what doesn't is shown, no request suffers."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.settings import Settings
from ledger.policies import in_force
from tests.support.patience import PATIENCE
from tests.support.running_service import BODY, ORDERS, eventually, running, write_rules

LENIENT = ORDERS.replace("limit: 10000", "limit: 20000")
BROKEN = ORDERS.replace("order.amount > limit", "order.amont > limit")
HALF_WRITTEN = ORDERS[: ORDERS.index("then:")]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write_rules(tmp_path / "rules")


@pytest.fixture
def client(tmp_path: Path, rules: Path) -> Iterator[httpx2.Client]:
    with running(Settings(rules=rules, journal=tmp_path / "credence.db")) as client:
        yield client


def _ready(client: httpx2.Client) -> Any:
    return client.get("/readyz").json()


def _outcome(client: httpx2.Client) -> str:
    answer = client.post("/v1/decisions/order", json=BODY)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["outcome"])


def test_a_change_that_checks_takes_effect_without_a_restart(client: httpx2.Client, rules: Path) -> None:
    before = _ready(client)
    assert _outcome(client) == "hold"
    (rules / "orders.yaml").write_text(LENIENT)
    eventually(lambda: _ready(client)["policy_version"] != before["policy_version"])
    assert _outcome(client) == "approve"
    (rules / "orders.yaml").write_text(ORDERS)
    eventually(lambda: _ready(client)["policy_version"] == before["policy_version"])
    assert _outcome(client) == "hold"


def test_a_change_with_a_mistake_leaves_the_old_policy_in_force_until_it_is_mended(
    client: httpx2.Client, rules: Path
) -> None:
    version = _ready(client)["policy_version"]
    (rules / "orders.yaml").write_text(BROKEN)
    eventually(lambda: _ready(client)["failed_change"] is not None)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"], ready.json()["policy_version"]) == (200, True, version)
    [mistake] = ready.json()["failed_change"]["diagnostics"]
    assert (mistake["file"], mistake["line"]) == ("rules/orders.yaml", 8)
    assert "order.amont" in mistake["message"]
    assert client.get("/v1/policies").json()["failed_change"]["diagnostics"] == [mistake]
    assert _outcome(client) == "hold"
    assert "credence_policy_change_failed 1.0" in client.get("/metrics").text
    (rules / "orders.yaml").write_text(LENIENT)
    eventually(lambda: _ready(client)["failed_change"] is None)
    assert _outcome(client) == "approve"


def test_no_request_is_dropped_or_refused_while_policies_change(client: httpx2.Client, rules: Path) -> None:
    """Saves follow one another under load: good, half-written, broken, good …; each answer names a good version."""
    stop, answers = threading.Event(), list[tuple[int, str]]()

    def ask() -> None:
        with httpx2.Client(base_url=client.base_url, timeout=PATIENCE) as own:
            while not stop.is_set():
                answer = own.post("/v1/decisions/order", json=BODY)
                answers.append((answer.status_code, answer.json().get("policy_version", answer.text)))

    good = {_ready(client)["policy_version"]}
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for text in (LENIENT, HALF_WRITTEN, ORDERS, BROKEN, LENIENT):
        seen = client.get("/v1/policies").json()
        (rules / "orders.yaml").write_text(text)
        eventually(lambda seen=seen: client.get("/v1/policies").json() != seen)  # type: ignore[misc]
        good.add(_ready(client)["policy_version"])
    stop.set()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {201}
    assert {version for _, version in answers} <= good
    assert len(good) == 2


def test_a_save_in_pieces_is_taken_once_it_is_whole(
    client: httpx2.Client, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_force, "LOOK_SECONDS", 1.5)  # much longer than it may take from piece to piece
    with (rules / "orders.yaml").open("w") as file:
        for line in LENIENT.splitlines(keepends=True):
            file.write(line)
            file.flush()
            threading.Event().wait(0.03)
    eventually(lambda: _outcome(client) == "approve")
    assert _ready(client)["failed_change"] is None
    assert 'credence_policy_loads_total{result="failure"} 0.0' in client.get("/metrics").text


def test_what_editors_leave_beside_a_file_changes_nothing(client: httpx2.Client, rules: Path) -> None:
    before = _ready(client)
    for name in (".orders.yaml.swp", ".orders.yaml", "orders.yaml~", "4913", "notes.md"):
        (rules / name).write_text("policy: [")
    (rules / "orders.yaml").touch()
    threading.Event().wait(1)
    assert _ready(client) == before


def test_a_folder_that_vanishes_and_returns(client: httpx2.Client, rules: Path) -> None:
    shutil.move(rules, rules.with_name("away"))
    eventually(lambda: _ready(client)["failed_change"] is not None)
    assert _outcome(client) == "hold"
    write_rules(rules, LENIENT)
    eventually(lambda: _outcome(client) == "approve")
    (rules / "orders.yaml").write_text(ORDERS)
    eventually(lambda: _outcome(client) == "hold")


def test_the_openapi_document_follows_the_sites_own_facts(client: httpx2.Client, rules: Path) -> None:
    def account() -> Any:
        return client.get("/openapi.json").json()["components"]["schemas"]["AccountFacts"]["properties"]

    assert "region" not in account()
    (rules / "facts.yaml").write_text(
        "currency: EUR\npolicies: [orders]\nfacts:\n  account.region:\n    type: enum\n    members: [north, south]\n"
        "    title: {en: Sales region, zh: 销售大区}\n    example: north\n...\n",
        encoding="utf-8",
    )
    eventually(lambda: "region" in account())
    body = {**BODY, "account": {"id": "C-1", "region": "north"}}
    assert client.post("/v1/decisions/order", json=body).status_code == 201


@pytest.mark.parametrize("orders", [BROKEN, None], ids=["a mistake", "no folder"])
def test_a_start_without_a_policy_set_that_checks_decides_nothing_until_there_is_one(
    tmp_path: Path, orders: str | None
) -> None:
    rules = tmp_path / "rules"
    if orders is not None:
        write_rules(rules, orders)
    with running(Settings(rules=rules, journal=tmp_path / "credence.db")) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["policy_version"]) == (503, None)
        assert ready.json()["failed_change"]["diagnostics"]
        refused = client.post("/v1/decisions/order", json=BODY)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/no-policy-in-force")
        assert refused.json()["diagnostics"] == ready.json()["failed_change"]["diagnostics"]
        assert client.get("/healthz").status_code == 200
        assert client.get("/openapi.json").status_code == 200
        write_rules(rules)
        eventually(lambda: client.get("/readyz").status_code == 200)
        assert _outcome(client) == "hold"
