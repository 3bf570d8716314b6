"""The one error for what a user named and what can't be used as a whole: a file, a folder, a map, a name in an option.

Kinds of failure stay apart. An author's mistake in a policy is a `Diagnostic`; a fault of one row or one request is a
`Fault`; what ends a whole command before it has done anything is an `InputRefused`. Every command prints it in the
same way, as one message after `credence:`, and ends with exit code 2.

    raise InputRefused("the file is UTF-16, not UTF-8", "save it as UTF-8", place="orders.csv")

    credence: orders.csv: the file is UTF-16, not UTF-8; save it as UTF-8
"""

from __future__ import annotations


class InputRefused(Exception):
    """What was given can't be used; nothing has been written.

    `message`: what is wrong, in lower case and without a final period. It may have several lines.
    `hint`: what to write or do instead; blank where the message says it.
    `place`: the file or folder; blank where the message names it, or where nobody has said it yet (`at`).
    """

    def __init__(self, message: str, hint: str = "", *, place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"

    def at(self, place: str) -> InputRefused:
        """The same with a place, for those who know which file is read; a place that is known already stays."""
        return InputRefused(self.message, self.hint, place=self.place or place)
