"""One record's decision made again over HTTP: whether the engine that runs answers today what it answered then."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Path, Request
from pydantic import Field

from api.http.answers import Shape
from api.http.caller import admitted_of
from api.http.parameters import only_parameters
from api.http.problems import UnknownRecord, problems
from api.replay_job import WorkerEngine
from api.worker import Worker
from ledger.journal.journal import Journal
from ledger.replay.replaying import Replayed, Replayer
from ledger.search.all_wanted import record_or_trouble


class ReplayShape(Shape):
    """What came of deciding again. It says nothing of what was asked and answered."""

    seq: int = Field(description="The record's place in the journal.")
    id: str
    result: str = Field(
        description="`same bytes`, `same decision, other wording`, `DIFFERENT (outcome)`, `DIFFERENT (rules)`, "
        "`DIFFERENT (facts)`, `DIFFERENT (conditions)`, `erased`, `needs engine …` or `REFUSED (…)`: then what is kept "
        "is not what was recorded.",
        examples=["same bytes"],
    )
    why: str | None = Field(description="More about it; null where the result says it all.")
    engine_version: str | None = Field(description="The engine that decided then.")
    replayed_by: str | None = Field(description="The engine whose answer was compared; null: none was.")


def add_replay_routes(app: FastAPI, journal: Journal, worker: Worker) -> None:
    """`GET /v1/journal/{record}/replay`."""

    @app.get(
        "/v1/journal/{record}/replay",
        name="replay_record",
        tags=["journal"],
        summary="Decide a record again",
        dependencies=[only_parameters()],
        responses=problems(404, 422, 429, 503),
    )
    async def replay_record(
        record: Annotated[str, Path(description="Its number (`seq`, `Journal-Entry`) or its id.")], request: Request
    ) -> ReplayShape:
        """Whether a recorded decision comes out again: the request as it was received, by the policies, the day and the
        id of then, and the engine that runs now. Nothing is recorded. Replays of one caller are done one after the
        other. Other engines are asked by `credence journal replay --with-engine`."""
        caller = admitted_of(request.scope).caller.budget or ""
        engine = WorkerEngine(worker, caller, asyncio.get_running_loop())
        return _shape(await asyncio.to_thread(_replayed, journal, engine, record))


def _replayed(journal: Journal, engine: WorkerEngine, called: str) -> Replayed:
    """Blocks. Raises `UnknownRecord`."""
    found = record_or_trouble(journal, called)
    if found is None:
        raise UnknownRecord(called)
    return Replayer(journal.find_policy_set, engine).replayed(found)


def _shape(replayed: Replayed) -> ReplayShape:
    return ReplayShape(
        seq=replayed.seq,
        id=replayed.id,
        result=replayed.word,
        why=replayed.why or None,
        engine_version=replayed.engine or None,
        replayed_by=replayed.by or None,
    )
