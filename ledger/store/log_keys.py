"""The keys of a log, in the file of its signing key: who signs, who did before, and by which keys both are verified.

    PRIVATE+KEY+example.com/journal+8d66cf3f+AQ…                             signs
    PRIVATE+KEY+example.com/journal+5e6f50d3+AT… until 2026-12-28T00:00:00.000000Z    signs too, until then
    example.com/journal+0badc0de+Aa…                                         signed before

The file has one line until the key is replaced for the first time. What is in it decides whose signatures this machine
takes for the journal's own; whoever verifies elsewhere brings keys of their own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.record.checkpoints import epochs_until
from ledger.record.signed_notes import NoteSigner, NoteVerifier, read_signer, read_verifier
from ledger.store.trouble import FileTrouble

_UNTIL = re.compile(r"(?P<key>\S+) until (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeys:
    """What the file says."""

    signer: NoteSigner
    """Signs. Its name is the log's."""

    replaced: NoteSigner | None = None
    """The key that it replaced, which signs too for some time, so that whoever trusts it alone learns of the new
    one."""

    until: str = ""
    """How long, as records have times."""

    earlier: tuple[NoteVerifier, ...] = ()
    """Keys that sign no more, the last one first."""

    @property
    def all(self) -> tuple[NoteVerifier, ...]:
        """The public half of each, the newest first."""
        private = [self.signer] if self.replaced is None else [self.signer, self.replaced]
        return (*(each.verifier for each in private), *self.earlier)

    @property
    def verifiers(self) -> tuple[NoteVerifier, ...]:
        """Who may have signed a checkpoint of this log, or of its earlier epochs."""
        return tuple(each for key in self.all for each in epochs_until(key))

    def signers(self, now: str) -> tuple[NoteSigner, ...]:
        """Who signs at this time."""
        return (self.signer,) if self.replaced is None or now >= self.until else (self.signer, self.replaced)

    def followed_by(self, signer: NoteSigner, until: str) -> LogKeys:
        """Another key signs from now on, and the one of today beside it until then."""
        return LogKeys(signer=signer, replaced=self.signer, until=until, earlier=self.all[1:])

    def without_replaced(self) -> LogKeys:
        """The private half of the key that was replaced is in it no more."""
        return LogKeys(signer=self.signer, earlier=self.all[1:])

    def renamed(self, name: str) -> LogKeys:
        """They sign under another name from now on: that of the next epoch."""
        other = None if self.replaced is None else replace(self.replaced, name=name)
        return replace(self, signer=replace(self.signer, name=name), replaced=other)

    def as_text(self) -> str:
        """As the file has it."""
        lines = [self.signer.as_text()]
        if self.replaced is not None:
            lines.append(f"{self.replaced.as_text()} until {self.until}")
        return "".join(f"{line}\n" for line in (*lines, *(each.as_text() for each in self.earlier)))


def read_log_keys(text: str) -> LogKeys:
    """Raises `BadNote`."""
    first, *lines = text.strip().splitlines() or [""]
    replaced, until = None, ""
    if lines and (match := _UNTIL.fullmatch(lines[0].strip())):
        replaced, until = read_signer(match["key"]), match["at"]
        del lines[0]
    earlier = tuple(read_verifier(line) for line in lines)
    return LogKeys(signer=read_signer(first), replaced=replaced, until=until, earlier=earlier)


class KeysOnDisk:
    """The keys of a journal that is open; looked at each time that something is signed, since a command may have
    replaced them meanwhile."""

    def __init__(self, path: Path, read: Callable[[], LogKeys]) -> None:
        """`read`: the file; raises `FileTrouble`."""
        self._path, self._read = path, read
        self._seen = _looked_at(path)
        self._keys = read()

    def __call__(self) -> LogKeys:
        """Those of now. A file that is gone changes nothing until the journal is opened again. Raises `FileTrouble`
        where they are another log's."""
        seen = _looked_at(self._path)
        if seen is not None and seen != self._seen:
            keys = self._read()
            if keys.signer.name != self._keys.signer.name:
                raise FileTrouble(
                    f"the signing key `{self._path.name}` is of {keys.signer.name} now, and the journal was opened as "
                    f"{self._keys.signer.name}; start the service again"
                )
            self._keys, self._seen = keys, seen
        return self._keys


def _looked_at(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116  # as the journal's own files are looked at
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
