"""What all commands share: where they print, how they refuse, and how they get an engine from a rules folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console, ConsoleRenderable, RenderHook
from rich.text import Text

from engine.diagnostics.diagnostic import Diagnostic
from engine.pipeline import Engine, Loaded, load
from files.input_refused import InputRefused
from files.visible import unseen_replaced, visible
from ledger.policies.check_limits import Stopped, too_large, within_limits
from ledger.policies.rules_folder import RulesFolder, read_folder

FOUND_PROBLEMS = 1
UNUSABLE = 2
OWN_FAULT = 3
INTERRUPTED = 130

PRINTED_MAX = 1_000
"""Mistakes that are shown at once."""


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


class _NothingUnseen(RenderHook):
    """Names and texts that others chose must not steer the terminal."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        for text in renderables:
            if isinstance(text, Text) and (shown := visible(text.plain)) != text.plain:
                text.plain = shown
        return renderables


def out() -> Console:
    """Made anew for each use, since tests and pipes replace sys.stdout."""
    return _console(stderr=False)


def err() -> Console:
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, soft_wrap=True, highlight=False)
    console.push_render_hook(_NothingUnseen())
    return console


def refuse(message: str, code: int = UNUSABLE) -> NoReturn:
    """Ends the command with one message on stderr."""
    err().print(Text.assemble(("credence: ", "bold red"), message))
    raise typer.Exit(code)


def print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def folder_of(rules: Path, name: str = "") -> RulesFolder:
    try:
        return read_folder(rules, name)
    except InputRefused as refused:
        refuse(str(refused))


def loaded_within_limits(folder: RulesFolder) -> Loaded:
    """Policies that take too long or too much memory have one mistake, which says so."""
    try:
        with within_limits():
            return load(folder.policies)
    except Stopped as stopped:
        return Loaded(None, (too_large(folder.policies, stopped),))


def loaded_engine(folder: RulesFolder) -> Engine:
    """The engine of a folder; where its policies have mistakes, prints them and ends the command."""
    loaded = loaded_within_limits(folder)
    if loaded.engine is None:
        print_diagnostics(err(), loaded.diagnostics, folder.policies)
        refuse(f"the policies have mistakes; `credence check {folder.root}` shows them again", FOUND_PROBLEMS)
    return loaded.engine


def engine_of(rules: Path) -> Engine:
    """Its decisions name places in the policies as those of the service do (`rules/orders.yaml:12:3`), wherever the
    folder is."""
    return loaded_engine(folder_of(rules, rules.resolve().name))


def print_diagnostics(console: Console, diagnostics: Iterable[Diagnostic], files: Mapping[str, bytes]) -> None:
    """One line each; on a terminal with the author's line and a caret under the place. Only the first thousand: a
    terminal takes longer to show more than the check took to find them."""
    for number, diagnostic in enumerate(diagnostics):
        if number == PRINTED_MAX:
            console.print(Text(f"… and more; mend these {PRINTED_MAX:,} first"))
            break
        place = diagnostic.place
        text = Text.assemble((f"{place}: ", "bold"), (diagnostic.code, "bold red"), f" {diagnostic.message}")
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
