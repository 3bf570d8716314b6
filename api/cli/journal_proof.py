"""`credence journal proof`: one record with all that proves it, as a file for whoever asks; and such a file checked."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, out, print_json, refuse
from api.cli.options import JournalOption, SaveOption
from api.cli.record_options import RecordArgument, journal_to_read

if TYPE_CHECKING:
    from ledger.record.checkpoints import Checkpoint
    from ledger.record.record_header import Header
    from ledger.verify.trusted_key import TrustedKey


def proof(*, record: RecordArgument, journal: JournalOption = None, save: SaveOption = None) -> None:
    """Prove that one record is in the journal, in a file that is checked without the journal.

    The file has the record's header, the hashes that lead from it to the root, and the newest checkpoint, in the form
    of C2SP tlog-proof. It names nobody and has no figure. `credence journal verify FILE --key KEY` checks it.

    Example:  credence journal proof 01a20069-767e-7289-841e-0c1e0d8f48ea --save SO-1001.tlog-proof

    Exit code: 0 written, 2 there is no such record, no checkpoint covers it yet, or the journal can't be read.
    """
    from ledger.verify.proving import NotProvedYet, proof_of

    with journal_to_read(journal) as kept:
        try:
            found = kept.ask(lambda connection, _: proof_of(connection, record))
        except NotProvedYet as error:
            refuse(f"{error}; one is signed each second in which the journal grows, so try again")
    if found is None:
        refuse(f"the journal has no record `{record}`; give a decision's id or a record's number")
    if save is None:
        out().print(Text(found.text()), end="", soft_wrap=True)
        return
    try:
        with save.open("x", encoding="utf-8", newline="") as file:
            file.write(found.text())
    except FileExistsError:
        refuse(f"`{save}` is there already; nothing was written; give a new file")
    except OSError as error:
        refuse(f"`{save}` can't be written: {error.strerror}")


def is_proof(path: Path) -> bool:
    """By its first line. What can't be read is none."""
    from ledger.record.log_proofs import FIRST_LINE

    first = FIRST_LINE.encode()
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(first)) == first
    except OSError:
        return False


def verify_proof(path: Path, trusted: TrustedKey, *, as_json: bool) -> None:
    """Prints what the file proves. Ends the command with 1 where it doesn't, with 2 where it can't be checked."""
    from ledger.record.log_proofs import BadProof, read_proof
    from ledger.record.signed_notes import BadNote
    from ledger.store.text_files import small_text
    from ledger.store.trouble import FileTrouble

    try:
        text = small_text(path, "the proof")
    except FileTrouble as error:
        refuse(str(error))
    try:
        proof = read_proof(text)
        header, signed = proof.checked(*trusted.verifiers)
        cosigned = {} if trusted.policy is None else trusted.policy.cosigned(proof.note, time.time())
    except (BadProof, BadNote) as error:
        _fails(path, str(error), as_json=as_json)
    if trusted.policy is not None and not trusted.policy.is_met_by(cosigned):
        by = ", ".join(cosigned) or "nobody"
        asked = f"the trust policy asks for `{trusted.policy.quorum}`"
        _fails(path, f"its checkpoint is cosigned by {by}, and {asked}", as_json=as_json)
    if as_json:
        print_json(
            {
                "what": "proof",
                "place": str(path),
                "key": trusted.verifier.as_text(),
                **({} if trusted.policy is None else {"cosigned": list(cosigned)}),
                "faults": 0,
                "first": [],
                "header": json.loads(header.canonical_text()),
                "size": signed.size,
            }
        )
    else:
        _print(path, header, signed, cosigned)


def _fails(path: Path, why: str, *, as_json: bool) -> NoReturn:
    fault = f"{path}: {why}"
    if as_json:
        print_json({"what": "proof", "place": str(path), "faults": 1, "first": [{"fault": fault}]})
    else:
        out().print(Text.assemble(("FAULT", "bold red"), f"     {fault}"), soft_wrap=True)
    raise typer.Exit(FOUND_PROBLEMS)


def _print(path: Path, header: Header, signed: Checkpoint, cosigned: Mapping[str, int]) -> None:
    lines = [("proof", str(path)), ("record", str(header.seq)), ("kind", header.kind), ("id", header.id)]
    lines += [("recorded", header.at), ("by", header.actor), ("case", header.case), ("outcome", header.outcome)]
    lines += [("policies", header.policy), ("body", header.body)]
    lines += [("signed", f"in {signed.origin}, by the checkpoint of {signed.size:,} records")]
    lines += [("witnessed", f"by {name}, {_time(seconds)}") for name, seconds in cosigned.items()]
    for name, text in lines:
        if text:
            out().print(Text(f"{name:<9} {text}"), soft_wrap=True)
    out().print(Text("no fault"))


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
