"""Invariants held against the policies, and their FEEL → formulas. Part of `compile`.

An invariant reads what rules of its kind of case read, by full names, and where it speaks of several cases the names of
one of them behind its side's: `after.grading.score`. A name that is not there is a mistake of its own kind: an
invariant about a value that somebody removed must be mended or taken out on purpose, and never counts as kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from engine.compiling.expressions import Scope, compile_condition
from engine.compiling.link import dotted_names
from engine.compiling.named_lists import NamedList
from engine.compiling.scopes import Names
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.diagnostics.wording import clipped, did_you_mean, listed
from engine.reading.document import Scalar
from engine.reading.invariants_file import INVARIANTS, InvariantDefinition
from engine.reading.policy import Policy
from engine.ruleset.formula import Formula, Variable
from engine.ruleset.invariant import AFTER, BEFORE, COMPLETE, FIRST, SECOND, WHOLE, FactChange, Invariant, Split
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.invariant_words import ChangeWord
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import YES_NO, Fact, Kind, Lists

_ORDERED = (ChangeWord.LESS, ChangeWord.MORE, ChangeWord.NOT_LESS, ChangeWord.NOT_MORE)
_OF_NUMBERS = (*_ORDERED, ChangeWord.LESS_BY_THE_SAME, ChangeWord.MORE_BY_THE_SAME)
_OF_DATES = (ChangeWord.EARLIER, ChangeWord.LATER)
_OF_YES_NO = (ChangeWord.TO_TRUE, ChangeWord.TO_FALSE)
_OF_MISSING = (ChangeWord.FROM_MISSING, ChangeWord.TO_MISSING)
_OF_ALL = (ChangeWord.OTHER, ChangeWord.ANY)


@dataclass(frozen=True, slots=True)
class LinkedInvariant:
    """An invariant of the set, with the policy whose names it sees."""

    definition: InvariantDefinition
    reader: Policy
    """A policy of its kind of case without anything in it."""


def link_invariants(definitions: Iterable[InvariantDefinition]) -> tuple[LinkedInvariant, ...]:
    """Each with its reader."""
    return tuple(LinkedInvariant(each, _reader(each.place, each.case)) for each in definitions)


def _reader(place: Place, case: str) -> Policy:
    return Policy(
        name=INVARIANTS,
        place=place,
        title=Text("Invariants", "不变量"),
        decides=case,
        parameters={},
        values={},
        scorecard=None,
        tables={},
        rules={},
    )


def names_in(definition: InvariantDefinition, lists: Lists) -> Iterator[str]:
    """The names that an invariant reads, without those of its sides. Beginnings of a path count too: `terms.due.year`
    reads `terms.due`."""
    for expression in definition.expressions:
        for name in dotted_names(expression.tree, lists):
            side, _, rest = name.partition(".")
            read = rest if side in _sides(definition) and rest else name
            while read:
                yield read
                read = read.rpartition(".")[0]


def _sides(definition: InvariantDefinition) -> tuple[str, ...]:
    if definition.split is not None:
        return (WHOLE, FIRST, SECOND)
    return (BEFORE, AFTER) if definition.changes or definition.is_any_change else ()


def compile_invariant(linked: LinkedInvariant, names: Names) -> Invariant | None:
    """The invariant as a stretch has it; None where it has mistakes, which are then in `names.report`."""
    definition = linked.definition
    scope = _scope(names.scope(linked.reader), _sides(definition))
    report: list[Diagnostic] = []
    given = [compile_condition(expression, scope, report) for expression in definition.given]
    holds = compile_condition(definition.holds, scope, report) if definition.holds else None
    report += _fact_mistakes(definition, names.vocabulary.facts)
    names.report += (_about_what_is_gone(definition, diagnostic) for diagnostic in report)
    sound = tuple(formula for formula in given if formula is not None)
    if report or len(sound) < len(given) or (definition.holds is not None and holds is None):
        return None
    return Invariant(
        id=definition.name,
        place=definition.place,
        title=definition.title,
        why=definition.why,
        level=definition.level,
        case=definition.case,
        given=sound,
        holds=holds,
        outcome=definition.outcome,
        claim=definition.claim,
        changes=tuple(FactChange(fact.text, word) for fact, word in definition.changes),
        is_any_change=definition.is_any_change,
        split=_split(definition),
    )


def _split(definition: InvariantDefinition) -> Split | None:
    if definition.split is None:
        return None
    return Split(definition.split.text, tuple((fact.text, word) for fact, word in definition.carried))


def _scope(inner: Scope, sides: tuple[str, ...]) -> Scope:
    """The names of the reader, of each side behind its own, and `complete`."""
    complete = Variable(YES_NO, COMPLETE, nullable=False)

    def look_up(name: str) -> Formula | None:
        side, _, rest = name.partition(".")
        if side in sides and rest:
            found = inner.look_up(rest)
            return _of_side(found, side) if found is not None else None
        return complete if name == COMPLETE else inner.look_up(name)

    return Scope(look_up, lambda: (*inner.known(), *(f"{side}.{name}" for side in sides for name in inner.known())))


def _of_side(formula: Formula, side: str) -> Formula:
    """Parameters and lists of parameters are the same on all sides."""
    if isinstance(formula, Variable) and not isinstance(formula, NamedList):
        return replace(formula, name=f"{side}.{formula.name}")
    return formula


def _about_what_is_gone(definition: InvariantDefinition, diagnostic: Diagnostic) -> Diagnostic:
    if diagnostic.code is not ErrorCode.N001:
        return diagnostic
    message = f"{diagnostic.message}, so that the invariant `{definition.name}` says nothing"
    hint = diagnostic.hint or "mend the invariant, or take it out"
    return replace(diagnostic, code=ErrorCode.V002, message=message, hint=hint)


# --- facts that change -----------------------------------------------------------------------------------------------


def _fact_mistakes(definition: InvariantDefinition, facts: Mapping[str, Fact]) -> Iterator[Diagnostic]:
    groups = CASE_KINDS[definition.case].groups
    known = {name: fact for name, fact in facts.items() if fact.group in groups}
    for scalar, word in definition.changes:
        fact = known.get(scalar.text)
        if fact is None:
            yield _unknown_fact(definition, scalar, known)
        elif word not in (fitting := _fitting(fact)):
            message = f"`{clipped(scalar.text)}` can't be `{word}`"
            yield Diagnostic(scalar.place, ErrorCode.V004, message, f"write {listed(fitting)}")
    amounts = [*([definition.split] if definition.split else []), *(scalar for scalar, _ in definition.carried)]
    for scalar in amounts:
        fact = known.get(scalar.text)
        if fact is None:
            yield _unknown_fact(definition, scalar, known)
        elif fact.type.kind is not Kind.MONEY:
            message = f"`{clipped(scalar.text)}` is no amount, which alone can be split and carried"
            yield Diagnostic(scalar.place, ErrorCode.V004, message, "name an amount of money")
    if _needs_first(definition):
        scalar = next(scalar for scalar, word in definition.changes if word.endswith("by the same"))
        message = f"`{clipped(scalar.text)}` changes by the same as nothing"
        yield Diagnostic(scalar.place, ErrorCode.V004, message, "let another fact be `less` or `more` first")


def _needs_first(definition: InvariantDefinition) -> bool:
    words = [word for _, word in definition.changes]
    pairs = ((ChangeWord.LESS_BY_THE_SAME, ChangeWord.LESS), (ChangeWord.MORE_BY_THE_SAME, ChangeWord.MORE))
    return any(same in words and first not in words for same, first in pairs)


def _unknown_fact(definition: InvariantDefinition, scalar: Scalar, known: Mapping[str, Fact]) -> Diagnostic:
    message = f"a case of `{definition.case}` has no fact `{clipped(scalar.text)}`, so that the invariant "
    hint = did_you_mean(scalar.text, known) or "name a fact of docs/facts.md"
    return Diagnostic(scalar.place, ErrorCode.V002, f"{message}`{definition.name}` says nothing", hint)


def _fitting(fact: Fact) -> tuple[ChangeWord, ...]:
    words: tuple[ChangeWord, ...] = _OF_ALL if fact.required else (*_OF_ALL, *_OF_MISSING)
    if fact.type.kind.is_numeric:
        return (*_OF_NUMBERS, *words)
    if fact.type.kind is Kind.DATE:
        return (*_OF_DATES, *words)
    return (*_OF_YES_NO, *words) if fact.type.kind is Kind.YES_NO else words
