"""`credence journal roles`: who may do what with a journal on PostgreSQL."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import err, out, refuse
from api.cli.options import WRITTEN, JournalOption

ApplyOption = Annotated[
    bool, typer.Option("--apply", help="Make the tables and the roles in that database.", rich_help_panel=WRITTEN)
]


def roles(*, journal: JournalOption = None, apply: ApplyOption = False) -> None:
    """Print the SQL that gives a journal on PostgreSQL its roles, or run it.

    credence_owner has the tables, credence_app (the service) reads and adds, credence_auditor reads, credence_eraser
    deletes what an erasure or a retention on record covers. --apply makes the tables too, and is run by somebody who
    may make roles, once before the first start and again after each upgrade.

    Example:  credence journal roles --apply --journal postgresql://postgres@db.example.com/credence

    Exit code: 0 printed or done, 2 the database can't be used.
    """
    from ledger.store.rights import statements

    if not apply:
        out().print(Text(";\n".join(statements()) + ";"), soft_wrap=True)
        return
    from ledger.store.place import ServerAddress, journal_place
    from ledger.store.trouble import JournalUnavailable

    try:
        place = journal_place(journal or os.environ.get("CREDENCE_JOURNAL", ""))
    except ValueError as error:
        refuse(str(error))
    if not isinstance(place, ServerAddress):
        refuse(f"`{place}` is a file, which has no roles; write --journal postgresql://user@host/database")
    from ledger.store.server_roles import apply_roles

    try:
        apply_roles(place)
    except JournalUnavailable as error:
        refuse(f"the journal `{place}` can't be given its roles: {error}")
    err().print(Text(f"roles given in {place}; let the service in with: GRANT credence_app TO its_login"))
