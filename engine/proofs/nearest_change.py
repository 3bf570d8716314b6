"""What would let a case pass: the least of each lever, of two together, or a switch. Verb of `engine.proofs`.

    order SO-1001, held: exposure 63,500.00 of at most 63,000.00
    →  payment 500.00 · order 500.00 smaller (18,000.00) · limit 476.19 higher (60,476.19) · shorter period: impossible

Each figure is exact, and rests on no guess that more of a lever helps: the whole range is looked at
(`engine.proving.smt.intervals`), and the engine decides that the case passes there and not one unit before. Of two
levers the least sum is told, and of several with that sum the one with least of the first. What passes is what is
milder than the kind's caution; conditions may remain, and are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import combinations

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.proofs.confirmation import request_of
from engine.proofs.levers import LEVERS, SWITCHES, Lever, LeverFacts, Switch
from engine.proving.smt.encode import Encoded, KnownNumber, Truth, encode
from engine.proving.smt.intervals import SUM, BoxEvaluation, Range, TooManyBoxes, first_point, least_sum
from engine.proving.smt.term_values import Evaluation
from engine.proving.smt.terms import Term, Terms
from engine.ruleset.ruleset import AS_OF, RuleSet
from engine.vocabulary.binding import FactsRefused, Value
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import Fact, Kind

LEVERS_MAX = 2
"""That are looked at together."""


class NearestState(StrEnum):
    """What came of a lever."""

    PASSES = "passes"
    """With so much the case passes, and with a unit less it doesn't."""
    IMPOSSIBLE = "impossible"
    """No amount lets it pass: all were looked at."""
    OPEN = "undecided"
    """It could not be worked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverAmount:
    """So much of one lever."""

    lever: Lever
    amount: int
    """In minor units, or days."""
    becomes: int
    """What the lever's fact is then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestChange:
    """One lever, two together, or a switch."""

    levers: tuple[Lever, ...]
    switches: tuple[Switch, ...]
    state: NearestState
    amounts: tuple[LeverAmount, ...] = ()
    """One for each lever where it passes."""
    decision: Decision | None = None
    """What the engine decides then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """What was found for a case."""

    decision: Decision
    """As it is."""
    passes: bool
    """Whether it passes as it is; then nothing was looked for."""
    changes: tuple[NearestChange, ...]
    digits: int
    """Decimals of the currency."""

    def as_json(self) -> dict[str, object]:
        """As `credence nearest --json` prints it and HTTP answers it."""
        return {
            "case": self.decision.case,
            "subject": self.decision.subject,
            "as_of": self.decision.as_of,
            "currency": self.decision.currency,
            "outcome": self.decision.outcome,
            "passes": self.passes,
            "changes": [self._change(each) for each in self.changes],
            "policy_version": self.decision.policy_version,
        }

    def _change(self, change: NearestChange) -> dict[str, object]:
        named = {each.lever.name: each for each in change.amounts}
        return {
            "state": change.state,
            "switches": [{"name": each.name, "title": each.title.as_json()} for each in change.switches],
            "levers": [self._lever(lever, named.get(lever.name)) for lever in change.levers],
            "outcome": change.decision.outcome if change.decision else None,
            "conditions": dict(change.decision.conditions) if change.decision else {},
        }

    def _lever(self, lever: Lever, found: LeverAmount | None) -> dict[str, object]:
        return {
            "name": lever.name,
            "title": lever.title.as_json(),
            "amount": None if found is None else self.written(lever, found.amount),
            "fact": lever.fact,
            "becomes": None if found is None else self.written(lever, found.becomes),
        }

    def written(self, lever: Lever, number: int) -> str | int:
        """As JSON has it: money as decimal text, days as an integer."""
        return str(Decimal(number).scaleb(-self.digits)) if lever.is_money else number


def lever_names(case: str) -> tuple[str, ...]:
    """What may be asked for, by name; none for kinds of case that nothing is known to help."""
    return tuple(lever.name for lever in LEVERS.get(case, ()))


def nearest(
    engine: Engine, case: str, facts: Mapping[str, object], as_of: date, id: str, asked: Sequence[str] = ()
) -> Nearest:
    """What would let the case pass. `asked` are the levers to look at, one or two together; none: each that applies,
    and where none helps by itself two together. Raises `FactsRefused`, and
    `KeyError` for a lever that this kind of case doesn't have."""
    levers = {lever.name: lever for lever in LEVERS.get(case, ())}
    chosen = [levers[name] for name in asked]
    decision = engine.decide(case, facts, as_of, id)
    digits = engine.vocabulary.currency_digits
    search = _NearestSearch(engine, case, facts, as_of, decision)
    if search.passes(decision):
        return Nearest(decision=decision, passes=True, changes=(), digits=digits)
    changes = _asked_for(search, chosen) if chosen else _all(search, list(levers.values()))
    return Nearest(decision=decision, passes=False, changes=tuple(changes), digits=digits)


def _asked_for(search: _NearestSearch, chosen: Sequence[Lever]) -> list[NearestChange]:
    changes = [search.single(lever) for lever in chosen]
    if len(chosen) == LEVERS_MAX:
        least = min((_least_money(change) for change in _found(changes)), default=None)
        both = search.pair(chosen[0], chosen[1], below=least)
        if both.state is not NearestState.IMPOSSIBLE or least is None:
            changes.append(both)
    return changes


def _all(search: _NearestSearch, levers: Sequence[Lever]) -> list[NearestChange]:
    """Each lever and each switch that is enough by itself; two levers together where no lever is; and levers once a
    switch is done that takes some of the reasons away."""
    usable = [lever for lever in levers if search.top(lever) > 0]
    switches = [switch for switch in SWITCHES.get(search.case, ()) if search.applies(switch)]
    changes = [search.single(lever) for lever in usable]
    if not _found(changes):
        money = [lever for lever in usable if lever.is_money]
        pairs = [search.pair(first, second) for first, second in combinations(money, 2)]
        changes += sorted(_found(pairs), key=_least_money)[:1]
    for switch in switches:
        switched = search.switched(switch)
        if switched.state is NearestState.PASSES:
            changes.append(switched)
        elif (renewed := search.after(switch)) is not None:
            changes += _found([renewed.single(lever) for lever in usable])
    return changes


def _found(changes: Iterable[NearestChange]) -> list[NearestChange]:
    return [change for change in changes if change.state is NearestState.PASSES]


def _least_money(change: NearestChange) -> int:
    return sum(each.amount for each in change.amounts)


class _NearestSearch:
    """Looks for what lets one case pass."""

    def __init__(
        self,
        engine: Engine,
        case: str,
        facts: Mapping[str, object],
        as_of: date,
        decision: Decision,
        switches: tuple[Switch, ...] = (),
    ) -> None:
        self.case = case
        self._engine = engine
        self._facts = facts
        self._as_of = as_of
        self._decision = decision
        self._switches = switches
        self._kind = CASE_KINDS[case]
        self._ruleset: RuleSet = engine.ruleset(case, as_of)
        bound = engine.bind(case, facts, as_of)
        self._given = {fact.name: value for fact, value in zip(self._ruleset.facts, bound, strict=True)}
        self._rests = LeverFacts(Terms(), self._given, {}, day_number(as_of))

    def passes(self, decision: Decision) -> bool:
        """Milder than the caution."""
        return self._kind.severity(decision.outcome) < self._kind.severity(self._kind.caution)

    def top(self, lever: Lever) -> int:
        """How much of it there can be."""
        return lever.top(self._rests) if lever.fact in self._given else 0

    def applies(self, switch: Switch) -> bool:
        """Whether it changes anything."""
        return switch.applies(self._rests)

    def after(self, switch: Switch) -> _NearestSearch | None:
        """The same search once a switch is done; None where it takes no reason away."""
        encoding = _Encoding(self, (), (switch,))
        decision = self._decided(encoding, {})
        if decision is None or not _rules(self._decision) - _rules(decision):
            return None
        request = self._request(encoding, {})
        return _NearestSearch(self._engine, self.case, request, self._as_of, decision, (*self._switches, switch))

    def switched(self, switch: Switch) -> NearestChange:
        """What a switch alone does."""
        decision = self._decided(_Encoding(self, (), (switch,)), {})
        is_enough = decision is not None and self.passes(decision)
        state = NearestState.PASSES if is_enough else NearestState.IMPOSSIBLE
        return NearestChange(
            levers=(), switches=(*self._switches, switch), state=state, decision=decision if is_enough else None
        )

    def single(self, lever: Lever) -> NearestChange:
        """The least of one lever."""
        top = self.top(lever)
        if top < 1:
            return self._change((lever,), NearestState.IMPOSSIBLE)
        encoding = self._encoding
        name = lever.name
        holds = BoxEvaluation(encoding.terms, encoding.passes, encoding.unknowns({name}), [name])
        try:
            found = first_point(lambda span: holds({name: span}), (1, top))
        except TooManyBoxes:
            return self._change((lever,), NearestState.OPEN)
        if found is None:
            return self._change((lever,), NearestState.IMPOSSIBLE)
        return self._confirmed(encoding, (lever,), {name: found})

    def pair(self, first: Lever, second: Lever, below: int | None = None) -> NearestChange:
        """The least sum of two, of each some; `below`: only a smaller sum than this."""
        tops = self.top(first), self.top(second)
        if min(tops) < 1:
            return self._change((first, second), NearestState.IMPOSSIBLE)
        encoding, names = self._encoding, (first.name, second.name)
        holds = BoxEvaluation(encoding.terms, encoding.passes, encoding.unknowns(names), names)

        def answer(total: Range, one: Range, other: Range) -> bool | None:
            return holds({SUM: total, first.name: one, second.name: other})

        try:
            found = least_sum(answer, tops, sum(tops) if below is None else below - 1)
        except TooManyBoxes:
            return self._change((first, second), NearestState.OPEN)
        if found is None:
            return self._change((first, second), NearestState.IMPOSSIBLE)
        return self._confirmed(encoding, (first, second), {first.name: found[0], second.name: found[1]})

    # --- what is found is decided ---

    def _confirmed(self, encoding: _Encoding, levers: tuple[Lever, ...], amounts: Mapping[str, int]) -> NearestChange:
        """PASSES where the engine decides so, and that a unit less of any lever is not enough."""
        decision = self._decided(encoding, amounts)
        less = [{**amounts, name: amount - 1} for name, amount in amounts.items()]
        others = [self._decided(encoding, each) for each in less]
        is_least = all(each is None or not self.passes(each) for each in others)
        if decision is None or not self.passes(decision) or not is_least:
            return self._change(levers, NearestState.OPEN)
        values = encoding.facts_at(amounts)
        found = tuple(
            LeverAmount(lever=lever, amount=amounts[lever.name], becomes=_number(values[lever.fact]))
            for lever in levers
        )
        return NearestChange(
            levers=levers, switches=self._switches, state=NearestState.PASSES, amounts=found, decision=decision
        )

    def _change(self, levers: tuple[Lever, ...], state: NearestState) -> NearestChange:
        return NearestChange(levers=levers, switches=self._switches, state=state)

    def _decided(self, encoding: _Encoding, amounts: Mapping[str, int]) -> Decision | None:
        try:
            request = self._request(encoding, amounts)
            return self._engine.decide(self.case, request, self._as_of, self._decision.id)
        except FactsRefused:
            return None

    def _request(self, encoding: _Encoding, amounts: Mapping[str, int]) -> Mapping[str, object]:
        """The case as it would be asked for; facts that don't change stay as they were sent."""
        values = encoding.facts_at(amounts)
        changed = [fact for fact in self._ruleset.facts if values[fact.name] != self._given[fact.name]]
        request: dict[str, dict[str, object]] = {
            group: dict(members) for group, members in self._facts.items() if isinstance(members, Mapping)
        }
        for fact in changed:
            group, _, key = fact.name.partition(".")
            request.setdefault(group, {})[key] = request_of([fact], values).get(group, {}).get(key)
        return request

    @cached_property
    def _encoding(self) -> _Encoding:
        """Of all levers at once, each with an unknown of its own name."""
        terms = Terms()
        levers = tuple((lever, terms.unknown(lever.name)) for lever in LEVERS.get(self.case, ()) if self.top(lever) > 0)
        return _Encoding(self, levers, (), terms)

    @property
    def ruleset(self) -> RuleSet:
        """What decides."""
        return self._ruleset

    @property
    def given(self) -> Mapping[str, Value]:
        """The case's facts."""
        return self._given

    @property
    def day(self) -> int:
        """Of the decision."""
        return day_number(self._as_of)


class _Encoding:
    """The case with levers as terms: whether it passes, and what its facts become."""

    def __init__(
        self,
        search: _NearestSearch,
        levers: Sequence[tuple[Lever, Term]],
        switches: Sequence[Switch],
        terms: Terms | None = None,
    ) -> None:
        self.terms = terms = terms or Terms()
        self._given = search.given
        self._facts = search.ruleset.facts
        self._levers = tuple(lever.name for lever, _ in levers)
        values = {fact.name: _given(terms, fact, search.given[fact.name]) for fact in search.ruleset.facts}
        changing = LeverFacts(terms, search.given, dict(values), search.day)
        for switch in switches:
            switch.change(changing)
        for lever, by in levers:
            lever.change(changing, by)
        self._values = changing.values
        self._changed = [name for name, value in changing.values.items() if value is not values[name]]
        self._search = search

    @cached_property
    def passes(self) -> Term:
        """That the outcome is milder than the kind's caution."""
        terms = self.terms
        as_of = KnownNumber(terms.true, terms.constant(self._search.day))
        encoded = encode(self._search.ruleset, terms, {**self._values, AS_OF: as_of})
        return terms.negation(encoded.at_least[CASE_KINDS[self._search.case].caution])

    def unknowns(self, free: Iterable[str]) -> dict[str, object]:
        """The values of all unknowns but the free ones: no lever is used, and lists are as they are."""
        without = set(free)
        values: dict[str, object] = {name: 0 for name in self._levers if name not in without}
        for fact in self._facts:
            if fact.type.kind is Kind.LIST:
                values[fact.name] = self._given[fact.name] or ()
        return values

    def facts_at(self, amounts: Mapping[str, int]) -> dict[str, Value]:
        """All facts with so much of the levers."""
        found = dict(self._given)
        if not self._changed:
            return found
        terms: list[Term] = []
        for name in self._changed:
            terms += _terms_of(self._values[name])
        worked = Evaluation(self.terms, terms)({**self.unknowns(()), **amounts})
        for name in self._changed:
            first, second = (worked[term.number] for term in _terms_of(self._values[name]))
            if isinstance(self._values[name], Truth):
                found[name] = True if first else False if second else None
            else:
                found[name] = int(second) if first else None
        return found


def _rules(decision: Decision) -> set[str]:
    return {reason.rule for reason in decision.reasons}


def _given(terms: Terms, fact: Fact, value: Value) -> Encoded:
    """What the case says of a fact, as terms."""
    if fact.type.kind is Kind.YES_NO:
        return Truth(terms.proposition(value is True), terms.proposition(value is False))
    known = terms.proposition(value is not None)
    if fact.type.kind is Kind.LIST:
        return KnownNumber(known, terms.unknown(fact.name))
    if value is None:
        return KnownNumber(known, terms.zero)
    return KnownNumber(known, terms.constant(terms.code(value) if isinstance(value, str) else int(value)))  # type: ignore[arg-type]  # lists are above


def _terms_of(encoded: Encoded) -> tuple[Term, Term]:
    return (encoded.true, encoded.false) if isinstance(encoded, Truth) else (encoded.known, encoded.value)


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0
