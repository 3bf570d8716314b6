"""Facts that may be any: an unknown for each, within the bounds of its type. Part of `engine.proving.smt`.

A question speaks of one case, or of two or three beside one another. Each is a *side* with unknowns of its own, called
`before.order.amount`; a fact that two sides share has one unknown for both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.proving.smt.encode import Encoded, KnownNumber, Truth
from engine.proving.smt.terms import CASES_MAX, Term, Terms
from engine.ruleset.ruleset import AS_OF, RuleSet
from engine.vocabulary.binding import Value
from engine.vocabulary.days import day_number
from engine.vocabulary.vocabulary import DATE, Fact, Kind, Type

KNOWN = "?"
"""Behind the name of an unknown: whether the fact is there."""


@dataclass(frozen=True, slots=True)
class FreeFacts:
    """The facts of one side."""

    values: Mapping[str, Encoded]
    """By the fact's name, and `as_of`."""

    names: Mapping[str, str]
    """The name of each fact's unknowns."""

    bounds: tuple[Term, ...]
    """What holds of every case: bounds of types, and that the past lies before `as_of`."""

    facts: tuple[Fact, ...]
    """What they are."""


def free_facts(
    terms: Terms,
    ruleset: RuleSet,
    side: str,
    shared: FreeFacts | None = None,
    own: Iterable[str] = (),
    missing: Collection[str] = (),
) -> FreeFacts:
    """The facts of a side; of `shared` all but `own`. `side` is empty where there is one only. `missing`: facts that
    aren't there, so that all that depends on them is simpler."""
    values: dict[str, Encoded] = {}
    names: dict[str, str] = {}
    bounds: list[Term] = []
    apart = set(own)
    for name, type_, required in _inputs(ruleset):
        if shared is not None and name not in apart:
            values[name], names[name] = shared.values[name], shared.names[name]
            continue
        names[name] = f"{side}.{name}" if side else name
        values[name] = _free(terms, names[name], type_, bounds, required=required, is_missing=name in missing)
    as_of = values[AS_OF]
    bounds += _stretch(terms, ruleset, as_of)
    for fact in ruleset.facts:
        value = values[fact.name]
        if fact.type.future is not None and isinstance(value, KnownNumber) and isinstance(as_of, KnownNumber):
            bounds.append(terms.implies(value.known, terms.at_most(value.value, as_of.value)))
    return FreeFacts(values, names, tuple(bounds), ruleset.facts)


def _inputs(ruleset: RuleSet) -> Iterator[tuple[str, Type, bool]]:
    yield AS_OF, DATE, True
    for fact in ruleset.facts:
        yield fact.name, fact.type, fact.required


def _stretch(terms: Terms, ruleset: RuleSet, as_of: Encoded) -> Iterator[Term]:
    if isinstance(as_of, KnownNumber):
        if ruleset.since is not None:
            yield terms.at_most(terms.constant(day_number(ruleset.since)), as_of.value)
        if ruleset.until is not None:
            yield terms.below(as_of.value, terms.constant(day_number(ruleset.until)))


def _free(terms: Terms, name: str, type_: Type, bounds: list[Term], *, required: bool, is_missing: bool) -> Encoded:
    known = terms.true if required else terms.unknown_proposition(f"{name}{KNOWN}")
    if is_missing:
        known = terms.false
    if type_.kind is Kind.YES_NO:
        value = terms.unknown_proposition(name)
        return Truth(terms.all((known, value)), terms.all((known, terms.negation(value))))
    if type_.kind is Kind.ENUM and type_.members:
        return KnownNumber(known, _word(terms, name, type_, bounds))
    number = terms.unknown(name)
    if not type_.kind.is_text and type_.kind is not Kind.LIST:
        bounds.append(terms.between(type_.low, number, type_.high))
    return KnownNumber(known, number)


def _word(terms: Terms, name: str, type_: Type, bounds: list[Term]) -> Term:
    """One of the words of an enum: of few, each is a proposition, of which exactly one holds."""
    codes = [terms.code(word) for word in type_.members]
    if len(codes) > CASES_MAX:
        number = terms.unknown(name)
        bounds.append(terms.any(terms.equal(number, terms.constant(code)) for code in codes))
        return number
    guards = [terms.unknown_proposition(f"{name}={word}") for word in type_.members]
    bounds.append(terms.any(guards))
    for index, guard in enumerate(guards):
        bounds += [terms.negation(terms.all((guard, other))) for other in guards[index + 1 :]]
    return terms.cases(zip(guards, codes, strict=True))


def assigned(terms: Terms, fact_names: Mapping[str, str], facts: Mapping[str, tuple[Type, Value]]) -> dict[str, object]:
    """The values of a side's unknowns for given facts, each with its type; what is missing gets one that is in
    bounds."""
    unknowns: dict[str, object] = {}
    for fact, (type_, value) in facts.items():
        name = fact_names[fact]
        unknowns[f"{name}{KNOWN}"] = value is not None
        if type_.kind is Kind.ENUM and type_.members and len(type_.members) <= CASES_MAX:
            word = type_.members[0] if value is None else value
            unknowns |= {f"{name}={member}": member == word for member in type_.members}
        elif type_.kind is Kind.YES_NO:
            unknowns[name] = value is True
        elif value is None:
            unknowns[name] = () if type_.kind is Kind.LIST else max(type_.low, min(type_.high, 0))
        else:
            unknowns[name] = terms.code(value) if isinstance(value, str) else value
    return unknowns


def facts_with_types(facts: Iterable[Fact], values: Iterable[Value], as_of: int) -> dict[str, tuple[Type, Value]]:
    """What `assigned` takes, for bound values in the order of the facts."""
    typed: dict[str, tuple[Type, Value]] = {fact.name: (fact.type, v) for fact, v in zip(facts, values, strict=True)}
    return {AS_OF: (DATE, as_of), **typed}
