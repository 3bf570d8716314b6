"""Who asks: by the key or token in `Authorization`, at the machine itself by the word of whoever sits there.

    Authorization: Bearer crk_…                     a key of a person or of a service
    Authorization: Bearer eyJ…                      a token of a configured OIDC issuer
    Credence-On-Behalf-Of: u.hoffmann               with a key that may act for people

With `--insecure-local` nobody is asked for a key, and the last header is taken on trust:

    Credence-On-Behalf-Of: u.hoffmann; roles=desk; authority=credit_manager

Nothing here ever puts a key or token into a message: what is logged and answered names ids and logins alone.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Protocol

from api.http.caller import LOCAL, NOBODY, Caller
from api.http.problems import (
    KeyNeeded,
    MalformedRequest,
    MayNotActFor,
    NotLocal,
    OnBehalfOfUnreadable,
)
from engine.diagnostics.wording import did_you_mean
from ledger.access.access import Access
from ledger.access.api_keys import PREFIX, digest_of, is_well_formed
from ledger.access.changes import AccessRefused, checked_login, is_open
from ledger.access.people import AccessState, ApiKey, Person
from ledger.access.roles import PERSONS_ONLY, Authority, Role, in_words
from ledger.journal.clock import Clock
from ledger.record.actors import Actor

AUTHORIZATION, ON_BEHALF_OF = b"authorization", b"credence-on-behalf-of"

_BEARER = re.compile(r"bearer +([!-~]{1,16384}) *", re.IGNORECASE)
_FORWARDED = re.compile(rb"forwarded|x-forwarded\b.*|via|.*-real-ip|.*-client-ip|.*-connecting-ip")
"""Headers by which proxies say for whom they ask: by the standard, by custom, and those of the large ones."""

CALLERS_MAX = 10_000
"""Callers that are kept at once: keys, and people for whom programs ask."""

_QUOTED_MAX = 80


class Tokens(Protocol):
    """Whoever can check tokens of OIDC issuers."""

    async def caller(self, token: str, access: Access) -> Caller:
        """Who brings it. Raises `KeyNeeded`."""


class Authentication:
    """Knows people and keys by `access`, tokens by `tokens`. Made once for the app."""

    def __init__(self, access: Access, tokens: Tokens | None, clock: Clock, *, insecure_local: bool) -> None:
        self._access = access
        self._tokens = tokens
        self._clock = clock
        self._insecure_local = insecure_local
        self._callers: dict[tuple[str, str | None], Caller] = {}
        self._callers_of: AccessState | None = None

    async def caller(self, headers: Iterable[tuple[bytes, bytes]], peer: str) -> Caller:
        """Who asks; `NOBODY` where they say nothing. Raises `KeyNeeded`, `MayNotActFor`, `OnBehalfOfUnreadable`,
        `MalformedRequest`, and `NotLocal` where `--insecure-local` is asked from elsewhere."""
        authorization: bytes | None = None
        on_behalf_of: bytes | None = None
        for name, value in headers:
            if name == AUTHORIZATION:
                if authorization is not None:
                    raise MalformedRequest("the header Authorization is sent twice")
                authorization = value
            elif name == ON_BEHALF_OF:
                if on_behalf_of is not None:
                    raise MalformedRequest("the header Credence-On-Behalf-Of is sent twice")
                on_behalf_of = value
            elif self._insecure_local and _FORWARDED.fullmatch(name):
                raise NotLocal("a proxy passes this on, and with --insecure-local only this machine is answered")
        if self._insecure_local:
            if not _is_loopback(peer):
                raise NotLocal("with --insecure-local only this machine is answered")
            return LOCAL if on_behalf_of is None else _on_trust(_text(on_behalf_of))
        if authorization is None:
            if on_behalf_of is not None:
                raise KeyNeeded("Credence-On-Behalf-Of needs a key that may act for people")
            return NOBODY
        return await self._known(_text(authorization), on_behalf_of)

    async def _known(self, authorization: str, on_behalf_of: bytes | None) -> Caller:
        """Whoever brings a key or a token. What begins with `crk_` is a key of ours, all else a token of an issuer; one
        that opens nothing is refused with what is wrong about it, never with the text itself.
        """
        match = _BEARER.fullmatch(authorization)
        if match is None:
            raise KeyNeeded("the header Authorization is none of ours; send `Authorization: Bearer crk_…`")
        secret = match[1]
        if secret.startswith(PREFIX):
            return self._by_key(secret, None if on_behalf_of is None else _text(on_behalf_of))
        if self._tokens is None:
            raise KeyNeeded("what is sent is no key of credence, and no issuer of tokens is configured", is_wrong=True)
        if on_behalf_of is not None:
            raise MayNotActFor("a token is its person's; only a service's key may act for people")
        return await self._tokens.caller(secret, self._access)

    def key_called(self, id: str) -> Caller:
        """Whoever the key with this id stands for now: a session is worth what its key is worth at each request. Raises
        `KeyNeeded`."""
        state = self._access.state()
        key = state.keys.get(id)
        if key is None:
            raise KeyNeeded("the key of this session is not there any more; sign in again", is_wrong=True)
        self._require_open(key)
        return self._kept(state, key, None)

    def key_of(self, secret: str) -> str:
        """The id of a person's key with this text. Raises `KeyNeeded`, also where it is a program's."""
        key = self._found(secret)
        if key.person is None:
            raise KeyNeeded(f"the key {key.id} is a program's; sign in with one of your own", is_wrong=True)
        self._kept(self._access.state(), key, None)
        return key.id

    def on_trust(self, text: str) -> Caller:
        """Whoever somebody at the machine itself says to be: `u.hoffmann; roles=desk; authority=credit_manager`. Raises
        `OnBehalfOfUnreadable`, and `KeyNeeded` where keys are asked for."""
        if not self._insecure_local:
            raise KeyNeeded("nobody is taken at their word here; sign in with a key")
        return _on_trust(text)

    def _by_key(self, secret: str, on_behalf_of: str | None) -> Caller:
        """Whoever the key stands for. Raises `KeyNeeded`."""
        return self._kept(self._access.state(), self._found(secret), on_behalf_of)

    def _found(self, secret: str) -> ApiKey:
        """Keys are found by their SHA-256, so no text of a key is kept to compare with; the digests are then compared
        in constant time. Raises `KeyNeeded` where it is mistyped, unknown, revoked or expired: the checksum in a key
        tells the first two apart.
        """
        state, digest = self._access.state(), digest_of(secret)
        key = state.by_digest.get(digest)
        if key is None or not hmac.compare_digest(key.digest, digest):
            if not is_well_formed(secret):
                raise KeyNeeded("the key is mistyped or cut off; it has 40 characters", is_wrong=True)
            raise KeyNeeded("no key of this service is like this one", is_wrong=True)
        self._require_open(key)
        return key

    def _require_open(self, key: ApiKey) -> None:
        """Raises `KeyNeeded`."""
        if not is_open(key, self._clock.now()):
            ended = "was revoked" if key.revoked else "has expired"
            raise KeyNeeded(f"the key {key.id} {ended}; an admin makes another", is_wrong=True)

    def _kept(self, state: AccessState, key: ApiKey, on_behalf_of: str | None) -> Caller:
        """Whoever a key stands for is worked out once for each state of people and keys: half the cost of a key."""
        if state is not self._callers_of or len(self._callers) >= CALLERS_MAX:
            self._callers, self._callers_of = {}, state
        caller = self._callers.get((key.id, on_behalf_of))
        if caller is None:
            caller = self._callers[key.id, on_behalf_of] = _caller(state, key, on_behalf_of)
        return caller


def _caller(state: AccessState, key: ApiKey, on_behalf_of: str | None) -> Caller:
    """Raises `KeyNeeded`, `MayNotActFor`, `OnBehalfOfUnreadable`."""
    if key.person is not None:
        return _of_person(key, state.people.get(key.person), on_behalf_of)
    if on_behalf_of is None:
        return _of_service(key)
    return _for_user(key, state.by_login.get(_login(on_behalf_of)), on_behalf_of)


def _of_person(key: ApiKey, person: Person | None, on_behalf_of: str | None) -> Caller:
    """A person with a key of their own: roles and authority of this moment, whatever they were when it was made."""
    if person is None or not person.active:
        raise KeyNeeded(f"the person of the key {key.id} has ended", is_wrong=True)
    if on_behalf_of is not None:
        raise MayNotActFor(f"the key {key.id} is a person's; only a service's key may act for people")
    return Caller(
        actor=Actor(key=key.id, person=person.identity.id),
        roles=person.roles,
        authority=person.authority,
        login=person.identity.login,
        shown=person.identity.login,
        budget=key.id,
        per_second=key.per_second,
    )


def _of_service(key: ApiKey) -> Caller:
    """A program for itself. Roles that only persons have, such as approver, are left out even if its key lists them."""
    return Caller(
        actor=Actor(key=key.id, service=key.service),
        roles=key.roles - PERSONS_ONLY,
        shown=f"the service {key.service}",
        budget=key.id,
        per_second=key.per_second,
        is_first_key=key.is_first,
    )


def _for_user(key: ApiKey, person: Person | None, named: str) -> Caller:
    """A program that asks for a person: what the person may, as far as the program may it too.

    A key with the roles order-entry and desk, asking for somebody who is collector and desk, is let in as desk alone.
    The record has both: through which key, and for whom. Raises `MayNotActFor` without the right, or where nobody is
    meant.
    """
    if not key.acts_for:
        raise MayNotActFor(f"the key {key.id} of the service {key.service} has no right to act for people")
    if person is None or not person.active:
        raise MayNotActFor(f"`{_login(named)[:_QUOTED_MAX]}` is nobody here, or has ended; an admin adds people")
    return Caller(
        actor=Actor(key=key.id, service=key.service, person=person.identity.id),
        roles=person.roles & key.roles,
        authority=person.authority,
        login=person.identity.login,
        shown=f"{person.identity.login} through the service {key.service}",
        budget=key.id,
        per_second=key.per_second,
    )


def _login(text: str) -> str:
    """With a key the header is a login and nothing else. Raises `OnBehalfOfUnreadable`."""
    try:
        return checked_login(text)
    except AccessRefused as refused:
        raise OnBehalfOfUnreadable(f"Credence-On-Behalf-Of: {refused}") from None


@lru_cache(maxsize=256)
def _on_trust(text: str) -> Caller:
    """`u.hoffmann; roles=desk,approver; authority=credit_manager`. Raises `OnBehalfOfUnreadable`."""
    named, *parts = (part.strip() for part in text.split(";"))
    login, said = _login(named), {}
    for part in parts:
        word, _, value = (each.strip() for each in part.partition("="))
        if word not in ("roles", "authority") or word in said:
            raise OnBehalfOfUnreadable("write `u.hoffmann; roles=desk,approver; authority=credit_manager`")
        said[word] = value
    roles = [_member(Role, each.strip(), "role") for each in said.get("roles", "").split(",") if each.strip()]
    return Caller(
        actor=Actor(login=login),
        roles=frozenset(Role(each) for each in roles),
        authority=Authority(_member(Authority, said.get("authority", Authority.NONE), "authority")),
        login=login,
        shown=f"{login} (local)",
    )


def _member(words: type[Role] | type[Authority], word: str, what: str) -> str:
    """The word, where it is one of the enum's; else a refusal that says which was probably meant. `what` names the
    kind.
    """
    known = [str(each) for each in words]
    if word in known:
        return word
    hint = did_you_mean(word, known) or f"they are {in_words(Role) if words is Role else ', '.join(known)}"
    raise OnBehalfOfUnreadable(f"Credence-On-Behalf-Of: `{word[:_QUOTED_MAX]}` is no {what}; {hint}")


def _text(value: bytes) -> str:
    """A header's value. Programs send logins in UTF-8; what is none is no login and no key."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise MalformedRequest("Authorization and Credence-On-Behalf-Of are text in UTF-8") from None


@lru_cache(maxsize=1024)
def _is_loopback(peer: str) -> bool:
    """Whether the peer is this machine: 127.0.0.0/8, ::1, or the first written as IPv6. What is no address is a
    stranger.
    """
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
