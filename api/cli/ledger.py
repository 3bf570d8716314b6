"""`credence ledger verify`: whether the ledger of a running service adds up."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, out, print_json, refuse
from api.cli.options import RUNNING, JsonOption, QuietOption
from api.cli.progress import progress_bar
from api.cli.running_service import ServiceOptions

DecisionsOption = Annotated[
    int,
    typer.Option(
        "--decisions",
        metavar="N",
        help="How many of the last decisions are made again on the facts that they were made on.",
        show_default=True,
        rich_help_panel=RUNNING,
    ),
]
_COUNTED = {"accounts": "accounts", "orders": "orders", "items": "items", "ledger_entries": "entries"}


def verify_ledger(
    *,
    decisions: DecisionsOption = 1_000,
    service: ServiceOptions,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check that the ledger adds up: every total, state and reservation is computed again, as of one moment.

    The service goes on meanwhile. Each difference names the account, the figure, what is expected and what stands
    there. It needs a key with the role auditor or admin.

    Example:  credence ledger verify

    Exit code: 0 no difference, 1 at least one, 2 the service can't be reached, or the check couldn't be made.
    """
    differences: list[dict[str, Any]] = []
    verified: dict[str, Any] | None = None
    with progress_bar(quiet=quiet) as show:
        for line in service.lines(f"/v1/ledger/verify?decisions={decisions}"):
            said = json.loads(line)
            if "step" in said:
                show(said["step"], said["done"] / said["of"])
            elif "difference" in said:
                differences.append(said["difference"])
            elif "failed" in said:
                refuse(f"the ledger can't be checked: {said['failed']}")
            else:
                verified = said["verified"]
    if verified is None:
        refuse("the service ended its answer before the check was at its end; ask again")
    if as_json:
        print_json({**verified, "first": differences})
    else:
        _print(verified, differences)
    if verified["differences"]:
        raise typer.Exit(FOUND_PROBLEMS)


def _print(verified: dict[str, Any], differences: list[dict[str, Any]]) -> None:
    counted = ", ".join(f"{verified[name]:,} {word}" for name, word in _COUNTED.items())
    again = f"{verified['decided_again']:,} decisions made again"
    if verified["not_decided_again"]:
        again += f", {verified['not_decided_again']:,} of other policies or erased"
    out().print(Text(f"checked   {counted}; {again}"))
    for each in differences:
        where = f"account {each['account']}: {each['figure']}: expected {each['expected']}, found {each['found']}"
        out().print(Text.assemble(("DIFFERS", "bold red"), f"   {where}"), soft_wrap=True)
    total = verified["differences"]
    out().print(Text(f"{total:,} difference{'' if total == 1 else 's'}" if total else "no difference"))
