"""The refusal that everything which builds formulas raises. Leaf of `compiling`."""

from __future__ import annotations

from engine.diagnostics.codes import ErrorCode


class Mismatch(Exception):
    """Formulas that can't be combined, or a call that can't be made.

    `code` is that of a diagnostic, `message` says what is wrong in the author's terms, and `hint`, which may be empty,
    what to write instead. Who catches it knows the place and makes a `Diagnostic` of it."""

    def __init__(self, code: ErrorCode, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
