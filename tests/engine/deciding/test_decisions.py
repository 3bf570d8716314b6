"""Given a policy and the facts of a case, the engine decides as the files under decisions/ say, to the letter.

`tests.support.decisions` explains their form; `UPDATE_DECISIONS=1` writes them anew. What can't be said by one policy
and one case stands in test_decide.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from engine.reading.policy import HitPolicy
from tests.support.decisions import EXPECTED, DecidedCase, assert_decision, cases_in, each_case

DECISIONS = Path(__file__).parent / "decisions"
FILES = sorted(DECISIONS.glob("*.yaml"))


@each_case(DECISIONS)
def test_the_engine_decides_so(case: DecidedCase) -> None:
    assert_decision(case)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_of_decisions_follows_its_schema(path: Path) -> None:
    schema = json.loads((DECISIONS / "decisions.schema.json").read_text("utf-8"))
    text = path.read_text("utf-8")

    assert text.startswith("# yaml-language-server: $schema=decisions.schema.json\n")
    jsonschema.validate(json.loads(json.dumps(yaml.safe_load(text), default=str)), schema)
    assert all(set(case.expected) == set(case.parts) for case in cases_in(path)), "UPDATE_DECISIONS=1 writes them"


def test_every_hit_policy_decides_something_here() -> None:
    policies = yaml.safe_load((DECISIONS / "hit_policies.yaml").read_text("utf-8"))["policies"]

    hits = {line.split("hit: ")[1] for text in policies.values() for line in text.splitlines() if "hit: " in line}
    assert hits == set(HitPolicy)


def test_a_wrong_decision_is_noticed_and_written_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that states no decision fails; updated, it is the original to the letter."""
    original = DECISIONS / "missing.yaml"
    copy = tmp_path / original.name
    lines = original.read_text("utf-8").splitlines(keepends=True)
    begin = lines.index("decisions:\n")
    authors = [line for line in lines[begin:] if not EXPECTED.match(line)]
    copy.write_text("".join([*lines[:begin], *authors]), "utf-8")
    for case in cases_in(copy):
        with pytest.raises(AssertionError, match=f"{copy.name}:{case.line}"):
            assert_decision(case)

    monkeypatch.setenv("UPDATE_DECISIONS", "1")
    for number in range(len(cases_in(copy))):
        assert_decision(cases_in(copy)[number])

    assert copy.read_text("utf-8") == original.read_text("utf-8")
