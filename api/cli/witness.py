"""`credence witness new-key|cosign`: whoever watches that a journal only grows, on a machine of their own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, out, refuse
from api.cli.options import READ, RUNNING, WRITTEN, MirrorOption

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="How it is called for ever, such as auditor.example.com/w1.")
]
RequestArgument = Annotated[
    Path, typer.Argument(metavar="REQUEST", help="What `credence journal checkpoint --for-witness` wrote.")
]
WitnessKeyOption = Annotated[
    Path,
    typer.Option("--witness-key", metavar="FILE", help="The file of the witness's own key.", rich_help_panel=READ),
]
LogOption = Annotated[
    str,
    typer.Option(
        "--log",
        metavar="KEY",
        help="The journal's verifier key (name+hash+base64) or a file with it, from elsewhere than the request.",
        rich_help_panel=READ,
    ),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="What the witness saw last; made with --first. Back it up, and never put an old one back. Default: beside "
        "the key, witness.state beside witness.key.",
        rich_help_panel=WRITTEN,
    ),
]
FirstOption = Annotated[
    bool,
    typer.Option(
        "--first",
        help="This key never cosigned a checkpoint of this log: make the state. Without it a missing one is an error.",
        rich_help_panel=RUNNING,
    ),
]
HashesOption = Annotated[
    Path | None,
    typer.Option(
        "--hashes",
        metavar="FILE",
        help="The hashes that the mirror lacks, as `credence journal checkpoint --save-hashes` wrote them.",
        rich_help_panel=READ,
    ),
]
_KEY = Path("witness.key")


def new_key(*, name: NameArgument, witness_key: WitnessKeyOption = _KEY) -> None:
    """Make a witness's key, and print its other half, by which others know its cosignatures.

    The printed line goes into trust policies and to the journal's operator; the file stays with the witness, on no
    machine that the journal's operator can reach.

    Example:  credence witness new-key auditor.example.com/w1

    Exit code: 0 made, 2 the name can't be used, or something is at the file.
    """
    from ledger.store.trouble import FileTrouble
    from ledger.witness.witness import make_witness_key

    if not name or "+" in name or any(each.isspace() or not each.isprintable() for each in name) or len(name) > 250:
        refuse(f"`{name}` can't be a witness's name; write one without blanks and plus signs, such as example.com/w1")
    try:
        verifier = make_witness_key(witness_key, name)
    except FileTrouble as error:
        refuse(f"{error}; give another file with --witness-key")
    out().print(Text(verifier.as_text()), soft_wrap=True)


def cosign(
    *,
    request: RequestArgument,
    log: LogOption,
    witness_key: WitnessKeyOption = _KEY,
    state: StateOption = None,
    first: FirstOption = False,
    mirror: MirrorOption = None,
    hashes: HashesOption = None,
) -> None:
    """Cosign a checkpoint that goes on from the last one that was seen; refuse any other.

    Prints one line (C2SP tlog-cosignature/v1), which goes back to the journal's operator. The state is on disk before;
    the first time, and only then, --first makes it.
    No network is needed: request and line are files that go by mail or on a stick. With --mirror it is kept which
    records there are, so that later the very record is named that was changed.

    Example:  credence witness cosign request --log journal.vkey > line

    Exit code: 0 cosigned, 1 refused: the journal does not go on from what was seen, 2 a file can't be used, or the
    request is to be made again.
    """
    from ledger.store.trouble import FileTrouble
    from ledger.verify.trusted_key import brought_key
    from ledger.witness.mirror import Mirror
    from ledger.witness.witness import CosigningRefused, OtherSize, Witness

    if (mirror is None) != (hashes is None):
        refuse("--mirror and --hashes belong together: the mirror, and what is added to it; give both or neither")
    copied = None if mirror is None or hashes is None else Mirror(mirror, hashes)
    try:
        kept = state or witness_key.with_suffix(".state")
        of_log, *replaced = brought_key(log).keys
        watching = Witness(key=witness_key, state=kept, log=of_log, replaced=tuple(replaced), is_first=first)
        line = watching.cosigned(request, int(time.time()), copied)
    except CosigningRefused as error:
        refuse(f"refused: {error}", FOUND_PROBLEMS)
    except (FileTrouble, OtherSize) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"`{error.filename}` can't be used: {error.strerror}")
    out().print(Text(line), end="", soft_wrap=True)
