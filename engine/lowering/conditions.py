"""A match as a Rete network sees it: a conjunction of `subject operator integer`, and which network matches what.

Used by two lowerings: the Python form computes the integers in its one pass, the Rete form builds the networks that
compare them.

A subject is a formula that stands for one int64 field of the fact that is asserted. A variable is a *number*: its own
value, the index of an enum's member, or 1 and 0 for yes and no. Any other formula is a *flag*: 1 where it is true, and
not in the fact elsewhere. So plain comparisons are left to the network, everything else is computed exactly beforehand,
and no text of an author or of a request gets into it.

A network knows no null, so a missing value is a marker: one less than the least value that the variable can have. Then
most comparisons are false of it without a further condition. With `score` from 0 to 100, its marker is -1:

    score > 50           score > 50
    score < 50           score < 50 and score > -1      since -1 < 50
    score = null         score = -1
    score * 2 > points   flag = 1                       computed beforehand
    rating in [B, C]     rating >= 1 and rating <= 2    with the members A, B, C, D, of which B and C are neighbours
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
"""The integer of a word that its enum does not declare; the null marker of an enum is one less."""

RULES_PER_NETWORK = 59
"""60 rules a network is the measured safe size of durable_rules 2.0.28; one is the network's own probe."""

SUBJECTS_PER_NETWORK = 120
"""durable_rules refuses a fact of 255 fields (error 302)."""

_ALWAYS = Constant(YES_NO, value=True, nullable=False)
_LETTERS = "abcdefghijklmnopqrstuvwxy"
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The comparison that says the same with its sides exchanged."""
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
    """One comparison that a network makes.

    `subject`: the variable or flag. `operator`: one of `= != < <= > >=`. `literal`: the int64 that it is compared
    with."""

    subject: Formula
    operator: str
    literal: int


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """What one network matches.

    `matches`: its matches, as indices into `PythonForm.matches`.
    `rules`: for each of them the conditions that are all true exactly where it fires.
    `numbers`: the variables of which each fact holds the integer.
    `flags`: the other formulas, of which each fact holds those that are true."""

    matches: tuple[int, ...]
    rules: tuple[tuple[NetworkCondition, ...], ...]
    numbers: tuple[Variable, ...]
    flags: tuple[Formula, ...]


def field_name(index: int) -> str:
    """A field of a network's fact, counted from 0: `a` to `y`, then `aA` to `yY`. durable_rules keeps `id` and `sid`
    for itself, and `z` is the network's own probe."""
    if index < len(_LETTERS):
        return _LETTERS[index]
    first, second = divmod(index - len(_LETTERS), len(_LETTERS))
    return _LETTERS[first] + _LETTERS[second].upper()


def flag_text(index: int) -> str:
    """A true flag as the fact's JSON holds it, behind another field."""
    return f',"{field_name(index)}":1'


def all_matches(ruleset: RuleSet) -> tuple[Match, ...]:
    """Row matches in the order of the steps, then those of the rules: every index into `matches` counts them so."""
    rows = [step for step in ruleset.steps if isinstance(step, Match)]
    return (*rows, *(rule.match for rule in ruleset.rules))


def groups(ruleset: RuleSet, size: int = RULES_PER_NETWORK) -> tuple[NetworkPlan, ...]:
    """The networks of a rule set, each with at most `size` matches: even shares in the order of the matches, since
    neighbours come from one policy and read the same subjects."""
    rules = [conditions(match) for match in all_matches(ruleset)]
    count = -(-len(rules) // size)
    bounds = [len(rules) * part // count for part in range(count + 1)] if count else []
    return tuple(group for start, end in pairwise(bounds) for group in _groups(start, end, rules))


def _groups(start: int, end: int, rules: Sequence[tuple[NetworkCondition, ...]]) -> Iterator[NetworkPlan]:
    """The matches from `start` to `end` as one network, or halved until none has too many subjects."""
    share = tuple(rules[start:end])
    subjects = dict.fromkeys(condition.subject for rule in share for condition in rule)
    if len(subjects) <= SUBJECTS_PER_NETWORK or len(share) == 1:
        numbers = tuple(subject for subject in subjects if isinstance(subject, Variable))
        flags = tuple(subject for subject in subjects if not isinstance(subject, Variable))
        yield NetworkPlan(tuple(range(start, end)), share, numbers, flags)
    else:
        middle = (start + end) // 2
        yield from _groups(start, middle, rules)
        yield from _groups(middle, end, rules)


def conditions(match: Match) -> tuple[NetworkCondition, ...]:
    """The conditions that are all true exactly where the match fires. A match without conjuncts gets a condition that
    is always true, and one with too many subjects for a network a single flag."""
    native = dict.fromkeys(condition for part in match.conjuncts for condition in _conditions(part.formula))
    if len({condition.subject for condition in native}) > SUBJECTS_PER_NETWORK:
        conjunction = All(YES_NO, tuple(part.formula for part in match.conjuncts), nullable=True)
        return (NetworkCondition(conjunction, "=", 1),)
    return tuple(native) or (NetworkCondition(_ALWAYS, "=", 1),)


def parts(formulas: Iterable[Formula]) -> Iterator[Formula]:
    """The parts of a conjunction, nested conjunctions opened, in order; neither truth nor nullness changes by that."""
    pending = list(formulas)[::-1]
    while pending:
        formula = pending.pop()
        if isinstance(formula, All):
            pending.extend(reversed(formula.parts))
        else:
            yield formula


def _conditions(formula: Formula) -> Iterator[NetworkCondition]:
    """The conditions of one formula, which are all true exactly where it is. Null and false are the same here, so that
    an `IsTrue` is opened too."""
    for part in parts((formula,)):
        if isinstance(part, IsTrue):
            yield from _conditions(part.operand)
        else:
            yield from _native(part) or (NetworkCondition(part, "=", 1),)


def _native(formula: Formula) -> tuple[NetworkCondition, ...]:
    """The conditions of a formula that the network can compare itself; none where it has to be computed beforehand."""
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
    """A comparison with a constant, and where it is true of the null marker another that keeps the marker out."""
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
    """Membership as a range of indices, where the members are neighbours in their enum, as ratings often are."""
    members = variable.type.members
    indices = sorted(members.index(str(value)) for value in set(values) if value in members)
    if not indices or len(indices) != len(set(values)) or indices[-1] - indices[0] >= len(indices):
        return ()
    return NetworkCondition(variable, ">=", indices[0]), NetworkCondition(variable, "<=", indices[-1])


def null(variable: Variable) -> int:
    """The marker of a missing value: one less than the least integer that the variable can have."""
    kind = variable.type.kind
    if kind is Kind.ENUM:
        return UNKNOWN_MEMBER - 1
    return -1 if kind is Kind.YES_NO else variable.type.low - 1


def fits(variable: Variable) -> bool:
    """Whether every value of the variable is an int64, and there is one more below."""
    kind = variable.type.kind
    if kind.is_text:
        return False
    return kind in (Kind.ENUM, Kind.YES_NO) or INT64_MIN < variable.type.low <= variable.type.high <= INT64_MAX


def _literal(variable: Variable, constant: Constant) -> int | None:
    """The int64 of a constant that the variable is compared with, None where it has none."""
    value = constant.value
    if value is None:
        return None
    if isinstance(value, str):
        members = variable.type.members
        return members.index(value) if value in members else None
    return int(value) if INT64_MIN < value <= INT64_MAX else None
