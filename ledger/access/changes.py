"""What an admin can do to people and keys, each as a pure function of the state before.

A change takes the state and the moment, and gives what is to be written: acts, and the names of a person where they
change. What can't be done raises `AccessRefused` in words for whoever asked, `AlreadyThere` where the trouble is that
something is there already, `NobodyThere` where it isn't. `access.Access.change` runs one in the journal's transaction,
on the state as it is then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.vocabulary.persons import person as compared
from engine.vocabulary.persons import person_fault
from engine.vocabulary.plain_text import text_fault
from ledger.access.api_keys import digest_of, new_id, new_key
from ledger.access.people import AccessState, ApiKey, Identity, Person
from ledger.access.roles import NEVER_TOGETHER, PERSONS_ONLY, Authority, Role, in_words

DAYS_MAX = 365
"""How long a key opens anything; then it is replaced."""

FIRST_KEY_HOURS = 24
"""How long the key that a service without people prints can be used."""

TEXT_MAX = 200
_SERVICE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_NOT_IN_LOGINS = ';,="/'
"""What separates a login from other things in a header or a path."""


class AccessRefused(Exception):
    """The change can't be made; the message says why and what to do instead."""


class AlreadyThere(AccessRefused):
    """Somebody has this login or subject, or a program of this name."""


class NobodyThere(AccessRefused):
    """No person, or no key, is called that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAct:
    """An act before it is written."""

    kind: str
    act: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change writes."""

    subject: str
    """Id of the person or key that it is about."""

    acts: tuple[NewAct, ...]
    """In their order."""

    identity: Identity | None = None
    """The person's names, new or as they are now; None where they stay."""

    erases: bool = False
    """The person's names go."""

    text: str | None = None
    """The new key's text, to be shown once and kept nowhere."""


AccessChange = Callable[[AccessState, datetime], Changed]
"""A change that waits for the state and the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonWords:
    """What is said of a person. In a change, None leaves it as it is."""

    name: str | None = None
    roles: frozenset[Role] | None = None
    authority: Authority | None = None
    oidc_issuer: str | None = None
    oidc_subject: str | None = None
    """With the issuer or not at all; both empty take them away."""


def checked_login(login: str) -> str:
    """The login in the form in which persons are compared. Raises `AccessRefused`."""
    form = compared(login)
    fault = _login_fault(login, form)
    if fault is not None:
        raise AccessRefused("; ".join(filter(None, (f"the login {fault[0]}", fault[1]))))
    return form


def _login_fault(login: str, form: str) -> tuple[str, str] | None:
    """What is wrong, and what to do about it."""
    if not form:
        return "is empty", "write the login as the person types it"
    if len(form) > TEXT_MAX:
        return f"is longer than {TEXT_MAX} characters", "give a shorter one"
    if any(character in _NOT_IN_LOGINS for character in form):
        return f"holds one of {_NOT_IN_LOGINS}", "write the login as the person types it"
    return text_fault(login) or person_fault(login)


def add_person(login: str, words: PersonWords) -> AccessChange:
    """Somebody new. A login is never given to a second person, since records tell people apart by it."""
    form = checked_login(login)
    name, issuer, subject = _checked_text("name", words.name or login), *_checked_oidc(words)

    def change(state: AccessState, _: datetime) -> Changed:
        if form in state.by_login:
            ended = "" if state.by_login[form].active else ", who has ended"
            raise AlreadyThere(f"`{form}` is a person already{ended}; give another login, or change that one")
        identity = Identity(id=new_id(), login=form, name=name, oidc_issuer=issuer, oidc_subject=subject)
        _refuse_taken_subject(state, identity)
        act = _act_of_person("add", identity.id, words.roles or (), words.authority or Authority.NONE)
        return Changed(subject=identity.id, acts=(act,), identity=identity)

    return change


def change_person(login: str, words: PersonWords) -> AccessChange:
    """What is said of them now; ended ones come back by it, with the roles that are given."""
    form = checked_login(login)
    is_said = words.oidc_issuer is not None or words.oidc_subject is not None
    name = None if words.name is None else _checked_text("name", words.name)
    issuer, subject = _checked_oidc(words)

    def change(state: AccessState, _: datetime) -> Changed:
        before = person_called(state, form)
        known = before.identity
        identity = Identity(
            id=known.id,
            login=known.login,
            name=name or known.name,
            oidc_issuer=issuer if is_said else known.oidc_issuer,
            oidc_subject=subject if is_said else known.oidc_subject,
        )
        _refuse_taken_subject(state, identity)
        if not before.active and words.roles is None:
            raise AccessRefused(f"`{form}` has ended; say the roles with which they come back")
        roles = before.roles if words.roles is None else words.roles
        authority = before.authority if words.authority is None else words.authority
        return Changed(
            subject=known.id, acts=(_act_of_person("change", known.id, roles, authority),), identity=identity
        )

    return change


def end_person(login: str) -> AccessChange:
    """From now on nothing of theirs opens anything: no key, no token, and nobody acts for them."""
    form = checked_login(login)

    def change(state: AccessState, _: datetime) -> Changed:
        person = person_called(state, form)
        if not person.active:
            raise AccessRefused(f"`{form}` has ended already")
        act = NewAct(kind="person", act="end", subject=person.identity.id, body="{}")
        return Changed(subject=person.identity.id, acts=(act,))

    return change


def erase_person(login: str) -> AccessChange:
    """Login, name and OIDC subject of somebody who has ended go; their acts stay, by an id that says nothing."""
    form = checked_login(login)

    def change(state: AccessState, _: datetime) -> Changed:
        person = person_called(state, form)
        if person.active:
            raise AccessRefused(f"`{form}` has not ended; end them first (`credence people end`)")
        act = NewAct(kind="person", act="erase", subject=person.identity.id, body="{}")
        return Changed(subject=person.identity.id, acts=(act,), erases=True)

    return change


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWords:
    """What is said of a new key: whose it is, a person's (`login`) or a program's (`service`), and what it may."""

    login: str | None = None
    service: str | None = None
    roles: frozenset[Role] = frozenset()
    """A service's; a person's key has the person's roles."""

    acts_for: bool = False
    per_second: int | None = None
    days: int = DAYS_MAX


def create_key(words: KeyWords) -> AccessChange:
    """A new key, beside those that there are: so that one can replace another while both open. The first key of a
    service without people ends with the first key of an active person who is an admin."""
    if (words.login is None) == (words.service is None):
        raise AccessRefused("a key belongs to a person or to a service; give one of the two")
    if words.login is not None and (words.roles or words.acts_for):
        raise AccessRefused("a person's key has the person's roles and acts for nobody else; leave these out")
    if words.service is not None and not _SERVICE.fullmatch(words.service):
        raise AccessRefused("a service's name is of a-z, 0-9, `.`, `_` and `-`, at most 64, such as `erp`")
    if words.service is not None and not words.roles:
        raise AccessRefused(f"a service's key needs a role; they are {in_words(Role)}")
    if words.service is not None and words.roles & PERSONS_ONLY and not words.acts_for:
        raise AccessRefused(f"{in_words(words.roles & PERSONS_ONLY)} is for persons: a service has it by acts-for only")
    if words.acts_for and words.roles >= NEVER_TOGETHER:
        raise AccessRefused("one program can't be both persons of an erasure; give privacy and admin to two services")
    if not 1 <= words.days <= DAYS_MAX:
        raise AccessRefused(f"a key is for 1 to {DAYS_MAX} days")
    form = None if words.login is None else checked_login(words.login)

    def change(state: AccessState, now: datetime) -> Changed:
        person = None if form is None else person_called(state, form)
        if person is not None and not person.active:
            raise AccessRefused(f"`{form}` has ended and gets no key")
        text, made_id = new_key(), new_id()
        made = _act_of_key(made_id, text, words, None if person is None else person.identity.id, now)
        ends: tuple[NewAct, ...] = ()
        if person is not None and Role.ADMIN in person.roles:
            ends = tuple(_revoke(key.id, now) for key in state.keys.values() if key.is_first and is_open(key, now))
        return Changed(subject=made_id, acts=(made, *ends), text=text)

    return change


def create_first_key(*, even_with_people: bool = False) -> AccessChange:
    """The key by which the first person is added: it keeps people and keys, nothing else, for `FIRST_KEY_HOURS`.

    Refused where there has been a person or a key, so that a service prints one once; `even_with_people` is for whoever
    can write the journal's file and has lost every admin's key: then the one before it ends.
    """

    def change(state: AccessState, now: datetime) -> Changed:
        if not even_with_people and (state.people or state.keys):
            raise AlreadyThere("there are people or keys already")
        text, made_id = new_key(), new_id()
        body = {
            "sha256": digest_of(text),
            "person": None,
            "service": "first-key",
            "roles": [Role.ADMIN],
            "acts_for": False,
            "per_second": None,
            "expires_at": (now + timedelta(hours=FIRST_KEY_HOURS)).isoformat(),
            "first": True,
        }
        before = tuple(_revoke(key.id, now) for key in state.keys.values() if key.is_first and is_open(key, now))
        made = NewAct(kind="key", act="create", subject=made_id, body=json.dumps(body))
        return Changed(subject=made_id, acts=(*before, made), text=text)

    return change


def revoke_key(id: str, *, in_days: int = 0) -> AccessChange:
    """The key opens nothing from now on, or in so many days, while its successor is handed out."""
    if not 0 <= in_days <= DAYS_MAX:
        raise AccessRefused(f"a key ends within 0 to {DAYS_MAX} days")

    def change(state: AccessState, now: datetime) -> Changed:
        key = state.keys.get(id)
        if key is None:
            raise NobodyThere(f"no key has the id `{id[:TEXT_MAX]}`; list the keys to see their ids")
        if not is_open(key, now):
            raise AccessRefused(f"the key {id} opens nothing already")
        return Changed(subject=id, acts=(_revoke(id, now + timedelta(days=in_days)),))

    return change


def is_open(key: ApiKey, now: datetime) -> bool:
    """Whether the key itself opens anything at this moment; whose it is, is another question."""
    return now < key.expires_at


def person_called(state: AccessState, form: str) -> Person:
    """By the compared form of the login. Raises `NobodyThere`."""
    person = state.by_login.get(form)
    if person is None:
        raise NobodyThere(f"no person has the login `{form}`")
    return person


def _act_of_person(act: str, id: str, roles: Iterable[Role], authority: Authority) -> NewAct:
    body = {"roles": sorted(roles), "authority": authority}
    return NewAct(kind="person", act=act, subject=id, body=json.dumps(body))


def _act_of_key(id: str, text: str, words: KeyWords, person: str | None, now: datetime) -> NewAct:
    body = {
        "sha256": digest_of(text),
        "person": person,
        "service": words.service,
        "roles": sorted(words.roles),
        "acts_for": words.acts_for,
        "per_second": words.per_second,
        "expires_at": (now + timedelta(days=words.days)).isoformat(),
        "first": False,
    }
    return NewAct(kind="key", act="create", subject=id, body=json.dumps(body))


def _revoke(id: str, from_: datetime) -> NewAct:
    return NewAct(kind="key", act="revoke", subject=id, body=json.dumps({"from": from_.isoformat()}))


def _checked_text(what: str, text: str) -> str:
    bare = text.strip()
    if not bare or not bare.isprintable() or len(bare) > TEXT_MAX:
        raise AccessRefused(f"the {what} is empty, longer than {TEXT_MAX} characters or holds what nobody sees")
    return bare


def _checked_oidc(words: PersonWords) -> tuple[str | None, str | None]:
    if not words.oidc_issuer and not words.oidc_subject:
        return None, None
    if not words.oidc_issuer or not words.oidc_subject:
        raise AccessRefused("an OIDC issuer and a subject go together; give both or neither")
    return _checked_text("OIDC issuer", words.oidc_issuer), _checked_text("OIDC subject", words.oidc_subject)


def _refuse_taken_subject(state: AccessState, identity: Identity) -> None:
    if identity.oidc_issuer is None or identity.oidc_subject is None:
        return
    other = state.by_subject.get((identity.oidc_issuer, identity.oidc_subject))
    if other is not None and other.identity.id != identity.id:
        raise AlreadyThere(f"the issuer's subject belongs to `{other.identity.login}` already")
