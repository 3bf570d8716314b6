"""`--summary` before it took no names: older command lines that say `--summary outcome,reason` keep their meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from api.cli.console import refuse
from files.formats import format_named

_NAME = r"\s*\w[\w-]*(?:\.\w[\w-]*)*\s*"
_NAMES = re.compile(rf"{_NAME}(?:,{_NAME})*,?")


def with_summary_by(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--summary NAMES` written as `--summary-by NAMES`.

    `--summary` alone stays; what follows it counts as names only where it looks like names and can't be a file:

        --summary outcome,reason in.csv  →  --summary-by outcome,reason in.csv
        --summary=outcome in.csv         →  --summary-by outcome in.csv
        --summary in.csv                 →  --summary in.csv
        --summary --out o.ndjson         →  --summary --out o.ndjson

    Ends the command where the word could be both, since a file has that name.
    """
    written: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            return [*written, argument, *rest]
        if argument.startswith("--summary="):
            written += ["--summary-by", argument.partition("=")[2]]
        elif argument == "--summary" and rest and _is_names(rest[0]):
            written += ["--summary-by", rest.pop(0)]
        else:
            written.append(argument)
    return written


def _is_names(word: str) -> bool:
    if not _NAMES.fullmatch(word) or format_named(word) is not None:
        return False
    if Path(word).exists():
        refuse(
            f"`--summary {word}` can be read in two ways, since a file has that name; write --summary-by {word}, or "
            f"give the file before --summary"
        )
    return True
