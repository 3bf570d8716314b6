"""Where commands print and how they end: standard output for answers, standard error for everything about the run.

Leaf of the command line. Exit codes are here, so that every command means the same by them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import NoReturn

import typer
from rich.console import Console, ConsoleRenderable, RenderHook
from rich.text import Text

from engine.diagnostics.diagnostic import Diagnostic
from files.visible import unseen_replaced, visible

FOUND_PROBLEMS = 1
"""Exit code: the command did its work and found mistakes, failing tests or rows that can't be used."""

UNUSABLE = 2
"""Exit code: wrong usage, or input that can't be used; nothing was written."""

OWN_FAULT = 3
"""Exit code: a fault of credence itself; nothing was written, and the message says what to do meanwhile."""

INTERRUPTED = 130
"""Exit code: interrupted with Ctrl-C, as shells have it (128 + the signal's number)."""

PRINTED_MAX = 1_000
"""Mistakes that are shown at once: a terminal takes longer to show more than the check took to find them."""


class _OnlyVisible(RenderHook):
    """Names and texts that others chose must not steer the terminal."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        for text in renderables:
            if isinstance(text, Text) and (plain := visible(text.plain)) != text.plain:
                text.plain = plain
        return renderables


def out() -> Console:
    """Standard output, for a command's answer. Made for each use, since tests and pipes replace `sys.stdout`."""
    return _console(stderr=False)


def err() -> Console:
    """Standard error, for refusals, notes and counts."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, soft_wrap=True, highlight=False)
    console.push_render_hook(_OnlyVisible())
    return console


def refuse(message: str, code: int = UNUSABLE) -> NoReturn:
    """Prints one message on standard error and ends the command with `code`.

    The message is lower case, has no final period, quotes the user's own text in backticks and says what to do instead.
    """
    err().print(Text.assemble(("credence: ", "bold red"), message))
    raise typer.Exit(code)


def print_json(value: object) -> None:
    """Prints `value` as indented JSON on standard output; Chinese stands as it is, not escaped."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_diagnostics(console: Console, diagnostics: Iterable[Diagnostic], files: Mapping[str, bytes]) -> None:
    """Prints one line for each mistake or warning; on a terminal also the author's line with a caret under the place.

    `files` holds the contents by the names that stand in the diagnostics' places. Only the first `PRINTED_MAX` mistakes
    are printed.

        rules/orders.yaml:91:18: N001 unknown name `order.amout` (did you mean `order.amount`?)
           91 │     formula: max(order.amout - deposit_paid, 0)
              │                  ^
    """
    for number, diagnostic in enumerate(diagnostics):
        if number == PRINTED_MAX:
            console.print(Text(f"… and more; mend these {PRINTED_MAX:,} first"))
            break
        place = diagnostic.place
        color = "bold yellow" if diagnostic.code.is_warning else "bold red"
        text = Text.assemble((f"{place}: ", "bold"), (diagnostic.code, color), f" {diagnostic.message}")
        if diagnostic.hint:
            text.append(f" ({diagnostic.hint})", "cyan")
        console.print(text)
        if console.is_terminal and place.file in files:
            _print_excerpt(console, files[place.file], place.line, place.column)


def _print_excerpt(console: Console, content: bytes, line: int, column: int) -> None:
    lines = content.decode("utf-8-sig", "replace").splitlines()
    if not 0 < line <= len(lines):
        return
    source = unseen_replaced(lines[line - 1].expandtabs(1))
    gutter = f"{line:>5} │ "
    console.print(Text.assemble((gutter, "dim"), source))
    # Chinese text takes two cells a character, so the caret is placed by width
    indent = " " * Text(source[: column - 1]).cell_len
    console.print(Text.assemble(("      │ ", "dim"), indent, ("^", "bold red")))
