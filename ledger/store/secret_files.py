"""The journal's secrets in files of their own: the key that signs checkpoints, and the one that wraps subject keys.

They are made when a new journal is, for their owner only. A journal that has records goes on with the keys that it has
had, or not at all: a new signing key would sign another history, a new wrapping key would open nothing.
"""

from __future__ import annotations

import os
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from ledger.record.sealing import KEY_BYTES, DoesNotOpen, unwrapped, wrapped
from ledger.record.signed_notes import BadNote, NoteSigner, new_signer
from ledger.store.log_keys import LogKeys, read_log_keys
from ledger.store.place import JournalPlace
from ledger.store.trouble import FileTrouble

OWNER_ONLY = 0o600
_TEXT_MAX = 64 << 10
BESIDE_A_SERVER = Path("var/credence.db")
"""Beside which the keys are where the journal is no file."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """Where a journal's keys are."""

    signing_key: Path
    """Signs checkpoints: `PRIVATE+KEY+…`, and the keys that did before (`log_keys`)."""

    wrapping_key: Path
    """Opens the subject keys: 32 bytes in base64, one line."""

    subject_keys: Path
    """SQLite file of one key for each customer, wrapped."""

    last_checkpoint: Path
    """What the signing key signed last: `credence.checkpoint.last`. No secret."""


def beside(
    journal: JournalPlace,
    *,
    signing_key: Path | None = None,
    wrapping_key: Path | None = None,
    subject_keys: Path | None = None,
    last_checkpoint: Path | None = None,
) -> KeyPlaces:
    """The places that are given, the others beside the journal: `credence.db` has `credence.signing-key`,
    `credence.wrapping-key` and `credence.keys.db`; beside the signing key `credence.checkpoint.last`. Those of a
    journal on a server are in `var` of the folder in which the service runs."""
    stem = (journal if isinstance(journal, Path) else BESIDE_A_SERVER).absolute().with_suffix("")
    signing = signing_key or Path(f"{stem}.signing-key")
    return KeyPlaces(
        signing,
        wrapping_key or Path(f"{stem}.wrapping-key"),
        subject_keys or Path(f"{stem}.keys.db"),
        last_checkpoint or signing.with_name(f"{signing.stem}.checkpoint.last"),
    )


def following_file(path: Path) -> Path:
    """Where the key that is to take a key's place stands until it has."""
    return path.with_name(f"{path.name}.next")


def log_keys(path: Path, *, may_make: bool) -> LogKeys:
    """`may_make`: whether the journal has no records yet. Raises `FileTrouble`."""
    text = _text(path, "signing key", lambda: _new_origin_signer().as_text(), may_make=may_make)
    try:
        return read_log_keys(text)
    except BadNote as error:
        raise FileTrouble(f"the signing key `{path.name}` can't be used: {error}; put the right file there") from error


def signing_key(path: Path, *, may_make: bool) -> NoteSigner:
    """The key that signs now. Raises `FileTrouble`."""
    return log_keys(path, may_make=may_make).signer


class WrappingKey:
    """The key that wraps those of subjects. Where it is replaced, its file and the one that is to follow it are read
    again: as long as that is under way, some keys are wrapped by the one and some by the other."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self.key = path, key

    def wrapped(self, number: int, blind: bytes, key: bytes) -> bytes:
        """A subject's key as it is stored."""
        return wrapped(self.key, number, blind, key)

    def unwrapped(self, number: int, blind: bytes, stored: bytes) -> bytes:
        """Raises `DoesNotOpen`."""
        try:
            return unwrapped(self.key, number, blind, stored)
        except DoesNotOpen:
            for key, is_to_follow in self._on_disk():
                with suppress(DoesNotOpen):
                    opened = unwrapped(key, number, blind, stored)
                    self.key = self.key if is_to_follow else key
                    return opened
            raise

    def opens(self, number: int, blind: bytes, stored: bytes) -> None:
        """Wraps from now on by the key that wrapped this one. Raises `DoesNotOpen`."""
        for key in (self.key, *(each for each, _ in self._on_disk())):
            with suppress(DoesNotOpen):
                unwrapped(key, number, blind, stored)
                self.key = key
                return
        raise DoesNotOpen(f"the subject key {number} does not open")

    def _on_disk(self) -> Iterator[tuple[bytes, bool]]:
        """The keys in the files, and of each whether it has yet to take its place."""
        for path, is_to_follow in ((self._path, False), (following_file(self._path), True)):
            with suppress(OSError, UnicodeError):
                key = _wrapping_key_of(_read(path, "wrapping key"))
                if len(key) == KEY_BYTES:
                    yield key, is_to_follow


def wrapping_key(path: Path, *, may_make: bool) -> WrappingKey:
    """Raises `FileTrouble`."""
    text = _text(path, "wrapping key", new_wrapping_text, may_make=may_make)
    key = _wrapping_key_of(text)
    if len(key) != KEY_BYTES:
        raise FileTrouble(
            f"the wrapping key `{path.name}` is not {KEY_BYTES} bytes in base64; put the right file there"
        )
    return WrappingKey(path, key)


def new_wrapping_text() -> str:
    """A new key as its file has it."""
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _wrapping_key_of(text: str) -> bytes:
    try:
        return b64decode(text.strip(), validate=True)
    except ValueError:
        return b""


def _new_origin_signer() -> NoteSigner:
    """A log's origin must be its own for ever; a random one is."""
    return new_signer(f"credence.invalid/{secrets.token_hex(8)}")


def _text(path: Path, what: str, new: Callable[[], str], *, may_make: bool) -> str:
    try:
        return _read(path, what)
    except FileNotFoundError:
        if not may_make:
            raise FileTrouble(
                f"the {what} `{path.name}` of this journal is missing; put it back from its backup"
            ) from None
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise FileTrouble(f"the {what} `{path.name}` can't be read: {reason}") from error
    make_owner_only(path, f"{new()}\n".encode(), what)
    return _read(path, what)


def _read(path: Path, what: str) -> str:
    with path.open("rb") as file:
        tighten(path, os.fstat(file.fileno()).st_mode, what)
        return file.read(_TEXT_MAX).decode()


def make_owner_only(path: Path, content: bytes, what: str) -> None:
    """A new file with this content, on disk before anything relies on it. Another process may have been first: then
    its file stays. Raises `FileTrouble`."""
    whole = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(whole, content)
        with suppress(FileExistsError):
            os.link(whole, path)  # never over one that is there
        _sync_folder(path.parent)
    except OSError as error:
        raise FileTrouble(f"the {what} `{path.name}` can't be made: {error.strerror}") from error
    finally:
        with suppress(OSError):
            whole.unlink()


def replace_owner_only(path: Path, content: bytes, what: str, *, is_at_once: bool = True) -> None:
    """The same over a file that is there: whoever looks finds the old content or the new one, whatever breaks.
    `is_at_once`: after a power cut the new one, for which the folder is written too. Raises `FileTrouble`."""
    whole = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write(whole, content)
        whole.replace(path)
        if is_at_once:
            _sync_folder(path.parent)
    except OSError as error:
        raise FileTrouble(f"the {what} `{path.name}` can't be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            whole.unlink()


def move_owner_only(path: Path, place: Path, what: str) -> None:
    """A file that is whole takes the place of another, on disk when this returns. Raises `FileTrouble`."""
    try:
        path.replace(place)
        _sync_folder(place.parent)
    except OSError as error:
        raise FileTrouble(f"the {what} `{place.name}` can't be written: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
    try:
        os.fchmod(descriptor, OWNER_ONLY)
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def tighten(path: Path, mode: int, what: str) -> None:
    """Takes others' rights away, and says so."""
    if not stat.S_IMODE(mode) & ~OWNER_ONLY:
        return
    try:
        path.chmod(OWNER_ONLY)
        log.warning("key was open to others", file=str(path), what=what, mode=f"{stat.S_IMODE(mode):04o}")
    except OSError as error:
        log.warning("key is open to others", file=str(path), what=what, reason=error.strerror)
