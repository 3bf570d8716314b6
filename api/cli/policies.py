"""`credence policies …`: a change of policies from a draft to its activation, and back, at a running service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_json, refuse
from api.cli.options import DECIDED, POLICIES, JsonOption
from api.cli.orders import ForOption
from api.cli.policy_folder import folder_of
from api.cli.proposal_lines import act_lines, activation_line, proposal_line, proposal_lines
from api.cli.running_service import ServiceOptions
from engine.reading.list_file import name_in_set

GATES_SECONDS = 3_600
"""For an answer of `propose`: each invariant may take a minute to prove."""

_WHY_DRAFT = {
    "/problems/tests-not-acknowledged": "mend what is listed, or acknowledge each in words by --acknowledge",
    "/problems/policies-have-mistakes": "mend the mistakes that are listed",
}
"""By the problem's type, where what is wrong stands above, a line for each."""

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="The proposal's number.", min=1)]
DirectoryArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder of the whole set as it is to be, with its tests under cases/.")
]
TitleOption = Annotated[
    str, typer.Option("--title", metavar="TEXT", help="What changes, in a line.", rich_help_panel=POLICIES)
]
WhyOption = Annotated[
    str, typer.Option("--why", metavar="TEXT", help="For the record: the reason.", rich_help_panel=POLICIES)
]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--effective-on", metavar="DATE", help="Decides from 00:00 of this day at the site.", rich_help_panel=POLICIES
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--effective-at", metavar="INSTANT", help="Decides from this moment: 2026-12-01T08:00, or with its offset.",
        rich_help_panel=POLICIES,
    ),
]  # fmt: skip
DraftOption = Annotated[
    int | None,
    typer.Option(
        "--draft", metavar="NUMBER", help="Edit this proposal instead of beginning one; approvals are void.", min=1,
        rich_help_panel=POLICIES,
    ),
]  # fmt: skip
AcknowledgeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--acknowledge",
        metavar="ITEM=WHY",
        help="Why a failing test, a refuted goal or a fact is meant: test:orders/large=… Repeat it for several.",
        rich_help_panel=POLICIES,
    ),
]
DigestOption = Annotated[
    str | None,
    typer.Option(
        "--digest",
        metavar="DIGEST",
        help="Of the proposal as you looked at it, its first digits at least; without it, as it is now.",
        rich_help_panel=DECIDED,
    ),
]
CommentOption = Annotated[
    str | None, typer.Option("--comment", metavar="TEXT", help="For the record.", rich_help_panel=DECIDED)
]
VersionArgument = Annotated[
    str,
    typer.Argument(metavar="VERSION", help="Of a set that was in force: its first digits, or v1 as the log calls it."),
]


def init_policies(
    *,
    directory: DirectoryArgument,
    title: TitleOption = "First policies",
    why: WhyOption = "The first policies.",
    acknowledge: AcknowledgeOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Propose the first policies of a service in approved mode, where nothing is in force yet.

    It needs a key with the role admin. Somebody with the role approver then approves and activates them.

    Example:  credence policies init rules

    Exit code: 0 proposed, 1 a gate or the service refuses, 2 the service can't be reached.
    """
    body = {"title": title, "why": why, **_texts(directory), "acknowledged": _acknowledged(acknowledge)}
    draft = service.ask("/v1/policies/init", body, person=person)
    _propose(draft["number"], person, service, as_json=as_json)


def propose_policies(
    *,
    directory: DirectoryArgument,
    title: TitleOption,
    why: WhyOption,
    on: OnOption = None,
    at: AtOption = None,
    draft: DraftOption = None,
    acknowledge: AcknowledgeOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Propose a folder as the policies that are to decide: drafted, then held against its gates.

    The gates are the check, the set's own tests and the proofs of what must hold. A test that fails is mended, or
    acknowledged in words; an invariant that isn't proved is mended. What a gate refuses stays a draft; the next try
    names it by --draft. It needs a key with the role editor.

    Example:  credence policies propose rules --title 'Overrun 10%' --why 'Board of 12 March' --effective-on 2026-12-01

    Exit code: 0 proposed, 1 a gate or the service refuses, 2 the service can't be reached.
    """
    body: dict[str, Any] = {"title": title, "why": why, **_texts(directory)}
    body |= {name: said for name, said in (("on", on), ("at", at)) if said is not None}
    if acknowledge is not None:
        body["acknowledged"] = _acknowledged(acknowledge)
    if draft is None:
        number = service.ask("/v1/policies/drafts", body, person=person)["number"]
    else:
        revision = service.ask(f"/v1/policies/proposals/{draft}", person=person)["revision"]
        service.ask(f"/v1/policies/drafts/{draft}", body, person=person, replaces=revision)
        number = draft
    err().print(Text(f"draft {number}: check, tests and proofs run"))
    _propose(number, person, service, as_json=as_json)


def show_proposal(
    *, number: NumberArgument, person: ForOption = None, service: ServiceOptions, as_json: JsonOption = False
) -> None:
    """Show a proposal: what changes, what its gates found, who worked on it, who approved it.

    Example:  credence policies show 14

    Exit code: 0 shown, 1 there is none, 2 the service can't be reached.
    """
    _print(service.ask(f"/v1/policies/proposals/{number}", person=person), as_json=as_json)


def approve_proposal(
    *,
    number: NumberArgument,
    digest: DigestOption = None,
    comment: CommentOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Approve a proposal: exactly what it says now. Whoever worked on it can't.

    It needs a key with the role approver. Of a rollback that is in force it is the second person's yes.

    Example:  credence policies approve 14 --digest 3f9a21c0

    Exit code: 0 approved, 1 the service refuses, 2 the service can't be reached.
    """
    _act(number, "approve", digest, comment, person, service, as_json=as_json)


def reject_proposal(
    *,
    number: NumberArgument,
    why: WhyOption,
    digest: DigestOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Reject a proposal: it is over.

    Example:  credence policies reject 14 --why 'Not before the audit.'

    Exit code: 0 rejected, 1 the service refuses, 2 the service can't be reached.
    """
    _act(number, "reject", digest, why, person, service, as_json=as_json)


def activate_proposal(
    *,
    number: NumberArgument,
    digest: DigestOption = None,
    comment: CommentOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Activate an approved proposal: it decides from now on, or from its instant on.

    Once this returns, no worker of the service answers by the policies before.

    Example:  credence policies activate 14

    Exit code: 0 in force or scheduled, 1 the service refuses, 2 the service can't be reached.
    """
    _act(number, "activate", digest, comment, person, service, as_json=as_json)


def cancel_proposal(
    *,
    number: NumberArgument,
    digest: DigestOption = None,
    comment: CommentOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Take a scheduled proposal's instant back; it stays approved.

    Example:  credence policies cancel 14

    Exit code: 0 cancelled, 1 the service refuses, 2 the service can't be reached.
    """
    _act(number, "cancel", digest, comment, person, service, as_json=as_json)


def withdraw_proposal(
    *,
    number: NumberArgument,
    digest: DigestOption = None,
    comment: CommentOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Withdraw a proposal: it is over.

    Example:  credence policies withdraw 14

    Exit code: 0 withdrawn, 1 the service refuses, 2 the service can't be reached.
    """
    _act(number, "withdraw", digest, comment, person, service, as_json=as_json)


def roll_back(
    *,
    version: VersionArgument,
    why: WhyOption,
    acknowledge: AcknowledgeOption = None,
    person: ForOption = None,
    service: ServiceOptions,
    as_json: JsonOption = False,
) -> None:
    """Put a set back that was in force once, at once. A second person approves it within a day.

    Requests may go on sending facts that only the set before had: they are dropped, and the decision names them.

    Example:  credence policies rollback 2776b349c7bd --why 'Holds everything.'

    Exit code: 0 in force, 1 the service refuses, 2 the service can't be reached.
    """
    rows = service.ask("/v1/policies/activations", person=person)["activations"]
    named = {row["version"] for row in rows if f"v{row['number']}" == version}
    versions = named or {row["version"] for row in rows if row["version"].startswith(version)}
    if len(versions) != 1:
        refuse(f"`{version}` begins {len(versions)} versions that were in force; `credence policies log` lists them")
    body = {"version": versions.pop(), "why": why, "acknowledged": _acknowledged(acknowledge)}
    _print(service.ask("/v1/policies/rollback", body, person=person, seconds=GATES_SECONDS), act_lines, as_json=as_json)


def log_policies(*, person: ForOption = None, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """List which policies were in force when, who drafted and who approved them.

    Example:  credence policies log

    Exit code: 0 listed, 1 the service refuses, 2 the service can't be reached.
    """
    history = service.ask("/v1/policies/activations", person=person)
    if as_json:
        print_json(history)
        return
    for row in history["activations"]:
        out().print(activation_line(row))


def policies_status(*, person: ForOption = None, service: ServiceOptions, as_json: JsonOption = False) -> None:
    """Say what is in force, and list the proposals that are not over.

    Example:  credence policies status

    Exit code: 0 shown, 1 the service refuses, 2 the service can't be reached.
    """
    history = service.ask("/v1/policies/activations", person=person)["activations"]
    proposals = service.ask("/v1/policies/proposals", person=person)["proposals"]
    waiting = [each for each in proposals if each["state"] in ("draft", "proposed", "approved", "scheduled")]
    if as_json:
        print_json({"in_force": history[-1] if history else None, "proposals": waiting})
        return
    out().print(activation_line(history[-1]) if history else Text("no policies are in force"))
    for proposal in waiting:
        out().print(proposal_line(proposal))


def _act(
    number: int,
    word: str,
    digest: str | None,
    comment: str | None,
    person: str | None,
    service: ServiceOptions,
    *,
    as_json: bool,
) -> None:
    now = service.ask(f"/v1/policies/proposals/{number}", person=person)
    if now["digest"] is None:
        refuse(f"proposal {number} is a {now['state']}; it has to be proposed first", FOUND_PROBLEMS)
    if digest is not None and not now["digest"].startswith(digest):
        refuse(f"proposal {number} is not what you looked at: its digest is {now['digest'][:12]}", FOUND_PROBLEMS)
    body = {"digest": now["digest"], "comment": comment or ""}
    path = f"/v1/policies/proposals/{number}/{quote(word)}"
    _print(service.ask(path, body, person=person), act_lines, as_json=as_json)


def _propose(number: int, person: str | None, service: ServiceOptions, *, as_json: bool) -> None:
    path = f"/v1/policies/drafts/{number}/propose"
    answer = service.ask(path, {}, person=person, seconds=GATES_SECONDS, refusals_too=True)
    if "state" not in answer:
        for what in (*answer.get("items", ()), *answer.get("mistakes", ())):
            err().print(Text(f"  {what}"))
        why = _WHY_DRAFT.get(str(answer.get("type")), answer.get("detail", "the service refuses"))
        refuse(f"draft {number} stays a draft: {why}", FOUND_PROBLEMS)
    _print(answer, as_json=as_json)


def _print(
    proposal: dict[str, Any],
    lines: Callable[[Mapping[str, Any]], Iterable[Text]] = proposal_lines,
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json(proposal)
        return
    for line in lines(proposal):
        out().print(line)


def _texts(directory: Path) -> dict[str, dict[str, str]]:
    """The folder's files and tests, as requests name them."""
    folder = folder_of(directory)
    try:
        files = {name_in_set(name): content.decode() for name, content in folder.policies.items()}
        tests = {name.rpartition("/")[2]: content.decode() for name, content in folder.cases.items()}
    except UnicodeDecodeError:
        refuse(f"a file in `{directory}` is not UTF-8; `credence check {directory}` says which")
    return {"files": files, "tests": tests}


def _acknowledged(said: list[str] | None) -> dict[str, str]:
    """`test:orders/large=Meant.`"""
    pairs = [each.partition("=") for each in said or ()]
    for item, _, why in pairs:
        if not item.strip() or not why.strip():
            refuse(f"`--acknowledge {item}` says not why; write it like test:orders/large='The board wants it.'")
    return {item.strip(): why.strip() for item, _, why in pairs}
