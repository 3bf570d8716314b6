"""People and keys at one moment: what all acts together say, and the names beside them.

`folded` goes through the acts from the first to the last. Each says in full what it sets, so the state needs nothing
but the acts, and a reader can follow by hand who could do what on any day. Example, of kind `person`:

    add  3f9a…  {"roles": ["desk"], "authority": "controller"}
    end  3f9a…  {}                                                  had the role desk, and has nothing now
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ledger.access.roles import Authority, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What can be erased of a person: everything that names one."""

    id: str
    """The person's opaque id, as acts and the journal have it."""

    login: str
    """As facts of the type `person` hold it (`engine.vocabulary.persons.person`); nobody else's, ever."""

    name: str
    """As colleagues call them."""

    oidc_issuer: str | None = None
    """Who vouches for this person with tokens; None: nobody."""

    oidc_subject: str | None = None
    """What that issuer calls them, in the claim that the settings name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may ask, or could once."""

    identity: Identity
    """How they are called."""

    roles: frozenset[Role]
    """What they may do."""

    authority: Authority
    """Up to which amounts."""

    active: bool
    """False once ended: nothing they have opens anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key, without its text."""

    id: str
    """By which it is listed, revoked and recorded; nothing of the key is in it."""

    digest: str
    """SHA-256 of the key's text."""

    person: str | None
    """Id of the person whose it is; None for a service's."""

    service: str | None
    """Name of the program whose it is; None for a person's."""

    roles: frozenset[Role]
    """Of a service; a person's key has the person's."""

    acts_for: bool
    """A service's: whether it may say for whom it asks."""

    per_second: int | None
    """Requests a second in each worker; None: what the setting says."""

    created_at: datetime
    """When it was made."""

    expires_at: datetime
    """From then on it opens nothing."""

    is_first: bool
    """The one that a service without people prints: keeps people and keys, nothing else."""

    revoked: bool = False
    """Somebody said that it opens nothing any more (from `expires_at` on, where that was put earlier)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One change of a person or a key, as it stands in the append-only table."""

    at: str
    """When: ISO 8601, UTC."""

    kind: str
    """`person` or `key`."""

    act: str
    """`add`, `change`, `end`, `erase` of a person; `create`, `revoke` of a key."""

    subject: str
    """Id of the person or key."""

    actor: str
    """Who did it, see `actors`."""

    body: str
    """JSON: what is set, in full; no login, no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessState:
    """Everybody and every key at one moment."""

    acts: int
    """How many acts it comes from: another number is another state."""

    people: Mapping[str, Person] = field(default_factory=dict)
    """By id; without those whose names have been erased."""

    keys: Mapping[str, ApiKey] = field(default_factory=dict)
    """By id, in the order in which they were made."""

    by_login: Mapping[str, Person] = field(default_factory=dict)
    """By the login's compared form."""

    by_subject: Mapping[tuple[str, str], Person] = field(default_factory=dict)
    """By OIDC issuer and subject."""

    by_digest: Mapping[str, ApiKey] = field(default_factory=dict)
    """Keys by the SHA-256 of their text."""


def folded(acts: Iterable[Act], identities: Iterable[Identity]) -> AccessState:
    """The state after these acts, in their order. Raises ValueError (KeyError, TypeError) where they can't be ours."""
    rights: dict[str, tuple[frozenset[Role], Authority, bool]] = {}
    keys: dict[str, ApiKey] = {}
    count = 0
    for count, act in enumerate(acts, 1):  # noqa: B007  # how many there were
        body = json.loads(act.body)
        if act.kind == "person":
            ended = act.act in ("end", "erase")
            before = rights.get(act.subject, (frozenset[Role](), Authority.NONE, True))
            rights[act.subject] = (*before[:2], False) if ended else (_roles(body), Authority(body["authority"]), True)
        elif act.act == "create":
            keys[act.subject] = _key(act, body)
        else:
            ends = datetime.fromisoformat(body["from"])
            known = keys[act.subject]
            keys[act.subject] = replace(known, revoked=True, expires_at=min(ends, known.expires_at))
    people = {
        each.id: Person(identity=each, roles=roles, authority=authority, active=active)
        for each in identities
        if each.id in rights  # else added since the acts were read
        for roles, authority, active in (rights[each.id],)
    }
    return AccessState(
        acts=count,
        people=people,
        keys=keys,
        by_login={person.identity.login: person for person in people.values()},
        by_subject={
            (person.identity.oidc_issuer, person.identity.oidc_subject): person
            for person in people.values()
            if person.identity.oidc_issuer and person.identity.oidc_subject
        },
        by_digest={key.digest: key for key in keys.values()},
    )


def _roles(body: Mapping[str, Any]) -> frozenset[Role]:
    return frozenset(Role(role) for role in body["roles"])


def _key(act: Act, body: Mapping[str, Any]) -> ApiKey:
    return ApiKey(
        id=act.subject,
        digest=body["sha256"],
        person=body["person"],
        service=body["service"],
        roles=_roles(body),
        acts_for=body["acts_for"],
        per_second=body["per_second"],
        created_at=datetime.fromisoformat(act.at),
        expires_at=datetime.fromisoformat(body["expires_at"]),
        is_first=body["first"],
    )
