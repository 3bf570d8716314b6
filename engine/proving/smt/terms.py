"""Terms: what a solver is asked about, without any solver. Part of `engine.proving.smt`.

Noun between rule sets and the solver. A term is a whole number without bounds, or a proposition. Sums are linear; what
is not (rounding, products of two facts, calendars) is a *derived* term: a number of its own, with conditions that pin
it down, and a way to compute it. So one tree serves two readers: the solver takes terms with their conditions, and
`engine.proving.smt.term_values` works them out for given facts, by which the tests hold them against the plain
evaluator.

Equal terms are one object, and simple things are simplified while they are built: `x <= x` is true. Two copies of a
rule set that differ in one fact therefore share everything that doesn't depend on it.

A number that takes few constants (a grade, a deposit rate) is kept as *cases*: propositions of which exactly one holds,
each with its constant. Comparing it gives a proposition without numbers, and multiplying by it stays linear:

    rate = cases {grade is C: 10, grade is D: 30}      rate >= 20  →  grade is D
    amount * rate  →  if grade is C then 10 * amount else 30 * amount
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

CASES_MAX = 24
"""Constants of one number that is kept as cases: all words of the longest enums, and few enough to compare by pairs."""


class Sort(Enum):
    """What a term stands for."""

    NUMBER = auto()
    PROPOSITION = auto()


class Operator(Enum):
    """How a term is made of its parts."""

    CONSTANT = auto()
    """`value` is an int or a bool."""
    UNKNOWN = auto()
    """A variable; `value` is its name."""
    DERIVED = auto()
    """A number that follows from the parts, see `Terms.derived`."""
    NOT = auto()
    ALL = auto()
    ANY = auto()
    CHOICE = auto()
    """The second part where the first, a proposition, holds, else the third; all numbers."""
    CASES = auto()
    """`value` holds a constant for each part; exactly one part holds."""
    LINEAR = auto()
    """A constant and each part times its factor; `value` is `(constant, factors)`."""
    NOT_POSITIVE = auto()
    """The part is at most 0."""
    ZERO = auto()
    """The part is 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Term:
    """One term; made by `Terms` alone, which gives equal ones the same object."""

    operator: Operator
    parts: tuple[Term, ...]
    value: Hashable
    number: int
    """Larger than those of all parts: terms in the order of their numbers can be worked out one after the other."""
    sort: Sort


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """What a derived term means."""

    kind: str
    """Such as `product`."""

    compute: Callable[..., int]
    """Its value from the values of its parts. Any of them may be arbitrary where a fact is missing."""

    is_exact: bool
    """Whether the conditions leave it no other value. Where not, an answer of the solver may be none."""

    words: str
    """What it is, for readers of a question that stayed open."""


class Terms:
    """The terms of one question, and what is known of the derived ones.

    `derivations` says what each derived term means, by its number; `conditions` what holds of it whatever its parts
    are. Texts are numbers too: `code` gives each text its own, `texts` the texts in the order of their codes.
    """

    def __init__(self) -> None:
        self.derivations: dict[int, Derivation] = {}
        self.conditions: dict[int, list[Term]] = {}
        self.derived_terms: list[Term] = []
        self.texts: list[str] = []
        self._codes: dict[str, int] = {}
        self._known: dict[tuple[Hashable, ...], Term] = {}
        self.true = self._term(Operator.CONSTANT, (), value=True, sort=Sort.PROPOSITION)
        self.false = self._term(Operator.CONSTANT, (), value=False, sort=Sort.PROPOSITION)
        self.zero = self.constant(0)

    def _term(self, operator: Operator, parts: tuple[Term, ...], value: Hashable, sort: Sort) -> Term:
        key = (operator, sort, value, *(part.number for part in parts))
        term = self._known.get(key)
        if term is None:
            term = self._known[key] = Term(
                operator=operator, parts=parts, value=value, number=len(self._known), sort=sort
            )
        return term

    # --- leaves ---

    def constant(self, value: int) -> Term:
        """A whole number."""
        return self._term(Operator.CONSTANT, (), value, Sort.NUMBER)

    def proposition(self, value: bool) -> Term:  # noqa: FBT001  # the value itself
        """True or false."""
        return self.true if value else self.false

    def unknown(self, name: str) -> Term:
        """A number that may be any."""
        return self._term(Operator.UNKNOWN, (), name, Sort.NUMBER)

    def unknown_proposition(self, name: str) -> Term:
        """A proposition that may hold or not."""
        return self._term(Operator.UNKNOWN, (), name, Sort.PROPOSITION)

    def code(self, text: str) -> int:
        """The number that stands for a text, the same for the same text."""
        if text not in self._codes:
            self._codes[text] = len(self.texts)
            self.texts.append(text)
        return self._codes[text]

    def derived(
        self,
        parts: tuple[Term, ...],
        details: Hashable,
        derivation: Derivation,
        conditions: Callable[[Term], Iterable[Term]],
    ) -> Term:
        """The number that follows from the parts; one term for the same kind, details and parts.

        `conditions` says, given the term, what holds of it. They must be satisfiable whatever the parts are: a
        condition that no value meets would prove anything."""
        before = len(self._known)
        term = self._term(Operator.DERIVED, parts, (derivation.kind, details), Sort.NUMBER)
        if term.number == before:
            self.derivations[term.number] = derivation
            self.derived_terms.append(term)
            self.conditions[term.number] = []
            self.conditions[term.number] += conditions(term)
        return term

    # --- propositions ---

    def negation(self, term: Term) -> Term:
        if term.operator is Operator.CONSTANT:
            return self.proposition(not term.value)
        if term.operator is Operator.NOT:
            return term.parts[0]
        return self._term(Operator.NOT, (term,), None, Sort.PROPOSITION)

    def all(self, parts: Iterable[Term]) -> Term:
        """True where every part is."""
        return self._joined(Operator.ALL, parts, neutral=self.true, absorbing=self.false)

    def any(self, parts: Iterable[Term]) -> Term:
        """True where some part is."""
        return self._joined(Operator.ANY, parts, neutral=self.false, absorbing=self.true)

    def _joined(self, operator: Operator, parts: Iterable[Term], *, neutral: Term, absorbing: Term) -> Term:
        kept: dict[Term, None] = {}
        for part in self._flat(operator, parts):
            if part is absorbing or self.negation(part) in kept:
                return absorbing
            if part is not neutral:
                kept[part] = None
        if not kept:
            return neutral
        ordered = tuple(sorted(kept, key=lambda part: part.number))
        return ordered[0] if len(ordered) == 1 else self._term(operator, ordered, None, Sort.PROPOSITION)

    @staticmethod
    def _flat(operator: Operator, parts: Iterable[Term]) -> Iterator[Term]:
        for part in parts:
            if part.operator is operator:
                yield from part.parts
            else:
                yield part

    def implies(self, premise: Term, conclusion: Term) -> Term:
        return self.any((self.negation(premise), conclusion))

    def same(self, left: Term, right: Term) -> Term:
        """Both propositions hold, or neither."""
        return self.all((self.implies(left, right), self.implies(right, left)))

    # --- numbers ---

    def cases(self, guards: Iterable[tuple[Term, int]]) -> Term:
        """The constant whose proposition holds. Exactly one must hold."""
        by_constant: dict[int, Term] = {}
        for guard, constant in guards:
            by_constant[constant] = self.any((by_constant.get(constant, self.false), guard))
        possible = sorted((constant, guard) for constant, guard in by_constant.items() if guard is not self.false)
        sure = next((constant for constant, guard in possible if guard is self.true), None)
        if sure is not None or len(possible) == 1:
            return self.constant(possible[0][0] if sure is None else sure)
        guarded = tuple(guard for _, guard in possible)
        return self._term(Operator.CASES, guarded, tuple(constant for constant, _ in possible), Sort.NUMBER)

    def guards(self, term: Term) -> tuple[tuple[Term, int], ...] | None:
        """The cases of a number that takes few constants; None for any other."""
        if term.operator is Operator.CASES:
            return tuple(zip(term.parts, _constants(term), strict=True))
        return ((self.true, _number(term)),) if term.operator is Operator.CONSTANT else None

    def choice(self, condition: Term, then: Term, otherwise: Term) -> Term:
        """`then` where the condition holds, else `otherwise`."""
        if condition.operator is Operator.CONSTANT or then is otherwise:
            return then if condition is not self.false else otherwise
        first, second = self.guards(then), self.guards(otherwise)
        if first is not None and second is not None:
            against = self.negation(condition)
            joined = [(self.all((condition, guard)), constant) for guard, constant in first]
            joined += [(self.all((against, guard)), constant) for guard, constant in second]
            if len({constant for _, constant in joined}) <= CASES_MAX:
                return self.cases(joined)
        return self._term(Operator.CHOICE, (condition, then, otherwise), None, Sort.NUMBER)

    def sum(self, left: Term, right: Term) -> Term:
        return self.combination(0, ((1, left), (1, right)))

    def difference(self, left: Term, right: Term) -> Term:
        return self.combination(0, ((1, left), (-1, right)))

    def scaled(self, factor: int, term: Term) -> Term:
        """The term times a constant."""
        return self.combination(0, ((factor, term),))

    def combination(self, constant: int, addends: Iterable[tuple[int, Term]]) -> Term:
        """A constant and each term times its factor. Numbers of few cases are added up case by case, as long as the sum
        has few."""
        factors: dict[Term, int] = {}
        for factor, term in addends:
            for inner, part in self._addends(term):
                if part is None:
                    constant += factor * inner
                else:
                    factors[part] = factors.get(part, 0) + factor * inner
        few: Term = self.constant(constant)
        rest: list[tuple[Term, int]] = []
        for part, factor in sorted(factors.items(), key=lambda item: item[0].number):
            merged = self._few(few, part, factor) if factor else few
            if merged is None:
                rest.append((part, factor))
            else:
                few = merged
        if few.operator is Operator.CONSTANT:
            constant = _number(few)
        else:
            constant, rest = 0, [*rest, (few, 1)]
        if not rest:
            return self.constant(constant)
        if constant == 0 and len(rest) == 1 and rest[0][1] == 1:
            return rest[0][0]
        rest.sort(key=lambda item: item[0].number)
        parts = tuple(part for part, _ in rest)
        return self._term(Operator.LINEAR, parts, (constant, tuple(factor for _, factor in rest)), Sort.NUMBER)

    @staticmethod
    def _addends(term: Term) -> Iterator[tuple[int, Term | None]]:
        if term.operator is Operator.CONSTANT:
            yield _number(term), None
        elif term.operator is Operator.LINEAR:
            constant, factors = _linear(term)
            yield constant, None
            yield from zip(factors, term.parts, strict=True)
        else:
            yield 1, term

    def _few(self, few: Term, part: Term, factor: int) -> Term | None:
        """`few + factor * part` as cases; None where it has too many."""
        first, second = self.guards(few), self.guards(part)
        if first is None or second is None:
            return None
        if len({a + factor * b for _, a in first for _, b in second}) > CASES_MAX:
            return None
        return self.cases((self.all((p, q)), a + factor * b) for p, a in first for q, b in second)

    def times_cases(self, cases: Term, other: Term) -> Term:
        """A number of few cases times any."""
        guards = self.guards(cases) or ()
        *others, (_, last) = guards
        product = self.scaled(last, other)
        for guard, constant in reversed(others):
            product = self.choice(guard, self.scaled(constant, other), product)
        return product

    # --- comparisons ---

    def at_most(self, left: Term, right: Term) -> Term:
        return self._about(Operator.NOT_POSITIVE, self.difference(left, right), lambda value: value <= 0)

    def below(self, left: Term, right: Term) -> Term:
        return self.negation(self.at_most(right, left))

    def equal(self, left: Term, right: Term) -> Term:
        return self._about(Operator.ZERO, self.difference(left, right), lambda value: value == 0)

    def between(self, low: int, term: Term, high: int) -> Term:
        """From `low` to `high`, both counted in."""
        return self.all((self.at_most(self.constant(low), term), self.at_most(term, self.constant(high))))

    def _about(self, operator: Operator, term: Term, holds: Callable[[int], bool]) -> Term:
        guards = self.guards(term)
        if guards is not None:
            return self.any(guard for guard, constant in guards if holds(constant))
        if term.operator is Operator.LINEAR:
            pairs = self._pairs(term)
            if pairs is not None:
                return self.any(guard for guard, constant in pairs if holds(constant))
        return self._term(operator, (term,), None, Sort.PROPOSITION)

    def _pairs(self, term: Term) -> tuple[tuple[Term, int], ...] | None:
        """Two numbers of few cases each, however many the sum has; None for anything else."""
        constant, factors = _linear(term)
        if len(term.parts) != 2 or any(part.operator is not Operator.CASES for part in term.parts):
            return None
        first, second = (self.guards(part) or () for part in term.parts)
        return tuple(
            (self.all((p, q)), constant + factors[0] * a + factors[1] * b) for p, a in first for q, b in second
        )


def _number(term: Term) -> int:
    if not isinstance(term.value, int):
        raise TypeError(f"{term.operator.name} is no constant")
    return term.value


def _constants(term: Term) -> tuple[int, ...]:
    if not isinstance(term.value, tuple):
        raise TypeError(f"{term.operator.name} has no cases")
    return term.value


def _linear(term: Term) -> tuple[int, tuple[int, ...]]:
    if not isinstance(term.value, tuple):
        raise TypeError(f"{term.operator.name} is no sum")
    constant, factors = term.value
    return constant, factors


def reached(terms: Iterable[Term], conditions: Mapping[int, Iterable[Term]]) -> list[Term]:
    """The terms, all their parts, and the conditions of every derived one among them, in the order of their numbers."""
    found: dict[int, Term] = {}
    pending = list(terms)
    while pending:
        term = pending.pop()
        if term.number not in found:
            found[term.number] = term
            pending.extend(term.parts)
            pending.extend(conditions.get(term.number, ()))
    return [found[number] for number in sorted(found)]
