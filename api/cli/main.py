"""The command line `credence`: one module a command, put together here."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from api.cli.activate import activate
from api.cli.backtest import backtest_command
from api.cli.bulk import batch, sql
from api.cli.check import check
from api.cli.decide import decide
from api.cli.decide_file import decide_file_command
from api.cli.explain import explain
from api.cli.portfolio import portfolio
from api.cli.schema import schema
from api.cli.serve import serve
from api.cli.terminal import FOUND_PROBLEMS, UNUSABLE
from api.cli.test import test
from api.cli.words import Commands

_UNWRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class _CommandLine(typer.Typer):
    """What is left when stdout can't be written, whichever command wrote to it."""

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


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"credence {_version()}")
        raise typer.Exit


@app.callback()
def credence(
    version_wanted: Annotated[  # noqa: ARG001  # its callback does the work, before a command is asked for
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Trade-credit decisions with every reason, from policies that a credit manager edits.

    Start with:  credence check rules

    Exit codes: 0 fine; 1 mistakes in policies, failing tests or rejected rows; 2 wrong usage or unreadable input; 130
    interrupted. Every command's --help has an example.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows no Chinese shows escapes instead of failing
            stream.reconfigure(errors="backslashreplace")


def _version() -> str:
    try:
        return version("credence")
    except PackageNotFoundError:
        return "(not installed)"


app.command()(check)
app.command()(test)
app.command()(decide)
app.command()(explain)
app.command("decide-file")(decide_file_command)
app.command("backtest")(backtest_command)
app.command()(portfolio)
app.command()(batch)
app.command()(sql)
app.command()(schema)
app.command()(serve)
app.command()(activate)
