"""Mistakes as data: what an author writes wrongly, beside every line that credence must say about it, to the letter.

A file `mistakes/*.txt` beside a test holds paragraphs with a blank line between them:

    # A paragraph of comments alone explains. In the first one, lines with `#|` are the file that the mistakes stand in,
    # each in the place of MISTAKE:
    #| policy: p
    #| rules: MISTAKE

    {A: 5}
    >>> 2:9: P004 `A` is not a rule's name: small letters, digits, `-` and `_`, a letter first (write `a`)

Lines with `>>>` are the diagnostics, sorted, without the name of the file that the mistake is in. If the frame has no
MISTAKE in it, mistakes are edits of the frame: each `- line` of a paragraph is a line of the frame, to be replaced by
the `+ lines` below it. `>>> nothing` marks a text that is no mistake, though it looks like one.

After a message has been changed on purpose, `UPDATE_MISTAKES=1` in the environment of pytest (with `-n 0`) writes into
these files what is said now; the change is then read in `git diff`. A new mistake is a paragraph without `>>>`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

PLACE = "MISTAKE"
NOTHING = "nothing"
_MARK = ">>> "


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    path: Path
    """The file of paragraphs."""
    line: int
    """Where the paragraph begins in it."""
    written: str
    """The author's lines, as they stand in the paragraph."""
    text: str
    """The whole file that an author would have written: the frame with the mistake in it."""
    expected: tuple[str, ...]
    """The diagnostics, sorted by place, or `nothing`; empty for a paragraph that has no such line yet."""

    @property
    def codes(self) -> set[str]:
        """The codes of the diagnostics, such as `P004`."""
        return {line.partition(": ")[2][:4] for line in self.expected if line != NOTHING}


def mistakes_in(path: Path) -> list[Mistake]:
    """The mistakes of one file, in its order. Raises ValueError for two that are the same."""
    text = path.read_text("utf-8")
    frame = frame_of(path)
    mistakes: dict[str, Mistake] = {}
    line = 1
    for paragraph in text.rstrip("\n").split("\n\n"):
        lines = paragraph.strip("\n").split("\n")
        begin = line + len(paragraph) - len(paragraph.lstrip("\n"))
        line += paragraph.count("\n") + 2
        written = "\n".join(each for each in lines if not each.startswith(_MARK))
        expected = tuple(each.removeprefix(_MARK) for each in lines if each.startswith(_MARK))
        if not expected and all(each.startswith("#") for each in lines):
            continue
        if written in mistakes:
            raise ValueError(f"{path.name}:{begin}: the same mistake as in line {mistakes[written].line}")
        mistakes[written] = Mistake(
            path=path, line=begin, written=written, text=_in_frame(frame, written), expected=expected
        )
    return list(mistakes.values())


def frame_of(path: Path) -> str:
    """The file that the mistakes of `path` stand in, or are edits of; nothing but the mistake, if it has no frame."""
    opening = path.read_text("utf-8").split("\n\n", 1)[0]
    lines = [line.removeprefix("#|").removeprefix(" ") for line in opening.split("\n") if line.startswith("#|")]
    return "".join(f"{line}\n" for line in lines) or f"{PLACE}\n"


def _in_frame(frame: str, written: str) -> str:
    if PLACE in frame:
        return frame.replace(PLACE, written, 1)
    edited: list[str] = frame.splitlines()
    at = 0
    for line in written.split("\n"):
        if line.startswith("- "):
            at = edited.index(line[2:])
            del edited[at]
        else:
            edited.insert(at, line[2:])
            at += 1
    return "".join(f"{line}\n" for line in edited)


def each_mistake(*paths: Path) -> pytest.MarkDecorator:
    """Parametrizes a test by the argument `mistake`; its id is `file:line`."""
    mistakes = [mistake for path in paths for mistake in mistakes_in(path)]
    return pytest.mark.parametrize("mistake", mistakes, ids=lambda each: f"{each.path.name}:{each.line}")


def assert_diagnostics(mistake: Mistake, diagnostics: Sequence[object], file: str) -> None:
    """That these are the diagnostics of a mistake, all of them and to the letter; `file` is the one it stands in.

    With UPDATE_MISTAKES set, writes them into the file of mistakes instead.
    """
    lines = tuple(str(diagnostic).removeprefix(f"{file}:") for diagnostic in diagnostics) or (NOTHING,)
    if os.environ.get("UPDATE_MISTAKES"):
        _write(mistake, lines)
    else:
        assert lines == mistake.expected, f"{mistake.path.name}:{mistake.line}"


def _write(mistake: Mistake, lines: tuple[str, ...]) -> None:
    old, new = (_paragraph(mistake.written, expected) for expected in (mistake.expected, lines))
    paragraphs = mistake.path.read_text("utf-8").rstrip("\n").split("\n\n")
    at = next(number for number, paragraph in enumerate(paragraphs) if paragraph.strip("\n") == old)
    paragraphs[at] = paragraphs[at].replace(old, new)
    mistake.path.write_text("\n\n".join(paragraphs) + "\n", "utf-8")


def _paragraph(written: str, expected: tuple[str, ...]) -> str:
    return "\n".join([written, *(_MARK + line for line in expected)])
