"""What keys, roles, record, indexes and proofs each cost a decision over HTTP: `python -m bench.parts`.

Six services, each with one part more than the one before (`bench.leaving_out`), are driven in turn by wrk, with 32
connections: with one worker and with two, on a journal in an SQLite file and in a PostgreSQL database on this machine.
Figures are medians over the rounds; ratios are taken within each round, to the service without any of the parts, so
that a busy machine slows all. `processor` is microseconds of all processes of the service for an answer, which other
programs on the machine change least; that of the database's server is not in it.

`--rounds 5 --seconds 5` are the defaults; `--journals sqlite --workers 1` measures less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from bench.http import _KEY_LUA, _LUA, ROOT, Run, _drive, _free_port, _processor_seconds, _server, example_body
from bench.leaving_out import LEFT_OUT
from ledger.store.place import JournalPlace, ServerAddress, journal_place
from ledger.store.secret_files import KeyPlaces

PARTS = ("keys", "roles", "record", "indexes", "proofs")


@dataclass(slots=True)
class Service:
    """One that has the first parts of `PARTS`, `parts` of them."""

    parts: int
    port: int
    processes: list[int]
    script: Path
    runs: list[Run] = field(default_factory=list)


def _key_of(place: JournalPlace, places: KeyPlaces) -> str:
    """A key of a program that enters orders."""
    from ledger.access.access import Access
    from ledger.access.changes import KeyWords, create_key
    from ledger.access.roles import Role
    from ledger.journal.journal import Journal

    async def make() -> str:
        journal = Journal(place, places=places)
        try:
            words = KeyWords(service="bench", roles=frozenset({Role.ORDER_ENTRY}))
            return (await Access(journal).change(create_key(words), "bench")).text or ""
        finally:
            await asyncio.to_thread(journal.close)

    return asyncio.run(make())


def _places(home: Path) -> KeyPlaces:
    return KeyPlaces(home / "signing", home / "wrapping", home / "subjects.db", home / "checkpoint.last")


def _made_key(place: JournalPlace, home: Path, environment: Mapping[str, str]) -> str:
    """Before the service starts, in a process that leaves out what the service does: its journal is like that too."""
    told = place.uri if isinstance(place, ServerAddress) else str(place)
    command = [sys.executable, "-m", "bench.parts", "--make-key", told, str(home)]
    made = subprocess.run(command, env=os.environ | environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return made.stdout.strip().splitlines()[-1]


@contextmanager
def _service(home: Path, place: JournalPlace, workers: int, parts: int) -> Iterator[Service]:
    """Its keys and scripts are in `home`, which is its own."""
    port, has_keys = _free_port(), parts > 0
    places = _places(home)
    environment = {
        "CREDENCE_SIGNING_KEY": str(places.signing_key),
        "CREDENCE_WRAPPING_KEY": str(places.wrapping_key),
        "CREDENCE_SUBJECT_KEYS": str(places.subject_keys),
    }
    environment |= {
        "CREDENCE_PORT": str(port),
        "CREDENCE_JOURNAL": place.uri if isinstance(place, ServerAddress) else str(place),
        "CREDENCE_RULES": "rules",
        "CREDENCE_WORKERS": str(workers),
        "CREDENCE_REQUESTS_PER_SECOND_MAX": "1000000",
        LEFT_OUT: ",".join(PARTS[max(parts, 1) :]),
        "PYTHONPATH": f"{home}:{ROOT}",
    }
    if not has_keys:
        environment |= {"CREDENCE_INSECURE_LOCAL": "1"}
    (home / "sitecustomize.py").write_text("from bench.leaving_out import at_start\nat_start()\n")
    key = _KEY_LUA.format(_made_key(place, home, environment)) if has_keys else ""
    body = json.dumps(example_body(), ensure_ascii=False)
    script = home / "post.lua"
    script.write_text(_LUA.replace("{body}", body).replace("{key}", key), encoding="utf-8")
    with _server(["-m", "api.http"], port, **environment) as process:
        yield Service(parts, port, [process, *_children(process)], script)


def _children(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _driven(service: Service, seconds: int) -> Run:
    """With the processor time of all its processes."""
    before = sum(map(_processor_seconds, service.processes))
    run = _drive(service.port, service.processes[0], service.script, seconds)
    taken = sum(map(_processor_seconds, service.processes)) - before
    return replace(run, processor=taken / (run.rate * seconds) * 1e6)


def measured(kind: str, workers: int, rounds: int, seconds: int) -> list[Service]:
    """Every service of one kind of journal and one number of workers, after its runs."""
    from tests.support import postgresql

    with tempfile.TemporaryDirectory() as home, ExitStack() as servers:
        socket = servers.enter_context(postgresql.server()) if kind == "postgresql" else ""
        services = []
        for parts in range(len(PARTS) + 1):
            own = Path(home) / str(parts)
            own.mkdir()
            place: JournalPlace = own / "credence.db"
            if socket:
                place = servers.enter_context(postgresql.new_database(socket))
            services.append(servers.enter_context(_service(own, place, workers, parts)))
        for service in services:
            _driven(service, 1)
        for _ in range(rounds):
            for service in services:
                service.runs.append(_driven(service, seconds))
    return services


def table(services: list[Service]) -> str:
    """Markdown. The ratios are to the first service, by the processor and, behind it, by the rate."""
    without = services[0].runs
    lines = ["| | answers/s | p50 ms | processor µs | × processor | × rate |", "|---|---:|---:|---:|---:|---:|"]
    for service in services:
        figures = ("rate", "p50", "processor")
        rate, p50, processor = (median(getattr(run, each) for run in service.runs) for each in figures)
        by_processor = median(run.processor / other.processor for run, other in zip(service.runs, without, strict=True))
        by_rate = median(other.rate / run.rate for run, other in zip(service.runs, without, strict=True))
        name = f"and {PARTS[service.parts - 1]}" if service.parts else "none of them"
        lines.append(f"| {name} | {rate:,.0f} | {p50:.1f} | {processor:.0f} | {by_processor:.2f} | {by_rate:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Prints one table for each kind of journal and number of workers."""
    parser = argparse.ArgumentParser(description="What each part costs a decision over HTTP.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--journals", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--make-key", nargs=2, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.make_key:
        place, home = said.make_key
        print(_key_of(journal_place(place), _places(Path(home))))
        return
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: sudo apt-get install wrk")
    for kind in said.journals:
        for workers in said.workers:
            print(f"\n{kind}, workers: {workers}; median of {said.rounds} rounds of {said.seconds} s\n")
            print(table(measured(kind, workers, said.rounds, said.seconds)), flush=True)


if __name__ == "__main__":
    main()
