"""`credence day`, `credence worklist …` and `credence invoice …`: collections of a running service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillAsked
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.text import Text

from api.cli.console import out, print_json
from api.cli.money import grouped
from api.cli.options import DECIDED, FOUND, JsonOption, LanguageOption, QuietOption
from api.cli.orders import ForOption, ReasonOption
from api.cli.progress import progress_bar
from api.cli.running_service import ServiceOptions

_LOOK_SECONDS = 0.5
"""Between two looks at how far the turn is."""

DayArgument = Annotated[str | None, typer.Argument(metavar="[DATE]", help="The business date; another one is refused.")]
EntryArgument = Annotated[
    str,
    typer.Argument(
        metavar="ENTRY", help="The entry's id, such as 2026-07-16.customer.C-20417; without the day it is today's."
    ),
]
InvoiceArgument = Annotated[str, typer.Argument(metavar="INVOICE", help="The invoice's number.")]
DateOption = Annotated[
    str | None,
    typer.Option("--date", metavar="DATE", help="The list of another day than today.", rich_help_panel=FOUND),
]
CollectorOption = Annotated[
    str | None,
    typer.Option("--collector", metavar="LOGIN", help="Only this collector's.", rich_help_panel=FOUND),
]
OutcomeOption = Annotated[
    str | None,
    typer.Option("--result", metavar="WORD", help="What came of it: reached, no-answer, ….", rich_help_panel=DECIDED),
]
PersonOption = Annotated[
    str | None, typer.Option("--reached", metavar="NAME", help="Who was reached.", rich_help_panel=DECIDED)
]
NoteOption = Annotated[
    str | None, typer.Option("--text", metavar="TEXT", help="What was said; it is recorded.", rich_help_panel=DECIDED)
]
DueOption = Annotated[
    str,
    typer.Option(
        "--due",
        metavar="DATE",
        help="The day that was promised; a number is in how many days.",
        rich_help_panel=DECIDED,
    ),
]
PartOption = Annotated[
    str | None,
    typer.Option("--amount", metavar="AMOUNT", help="As decimal text, such as 5000.00.", rich_help_panel=DECIDED),
]
UntilOption = Annotated[
    str,
    typer.Option(
        "--not-before", metavar="DATE", help="The day; a number is in how many days.", rich_help_panel=DECIDED
    ),
]
DisputedOption = Annotated[
    str, typer.Option("--invoice", metavar="NUMBER", help="The invoice that is disputed.", rich_help_panel=DECIDED)
]
CodeOption = Annotated[
    str, typer.Option("--code", metavar="WORD", help="Why, in one word: quality, price, ….", rich_help_panel=DECIDED)
]


def turn_day(
    *, day: DayArgument = None, service: ServiceOptions, as_json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Make the turn of the business date: promises, orders that wait, reviews, the worklist.

    The service makes it by itself in the first minute of each day; this waits until it is made, and begins it where it
    isn't. Asked again, it changes nothing. It needs a key with the role desk or admin.

    Example:  credence day

    Exit code: 0 made, 1 the service refuses, 2 the service can't be reached.
    """
    with ThreadPoolExecutor(1) as asking, progress_bar(quiet=quiet or as_json) as show:
        turning = asking.submit(service.ask, "/v1/day", {} if day is None else {"date": day})
        while True:
            try:
                made = turning.result(_LOOK_SECONDS)
                break
            except StillAsked:
                steps = service.ask("/v1/day")["steps"]
                done = [each for each in steps if each["is_done"]]
                now = next((each for each in steps if not each["is_done"]), steps[-1])
                show(f"{now['step']}, {now['accounts']:,} accounts", len(done) / len(steps))
    if as_json:
        print_json(made)
        return
    for each in made["steps"]:
        _line(each["step"], f"{each['accounts']:,} accounts looked at, {each['changed']:,} changed")
    _line("day", f"{made['day']} is turned")


def list_worklist(
    *,
    on: DateOption = None,
    collector: CollectorOption = None,
    service: ServiceOptions,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is to be done today, the most urgent first, with the reasons.

    One entry for each customer and channel. It needs a key with the role collector, desk or auditor.

    Example:  credence worklist list --collector u.weiss

    Exit code: 0 listed, 1 the service refuses, 2 the service can't be reached.
    """
    wanted = {name: value for name, value in (("date", on), ("collector", collector)) if value is not None}
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = service.ask(f"/v1/worklist?{urlencode(wanted | ({'after': after} if after else {}))}")
        found += page["entries"]
        after = page["after"]
    if as_json:
        print_json(found)
        return
    for each in found:
        _print_entry(each)
        _print_reasons(each["reasons"], lang)
    _line("worklist", f"{len(found):,} to do" if found else "nothing to do")


def do_entry(
    *,
    entry: EntryArgument,
    outcome: OutcomeOption = None,
    reached: PersonOption = None,
    note: NoteOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Record that an entry was done: one contact for all its invoices, each at its own next level.

    Done again, it is answered as before. It needs the role collector or desk.

    Example:  credence worklist done customer.C-20417 --result reached --reached 'Ms Li'

    Exit code: 0 recorded, 1 the service refuses, 2 the service can't be reached.
    """
    body = {"outcome": outcome, "person": reached, "text": note}
    _move(entry, "done", body, person, service, as_json=as_json)


def promise_entry(
    *,
    entry: EntryArgument,
    due: DueOption,
    amount: PartOption = None,
    reached: PersonOption = None,
    note: NoteOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Record that the customer was reached and promised to pay.

    The answer says until which day the policies wait for it. It needs the role collector or desk.

    Example:  credence worklist promise customer.C-20417 --due 2026-07-20 --reached 'Ms Li'

    Exit code: 0 recorded, 1 the service refuses, 2 the service can't be reached.
    """
    body = {"due_on": _day(due, service), "amount": amount, "person": reached, "text": note}
    _move(entry, "promise", body, person, service, as_json=as_json)


def dispute_entry(
    *,
    entry: EntryArgument,
    invoice: DisputedOption,
    code: CodeOption,
    amount: PartOption = None,
    note: NoteOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Record that the customer was reached and disputes one of the invoices.

    What is in dispute isn't chased until the dispute is settled. It needs the role collector or desk.

    Example:  credence worklist dispute customer.C-20417 --invoice RE-1 --code quality --amount 3000.00

    Exit code: 0 recorded, 1 the service refuses, 2 the service can't be reached.
    """
    body = {"invoice": invoice, "code": code, "amount": amount, "text": note}
    _move(entry, "dispute", body, person, service, as_json=as_json)


def defer_entry(
    *,
    entry: EntryArgument,
    until: UntilOption,
    reason: ReasonOption,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Put an entry off: two weeks at the most, and not beyond the date by which something has to be done.

    It needs the role collector or desk.

    Example:  credence worklist defer customer.C-20417 --not-before 2026-07-20 --reason 'they are away'

    Exit code: 0 recorded, 1 the service refuses, 2 the service can't be reached.
    """
    _move(entry, "defer", {"until": _day(until, service), "reason": reason}, person, service, as_json=as_json)


def skip_entry(
    *,
    entry: EntryArgument,
    reason: ReasonOption,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Leave an entry for the next working day, which lists it again where it is still to be done.

    It needs the role collector or desk.

    Example:  credence worklist skip customer.C-20417 --reason 'no time'

    Exit code: 0 recorded, 1 the service refuses, 2 the service can't be reached.
    """
    _move(entry, "skip", {"reason": reason}, person, service, as_json=as_json)


def show_invoice(
    *, invoice: InvoiceArgument, service: ServiceOptions, lang: LanguageOption = None, as_json: JsonOption = False
) -> None:
    """Show an invoice with its disputes, promises and contacts, and what the policies say of it today.

    It needs a key with the role collector, desk or auditor.

    Example:  credence invoice show RE-1

    Exit code: 0 shown, 1 the service refuses, 2 the service can't be reached.
    """
    shown = service.ask(f"/v1/invoices/{quote(invoice, safe='')}")
    if as_json:
        print_json(shown)
        return
    item = shown["invoice"]
    _line(
        "invoice",
        f"{item['id']} of {item['account']}: {item['state']}, {item['currency']} {grouped(item['open_amount'])} of "
        f"{grouped(item['amount'])} open, due {item['due_on']}, level {item['dunning_level']}",
    )
    for each in shown["disputes"]:
        _line("dispute", f"{each['number']} {each['state']}: {grouped(each['open_amount'])} for {each['code']}")
    for each in shown["promises"]:
        paid = f"{grouped(each['paid_by_then'])} of {grouped(each['amount'])} paid"
        _line(
            "promise", f"{each['number']} {each['state']}: {paid}, due {each['due_on']}, until {each['counts_until']}"
        )
    for each in shown["contacts"]:
        reached = f", {each['person']}" if each["person"] else ""
        _line("contact", f"{each['on']} {each['step']}{reached}")
    if shown["decision"] is not None:
        _line("today", shown["decision"]["outcome"])
        _print_reasons(shown["decision"]["reasons"], lang)


def plan_invoice(*, invoice: InvoiceArgument, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """Show the steps to come for an invoice, as long as nobody pays.

    They are those that the worklist will list on these days. It needs a key with the role collector, desk or auditor.

    Example:  credence invoice plan RE-1

    Exit code: 0 shown, 1 the service refuses, 2 the service can't be reached.
    """
    plan = service.ask(f"/v1/invoices/{quote(invoice, safe='')}/plan")
    if as_json:
        print_json(plan)
        return
    for each in plan["steps"]:
        _line(each["on"], f"{each['step']}, level {each['level']}")
    if not plan["steps"]:
        _line("plan", "no step is to come")


def _move(
    entry: str, move: str, body: Mapping[str, Any], person: str | None, service: ServiceOptions, *, as_json: bool
) -> None:
    sent = {name: value for name, value in body.items() if value is not None}
    if not entry[:1].isdigit():
        entry = f"{service.ask('/v1/day')['day']}.{entry}"
    answer = service.ask(f"/v1/worklist/{quote(entry, safe='')}/{move}", sent, person=person)
    if as_json:
        print_json(answer)
        return
    _print_entry(answer["entry"])
    if contact := answer.get("contact"):
        raised = ", ".join(
            f"{name} {level}" for name, level in zip(contact["invoices"], contact["levels"], strict=True)
        )
        _line("contact", f"{contact['on']} {contact['step']}: levels {raised}")
    if promise := answer.get("promise"):
        _line(
            "promise", f"{grouped(promise['amount'])} due {promise['due_on']}, counts until {promise['counts_until']}"
        )
    if dispute := answer.get("dispute"):
        _line("dispute", f"{grouped(dispute['open_amount'])} of {dispute['invoice']} for {dispute['code']}")


def _day(text: str, service: ServiceOptions) -> str:
    """As a date, also where it is said in days from the business date."""
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        return text
    today = date.fromisoformat(service.ask("/v1/day")["day"])
    return (today + timedelta(days=int(text))).isoformat()


def _print_entry(entry: Mapping[str, Any]) -> None:
    by = f", by {entry['by_date']}" if entry["by_date"] else ""
    whose = f", {entry['collector']}" if entry["collector"] else ""
    until = f" until {entry['until']}" if entry["until"] else ""
    _line(
        "entry",
        f"{entry['id']}: {entry['step']} {entry['state']}{until}, {entry['currency']} {grouped(entry['amount'])} of "
        f"{', '.join(entry['invoices'])}{by}{whose}",
    )


def _print_reasons(reasons: Sequence[Mapping[str, Any]], lang: str | None) -> None:
    for each in reasons:
        text = each["text"].get(lang or "") or next(iter(each["text"].values()))
        _line("reason", f"{text}  {each['rule']}")


def _line(name: str, text: str) -> None:
    out().print(Text(f"{name:<10} {text}"), soft_wrap=True)
