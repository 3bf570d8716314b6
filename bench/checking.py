"""Decisions over HTTP while policies are being checked: `python -m bench.checking` prints a Markdown table.

One connection asks for a decision every few milliseconds, as order entry does; another sends policies to be checked,
one after the other without a pause: the default set, then a set that is too large and takes the whole ten seconds. Each
repeat starts with an idle stretch, and the ratios are taken within the repeat, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import http.client
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median, quantiles

from bench.http import ORDER, _free_port, _server, example_body

PAUSE_SECONDS = 0.005
CHECK = "/v1/policies/check"
HEADERS = {"Content-Type": "application/json"}

Load = dict[str, dict[str, str]]
"""The body of a request to check policies."""

Latencies = tuple[float, float, float]
"""p50, p99 and the worst, in milliseconds."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=12)
    options = arguments.parse_args()
    loads: dict[str, Load | None] = {
        "idle": None,
        "checks of the default set": {"files": {}},
        "checks of a set too large": _too_large(),
    }
    runs: dict[str, list[Latencies]] = {name: [] for name in loads}
    with tempfile.TemporaryDirectory() as home:
        port, journal = _free_port(), str(Path(home) / "credence.db")
        environment = {"CREDENCE_PORT": str(port), "CREDENCE_JOURNAL": journal, "CREDENCE_RULES": "rules"}
        environment["CREDENCE_INSECURE_LOCAL"] = "1"
        with _server(["-m", "api.http"], port, **environment):
            _decide(port, 1)
            for _ in range(options.repeats):
                for name, load in loads.items():
                    with _checking(port, load):
                        runs[name].append(_decide(port, options.seconds))
    print(
        f"medians of {options.repeats} repeats of {options.seconds:g} s; a decision every {PAUSE_SECONDS * 1e3:g} ms\n"
    )
    print("| meanwhile | p50 ms | p99 ms | worst ms | p50, times idle | p99, times idle |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, latencies in runs.items():
        p50, p99, worst = (median(values) for values in zip(*latencies, strict=True))
        ratios = [
            median(run[part] / idle[part] for run, idle in zip(latencies, runs["idle"], strict=True)) for part in (0, 1)
        ]
        print(f"| {name} | {p50:.2f} | {p99:.2f} | {worst:.1f} | {ratios[0]:.2f} | {ratios[1]:.2f} |")


def _decide(port: int, seconds: float) -> Latencies:
    """Asks for decisions for so many seconds."""
    body, taken = json.dumps(example_body()), []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    end = time.monotonic() + seconds
    while (start := time.perf_counter()) and time.monotonic() < end:
        connection.request("POST", ORDER, body, HEADERS)
        answer = connection.getresponse()
        answer.read()
        taken.append((time.perf_counter() - start) * 1e3)
        assert answer.status == 201, answer.status
        time.sleep(PAUSE_SECONDS)
    connection.close()
    percentiles = quantiles(taken, n=100)
    return median(taken), percentiles[98], max(taken)


@contextmanager
def _checking(port: int, load: Load | None) -> Iterator[None]:
    """Sends policies to be checked while the block runs, from a second before it on; nothing without a load."""
    if load is None:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_check, args=(port, load, stop))
    thread.start()
    time.sleep(1)
    yield
    stop.set()
    thread.join()


def _check(port: int, load: Load, stop: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while not stop.is_set():
        connection.request("POST", CHECK, json.dumps(load), HEADERS)
        answer = connection.getresponse()
        content = json.loads(answer.read())
        assert answer.status == 200 and content["ok"] is not bool(load["files"]), content
        assert not load["files"] or content["diagnostics"][0]["code"] == "Y098", content
    connection.close()


def _too_large() -> Load:
    """Beside the default set: rules that are other ones from each date on, just below what is refused at once."""
    first = date(2020, 1, 1)
    values = ", ".join(f"{first + timedelta(days=n)}: {n}" for n in range(390))
    text = "{en: '{order.amount} {share}', zh: 甲}"
    rules = "".join(
        f"  r{n}: {{when: '{' and '.join(f'order.amount > share * {k + n + 1}' for k in range(30))}', then: hold, "
        f"reason: {text}}}\n"
        for n in range(50)
    )
    head = "policy: dunning\ntitle: {en: D, zh: 甲}\ndecides: order\n"
    return {"files": {"dunning.yaml": f"{head}parameters: {{share: {{{values}}}}}\nrules:\n{rules}...\n"}}


if __name__ == "__main__":
    main()
