"""Decisions and records found again: lists by filters, and a record with all that it holds.

What a caller may not see is no part of what is searched, so no list, count or cursor tells of it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request, Response

from api.http.access_table import Right
from api.http.caller import Admitted, admitted_of
from api.http.decisions import find_decision, visible_to
from api.http.parameters import filter_parameters, only_parameters
from api.http.problems import Forbidden, UnknownDecision, UnknownRecord, problems
from api.http.search_answers import (
    DecisionLineShape,
    DecisionsShape,
    GoneShape,
    JournalParameters,
    ProofStateShape,
    RecordDetailsShape,
    RecordLineShape,
    RecordsShape,
    SearchParameters,
)
from api.http.search_turns import SearchTurns
from engine.reading.standard_facts import standard_flagged_facts
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.journal.journal import Journal
from ledger.journal.opened_records import BodyGone, GoneRecord, OpenedRecord, Recorded, first_checkpoint_over
from ledger.policies.in_force import Policies
from ledger.record.merkle_tree import leaf_hash
from ledger.record.record_header import Header
from ledger.search.cursors import cursor, read_cursor
from ledger.search.filter_words import read_filter
from ledger.search.masking import flagged_facts, masked_answer, rules_of, shown_rules
from ledger.search.record_contents import contents_of
from ledger.search.record_filter import EVERYTHING, RecordFilter, Visible
from ledger.search.record_search import DECIDED, Page, UnreadableRecord, headers_wanted, records_wanted
from ledger.store.trouble import DAMAGED, FileTrouble
from ledger.verify.proving import NotProvedYet, proof_of

WITHHELD_HEADER = "Credence-Withheld"
"""Lists what of an answer the caller's roles don't show, as JSON pointers."""

_IN_NO_HEADER = ("account", "subject", "rule")
"""Filters that tell of a record what its header doesn't say."""

_PROOF: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "In the form of C2SP tlog-proof: header, index, hashes, checkpoint.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    },
    202: {"description": "No checkpoint covers it yet; Retry-After says in how many seconds one may."},
}

_IN_A_BODY = ("account", "subject", "request", "answer", "act")


def add_search_routes(app: FastAPI, journal: Journal, policies: Policies) -> None:
    """`GET /v1/decisions`, `GET /v1/journal` and `GET /v1/journal/{record}`."""
    turns = SearchTurns()

    @app.get(
        "/v1/decisions",
        name="list_decisions",
        tags=["decisions"],
        summary="Find decisions",
        dependencies=[filter_parameters(SearchParameters)],
        responses=problems(422, 429, 503),
    )
    async def list_decisions(wanted: Annotated[SearchParameters, Query()], request: Request) -> DecisionsShape:
        """Decisions, the newest first, by what is known of them. Order entry and booking find their own, collectors
        those on invoices and accounts. After a request whose answer was lost, `?subject=` with the case's number says
        what was decided."""
        admitted = admitted_of(request.scope)
        read = _decisions_read(wanted, admitted)
        whole, flagged = visible_to(admitted), flagged_now(policies)
        return await turns.run(_caller(admitted), _decisions_page, journal, read, wanted, whole, flagged)

    @app.get(
        "/v1/journal",
        name="list_records",
        tags=["journal"],
        summary="Find records",
        dependencies=[filter_parameters(JournalParameters)],
        responses=problems(422, 429, 503),
    )
    async def list_records(wanted: Annotated[JournalParameters, Query()], request: Request) -> RecordsShape:
        """Records of all kinds, the newest first: decisions, changes of people and keys, policy sets that took effect.
        Whoever sees headers alone can't ask for what no header says: account, subject, rule."""
        admitted = admitted_of(request.scope)
        _refuse_beyond_headers(wanted, admitted)
        read = replace(_filter(wanted, EVERYTHING), by_sealed_words=Right.FULL in admitted.rights)
        return await turns.run(_caller(admitted), _records_page, journal, read, wanted)

    @app.get(
        "/v1/journal/{record}",
        name="get_record",
        tags=["journal"],
        summary="Read a record",
        dependencies=[only_parameters()],
        responses=problems(404, 422, 503),
    )
    async def get_record(
        record: Annotated[str, Path(description="Its number (`seq`, `Journal-Entry`) or its id.")],
        request: Request,
        response: Response,
    ) -> RecordDetailsShape:
        """A record with who asked, when, what was received and answered, and how far it is proved. Privacy and admin
        see what the header says."""
        found = await asyncio.to_thread(_read_record, journal, record)
        if Right.FULL in admitted_of(request.scope).rights:
            return found
        withheld = [name for name in _IN_A_BODY if getattr(found, name) is not None]
        header = json.loads(found.header)
        shown = {"actor": header["actor"], "request_id": header["request_id"] or None}
        withheld += ["request_id"] if found.request_id != shown["request_id"] else []
        response.headers[WITHHELD_HEADER] = _pointers(withheld)
        return found.model_copy(update={**dict.fromkeys(_IN_A_BODY), **shown})


def add_proof_routes(app: FastAPI, journal: Journal) -> None:
    """`GET /v1/decisions/{id}/proof` for whoever may read the decision, `GET /v1/journal/{record}/proof` for whoever
    may read records: a header, which names nobody and has no figure, and hashes."""

    @app.get(
        "/v1/decisions/{id}/proof",
        name="prove_decision",
        tags=["decisions"],
        summary="Prove a decision",
        dependencies=[only_parameters()],
        responses={**_PROOF, **problems(404, 422, 503)},
        response_class=Response,
    )
    async def prove_decision(id: Annotated[str, Path(description="The decision's id.")], request: Request) -> Response:
        """The proof that the decision is in the journal, a file of its own to keep: checked with the journal's verifier
        key alone. Within a second of the decision there is none yet: 202, ask again."""
        if id in CASE_KINDS:
            raise UnknownDecision(id)
        with suppress(BodyGone):  # its header stands, and what is proved is the header
            await find_decision(id, journal, admitted_of(request.scope))
        return await asyncio.to_thread(_proved, journal, id.lower())

    @app.get(
        "/v1/journal/{record}/proof",
        name="prove_record",
        tags=["journal"],
        summary="Prove a record",
        dependencies=[only_parameters()],
        responses={**_PROOF, **problems(404, 422, 503)},
        response_class=Response,
    )
    async def prove_record(
        record: Annotated[str, Path(description="Its number (`seq`, `Journal-Entry`) or its id.")],
    ) -> Response:
        """The proof that a record is in the journal. Within a second of it there is none yet: 202, ask again."""
        return await asyncio.to_thread(_proved, journal, record)


def _proved(journal: Journal, called: str) -> Response:
    """Blocks. Raises `UnknownRecord`."""
    try:
        proof = journal.ask(lambda connection, _: proof_of(connection, called))
    except NotProvedYet:
        return Response(status_code=202, headers={"Retry-After": "1"})
    if proof is None:
        raise UnknownRecord(called)
    return Response(proof.text(), media_type="text/plain")


def masked_decision(recorded: Recorded, policies: Policies, *, for_sales: bool) -> Response:
    """A decision without what is confidential, and a header that lists what it lacks. `for_sales`: the reader entered
    the order, or had it entered, and is told the reasons as far as these name nothing confidential."""
    flagged = recorded.flagged | flagged_now(policies)
    content, lacking = masked_answer(recorded.answer, flagged, for_sales=for_sales)
    headers = {WITHHELD_HEADER: ", ".join(lacking)}
    return Response(content, media_type="application/json", headers=headers)


def flagged_now(policies: Policies) -> frozenset[str]:
    """The facts that are confidential or personal by the set in force, and always those of the engine's own that are;
    beside those that a record knows of itself."""
    flagged = standard_flagged_facts()
    return flagged | policies.in_force.engine.vocabulary.flagged_facts() if policies.in_force else flagged


def _caller(admitted: Admitted) -> str:
    return admitted.caller.budget or ""


def _filter(wanted: SearchParameters, visible: Visible) -> RecordFilter:
    """Of words that `filter_parameters` has looked at."""
    return read_filter(wanted.model_dump(by_alias=True, exclude={"limit", "cursor"}), visible)


def _decisions_read(wanted: SearchParameters, admitted: Admitted) -> RecordFilter:
    """What the caller wants of what they may see. Whoever sees decisions masked finds them all, but not by rule: which
    of them a rule holds may be what is confidential. Who asked is said to those alone who see all decisions whole."""
    visible = visible_to(admitted)
    if wanted.actor is not None and not visible.everything:
        raise Forbidden(f"{admitted.caller.in_words}, which isn't told who asked and doesn't find them by `actor`")
    if Right.MASKED in admitted.rights and not visible.everything:
        if wanted.rule is not None:
            raise Forbidden(f"{admitted.caller.in_words}, which sees decisions masked and doesn't find them by `rule`")
        visible = EVERYTHING
    return replace(_filter(wanted, visible), kinds=DECIDED)


def _refuse_beyond_headers(wanted: SearchParameters, admitted: Admitted) -> None:
    asked = [name for name in _IN_NO_HEADER if getattr(wanted, name) is not None]
    if asked and Right.FULL not in admitted.rights:
        names = " and ".join(f"`{name}`" for name in asked)
        raise Forbidden(f"{admitted.caller.in_words}, which sees headers of records; no header says {names}")


def _found(journal: Journal, read: RecordFilter, wanted: SearchParameters, search: Any) -> tuple[Page[Any], str | None]:
    """A page and the cursor of the next. Blocks. Raises `BadCursor`."""

    def ask(connection: Any, keys: Any) -> tuple[Page[Any], str | None]:
        below = None if wanted.cursor is None else read_cursor(keys, read, wanted.cursor)
        page = search(connection, keys, read, below, wanted.limit)
        return page, None if page.is_last else cursor(keys, read, page.searched_to)

    return journal.ask(ask)


def _decisions_page(
    journal: Journal, read: RecordFilter, wanted: SearchParameters, whole: Visible, flagged: frozenset[str]
) -> DecisionsShape:
    """Blocks. Raises `BadCursor`, `JournalUnavailable`."""
    page, after = _found(journal, read, wanted, records_wanted)
    shown = [_decision_line(record, whole, flagged) for record in page.records]
    return DecisionsShape(decisions=shown, next=after, searched_to=page.searched_to)


def _records_page(journal: Journal, read: RecordFilter, wanted: SearchParameters) -> RecordsShape:
    """Blocks. Raises `BadCursor`, `JournalUnavailable`."""
    page, after = _found(journal, read, wanted, headers_wanted)
    shown = [RecordLineShape(**_line(header)) for header in page.records]
    return RecordsShape(records=shown, next=after, searched_to=page.searched_to)


def _decision_line(
    record: OpenedRecord | GoneRecord | UnreadableRecord, whole: Visible, flagged: frozenset[str]
) -> DecisionLineShape:
    """What can't be read of a record doesn't keep the others from their reader."""
    if isinstance(record, GoneRecord):
        return DecisionLineShape(**{**_of_header(record.header), "gone": _gone(record)})
    if isinstance(record, UnreadableRecord):
        return DecisionLineShape(**{**_of_header(record.header), "trouble": record.trouble})
    header = record.header
    try:
        contents = contents_of(record)
    except FileTrouble as error:
        return DecisionLineShape(**{**_of_header(header), "trouble": str(error)})
    decision = contents.decision
    if decision is None:
        trouble = f"{DAMAGED}: record {header.seq} holds no decision"
        return DecisionLineShape(**{**_of_header(header), "trouble": trouble})
    is_whole = whole.sees_whole(header.case, record.actor, of_ledger=record.of_ledger)
    told = _of_header(header) | {"subject": decision["subject"], "account": contents.account}
    rules = rules_of(decision) if is_whole else shown_rules(decision, flagged | flagged_facts(record.body))
    return DecisionLineShape(**{**told, "as_of": decision["as_of"], "rules": rules})


def _of_header(header: Header) -> dict[str, Any]:
    """A decision's line without what its body says."""
    return {
        "id": header.id,
        "seq": header.seq,
        "recorded_at": header.at,
        "case": header.case,
        "subject": None,
        "account": None,
        "as_of": None,
        "outcome": header.outcome,
        "rules": [],
        "policy_version": header.policy,
        "gone": None,
        "trouble": None,
    }


def _gone(record: GoneRecord) -> GoneShape:
    return GoneShape(how=record.how, by=record.by)


def _line(header: Header) -> dict[str, Any]:
    return {
        "seq": header.seq,
        "id": header.id,
        "recorded_at": header.at,
        "kind": header.kind,
        "case": header.case or None,
        "outcome": header.outcome or None,
        "actor": header.actor,
        "request_id": header.request_id or None,
        "policy_version": header.policy or None,
        "engine_version": header.engine or None,
        "body": header.body,
    }


def _read_record(journal: Journal, called: str) -> RecordDetailsShape:
    """Blocks. Raises `UnknownRecord`."""
    found: OpenedRecord | GoneRecord | None
    try:
        found = journal.record_called(called)
    except BodyGone as gone:
        found = gone.record
    if found is None:
        raise UnknownRecord(called)
    said: dict[str, Any] = dict.fromkeys(_IN_A_BODY)
    if isinstance(found, OpenedRecord):
        contents = contents_of(found)
        said = {name: getattr(contents, name) for name in _IN_A_BODY} | {"actor": found.actor, "gone": None}
        said |= {"request_id": found.request_id or None}
    else:
        said |= {"gone": _gone(found)}
    text, seq = found.header.canonical_text(), found.header.seq
    checkpoint = journal.ask(lambda connection, _: first_checkpoint_over(connection, seq))
    proof = ProofStateShape(leaf=leaf_hash(text).hex(), checkpoint=checkpoint)
    return RecordDetailsShape(**{**_line(found.header), **said, "header": text.decode(), "proof": proof})


def _pointers(names: Iterable[str]) -> str:
    return ", ".join(f"/{name}" for name in names)
