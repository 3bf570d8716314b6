"""`credence journal columns`: what stands in which column of the journal and of its keys."""

from __future__ import annotations

from rich.text import Text

from api.cli.console import out, print_json
from api.cli.options import JsonOption


def columns(*, as_json: JsonOption = False) -> None:
    """Say of each column of each table what it holds: for a record of processing activities, or a data officer.

    What is sealed goes with a customer's key (`credence erase`), what is personal with a person (`credence people
    erase`); the others say nothing about anybody. Nothing is read.

    Example:  credence journal columns

    Exit code: 0 printed, 2 wrong usage.
    """
    from ledger.store.column_contents import JOURNAL, KEYS

    databases = {"journal": JOURNAL, "subject keys": KEYS}
    if as_json:
        print_json(databases)
        return
    for database, tables in databases.items():
        for table, contents in tables.items():
            for column, content in contents.items():
                out().print(Text(f"{database:<13} {f'{table}.{column}':<28} {content}"), soft_wrap=True)
