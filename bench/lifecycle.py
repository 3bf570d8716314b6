"""What it costs to compare, simulate and prove a change of the default policies, in seconds of the processor.

    python -m bench.lifecycle [--proofs]

`--proofs` settles every invariant that ships too, one after the other in this process, which takes minutes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from time import process_time
from typing import TypeVar

from engine.pipeline import Engine, load
from engine.proofs.category import categorized
from engine.proofs.compare import compare
from engine.proofs.nearest_change import nearest
from engine.proofs.prove import provable, prove
from engine.proving.smt.encode import encode
from engine.proving.smt.free_facts import free_facts
from engine.proving.smt.terms import Terms
from ledger.policies.rules_folder import read_folder
from receivables.simulation.simulate import SimulatedCase, simulate

ROOT = Path(__file__).parent.parent
DAY = date(2026, 7, 15)
ORDERS = 2_000
BUDGETS = {
    "words of a change": 0.020,
    "the order rule set as terms": 1.0,
    f"flips of {ORDERS:,} orders": 1.0,
    "nearest, all levers": 0.5,
    "nearest, two levers": 0.5,
    "all shipped invariants, two processes": 120.0,
    "one invariant, p95": 15.0,
}
"""In seconds of the processor; two processes of 60 s have 120."""

Result = TypeVar("Result")


def main() -> None:
    before, after = _engine(), _engine("value: 0.05", "value: 0.10")
    body = json.loads((ROOT / "docs" / "order.json").read_text(encoding="utf-8"))
    facts = {group: body[group] for group in ("order", "account")}
    for engine in (before, after):
        engine.warm(DAY)
    print(f"{'what':<42} {'seconds':>9} {'budget':>8}")
    _timed("words of a change", lambda: compare(before, after), times=5)
    _timed("the order rule set as terms", lambda: _encoded(before))
    cases = list(_orders(facts))
    simulate(before, after, cases[:10])
    _timed(f"flips of {ORDERS:,} orders", lambda: simulate(before, after, cases))
    _timed("nearest, all levers", lambda: nearest(before, "order", facts, DAY, "bench"), times=3)
    _timed("nearest, two levers", lambda: nearest(before, "order", facts, DAY, "bench", ("payment", "limit")), times=3)
    _timed("category of orders, proved", lambda: categorized(before, after, "order", DAY))
    if "--proofs" in sys.argv:
        _proofs(before)


def _engine(old: str = "", new: str = "") -> Engine:
    files = dict(read_folder(ROOT / "rules", "rules").policies)
    orders = files["rules/orders.yaml"]
    files["rules/orders.yaml"] = orders.replace(old.encode(), new.encode(), 1) if old else orders
    engine = load(files).engine
    if engine is None:
        raise SystemExit("the policies have mistakes")
    return engine


def _encoded(engine: Engine) -> object:
    ruleset, terms = engine.ruleset_to_prove("order", DAY), Terms()
    return encode(ruleset, terms, free_facts(terms, ruleset, "").values)


def _orders(facts: dict[str, dict[str, object]]) -> Iterator[SimulatedCase]:
    for number in range(ORDERS):
        order = {**facts["order"], "id": f"SO-{number}", "amount": f"{5_000 + number * 11}.00"}
        yield SimulatedCase(case="order", as_of=DAY, body={"order": order, "account": facts["account"]})


def _proofs(engine: Engine) -> None:
    seconds = []
    for name, day in provable(engine, DAY):
        started = process_time()
        verdict = prove(engine, name, day, DAY).verdict
        seconds.append(process_time() - started)
        print(f"  {name:<40} {seconds[-1]:>9.2f} {verdict:>10}")
    ordered = sorted(seconds)
    _print("one invariant, p95", ordered[int(len(ordered) * 0.95) - 1])
    _print("all shipped invariants, two processes", sum(seconds))


def _timed(what: str, work: Callable[[], Result], times: int = 1) -> None:
    """The best of several runs."""
    best = float("inf")
    for _ in range(times):
        started = process_time()
        work()
        best = min(best, process_time() - started)
    _print(what, best)


def _print(what: str, seconds: float) -> None:
    budget = BUDGETS.get(what)
    print(f"{what:<42} {seconds:>9.3f} {budget if budget is not None else '–':>8}")


if __name__ == "__main__":
    main()
