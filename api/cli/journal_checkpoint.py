"""`credence journal checkpoint|cosignature`: what goes to a witness, and what comes back from one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from api.cli.console import out, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import READ, WRITTEN, JournalOption, SaveOption, TrustOption
from api.cli.record_options import journal_to_read

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ledger.journal.log_transaction import LogTransaction
    from ledger.journal.signed_log import KeptCosignature
    from ledger.record.trust_policies import TrustPolicy

ForWitnessOption = Annotated[
    str | None,
    typer.Option(
        "--for-witness",
        metavar="SIZE",
        help="Write a request to a witness that saw so many records last, 0 if none; or the file with its state.",
        rich_help_panel=READ,
    ),
]
SaveHashesOption = Annotated[
    Path | None,
    typer.Option(
        "--save-hashes",
        metavar="FILE",
        help="Write the hashes of the records that the witness has not seen to this new file, for its mirror.",
        rich_help_panel=WRITTEN,
    ),
]
SinceOption = Annotated[
    int | None,
    typer.Option(
        "--since",
        metavar="NUMBER",
        min=0,
        help="The first record of which --save-hashes has the hash. Default: the first that the witness has not seen.",
        rich_help_panel=WRITTEN,
    ),
]
LineArgument = Annotated[Path, typer.Argument(metavar="LINE", help="The file with the line that the witness printed.")]
RequestOption = Annotated[
    Path,
    typer.Option("--request", metavar="FILE", help="The request that the witness was given.", rich_help_panel=READ),
]


def checkpoint(
    *,
    for_witness: ForWitnessOption = None,
    save: SaveOption = None,
    save_hashes: SaveHashesOption = None,
    since: SinceOption = None,
    journal: JournalOption = None,
) -> None:
    """Print the newest checkpoint, or the request that a witness cosigns.

    A checkpoint says how many records there are, and a hash over all of them: keep one, and nothing before it can be
    changed unseen. The request (C2SP add-checkpoint) also proves that the log goes on from what the witness saw.
    Neither names anybody or has a figure, nor have the hashes.

    Example:  credence journal checkpoint --for-witness 600 --save request

    Exit code: 0 written, 2 there is no such checkpoint, or a file can't be used.
    """
    from ledger.journal.signed_log import NoCheckpoint, leaves_between, newest_note, request_since
    from ledger.record.checkpoints import stated_size

    if for_witness is None and save_hashes is not None:
        refuse("--save-hashes belongs to a request; give --for-witness too")
    if since is not None and save_hashes is None:
        refuse("--since says what --save-hashes begins with; give that too, or neither")
    old_size = None if for_witness is None else _size(for_witness)

    def ask(connection: Connection) -> tuple[str | None, list[bytes]]:
        if old_size is None:
            newest = newest_note(connection)
            return None if newest is None else newest[1], []
        request = request_since(connection, old_size)
        size = stated_size(request.note) or 0
        first = old_size if since is None else since
        return request.text(), [] if save_hashes is None else leaves_between(connection, min(first, size), size)

    with journal_to_read(journal) as kept:
        try:
            text, leaves = kept.ask(lambda connection, _: ask(connection))
        except NoCheckpoint as error:
            refuse(str(error))
    if text is None:
        refuse("the journal has no checkpoint yet; one is signed within a second of its first record")
    if save_hashes is not None:
        _write(save_hashes, b"".join(leaves))
    if save is None:
        out().print(Text(text), end="", soft_wrap=True)
    else:
        _write(save, text.encode())


def _size(said: str) -> int:
    from ledger.record.checkpoints import stated_size
    from ledger.store.text_files import small_text
    from ledger.store.trouble import FileTrouble

    if said.isascii() and said.isdigit() and len(said) < 19:
        return int(said)
    try:
        size = stated_size(small_text(Path(said), "the witness's state"))
    except FileTrouble as error:
        refuse(f"{error}, or say how many records the witness saw")
    if size is None:
        refuse(f"`{said}` is no witness's state; give the file, or how many records the witness saw")
    return size


def _write(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        refuse(f"`{path}` is there already; give a new file")
    except OSError as error:
        refuse(f"`{path}` can't be written: {error.strerror}")


def cosignature(
    *, line: LineArgument, request: RequestOption, trust: TrustOption = None, journal: JournalOption = None
) -> None:
    """Keep what a witness said of a checkpoint, once it is seen to be by a witness of the trust policy.

    From then on it stands behind that checkpoint, in proofs and in what the service shows. The same over HTTP: POST
    /v1/journal/cosignatures.

    Example:  credence journal cosignature line --request request --trust trust.policy

    Exit code: 0 kept, or there already; 2 it is not over that checkpoint, by none of those witnesses, or the journal
    can't be written.
    """
    from ledger.journal.signed_log import NoCheckpoint, NoCosignature, keep_cosignature
    from ledger.record.checkpoints import stated_size
    from ledger.record.witness_requests import BadRequest, read_request
    from ledger.store.text_files import small_text
    from ledger.store.trouble import FileTrouble

    try:
        policy = _policy(trust)
        answer = small_text(line, "the line").strip()
        size = stated_size(read_request(small_text(request, "the request")).note) or 0
    except (FileTrouble, BadRequest) as error:
        refuse(str(error))

    def keep(transaction: LogTransaction) -> object:
        try:
            return keep_cosignature(transaction.connection, policy, size, answer)
        except (NoCheckpoint, NoCosignature) as error:
            return error

    with journal_to_read(journal) as kept:

        async def write() -> KeptCosignature:
            said: KeptCosignature = await kept.write(keep)
            return said

        try:
            done = asyncio.run(write())
        except (NoCheckpoint, NoCosignature) as error:
            refuse(f"`{line}` is not the answer to `{request}` of this journal: {error}")
    words = "kept" if done.is_new else "there already"
    out().print(Text(f"{words}: {done.witness} cosigned the checkpoint of {size:,} records"))


def _policy(trust: Path | None) -> TrustPolicy:
    """Raises `FileTrouble`."""
    from ledger.store.trouble import FileTrouble
    from ledger.verify.trusted_key import trust_policy_in

    said = str(trust) if trust is not None else journal_settings(None).trust_policy
    if not said:
        raise FileTrouble("no trust policy says whose cosignatures count; give one with --trust")
    return trust_policy_in(Path(said))
