"""Logs that nobody can take don't stop what is logged about."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

PROGRAM = """
import logging, os, sys, structlog
from api.logs import configure_logs
configure_logs("info")
BREAK
structlog.get_logger("journal").info("journal made", journal="x")
try:
    raise OSError("gone")
except OSError:
    structlog.get_logger("journal").exception("journal write failed")
logging.getLogger("library").warning("said")
print("went on")
"""


@pytest.mark.parametrize(
    "broken",
    ["sys.stderr.close()", "os.close(2)", "r, w = os.pipe(); os.dup2(w, 2); os.close(r); os.close(w)"],
    ids=["stream closed", "descriptor closed", "pipe that nobody reads"],
)
def test_whoever_logs_goes_on(broken: str) -> None:
    program = PROGRAM.replace("BREAK", broken)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "went on\n"
