"""`credence webhooks add|list|change|end|rotate|dead-letters|send-again`: where events are sent."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from api.cli.console import err, out, print_json
from api.cli.options import RUNNING, WHO, JsonOption
from api.cli.running_service import ServiceOptions
from ledger.record.event_types import EVENT_TYPES
from ledger.webhooks.endpoint_changes import ROTATION_DAYS_MAX
from ledger.webhooks.endpoint_secrets import Signature

AddressArgument = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="Where events are sent: an https address on the public network.")
]
WebhookArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The webhook's id, as `credence webhooks list` shows it.")
]
EventTypeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        help=f"What is sent: {', '.join(each.name for each in EVENT_TYPES)}. Repeat it for several.",
        rich_help_panel=WHO,
    ),
]
SignatureOption = Annotated[
    Signature,
    typer.Option(
        "--signature",
        metavar="KIND",
        help=f"How events are signed: {Signature.HMAC}, by a secret that both sides have, or {Signature.ED25519}.",
        show_default=True,
        rich_help_panel=RUNNING,
    ),
]
DescriptionOption = Annotated[
    str | None,
    typer.Option("--description", metavar="TEXT", help="What is there, for those who list.", rich_help_panel=WHO),
]
NewAddressOption = Annotated[
    str | None,
    typer.Option("--address", metavar="ADDRESS", help="Where events are sent from now on.", rich_help_panel=WHO),
]
OverlapOption = Annotated[
    int,
    typer.Option(
        "--overlap-days",
        metavar="NUMBER",
        min=0,
        max=ROTATION_DAYS_MAX,
        help="For how long the secret before signs as well; 0: it ends now.",
        show_default=True,
        rich_help_panel=RUNNING,
    ),
]
RecordOption = Annotated[
    int | None,
    typer.Option(
        "--record",
        metavar="NUMBER",
        min=0,
        help="The dead letter of this record alone. Default: all of the webhook's.",
        rich_help_panel=WHO,
    ),
]


def add_webhook(
    *,
    address: AddressArgument,
    types: EventTypeOption = None,
    signature: SignatureOption = Signature.HMAC,
    description: DescriptionOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Have events sent to another system. The secret by which it verifies them is printed once.

    It needs a key with the role admin.

    Example:  credence webhooks add https://erp.example.com/hooks --type order.held

    Exit code: 0 added, 1 the service refuses, 2 the service can't be reached.
    """
    body = {"url": address, "types": types or [], "signature": signature, "description": description or ""}
    _show_secret(service.ask("/v1/webhooks", body), as_json=as_json)


def list_webhooks(*, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """List webhooks: where what is sent, and what did not arrive.

    It needs a key with the role admin or auditor.

    Example:  credence webhooks list

    Exit code: 0 listed, 1 the service refuses, 2 the service can't be reached.
    """
    answer = service.ask("/v1/webhooks")
    if as_json:
        print_json(answer)
        return
    for webhook in answer["webhooks"]:
        out().print(Text(_line(webhook)))


def change_webhook(
    *,
    webhook: WebhookArgument,
    address: NewAddressOption = None,
    types: EventTypeOption = None,
    description: DescriptionOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Change where or what is sent. A webhook that was disabled is sent to again; without an option that is all.

    It needs a key with the role admin.

    Example:  credence webhooks change 9c41d2a07e --type order.held --type order.rejected

    Exit code: 0 changed, 1 the service refuses, 2 the service can't be reached.
    """
    said = {"url": address, "types": types, "description": description}
    body = {word: value for word, value in said.items() if value is not None}
    _show(service.ask(f"/v1/webhooks/{_part(webhook)}/change", body), as_json=as_json)


def end_webhook(*, webhook: WebhookArgument, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """Send nothing there any more; what did not arrive is forgotten.

    It needs a key with the role admin.

    Example:  credence webhooks end 9c41d2a07e

    Exit code: 0 ended, 1 the service refuses, 2 the service can't be reached.
    """
    _show(service.ask(f"/v1/webhooks/{_part(webhook)}/end", {}), as_json=as_json)


def rotate(
    *, webhook: WebhookArgument, overlap_days: OverlapOption = 7, service: ServiceOptions, as_json: JsonOption = False
) -> None:
    """Replace a webhook's secret. The new one is printed once; for some days both sign.

    It needs a key with the role admin.

    Example:  credence webhooks rotate 9c41d2a07e

    Exit code: 0 replaced, 1 the service refuses, 2 the service can't be reached.
    """
    _show_secret(service.ask(f"/v1/webhooks/{_part(webhook)}/rotate", {"overlap_days": overlap_days}), as_json=as_json)


def dead_letters(*, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """List events that were not taken in ten tries, the one that failed last first.

    It needs a key with the role admin or auditor.

    Example:  credence webhooks dead-letters

    Exit code: 0 listed, 1 the service refuses, 2 the service can't be reached.
    """
    answer = service.ask("/v1/webhooks/dead-letters")
    if as_json:
        print_json(answer)
        return
    for letter in answer["dead_letters"]:
        tried = f"{letter['tries']} tries, {letter['failure']}"
        out().print(Text(f"{letter['webhook']}: record {letter['record']}, {letter['type']}, {tried}"))


def send_again(
    *, webhook: WebhookArgument, record: RecordOption = None, service: ServiceOptions, as_json: JsonOption = False
) -> None:
    """Try a webhook's dead letters once more, as if for the first time.

    It needs a key with the role admin.

    Example:  credence webhooks send-again 9c41d2a07e --record 700

    Exit code: 0 they are due, 1 the service refuses, 2 the service can't be reached.
    """
    body = {} if record is None else {"record": record}
    _show(service.ask(f"/v1/webhooks/{_part(webhook)}/send-again", body), as_json=as_json)


def _part(id: str) -> str:
    return quote(id, safe="")


def _show(webhook: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(webhook)
    else:
        out().print(Text(_line(webhook)))


def _show_secret(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    kept = "verify by this public key" if made["secret"] is None else "shown once, so keep it now"
    err().print(Text(f"webhook {made['id']}; {kept}:"))
    out().print(Text(made["secret"] or made["public_key"]))


def _line(webhook: dict[str, Any]) -> str:
    """`9c41d2a07e: https://erp.example.com/hooks, order.held; 3 waiting, 1 dead letter`."""
    state = "" if webhook["active"] else f"; nothing is sent: {webhook['inactive_because']}"
    counts = [f"{webhook['waiting']} waiting"] if webhook["waiting"] else []
    if webhook["dead_letters"]:
        counts.append(f"{webhook['dead_letters']} dead letter{'s' if webhook['dead_letters'] > 1 else ''}")
    waits = f"; {', '.join(counts)}" if counts else ""
    return f"{webhook['id']}: {webhook['url']}, {', '.join(webhook['types'])}{waits}{state}"
