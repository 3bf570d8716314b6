"""A journal's own keys replaced: the one that signs checkpoints, and the one that wraps subjects' keys.

The signing key: the new one is on disk, then on record, then in the file, then a checkpoint over that record is signed
by both. For some time both sign, so that whoever trusts the old one alone sees by it which one comes next. Whatever was
signed before is verified by the old key's public half, which stays in the file and with whoever verifies.

The wrapping key: the new one is on disk beside the old one, then wraps each subject's key anew, is on record, and takes
the old one's place. Until then keys are opened by either.

Each step is on disk before the next, and what an interrupted run has done is found again by running it once more. The
service may go on.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from ledger.journal.checkpointing import Checkpointing
from ledger.journal.clock import Clock, moment
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import record_called
from ledger.journal.opening import OpenJournal, open_to_write
from ledger.record.new_records import JOURNAL_KEY, journal_key_record
from ledger.record.record_header import RecordKind
from ledger.record.signed_notes import BadNote, NoteSigner, NoteVerifier, new_signer, read_signer
from ledger.store.log_keys import LogKeys
from ledger.store.place import JournalPlace
from ledger.store.secret_files import (
    KeyPlaces,
    following_file,
    log_keys,
    make_owner_only,
    move_owner_only,
    new_wrapping_text,
    replace_owner_only,
    wrapping_key,
)
from ledger.store.store import Store, store_at
from ledger.store.tables import NOT_DECIDED, entries
from ledger.store.trouble import FileTrouble, JournalUnavailable, trouble_in_words

SIGNING, WRAPPING = "signing key", "wrapping key"
"""How outcomes of these records begin; the id of the new key follows."""

BOTH_SIGN_DAYS = 30
_FOR_EVER = "9999-12-31T23:59:59.999999Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedSigningKey:
    """What was done."""

    seq: int
    """Place of the record that says so."""

    old: NoteVerifier
    new: NoteVerifier

    until: str
    """How long both sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedWrappingKey:
    """What was done."""

    seq: int
    """Place of the record that says so."""

    keys: int
    """Of subjects, which it wraps now."""


def replace_signing_key(
    place: JournalPlace, places: KeyPlaces, command: str, both_sign: timedelta
) -> ReplacedSigningKey:
    """`command`: who does it, as the record says. Raises `JournalUnavailable` where the journal or its keys can't be
    used."""
    with _opened(place, places) as (store, opened):
        keys = log_keys(places.signing_key, may_make=False)
        new = _following_signer(places, keys.signer.name)
        if new.verifier == keys.signer.verifier and keys.replaced is not None:  # an interrupted run came so far
            seq, said = _recorded(opened, f"{SIGNING} {new.verifier.id.hex()}") or (0, {})
        else:
            until = moment(datetime.now(UTC) + both_sign)
            said = {"key": "signing", "old": keys.signer.verifier.as_text(), "new": new.verifier.as_text()}
            seq, said = _on_record(
                store, opened, f"{SIGNING} {new.verifier.id.hex()}", said | {"until": until}, command
            )
            keys = keys.followed_by(new, str(said["until"]))
            replace_owner_only(places.signing_key, keys.as_text().encode(), SIGNING)
        _sign_by_both(opened, keys)
        following_file(places.signing_key).unlink(missing_ok=True)
        return ReplacedSigningKey(seq=seq, old=keys.all[1], new=keys.all[0], until=keys.until)


def drop_replaced_key(places: KeyPlaces) -> NoteVerifier | None:
    """The private half of the signing key that was replaced goes out of the file: it signs no more. Its public half;
    None where there is none. Raises `FileTrouble`."""
    keys = log_keys(places.signing_key, may_make=False)
    if keys.replaced is None:
        return None
    replace_owner_only(places.signing_key, keys.without_replaced().as_text().encode(), SIGNING)
    return keys.replaced.verifier


def replace_wrapping_key(place: JournalPlace, places: KeyPlaces, command: str) -> ReplacedWrappingKey:
    """Raises `JournalUnavailable` where the journal or its keys can't be used."""
    with _opened(place, places) as (store, opened):
        following = following_file(places.wrapping_key)
        if not following.exists():
            make_owner_only(following, f"{new_wrapping_text()}\n".encode(), WRAPPING)
        new = wrapping_key(following, may_make=False)
        count = opened.keys.rewrap(new.key)
        id_ = sha256(b"wrapping key\n" + new.key).hexdigest()[:8]
        seq, _ = _on_record(store, opened, f"{WRAPPING} {id_}", {"key": "wrapping", "keys": count}, command)
        move_owner_only(following, places.wrapping_key, WRAPPING)
        Checkpointing().sign(opened, opened.head)
        return ReplacedWrappingKey(seq=seq, keys=count)


@contextmanager
def _opened(place: JournalPlace, places: KeyPlaces) -> Iterator[tuple[Store, OpenJournal]]:
    """To be added to, by one command at a time."""
    store = store_at(place)
    try:
        log_keys(places.signing_key, may_make=False)  # missing where there is no journal yet, which is not made here
        alone = os.open(places.signing_key.parent, os.O_RDONLY)
        try:
            fcntl.flock(alone, fcntl.LOCK_EX)
            opened = open_to_write(store, places, Clock())
            try:
                yield store, opened
            finally:
                opened.connection.close()
                store.closed()
        finally:
            os.close(alone)
    except Exception as error:
        trouble = trouble_in_words(error)
        if not trouble:
            raise
        raise JournalUnavailable(trouble) from error


def _following_signer(places: KeyPlaces, name: str) -> NoteSigner:
    following = following_file(places.signing_key)
    if not following.exists():
        make_owner_only(following, f"{new_signer(name).as_text()}\n".encode(), SIGNING)
    try:
        return replace(read_signer(following.read_text("utf-8")), name=name)
    except BadNote as error:
        raise FileTrouble(f"`{following.name}` is no signing key: {error}; move it away") from error


def _on_record(
    store: Store, opened: OpenJournal, outcome: str, said: dict[str, Any], command: str
) -> tuple[int, dict[str, Any]]:
    """The place of the record, and what it says: where it was written before, what was said then."""
    found = _recorded(opened, outcome)
    if found is not None:
        return found
    said = {"by": getpass.getuser(), **said}
    with store.turn(opened.connection) as turn:
        transaction = LogTransaction(opened.connection, opened.keys, Clock(), opened.head)
        seq = transaction.append(journal_key_record(outcome, json.dumps(said, ensure_ascii=False), command))
        transaction.flush()
        turn.finish()
    return seq, said


def _recorded(opened: OpenJournal, outcome: str) -> tuple[int, dict[str, Any]] | None:
    columns = entries.c
    where = NOT_DECIDED & (columns.kind == RecordKind.JOURNAL_KEY) & (columns.outcome == outcome)
    with opened.connection.begin():
        seq = opened.connection.execute(select(columns.seq).where(where)).scalar()
        found = None if seq is None else record_called(opened.connection, opened.keys.key, str(seq))
    return None if seq is None or found is None else (seq, json.loads(found.text(JOURNAL_KEY) or "{}"))


def _sign_by_both(opened: OpenJournal, keys: LogKeys) -> None:
    """However short the time in which both sign: by the old key it is proved which one comes next."""
    both = replace(keys, until=_FOR_EVER)
    Checkpointing().sign(replace(opened, log_keys=lambda: both), opened.head)
