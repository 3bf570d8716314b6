"""Files for the ledger over HTTP: taken as they arrive, imported behind the answer, asked about by their number.

The body is kept in a file of its own until the import has ended, then deleted. What was broken off by a restart goes
on where it stopped once the same file is sent again.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated

import structlog
from fastapi import FastAPI, Query, Request
from fastapi import Path as PathParameter
from pydantic import BeforeValidator
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.http.caller import actor_of, request_id_in
from api.http.identifiers import uuid7
from api.http.import_answers import ImportShape
from api.http.ledger_desk import LedgerDesk, asker_of, require_authority_of_desk
from api.http.parameters import only_parameters, written_day
from api.http.problems import BodyFault, FactsInvalid, WrongMediaType, problems
from files.input_refused import InputRefused
from ledger.credit.change import CommandRefused
from ledger.imports.import_kinds import KINDS, ImportWord
from ledger.imports.import_map import plain_map
from ledger.imports.importing import Importing, ImportJob
from ledger.items.import_chunk import run_shown
from ledger.items.import_run import ImportReject, ImportRun, ImportState
from ledger.store.trouble import JournalUnavailable

_SUFFIXES = {"text/csv": ".csv", "application/x-ndjson": ".ndjson"}
_OPTIONS = ("update", "complete", "on", "really", "check")
CHECKS_KEPT = 100
"""Results of checks that a process keeps, for whoever asks it; another process doesn't know them."""

_REJECTS = ("place", "faults")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What is said beside the file."""

    update: bool
    complete: bool
    on: str | None
    really: bool

    check: bool = False

    def digest(self, kind: ImportWord, file: str) -> str:
        """Of the file and of all that is said of it, so that the same file otherwise meant is another import."""
        return sha256(repr((kind.value, file, self.update, self.complete, self.on)).encode()).hexdigest()


class Imports:
    """Of one process: imports that are under way here."""

    def __init__(self, desk: LedgerDesk) -> None:
        self.desk = desk
        self.importing = Importing(desk.ledger, desk.journal)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._looked_at: dict[str, tuple[ImportRun, Sequence[ImportReject]]] = {}

    async def begin(self, request: Request, kind: ImportWord, options: _Options) -> ImportRun:
        """Takes the body and begins. Raises `FactsInvalid` where the file as a whole can't be used."""
        path, digest = await _spooled(request)
        try:
            job = self._job(request, kind, options, path, options.digest(kind, digest))
            run = await asyncio.to_thread(self.importing.begin, job)
            if not options.check:
                run = await self.importing.start(job, run)
        except InputRefused as refused:
            path.unlink(missing_ok=True)
            raise FactsInvalid("the file can't be imported", [_of_file(refused)]) from None
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if run.id not in self._running:
            self._running[run.id] = asyncio.create_task((self._check if options.check else self._run)(job, run))
        if options.check:
            self._looked_at[run.id] = run, []
        return run

    async def _check(self, job: ImportJob, run: ImportRun) -> None:
        try:
            self._looked_at[run.id] = await self.importing.check(job, run)
        except JournalUnavailable as error:
            detail = f"it could not be looked at: {error}"
            self._looked_at[run.id] = replace(run, state=ImportState.REFUSED, detail=detail), []
        finally:
            self._running.pop(run.id, None)
            job.path.unlink(missing_ok=True)
            while len(self._looked_at) > CHECKS_KEPT:
                self._looked_at.pop(next(iter(self._looked_at)))

    def find(self, run: str) -> ImportRun | None:
        """Blocks."""
        looked_at = self._looked_at.get(run)
        return self.importing.find(run) if looked_at is None else looked_at[0]

    def rejects(self, run: str) -> Sequence[ImportReject]:
        """Blocks."""
        looked_at = self._looked_at.get(run)
        return self.importing.rejects(run) if looked_at is None else looked_at[1]

    def _job(self, request: Request, kind: ImportWord, options: _Options, path: Path, digest: str) -> ImportJob:
        engine = self.desk.policies.engine()
        return ImportJob(
            path=path,
            digest=digest,
            map=plain_map(KINDS[kind], engine.vocabulary),
            engine=engine,
            asker=asker_of(request),
            actor=actor_of(request.scope),
            new_id=lambda: uuid7(self.desk.journal.clock.id_time()),
            request_id=request_id_in(request.scope),
            updates=options.update,
            is_complete=options.complete,
            on=options.on,
            really=options.really,
        )

    async def _run(self, job: ImportJob, run: ImportRun) -> None:
        try:
            await self.importing.run(job, run)
        except JournalUnavailable as error:
            log.warning("import stopped", id=run.id, reason=str(error))
        except Exception:
            log.exception("import failed", id=run.id)
            await self._give_up(job, run)
        finally:
            self._running.pop(run.id, None)
            job.path.unlink(missing_ok=True)

    async def _give_up(self, job: ImportJob, run: ImportRun) -> None:
        """Nobody waits for what will never end; the rows that are in count as same where the file is sent again."""
        try:
            await self.importing.give_up(
                job, run, "a fault of the service, of which its log says more; some rows are in"
            )
        except Exception:
            log.exception("a failed import could not be ended", id=run.id)

    async def close(self) -> None:
        """What is under way is broken off; the same file goes on where it stopped."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)


def add_import_routes(app: FastAPI, imports: Imports) -> None:
    """`/v1/import/{kind}` and `/v1/imports/…`."""
    _add_import(app, imports)
    _add_look_ups(app, imports)


def _add_import(app: FastAPI, imports: Imports) -> None:
    @app.post(
        "/v1/import/{kind}",
        name="import_file",
        tags=["imports"],
        summary="Import a file",
        status_code=202,
        dependencies=[only_parameters(*_OPTIONS)],
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {each: {"schema": {"type": "string"}} for each in _SUFFIXES},
            }
        },
        responses=problems(403, 413, 415, 422, 503),
    )
    async def import_file(
        request: Request,
        kind: Annotated[ImportWord, PathParameter(description="What the rows are.")],
        *,
        update: Annotated[bool, Query(description="Take rows that are there with other content.")] = False,
        complete: Annotated[bool, Query(description="Of open items: what the list lacks was paid.")] = False,
        on: Annotated[
            date | None,
            BeforeValidator(written_day),
            Query(description="The day of a list of open items; today if left out."),
        ] = None,
        really: Annotated[bool, Query(description="Settle however much a complete list lacks.")] = False,
        check: Annotated[bool, Query(description="Say what would come of it, and write nothing.")] = False,
    ) -> ImportShape:
        """A CSV file whose headings are the columns' names, or NDJSON with them as keys. It is imported behind this
        answer; `GET /v1/imports/{id}` says how far it is. The same file again goes on where it stopped."""
        if complete and kind is not ImportWord.OPEN_ITEMS:
            fault = BodyFault("", "the parameter `complete` is about lists of open items", "send them to open-items")
            raise FactsInvalid("a parameter can't be used", [fault])
        require_authority_of_desk(request)
        day = None if on is None else on.isoformat()
        options = _Options(update=update, complete=complete, on=day, really=really, check=check)
        return ImportShape.model_validate(run_shown(await imports.begin(request, kind, options)))


def _add_look_ups(app: FastAPI, imports: Imports) -> None:
    @app.get(
        "/v1/imports/{id}",
        name="get_import",
        tags=["imports"],
        summary="How far an import is",
        dependencies=[only_parameters()],
        responses=problems(404, 422, 503),
    )
    async def get_import(id: Annotated[str, PathParameter(description="The import's id.")]) -> ImportShape:
        """Rows that are done, and what became of them: `rows` = new + same + changed + rejected."""
        return ImportShape.model_validate(run_shown(await _found(imports, id)))

    @app.get(
        "/v1/imports/{id}/rejects",
        name="get_import_rejects",
        tags=["imports"],
        summary="Rows that were not taken",
        dependencies=[only_parameters()],
        responses={
            200: {
                "description": "A line for each: where it stands, and what is wrong with it.",
                "content": {"text/csv": {"schema": {"type": "string"}}},
            },
            **problems(404, 422, 503),
        },
        response_class=Response,
    )
    async def get_rejects(id: Annotated[str, PathParameter(description="The import's id.")]) -> Response:
        """CSV with `place` and `faults`."""
        await _found(imports, id)
        rejects = await asyncio.to_thread(imports.rejects, id)
        text = io.StringIO()
        write = csv.writer(text, lineterminator="\n").writerow
        write(_REJECTS)
        for each in rejects:
            write((each.place, each.faults))
        return Response(text.getvalue(), media_type="text/csv")


def _of_file(refused: InputRefused) -> BodyFault:
    """What is wrong with the file as a whole; options are those of the command, which reads files of any encoding."""
    hint = refused.hint
    return BodyFault("", refused.message, f"`credence import` takes it: {hint}" if hint.startswith("give --") else hint)


async def _found(imports: Imports, id: str) -> ImportRun:
    """Raises `CommandRefused` (`unknown-import`)."""
    run = await asyncio.to_thread(imports.find, id)
    if run is None:
        raise CommandRefused("unknown-import", f"there is no import `{id[:80]}`; give the id that its POST answered")
    return run


async def _spooled(request: Request) -> tuple[Path, str]:
    """The body in a file of its own that only this user reads, and its SHA-256. Raises `WrongMediaType`."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _SUFFIXES:
        raise WrongMediaType(f"the body is declared as `{media[:80]}`; send {' or '.join(_SUFFIXES)}")
    digest = sha256()
    with NamedTemporaryFile(prefix="credence-import-", suffix=_SUFFIXES[media], delete=False) as file:
        try:
            async for piece in request.stream():
                digest.update(piece)
                await asyncio.to_thread(file.write, piece)
        except (ClientDisconnect, OSError):
            Path(file.name).unlink(missing_ok=True)
            raise
    return Path(file.name), digest.hexdigest()
