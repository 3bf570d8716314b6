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
    tile_of,
)
from ledger.record.log_tiles import TILE_HASHES
from ledger.verify.trusted_key import trust_policy_in

_NUMBER = re.compile(r"(?P<thousands>(?:x[0-9]{3}/){0,5})(?P<last>[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")
_FULL_KEPT, _PARTIAL_KEPT = "max-age=31536000, immutable", "max-age=60"
"""How long a client may keep a tile, in seconds."""
_LEVEL = re.compile(r"[0-7]")
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


def add_log_routes(app: FastAPI, journal: Journal, settings: Settings) -> None:
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
        newest = await asyncio.to_thread(journal.ask, lambda connection, _: newest_note(connection))
        if newest is None:
            raise NoSuchPath("nothing is signed yet; a checkpoint is within a second of the first record")
        return Response(newest[1], media_type="text/plain")

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
        content = await _bytes(journal, lambda connection: bundle_of(connection, number, width))
        return _kept_by_clients(content, width, is_public=False)

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
        if not _LEVEL.fullmatch(level):
            raise _no_tile()
        place, width = _numbered(number)
        content = await _bytes(journal, lambda connection: tile_of(connection, int(level), place, width))
        return _kept_by_clients(content, width, is_public=settings.public_log)


async def _bytes(journal: Journal, ask: Callable[[Connection], bytes | None]) -> bytes:
    """Raises `NoSuchPath` where there are none."""
    content = await asyncio.to_thread(journal.ask, lambda connection, _: ask(connection))
    if content is None:
        raise _no_tile()
    return content


def _kept_by_clients(content: bytes, width: int, *, is_public: bool) -> Response:
    """What is full never changes; of what isn't nobody asks for long. `is_public`: no key is needed for it."""
    age = _FULL_KEPT if width == TILE_HASHES else _PARTIAL_KEPT
    headers = {"cache-control": f"{'public' if is_public else 'private'}, {age}"}
    return Response(content, media_type="application/octet-stream", headers=headers)


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
        """The line by which a witness of the trust policy cosigned a checkpoint of this journal, among others that it
        answered by other keys. It is kept beside the checkpoint, and stands in proofs from then on."""
        example = '{"size": 1000, "cosignature": "\u2014 auditor.example/w1 …"}'
        wanted = await read_model(request, AddCosignatureRequest, example, settings.body_bytes_max)
        return await _kept(journal, settings, wanted.size, wanted.cosignature.strip())


async def _kept(journal: Journal, settings: Settings, size: int, answer: str) -> CosignatureShape:
    """Raises `NoCosignature` and what the journal raises."""
    if not settings.trust_policy:
        raise NoCosignature("no witness is named: put a trust policy where the setting CREDENCE_TRUST_POLICY says")
    policy = await asyncio.to_thread(trust_policy_in, FilePath(settings.trust_policy))

    def keep(transaction: LogTransaction) -> object:
        try:
            return keep_cosignature(transaction.connection, policy, size, answer)
        except (NoCheckpoint, NoCosignature) as refused:
            return refused

    try:
        kept = await journal.write(keep)
    except (NoCheckpoint, NoCosignature) as error:
        raise NoCosignature(f"{error}; send what the witness printed, and its checkpoint's size") from error
    seen = datetime.fromtimestamp(kept.seconds, UTC)
    return CosignatureShape(size=size, witness=kept.witness, cosigned_at=seen, new=kept.is_new)
