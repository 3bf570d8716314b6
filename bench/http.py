"""Decisions over HTTP beside a plain FastAPI endpoint that only validates the same body: `python -m bench.http`.

Both servers run on loopback, one uvicorn worker each with uvloop and httptools, and are driven in turn by 32
connections (wrk, from Debian's package of that name). The decision service journals each decision to disk before it
answers. Figures are medians over the repeats; the ratio is taken within each repeat, so that a busy machine slows both.
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
wrk.body = [==[{body}]==]
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk. `rate`: answers a second. `p50`, `p99`: percentiles of the latency, in milliseconds."""

    rate: float
    p50: float
    p99: float


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
def _server(command: list[str], port: int, **environment: str) -> Iterator[None]:
    known = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    process = subprocess.Popen([sys.executable, *command], env=known, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/readyz")
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str) -> None:
    for _ in range(600):
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


def _drive(port: int, script: Path, seconds: int) -> Run:
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    output = subprocess.run(
        [*wrk, f"http://127.0.0.1:{port}{ORDER}"], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in output:
        raise SystemExit(f"not every request was answered:\n{output}")
    latency = {share: float(n) * _UNITS[unit] for share, n, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", output)}
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert rate is not None
    return Run(float(rate[1]), latency["50"], latency["99"])


def measure() -> tuple[list[Run], list[Run]]:
    """Runs of the null endpoint and of the decision service, in turn."""
    body = json.dumps(example_body(), ensure_ascii=False)
    with tempfile.TemporaryDirectory() as home, ExitStack() as servers:
        script = Path(home) / "post.lua"
        script.write_text(_LUA.replace("{body}", body), encoding="utf-8")
        null_port, port = _free_port(), _free_port()
        null = ["-m", "uvicorn", "bench.http:null_app", "--factory", "--port", str(null_port), "--no-access-log"]
        null += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning"]
        servers.enter_context(_server(null, null_port, BENCH_BODY=body))
        journal = str(Path(home) / "credence.db")
        servers.enter_context(
            _server(
                ["-m", "api.http"],
                port,
                CREDENCE_PORT=str(port),
                CREDENCE_JOURNAL=journal,
                CREDENCE_RULES="rules",
            )
        )
        for each in (null_port, port):
            _drive(each, script, 1)
        pairs = [(_drive(null_port, script, SECONDS), _drive(port, script, SECONDS)) for _ in range(REPEATS)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def table(null: list[Run], decisions: list[Run]) -> str:
    """The runs as a Markdown table, with the ratio of the rates taken run by run."""

    def row(name: str, runs: list[Run]) -> str:
        rate, p50, p99 = (median(getattr(run, figure) for run in runs) for figure in ("rate", "p50", "p99"))
        return f"| {name} | {rate:,.0f} | {p50:.1f} | {p99:.1f} |"

    ratios = [ours.rate / theirs.rate for theirs, ours in zip(null, decisions, strict=True)]
    return "\n".join(
        (
            f"| {CONNECTIONS} connections, median of {REPEATS} runs of {SECONDS} s | answers/s | p50 ms | p99 ms |",
            "|---|---:|---:|---:|",
            row("plain FastAPI, validates the body only", null),
            row("credence, order decided and journaled", decisions),
            "",
            f"Ratio {median(ratios):.2f} (lowest {min(ratios):.2f}, highest {max(ratios):.2f}).",
        )
    )


if __name__ == "__main__":
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: sudo apt-get install wrk")
    print(table(*measure()))
