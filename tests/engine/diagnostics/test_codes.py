"""The codes of diagnostics: each is reported by the product, explained in the documentation and reported in a test."""

from __future__ import annotations

import pickle
import re

import pytest

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from tests.support.paths import ROOT

ROOMS = ("engine", "files", "receivables", "ledger", "api")

PAGES = {"M": "command-line.md", "H": "backtest.md"}
"""Where the codes with these first letters are explained; all others are in diagnostics.md."""


def test_every_code_is_reported_somewhere() -> None:
    sources = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    used = {code for path in sources for code in re.findall(r"\bErrorCode\.(\w\d{3})", path.read_text("utf-8"))}
    assert sorted(used) == sorted(ErrorCode)


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_is_explained(code: ErrorCode) -> None:
    page = (ROOT / "docs" / PAGES.get(code[0], "diagnostics.md")).read_text("utf-8")
    heading, row, in_text = f"^### {code} ", rf"^\|.*\b{code}\b", f"`{code}`"
    assert re.search(f"{heading}|{row}|{in_text}", page, re.MULTILINE)


def test_headings_give_a_code_s_meaning() -> None:
    page = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
    headings = dict(re.findall(r"^### (\w\d{3}) (.*)$", page, re.MULTILINE))
    assert set("PFNTLEBVW") <= {code[0] for code in headings}
    del headings["Y098"]  # a section of its own beside the table of Y codes
    assert headings == {code: code.meaning for code in ErrorCode if code[0] in "PFNTLEBVW"}


def test_every_code_is_reported_in_a_test() -> None:
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.*") if path.suffix in (".py", ".txt"))
    assert [code for code in ErrorCode if code not in tests] == []


def test_a_code_is_its_text_wherever_it_is_written() -> None:
    mistake = Diagnostic(Place("p.yaml", 2, 3), ErrorCode.N001, "unknown name `x`")
    assert str(mistake) == "p.yaml:2:3: N001 unknown name `x`"
    assert type(mistake.as_json()["code"]) is str
    assert pickle.loads(pickle.dumps(mistake)) == mistake
    assert pickle.loads(pickle.dumps(mistake)).code is ErrorCode.N001
