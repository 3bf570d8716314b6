"""What the ledger's routes share: a body is read, becomes a command, is done, and answered with what was recorded.

Who enters orders is told why one waits, and what to do about it, but no figure of the customer's that is confidential:
such an answer is masked before it is kept or sent, and says so in a header.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from api.http.access_table import Right
from api.http.caller import Admitted, actor_of, admitted_of, request_id_in
from api.http.decisions import refuse_facts
from api.http.identifiers import uuid7
from api.http.problems import Forbidden
from api.http.request_models import read_model_and_bytes
from api.http.retries import REPLAYED, request_to_keep
from api.http.search_routes import WITHHELD_HEADER, flagged_now
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from ledger.access.roles import Authority, Role
from ledger.books.credit_ledger import Asked, CreditLedger, Done
from ledger.books.order_list import Owner, orders_called
from ledger.books.reading import read_snapshot
from ledger.credit.change import Asker, CommandRefused
from ledger.credit.snapshot import LedgerCommand, Snapshot, Wants
from ledger.journal.act_answers import Mask
from ledger.journal.journal import Journal
from ledger.policies.in_force import Policies
from ledger.record.record_header import RecordKind
from ledger.search.masking import masked_answer, masked_for_sales, masked_reason

_Body = TypeVar("_Body", bound=BaseModel)

SEES_FIGURES = frozenset({Role.DESK, Role.COLLECTOR, Role.AUDITOR})
"""Roles that see what is known of a customer, and so decisions on it whole."""


class LedgerDesk:
    """Of one service."""

    def __init__(self, ledger: CreditLedger, policies: Policies, journal: Journal, body_bytes_max: int) -> None:
        self.ledger, self.policies, self.journal = ledger, policies, journal
        self.body_bytes_max = body_bytes_max

    async def answer(
        self,
        request: Request,
        model: type[_Body],
        such_as: str,
        kind: RecordKind,
        command: Callable[[_Body, Asker], LedgerCommand],
    ) -> Response:
        """Does what the body asks for in the name of whoever asks. `such_as`: a body that is expected here, for hints;
        `kind`: of the record where it leads to no decision. Raises what is wrong with it, as a problem."""
        body, raw = await read_model_and_bytes(request, model, such_as, self.body_bytes_max)
        done = await self.done(request, command(body, asker_of(request)), kind, raw)
        headers = {"Journal-Entry": str(done.seq)}
        if done.decision is not None:
            headers["Location"] = f"/v1/decisions/{done.decision}"
            if not sees_figures(admitted_of(request.scope)):
                headers[WITHHELD_HEADER] = "/decision"
        if done.is_repeated:
            headers[REPLAYED] = "true"
        return Response(done.body, done.status, headers, "application/json")

    async def done(self, request: Request, command: LedgerCommand, kind: RecordKind, raw: bytes) -> Done:
        """Raises `FactsInvalid`, `CommandRefused` with what the caller may see of its decision, and what the ledger
        raises."""
        mask = self.mask(admitted_of(request.scope))
        asked = Asked(
            command=command,
            kind=kind,
            engine=self.policies.engine(),
            raw=raw,
            actor=actor_of(request.scope),
            request_id=request_id_in(request.scope),
            request=request_to_keep(request.scope),
            mask=mask,
        )
        try:
            return await self.ledger.ask(asked)
        except FactsRefused as refused:
            refuse_facts(refused)
        except CommandRefused as refused:
            if mask is None:
                raise
            raise _masked(refused, flagged_now(self.policies)) from None

    def require_own(self, number: str, admitted: Admitted) -> None:
        """Who may move only the orders that they entered moves no other. Blocks. Raises `Forbidden`; of an order that
        isn't there the command says so."""
        owner = owner_of(admitted)
        found = [] if owner is None else self.journal.ask(lambda connection, _: orders_called(connection, [number]))
        if owner is not None and not all(owner.owns(order) for order in found):
            raise Forbidden(f"{admitted.caller.in_words}, which moves the orders that it entered")

    def snapshot(self, wants: Wants, day: int, engine: Engine) -> Snapshot:
        """What is known now, as a working copy that nobody keeps. Blocks. Raises `JournalUnavailable`."""
        itemized = self.ledger.reads_items(engine)
        return self.journal.ask(
            lambda connection, _: read_snapshot(connection, wants, day, engine.vocabulary, itemized=itemized)
        )

    def new_id(self) -> str:
        """Of a decision."""
        return uuid7(self.journal.clock.id_time())

    def mask(self, admitted: Admitted) -> Mask | None:
        """What makes of a decision's text what the caller may see of it; None: they see all."""
        if sees_figures(admitted):
            return None
        flagged = flagged_now(self.policies)
        return lambda decision: masked_answer(decision, flagged, for_sales=True)[0]


def sees_figures(admitted: Admitted) -> bool:
    """Whether the caller sees what is known of customers."""
    return not SEES_FIGURES.isdisjoint(admitted.caller.roles)


def owner_of(admitted: Admitted) -> Owner | None:
    """Whose orders alone the caller sees and moves; None: all."""
    if Right.OWN not in admitted.rights or not admitted.rights <= {Right.OWN}:
        return None
    caller = admitted.caller
    return Owner(login=caller.login, program=None if caller.actor is None else caller.actor.service)


def asker_of(request: Request) -> Asker:
    """Who asks, as the policies know persons."""
    caller = admitted_of(request.scope).caller
    program = None if caller.actor is None else caller.actor.service
    actor = None if caller.actor is None else caller.actor.opaque
    return Asker(login=caller.login, program=program, authority=caller.authority.value, actor=actor)


def require_authority(request: Request) -> None:
    """What takes a person with authority: raises `Forbidden` for programs that name nobody, and for persons without."""
    admitted = admitted_of(request.scope)
    caller = admitted.caller
    if Right.AUTHORITY not in admitted.rights and Right.FULL not in admitted.rights:
        raise Forbidden(caller.in_words)
    if caller.login is None:
        raise Forbidden(f"{caller.shown} is no person; name one in Credence-On-Behalf-Of who has authority")
    if caller.authority is Authority.NONE:
        raise Forbidden(f"{caller.shown} has no authority over amounts")


def require_authority_of_desk(request: Request) -> None:
    """What the ERP's interface says as it stands there, and what takes authority of a person at the desk: raises
    `Forbidden` for one without."""
    if Right.FULL not in admitted_of(request.scope).rights:
        require_authority(request)


def has_authority(request: Request) -> bool:
    """Whether a person at the desk with authority asks."""
    caller = admitted_of(request.scope).caller
    return caller.login is not None and caller.authority is not Authority.NONE and Role.DESK in caller.roles


def _masked(refused: CommandRefused, flagged: Collection[str]) -> CommandRefused:
    members: dict[str, Any] = dict(refused.members)
    if "decision" in members:
        members["decision"], _ = masked_for_sales(json.loads(json.dumps(members["decision"])), flagged)
    if "reasons" in members:
        members["reasons"] = [masked_reason(each, flagged) for each in members["reasons"]]
    detail = refused.detail if refused.members == members else f"{refused.code}; not all of why is shown to you"
    return CommandRefused(refused.code, detail, **members)
