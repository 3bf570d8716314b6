"""`credence nearest`: what would let a held case pass, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from api.cli.case_to_decide import case_to_decide, refuse_facts
from api.cli.console import FOUND_PROBLEMS, out, print_json, refuse
from api.cli.money import grouped
from api.cli.options import DECIDED, AnswerOptions, CaseOptions, asked_language
from engine.diagnostics.wording import did_you_mean
from engine.proofs.nearest_change import LEVERS_MAX, Nearest, NearestChange, NearestState, lever_names, nearest
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.languages import Reader, own_language, reader_of
from engine.vocabulary.text import Text as Words

_PASSES_NOW = Words("passes as it is", "现已可放行")
_IMPOSSIBLE = Words("impossible", "不可行")
_OPEN = Words("could not be worked out", "无法求得")
_THEN = Words("then", "则")
_BECOMES = Words("becomes", "变为")
_DAYS = Words("days less", "天")
_NO_AMOUNT = Words("no amount of any of these lets it pass", "上述任何一项均无法使其放行")

LeverOption = Annotated[
    list[str] | None,
    typer.Option(
        "--lever",
        metavar="NAME",
        help="What may be changed: payment, order, deposit, guarantee, insurance, limit or period. Give two to look at "
        "both together. Default: each, and what renewing the assessment or prepayment would do.",
        rich_help_panel=DECIDED,
    ),
]


def nearest_command(*, case: CaseOptions, lever: LeverOption = None, answer: AnswerOptions) -> None:
    """Say what would let a held case pass: the smallest payment, deposit, guarantee …, exact to the cent.

    For each figure the engine decides that the case passes with it and doesn't with a unit less. `impossible` says
    that every amount was looked at.

    Example:  credence nearest order.json --lever payment --lever order

    Exit code: 0 it passes, or something lets it; 1 nothing was found; 2 the case can't be decided.
    """
    asked = case_to_decide(case)
    names = lever_names(asked.kind)
    if not names:
        refuse(f"no lever is known for a case of the kind `{asked.kind}`; orders and limit requests have some")
    for name in lever or []:
        if name not in names:
            refuse(f"`{name}` is no lever of this kind of case ({did_you_mean(name, names)})")
    if len(lever or []) > LEVERS_MAX or len(set(lever or [])) < len(lever or []):
        refuse(f"give at most {LEVERS_MAX} different levers")
    try:
        found = nearest(asked.engine, asked.kind, asked.facts, asked.as_of, asked.id, lever or [])
    except FactsRefused as refused:
        refuse_facts(refused.faults)
    if answer.as_json:
        print_json(found.as_json())
    else:
        languages = asked.engine.vocabulary.languages
        for line in _lines(found, reader_of(asked_language(answer.language, asked.engine), languages)):
            out().print(line)
    if not found.passes and not any(change.state is NearestState.PASSES for change in found.changes):
        raise typer.Exit(FOUND_PROBLEMS)


def _lines(found: Nearest, reader: Reader) -> Iterator[Text]:
    own = own_language(reader)
    decision = found.decision
    yield Text.assemble(f"{decision.subject}: ", (decision.outcome, "bold"))
    if found.passes:
        yield Text(_PASSES_NOW[own], "green")
        return
    for change in found.changes:
        yield _line(found, change, own)
    if not any(change.state is NearestState.PASSES for change in found.changes):
        yield Text(_NO_AMOUNT[own], "yellow")


def _line(found: Nearest, change: NearestChange, own: str) -> Text:
    """`payment by the customer 500.00 → approve`."""
    amounts = {each.lever.name: each for each in change.amounts}
    words = [switch.title[own] for switch in change.switches]
    for lever in change.levers:
        said = lever.title[own]
        if amount := amounts.get(lever.name):
            more, becomes = (found.written(lever, each) for each in (amount.amount, amount.becomes))
            if lever.is_money:
                said += f" {grouped(str(more))} ({lever.fact} {_BECOMES[own]} {grouped(str(becomes))})"
            else:
                said += f" {more} {_DAYS[own]} ({becomes})"
        words.append(said)
    told = f" + {_THEN[own]} ".join(words) if change.switches and change.levers else " + ".join(words)
    if change.decision is None:
        what = _IMPOSSIBLE if change.state is NearestState.IMPOSSIBLE else _OPEN
        return Text.assemble(f"  {told}: ", (what[own], "yellow"))
    conditions = ", ".join(f"{name} {value}" for name, value in change.decision.conditions.items())
    return Text.assemble(f"  {told} → ", (change.decision.outcome, "green"), f" ({conditions})" if conditions else "")
