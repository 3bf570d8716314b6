"""What an author did wrong and where: errors as data, so that all of them can be shown at once.

First noun of the pipeline; everything that reads or checks an author's text returns these instead of raising.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.diagnostics.codes import ErrorCode

TOO_LARGE = ErrorCode.Y098
"""The code of policies that can't be checked within the limits of time and memory, whichever it was."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in an author's file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One mistake. `message` is lower case without a final period and quotes the author's own text in backticks;
    `hint` says what to write instead (empty where nothing useful can be said)."""

    place: Place
    code: ErrorCode
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.place}: {self.code} {self.message}{hint}"

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "code": self.code.value,
            "message": self.message,
            "hint": self.hint,
        }


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sorted by place, each said once."""
    return tuple(sorted(set(diagnostics)))
