"""What an author did wrong and where: errors as data, so that all of them can be shown at once.

First noun of the pipeline; everything that reads or checks an author's text returns these instead of raising.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.diagnostics.codes import ErrorCode

TOO_LARGE = ErrorCode.Y098
"""The code of policies that can't be checked within the limits of time and memory, whichever limit it was."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in an author's file. Places sort by file, then line, then column."""

    file: str
    """The file's name as its author knows it, such as `rules/orders.yaml`."""

    line: int
    """Counts from 1."""

    column: int
    """Counts characters from 1. A byte order mark counts for nothing."""

    def __str__(self) -> str:
        """`rules/orders.yaml:12:3`, which editors and terminals turn into a link."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One mistake of an author, or a warning to one. Diagnostics sort by place."""

    place: Place
    """Where the text begins that has to change."""

    code: ErrorCode
    """The kind of mistake."""

    message: str
    """What is wrong: lower case, no final period, the author's own text in backticks."""

    hint: str = ""
    """What to write instead; empty where nothing useful can be suggested."""

    @property
    def severity(self) -> str:
        """`mistake`, or `warning` for what is right as it stands and most likely not meant."""
        return "warning" if self.code.is_warning else "mistake"

    def __str__(self) -> str:
        """One line: `place: code message (hint)`."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.place}: {self.code} {self.message}{hint}"

    def as_json(self) -> dict[str, object]:
        """As `credence check --json` and the HTTP API give it, with the place taken apart."""
        return {
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "severity": self.severity,
            "code": self.code.value,
            "message": self.message,
            "hint": self.hint,
        }


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics sorted by place, each of them once."""
    return tuple(sorted(set(diagnostics)))
