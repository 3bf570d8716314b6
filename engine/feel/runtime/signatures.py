"""How a built-in says what it takes, and how a call finds the form of it that fits (DMN 1.5, 10.3.2.9.4, 10.3.4).

    @built_in("substring", "string: string", "start position: number", "length?: number")

A built-in may have several forms; the first whose parameters accept the arguments is called. `?` marks a parameter that
may be left out, `*` one that takes all remaining arguments. A type is a FEEL type, several joined by `|`, or `any`,
which alone accepts null; with `distant`, dates of any year.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from engine.feel.runtime.instants import DistantDate, DistantDateTime
from engine.feel.runtime.values import kind

Implementation = TypeVar("Implementation", bound=Callable[..., object])


class Unfit(Exception):
    """The arguments are not of this form."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kinds: frozenset[str]
    optional: bool
    rest: bool


@dataclass(frozen=True, slots=True)
class Overload:
    parameters: tuple[Parameter, ...]
    run: Callable[..., object]


@dataclass(frozen=True, slots=True)
class BuiltIn:
    name: str
    forms: list[Overload]

    def call(self, *arguments: object) -> object:
        return invoke(self, arguments, ())


BUILT_INS: dict[str, BuiltIn] = {}


def built_in(name: str, *parameters: str) -> Callable[[Implementation], Implementation]:
    def register(run: Implementation) -> Implementation:
        form = Overload(tuple(map(_parameter, parameters)), run)
        BUILT_INS.setdefault(name, BuiltIn(name, [])).forms.append(form)
        return run

    return register


def _parameter(text: str) -> Parameter:
    name, _, kinds = text.partition(": ")
    return Parameter(name.strip("*?"), frozenset(kinds.split("|")), name.endswith("?"), name.startswith("*"))


def invoke(function: BuiltIn, arguments: Sequence[object], names: Sequence[str]) -> object:
    """Null when no form fits or the one that does has no result for these values."""
    for form in function.forms:
        try:
            ordered = _by_name(form, arguments, names) if names else arguments
            fitted = _fitted(form, ordered)
        except Unfit:
            continue
        try:
            return form.run(*fitted)
        except (ArithmeticError, ValueError, Unfit):
            return None
    return None


_LEFT_OUT = object()


def _by_name(form: Overload, arguments: Sequence[object], names: Sequence[str]) -> list[object]:
    given = dict(zip(names, arguments, strict=True))
    if len(given) != len(names) or not given.keys() <= {parameter.name for parameter in form.parameters}:
        raise Unfit
    return [given.get(parameter.name, _LEFT_OUT) for parameter in form.parameters]


def _fitted(form: Overload, arguments: Sequence[object]) -> list[object]:
    fitted: list[object] = []
    for position, parameter in enumerate(form.parameters):
        if parameter.rest:
            return fitted + [conforming(argument, parameter.kinds) for argument in arguments[position:]]
        argument = arguments[position] if position < len(arguments) else _LEFT_OUT
        if argument is _LEFT_OUT:
            if not parameter.optional:
                raise Unfit
            fitted.append(None)
        else:
            fitted.append(conforming(argument, parameter.kinds))
    if len(arguments) > len(form.parameters):
        raise Unfit
    return fitted


_DISTANT = (DistantDate, DistantDateTime)


def conforming(value: object, kinds: frozenset[str]) -> object:
    """`value` as one of `kinds`, through the implicit conversions of DMN 1.5, 10.3.2.9.4: a list of one to its item,
    one value to a list of it, a date to its midnight in UTC."""
    if "any" in kinds or (kind(value) in kinds and ("distant" in kinds or not isinstance(value, _DISTANT))):
        return value
    if isinstance(value, list) and len(value) == 1 and "list" not in kinds:
        return conforming(value[0], kinds)
    if value is not None and "list" in kinds:
        return [value]
    if "date and time" in kinds and type(value) is datetime.date:
        return datetime.datetime.combine(value, datetime.time(tzinfo=datetime.UTC))
    raise Unfit
