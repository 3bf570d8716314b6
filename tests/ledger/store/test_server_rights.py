"""Who may do what on PostgreSQL: each role, each table, each act; and what not even a superuser's session may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, RestrictViolation

from ledger.erasure.erasing import Erasing, ErasureWords
from ledger.erasure.grounds import Ground
from ledger.journal.journal import Journal
from ledger.journal.opening import check_writable
from ledger.record.actors import Actor
from ledger.store.all_tables import metadata
from ledger.store.append_only import FUNCTIONS, GUARDED, MOVEMENTS
from ledger.store.place import ServerAddress
from ledger.store.rights import APP, AUDITOR, ERASER, OWNER, RIGHTS
from ledger.store.schema_check import append_only_tables
from ledger.store.secret_files import beside
from ledger.store.server_roles import apply_roles
from ledger.store.trouble import JournalUnavailable
from tests.support.duties import nothing_held
from tests.support.journal_records import record, trouble
from tests.support.postgresql import address, connected, new_database


def _first(key: str) -> str:
    return key.partition(",")[0]


def _upsert(table: str, key: str, column: str) -> str:
    return f"INSERT INTO {table} DEFAULT VALUES ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}"


ACTS: dict[str, tuple[Callable[[str, str], str], set[str]]] = {
    "select": (lambda table, _: f"SELECT FROM {table}", {"SELECT"}),
    "insert": (lambda table, _: f"INSERT INTO {table} DEFAULT VALUES", {"INSERT"}),
    "update": (lambda table, key: f"UPDATE {table} SET {_first(key)} = {_first(key)}", {"UPDATE"}),
    "delete": (lambda table, _: f"DELETE FROM {table}", {"DELETE"}),
    "truncate": (lambda table, _: f"TRUNCATE {table}", {"TRUNCATE"}),
    "upsert": (lambda table, key: _upsert(table, key, _first(key)), {"INSERT", "UPDATE"}),
    "drop": (lambda table, _: f"DROP TABLE {table}", {"OWNER"}),
    "disable triggers": (lambda table, _: f"ALTER TABLE {table} DISABLE TRIGGER USER", {"OWNER"}),
}
"""Each as SQL of a table and its key, and what it needs."""

BEYOND_TABLES = {
    "pass triggers by": "SET session_replication_role = 'replica'",
    "run a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "read a file": "SELECT pg_read_file('/etc/passwd')",
    "make a temporary table": "CREATE TEMPORARY TABLE entries (kind text, outcome text, seq bigint, case_kind text)",
    "make a function": "CREATE FUNCTION public.substr(text, bigint) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$",
    "make a function anew": "CREATE OR REPLACE FUNCTION refuse_uncovered() RETURNS trigger LANGUAGE plpgsql "
    "AS $$BEGIN RETURN OLD; END$$",
    "let a function look elsewhere": "ALTER FUNCTION refuse_uncovered() RESET search_path",
    "make a table": "CREATE TABLE public.more (number int)",
    "become the owner": f"SET ROLE {OWNER}",
}


@pytest.fixture(scope="module", name="place")
def _place(postgresql: str) -> Iterator[ServerAddress]:
    with new_database(postgresql) as place:
        apply_roles(place)
        yield place


def _keys() -> dict[str, str]:
    keys = {name: ", ".join(column.name for column in table.primary_key) for name, table in metadata.tables.items()}
    return {**keys, "alembic_version": "version_num"}


def _refusal(place: ServerAddress, role: str, statement: str) -> type[Exception] | None:
    """What the database says to somebody with this role; nothing of it stays."""
    with psycopg.connect(place.uri) as connection:
        connection.execute(f"CREATE ROLE login_of_{role} IN ROLE {role}")
        connection.execute(f"SET SESSION AUTHORIZATION login_of_{role}")
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            return type(error)
        finally:
            connection.rollback()
    return None


def test_every_table_says_who_may_what() -> None:
    assert set(RIGHTS) == {*metadata.tables, "alembic_version"}


@pytest.mark.parametrize("role", [APP, AUDITOR, ERASER])
@pytest.mark.parametrize("table", sorted(RIGHTS))
def test_each_role_may_what_its_cell_says_and_nothing_else(place: ServerAddress, table: str, role: str) -> None:
    rights = set(filter(None, RIGHTS[table].get(role, "").split(", ")))
    statements = {act: (statement(table, _keys()[table]), needs) for act, (statement, needs) in ACTS.items()}
    refused = {
        act for act, (statement, _) in statements.items() if _refusal(place, role, statement) is InsufficientPrivilege
    }
    assert refused == {act for act, (_, needs) in statements.items() if not needs <= rights}


@pytest.mark.parametrize("role", [APP, AUDITOR, ERASER])
@pytest.mark.parametrize("act", BEYOND_TABLES)
def test_no_role_gets_past_its_rights(place: ServerAddress, act: str, role: str) -> None:
    assert _refusal(place, role, BEYOND_TABLES[act]) is InsufficientPrivilege


_ACCOUNT = (
    "INSERT INTO accounts (id, version, currency, status, profile, open_items, delivered, open_orders, deposits, "
    "disputed) VALUES ('C-1', 1, 'EUR', 'active', '{}', 1, 0, 0, 0, 0)"
)

FILLINGS = {
    GUARDED: ["INSERT INTO bodies (seq, key_number, nonce, sealed) VALUES (0, 2, '', '')"],
    MOVEMENTS: [
        _ACCOUNT,
        "INSERT INTO ledger_entries (seq, number, account, bucket, amount, effective_on, cause) "
        "VALUES (0, 0, 'C-1', 'open_items', 1, 1, 'invoice')",
    ],
    "contacts": [
        _ACCOUNT,
        "INSERT INTO contacts (account, id, day, step, items, levels, counts) "
        "VALUES ('C-1', 'K-1', 1, 'call', '[]', '[]', true)",
    ],
}
"""Where each row is looked at, there must be one."""


@pytest.mark.parametrize("table", sorted(append_only_tables()))
@pytest.mark.parametrize("act", ["update", "delete", "truncate", "upsert"])
@pytest.mark.parametrize("mode", ["origin", "replica"])
def test_not_even_a_superuser_changes_what_was_recorded(place: ServerAddress, table: str, act: str, mode: str) -> None:
    key = _keys()[table]
    statement = ACTS[act][0](table, key)
    with psycopg.connect(place.uri) as connection:
        connection.execute(f"SET session_replication_role = '{mode}'")
        for filling in FILLINGS.get(table, ()):
            connection.execute(filling.encode())
        with pytest.raises(RestrictViolation, match=f"{table} is append-only"):
            connection.execute(statement)


_SHADOW = "(seq bigint, kind text, case_kind text, outcome text)"
SHADOWS = {
    "temporary tables": f"CREATE TEMPORARY TABLE entries {_SHADOW}",
    "a schema of one's own": f"CREATE SCHEMA mine; CREATE TABLE mine.entries {_SHADOW}; SET search_path = mine, public",
    "temporary tables first": f"CREATE TEMPORARY TABLE entries {_SHADOW}; SET search_path = pg_temp, public",
}
"""How a login makes another table be found by the name of the log; with more rights than its role has."""


@pytest.mark.parametrize("shadow", SHADOWS)
def test_a_table_called_like_the_log_covers_no_deletion(place: ServerAddress, shadow: str) -> None:
    with psycopg.connect(place.uri) as connection:
        connection.execute("INSERT INTO bodies (seq, key_number, nonce, sealed) VALUES (0, 8, '', '')")
        connection.execute(f"CREATE ROLE login_of_eraser IN ROLE {ERASER}")
        database = place.uri.partition("@/")[2].partition("?")[0]
        connection.execute(f"GRANT ALL ON DATABASE {database} TO login_of_eraser".encode())
        connection.execute("SET SESSION AUTHORIZATION login_of_eraser")
        connection.execute(SHADOWS[shadow].encode())
        connection.execute("INSERT INTO entries VALUES (0, 'erasure', '', 'erased key 8')")
        with pytest.raises(RestrictViolation, match="bodies is append-only"):
            connection.execute("DELETE FROM bodies")


def test_every_function_of_a_trigger_is_the_owner_s_and_looks_in_its_schema(place: ServerAddress) -> None:
    """Also where the service's own login made the tables, before there were roles."""
    with connected(place) as connection:
        found = connection.execute(
            "SELECT DISTINCT p.proname, pg_get_userbyid(p.proowner), p.proconfig FROM pg_trigger t "
            "JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal"
        ).fetchall()
    assert sorted(found) == [(name, OWNER, ["search_path=public, pg_temp"]) for name in sorted(FUNCTIONS)]


async def _decided(journal: Journal) -> str:
    await journal.probe()
    await journal.record_policy_set("v1", {"rules/a.yaml": "policy: a"}, "")
    return await trouble(journal, record("one"))


def _run(place: ServerAddress, home: Path) -> Any:
    journal = Journal(place, places=beside(home / "credence.db"))
    try:
        return asyncio.run(_decided(journal))
    finally:
        journal.close()


def test_the_service_needs_no_more_than_its_role(postgresql: str, tmp_path: Path) -> None:
    with new_database(postgresql) as place:
        apply_roles(place)
        apply_roles(place)  # as after an upgrade: changes nothing
        database = place.uri.partition("@/")[2].partition("?")[0]
        with connected(place) as connection:
            connection.execute(f"CREATE ROLE {database} LOGIN IN ROLE {APP}")
        try:
            own = address(postgresql, database, database)
            assert _run(own, tmp_path) == ""
            with connected(place) as connection:
                owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
                assert owners.fetchall() == [(OWNER,)]
        finally:
            with connected(place) as connection:
                connection.execute(f"DROP ROLE {database}")


def test_who_may_not_delete_leaves_an_erasure_to_who_may(postgresql: str, tmp_path: Path) -> None:
    """The service confirms it; a login with both roles finishes it, and needs no more than these."""
    places = beside(tmp_path / "credence.db")

    def states(place: ServerAddress, act: Callable[[Journal, Erasing], Any]) -> list[str]:
        journal = Journal(place, places=places)
        try:
            asyncio.run(act(journal, Erasing(journal, nothing_held)))
            return [each.state for each in Erasing(journal, nothing_held).erasures()]
        finally:
            journal.close()

    async def confirm(journal: Journal, erasing: Erasing) -> None:
        await journal.record(record("one"))
        words = ErasureWords(account="C-1", ground=Ground.OBJECTION, reason="a letter")
        proposed = await erasing.propose(words, Actor(key="1", person="anna"))
        await erasing.confirm(proposed.id, Actor(key="2", person="bert"))

    async def finish(_: Journal, erasing: Erasing) -> None:
        await erasing.finish()

    with new_database(postgresql) as place:
        apply_roles(place)
        name = place.uri.partition("@/")[2].partition("?")[0]
        with connected(place) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN IN ROLE {APP}")
        try:
            own = address(postgresql, name, name)
            assert states(own, confirm) == ["confirmed"]
            assert states(own, finish) == ["confirmed"]
            with connected(place) as connection:
                connection.execute(f"GRANT {ERASER} TO {name}")
            assert states(own, finish) == ["erased"]
        finally:
            with connected(place) as connection:
                connection.execute(f"DROP ROLE {name}")


def test_a_login_that_may_not_make_tables_is_told_what_to_do(postgresql: str) -> None:
    with new_database(postgresql) as place:
        name = place.uri.partition("@/")[2].partition("?")[0]
        with connected(place) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN")
        try:
            with pytest.raises(JournalUnavailable, match="no right to it; `credence journal roles` says"):
                check_writable(address(postgresql, name, name))
        finally:
            with connected(place) as connection:
                connection.execute(f"DROP ROLE {name}")
