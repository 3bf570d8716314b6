"""Services that ask for keys, with people and keys made before they start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from api.settings import Settings
from ledger.access.access import Access
from ledger.access.changes import AccessChange, KeyWords, PersonWords, add_person, create_key
from ledger.access.roles import Authority, Role
from ledger.journal.journal import Journal
from ledger.store.place import JournalPlace
from tests.support.running_service import running, write_rules

EVERY_ROLE = {role.value: frozenset({role}) for role in Role}
"""A person of each role, called as it is."""


def changed(journal: JournalPlace, *changes: AccessChange) -> list[str]:
    """Makes the changes in a journal that no service has open; the texts of new keys, in order."""

    async def make() -> list[str]:
        opened = Journal(journal)
        try:
            access = Access(opened)
            done = [await access.change(change, "test") for change in changes]
        finally:
            await asyncio.to_thread(opened.close)
        return [each.text for each in done if each.text]

    return asyncio.run(make())


def people_with_keys(
    journal: JournalPlace, people: Mapping[str, frozenset[Role]], authority: Authority = Authority.NONE
) -> dict[str, str]:
    """Each person, and a key by their login. All have the same authority over amounts."""
    added = [add_person(login, PersonWords(roles=roles, authority=authority)) for login, roles in people.items()]
    keys = changed(journal, *added, *(create_key(KeyWords(login=login)) for login in people))
    return dict(zip(people, keys, strict=True))


def service_key(journal: JournalPlace, service: str, *roles: Role, **words: Any) -> str:
    [key] = changed(journal, create_key(KeyWords(service=service, roles=frozenset(roles), **words)))
    return key


def bearer(key: str, **headers: str) -> dict[str, str]:
    """`bearer(key, credence_on_behalf_of="u.becker")`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Authorization": f"Bearer {key}", **named}


def settings_in(home: Path, **more: Any) -> Settings:
    return Settings(rules=write_rules(home / "rules"), journal=home / "var" / "credence.db", **more)


@contextmanager
def asking_for_keys(settings: Settings) -> Iterator[httpx2.Client]:
    with running(settings, asks_for_keys=True) as client:
        yield client
