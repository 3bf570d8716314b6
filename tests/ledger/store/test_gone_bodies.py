"""Which bodies may go: those that a header in the log covers, and none else, however somebody tries it. On both
databases; and which column holds what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from ledger.journal.clock import Clock
from ledger.journal.opening import open_to_write
from ledger.store.all_tables import metadata
from ledger.store.column_contents import JOURNAL, KEYS, LEDGER
from ledger.store.content_words import Content
from ledger.store.database import memory_database, migrate
from ledger.store.place import JournalPlace
from ledger.store.secret_files import beside
from ledger.store.store import store_at
from ledger.store.tables import bodies, entries, keys_metadata, subject_keys
from tests.support import postgresql as postgresql_

ROWS = [  # seq, kind, case, key
    (0, "decision", "order", 8),
    (1, "decision", "invoice", 80),
    (2, "imported", "order", 9),
    (3, "person", "", 1),
]
COVERED = {
    ("erasure", "", "erased key 8"): [0],
    ("erasure", "", "erased key 80"): [1],
    ("erasure", "", "erased key 1"): [3],
    ("retention", "order", "dropped below 1"): [0],
    ("retention", "order", "dropped below 3"): [0, 2],
    ("retention", "order", "dropped below 99"): [0, 2],
    ("retention", "invoice", "dropped below 2"): [1],
    ("retention", "invoice", "dropped below 1"): [],
    ("retention", "order", "dropped below 0"): [],
    ("retention", "", "dropped below 99"): [],
    ("retention", "limit", "dropped below 99"): [],
    ("retention", "order", "erased key 8"): [],
    ("erasure", "", "confirmed key 8"): [],
    ("erasure", "", "proposed"): [],
    ("erasure", "", "erased key "): [],
    ("erasure", "", "erased key 8 "): [],
    ("erasure", "", "erased key %"): [],
    ("erasure", "", "Erased key 8"): [],
    ("erasure", "order", "dropped below 99"): [],
    ("retention", "order", ""): [],
    ("decision", "order", "erased key 8"): [],
    ("imported", "order", "dropped below 99"): [],
    ("person", "order", "dropped below 99"): [],
    ("refusal", "", "erased key 8"): [],
}
"""A header, and the bodies that may go once it is there."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Of an ordinary writer: no trigger is off."""
    home = tmp_path_factory.mktemp("home")
    if request.param == "sqlite":
        yield from _connected(home / "credence.db", home)
        return
    with postgresql_.new_database(request.getfixturevalue("postgresql")) as place:
        yield from _connected(place, home)


def _connected(place: JournalPlace, home: Path) -> Iterator[Connection]:
    opened = open_to_write(store_at(place), beside(home / "credence.db"), Clock())
    with opened.connection as connection:
        yield connection


def _entry(seq: int, kind: str, case: str, outcome: str = "hold") -> dict[str, object]:
    row = {"seq": seq, "id": f"id-{seq}", "at": "", "kind": kind, "case_kind": case, "outcome": outcome}
    return {**row, "actor": "", "policy": "", "header": "{}"}


def _gone(connection: Connection, seq: int) -> bool:
    """Whether it lets itself be deleted."""
    attempt = connection.begin_nested()
    try:
        connection.execute(delete(bodies).where(bodies.c.seq == seq))
    except IntegrityError as error:
        assert "bodies is append-only" in str(error.orig)
        attempt.rollback()
        return False
    return connection.execute(select(bodies.c.seq).where(bodies.c.seq == seq)).first() is None


def _fill(connection: Connection) -> None:
    for seq, kind, case, key in ROWS:
        connection.execute(insert(entries), _entry(seq, kind, case))
        connection.execute(insert(bodies), {"seq": seq, "key_number": key, "nonce": b"n", "sealed": b"s"})


@pytest.mark.parametrize("header", COVERED, ids=lambda header: " ".join(header))
def test_a_body_goes_where_a_header_covers_it_and_nowhere_else(
    connection: Connection, header: tuple[str, str, str]
) -> None:
    with connection.begin() as transaction:
        _fill(connection)
        assert [seq for seq, *_ in ROWS if _gone(connection, seq)] == []
        connection.execute(insert(entries), _entry(len(ROWS), *header))
        assert [seq for seq, *_ in ROWS if _gone(connection, seq)] == COVERED[header]
        transaction.rollback()


def test_all_at_once_none_goes_where_one_may_not(connection: Connection) -> None:
    with connection.begin() as transaction:
        _fill(connection)
        connection.execute(insert(entries), _entry(9, "erasure", "", "erased key 8"))
        attempt = connection.begin_nested()
        with pytest.raises(IntegrityError):
            connection.execute(delete(bodies))
        attempt.rollback()
        assert len(connection.execute(select(bodies.c.seq)).all()) == len(ROWS)
        transaction.rollback()


def test_a_key_s_number_can_t_be_changed_to_one_that_is_erased(connection: Connection) -> None:
    with connection.begin() as transaction:
        _fill(connection)
        connection.execute(insert(entries), _entry(9, "erasure", "", "erased key 8"))
        for change in (update(bodies).where(bodies.c.seq == 1).values(key_number=8), update(entries).values(kind="")):
            attempt = connection.begin_nested()
            with pytest.raises(IntegrityError, match="is append-only"):
                connection.execute(change)
            attempt.rollback()
        transaction.rollback()


# --- columns ---------------------------------------------------------------------------------------------------------


def test_every_column_says_what_it_holds() -> None:
    """Of the tables' descriptions, and of what the migrations make."""
    database = memory_database()
    with database.connect() as made:
        migrate(made)
        names = made.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        found = {name: {row[1] for row in made.execute(text(f"PRAGMA table_info({name})"))} for name in names}
    assert {table: set(columns) for table, columns in (JOURNAL | LEDGER).items()} == found
    described = {name: {column.name for column in table.columns} for name, table in metadata.tables.items()}
    assert {
        table: set(columns) for table, columns in (JOURNAL | LEDGER).items() if table != "alembic_version"
    } == described
    keys = {name: {column.name for column in table.columns} for name, table in keys_metadata.tables.items()}
    assert {table: set(columns) for table, columns in KEYS.items()} == keys


def test_what_is_personal_is_in_the_table_of_people_alone() -> None:
    personal = [table for table, columns in (JOURNAL | LEDGER).items() if Content.PERSONAL in columns.values()]
    assert personal == ["people"]
    assert list(KEYS) == [subject_keys.name]
