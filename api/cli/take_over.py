"""`credence journal take-over`: a journal of an earlier version, written into a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import out, print_json, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import WRITTEN, JsonOption
from api.cli.progress import progress_bar

EarlierArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="The journal of the earlier version; it stays as it is.")
]
IntoOption = Annotated[
    str,
    typer.Option("--into", metavar="FILE", help="The new journal; nothing may be there.", rich_help_panel=WRITTEN),
]


def take_over(*, earlier: EarlierArgument, into: IntoOption, as_json: JsonOption = False) -> None:
    """Write a journal of an earlier version into a new one, to go on with.

    Every decision is recorded with the id, the time, the request and the answer that it had, byte for byte, and found
    by its id as before; policy sets, people, keys and all acts come along. From then on changes to any of it are seen.
    What happened to the earlier journal before that, nobody can prove.

    Stop the service first, so that nothing is added to the earlier journal any more; start it with the new one. The new
    journal's keys are made beside it, or where CREDENCE_SIGNING_KEY, CREDENCE_WRAPPING_KEY and CREDENCE_SUBJECT_KEYS
    say: back them up with it.

    Example:  credence journal take-over var/old.db --into var/credence.db

    Exit code: 0 taken over, 2 a file can't be read or written.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from ledger.store.trouble import FileTrouble, trouble_in_words
    from ledger.take_over.taking_over import take_over as taken_over

    settings = journal_settings(into)
    new = settings.journal
    if not isinstance(new, Path):
        refuse("a journal of an earlier version is taken over into a file; write --into with the path of a new one")
    try:
        with progress_bar(quiet=False) as show:

            def show_taken(taken: int, total: int) -> None:
                show("taking over", taken / total if total else 1.0, taken, total)

            taken = taken_over(Path(earlier), new, settings.key_places, show_taken)
    except (FileTrouble, OSError, SQLAlchemyError) as error:
        reason = trouble_in_words(error) or str(error)
        refuse(f"the journal `{earlier}` can't be taken over: {reason}")
    if as_json:
        print_json({"records": taken, "journal": into})
    else:
        out().print(Text(f"{taken:,} records taken over into {into}; start the service with --journal {into}"))
