"""People and keys over HTTP: `credence people` and `credence keys` ask here. Each change is an act of whoever asks.

Nobody changes their own roles or authority: what an admin may grant to others takes another admin to grant to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.http.access_answers import (
    AddPersonRequest,
    ChangePersonRequest,
    CreateKeyRequest,
    ErasedPersonShape,
    KeyShape,
    KeysShape,
    NewKeyShape,
    PeopleShape,
    PersonShape,
    RevokeKeyRequest,
)
from api.http.caller import actor_of, admitted_of, request_id_in
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import Forbidden, problems
from api.http.request_models import read_model
from api.http.retries import request_to_keep
from ledger.access.access import Access, Keeping
from ledger.access.changes import (
    AccessChange,
    Changed,
    KeyWords,
    PersonWords,
    add_person,
    change_person,
    checked_login,
    create_key,
    end_person,
    erase_person,
    is_open,
    revoke_key,
)
from ledger.access.people import AccessState, ApiKey, Person
from ledger.access.roles import Role
from ledger.journal.clock import Clock
from ledger.journal.kept_answers import KeptAnswer

_Request = TypeVar("_Request", bound=BaseModel)
_Shown = Callable[[Changed, AccessState], BaseModel]
"""How a change is answered: by what it was about and the state after it."""

_SHARED: dict[str, Any] = {"tags": ["access"], "dependencies": [only_parameters()]}
"""What all of these routes are declared with."""


class _Desk:
    """What the routes below share: how a body is read, a change made, a key shown."""

    def __init__(self, access: Access, clock: Clock, body_bytes_max: int) -> None:
        self.access = access
        self._clock = clock
        self._body_bytes_max = body_bytes_max

    async def read(self, request: Request, model: type[_Request], such_as: str) -> _Request:
        """The body. Raises what `read_model` raises."""
        return await read_model(request, model, such_as, self._body_bytes_max)

    async def change(self, request: Request, change: AccessChange, shown: _Shown, status: int = 200) -> Response:
        """Makes the change in the name of whoever asks, and shows what it was about. Raises what `ledger.access` raises
        where it may not be: `AlreadyThere`, `NobodyThere`, `AccessRefused`.

        What a request with an Idempotency-Key is answered is made in the journal's transaction and kept there; one that
        shows a key's text is not.
        """
        made: list[bytes] = []

        def answer(changed: Changed, state: AccessState) -> KeptAnswer:
            made[:] = [shown(changed, state).model_dump_json().encode()]
            if changed.text is not None:
                return KeptAnswer(status=status, secret_of=changed.subject)
            return KeptAnswer(status=status, body=made[0])

        keyed = request_to_keep(request.scope)
        keeping = None if keyed is None else Keeping(keyed, answer)
        changed = await self.access.change(change, actor_of(request.scope), keeping)
        if not made:
            answer(changed, self.access.state())
        return Response(made[0], status, media_type="application/json")

    async def refuse_oneself(self, request: Request, login: str) -> None:
        """Raises `Forbidden` for a caller who would change their own rights, once that is on record. Logins are
        compared as the journal compares them, without regard to case and width, so `U.Becker` is no way around."""
        caller = admitted_of(request.scope).caller
        if caller.login is None or caller.login != checked_login(login):
            return
        why = "nobody changes their own roles or authority; another admin does"
        person = self.access.state().by_login.get(caller.login)
        subject = person.identity.id if person else ""
        await self.access.record_refusal("change", subject, why, actor_of(request.scope), request_id_in(request.scope))
        raise Forbidden(why)

    def key(self, key: ApiKey, state: AccessState) -> KeyShape:
        """The key as it is now, without its text."""
        return _key(key, state, self._clock)


def add_access_routes(app: FastAPI, access: Access, clock: Clock, body_bytes_max: int) -> None:
    """`/v1/people…` and `/v1/keys…`."""
    desk = _Desk(access, clock, body_bytes_max)
    _add_people_routes(app, desk)
    _add_routes_of_one_person(app, desk)
    _add_key_routes(app, desk)


_CHANGED_PERSON = problems(400, 404, 409, 413, 415, 422, 503)


def _add_people_routes(app: FastAPI, desk: _Desk) -> None:
    """`GET` and `POST /v1/people`."""

    @app.get(
        "/v1/people",
        summary="Who may ask, and as what",
        **_SHARED,
        responses=problems(422, 503),
    )
    async def get_people() -> PeopleShape:
        """Everybody who may ask or could once: who holds what."""
        by_login = desk.access.state().by_login
        return PeopleShape(people=[_person(by_login[login]) for login in sorted(by_login)])

    @app.post(
        "/v1/people",
        name="add_person",
        summary="Add somebody",
        **_SHARED,
        response_model=PersonShape,
        status_code=201,
        openapi_extra={"requestBody": body_of("AddPersonRequest")},
        responses=_CHANGED_PERSON,
    )
    async def add_person_(request: Request) -> Response:
        """Somebody new. A login is never given twice."""
        body = await desk.read(request, AddPersonRequest, '{"login": "u.becker", "roles": ["order-entry"]}')
        words = PersonWords(
            name=body.name,
            roles=frozenset(body.roles),
            authority=body.authority,
            oidc_issuer=body.oidc_issuer,
            oidc_subject=body.oidc_subject,
        )
        return await desk.change(request, add_person(body.login, words), _changed_person, 201)


def _add_routes_of_one_person(app: FastAPI, desk: _Desk) -> None:
    """What is done about one person. Each answers the person afterwards, so that a caller sees what holds now."""

    @app.post(
        "/v1/people/{login}/change",
        name="change_person",
        summary="Change what somebody may",
        **_SHARED,
        response_model=PersonShape,
        openapi_extra={"requestBody": body_of("ChangePersonRequest")},
        responses=_CHANGED_PERSON,
    )
    async def change_person_(login: str, request: Request) -> Response:
        """What is said of them from now on. Nobody changes their own roles or authority."""
        body = await desk.read(request, ChangePersonRequest, '{"roles": ["desk"]}')
        if body.roles is not None or body.authority is not None:
            await desk.refuse_oneself(request, login)
        words = PersonWords(
            name=body.name,
            roles=None if body.roles is None else frozenset(body.roles),
            authority=body.authority,
            oidc_issuer=body.oidc_issuer,
            oidc_subject=body.oidc_subject,
        )
        return await desk.change(request, change_person(login, words), _changed_person)

    @app.post(
        "/v1/people/{login}/end",
        name="end_person",
        summary="Let somebody go",
        **_SHARED,
        response_model=PersonShape,
        responses=_CHANGED_PERSON,
    )
    async def end_person_(login: str, request: Request) -> Response:
        """From now on nothing of theirs opens anything."""
        return await desk.change(request, end_person(login), _changed_person)

    @app.post(
        "/v1/people/{login}/erase",
        name="erase_person",
        summary="Erase somebody's names",
        **_SHARED,
        response_model=ErasedPersonShape,
        responses=_CHANGED_PERSON,
    )
    async def erase_person_(login: str, request: Request) -> Response:
        """Login, name and OIDC subject of somebody who has ended are gone for good. What they did stays on record, by
        an opaque id. The login is free again."""
        return await desk.change(
            request, erase_person(login), lambda changed, _: ErasedPersonShape(id=changed.subject, erased=True)
        )


def _add_key_routes(app: FastAPI, desk: _Desk) -> None:
    """`GET` and `POST /v1/keys`, and revoking one. A key's text is in the answer that makes it and in no other."""

    @app.get(
        "/v1/keys",
        summary="Keys, without their texts",
        **_SHARED,
        responses=problems(422, 503),
    )
    async def get_keys() -> KeysShape:
        """Every key, without its text."""
        state = desk.access.state()
        return KeysShape(keys=[desk.key(key, state) for key in state.keys.values()])

    @app.post(
        "/v1/keys",
        name="create_key",
        summary="Make a key",
        **_SHARED,
        response_model=NewKeyShape,
        status_code=201,
        openapi_extra={"requestBody": body_of("CreateKeyRequest")},
        responses=problems(400, 404, 413, 415, 422, 503),
    )
    async def create_key_(request: Request) -> Response:
        """A new key, beside those that there are. Its text is in this answer and kept nowhere."""
        body = await desk.read(request, CreateKeyRequest, '{"service": "erp", "roles": ["order-entry"]}')
        words = KeyWords(
            login=body.login,
            service=body.service,
            roles=frozenset(body.roles),
            acts_for=body.acts_for,
            per_second=body.per_second,
            days=body.days,
        )
        return await desk.change(request, create_key(words), _new_key, 201)

    @app.post(
        "/v1/keys/{id}/revoke",
        name="revoke_key",
        summary="Revoke a key",
        **_SHARED,
        response_model=KeyShape,
        openapi_extra={"requestBody": body_of("RevokeKeyRequest")},
        responses=problems(400, 404, 413, 415, 422, 503),
    )
    async def revoke_key_(id: str, request: Request) -> Response:
        """It opens nothing from now on, or in so many days."""
        body = await desk.read(request, RevokeKeyRequest, '{"in_days": 7}')
        change = revoke_key(id, in_days=body.in_days)
        return await desk.change(request, change, lambda changed, state: desk.key(state.keys[changed.subject], state))


def _changed_person(changed: Changed, state: AccessState) -> PersonShape:
    return _person(state.people[changed.subject])


def _new_key(changed: Changed, state: AccessState) -> NewKeyShape:
    key = state.keys[changed.subject]
    return NewKeyShape(id=key.id, key=changed.text or "", expires_at=key.expires_at)


def _person(person: Person) -> PersonShape:
    """As answers show a person: opaque id, login, name, and what they may."""
    identity = person.identity
    return PersonShape(
        id=identity.id,
        login=identity.login,
        name=identity.name,
        roles=_in_order(person.roles),
        authority=person.authority,
        oidc_issuer=identity.oidc_issuer,
        oidc_subject=identity.oidc_subject,
        active=person.active,
    )


def _key(key: ApiKey, state: AccessState, clock: Clock) -> KeyShape:
    """As answers show a key. A person's key has the roles that its person has now, and opens nothing once they have
    ended, whatever its own date says.
    """
    owner = None if key.person is None else state.people.get(key.person)
    opens = is_open(key, clock.now()) and (key.person is None or (owner is not None and owner.active))
    return KeyShape(
        id=key.id,
        login=None if owner is None else owner.identity.login,
        service=key.service,
        roles=_in_order(key.roles if owner is None else owner.roles),
        acts_for=key.acts_for,
        per_second=key.per_second,
        created_at=key.created_at,
        expires_at=key.expires_at,
        open=opens,
    )


def _in_order(roles: frozenset[Role]) -> list[Role]:
    """Roles in the order in which the documents list them, so that equal sets are answered alike."""
    return [role for role in Role if role in roles]
