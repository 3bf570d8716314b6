"""Webhooks over HTTP: `credence webhooks` asks here. Each change is a record of whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.http.caller import actor_of
from api.http.openapi import body_of
from api.http.parameters import only_parameters
from api.http.problems import problems
from api.http.request_models import read_model
from api.http.retries import request_to_keep
from api.http.webhook_answers import (
    AddWebhookRequest,
    ChangeWebhookRequest,
    DeadLetterShape,
    DeadLettersShape,
    NewWebhookSecretShape,
    RotateWebhookRequest,
    SendAgainRequest,
    WebhookSecretShape,
    WebhookShape,
    WebhooksShape,
)
from api.network_addresses import Network
from api.webhooks.webhook_url import AddressRefused, read_url, refuse_spelled
from ledger.journal.clock import Clock
from ledger.journal.kept_answers import KeptAnswer
from ledger.journal.outbox import Delivery, OutboxState
from ledger.webhooks.endpoint_changes import (
    EndpointChange,
    EndpointChanged,
    EndpointRefused,
    add_endpoint,
    change_endpoint,
    end_endpoint,
    rotate_secret,
    send_again_to,
)
from ledger.webhooks.endpoints import WebhookEndpoint
from ledger.webhooks.webhooks import KeepingEndpoint, Webhooks

_SHARED: dict[str, Any] = {"tags": ["webhooks"], "dependencies": [only_parameters()]}
"""What all of these routes are declared with."""

_CHANGED = problems(400, 404, 413, 415, 422, 503)


class _WebhookDesk:
    """What the routes below share."""

    def __init__(self, webhooks: Webhooks, clock: Clock, networks: Sequence[Network], body_bytes_max: int) -> None:
        self.webhooks = webhooks
        self.body_bytes_max = body_bytes_max
        self._clock = clock
        self._networks = networks

    def refuse_address(self, url: str) -> None:
        """Raises `EndpointRefused` for an address that nothing may be sent to, as far as it says so itself."""
        try:
            refuse_spelled(read_url(url), self._networks)
        except AddressRefused as refused:
            raise EndpointRefused(str(refused)) from None

    async def change(
        self,
        request: Request,
        change: EndpointChange,
        shown: Callable[[EndpointChanged], BaseModel],
        status: int = 200,
    ) -> Response:
        """Makes the change in the name of whoever asks, and shows what it was about. What a request with an
        Idempotency-Key is answered is kept in the same transaction; one that shows a secret is not. Raises what
        `Webhooks.change` raises."""

        def answer(changed: EndpointChanged) -> KeptAnswer:
            if changed.secret is not None:
                return KeptAnswer(status=status, secret_of=changed.endpoint.id)
            return KeptAnswer(status=status, body=shown(changed).model_dump_json().encode())

        keyed = request_to_keep(request.scope)
        keeping = None if keyed is None else KeepingEndpoint(keyed, answer)
        changed = await self.webhooks.change(change, actor_of(request.scope), keeping)
        return Response(shown(changed).model_dump_json(), status, media_type="application/json")

    def changed(self, changed: EndpointChanged) -> WebhookShape:
        """As it is afterwards; what waits for it is listed, not counted here."""
        return self.shown(changed.endpoint, OutboxState())

    def shown(self, endpoint: WebhookEndpoint, state: OutboxState) -> WebhookShape:
        """Without the text of any secret."""
        return WebhookShape(
            id=endpoint.id,
            url=endpoint.url,
            types=list(endpoint.types),
            signature=endpoint.signature,
            description=endpoint.description,
            active=endpoint.active,
            inactive_because=endpoint.inactive_because,
            secrets=[
                WebhookSecretShape(id=mark.id, public_key=mark.public_key, until=mark.until)
                for mark in endpoint.secrets_at(self._clock.now())
            ],
            waiting=state.waiting,
            dead_letters=state.dead,
        )


def add_webhook_routes(
    app: FastAPI, webhooks: Webhooks, clock: Clock, networks: Sequence[Network], body_bytes_max: int
) -> None:
    """`/v1/webhooks…`. `networks`: those that may be sent to beside the public one."""
    desk = _WebhookDesk(webhooks, clock, networks, body_bytes_max)
    _add_listing_routes(app, desk)
    _add_changing_routes(app, desk)
    _add_acting_routes(app, desk)


def _add_listing_routes(app: FastAPI, desk: _WebhookDesk) -> None:
    """Webhooks, and what they did not take."""

    @app.get("/v1/webhooks", summary="Where events are sent", **_SHARED, responses=problems(422, 503))
    async def get_webhooks() -> WebhooksShape:
        """Every address that events are sent to, with what waits for it."""
        endpoints = await asyncio.to_thread(desk.webhooks.endpoints)
        states = await asyncio.to_thread(desk.webhooks.waiting)
        return WebhooksShape(
            webhooks=[desk.shown(each, states.get(each.id, OutboxState())) for each in endpoints.values()]
        )

    @app.get("/v1/webhooks/dead-letters", summary="Events that did not arrive", **_SHARED, responses=problems(422, 503))
    async def get_dead_letters() -> DeadLettersShape:
        """Events that are not tried any more, and why."""
        letters = await asyncio.to_thread(desk.webhooks.dead_letters)
        return DeadLettersShape(dead_letters=[_letter(each) for each in letters])


def _add_changing_routes(app: FastAPI, desk: _WebhookDesk) -> None:
    """Adding, changing and ending one."""

    @app.post(
        "/v1/webhooks",
        name="add_webhook",
        summary="Have events sent somewhere",
        **_SHARED,
        response_model=NewWebhookSecretShape,
        status_code=201,
        openapi_extra={"requestBody": body_of("AddWebhookRequest")},
        responses=problems(400, 413, 415, 422, 503),
    )
    async def add_webhook_(request: Request) -> Response:
        """Events of these types are sent there from now on. The secret that signs them is in this answer and in no
        other."""
        such_as = '{"url": "https://erp.example.com/hooks", "types": ["order.held"]}'
        body = await read_model(request, AddWebhookRequest, such_as, desk.body_bytes_max)
        desk.refuse_address(body.url)
        change = add_endpoint(body.url, body.types, body.signature, body.description)
        return await desk.change(request, change, _new_secret, 201)

    @app.post(
        "/v1/webhooks/{id}/change",
        name="change_webhook",
        summary="Change where or what is sent",
        **_SHARED,
        response_model=WebhookShape,
        openapi_extra={"requestBody": body_of("ChangeWebhookRequest")},
        responses=_CHANGED,
    )
    async def change_webhook_(id: str, request: Request) -> Response:
        """What holds from now on. One that was disabled is sent to again."""
        body = await read_model(request, ChangeWebhookRequest, '{"types": ["order.held"]}', desk.body_bytes_max)
        if body.url is not None:
            desk.refuse_address(body.url)
        change = change_endpoint(id, url=body.url, types=body.types, description=body.description)
        return await desk.change(request, change, desk.changed)

    @app.post(
        "/v1/webhooks/{id}/end",
        name="end_webhook",
        summary="Send nothing there any more",
        **_SHARED,
        response_model=WebhookShape,
        responses=problems(404, 422, 503),
    )
    async def end_webhook_(id: str, request: Request) -> Response:
        """It is gone, with what did not arrive."""
        return await desk.change(request, end_endpoint(id), desk.changed)


def _add_acting_routes(app: FastAPI, desk: _WebhookDesk) -> None:
    """A new secret, and dead letters sent again."""

    @app.post(
        "/v1/webhooks/{id}/rotate",
        name="rotate_webhook",
        summary="Replace the secret",
        **_SHARED,
        response_model=NewWebhookSecretShape,
        status_code=201,
        openapi_extra={"requestBody": body_of("RotateWebhookRequest")},
        responses=_CHANGED,
    )
    async def rotate_webhook_(id: str, request: Request) -> Response:
        """A new secret signs from now on, beside the one before it for some days. It is in this answer and in no
        other."""
        body = await read_model(request, RotateWebhookRequest, '{"overlap_days": 7}', desk.body_bytes_max)
        return await desk.change(request, rotate_secret(id, overlap_days=body.overlap_days), _new_secret, 201)

    @app.post(
        "/v1/webhooks/{id}/send-again",
        name="send_again",
        summary="Send dead letters again",
        **_SHARED,
        response_model=WebhookShape,
        openapi_extra={"requestBody": body_of("SendAgainRequest")},
        responses=_CHANGED,
    )
    async def send_again_(id: str, request: Request) -> Response:
        """Its dead letters are tried as if for the first time."""
        body = await read_model(request, SendAgainRequest, '{"record": 700}', desk.body_bytes_max)
        return await desk.change(request, send_again_to(id, body.record), desk.changed)


def _new_secret(changed: EndpointChanged) -> NewWebhookSecretShape:
    public_key = changed.endpoint.secrets[-1].public_key
    text = None if changed.secret is None or public_key is not None else changed.secret.text
    return NewWebhookSecretShape(id=changed.endpoint.id, secret=text, public_key=public_key)


def _letter(letter: Delivery) -> DeadLetterShape:
    return DeadLetterShape(
        webhook=letter.endpoint,
        record=letter.seq,
        type=letter.type,
        recorded_at=datetime.fromisoformat(letter.at),
        tries=letter.tries,
        failed_at=None if letter.failed_at is None else datetime.fromisoformat(letter.failed_at),
        failure=letter.failure,
    )
