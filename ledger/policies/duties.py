"""Whose hand is behind an act: the person, and whoever made the key that was used. Separation of duties compares these.

A second key doesn't make a second person. Who made a colleague's key may have kept its text, so what is done with it
counts as done by both; a service's key that made another one passes on who made it.

    key K1 of author A                                   person A
    key K2 of colleague B, made by A                     person B, and A behind it
    token of A (OIDC)                                    person A
    key of service S for user B, key made by admin X     person B, and X behind it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from ledger.record.actors import Actor, Hand

LOCAL = "local"
"""Whoever sits at the machine and says no name."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Who does something."""

    person: str | None
    """Opaque id; None: nobody who could be told from another, so no approval."""

    author: str
    """By which an edit is known: the person's id, or `service:erp`."""

    behind: frozenset[str] = frozenset()
    """Persons who made the key that was used."""

    @property
    def all(self) -> frozenset[str]:
        """Everybody whom the act counts for."""
        return self.behind | {self.author} | ({self.person} if self.person else frozenset())


def hands_of(actor: Actor, creators: Mapping[str, Hand]) -> Hands:
    """`creators`: by key, who made it."""
    person = actor.person or (None if actor.login is None else _opaque(actor.login))
    author = person or (f"service:{actor.service}" if actor.service else LOCAL)
    return Hands(person, author, _makers(actor.key, creators))


def _opaque(login: str) -> str:
    """At the machine a name is all there is; tables hold no names."""
    return f"{LOCAL}-{sha256(login.encode()).hexdigest()[:16]}"


def _makers(key: str | None, creators: Mapping[str, Hand]) -> frozenset[str]:
    makers: set[str] = set()
    seen: set[str] = set()
    while key is not None and key not in seen and (maker := creators.get(key)) is not None:
        seen.add(key)
        if maker.person is not None:
            makers.add(maker.person)
            break
        if maker.login is not None:
            makers.add(_opaque(maker.login))
            break
        key = maker.key
    return frozenset(makers)
