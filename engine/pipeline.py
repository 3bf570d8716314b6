"""The whole pipeline in one place: policy files in, an engine that decides out.

    text –read→ Document –read_policy→ Policy –compile→ RuleSet –decide(facts)→ Decision

The verbs don't import one another; this module composes them. `load` runs everything up to the rule sets, once; each
request only binds its facts and evaluates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import PurePath
from threading import Lock
from typing import Any

from engine.compiling.amounts_for import amounts_for_others
from engine.compiling.compile import Compiled, compile_policies
from engine.compiling.divided_rates import divided_rates
from engine.compiling.ending_holidays import ending_holidays
from engine.compiling.ending_series import ending_series
from engine.compiling.exceptions import ended_exceptions, link_exceptions
from engine.compiling.future_parameters import future_parameters
from engine.compiling.link import unused_parameters
from engine.compiling.scopes import UNREAD_ACTIONS
from engine.deciding.decision import Decision
from engine.deciding.evaluator import Evaluator
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.diagnostics.nearest import few_hints
from engine.reading import document
from engine.reading.document import Document
from engine.reading.exceptions_file import SITE_EXCEPTIONS, ExceptionDefinition, read_exceptions
from engine.reading.fields import TextLanguages
from engine.reading.invariants_file import SITE_INVARIANTS, InvariantDefinition, read_invariants
from engine.reading.list_file import is_list_file, list_named, name_in_set, read_list
from engine.reading.policy import ParameterDefinition, Policy
from engine.reading.policy_file import read_policy
from engine.reading.policy_list import SITE_FACTS, check_policy_list, no_site_facts
from engine.reading.retention_file import SITE_RETENTION, RetentionRule, read_retention
from engine.reading.site_texts import other_languages
from engine.reading.standard_facts import STANDARD_FACTS, standard_facts, standard_facts_content
from engine.reading.vocabulary_file import SITE_KEYS_REQUIRED, read_vocabulary
from engine.ruleset.formula import Formula
from engine.ruleset.invariant import Invariant
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.binding import FactsRefused, Fault, Value
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.conversion import converted
from engine.vocabulary.days import day_in, day_number
from engine.vocabulary.dropped_facts import without_facts
from engine.vocabulary.rates import NO_RATES, CurrencyRefused, Denomination, Rate, Rates, read_rates
from engine.vocabulary.vocabulary import Type, Vocabulary

DATES_REMEMBERED = 10_000
"""Dates whose evaluator is found without a lock. When more have been asked for, all are forgotten: a service decides
for a few dates at a time."""

SOUND_POLICIES_KEPT = 64
"""Files of policies without a mistake that are not read again while their text stays the same: whoever saves one file
of a set waits for that file only. When more have been read, all are forgotten."""

_SoundFile = tuple[str, bytes, frozenset[str], tuple[str, ...], bool]
_sound_policies: dict[_SoundFile, Policy] = {}
"""By all that the reading of a file depends on: name, content, words of enums, languages, and whether it must end with
the end mark. What was read is never changed, so that many sets can share it."""

_POLICY_LINE = re.compile(r"""^policy[ \t]*:[ \t]*["']?(\w+)""", re.MULTILINE)
_GROUPS = frozenset(group for kind in CASE_KINDS.values() for group in kind.groups)
_FACT_KEY = re.compile(rf"\b(?:{'|'.join(sorted(_GROUPS))})\.\w+")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `load` gives: an engine, or what is wrong."""

    engine: Engine | None
    """None where there is any mistake. N009 alone (a parameter that nothing reads) is none, since it changes no
    decision."""

    diagnostics: tuple[Diagnostic, ...]
    """Everything that is wrong, sorted by place."""

    vocabulary: Vocabulary | None = None
    """The facts, for whoever checks more files against them, also where a policy has mistakes; None where the files of
    facts have."""


class Engine:
    """A policy set that has been checked, ready to decide. Thread-safe, and picklable: what was compiled goes along.

    `version` is the set's SHA-256, which every decision carries; `files` are its texts by name, and `standard_facts` is
    the text of the standard facts, which belong to the version. `vocabulary`, `policies`, `exceptions`,
    `invariant_definitions` and `lists`, those in files of their own, are what was read; `retention` says how long
    decisions are kept.

    Evaluators, with their generated code and Rete networks, are made when a case kind is first decided on a stretch of
    dates, or by `warm`. `close` frees the networks; without it they go with the last reference.
    """

    def __init__(
        self,
        compiled: Compiled,
        files: Mapping[str, str],
        other_languages: tuple[Diagnostic, ...] = (),
        retention: tuple[RetentionRule, ...] = (),
    ) -> None:
        self.version = compiled.version
        self.vocabulary: Vocabulary = compiled.vocabulary
        self.policies: Mapping[str, Policy] = compiled.linked.policies
        self.exceptions = tuple(each.definition for each in compiled.linked.exceptions)
        self.lists: Mapping[str, ParameterDefinition] = compiled.linked.list_files
        self.invariant_definitions = compiled.linked.invariants
        self.retention = retention
        self.gone_facts: frozenset[str] = frozenset()
        """Facts of sets that were in force lately and that this one has not: callers may still send them, so they are
        dropped from requests, not refused, and the decision names them."""

        self.files = dict(files)
        self.standard_facts = standard_facts_content().decode()
        self._compiled = compiled
        self._other_languages = other_languages
        self._evaluators: dict[tuple[str, date | None], Evaluator] = {}
        self._by_date: dict[tuple[str, date], Evaluator] = {}
        self._lock = Lock()

    def decide(
        self, case: str, facts: Mapping[str, object], as_of: date, id: str, rate: Rate | None = None
    ) -> Decision:
        """Decides one case.

        `case` is its kind, such as `order`. `facts` holds one mapping for each group of facts:
        `{"order": {"amount": "12.50"}, "account": {…}}`. A fact that is left out counts as missing, and the policies
        say what follows from that. `as_of` is the day that the decision holds for: it chooses the parameters in force.
        `id` is what the decision is to be known by. Amounts are in the set's currency; `rate` is that by which
        `in_own_currency` converted them, for the decision to show.

        Raises `FactsRefused`, with every fault of the facts, where a value can't be read or a required one is missing.
        """
        evaluator = self._evaluator(case, as_of)
        return evaluator.decide(evaluator.binder.bind(facts, day_number(as_of)), as_of, id, rate)

    def decide_request(
        self, case: str, body: Mapping[str, object], as_of: date, id: str, dropped: Collection[str] | None = None
    ) -> Decision:
        """Decides what the body of a request says: groups of facts, and perhaps `currency` and `rates`. The day is
        given, since a body may leave it out. Members that no case of this kind has are not looked at. `dropped`: facts
        to leave out where they are sent; None: those in `gone_facts`. Raises `FactsRefused`."""
        facts: Mapping[str, Any] = {group: body[group] for group in CASE_KINDS[case].groups if group in body}
        dropped = self.gone_facts if dropped is None else dropped
        gone: tuple[str, ...] = ()
        if dropped:
            facts, gone = without_facts(facts, dropped)
        rates = read_rates(body.get("rates"), self.vocabulary.currency)
        facts, rate = self.in_own_currency(case, facts, as_of, body.get("currency"), rates)
        decision = self.decide(case, facts, as_of, id, rate)
        return replace(decision, dropped_facts=gone) if gone else decision

    def in_own_currency(
        self, case: str, facts: Mapping[str, object], as_of: date, currency: object, rates: Rates = NO_RATES
    ) -> tuple[Mapping[str, object], Rate | None]:
        """The facts with amounts in the set's currency, and the rate by which they were converted; None where nothing
        was. `currency` is what the request says that its amounts are in: None where it says nothing.

        Raises `FactsRefused` where it is no currency, where there is no rate of it for this day, or where an amount
        can't be converted: amounts in another currency are never taken for amounts in the set's.
        """
        if currency is None:
            return facts, None
        if not isinstance(currency, str):
            raise FactsRefused([Fault("currency", "is not text", 'send its ISO 4217 code, such as "USD"')])
        try:
            rate = self.denomination(as_of, rates).rate_for(currency)
        except CurrencyRefused as refused:
            raise FactsRefused([Fault("currency", refused.message, refused.hint)]) from None
        return (facts, None) if rate is None else (converted(facts, self.vocabulary, case, rate), rate)

    def denomination(self, as_of: date, rates: Rates = NO_RATES) -> Denomination:
        """In which currency is decided on this day, and what others are worth in it."""
        vocabulary = self.vocabulary
        return Denomination(vocabulary.currency, rates, day_number(as_of), vocabulary.rate_days)

    def bind(self, case: str, facts: Mapping[str, object], as_of: date) -> list[Value]:
        """The case's facts as values, in the order of `ruleset(case, as_of).facts`. Raises `FactsRefused`."""
        return self._evaluator(case, as_of).binder.bind(facts, day_number(as_of))

    def day_at(self, moment: datetime) -> date:
        """The day that it is at the site at this moment: what "today" means where nobody says for which day a case is
        decided. `moment` must bear its own zone."""
        return day_in(self.vocabulary.timezone, moment)

    def ruleset(self, case: str, as_of: date) -> RuleSet:
        """What cases of this kind are decided by on this day."""
        return self._evaluator(case, as_of).ruleset

    def rulesets(self) -> Iterator[RuleSet]:
        """The rule sets of every case kind, on every stretch of dates between two changes of parameters."""
        for stretch in self._compiled.stretches:
            for case in CASE_KINDS:
                yield self._compiled.ruleset(case, stretch.since or date.min)

    def types(self) -> Mapping[str, Type]:
        """By full name the type of every fact, value and parameter."""
        return self._compiled.types()

    def formulas(self, name: str) -> tuple[tuple[date | None, Collection[Formula]], ...]:
        """What a value or a rule's conditions compile to on each stretch of dates; empty for any other name."""
        return self._compiled.formulas(name)

    def days_of_stretches(self) -> Iterator[date]:
        """A day of every stretch of dates between two changes of parameters, the earliest first."""
        for stretch in self._compiled.stretches:
            yield stretch.since or date.min

    def ruleset_to_prove(self, case: str, as_of: date) -> RuleSet:
        """As `ruleset`, with the values besides that invariants read."""
        return self._compiled.ruleset_to_prove(case, as_of)

    def invariants(self, case: str, as_of: date) -> tuple[Invariant, ...]:
        """What must hold of all cases of this kind that are decided on this day."""
        return self._compiled.invariants(case, as_of)

    def warnings(self, today: date) -> tuple[Diagnostic, ...]:
        """What is right as it stands and most likely not meant, on this day: parameters that have no value yet,
        exceptions that have ended, holidays and values by date that end soon, amounts that were chosen in another
        currency, rates that are divided by 100, and texts in languages that nobody is shown. The engine has no clock:
        whoever asks says which day it is."""
        linked = self._compiled.linked
        dated = [*future_parameters(linked, today), *ended_exceptions(self.exceptions, today)]
        dated += [*ending_holidays(linked, today), *ending_series(linked, today)]
        others = [*amounts_for_others(linked, self.vocabulary.currency), *divided_rates(self._compiled)]
        others += self._other_languages
        return in_order([*dated, *others])

    def __reduce__(self) -> tuple[type[Engine], tuple[Any, ...]]:
        """Pickling: another process gets what was compiled, and builds its own evaluators from it."""
        return Engine, (self._compiled, self.files, self._other_languages, self.retention)

    def close(self) -> None:
        """Frees the Rete networks of all evaluators. An engine may decide again afterwards; it makes new ones."""
        with self._lock:
            for evaluator in self._evaluators.values():
                evaluator.close()
            self._evaluators.clear()
            self._by_date.clear()

    def warm(self, as_of: date) -> None:
        """Makes every case kind's evaluator for this date, so that the first request doesn't wait for it."""
        for case in CASE_KINDS:
            self._evaluator(case, as_of)

    def _evaluator(self, case: str, as_of: date) -> Evaluator:
        evaluator = self._by_date.get((case, as_of))
        if evaluator is None:
            with self._lock:
                evaluator = self._evaluator_of_stretch(case, as_of)
                if len(self._by_date) >= DATES_REMEMBERED:
                    self._by_date.clear()
                self._by_date[case, as_of] = evaluator
        return evaluator

    def _evaluator_of_stretch(self, case: str, as_of: date) -> Evaluator:
        key = (case, self._compiled.stretch(as_of).since)
        evaluator = self._evaluators.get(key)
        if evaluator is None:
            evaluator = self._evaluators[key] = Evaluator(self._compiled.ruleset(case, as_of))
        return evaluator


def load(files: Mapping[str, bytes]) -> Loaded:
    """Reads, checks and compiles a policy set.

    `files` maps each file's name as users know it (`rules/orders.yaml`) to its content. The file called `facts.yaml`
    says the currency, lists the policies and holds the site's own facts; one called `exceptions.yaml`, which need not
    be there, holds exceptions; `invariants.yaml`, which need not either, what must hold of every case;
    `retention.yaml`, which need not either, says how long decisions are kept; those in a folder `lists` are lists;
    every other file is a policy. Each must end with YAML's end mark `...`, so that a file that is cut off is not taken
    for a whole one.

    Never raises for what an author wrote: mistakes are diagnostics. The list of policies guards against files that are
    not there: a policy that is listed and missing is a mistake, and so is one that is not listed.
    """
    with few_hints():
        return _load(files, from_files=True)


def load_stored(files: Mapping[str, bytes], standard_facts: bytes | None = None) -> Loaded:
    """As `load`, for a set that has been in force, as the journal keeps it.

    End marks and the list of policies are not required: they show that files are all there and complete, and for a
    stored set its version shows that, being the hash of all of it. Sets that were stored before either was required
    have none. `standard_facts` are those of its day; None: this engine's.
    """
    with few_hints():
        return _load(files, from_files=False, standard=standard_facts)


def _load(files: Mapping[str, bytes], *, from_files: bool, standard: bytes | None = None) -> Loaded:
    report: list[Diagnostic] = []
    unread: set[str] = set()
    definitions: list[ExceptionDefinition] = []
    retention: list[RetentionRule] = []
    invariants: list[InvariantDefinition] = []
    lists: dict[str, ParameterDefinition] = {}
    site = next((name for name in sorted(files) if name_in_set(name) == SITE_FACTS), None)
    site_document = _document(files[site], site, report, end_mark=from_files) if site else None
    required = SITE_KEYS_REQUIRED if from_files else ()
    others: dict[str, list[Place]] = {}
    own = standard_facts() if standard is None else _document(standard, STANDARD_FACTS, report, end_mark=False)
    if own is None:
        return Loaded(None, in_order(report))
    vocabulary, mistakes = read_vocabulary(own, site_document, required=required, others=others)
    report += mistakes
    languages = TextLanguages(vocabulary.languages, others)
    facts_are_sound = not report
    if site and report:
        unread |= facts_named(files[site]) | {UNREAD_ACTIONS}
    words = frozenset(member for fact in vocabulary.facts.values() for member in fact.type.members)
    policies = []
    for name, content in sorted(files.items()):
        if name == site:
            continue
        if is_list_file(name):
            _take_list(lists, content, name, report, unread, languages, end_mark=from_files)
            continue
        if PurePath(name).name == SITE_EXCEPTIONS:
            definitions += _exceptions(content, name, report, languages, end_mark=from_files)
            continue
        if PurePath(name).name == SITE_INVARIANTS:
            invariants += _invariants(content, name, report, languages, end_mark=from_files)
            continue
        if PurePath(name).name == SITE_RETENTION:
            retention += _retention(content, name, report, languages, end_mark=from_files)
            continue
        policy = _policy(content, name, words, report, languages, end_mark=from_files)
        if policy is None:
            unread |= policies_named(content, name)
        else:
            policies.append(policy)
    if site_document is not None:
        report += check_policy_list(site_document, policies, unread)
    elif from_files and site is None:
        report.append(no_site_facts([name for name in files if not is_list_file(name)], policies))
    if not policies and not unread:
        report.append(
            Diagnostic(Place(site or "rules", 1, 1), ErrorCode.P000, "no policy files", "add a file with a policy")
        )
    broken = {mistake.place.file for mistake in report}  # a policy with a broken rule is read without it
    incomplete = unread.union(policy.name for policy in policies if policy.place.file in broken)
    exceptions, mistakes = link_exceptions(definitions, policies, incomplete)
    report += mistakes
    compiled, mistakes = compile_policies(
        policies, vocabulary, version(files, standard), unread, exceptions, lists, _provable(invariants, incomplete)
    )
    report += mistakes
    engine = None
    if not report:
        texts = {name: content.decode("utf-8-sig") for name, content in files.items()}
        engine = Engine(compiled, texts, other_languages(languages), tuple(retention))
        report += unused_parameters(compiled.linked)
    return Loaded(engine, in_order(report), vocabulary if facts_are_sound else None)


def _document(content: bytes, name: str, report: list[Diagnostic], *, end_mark: bool) -> Document | None:
    read, mistakes = document.read(content, name, end_mark=end_mark)
    report += mistakes
    return read


def _exceptions(
    content: bytes, name: str, report: list[Diagnostic], languages: TextLanguages, *, end_mark: bool
) -> tuple[ExceptionDefinition, ...]:
    read = _document(content, name, report, end_mark=end_mark)
    exceptions, mistakes = read_exceptions(read, languages) if read else ((), ())
    report += mistakes
    return exceptions


def _invariants(
    content: bytes, name: str, report: list[Diagnostic], languages: TextLanguages, *, end_mark: bool
) -> tuple[InvariantDefinition, ...]:
    read = _document(content, name, report, end_mark=end_mark)
    invariants, mistakes = read_invariants(read, languages) if read else ((), ())
    report += mistakes
    return invariants


def _provable(invariants: Sequence[InvariantDefinition], incomplete: Collection[str]) -> Sequence[InvariantDefinition]:
    """None while a policy has mistakes: what an invariant reads may only be missing because of them."""
    return () if incomplete else invariants


def _retention(
    content: bytes, name: str, report: list[Diagnostic], languages: TextLanguages, *, end_mark: bool
) -> tuple[RetentionRule, ...]:
    read = _document(content, name, report, end_mark=end_mark)
    rules, mistakes = read_retention(read, tuple(CASE_KINDS), languages) if read else ((), ())
    report += mistakes
    return rules


def _take_list(
    lists: dict[str, ParameterDefinition],
    content: bytes,
    name: str,
    report: list[Diagnostic],
    unread: set[str],
    languages: TextLanguages,
    *,
    end_mark: bool,
) -> None:
    """Adds the list of a file to `lists`; where it has mistakes, its name to `unread`."""
    read, mistakes = read_list(content, name, end_mark=end_mark, languages=languages)
    report += mistakes
    if read is None:
        unread.add(list_named(name))
    elif (other := lists.setdefault(read.name, read)) is not read:
        message = f"the list `{list_named(name)}` is in {other.place.file} already"
        report.append(Diagnostic(read.place, ErrorCode.P006, message, "keep one of the two files"))


def _policy(
    content: bytes,
    name: str,
    words: Collection[str],
    report: list[Diagnostic],
    languages: TextLanguages,
    *,
    end_mark: bool,
) -> Policy | None:
    """None where nothing is known about what the file defines; then there are diagnostics."""
    key = (name, content, frozenset(words), languages.listed, end_mark)
    if (known := _sound_policies.get(key)) is not None:
        return known
    faults, others = len(report), sum(map(len, languages.others.values()))
    read = _document(content, name, report, end_mark=end_mark)
    if read is None:
        return None
    policy, mistakes = read_policy(read, words, languages)
    report += mistakes
    if policy is not None and (len(report), sum(map(len, languages.others.values()))) == (faults, others):
        if len(_sound_policies) >= SOUND_POLICIES_KEPT:
            _sound_policies.clear()
        _sound_policies[key] = policy
    return policy


def policies_named(content: bytes, name: str) -> frozenset[str]:
    """What the policy in an unreadable file is probably called: what its `policy:` line says, and the file's own name.
    Names that begin so are not reported as unknown; those reports would drown the one mistake that matters."""
    return frozenset({*_POLICY_LINE.findall(_plain(content)), PurePath(name).stem}) - _GROUPS


def facts_named(content: bytes) -> frozenset[str]:
    """All facts that an unreadable file of facts may have declared: whatever in it looks like a fact's name."""
    return frozenset(_FACT_KEY.findall(_plain(content)))


def version(files: Mapping[str, bytes], standard_facts: bytes | None = None) -> str:
    """The version of a policy set: SHA-256, in hexadecimal, over all files and the standard facts.

    Files count by base name, lists with `lists/` before it, so that a set has the same version wherever its folder
    lies; line ends are made the same and a byte order mark is left out. Comments count: a decision names the line of
    each reason, and a replay must give the same bytes. `standard_facts` are this engine's where none are given.
    """
    content = {name_in_set(name): _plain(text) for name, text in files.items()}
    content[STANDARD_FACTS] = _plain(standard_facts_content() if standard_facts is None else standard_facts)
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
