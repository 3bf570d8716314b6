"""The worker's own process: does one job after another.

`api.worker` starts it and talks to it over a pipe that nobody else has. It ends when that pipe does, whatever it is
doing: a service that was killed leaves no worker behind.
"""

from __future__ import annotations

import gc
import importlib
import math
import os
import pickle
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection

DONE, OUT_OF_MEMORY, TOO_DEEP, FAILED = "done", "out of memory", "too deep", "failed"


def work(jobs: int, life: int, memory: int, modules: Sequence[str]) -> None:
    """`jobs` is a socket with jobs and answers, `life` a pipe that is never written to and ends with the service."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the service ends its worker
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    for module in modules:
        importlib.import_module(module)
    gc.freeze()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    connection = Connection(jobs)
    connection.send_bytes(b"ready")
    while True:
        try:
            job = connection.recv_bytes()
        except EOFError:
            return
        outcome, answer = _done(job)
        connection.send_bytes(answer)
        if outcome is OUT_OF_MEMORY:
            os._exit(0)  # what is left is in pieces; the next job gets a fresh process


def _end_with(life: int) -> None:
    """Waits for the end of the pipe, which comes with the service's, and ends this process at once: a worker in the
    middle of a job has nobody left to answer.
    """
    os.read(life, 1)
    os._exit(0)


def _done(job: bytes) -> tuple[str, bytes]:
    """How it ended, and the answer: how it ended and the result, or what is known of the failure."""
    try:
        seconds, function, arguments = pickle.loads(job)  # from our own parent
        _allow_processor(seconds)
        return DONE, pickle.dumps((DONE, function(*arguments)), pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return OUT_OF_MEMORY, pickle.dumps((OUT_OF_MEMORY, None))
    except RecursionError:
        return TOO_DEEP, pickle.dumps((TOO_DEEP, None))
    except Exception:
        return FAILED, pickle.dumps((FAILED, traceback.format_exc()))


def _allow_processor(seconds: float) -> None:
    """Gives the process so much more processor time; beyond it the kernel's signal ends it. This stands beside the
    service's own clock, should the service be too busy to look at that.
    """
    used = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (used, resource.RLIM_INFINITY))


def started_with(arguments: Sequence[str]) -> None:
    """`work`, from the arguments of a command line."""
    jobs, life, memory, *modules = arguments
    work(int(jobs), int(life), int(memory), modules)


if __name__ == "__main__":
    started_with(sys.argv[1:])
