"""Matching alone: our two forms beside raw durable_rules and zen-engine, on the same rules and facts, in one run.

`python -m bench.matching` prints Markdown tables; `--decisions 0` leaves out the long run that watches memory. Medians
of several repeats; what is compared is checked first to name the same rules.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import zen

from bench.matching_rules import FACTS, Row, case_values, decision_table, rows, ruleset
from engine.deciding.matcher import Matcher
from engine.lowering.rete.rete_network import durable_rules
from engine.vocabulary.binding import Value

CASES = 2_000
REPEATS = 7
SIZES = (10, 40, 100, 400, 1_000)

Case = tuple[tuple[Value, ...], int]
"""The values of the facts, and the day count of `as_of`."""

Match = Callable[[Any], Sequence[int]]
"""Takes a case in the contestant's own form and gives the numbers of the rules that fire."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--decisions", type=int, default=1_000_000)
    arguments.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="rules in each set")
    options = arguments.parse_args()
    decisions = options.decisions
    peers()
    sizes(options.sizes)
    if decisions:
        memory(decisions)


def peers() -> None:
    """Prints our matchers beside their peers, on the same 40 rules and cases."""
    chosen = rows(40, seed=1)
    values = case_values(CASES, seed=2)
    matcher = Matcher(ruleset(chosen))
    cases: list[Case] = [(tuple(case.values()), 20_454) for case in values]
    asserted = [matcher.python.match(*case).asserted for case in cases]
    raw, bodies = _raw_durable_rules(chosen, values)
    contestants: list[tuple[str, Match, Sequence[Any]]] = [
        ("generated Python", lambda case: matcher.python.match(*case).fired, cases),
        ("Rete networks alone", matcher.rete.match, asserted),
        ("**both, compared**", lambda case: matcher.match(*case).fired, cases),
        ("raw durable_rules, one network", raw, bodies),
        ("zen-engine 2.1.3, collect table", _zen(chosen), values),
    ]
    named = {label: [sorted(match(case)) for case in inputs] for label, match, inputs in contestants}
    reference = named["generated Python"]
    assert all(rules == reference for rules in named.values()), "the contestants name different rules"
    fired = statistics.mean(map(len, reference))
    print(
        f"40 rules over {len(FACTS)} facts, {fired:.1f} firing, one core, median of {REPEATS} × {CASES:,} decisions\n"
    )
    print("| matcher | µs a decision | decisions/s | both are × as fast |\n|---|---:|---:|---:|")
    costs = _medians(contestants)
    for label, cost in costs.items():
        print(f"| {label} | {cost:.2f} | {1e6 / cost:,.0f} | {cost / costs['**both, compared**']:.2f} |")


def sizes(of_sets: Sequence[int]) -> None:
    """Prints what a decision costs by the number of rules."""
    print("\n| rules | networks | firing | Python µs | both µs | both, µs a rule | load ms |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    cases: list[Case] = [(tuple(case.values()), 20_454) for case in case_values(CASES // 4, seed=3)]
    for size in of_sets:
        _size(size, cases)


def _size(size: int, cases: Sequence[Case]) -> None:
    start = time.perf_counter()
    matcher = Matcher(ruleset(rows(size, seed=size)))
    load = (time.perf_counter() - start) * 1e3
    python, both = _medians(
        [
            ("Python", lambda case: matcher.python.match(*case).fired, cases),
            ("both", lambda case: matcher.match(*case).fired, cases),
        ]
    ).values()
    fired = statistics.mean(len(matcher.python.match(*case).fired) for case in cases)
    networks = len(matcher.python.groups)
    print(f"| {size:,} | {networks} | {fired:.1f} | {python:.1f} | {both:.1f} | {both / size:.3f} | {load:.0f} |")
    matcher.close()


def memory(decisions: int) -> None:
    """Resident memory at each 100,000 decisions; flat, or the extension is used in a way that leaks."""
    matcher = Matcher(ruleset(rows(100, seed=100)))
    cases: list[Case] = [(tuple(case.values()), 20_454) for case in case_values(CASES, seed=4)]
    print("\n| decisions | resident KiB | disagreements |\n|---:|---:|---:|")
    disagreements = 0
    for number in range(decisions + 1):
        if number % 100_000 == 0:
            gc.collect()
            print(f"| {number:,} | {_resident_kib():,} | {disagreements} |", flush=True)
        disagreements += matcher.match(*cases[number % CASES]).disagreement is not None


def _medians(contestants: Sequence[tuple[str, Match, Sequence[Any]]]) -> dict[str, float]:
    """µs a call. The repeats take turns, so that a busy moment of the machine hits all alike."""
    seconds: dict[str, list[float]] = {label: [] for label, _, _ in contestants}
    for _ in range(REPEATS):
        for label, match, inputs in contestants:
            start = time.perf_counter()
            for case in inputs:
                match(case)
            seconds[label].append((time.perf_counter() - start) / len(inputs))
    return {label: statistics.median(of_label) * 1e6 for label, of_label in seconds.items()}


def _raw_durable_rules(chosen: Sequence[Row], values: Sequence[dict[str, Value]]) -> tuple[Match, list[str]]:
    """The plainest use of the extension: words as words, one network, facts already JSON."""
    operators = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}
    definitions = {}
    for index, row in enumerate(chosen):
        tests: list[object] = [{"kind": "order"}]
        for name, operator, literal in row:
            tests.append({name: literal} if operator == "=" else {operators[operator]: {name: literal}})
        definitions[f"{index:04d}"] = {"all": [{"m": {"$and": tests}}], "pri": index + 1}
    handle = durable_rules.create_ruleset("raw", json.dumps(definitions))

    def match(body: str) -> list[int]:
        code, state = durable_rules.assert_fact(handle, body)
        fired = []
        if code == 0:
            action = durable_rules.start_action_for_state(handle, state)
            message = action[1] if action else None
            while message is not None:
                fired.append(int(message[2:6]))
                message = durable_rules.complete_and_start_action(handle, state)
        durable_rules.retract_fact(handle, body)
        return fired

    return match, [json.dumps({"sid": "1", "id": 1, "kind": "order", **case}) for case in values]


def _zen(chosen: Sequence[Row]) -> Match:
    """Through the static loader, which compiles once; `create_decision` compiles anew at each evaluation."""
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"rules": decision_table(chosen)}}})

    def match(case: dict[str, Value]) -> list[int]:
        return [row["rule"] for row in engine.evaluate("rules", case)["result"]]

    return match


def _resident_kib() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


if __name__ == "__main__":
    main()
