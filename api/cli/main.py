"""The command line `credence`: one module a command, put together here."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer

from api.cli.accounts import assess, show_account
from api.cli.activate import activate
from api.cli.audit import access, case, completeness, policy_changes
from api.cli.audit_credit import exceptions, limits, releases
from api.cli.audit_sample import check_sample, sample
from api.cli.backtest import backtest_command
from api.cli.backup import backup, restore
from api.cli.batch import batch
from api.cli.check import check
from api.cli.config import config
from api.cli.console import FOUND_PROBLEMS, UNUSABLE
from api.cli.dead import dead
from api.cli.decide import decide
from api.cli.decide_file import decide_file_command
from api.cli.erase import confirm, finish, list_erasures, propose, withdraw
from api.cli.explain import explain
from api.cli.grammar import Commands, register
from api.cli.import_files import import_files
from api.cli.init import init
from api.cli.journal_checkpoint import checkpoint, cosignature
from api.cli.journal_columns import columns
from api.cli.journal_export import export
from api.cli.journal_keys import replace_signing_key, replace_wrapping_key
from api.cli.journal_new_epoch import new_epoch
from api.cli.journal_proof import proof
from api.cli.journal_replay import replay
from api.cli.journal_retention import retention
from api.cli.journal_roles import roles
from api.cli.journal_search import search
from api.cli.journal_show import show
from api.cli.journal_verify import verify
from api.cli.keys import create, list_keys, recover, revoke
from api.cli.ledger import verify_ledger
from api.cli.orders import cancel, deliver, hold, holds, recheck, reject, release, show_order
from api.cli.people import add, change, end, list_people
from api.cli.people import erase as erase_person
from api.cli.portfolio import portfolio
from api.cli.prove import prove
from api.cli.receivables import overdue_register, receivables
from api.cli.schema import schema
from api.cli.serve import serve
from api.cli.sql import sql
from api.cli.take_over import take_over
from api.cli.test import test
from api.cli.webhooks import (
    add_webhook,
    change_webhook,
    dead_letters,
    end_webhook,
    list_webhooks,
    rotate,
    send_again,
)
from api.cli.witness import cosign, new_key
from engine.version import ENGINE_VERSION

_UNWRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What the system says where a disk is full, a quota or a size is reached, or the device fails."""


class _CommandLine(typer.Typer):
    """The command line, which ends in one line where stdout can't be written, whichever command wrote to it.

    A reader that went away (`credence test | head -1`) ends it silently with exit code 1, a full disk with 2.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        try:
            try:
                return super().__call__(*args, **options)
            finally:
                if sys.stdout is not None:  # closed by the caller: `>&-`
                    sys.stdout.flush()  # fails here, not after the last line of Python
        except BrokenPipeError:  # as `| head` does it: who reads has seen enough
            _silence_stdout()
            sys.exit(FOUND_PROBLEMS)
        except OSError as error:
            if error.errno not in _UNWRITTEN or error.filename is not None:
                raise
            _silence_stdout()
            with suppress(OSError):
                sys.stderr.write(f"credence: the output can't be written: {error.strerror}\n")
            sys.exit(UNUSABLE)


def _silence_stdout() -> None:
    """What is still buffered goes nowhere, so that the interpreter's own last flush says nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


app = _CommandLine(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_given: bool) -> None:  # noqa: FBT001  # typer calls it so
    """Called by typer with whether `--version` is there, before it looks for a command."""
    if is_given:
        typer.echo(f"credence {ENGINE_VERSION}")
        raise typer.Exit


@app.callback()
def credence(
    *,
    version: Annotated[  # noqa: ARG001  # its callback does the work, before a command is asked for
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Trade-credit decisions with every reason, from policies that a credit manager edits.

    Start with:  credence init credit

    Exit codes: 0 fine; 1 mistakes in policies, failing tests or rejected rows; 2 wrong usage or unreadable input; 3 a
    fault of credence itself; 130 interrupted. Every command's --help has an example.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows no Chinese shows escapes instead of failing
            stream.reconfigure(errors="backslashreplace")


COMMANDS = (
    ("init", init, "Write the default policies and a sample to a new folder."),
    ("check", check, "Find every mistake in policies, tests and maps."),
    ("test", test, "Run the policy tests; say what they don't touch."),
    ("prove", prove, "Prove what must hold of every case, or show one that breaks it."),
    ("dead", dead, "Find rules that can never fire, or never decide alone."),
    ("decide", decide, "Decide one case."),
    ("explain", explain, "Show why each rule fired or didn't for one case."),
    ("decide-file", decide_file_command, "Decide each row of a file."),
    ("batch", batch, "Decide millions of rows on DuckDB or Spark."),
    ("sql", sql, "Print the policies as SQL for a warehouse."),
    ("portfolio", portfolio, "Aging, DSO, allowance and warnings of open items."),
    ("backtest", backtest_command, "Replay past orders against how they were paid."),
    ("schema", schema, "Print JSON Schemas for editors and callers."),
    ("serve", serve, "Answer decisions over HTTP."),
    ("config", config, "Show every setting and where it comes from."),
    ("activate", activate, "Put a change that takes rules away into force."),
    ("import", import_files, "Take files of another system into the ledger."),
    ("account show", show_account, "Show what an account owes, and its facts."),
    ("account assess", assess, "Review an account: its grade, and what is to be done."),
    ("order show", show_order, "Show an order, why it waits, and what would let it go."),
    ("order release", release, "Release a held order, as the policies allow."),
    ("order hold", hold, "Hold an approved order."),
    ("order reject", reject, "Reject a held order."),
    ("order cancel", cancel, "Cancel an order."),
    ("order recheck", recheck, "Decide an order that waits once more."),
    ("order deliver", deliver, "Deliver an order, or part of it."),
    ("holds", holds, "List orders that wait, with every reason."),
    ("register", overdue_register, "List what is overdue, item by item."),
    ("receivables", receivables, "Aging, DSO and loss allowance of the ledger on any day."),
    ("ledger verify", verify_ledger, "Check that the ledger adds up."),
    ("people add", add, "Add somebody who may ask the service."),
    ("people change", change, "Change somebody's roles, authority or name."),
    ("people end", end, "End what somebody may."),
    ("people erase", erase_person, "Erase the names of somebody who has ended."),
    ("people list", list_people, "List people: who holds what."),
    ("keys create", create, "Make a key; it is shown once."),
    ("keys list", list_keys, "List keys, without their texts."),
    ("keys revoke", revoke, "End a key."),
    ("keys recover", recover, "Make a first key again, on the service's machine."),
    ("webhooks add", add_webhook, "Have events sent to another system."),
    ("webhooks list", list_webhooks, "List webhooks, and what did not arrive."),
    ("webhooks change", change_webhook, "Change where or what is sent."),
    ("webhooks end", end_webhook, "Send nothing there any more."),
    ("webhooks rotate", rotate, "Replace the secret that signs."),
    ("webhooks dead-letters", dead_letters, "List events that were not taken."),
    ("webhooks send-again", send_again, "Try what was not taken once more."),
    ("erase propose", propose, "Ask that everything about one customer be made unreadable."),
    ("erase confirm", confirm, "Confirm an erasure; it is done for good."),
    ("erase withdraw", withdraw, "Withdraw an erasure that is not confirmed."),
    ("erase list", list_erasures, "List erasures: how far each is."),
    ("erase finish", finish, "Do what is confirmed and was not done."),
    ("journal search", search, "Find records by customer, case, rule, time and more."),
    ("journal export", export, "Write records with all that proves them, or a Parquet file."),
    ("journal verify", verify, "Compute a journal or an export again; name what was changed."),
    ("journal proof", proof, "Prove that one record is in the journal, as a file."),
    ("journal checkpoint", checkpoint, "Print the newest checkpoint, or a request to a witness."),
    ("journal cosignature", cosignature, "Keep what a witness said of a checkpoint."),
    ("journal replay", replay, "Decide records again: are the answers the same, byte for byte?"),
    ("journal new-epoch", new_epoch, "Go on with a journal that lost its last records."),
    ("journal replace-signing-key", replace_signing_key, "Sign checkpoints by a new key from now on."),
    ("journal replace-wrapping-key", replace_wrapping_key, "Wrap the customers' keys by a new one."),
    ("journal show", show, "Show a record with all that it rests on."),
    ("audit policy-changes", policy_changes, "Report which policies took effect when, and what changed."),
    ("audit access", access, "Report who may what, and which duties conflict."),
    ("audit releases", releases, "Report who released which order, and why."),
    ("audit limits", limits, "Report limit changes and who granted them."),
    ("audit exceptions", exceptions, "Report orders that passed by an exception."),
    ("audit sample", sample, "Draw decisions by a seed."),
    ("audit check-sample", check_sample, "Check a drawn sample without the journal."),
    ("audit completeness", completeness, "Compare a list of orders with what was decided."),
    ("audit case", case, "Write one decision's case file, a page to print."),
    ("journal retention", retention, "Drop what was kept as long as the policies say."),
    ("journal columns", columns, "Say what each column of the journal holds."),
    ("journal roles", roles, "Say who may what with a journal on PostgreSQL."),
    ("journal take-over", take_over, "Write a journal of an earlier version into a new one."),
    ("backup", backup, "Copy a journal and its keys, and compute the copy again."),
    ("restore", restore, "Put a backup in place; say whether it is behind."),
    ("witness new-key", new_key, "Make the key of a witness."),
    ("witness cosign", cosign, "Cosign a checkpoint that goes on from what was seen."),
)
"""Every command: its name, its function, and its line in `credence --help`, in the order there."""

register(
    app,
    COMMANDS,
    file_commands={"decide-file", "batch"},
    lines={
        "account": "Customers in the ledger.",
        "order": "Orders in the ledger.",
        "ledger": "What the service keeps of accounts, orders and items.",
        "people": "Who may ask the service, and as what.",
        "keys": "Keys of people and programs.",
        "webhooks": "Where other systems are told of events.",
        "erase": "Make what is recorded about one customer unreadable.",
        "journal": "What was decided and done.",
        "witness": "Watch that a journal only grows, on another machine.",
        "audit": "Reports for auditors, each line with its proof.",
    },
)
