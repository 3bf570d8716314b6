"""A journal in a file, with its keys, copied while the service goes on; and put in place again.

The journal is copied before the keys of subjects: a key is on disk before the body that it seals, so no body of the
copy lacks its key. Both are copied by SQLite itself, page by page, as of one moment each.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ledger.store.secret_files import OWNER_ONLY, KeyPlaces, following_file
from ledger.store.trouble import FileTrouble

JOURNAL, KEYS = "journal", "keys"
"""Folders of a backup, to be kept in two places."""

_BUSY_SECONDS_MAX = 60


def journal_in(folder: Path) -> Path:
    """The journal's file in a backup. Raises `FileTrouble` where the folder is none."""
    found = sorted((folder / JOURNAL).glob("*.db"))
    if len(found) != 1:
        raise FileTrouble(f"`{folder}` is no backup: it has no folder `{JOURNAL}` with one file in it")
    return found[0]


def keys_in(folder: Path, places: KeyPlaces) -> KeyPlaces:
    """Where the keys of these places are in a backup."""
    keys = folder / KEYS
    return replace(
        places,
        signing_key=keys / places.signing_key.name,
        wrapping_key=keys / places.wrapping_key.name,
        subject_keys=keys / places.subject_keys.name,
        last_checkpoint=keys / places.last_checkpoint.name,
    )


def back_up(journal: Path, places: KeyPlaces, folder: Path) -> None:
    """Into a new folder. Raises `FileTrouble` and `OSError`; then nothing is at its path."""
    if folder.exists():
        raise FileTrouble(f"`{folder}` is there already; each backup has a new folder")
    for each in (journal, places.signing_key, places.wrapping_key, places.subject_keys):
        if not each.is_file():
            raise FileTrouble(f"there is nothing at `{each}` to back up")
    for each in (following_file(places.signing_key), following_file(places.wrapping_key)):
        if each.exists():
            raise FileTrouble(f"`{each}` is there: a key is being replaced; run that command again, then back up")
    whole = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(whole, ignore_errors=True)
    try:
        for name in (JOURNAL, KEYS):
            (whole / name).mkdir(mode=0o700, parents=True)
        _copy_database(journal, whole / JOURNAL / journal.name)
        copied = keys_in(whole, places)
        _copy_database(places.subject_keys, copied.subject_keys)
        _copy_keys(places, copied)
        whole.rename(folder)
    except sqlite3.Error as error:
        raise FileTrouble(f"the backup failed: {error}") from error
    finally:
        shutil.rmtree(whole, ignore_errors=True)


def put_in_place(source: Path, kept: KeyPlaces, journal: Path, places: KeyPlaces) -> None:
    """The journal of a backup, and of its keys those that are missing. Raises `FileTrouble` and `OSError`."""
    for each in (journal, *(Path(f"{journal}-{end}") for end in ("wal", "shm"))):
        if each.exists():
            raise FileTrouble(f"`{each}` is there: stop the service and move it away, all of its files together")
    journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _copy_keys(kept, places)
    try:
        if not places.subject_keys.exists():
            _copy_database(kept.subject_keys, places.subject_keys)
        _copy_database(source, journal)
    except sqlite3.Error as error:
        raise FileTrouble(f"the backup can't be put in place: {error}") from error


def _copy_keys(source: KeyPlaces, target: KeyPlaces) -> None:
    """Those that are missing: what is there is never older."""
    for name in ("last_checkpoint", "wrapping_key", "signing_key"):
        there, copied = getattr(source, name), getattr(target, name)
        if there.exists() and not copied.exists():
            copied.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(there, copied)
            copied.chmod(OWNER_ONLY)


def _copy_database(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.touch(OWNER_ONLY, exist_ok=False)
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS_MAX)) as read,
        closing(sqlite3.connect(target)) as written,
    ):
        read.backup(written)
        written.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it; a writer begins one again
