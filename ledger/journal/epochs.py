"""A new epoch: a journal that lost its last records goes on, says so, and has another name from then on.

The first record of the epoch holds the name, the number of records and the root that were signed last, whatever is
there of it: what is lacking is on record for good. The log's name becomes `…/2`, then `…/3`, with the same key; so a
checkpoint of the old name and one of the new one are never taken for two histories of one log.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace

from ledger.journal.checkpointing import Checkpointing
from ledger.journal.clock import Clock
from ledger.journal.last_signed import last_signed
from ledger.journal.log_head import LogHead
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import last_of, record_called
from ledger.journal.opening import OpenJournal, open_to_write
from ledger.record.checkpoints import Checkpoint, next_epoch
from ledger.record.new_records import EPOCH, epoch_record
from ledger.record.record_header import RecordKind
from ledger.record.signed_notes import NoteSigner
from ledger.store.log_keys import LogKeys
from ledger.store.place import JournalPlace
from ledger.store.secret_files import KeyPlaces, log_keys, replace_owner_only
from ledger.store.store import Store, store_at
from ledger.store.trouble import FileTrouble, JournalUnavailable, trouble_in_words

COMMAND_LINE = "credence journal new-epoch"


@dataclass(frozen=True, slots=True)
class NewEpoch:
    """What was begun."""

    old: Checkpoint
    """What was signed last in the old epoch."""

    signer: NoteSigner
    """Who signs from now on."""

    seq: int
    """Place of the epoch's first record."""


def begin_epoch(place: JournalPlace, places: KeyPlaces) -> NewEpoch:
    """Each step is on disk before the next, and what an interrupted run has done is found again. Raises
    `JournalUnavailable` where the journal isn't behind, or can't be used."""
    store = store_at(place)
    try:
        old_keys = log_keys(places.signing_key, may_make=False)
        opened = open_to_write(store, places, Clock(), is_behind=True)
        try:
            return _begin(store, opened, places, old_keys)
        finally:
            opened.connection.close()
            store.closed()
    except Exception as error:
        trouble = trouble_in_words(error)
        if not trouble:
            raise
        raise JournalUnavailable(trouble) from error


def _begin(store: Store, opened: OpenJournal, places: KeyPlaces, old_keys: LogKeys) -> NewEpoch:
    keys = old_keys.renamed(next_epoch(old_keys.signer.name))
    epoch = _newest_epoch(opened)
    old = last_signed(places.last_checkpoint, old_keys)
    if old is None or not opened.is_behind:
        raise FileTrouble("the journal goes on from what was signed last, so there is nothing to begin anew")
    if old.origin == old_keys.signer.name:  # else an interrupted run came so far that nothing but the key is left
        head = opened.head
        if epoch is None or epoch[1] != old:
            epoch, head = _recorded(store, opened, old)
        Checkpointing().sign(replace(opened, log_keys=lambda: keys), head)
    if epoch is None:
        raise FileTrouble(f"the last checkpoint is of {old.origin}, and the journal has no record of that epoch")
    replace_owner_only(places.signing_key, keys.as_text().encode(), "signing key")
    return NewEpoch(epoch[1], keys.signer, epoch[0])


def _newest_epoch(opened: OpenJournal) -> tuple[int, Checkpoint] | None:
    """The place of the last record of an epoch, and what it says was signed last before it; None where there is
    none."""
    seq = last_of(opened.connection, (RecordKind.EPOCH,))
    found = None if seq is None else record_called(opened.connection, opened.keys.key, str(seq))
    opened.connection.rollback()  # what was only read
    if seq is None or found is None:
        return None
    said = json.loads(found.text(EPOCH) or "{}")
    return seq, Checkpoint(said["origin"], said["size"], b64decode(said["root"]))


def _recorded(store: Store, opened: OpenJournal, old: Checkpoint) -> tuple[tuple[int, Checkpoint], LogHead]:
    """The epoch's first record, and the head after it."""
    said = {"origin": old.origin, "root": b64encode(old.root).decode(), "size": old.size}
    with store.turn(opened.connection) as turn:
        transaction = LogTransaction(opened.connection, opened.keys, Clock(), opened.head)
        seq = transaction.append(epoch_record(json.dumps(said), COMMAND_LINE))
        transaction.flush()
        turn.finish()
    return (seq, old), transaction.head
