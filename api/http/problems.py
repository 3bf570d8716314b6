"""Errors as RFC 9457 problem documents. The one table from errors to statuses is `PROBLEMS`.

An error class says nothing about HTTP; here it gets its status, its type and its title. Faults in what the caller sent
are listed all at once under `errors`, each with a JSON pointer (RFC 6901) into the body.

To add a problem: an error class where it is raised, a row in `PROBLEMS`, its status in the `responses` of the routes
that can answer it, and a line in docs/api.md. The `type` stays for good, since callers' programs tell problems apart by
it; the detail is for people and may be reworded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from api.http.ledger_problems import LEDGER_PROBLEMS
from api.http.policy_problems import POLICIES_CHANGING, POLICY_PROBLEMS
from api.http.problem_kind import ProblemKind
from api.http.search_turns import TooManySearches
from api.worker import TooManyOfCaller, TooManyWaiting
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.access.changes import AccessRefused, AlreadyThere, NobodyThere
from ledger.credit.change import CommandRefused
from ledger.erasure.erasing import ErasureRefused, NothingToErase, OnePerson
from ledger.journal.kept_answers import RequestKeyReused
from ledger.journal.opened_records import BodyGone
from ledger.journal.policy_timeline import PolicyMoved
from ledger.journal.signed_log import NoCosignature
from ledger.policies.in_force import NoPolicyInForce, NotPending
from ledger.policies.states import ActRefused
from ledger.search.cursors import BadCursor
from ledger.store.trouble import JournalUnavailable
from ledger.webhooks.endpoint_changes import EndpointRefused, UnknownEndpoint

MEDIA_TYPE = "application/problem+json"
_SCHEMA = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


@dataclass(frozen=True, slots=True)
class BodyFault:
    """One thing wrong with a body."""

    path: str
    """JSON pointer (RFC 6901) into the body, empty for the body as a whole."""

    message: str
    """What is wrong, as the end of a sentence that begins with the place."""

    hint: str = ""
    """What to send instead."""


class Refused(Exception):
    """Something the caller sent; the message is the problem's detail."""

    def __init__(self, detail: str, faults: Iterable[BodyFault] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.faults = tuple(faults)
        self.headers = dict(headers or {})


class MalformedBody(Refused):
    """The body is no strict JSON object."""


class FactsInvalid(Refused):
    """The body is JSON, and something in it can't be used; all of that is in `faults`."""


class BodyTooLarge(Refused):
    """A body beyond the limit, or chunks and trailers that take more room than what they carry."""


class WrongMediaType(Refused):
    """The body is not declared as JSON."""


class MethodNotAllowed(Refused):
    """The path answers other methods; `Allow` lists them."""


class NoSuchPath(Refused):
    """There is nothing at the path."""


class MalformedRequest(Refused):
    """The request is no HTTP that two readers would read alike."""


class ForeignHost(Refused):
    """The request asks for a host that isn't this service."""


class ForeignOrigin(Refused):
    """A browser sent the request for a page that isn't this service's."""


class TooSlow(Refused):
    """Head or body were not complete in time."""


class UnmetExpectation(Refused):
    """An `Expect` other than 100-continue."""


class TooManyAhead(Refused):
    """Too many requests wait on one connection."""


class HeadTooLarge(Refused):
    """Request line and headers, or trailers, beyond the limit."""


class Overloaded(Refused):
    """Too many connections or unfinished requests in all."""


class UnknownCaseKind(Refused):
    """A path below /v1/decisions/ that is no case kind."""

    def __init__(self, word: str) -> None:
        super().__init__(f"`{word[:80]}` is not a kind of case; the kinds are {', '.join(CASE_KINDS)}")


class UnknownDecision(Refused):
    """The journal has no decision with this id."""

    def __init__(self, id: str) -> None:
        super().__init__(f"no decision with the id `{id[:80]}` is in the journal")


class UnknownRecord(Refused):
    """The journal has no record with this id or number."""

    def __init__(self, called: str) -> None:
        super().__init__(f"no record `{called[:80]}` is in the journal; give a record's number, or its id")


class NotLocal(Refused):
    """With `--insecure-local`: asked from another machine, or passed on by a proxy."""


class KeyNeeded(Refused):
    """Nobody knows who asks. `is_wrong`: something was sent, and it opens nothing (RFC 6750, 3.1)."""

    def __init__(self, detail: str, *, is_wrong: bool = False) -> None:
        challenge = 'Bearer realm="credence"' + (', error="invalid_token"' if is_wrong else "")
        super().__init__(detail, (), {"WWW-Authenticate": challenge})


class KeyInQuery(Refused):
    """A key where proxies, histories and logs keep it."""


class Forbidden(Refused):
    """Who asks is known, and has no role for this."""


class MayNotActFor(Refused):
    """The key has no right to act for people, or the person named is nobody here."""


class OnBehalfOfUnreadable(Refused):
    """`Credence-On-Behalf-Of` names no login, or says more than may be said there."""


class TooOften(Refused):
    """A key beyond its rate."""

    def __init__(self, detail: str, *, retry_seconds: int) -> None:
        super().__init__(detail, (), {"Retry-After": str(retry_seconds)})


class IdempotencyKeyUnreadable(Refused):
    """`Idempotency-Key` is empty, too long, sent twice or no visible ASCII."""


class RequestInFlight(Refused):
    """The same request of the same caller is being answered."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, (), {"Retry-After": "1"})


class SecretShown(Refused):
    """The request was answered with the text of a key or a secret, which is shown once."""

    def __init__(self, id: str) -> None:
        super().__init__(
            f"this request made the key or secret of {id} already, and its text was shown then; if it is lost, make "
            "another with another Idempotency-Key, and let that one end"
        )


class ClockBehind(Exception):
    """The machine's clock is earlier than the last record, so it can't say what day it is."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the service's clock is {timedelta(seconds=round(seconds))} behind the last record of the journal, so what"
            " day it is can't be told; send `as_of`, or set the clock right"
        )


_INTERNAL = ProblemKind(
    "internal-error", 500, "Internal error", "A fault of the service. Nothing was decided. The log has the request id."
)
PROBLEMS: Mapping[type[Exception], ProblemKind] = {
    MalformedBody: ProblemKind(
        "malformed-body",
        400,
        "The body is not strict JSON",
        "It must be one JSON object in UTF-8 without byte order mark, duplicate keys, NaN or Infinity.",
    ),
    FactsInvalid: ProblemKind(
        "invalid-request",
        422,
        "The request can't be used",
        "The JSON is well formed, but fields are unknown, missing, of the wrong type or out of range. The answer "
        "lists them all: where each stands, what is wrong and what to send instead.",
    ),
    BodyTooLarge: ProblemKind(
        "body-too-large", 413, "The body is too large", "The limit is the setting CREDENCE_BODY_BYTES_MAX."
    ),
    WrongMediaType: ProblemKind(
        "unsupported-media-type", 415, "The body is not declared as JSON", "Send Content-Type: application/json."
    ),
    UnknownCaseKind: ProblemKind(
        "unknown-case-kind", 404, "No such kind of case", f"The kinds are {', '.join(CASE_KINDS)}."
    ),
    UnknownDecision: ProblemKind(
        "unknown-decision", 404, "No such decision", "The journal has no decision with this id."
    ),
    UnknownRecord: ProblemKind(
        "unknown-record", 404, "No such record", "The journal has no record with this number or id."
    ),
    NoCosignature: ProblemKind(
        "cosignature-refused",
        422,
        "The cosignature can't be kept",
        "It must be over a checkpoint of this journal, by a witness of the file that CREDENCE_TRUST_POLICY names.",
    ),
    BodyGone: ProblemKind(
        "erased",
        410,
        "What it said is gone",
        "It was erased by order, or kept as long as the policies say and dropped. The record's header stands, and so "
        "does its proof; the detail names the record that says why.",
    ),
    NothingToErase: ProblemKind(
        "nothing-to-erase", 404, "Nothing to erase", "No record is about them, or all were erased; or no such erasure."
    ),
    ErasureRefused: ProblemKind(
        "erasure-refused", 409, "Not to be erased so", "The detail says why, until when, or what to do instead."
    ),
    OnePerson: ProblemKind(
        "one-person", 403, "An erasure needs two persons", "Whoever proposed it can't confirm it; that is on record."
    ),
    BadCursor: ProblemKind(
        "cursor-unusable",
        422,
        "The cursor can't be used",
        "A cursor goes on with the search that gave it: by the same key, with the same filters. Anything else would "
        "leave records out.",
    ),
    NoSuchPath: ProblemKind("not-found", 404, "No such path", "The OpenAPI document lists all paths."),
    MethodNotAllowed: ProblemKind(
        "method-not-allowed", 405, "Method not allowed", "The Allow header lists the methods of this path."
    ),
    NotPending: ProblemKind(
        "not-pending",
        409,
        "Not the pending policy set",
        "What is to be activated must be named by the version of the change that is pending; /readyz shows it.",
    ),
    NotLocal: ProblemKind(
        "not-local",
        403,
        "Only on the service's own machine",
        "The service was started with --insecure-local: it asks for no key, and answers this machine past any proxy.",
    ),
    KeyNeeded: ProblemKind(
        "unauthorized",
        401,
        "A key is needed",
        "Send Authorization: Bearer with a key that is open, or with a token of a configured issuer.",
    ),
    KeyInQuery: ProblemKind(
        "key-in-query",
        400,
        "A key in the query",
        "Proxies and histories keep queries. Revoke the key, and send it as a header.",
    ),
    Forbidden: ProblemKind("forbidden", 403, "Not with these roles", "The detail names the roles that may."),
    MayNotActFor: ProblemKind(
        "may-not-act-for",
        403,
        "May not act for this person",
        "Only a service's key with the right `acts-for` names people in Credence-On-Behalf-Of, and only active ones.",
    ),
    OnBehalfOfUnreadable: ProblemKind(
        "on-behalf-of-unreadable",
        400,
        "Credence-On-Behalf-Of can't be read",
        "It names one login; with --insecure-local also roles and authority.",
    ),
    TooOften: ProblemKind(
        "rate-limit", 429, "Too many requests of one key", "Retry-After says in how many seconds the next is answered."
    ),
    AccessRefused: ProblemKind(
        "access-change-refused",
        422,
        "People or keys can't be changed so",
        "The detail says why, and what to do instead.",
    ),
    AlreadyThere: ProblemKind(
        "already-there", 409, "There already", "A person with this login or subject; logins are never given twice."
    ),
    NobodyThere: ProblemKind("unknown-person-or-key", 404, "No such person or key", "List them to see who is there."),
    EndpointRefused: ProblemKind(
        "webhook-refused",
        422,
        "The webhook can't be so",
        "The detail says why: an address that nothing is sent to, an unknown type of event, too many webhooks.",
    ),
    UnknownEndpoint: ProblemKind("unknown-webhook", 404, "No such webhook", "List them to see their ids."),
    IdempotencyKeyUnreadable: ProblemKind(
        "idempotency-key-unreadable",
        400,
        "Idempotency-Key can't be read",
        "It is sent once, and is 1 to 255 visible characters of ASCII, such as a UUID.",
    ),
    RequestInFlight: ProblemKind(
        "request-in-flight",
        409,
        "The same request is being answered",
        "A request of this caller with the same Idempotency-Key is not answered yet. Send it again after Retry-After "
        "seconds: then its answer is there.",
    ),
    SecretShown: ProblemKind(
        "secret-shown",
        409,
        "Its answer was shown once",
        "The answer held the text of a key or a secret. Nothing was made now; the detail names what was made then.",
    ),
    RequestKeyReused: ProblemKind(
        "idempotency-key-reused",
        422,
        "The Idempotency-Key belongs to another request",
        "This caller has sent the key with another method, path or body. Nothing was done. A new request needs a new "
        "key.",
    ),
    MalformedRequest: ProblemKind(
        "malformed-request",
        400,
        "The request is not proper HTTP",
        "HTTP/1.1 or 1.0 with one Host, no faults in its headers and one way to tell where its body ends.",
    ),
    ForeignOrigin: ProblemKind(
        "foreign-origin",
        403,
        "Asked by a foreign page",
        "A browser says that a page of another site sent this. The setting CREDENCE_HOSTS lists whose pages may.",
    ),
    TooSlow: ProblemKind(
        "request-timeout",
        408,
        "The request took too long to arrive",
        "Head and body have limits of time, CREDENCE_HEAD_SECONDS_MAX and CREDENCE_BODY_SECONDS_MAX.",
    ),
    UnmetExpectation: ProblemKind(
        "expectation-failed", 417, "The expectation can't be met", "The only one that can is Expect: 100-continue."
    ),
    ForeignHost: ProblemKind(
        "misdirected-request",
        421,
        "Not a name of this service",
        "The request asks for another host. The setting CREDENCE_HOSTS lists the names of the service.",
    ),
    TooManyAhead: ProblemKind(
        "too-many-requests", 429, "Too many requests ahead", "Wait for answers before sending more on one connection."
    ),
    HeadTooLarge: ProblemKind(
        "head-too-large", 431, "The request's head is too large", "The limit is the setting CREDENCE_HEAD_BYTES_MAX."
    ),
    Overloaded: ProblemKind(
        "overloaded", 503, "Too much at once", "Too many connections or unfinished requests. Nothing was decided."
    ),
    NoPolicyInForce: ProblemKind(
        "no-policy-in-force",
        503,
        "No policy in force",
        "The files have mistakes, or no first set is approved: /readyz.",
    ),
    PolicyMoved: POLICIES_CHANGING,
    TooManyOfCaller: ProblemKind(
        "too-many-checks",
        429,
        "Too many checks of one caller",
        "Checks of one caller are done one after the other, and few may wait. Wait for an answer before the next.",
    ),
    TooManySearches: ProblemKind(
        "too-many-searches",
        429,
        "Too many searches of one caller",
        "Searches of one caller are done one after the other, and few may wait. Wait for an answer before the next.",
    ),
    TooManyWaiting: ProblemKind(
        "checks-busy", 503, "Too many checks wait", "Checks of all callers share one worker. Try again later."
    ),
    JournalUnavailable: ProblemKind(
        "journal-unavailable",
        503,
        "The journal is not available",
        "The decision could not be written to disk, so there is none. Try again; the same request is safe to repeat.",
    ),
    ClockBehind: ProblemKind(
        "clock-behind",
        503,
        "The clock is behind",
        "The service's clock is more than an hour behind the last record, so a request that doesn't say `as_of` is not "
        "decided. One that does is.",
    ),
}
ALL_KINDS = (*PROBLEMS.values(), *POLICY_PROBLEMS.values(), *LEDGER_PROBLEMS.values(), _INTERNAL)


def kind_of(error: Exception) -> ProblemKind:
    """By the class of the error; what the table doesn't name is a fault of ours. A subclass isn't its parent: what is
    raised without a row of its own would show callers what it says, whoever wrote that."""
    if isinstance(error, CommandRefused):
        return LEDGER_PROBLEMS[error.code]
    if isinstance(error, ActRefused):
        return POLICY_PROBLEMS[error.code]
    return PROBLEMS.get(type(error), _INTERNAL)


def problem_response(error: Exception) -> Response:
    """The whole answer to an error: status, headers and document.

    An error that the table doesn't name is ours: 500, and nothing of it is shown, since its text may hold a customer's
    figures or a path of this machine. What may pass by itself (503, 429) says when to come back.
    """
    kind = kind_of(error)
    body: dict[str, object] = {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.meaning if kind is _INTERNAL else str(error),
    }
    headers = {}
    if isinstance(error, Refused):
        headers = error.headers
        if error.faults:
            body["errors"] = [{"path": f.path, "message": f.message, "hint": f.hint} for f in error.faults]
    if isinstance(error, CommandRefused | ActRefused):
        body |= error.members
    if isinstance(error, NoPolicyInForce):
        body["diagnostics"] = [diagnostic.as_json() for diagnostic in error.diagnostics]
    if kind.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers = {"Retry-After": "1"} | headers
    # a fault may quote a lone surrogate of the caller's, which UTF-8 can't hold
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(content, kind.status, headers, MEDIA_TYPE)


EDGE_STATUSES = (400, 403, 408, 413, 417, 421, 422, 429, 431, 500, 503)
"""What any request may be answered with before, or whatever, its path is."""

_MEANING = {
    400: "The request, or its body, can't be read.",
    401: "A key is needed, or the one that was sent opens nothing.",
    403: "Asked by a foreign page, or by somebody whose roles don't allow it; the detail names those that do.",
    404: "Nothing by this name.",
    409: "It is there already, or another policy set is pending, or none; or the same Idempotency-Key is in flight.",
    408: "The request took too long to arrive.",
    410: "What was recorded is erased, or was dropped after its time.",
    412: "It has another version by now than the one that `If-Match` names.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    417: "An expectation that can't be met.",
    421: "The request asks for another host.",
    422: "Fields are unknown, missing, of the wrong type or out of range; all are listed.",
    429: "This caller has too many requests waiting, or its key asks too often.",
    431: "The request's head is too large.",
    500: "A fault of the service. Nothing was decided.",
    503: "Nothing was decided: no policy is in force, the journal can't be written, or the clock is behind and `as_of` "
    "is missing. Or too many checks wait.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses` in the OpenAPI document."""
    return {status: {"description": _MEANING[status], "content": _SCHEMA} for status in statuses}
