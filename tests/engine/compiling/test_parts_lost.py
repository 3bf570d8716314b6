"""A part of a policy that is lost on the way stops the program: a lost rule is an approval without its check."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.compiling import stretches
from engine.compiling.compile import PartsLost
from engine.compiling.stretches import _StretchCompiler
from tests.support.paths import ROOT
from tests.support.small_policies import engine_of

POLICY = """
values: {double: account.points * 2}
rules:
  kept: {when: double > 5, then: review, reason: {en: a, zh: 甲}}
"""


def test_a_lost_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "compile_rule", lambda *_: None)
    with pytest.raises(PartsLost, match=r"no diagnostic says why: p\.kept$"):
        engine_of(POLICY)


def test_a_lost_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_StretchCompiler, "_value", lambda *_: None)
    monkeypatch.setattr(stretches, "compile_rule", lambda *_: None)
    with pytest.raises(PartsLost, match=r": p\.double, p\.kept$"):
        engine_of(POLICY)


def test_python_without_assertions_raises_too() -> None:
    script = f"""
from engine.compiling import stretches
from tests.support.small_policies import engine_of
stretches.compile_rule = lambda *_: None
engine_of({POLICY!r})
"""
    command = [sys.executable, "-O", "-c", script]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "PartsLost: not compiled, and no diagnostic says why: p.kept" in result.stderr
