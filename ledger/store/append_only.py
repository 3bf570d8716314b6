"""Triggers that refuse every change and deletion, in the words of each database.

They protect against mistakes, and against whoever may write rows but not drop triggers. That somebody who may both has
changed a record, the log's hashes and checkpoints say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Keys = tuple[str, ...]
"""What holds the rows of a table apart: a column, or several with commas between them."""

FUNCTION = "refuse_change"
BODY = "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END"
"""Of the function that PostgreSQL's triggers call; the error is one of integrity, as SQLite's is."""

OCCASIONS = ("update", "delete", "truncate")
"""Of PostgreSQL's triggers, each for a statement, so that one that would change no row is refused too
(`INSERT … ON CONFLICT DO UPDATE`)."""


def append_only(dialect: str, tables: Mapping[str, Keys], *, is_first: bool = True) -> Iterator[str]:
    """The statements that make the triggers. `is_first`: no migration before has made any, so their function is missing
    on PostgreSQL. Raises `ValueError` for a database that has no words here."""
    if dialect == "sqlite":
        for table, keys in tables.items():
            yield from _of_sqlite(table, keys)
    elif dialect == "postgresql":
        if is_first:
            yield f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${BODY}$$"
        for table in tables:
            yield from _of_postgresql(table)
    else:
        raise ValueError(f"there are no triggers for {dialect}")


def _of_sqlite(table: str, keys: Keys) -> Iterator[str]:
    """The third stops `INSERT OR REPLACE` on connections that have not set recursive_triggers."""
    same = " OR ".join(f"({' AND '.join(f'{each} = NEW.{each}' for each in key.split(','))})" for key in keys)
    triggers = (
        ("update", f"BEFORE UPDATE ON {table}"),
        ("delete", f"BEFORE DELETE ON {table}"),
        ("replace", f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"),
    )
    for name, occasion in triggers:
        yield f"CREATE TRIGGER {table}_no_{name} {occasion} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"


def _of_postgresql(table: str) -> Iterator[str]:
    """`ENABLE ALWAYS`: also in a session that says it replicates."""
    for occasion in OCCASIONS:
        trigger = f"{table}_no_{occasion}"
        yield (
            f"CREATE TRIGGER {trigger} BEFORE {occasion.upper()} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()"
        )
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"
