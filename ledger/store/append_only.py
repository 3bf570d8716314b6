"""Triggers that refuse every change and deletion, in the words of each database; of bodies, every deletion that no
record covers.

They protect against mistakes, and against whoever may write rows but not drop triggers. That somebody who may both has
changed a record, the log's hashes and checkpoints say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ledger.record.gone_bodies import DROPPED, ERASED

Keys = tuple[str, ...]
"""What holds the rows of a table apart: a column, or several with commas between them."""

FUNCTION = "refuse_change"
BODY = "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END"
"""Of the function that PostgreSQL's triggers call; the error is one of integrity, as SQLite's is."""

OCCASIONS = ("update", "delete", "truncate")
"""Of PostgreSQL's triggers, each for a statement, so that one that would change no row is refused too
(`INSERT … ON CONFLICT DO UPDATE`)."""


GUARDED = "bodies"
"""The table from which rows may go that a record covers."""

GUARD_FUNCTION = "refuse_uncovered"

_EARLIER = (FUNCTION, GUARD_FUNCTION)

MOVEMENTS = "ledger_entries"
"""The table from which rows may go whose account isn't there any more: an erasure took it."""

EVIDENCE_OF_CUSTOMERS = ("contacts",)
"""More tables of that kind: what was said to a customer."""

OF_CUSTOMERS = (MOVEMENTS, *EVIDENCE_OF_CUSTOMERS)

MOVEMENTS_FUNCTION = "refuse_of_customer"

FUNCTIONS = (*_EARLIER, MOVEMENTS_FUNCTION)
"""All that PostgreSQL's triggers call."""


def covered(old: str) -> str:
    """A condition on a body that is to go, called `old`: an erasure took its key, or it is a decision on a kind of case
    below the place to which a retention reaches. Both are said by headers, which the log covers: whoever adds one
    beside it is found (`credence journal verify`)."""
    below = (
        f"CASE WHEN said.outcome LIKE '{DROPPED}%' THEN CAST(substr(said.outcome, {len(DROPPED) + 1}) AS BIGINT) "
        "ELSE -1 END"
    )
    return (
        f"EXISTS (SELECT 1 FROM entries AS said WHERE said.kind = 'erasure' "
        f"AND said.outcome = '{ERASED}' || {old}.key_number) "
        f"OR EXISTS (SELECT 1 FROM entries AS said JOIN entries AS gone ON gone.seq = {old}.seq "
        f"WHERE said.kind NOT IN ('decision', 'imported') AND said.kind = 'retention' "
        f"AND gone.kind IN ('decision', 'imported') AND said.case_kind = gone.case_kind AND {below} > {old}.seq)"
    )


GUARD_BODY = f"BEGIN IF {covered('OLD')} THEN RETURN OLD; END IF; {BODY.removeprefix('BEGIN ')}"


def guarded_deletion(dialect: str) -> Iterator[str]:
    """The statements that put a trigger in the place of the one that let no body go."""
    if dialect == "sqlite":
        yield f"DROP TRIGGER {GUARDED}_no_delete"
        yield (
            f"CREATE TRIGGER {GUARDED}_no_delete BEFORE DELETE ON {GUARDED} WHEN NOT ({covered('OLD')}) "
            f"BEGIN SELECT RAISE(ABORT, '{GUARDED} is append-only'); END"
        )
        return
    yield f"DROP TRIGGER {GUARDED}_no_delete ON {GUARDED}"
    yield f"CREATE FUNCTION {GUARD_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${GUARD_BODY}$$"
    yield (
        f"CREATE TRIGGER {GUARDED}_no_delete BEFORE DELETE ON {GUARDED} "
        f"FOR EACH ROW EXECUTE FUNCTION {GUARD_FUNCTION}()"
    )
    yield f"ALTER TABLE {GUARDED} ENABLE ALWAYS TRIGGER {GUARDED}_no_delete"


MOVEMENTS_BODY = (
    f"BEGIN IF NOT EXISTS (SELECT 1 FROM accounts WHERE id = OLD.account) THEN RETURN OLD; END IF; "
    f"{BODY.removeprefix('BEGIN ')}"
)


def deletion_with_account(dialect: str, table: str = MOVEMENTS) -> Iterator[str]:
    """The statements that let the rows of an account go once the account itself is gone. The function that they call on
    PostgreSQL is made with the first such table, `MOVEMENTS`."""
    if dialect == "sqlite":
        yield f"DROP TRIGGER {table}_no_delete"
        yield (
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM accounts WHERE id = OLD.account) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        return
    yield f"DROP TRIGGER {table}_no_delete ON {table}"
    if table == MOVEMENTS:
        yield f"CREATE FUNCTION {MOVEMENTS_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${MOVEMENTS_BODY}$$"
    yield (
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {MOVEMENTS_FUNCTION}()"
    )
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_delete"
    if table == MOVEMENTS:
        yield from own_tables_only(dialect, (MOVEMENTS_FUNCTION,))


def own_tables_only(dialect: str, functions: Keys = _EARLIER) -> Iterator[str]:
    """The statements by which the functions look for names in their tables' schema first, and among temporary tables
    last. PostgreSQL looks there first otherwise, so that anybody's temporary `entries` would pass for the log."""
    if dialect != "postgresql":
        return  # SQLite's triggers never leave the file that they are in
    for function in functions:
        alter = f"ALTER FUNCTION {function}() SET search_path = %I, pg_temp"
        yield f"DO $$ BEGIN EXECUTE format('{alter}', current_schema()); END $$"


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
