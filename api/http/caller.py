"""Who asks, once that is known: what `Authentication` finds out and everything behind it reads."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from api.http.access_table import Right
from ledger.access.roles import Authority, Role, in_words
from ledger.record.actors import Actor

_IN_SCOPE = "credence.admitted"
_REQUEST_ID = "credence.request_id"
_ASKER = "credence.asker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A person, a program, or whoever sits at the machine."""

    actor: Actor | None
    """As the journal writes it; None for nobody."""

    roles: frozenset[Role] = frozenset()
    """What they work as."""

    authority: Authority = Authority.NONE
    """Up to which amounts they may release."""

    login: str | None = None
    """Of the person who asks, or for whom a program does; with `--insecure-local` as the caller says."""

    shown: str = "nobody"
    """How a refusal calls them: a login, a service's name."""

    budget: str | None = None
    """Whose requests are counted together; None: they aren't."""

    per_second: int | None = None
    """Requests a second, where the key has a number of its own."""

    is_first_key: bool = False
    """The key of a service without people: it keeps people and keys, nothing else."""

    @property
    def in_words(self) -> str:
        """`u.becker has order-entry`."""
        return f"{self.shown} has {in_words(self.roles)}"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller, and what they may at the route that they ask."""

    caller: Caller
    rights: frozenset[Right]


NOBODY = Caller(actor=None)
"""Who comes without a key, where none is needed."""

LOCAL = Caller(actor=Actor(), roles=frozenset(Role), shown="local")
"""Who sits at the machine and says no more: every role, and no authority."""


def note_admitted(scope: MutableMapping[str, Any], admitted: Admitted) -> None:
    """Leaves it where `admitted_of` finds it."""
    scope[_IN_SCOPE] = admitted


def admitted_of(scope: Mapping[str, Any]) -> Admitted:
    """Of a request that has passed `Admission`; any other is a fault of ours and raises KeyError."""
    admitted = scope[_IN_SCOPE]
    assert isinstance(admitted, Admitted)
    return admitted


def admitted_or_nobody(scope: Mapping[str, Any]) -> Caller:
    """Who asks; nobody where a request was refused before that was known."""
    admitted = scope.get(_IN_SCOPE)
    return admitted.caller if isinstance(admitted, Admitted) else NOBODY


def actor_of(scope: Mapping[str, Any]) -> Actor:
    """As the journal writes it. A fault of ours where nobody asks: such a request is never recorded."""
    actor = admitted_of(scope).caller.actor
    assert isinstance(actor, Actor)
    return actor


def note_asker(scope: MutableMapping[str, Any], asker: Caller) -> None:
    """Of a request that the service makes itself for somebody it knows already: no header could say it."""
    scope[_ASKER] = asker


def asker_noted(scope: Mapping[str, Any]) -> Caller | None:
    """Who it makes it for; None for whatever comes from outside."""
    asker = scope.get(_ASKER)
    return asker if isinstance(asker, Caller) else None


def note_request_id(scope: MutableMapping[str, Any], id: bytes) -> None:
    """Leaves it where `request_id_in` finds it."""
    scope[_REQUEST_ID] = id


def request_id_in(scope: Mapping[str, Any]) -> str:
    """The request's `X-Request-Id`, as its answer and its record have it."""
    header: bytes = scope[_REQUEST_ID]
    return header.decode("ascii")
