"""The journal's file: made once, readable by its owner only, and still the one that was opened.

SQLite goes on writing into a file that was deleted, moved or replaced under it, and answers as if nothing had happened:
all of that is lost when the process ends. So the journal asks, before and after each commit, whether the paths still
lead to the files that were opened (device and inode of the file, its write-ahead log `-wal` and its index `-shm`).

The file is never opened here: closing it would take away the locks that SQLite holds on it in this process
(https://www.sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import structlog

from ledger.store.trouble import FileLost, FileTrouble

OWNER_ONLY = 0o600
FOLDER_MODE = 0o700
_COMPANIONS = ("-wal", "-shm")

log = structlog.get_logger(__name__)

_Identity = tuple[int, int]


class JournalFile:
    """Used by the journal's thread; `check` and `log_bytes` by any."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._text = str(self.path)
        self._prepared: _Identity | None = None  # of the file that SQLite is to open
        self._identity: _Identity | None = None  # of the file that this process opened first: never another one
        self._bytes = 0  # it only grows
        self._cut_off = False
        self._companions: tuple[tuple[str, _Identity], ...] = ()  # -wal and -shm while they are open
        self._real: str | None = None  # SQLite follows links before it names them
        self._loose: set[str] = set()  # files whose mode could not be changed: said once

    @property
    def uri(self) -> str:
        """For SQLite: nothing in the path is taken for an option."""
        return self.path.as_uri()

    @property
    def is_open(self) -> bool:
        """To be written, by the journal's thread."""
        return bool(self._companions)

    @property
    def bytes(self) -> int:
        """Size of the file when it was last looked at; it only grows."""
        return self._bytes

    @property
    def log_bytes(self) -> int:
        """Size of the write-ahead log now; 0 where there is none."""
        status = _stat(self._companion("-wal"))
        return status.st_size if status else 0

    @property
    def may_be_completed(self) -> bool:
        """Whether SQLite may carry the records of its log over into the file that it has open, wherever that is now:
        not into one that was cut off, nor into one in its place with another log beside it, which somebody else may be
        carrying over."""
        status = _stat(self._text)
        moved = status is None or _identity(status) != self._identity
        companions = ((_stat(name), identity) for name, identity in self._companions)
        return not self._cut_off and (
            moved or all(status is None or _identity(status) == identity for status, identity in companions)
        )

    def prepare(self) -> None:
        """Before it is opened to be written: makes a new journal where there has never been one, and takes others'
        rights away. Raises `FileTrouble`, `OSError`."""
        status = _stat(self.path)
        if status is None and self._identity is None:
            self._refuse_lone_log("the file is missing")
            self._make()
        elif status is not None:
            if not stat.S_ISREG(status.st_mode):
                raise FileTrouble("it is a folder" if stat.S_ISDIR(status.st_mode) else "it is no regular file")
            if status.st_size == 0:
                self._refuse_lone_log("the file is empty")
        self.check()
        for name in ("", *_COMPANIONS):
            self._tighten(self._companion(name))
        prepared = _stat(self.path)
        self._prepared = prepared and _identity(prepared)

    def opened(self) -> None:
        """After SQLite has opened it and read from it; `prepare` has been called before. Raises `FileLost`."""
        status = _stat(self.path)
        if status is None or _identity(status) != self._prepared:
            raise FileLost("the file was moved or replaced while it was opened")
        self._identity = self._prepared
        self._real = os.path.realpath(self.path)
        names = (self._companion(name) for name in _COMPANIONS)
        self._companions = tuple((name, _identity(status)) for name in names if (status := _stat(name)))
        self.check()

    def closed(self) -> None:
        """SQLite takes -wal and -shm away when it closes the file."""
        self._companions = ()

    def check(self) -> None:
        """Raises `FileLost` where a path no longer leads to what was opened. Three calls of the system, 4 µs."""
        if self._identity is None:
            return
        bytes_before = self._bytes  # read before the size is asked for: another thread may raise it meanwhile
        status = _stat(self._text)
        if status is None or _identity(status) != self._identity:
            raise FileLost(
                _lost(self.path.name, status, "a restart begins a new journal only where its keys are gone too")
            )
        self._cut_off = self._cut_off or status.st_size < bytes_before
        if self._cut_off:
            raise FileLost("the file was cut off; stop the service and restore the journal from its backup")
        if status.st_size > self._bytes:
            self._bytes = status.st_size
        for name, identity in self._companions:
            status = _stat(name)
            if status is None or _identity(status) != identity:
                raise FileLost(_lost(Path(name).name, status, "its records are in the journal after a restart"))

    def _companion(self, ending: str) -> str:
        return (self._real or os.path.realpath(self.path)) + ending

    def _refuse_lone_log(self, fault: str) -> None:
        """SQLite would throw the log away, and with it decisions that have been answered."""
        log_path = self._companion("-wal")
        status = _stat(log_path)
        if status is not None and status.st_size > 0:
            name = Path(log_path).name
            raise FileTrouble(f"{fault}, but its log `{name}` is there; put the file back, or move `{name}` away")

    def _make(self) -> None:
        """For its owner only, whatever the process's umask is."""
        path = Path(os.path.realpath(self.path))  # a link may lead to where it is to be
        missing = [folder for folder in path.parents if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(FOLDER_MODE)
            folder.chmod(FOLDER_MODE)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
        try:
            os.fchmod(descriptor, OWNER_ONLY)
        finally:
            os.close(descriptor)  # nothing in this process has the new file open yet
        log.info("journal made", journal=str(path))

    def _tighten(self, name: str) -> None:
        status = _stat(name)
        if status is None or not stat.S_IMODE(status.st_mode) & ~OWNER_ONLY:
            return
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        try:
            Path(name).chmod(OWNER_ONLY)
            log.warning("journal was open to others", file=name, mode=mode, now=f"{OWNER_ONLY:04o}")
        except OSError as error:
            if name not in self._loose:
                self._loose.add(name)
                log.warning("journal is open to others", file=name, mode=mode, reason=error.strerror)


def _stat(path: str | Path) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116  # asked for at each commit: half the time of `Path.stat`
    except OSError:  # it isn't there, or nobody can get there: why is told where it is opened
        return None


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _lost(name: str, status: os.stat_result | None, restart: str) -> str:
    how = "is missing" if status is None else "is not the one that was opened"
    return f"the file was moved or replaced: `{name}` {how}; put it back, or restart the service ({restart})"
