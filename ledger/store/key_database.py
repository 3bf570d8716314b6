"""The keys of subjects in a database of their own: one for each customer, wrapped, by number and by blind.

    number 0   the key that blinds names (`Blinding`)
    number 1   the journal's own: seals what is about no customer, such as acts on people and keys
    from 2 on  one for each customer, in the order in which they were met

A key is on disk here before the journal holds a body that it seals: this database may be ahead of the journal after a
power cut, and never behind it. One that is behind, that is another journal's, or that is not there, is refused.

Of an erased key the number stays, so that it is never given again; the wrapped key and the blind are overwritten. The
customer's next record finds no key and gets a new one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, NullPool, Row, create_engine, event, func, insert, select, update
from sqlalchemy import Engine as Database
from sqlalchemy.exc import SQLAlchemyError

from ledger.record.sealing import Blinding, BodyKey, DoesNotOpen, new_key_bytes, wrapped
from ledger.store.secret_files import WrappingKey, make_owner_only, tighten
from ledger.store.tables import keys_metadata, subject_keys
from ledger.store.trouble import FileTrouble, trouble_in_words

BLINDING, OWN = 0, 1
_OWN_BLINDS = {BLINDING: b"blinding", OWN: b"journal"}
_ERASED = b"erased "
"""How the blind of an erased key begins, longer than any other; its number follows."""

_GONE = b""
"""In the place of an erased key."""

KEPT_MAX = 20_000
"""Keys held ready, about a kilobyte each."""

REWRAPPED_AT_ONCE = 5_000
"""In one transaction, a tenth of a second: others wait for the database no longer."""

LOCK_SECONDS_MAX = 2.0


class SubjectKeys:
    """The keys of one journal. The journal's thread opens and adds; any thread may ask for a key that is there."""

    def __init__(self, path: Path, wrapping: WrappingKey) -> None:
        self.path = path
        self._wrapping = wrapping
        self._identity: tuple[int, int] | None = None
        self._database = _database(path)
        self._blinding: Blinding | None = None
        self._by_number: dict[int, BodyKey] = {}
        self._by_blind: dict[bytes, int] = {_OWN_BLINDS[OWN]: OWN}
        self._leaving: set[int] = set()  # erased, or about to be: read anew each time
        self._lock = Lock()

    # --- the journal's thread --------------------------------------------------------------------------------------

    def open(self, *, may_make: bool, at_least: int) -> None:
        """Makes the database where `may_make`, since the journal has no records yet. `at_least`: the greatest number
        that the journal uses. Raises `FileTrouble`."""
        if may_make and not self.path.exists():
            make_owner_only(self.path, b"", "file of subject keys")
        status = self._status()
        if status is None:
            raise FileTrouble(f"the subject keys `{self.path.name}` are missing; put the file back from its backup")
        tighten(self.path, status.st_mode, "subject keys")
        self._identity = status.st_dev, status.st_ino
        try:
            if may_make:
                self._make()
            with self._database.connect() as connection:
                last = connection.execute(select(func.max(subject_keys.c.number))).scalar()
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._trouble(error) from error
        if last is None or last < at_least:
            raise FileTrouble(
                f"the subject keys `{self.path.name}` are behind the journal, which uses {at_least} of them and they "
                f"end at {last}; put back a backup that is at least as new as the journal's"
            )
        self._ready_to_blind()

    def check(self) -> None:
        """Whether the file is still the one that was opened. Raises `FileTrouble`."""
        status = self._status()
        if status is None or (status.st_dev, status.st_ino) != self._identity:
            raise FileTrouble(f"the subject keys `{self.path.name}` were moved or replaced; put the file back")

    def numbers_of(self, accounts: Iterable[bytes | None]) -> list[int]:
        """The number of the key of each account, by blind; None: the journal's own. Those that are new are on disk when
        this returns. Raises `FileTrouble`."""
        blinds = [_OWN_BLINDS[OWN] if blind is None else blind for blind in accounts]
        unknown = sorted({blind for blind in blinds if blind not in self._by_blind})
        found = self._added(unknown) if unknown else {}
        return [self._by_blind.get(blind) or found[blind] for blind in blinds]

    def erase(self, numbers: Iterable[int]) -> None:
        """The keys are gone for good when this returns, here and on disk; those that were gone already stay so. Raises
        `FileTrouble`."""
        gone = [number for number in numbers if number > OWN]
        try:
            with self._to_write() as connection, connection.begin():
                for number in gone:
                    connection.execute(
                        update(subject_keys)
                        .where(subject_keys.c.number == number, subject_keys.c.wrapped_key != _GONE)
                        .values(subject_blind=_ERASED + number.to_bytes(8, "big"), wrapped_key=_GONE)
                    )
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._trouble(error) from error
        self.check()
        self.forget(gone)

    def forget(self, numbers: Iterable[int]) -> None:
        """Keys that are erased, or may be at any moment by another process, are held ready no more: whoever asks for
        one looks whether it is there."""
        leaving = set(numbers)
        with self._lock:
            self._leaving |= leaving
            for number in leaving & self._by_number.keys():
                del self._by_number[number]
        if not leaving.isdisjoint(self._by_blind.values()):
            self._by_blind = {blind: number for blind, number in self._by_blind.items() if number not in leaving}

    def open_ones(self, numbers: Iterable[int]) -> list[int]:
        """Those of them that are there. Raises `FileTrouble`."""
        wanted, found = sorted(set(numbers)), list[int]()
        try:
            with self._database.connect() as connection:
                for at in range(0, len(wanted), 500):
                    query = select(subject_keys.c.number).where(
                        subject_keys.c.number.in_(wanted[at : at + 500]), subject_keys.c.wrapped_key != _GONE
                    )
                    found += connection.execute(query).scalars()
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._trouble(error) from error
        return found

    def _make(self) -> None:
        """What every journal has from its first record on; another process may have been first."""
        with self._to_write() as connection, connection.begin():
            keys_metadata.create_all(connection)
            if connection.execute(select(subject_keys.c.number).limit(1)).first() is None:
                self._insert(connection, [(*own, new_key_bytes()) for own in _OWN_BLINDS.items()])

    def _added(self, blinds: Sequence[bytes]) -> dict[bytes, int]:
        """Their numbers, those of new ones given now."""
        if len(self._by_blind) > KEPT_MAX:
            self._by_blind = {_OWN_BLINDS[OWN]: OWN}
        found: dict[bytes, int] = {}
        try:
            with self._to_write() as connection, connection.begin():
                for at in range(0, len(blinds), 500):
                    query = select(subject_keys).where(subject_keys.c.subject_blind.in_(blinds[at : at + 500]))
                    for row in connection.execute(query):
                        found[row.subject_blind] = row.number
                        self._ready(row)
                new = [blind for blind in blinds if blind not in found]
                self._wrap_as_others(connection)
                last = connection.execute(select(func.max(subject_keys.c.number))).scalar() or OWN
                made = {number: new_key_bytes() for number in range(last + 1, last + 1 + len(new))}
                found |= dict(zip(new, made, strict=True))
                self._insert(connection, zip(made, new, made.values(), strict=True))
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._trouble(error) from error
        self.check()
        for number, key in made.items():  # they are on disk; whoever seals next needs them
            self._keep(number, BodyKey(key))
        self._by_blind |= {blind: number for blind, number in found.items() if number not in self._leaving}
        return found

    def _wrap_as_others(self, connection: Connection) -> None:
        """New keys are wrapped by the key that wraps those that are there: it may have been replaced meanwhile."""
        first = connection.execute(select(subject_keys).where(subject_keys.c.number == BLINDING)).first()
        if first is not None:
            try:
                self._wrapping.opens(first.number, first.subject_blind, first.wrapped_key)
            except DoesNotOpen as error:
                raise self._not_opened() from error

    def rewrap(self, by: bytes) -> int:
        """All keys are wrapped by this one when this returns; how many there are. It is on disk already where
        `WrappingKey` looks for it. In short transactions from the first key on, so that whoever adds one meanwhile sees
        which wraps them. Raises `FileTrouble`."""
        done, last = 0, BLINDING - 1
        try:
            with self._to_write() as connection:
                while True:
                    with connection.begin():
                        query = select(subject_keys).where(
                            subject_keys.c.number > last, subject_keys.c.wrapped_key != _GONE
                        )
                        rows = connection.execute(query.order_by(subject_keys.c.number).limit(REWRAPPED_AT_ONCE)).all()
                        for row in rows:
                            self._rewrap(connection, row, by)
                    if not rows:
                        return done
                    done, last = done + len(rows), rows[-1].number
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._trouble(error) from error

    def _rewrap(self, connection: Connection, row: Row[Any], by: bytes) -> None:
        try:
            key = self._wrapping.unwrapped(row.number, row.subject_blind, row.wrapped_key)
        except DoesNotOpen as error:
            raise self._not_opened() from error
        stored = wrapped(by, row.number, row.subject_blind, key)
        where = subject_keys.c.number == row.number
        connection.execute(update(subject_keys).where(where).values(wrapped_key=stored))

    def _insert(self, connection: Connection, keys: Iterable[tuple[int, bytes, bytes]]) -> None:
        """Number, blind and key of each."""
        rows = [
            {"number": number, "subject_blind": blind, "wrapped_key": self._wrapping.wrapped(number, blind, key)}
            for number, blind, key in keys
        ]
        if rows:
            connection.execute(insert(subject_keys), rows)

    def _to_write(self) -> Connection:
        return self._database.connect().execution_options(writes=True)

    # --- any thread ------------------------------------------------------------------------------------------------

    def key(self, number: int) -> BodyKey:
        """Ready to seal and to open. Raises `FileTrouble` where it can't be had, `KeyGone` where it was deleted."""
        known = self._by_number.get(number)
        if known is not None:
            return known
        try:
            with self._database.connect() as connection:
                row = connection.execute(select(subject_keys).where(subject_keys.c.number == number)).first()
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._trouble(error) from error
        if row is None or row.wrapped_key == _GONE:
            raise KeyGone(f"the subject key {number} is not in `{self.path.name}`")
        return self._ready(row)

    def make_ready(self, numbers: Iterable[object]) -> None:
        """Those of these keys that are there, in few reads; what is wrong with one, `key` says. Raises `FileTrouble`
        where the database can't be read."""
        wanted = sorted({each for each in numbers if isinstance(each, int)} - self._by_number.keys())
        try:
            with self._database.connect() as connection:
                for at in range(0, len(wanted), 500):
                    query = select(subject_keys).where(subject_keys.c.number.in_(wanted[at : at + 500]))
                    for row in connection.execute(query.where(subject_keys.c.wrapped_key != _GONE)).all():
                        with suppress(FileTrouble):
                            self._ready(row)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._trouble(error) from error

    def number_and_blind(self, account: str | None = None, number: int | None = None) -> tuple[int, bytes] | None:
        """Of a customer's key, by their number or by the key's; None where there is none, or none any more. Raises
        `FileTrouble`."""
        column = subject_keys.c
        which = column.number == number if account is None else column.subject_blind == self.blind("account", account)
        try:
            with self._database.connect() as connection:
                row = connection.execute(select(subject_keys).where(which, column.wrapped_key != _GONE)).first()
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._trouble(error) from error
        return None if row is None else (row.number, row.subject_blind)

    def _ready(self, row: Row[Any]) -> BodyKey:
        """The key of a row, opened and kept."""
        try:
            key = BodyKey(self._wrapping.unwrapped(row.number, row.subject_blind, row.wrapped_key))
        except DoesNotOpen as error:
            raise self._not_opened() from error
        self._keep(row.number, key)
        return key

    def _keep(self, number: int, key: BodyKey) -> None:
        with self._lock:
            if len(self._by_number) > KEPT_MAX:
                self._by_number.clear()
            if number not in self._leaving:
                self._by_number[number] = key

    def blind(self, what: str, name: str) -> bytes:
        """Of an account or of a case's number, see `Blinding`."""
        return (self._blinding or self._ready_to_blind()).blind(what, name)

    def _ready_to_blind(self) -> Blinding:
        self._blinding = Blinding(self.key(BLINDING).key)
        return self._blinding

    def _status(self) -> os.stat_result | None:
        try:
            return os.stat(self.path)  # noqa: PTH116  # asked for at each commit: half the time of `Path.stat`
        except OSError:
            return None

    def _not_opened(self) -> FileTrouble:
        return FileTrouble(
            f"the wrapping key does not open the subject keys `{self.path.name}`; put the right file there"
        )

    def _trouble(self, error: Exception) -> FileTrouble:
        reason = trouble_in_words(error) or "they are another program's"
        return FileTrouble(f"the subject keys `{self.path.name}` can't be used: {reason}")


class KeyGone(Exception):
    """No key has this number, so what it seals can't be read any more."""


def _database(path: Path) -> Database:
    database = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=NullPool, hide_parameters=True)
    event.listen(database, "begin", _begin)
    return database


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _connect(path: Path) -> sqlite3.Connection:
    """Never makes the file. EXTRA: also the removal of the rollback journal is on disk before a commit counts."""
    mode = "rw" if os.access(path.parent, os.W_OK) and os.access(path, os.W_OK) else "ro"
    raw = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=LOCK_SECONDS_MAX, isolation_level=None
    )
    raw.execute("PRAGMA synchronous=EXTRA")
    raw.execute("PRAGMA secure_delete=ON")  # what was overwritten leaves nothing on its page
    return raw
