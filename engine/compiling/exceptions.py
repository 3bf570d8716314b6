"""Exceptions held against the policies, and their `when` → matches. Part of `compile`.

What an exception waives says which kind of case it is about; its `when` reads what rules of that kind read, by full
names: `account.id`, `grading.grade`, `orders.new_credit`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from engine.compiling.calls import temporal
from engine.compiling.link import LinkedException
from engine.compiling.rules import compile_conditions
from engine.compiling.scopes import Names
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.diagnostics.nearest import nearest
from engine.diagnostics.wording import clipped, did_you_mean
from engine.proving.table_checks import check_conditions, check_match
from engine.reading.exceptions_file import ExceptionDefinition
from engine.reading.policy import EXCEPTIONS, Policy, RuleDefinition
from engine.ruleset.formula import Compare, Variable, variables
from engine.ruleset.ruleset import AS_OF, Conjunct, Match, RuleException
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import DATE, YES_NO


def link_exceptions(
    exceptions: Iterable[ExceptionDefinition], policies: Sequence[Policy], unread: Collection[str]
) -> tuple[tuple[LinkedException, ...], tuple[Diagnostic, ...]]:
    """The exceptions with their kinds of case, and what is wrong with the rules that they name.

    `unread` names policies that could not be read, or not whole: rules of theirs may be there. One that names no rule
    of a policy is left out.
    """
    report: list[Diagnostic] = []
    rules = {f"{policy.name}.{rule.id}": (policy, rule) for policy in policies for rule in policy.rules.values()}
    linked = []
    for exception in exceptions:
        report += _mistakes(exception, rules, unread)
        kinds = [rules[item.text][0].decides for item in exception.waives if item.text in rules]
        if kinds:
            linked.append(LinkedException(exception, _reader(exception.place, kinds[0])))
    return tuple(linked), tuple(report)


_Rules = Mapping[str, tuple[Policy, RuleDefinition]]


def _mistakes(exception: ExceptionDefinition, rules: _Rules, unread: Collection[str]) -> Iterator[Diagnostic]:
    first: Policy | None = None
    for item in exception.waives:
        id_ = item.text
        if id_ not in rules:
            if id_.partition(".")[0] not in unread:
                message = f"no policy has a rule `{clipped(id_)}`"
                yield Diagnostic(item.place, ErrorCode.E003, message, _meant(id_, rules))
            continue
        policy, rule = rules[id_]
        if not rule.waivable:
            message = f"the rule `{id_}` at {rule.place} may not be waived: it says `waivable: false`"
            yield Diagnostic(item.place, ErrorCode.E004, message, "leave it out here")
        first = first or policy
        if policy.decides != first.decides:
            message = f"`{id_}` is about {policy.decides}s, `{exception.waives[0].text}` about {first.decides}s"
            hint = "make one exception for the rules of each kind of case"
            yield Diagnostic(item.place, ErrorCode.E005, message, hint)


def _meant(id_: str, rules: _Rules) -> str:
    """The rule that was probably meant: the same without its policy, or one spelled alike."""
    ending = [full for full in rules if full.endswith(f".{id_}")]
    if ending:
        return f"write `{ending[0]}`"
    policy = id_.partition(".")[0]
    siblings = [full for full in rules if full.startswith(f"{policy}.")]
    close = nearest(id_, siblings) if siblings else None
    return f"did you mean `{close}`?" if close else did_you_mean(id_, rules) or "write `policy.rule`"


def _reader(place: Place, case: str) -> Policy:
    return Policy(
        name=EXCEPTIONS,
        place=place,
        title=Text("Exceptions", "例外"),
        decides=case,
        parameters={},
        values={},
        scorecard=None,
        tables={},
        rules={},
    )


def compile_exception(linked: LinkedException, names: Names) -> RuleException | None:
    """The exception as a stretch has it; None where it has mistakes, which are then in `names.report`."""
    exception = linked.definition
    conjuncts = compile_conditions(linked.reader, exception.when, names)
    sound = [conjunct for conjunct in conjuncts if conjunct is not None]
    if len(sound) < len(conjuncts):
        return None
    if all(set(variables(conjunct.formula)) <= {AS_OF} for conjunct in sound):
        message = f"the exception `{exception.name}` waives for everybody: its `when` reads no fact of a case"
        hint = "name whom it is for, such as `account.id`; what is to hold for everybody is changed in the rule"
        names.report.append(Diagnostic(exception.when[0].place, ErrorCode.E006, message, hint))
        return None
    match = Match(exception.id, (*_between(exception), *sound), exception.place)
    names.report += _of_exception(exception, [*check_match(match), *check_conditions(match)])
    return RuleException(
        match=match,
        waives=tuple(item.text for item in exception.waives),
        by=exception.by,
        approved_by=exception.approved_by,
        reason=exception.reason,
        until=exception.until,
    )


def _between(exception: ExceptionDefinition) -> Iterator[Conjunct]:
    """Both days are counted in."""
    for operator, day in ((">=", exception.since), ("<=", exception.until)):
        as_of = Variable(DATE, AS_OF, nullable=False)
        formula = Compare(YES_NO, operator, as_of, temporal(day.isoformat()), nullable=False)
        yield Conjunct(formula, f"{AS_OF} {operator} {day}", exception.place, (AS_OF,))


def _of_exception(exception: ExceptionDefinition, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """What is said of rules, in words for an exception."""
    rule = f"the rule `{exception.id}` can never fire"
    said = f"the exception `{exception.name}` can never waive anything"
    for diagnostic in diagnostics:
        yield replace(diagnostic, message=diagnostic.message.replace(rule, said))


def ended_exceptions(exceptions: Iterable[ExceptionDefinition], today: date) -> tuple[Diagnostic, ...]:
    """A warning for each exception that waives nothing any more. The engine has no clock: callers say which day it
    is."""
    return tuple(
        Diagnostic(
            exception.place,
            ErrorCode.W002,
            f"the exception `{exception.name}` ended on {exception.until}",
            "delete it, or have it approved anew with another `until:`",
        )
        for exception in exceptions
        if exception.until < today
    )
