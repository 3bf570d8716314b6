"""Matching, twice: every decision's rules are found by the Python form and by the Rete form, and compared.

Where `evaluator` meets the lowerings. The Python form's answer stands. A difference is never raised and never dropped:
the matcher reports it, and the decision that it belongs to becomes the case kind's `caution` at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.lowering.python.python_form import PythonForm
from engine.lowering.rete.rete_form import ReteForm
from engine.ruleset.interpret import Result
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.binding import Value


class Disagreement(NamedTuple):
    """How the two forms differ on one case."""

    only_python: tuple[str, ...]
    """Ids of the rules and table rows that only the Python form found to fire."""

    only_rete: tuple[str, ...]
    """Ids that only the Rete form named, or that it named twice."""

    error: str | None = None
    """Why the Rete form could not answer at all; None where it did."""


class MatchResult(NamedTuple):
    """What fires for one case's facts. Made for every decision, hence a NamedTuple: it costs half of what a frozen
    dataclass does."""

    values: list[Result]
    """All values of the case by slot, see `PythonForm.slots`."""

    fired: list[int]
    """Ascending indices into `PythonForm.matches`: table rows first, then rules."""

    undetermined: list[int]
    """Indices of what could not be worked out, in the same way."""

    disagreement: Disagreement | None
    """None where the two forms agree on what fires."""


class Matcher:
    """Finds which rules of one rule set fire; thread-safe. Its Rete networks live outside Python's heap until `close`,
    or until nothing refers to it any more."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.python = PythonForm(ruleset)
        self.rete = ReteForm(self.python.groups)

    def match(self, facts: Sequence[Value], as_of: int) -> MatchResult:
        """Matches one case. `facts` stand in the order of `ruleset.facts`, `as_of` is days since 1970-01-01.

        Never raises on account of the Rete form: an exception there is a disagreement.
        """
        from_python = self.python.match(facts, as_of)
        values, fired, undetermined, _ = from_python
        try:
            from_rete = self.rete.match(from_python.asserted)
        except Exception as error:
            return MatchResult(values, fired, undetermined, Disagreement((), (), str(error)))
        if from_rete == fired:
            return MatchResult(values, fired, undetermined, None)
        return MatchResult(values, fired, undetermined, self._difference(fired, from_rete))

    def close(self) -> None:
        """Frees the Rete networks now, not with the last reference. Nothing may be matched afterwards."""
        self.rete.close()

    def _difference(self, from_python: list[int], from_rete: list[int]) -> Disagreement:
        """A rule that the Rete form named twice counts as named by it alone."""
        ids = self.python.matches
        only_python = tuple(ids[index] for index in from_python if index not in from_rete)
        only_rete = [
            ids[index] for index in dict.fromkeys(from_rete) if index not in from_python or from_rete.count(index) > 1
        ]
        return Disagreement(only_python, tuple(only_rete))
