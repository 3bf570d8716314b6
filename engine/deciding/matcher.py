"""MatchResult, twice: every decision's rules are found by the Python form and by the Rete form, and compared.

Where `evaluate` meets the lowerings. The Python form's answer stands; a difference is reported, never raised, and never
silently dropped: the decision it belongs to becomes the case kind's `caution`.
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
    """Ids that only one form named; `error` says why the Rete form could not answer."""

    only_python: tuple[str, ...]
    only_rete: tuple[str, ...]
    error: str | None = None


class MatchResult(NamedTuple):
    """`fired` and `undetermined` are ascending indices into `PythonForm.matches`, `values` stand by slot."""

    values: list[Result]
    fired: list[int]
    undetermined: list[int]
    disagreement: Disagreement | None

    @property
    def agreed(self) -> bool:
        return self.disagreement is None


class Matcher:
    """Thread-safe. Holds networks outside Python's heap until the last reference or `close`."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.python = PythonForm(ruleset)
        self.rete = ReteForm(self.python.groups)

    def match(self, facts: Sequence[Value], as_of: int) -> MatchResult:
        """`facts` in `ruleset.facts` order."""
        matched = self.python.match(facts, as_of)
        values, fired, undetermined, _ = matched
        try:
            seconded = self.rete.match(matched.asserted)
        except Exception as error:
            return MatchResult(values, fired, undetermined, Disagreement((), (), str(error)))
        if seconded == fired:
            return MatchResult(values, fired, undetermined, None)
        return MatchResult(values, fired, undetermined, self._difference(fired, seconded))

    def close(self) -> None:
        self.rete.close()

    def _difference(self, fired: list[int], seconded: list[int]) -> Disagreement:
        """A rule named twice by the Rete form counts as named by it alone."""
        ids = self.python.matches
        only_python = tuple(ids[index] for index in fired if index not in seconded)
        only_rete = [ids[index] for index in dict.fromkeys(seconded) if index not in fired or seconded.count(index) > 1]
        return Disagreement(only_python, tuple(only_rete))
