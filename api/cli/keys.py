"""`credence keys create|list|revoke|recover`: keys of people and programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from api.cli.console import err, out, print_json, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import WHO, JournalOption, JsonOption
from api.cli.people import RoleOption
from api.cli.running_service import ServiceOptions
from ledger.access.changes import DAYS_MAX

PersonOption = Annotated[
    str | None,
    typer.Option("--person", metavar="LOGIN", help="Whose key it is: a person's.", rich_help_panel=WHO),
]
ServiceOption = Annotated[
    str | None,
    typer.Option("--service", metavar="NAME", help="Whose key it is: a program's.", rich_help_panel=WHO),
]
ActsForOption = Annotated[
    bool,
    typer.Option("--acts-for", help="The program may name the person for whom it asks.", rich_help_panel=WHO),
]
PerSecondOption = Annotated[
    int | None,
    typer.Option(
        "--per-second",
        metavar="NUMBER",
        min=1,
        help="Requests a second in each worker. Default: the setting CREDENCE_REQUESTS_PER_SECOND_MAX.",
        rich_help_panel=WHO,
    ),
]
DaysOption = Annotated[
    int,
    typer.Option(
        "--days", metavar="NUMBER", min=1, max=DAYS_MAX, help="How long it opens anything.", show_default=True,
        rich_help_panel=WHO,
    ),
]  # fmt: skip
InDaysOption = Annotated[
    int,
    typer.Option(
        "--in-days",
        metavar="NUMBER",
        min=0,
        max=DAYS_MAX,
        help="When it ends, so that its successor can be handed out meanwhile; 0: now.",
        show_default=True,
        rich_help_panel=WHO,
    ),
]
KeyArgument = Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `credence keys list` shows it.")]


def create(
    *,
    person: PersonOption = None,
    program: ServiceOption = None,
    roles: RoleOption = None,
    acts_for: ActsForOption = False,
    per_second: PerSecondOption = None,
    days: DaysOption = DAYS_MAX,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Make a key for a person or a program. It is printed once and kept nowhere: what is kept is its SHA-256.

    A person's key has the person's roles, whatever they become; a program's has those of --role. To replace a key, make
    another and revoke the old one in some days. It needs a key with the role admin.

    Example:  credence keys create --service erp --role order-entry

    Exit code: 0 made, 1 the service refuses, 2 the service can't be reached.
    """
    said = {"login": person, "service": program, "roles": roles or None, "per_second": per_second}
    body = {word: value for word, value in said.items() if value is not None}
    made = service.ask("/v1/keys", {**body, "acts_for": acts_for, "days": days})
    if as_json:
        print_json(made)
        return
    err().print(Text(f"key {made['id']}, until {made['expires_at'][:10]}; shown once, so keep it now:"))
    out().print(Text(made["key"]))


def list_keys(*, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """List every key, without its text: whose it is, what it may, until when.

    It needs a key with the role admin or auditor.

    Example:  credence keys list

    Exit code: 0 listed, 1 the service refuses, 2 the service can't be reached.
    """
    answer = service.ask("/v1/keys")
    if as_json:
        print_json(answer)
        return
    for key in answer["keys"]:
        out().print(Text(_line(key)))


def revoke(
    *, key: KeyArgument, in_days: InDaysOption = 0, service: ServiceOptions, as_json: JsonOption = False
) -> None:
    """End a key, by its id. A running service refuses it from its next request on.

    It needs a key with the role admin.

    Example:  credence keys revoke 3f9a20c1b7 --in-days 7

    Exit code: 0 revoked, 1 the service refuses, 2 the service can't be reached.
    """
    answer = service.ask(f"/v1/keys/{quote(key, safe='')}/revoke", {"in_days": in_days})
    if as_json:
        print_json(answer)
    else:
        out().print(Text(_line(answer)))


def recover(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Make a first key again where every admin's key is lost: it adds people and keys, nothing else, for 24 hours.

    It writes into the journal's file, so it runs where that is, as the user whose it is; the service may run meanwhile.
    That somebody did so stands in the record of acts for good.

    Example:  credence keys recover --journal /var/lib/credence/credence.db

    Exit code: 0 made, 2 the journal can't be written.
    """
    from ledger.access.recovery import recovered_key
    from ledger.store.trouble import JournalUnavailable

    settings = journal_settings(journal)
    place = settings.journal
    if isinstance(place, Path) and not place.is_file():
        refuse(f"there is no journal at `{place}`; give the service's --journal")
    try:
        key = recovered_key(place, settings.key_places)
    except JournalUnavailable as error:
        refuse(f"the journal `{place}` can't be written: {error}")
    if as_json:
        print_json({"key": key})
        return
    err().print(Text("adds people and keys, nothing else, for 24 hours; shown once:"))
    out().print(Text(key))


def _line(key: dict[str, Any]) -> str:
    """`3f9a20c1b7: service erp, order-entry, acts for people, until 2027-11-27`."""
    whose = f"service {key['service']}" if key["service"] else f"person {key['login'] or 'gone'}"
    roles = ", ".join(key["roles"]) or "no role"
    acts_for = ", acts for people" if key["acts_for"] else ""
    until = f"until {key['expires_at'][:10]}" if key["open"] else "opens nothing"
    return f"{key['id']}: {whose}, {roles}{acts_for}, {until}"
