"""A journal of 1,000 decisions about 50 customers with four checkpoints, and all its rows to be changed by somebody who
may change everything: `changed` reads them, lets a test change them, and writes them back.

Who tampers has the product's own means, of course: keys, seals, hashes. Who checks is the product; tests name the
faults that it must find.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Table, create_engine, delete, insert, select, text

from engine.pipeline import version
from ledger.journal.checkpointing import Checkpointing
from ledger.journal.clock import Clock
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opening import open_to_write
from ledger.record.body_parts import Body, Part, unpacked
from ledger.record.checkpoints import Checkpoint
from ledger.record.log_tiles import LogTree
from ledger.record.merkle_tree import leaf_hash
from ledger.record.record_header import Header, read_header
from ledger.record.sealing import Sealed
from ledger.record.signed_notes import NoteSigner
from ledger.store.key_database import SubjectKeys
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import KeyPlaces, signing_key, wrapping_key
from ledger.store.store import store_at
from ledger.store.tables import bodies, checkpoints, entries, head, policy_sets, tiles
from tests.support.journal_records import record

COUNT = 1_000
ACCOUNTS = 50
SIGNED = (256, 512, 768, 1_000)
FILES = {"orders.yaml": "policy: orders\n"}
STANDARD_FACTS = "facts: {}\n"
VERSION = version({name: text.encode() for name, text in FILES.items()}, STANDARD_FACTS.encode())
TABLES = (entries, bodies, tiles, checkpoints, head, policy_sets)

Row = dict[str, Any]


def write_journal(place: JournalPlace, keys: KeyPlaces, sizes: Sequence[int] = SIGNED) -> None:
    """With a checkpoint at each size; the last is that of the journal."""
    opened = open_to_write(store_at(place), keys, Clock())
    known, signing = opened.head, Checkpointing()
    with opened.connection as connection:
        with connection.begin():
            row = {"version": VERSION, "loaded_at": "2026-07-01T00:00:00.000000Z", "files": json.dumps(FILES)}
            connection.execute(insert(policy_sets), row | {"standard_facts": STANDARD_FACTS})
        for first, end in pairwise((0, *sizes)):
            with connection.begin():
                transaction = LogTransaction(connection, opened.keys, Clock(), known)
                for number in range(first, end):
                    made = record(f"id-{number}")
                    transaction.append(replace(made, account=f"C-{number % ACCOUNTS}", policy=VERSION))
                transaction.flush()
            known = transaction.head
            signing.sign(opened, known)
            known = replace(known, signed=end)


@contextmanager
def connected(place: JournalPlace) -> Iterator[Connection]:
    """Whom no trigger stops."""
    url = f"sqlite:///{place}"
    if isinstance(place, ServerAddress):
        url = place.uri.replace("postgresql://", "postgresql+psycopg://")
    database = create_engine(url)
    try:
        with database.begin() as connection:
            if isinstance(place, ServerAddress):
                for table in TABLES:
                    connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
            else:
                for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars():
                    connection.execute(text(f"DROP TRIGGER {name}"))
            yield connection
    finally:
        database.dispose()


@dataclass
class Rows:
    """All of the journal."""

    entries: list[Row]
    bodies: list[Row]
    tiles: list[Row]
    checkpoints: list[Row]
    head: list[Row]
    policy_sets: list[Row]
    keys: SubjectKeys
    signer: NoteSigner

    # --- one record -------------------------------------------------------------------------------------------------

    def header(self, seq: int) -> Header:
        return read_header(self.entries[seq]["header"].encode())

    def set_header(self, place: int, **members: Any) -> None:
        """Header and columns."""
        self.entries[place] = _entry(replace(self.header(place), **members))

    def body(self, seq: int) -> Body:
        row = self.bodies[seq]
        return unpacked(self.keys.key(row["key_number"]).open(row["seq"], Sealed(row["nonce"], row["sealed"])))

    def set_body(self, seq: int, body: Body) -> None:
        number = self.bodies[seq]["key_number"]
        sealed = self.keys.key(number).seal(seq, body.packed())
        self.bodies[seq] = {"seq": seq, "key_number": number, "nonce": sealed.nonce, "sealed": sealed.content}

    def with_another_answer(self, seq: int) -> Body:
        body = self.body(seq)
        parts = [Part(p.path, p.content.replace(b"hold", b"approve")) for p in body.parts]
        return Body(body.salt, tuple(parts))

    def rewrite(self, seq: int) -> None:
        """Body, header and column, all of which agree."""
        body = self.with_another_answer(seq)
        self.set_body(seq, body)
        self.set_header(seq, body=body.digest(), outcome="approve")

    # --- the log ----------------------------------------------------------------------------------------------------

    def rebuild(self, *, with_head: bool = True) -> None:
        """Tiles and head for the headers that there are."""
        tree, full = LogTree().appended([leaf_hash(row["header"].encode()) for row in self.entries])
        self.tiles = [tile._asdict() for tile in full]
        if with_head:
            last = max(row["key_number"] for row in self.bodies)
            signed = max((row["size"] for row in self.checkpoints), default=0)
            [row] = self.head
            row |= {"size": tree.size, "frontier": b"".join(tree.frontier), "at": self.entries[-1]["at"]}
            row |= {"last_key": last, "signed": signed}

    def sign(self, signer: NoteSigner, sizes: tuple[int, ...] = SIGNED) -> None:
        leaves = [leaf_hash(row["header"].encode()) for row in self.entries]
        self.checkpoints = []
        for size in sizes:
            tree, _ = LogTree().appended(leaves[:size])
            self.checkpoints.append({"size": size, "note": Checkpoint(signer.name, size, tree.root).signed(signer)})


def _entry(header: Header) -> Row:
    row = {"seq": header.seq, "id": header.id, "at": header.at, "kind": str(header.kind), "case_kind": header.case}
    row |= {"outcome": header.outcome, "actor": header.actor, "policy": header.policy}
    return row | {"header": header.canonical_text().decode()}


@contextmanager
def changed(place: JournalPlace, keys: KeyPlaces) -> Iterator[Rows]:
    """The rows that were changed are written back, all of their table."""
    signer = signing_key(keys.signing_key, may_make=False)
    subject_keys = SubjectKeys(keys.subject_keys, wrapping_key(keys.wrapping_key, may_make=False))
    with connected(place) as connection:
        before = {table.name: _rows(connection, table) for table in TABLES}
        copies: dict[str, Any] = {name: [dict(row) for row in found] for name, found in before.items()}
        rows = Rows(**copies, keys=subject_keys, signer=signer)
        yield rows
        for table in TABLES:
            after: list[Row] = getattr(rows, table.name)
            if after != before[table.name]:
                connection.execute(delete(table))
                if after:
                    connection.execute(insert(table), after)


def _rows(connection: Connection, table: Table) -> list[Row]:
    keys = list(table.primary_key.columns)
    return [dict(row) for row in connection.execute(select(table).order_by(*keys)).mappings()]
