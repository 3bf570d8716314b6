"""Policy sets in the journal: whole, so that they can be made again, and in the order in which they took effect."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.settings import Settings
from engine.pipeline import Engine, version
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from tests.support.running_service import BODY, running, write_rules

FILES = {"rules/orders.yaml": "title: 订单"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path)
    yield journal
    journal.close()


def test_a_set_is_kept_once_and_read_back_with_the_standard_facts(path: Path) -> None:
    times = iter(range(10**18, 2 * 10**18, 10**9))
    journal = Journal(path, clock=Clock(lambda: next(times)))

    async def go() -> None:
        await journal.record_policy_set("v1", FILES, "facts: {a: 1}")
        await journal.record_policy_set("v1", FILES, "facts: {a: 1}")

    asyncio.run(go())
    kept = journal.find_policy_set("v1")
    assert kept is not None
    assert (kept.version, kept.files, kept.standard_facts) == ("v1", FILES, "facts: {a: 1}")
    assert kept.loaded_at == "2001-09-09T01:46:40.000000Z"
    assert journal.find_policy_set("v2") is None
    journal.close()


def test_a_stored_set_gives_its_version_again(journal: Journal, tmp_path: Path, default_engine: Engine) -> None:
    """From what the journal holds alone: the engine's own facts may be others by then."""
    engine = default_engine

    async def go() -> None:
        await journal.record_policy_set(engine.version, engine.files, engine.standard_facts)

    asyncio.run(go())
    kept = journal.find_policy_set(engine.version)
    assert kept is not None
    assert kept.standard_facts is not None
    files = {name: text.encode() for name, text in kept.files.items()}
    assert version(files, kept.standard_facts.encode()) == engine.version
    assert version(files, kept.standard_facts.encode() + b"\n# changed") != engine.version


def test_the_set_that_a_decision_names_can_be_made_again_from_the_services_journal(tmp_path: Path) -> None:
    settings = Settings(rules=write_rules(tmp_path / "rules"), journal=tmp_path / "journal.db")
    with running(settings) as client:
        named = client.post("/v1/decisions/order", json=BODY).json()["policy_version"]
    journal = Journal(settings.journal)
    kept = journal.find_policy_set(named)
    journal.close()
    assert kept is not None
    assert kept.standard_facts is not None
    assert version({name: text.encode() for name, text in kept.files.items()}, kept.standard_facts.encode()) == named


def test_a_stored_set_that_can_not_be_read_is_damage(journal: Journal, path: Path) -> None:
    async def go() -> None:
        await journal.record_policy_set("v1", FILES, None)
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("DROP TRIGGER policy_sets_no_update")
            other.execute("UPDATE policy_sets SET files = '{'")

    asyncio.run(go())
    with pytest.raises(Exception, match="the journal is damaged"):
        journal.latest_policy_set()
