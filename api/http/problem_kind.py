"""A type of problem, as rows of the tables of problems say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A type of problem: what its documents say, and what the page at its address explains."""

    slug: str
    """The last part of the document's `type`, and the label of its metric."""

    status: int
    """The HTTP status."""

    title: str
    """The same for every document of this type."""

    meaning: str
    """A sentence or two for the page at `/problems/{slug}`."""
