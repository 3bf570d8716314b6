"""The check of the ledger over HTTP: progress and differences as they come, an object a line.

{"step": "accounts and their items", "done": 0, "of": 15}
{"difference": {"account": "C-1", "figure": "open_items", "expected": "70000", "found": "70001", "check": 1}}
{"verified": {"differences": 1, "accounts": 2000, …}}
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic_core import to_json
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from api.http.parameters import only_parameters
from api.http.problems import problems
from engine.pipeline import Engine
from ledger.books.verify import DECISIONS_USUAL, LedgerVerified, verify_ledger
from ledger.credit.change import CommandRefused
from ledger.journal.journal import Journal
from ledger.policies.in_force import NoPolicyInForce, Policies
from ledger.store.key_database import SubjectKeys
from ledger.store.trouble import FileTrouble, JournalUnavailable

DECISIONS_MAX = 100_000
_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An object a line: `step` with how many are `done` `of` how many, `difference`, and at the end "
        "`verified`, or `failed` with why it couldn't be told.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


def add_verify_routes(app: FastAPI, journal: Journal, policies: Policies) -> None:
    """`/v1/ledger/verify`."""
    turn = asyncio.Lock()

    @app.get(
        "/v1/ledger/verify",
        name="verify_ledger",
        tags=["ledger"],
        summary="Check that the ledger adds up",
        dependencies=[only_parameters("decisions")],
        responses={**_LINES, **problems(409, 422, 503)},
        response_class=Response,
    )
    async def verify(
        decisions: Annotated[
            int, Query(ge=0, le=DECISIONS_MAX, description="How many of the last decisions are made again.")
        ] = DECISIONS_USUAL,
    ) -> Response:
        """Every total, state and reservation computed again, as of one moment, while the service goes on. One check
        runs at a time."""
        if turn.locked():
            raise CommandRefused(
                "verify-in-progress", "another check of the ledger is under way; ask again when it has ended"
            )
        await turn.acquire()
        try:
            engine: Engine | None = policies.engine()
        except NoPolicyInForce:
            engine = None
        return StreamingResponse(_lines(journal, engine, decisions, turn), media_type="application/x-ndjson")


async def _lines(journal: Journal, engine: Engine | None, decisions: int, turn: asyncio.Lock) -> AsyncIterator[bytes]:
    """What the thread says that checks. It goes on to its end where the caller leaves, and the turn with it."""
    loop, said = asyncio.get_running_loop(), asyncio.Queue[bytes | None]()

    def tell(line: dict[str, Any] | None) -> None:
        loop.call_soon_threadsafe(said.put_nowait, None if line is None else to_json(line) + b"\n")

    def check() -> None:
        def show(step: str, done: int, of: int) -> None:
            tell({"step": step, "done": done, "of": of})

        def question(connection: Connection, keys: SubjectKeys) -> LedgerVerified:
            return verify_ledger(connection, keys, engine, decisions, show)

        try:
            verified = journal.ask(question)
            for each in verified.differences:
                tell({"difference": _difference_shown(each)})
            tell({"verified": _verified_shown(verified)})
        except (JournalUnavailable, FileTrouble) as error:
            tell({"failed": str(error)})
        finally:
            tell(None)

    checking = asyncio.create_task(asyncio.to_thread(check))
    checking.add_done_callback(lambda _: turn.release())
    while (line := await said.get()) is not None:
        yield line


def _difference_shown(each: Any) -> dict[str, Any]:
    return {
        "check": each.kind,
        "account": each.account,
        "figure": each.figure,
        "expected": each.expected,
        "found": each.found,
    }


def _verified_shown(verified: LedgerVerified) -> dict[str, Any]:
    return {
        "differences": verified.total,
        **verified.rows,
        "decided_again": verified.decided_again,
        "not_decided_again": verified.not_decided_again,
    }
