"""`credence journal retention`: what was kept as long as the policies say is dropped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from api.cli.console import err, out, print_json, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import JournalOption, JsonOption, YesOption

if TYPE_CHECKING:
    from engine.pipeline import Engine
    from ledger.journal.journal import Journal


def retention(*, journal: JournalOption = None, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Say what was kept as long as rules/retention.yaml says, and with --yes record it and drop it.

    Requests and answers of whole months go; headers, outcomes and proofs stay, and `credence journal verify` finds no
    fault. It goes by the policies in force, as the journal has them. The service may go on. On PostgreSQL the login
    needs credence_app and credence_eraser.

    Example:  credence journal retention --yes

    Exit code: 0 said or dropped, 2 the journal can't be used, or its policies can't be read.
    """
    from ledger.erasure.retention import drop, go_on, to_drop
    from ledger.journal.journal import Journal
    from ledger.record.actors import COMMAND_LINE
    from ledger.store.trouble import FileTrouble, JournalUnavailable

    settings = journal_settings(journal)
    kept = Journal(settings.journal, places=settings.key_places)
    try:
        engine = _in_force(kept)
        found = to_drop(kept, engine.retention, engine.day_at(datetime.now(UTC)))
        dropped = 0
        if yes:
            dropped = asyncio.run(drop(kept, found, engine.version, COMMAND_LINE) if found else go_on(kept))
    except (JournalUnavailable, FileTrouble) as error:
        refuse(f"`{settings.journal}`: {error}")
    finally:
        kept.close()
    lines = [
        {"case": each.rule.case, "years": each.rule.years, "before": str(each.month), "bodies": each.bodies}
        for each in found
    ]
    if as_json:
        print_json({"past": lines, "dropped": dropped})
        return
    for line in lines:
        out().print(Text("{case}: {bodies} decisions from before {before} were kept {years} years".format(**line)))
    if not engine.retention:
        out().print("the policies in force say nothing of retention: rules/retention.yaml does")
    elif yes:
        out().print(Text(f"{dropped:,} dropped"))
    elif lines:
        err().print(Text("with --yes they are dropped, and nothing brings them back"))
    else:
        out().print("nothing is past its years")


def _in_force(journal: Journal) -> Engine:
    """Ends the command where no policy set is, or where this version can't read it."""
    from engine.pipeline import load_stored

    kept = journal.latest_policy_set()
    if kept is None:
        refuse("no policies have taken effect in this journal yet, so none say how long it keeps what")
    loaded = load_stored({name: text.encode() for name, text in kept.files.items()})
    if loaded.engine is None:
        refuse(f"the policies in force ({kept.version[:8]}) can't be read by this version; nothing was dropped")
    return loaded.engine
