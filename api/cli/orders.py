"""`credence order …` and `credence holds`: orders of a running service, shown, released and moved on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.text import Text

from api.cli.console import out, print_json
from api.cli.money import grouped
from api.cli.options import DECIDED, FOUND, WHO, JsonOption, LanguageOption
from api.cli.running_service import ServiceOptions

OrderArgument = Annotated[str, typer.Argument(metavar="ORDER", help="The order's number.")]
ForOption = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="LOGIN",
        help="The person in whose name it is done, where the key may act for people. With --insecure-local their roles "
        "and authority may follow: 'u.hoffmann; roles=desk; authority=credit_manager'.",
        rich_help_panel=WHO,
    ),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.", rich_help_panel=DECIDED)
]
WhyOption = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.", rich_help_panel=DECIDED)
]
ExpiresOption = Annotated[
    str | None,
    typer.Option(
        "--expires", metavar="DATE", help="The last day on which the release counts.", rich_help_panel=DECIDED
    ),
]
AmountOption = Annotated[
    str, typer.Option("--amount", metavar="AMOUNT", help="As decimal text, such as 5000.00.", rich_help_panel=DECIDED)
]
DeliveryOption = Annotated[
    str,
    typer.Option(
        "--delivery",
        metavar="NUMBER",
        help="The delivery's number; the same one again is done once.",
        rich_help_panel=DECIDED,
    ),
]
FinalOption = Annotated[
    bool, typer.Option("--final", help="What isn't delivered now never will be.", rich_help_panel=DECIDED)
]
AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="NUMBER", help="Only this customer's.", rich_help_panel=FOUND)
]
ByOption = Annotated[
    str | None,
    typer.Option(
        "--releasable-by",
        metavar="AUTHORITY",
        help="Only those that this authority is enough for: assistant, credit_manager, controller or cfo.",
        rich_help_panel=FOUND,
    ),
]


def show_order(
    *, order: OrderArgument, service: ServiceOptions, lang: LanguageOption = None, as_json: JsonOption = False
) -> None:
    """Show an order as it stands: amounts, last decision with every reason, releases, and what would let it go.

    It needs a key with the role desk or auditor, or order-entry for orders that it entered.

    Example:  credence order show SO-2026-004711

    Exit code: 0 shown, 1 the service refuses, 2 the service can't be reached.
    """
    shown = service.ask(f"/v1/orders/{quote(order, safe='')}")
    if as_json:
        print_json(shown)
        return
    _print_order(shown["order"])
    _print_reasons((shown.get("decision") or {}).get("reasons", ()), lang)
    if shown.get("hold"):
        _print_hold(shown["hold"], shown["order"]["currency"])
    for each in shown.get("releases", ()):
        second = f", second {each['second_by']}" if each.get("second_by") else ""
        _line("release", f"{each['state']} by {each['by']} ({each['role']}){second}: {each['reason']}")


def release(
    *,
    order: OrderArgument,
    reason: ReasonOption,
    expires: ExpiresOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Release a held order: a proposal that the policies judge by your authority.

    It is in force at once, waits for a second person who releases it too, or is refused with the reasons, which is on
    record. Nobody releases an order that they entered. It needs the role desk and an authority.

    Example:  credence order release SO-2026-004711 --reason 'they pay on Friday'

    Exit code: 0 released or proposed, 1 the service refuses, 2 the service can't be reached.
    """
    body = {"reason": reason} | ({} if expires is None else {"expires_on": expires})
    _move(order, "release", body, person, service, lang, as_json=as_json)


def hold(
    *,
    order: OrderArgument,
    reason: ReasonOption,
    person: ForOption = None,
    service: ServiceOptions,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold an order that is approved: what it reserved is free again, and only a release lets it go.

    It needs the role desk and an authority.

    Example:  credence order hold SO-2026-004711 --reason 'call them first'

    Exit code: 0 held, 1 the service refuses, 2 the service can't be reached.
    """
    _move(order, "hold", {"reason": reason}, person, service, lang, as_json=as_json)


def reject(
    *,
    order: OrderArgument,
    reason: ReasonOption,
    person: ForOption = None,
    service: ServiceOptions,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reject a held order; it lifts by nothing, and can be reopened.

    It needs the role desk and an authority.

    Example:  credence order reject SO-2026-004711 --reason 'no more credit'

    Exit code: 0 rejected, 1 the service refuses, 2 the service can't be reached.
    """
    _move(order, "reject", {"reason": reason}, person, service, lang, as_json=as_json)


def cancel(
    *,
    order: OrderArgument,
    reason: WhyOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cancel an order: what isn't delivered lapses, and what it reserved is free again.

    It needs the role order-entry or desk.

    Example:  credence order cancel SO-2026-004711

    Exit code: 0 cancelled, 1 the service refuses, 2 the service can't be reached.
    """
    _move(order, "cancel", {} if reason is None else {"reason": reason}, person, service, lang, as_json=as_json)


def recheck(
    *,
    order: OrderArgument,
    person: ForOption = None,
    service: ServiceOptions,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide an order that waits once more, by what is known now.

    The service does so by itself whenever something may help. It needs the role order-entry or desk.

    Example:  credence order recheck SO-2026-004711

    Exit code: 0 decided, 1 the service refuses, 2 the service can't be reached.
    """
    _move(order, "recheck", {}, person, service, lang, as_json=as_json)


def deliver(
    *,
    order: OrderArgument,
    amount: AmountOption,
    delivery: DeliveryOption,
    final: FinalOption = False,
    person: ForOption = None,
    service: ServiceOptions,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deliver an order, or part of it: decided once more before the goods leave.

    It needs the role order-entry, booking or desk.

    Example:  credence order deliver SO-2026-004711 --amount 5000.00 --delivery DN-80013

    Exit code: 0 delivered, 1 the service refuses, 2 the service can't be reached.
    """
    body = {"delivery": delivery, "amount": amount} | ({"final": True} if final else {})
    _move(order, "deliver", body, person, service, lang, as_json=as_json)


def holds(
    *,
    account: AccountOption = None,
    releasable_by: ByOption = None,
    service: ServiceOptions,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """List orders that wait, the longest first: every reason, its remedy, who may release them, what would let them go.

    It needs a key with the role desk, collector or auditor, or order-entry for orders that it entered.

    Example:  credence holds --releasable-by credit_manager

    Exit code: 0 listed, 1 the service refuses, 2 the service can't be reached.
    """
    wanted = {"account": account, "releasable_by": releasable_by}
    query = urlencode({name: word for name, word in wanted.items() if word is not None})
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = service.ask("/v1/holds?" + "&".join(filter(None, (query, cursor and urlencode({"cursor": cursor})))))
        found += page["holds"]
        cursor = page["next"]
    if as_json:
        print_json(found)
        return
    for each in found:
        _print_order(each["order"])
        _print_reasons(each["hold"]["reasons"], lang)
        _print_hold(each["hold"], each["order"]["currency"])
    _line("holds", f"{len(found):,}" if found else "nothing waits")


def _move(
    order: str,
    word: str,
    body: Mapping[str, Any],
    person: str | None,
    service: ServiceOptions,
    lang: str | None,
    *,
    as_json: bool,
) -> None:
    answer = service.ask(f"/v1/orders/{quote(order, safe='')}/{word}", body, person=person)
    if as_json:
        print_json(answer)
        return
    _print_order(answer["order"])
    _print_reasons((answer.get("decision") or {}).get("reasons", ()), lang)
    if (made := answer.get("release")) is not None:
        _line("release", f"{made['state']} by {made['by']} ({made['role']}): {made['reason']}")
    if second := answer.get("second_person"):
        _line("second", f"somebody else with the authority {', '.join(second['roles'])} must release it too")


def _print_order(order: Mapping[str, Any]) -> None:
    money = order["currency"]
    parts = [
        f"{name} {grouped(order[name])}"
        for name in ("reserved", "delivered", "billed", "lapsed")
        if order[name].strip("0.")
    ]
    rest = f"; {', '.join(parts)}" if parts else ""
    _line("order", f"{order['id']} of {order['account']}: {order['state']}, {money} {grouped(order['amount'])}{rest}")


def _print_reasons(reasons: Sequence[Mapping[str, Any]], lang: str | None) -> None:
    for each in reasons:
        waived = " (waived by an exception)" if each.get("waived") else ""
        _line("reason", f"{_in(each['text'], lang)}{waived}  {each['rule']}")
        if each.get("remedy"):
            _line("remedy", _in(each["remedy"], lang))


def _print_hold(hold: Mapping[str, Any], currency: str) -> None:
    if hold.get("liftable_since"):
        _line("hold", f"nothing holds it since {hold['liftable_since']}; it waits for somebody to let it go")
    elif hold.get("authority"):
        two = ", and a second person" if hold.get("two_people") else ""
        _line("release", f"by {hold['authority']} or higher{two}")
    passes = hold.get("passes_at") or {}
    told = [
        f"{name.replace('_', ' ')} {currency} {grouped(value)}"
        for name, value in passes.items()
        if isinstance(value, str)
    ]
    if told:
        _line("passes", "; ".join(told))


def _in(text: Mapping[str, str], lang: str | None) -> str:
    return text.get(lang or "") or next(iter(text.values()))


def _line(name: str, text: str) -> None:
    out().print(Text(f"{name:<9} {text}"), soft_wrap=True)
