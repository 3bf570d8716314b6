"""Proofs in processes of their own: the jobs of `credence prove`, `credence dead` and `credence diff --prove`.

A solver may run for ever, or take all memory; so each question is a job with limits, and what is stopped, dies or finds
no solver is undecided, never proved. Two processes share the questions; each compiles the policies once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate, takewhile
from typing import Any, TypeVar

from api.worker import JobFailed, Worker
from engine.pipeline import Engine, Loaded, load, load_stored, version
from engine.proofs.category import CategoryOfKind, KnownCase, categorized
from engine.proofs.confirmation import ShownSide
from engine.proofs.dead_rules import DeadRule, dead_rules
from engine.proofs.prove import Proof, prove
from engine.proving.smt.settle import RESTARTS, ProofVerdict
from engine.proving.smt.solver import is_there
from engine.ruleset.invariant import Invariant
from ledger.policies.check_limits import CheckLimits, Stopped

MODULE = __name__
"""For a worker to import before the first job."""

PROCESSES = 2
"""At the same time."""

MEMORY_BYTES = 2 << 30
"""Address space of each, the solver's library included."""

SECONDS_BESIDE = 60
"""That a job may take beside the solver: to compile, to write terms, and to make a witness plain."""

NOT_INSTALLED = "the solver isn't installed (the extra `proofs`; `make setup` installs it)"

BUSY = 8
"""How many times as long as of the processor's time a job may take by the clock, on a machine that does other work."""

Files = Mapping[str, bytes]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOfInvariant:
    """What came of one invariant on one stretch of dates: the proof, or why there is none."""

    invariant: Invariant
    since: date | None
    verdict: ProofVerdict
    witness: tuple[ShownSide, ...] = ()
    open_because: str = ""
    silent_where: tuple[str, ...] = ()
    mistake: str = ""

    def as_json(self) -> dict[str, object]:
        """As `credence prove --json` prints it."""
        invariant = self.invariant
        return {
            "id": invariant.id,
            "title": _by_language(invariant.title),
            "level": invariant.level,
            "case": invariant.case,
            "place": str(invariant.place),
            "since": self.since.isoformat() if self.since else None,
            "verdict": self.verdict,
            "open_because": self.open_because or None,
            "mistake": self.mistake or None,
            "silent_where_missing": list(self.silent_where),
            "witness": [
                {
                    "side": side.side or None,
                    "as_of": side.as_of.isoformat(),
                    "facts": side.facts,
                    "decision": side.decision.as_json(),
                }
                for side in self.witness
            ],
        }


def _by_language(text: Any) -> dict[str, str]:
    return dict(text.by_language)


@dataclass(frozen=True, slots=True)
class SetText:
    """The text of a policy set, as another process takes it."""

    files: Mapping[str, bytes]
    standard_facts: bytes | None
    """Of a stored set those of its day; None: this engine's."""
    is_stored: bool
    """Whether it has been in force, so that its version shows that it is all there."""

    def loaded(self) -> Loaded:
        """Compiled, or what is wrong with it."""
        return load_stored(self.files, self.standard_facts) if self.is_stored else load(self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryQuestion:
    """What a change of policies does to decisions from a day on."""

    before: SetText
    after: SetText
    today: date
    known: tuple[KnownCase, ...]
    """Cases that are tried before the solver is asked."""


def restarts_within(seconds: float) -> tuple[float, ...]:
    """The seconds of the attempts that fit into so many; one of that many where none does."""
    repeated = (*RESTARTS, *(RESTARTS[-1] for _ in range(int(seconds / RESTARTS[-1]))))
    fitting = tuple(takewhile(lambda total: total <= seconds, accumulate(repeated)))
    return repeated[: len(fitting)] or (seconds,)


def limits_for(seconds: float) -> CheckLimits:
    """Of a process whose solver may look for so long."""
    most = seconds * 2 + SECONDS_BESIDE
    return CheckLimits(processor_seconds=most, seconds=most * BUSY, memory=MEMORY_BYTES)


# --- in the process of the solver ------------------------------------------------------------------------------------

_engines: dict[str, Engine] = {}


def _engine(files: Files) -> Engine:
    """Compiled once in each process."""
    key = version(files)
    if key not in _engines:
        engine = load(files).engine
        if engine is None:
            raise ValueError("policies with mistakes were to be proved")
        _engines.clear()
        _engines[key] = engine
    return _engines[key]


def settle_one(files: Files, id: str, day: date, today: date, restarts: Sequence[float]) -> Proof:
    """The job of one invariant."""
    return prove(_engine(files), id, day, today, restarts)


def look_at_rules(files: Files, case: str, day: date, seconds: float) -> list[DeadRule]:
    """The job of one kind of case."""
    return list(dead_rules(_engine(files), case, day, seconds))


def settle_category(question: CategoryQuestion, case: str, restarts: Sequence[float]) -> CategoryOfKind:
    """The job of one kind of case of two policy sets."""
    before, after = (text.loaded().engine for text in (question.before, question.after))
    if before is None or after is None:
        raise ValueError("policies with mistakes were to be compared")
    return categorized(before, after, case, question.today, question.known, restarts)


# --- in ours ---------------------------------------------------------------------------------------------------------


def settled(
    files: Files,
    asked: Sequence[tuple[Invariant, date]],
    today: date,
    seconds: float,
    done: Callable[[ProofOfInvariant], None],
) -> list[ProofOfInvariant]:
    """What comes of each invariant on its day, in the order given. `done` is told of each as soon as it is known.

    `seconds` is how long a solver may look at each. Nothing is raised for a process that fails: what it was asked is
    undecided."""
    restarts = restarts_within(seconds)

    def job(each: tuple[Invariant, date]) -> tuple[Callable[..., Proof], tuple[Any, ...]]:
        return settle_one, _arguments(files, each[0].id, each[1], today, restarts)

    def answered(each: tuple[Invariant, date], result: Proof | Exception) -> ProofOfInvariant:
        proof = _of(each[0], result)
        done(proof)
        return proof

    if not is_there():
        return [answered(each, ModuleNotFoundError(NOT_INSTALLED)) for each in asked]
    return _by_workers(asked, job, answered, limits_for(seconds))


def _arguments(*arguments: Any) -> tuple[Any, ...]:
    """Of a job, as they are sent to the process."""
    return arguments


def rules_looked_at(
    files: Files, cases: Sequence[str], day: date, seconds: float, limit: float
) -> list[tuple[str, list[DeadRule] | str]]:
    """What is to be said of the rules of each kind of case, or why nothing can be. `seconds` for each rule, `limit` for
    each kind."""

    def job(case: str) -> tuple[Callable[..., list[DeadRule]], tuple[Any, ...]]:
        return look_at_rules, (files, case, day, seconds)

    def answered(case: str, result: list[DeadRule] | Exception) -> tuple[str, list[DeadRule] | str]:
        return case, _why(result) if isinstance(result, Exception) else result

    if not is_there():
        return [(case, NOT_INSTALLED) for case in cases]
    return _by_workers(cases, job, answered, limits_for(limit))


def categories(
    question: CategoryQuestion, kinds: Sequence[CategoryOfKind], seconds: float, done: Callable[[int], None]
) -> list[CategoryOfKind]:
    """What the change does to each kind of case, in the order given. `kinds` are what is known without a solver, and
    what stands where none can answer; `seconds` is how long it may look at each question. `done` is told how many
    are settled."""
    restarts = restarts_within(seconds)
    count = 0

    def job(kind: CategoryOfKind) -> tuple[Callable[..., CategoryOfKind], tuple[Any, ...]]:
        return settle_category, (question, kind.case, restarts)

    def answered(kind: CategoryOfKind, result: CategoryOfKind | Exception) -> CategoryOfKind:
        nonlocal count
        count += 1
        done(count)
        return _open(kind, _why(result)) if isinstance(result, Exception) else result

    if not is_there():
        return [_open(kind, NOT_INSTALLED) for kind in kinds]
    return _by_workers(kinds, job, answered, limits_for(seconds * 2))


def _open(kind: CategoryOfKind, why: str) -> CategoryOfKind:
    """With the reason why what is undecided is so."""
    answers = {
        direction: replace(answer, open_because=why) if answer.verdict is ProofVerdict.UNDECIDED else answer
        for direction, answer in kind.answers.items()
    }
    return replace(kind, answers=answers)


def _of(invariant: Invariant, result: Proof | Exception) -> ProofOfInvariant:
    if isinstance(result, Exception):
        verdict, why = ProofVerdict.UNDECIDED, _why(result)
        return ProofOfInvariant(invariant=invariant, since=None, verdict=verdict, open_because=why)
    return ProofOfInvariant(
        invariant=invariant,
        since=result.since,
        verdict=result.verdict,
        witness=result.witness,
        open_because=result.open_because,
        silent_where=result.silent_where,
        mistake=str(result.mistake) if result.mistake else "",
    )


def _why(error: Exception) -> str:
    """Why there is no answer, for readers."""
    if isinstance(error, JobFailed):
        lines = str(error).strip().splitlines()
        return NOT_INSTALLED if "No module named 'z3'" in str(error) else f"the prover failed: {lines[-1]}"
    return str(error)


Asked = TypeVar("Asked")
Given = TypeVar("Given")


def _by_workers(
    asked: Iterable[Asked],
    job: Callable[[Asked], tuple[Callable[..., Result], tuple[Any, ...]]],
    answered: Callable[[Asked, Result | Exception], Given],
    limits: CheckLimits,
) -> list[Given]:
    """The answers in the order of what was asked, worked out by several processes."""
    return asyncio.run(_shared(list(asked), job, answered, limits))


async def _shared(
    asked: Sequence[Asked],
    job: Callable[[Asked], tuple[Callable[..., Result], tuple[Any, ...]]],
    answered: Callable[[Asked, Result | Exception], Given],
    limits: CheckLimits,
) -> list[Given]:
    answers: dict[int, Given] = {}
    waiting: Iterator[tuple[int, Asked]] = iter(enumerate(asked))

    async def work(worker: Worker) -> None:
        for index, each in waiting:
            function, arguments = job(each)
            result: Result | Exception
            try:
                result = await worker.run("proofs", function, *arguments)
            except (Stopped, JobFailed) as error:
                result = error
            answers[index] = answered(each, result)

    workers = [Worker([MODULE], limits, niceness=0) for _ in range(min(PROCESSES, max(1, len(asked))))]
    try:
        await asyncio.gather(*(work(worker) for worker in workers))
    finally:
        await asyncio.gather(*(worker.close() for worker in workers))
    return [answers[index] for index in range(len(asked))]
