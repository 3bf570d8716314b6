"""When a checkpoint is signed: a second after the last one if the log has grown, each 10,000 records, and at the end.

It is written in a transaction of its own after the records are on disk: a checkpoint over what might still be rolled
back would be a promise that nobody can keep. The head row is locked meanwhile, so that of several writers one signs;
and before anybody can see the checkpoint it is kept beside the key too (`last_signed`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import structlog
from sqlalchemy import insert

from ledger.journal.clock import moment
from ledger.journal.last_signed import keep_last_signed
from ledger.journal.log_head import LogHead, read_head, write_head
from ledger.journal.opening import OpenJournal
from ledger.record.checkpoints import Checkpoint
from ledger.store.tables import checkpoints
from ledger.store.trouble import trouble_in_words

SECONDS = 1.0
RECORDS = 10_000

log = structlog.get_logger(__name__)


class Checkpointing:
    """In the writer's thread. Times are those of a clock that only goes forward, in seconds."""

    def __init__(self) -> None:
        self._size = -1  # of the last checkpoint, as far as this process knows
        self._at = float("-inf")  # when it was last tried
        self._grown = False  # there are records after it
        self._since: float | None = None  # when these were first seen
        self._trouble = ""  # why the last try failed; logged when it changes, apart from what befalls commits

    def is_due(self, size: int, now: float, *, at_once: bool) -> bool:
        """Whether to sign at this size of the log. Where so, it counts as tried: the next try is a second later."""
        self._grown = size > max(self._size, 0)
        if self._since is None and self._grown:
            self._since = now
        is_due = self._grown and (at_once or now - self._at >= SECONDS or size - self._size >= RECORDS)
        if is_due:
            self._at = now
        return is_due

    def due_in(self, now: float) -> float | None:
        """Seconds until one is due; None where there is nothing to sign."""
        return max(SECONDS - (now - self._at), 0.001) if self._grown else None

    def unsigned_seconds(self, now: float) -> float:
        """For how long there have been records that no checkpoint covers; 0 where there are none. For any thread."""
        since = self._since
        return 0.0 if since is None else max(0.0, now - since)

    def sign(self, opened: OpenJournal, known: LogHead) -> None:
        """Signs the log as it is now, where nobody has. Raises `FileTrouble` and what the database raises."""
        with opened.connection.begin():
            ended = read_head(opened.connection, known)
            size = ended.tree.size
            if ended.signed < size:
                signers = opened.log_keys().signers(moment(datetime.now(UTC)))
                note = Checkpoint(signers[0].name, size, ended.tree.root).signed(*signers)
                opened.connection.execute(insert(checkpoints), {"size": size, "note": note})
                keep_last_signed(opened.last_checkpoint, note)
                write_head(opened.connection, replace(ended, signed=size))
        self._size, self._grown, self._since = size, False, None
        if self._trouble:
            self._trouble = ""
            log.info("checkpoints are signed again", size=size)

    def failed(self, error: Exception) -> None:
        """What a disk refuses is said once, however often it is tried; what has no words is said in full."""
        trouble = trouble_in_words(error)
        if not trouble:
            log.exception("checkpoint not signed")
        elif trouble != self._trouble:
            log.error("checkpoint not signed", reason=trouble)
        self._trouble = trouble or "unknown"
