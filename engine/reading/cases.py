"""A cases file's nodes → a `Suite` of policy tests, or every mistake in it.

Verb beside `read_policy`. Facts are held against the vocabulary here; the names of rules, results and conditions are
held against the policies, where these are given. A test that lacks a required fact is a mistake, since the engine would
refuse it as it refuses a request.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.document import Document, Node, Scalar, Sequence
from engine.reading.fact_value import bound, hint_for_files, read_value, request_value
from engine.reading.fields import FieldReader, TextLanguages
from engine.reading.policy_test import Case, Expected, ExpectedValue, Suite
from engine.vocabulary.binding import FactsRefused, JsonRecords, JsonScalar, after_the_day
from engine.vocabulary.case_kinds import CASE_KINDS, CaseKind
from engine.vocabulary.conversion import amounts_in
from engine.vocabulary.currencies import MINOR_UNITS, not_a_currency
from engine.vocabulary.days import day_number
from engine.vocabulary.past_dates import held, tells_of_the_past
from engine.vocabulary.rates import read_rates
from engine.vocabulary.vocabulary import Fact, Kind, Vocabulary

_KEYS = ("cases", "case_kind", "as_of", "currency", "rates", "fixtures", "tests")
_TEST_KEYS = ("title", "use", "facts", "as_of", "currency", "rates", "expect")
_EXPECT_KEYS = ("outcome", "reasons", "waived", "undetermined", "results", "conditions", "actions")
ACTION_KEYS = ("action", "by", "amount")
"""What a test may say of an action."""

Facts = dict[str, dict[str, JsonScalar | JsonRecords]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedNames:
    """What decisions about one kind of case can name; None for any of them means: anything."""

    rules: Collection[str] | None
    """Ids of rules, `policy.rule`."""
    undetermined: Collection[str] | None
    """Ids of what may turn out undetermined: rules, tables, criteria and exceptions."""
    results: Collection[str] | None
    """Names of results, `policy.result`."""
    conditions: Collection[str] | None
    """Names of conditions."""
    actions: Collection[str] | None
    """Ids of the rules that ask for an action."""


_ANY = DecidedNames(rules=None, undetermined=None, results=None, conditions=None, actions=None)


def read_cases(
    document: Document, vocabulary: Vocabulary, names: Mapping[str, DecidedNames] | None = None
) -> tuple[Suite | None, tuple[Diagnostic, ...]]:
    """The tests of one file, and the mistakes in it, sorted by place. Never raises.

    `names` go by case kind; without them, what a test expects may have any name. Tests with mistakes are left out. None
    where the suite's name or case kind is wrong, or nobody could say what the tests decide.
    """
    reader = FieldReader(languages=TextLanguages(vocabulary.languages))
    fields = reader.fields(document.root, "a cases file", _KEYS, ("cases", "case_kind", "tests")) or {}
    name = reader.id(fields["cases"], "a suite's name") if "cases" in fields else None
    word = reader.choice(fields["case_kind"], "a case kind", tuple(CASE_KINDS)) if "case_kind" in fields else None
    as_of = reader.calendar_day(fields["as_of"]) if "as_of" in fields else None
    if word is None:
        return None, in_order(reader.diagnostics)
    money = _money(reader, fields, vocabulary, _Money(None, None))
    reading = _CasesReader(reader, CASE_KINDS[word], vocabulary, as_of, money, names[word] if names else None)
    reading.read_fixtures(fields.get("fixtures"))
    cases = tuple(reading.cases(fields["tests"])) if "tests" in fields else ()
    suite = Suite(name, fields["cases"].place, word, cases) if name else None
    return suite, in_order(reader.diagnostics)


@dataclass(frozen=True, slots=True)
class _Money:
    """In which currency amounts are, and what currencies are worth; None where nothing is said."""

    currency: str | None
    rates: JsonRecords | None


def _money(reader: FieldReader, fields: Mapping[str, Node], vocabulary: Vocabulary, usual: _Money) -> _Money:
    """What stands under `currency` and `rates` of a suite or a test; `usual` is what counts where nothing does."""
    currency, rates = usual.currency, usual.rates
    if "currency" in fields:
        word = reader.word(fields["currency"], "the currency")
        if word in MINOR_UNITS:
            currency = word
        elif word:
            reader.mistake(fields["currency"].place, ErrorCode.P045, *not_a_currency(word))
    if "rates" in fields:
        rates = _rates(reader, fields["rates"], vocabulary.currency) or rates
    return _Money(currency, rates)


def _rates(reader: FieldReader, node: Node, own: str) -> JsonRecords | None:
    """The rates of a suite or a test as a request carries them; None, with mistakes, where they can't be used."""
    before = len(reader.diagnostics)
    rates: JsonRecords = []
    for item in reader.items(node, "`rates`"):
        entries = reader.entries(item, "a rate")
        rates.append({key.text: _of_rate(each, key.text) for key, each in entries if isinstance(each, Scalar)})
    try:
        read_rates(rates, own)
    except FactsRefused as refused:
        for fault in refused.faults if len(reader.diagnostics) == before else ():
            reader.mistake(node.place, ErrorCode.P045, f"{fault.path} {fault.message}", hint_for_files(fault))
    return rates if len(reader.diagnostics) == before else None


def _of_rate(scalar: Scalar, key: str) -> JsonScalar:
    return request_value(scalar, Kind.NUMBER if key == "rate" else Kind.TEXT)


class _CasesReader:
    """One cases file, once its case kind is known.

    `facts` are the vocabulary's by name, `fixtures` those read so far. `flawed` names the fixtures with mistakes: what
    they lack is no second mistake of each test that uses them.
    """

    def __init__(
        self,
        reader: FieldReader,
        kind: CaseKind,
        vocabulary: Vocabulary,
        as_of: date | None,
        money: _Money,
        names: DecidedNames | None,
    ) -> None:
        self.reader = reader
        self.kind = kind
        self.vocabulary = vocabulary
        self.names = names
        self.as_of = as_of
        self.money = money
        self.facts = self._facts_in(money.currency)
        self.fixtures: dict[str, Facts] = {}
        self.flawed: set[str] = set()  # fixtures with mistakes: what they lack is no second mistake of each test

    def _facts_in(self, currency: str | None) -> dict[str, Fact]:
        """The facts that tests may have, by name, where amounts are in this currency."""
        facts = self.vocabulary.of_case(self.kind.name)
        if currency in (None, self.vocabulary.currency):
            return {fact.name: fact for fact in facts}
        return {fact.name: replace(fact, type=amounts_in(fact.type, currency)) for fact in facts}

    def read_fixtures(self, node: Node | None) -> None:
        for key, content in self.reader.entries(node, "`fixtures`") if node else ():
            before = len(self.reader.diagnostics)
            self.reader.id(key, "a fixture's name")
            self.fixtures[key.text] = self._facts(content, f"the fixture `{clipped(key.text)}`")
            if len(self.reader.diagnostics) > before:
                self.flawed.add(key.text)

    def cases(self, node: Node) -> Iterable[Case]:
        for key, content in self.reader.entries(node, "`tests`"):
            before = len(self.reader.diagnostics)
            name = self.reader.id(key, "a test's name")
            case = self._case(name or clipped(key.text), key.place, content)
            if name and case and len(self.reader.diagnostics) == before:
                yield case

    def _case(self, name: str, place: Place, node: Node) -> Case | None:
        reader, what = self.reader, f"the test `{name}`"
        fields = reader.fields(node, what, _TEST_KEYS, ("expect",), place)
        if fields is None:
            return None
        before = len(reader.diagnostics)
        money = _money(reader, fields, self.vocabulary, self.money)
        self.facts = self._facts_in(money.currency)
        used = self._used(fields.get("use"), what)
        facts = _merged(self.fixtures[fixture] for fixture in used)
        if "facts" in fields:
            facts = _merged((facts, self._facts(fields["facts"], what)))
        if len(reader.diagnostics) == before and not self.flawed.intersection(used):
            self._check_required(facts, what, place)
        as_of = reader.calendar_day(fields["as_of"]) if "as_of" in fields else self.as_of
        if as_of is not None:
            self._check_past(facts, day_number(as_of), what, place)
        if as_of is None and "as_of" not in fields:
            reader.mistake(
                place, ErrorCode.P002, f"{what} has no `as_of`", "write `as_of: 2026-07-01` there or above all tests"
            )
        title = reader.text(fields.get("title"), f"the title of {what}")
        expected = self._expected(fields["expect"], what) if "expect" in fields else None
        if as_of is None or expected is None:
            return None
        return Case(
            name=name,
            place=place,
            title=title,
            case_kind=self.kind.name,
            as_of=as_of,
            facts=facts,
            currency=money.currency,
            rates=money.rates,
            expected=expected,
        )

    # --- facts -------------------------------------------------------------------------------------------------------

    def _used(self, node: Node | None, what: str) -> list[str]:
        """The fixtures named, of which later ones override earlier ones."""
        if node is None:
            return []
        fixtures: list[str] = []
        for item in self.reader.items(node, f"`use` of {what}") if isinstance(node, Sequence) else (node,):
            word = self.reader.word(item, "a fixture's name")
            if word in self.fixtures:
                fixtures.append(word)
            elif word:
                hint = did_you_mean(word, self.fixtures)
                self.reader.mistake(
                    item.place, ErrorCode.P040, f"`{clipped(word)}` is not a fixture of this file", hint
                )
        return fixtures

    def _facts(self, node: Node, what: str) -> Facts:
        facts: Facts = {}
        for key, content in self.reader.entries(node, f"the facts of {what}", least=0):
            if key.text in self.kind.groups:
                facts[key.text] = dict(self._group(key.text, content))
                continue
            group, dot, name = key.text.partition(".")
            nested = dot and group in self.kind.groups
            hint = f"write `{group}: {{{name}: …}}`" if nested else did_you_mean(key.text, self.kind.groups)
            message = f"`{clipped(key.text)}` is not a group of facts that {self.kind.name}s have"
            self.reader.mistake(key.place, ErrorCode.P041, message, hint)
        return facts

    def _group(self, group: str, node: Node) -> Iterable[tuple[str, JsonScalar | JsonRecords]]:
        for key, content in self.reader.entries(node, f"`{group}`", least=0):
            fact = self.facts.get(f"{group}.{key.text}")
            if fact is None:
                known = [name.partition(".")[2] for name in self.facts if name.startswith(f"{group}.")]
                message = f"`{group}.{clipped(key.text)}` is not a fact"
                self.reader.mistake(key.place, ErrorCode.P041, message, did_you_mean(key.text, known))
            elif isinstance(content, Scalar) and content.value is None and not content.quoted:
                yield key.text, None
            elif value := read_value(self.reader, fact, content, ErrorCode.P042, f"the fact `{fact.name}`"):
                yield key.text, value[0]

    def _check_required(self, facts: Facts, what: str, place: Place) -> None:
        """Notes the required facts that a test lacks, with fixtures counted in."""
        for fact in self.facts.values():
            if fact.required and facts.get(fact.group, {}).get(_key(fact)) is None:
                hint = f"write `{fact.group}: {{{_key(fact)}: …}}` under `facts` or in a fixture"
                self.reader.mistake(place, ErrorCode.P002, f"{what} lacks `{fact.name}`, which is required", hint)

    def _check_past(self, facts: Facts, day: int, what: str, place: Place) -> None:
        """Notes the dates of the past that lie after the day that a test decides for."""
        for fact in self.facts.values():
            raw = facts.get(fact.group, {}).get(_key(fact)) if tells_of_the_past(fact.type) else None
            value = None if raw is None else bound(fact, raw)
            for path in held(value, fact.type, day)[1]:
                fault = after_the_day(f"{fact.name}{path}", day)
                self.reader.mistake(place, ErrorCode.P042, f"{what}: `{fault.path}` {fault.message}", fault.hint)

    # --- what must come out ------------------------------------------------------------------------------------------

    def _expected(self, node: Node, what: str) -> Expected | None:
        reader = self.reader
        fields = reader.fields(node, f"`expect` of {what}", _EXPECT_KEYS, ("outcome", "reasons"))
        if fields is None:
            return None
        outcome = self._outcome(fields["outcome"]) if "outcome" in fields else None
        names = self.names or _ANY
        reasons = self._ids(fields.get("reasons"), "`reasons`", names.rules, "rule") or ()
        waived = self._ids(fields.get("waived"), "`waived`", names.rules, "rule") or ()
        undetermined = self._ids(fields.get("undetermined"), "`undetermined`", names.undetermined, "rule or table")
        results = self._values(fields.get("results"), "`results`", names.results, "result")
        conditions = self._values(fields.get("conditions"), "`conditions`", names.conditions, "condition")
        actions = self._actions(fields["actions"], names.actions) if "actions" in fields else None
        if outcome is None:
            return None
        return Expected(
            place=node.place,
            outcome=outcome,
            reasons=reasons,
            waived=waived,
            undetermined=undetermined,
            results=results,
            conditions=conditions,
            actions=actions,
        )

    def _outcome(self, node: Node) -> str | None:
        if isinstance(node, Scalar) and node.text in self.kind.ladder:
            return node.text
        quoted = f"`{clipped(node.text)}`" if isinstance(node, Scalar) else "this"
        hint = did_you_mean(node.text if isinstance(node, Scalar) else "", self.kind.ladder)
        self.reader.mistake(node.place, ErrorCode.P008, f"{quoted} is not an outcome for {self.kind.name}s", hint)
        return None

    def _known(self, place: Place, name: str, known: Collection[str] | None, noun: str) -> None:
        """Notes a name that no decision about this kind of case can have."""
        if known is not None and name not in known:
            kind = self.kind.name
            ending = [full for full in known if full.endswith(f".{name}")]
            hint = f"write `{ending[0]}`" if ending else did_you_mean(name, known)
            message = f"`{clipped(name)}` is no {noun} in decisions about {kind}s"
            self.reader.mistake(place, ErrorCode.N010, message, hint)

    def _ids(self, node: Node | None, what: str, known: Collection[str] | None, noun: str) -> tuple[str, ...] | None:
        if node is None:
            return None
        if not isinstance(node, Sequence):
            self.reader.wrong_kind(node, what, "a list", "write `[policy.rule]`, or `[]` for none")
            return ()
        words = [(item.place, self.reader.word(item, "a rule's id")) for item in node.items]
        for place, word in words:
            if word:
                self._known(place, word, known, noun)
        return tuple(word for _, word in words if word)

    def _values(
        self, node: Node | None, what: str, known: Collection[str] | None, noun: str
    ) -> dict[str, ExpectedValue] | None:
        if node is None:
            return None
        values: dict[str, ExpectedValue] = {}
        for key, content in self.reader.entries(node, what, least=0):
            self._known(key.place, key.text, known, noun)
            values[key.text] = self._value(content, key)
        return values

    def _actions(self, node: Node, known: Collection[str] | None) -> dict[str, dict[str, ExpectedValue]]:
        """What is expected of each action, by the rule that asks for it; nothing behind the rule: that it does."""
        actions: dict[str, dict[str, ExpectedValue]] = {}
        for key, content in self.reader.entries(node, "`actions`", least=0):
            self._known(key.place, key.text, known, "rule with an action")
            actions[key.text] = {}
            if isinstance(content, Scalar) and content.value is None and not content.quoted:
                continue
            fields = self.reader.fields(content, f"the action of `{clipped(key.text)}`", ACTION_KEYS) or {}
            actions[key.text] = {word: self._value(value, key) for word, value in fields.items()}
        return actions

    def _value(self, node: Node, key: Scalar) -> ExpectedValue:
        if isinstance(node, Scalar):
            return node.value
        if isinstance(node, Sequence):
            return tuple(self._value(item, key) for item in node.items)
        self.reader.wrong_kind(node, f"the value of `{clipped(key.text)}`", "one value or a list")
        return None


def _key(fact: Fact) -> str:
    return fact.name.partition(".")[2]


def _merged(layers: Iterable[Facts]) -> Facts:
    """Fact by fact, later layers over earlier ones."""
    merged: Facts = {}
    for layer in layers:
        for group, members in layer.items():
            merged[group] = merged.get(group, {}) | members
    return merged
