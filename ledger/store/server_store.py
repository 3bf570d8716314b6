"""A journal in a PostgreSQL database: its connections, and the turn of one writer among many processes.

The one row of the table `head` is the writers' lock. It is taken by a statement of its own: one that waits for a lock
and reads other tables as well would see those as they were before it waited.

Where the connection breaks before the commit is answered, nobody knows whether the batch is on disk. It is asked for
over a new connection, by the transaction's number (`pg_xact_status`) and its last record, behind the lock, which is
free only once that transaction has ended.

The server is asked for what a journal needs: commits that reach the disk, texts in UTF-8. Waits are bounded on both
sides: a process that holds the lock and is not heard of any more loses it after `IDLE_SECONDS_MAX`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, NullPool, Pool, QueuePool, create_engine, select
from sqlalchemy import Engine as Database

from ledger.store.database import LOCK_SECONDS_MAX, migrate
from ledger.store.place import ServerAddress
from ledger.store.server_schema_check import check_server_schema
from ledger.store.tables import entries
from ledger.store.trouble import AnswerLost, FileTrouble, WrittenEntry

CONNECT_SECONDS_MAX = 5
IDLE_SECONDS_MAX = 15
"""How long the server waits in a transaction for a process that says nothing."""

SERVER_VERSION_MIN = 130_000
"""PostgreSQL 13: transactions have numbers that never come round again."""

READERS_MAX = 16
"""Connections that read at once; the service has fewer threads."""

_DEFAULTS = {
    "connect_timeout": CONNECT_SECONDS_MAX,
    "application_name": "credence",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""What an address may say otherwise (https://www.postgresql.org/docs/current/libpq-connect.html)."""

_SESSION = f"""
SET lock_timeout = '{LOCK_SECONDS_MAX}s';
SET idle_in_transaction_session_timeout = '{IDLE_SECONDS_MAX}s';
SET default_transaction_isolation = 'read committed';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
_LOCK = "SELECT FROM head FOR UPDATE"
_NUMBER = "SELECT pg_current_xact_id()::text"
_STATUS = "SELECT pg_xact_status(%s::text::xid8)"


class ServerTurn:
    """The row of the head is locked until the commit."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        with raw.pipeline():  # BEGIN goes along
            raw.execute(_LOCK)
            found = raw.execute(_NUMBER)
        self.transaction: str = (found.fetchone() or ("",))[0]
        self.finished = False

    def finish(self) -> None:
        """Raises `AnswerLost` where the connection broke meanwhile."""
        self.finished = True
        try:
            self._raw.commit()
        except psycopg.OperationalError as error:
            if self._raw.closed:
                raise AnswerLost(self.transaction) from error
            raise


class ServerStore:
    """As `Store` says."""

    faults: tuple[type[Exception], ...] = (psycopg.Error, AnswerLost)
    data_faults: tuple[type[Exception], ...] = (psycopg.IntegrityError, psycopg.DataError)
    bytes = 0
    log_bytes = 0

    def __init__(self, address: ServerAddress) -> None:
        self.place = address
        self._said = conninfo_to_dict(address.uri)
        self._to_write, self._to_read = self._database(NullPool), self._database(QueuePool)

    def connect_to_write(self) -> Connection:
        """Makes the tables where there are none and its user may."""
        connection = self._to_write.connect()
        try:
            with connection.begin():
                _refuse_unfit_server(connection)
            migrate(connection)
            with connection.begin():
                check_server_schema(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def check(self) -> None:
        """A database that is moved or replaced breaks the connections to it."""

    @contextmanager
    def turn(self, connection: Connection) -> Iterator[ServerTurn]:
        """Waits for `LOCK_SECONDS_MAX` where another process has it."""
        transaction = connection.begin()
        try:
            turn = ServerTurn(_raw(connection))
            yield turn
            if not turn.finished:
                turn.finish()
            transaction.commit()  # the server has: nothing is sent
        except BaseException:
            with suppress(Exception):  # a connection that broke has nothing to take back
                transaction.rollback()
            raise

    def was_committed(self, connection: Connection, transaction: str, last: WrittenEntry | None) -> bool:
        """Waits for the lock, which the transaction has as long as it lives. The number alone proves nothing: a server
        that was ended before it wrote one down gives it to another transaction after its restart."""
        with connection.begin():
            connection.exec_driver_sql(_LOCK)
            status = connection.exec_driver_sql(_STATUS, (transaction,)).scalar()
            if status != "committed" or last is None:
                return bool(status == "committed")
            there = connection.execute(select(entries.c.header).where(entries.c.seq == last.seq)).scalar()
        return bool(there == last.header)

    def check_schema(self, connection: Connection) -> None:
        """Compared with what the tables' description and SQLite's triggers say."""
        check_server_schema(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """From a pool, each asked whether it still lives."""
        with self._to_read.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def after_failure(self, error: Exception, connection: Connection | None) -> bool:  # noqa: ARG002  # as `Store` has it
        """Whatever it was, the next batch connects afresh."""
        return True

    def leave_nothing(self, connection: Connection) -> None:
        """The server's own vacuum removes what was deleted."""

    def closed(self) -> None:
        """Nothing is left of a connection."""

    def dispose(self) -> None:
        """Ends the connections that read."""
        self._to_read.dispose()

    def _database(self, pool: type[Pool]) -> Database:
        more: dict[str, Any] = {} if pool is NullPool else {"pool_pre_ping": True, "pool_size": READERS_MAX}
        # hide_parameters: customers' figures don't belong in the log that an error message ends in
        return create_engine(
            "postgresql+psycopg://", creator=self._connect, poolclass=pool, hide_parameters=True, **more
        )

    def _connect(self) -> psycopg.Connection[Any]:
        """Raises `FileTrouble` with libpq's own words, which say which server and why, and never a password."""
        defaults: dict[str, Any] = {name: said for name, said in _DEFAULTS.items() if name not in self._said}
        try:
            raw = psycopg.connect(self.place.uri, autocommit=True, client_encoding="UTF8", **defaults)
            raw.execute(_SESSION)
            raw.autocommit = False
        except psycopg.Error as error:
            raise FileTrouble(f"its server can't be used: {self._in_one_line(error)}") from None
        return raw

    def _in_one_line(self, error: psycopg.Error) -> str:
        said = " ".join(str(error).split())
        for secret in self.place.secrets:
            said = said.replace(secret, "…")
        return said[:300]


def _raw(connection: Connection) -> psycopg.Connection[Any]:
    raw: Any = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(type(raw).__name__)
    return raw


def _refuse_unfit_server(connection: Connection) -> None:
    """Raises `FileTrouble` where an answer might not be on disk, or not be what was written."""
    raw = _raw(connection)
    if raw.info.server_version < SERVER_VERSION_MIN:
        raise FileTrouble("its server is older than PostgreSQL 13; upgrade it")
    settings = "SELECT current_setting('fsync'), current_setting('server_encoding'), pg_is_in_recovery()"
    fsync, encoding, is_standby = connection.exec_driver_sql(settings).one()
    if fsync != "on":
        raise FileTrouble("its server doesn't wait for its disk (`fsync = off`); set it on")
    if encoding != "UTF8":
        raise FileTrouble(f"its database has the encoding {encoding}; make one with ENCODING 'UTF8'")
    if is_standby:
        raise FileTrouble("its server is a standby, which can't be written; give the address of the primary")
