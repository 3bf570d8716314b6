"""Decisions as data: a policy, the facts of a case, and to the letter what the engine decides.

A file `decisions/*.yaml` beside a test holds policies and any number of cases; `decisions.schema.json` there describes
it, for editors too:

    # yaml-language-server: $schema=decisions.schema.json
    parts: [results, undetermined]
    policies:
      first: |
        table: …
    decisions:
      - policy: first
        facts: {account.points: 4}
        results: {x: "1"}
        undetermined: []

A policy is what stands behind its head (`policy: p`, a title, `decides:` the case kind); its facts are those of
`small_policies`. Words in capitals are places in it that each case fills: with `policies: {p: "values: {x: FORMULA}"}`
a case says `FORMULA: account.points + 1`. The engine's answer has more parts than a file is about: `parts` names those
that every case states, all of them and exactly.

After a decision has been changed on purpose, `UPDATE_DECISIONS=1` in the environment of pytest (with `-n 0`) writes
into these files what is decided now; the change is then read in `git diff`. A new case may leave its parts out.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.deciding.decision import Decision, Reason
from engine.pipeline import Engine
from tests.support.small_policies import AS_OF, HEAD, engine_of

PARTS = ("outcome", "results", "conditions", "undetermined", "reasons")
"""What a case can state of its decision."""

REQUIRED: Mapping[str, Mapping[str, object]] = {
    "account": {"account.id": "C-1", "account.level": 0},
    "order": {"account.id": "C-1", "account.level": 0, "order.id": "SO-1", "order.amount": "1.00"},
    "invoice": {"account.id": "C-1", "account.level": 0, "invoice.id": "I-1", "invoice.open_amount": "1.00"},
    "portfolio": {"portfolio.id": "P-1", "portfolio.receivables": "1.00"},
    "limit": {
        "limit.id": "L-1",
        "limit.kind": "limit",
        "limit.amount": "1.00",
        "account.id": "C-1",
        "account.level": 0,
    },
}
"""By case kind, the facts that a case may leave out here."""

_PLAIN = re.compile(r"[a-z][\w.-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
EXPECTED = re.compile(rf"    (?:{'|'.join(PARTS)}):|      ")
"""Begins the lines of a file that say what is decided; all others are their author's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedCase:
    path: Path
    """The file that the case stands in."""
    number: int
    """Which case of the file it is, from 0."""
    line: int
    """Where it begins there."""
    kind: str
    """The case kind."""
    policy: str
    """The policy's text, with its places filled."""
    currency: str
    """Of the policy set."""
    facts: Mapping[str, object]
    """By full name, without those of `REQUIRED` that the case leaves out."""
    as_of: date
    """The day of the decision."""
    parts: tuple[str, ...]
    """The parts of `PARTS` that the file's cases state."""
    expected: Mapping[str, object]
    """By part; lacks those that a new case doesn't state yet."""


def cases_in(path: Path) -> list[DecidedCase]:
    """The cases of one file, in its order."""
    text = path.read_text("utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("  - ")]
    if len(lines) != len(content["decisions"]):
        raise ValueError(f"{path.name}: each case begins with a dash behind two spaces, and nothing else does")
    return [_case(path, number, line, content) for number, line in enumerate(lines)]


def _case(path: Path, number: int, line: int, content: dict[str, Any]) -> DecidedCase:
    case: dict[str, Any] = content["decisions"][number]
    policies: dict[str, str] = content["policies"]
    policy = policies[case["policy"]] if "policy" in case else next(iter(policies.values()))
    for place, written in case.items():
        if place.isupper():
            if place not in policy:
                raise ValueError(f"{path.name}:{line}: the policy has no place `{place}`")
            policy = policy.replace(place, written)
    return DecidedCase(
        path=path,
        number=number,
        line=line,
        kind=case.get("case", "account"),
        policy=policy,
        currency=case.get("currency", "EUR"),
        facts=case.get("facts", {}),
        as_of=case.get("as_of", AS_OF),
        parts=tuple(content["parts"]),
        expected={part: case[part] for part in PARTS if part in case},
    )


def each_case(folder: Path) -> pytest.MarkDecorator:
    """Parametrizes a test by the argument `case`, over all files of a folder; its id is `file:line`."""
    cases = [case for path in sorted(folder.glob("*.yaml")) for case in cases_in(path)]
    return pytest.mark.parametrize("case", cases, ids=lambda each: f"{each.path.name}:{each.line}")


def assert_decision(case: DecidedCase) -> None:
    """That the engine decides the case as its file says; with UPDATE_DECISIONS set, writes into it what it decides."""
    engine = engine_of(
        case.policy, head=HEAD.replace("decides: account", f"decides: {case.kind}"), currency=case.currency
    )
    decided = _parts(_decision(engine, case), case.parts)
    engine.close()
    if os.environ.get("UPDATE_DECISIONS"):
        _write(case, decided)
    else:
        assert decided == case.expected, f"{case.path.name}:{case.line}"


def _decision(engine: Engine, case: DecidedCase) -> Decision:
    facts: dict[str, dict[str, object]] = {}
    for name, value in {**REQUIRED[case.kind], **case.facts}.items():
        group, _, key = name.partition(".")
        facts.setdefault(group, {})[key] = value.isoformat() if isinstance(value, date) else value
    decision = engine.decide(case.kind, facts, case.as_of, "test")
    assert all(reason.rule != "engine-disagreement" for reason in decision.reasons)
    return decision


def _parts(decision: Decision, parts: tuple[str, ...]) -> dict[str, Any]:
    of_decision: dict[str, Any] = {
        "outcome": decision.outcome,
        "results": dict(decision.results.get("p", {})),
        "conditions": dict(decision.conditions),
        "undetermined": [
            {"id": item.id, "missing": list(item.missing), "ignored": item.ignored} for item in decision.undetermined
        ],
        "reasons": [_reason(reason) for reason in decision.reasons],
    }
    return {part: of_decision[part] for part in parts}


def _reason(reason: Reason) -> dict[str, Any]:
    """As in a decision's JSON, without its place and without what is empty."""
    return {key: value for key, value in reason.as_json().items() if key != "place" and value not in (None, [], {})}


# --- updating --------------------------------------------------------------------------------------------------------


def _write(case: DecidedCase, decided: Mapping[str, Any]) -> None:
    lines = case.path.read_text("utf-8").splitlines()
    begin = [number for number, line in enumerate(lines) if line.startswith("  - ")][case.number]
    end = begin + 1
    while end < len(lines) and lines[end].startswith("    "):
        end += 1
    authors = [line for line in lines[begin:end] if not EXPECTED.match(line)]
    written = [line for part, value in decided.items() for line in _flow(part, value)]
    case.path.write_text("\n".join([*lines[:begin], *authors, *written, *lines[end:]]) + "\n", "utf-8")


def _flow(part: str, value: Any) -> list[str]:
    """A part on one line, a list with one line for each item."""
    if isinstance(value, list) and value:
        return [f"    {part}:", *(f"      - {_yaml(item)}" for item in value)]
    return [f"    {part}: {_yaml(value)}"]


def _yaml(value: Any) -> str:
    """As YAML on one line: names plain, numbers of decisions in quotes as they are text."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
