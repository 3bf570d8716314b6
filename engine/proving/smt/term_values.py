"""Terms → values, for given values of the unknowns. Part of `engine.proving.smt`.

This is what a term means. The tests hold it against the plain evaluator of rule sets, and the conditions of derived
terms against it; a solver's answer is worked out with it again before anybody believes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from engine.proving.smt.terms import Operator, Term, Terms, reached

Values = dict[int, int | bool]
"""By a term's number."""


class Evaluation:
    """Works out the same terms for many facts."""

    def __init__(self, terms: Terms, wanted: Iterable[Term]) -> None:
        self._terms = terms
        self._order = reached(wanted, {})

    def __call__(self, unknowns: Mapping[str, object], derived: Mapping[int, int] | None = None) -> Values:
        """The values of the terms and all their parts. `unknowns` holds a value for each unknown among them by name;
        the records of a list stand for the list's own. `derived`: what to take derived terms for instead of computing
        them, as a solver did, by number."""
        values: Values = {}
        for term in self._order:
            taken = None if derived is None else derived.get(term.number)
            values[term.number] = _value(self._terms, term, values, unknowns) if taken is None else taken
        return values


def _value(terms: Terms, term: Term, values: Values, unknowns: Mapping[str, object]) -> int | bool:
    parts = [values[part.number] for part in term.parts]
    match term.operator:
        case Operator.CONSTANT:
            return cast("int | bool", term.value)
        case Operator.UNKNOWN:
            return cast("int | bool", unknowns[cast(str, term.value)])
        case Operator.DERIVED:
            return terms.derivations[term.number].compute(*parts)
        case Operator.NOT:
            return not parts[0]
        case Operator.ALL:
            return all(parts)
        case Operator.ANY:
            return any(parts)
        case Operator.CHOICE:
            return parts[1] if parts[0] else parts[2]
        case Operator.CASES:
            constants = cast("tuple[int, ...]", term.value)
            if parts.count(True) != 1:
                raise ValueError(f"of the cases {constants} {parts.count(True)} hold")
            return constants[parts.index(True)]
        case Operator.LINEAR:
            constant, factors = cast("tuple[int, tuple[int, ...]]", term.value)
            return constant + sum(factor * part for factor, part in zip(factors, parts, strict=True))
        case Operator.NOT_POSITIVE:
            return parts[0] <= 0
        case Operator.ZERO:
            return parts[0] == 0
