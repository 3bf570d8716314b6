"""What came of running policy tests: per case what differs from what was expected, and what no case has touched.

Nouns that `run_cases` gives.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.diagnostics.diagnostic import Place
from engine.reading.policy_test import Case, Suite


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """One way in which a decision is not what a case's author expects."""

    what: str
    """`outcome`, `reasons`, `waived`, `undetermined`, `facts`, `results.policy.name`, `conditions.name` or
    `actions`, of one action `actions.policy.rule.by`."""

    expected: str
    """What its author wrote, in words for a person."""

    got: str
    """What came instead, in the same way; for lists of ids what is lacking and what is too much."""

    def __str__(self) -> str:
        """`what: expected …, got …`."""
        return f"{self.what}: expected {self.expected}, got {self.got}"

    def as_json(self) -> dict[str, str]:
        """As `credence test --json` prints it."""
        return {"what": self.what, "expected": self.expected, "got": self.got}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case."""

    suite: Suite
    """The file that it stands in."""

    case: Case
    """The case, with its place in the file."""

    differences: tuple[CaseDifference, ...]
    """Empty where everything is as expected."""

    seconds: float
    """How long the decision took; 0 where no clock was given."""

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.differences

    def as_json(self) -> dict[str, object]:
        """As `credence test --json` prints it."""
        place = self.case.place
        return {
            "suite": self.suite.name,
            "test": self.case.name,
            "file": place.file,
            "line": place.line,
            "passed": self.passed,
            "differences": [difference.as_json() for difference in self.differences],
        }


@dataclass(frozen=True, slots=True)
class Tried:
    """A part of a policy that a case can touch, and how many cases did."""

    id: str
    """`policy.rule`, `policy.table#row`, `exceptions.name`, or `policy.criterion#band`, where bands count from 1."""

    kind: str
    """`rule`, `row`, `band` or `exception`."""

    place: Place
    """Where it stands."""

    hits: int
    """In how many cases the rule fired, the row or band was hit, or the exception held."""

    def as_json(self) -> dict[str, object]:
        """As `credence test --json` prints it."""
        return {"id": self.id, "kind": self.kind, "place": str(self.place), "hits": self.hits}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the policies the cases touch."""

    tried: tuple[Tried, ...]
    """Every rule, row and band, in the policies' order, then every exception."""

    @property
    def uncovered(self) -> tuple[Tried, ...]:
        """What no case has touched."""
        return tuple(item for item in self.tried if not item.hits)

    @property
    def percent(self) -> float:
        """Share of what was touched, between 0 and 100; exactly 100.0 only where everything was."""
        return 100 * (len(self.tried) - len(self.uncovered)) / len(self.tried) if self.tried else 100.0

    def as_json(self) -> dict[str, object]:
        """As `credence test --json` prints it."""
        return {
            "percent": round(self.percent, 2),
            "total": len(self.tried),
            "uncovered": [item.as_json() for item in self.uncovered],
        }


@dataclass(frozen=True, slots=True)
class CasesRun:
    """What came of all cases."""

    results: tuple[CaseResult, ...]
    """Suite by suite, each suite's cases in its author's order."""

    coverage: Coverage
    """Of all suites together."""

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The cases with differences."""
        return tuple(result for result in self.results if not result.passed)

    def as_json(self) -> dict[str, object]:
        """As `credence test --json` prints it."""
        return {
            "passed": len(self.results) - len(self.failed),
            "failed": len(self.failed),
            "results": [result.as_json() for result in self.results],
            "coverage": self.coverage.as_json(),
        }
