"""What can be done about endpoints, each as a pure function of those that there are.

A change takes the endpoints and the moment, and gives what is to be written. What can't be done raises
`EndpointRefused` in words for whoever asked, `UnknownEndpoint` where there is none of that id. `webhooks.Webhooks`
runs one in the journal's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.diagnostics.wording import did_you_mean
from ledger.access.api_keys import new_id
from ledger.record.event_types import EVENT_TYPES
from ledger.webhooks.endpoint_secrets import Signature, digest_of_secret, new_secret, public_key_of
from ledger.webhooks.endpoints import (
    ADD,
    CHANGE,
    DISABLE,
    END,
    ROTATE,
    SEND_AGAIN,
    Endpoints,
    SecretMark,
    WebhookEndpoint,
)

ENDPOINTS_MAX = 50
"""Each event may go to all of them."""

URL_LENGTH_MAX = 1_000
TEXT_LENGTH_MAX = 200
ROTATION_DAYS_MAX = 90
"""How long two secrets sign, while receivers change from one to the other."""

SIGNING_MAX = 5
"""Secrets that sign at a time: each event has a signature by each."""

_TYPES = tuple(each.name for each in EVENT_TYPES)


class EndpointRefused(Exception):
    """The change can't be made; the message says why and what to do instead."""


class UnknownEndpoint(Exception):
    """No endpoint has this id."""

    def __init__(self, id: str) -> None:
        super().__init__(f"no webhook has the id `{id[:80]}`; list the webhooks to see their ids")


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret before it is written."""

    id: str
    text: str
    """To be shown once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChanged:
    """What a change writes."""

    endpoint: WebhookEndpoint
    """As it is afterwards; where it ends, as it was."""

    act: str
    """What was done, see `endpoints`."""

    secret: NewSecret | None = None
    """A new one."""

    seq: int | None = None
    """Of the one record that is sent again; None: all of them."""

    @property
    def body(self) -> str:
        """As its record says it, in full."""
        if self.act == SEND_AGAIN:
            return json.dumps({"record": self.seq})
        return "{}" if self.act == END else self.endpoint.as_body()


EndpointChange = Callable[[Endpoints, datetime], EndpointChanged]
"""A change that waits for the endpoints and the moment."""


def add_endpoint(
    url: str, types: Sequence[str], signature: Signature = Signature.HMAC, description: str = ""
) -> EndpointChange:
    """Events of these types are sent there from now on. Whether the address may be asked is the caller's to know."""
    known, text = _checked_types(types), _checked_description(description)

    def change(endpoints: Endpoints, _: datetime) -> EndpointChanged:
        if len(endpoints) >= ENDPOINTS_MAX:
            raise EndpointRefused(f"there are {ENDPOINTS_MAX} webhooks already; end one that nobody needs any more")
        secret, mark = _new_secret(signature)
        endpoint = WebhookEndpoint(
            id=new_id(),
            url=url,
            types=known,
            signature=signature,
            description=text,
            active=True,
            inactive_because="",
            secrets=(mark,),
        )
        return EndpointChanged(endpoint=endpoint, act=ADD, secret=secret)

    return change


def change_endpoint(
    id: str, *, url: str | None = None, types: Sequence[str] | None = None, description: str | None = None
) -> EndpointChange:
    """What holds from now on; None leaves it as it is. One that was disabled is sent to again."""
    known = None if types is None else _checked_types(types)
    text = None if description is None else _checked_description(description)

    def change(endpoints: Endpoints, _: datetime) -> EndpointChanged:
        before = _called(endpoints, id)
        after = replace(
            before,
            url=before.url if url is None else url,
            types=before.types if known is None else known,
            description=before.description if text is None else text,
            active=True,
            inactive_because="",
        )
        return EndpointChanged(endpoint=after, act=CHANGE)

    return change


def rotate_secret(id: str, *, overlap_days: int) -> EndpointChange:
    """A new secret signs from now on, and the one before it as well for so many days; what an earlier rotation promised
    a receiver holds too. With 0 days the new one signs alone."""
    if not 0 <= overlap_days <= ROTATION_DAYS_MAX:
        raise EndpointRefused(f"the secret before ends within 0 to {ROTATION_DAYS_MAX} days")

    def change(endpoints: Endpoints, now: datetime) -> EndpointChanged:
        before = _called(endpoints, id)
        *older, last = before.secrets_at(now) if overlap_days else (None,)
        kept = [] if last is None else [*older, replace(last, until=now + timedelta(days=overlap_days))]
        if len(kept) >= SIGNING_MAX:
            raise EndpointRefused(
                f"{SIGNING_MAX} secrets sign already, the first of them until {kept[0].until:%Y-%m-%d}; wait for that, "
                "or let all of them end now with 0 days"
            )
        secret, mark = _new_secret(before.signature)
        return EndpointChanged(endpoint=replace(before, secrets=(*kept, mark)), act=ROTATE, secret=secret)

    return change


def disable_endpoint(id: str, because: str) -> EndpointChange:
    """Nothing is sent there until somebody changes it."""

    def change(endpoints: Endpoints, _: datetime) -> EndpointChanged:
        before = _called(endpoints, id)
        if not before.active:
            raise EndpointRefused(f"nothing is sent to the webhook {id} already: {before.inactive_because}")
        return EndpointChanged(endpoint=replace(before, active=False, inactive_because=because), act=DISABLE)

    return change


def end_endpoint(id: str) -> EndpointChange:
    """Nothing is sent there any more, and what did not arrive is forgotten."""
    return lambda endpoints, _: EndpointChanged(endpoint=_called(endpoints, id), act=END)


def send_again_to(id: str, seq: int | None = None) -> EndpointChange:
    """Its dead letters, or the one of this record, are tried as if for the first time."""

    def change(endpoints: Endpoints, _: datetime) -> EndpointChanged:
        endpoint = _called(endpoints, id)
        if not endpoint.active:
            raise EndpointRefused(
                f"nothing is sent to the webhook {id}: {endpoint.inactive_because}; change it first, which has it sent "
                "to again"
            )
        return EndpointChanged(endpoint=endpoint, act=SEND_AGAIN, seq=seq)

    return change


def _called(endpoints: Endpoints, id: str) -> WebhookEndpoint:
    endpoint = endpoints.get(id)
    if endpoint is None:
        raise UnknownEndpoint(id)
    return endpoint


def _new_secret(signature: Signature) -> tuple[NewSecret, SecretMark]:
    text = new_secret(signature)
    secret = NewSecret(new_id(), text)
    mark = SecretMark(id=secret.id, sha256=digest_of_secret(text), public_key=public_key_of(text), until=None)
    return secret, mark


def _checked_types(types: Sequence[str]) -> tuple[str, ...]:
    if not types:
        raise EndpointRefused(f"a webhook needs a type of event; they are {', '.join(_TYPES)}")
    for each in types:
        if each not in _TYPES:
            hint = did_you_mean(each, _TYPES) or f"they are {', '.join(_TYPES)}"
            raise EndpointRefused(f"`{each[:80]}` is no type of event; {hint}")
    return tuple(name for name in _TYPES if name in types)


def _checked_description(text: str) -> str:
    bare = text.strip()
    if len(bare) > TEXT_LENGTH_MAX or (bare and not bare.isprintable()):
        raise EndpointRefused(f"the description is longer than {TEXT_LENGTH_MAX} characters or holds what nobody sees")
    return bare
