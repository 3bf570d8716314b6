"""The worker process: limits of time and memory, whatever the job does, and no process left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest

from api import worker
from api.policy_check import MODULE
from api.worker import WAITING_MAX, WAITING_OF_A_CALLER_MAX, JobFailed, TooManyOfCaller, TooManyWaiting, Worker
from engine.pipeline import load
from ledger.policies.check_limits import (
    CheckLimits,
    Closed,
    Died,
    OutOfMemory,
    OutOfTime,
    Stopped,
    TooDeep,
    too_large,
    within_limits,
)
from tests.support import worker_jobs
from tests.support.kept_workers import OwnProcess
from tests.support.patience import PATIENCE
from tests.support.running_service import FACTS, ORDERS, eventually

SMALL = CheckLimits(processor_seconds=1, seconds=PATIENCE, memory=1 << 29)
SHORT = replace(SMALL, seconds=5)
LARGE = CheckLimits(processor_seconds=5 * PATIENCE, seconds=5 * PATIENCE)
FILES = {"rules/facts.yaml": FACTS.encode(), "rules/orders.yaml": ORDERS.encode()}

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _workers_end_with_their_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_Process", OwnProcess)


def with_worker(use: Callable[[Worker], Awaitable[T]], limits: CheckLimits = SMALL) -> T:
    async def whole() -> T:
        used = Worker([MODULE], limits)
        try:
            return await use(used)
        finally:
            await used.close()

    return asyncio.run(whole())


def alive(pid: int) -> bool:
    """A zombie that its new parent has not yet asked about has ended too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_policy_set_compiled_in_the_worker_decides_as_one_compiled_here() -> None:
    loaded = with_worker(lambda worker: worker.run("a", load, FILES))
    here = load(FILES)
    assert loaded.engine is not None and here.engine is not None
    assert (loaded.engine.version, loaded.engine.files) == (here.engine.version, here.engine.files)
    facts = {"order": {"id": "SO-1", "amount": "12000.00"}, "account": {"id": "C-1"}}
    decided = [engine.decide("order", facts, date(2026, 7, 1), "1") for engine in (loaded.engine, here.engine)]
    assert decided[0] == decided[1] and decided[0].outcome == "hold"


def test_the_process_stays_and_lets_others_go_first() -> None:
    async def use(worker: Worker) -> None:
        pid, niceness, unwanted = await worker.run("a", worker_jobs.process)
        assert (niceness, unwanted) == (min(os.nice(0) + 10, 19), [])
        assert (await worker.run("b", worker_jobs.process))[0] == pid != os.getpid()

    with_worker(use)


@pytest.mark.parametrize(
    ("job", "argument", "stopped"),
    [
        (worker_jobs.spin, PATIENCE, OutOfTime),
        (time.sleep, PATIENCE, OutOfTime),
        (worker_jobs.take, 1 << 30, OutOfMemory),
        (worker_jobs.nest, 100_000, TooDeep),
        (worker_jobs.die, worker_jobs.KILL, Died),
        (worker_jobs.die, worker_jobs.FAULT, Died),
        (worker_jobs.end, 0, Died),
        (bytes, 400 << 20, OutOfMemory),  # the result itself fits, its copy for us does not
    ],
)
def test_whatever_a_job_does_the_worker_says_why_it_has_no_result_and_goes_on(
    job: Callable[[object], object], argument: object, stopped: type[Stopped]
) -> None:
    async def use(worker: Worker) -> None:
        await worker.run("a", worker_jobs.process)
        with pytest.raises(stopped) as caught:
            await worker.run("a", job, argument)
        mistake = too_large({"rules/a.yaml": b"1", "rules/b.yaml": b"123"}, caught.value)
        assert (mistake.code, str(mistake.place)) == ("Y098", "rules/b.yaml:1:1")
        assert mistake.message.startswith("the policies can't be checked: ") and mistake.hint
        assert (await worker.run("a", load, FILES)).engine is not None

    with_worker(use, SHORT if job is time.sleep else SMALL)


def test_the_processor_is_limited_beside_the_clock() -> None:
    """On a machine that is busy with decisions a job may take longer by the clock."""
    with pytest.raises(OutOfTime, match="after 1 seconds"):
        with_worker(lambda worker: worker.run("a", worker_jobs.spin, PATIENCE))


def test_a_mistake_of_ours_is_raised_as_one() -> None:
    with pytest.raises(JobFailed, match="our own mistake"):
        with_worker(lambda worker: worker.run("a", worker_jobs.mistake))


def test_a_job_that_nobody_waits_for_is_ended_and_one_that_waits_is_never_begun(tmp_path: Path) -> None:
    async def use(worker: Worker) -> None:
        note = tmp_path / "pid"
        running = asyncio.create_task(worker.run("a", worker_jobs.started, note))
        waiting = asyncio.create_task(worker.run("a", worker_jobs.note, tmp_path / "words", "never"))
        while not note.exists():
            await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.sleep(0)
        running.cancel()
        assert (await worker.run("b", worker_jobs.spin, 0)) == 0
        assert not alive(int(note.read_text("ascii")))
        assert not (tmp_path / "words").exists()

    with_worker(use, LARGE)


def test_callers_take_turns_and_only_few_jobs_wait(tmp_path: Path) -> None:
    async def use(worker: Worker) -> str:
        words = tmp_path / "words"
        first = asyncio.create_task(worker.run("a", worker_jobs.spin, 0.5))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        mine = [
            asyncio.create_task(worker.run("a", worker_jobs.note, words, f"a{n}"))
            for n in range(WAITING_OF_A_CALLER_MAX)
        ]
        other = [asyncio.create_task(worker.run("b", worker_jobs.note, words, f"b{n}")) for n in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyOfCaller):
            await worker.run("a", worker_jobs.note, words, "refused")
        left = WAITING_MAX - len(mine) - len(other)
        others = [asyncio.create_task(worker.run(f"c{n}", worker_jobs.spin, 0)) for n in range(left)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyWaiting):
            await worker.run("d", worker_jobs.note, words, "refused")
        await asyncio.gather(first, *mine, *other, *others)
        return words.read_text("ascii")

    assert with_worker(use, CheckLimits(seconds=PATIENCE)).split() == ["a0", "b0", "a1", "b1", "a2", "a3"]


def test_a_worker_that_is_closed_ends_its_job_at_once(tmp_path: Path) -> None:
    async def use(worker: Worker) -> None:
        running = asyncio.create_task(worker.run("a", worker_jobs.started, tmp_path / "pid"))
        waiting = asyncio.create_task(worker.run("a", worker_jobs.spin, 0))
        while not (tmp_path / "pid").exists():
            await asyncio.sleep(0.01)
        await worker.close()
        for job in (running, waiting, worker.run("b", worker_jobs.spin, 0)):
            with pytest.raises(Closed):
                await job
        assert not alive(int((tmp_path / "pid").read_text("ascii")))

    with_worker(use, LARGE)


OWNER = """
import asyncio, sys
from pathlib import Path
sys.path[:] = {path!r}
from api.worker import Worker
from ledger.policies.check_limits import CheckLimits
from tests.support import worker_jobs
from tests.support.kept_workers import OwnProcess
limits = CheckLimits(processor_seconds=600, seconds=600)
asyncio.run(Worker([], limits).run("a", worker_jobs.started, Path(sys.argv[1])))
"""


def test_no_worker_outlives_a_service_that_is_killed(tmp_path: Path) -> None:
    """Even one that is in the middle of a job."""
    with killed_later([sys.executable, "-c", OWNER.format(path=sys.path), str(tmp_path / "pid")]) as owner:
        eventually((tmp_path / "pid").exists)
        pid = int((tmp_path / "pid").read_text("ascii"))
        assert alive(pid)
        owner.send_signal(signal.SIGKILL)
        eventually(lambda: not alive(pid))


@contextmanager
def killed_later(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("job", "argument", "stopped"),
    [
        (worker_jobs.spin, PATIENCE, OutOfTime),
        (worker_jobs.take, 2 << 30, OutOfMemory),
        (worker_jobs.nest, 100_000, TooDeep),
    ],
)
def test_a_command_stays_within_the_same_limits(
    job: Callable[[int], object], argument: int, stopped: type[Stopped]
) -> None:
    with pytest.raises(stopped), within_limits(SMALL):
        job(argument)
    worker_jobs.spin(0.3)  # the alarm is off again
    assert worker_jobs.take(1 << 26) == 1 << 26
