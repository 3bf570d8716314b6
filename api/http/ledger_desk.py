"""What the ledger's routes share: a body is read, becomes a command, is done, and answered with what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from api.http.caller import actor_of, admitted_of, request_id_in
from api.http.decisions import refuse_facts
from api.http.request_models import read_model_and_bytes
from api.http.retries import REPLAYED, request_to_keep
from engine.vocabulary.binding import FactsRefused
from ledger.books.credit_ledger import Asked, CreditLedger
from ledger.credit.change import Asker
from ledger.credit.snapshot import Command
from ledger.journal.journal import Journal
from ledger.policies.in_force import Policies
from ledger.record.record_header import RecordKind

_Body = TypeVar("_Body", bound=BaseModel)


class LedgerDesk:
    """Of one service."""

    def __init__(self, ledger: CreditLedger, policies: Policies, journal: Journal, body_bytes_max: int) -> None:
        self.ledger, self.policies, self.journal = ledger, policies, journal
        self._body_bytes_max = body_bytes_max

    async def answer(
        self,
        request: Request,
        model: type[_Body],
        such_as: str,
        kind: RecordKind,
        command: Callable[[_Body, Asker], Command],
    ) -> Response:
        """Does what the body asks for in the name of whoever asks. `such_as`: a body that is expected here, for hints;
        `kind`: of the record where it leads to no decision. Raises what is wrong with it, as a problem."""
        body, raw = await read_model_and_bytes(request, model, such_as, self._body_bytes_max)
        asked = Asked(
            command=command(body, asker_of(request)),
            kind=kind,
            engine=self.policies.engine(),
            raw=raw,
            actor=actor_of(request.scope),
            request_id=request_id_in(request.scope),
            request=request_to_keep(request.scope),
        )
        try:
            done = await self.ledger.ask(asked)
        except FactsRefused as refused:
            refuse_facts(refused)
        headers = {"Journal-Entry": str(done.seq)}
        if done.decision is not None:
            headers["Location"] = f"/v1/decisions/{done.decision}"
        if done.is_repeated:
            headers[REPLAYED] = "true"
        return Response(done.body, done.status, headers, "application/json")


def asker_of(request: Request) -> Asker:
    """Who asks, as the policies know persons."""
    caller = admitted_of(request.scope).caller
    actor = None if caller.actor is None else caller.actor.opaque
    return Asker(login=caller.login, authority=caller.authority.value, actor=actor)
