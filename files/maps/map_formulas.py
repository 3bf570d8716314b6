"""Compiles the formulas of a row map: FEEL → exact formulas over the map's facts, helper columns and `as_of`.

Part of `read_row_map`. The policy compiler does the work, so that a formula means the same in a map as in a policy and
runs wherever policies run; what stands here is the map's own names, and the words for a result that its fact can't
hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from engine.compiling.arithmetic import described
from engine.compiling.expressions import Scope, compile_expression
from engine.compiling.mismatch import Mismatch
from engine.compiling.types import named, require_shares
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.policy import Expression
from engine.ruleset.formula import Constant, Formula, Variable
from engine.ruleset.interpret import Result
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.binding import Fault, Value, json_value
from engine.vocabulary.persons import person, person_fault
from engine.vocabulary.plain_text import BLANK_AROUND, TEXT_LENGTH_MAX, has_blank_around, text_fault
from engine.vocabulary.vocabulary import DATE, TEXT, Fact, Kind, Type, Vocabulary
from files.maps.row_map import ROW, MapFormula

UNKNOWN_NAME = ErrorCode.M005
OUT_OF_BOUNDS = ErrorCode.M009

_UNKNOWN_TO_POLICIES = ErrorCode.N001
"""What the policy compiler calls a name that it doesn't know; a map's own code is `UNKNOWN_NAME`."""


class MapNames:
    """The names that the formulas of one map may read, with the type of each."""

    def __init__(
        self, types: Mapping[str, Type], facts: Collection[str], helpers_key: str = "columns", *, has_day: bool = True
    ) -> None:
        """`types` gives the type of each mapped fact and each helper column by full name, `facts` the names of all
        facts of the case kind, mapped or not. `helpers_key`: the map's key under which helper columns are declared;
        `has_day`: whether there is a day `as_of`."""
        # every one of them may be missing: also a required fact, in a row that is then refused
        self._variables = {name: Variable(type_, name, nullable=True) for name, type_ in types.items()}
        if has_day:
            self._variables[AS_OF] = Variable(DATE, AS_OF, nullable=False)
        self._helpers_key = helpers_key
        self._facts = facts
        self.scope = Scope(self._look_up, self._variables.keys)

    def _look_up(self, name: str) -> Formula | None:
        """None for what may be something else than a name of the map: a word of an enum, or a part of a date. Raises
        `Mismatch` for a fact or a helper column that the map doesn't have."""
        variable = self._variables.get(name)
        if variable is not None:
            return variable
        if name in self._facts:
            raise Mismatch(UNKNOWN_NAME, f"`{name}` is not mapped", f"give `{name}` a column or a formula")
        group, _, rest = name.partition(".")
        if group == ROW and rest and "." not in rest:
            close = did_you_mean(name, self._variables)
            hint = close if "did you mean" in close else f"declare `{clipped(rest)}` under `{self._helpers_key}`"
            raise Mismatch(UNKNOWN_NAME, f"`{clipped(name)}` is not known here", hint)
        return None


def compile_formula(
    expression: Expression,
    fact: Fact,
    names: MapNames,
    vocabulary: Vocabulary,
    report: list[Diagnostic],
) -> Formula | None:
    """The formula as a value of the fact's type, rounded to its decimals; None after its mistakes have been added to
    `report`: a name that the map doesn't have, types that don't fit together or don't fit the fact (the codes of
    policies, `T…` and `N…`), a result that the fact can never hold."""
    mistakes: list[Diagnostic] = []
    formula = compile_expression(expression, names.scope, mistakes, fact.type)
    report += [replace(each, code=UNKNOWN_NAME) if each.code == _UNKNOWN_TO_POLICIES else each for each in mistakes]
    if formula is None:
        return None
    place = expression.place_of(expression.tree)
    try:
        require_shares(formula, fact.type)
        result = named(formula, TEXT if _is_name(formula, fact) else fact.type, vocabulary)
    except Mismatch as mismatch:
        message, hint = mismatch.message, mismatch.hint
        if mismatch.code == ErrorCode.T001:
            kinds = f"the formula gives {described(formula)}, and `{fact.name}` is declared as `{fact.type.kind}`"
            message, hint = kinds, "give a formula of that type, or another fact"
        report.append(Diagnostic(place, mismatch.code, message, hint))
        return None
    if _is_ordered(fact.type) and (result.type.high < fact.type.low or result.type.low > fact.type.high):
        message = f"the formula gives nothing that `{fact.name}` can hold"
        report.append(Diagnostic(place, OUT_OF_BOUNDS, message, _expected(fact.type)))
        return None
    return result


def _is_name(formula: Formula, fact: Fact) -> bool:
    """Whether a text that is worked out stands for a person: it is read as one in each row, as a cell is."""
    return fact.type.kind is Kind.PERSON and formula.type.kind is Kind.TEXT and not isinstance(formula, Constant)


def evaluation_order(formulas: Sequence[MapFormula]) -> tuple[MapFormula, ...]:
    """The formulas, each behind those whose results it reads. Raises `CycleError` where some read one another in a
    circle; its second argument lists the names of the circle, the first one twice."""
    by_name = {formula.name: formula for formula in formulas}
    needs = {name: sorted(formula.reads & by_name.keys()) for name, formula in by_name.items()}
    return tuple(by_name[name] for name in TopologicalSorter(needs).static_order())


def first_circle(formulas: Sequence[MapFormula]) -> tuple[str, ...]:
    """Names of formulas that read one another in a circle, each once; empty where there is no circle."""
    try:
        evaluation_order(formulas)
    except CycleError as error:
        return tuple(dict.fromkeys(reversed(error.args[1])))
    return ()


# --- results that a fact can't hold ----------------------------------------------------------------------------------


def may_be_out_of_range(formula: MapFormula) -> bool:
    """Whether the bounds of the formula leave those of its fact, so that each result has to be compared with them."""
    result, fact = formula.formula.type, formula.type
    return _is_ordered(fact) and (result.low < fact.low or result.high > fact.high)


def out_of_range(formula: MapFormula) -> Fault:
    """What is said of a row in which the formula gives a number or a date that its fact can't hold."""
    return _result_fault(formula, "a value that is out of range", _expected(formula.type))


def unfit_text(formula: MapFormula, text: str) -> Fault | None:
    """What is said of a row in which a formula gives this text; None where a fact may hold it."""
    if not text or text.isspace():
        return _result_fault(formula, "text that is empty", "let it give null where the fact is unknown")
    wrong = text_fault(text)
    if wrong is None and formula.makes_person:
        wrong = person_fault(text)
    elif wrong is None and formula.type.kind is Kind.TEXT and has_blank_around(text):
        wrong = BLANK_AROUND
    return _result_fault(formula, f"text that {wrong[0]}", wrong[1]) if wrong else None


def unfit_texts(formula: MapFormula) -> Iterator[tuple[str, Fault]]:
    """One text of each kind that a fact can't hold, with what is said of it: too long, with control characters, with
    invisible ones, empty, and with a blank around it."""
    kinds = ("x" * (TEXT_LENGTH_MAX + 1), "\x00", "\u200b", "")
    for text in (*kinds, " x") if formula.type.kind is Kind.TEXT else kinds:
        fault = unfit_text(formula, text)
        if fault is None:
            raise AssertionError(f"a fact may hold {text!r}")
        yield text, fault


def _result_fault(formula: MapFormula, gives: str, hint: str) -> Fault:
    return Fault(formula.name, f"the formula `{clipped(formula.text)}` gives {gives}", hint)


def _is_ordered(type_: Type) -> bool:
    return type_.kind.is_numeric or type_.kind is Kind.DATE


def _expected(type_: Type) -> str:
    return f"expected between {json_value(type_.low, type_)} and {json_value(type_.high, type_)}"


def misfit_of(formula: MapFormula) -> Callable[[Value], Fault | None] | None:
    """The function that says of a result that the fact can't hold it; None where it can hold each."""
    if formula.type.kind.is_text:
        return lambda value: unfit_text(formula, str(value))
    if not may_be_out_of_range(formula):
        return None
    low, high, fault = formula.type.low, formula.type.high, out_of_range(formula)
    return lambda value: None if low <= value <= high else fault  # type: ignore[operator]  # a number or a date


def as_person(function: Callable[[Sequence[Result]], Value]) -> Callable[[Sequence[Result]], Value]:
    """The function, whose text is read as a person's name; one that can't be read so stays, for the words of the
    fault."""

    def named(values: Sequence[Result]) -> Value:
        value = function(values)
        return person(value) if isinstance(value, str) and not person_fault(value) else value

    return named
