"""Who may do what with each table of a journal on PostgreSQL: four roles, and the SQL that makes them.

    credence_owner     has the tables, and nobody signs in as it: changes them at an upgrade
    credence_app       the service: reads and adds
    credence_auditor   reads
    credence_eraser    deletes what erased records are found by, and bodies that an erasure or a retention covers

A login gets a role by `GRANT credence_app TO login`; one that carries out erasures needs both, credence_app and
credence_eraser. None of the three can change or delete what was recorded, drop a table, or switch a trigger off;
triggers refuse it to the owner as well, until they are dropped. A body goes only where a record in the log covers
it. The owner has the triggers' functions too; nobody makes temporary tables, or others in the journal's schema.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.store.append_only import FUNCTIONS

OWNER = "credence_owner"
APP, AUDITOR, ERASER = "credence_app", "credence_auditor", "credence_eraser"
ROLES = (OWNER, APP, AUDITOR, ERASER)

_APPENDED = {APP: "SELECT, INSERT", AUDITOR: "SELECT"}
_READ_TO_ERASE = {**_APPENDED, ERASER: "SELECT"}
_GOES = {**_APPENDED, ERASER: "SELECT, DELETE"}

_KEPT = {APP: "SELECT, INSERT, UPDATE", AUDITOR: "SELECT", ERASER: "SELECT, DELETE"}
_SHARED = {APP: "SELECT, INSERT, UPDATE", AUDITOR: "SELECT"}

RIGHTS: dict[str, dict[str, str]] = {
    "entries": _READ_TO_ERASE,
    "bodies": _GOES,
    "tiles": _APPENDED,
    "checkpoints": _APPENDED,
    "cosignatures": _APPENDED,
    "entry_rules": _GOES,
    "entry_blinds": _GOES,
    "kept_answers": {APP: "SELECT, INSERT, DELETE"},
    "webhook_subscriptions": {APP: "SELECT, INSERT, DELETE", AUDITOR: "SELECT"},
    "webhook_outbox": {APP: "SELECT, INSERT, UPDATE, DELETE", AUDITOR: "SELECT"},
    "webhook_secrets": {APP: "SELECT, INSERT, DELETE"},
    "policy_sets": _APPENDED,
    "people": {APP: "SELECT, INSERT, UPDATE, DELETE", AUDITOR: "SELECT"},
    "head": {APP: "SELECT, UPDATE", AUDITOR: "SELECT"},
    "accounts": _KEPT,
    "account_groups": {**_SHARED, ERASER: "SELECT, UPDATE"},
    "account_figures": _KEPT,
    "account_grades": _KEPT,
    "limits": _KEPT,
    "securities": _KEPT,
    "orders": _KEPT,
    "order_revisions": _KEPT,
    "order_deliveries": _KEPT,
    "holds": _KEPT,
    "releases": _KEPT,
    "items": _KEPT,
    "allocations": _KEPT,
    "write_offs": _KEPT,
    "due_totals": _KEPT,
    "level_totals": _KEPT,
    "day_records": _KEPT,
    "book_totals": _SHARED,
    "exchange_rates": _SHARED,
    "ledger_entries": _GOES,
    "imports": _SHARED,
    "import_rejects": {APP: "SELECT, INSERT, UPDATE, DELETE", AUDITOR: "SELECT"},
    "days": {APP: "SELECT, INSERT, UPDATE, DELETE", AUDITOR: "SELECT"},
    "rechecks": {APP: "SELECT, INSERT, UPDATE, DELETE", AUDITOR: "SELECT", ERASER: "SELECT, DELETE"},
    "probe": {APP: "SELECT, INSERT, UPDATE"},
    "alembic_version": {APP: "SELECT", AUDITOR: "SELECT"},
}
"""Table → role → what it may; a role that isn't named may nothing. Every table has a row."""


def statements() -> Iterator[str]:
    """What somebody runs who may make roles, in a database that has the tables. Running it again changes nothing."""
    for role in ROLES:
        yield _unless_there(role)
    others = ", ".join((APP, AUDITOR, ERASER))
    yield _on_database("REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC")
    yield _on_schema("REVOKE CREATE ON SCHEMA %I FROM PUBLIC")
    yield _on_schema(f"GRANT USAGE, CREATE ON SCHEMA %I TO {OWNER}")
    yield _on_schema(f"GRANT USAGE ON SCHEMA %I TO {others}")
    for function in FUNCTIONS:
        yield f"ALTER FUNCTION {function}() OWNER TO {OWNER}"
    for table, rights in RIGHTS.items():
        yield f"ALTER TABLE {table} OWNER TO {OWNER}"
        yield f"REVOKE ALL ON {table} FROM PUBLIC, {others}"
        for role, said in rights.items():
            yield f"GRANT {said} ON {table} TO {role}"


def _unless_there(role: str) -> str:
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
        f"THEN CREATE ROLE {role} NOLOGIN; END IF; END $$"
    )


def _on_database(statement: str) -> str:
    return f"DO $$ BEGIN EXECUTE format('{statement}', current_database()); END $$"


def _on_schema(statement: str) -> str:
    """The schema that the tables are in, whatever it is called."""
    return f"DO $$ BEGIN EXECUTE format('{statement}', current_schema()); END $$"
