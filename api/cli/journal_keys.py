"""`credence journal replace-signing-key` and `replace-wrapping-key`: a journal's own keys replaced."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import out, print_json, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import RUNNING, JournalOption, JsonOption

SIGNING_COMMAND, WRAPPING_COMMAND = "credence journal replace-signing-key", "credence journal replace-wrapping-key"

BothSignOption = Annotated[
    int,
    typer.Option(
        "--both-sign-days",
        metavar="DAYS",
        min=0,
        max=365,
        help="How long the old key signs too. 0, where it got out: it signs once more, over the record of the new one.",
        rich_help_panel=RUNNING,
    ),
]
DropOption = Annotated[
    bool,
    typer.Option(
        "--drop-replaced",
        help="Replace nothing: take the private half of the key that was replaced out of the file. It signs no more.",
        rich_help_panel=RUNNING,
    ),
]


def replace_signing_key(
    *,
    both_sign_days: BothSignOption = 30,
    drop_replaced: DropOption = False,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign checkpoints by a new key from now on, and for some time by the old one too.

    The journal keeps its name. A record says which key was replaced by which, and a checkpoint over it is signed by
    both: whoever trusts the old key proves the new one by it. What was signed before is verified by the old key, so
    keep both, a line each, in trust policies and key files. The service may go on; a run that was interrupted goes on
    when it is run again.

    Example:  credence journal replace-signing-key --journal var/credence.db

    Exit code: 0 replaced or dropped, 2 the journal or its keys can't be used.
    """
    from ledger.journal.key_rotation import drop_replaced_key
    from ledger.journal.key_rotation import replace_signing_key as replaced
    from ledger.store.trouble import FileTrouble, JournalUnavailable

    settings = journal_settings(journal)
    try:
        if drop_replaced:
            dropped = drop_replaced_key(settings.key_places)
            _print_dropped(None if dropped is None else dropped.as_text(), as_json=as_json)
            return
        done = replaced(settings.journal, settings.key_places, SIGNING_COMMAND, timedelta(days=both_sign_days))
    except (JournalUnavailable, FileTrouble) as error:
        refuse(f"`{settings.journal}`: {error}")
    if as_json:
        said = {"record": done.seq, "old": done.old.as_text(), "new": done.new.as_text(), "both_sign_until": done.until}
        print_json(said)
        return
    for name, text in (
        ("record", f"{done.seq:,}: which key was replaced by which"),
        ("old", f"{done.old.as_text()} (signs too until {done.until})"),
        ("new", f"{done.new.as_text()} (for trust policies and witnesses, beside the old one)"),
    ):
        out().print(Text(f"{name:<9} {text}"), soft_wrap=True)


def _print_dropped(key: str | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"dropped": key})
    elif key is None:
        out().print("no key that was replaced is there; nothing to drop")
    else:
        out().print(Text(f"dropped   the private half of {key}; what it signed is still verified"), soft_wrap=True)


def replace_wrapping_key(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Wrap the keys of customers by a new wrapping key, and put it in the old one's place.

    Nothing of the journal is sealed anew. A record says that it was done. Backups of the customers' keys that were made
    before open with the old wrapping key only: make a new backup, and delete those with it. The service may go on; a
    run that was interrupted goes on when it is run again.

    Example:  credence journal replace-wrapping-key --journal var/credence.db

    Exit code: 0 replaced, 2 the journal or its keys can't be used.
    """
    from ledger.journal.key_rotation import replace_wrapping_key as replaced
    from ledger.store.trouble import JournalUnavailable

    settings = journal_settings(journal)
    try:
        done = replaced(settings.journal, settings.key_places, WRAPPING_COMMAND)
    except JournalUnavailable as error:
        refuse(f"`{settings.journal}`: {error}")
    if as_json:
        print_json({"record": done.seq, "keys": done.keys})
        return
    count = f"{done.keys:,} key{' is' if done.keys == 1 else 's are'}"
    out().print(Text(f"record    {done.seq:,}"), soft_wrap=True)
    out().print(Text(f"wrapped   {count} wrapped by the new one; make a backup now"), soft_wrap=True)
