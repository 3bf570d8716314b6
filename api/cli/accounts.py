"""`credence account show`: an account of a running service, with what it owes and may owe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from api.cli.console import out, print_json
from api.cli.money import grouped
from api.cli.options import DECIDED, JsonOption, LanguageOption
from api.cli.orders import ForOption
from api.cli.running_service import ServiceOptions

AccountArgument = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The customer's number.")]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--on", metavar="DATE", help="The day whose facts are shown. Without it today's.", rich_help_panel=DECIDED
    ),
]


def show_account(
    *, account: AccountArgument, on: OnOption = None, service: ServiceOptions, as_json: JsonOption = False
) -> None:
    """Show an account: what it owes, what is reserved, and each fact that decisions are made on with where it is from.

    It needs a key with the role desk, collector or auditor.

    Example:  credence account show C-20417

    Exit code: 0 shown, 1 the service refuses, 2 the service can't be reached.
    """
    path = f"/v1/accounts/{quote(account, safe='')}"
    shown = service.ask(path)
    facts = service.ask(f"{path}/facts{'' if on is None else f'?as_of={quote(on)}'}")
    if as_json:
        print_json({**shown, "facts": facts})
        return
    _print(shown)
    for each in facts.get("facts", ()):
        _line("fact", f"{each['name']} = {_value(each)}  ({each['from']})")


def assess(
    *,
    account: AccountArgument,
    person: ForOption = None,
    service: ServiceOptions,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Review an account: the policies assign its grade and say what is to be done.

    The service does so by itself when a review is due. It needs a key with the role desk.

    Example:  credence account assess C-20417

    Exit code: 0 assessed, 1 the service refuses, 2 the service can't be reached.
    """
    answer = service.ask(f"/v1/accounts/{quote(account, safe='')}/assess", {}, person=person)
    if as_json:
        print_json(answer)
        return
    decision = answer["decision"]
    _line("outcome", decision["outcome"])
    grade = answer.get("grade") or {}
    if grade:
        _line("grade", f"{grade['grade']}, to be reviewed by {grade['review_on']}")
    for each in decision["reasons"]:
        _line("reason", f"{each['text'].get(lang or '') or next(iter(each['text'].values()))}  {each['rule']}")


def _print(account: Mapping[str, Any]) -> None:
    name = f" {account['name']}" if account.get("name") else ""
    _line("account", f"{account['id']}{name}: {account['status']}, {account['currency']}, version {account['version']}")
    for title in ("open_items", "delivered", "open_orders", "deposits", "exposure"):
        _line("", f"{title.replace('_', ' ')} {grouped(account[title])}")


def _value(fact: Mapping[str, Any]) -> str:
    value = fact.get("value")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"{len(value)} record{'' if len(value) == 1 else 's'}"
    return "–" if value is None else str(value)


def _line(name: str, text: str) -> None:
    out().print(Text(f"{name:<9} {text}"), soft_wrap=True)
