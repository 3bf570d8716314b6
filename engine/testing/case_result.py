"""What came of running policy tests: per case what differs from what was expected, and what no case has touched.

Noun that `deciding.run_cases` gives.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.diagnostics.diagnostic import Place
from engine.reading.policy_test import Case, Suite


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """`what` is `outcome`, `reasons`, `undetermined`, `facts`, `results.policy.name` or `conditions.name`; expected and
    got are words a person reads."""

    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, got {self.got}"

    def as_json(self) -> dict[str, str]:
        return {"what": self.what, "expected": self.expected, "got": self.got}


@dataclass(frozen=True, slots=True)
class CaseResult:
    suite: Suite
    case: Case
    differences: tuple[CaseDifference, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.differences

    def as_json(self) -> dict[str, object]:
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
    """A rule, a table row or a scorecard band, and in how many cases it fired or was hit."""

    id: str
    kind: str  # rule | row | band
    place: Place
    hits: int

    def as_json(self) -> dict[str, object]:
        return {"id": self.id, "kind": self.kind, "place": str(self.place), "hits": self.hits}


@dataclass(frozen=True, slots=True)
class Coverage:
    """In the policies' order."""

    tried: tuple[Tried, ...]

    @property
    def uncovered(self) -> tuple[Tried, ...]:
        return tuple(item for item in self.tried if not item.hits)

    @property
    def percent(self) -> float:
        """100.0 exactly when everything was hit."""
        return 100 * (len(self.tried) - len(self.uncovered)) / len(self.tried) if self.tried else 100.0

    def as_json(self) -> dict[str, object]:
        return {
            "percent": round(self.percent, 2),
            "total": len(self.tried),
            "uncovered": [item.as_json() for item in self.uncovered],
        }


@dataclass(frozen=True, slots=True)
class CasesRun:
    results: tuple[CaseResult, ...]
    coverage: Coverage

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        return tuple(result for result in self.results if not result.passed)

    def as_json(self) -> dict[str, object]:
        return {
            "passed": len(self.results) - len(self.failed),
            "failed": len(self.failed),
            "results": [result.as_json() for result in self.results],
            "coverage": self.coverage.as_json(),
        }
