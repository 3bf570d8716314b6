"""docs/judgement.md: hard cases, what the default policies decide and why, written from the policy tests in
rules/cases/hard_*.yaml.

Noun builder without files or clock: suites and an engine in, the page out. A test's `title` holds the case in its first
sentence and why a credit desk decides it so in the rest; what the page says of the decision is what is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.deciding.decision import Decision, Reason
from engine.pipeline import Engine
from engine.reading.policy_test import Case, Suite
from engine.vocabulary.case_kinds import CASE_KINDS, OUTCOME_TITLES

PREFIX = "hard-"
"""How the names of the suites begin that the page is made of."""

HEAD = """# Hard cases, and what the policies decide

{count} cases on which credit desks differ, or that a system decides wrongly when nobody thinks of them. What is decided
here is printed from the policy tests in `rules/cases/hard_*.yaml`, which `credence test rules` runs: whoever changes a
policy sees on this page what else that changes. [The default policies](default-policies.md) say where each rule comes
from; the numbers in the reasons are those of the case.
"""


def judgement_page(suites: Iterable[Suite], engine: Engine) -> str:
    """The page. Raises `ValueError` for a hard case without a title of two sentences in both languages."""
    hard = sorted(
        (suite for suite in suites if suite.name.startswith(PREFIX)),
        key=lambda suite: list(CASE_KINDS).index(suite.case_kind),
    )
    count = sum(len(suite.cases) for suite in hard)
    lines = [HEAD.format(count=count)]
    number = 0
    for suite in hard:
        lines.append(f"## {CASE_KINDS[suite.case_kind].title.en.capitalize()}\n")
        for case in suite.cases:
            number += 1
            lines.append(_section(number, case, engine))
    return "\n".join(lines)


def _section(number: int, case: Case, engine: Engine) -> str:
    subject, why = _said(case)
    decision = engine.decide(case.case_kind, case.facts, case.as_of, case.name)
    decided = f"**{OUTCOME_TITLES[decision.outcome].en}**{_conditions(decision)}"
    parts = [f"### {number}. {subject}\n", f"{why}\n", f"Decided: {decided} (`{case.name}`)\n"]
    reasons = [_reason(reason) for reason in decision.reasons]
    return "\n".join([*parts, *reasons, ""]) if reasons else "\n".join([*parts, "No rule speaks.\n"])


def _said(case: Case) -> tuple[str, str]:
    """The case, and why it is decided so."""
    if case.title is None or "。" not in case.title.zh or ". " not in case.title.en:
        raise ValueError(f"{case.place}: a hard case has a title of two sentences, in both languages")
    subject, _, why = case.title.en.partition(". ")
    return subject, why


def _conditions(decision: Decision) -> str:
    asked = [f"{name} {value}" for name, value in decision.conditions.items()]
    return f", against {' and '.join(asked)}" if asked else ""


def _reason(reason: Reason) -> str:
    remedy = f" → {reason.remedy.en}" if reason.remedy is not None and reason.remedy.en else ""
    return f"- `{reason.rule}`: {reason.text.en}{remedy}"


def wrapped(page: str, width: int = 120) -> Iterator[str]:
    """The page's lines, of at most so many characters, as the other documents have them."""
    for line in page.splitlines():
        indent = "  " if line.startswith("- ") else ""
        rest = line
        while len(rest) > width and " " in rest[:width].strip():
            cut = rest.rindex(" ", 0, width)
            if cut <= len(indent):
                break
            yield rest[:cut]
            rest = indent + rest[cut + 1 :]
        yield rest
