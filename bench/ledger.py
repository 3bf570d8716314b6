"""Orders of the credit ledger beside the stateless endpoint of the same service: `python -m bench.ledger`.

Each order is decided by what the ledger knows of its account and reserves its credit; the stateless request brings the
same facts along. Both journal what they decide, and run in turn on one machine, driven by 32 connections (wrk): over a
thousand accounts, over four that are hot, and over one with a hundred thousand open items; with one worker on SQLite,
and with one and two on PostgreSQL. The facts of that large account are asked for by themselves, one after the other.
Then a file of invoices is imported, once and again, and the ledger verified, by the clock and by the processor; behind
each stands what a million rows, or ten million items, would take at that rate.

Rates scatter with whatever else the machine does; ratios are taken within each repeat, and processor time for an answer
scatters least. The load is printed with them. BENCH_REPEATS, BENCH_SECONDS, BENCH_ITEMS and BENCH_INVOICES say how much
is measured; BENCH_INVOICES=1000000 and BENCH_ITEMS=10000000 measure what is extrapolated otherwise.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench import http
from bench.http import CONNECTIONS, Run

ACCOUNTS = 1_000
HOT = 4
ITEMS_OF_LARGE = int(os.environ.get("BENCH_ITEMS", "100000"))
INVOICES = int(os.environ.get("BENCH_INVOICES", "100000"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "5"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))

_ORDERS = """
local made = 0
local thread_number = tostring({{}}):gsub("%W", "")
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request()
  made = made + 1
  local account = {account}
  local body = '{{"account":"' .. account .. '","order":{{"id":"' .. thread_number .. '-{run}-' .. made ..
    '","amount":"1.00","payment_days":30}}}}'
  return wrk.format(nil, "/v1/orders", nil, body)
end
"""
_SPREAD = '"C-" .. (made % {count})'


MILLION = 1_000_000
ASKED = 100
"""Times that the facts of the large account are asked for."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What something that was done once took, in seconds; and what it would take in full."""

    clock: float
    processor: float
    rows: int
    in_full: int
    """Rows of the size that is asked about."""


@dataclass(slots=True)
class Case:
    """What is driven."""

    name: str
    port: int
    process: int
    account: str | None
    """Of the script; None: the stateless endpoint."""

    runs: list[Run] = field(default_factory=list)


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Kinds and files of the ledger, in the order in which they are imported."""
    today = date.today()  # noqa: DTZ011  # the service's own clock says the same
    profile = "2020-01-01,standard,u.lindner,false,false,false,0,20000.00"
    numbers = [*(f"C-{n}" for n in range(ACCOUNTS)), "LARGE", "OTHER"]
    heading = "account,customer_since,customer_class,sales_person,insolvent,litigation,abnormal_operation,"
    heading += "broken_promises,expected_monthly_sales"
    yield "accounts", _written(folder / "accounts.csv", heading, (f"{each},{profile}" for each in numbers))
    days = [(today - timedelta(days=45 + 30 * n), today - timedelta(days=15 + 30 * n)) for n in range(11)]
    paid = (
        f"H-{each}-{n},{each},5000.00,{issued},{due},{due}" for each in numbers for n, (issued, due) in enumerate(days)
    )
    yield "invoices", _written(folder / "paid.csv", "invoice,account,amount,issued_on,due_on,settled_on", paid)
    due = [today + timedelta(days=1 + n) for n in range(60)]
    open_now = [f"I-{each}-{n},{each},100.00,{today},{due[n % 60]}" for each in numbers for n in range(3)]
    open_now += [f"L-{n},LARGE,10.00,{today},{due[n % 60]}" for n in range(ITEMS_OF_LARGE)]
    yield "invoices", _written(folder / "open.csv", "invoice,account,amount,issued_on,due_on", open_now)
    yield "limits", _written(folder / "limits.csv", "account,amount", (f"{each},100000000.00" for each in numbers))


def _written(path: Path, heading: str, lines: Any) -> Path:
    path.write_text("\n".join([heading, *lines]) + "\n", encoding="utf-8")
    return path


def imported(port: int, kind: str, path: Path) -> float:
    """Seconds until the import was done."""
    started = time.perf_counter()
    run = _asked(port, f"/v1/import/{kind}", path.read_bytes(), "text/csv")
    while run["state"] == "running":
        time.sleep(0.2)
        run = _asked(port, f"/v1/imports/{run['id']}")
    if run["rejected"] or run["state"] != "done":
        raise SystemExit(f"not all of {path.name} was taken: {run}")
    return time.perf_counter() - started


def _asked(port: int, path: str, body: bytes | None = None, media_type: str = "application/json") -> Any:
    headers: Mapping[str, str] = {"Content-Type": media_type}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    with urllib.request.urlopen(request, timeout=600) as answer:
        lines = answer.read().splitlines()
    return json.loads(lines[-1])


def _service(servers: ExitStack, journal: str, workers: int) -> tuple[int, int]:
    return http._workers(servers, journal, workers)  # the same service, driven in the same way


def _stateless_body(port: int) -> str:
    """The facts of an order of `C-0`, as the ledger made them, as a request that brings them along."""
    body = b'{"account": "C-0", "order": {"id": "PROBE", "amount": "1.00", "payment_days": 30}}'
    decision = _asked(port, "/v1/orders", body)["decision"]
    record = _asked(port, f"/v1/journal/{decision['id']}")
    request = record["request"]
    return request if isinstance(request, str) else json.dumps(request, ensure_ascii=False)


def measure() -> tuple[list[Case], dict[str, Taken]]:
    """The cases with their runs, and what imports and checks took."""
    from tests.support import postgresql

    with tempfile.TemporaryDirectory() as home, ExitStack() as servers:
        folder = Path(home)
        socket = servers.enter_context(postgresql.server())
        databases = [servers.enter_context(postgresql.new_database(socket)) for _ in range(2)]
        file = _service(servers, str(folder / "ledger.db"), 1)
        one, two = (_service(servers, each.uri, workers) for each, workers in zip(databases, (1, 2), strict=True))
        for kind, path in files(folder):
            for port, _ in (file, one, two):
                imported(port, kind, path)
        spread, hot = _SPREAD.format(count=ACCOUNTS), _SPREAD.format(count=HOT)
        cases = [
            Case("stateless, SQLite, 1 worker", *file, None),
            Case(f"order, SQLite, 1 worker, {ACCOUNTS:,} accounts", *file, spread),
            Case(f"order, SQLite, 1 worker, {HOT} hot accounts", *file, hot),
            Case(f"order, SQLite, an account with {ITEMS_OF_LARGE:,} open items", *file, '"LARGE"'),
            Case(f"order, PostgreSQL, 1 worker, {ACCOUNTS:,} accounts", *one, spread),
            Case(f"order, PostgreSQL, 2 workers, {ACCOUNTS:,} accounts", *two, spread),
        ]
        body = _stateless_body(file[0])
        for repeat in range(REPEATS + 1):  # the first one warms up
            for number, case in enumerate(cases):
                script = folder / "drive.lua"
                script.write_text(_script(case, body, f"{repeat}-{number}"), encoding="utf-8")
                before, for_seconds = _processor_seconds(case.process), SECONDS if repeat else 1
                run = http._drive(case.port, case.process, script, for_seconds)
                taken = _processor_seconds(case.process) - before
                if repeat:  # of all its processes: a supervisor has workers
                    case.runs.append(replace(run, processor=taken / (run.rate * for_seconds) * 1e6))
        return cases, _facts_measured(*file) | _files_measured(*file, folder)


def _processor_seconds(process: int) -> float:
    """What a process and those that it started have taken so far; PostgreSQL's own are not among them."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    return http._processor_seconds(process) + sum(map(_processor_seconds, map(int, children)))


def _script(case: Case, body: str, run: str) -> str:
    if case.account is None:
        return http._LUA.replace("{body}", body).replace("{key}", "")
    return _ORDERS.format(account=case.account, run=run)


def _taken(process: int, rows: int, in_full: int, work: Callable[[], object]) -> Taken:
    before, started = _processor_seconds(process), time.perf_counter()
    work()
    return Taken(time.perf_counter() - started, _processor_seconds(process) - before, rows, in_full)


def _facts_measured(port: int, process: int) -> dict[str, Taken]:
    """Of two accounts, one after the other, each time over a connection of its own."""
    found = {}
    for account, items in (("C-1", 3), ("LARGE", ITEMS_OF_LARGE)):

        def ask(account: str = account) -> None:
            for _ in range(ASKED):
                _asked(port, f"/v1/accounts/{account}/facts")

        found[f"facts of an account with {items:,} open items"] = _taken(process, ASKED, 1, ask)
    return found


def _files_measured(port: int, process: int, folder: Path) -> dict[str, Taken]:
    today = date.today()  # noqa: DTZ011
    many = (f"M-{n},C-{n % ACCOUNTS},10.00,{today},{today + timedelta(days=n % 60)}" for n in range(INVOICES))
    path = _written(folder / "many.csv", "invoice,account,amount,issued_on,due_on", many)
    names = (f"import of {INVOICES:,} invoices", "the same again")
    found = {name: _taken(process, INVOICES, MILLION, lambda: imported(port, "invoices", path)) for name in names}
    verified: dict[str, Any] = {}

    def verify() -> None:
        verified.update(_asked(port, "/v1/ledger/verify")["verified"])

    taken = _taken(process, 1, 10 * MILLION, verify)
    if verified["differences"]:
        raise SystemExit(f"the ledger doesn't add up: {verified}")
    items = verified["items"]
    return found | {f"verify of {items:,} items": replace(taken, rows=items)}


def table(cases: list[Case], taken: Mapping[str, Taken]) -> str:
    """As Markdown: rates, latencies and processor time, with ratios to the first case taken repeat by repeat."""
    head = f"| {CONNECTIONS} connections, median of {REPEATS} runs of {SECONDS} s | answers/s | p50 ms | p99 ms | "
    lines = [head + "processor µs | ratio of rates | of processor |", "|---|---:|---:|---:|---:|---:|---:|"]
    for case in cases:
        figures = [median(getattr(run, name) for run in case.runs) for name in ("rate", "p50", "p99", "processor")]
        pairs = list(zip(case.runs, cases[0].runs, strict=True))
        by_rate = median(run.rate / base.rate for run, base in pairs)
        by_processor = median(base.processor / run.processor for run, base in pairs)
        rate, p50, p99, processor = figures
        ratios = f"{processor:.0f} | {by_rate:.2f} | {by_processor:.2f}"
        lines.append(f"| {case.name} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {ratios} |")
    lines += ["", "| once | seconds | of processor | µs of processor a row | in full | seconds | of processor |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    for name, each in taken.items():
        times = each.in_full / each.rows
        full = f"{each.in_full:,} | {each.clock * times:,.3g} | {each.processor * times:,.3g}"
        row = each.processor / each.rows * 1e6
        lines.append(f"| {name} | {each.clock:.2f} | {each.processor:.2f} | {row:.1f} | {full} |")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    lines += ["", f"load of the machine over 1, 5 and 15 minutes: {load}, on {os.cpu_count()} processors"]
    return "\n".join(lines)


if __name__ == "__main__":
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: sudo apt-get install wrk")
    print(table(*measure()))
