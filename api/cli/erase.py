"""`credence erase …`: everything about one customer made unreadable for good, by two persons."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_json, refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import FOUND, WHO, JournalOption, JsonOption, YesOption
from api.cli.running_service import ServiceOptions
from ledger.erasure.grounds import Ground

AccountArgument = Annotated[
    str | None, typer.Argument(metavar="ACCOUNT", help="The customer's number.", show_default=False)
]
OrderOption = Annotated[
    str | None,
    typer.Option(
        "--order",
        metavar="NUMBER",
        help="In place of the customer's number that of an order or invoice of theirs; all about that customer goes.",
        rich_help_panel=FOUND,
    ),
]
GroundOption = Annotated[
    Ground | None,
    typer.Option("--ground", metavar="WORD", help=f"The legal ground: {', '.join(Ground)}.", rich_help_panel=WHO),
]
ReasonOption = Annotated[
    str | None,
    typer.Option(
        "--reason",
        metavar="TEXT",
        help="Why, in words, such as the request's file number. It is kept for good: name nobody.",
        rich_help_panel=WHO,
    ),
]
RecordsOption = Annotated[
    int | None,
    typer.Option(
        "--records",
        metavar="COUNT",
        help="How many records go, where they aren't as many as on the day of the proposal.",
        rich_help_panel=FOUND,
    ),
]
ErasureArgument = Annotated[int, typer.Argument(metavar="ERASURE", help="Its number, as `credence erase list` shows.")]


def propose(
    *,
    account: AccountArgument = None,
    order: OrderOption = None,
    ground: GroundOption = None,
    reason: ReasonOption = None,
    yes: YesOption = False,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Say how many records an erasure would take, and with --yes propose it to an admin, who confirms it.

    Everything that was recorded about one customer becomes unreadable: requests, answers, reasons. What stays is that
    something was decided then, with which outcome, and the proof of it. What the law wants kept is refused, with the
    day until when. It needs a key with the role privacy; nothing is erased by it.

    Example:  credence erase propose C-17 --ground objection --reason 'letter of 3 March' --yes

    Exit code: 0 proposed; 1 not proposed, as --yes is missing or the service refuses; 2 wrong usage, or the service
    can't be reached.
    """
    if (account is None) == (order is None):
        refuse("give the customer's number, or --order with the number of an order of theirs")
    whom = {"account": account} if account is not None else {"subject": order}
    found = service.ask("/v1/erasures", {**whom, "preview": True})
    if not yes:
        if as_json:
            print_json(found)
        else:
            err().print(Text(f"{_what(found)}; with --yes, --ground and --reason it is proposed"))
        raise typer.Exit(FOUND_PROBLEMS)
    if ground is None or reason is None:
        refuse("an erasure is proposed with --ground and --reason; both are kept for good")
    _print(service.ask("/v1/erasures", {**whom, "ground": ground.value, "reason": reason}), as_json=as_json)


def confirm(
    *,
    erasure: ErasureArgument,
    records: RecordsOption = None,
    yes: YesOption = False,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Show an erasure that somebody else has proposed, and with --yes confirm it: it is done at once, for good.

    It needs a key with the role admin, of another person than the one who proposed it, and neither may have made the
    other's key. Where records came since the proposal, --records says how many go now. A backup of the subject keys
    brings the records back as long as there is one: backups of keys are deleted after 30 days.

    Example:  credence erase confirm 1041 --yes

    Exit code: 0 erased, or confirmed and to be finished; 1 not confirmed, as --yes is missing or the service refuses;
    2 the service can't be reached.
    """
    more = {} if records is None else {"records": records}
    if yes:
        _print(service.ask("/v1/erasures", {"confirm": erasure, **more}), as_json=as_json)
        return
    erasures = service.ask("/v1/erasures")["erasures"]
    found = next((each for each in erasures if each["id"] == erasure), None)
    if found is None:
        refuse(f"no erasure has the number {erasure}; `credence erase list` shows them", FOUND_PROBLEMS)
    _print(found, as_json=as_json)
    err().print(Text("with --yes it is confirmed, and nothing brings the records back"))
    raise typer.Exit(FOUND_PROBLEMS)


def withdraw(*, erasure: ErasureArgument, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """Withdraw an erasure that is proposed and not confirmed yet.

    It needs a key with the role privacy or admin.

    Example:  credence erase withdraw 1041

    Exit code: 0 withdrawn, 1 the service refuses, 2 the service can't be reached.
    """
    _print(service.ask("/v1/erasures", {"withdraw": erasure}), as_json=as_json)


def list_erasures(*, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """List erasures: proposed, withdrawn, confirmed and done, the oldest first.

    It needs a key with the role privacy, admin or auditor.

    Example:  credence erase list

    Exit code: 0 listed, 1 the service refuses, 2 the service can't be reached.
    """
    erasures = service.ask("/v1/erasures")["erasures"]
    if as_json:
        print_json({"erasures": erasures})
        return
    for each in erasures:
        _print(each, as_json=False)
    if not erasures:
        out().print("no erasures")


def finish(*, journal: JournalOption = None, as_json: JsonOption = False) -> None:
    """Do what is confirmed and was not done, because the service was stopped or may not delete.

    The service does so at each start; this is for a journal on PostgreSQL whose service is not in the role
    credence_eraser, or for a service that is stopped. Whoever may write the journal and its keys may run it.

    Example:  credence erase finish --journal postgresql://eraser@db.example.com/credence

    Exit code: 0 nothing is left to do, 1 something is, 2 the journal can't be written.
    """
    from ledger.erasure.erasing import Erasing, duties_unknown
    from ledger.erasure.erasures import ErasureState
    from ledger.journal.journal import Journal
    from ledger.store.trouble import FileTrouble, JournalUnavailable

    settings = journal_settings(journal)
    kept = Journal(settings.journal, places=settings.key_places)
    erasing = Erasing(kept, duties_unknown)
    try:
        done = asyncio.run(erasing.finish())
        left = [each.id for each in erasing.erasures() if each.state is ErasureState.CONFIRMED]
    except (JournalUnavailable, FileTrouble) as error:
        refuse(f"`{settings.journal}`: {error}")
    finally:
        kept.close()
    if as_json:
        print_json({"erased": [each.id for each in done], "left": left})
    else:
        out().print(Text(f"{len(done)} erased now, {len(left)} left"))
    if left:
        raise typer.Exit(FOUND_PROBLEMS)


def _what(erasure: dict[str, Any]) -> str:
    """`20 records, sealed by key 8`."""
    held = f"; the law wants them kept until {erasure['held_until']}" if erasure["held_until"] else ""
    if erasure["refusal"]:
        held += f"; it can't be confirmed: {erasure['refusal']}"
    before = erasure["proposed_records"]
    if before is not None and before != erasure["records"]:
        held += f"; {before:,} on the day of the proposal"
    count = "1 record" if erasure["records"] == 1 else f"{erasure['records']:,} records"
    return f"{count}, sealed by key {erasure['key']}{held}"


def _print(erasure: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(erasure)
        return
    next_ = {
        "proposed": f"; another person confirms it: credence erase confirm {erasure['id']}",
        "confirmed": "; `credence erase finish` does what is left",
    }.get(erasure["state"], "")
    why = f"{erasure['ground']}, {erasure['reason']}"
    out().print(Text(f"erasure {erasure['id']} {erasure['state']}: {_what(erasure)} ({why}){next_}"), soft_wrap=True)
