"""Terms → an answer of z3: the only module that imports it. Part of `engine.proving.smt`.

`ask` says whether the terms can hold together. It takes them with the conditions of all derived terms among them, and
gives up after a time: that is the third answer, and no proof. Nothing here trusts what z3 finds; who asks works it out
again.

z3 is an extra of the distribution. `is_there` says whether it is installed; without it there are no proofs at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from engine.proving.smt.products import PRODUCT
from engine.proving.smt.terms import Operator, Sort, Term, Terms, reached

if TYPE_CHECKING:
    import z3

STEPS_A_SECOND = 4_000_000
"""z3's own count of its work in a second of a processor that does nothing else. It stops after so many steps, not after
a time, so that an answer doesn't depend on how busy the machine is."""

WALL_TIMES = 20
"""How much longer than asked it may take by the clock, for the steps of a busy machine; the process has a limit too."""

MEMORY_MEGABYTES_MAX = 900
"""What z3 may take before it gives up; the process around it may have a limit of its own."""


class Answer(Enum):
    """What is known of terms that were asked about."""

    NEVER = "never"
    """They can't hold together: proved."""

    FOUND = "found"
    """They hold together for the values found, as far as their conditions say."""

    UNKNOWN = "unknown"
    """Out of time or memory, or the solver gave up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer, and where there is one, the values of unknowns by name and of derived terms by number."""

    answer: Answer
    unknowns: Mapping[str, int | bool]
    derived: Mapping[int, int]


_NOTHING = Found(answer=Answer.UNKNOWN, unknowns={}, derived={})


def is_there() -> bool:
    """Whether z3 is installed."""
    return find_spec("z3") is not None


def ask(terms: Terms, together: Iterable[Term], *, seconds: float, seed: int, with_products: bool = False) -> Found:
    """Whether the terms can all hold.

    `seconds` of a free processor is how long z3 may look for, `seed` which of its ways it takes. `with_products`:
    products are given to it as such, beside their conditions; sometimes it needs them, often it gets lost. Raises
    `ModuleNotFoundError` where z3 isn't installed."""
    asked = list(together)
    if any(term is terms.false for term in asked):
        return Found(answer=Answer.NEVER, unknowns={}, derived={})
    import z3

    writer = _TermWriter(terms)
    solver = z3.SolverFor("QF_NIA") if with_products else z3.Solver()
    _limit(solver, seconds, seed)
    everything = reached(asked, terms.conditions)
    for term in everything:
        writer.write(term)
    solver.add(*(writer.written[term.number] for term in asked))
    for term in everything:
        solver.add(*(writer.written[condition.number] for condition in terms.conditions.get(term.number, ())))
        if with_products and term.operator is Operator.DERIVED and terms.derivations[term.number].kind == PRODUCT:
            left, right = (writer.written[part.number] for part in term.parts)
            solver.add(writer.written[term.number] == left * right)
    try:
        answer = solver.check()
        return _found(solver.model(), everything, writer) if answer == z3.sat else _without_values(answer == z3.unsat)
    except z3.Z3Exception:  # out of memory
        return _NOTHING


def _limit(solver: z3.Solver, seconds: float, seed: int) -> None:
    import z3

    solver.set("rlimit", max(1, int(seconds * STEPS_A_SECOND)))
    solver.set("timeout", max(1, int(seconds * 1000 * WALL_TIMES)))
    solver.set("random_seed", seed)
    z3.set_param("memory_max_size", MEMORY_MEGABYTES_MAX)


def ask_each(
    terms: Terms, always: Iterable[Term], alternatives: Iterable[Term], *, seconds: float, seed: int
) -> Iterator[Answer]:
    """Whether each of the alternatives can hold together with what always does, one after the other. Cheaper than
    asking for each, and as sound; where products are open, one at a time finds more. Raises as `ask` does."""
    import z3

    common, wanted = list(always), list(alternatives)
    everything = reached([*common, *wanted], terms.conditions)
    writer = _TermWriter(terms)
    for term in everything:
        writer.write(term)
    solver = z3.Solver()
    _limit(solver, seconds, seed)
    solver.add(*(writer.written[term.number] for term in common))
    for term in everything:
        solver.add(*(writer.written[condition.number] for condition in terms.conditions.get(term.number, ())))
    for term in wanted:
        solver.push()
        solver.add(writer.written[term.number])
        try:
            answer = solver.check()
        except z3.Z3Exception:  # out of memory
            answer = z3.unknown
        solver.pop()
        yield Answer.FOUND if answer == z3.sat else Answer.NEVER if answer == z3.unsat else Answer.UNKNOWN


def _without_values(is_never: bool) -> Found:  # noqa: FBT001  # the answer itself
    return Found(answer=Answer.NEVER, unknowns={}, derived={}) if is_never else _NOTHING


def _found(model: z3.ModelRef, everything: Iterable[Term], writer: _TermWriter) -> Found:
    unknowns: dict[str, int | bool] = {}
    derived: dict[int, int] = {}
    for term in everything:
        if term.operator not in (Operator.UNKNOWN, Operator.DERIVED):
            continue
        value = model.eval(writer.written[term.number], model_completion=True)
        if term.sort is Sort.PROPOSITION:
            unknowns[cast(str, term.value)] = str(value) == "True"
        elif term.operator is Operator.UNKNOWN:
            unknowns[cast(str, term.value)] = value.as_long()
        else:
            derived[term.number] = value.as_long()
    return Found(answer=Answer.FOUND, unknowns=unknowns, derived=derived)


class _TermWriter:
    """Terms as z3 takes them, each once. Another name makes another search: names are the same in every run, and those
    of derived terms count what this question reaches, so that a rule which it doesn't reach changes nothing."""

    def __init__(self, terms: Terms) -> None:
        import z3

        self.written: dict[int, Any] = {}
        self._derived_written = 0
        self._terms = terms
        self._z3 = z3
        self._by_operator: Mapping[Operator, Callable[[Term, list[Any]], Any]] = {
            Operator.CONSTANT: self._constant,
            Operator.UNKNOWN: self._unknown,
            Operator.DERIVED: self._derived,
            Operator.NOT: lambda _, parts: z3.Not(parts[0]),
            Operator.ALL: lambda _, parts: z3.And(*parts),
            Operator.ANY: lambda _, parts: z3.Or(*parts),
            Operator.CHOICE: lambda _, parts: z3.If(*parts),
            Operator.CASES: self._cases,
            Operator.LINEAR: self._linear,
            Operator.NOT_POSITIVE: lambda _, parts: parts[0] <= 0,
            Operator.ZERO: lambda _, parts: parts[0] == 0,
        }

    def write(self, term: Term) -> None:
        """The parts must have been written."""
        parts = [self.written[part.number] for part in term.parts]
        self.written[term.number] = self._by_operator[term.operator](term, parts)

    def _constant(self, term: Term, _: list[Any]) -> Any:
        return self._z3.BoolVal(term.value) if term.sort is Sort.PROPOSITION else self._z3.IntVal(term.value)

    def _unknown(self, term: Term, _: list[Any]) -> Any:
        return self._z3.Bool(term.value) if term.sort is Sort.PROPOSITION else self._z3.Int(term.value)

    def _derived(self, _: Term, __: list[Any]) -> Any:
        self._derived_written += 1
        return self._z3.Int(f"derived {self._derived_written}")

    def _cases(self, term: Term, parts: list[Any]) -> Any:
        constants = cast("tuple[int, ...]", term.value)
        result = self._z3.IntVal(constants[-1])
        for guard, constant in zip(reversed(parts[:-1]), reversed(constants[:-1]), strict=True):
            result = self._z3.If(guard, self._z3.IntVal(constant), result)
        return result

    def _linear(self, term: Term, parts: list[Any]) -> Any:
        constant, factors = cast("tuple[int, tuple[int, ...]]", term.value)
        addends = [part if factor == 1 else part * factor for factor, part in zip(factors, parts, strict=True)]
        return self._z3.Sum(*addends, self._z3.IntVal(constant)) if constant else self._z3.Sum(*addends)
