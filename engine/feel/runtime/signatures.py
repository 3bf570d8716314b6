"""How a built-in says what it takes, and how a call finds the overload that fits (DMN 1.5, 10.3.2.9.4, 10.3.4).

    @built_in("substring", "string: string", "start position: number", "length?: number")

A built-in may have several overloads; the first whose parameters accept the arguments is called. `?` marks a parameter
that may be left out, `*` one that takes all remaining arguments. A type is a FEEL type, several joined by `|`, or
`any`, which alone accepts null; with `distant`, dates of any year.
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
    """The arguments are not those of this overload. A built-in may raise it, too: then its result is null."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an overload."""

    name: str
    """As named arguments call it."""
    kinds: frozenset[str]
    """Names of FEEL types, of which the argument must have one; `any` accepts everything, null as well."""
    optional: bool
    """May be left out, and is None then."""
    rest: bool
    """Takes this argument and all that follow."""


@dataclass(frozen=True, slots=True)
class Overload:
    """One of the ways to call a built-in."""

    parameters: tuple[Parameter, ...]
    run: Callable[..., object]
    """Gets FEEL values of the right types, one for each parameter. ArithmeticError and ValueError mean null."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A built-in function."""

    name: str
    """As expressions write it, such as `string length`."""
    overloads: list[Overload]
    """In the order of their definition; the first that fits is called."""

    def call(self, *arguments: object) -> object:
        """For a built-in that is passed on as a value: positional arguments only."""
        return invoke(self, arguments, ())


BUILT_INS: dict[str, BuiltIn] = {}
"""All of them by name, once `builtins` has been imported."""


def built_in(name: str, *parameters: str) -> Callable[[Implementation], Implementation]:
    """Registers the decorated function as an overload of the built-in `name`, with these parameters.

    A parameter is written `name: type|type`, with `?` behind the name if it may be left out, `*` before it if it takes
    all remaining arguments.
    """

    def register(run: Implementation) -> Implementation:
        overload = Overload(tuple(map(_parameter, parameters)), run)
        BUILT_INS.setdefault(name, BuiltIn(name, [])).overloads.append(overload)
        return run

    return register


def _parameter(text: str) -> Parameter:
    name, _, kinds = text.partition(": ")
    return Parameter(name.strip("*?"), frozenset(kinds.split("|")), name.endswith("?"), name.startswith("*"))


def invoke(function: BuiltIn, arguments: Sequence[object], names: Sequence[str]) -> object:
    """Calls a built-in. Null when no overload fits, or the one that does has no result for these values.

    `names` are those of the arguments, or empty if they are positional.
    """
    for overload in function.overloads:
        try:
            ordered = _by_name(overload, arguments, names) if names else arguments
            fitted = _fitted(overload, ordered)
        except Unfit:
            continue
        try:
            return overload.run(*fitted)
        except (ArithmeticError, ValueError, Unfit):
            return None
    return None


_LEFT_OUT = object()


def _by_name(overload: Overload, arguments: Sequence[object], names: Sequence[str]) -> list[object]:
    """Arguments in the order of the parameters. Raises `Unfit` for a name that isn't a parameter's or comes twice."""
    given = dict(zip(names, arguments, strict=True))
    if len(given) != len(names) or not given.keys() <= {parameter.name for parameter in overload.parameters}:
        raise Unfit
    return [given.get(parameter.name, _LEFT_OUT) for parameter in overload.parameters]


def _fitted(overload: Overload, arguments: Sequence[object]) -> list[object]:
    """The arguments as the parameters want them. Raises `Unfit` for too few, too many or wrong ones."""
    fitted: list[object] = []
    for position, parameter in enumerate(overload.parameters):
        if parameter.rest:
            return fitted + [conforming(argument, parameter.kinds) for argument in arguments[position:]]
        argument = arguments[position] if position < len(arguments) else _LEFT_OUT
        if argument is _LEFT_OUT:
            if not parameter.optional:
                raise Unfit
            fitted.append(None)
        else:
            fitted.append(conforming(argument, parameter.kinds))
    if len(arguments) > len(overload.parameters):
        raise Unfit
    return fitted


_DISTANT = (DistantDate, DistantDateTime)


def conforming(value: object, kinds: frozenset[str]) -> object:
    """`value` as one of `kinds`, through the implicit conversions of DMN 1.5, 10.3.2.9.4. Raises `Unfit` where there is
    none.

    A list of one becomes its item, one value a list of it, a date its midnight in UTC.
    """
    if "any" in kinds or (kind(value) in kinds and ("distant" in kinds or not isinstance(value, _DISTANT))):
        return value
    if isinstance(value, list) and len(value) == 1 and "list" not in kinds:
        return conforming(value[0], kinds)
    if value is not None and "list" in kinds:
        return [value]
    if "date and time" in kinds and type(value) is datetime.date:
        return datetime.datetime.combine(value, datetime.time(tzinfo=datetime.UTC))
    raise Unfit
