"""A decision made again for the service: the job of `GET /v1/journal/{record}/replay`, done in the worker process.

The policies of the record may have to be compiled for it, which must keep no decision waiting.
"""

from __future__ import annotations

import asyncio

from api.worker import Worker
from ledger.policies.check_limits import Stopped
from ledger.replay.request_again import AskedAgain, CannotDecide, RecordedRequest, StoredPolicies, Undecided

MODULE = __name__
"""For a worker to import before the first job."""

_asked = AskedAgain()  # of the worker process: the sets that were asked for last stay compiled


class WorkerEngine:
    """The running engine in the worker's process. As `RunningEngine` says; `answer` is called in a thread."""

    def __init__(self, worker: Worker, caller: str, loop: asyncio.AbstractEventLoop) -> None:
        """`caller` is who asks, and has a queue of its own; `loop` is the worker's."""
        self._worker, self._caller, self._loop = worker, caller, loop

    def answer(self, policies: StoredPolicies, asked: RecordedRequest) -> bytes:
        """Raises `CannotDecide`, and what `Worker.run` raises of too many jobs."""
        job = self._worker.run(self._caller, answer_again, policies, asked)
        try:
            answer = asyncio.run_coroutine_threadsafe(job, self._loop).result()
        except Stopped as stopped:
            raise Undecided(f"could not be asked: {stopped}") from stopped
        if isinstance(answer, str):
            raise CannotDecide(answer)
        return answer


def answer_again(policies: StoredPolicies, asked: RecordedRequest) -> bytes | str:
    """The job itself: the answer, or why there is none."""
    try:
        return _asked.answer(policies, asked)
    except CannotDecide as error:
        return str(error)
