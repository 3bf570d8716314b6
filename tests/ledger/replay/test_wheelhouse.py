"""Wheels that don't do what they should: whatever happens in the process, no word about a decision comes of it."""

from __future__ import annotations

import io
import time
from hashlib import sha256
from pathlib import Path
from zipfile import Path as ZipPath
from zipfile import ZipFile

import pytest

from engine.version import engine_version
from ledger.replay import wheelhouse
from ledger.replay.request_again import CannotDecide, RecordedRequest, StoredPolicies
from ledger.replay.wheelhouse import Wheelhouse
from ledger.store.trouble import FileTrouble
from tests.support.patience import PATIENCE

NAME = "credence_decisions-9.9.9-py3-none-any.whl"
POLICIES = StoredPolicies("v1", {"orders.yaml": "…"}, "facts: {}")
SAYS = 'import json, sys, time\ndef put(**said): print(json.dumps(said), flush=True)\nME = "ENGINE"\n'
ECHO = """
def serve():
    put(protocol=1, engine=ME)
    for line in sys.stdin:
        said = json.loads(line)
        if isinstance(said["policies"], dict):
            policies = said["policies"]
        else:
            put(answer=json.dumps([policies["version"], said["policies"], said["case"], said["id"]]))
"""
FAILING = {
    "says that it is another engine": "def serve():\n    put(protocol=1, engine='other')\n    time.sleep(600)\n",
    "speaks another protocol": "def serve():\n    put(protocol=2, engine=ME)\n    time.sleep(600)\n",
    "ends at once": "def serve():\n    pass\n",
    "fails": "def serve():\n    raise ValueError\n",
    "ends when it is asked": "def serve():\n    put(protocol=1, engine=ME)\n    sys.stdin.readline()\n",
    "says no JSON": "def serve():\n    put(protocol=1, engine=ME)\n    print('no', flush=True)\n    time.sleep(600)\n",
    "says a list": "def serve():\n    put(protocol=1, engine=ME)\n    print('[]', flush=True)\n    time.sleep(600)\n",
    "answers nothing": "def serve():\n    put(protocol=1, engine=ME)\n    put(other=1)\n    time.sleep(600)\n",
    "answers a number": "def serve():\n    put(protocol=1, engine=ME)\n    put(answer=1)\n    time.sleep(600)\n",
    "can't": "def serve():\n    put(protocol=1, engine=ME)\n    put(cannot='knows it not')\n    time.sleep(600)\n",
    "never answers": "def serve():\n    put(protocol=1, engine=ME)\n    time.sleep(600)\n",
    "takes a room from elsewhere": "import files.spreadsheet\n" + ECHO,
    "can't be imported": "import nowhere\n",
}


SILENT = ("never answers", "answers nothing", "answers a number", "can't")
"""Those that say nothing to the first question, or to the second."""


def _wheel(code: str) -> tuple[bytes, str]:
    """Its bytes and its engine's name. The engine's own files are always the same."""
    content = io.BytesIO()
    with ZipFile(content, "w") as archive:
        archive.writestr("engine/__init__.py", "")
        engine = engine_version("9.9.9", ZipPath(archive, "engine/"))
        for name in ("ledger/__init__.py", "ledger/replay/__init__.py"):
            archive.writestr(name, "")
        archive.writestr("ledger/replay/engine_process.py", (SAYS + code).replace("ENGINE", engine))
    return content.getvalue(), engine


def _house(folder: Path, wheel: bytes, name: str = NAME) -> Wheelhouse:
    (folder / name).write_bytes(wheel)
    (folder / "SHA256SUMS").write_text(f"{sha256(wheel).hexdigest()}  {name}\n", "utf-8")
    return Wheelhouse(folder)


def _asked(engine: str, id: str = "1") -> RecordedRequest:
    return RecordedRequest(case="order", request="{}", as_of="2026-07-01", id=id, engine=engine)


def test_a_wheel_is_asked_one_request_after_the_other(tmp_path: Path) -> None:
    content, engine = _wheel(ECHO)
    house = _house(tmp_path, content)
    try:
        assert house.engines == (engine,)
        other = StoredPolicies("v2", {}, None)
        answers = [
            house.answer(policies, _asked(engine, called))
            for policies, called in ((POLICIES, "1"), (POLICIES, "2"), (other, "3"), (POLICIES, "4"))
        ]
        assert answers == [
            f'["{version}", "{version}", "order", "{called}"]'.encode()
            for version, called in (("v1", "1"), ("v1", "2"), ("v2", "3"), ("v1", "4"))
        ]
        assert house.answer(POLICIES, _asked("9.9.9+0000")) is None
    finally:
        house.close()


@pytest.mark.parametrize("what", FAILING)
def test_a_wheel_that_fails_says_nothing_of_a_decision(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one that is silent is waited for until its time is up."""
    monkeypatch.setattr(wheelhouse, "SECONDS_MAX", 1 if what in SILENT else 3 * PATIENCE)
    started = time.monotonic()
    content, engine = _wheel(FAILING[what])
    house = _house(tmp_path, content)
    try:
        for _ in range(2):
            with pytest.raises(CannotDecide):
                house.answer(POLICIES, _asked(engine))
    finally:
        house.close()
    assert time.monotonic() - started < PATIENCE


def test_a_wheel_larger_than_any_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheelhouse, "BYTES_MAX", 10)
    content, engine = _wheel(ECHO)
    with pytest.raises(CannotDecide, match="holds more than"):
        _house(tmp_path, content).answer(POLICIES, _asked(engine))


def test_what_is_no_wheel_of_ours_is_refused(tmp_path: Path) -> None:
    content, _ = _wheel(ECHO)
    empty = io.BytesIO()
    ZipFile(empty, "w").close()
    for name, wheel in ((NAME, b"x"), (NAME, empty.getvalue()), ("other-1.0-py3-none-any.whl", content)):
        for path in tmp_path.iterdir():
            path.unlink()
        with pytest.raises(FileTrouble, match="is no wheel"):
            _house(tmp_path, wheel, name)
