"""A witness: it cosigns a checkpoint that goes on from the last one that it saw, and no other.

What it saw is a file: that checkpoint, as the log signed it and the witness cosigned it, and nothing else that came
with it. It is replaced on disk before the cosignature leaves, so that the witness never says of two histories that it
saw them. Where the file is missing nothing is cosigned, unless somebody says that there never was one.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.record.checkpoints import Checkpoint, read_checkpoint
from ledger.record.cosignatures import cosignature, cosigned_at
from ledger.record.merkle_proofs import is_consistent
from ledger.record.merkle_tree import EMPTY_ROOT
from ledger.record.signed_notes import (
    COSIGNATURE,
    BadNote,
    NoteSigner,
    NoteVerifier,
    bare_note,
    new_signer,
    read_signer,
    split_note,
)
from ledger.record.witness_requests import BadRequest, WitnessRequest, read_request
from ledger.store.secret_files import make_owner_only, replace_owner_only
from ledger.store.text_files import small_text
from ledger.store.trouble import FileTrouble
from ledger.witness.mirror import Mirror


class CosigningRefused(Exception):
    """The checkpoint doesn't go on from what was seen; the message says how. Nothing was changed."""


class OtherSize(Exception):
    """The request goes on from another number of records than were seen: it is to be made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Who cosigns, for which log, and where it keeps what it saw."""

    key: Path
    """Its own signing key."""

    state: Path
    """The last checkpoint that it cosigned."""

    is_first: bool = False
    """It never cosigned a checkpoint of this log: there is no state yet."""

    log: NoteVerifier
    """Of the log that it watches."""

    replaced: tuple[NoteVerifier, ...] = ()
    """Keys of that log before."""

    def cosigned(self, request: Path, seconds: int, mirror: Mirror | None = None) -> str:
        """The line, once all is on disk. `seconds`: since 1970. Raises `CosigningRefused`, `OtherSize`, `FileTrouble`
        and `OSError`."""
        with self._alone():
            signer = self._signer()
            wanted = _request(request)
            try:
                checkpoint = read_checkpoint(wanted.note, *self._keys)
            except BadNote as error:
                raise CosigningRefused(f"the checkpoint is not signed by {self.log.name}: {error}") from error
            seen = self._seen(signer.verifier)
            _refuse_own_lines(wanted.note, signer.verifier)
            _compare(seen, checkpoint, wanted)
            if mirror is not None:
                mirror.extend(seen, checkpoint)
            line = cosignature(signer, wanted.note, seconds)
            replace_owner_only(self.state, (bare_note(wanted.note, self._keys) + line).encode(), "witness's state")
            return line

    def _seen(self, own: NoteVerifier) -> Checkpoint:
        is_there = self.state.exists() or self.state.is_symlink()
        if self.is_first:
            if is_there:
                raise FileTrouble(f"`{self.state}` is there already, so this is not the first time; leave --first out")
            return Checkpoint(self.log.name, 0, EMPTY_ROOT)
        if not is_there:
            raise FileTrouble(
                f"the witness's state `{self.state}` is missing; put it back, or give --first where this key never "
                "cosigned a checkpoint of this log"
            )
        note = small_text(self.state, "the witness's state")
        try:
            seen = read_checkpoint(note, *self._keys)
            is_own = cosigned_at(own, note) is not None
        except BadNote as error:
            raise FileTrouble(
                f"the witness's state `{self.state}` is not of {self.log.name}: {error}; each log has a file of its "
                "own, and where the log's key was replaced, --log names a file with a line for each key"
            ) from error
        if not is_own:
            raise FileTrouble(
                f"the witness's state `{self.state}` is another witness's; give the one that belongs here"
            )
        return seen

    @property
    def _keys(self) -> tuple[NoteVerifier, ...]:
        return (self.log, *self.replaced)

    def _signer(self) -> NoteSigner:
        try:
            return read_signer(small_text(self.key, "the witness's key"), COSIGNATURE)
        except BadNote as error:
            raise FileTrouble(f"the witness's key `{self.key}` can't be used: {error}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two at once could cosign two histories that go on from the same one."""
        with self.key.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def make_witness_key(path: Path, name: str) -> NoteVerifier:
    """A new key in a new file; gives its other half. Raises `FileTrouble`."""
    if path.exists():
        raise FileTrouble(f"`{path}` is there already; a witness keeps its key")
    signer = new_signer(name, COSIGNATURE)
    make_owner_only(path, f"{signer.as_text()}\n".encode(), "witness's key")
    return signer.verifier


def _request(path: Path) -> WitnessRequest:
    try:
        return read_request(small_text(path, "the request"))
    except BadRequest as error:
        raise FileTrouble(f"`{path}`: {error}; make one with `credence journal checkpoint --for-witness`") from error


def _refuse_own_lines(note: str, own: NoteVerifier) -> None:
    """The log's owner has no reason to send one, and could make up another."""
    if any(True for _ in own.own(split_note(note)[1])):
        raise CosigningRefused(f"it holds a line by {own.name} already; send the checkpoint as the log signed it")


def _compare(seen: Checkpoint, asked: Checkpoint, request: WitnessRequest) -> None:
    another = f"another history of {seen.size} records than the one seen"
    if asked.size < seen.size:
        raise CosigningRefused(f"a history of {asked.size} records, and {seen.size} were seen")
    if asked.size == seen.size and asked.root != seen.root:
        raise CosigningRefused(another)
    if request.old_size != seen.size:
        raise OtherSize(
            f"it goes on from {request.old_size} records, and {seen.size} were seen; make it again with "
            f"--for-witness {seen.size}"
        )
    if not is_consistent(seen.size, seen.root, asked.size, asked.root, request.hashes):
        raise CosigningRefused(another)
