"""`credence people add|change|end|list`: who may ask the service, and as what."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from api.cli.console import out, print_json
from api.cli.options import WHO, JsonOption
from api.cli.running_service import ServiceOptions
from engine.vocabulary.persons import person as compared
from ledger.access.roles import Authority, Role

LoginArgument = Annotated[
    str, typer.Argument(metavar="LOGIN", help="As in facts such as order.entered_by: case and blanks don't count.")
]
NameOption = Annotated[
    str | None, typer.Option("--name", metavar="TEXT", help="As colleagues call them.", rich_help_panel=WHO)
]
RoleOption = Annotated[
    list[Role] | None,
    typer.Option(
        "--role",
        metavar="ROLE",
        help=f"What they work as: {', '.join(Role)}. Repeat it for several.",
        rich_help_panel=WHO,
    ),
]
AuthorityOption = Annotated[
    Authority | None,
    typer.Option(
        "--authority",
        metavar="WORD",
        help=f"Up to which amounts they may release: {', '.join(Authority)}.",
        rich_help_panel=WHO,
    ),
]
IssuerOption = Annotated[
    str | None,
    typer.Option(
        "--oidc-issuer", metavar="URL", help="Who vouches for them with tokens; with --oidc-subject.",
        rich_help_panel=WHO,
    ),
]  # fmt: skip
SubjectOption = Annotated[
    str | None,
    typer.Option("--oidc-subject", metavar="TEXT", help="What that issuer calls them.", rich_help_panel=WHO),
]
NoRolesOption = Annotated[bool, typer.Option("--no-roles", help="Take every role away.", rich_help_panel=WHO)]


def add(
    *,
    login: LoginArgument,
    name: NameOption = None,
    roles: RoleOption = None,
    authority: AuthorityOption = None,
    oidc_issuer: IssuerOption = None,
    oidc_subject: SubjectOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Add somebody who may ask the service; then make a key for them, or let an OIDC issuer vouch for them.

    It needs a key with the role admin. A login is never given twice: records tell people apart by it.

    Example:  credence people add u.becker --name 'Uta Becker' --role order-entry

    Exit code: 0 added, 1 the service refuses, 2 the service can't be reached.
    """
    body = {"login": login, **_words(name, roles, authority, oidc_issuer, oidc_subject)}
    _print("added", service.ask("/v1/people", body), as_json=as_json)


def change(
    *,
    login: LoginArgument,
    name: NameOption = None,
    roles: RoleOption = None,
    no_roles: NoRolesOption = False,
    authority: AuthorityOption = None,
    oidc_issuer: IssuerOption = None,
    oidc_subject: SubjectOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Change what somebody may, or how they are called; what isn't given stays.

    --role says all roles that they have from now on. Nobody changes their own roles or authority. It needs a key with
    the role admin. Somebody who has ended comes back by it.

    Example:  credence people change u.becker --role order-entry --role collector

    Exit code: 0 changed, 1 the service refuses, 2 the service can't be reached.
    """
    body = _words(name, roles, authority, oidc_issuer, oidc_subject) | ({"roles": []} if no_roles else {})
    _print("changed", service.ask(f"/v1/people/{_in_path(login)}/change", body), as_json=as_json)


def end(*, login: LoginArgument, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """End what somebody may: from now on no key and no token of theirs opens anything.

    Their records stay, and their login is given to nobody else. It needs a key with the role admin.

    Example:  credence people end u.becker

    Exit code: 0 ended, 1 the service refuses, 2 the service can't be reached.
    """
    _print("ended", service.ask(f"/v1/people/{_in_path(login)}/end", {}), as_json=as_json)


def erase(*, login: LoginArgument, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """Erase login, name and OIDC subject of somebody who has ended; what they did stays on record, by an opaque id.

    Nothing brings the names back, and the login is free again. Facts of orders that hold the login, such as who entered
    them, stay with those orders. It needs a key with the role admin.

    Example:  credence people erase u.becker

    Exit code: 0 erased, 1 the service refuses, 2 the service can't be reached.
    """
    gone = service.ask(f"/v1/people/{_in_path(login)}/erase", {})
    if as_json:
        print_json(gone)
    else:
        out().print(Text(f"erased: {gone['id']} is what records have in place of a name"))


def list_people(*, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """List everybody who may ask the service, or could once, with roles, authority and open keys: the access review.

    It needs a key with the role admin or auditor.

    Example:  credence people list

    Exit code: 0 listed, 1 the service refuses, 2 the service can't be reached.
    """
    people, keys = service.ask("/v1/people")["people"], service.ask("/v1/keys")["keys"]
    if as_json:
        print_json({"people": people, "keys": keys})
        return
    for person in people:
        own = [key["id"] for key in keys if key["login"] == person["login"] and key["open"]]
        out().print(Text(f"{_line(person)}; {f'keys {chr(44).join(own)}' if own else 'no key'}"))
    for key in keys:
        if key["service"] and key["open"]:
            out().print(Text(f"service {key['service']}: {', '.join(key['roles'])}; key {key['id']}"))


def _words(
    name: str | None,
    roles: list[Role] | None,
    authority: Authority | None,
    issuer: str | None,
    subject: str | None,
) -> dict[str, Any]:
    """What was given, as the service's requests name it."""
    said = {"name": name, "roles": roles or None, "authority": authority}
    said |= {"oidc_issuer": issuer, "oidc_subject": subject}
    return {word: value for word, value in said.items() if value is not None}


def _in_path(login: str) -> str:
    return quote(compared(login), safe="")


def _print(done: str, person: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(person)
    else:
        out().print(Text(f"{done}: {_line(person)}"))


def _line(person: dict[str, Any]) -> str:
    """`u.becker (Uta Becker): order-entry, collector; authority none`."""
    roles = ", ".join(person["roles"]) or "no role"
    ended = "" if person["active"] else "ended; had "
    return f"{person['login']} ({person['name']}): {ended}{roles}; authority {person['authority']}"
