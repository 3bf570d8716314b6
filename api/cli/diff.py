"""`credence diff`: what changed between two policy sets, in words, and what it does to decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_json
from api.cli.options import (
    PRINTED,
    RUNNING,
    DayOption,
    JournalOption,
    JsonOption,
    LanguageOption,
    as_of_day,
    asked_language,
)
from api.cli.policy_sides import OtherSideArgument, PolicySide, SideArgument, policy_side
from api.cli.progress import progress_bar
from api.cli.tests_and_maps import read_suites
from api.proof_job import CategoryQuestion, categories
from engine.proofs.category import (
    CATEGORY_WORDS,
    CategoryOfKind,
    ChangeCategory,
    DecidedOtherwise,
    Direction,
    KnownCase,
    categorized,
)
from engine.proofs.compare import compare
from engine.proofs.node_change import NodeChange, kind_in_words
from engine.proving.smt.settle import ProofVerdict
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.languages import Reader, own_language, reader_of
from engine.vocabulary.text import Text as Words

SECONDS_USUAL = 20.0
"""That the solver may look at one question; there are two for each kind of case whose formulas differ."""

_NOTHING = Words("nothing changed", "没有变化")
_PROVED = Words("proved", "已证明")
_NOT_PROVED = Words("not proved", "未证明")
_WITNESS = Words("for example", "例如")
_FOUND = Words("a case that was found", "求得的案例")

ProveOption = Annotated[
    bool,
    typer.Option(
        "--prove",
        help="Prove for each kind of case what the change does to every case that could exist; needs the extra "
        "`proofs`. Without it only the policy tests of AFTER are tried.",
        rich_help_panel=RUNNING,
    ),
]
QuestionSecondsOption = Annotated[
    float,
    typer.Option(
        "--seconds",
        metavar="N",
        min=0.001,
        max=3_600,
        help="With --prove: how long the solver looks at each question, in seconds of a free processor.",
        rich_help_panel=RUNNING,
        show_default=True,
    ),
]
FactsOption = Annotated[
    bool,
    typer.Option("--facts", help="Print all facts of each case that is shown.", rich_help_panel=PRINTED),
]


def diff(
    *,
    before: SideArgument,
    after: OtherSideArgument = "rules",
    prove: ProveOption = False,
    as_of: DayOption = None,
    seconds: QuestionSecondsOption = SECONDS_USUAL,
    journal: JournalOption = None,
    language: LanguageOption = None,
    facts: FactsOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what changed between two policy sets: parameters, cells, rows, rules, texts; and what that does to decisions.

    For each kind of case: same decisions, stricter only, looser only, or both, with a case that shows it, decided by
    both. What isn't proved counts as both.

    Example:  credence diff main rules --prove

    Exit code: 0 no case is decided otherwise, 1 some may be, 2 a set can't be read.
    """
    first, second = policy_side(before, journal), policy_side(after, journal)
    today = as_of_day(as_of, second.engine)
    changes = compare(first.engine, second.engine)
    kinds = _categories(first, second, today, seconds if prove else None, quiet=as_json)
    if as_json:
        versions = {"before": first.engine.version, "after": second.engine.version}
        shown = [each.as_json() for each in changes]
        print_json({**versions, "changes": shown, "cases": [each.as_json() for each in kinds]})
    else:
        reader = reader_of(asked_language(language, second.engine), second.engine.vocabulary.languages)
        for line in (*_change_lines(changes, reader), *_kind_lines(kinds, reader, facts=facts)):
            out().print(line)
        if not prove and any(each.category is ChangeCategory.BOTH for each in kinds):
            err().print(Text("what policy tests don't show counts as both; --prove settles it", "dim"))
    if any(each.category is not ChangeCategory.SAME for each in kinds):
        raise typer.Exit(FOUND_PROBLEMS)


def known_cases(side: PolicySide) -> list[KnownCase]:
    """The policy tests of a folder in its own currency; none where it is no folder, or they have mistakes."""
    if side.folder is None:
        return []
    suites, _ = read_suites(side.folder, side.engine.vocabulary, None)
    own = side.engine.vocabulary.currency
    return [
        KnownCase(name=f"{suite.name}/{case.name}", case=suite.case_kind, as_of=case.as_of, facts=case.facts)
        for suite in suites
        for case in suite.cases
        if case.currency in (None, own)
    ]


def _categories(
    first: PolicySide, second: PolicySide, today: date, seconds: float | None, *, quiet: bool
) -> list[CategoryOfKind]:
    known = known_cases(second) or known_cases(first)
    quick = [categorized(first.engine, second.engine, case, today, known, restarts=None) for case in CASE_KINDS]
    if seconds is None:
        return quick
    open_kinds = [each for each in quick if each.is_open]
    with progress_bar(quiet=quiet) as show:

        def one_more(done: int) -> None:
            show("proofs", done / len(open_kinds))

        question = CategoryQuestion(before=first.text, after=second.text, today=today, known=tuple(known))
        settled = {each.case: each for each in categories(question, open_kinds, seconds, one_more)}
    return [settled.get(each.case, each) for each in quick]


# --- as readers see it -----------------------------------------------------------------------------------------------


def _change_lines(changes: Sequence[NodeChange], reader: Reader) -> Iterator[Text]:
    if not changes:
        yield Text(_NOTHING[own_language(reader)])
    for change in changes:
        kind = kind_in_words(change.kind, reader)
        style = "" if change.decides else "dim"
        yield Text.assemble((f"{kind:<10}", style), (change.name, "bold"), "  ", (change.in_words(reader), style))


def _kind_lines(kinds: Sequence[CategoryOfKind], reader: Reader, *, facts: bool) -> Iterator[Text]:
    own = own_language(reader)
    for kind in kinds:
        proved = all(
            answer.verdict is ProofVerdict.PROVED or answer.witness is not None for answer in kind.answers.values()
        )
        word = CATEGORY_WORDS[kind.category][own]
        title = CASE_KINDS[kind.case].title[reader]
        colour = "green" if kind.category is ChangeCategory.SAME else "bold yellow"
        yield Text.assemble(f"{title}: ", (word, colour), f" ({(_PROVED if proved else _NOT_PROVED)[own]})")
        for direction in Direction:
            answer = kind.answers[direction]
            if answer.witness is not None:
                yield from _witness_lines(answer.witness, reader, facts=facts)
            elif answer.verdict is ProofVerdict.UNDECIDED:
                yield Text(f"  {CATEGORY_WORDS[ChangeCategory(direction.value)][own]}: {answer.open_because}", "yellow")


def _witness_lines(witness: DecidedOtherwise, reader: Reader, *, facts: bool) -> Iterator[Text]:
    own = own_language(reader)
    name = witness.name or _FOUND[own]
    outcomes = f"{witness.before.outcome} → {witness.after.outcome}"
    yield Text.assemble(f"  {_WITNESS[own]} {name} ({witness.as_of}): ", (outcomes, "bold"))
    old, new = ({reason.rule for reason in each.reasons} for each in (witness.before, witness.after))
    for mark, decision, others in (("-", witness.before, new), ("+", witness.after, old)):
        for reason in decision.reasons:
            if reason.rule not in others:
                yield Text(f"    {mark} {reason.rule}: {reason.text[reader]}")
    if facts or not witness.name:
        told = (f"{group}.{key} {value}" for group, of in witness.facts.items() for key, value in of.items())
        yield Text(f"    {', '.join(told)}", "dim")
