"""Work on policies in a process of its own, so that no file can stop the service: check, compile, explain.

A job is a function of a module and its arguments; the answer is its result, or one of the reasons in `check_limits` why
there is none. The process is warm, so that a job pays for nothing but itself; it is ended and started anew when a job
runs out of time or memory, when nobody waits for a job any more, and at shutdown. What comes back is unpickled: it is
trusted because it comes from our own child, over a socket that nobody else has.

Each caller has a queue of its own, and the queues take turns. Example: caller A has three jobs waiting, then B brings
one. The order of work is A, B, A, A: whoever asks often doesn't keep others out.
`run` starts the process where there is none, `close` ends it.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from socket import AF_UNIX, SOCK_STREAM, socketpair
from typing import Any, TypeVar, TypeVarTuple

import structlog

from api.worker_process import DONE, OUT_OF_MEMORY, TOO_DEEP
from ledger.policies.check_limits import LIMITS, CheckLimits, Closed, Died, OutOfMemory, OutOfTime, Stopped, TooDeep

START_SECONDS_MAX = 60
"""For a process to start and import what its jobs need, on a machine however busy."""

NICENESS = 10
"""How much less right to the processor a worker has than the service: decisions go first."""

WAITING_OF_A_CALLER_MAX = 4
WAITING_MAX = 32
"""Jobs that may wait for their turn, of one caller and in all."""

log = structlog.get_logger(__name__)

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class TooManyOfCaller(Exception):
    """One caller has as many jobs waiting as it may have."""

    def __init__(self) -> None:
        super().__init__(f"{WAITING_OF_A_CALLER_MAX} of your requests wait already; send the next when one is answered")


class TooManyWaiting(Exception):
    """All callers together have as many jobs waiting as there may be."""

    def __init__(self) -> None:
        super().__init__(f"{WAITING_MAX} requests wait already; try again later")


class JobFailed(Exception):
    """An exception in the worker, which is our mistake; the message is its traceback."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A call that waits for its turn: what is sent to the process, and the future that its caller waits on."""

    content: bytes
    done: asyncio.Future[Any]


class Worker:
    """One process and the queues of those who want it. Waiting, starting and ending are done in a thread of its own."""

    def __init__(self, modules: Sequence[str], limits: CheckLimits = LIMITS, *, niceness: int = NICENESS) -> None:
        """`modules` are imported before the first job: those that hold the jobs' functions."""
        self.limits = limits
        self._niceness = niceness
        self._modules = tuple(modules)
        self._queues: dict[str, deque[_Job]] = {}
        self._process: _Process | None = None
        self._turns: asyncio.Task[None] | None = None
        self._threads = ThreadPoolExecutor(1, "worker")
        self._closed = False

    def start(self) -> None:
        """Starts the process before the first job asks for it, which would wait while it imports what jobs need."""
        self._threads.submit(self._new_process().start)

    def give_way(self) -> None:
        """From here on the service's own work goes first."""
        self._niceness = NICENESS
        if self._process is not None:
            self._process.set_niceness(NICENESS)

    async def run(self, caller: str, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """The function's result. Raises `Stopped` where the limits, or the process's end, came first,
        `TooManyOfCaller` or `TooManyWaiting`, and `JobFailed`. A cancelled call takes its job back, or ends it."""
        if self._closed:
            raise Closed
        queue = self._queues.get(caller, deque())
        if len(queue) >= WAITING_OF_A_CALLER_MAX:
            raise TooManyOfCaller
        if sum(map(len, self._queues.values())) >= WAITING_MAX:
            raise TooManyWaiting
        content = pickle.dumps((self.limits.processor_seconds, function, arguments), pickle.HIGHEST_PROTOCOL)
        job = _Job(content, asyncio.get_running_loop().create_future())
        queue.append(job)
        self._queues[caller] = queue
        if self._turns is None:
            self._turns = asyncio.create_task(self._take_turns())
        result: T = await job.done
        return result

    async def close(self) -> None:
        """Ends the process, and with it every job."""
        self._closed = True
        for queue in self._queues.values():
            for job in queue:
                if not job.done.done():
                    job.done.set_exception(Closed())
        self._queues.clear()
        if self._process is not None:
            self._process.kill()
        if self._turns is not None:
            await self._turns
        if self._process is not None:
            await self._in_thread(self._process.end)
        self._threads.shutdown()

    async def _take_turns(self) -> None:
        """One job of each caller, as long as there are any: a caller's queue goes behind the others after each job.
        Jobs whose caller has given up are passed over.
        """
        try:
            while self._queues:
                caller, queue = next(iter(self._queues.items()))
                job = queue.popleft()
                del self._queues[caller]
                if queue:
                    self._queues[caller] = queue  # behind the others
                if not job.done.done():
                    await self._do(job)
        finally:
            self._turns = None

    async def _do(self, job: _Job) -> None:
        """Has the process do one job, and hands over its result or its failure. Ends the process where the caller gives
        up meanwhile: nobody would read the answer, and others wait.
        """
        process = self._process or self._new_process()
        exchange = self._in_thread(process.exchange, job.content)
        await asyncio.wait((exchange, job.done), return_when=asyncio.FIRST_COMPLETED)
        if not exchange.done():  # nobody waits for it any more
            process.kill()
            await asyncio.wait((exchange,))
        try:
            result = exchange.result()
        except Exception as error:
            self._failed(job, error)
        else:
            if not job.done.done():
                job.done.set_result(result)

    def _failed(self, job: _Job, error: Exception) -> None:
        """Tells the caller. A process that ran out of time or memory, or died, is replaced by a new one; one that only
        recursed too deep, or whose job raised, goes on.
        """
        if not job.done.done():
            log.warning("job stopped in the worker", why=str(error)[-2000:])
            job.done.set_exception(Closed() if self._closed else error)
        if self._process is not None and isinstance(error, Stopped) and not isinstance(error, TooDeep):
            self._threads.submit(self._process.end)
            self._process = None
            if not self._closed:
                self.start()

    def _new_process(self) -> _Process:
        self._process = self._process or _Process(self._modules, self.limits, self._niceness)
        return self._process

    def _in_thread(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


class _Process:
    """The worker's process as the service sees it: started when a job needs it, never twice.

    Everything but `kill` and `set_niceness` takes its time and runs in the worker's one thread.
    """

    def __init__(self, modules: Sequence[str], limits: CheckLimits, niceness: int) -> None:
        self._modules = modules
        self._limits = limits
        self._niceness = niceness
        self._popen: subprocess.Popen[bytes] | None = None
        self._killed = False
        self._ready = False

    def start(self) -> subprocess.Popen[bytes]:
        """Starts it with a socket for jobs and a pipe that ends with the service, and gives it. Raises OSError where
        the system has no process or file left.
        """
        if self._popen is not None:
            return self._popen
        ours, theirs = socketpair(AF_UNIX, SOCK_STREAM)
        life, self._life = os.pipe()
        start = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
        start += "from api.worker_process import started_with; started_with(sys.argv[1:])"
        numbers = (theirs.fileno(), life, self._limits.memory)
        self._popen = subprocess.Popen(
            [sys.executable, "-c", start, json.dumps(sys.path), *map(str, numbers), *self._modules],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(), life),
            env={**os.environ, "MALLOC_ARENA_MAX": "1"},  # each arena would count 64 MB of address space
        )
        self.set_niceness(self._niceness)
        theirs.close()
        os.close(life)
        self._connection = Connection(ours.detach())
        if self._killed:
            self._popen.kill()
        return self._popen

    def exchange(self, job: bytes) -> Any:
        """Sends the job and waits for its result. Raises as `Worker.run` does."""
        try:
            popen = self.start()
        except OSError as error:
            raise Died(f"it could not be started: {error.strerror}") from None
        try:
            if not self._ready:
                if not self._connection.poll(START_SECONDS_MAX):
                    raise Died(f"it did not start in {START_SECONDS_MAX} seconds")
                self._connection.recv_bytes()
                self._ready = True
            self._connection.send_bytes(job)
            if not self._connection.poll(self._limits.seconds):
                raise OutOfTime(self._limits.seconds)
            outcome, result = pickle.loads(self._connection.recv_bytes())  # from our own child
        except (EOFError, OSError):
            raise self._ended(popen) from None
        if outcome == DONE:
            return result
        raise self._failure(outcome, result)

    def _failure(self, outcome: str, result: object) -> Exception:
        """The exception for a job that the process survived, by the word with which it answered."""
        if outcome == OUT_OF_MEMORY:
            return OutOfMemory(self._limits)
        return TooDeep() if outcome == TOO_DEEP else JobFailed(str(result))

    def _ended(self, popen: subprocess.Popen[bytes]) -> Stopped:
        """Why the process ended instead of answering: out of processor time, or by itself."""
        try:
            code = popen.wait(5)
        except subprocess.TimeoutExpired:
            return Died("its connection broke")
        if code == -signal.SIGXCPU:
            return OutOfTime(self._limits.processor_seconds)
        return Died(f"signal {-code}" if code < 0 else f"exit code {code}")

    def set_niceness(self, niceness: int) -> None:
        """How much less right to the processor it has than the service itself; 0 is as much."""
        self._niceness = niceness
        if self._popen is not None:
            own = os.getpriority(os.PRIO_PROCESS, 0)
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.setpriority(os.PRIO_PROCESS, self._popen.pid, own + niceness)

    def kill(self) -> None:
        """At once, whatever it does; the thread that waits for it sees its connection end."""
        self._killed = True
        if self._popen is not None:
            self._popen.kill()

    def end(self) -> None:
        """A process of a gigabyte takes a moment to go."""
        self.kill()
        if self._popen is not None:
            self._popen.wait()
            self._connection.close()
            os.close(self._life)
