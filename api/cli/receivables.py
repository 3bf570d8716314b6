"""`credence register` and `credence receivables`: what is overdue by a running service, and how receivables stand."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.text import Text

from api.cli.console import out, print_json
from api.cli.money import grouped
from api.cli.options import DECIDED, FOUND, JsonOption
from api.cli.running_service import ServiceOptions

_OnOption = Annotated[
    str | None,
    typer.Option(
        "--on", metavar="DATE", help="As that day closed. Without it as things stand today.", rich_help_panel=DECIDED
    ),
]
_AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="NUMBER", help="Only this customer's.", rich_help_panel=FOUND)
]
_CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV with a heading.", rich_help_panel=FOUND)]


def overdue_register(
    *,
    on: _OnOption = None,
    account: _AccountOption = None,
    as_csv: _CsvOption = False,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """List what is overdue, item by item, the oldest due first, and what is to be done about each today.

    With --json it is an object a line. It needs a key with the role desk, collector or auditor.

    Example:  credence register --csv > overdue.csv

    Exit code: 0 listed, 1 the service refuses, 2 the service can't be reached.
    """
    asked = _asked(on=on, account=account, format="csv" if as_csv else None)
    for line in service.lines(f"/v1/register{asked}"):
        text = line.decode("utf-8").rstrip("\r\n")
        if as_csv or as_json:
            sys.stdout.write(f"{text}\n")
        elif text:
            _print_row(json.loads(text))


def receivables(
    *,
    on: _OnOption = None,
    account: _AccountOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Show how the receivables stand: aging, DSO, collection effectiveness and loss allowance, on any day.

    They come from the ledger's entries, and are those of `credence portfolio` for the same items. It needs a key with
    the role desk, collector or auditor.

    Example:  credence receivables --on 2026-06-30

    Exit code: 0 shown, 1 the service refuses, 2 the service can't be reached.
    """
    shown = service.ask(f"/v1/receivables{_asked(on=on, account=account)}")
    if as_json:
        print_json(shown)
        return
    total, currency = shown["receivables"], shown["currency"]
    _line("receivables", f"{grouped(total['amount'])} {currency}, {grouped(total['overdue'])} overdue")
    for bucket in shown["aging"]:
        _line(bucket["bucket"], f"{grouped(bucket['amount'])} ({bucket['count']})")
    for quarter in shown["quarters"][-1:]:
        _line("DSO", _days(quarter["dso"]))
        _line("CEI", _share(quarter["collection_effectiveness"]))
    allowance = shown["loss_allowance"]
    _line("allowance", grouped(allowance["total"]) + ("" if allowance["complete"] else ", not complete"))
    for each in allowance["by_grade"]:
        amount = "unknown" if each["allowance"] is None else grouped(each["allowance"])
        _line("", f"{each['bucket'] or 'unknown'} {each['grade']}: {amount} of {grouped(each['amount'])}")
    if shown["left_out"]:
        _line("left out", f"no rate of their currency: {', '.join(shown['left_out'])}")


def _print_row(row: Mapping[str, Any]) -> None:
    step = f"  {row['next_step']}" if row["next_step"] else ""
    amount = f"{grouped(row['open_amount'])} {row['currency']}"
    grade = f" ({row['grade']})" if row["grade"] else ""
    days = f"{row['days_overdue']:>4} days"
    text = f"{row['due_on']}  {days}  {amount:>18}  {row['account']}{grade}  {row['item']}{step}"
    out().print(Text(text), soft_wrap=True)


def _line(word: str, text: str) -> None:
    out().print(Text(f"{word:<12} {text}"), soft_wrap=True)


def _days(value: str | None) -> str:
    return "-" if value is None else f"{float(value):.1f} days"


def _share(value: str | None) -> str:
    return "-" if value is None else f"{float(value):.1%}"


def _asked(**parameters: str | None) -> str:
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""
