"""Decisions that can't be said by one policy and one case; all others are data, see test_decisions.py.

Tables and chains of thousands, policies that read each other, what no rule speaks of, and that the same is decided by
every process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from engine.pipeline import version
from engine.ruleset.ruleset import NO_RULES
from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.paths import ROOT
from tests.support.small_policies import AS_OF, FACTS, HEAD, decide, engine_of


def table(hit: str, *rows: str, outputs: str = "") -> str:
    written = "".join(f"    - {row}\n" for row in rows)
    return f"table:\n  hit: {hit}\n{outputs and f'  outputs: {outputs}'}{outputs and chr(10)}  rows:\n{written}"


def test_a_table_longer_than_a_chain_finds_each_of_its_rows() -> None:
    rows = [f"{{when: {{account.wait: {number}}}, then: {{x: {number * 3}}}}}" for number in range(99)]
    last = '{when: {account.wait: "> 98"}, then: {x: -1}}'
    for hit in ("unique", "first"):
        engine = engine_of(table(hit, *rows, last))
        found = [decide(engine, wait=number).results["p"]["x"] for number in range(100)]
        assert found == [*(str(number * 3) for number in range(99)), "-1"]
        assert decide(engine).results["p"]["x"] is None


def test_policies_are_worked_out_in_the_order_in_which_they_read_each_other() -> None:
    engine = engine_of(
        "values: {b: q.a + 1, c: z.d + b}\n",
        q=HEAD.replace("policy: p", "policy: q") + "values: {a: account.points * 2}\n",
        z=HEAD.replace("policy: p", "policy: z") + "parameters: {k: 3}\nvalues: {d: p.b * k}\n",
    )
    found = decide(engine, points=2).results
    assert (found["q"]["a"], found["p"]["b"], found["z"]["d"], found["p"]["c"]) == ("4", "5", "15", "20")


def test_missing_facts_are_followed_through_a_chain_of_thousands_of_values() -> None:
    chain = "".join(f"  v{n}: v{n - 1}\n" for n in range(1, 3000))
    rule = "  r: {when: v2999 > 1, then: review, reason: {en: a, zh: 甲}}\n"
    engine = engine_of(f"values:\n  v0: account.overdue_amount\n{chain}rules:\n{rule}")
    decision = decide(engine, id="C-1")
    assert [(reason.rule, reason.missing) for reason in decision.reasons] == [("p.r", ("account.overdue_amount",))]
    engine.close()


def test_a_row_that_gives_null_is_not_why_no_row_is_hit_however_long_the_table() -> None:
    rows = [
        f"    - {{when: {{account.level: {level}, account.points: {points}}}, then: {{fee: {level}}}}}\n"
        for level in range(10)
        for points in (1, 2)
    ]
    table = "table:\n  hit: first\n  rows:\n    - {when: {account.color: red}, then: {fee: null}}\n"
    table += "".join(rows) + "    - {when: {}, then: {fee: null}}\n"
    decision = decide(engine_of(table), points=5)

    assert decision.results["p"] == {"fee": None} and decision.undetermined == ()
    assert decide(engine_of(table), points=1).undetermined[0].missing == ("account.color",)


SCRIPT = """
import json, sys
from pathlib import Path
from datetime import date
sys.path.insert(0, {root!r})
from engine.pipeline import load
rules = Path({root!r}, "rules")
files = {{str(f): f.read_bytes() for f in sorted([*rules.glob("*.yaml"), *rules.glob("lists/*")])}}
engine = load(files).engine
facts = {{"order": {{"id": "1", "amount": "20000.01"}}, "account": {{"id": "C", "credit_limit": 1}}}}
decision = engine.decide("order", facts, date(2026, 7, 15), "x")
sys.stdout.write(json.dumps(decision.as_json(), ensure_ascii=True))
"""


def test_two_processes_give_the_same_bytes() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT.format(root=str(ROOT))],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(found) == 1
    assert json.loads(found.pop())["undetermined"]


def test_line_ends_and_byte_order_marks_leave_the_version_as_it_is_and_comments_don_t() -> None:
    files = {"facts.yaml": FACTS.encode(), "a.yaml": (HEAD + "values: {a: 1}\n").encode()}
    windows = {name: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") for name, content in files.items()}
    assert version(files) == version(windows) == version({f"rules/{name}": content for name, content in files.items()})
    assert version(files) != version({**files, "a.yaml": files["a.yaml"] + b"# note\n"})


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_what_no_rule_speaks_of_is_never_passed(kind: str) -> None:
    """A policy set with a policy for accounts that has no rules, and nothing else."""
    engine = engine_of("values:\n  x: 1\n")
    facts: dict[str, dict[str, object]] = {}
    for fact in engine.vocabulary.of_case(kind):
        facts.setdefault(fact.group, {})[fact.name.partition(".")[2]] = fact.example

    decision = engine.decide(kind, facts, AS_OF, "x")

    assert decision.outcome == CASE_KINDS[kind].caution
    assert [reason.rule for reason in decision.reasons] == [NO_RULES]
