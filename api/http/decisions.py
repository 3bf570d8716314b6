"""Decisions over HTTP. A decision is answered when, and only when, it is in the journal.

The hot path: the route is ASGI itself, the body is parsed once, the answer is rendered once and the same bytes go into
the journal and out, in parts of which each can be withheld by itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from time import perf_counter
from typing import Any, NoReturn

import structlog
from starlette.types import Receive, Scope, Send

from api.http.access_table import Right
from api.http.body import parse_object, pointer_part, read_body
from api.http.caller import Admitted, actor_of, request_id_in
from api.http.identifiers import uuid7
from api.http.metrics import Metrics
from api.http.parameters import refuse_parameters
from api.http.problems import (
    BodyFault,
    ClockBehind,
    FactsInvalid,
    Forbidden,
    MethodNotAllowed,
    UnknownCaseKind,
    UnknownDecision,
)
from api.http.retries import request_to_keep
from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.ruleset.ruleset import ENGINE_DISAGREEMENT
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import ISO_DATE, day_number
from engine.vocabulary.vocabulary import DATE, Vocabulary
from ledger.journal.clock import BEHIND_SECONDS_MAX, Clock
from ledger.journal.journal import Journal
from ledger.journal.opened_records import BodyGone, Recorded
from ledger.journal.policy_timeline import PolicyMoved
from ledger.policies.in_force import Policies
from ledger.record.actors import Actor
from ledger.record.body_parts import Part
from ledger.record.decision_parts import FlaggedFacts, answer_parts
from ledger.record.new_records import Record
from ledger.record.record_header import RecordKind
from ledger.search.record_filter import Visible

MEMBERS_MAX = 500
"""Members of one JSON object in a request. A fact that doesn't exist costs a search for what was meant."""

DECIDED_TIMES_MAX = 3
"""Of one request, where each time another policy set has come into force before it was recorded."""

_BESIDE_FACTS = ("as_of", "currency", "rates")
"""Members of a request that are no groups of facts."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

_SEEN = {
    Right.OWN: "what it asked for itself",
    Right.INVOICES_AND_ACCOUNTS: "decisions on invoices and accounts",
}
"""How a refusal says what a limited right shows."""

log = structlog.get_logger(__name__)


class DecideCase:
    """`POST /v1/decisions/{case}` as an ASGI app: the hot path of the service.

    Each step is one line of `__call__`: the body is read and must be strict JSON; the policies in force decide it; the
    answer's bytes are made once and go into the journal together with the request's own; only when the journal says
    that they are on disk, the same bytes are sent. So whoever has an answer can find it again, byte for byte.

    The engine is asked for anew with each request, so a change of policies takes effect between two requests, never
    within one. Two requests that arrive together share one commit of the journal.
    """

    def __init__(self, case: str, policies: Policies, journal: Journal, metrics: Metrics, body_bytes_max: int) -> None:
        self._case = case
        self._policies = policies
        self._journal = journal
        self._metrics = metrics
        self._body_bytes_max = body_bytes_max
        self._flagged: tuple[Vocabulary, FlaggedFacts] | None = None  # of the set that decided last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        if scope["query_string"]:
            refuse_parameters(scope["query_string"], instead="put as_of and the facts into the body")
        raw = await read_body(scope, receive, self._body_bytes_max)
        body = parse_object(raw)
        decision, answer, seq = await self._recorded(scope, raw, body)
        self._metrics.decided(decision, perf_counter() - started)
        if any(reason.rule == ENGINE_DISAGREEMENT for reason in decision.reasons):
            log.error("the two matchers disagree", decision=decision.id, policy_version=decision.policy_version)
        await _send(send, answer, decision.id, seq)

    async def _recorded(self, scope: Scope, raw: bytes, body: Mapping[str, Any]) -> tuple[Decision, bytes, int]:
        """Decided by the set that is in force when it is recorded: where another one came between, once more."""
        keyed, clock = request_to_keep(scope), self._journal.clock
        for _ in range(DECIDED_TIMES_MAX):
            in_force = self._policies.now()
            engine, number = in_force.engine, in_force.number
            try:
                decision = decided(engine, self._case, body, uuid7(clock.id_time()), clock)
            except FactsInvalid:
                if not await self._policies.has_moved():
                    raise
                await self._policies.caught_up()
                continue
            answer, answered = answer_parts(decision)
            asked = self._flagged_facts(engine.vocabulary).request_parts(raw, body)
            record = _record(decision, body, (*asked, *answered), actor_of(scope), request_id_in(scope))
            try:
                return decision, answer, await self._journal.record(record, keyed)
            except PolicyMoved:
                await self._policies.caught_up()
        raise PolicyMoved(number)

    def _flagged_facts(self, vocabulary: Vocabulary) -> FlaggedFacts:
        if self._flagged is None or self._flagged[0] is not vocabulary:
            self._flagged = vocabulary, FlaggedFacts(vocabulary, self._case)
        return self._flagged[1]


async def _send(send: Send, answer: bytes, id: str, seq: int) -> None:
    """201 with the decision, where it can be read again, and its place in the journal."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer)).encode()),
        (b"location", f"/v1/decisions/{id}".encode()),
        (b"journal-entry", str(seq).encode()),
    ]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def find_decision(id: str, journal: Journal, admitted: Admitted) -> tuple[Recorded, bool]:
    """The decision, and whether the caller sees it masked only. Raises `UnknownDecision`, `Forbidden` where the caller
    may see others only, `BodyGone` where it is erased or was dropped, or `MethodNotAllowed` where the id is a case
    kind."""
    if id in CASE_KINDS:
        raise MethodNotAllowed("this path answers POST only", (), {"Allow": "POST"})
    try:
        recorded = await asyncio.to_thread(journal.recorded, id.lower()) if _UUID.fullmatch(id.lower()) else None
    except BodyGone as gone:
        header = gone.record.header
        _seen(admitted, header.case, header.actor, of_ledger=False)
        raise
    if recorded is None:
        raise UnknownDecision(id)
    return recorded, not _seen(admitted, recorded.case_kind, recorded.actor, of_ledger=recorded.of_ledger)


def _seen(admitted: Admitted, case: str, actor: str, *, of_ledger: bool) -> bool:
    """Whether the caller sees such a decision whole. Raises `Forbidden` where they don't see it at all."""
    visible = visible_to(admitted)
    is_seen = visible.sees(case, actor)
    if not is_seen and Right.MASKED not in admitted.rights:
        sees = " and ".join(_SEEN[right] for right in sorted(admitted.rights))
        raise Forbidden(f"{admitted.caller.in_words}, which sees {sees}")
    return visible.sees_whole(case, actor, of_ledger=of_ledger)


def visible_to(admitted: Admitted) -> Visible:
    """Which decisions the caller sees whole. What a right that is not looked at here would show, is not shown."""
    rights = admitted.rights
    return Visible(
        everything=Right.FULL in rights,
        own=admitted.caller.actor if Right.OWN in rights else None,
        cases=frozenset({"invoice", "account"} if Right.INVOICES_AND_ACCOUNTS in rights else ()),
    )


def refuse_case(word: str) -> NoReturn:
    """`POST` to a path below /v1/decisions/ that is no case kind."""
    if _UUID.fullmatch(word):
        raise MethodNotAllowed("this path answers GET, HEAD only", (), {"Allow": "GET, HEAD"})
    raise UnknownCaseKind(word)


def decided(engine: Engine, case: str, body: Mapping[str, Any], id: str, clock: Clock) -> Decision:
    """The decision on a body, without its record.

    The members of `body` are `as_of`, `currency`, `rates` and the groups of facts of this kind of case; anything else
    is a fault, since what is passed over in silence is missed by the policies. `id` is the decision's own; `clock` is
    asked for the day where the body has no `as_of`.

    Faults are collected, not raised one by one: an unknown member, a bad date and all that the binder finds come in one
    `FactsInvalid`, sorted by place. Also raises `ClockBehind`, where only the clock could say the day and it can't.
    """
    groups = CASE_KINDS[case].groups
    _refuse_oversized(body, groups)
    faults = [_unknown(key, groups) for key in body if key not in _BESIDE_FACTS and key not in groups]
    as_of = _as_of(body.get("as_of"), engine, clock, faults)
    try:
        decision = engine.decide_request(case, body, as_of, id)
    except FactsRefused as refused:
        faults += [BodyFault(_pointer(fault.path), fault.message, fault.hint) for fault in refused.faults]
    if faults:
        _refuse(faults)
    return decision


def refuse_facts(refused: FactsRefused) -> NoReturn:
    """As one `FactsInvalid` with all faults."""
    _refuse([BodyFault(_pointer(fault.path), fault.message, fault.hint) for fault in refused.faults])


def _refuse(faults: list[BodyFault]) -> NoReturn:
    count = "1 field" if len(faults) == 1 else f"{len(faults)} fields"
    raise FactsInvalid(f"{count} can't be used", sorted(faults, key=lambda fault: fault.path))


def _refuse_oversized(body: Mapping[str, Any], groups: tuple[str, ...]) -> None:
    """An object with thousands of members is no case, and each unknown one would be compared with all that are known
    for its hint: what is too much is refused before anything looks at it."""
    for path, members in (("", body), *((f"/{group}", body.get(group)) for group in groups)):
        if isinstance(members, dict) and len(members) > MEMBERS_MAX:
            fault = BodyFault(path, f"has {len(members)} members", f"send at most {MEMBERS_MAX}")
            raise FactsInvalid("an object has too many members", [fault])


def _unknown(key: str, groups: tuple[str, ...]) -> BodyFault:
    """A member that the body of this kind doesn't have: `acount` is answered with "did you mean `account`?"."""
    known = (*_BESIDE_FACTS, *groups)
    close = get_close_matches(key[:80], known, n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"expected {', '.join(known)}"
    return BodyFault(f"/{pointer_part(key)}", "is an unknown field", hint)


def _as_of(given: object, engine: Engine, clock: Clock, faults: list[BodyFault]) -> date:
    """The day to decide for. What is no day goes to `faults`, and some day comes back, so that the facts are looked at
    as well. Only `YYYY-MM-DD` is a day: `date.fromisoformat` alone would take `20260701` and `2026-W27-3` too."""
    if given is None:
        return _today(engine, clock)
    try:
        as_of = date.fromisoformat(given) if type(given) is str and ISO_DATE.fullmatch(given) else None
    except ValueError:
        as_of = None
    if as_of is not None and DATE.low <= day_number(as_of) <= DATE.high:
        return as_of
    faults.append(BodyFault("/as_of", "is not a day between 1900 and 2199", 'send it as text, such as "2026-07-01"'))
    return clock.now().date()  # some day: what else is wrong with the body is told in the same answer


def _today(engine: Engine, clock: Clock) -> date:
    """What `as_of` is where a request doesn't say: the day that it is at the site. Raises `ClockBehind` where the clock
    can't say it."""
    behind = clock.seconds_behind()
    if behind > BEHIND_SECONDS_MAX:
        raise ClockBehind(behind)
    return engine.day_at(clock.now())


def _pointer(path: str) -> str:
    """The binder's `order.amount` as a JSON pointer. Only a group has no dot, only a fact's own name has more."""
    group, dot, key = path.partition(".")
    return f"/{pointer_part(group)}/{pointer_part(key)}" if dot else f"/{pointer_part(group)}"


def _record(
    decision: Decision, body: Mapping[str, Any], parts: tuple[Part, ...], actor: Actor, request_id: str
) -> Record:
    """What the journal keeps: the request as it was received and the answer as it is sent, in their parts. Neither is
    written anew, for a number that is read and written is not always the same text."""
    return Record(
        kind=RecordKind.DECISION,
        id=decision.id,
        case_kind=decision.case,
        outcome=decision.outcome,
        policy=decision.policy_version,
        engine=decision.engine_version,
        actor=actor,
        request_id=request_id,
        parts=parts,
        account=_account(body),
        subject=decision.subject,
        rules=tuple(reason.rule for reason in decision.reasons),
        must_be_current=True,
    )


def _account(body: Mapping[str, Any]) -> str | None:
    """The customer that a case is about; None for the portfolio."""
    account = body.get("account")
    number = account.get("id") if account else None
    return number if isinstance(number, str) else None
