"""One order decided under the default policies: facts in as a mapping, a decision with its reasons out.

`python -m bench.decide` prints a Markdown table. Orders come from rules/cases/orders.yaml: some approved, some held for
three reasons and more. Medians of processor time; the shares are measured by calling each part alone.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.loading import RULES, default_set
from engine.deciding.decision import Decision
from engine.deciding.evaluator import Evaluator
from engine.pipeline import Engine, load
from engine.reading import document
from engine.reading.cases import read_cases
from engine.reading.policy_test import Case
from engine.vocabulary.days import EPOCH

CASES_FILE = RULES / "cases" / "orders.yaml"
ORDERS_OF_EACH = 4
"""Orders of each kind that are measured."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=7)
    arguments.add_argument("--decisions", type=int, default=1_000)
    options = arguments.parse_args()
    engine = load(default_set()).engine
    assert engine is not None
    cases = orders(CASES_FILE, engine)
    engine.warm(cases[0].as_of)
    gc.collect()
    gc.freeze()  # as the service does after loading: policies live for ever and needn't be looked through again
    ruleset = engine.ruleset("order", cases[0].as_of)
    print(f"default order policies: {len(ruleset.rules)} rules, {len(ruleset.steps)} steps, {len(ruleset.facts)} facts")
    print(f"one core, median of {options.repeats} × {options.decisions:,} decisions\n")
    print("| orders | facts given | reasons | decisions/s | whole µs | bind | Python match | Rete match | rest |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    kinds: dict[str, Callable[[Decision], bool]] = {
        "approved": lambda decision: decision.outcome == "approve" and not decision.undetermined,
        "held, 3–5 reasons": lambda decision: decision.outcome == "hold" and 3 <= len(decision.reasons) <= 5,
    }
    for label, belongs in kinds.items():
        chosen = [case for case in cases if belongs(decided(engine, case))][:ORDERS_OF_EACH]
        _row(label, engine, chosen, options.repeats, max(1, options.decisions // len(chosen)))


def orders(path: Path, engine: Engine) -> Sequence[Case]:
    """The cases of a test file, which may be other cases than orders too."""
    read, mistakes = document.read(path.read_bytes(), path.name)
    assert read is not None, mistakes
    suite, mistakes = read_cases(read, engine.vocabulary)
    assert suite is not None, mistakes
    return suite.cases


def decided(engine: Engine, case: Case) -> Decision:
    """The decision on an order, by the engine's public call."""
    return engine.decide("order", case.facts, case.as_of, "bench")


def _row(label: str, engine: Engine, cases: Sequence[Case], repeats: int, rounds: int) -> None:
    """Prints a line of the table: medians over the repeats of means over the cases."""
    parts: list[list[float]] = []
    for _ in range(repeats):
        by_case = [_parts(engine, case, rounds) for case in cases]
        parts.append([statistics.mean(column) for column in zip(*by_case, strict=True)])
    whole, bind, python, rete = (statistics.median(column) * 1e6 for column in zip(*parts, strict=True))
    given = statistics.mean(len(group) for case in cases for group in [_flat(case)])
    reasons = statistics.mean(len(decided(engine, case).reasons) for case in cases)
    rest = whole - bind - python - rete
    shares = " | ".join(f"{part:.1f}" for part in (whole, bind, python, rete, rest))
    print(f"| {label} | {given:.0f} | {reasons:.1f} | {1e6 / whole:,.0f} | {shares} |")


def _flat(case: Case) -> list[str]:
    return [name for members in case.facts.values() for name in members]


def _parts(engine: Engine, case: Case, rounds: int) -> list[float]:
    """Seconds for the whole of a decision, binding, the Python form and the Rete form."""
    evaluator: Evaluator = engine._evaluator("order", case.as_of)
    matcher = evaluator._matcher
    as_of = (case.as_of - EPOCH).days
    values = evaluator.binder.bind(case.facts)
    matched = matcher.python.match(values, as_of)
    return [
        _seconds(lambda: engine.decide("order", case.facts, case.as_of, "bench"), rounds),
        _seconds(lambda: evaluator.binder.bind(case.facts), rounds),
        _seconds(lambda: matcher.python.match(values, as_of), rounds),
        _seconds(lambda: matcher.rete.match(matched.asserted), rounds),
    ]


def _seconds(call: Callable[[], object], rounds: int) -> float:
    """Seconds of processor time that a call takes, the mean of so many rounds."""
    start = time.process_time()
    for _ in range(rounds):
        call()
    return (time.process_time() - start) / rounds


if __name__ == "__main__":
    main()
