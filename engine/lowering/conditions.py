"""A match as the Rete network sees it: a conjunction of `subject operator integer`, and which network matches what.

Between rule set and lowerings, and used by both of them: the Python form computes the integers in its one pass, the
Rete form builds the networks that compare them.

A subject is a formula that stands for one int64 of the asserted fact. A variable is a number: its own value (an enum
member its index, yes/no 1 and 0, null one less than the least). Any other formula is a flag: 1 where it is true, and
not in the fact elsewhere. So plain comparisons are left to the network and everything else is computed exactly
beforehand; no text of an author or a request gets there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.ruleset.formula import All, Compare, Constant, Formula, IsNull, IsTrue, MemberOf, Not, Variable
from engine.ruleset.ruleset import Match, RuleSet
from engine.vocabulary.vocabulary import YES_NO, Kind

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

UNKNOWN_MEMBER = -1
"""The integer of a word that its enum does not declare."""

RULES_PER_NETWORK = 59
"""60 rules a network is the measured safe size of durable_rules 2.0.28; one is the network's own probe."""

SUBJECTS_PER_NETWORK = 120
"""A fact of 255 fields is refused (error 302)."""

_ALWAYS = Constant(YES_NO, False, True)
_LETTERS = "abcdefghijklmnopqrstuvwxy"
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_HOLDS: Mapping[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class NetworkCondition:
    subject: Formula
    operator: str
    literal: int


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """What one network matches: `rules[i]` belongs to `matches[i]`, an index into `PythonForm.matches`. The fact holds
    an integer for each of `numbers`; of the `flags`, those that are true."""

    matches: tuple[int, ...]
    rules: tuple[tuple[NetworkCondition, ...], ...]
    numbers: tuple[Variable, ...]
    flags: tuple[Formula, ...]


def field_name(index: int) -> str:
    """a … y, then aA … yY: durable_rules keeps `id` and `sid` for itself, and `z` is the network's own probe."""
    if index < len(_LETTERS):
        return _LETTERS[index]
    first, second = divmod(index - len(_LETTERS), len(_LETTERS))
    return _LETTERS[first] + _LETTERS[second].upper()


def flag_text(index: int) -> str:
    """A true flag, as the fact's JSON holds it."""
    return f',"{field_name(index)}":1'


def all_matches(ruleset: RuleSet) -> tuple[Match, ...]:
    """Row matches in step order, then the rules': the order that every index into `matches` counts by."""
    rows = [step for step in ruleset.steps if isinstance(step, Match)]
    return (*rows, *(rule.match for rule in ruleset.rules))


def groups(ruleset: RuleSet, size: int = RULES_PER_NETWORK) -> tuple[NetworkPlan, ...]:
    """Even shares in match order: neighbours come from one policy and read the same subjects."""
    rules = [conditions(match) for match in all_matches(ruleset)]
    count = -(-len(rules) // size)
    bounds = [len(rules) * part // count for part in range(count + 1)] if count else []
    return tuple(group for start, end in pairwise(bounds) for group in _groups(start, end, rules))


def _groups(start: int, end: int, rules: Sequence[tuple[NetworkCondition, ...]]) -> Iterator[NetworkPlan]:
    own = tuple(rules[start:end])
    subjects = dict.fromkeys(condition.subject for rule in own for condition in rule)
    if len(subjects) <= SUBJECTS_PER_NETWORK or len(own) == 1:
        numbers = tuple(subject for subject in subjects if isinstance(subject, Variable))
        flags = tuple(subject for subject in subjects if not isinstance(subject, Variable))
        yield NetworkPlan(tuple(range(start, end)), own, numbers, flags)
    else:
        middle = (start + end) // 2
        yield from _groups(start, middle, rules)
        yield from _groups(middle, end, rules)


def conditions(match: Match) -> tuple[NetworkCondition, ...]:
    """True together exactly when the match fires; a match without conjuncts gets one that always holds."""
    found = dict.fromkeys(condition for part in match.conjuncts for condition in _conditions(part.formula))
    if len({condition.subject for condition in found}) > SUBJECTS_PER_NETWORK:
        whole = All(YES_NO, True, tuple(part.formula for part in match.conjuncts))
        return (NetworkCondition(whole, "=", 1),)
    return tuple(found) or (NetworkCondition(_ALWAYS, "=", 1),)


def parts(formulas: Iterable[Formula]) -> Iterator[Formula]:
    """A conjunction's parts with nested conjunctions opened; neither truth nor nullness changes by that."""
    pending = list(formulas)[::-1]
    while pending:
        formula = pending.pop()
        if isinstance(formula, All):
            pending.extend(reversed(formula.parts))
        else:
            yield formula


def _conditions(formula: Formula) -> Iterator[NetworkCondition]:
    """Only truth counts here, so `IsTrue` opens too."""
    for part in parts((formula,)):
        if isinstance(part, IsTrue):
            yield from _conditions(part.operand)
        else:
            yield from _native(part) or (NetworkCondition(part, "=", 1),)


def _native(formula: Formula) -> tuple[NetworkCondition, ...]:
    """Empty where the part has to be computed beforehand."""
    match formula:
        case Compare(operator=sign, left=Variable() as variable, right=Constant() as constant):
            return _comparison(sign, variable, constant)
        case Compare(operator=sign, left=Constant() as constant, right=Variable() as variable):
            return _comparison(_FLIPPED[sign], variable, constant)
        case MemberOf(operand=Variable() as variable, values=values) if variable.type.kind is Kind.ENUM:
            return _neighbours(variable, values)
        case Variable() if formula.type.kind is Kind.YES_NO:
            return (NetworkCondition(formula, "=", 1),)
        case Not(operand=Variable() as variable) if variable.type.kind is Kind.YES_NO:
            return (NetworkCondition(variable, "=", 0),)
        case IsNull(operand=Variable() as variable) if fits(variable):
            return (NetworkCondition(variable, "=", null(variable)),)
        case Not(operand=IsNull(operand=Variable() as variable)) if fits(variable):
            return (_known(variable),)
    return ()


def _comparison(sign: str, variable: Variable, constant: Constant) -> tuple[NetworkCondition, ...]:
    literal = _literal(variable, constant)
    if literal is None or not fits(variable):
        return ()
    condition = NetworkCondition(variable, sign, literal)
    if variable.nullable and _HOLDS[sign](null(variable), literal):
        return (condition, _known(variable))
    return (condition,)


def _known(variable: Variable) -> NetworkCondition:
    return NetworkCondition(variable, ">", null(variable))


def _neighbours(variable: Variable, values: tuple[int | str | bool, ...]) -> tuple[NetworkCondition, ...]:
    """Members that were declared side by side, such as ratings, are a range of indices."""
    members = variable.type.members
    indices = sorted(members.index(str(value)) for value in set(values) if value in members)
    if not indices or len(indices) != len(set(values)) or indices[-1] - indices[0] >= len(indices):
        return ()
    return NetworkCondition(variable, ">=", indices[0]), NetworkCondition(variable, "<=", indices[-1])


def null(variable: Variable) -> int:
    """The integer of an unknown value: below every known one, so that most comparisons are false of it without a
    further condition."""
    kind = variable.type.kind
    if kind is Kind.ENUM:
        return UNKNOWN_MEMBER - 1
    return -1 if kind is Kind.YES_NO else variable.type.low - 1


def fits(variable: Variable) -> bool:
    """Whether every value of the variable is an int64, and there is one more below."""
    kind = variable.type.kind
    if kind is Kind.TEXT:
        return False
    return kind in (Kind.ENUM, Kind.YES_NO) or INT64_MIN < variable.type.low <= variable.type.high <= INT64_MAX


def _literal(variable: Variable, constant: Constant) -> int | None:
    value = constant.value
    if value is None:
        return None
    if isinstance(value, str):
        members = variable.type.members
        return members.index(value) if value in members else None
    return int(value) if INT64_MIN < value <= INT64_MAX else None
