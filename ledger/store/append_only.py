"""Triggers that refuse to change or delete what a table holds, on both databases; for migrations.

On SQLite a third trigger stops `INSERT OR REPLACE` on connections that have not set recursive_triggers. On PostgreSQL
the third is for `TRUNCATE`; all are `ENABLE ALWAYS`, so that not even a superuser's
`session_replication_role = replica` passes them by, and fire for each statement, so that what would change no row is
refused too (`INSERT … ON CONFLICT DO UPDATE`).
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic import op

FUNCTION = "credence_append_only"
BODY = "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END"
"""Of the function that PostgreSQL's triggers call; the error is one of integrity, as SQLite's is."""

OCCASIONS = ("update", "delete", "truncate")


def append_only(table: str, same: str) -> None:
    """`same`: by what a row is the one that is there, such as `id = NEW.id OR sequence = NEW.sequence` (SQLite)."""
    statements = _on_sqlite(table, same) if op.get_bind().dialect.name == "sqlite" else _on_postgresql(table)
    for statement in statements:
        op.execute(statement)


def _on_sqlite(table: str, same: str) -> Iterator[str]:
    triggers = (
        ("update", f"BEFORE UPDATE ON {table}"),
        ("delete", f"BEFORE DELETE ON {table}"),
        ("replace", f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"),
    )
    for name, occasion in triggers:
        yield f"CREATE TRIGGER {table}_no_{name} {occasion} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"


def _on_postgresql(table: str) -> Iterator[str]:
    yield f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${BODY}$$"
    for occasion in OCCASIONS:
        name = f"{table}_no_{occasion}"
        yield (
            f"CREATE TRIGGER {name} BEFORE {occasion.upper()} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()"
        )
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
