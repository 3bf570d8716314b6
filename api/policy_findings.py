"""The gates of a proposed policy set: what is wrong with it, which tests fail, what is proved, what it changes.

Check and tests are a job of the worker process, proofs are jobs of processes of their own (`api.proof_job`): texts that
somebody sends can't keep the service busy. What a gate could not find out, for want of time, memory or a solver, is a
finding that passes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import structlog

from api.proof_job import NOT_INSTALLED, CategoryQuestion, ProofOfInvariant, SetText, categories, settled
from api.worker import JobFailed, Worker
from engine.compiling.decided_names import decided_names
from engine.diagnostics.diagnostic import Diagnostic
from engine.pipeline import Engine, load, load_stored
from engine.proofs.category import CategoryOfKind, KnownCase, categorized
from engine.proofs.compare import compare
from engine.proofs.prove import provable
from engine.proving.smt.settle import ProofVerdict
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.reading.policy_test import Suite
from engine.ruleset.invariant import Invariant
from engine.testing.run_cases import in_other_currencies, run_cases
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.languages import reader_of
from engine.vocabulary.vocabulary import Vocabulary
from ledger.audit.policy_changes import differences
from ledger.journal.opened_records import PolicySet
from ledger.policies.check_limits import CheckLimits, Died, Stopped, too_large
from ledger.policies.findings import Findings, InvariantFinding
from receivables.simulation.simulate import SimulatedCase, SimulatedDifference, simulate

MODULE = __name__
"""For a worker to import before the first job."""

MISTAKES_MAX = 50
"""Mistakes that findings list."""

PROOF_SECONDS = 60.0
"""That the solver may look at one invariant."""

CATEGORY_SECONDS = 20.0
"""That it may look at each of two questions for a kind of case whose formulas differ: is any case decided more
severely, is any decided more mildly."""

CALLER = "proposals"
"""Who asks the worker."""

LIMITS = CheckLimits(processor_seconds=120, seconds=1_800)
"""Of check and tests together: the default set's thousand tests take some seconds."""

_DEMANDS = ("case", "given", "holds", "outcome", "claim", "changes", "is_any_change", "split")
"""Members of an invariant by which it says more or less."""

_OTHER = {
    SimulatedDifference.CONDITIONS: "other conditions",
    SimulatedDifference.REASONS: "other reasons",
    SimulatedDifference.UNKNOWN: "facts are missing for one of the sets",
}
"""By what differs where outcomes don't."""

log = structlog.get_logger(__name__)

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the worker finds, and what is left to prove."""

    findings: Findings
    to_prove: tuple[tuple[Invariant, date], ...] = ()
    today: date = date.min
    kinds: tuple[CategoryOfKind, ...] = ()
    """What the policy tests and equal formulas show of each kind of case; empty where nothing was in force."""
    known: tuple[KnownCase, ...] = ()


class PolicyExaminer:
    """Of one service. Its processes are there only while something is looked at."""

    def __init__(self, seconds: float = PROOF_SECONDS) -> None:
        self._seconds = seconds
        self._turn = asyncio.Lock()  # proofs take all processors there are

    async def examined(self, files: Texts, tests: Texts, before: Texts | None, *, proves: bool = True) -> Findings:
        """Everything that is found out about the files; without `proves` nothing is proved, and it takes seconds."""
        contents = {name: text.encode("utf-8", "surrogatepass") for name, text in files.items()}
        async with self._turn:
            job = await _examined_apart(contents, tests, before)
            if job.findings.version is None or not proves:
                return _with_categories(job.findings, job.kinds)
            proofs: list[ProofOfInvariant] = []
            if job.to_prove:
                proofs = await asyncio.to_thread(
                    settled, contents, job.to_prove, job.today, self._seconds, lambda _: None
                )
            kinds = await self._categorized(contents, before, job)
        found = tuple(map(_finding, proofs))
        has_solver = all(proof.open_because != NOT_INSTALLED for proof in proofs)
        return replace(_with_categories(job.findings, kinds), invariants=found, has_solver=has_solver)

    async def _categorized(
        self, contents: Mapping[str, bytes], before: Texts | None, job: Examined
    ) -> tuple[CategoryOfKind, ...]:
        """What the change does to the outcomes of each kind of case; the solver is asked where tests don't say it."""
        still_open = [each for each in job.kinds if each.is_open]
        if before is None or not still_open:
            return job.kinds
        old = SetText({name: text.encode() for name, text in before.items()}, None, is_stored=True)
        new = SetText(contents, None, is_stored=False)
        question = CategoryQuestion(before=old, after=new, today=job.today, known=job.known)
        seconds = min(CATEGORY_SECONDS, self._seconds)
        answered = await asyncio.to_thread(categories, question, still_open, seconds, lambda _: None)
        by_case = {each.case: each for each in answered}
        return tuple(by_case.get(each.case, each) for each in job.kinds)


async def _examined_apart(contents: Mapping[str, bytes], tests: Texts, before: Texts | None) -> Examined:
    """In a process of its own, with more time than a check has: it runs the set's tests too."""
    worker = Worker([MODULE], LIMITS)
    try:
        job = partial(worker.run, CALLER, examine, contents, dict(tests), dict(before) if before else None)
        try:
            return await job()
        except Died:  # perhaps by somebody else's doing
            return await job()
    except Stopped as stopped:
        return Examined(findings=Findings(version=None, mistakes=(str(too_large(contents, stopped)),)))
    except JobFailed as failed:
        log.error("a proposal can't be looked at", reason=str(failed))
        return Examined(findings=Findings(version=None, mistakes=("the check itself failed; see the service's log",)))
    finally:
        await worker.close()


def _with_categories(findings: Findings, kinds: Sequence[CategoryOfKind]) -> Findings:
    return replace(findings, categories={each.case: each.category.value for each in kinds})


def _finding(proof: ProofOfInvariant) -> InvariantFinding:
    """An invariant that speaks of no case is not proved, whatever its proof says."""
    invariant, verdict = proof.invariant, proof.verdict
    if proof.mistake:
        return InvariantFinding(
            id=invariant.id, level=invariant.level.value, verdict=ProofVerdict.UNDECIDED.value, why=proof.mistake
        )
    sides = [f"{each.side or 'a case'} is decided {each.decision.outcome}" for each in proof.witness]
    why = proof.open_because or "; ".join(sides)
    return InvariantFinding(id=invariant.id, level=invariant.level.value, verdict=verdict.value, why=why)


# --- in the worker -------------------------------------------------------------------------------------------------


def examine(files: Mapping[str, bytes], tests: Texts, before: Texts | None) -> Examined:
    """The job: check, tests, and what differs from the set before."""
    loaded = load(files)
    engine = loaded.engine
    if engine is None:
        return Examined(findings=Findings(version=None, mistakes=_listed(loaded.diagnostics)))
    today = engine.day_at(datetime.now(UTC))
    suites, mistakes = _suites(tests, engine)
    others = in_other_currencies(suites, engine.vocabulary.currency)
    if mistakes:
        return Examined(findings=Findings(version=None, mistakes=_listed(mistakes)))
    run = run_cases([suite for suite in suites if suite not in others], engine, time.perf_counter)
    failed = [f"{each.suite.name}/{each.case.name}" for each in run.failed]
    failed += [f"{suite.name}/{case.name}" for suite in others for case in suite.cases]  # none of these was run
    findings = Findings(
        version=engine.version,
        tests_passed=len(run.results) - len(run.failed),
        tests_failed=tuple(failed),
        words=_words_of_files(engine, before),
    )
    old = None if before is None else load_stored({name: text.encode() for name, text in before.items()}).engine
    known = tuple(_known_cases(suites, engine)) if old else ()
    kinds: tuple[CategoryOfKind, ...] = ()
    if old is not None:
        words, flips = _words(old, engine, findings.words), _flips(old, engine, known)
        findings = _held_against(replace(findings, words=words, flips=flips), old, engine, today)
        kinds = tuple(categorized(old, engine, case, today, known, restarts=None) for case in CASE_KINDS)
    by_id = {each.id: each for case in CASE_KINDS for each in engine.invariants(case, today)}
    to_prove = tuple((by_id[name], day) for name, day in provable(engine, today))
    return Examined(findings=findings, to_prove=to_prove, today=today, kinds=kinds, known=known)


def _listed(mistakes: tuple[Diagnostic, ...]) -> tuple[str, ...]:
    return tuple(str(each) for each in mistakes[:MISTAKES_MAX])


def _suites(tests: Texts, engine: Engine) -> tuple[list[Suite], tuple[Diagnostic, ...]]:
    names = decided_names(engine.policies.values(), engine.exceptions)
    suites: list[Suite] = []
    mistakes: list[Diagnostic] = []
    for name, text in sorted(tests.items()):
        document, found = read(text.encode("utf-8", "surrogatepass"), name)
        mistakes += found
        if document is not None:
            suite, in_suite = read_cases(document, engine.vocabulary, names)
            mistakes += in_suite
            suites += [suite] if suite else []
    return suites, tuple(mistakes)


def _known_cases(suites: Sequence[Suite], engine: Engine) -> Iterator[KnownCase]:
    """The set's own tests, in its own currency."""
    for suite in suites:
        for case in suite.cases:
            if case.currency in (None, engine.vocabulary.currency):
                name = f"{suite.name}/{case.name}"
                yield KnownCase(name=name, case=suite.case_kind, as_of=case.as_of, facts=case.facts)


def _words(old: Engine, new: Engine, of_files: tuple[str, ...]) -> tuple[str, ...]:
    """`orders.limit_tolerance: Overrun of the limit that passes: 5% → 10%`; what no node says, by the files."""
    reader = reader_of("en", new.vocabulary.languages)
    said = ((each.name, each.in_words(reader)) for each in compare(old, new))
    return tuple(f"{name}: {what.removeprefix(f'{_last(name)}: ')}" for name, what in said) or of_files


def _last(name: str) -> str:
    """What stands in a title's place where there is none."""
    return name.rpartition(".")[2]


def _flips(old: Engine, new: Engine, known: Sequence[KnownCase]) -> tuple[str, ...]:
    """`order: hold → approve: 4 policy tests, 101000.02 EUR`; nothing where the sets' amounts can't be compared."""
    if old.vocabulary.currency != new.vocabulary.currency or not known:
        return ()
    tests = (SimulatedCase(case=each.case, as_of=each.as_of, body=each.facts, name=each.name) for each in known)
    done = simulate(old, new, tests)
    counted: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    for key, group in done.groups.items():
        what = (
            f"{key.before} → {key.after}" if key.difference is SimulatedDifference.OUTCOME else _OTHER[key.difference]
        )
        counted[f"{key.case}: {what}"] += group.subjects
        amounts[f"{key.case}: {what}"] += group.amount
    if not counted:
        return (f"none of {done.subjects} policy tests is decided otherwise",)
    unit = Decimal(1).scaleb(-done.digits)
    return tuple(
        f"{what}: {count} of {done.subjects} policy tests, {amounts[what] * unit} {done.currency}"
        for what, count in counted.items()
    )


def _words_of_files(engine: Engine, before: Texts | None) -> tuple[str, ...]:
    """`orders.limit_tolerance: 0.05 → 0.10`, line by line."""
    if before is None:
        return (f"nothing was in force; {len(engine.files)} files",)
    old = PolicySet("", "", dict(before), engine.standard_facts)
    told = differences(old, PolicySet(engine.version, "", engine.files, engine.standard_facts))
    inner = [*told["parameters"], *told["rules"], *told["others"]]
    return tuple(inner or told["files"])


def _held_against(findings: Findings, old: Engine, new: Engine, today: date) -> Findings:
    """What callers notice, and what owners of invariants must see."""
    was, is_ = old.vocabulary.facts, new.vocabulary.facts
    before = {each.id: each for case in CASE_KINDS for each in old.invariants(case, today)}
    after = {each.id: each for case in CASE_KINDS for each in new.invariants(case, today)}
    return replace(
        findings,
        facts_removed=tuple(sorted(set(was) - set(is_))),
        facts_required=tuple(
            sorted(name for name, fact in is_.items() if fact.required and (name not in was or not was[name].required))
        ),
        vocabulary_changed=_shapes(old.vocabulary) != _shapes(new.vocabulary),
        invariants_weakened=tuple(
            sorted(name for name, each in before.items() if name not in after or _said(each) != _said(after[name]))
        ),
    )


def _shapes(vocabulary: Vocabulary) -> dict[str, tuple[object, bool]]:
    """Of facts, by name: all that a request's value is held against."""
    return {name: (fact.type, fact.required) for name, fact in vocabulary.facts.items()}


def _said(invariant: Invariant) -> tuple[object, ...]:
    """What it demands, without its words and its place."""
    return invariant.level, *(getattr(invariant, name) for name in _DEMANDS)
