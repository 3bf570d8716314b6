"""`credence backup` and `credence restore`: a journal in a file with its keys, copied and put in place again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, out, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import JournalOption, TrustOption, WitnessNotesOption

if TYPE_CHECKING:
    from api.settings import Settings
    from ledger.record.checkpoints import Checkpoint
    from ledger.store.secret_files import KeyPlaces
    from ledger.verify.history_check import SignedSize
    from ledger.verify.journal_check import Verified
    from ledger.verify.trusted_key import TrustedKey

BackupArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A new folder: `journal` and `keys` are in it.")]
RestoreArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The folder that `credence backup` made.")]
ON_A_SERVER = (
    "a journal on PostgreSQL is backed up and restored by the server's own means, such as pg_basebackup with archived "
    "WAL; its keys are files, back them up with it"
)


def backup(*, folder: BackupArgument, journal: JournalOption = None) -> None:
    """Copy a journal and its keys while the service goes on, compute the copy again, and print its checkpoint.

    The folder `keys` opens everything in the folder `journal`: keep them in two places. Keep the checkpoint too, on
    paper if you like: it says what a restored backup must begin with.

    Example:  credence backup /backup/2026-07-01

    Exit code: 0 copied and without fault, 1 the copy has faults, 2 it can't be made.
    """
    from ledger.store.file_backup import back_up, journal_in, keys_in
    from ledger.store.trouble import FileTrouble

    settings = journal_settings(journal)
    place = _file(settings)
    try:
        back_up(place, settings.key_places, folder)
        copied, keys = journal_in(folder), keys_in(folder, settings.key_places)
        found, note = _verified(copied, keys, None, [])
    except FileTrouble as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"`{error.filename or folder}` can't be used: {error.strerror}")
    _print_line("journal", f"{copied}, {found.records:,} records")
    _print_line("keys", f"{keys.signing_key.parent}; keep them elsewhere than the journal")
    _end_with_faults(found)
    _print_line("verified", "no fault")
    out().print(Text(note), end="", soft_wrap=True)


def restore(
    *,
    folder: RestoreArgument,
    journal: JournalOption = None,
    trust: TrustOption = None,
    witness_notes: WitnessNotesOption = None,
) -> None:
    """Compute a backup again, put it in place, and say whether it is behind what was signed or witnessed last.

    Stop the service and move the old journal away first. Keys that are there stay; missing ones come from the backup.
    Nothing is put in place if the backup has faults. Where it is behind, nothing is added to it until `credence journal
    new-epoch` has put on record what is lacking.

    Example:  credence restore /backup/2026-07-01 --trust trust.policy --witness-notes witness.state

    Exit code: 0 in place, 1 faults, or in place and behind, 2 it can't be put in place.
    """
    from ledger.journal.last_signed import keep_last_signed
    from ledger.store.file_backup import journal_in, keys_in, put_in_place
    from ledger.store.trouble import FileTrouble
    from ledger.verify.outside_evidence import witness_notes as notes_in
    from ledger.verify.trusted_key import brought_trust

    settings = journal_settings(journal)
    place, places = _file(settings), settings.key_places
    if (trust is None) != (not witness_notes):
        refuse("--trust and --witness-notes belong together: who is trusted, and what they saw; give both or neither")
    try:
        trusted = None if trust is None else brought_trust(trust, None)
        notes = [] if trusted is None else notes_in(witness_notes or [], trusted)
        source, kept = journal_in(folder), keys_in(folder, places)
        found, _ = _verified(source, kept, trusted, notes)
        _end_with_faults(found)
        put_in_place(source, kept, place, places)
        newest = max(notes, key=lambda each: each.size, default=None)
        last = _last(places)
        if newest is not None and newest.note is not None and (last is None or newest.size > last.size):
            keep_last_signed(places.last_checkpoint, newest.note)
        behind = _behind(place, places)
    except FileTrouble as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"`{error.filename or folder}` can't be used: {error.strerror}")
    _print_line("journal", f"{place}, {found.records:,} records, no fault")
    if behind:
        refuse(behind, FOUND_PROBLEMS)


def _file(settings: Settings) -> Path:
    if not isinstance(settings.journal, Path):
        refuse(ON_A_SERVER)
    return settings.journal


def _verified(
    journal: Path, keys: KeyPlaces, trusted: TrustedKey | None, notes: list[SignedSize]
) -> tuple[Verified, str]:
    """What is found, and the newest checkpoint. Of notes, those that the journal reaches. Raises `FileTrouble`."""
    from sqlalchemy import select

    from ledger.journal.journal import Journal
    from ledger.journal.signed_log import newest_note
    from ledger.store.tables import head
    from ledger.store.trouble import FileTrouble, JournalUnavailable
    from ledger.verify.journal_check import verify_journal
    from ledger.verify.outside_evidence import OutsideEvidence
    from ledger.verify.trusted_key import key_beside

    opened = Journal(journal, places=keys)
    try:
        size = max((row.size for row in opened.read(select(head.c.size))), default=0)
        own = key_beside(keys, "the backup's own")
        reached = OutsideEvidence(notes=[note for note in notes if note.size <= size])
        found = verify_journal(opened, trusted or own, keys, reached)
        newest = opened.ask(lambda connection, _: newest_note(connection))
    except JournalUnavailable as error:
        raise FileTrouble(f"`{journal}`: {error}") from error
    finally:
        opened.close()
    return found, newest[1] if newest else ""


def _last(places: KeyPlaces) -> Checkpoint | None:
    from ledger.journal.last_signed import last_signed
    from ledger.store.secret_files import log_keys

    return last_signed(places.last_checkpoint, log_keys(places.signing_key, may_make=False))


def _behind(journal: Path, places: KeyPlaces) -> str:
    """Why nothing may be added; empty where it may."""
    from ledger.journal.last_signed import JournalBehind
    from ledger.journal.opening import check_writable
    from ledger.store.trouble import FileTrouble, JournalUnavailable

    try:
        check_writable(journal, places)
    except JournalUnavailable as error:
        if isinstance(error.__cause__, JournalBehind):
            return str(error)
        raise FileTrouble(f"`{journal}`: {error}") from error
    return ""


def _print_line(name: str, text: str) -> None:
    out().print(Text(f"{name:<9} {text}"), soft_wrap=True)


def _end_with_faults(found: Verified) -> None:
    """Ends the command where there are any."""
    for fault in found.faults.shown:
        out().print(Text.assemble(("FAULT", "bold red"), f"     {fault.text}"), soft_wrap=True)
    if found.faults.total:
        raise typer.Exit(FOUND_PROBLEMS)
