"""Engines of other releases, asked by their wheels: each in a process of its own, and only if its hash is pinned.

A wheelhouse is a folder with wheels of credence and a file `SHA256SUMS`, as `sha256sum *.whl` writes it, that came from
whoever released them. A wheel is read once; of these bytes the hash must be the pinned one before anything of them is
unpacked, and the fingerprint of the engine in them says which records it is asked for. The process runs in this
environment with the wheel before everything else, so that its libraries are the ones here: an engine that decided with
others has another fingerprint, and isn't found.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any
from zipfile import BadZipFile, ZipFile
from zipfile import Path as ZipPath

from engine.version import engine_version
from ledger.replay.engine_process import PROTOCOL
from ledger.replay.request_again import CannotDecide, RecordedRequest, StoredPolicies
from ledger.store.trouble import FileTrouble

SUMS = "SHA256SUMS"
"""The file that pins the wheels."""

BYTES_MAX = 100 << 20
"""Of a wheel's files, unpacked."""

SECONDS_MAX = 120
"""For one answer: a policy set may have to be compiled for it."""

_SUM = re.compile(r"([0-9a-f]{64}) [ *](\S.*)")
_NAME = re.compile(r"credence_decisions-([0-9][^-]*)-.*\.whl")
_MODULE = "ledger/replay/engine_process.py"

_START = """
import sys
folder = sys.argv[1]
sys.path.insert(0, folder)
from ledger.replay import engine_process
rooms = ("engine", "files", "ledger")
strangers = [
    name for name, module in sys.modules.items()
    if name.partition(".")[0] in rooms and not (getattr(module, "__file__", None) or "").startswith(folder)
]
if strangers:
    sys.exit(f"not of the wheel: {strangers[0]}")
engine_process.serve()
"""
"""What the process runs: the wheel's own module, and nothing of this release."""


class Wheelhouse:
    """The pinned wheels of a folder. As `OtherEngines` says; `close` ends the processes."""

    def __init__(self, folder: Path) -> None:
        """Raises `FileTrouble` where a wheel is not the pinned one, or no pin names it."""
        self._wheels: dict[str, bytes] = {}
        for name, content in _pinned_wheels(folder).items():
            self._wheels[_engine_of(name, content)] = content
        self._processes: dict[str, _EngineProcess] = {}

    @property
    def engines(self) -> tuple[str, ...]:
        """Those that can be asked, by the name that records have."""
        return tuple(sorted(self._wheels))

    def answer(self, policies: StoredPolicies, asked: RecordedRequest) -> bytes | None:
        """See `OtherEngines`."""
        wheel = self._wheels.get(asked.engine)
        if wheel is None:
            return None
        process = self._processes.get(asked.engine)
        if process is None:
            process = self._processes[asked.engine] = _EngineProcess(asked.engine, wheel)
        return process.answer(policies, asked)

    def close(self) -> None:
        """Ends all processes."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()


def _pinned_wheels(folder: Path) -> Mapping[str, bytes]:
    """The wheels' bytes by their names."""
    try:
        sums = dict(_sums((folder / SUMS).read_text("utf-8")))
        found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.whl"))}
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise FileTrouble(
            f"`{folder}` is no wheelhouse: {why}; it must hold wheels and the file {SUMS} that pins them"
        ) from error
    for name, content in found.items():
        if name not in sums:
            raise FileTrouble(f"`{folder / name}` is not named in {SUMS}; nothing of it is run; add its pinned hash")
        if sha256(content).hexdigest() != sums[name]:
            raise FileTrouble(f"`{folder / name}` is not the wheel that {SUMS} names; nothing of it is run")
    return found


def _sums(text: str) -> list[tuple[str, str]]:
    """Name and hash of each line; what is no such line pins nothing."""
    return [(match[2], match[1]) for match in map(_SUM.fullmatch, text.splitlines()) if match]


def _engine_of(name: str, content: bytes) -> str:
    """The engine in a wheel, worked out without running anything of it. Raises `FileTrouble`."""
    match = _NAME.fullmatch(name)
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            if match is None or _MODULE not in archive.namelist():
                raise FileTrouble(f"`{name}` is no wheel of credence that can be asked")
            return engine_version(match[1], ZipPath(archive, "engine/"))
    except BadZipFile as error:
        raise FileTrouble(f"`{name}` is no wheel") from error


class _EngineProcess:
    """A wheel unpacked in a folder of its own, and the process that runs it."""

    def __init__(self, engine: str, wheel: bytes) -> None:
        self._folder = TemporaryDirectory(prefix="credence-engine-")
        self._sent = ""  # version of the policies that the process has
        try:
            _unpack(wheel, Path(self._folder.name))
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", _START, str(Path(self._folder.name).resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder.name,
                env={},
            )
        except (OSError, CannotDecide):
            self._folder.cleanup()
            raise
        self._trouble = ""
        said = self._hear()
        if said.get("protocol") != PROTOCOL or said.get("engine") != engine:
            self._trouble = self._trouble or "says that it is another engine"

    def answer(self, policies: StoredPolicies, asked: RecordedRequest) -> bytes:
        """Raises `CannotDecide`, also for all that come after a process that failed."""
        if self._trouble:
            raise CannotDecide(self._trouble)
        if self._sent != policies.version:
            facts = policies.standard_facts
            whole = {"version": policies.version, "files": dict(policies.files), "standard_facts": facts}
            self._say({"policies": whole})
            self._sent = policies.version
        request: dict[str, Any] = {"case": asked.case, "request": asked.request, "as_of": asked.as_of, "id": asked.id}
        if asked.dropped:
            request["dropped"] = list(asked.dropped)
        self._say({"policies": policies.version, **request})
        said = self._hear()
        if self._trouble or not isinstance(said.get("answer"), str):
            raise CannotDecide(self._trouble or str(said.get("cannot", "gives no answer")))
        answer: str = said["answer"]
        return answer.encode()

    def close(self) -> None:
        """The process has ended, and its folder is gone."""
        self._process.kill()
        with suppress(OSError):
            self._process.communicate()
        self._folder.cleanup()

    def _say(self, said: dict[str, Any]) -> None:
        stream = self._process.stdin
        try:
            if stream is not None:
                stream.write(json.dumps(said).encode() + b"\n")
                stream.flush()
        except OSError:
            self._trouble = "has ended"

    def _hear(self) -> dict[str, Any]:
        """The next line; empty where there is none in time."""
        stream, timer = self._process.stdout, Timer(SECONDS_MAX, self._process.kill)
        timer.start()
        try:
            said = json.loads(stream.readline() if stream is not None else b"")
        except ValueError:
            said = None
        finally:
            timer.cancel()
        if not isinstance(said, dict):
            self._trouble = self._trouble or "gives no answer"
            return {}
        return said


def _unpack(wheel: bytes, folder: Path) -> None:
    """Raises `CannotDecide` where it is larger than any of ours."""
    with ZipFile(io.BytesIO(wheel)) as archive:
        if sum(each.file_size for each in archive.infolist()) > BYTES_MAX:
            raise CannotDecide(f"holds more than {BYTES_MAX >> 20} MB")
        archive.extractall(folder)
