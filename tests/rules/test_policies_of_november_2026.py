"""The default policies of November 2026, kept as test data, decide what they decided then.

`decided.ndjson` has one made-up case a line, on or beside a threshold, with what was decided. A line changes only where
the engine is changed on purpose; `python -m tests.rules.test_policies_of_november_2026` decides the same cases anew and
writes the file, so that the change can be read in its difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from api.cli.tests_and_maps import read_suites
from engine.pipeline import Engine, load
from engine.testing.run_cases import run_cases
from engine.vocabulary.binding import FactsRefused, json_value
from engine.vocabulary.days import EPOCH
from ledger.policies.rules_folder import read_folder
from tests.support.paths import NOVEMBER_2026
from tests.support.random_rulesets import facts_near_thresholds

SET = NOVEMBER_2026
DECIDED = SET / "decided.ndjson"
IN_FORCE = date(2026, 11, 26)
OF_EACH_KIND = 60
KINDS_OF_THEN = ("order", "invoice", "account", "portfolio")
"""Kinds of case that came later have no policy in this set."""


def _engine() -> Engine:
    loaded = load(read_folder(SET, "rules").policies)
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def test_its_own_cases_pass() -> None:
    engine = _engine()
    suites, diagnostics = read_suites(read_folder(SET, "rules"), engine.vocabulary, engine)
    run = run_cases(suites, engine)

    assert not diagnostics
    assert {result.case.name: list(map(str, result.differences)) for result in run.failed} == {}
    assert len(run.results) >= 150


def test_it_decides_what_it_decided() -> None:
    engine = _engine()
    lines = [json.loads(line) for line in DECIDED.read_text(encoding="utf-8").splitlines()]

    assert len(lines) == OF_EACH_KIND * len(KINDS_OF_THEN)
    assert {line["case"] for line in lines} == set(KINDS_OF_THEN)
    for line in lines:
        assert _decided(engine, line["case"], line["as_of"], line["facts"]) == line["decided"], line["facts"]


def _decided(engine: Engine, case: str, as_of: str, facts: Any) -> dict[str, object]:
    try:
        decision = engine.decide(case, facts, date.fromisoformat(as_of), "id")
    except FactsRefused as refused:
        return {"refused": [str(fault) for fault in refused.faults]}
    said = decision.as_json()
    rules = [[reason.rule, reason.outcome, bool(reason.missing)] for reason in decision.reasons]
    ignored = [item.id for item in decision.undetermined if item.ignored]
    found = {key: said[key] for key in ("outcome", "conditions", "results")} | {"reasons": rules, "ignored": ignored}
    return dict(json.loads(json.dumps(found)))


def _made_cases(engine: Engine) -> Iterator[tuple[str, str, dict[str, dict[str, object]]]]:
    for case in KINDS_OF_THEN:
        ruleset = engine.ruleset(case, IN_FORCE)
        for values, day in facts_near_thresholds(ruleset, 2026, OF_EACH_KIND):
            facts: dict[str, dict[str, object]] = {}
            for fact, value in zip(ruleset.facts, values, strict=True):
                if isinstance(value, str) and fact.type.kind.is_text:
                    value = "u.becker" if len(value) % 2 else "u.hoffmann"  # what is made up may be refused as a fact
                if value is not None:
                    facts.setdefault(fact.group, {})[fact.name.partition(".")[2]] = json_value(value, fact.type)
            yield case, (EPOCH + timedelta(day)).isoformat(), facts


def _write() -> None:
    """Decides the cases of the file anew; where there is no file, cases that are made."""
    engine = _engine()
    known = [json.loads(line) for line in DECIDED.read_text(encoding="utf-8").splitlines()] if DECIDED.exists() else []
    cases = [(line["case"], line["as_of"], line["facts"]) for line in known] or list(_made_cases(engine))
    lines = [
        {"case": case, "as_of": as_of, "facts": facts, "decided": _decided(engine, case, as_of, facts)}
        for case, as_of, facts in cases
    ]
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    DECIDED.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write()
