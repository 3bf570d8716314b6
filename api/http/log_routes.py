"""The log for those who check it: `/checkpoint` and `/tile/…` as in C2SP tlog-tiles, and witnesses' cosignatures.

A checkpoint and hashes say how many records there are, and nothing of what they say; a bundle of entries has their
headers. Whatever program reads logs of this form can copy this one, and see that it only grows.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request, Response
from sqlalchemy import Connection

from api.http.log_answers import AddCosignatureRequest, CosignatureShape
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import NoSuchPath, problems
from api.http.request_models import read_model
from api.settings import Settings
from ledger.journal.journal import Journal
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.signed_log import (
    NoCheckpoint,
    NoCosignature,
    bundle_of,
    keep_cosignature,
    newest_note,
    note_of_size,
    tile_of,
)
from ledger.record.log_tiles import TILE_HASHES
from ledger.record.signed_notes import BadNote
from ledger.verify.trusted_key import trust_policy_in

_NUMBER = re.compile(r"(?P<thousands>(?:x[0-9]{3}/){0,5})(?P<last>[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")
_LEVELS_MAX = 8
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


def add_log_routes(app: FastAPI, journal: Journal) -> None:
    """`/checkpoint` and `/tile/…`, by the names of C2SP tlog-tiles."""

    @app.get(
        "/checkpoint",
        name="get_checkpoint",
        tags=["journal"],
        summary="The newest checkpoint",
        dependencies=[only_parameters()],
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems(404, 422, 503)},
        response_class=Response,
    )
    async def get_checkpoint() -> Response:
        """Origin, number of records and root, as a signed note, with what witnesses said of it (C2SP
        tlog-checkpoint)."""
        note = await asyncio.to_thread(journal.ask, lambda connection, _: newest_note(connection))
        if note is None:
            raise NoSuchPath("nothing is signed yet; a checkpoint is within a second of the first record")
        return Response(note, media_type="text/plain")

    @app.get(
        "/tile/entries/{bundle:path}",
        name="get_entries",
        tags=["journal"],
        summary="Headers of 256 records",
        dependencies=[only_parameters()],
        responses={**_BYTES, **problems(404, 422, 503)},
        response_class=Response,
    )
    async def get_entries(
        bundle: Annotated[str, Path(description="Its number, such as 000, x001/234 or 003.p/57.")],
    ) -> Response:
        """The headers whose hashes are a tile of level 0, each behind its length in two bytes."""
        number, width = _numbered(bundle)
        return await _bytes(journal, lambda connection: bundle_of(connection, number, width))

    @app.get(
        "/tile/{tile:path}",
        name="get_tile",
        tags=["journal"],
        summary="256 hashes of the log",
        dependencies=[only_parameters()],
        responses={**_BYTES, **problems(404, 422, 503)},
        response_class=Response,
    )
    async def get_tile(
        tile: Annotated[str, Path(description="Level and number, such as 0/000, 1/x001/234 or 0/003.p/57.")],
    ) -> Response:
        """Hashes of 32 bytes, one after the other: of level 0 those of records, above them those of whole tiles."""
        level, _, number = tile.partition("/")
        if not (level.isascii() and level.isdigit() and str(int(level)) == level and int(level) < _LEVELS_MAX):
            raise _no_tile()
        place, width = _numbered(number)
        return await _bytes(journal, lambda connection: tile_of(connection, int(level), place, width))


async def _bytes(journal: Journal, ask: Callable[[Connection], bytes | None]) -> Response:
    """Raises `NoSuchPath` where there are none."""
    content = await asyncio.to_thread(journal.ask, lambda connection, _: ask(connection))
    if content is None:
        raise _no_tile()
    return Response(content, media_type="application/octet-stream")


def _numbered(text: str) -> tuple[int, int]:
    """Number and width of `x001/234` or `003.p/57`. Raises `NoSuchPath`."""
    match = _NUMBER.fullmatch(text)
    width = TILE_HASHES if match is None or match["width"] is None else int(match["width"])
    if match is None or match["thousands"].startswith("x000") or width > TILE_HASHES:
        raise _no_tile()
    if match["width"] is not None and width == TILE_HASHES:
        raise _no_tile()
    return int(match["thousands"].replace("x", "").replace("/", "") + match["last"]), width


def _no_tile() -> NoSuchPath:
    return NoSuchPath("the signed log has no such tile; name it as C2SP tlog-tiles does, such as 0/000 or 0/003.p/57")


def add_cosignature_route(app: FastAPI, journal: Journal, settings: Settings) -> None:
    """`POST /v1/journal/cosignatures`: what a witness gave back."""

    @app.post(
        "/v1/journal/cosignatures",
        name="add_cosignature",
        tags=["journal"],
        summary="Hand in a witness's cosignature",
        dependencies=[only_parameters()],
        openapi_extra={"requestBody": body_of("AddCosignatureRequest")},
        responses=problems(400, 413, 415, 422, 503),
    )
    async def add_cosignature(request: Request) -> CosignatureShape:
        """A line by which a witness of the trust policy cosigned a checkpoint of this journal. It is kept beside the
        checkpoint, and stands in proofs from then on."""
        example = '{"size": 1000, "cosignature": "\u2014 auditor.example/w1 …"}'
        wanted = await read_model(request, AddCosignatureRequest, example, settings.body_bytes_max)
        return await _kept(journal, settings, wanted.size, f"{wanted.cosignature.strip()}\n")


async def _kept(journal: Journal, settings: Settings, size: int, line: str) -> CosignatureShape:
    """Raises `NoCosignature` and what the journal raises."""
    if not settings.trust_policy:
        raise NoCosignature("no witness is named: put a trust policy where the setting CREDENCE_TRUST_POLICY says")
    policy = await asyncio.to_thread(trust_policy_in, FilePath(settings.trust_policy))
    try:
        note = await asyncio.to_thread(journal.ask, lambda connection, _: note_of_size(connection, size))
        cosigned = policy.cosigned(note + line)
    except (BadNote, NoCheckpoint) as error:
        why = f"{error}; send the line as the witness printed it, and its checkpoint's size"
        raise NoCosignature(why) from error
    if len(cosigned) != 1 or line.count("\n") != 1:
        raise NoCosignature("it is not one line of a witness that the trust policy names")
    [(name, seconds)] = cosigned.items()
    witness = policy.witnesses[name]

    def keep(transaction: LogTransaction) -> object:
        try:
            return keep_cosignature(transaction.connection, size, line, witness)
        except NoCosignature as refused:
            return refused

    is_new = await journal.write(keep)
    return CosignatureShape(size=size, witness=name, cosigned_at=datetime.fromtimestamp(seconds, UTC), new=is_new)
