"""What becomes of a command whose output can't be written: a full disk, a reader that has seen enough."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import desk
from tests.support.patience import PATIENCE
from tests.support.steps import long_after

FULL = Path("/dev/full")
WRITE = [(("test", "{rules}"),), (("test", "{rules}", "--json"),), (("--help",),)]
"""Commands that write much, each the one value of a test."""


def _run(stdout: int, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "api.cli", *arguments]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", long_after(1, WRITE))
def test_a_full_disk_is_one_line_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    rules = str(desk(tmp_path / "rules"))
    with FULL.open("wb") as full:
        result = _run(full.fileno(), *(argument.format(rules=rules) for argument in arguments))

    assert result.stderr.decode() == "credence: the output can't be written: No space left on device\n"
    assert result.returncode == 2


@pytest.mark.parametrize("arguments", long_after(1, WRITE))
def test_a_reader_that_goes_away_is_nothing_to_speak_of(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    rules = str(desk(tmp_path / "rules"))
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = _run(writer, *(argument.format(rules=rules) for argument in arguments))
    finally:
        os.close(writer)

    assert result.stderr == b""
    assert result.returncode == 1
