"""What the gates found out about a proposed set, and what follows: what must be mended, acknowledged, approved by two.

A finding is a word for one gate. What was not found out is not passed: an invariant that nobody could prove is not
proved, and a set whose tests were not run has an item to acknowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MUST, PROVED = "must", "proved"

NO_TESTS = "test:none"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvariantFinding:
    """What came of one invariant."""

    id: str
    level: str
    """`must` or `goal`."""

    verdict: str
    """`proved`, `refuted` or `undecided`: by time-out, a killed process or a missing solver."""

    why: str = ""
    """Why it is undecided, or how the case that breaks it is decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Of one set of files, held against the one that it is to follow."""

    version: str | None
    """The set's; None where it has mistakes."""

    mistakes: tuple[str, ...] = ()
    """Of the set and of its tests, with their places."""

    tests_passed: int = 0
    tests_failed: tuple[str, ...] = ()
    """`suite/case` of each policy test that fails."""

    has_solver: bool = True
    """False: nothing could be proved, whatever the set says."""

    invariants: tuple[InvariantFinding, ...] = ()

    facts_removed: tuple[str, ...] = ()
    """Facts that requests may send now, and may not then."""

    facts_required: tuple[str, ...] = ()
    """Facts that requests may leave out now, and may not then."""

    vocabulary_changed: bool = False
    """Facts, their types or bounds are other ones."""

    invariants_weakened: tuple[str, ...] = ()
    """Those that are gone, that were `must`, or that say something else: they may say less."""

    words: tuple[str, ...] = ()
    """What changes, line by line."""

    categories: Mapping[str, str] = field(default_factory=dict)
    """By kind of case: `same`, `stricter`, `looser`, `both`; a kind that isn't there counts as `both`."""

    flips: tuple[str, ...] = ()
    """What would be decided otherwise, with amounts; empty: nobody has looked."""

    @property
    def not_proved(self) -> tuple[InvariantFinding, ...]:
        """Invariants of level must that stand in the way."""
        return tuple(each for each in self.invariants if each.level == MUST and each.verdict != PROVED)

    @property
    def items(self) -> Mapping[str, str]:
        """What the author has to acknowledge in words, or mend: by its name, what it is."""
        said = {f"test:{name}": "a policy test fails" for name in self.tests_failed}
        if not self.tests_passed and not self.tests_failed:
            said[NO_TESTS] = "no policy test was run"
        said |= {
            f"goal:{each.id}": f"a goal is {each.verdict}"
            for each in self.invariants
            if each.level != MUST and each.verdict != PROVED
        }
        said |= {f"fact:{name}": "requests that send this fact are refused" for name in self.facts_removed}
        return said | {f"fact:{name}": "requests without this fact are refused" for name in self.facts_required}

    @property
    def approvals_needed(self) -> int:
        """How many persons must approve it."""
        has_open_goal = any(each.level != MUST and each.verdict == "undecided" for each in self.invariants)
        return 2 if self.invariants_weakened or self.vocabulary_changed or has_open_goal else 1

    def as_json(self) -> dict[str, Any]:
        """As the table keeps it and answers show it."""
        return asdict(self)


def findings_of(said: Mapping[str, Any]) -> Findings:
    """What `as_json` wrote."""
    members: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    members["invariants"] = tuple(InvariantFinding(**each) for each in said["invariants"])
    return Findings(**members)
