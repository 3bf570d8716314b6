"""When the disk or the code fails: no decision without its record, no internals shown, no approval by accident."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from api.settings import Settings
from engine.pipeline import Engine
from tests.support.running_service import BODY, eventually, journal_file, running, write_rules


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(rules=write_rules(tmp_path / "rules"), journal=tmp_path / "credence.db")


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx2.Client]:
    with running(settings) as client:
        yield client


def test_a_journal_that_can_not_be_written_gives_503_and_recovers(client: httpx2.Client, settings: Settings) -> None:
    other = sqlite3.connect(journal_file(settings), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = client.post("/v1/decisions/order", json=BODY)
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/journal-unavailable")
    assert refused.headers["retry-after"]
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["journal"]) == (503, "unavailable")
    other.execute("ROLLBACK")
    assert other.execute("SELECT count(*) FROM entries WHERE kind = 'decision'").fetchone() == (0,)
    other.close()
    assert client.get("/readyz").json()["journal"] == "writable"
    assert client.post("/v1/decisions/order", json=BODY).status_code == 201
    assert "credence_journal_commit_failures_total 2.0" in client.get("/metrics").text


def test_a_service_started_without_its_journal_begins_to_decide_once_it_is_there(tmp_path: Path) -> None:
    obstacle = tmp_path / "var"
    obstacle.write_text("a file where the folder should be")
    settings = Settings(rules=write_rules(tmp_path / "rules"), journal=obstacle / "credence.db")
    with running(settings) as client:
        assert client.get("/readyz").status_code == 503
        assert client.post("/v1/decisions/order", json=BODY).status_code == 503
        obstacle.unlink()
        eventually(lambda: client.get("/readyz").status_code == 200)
        assert client.post("/v1/decisions/order", json=BODY).status_code == 201


def test_a_mistake_of_ours_is_500_without_internals_and_without_a_decision(
    client: httpx2.Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Engine, "decide", fail)
    answer = client.post("/v1/decisions/order", json=BODY, headers={"x-request-id": "find-me"})
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    logged = "".join(capfd.readouterr())
    assert "find-me" in logged
    assert "secret detail" in logged
    with closing(sqlite3.connect(journal_file(settings))) as database:
        assert database.execute("SELECT count(*) FROM entries WHERE kind = 'decision'").fetchone() == (0,)


def test_a_loader_that_crashes_leaves_the_old_policy_in_force(
    client: httpx2.Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("api.policy_compiler.Compiler.compiled", fail)
    with (settings.rules / "orders.yaml").open("a") as file:
        file.write("# changed\n")
    eventually(lambda: client.get("/readyz").json()["failed_change"] is not None)
    assert "secret" not in client.get("/readyz").text
    monkeypatch.undo()
    with (settings.rules / "orders.yaml").open("a") as file:
        file.write("# and again\n")
    eventually(lambda: client.get("/readyz").json()["failed_change"] is None)
    assert client.post("/v1/decisions/order", json=BODY).status_code == 201
