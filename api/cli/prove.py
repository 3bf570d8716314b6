"""`credence prove`: what must hold of every case, proved for all of them or refuted by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_json, refuse
from api.cli.grammar import rules_folder
from api.cli.options import (
    DECIDED,
    RULES,
    RUNNING,
    DayOption,
    FolderArgument,
    FolderOption,
    JsonOption,
    LanguageOption,
    as_of_day,
    asked_language,
)
from api.cli.policy_folder import folder_of, loaded_engine
from api.cli.progress import progress_bar
from api.proof_job import ProofOfInvariant, settled
from engine.diagnostics.wording import did_you_mean
from engine.pipeline import Engine
from engine.proofs.confirmation import ShownSide
from engine.proofs.prove import provable
from engine.proving.smt.settle import ProofVerdict
from engine.ruleset.invariant import Invariant
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.invariant_words import Level
from engine.vocabulary.languages import Reader, own_language, reader_of
from engine.vocabulary.text import Text as Words

SECONDS_USUAL = 60
"""That the solver may look at one invariant."""

_COLOURS = {ProofVerdict.PROVED: "green", ProofVerdict.REFUTED: "bold red", ProofVerdict.UNDECIDED: "bold yellow"}

VERDICTS = {
    ProofVerdict.PROVED: Words("proved", "已证明"),
    ProofVerdict.REFUTED: Words("refuted", "已反驳"),
    ProofVerdict.UNDECIDED: Words("undecided", "未定"),
}
_LEVELS = {Level.MUST: Words("must", "必须"), Level.GOAL: Words("goal", "目标")}
_NOT_PROVED = Words("not proved", "未证明")
_WITH = Words("with", "其余事实")
_MISSING = Words("missing", "缺失")

OnlyOption = Annotated[
    str | None, typer.Option("--only", metavar="ID", help="Only this invariant.", rich_help_panel=DECIDED)
]
SecondsOption = Annotated[
    float,
    typer.Option(
        "--seconds",
        metavar="N",
        min=0.001,
        max=3_600,
        help="How long the solver looks at each, in seconds of a free processor.",
        rich_help_panel=RUNNING,
        show_default=True,
    ),
]
LevelOption = Annotated[
    Level,
    typer.Option("--level", help="What must be proved to pass.", rich_help_panel=RUNNING, show_default=True),
]


def prove(
    *,
    directory: FolderArgument = None,
    rules: FolderOption = None,
    only: OnlyOption = None,
    as_of: DayOption = None,
    level: LevelOption = Level.MUST,
    seconds: SecondsOption = SECONDS_USUAL,
    language: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove the invariants of rules/invariants.yaml for every case that could exist, or show a case that breaks one.

    proved: no case breaks it; refuted: the case shown does, as the engine decided it; undecided: neither was shown in
    time, which counts as not proved. Needs the extra `proofs`.

    Example:  credence prove rules --only smaller-order-never-worse

    Exit code: 0 every must is proved, with --level goal every goal too; 1 one isn't; 2 the folder can't be read.
    """
    folder = folder_of(rules_folder(directory, rules, RULES))
    engine = loaded_engine(folder)
    today = as_of_day(as_of, engine)
    asked = _asked(engine, today, only)
    done: list[ProofOfInvariant] = []
    with progress_bar(quiet=as_json) as show:

        def one_more(proof: ProofOfInvariant) -> None:
            done.append(proof)
            show(proof.invariant.id, 1.0)
            show("proofs", len(done) / len(asked))

        proofs = settled(folder.policies, asked, today, seconds, one_more)
    failed = [proof for proof in proofs if proof.verdict is not ProofVerdict.PROVED and counts(proof, level)]
    if as_json:
        print_json({"version": engine.version, "invariants": [proof.as_json() for proof in proofs]})
    else:
        reader = reader_of(asked_language(language, engine), engine.vocabulary.languages)
        for proof in proofs:
            for line in lines_of(proof, reader, several=_is_dated(proofs)):
                out().print(line)
        err().print(Text(_counts(proofs, reader)))
    if failed:
        raise typer.Exit(FOUND_PROBLEMS)


def counts(proof: ProofOfInvariant, level: Level) -> bool:
    """Whether the command fails where it isn't proved. One that can't stand always does."""
    return proof.invariant.level is Level.MUST or level is Level.GOAL or bool(proof.mistake)


def _asked(engine: Engine, today: date, only: str | None) -> list[tuple[Invariant, date]]:
    by_id = {each.id: each for case in CASE_KINDS for each in engine.invariants(case, today)}
    if not by_id:
        refuse("there are no invariants (write some in rules/invariants.yaml, see docs/invariants.md)")
    if only is not None and only not in by_id:
        refuse(f"there is no invariant `{only}` ({did_you_mean(only, by_id) or 'see rules/invariants.yaml'})")
    return [(by_id[name], day) for name, day in provable(engine, today) if only in (None, name)]


def _is_dated(proofs: Iterable[ProofOfInvariant]) -> bool:
    return len({proof.since for proof in proofs}) > 1


def _counts(proofs: Sequence[ProofOfInvariant], reader: Reader) -> str:
    """`26 proved, 1 refuted, 0 undecided`."""
    own = own_language(reader)
    numbers = {verdict: sum(proof.verdict is verdict for proof in proofs) for verdict in ProofVerdict}
    return ", ".join(f"{number} {VERDICTS[verdict][own]}" for verdict, number in numbers.items())


# --- as readers see it -----------------------------------------------------------------------------------------------


def lines_of(proof: ProofOfInvariant, reader: Reader, *, several: bool) -> Iterator[Text]:
    """One line for the invariant, and below it what there is to say."""
    invariant, own = proof.invariant, own_language(reader)
    since = f" ({proof.since})" if several and proof.since else ""
    verdict = Text(f"{VERDICTS[proof.verdict][own]:<10}", _COLOURS[proof.verdict])
    yield Text.assemble(verdict, f"{_LEVELS[invariant.level][own]:<5} ", (invariant.id, "bold"), since)
    yield Text(f"    {invariant.title[reader]}")
    if proof.mistake:
        yield Text(f"    {proof.mistake}", "bold red")
    elif proof.verdict is ProofVerdict.UNDECIDED:
        yield Text(f"    {_NOT_PROVED[own]}: {proof.open_because}", "yellow")
    yield from _witness_lines(proof.witness, reader)


def _witness_lines(witness: Sequence[ShownSide], reader: Reader) -> Iterator[Text]:
    """What differs between the sides and what each is decided to be, then what all have in common."""
    if not witness:
        return
    own = own_language(reader)
    facts = [
        {f"{group}.{key}": value for group, of in each.facts.items() for key, value in of.items()} for each in witness
    ]
    names = list(dict.fromkeys(name for of_side in facts for name in of_side))
    shared = [name for name in names if len({str(of_side.get(name)) for of_side in facts}) == 1]
    for side, of_side in zip(witness, facts, strict=True):
        differing = [f"{name} {_written(of_side.get(name), own)}" for name in names if name not in shared]
        label = f"{side.side}: " if side.side else ""
        decided = (side.decision.outcome, "bold")
        yield Text.assemble(
            f"    {label}", decided, f" ({side.as_of})", f"; {', '.join(differing)}" if differing else ""
        )
        yield from (
            Text(f"      {reason.rule}: {reason.text[reader]}") for reason in side.decision.reasons if not reason.waived
        )
    yield Text(f"    {_WITH[own]} {', '.join(f'{name} {_written(facts[0][name], own)}' for name in shared)}", "dim")


def _written(value: object, own: str) -> str:
    if value is None:
        return _MISSING[own]
    return str(value).lower() if isinstance(value, bool) else str(value)
