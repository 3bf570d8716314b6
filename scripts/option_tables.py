"""Writes the tables of options in docs/command-line.md from the commands themselves; a test holds them equal.

`python scripts/option_tables.py` replaces what stands between the two marks of each command:

    <!-- options of decide -->
    | argument or option | meaning | default |
    …
    <!-- end -->
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "command-line.md"

_TABLE = re.compile(r"<!-- options of (?P<command>[\w-]+(?: [\w-]+)?) -->\n(?P<table>.*?)<!-- end -->\n", re.DOTALL)
_HELP = re.compile(r"(?P<meaning>.*?)(?:  \[(?P<extra>.*)\])?", re.DOTALL)


def commands() -> dict[str, Any]:
    """Every command of `credence` by its name, as typer has it."""
    import typer

    from api.cli.main import app

    return dict(_flat(typer.main.get_command(app), ""))


def _flat(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    """The commands of a group, those of its groups under two words: `keys create`."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _flat(command, f"{before}{name} ")
        else:
            yield before + name, command


def option_table(command: Any) -> str:
    """A Markdown table with a row for each argument and option of a command, in the order of its `--help`."""
    import typer

    from api.cli.grammar import help_rows

    context = typer.Context(command)
    rows = ["| argument or option | meaning | default |", "|---|---|---|"]
    for _, name, text in help_rows(command, context):
        if "--help" in name:
            continue
        split = _HELP.fullmatch(text)
        if split is None:
            raise AssertionError(f"help of {name} can't be taken apart: {text}")
        extra = (split["extra"] or "").replace("default: ", "")
        default = extra if extra in ("", "required") else f"`{extra}`"
        rows.append(f"| `{_cell(name)}` | {_cell(split['meaning'])} | {_cell(default)} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def with_tables(document: str) -> str:
    """The document with every table as the command has it. Raises ValueError where a command has no marks, or more than
    one pair of them, or a mark names no command."""
    known = commands()
    marked = [mark["command"] for mark in _TABLE.finditer(document)]
    if sorted(marked) != sorted(known):
        odd = sorted({name for name in (*marked, *known) if marked.count(name) != 1 or name not in known})
        raise ValueError(
            f"{DOCUMENT.name} must have `<!-- options of NAME -->` and `<!-- end -->` once for each of {odd}"
        )

    def table(mark: re.Match[str]) -> str:
        name = mark["command"]
        return f"<!-- options of {name} -->\n{option_table(known[name])}<!-- end -->\n"

    return _TABLE.sub(table, document)


def main() -> None:
    sys.path.insert(0, str(ROOT))
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
