"""What the routes of proposals share: who asks, names of files, instants at the site, and how a proposal is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.caller import actor_of, request_id_in
from api.http.problems import BodyFault, FactsInvalid
from api.http.proposal_answers import BeginDraftRequest, DraftShape, EditDraftRequest, ProposalShape
from api.http.request_models import read_model
from api.http.retries import request_to_keep
from engine.reading.list_file import name_in_set
from engine.vocabulary.days import UTC_NAME
from ledger.journal.clock import moment
from ledger.journal.journal import Journal
from ledger.journal.log_transaction import LogTransaction
from ledger.policies.effective_instants import BadInstant, EffectiveInstant, instant_at, instant_on
from ledger.policies.in_force import Policies
from ledger.policies.policy_life import PolicyLife, PolicyRequest
from ledger.policies.proposal import Proposal
from ledger.policies.proposal_rows import proposal_numbered
from ledger.policies.proposal_view import PolicyReader
from ledger.policies.states import ActRefused, ProposalEdit
from ledger.store.key_database import SubjectKeys

_Body = TypeVar("_Body", bound=BaseModel)


class ProposalDesk:
    """Of one service."""

    def __init__(self, life: PolicyLife, policies: Policies, journal: Journal, body_bytes_max: int) -> None:
        self.life, self.policies, self.journal, self.body_bytes_max = life, policies, journal, body_bytes_max

    @property
    def zone(self) -> str:
        """The site's, by the policies in force."""
        return self.policies.in_force.engine.vocabulary.timezone if self.policies.in_force else UTC_NAME

    async def answer(
        self,
        request: Request,
        act: Callable[[PolicyRequest], Awaitable[bytes]],
        *,
        status: int = 200,
        texts: bool = False,
    ) -> Response:
        """Does it in the name of whoever asks. What is in force afterwards is in force in this process too, before
        anybody is answered. Raises `ActRefused`."""
        asked = PolicyRequest(
            actor=actor_of(request.scope),
            request_id=request_id_in(request.scope),
            keyed=request_to_keep(request.scope),
            status=status,
            shown=partial(self._shown, texts=texts),
        )
        body = await act(asked)
        if self.policies.in_force is None or await self.policies.has_moved():
            await self.policies.caught_up_if_any()
        return Response(body, status, media_type="application/json")

    async def body(self, request: Request, model: type[_Body], such_as: str) -> _Body:
        """The request's. Raises `FactsInvalid`, also for text that no file can hold."""
        read = await read_model(request, model, such_as, self.body_bytes_max)
        try:
            read.model_dump_json()
        except ValueError:
            fault = BodyFault("", "holds half of a pair of surrogates", "send text that is UTF-8")
            raise FactsInvalid("the request can't be used", [fault]) from None
        return read

    def reader(self, connection: Connection, keys: SubjectKeys) -> PolicyReader:
        """For one reading."""
        return PolicyReader(connection, keys, self.zone, moment(self.journal.clock.now()))

    async def read(self, question: Callable[[PolicyReader], Any]) -> Any:
        """What a question to the tables gives. Raises `JournalUnavailable`, `ActRefused`."""
        return await asyncio.to_thread(
            self.journal.ask, lambda connection, keys: question(self.reader(connection, keys))
        )

    def _shown(self, _: Connection, transaction: LogTransaction, proposal: Proposal, *, texts: bool) -> bytes:
        reader = self.reader(transaction.connection, transaction.keys)
        shape: BaseModel = shown_draft(reader, proposal) if texts else shown_proposal(reader, proposal)
        return shape.model_dump_json().encode()

    def edit_of(self, body: BeginDraftRequest | EditDraftRequest) -> ProposalEdit:
        """Raises `FactsInvalid` where files are named alike, or an instant can't be read."""
        return ProposalEdit(
            files=None if body.files is None else self._named(body.files, "/files"),
            tests=None if body.tests is None else self._named(body.tests, "/tests", "cases/"),
            base=body.base,
            title=body.title,
            why=body.why,
            effective=self._instant(body.on, body.at),
            takes_effect_at_once=isinstance(body, EditDraftRequest) and body.at_once,
            acknowledged=body.acknowledged,
        )

    def _named(self, files: Mapping[str, str], at: str, below: str = "") -> dict[str, str]:
        """As the rules folder would name them."""
        named: dict[str, str] = {}
        for name, text in files.items():
            within = name_in_set(name) if not below else name.rpartition("/")[2]
            full = f"{self.policies.name}/{below}{within}"
            if full in named:
                fault = BodyFault(at, f"has two files called {within[:80]}, since folders don't count", "leave one out")
                raise FactsInvalid("the request can't be used", [fault])
            named[full] = text
        return named

    def _instant(self, on: str | None, at: str | None) -> EffectiveInstant | None:
        if on is not None and at is not None:
            fault = BodyFault("/at", "stands beside `on`", "send one of the two")
            raise FactsInvalid("the request can't be used", [fault])
        try:
            if on is not None:
                return instant_on(on, self.zone)
            return None if at is None else instant_at(at, self.zone)
        except BadInstant as bad:
            place = "/at" if on is None else "/on"
            raise FactsInvalid("the request can't be used", [BodyFault(place, str(bad), bad.hint)]) from None


def shown_proposal(reader: PolicyReader, proposal: Proposal) -> ProposalShape:
    """As answers have it."""
    return ProposalShape.model_validate(reader.proposal(proposal))


def shown_draft(reader: PolicyReader, proposal: Proposal) -> DraftShape:
    """With its texts."""
    files, tests = dict(proposal.files), dict(proposal.tests)
    return DraftShape(proposal=shown_proposal(reader, proposal), files=files, tests=tests)


def numbered(reader: PolicyReader, number: int) -> Proposal:
    """Raises `ActRefused`."""
    proposal = proposal_numbered(reader.connection, number)
    if proposal is None:
        raise ActRefused("unknown-proposal", f"there is no proposal {number}")
    return proposal
