"""`credence journal verify`: a journal or an export computed again, and whether it is still what was recorded."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, out, print_json, refuse
from api.cli.journal_proof import is_proof, verify_proof
from api.cli.journal_settings import journal_settings
from api.cli.options import READ, RUNNING, JsonOption, MirrorOption, QuietOption, TrustOption, WitnessNotesOption
from api.cli.progress import ShowProgress, progress_bar

if TYPE_CHECKING:
    from ledger.store.secret_files import KeyPlaces
    from ledger.verify.journal_check import ShowChecked, Verified
    from ledger.verify.outside_evidence import OutsideEvidence
    from ledger.verify.trusted_key import TrustedKey

PlaceArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="PLACE",
        help="A journal (an SQLite file, or postgresql://user@host/database), the folder of an export, or the proof of "
        "one record (.tlog-proof).",
        show_default="var/credence.db",
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="The verifier key (name+hash+base64) or a file with it, from elsewhere than the journal. Default: the one "
        "beside the journal, or in the folder.",
        rich_help_panel=READ,
    ),
]
KeptOption = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="A checkpoint that you took away earlier: the records that it covers must still be those.",
        rich_help_panel=READ,
    ),
]
ReceiptOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--receipt",
        metavar="FILE",
        help="A proof of one record that was kept elsewhere; with --trust or --key. Repeat it for several.",
        rich_help_panel=READ,
    ),
]
WithinOption = Annotated[
    str | None,
    typer.Option(
        "--witnessed-within",
        metavar="TIME",
        help="A fault where witnesses cosigned last longer ago than this, such as 12h or 2d; with --trust.",
        rich_help_panel=RUNNING,
    ),
]
WithoutBodiesOption = Annotated[
    bool,
    typer.Option(
        "--without-bodies",
        help="Of a journal whose wrapping key and subject keys are not here: check all but what bodies say.",
        rich_help_panel=RUNNING,
    ),
]
ProcessesOption = Annotated[
    int | None,
    typer.Option(
        "--processes",
        metavar="N",
        min=1,
        max=256,
        help="How many processes check the records of a journal. Default: one for each processor where it is long.",
        rich_help_panel=RUNNING,
    ),
]

_TIME = re.compile(r"(?P<count>[1-9][0-9]{0,4})(?P<unit>[hd])")
_SECONDS = {"h": 3_600, "d": 86_400}


def verify(
    *,
    place: PlaceArgument = None,
    key: KeyOption = None,
    checkpoint: KeptOption = None,
    trust: TrustOption = None,
    witness_notes: WitnessNotesOption = None,
    mirror: MirrorOption = None,
    receipt: ReceiptOption = None,
    witnessed_within: WithinOption = None,
    without_bodies: WithoutBodiesOption = False,
    processes: ProcessesOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compute a journal, or an export of one, again, and say whether it is what was recorded.

    Checks every header and body, the log's hashes, each checkpoint by the key, policy sets, and that numbers and times
    rise. Nothing is written, and the service may go on. An export needs neither the journal nor its keys, nor does the
    proof of one record, which needs --trust or --key. Whoever has the journal and its signing key can sign another
    history: only what others kept shows that, a checkpoint that you took away, a witness's notes and mirror, receipts.

    Example:  credence journal verify audit-2026 --trust trust.policy --witness-notes witness.state --mirror mirror

    Exit code: 0 no fault, 1 at least one, 2 it can't be read or an option can't be used.
    """
    from ledger.store.trouble import FileTrouble, JournalUnavailable

    brought_along = _Brought(
        key=key,
        trust=trust,
        checkpoint=checkpoint,
        notes=witness_notes or [],
        mirror=mirror,
        receipts=receipt or [],
        within=witnessed_within,
    )
    if place is not None and is_proof(Path(place)):
        verify_proof(Path(place), brought_along.for_proof(place), as_json=as_json)
        return
    with progress_bar(quiet=quiet) as show:
        try:
            brought = brought_along.trusted()
            within = brought_along.longest(brought)
            outside = brought_along.evidence(brought)
            if place is not None and Path(place).is_dir():
                trusted, found = _export(Path(place), brought, outside, _shown(show))
                what = "export"
            else:
                place, trusted, found = _journal(
                    place, brought, outside, _shown(show), opens=not without_bodies, processes=processes
                )
                what = "journal"
        except (FileTrouble, JournalUnavailable) as error:
            refuse(str(error))
        except OSError as error:
            refuse(f"`{error.filename or place}` can't be read: {error.strerror}")
    if within is not None:
        _see_how_long_ago(found, within, witnessed_within or "")
    if as_json:
        print_json(_as_json(what, str(place), trusted, found))
    else:
        _print(what, str(place), trusted, found)
    if found.faults.total:
        raise typer.Exit(FOUND_PROBLEMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brought:
    """What was typed of keys and evidence."""

    key: str | None
    trust: Path | None
    checkpoint: Path | None
    notes: Sequence[Path]
    mirror: Path | None
    receipts: Sequence[Path]
    within: str | None

    def trusted(self) -> TrustedKey | None:
        """None where nothing was brought. Raises `FileTrouble`."""
        from ledger.verify.trusted_key import brought_key, brought_trust

        if self.trust is not None:
            return brought_trust(self.trust, self.key)
        return None if self.key is None else brought_key(self.key)

    def longest(self, trusted: TrustedKey | None) -> int | None:
        """How many seconds ago witnesses may have cosigned last. Ends the command where that isn't said."""
        if self.within is None:
            return None
        if trusted is None or not _asks_witnesses(trusted):
            refuse("--witnessed-within is about witnesses; give --trust with a policy whose quorum is not `none`")
        match = _TIME.fullmatch(self.within)
        if match is None:
            refuse(f"`{self.within}` is no time; write how many hours or days, such as 12h or 2d")
        return int(match["count"]) * _SECONDS[match["unit"]]

    def evidence(self, trusted: TrustedKey | None) -> OutsideEvidence:
        """Raises `FileTrouble` and `OSError`."""
        from ledger.verify.outside_evidence import OutsideEvidence, receipts, witness_notes
        from ledger.verify.trusted_key import kept_checkpoint

        if self.notes and (trusted is None or trusted.policy is None):
            refuse("--witness-notes counts by the keys of witnesses that you trust; name them with --trust")
        if self.receipts and trusted is None:
            refuse("--receipt counts by a key that you bring; give it with --trust or --key")
        notes = [] if self.checkpoint is None else [kept_checkpoint(self.checkpoint)]
        kept = {}
        if trusted is not None:
            notes += witness_notes(self.notes, trusted)
            kept = receipts(self.receipts, trusted)
        return OutsideEvidence(notes=notes, mirror=self.mirror, receipts=kept)

    def for_proof(self, place: str) -> TrustedKey:
        """Whom a proof is checked by, which needs nothing else. Ends the command where that isn't so."""
        from ledger.store.trouble import FileTrouble

        if self.checkpoint is not None or self.notes or self.mirror is not None or self.receipts or self.within:
            idle = "--checkpoint, --witness-notes, --mirror, --receipt and --witnessed-within"
            refuse(f"`{place}` holds a checkpoint of its own; leave {idle} out")
        try:
            trusted = self.trusted()
        except FileTrouble as error:
            refuse(str(error))
        if trusted is None:
            refuse(
                f"`{place}` proves nothing by itself; give the journal's verifier key with --key, or --trust, from "
                "elsewhere"
            )
        return trusted


def _shown(show: ShowProgress) -> ShowChecked:
    return lambda step, done, total: show(step, done / total if total else None, done, total)


def _export(
    folder: Path, brought: TrustedKey | None, outside: OutsideEvidence, show: ShowChecked
) -> tuple[TrustedKey, Verified]:
    from ledger.verify.export_check import ExportManifest, verify_export

    trusted = brought or ExportManifest(folder).own_key()
    return trusted, verify_export(folder, trusted, outside, show)


def _journal(
    place: str | None,
    brought: TrustedKey | None,
    outside: OutsideEvidence,
    show: ShowChecked,
    *,
    opens: bool,
    processes: int | None,
) -> tuple[str, TrustedKey, Verified]:
    from sqlalchemy import select

    from ledger.journal.journal import Journal
    from ledger.store.tables import head
    from ledger.store.trouble import FileTrouble, JournalUnavailable
    from ledger.verify.journal_check import verify_journal

    settings = journal_settings(place)
    shown = str(settings.journal)
    if isinstance(settings.journal, Path) and not settings.journal.exists():
        refuse(f"there is nothing at `{shown}`; give a journal, or the folder of an export")
    journal = Journal(settings.journal, places=settings.key_places)
    try:
        journal.read(select(head.c.size))  # a file of another kind is told as one, not by the keys it lacks
        trusted = brought or _key_beside(settings.key_places)
        keys = settings.key_places if opens else None
        return shown, trusted, verify_journal(journal, trusted, keys, outside, show, processes)
    except (JournalUnavailable, FileTrouble) as error:
        refuse(f"`{shown}`: {error}")
    finally:
        journal.close()


def _key_beside(places: KeyPlaces) -> TrustedKey:
    """Raises `FileTrouble`."""
    from ledger.store.trouble import FileTrouble
    from ledger.verify.trusted_key import key_beside

    try:
        return key_beside(places, "of the signing key beside the journal")
    except FileTrouble as error:
        raise FileTrouble(f"{error}; or give the verifier key with --key") from error


def _as_json(what: str, place: str, trusted: TrustedKey, found: Verified) -> dict[str, Any]:
    from ledger.verify.journal_faults import MEANINGS

    faults = found.faults
    return {
        "what": what,
        "place": place,
        "key": trusted.verifier.as_text(),
        "key_from": trusted.source,
        "key_brought": trusted.is_brought,
        **({} if len(trusted.keys) == 1 else {"keys": _signed_by(trusted, found)}),
        "records": found.records,
        "size": found.size,
        "signed": found.signed,
        **({} if trusted.policy is None else {"witnessed": found.witnessed, "last_cosigned": _time(found)}),
        **({} if not found.mirrored else {"mirrored": found.mirrored}),
        "checkpoints": found.checkpoints,
        "bodies": found.opened,
        "bodies_withheld_in_part": found.withheld,
        "erased": found.erased,
        "dropped": found.dropped,
        "policy_sets": found.policy_sets,
        "faults": faults.total,
        "kinds": {kind.value: count for kind, count in faults.counts.items()},
        "first": [
            {"kind": each.kind.value, "fault": each.text, "meaning": MEANINGS[each.kind]} for each in faults.shown
        ],
    }


def _print(what: str, place: str, trusted: TrustedKey, found: Verified) -> None:
    from ledger.verify.journal_faults import MEANINGS

    own = "" if trusted.is_brought else "; with --key you bring one that nobody could change with it"
    withheld = f", {found.withheld:,} as recorded with parts withheld" if found.withheld else ""
    withheld += f", {found.erased:,} erased" if found.erased else ""
    withheld += f", {found.dropped:,} dropped after their time" if found.dropped else ""
    lines = [
        (what, place),
        ("key", f"{trusted.verifier.as_text()} ({trusted.source}{own})"),
        ("records", _records(found)),
        ("bodies", f"{found.opened:,} as recorded{withheld}{_unopened(found)}"),
        ("signed", f"{found.signed:,} by the newest checkpoint that holds, of {found.checkpoints:,}"),
        *_signers(trusted, found),
        *_outside(trusted, found),
        ("policies", _policies(found.policy_sets)),
    ]
    for name, text in lines:
        out().print(Text(f"{name:<9} {text}"), soft_wrap=True)
    faults = found.faults
    for number, fault in enumerate(faults.shown):
        out().print(Text.assemble(("FAULT", "bold red"), f"     {fault.text}"), soft_wrap=True)
        if number == 0:
            out().print(Text(f"          {MEANINGS[fault.kind]}"), soft_wrap=True)
    if faults.total:
        counted = ", ".join(f"{count:,} × {kind.value}" for kind, count in faults.counts.items())
        out().print(Text(f"faults    {counted}"), soft_wrap=True)
    elif _asks_witnesses(trusted) and found.witnessed < found.size:
        out().print(Text(f"no fault in the first {found.witnessed:,}"))
    else:
        out().print(Text("no fault"))


def _asks_witnesses(trusted: TrustedKey) -> bool:
    from ledger.record.trust_policies import NO_QUORUM

    return trusted.policy is not None and trusted.policy.quorum != NO_QUORUM


def _time(found: Verified) -> str | None:
    seconds = found.cosigned_at
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _see_how_long_ago(found: Verified, within: int, said: str) -> None:
    """By the witnesses' word: the times in the journal are its owner's."""
    from ledger.verify.journal_faults import FaultKind

    if found.cosigned_at is None:
        found.faults.add(FaultKind.COSIGNATURE, f"checkpoints: none that holds was cosigned within {said}")
    elif found.cosigned_at < time.time() - within:
        late = f"was cosigned last at {_time(found)}, longer ago than {said}"
        found.faults.add(FaultKind.COSIGNATURE, f"checkpoint {found.witnessed}: {late}")


def _signed_by(trusted: TrustedKey, found: Verified) -> list[dict[str, Any]]:
    """Of each key which checkpoints, by the sizes of the first and the last; null where none."""
    keys = [(each, found.signed_by.get(each.id.hex())) for each in trusted.verifiers]
    return [
        {"key": each.as_text(), "first": signed and signed[0], "last": signed and signed[1]} for each, signed in keys
    ]


def _signers(trusted: TrustedKey, found: Verified) -> Iterator[tuple[str, str]]:
    """Where the log's key was replaced: which one signed when."""
    if len(trusted.keys) > 1:
        for id_, (first, last) in found.signed_by.items():
            yield "by key", f"{id_} checkpoints {first:,}..{last:,}"


def _outside(trusted: TrustedKey, found: Verified) -> Iterator[tuple[str, str]]:
    if trusted.policy is not None and trusted.policy.witnesses:
        told = f"{found.witnessed:,} by the newest checkpoint that holds and is cosigned by `{trusted.policy.quorum}`"
        yield "witnessed", told
    if _asks_witnesses(trusted) and found.cosigned_at is not None:
        since = found.size - found.witnessed
        alone = f"{since:,} record{' is' if since == 1 else 's are'} vouched for by nobody" if since else "no record"
        yield "since", f"{alone}; last cosigned {_time(found)}"
    if found.mirrored:
        yield "mirrored", f"{found.mirrored:,} as the mirror has them"


def _records(found: Verified) -> str:
    return f"{found.records:,}" if found.records == found.size else f"{found.records:,} of {found.size:,}"


def _policies(count: int) -> str:
    return "1 policy set as its version says" if count == 1 else f"{count:,} policy sets as their versions say"


def _unopened(found: Verified) -> str:
    count = found.records - found.opened - found.withheld - found.erased - found.dropped
    return f", {count:,} not opened" if count > 0 and not found.faults.total else ""
