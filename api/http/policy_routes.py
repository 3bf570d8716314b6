"""The policy set in force, trying out a change before it is saved, and activating one that takes something away.

A check reads and compiles texts that a stranger may have written to take long. So it runs in a process of its own with
limits of time and memory, one at a time, callers in turn; and it ends where the caller hangs up, so that nobody waits
for an answer that nobody wants.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Coroutine, Iterable, Iterator
from typing import Annotated, TypeVar

from fastapi import FastAPI, Query, Request
from pydantic import ValidationError
from starlette.responses import Response
from starlette.types import Receive

from api.http.answers import (
    ActivateRequest,
    CheckAnswer,
    CheckRequest,
    DiagnosticShape,
    FailedChangeShape,
    PendingChangeShape,
    PolicyFile,
    PolicySetShape,
)
from api.http.body import ClientGone, parse_object, pointer_part, read_body
from api.http.caller import actor_of
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import BodyFault, FactsInvalid, problems
from api.http.retries import request_to_keep
from api.policy_check import checked_by
from api.worker import Worker
from engine.diagnostics.diagnostic import Diagnostic
from engine.reading.list_file import name_in_set
from ledger.journal.journal_work import keep as keep_answer
from ledger.journal.kept_answers import KeptAnswer
from ledger.journal.log_transaction import LogTransaction
from ledger.policies.in_force import FailedChange, InForce, Pending, Policies

FILES_MAX = 200
"""Files in one request: more than any policy set has."""

T = TypeVar("T")


def shown_failure(failed: FailedChange | None) -> FailedChangeShape | None:
    """As `/readyz` and `/v1/policies` show it."""
    return FailedChangeShape(at=failed.at, diagnostics=_as_shapes(failed.diagnostics)) if failed else None


def shown_pending(pending: Pending | None) -> PendingChangeShape | None:
    """As `/readyz` and `/v1/policies` show it."""
    if pending is None:
        return None
    gone = pending.vanished
    return PendingChangeShape(
        at=pending.at,
        version=pending.engine.version if pending.engine else None,
        files=list(gone.files),
        policies=list(gone.policies),
        rules=list(gone.rules),
        exceptions=list(gone.exceptions),
    )


def _as_shapes(diagnostics: tuple[Diagnostic, ...]) -> list[DiagnosticShape]:
    """Diagnostics as answers have them, in the order in which `check` prints them."""
    return [DiagnosticShape.model_validate(diagnostic.as_json()) for diagnostic in diagnostics]


def add_policy_routes(app: FastAPI, policies: Policies, checker: Worker, body_bytes_max: int) -> None:
    """`/v1/policies`, `/v1/policies/check` and `/v1/policies/activate`."""

    @app.get(
        "/v1/policies",
        tags=["policies"],
        summary="The policies in force",
        dependencies=[only_parameters("text")],
        response_model_exclude_unset=True,
        responses=problems(422),
    )
    async def get_policies(
        *,
        text: Annotated[bool, Query(description="Give each file's text too.")] = False,
    ) -> PolicySetShape:
        """The policy set that decides now, its files, and the last change that did not check."""
        return _policy_set(policies, with_text=text)

    @app.post(
        "/v1/policies/check",
        tags=["policies"],
        summary="Try out a change of policies",
        dependencies=[only_parameters()],
        openapi_extra={"requestBody": body_of("CheckRequest")},
        responses=problems(400, 413, 415, 422, 429, 503),
    )
    async def check_policies(request: Request) -> CheckAnswer:
        """What would happen if these files were saved: the mistakes in them and in what depends on them. The given
        files are laid over the ones in the rules folder, those of the same name replaced; with `alone` the given files
        are the whole set. Nothing is stored, nothing takes effect. Policies that take more than 10 seconds of
        the processor or 1 GB to check have the mistake Y098. Checks of one caller are done one after the other."""
        check = _check_request(await read_body(request.scope, request.receive, body_bytes_max))
        files = {} if check.alone else dict(await policies.files())
        for name, text in check.files.items():
            files[f"{policies.name}/{name_in_set(name)}"] = text.encode("utf-8", "surrogatepass")
        caller = str(actor_of(request.scope))
        checked = await _unless_gone(request.receive, checked_by(checker, caller, files))
        diagnostics = _as_shapes(checked.diagnostics)
        return CheckAnswer(
            ok=checked.version is not None, version=checked.version, diagnostics=diagnostics, count=checked.count
        )

    @app.post(
        "/v1/policies/activate",
        tags=["policies"],
        summary="Put a pending change into force",
        dependencies=[only_parameters()],
        openapi_extra={"requestBody": body_of("ActivateRequest")},
        response_model=PolicySetShape,
        responses=problems(400, 403, 409, 413, 415, 422, 503),
    )
    async def activate_policies(request: Request) -> Response:
        """Put the pending policy set into force, named by its version: what it takes away is meant. Answers the set
        that decides from now on."""
        body = await read_body(request.scope, request.receive, body_bytes_max)
        version, keyed = _version_to_activate(body), request_to_keep(request.scope)

        def keep(transaction: LogTransaction, becomes: InForce) -> Exception | None:
            answer = KeptAnswer(status=200, body=_as_json(_activated(becomes)))
            return None if keyed is None else keep_answer(transaction, keyed, answer)

        becomes = await policies.activate(version, actor_of(request.scope), keep)
        return Response(_as_json(_activated(becomes)), media_type="application/json")


_AS_SHOWN = "send the version of the pending set, as /readyz shows it"
_NO_VERSION = "is not the version of a policy set: 64 digits and letters a to f", _AS_SHOWN
_ACTIVATE_FAULTS = {
    "missing": ("is required", _AS_SHOWN),
    "string_type": ("is not text", _AS_SHOWN),
    "extra_forbidden": ("is not a member of this request", 'send {"version": "…"} alone'),
}
"""What is said of a body that activates nothing, and what to send instead, by pydantic's kinds of faults."""


def _version_to_activate(body: bytes) -> str:
    """The version that the caller looked at. It must be named, so that nobody activates what was saved meanwhile."""
    try:
        return ActivateRequest.model_validate(parse_object(body, '{"version": "…"}')).version
    except ValidationError as invalid:
        faults = [
            BodyFault(_pointer(error["loc"]), *_ACTIVATE_FAULTS.get(error["type"], _NO_VERSION))
            for error in invalid.errors(include_url=False)
        ]
        raise FactsInvalid("the request can't be used", faults) from None


async def _unless_gone(receive: Receive, job: Coroutine[None, None, T]) -> T:
    """The job's result; where the caller hangs up, the job ends too.

    Two tasks race: the job, and one that waits for the connection's end. Raises `ClientGone` where that comes first,
    and whatever the job raises. Both tasks are ended and waited for in any case, so none outlives the request.
    """
    working, gone = asyncio.ensure_future(job), asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    """Returns once the caller has hung up; what else still arrives on the request is passed over."""
    while (await receive())["type"] != "http.disconnect":
        pass


NOTHING_TO_CHECK = "has no files, and `alone` leaves out those in the rules folder"


def _check_request(body: bytes) -> CheckRequest:
    """The files to check. Raises `FactsInvalid` with every fault: what pydantic finds, too many files, two of one name,
    and a check of nothing at all, which would be answered "no policies", as if the caller's set were empty."""
    try:
        check = CheckRequest.model_validate(parse_object(body, '{"files": {"orders.yaml": "…"}}'))
    except ValidationError as invalid:
        faults = [
            _name_refused(_pointer(error["loc"]))
            if error["type"] == "string_pattern_mismatch"
            else BodyFault(_pointer(error["loc"]), error["msg"][0].lower() + error["msg"][1:])
            for error in invalid.errors(include_url=False)
        ]
        raise FactsInvalid("the request can't be used", faults) from None
    if check.alone and not check.files:
        fault = BodyFault("/files", NOTHING_TO_CHECK, "give the files to check, or leave out `alone`")
        raise FactsInvalid("the request can't be used", [fault])
    if faults := [*_too_many(check.files), *_named_alike(check.files)]:
        raise FactsInvalid("the request can't be used", faults)
    return check


def _too_many(files: Collection[str]) -> Iterator[BodyFault]:
    """A fault where more files are sent than a set may have."""
    if len(files) > FILES_MAX:
        yield BodyFault("/files", f"has {len(files):,} files, more than {FILES_MAX}", "join policies in larger files")


def _named_alike(files: Iterable[str]) -> Iterator[BodyFault]:
    """A rules folder is flat but for its lists: of two files with one name, one would silently replace the other."""
    first: dict[str, str] = {}
    for name in files:
        other = first.setdefault(name_in_set(name), name)
        if other != name:
            message = f"`{name}` and `{other}` are the same file, since folders don't count"
            yield BodyFault(f"/files/{pointer_part(name)}", message, "send one of the two, or rename it")


def _name_refused(path: str) -> BodyFault:
    """What is said of a name that no policy file could have, with one that it could."""
    hint = "such as `rules/orders.yaml` or `lists/banks.csv`: ends in .yaml or .yml, of a list also in .csv"
    return BodyFault(path, "is not a name of a policy file", hint)


def _pointer(steps: tuple[int | str, ...]) -> str:
    """Pydantic marks a key that is itself wrong by a last step `[key]`."""
    return "".join(f"/{pointer_part(str(step))}" for step in steps if step != "[key]")


def _activated(becomes: InForce) -> PolicySetShape:
    """The set that decides from now on: nothing is pending any more."""
    files = [_file(name, text, with_text=False) for name, text in becomes.engine.files.items()]
    return PolicySetShape(
        version=becomes.engine.version, since=becomes.since, files=files, failed_change=None, pending=None
    )


def _as_json(shape: PolicySetShape) -> bytes:
    return shape.model_dump_json(exclude_unset=True).encode()


def _policy_set(policies: Policies, *, with_text: bool) -> PolicySetShape:
    """What decides now, which the folder needn't hold any more: texts come from the engine in force, not from files.

    Where nothing is in force, version and date are null and there are no files; `failed_change` then says what is wrong
    with those in the folder.
    """
    now = policies.in_force
    return PolicySetShape(
        version=now.engine.version if now else None,
        since=now.since if now else None,
        files=[_file(name, text, with_text=with_text) for name, text in now.engine.files.items()] if now else [],
        failed_change=shown_failure(policies.failed),
        pending=shown_pending(policies.pending),
    )


def _file(name: str, text: str, *, with_text: bool) -> PolicyFile:
    """`text` stays unset where it isn't asked for, so that the answer has no member for it."""
    content = text.encode()
    file = PolicyFile(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    if with_text:
        file.text = text
    return file
