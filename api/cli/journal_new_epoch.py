"""`credence journal new-epoch`: a journal that lost its last records goes on, and says so."""

from __future__ import annotations

from rich.text import Text

from api.cli.console import out, print_json, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import JournalOption, JsonOption


def new_epoch(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Go on with a journal that lacks records which were signed, as after an old backup was put back.

    What is lacking stays lost. The first record of the epoch says what was signed last: name, number of records, root.
    From then on the log's name ends in /2, then /3; whoever verifies takes the new verifier key, and witnesses begin a
    new state. Stop the service first, and look for a newer backup before.

    Example:  credence journal new-epoch --journal var/credence.db

    Exit code: 0 begun, 2 nothing is lacking, or the journal can't be used.
    """
    from ledger.journal.epochs import begin_epoch
    from ledger.store.trouble import JournalUnavailable

    settings = journal_settings(journal)
    try:
        epoch = begin_epoch(settings.journal, settings.key_places)
    except JournalUnavailable as error:
        refuse(f"`{settings.journal}`: {error}")
    key = epoch.signer.verifier.as_text()
    if as_json:
        print_json({"record": epoch.seq, "old_size": epoch.old.size, "old_root": epoch.old.root.hex(), "key": key})
        return
    lines = [
        ("record", f"{epoch.seq:,}, the first of {epoch.signer.name}"),
        ("before", f"{epoch.old.origin}, signed last over {epoch.old.size:,} records"),
        ("key", f"{key} (for trust policies and witnesses, from now on)"),
    ]
    for name, text in lines:
        out().print(Text(f"{name:<9} {text}"), soft_wrap=True)
