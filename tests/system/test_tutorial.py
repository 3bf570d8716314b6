"""The tutorial's files and commands, as they stand there, one after the other; and what each command prints.

With UPDATE_DOCS=1 what the commands print is written into the page instead.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.support.command_line import credence
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VARYING = re.compile(r"\b[0-9a-f]{64}\b|(?<=policies )[0-9a-f]{12}\b|(?<= in )[0-9.]+(?= s$)", re.MULTILINE)
"""Versions of policy sets, which change with the standard facts, and times: not what this page is about."""


def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    text = PAGE.read_text("utf-8")
    printed: list[str] = []

    def follow(block: re.Match[str]) -> str:
        language, name, content = block.groups()
        if name is not None:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(content, encoding="utf-8")
        if language != "console":
            return block[0]
        command = content.partition("\n")[0]
        program, *arguments = shlex.split(command.removeprefix("$ "))
        assert program == "credence"
        result = credence(*arguments)
        printed.append(command)
        output = VARYING.sub("…", result.output.rstrip())
        return f"```console\n{command}\n{output}\n```"

    followed = BLOCK.sub(follow, text)
    assert len(printed) >= 10
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(followed, encoding="utf-8")
    assert followed == text
