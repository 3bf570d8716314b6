"""`python -O` leaves assertions out. The engine decides the same without them, and what must not pass still raises."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date

import pytest

from engine.pipeline import load
from tests.support.default_policies import default_folder
from tests.support.paths import ROOT

FACTS = json.loads((ROOT / "docs" / "order.json").read_text(encoding="utf-8"))
AS_OF = date.fromisoformat(FACTS.pop("as_of"))
FILES = {name: content.decode() for name, content in default_folder().policies.items()}

DECIDE = """
import json, sys
from datetime import date
from engine import load

assert False, "this is not run under -O"
asked = json.load(sys.stdin)
engine = load({name: text.encode() for name, text in asked["files"].items()}).engine
decision = engine.decide("order", asked["facts"], date.fromisoformat(asked["as_of"]), "x")
json.dump(decision.as_json(), sys.stdout)
"""

LOSE_A_RULE = """
import json, sys
from dataclasses import replace
import engine.compiling.compile as compiling
from engine import load

link = compiling.link

class Losing(dict):
    "The rules of a policy, of which the last can't be seen when they are compiled."
    def values(self):
        return list(super().values())[:-1]

def losing(*asked):
    linked, mistakes = link(*asked)
    held = {name: replace(policy, rules=Losing(policy.rules)) for name, policy in linked.policies.items()}
    return replace(linked, policies=held), mistakes

compiling.link = losing
load({name: text.encode() for name, text in json.load(sys.stdin)["files"].items()})
"""

BREAK_THE_STANDARD_FACTS = """
import json, sys
import engine.pipeline as pipeline
import engine.reading.standard_facts as standard

standard.standard_facts_content = lambda: b"facts: {order.id: {type: text}"
pipeline.load({name: text.encode() for name, text in json.load(sys.stdin)["files"].items()})
"""


def _optimized(program: str) -> subprocess.CompletedProcess[str]:
    request = json.dumps({"files": FILES, "facts": FACTS, "as_of": AS_OF.isoformat()})
    command = [sys.executable, "-O", "-c", program]
    return subprocess.run(command, input=request, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_the_order_of_the_readme_is_decided_alike() -> None:
    engine = load({name: text.encode() for name, text in FILES.items()}).engine
    assert engine is not None
    decision = engine.decide("order", FACTS, AS_OF, "x")
    assert [reason.rule for reason in decision.reasons] == ["orders.over-limit"]

    done = _optimized(DECIDE)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == decision.as_json()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (LOSE_A_RULE, "not compiled, and no diagnostic says why: "),
        (BREAK_THE_STANDARD_FACTS, "the standard facts can't be read"),
    ],
)
def test_what_must_not_pass_raises(program: str, message: str) -> None:
    done = _optimized(program)

    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
