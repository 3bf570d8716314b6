"""What was signed last, in a file beside the signing key: a journal that is behind it is never added to.

Whoever puts an old backup back has a journal that looks whole, and another one would grow from it: two histories under
one name, which nobody can tell from forgery. So the newest checkpoint is also kept beside the key, which no backup of
the journal puts back with it; before anything is added the journal must begin with the very records that it covers.

What was lost then is lost. `credence journal new-epoch` says so in a record, and goes on under another name.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from ledger.journal.log_head import LogHead
from ledger.journal.signed_log import tree_at
from ledger.record.checkpoints import Checkpoint, next_epoch, read_checkpoint
from ledger.record.signed_notes import BadNote
from ledger.store.log_keys import LogKeys
from ledger.store.secret_files import replace_owner_only, tighten
from ledger.store.text_files import small_text
from ledger.store.trouble import FileTrouble

WHAT = "last checkpoint"
_REMEDY = "put the newer journal back, or go on without what is lacking by `credence journal new-epoch`"


class JournalBehind(FileTrouble):
    """The journal isn't, or doesn't begin with, what was signed last."""


def last_signed(path: Path, keys: LogKeys) -> Checkpoint | None:
    """By one of the log's keys; None where nothing was signed yet. Its origin is that of the next epoch where one was
    begun and not finished.
    Raises `FileTrouble` where the file is another journal's."""
    if not path.exists():
        return None
    tighten(path, path.stat().st_mode, WHAT)
    note, name = small_text(path, f"the {WHAT}"), keys.signer.name
    own = [each for each in keys.all if each.name == name]
    following = [replace(each, name=next_epoch(name)) for each in own]
    try:
        return read_checkpoint(note, *own, *following)
    except BadNote as error:
        raise FileTrouble(
            f"the {WHAT} `{path.name}` beside the signing key is not this journal's: {error}; put the right files there"
        ) from error


def why_behind(connection: Connection, ended: LogHead, last: Checkpoint | None, origin: str) -> str:
    """In words, with what to do; empty where the journal begins with what was signed last. `origin`: the log's name."""
    size = ended.tree.size
    if last is None:
        return ""
    if last.origin != origin:
        return "a new epoch was begun and not finished; run `credence journal new-epoch` again"
    if last.size > size:
        signed = f"a checkpoint of {last.size} was signed: an old backup was put back"
        return f"the journal ends at {size} records, and {signed}; {_REMEDY}"
    if tree_at(connection, last.size).root != last.root:
        return f"the first {last.size} records are not those over which the last checkpoint was signed; {_REMEDY}"
    return ""


def keep_last_signed(path: Path, note: str) -> None:
    """Before the checkpoint is seen by anybody. After a power cut it may be the one before, which guards nearly as
    much, and spares the journal's thread half of the wait. Raises `FileTrouble`."""
    replace_owner_only(path, note.encode(), WHAT, is_at_once=False)
