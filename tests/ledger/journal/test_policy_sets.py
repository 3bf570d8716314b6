"""Policy sets in the journal: whole, so that they can be made again, and in the order in which they took effect."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from api.settings import Settings
from engine.pipeline import Engine, version
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.journal.opening import check_writable
from ledger.store.database import MIGRATIONS, memory_database
from tests.support.journal_records import record
from tests.support.running_service import BODY, running, write_rules

FILES = {"rules/orders.yaml": "title: 订单"}
FIRST = """
INSERT INTO policy_sets VALUES ('v1', '2026-01-01T00:00:00.000000Z', '{"rules/a.yaml": "policy: a"}'),
('v2', '2026-02-01T00:00:00.000000Z', '{"rules/b.yaml": "policy: b"}')
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path)
    yield journal
    journal.close()


def test_a_set_is_kept_once_and_read_back_with_the_standard_facts(path: Path) -> None:
    times = iter([10**18, 2 * 10**18])
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


@pytest.mark.parametrize(
    ("taken", "kinds"),
    [
        (["v1"], ["first"]),
        (["v1", "v1"], ["first"]),
        (["v1", "v2"], ["first", "watch"]),
        (["v1", "v2", "v1"], ["first", "watch", "watch"]),
        (["v1", "v2", "v2", "v1", "v1", "v2"], ["first", "watch", "watch", "watch"]),
    ],
)
def test_the_latest_set_is_the_one_that_took_effect_last(
    journal: Journal, path: Path, taken: list[str], kinds: list[str]
) -> None:
    async def go() -> None:
        await journal.probe()
        assert journal.latest_policy_set() is None
        for each in taken:
            await journal.record_policy_set(each, {"rules/a.yaml": each}, "")

    asyncio.run(go())
    latest = journal.latest_policy_set()
    assert latest is not None
    assert (latest.version, latest.files) == (taken[-1], {"rules/a.yaml": taken[-1]})
    with closing(sqlite3.connect(path)) as other, other:
        assert [kind for (kind,) in other.execute("SELECT kind FROM activations ORDER BY number")] == kinds


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


def _journal_of_the_first_revision(path: Path, last_decision: datetime | None = None) -> None:
    """With its triggers, and rows in both tables; the decision was made under v1."""
    check_writable(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as old, old:
        old.executescript(_schema_of_the_first_revision())
        old.execute(FIRST)
        kept = record("old", at=last_decision)
        columns = "id, recorded_at, case_kind, subject, outcome, policy_version, request, answer"
        values = [getattr(kept, column) for column in columns.split(", ")]
        old.execute(f"INSERT INTO decisions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    old.close()


def _schema_of_the_first_revision() -> str:
    """As the first revision makes it, read from a database in memory."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with memory_database().connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").all()
    return ";\n".join(sql for (sql,) in made) + ";\nINSERT INTO alembic_version VALUES ('0001');"


def test_a_journal_of_the_first_revision_is_taken_over_with_its_rows_and_triggers(path: Path) -> None:
    _journal_of_the_first_revision(path)
    journal = Journal(path)

    async def go() -> None:
        await journal.probe()
        before = journal.find_policy_set("v2")
        assert before is not None
        assert (before.files, before.standard_facts) == ({"rules/b.yaml": "policy: b"}, None)
        await journal.record_policy_set("v1", {"rules/a.yaml": "policy: a"}, "facts: {}")
        await journal.record(record("new"))

    asyncio.run(go())
    latest = journal.latest_policy_set()
    assert latest is not None
    assert (latest.version, latest.loaded_at, latest.standard_facts) == ("v1", "2026-01-01T00:00:00.000000Z", None)
    assert journal.find("old") == record("old").answer
    journal.close()
    with closing(sqlite3.connect(path)) as other, other:
        for statement in ("UPDATE policy_sets SET standard_facts = ''", "DELETE FROM decisions"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                other.execute(statement)
    check_writable(path)


@pytest.mark.parametrize(("day", "latest"), [(15, "v2"), (1, "v1")], ids=["v2 was loaded since", "v1 again"])
def test_in_a_journal_of_the_first_revision_the_last_decision_tells_which_set_was_in_force(
    path: Path, day: int, latest: str
) -> None:
    month = 1 if latest == "v2" else 3
    _journal_of_the_first_revision(path, datetime(2026, month, day, tzinfo=UTC))
    journal = Journal(path)

    async def go() -> None:
        await journal.probe()

    asyncio.run(go())
    found = journal.latest_policy_set()
    assert found is not None
    assert found.version == latest
    journal.close()


def test_a_stored_set_that_can_not_be_read_is_damage(journal: Journal, path: Path) -> None:
    async def go() -> None:
        await journal.record_policy_set("v1", FILES, None)
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("DROP TRIGGER policy_sets_no_update")
            other.execute("UPDATE policy_sets SET files = '{'")

    asyncio.run(go())
    with pytest.raises(Exception, match="the file is damaged"):
        journal.latest_policy_set()
