"""Who asks, once that is known: what `Authentication` finds out and everything behind it reads."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from api.http.access_table import Right
from ledger.access.actors import Actor
from ledger.access.roles import Authority, Role, in_words

_IN_SCOPE = "credence.admitted"


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


def actor_of(scope: Mapping[str, Any]) -> str:
    """As the journal writes it."""
    return str(admitted_of(scope).caller.actor)
