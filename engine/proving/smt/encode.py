"""A rule set → terms, with nulls as exact as in `engine.ruleset.formula`. Part of `engine.proving.smt`.

Each formula becomes a pair. A number, a date or a word is `KnownNumber(known, value)`; where it is not known its value
is arbitrary, and nothing may depend on that. Yes/no is `Truth(true, false)`: where neither holds it is null, so
Kleene's `and` is true where all parts are, and false where one is.

This is the fourth form of a rule set beside the generated Python, the Rete network and the SQL, and lives by the same
law: the tests hold it against the plain evaluator on every class of formula. What can't be said in linear terms stays
sound: products of two facts (`products`) and what depends on letters of texts, or on the records of a list, become
numbers of which little is known. So a proof holds, and an answer that rests on them has to be decided by the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from typing import cast

from engine.proving.smt.calendar_terms import date_terms, plus_months, weekday
from engine.proving.smt.products import product, quotient
from engine.proving.smt.rounding import remainder, rounded
from engine.proving.smt.terms import Derivation, Term, Terms
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula
from engine.ruleset.functions import FORMS
from engine.ruleset.interpret import value_of
from engine.ruleset.numbering import Formulas
from engine.ruleset.ruleset import Match, Named, RuleSet
from engine.vocabulary.binding import Value
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Kind, Type


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """A number, a date as days since 1970-01-01, a text or word by its code, or a list."""

    known: Term
    value: Term


@dataclass(frozen=True, slots=True)
class Truth:
    """Yes, no, or null where neither holds."""

    true: Term
    false: Term


Encoded = KnownNumber | Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedRuleSet:
    """What a rule set comes to for facts that are terms."""

    values: Mapping[str, Encoded]
    """Facts, `as_of`, values and matches of rows and exceptions, by full name."""

    fires: Mapping[str, Term]
    """By the id of a match: table rows, exceptions and rules."""

    undetermined: Mapping[str, Term]
    """By the id of a match, in the same way."""

    at_least: Mapping[str, Term]
    """By an outcome of the case kind's ladder: whether the decision is that or more severe."""


def encode(ruleset: RuleSet, terms: Terms, facts: Mapping[str, Encoded]) -> EncodedRuleSet:
    """The rule set for facts and `as_of`, given by name."""
    values = dict(facts)
    encoder = FormulaEncoder(terms, values)
    fires: dict[str, Term] = {}
    undetermined: dict[str, Term] = {}

    def matched(match: Match) -> Truth:
        conjuncts = [encoder.truth(conjunct.formula) for conjunct in match.conjuncts]
        whole = Truth(terms.all(each.true for each in conjuncts), terms.any(each.false for each in conjuncts))
        fires[match.id] = whole.true
        undetermined[match.id] = terms.all((terms.negation(whole.true), terms.negation(whole.false)))
        return whole

    for step in ruleset.steps:
        if isinstance(step, Named):
            values[step.name] = encoder.encoded(step.formula)
        elif isinstance(step, Match):
            values[step.id] = matched(step)
        # a list of outputs is a result only; no formula reads it
    for rule in ruleset.rules:
        matched(rule.match)
    at_least = {outcome: _at_least(ruleset, terms, outcome, fires, undetermined) for outcome in _ladder(ruleset)}
    return EncodedRuleSet(values=values, fires=fires, undetermined=undetermined, at_least=at_least)


def _ladder(ruleset: RuleSet) -> tuple[str, ...]:
    return tuple(CASE_KINDS[ruleset.case].ladder)


def _at_least(
    ruleset: RuleSet, terms: Terms, outcome: str, fires: Mapping[str, Term], undetermined: Mapping[str, Term]
) -> Term:
    """As `engine.deciding.evaluator` takes the most severe outcome: of rules that fire, and of those that can't be
    worked out by what they ask for then; a rule that an exception waives doesn't count."""
    kind = CASE_KINDS[ruleset.case]
    asked = kind.severity(outcome)
    if asked <= kind.severity(ruleset.mildest):
        return terms.true
    reasons = []
    for rule in ruleset.rules:
        waivers = [fires[each.id] for each in ruleset.exceptions if rule.id in each.waives]
        counts = terms.negation(terms.any(waivers))
        if kind.severity(rule.outcome) >= asked:
            reasons.append(terms.all((fires[rule.id], counts)))
        if rule.if_missing is not None and kind.severity(rule.if_missing) >= asked:
            reasons.append(terms.all((undetermined[rule.id], counts)))
    return terms.any(reasons)


class FormulaEncoder:
    """Encodes formulas over variables that are terms; equal sub-formulas once. `values` may grow meanwhile."""

    def __init__(self, terms: Terms, values: Mapping[str, Encoded]) -> None:
        self._terms = terms
        self._values = values
        self._formulas = Formulas()
        self._encoded: list[Encoded] = []
        self._by_class: Mapping[type[Formula], Callable[..., Encoded]] = {
            f.Constant: self._constant,
            f.Variable: self._variable,
            f.Sum: self._sum,
            f.Difference: self._difference,
            f.Product: self._product,
            f.Quotient: self._quotient,
            f.Modulo: self._modulo,
            f.Rescale: self._rescale,
            f.Absolute: self._absolute,
            f.Least: self._least,
            f.Greatest: self._greatest,
            f.Compare: self._compare,
            f.MemberOf: self._member,
            f.All: self._all,
            f.Any: self._any,
            f.Not: self._not,
            f.IsNull: self._is_null,
            f.IsTrue: self._is_true,
            f.If: self._if,
            f.AddMonths: self._add_months,
            f.DatePart: self._date_part,
            f.FunctionCall: self._function_call,
            f.Aggregate: self._aggregate,
        }

    def encoded(self, formula: Formula) -> Encoded:
        """Raises `TypeError` for a class of formula that has no encoding, such as those that a lowering adds."""
        number = self._formulas.number(formula)
        for index in range(len(self._encoded), len(self._formulas.nodes)):
            node = self._formulas.nodes[index]
            encode_node = self._by_class.get(type(node))
            if encode_node is None:
                raise TypeError(f"{type(node).__name__} has no terms")
            parts = [self._encoded[child] for child in self._formulas.children[index]]
            self._encoded.append(encode_node(node, *parts))
        return self._encoded[number]

    def truth(self, formula: Formula) -> Truth:
        """As `encoded`, for what is yes/no."""
        return _truth(self.encoded(formula))

    # --- leaves ---

    def _constant(self, node: f.Constant) -> Encoded:
        terms, value = self._terms, node.value
        if node.type.kind is Kind.YES_NO:
            return Truth(terms.proposition(value is True), terms.proposition(value is False))
        if value is None:
            return KnownNumber(terms.false, terms.zero)
        return KnownNumber(terms.true, terms.constant(_coded(terms, value)))

    def _variable(self, node: f.Variable) -> Encoded:
        return self._values[node.name]

    # --- numbers ---

    def _both(self, left: Encoded, right: Encoded) -> tuple[Term, Term, Term]:
        """Whether both are known, and their values."""
        first, second = _as_number(left), _as_number(right)
        return self._terms.all((first.known, second.known)), first.value, second.value

    def _sum(self, _: f.Sum, left: Encoded, right: Encoded) -> Encoded:
        known, first, second = self._both(left, right)
        return KnownNumber(known, self._terms.sum(first, second))

    def _difference(self, _: f.Difference, left: Encoded, right: Encoded) -> Encoded:
        known, first, second = self._both(left, right)
        return KnownNumber(known, self._terms.difference(first, second))

    def _product(self, node: f.Product, left: Encoded, right: Encoded) -> Encoded:
        known, first, second = self._both(left, right)
        share = _share_most(node.right.type)
        if not share and (share := _share_most(node.left.type)):
            first, second = second, first
        return KnownNumber(known, product(self._terms, first, second, share_most=share))

    def _quotient(self, node: f.Quotient, left: Encoded, right: Encoded) -> Encoded:
        terms = self._terms
        known, dividend, divisor = self._both(left, right)
        known = terms.all((known, terms.negation(terms.equal(divisor, terms.zero))))
        return KnownNumber(known, quotient(terms, terms.scaled(10**node.shift, dividend), divisor))

    def _modulo(self, _: f.Modulo, left: Encoded, right: Encoded) -> Encoded:
        terms = self._terms
        known, dividend, divisor = self._both(left, right)
        known = terms.all((known, terms.negation(terms.equal(divisor, terms.zero))))
        guards = terms.guards(divisor)
        if guards is None:
            return KnownNumber(known, _open_remainder(terms, dividend, divisor))
        result: Term = terms.zero
        for guard, constant in guards:
            if constant:
                result = terms.choice(guard, remainder(terms, dividend, constant), result)
        return KnownNumber(known, result)

    def _rescale(self, node: f.Rescale, operand: Encoded) -> Encoded:
        number = _as_number(operand)
        decimals = node.type.scale - node.operand.type.scale
        if decimals >= 0:
            return KnownNumber(number.known, self._terms.scaled(10**decimals, number.value))
        return KnownNumber(number.known, rounded(self._terms, number.value, 10**-decimals, node.mode))

    def _absolute(self, _: f.Absolute, operand: Encoded) -> Encoded:
        terms, number = self._terms, _as_number(operand)
        is_negative = terms.below(number.value, terms.zero)
        return KnownNumber(number.known, terms.choice(is_negative, terms.scaled(-1, number.value), number.value))

    def _least(self, _: f.Least, *parts: Encoded) -> Encoded:
        return self._extreme(parts, lambda left, right: self._terms.at_most(left, right))

    def _greatest(self, _: f.Greatest, *parts: Encoded) -> Encoded:
        return self._extreme(parts, lambda left, right: self._terms.at_most(right, left))

    def _extreme(self, parts: Iterable[Encoded], goes_first: Callable[[Term, Term], Term]) -> Encoded:
        terms, numbers = self._terms, [_as_number(part) for part in parts]
        values = (number.value for number in numbers)
        chosen = reduce(lambda left, right: terms.choice(goes_first(left, right), left, right), values)
        return KnownNumber(terms.all(number.known for number in numbers), chosen)

    # --- yes/no ---

    def _compare(self, node: f.Compare, left: Encoded, right: Encoded) -> Encoded:
        terms = self._terms
        if isinstance(left, Truth) or isinstance(right, Truth):
            return self._compare_truths(node.operator, left, right)
        known, first, second = self._both(left, right)
        holds = {
            "=": lambda: terms.equal(first, second),
            "!=": lambda: terms.negation(terms.equal(first, second)),
            "<": lambda: terms.below(first, second),
            "<=": lambda: terms.at_most(first, second),
            ">": lambda: terms.below(second, first),
            ">=": lambda: terms.at_most(second, first),
        }[node.operator]()
        return self._where(known, holds)

    def _compare_truths(self, operator: str, left: Encoded, right: Encoded) -> Truth:
        """Yes/no compared with yes/no, or with a null that has no kind."""
        terms = self._terms
        if isinstance(left, KnownNumber) or isinstance(right, KnownNumber):
            return Truth(terms.false, terms.false)
        alike = terms.any((terms.all((left.true, right.true)), terms.all((left.false, right.false))))
        unlike = terms.any((terms.all((left.true, right.false)), terms.all((left.false, right.true))))
        return Truth(alike, unlike) if operator == "=" else Truth(unlike, alike)

    def _where(self, known: Term, holds: Term) -> Truth:
        terms = self._terms
        return Truth(terms.all((known, holds)), terms.all((known, terms.negation(holds))))

    def _member(self, node: f.MemberOf, operand: Encoded) -> Encoded:
        terms = self._terms
        if isinstance(operand, Truth):
            yes, no = (terms.proposition(value in node.values) for value in (True, False))
            among = terms.any((terms.all((operand.true, yes)), terms.all((operand.false, no))))
            return self._where(terms.any((operand.true, operand.false)), among)
        codes = (terms.constant(_coded(terms, value)) for value in node.values)
        return self._where(operand.known, terms.any(terms.equal(operand.value, code) for code in codes))

    def _all(self, _: f.All, *parts: Encoded) -> Encoded:
        truths = [_truth(part) for part in parts]
        return Truth(self._terms.all(each.true for each in truths), self._terms.any(each.false for each in truths))

    def _any(self, _: f.Any, *parts: Encoded) -> Encoded:
        truths = [_truth(part) for part in parts]
        return Truth(self._terms.any(each.true for each in truths), self._terms.all(each.false for each in truths))

    def _not(self, _: f.Not, operand: Encoded) -> Encoded:
        truth = _truth(operand)
        return Truth(truth.false, truth.true)

    def _is_null(self, _: f.IsNull, operand: Encoded) -> Encoded:
        known = known_of(self._terms, operand)
        return Truth(self._terms.negation(known), known)

    def _is_true(self, _: f.IsTrue, operand: Encoded) -> Encoded:
        true = _truth(operand).true
        return Truth(true, self._terms.negation(true))

    # --- choices, dates, functions ---

    def _if(self, node: f.If, condition: Encoded, then: Encoded, otherwise: Encoded) -> Encoded:
        terms, chosen = self._terms, _truth(condition)

        def either(first: Term, second: Term) -> Term:
            return terms.any((terms.all((chosen.true, first)), terms.all((chosen.false, second))))

        if node.type.kind is Kind.YES_NO:
            yes, no = _truth(then), _truth(otherwise)
            return Truth(either(yes.true, no.true), either(yes.false, no.false))
        first, second = _as_number(then), _as_number(otherwise)
        known = either(first.known, second.known)
        return KnownNumber(known, terms.choice(chosen.true, first.value, second.value))

    def _add_months(self, _: f.AddMonths, date: Encoded, months: Encoded) -> Encoded:
        known, day, count = self._both(date, months)
        return KnownNumber(known, plus_months(self._terms, day, count))

    def _date_part(self, node: f.DatePart, date: Encoded) -> Encoded:
        number = _as_number(date)
        if node.part == "weekday":
            return KnownNumber(number.known, weekday(self._terms, number.value))
        return KnownNumber(number.known, getattr(date_terms(self._terms, number.value), node.part))

    def _function_call(self, node: f.FunctionCall, *parts: Encoded) -> Encoded:
        """Of what a function says of texts nothing is known but that equal texts give the same."""
        terms = self._terms
        known = terms.all(known_of(terms, part) for part in parts)
        compute = partial(_called, terms, node)
        inputs = tuple(term for part in parts for term in _without_arbitrary(terms, part))
        words = f"`{node.function}` of a text"
        return self._opaque(node.type, known, inputs, (node.function, _kinds(node.parts)), compute, words)

    def _aggregate(self, node: f.Aggregate, records: Encoded, *captured: Encoded) -> Encoded:
        """Of what is worked out over the records of a list nothing is known but its bounds, and that the same list,
        with the same values beside it, gives the same."""
        terms, name = self._terms, node.records.name
        inputs = tuple(term for part in (records, *captured) for term in _without_arbitrary(terms, part))
        details = (node.function, name, self._number_of(node.each), _kinds(node.captured))
        words = f"{node.function} over the records of `{name}`"
        is_known = Derivation(kind="opaque", compute=partial(_is_worked_out, terms, node), is_exact=False, words=words)
        settled = terms.derived(inputs, (*details, "known"), is_known, lambda term: (terms.between(0, term, 1),))
        known = terms.all((known_of(terms, records), terms.equal(settled, terms.constant(1))))
        compute = partial(_worked_out, terms, node)
        return self._opaque(node.type, known, inputs, details, compute, words)

    def _number_of(self, each: f.EachRecord) -> tuple[object, ...]:
        """What tells the work of one aggregate from another's."""
        return each.reads, each.where, each.value

    def _opaque(
        self,
        type_: Type,
        known: Term,
        inputs: tuple[Term, ...],
        details: tuple[object, ...],
        compute: Callable[..., int],
        words: str,
    ) -> Encoded:
        """A number of which nothing is known but the bounds of its type, where it is known at all."""
        terms = self._terms
        derivation = Derivation(kind="opaque", compute=compute, is_exact=False, words=words)
        if type_.kind is Kind.YES_NO:
            answer = terms.derived(inputs, details, derivation, lambda term: (terms.between(0, term, 1),))
            return self._where(known, terms.equal(answer, terms.constant(1)))
        if type_.kind in (Kind.TEXT, Kind.PERSON, Kind.ENUM):
            return KnownNumber(known, terms.derived(inputs, details, derivation, lambda _: ()))
        within = partial(_bounded, terms, known, type_)
        return KnownNumber(known, terms.derived(inputs, details, derivation, within))


def known_of(terms: Terms, encoded: Encoded) -> Term:
    """Whether it is not null."""
    return encoded.known if isinstance(encoded, KnownNumber) else terms.any((encoded.true, encoded.false))


def _truth(encoded: Encoded) -> Truth:
    """A null that has no kind is no yes/no either."""
    return encoded if isinstance(encoded, Truth) else Truth(_never(encoded), _never(encoded))


def _never(encoded: KnownNumber) -> Term:
    if encoded.known.value is not False:
        raise TypeError("a number stands where yes/no is expected")
    return encoded.known


def _as_number(encoded: Encoded) -> KnownNumber:
    if isinstance(encoded, Truth):
        raise TypeError("yes/no stands where a number is expected")
    return encoded


def _coded(terms: Terms, value: int | str | bool) -> int:  # noqa: FBT001  # any value
    return terms.code(value) if isinstance(value, str) else int(value)


def _share_most(type_: Type) -> int:
    """The upper end of a share from 0 on; 0 for anything else."""
    return type_.high if type_.kind is Kind.RATE and type_.low >= 0 else 0


def _bounded(terms: Terms, known: Term, type_: Type, term: Term) -> Iterable[Term]:
    return (terms.implies(known, terms.between(type_.low, term, type_.high)),)


def _open_remainder(terms: Terms, dividend: Term, divisor: Term) -> Term:
    """The remainder by a number that varies: between 0 and the divisor, and else open."""

    def conditions(rest: Term) -> Iterable[Term]:
        zero = terms.zero
        up = terms.all((terms.at_most(zero, rest), terms.below(rest, divisor)))
        down = terms.all((terms.at_most(rest, zero), terms.below(divisor, rest)))
        return (
            terms.implies(terms.below(zero, divisor), up),
            terms.implies(terms.below(divisor, zero), down),
        )

    words = "a remainder of two facts"
    derivation = Derivation(kind="opaque", compute=lambda x, y: x % y if y else 0, is_exact=False, words=words)
    return terms.derived((dividend, divisor), "modulo", derivation, conditions)


# --- what is computed outside terms ----------------------------------------------------------------------------------


def _without_arbitrary(terms: Terms, encoded: Encoded) -> tuple[Term, ...]:
    """Two terms that say all of a value, and nothing where it is null: so that two nulls are the same."""
    if isinstance(encoded, Truth):
        return encoded.true, encoded.false
    return encoded.known, terms.choice(encoded.known, encoded.value, terms.zero)


def _kinds(formulas: Iterable[Formula]) -> tuple[Kind, ...]:
    return tuple(formula.type.kind for formula in formulas)


def _decoded(terms: Terms, kind: Kind, first: int, second: int) -> Value:
    """A value from the two terms of `_without_arbitrary`."""
    if kind is Kind.YES_NO:
        return True if first else False if second else None
    if not first:
        return None
    if kind is Kind.LIST:
        return cast(Value, second)
    return terms.texts[second] if kind in (Kind.TEXT, Kind.PERSON, Kind.ENUM) else second


def _values_of(terms: Terms, kinds: Iterable[Kind], numbers: tuple[int, ...]) -> list[Value]:
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [_decoded(terms, kind, *pair) for kind, pair in zip(kinds, pairs, strict=True)]


def _called(terms: Terms, node: f.FunctionCall, *numbers: int) -> int:
    values = _values_of(terms, _kinds(node.parts), numbers)
    return 0 if None in values else _coded(terms, cast("int | str | bool", FORMS[node.function].interpret(*values)))


def _worked_out(terms: Terms, node: f.Aggregate, *numbers: int) -> int:
    value = _aggregate_value(terms, node, numbers)
    return 0 if value is None else _coded(terms, cast("int | str | bool", value))


def _is_worked_out(terms: Terms, node: f.Aggregate, *numbers: int) -> int:
    return int(_aggregate_value(terms, node, numbers) is not None)


def _aggregate_value(terms: Terms, node: f.Aggregate, numbers: tuple[int, ...]) -> Value:
    records, *captured = _values_of(terms, (Kind.LIST, *_kinds(node.captured)), numbers)
    return value_of(node, {node.records.name: records, **dict(zip(node.each.reads, captured, strict=True))})
