"""Records of the journal: found, and one of them with its proof, checked step by step where the reader sees it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from api.console.frame import Frame
from api.console.inner_requests import InnerAnswer, OperationRefused
from api.http.access_table import Right
from engine.vocabulary.case_kinds import OUTCOME_TITLES
from ledger.record.checkpoints import read_checkpoint
from ledger.record.log_proofs import BadProof, LogProof, read_proof
from ledger.record.merkle_proofs import root_from
from ledger.record.merkle_tree import leaf_hash
from ledger.record.record_header import RecordKind
from ledger.record.signed_notes import BadNote, NoteVerifier
from ledger.store.secret_files import KeyPlaces
from ledger.verify.trusted_key import key_beside

PAGE = 25
FILTERS = ("kind", "case", "subject", "account", "outcome", "rule", "policy", "actor", "request_id", "from", "until")
"""Of records, as `GET /v1/journal` calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofStep:
    """One step of a proof, and whether it holds."""

    word: str
    """Of words.yaml."""

    value: str
    """A hash, a key, a count."""

    holds: bool


def add_journal_pages(app: FastAPI, frame: Frame, keys: KeyPlaces) -> None:
    """`/console/journal…`. `keys`: where the key is by which the journal's checkpoints are signed."""

    @app.get("/console/journal", include_in_schema=False)
    async def journal_page(request: Request) -> Response:
        inner, reading = frame.inner(request), await frame.reading(request)
        asked = {name: request.query_params.get(name, "").strip() for name in FILTERS}
        cursor = request.query_params.get("cursor", "")
        found = await inner.get("/v1/journal", asked | {"cursor": cursor, "limit": PAGE})
        return await frame.page(
            request,
            "journal.html",
            reading=reading,
            records=found["records"],
            next=found["next"],
            asked=asked,
            kinds=[kind.value for kind in RecordKind],
            outcomes={name: reading.text(title) for name, title in OUTCOME_TITLES.items()},
            sees_bodies=Right.FULL in inner.may("GET", "/v1/journal"),
        )

    @app.get("/console/journal/{record}", include_in_schema=False)
    async def record_page(record: str, request: Request) -> Response:
        inner, reading = frame.inner(request), await frame.reading(request)
        found = await inner.get(f"/v1/journal/{record}")
        answer = await inner.ask("GET", f"/v1/journal/{record}/proof")
        steps = []
        if answer.status == 200:
            steps = await asyncio.to_thread(_checked, keys, answer.body.decode())
        replay = None
        if request.query_params.get("replay") and found["kind"] in ("decision", "order", "limit", "imported"):
            replay = await inner.get(f"/v1/journal/{record}/replay")
        return await frame.page(
            request,
            "record.html",
            reading=reading,
            record=found,
            outcomes={name: reading.text(title) for name, title in OUTCOME_TITLES.items()},
            parts=[(name, _pretty(found[name])) for name in ("request", "answer", "act") if found[name]],
            steps=steps,
            replay=replay,
            sees_decisions=bool(inner.may("GET", "/v1/decisions/{id}")),
        )

    @app.get("/console/journal/{record}/proof", include_in_schema=False)
    async def record_proof(record: str, request: Request) -> Response:
        answer = await frame.inner(request).ask("GET", f"/v1/journal/{record}/proof")
        if not answer.is_ok:
            raise OperationRefused(answer)
        return passed_on(answer, f"record-{_file_word(record)}.tlog-proof")


def _checked(keys: KeyPlaces, text: str) -> list[ProofStep]:
    """Each step of the proof, taken here from the proof's own text. Blocks. Raises `FileTrouble`."""
    return proof_steps(read_proof(text), key_beside(keys, "the service's own").verifiers)


def proof_steps(proof: LogProof, verifiers: tuple[NoteVerifier, ...]) -> list[ProofStep]:
    """Leaf, way to the root, and signature; the first step that doesn't hold says where the chain breaks."""
    leaf = leaf_hash(proof.header)
    steps = [ProofStep(word="proof.leaf", value=leaf.hex(), holds=True)]
    try:
        checkpoint = read_checkpoint(proof.note, *verifiers)
    except BadNote as error:
        return [*steps, ProofStep(word="proof.signed", value=str(error), holds=False)]
    root = root_from(leaf, proof.index, checkpoint.size, proof.hashes)
    is_in = root == checkpoint.root
    steps += [
        ProofStep(word="proof.way", value=str(len(proof.hashes)), holds=is_in),
        ProofStep(word="proof.root", value=checkpoint.root.hex(), holds=is_in),
        ProofStep(word="proof.signed", value=verifiers[0].as_text(), holds=True),
    ]
    try:
        proof.checked(*verifiers)
    except BadProof as error:
        return [*steps, ProofStep(word="proof.record", value=str(error), holds=False)]
    return [*steps, ProofStep(word="proof.record", value=str(proof.index), holds=True)]


def passed_on(answer: InnerAnswer, name: str) -> Response:
    """The bytes of an operation as a file; where there are none yet, when to come back."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'} if answer.status == HTTPStatus.OK else {}
    headers |= {name: value for name, value in answer.headers.items() if name in ("retry-after", "credence-withheld")}
    return Response(answer.body, answer.status, headers, answer.headers.get("content-type"))


def _file_word(text: str) -> str:
    """What of a word may stand in a file's name."""
    return "".join(each for each in text if each.isascii() and (each.isalnum() or each in "-_"))[:60]


def _pretty(text: str) -> str:
    """JSON with line ends; anything else as it is."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return text
    return json.dumps(value, ensure_ascii=False, indent=1)
