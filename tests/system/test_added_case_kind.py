"""A kind of case is added by writing two entries of data, in case_kinds.yaml and in facts.yaml, and nothing else (but
for who may ask the service about it: api/http/access_table.py).

Kinds are made up at random, written into a copy of the tree, and used there in a process of its own: read, linked,
compiled, decided by both matchers and as SQL, tested, described as schemas, and named by the command line.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.paths import ROOT
from tests.support.policy_files import whole_set
from tests.support.steps import long_after

ROOMS = ("engine", "files", "receivables", "ledger", "api")

KINDS = 3


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A kind of case that nobody has written code for."""

    name: str
    groups: tuple[str, ...]
    reads: tuple[str, ...]
    ladder: tuple[str, ...]
    caution: str
    conditional: str | None

    def entry(self) -> str:
        """As it stands in case_kinds.yaml."""
        title = f"{{en: the {self.name}, zh: {self.name}}}"
        ladder = "".join(f"    {outcome}: {{en: {outcome}, zh: {outcome}}}\n" for outcome in self.ladder)
        return (
            f"{self.name}:\n  title: {title}\n  groups: [{', '.join(self.groups)}]\n"
            f"  reads: [{', '.join(self.reads)}]\n"
            f"  conditions: [{self.conditional or ''}]\n  caution: {self.caution}\n  ladder:\n{ladder}"
        )

    def facts(self) -> str:
        """As they stand in facts.yaml."""
        return (
            f"  {self.name}.id: {{type: text, required: true, title: {{en: No., zh: 号}}, example: A}}\n"
            f"  {self.name}.weight: {{type: integer, minimum: 0, maximum: 99, title: {{en: W, zh: 重}}, example: 1}}\n"
        )

    def policy(self) -> str:
        """One rule for each outcome, which fires from the weight 10 times the outcome's place on the ladder. What it
        reads of other kinds adds nothing."""
        others = "".join(f" + of_{kind}.zero" for kind in self.reads)
        rules = "".join(
            f"  at-{place}: {{when: 'w >= {10 * place}', then: {outcome}, reason: {{en: Heavy., zh: 重。}}"
            + (", conditions: {more: w}" if outcome == self.conditional else "")
            + "}\n"
            for place, outcome in enumerate(self.ladder)
            if place
        )
        head = f"policy: of_{self.name}\ntitle: {{en: P, zh: 策}}\ndecides: {self.name}\n"
        return f"{head}values:\n  zero: 0\n  w: {self.name}.weight{others}\nrules:\n{rules}"


def made_up(seed: int) -> list[MadeUp]:
    chance = random.Random(seed)
    kinds: list[MadeUp] = []
    groups = {name: kind.groups for name, kind in CASE_KINDS.items()}
    reads = {name: kind.reads for name, kind in CASE_KINDS.items()}
    for number in range(KINDS):
        name = f"kind_{'abc'[number]}"
        read = {kind for other in chance.sample(sorted(groups), number) for kind in (other, *reads[other])}
        carried = {group for kind in read for group in groups[kind]}
        ladder = tuple(f"{name}_{step}" for step in "pqrstu"[: chance.randint(2, 6)])
        conditional = chance.choice(ladder[1:]) if number else None
        groups[name], reads[name] = (name, *sorted(carried)), tuple(sorted(read))
        kinds.append(MadeUp(name, groups[name], reads[name], ladder, chance.choice(ladder[1:]), conditional))
    return kinds


PROGRAM = """
import json, sys
from datetime import date
from typer.testing import CliRunner
import jsonschema
import api
from api.cli.main import app
from engine.compiling.decided_names import decided_names
from engine.lowering.sql.sql_form import SqlForm
from engine.pipeline import load
from engine.reading.case_schemas import cases_schema
from engine.reading.file_schemas import policy_schema
from engine.reading.request_schemas import facts_schema
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.languages import OWN_LANGUAGES
from files.case_file import kind_of

asked = json.load(sys.stdin)
loaded = load({name: text.encode() for name, text in asked["files"].items()})
assert loaded.engine is not None, list(map(str, loaded.diagnostics))
engine, answers, day = loaded.engine, {}, date(2026, 7, 15)
names = decided_names(engine.policies.values())
for case in asked["kinds"]:
    def facts(weight):
        body = {}
        for fact in engine.vocabulary.of_case(case):
            if fact.required:
                body.setdefault(fact.group, {})[fact.name.partition(".")[2]] = fact.example
        return {**body, case: {**body[case], "weight": weight}}
    decisions = {str(weight): engine.decide(case, facts(weight), day, "x") for weight in (None, *range(0, 60, 10))}
    jsonschema.validate(facts(1), facts_schema(engine.vocabulary, case))
    answers[case] = {
        "outcomes": {weight: decision.outcome for weight, decision in decisions.items()},
        "conditions": {weight: sorted(decision.conditions) for weight, decision in decisions.items()},
        "subjects": {weight: decision.subject for weight, decision in decisions.items()},
        "kind": kind_of(facts(1)),
        "results": sorted(names[case].results),
        "sql": len(SqlForm(engine.ruleset(case, day)).text()),
    }
    jsonschema.Draft202012Validator(policy_schema(OWN_LANGUAGES)).validate(asked["policies"][case])
cases_schema(engine.vocabulary)
help_ = CliRunner().invoke(app, ["decide", "--help"], env={"COLUMNS": "300", "TERM": "dumb"}).stdout
json.dump({"kinds": answers, "help": help_, "where": api.__file__}, sys.stdout)
"""


@pytest.mark.parametrize("seed", long_after(1, range(2)))
def test_kinds_that_nobody_has_written_code_for_are_read_linked_compiled_and_decided(seed: int, tmp_path: Path) -> None:
    kinds = made_up(seed)
    answers = _answers(tmp_path, kinds)

    assert str(answers["where"]).startswith(str(tmp_path))
    for kind in kinds:
        answer = answers["kinds"][kind.name]
        expected = {str(10 * place): outcome for place, outcome in enumerate(kind.ladder)}
        expected |= {str(weight): kind.ladder[-1] for weight in range(10 * len(kind.ladder), 60, 10)}
        assert answer["outcomes"] == {"None": kind.caution, **expected}
        conditional = {weight for weight, outcome in expected.items() if outcome == kind.conditional}
        assert answer["conditions"] == {
            weight: ["more"] if weight in conditional else [] for weight in answer["outcomes"]
        }
        assert set(answer["subjects"].values()) == {"A"}
        assert answer["kind"] == kind.name
        assert answer["results"] == sorted(
            f"of_{name}.{value}"
            for name in (kind.name, *kind.reads)
            for value in (("zero", "w") if name.startswith("kind") else ("zero",))
        )
        assert answer["sql"] > 0
        assert kind.name in str(answers["help"])


def _answers(tree: Path, kinds: list[MadeUp]) -> Any:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__"))
    vocabulary = tree / "engine" / "vocabulary"
    for name, added in (("case_kinds", [k.entry() for k in kinds]), ("facts", [k.facts() for k in kinds])):
        path = vocabulary / f"{name}.yaml"
        path.write_text(path.read_text("utf-8").removesuffix("...\n") + "\n" + "".join(added), "utf-8")
    policies = {kind.name: kind.policy() for kind in kinds} | {
        name: f"policy: of_{name}\ntitle: {{en: P, zh: 策}}\ndecides: {name}\nvalues:\n  zero: 0\n"
        for name in CASE_KINDS
    }
    files = {name: text.decode() for name, text in whole_set(policies).items()}
    request = {
        "kinds": [kind.name for kind in kinds],
        "files": files,
        "policies": {name: yaml.safe_load(text) for name, text in policies.items()},
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(request),
        env=environment | {"PYTHONPATH": str(tree)},
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
