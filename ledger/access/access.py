"""People and keys in the journal's file: read, followed, changed in the journal's own transactions.

The state in memory is what answers requests. Whoever changes something here knows it at once; what another process did
is seen within `LOOK_SECONDS`. Where the file can't be read for `STALE_SECONDS_MAX`, nobody is known any more: a key
that was revoked meanwhile must not go on because the disk fails.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy import Connection, Row, func, insert, select, update

from ledger.access.changes import AccessChange, AccessRefused, AlreadyThere, Changed, create_first_key
from ledger.access.people import AccessState, Act, Identity, folded
from ledger.journal.clock import moment
from ledger.journal.journal import Journal
from ledger.store.tables import access_acts, people
from ledger.store.trouble import DAMAGED, FileTrouble, JournalUnavailable, unavailable

LOOK_SECONDS = 0.5
"""How often another process's changes are looked for."""

STALE_SECONDS_MAX = 15.0
"""For how long what was last read counts."""

_ACTS = select(*(access_acts.c[name] for name in ("at", "kind", "act", "subject", "actor", "body"))).order_by(
    access_acts.c.number
)
_PEOPLE = select(*(people.c[name] for name in ("id", "login", "name", "oidc_issuer", "oidc_subject")))
_COUNT = select(func.max(access_acts.c.number))

log = structlog.get_logger(__name__)


class Access:
    """For the event loop's thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._state: AccessState | None = None
        self._read_at = float("-inf")
        self._turn = asyncio.Lock()  # a look that began earlier never puts back what a later one has seen

    def state(self) -> AccessState:
        """As it was last read. Raises `JournalUnavailable` where that is too long ago."""
        if self._state is None or time.monotonic() - self._read_at > STALE_SECONDS_MAX:
            raise JournalUnavailable("people and keys can't be read from the journal now")
        return self._state

    async def refresh(self) -> None:
        """Reads what has changed. Raises `JournalUnavailable`."""
        async with self._turn:
            began = time.monotonic()
            known = -1 if self._state is None else self._state.acts
            state = await asyncio.to_thread(self._read, known)
            if state is not None:
                self._state = state
            self._read_at = began

    async def watch(self, stop: asyncio.Event, show_first_key: Callable[[str], None] | None) -> None:
        """Follows the file until `stop`, whatever happens to it. `show_first_key` is called once, where there has never
        been a person or a key, as soon as the journal can be written; None: nobody needs one."""
        while not stop.is_set():
            with suppress(TimeoutError):  # first: the service says where it listens before it shows a key
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
                return
            try:
                if show_first_key is None:
                    await self.refresh()
                else:
                    text = await self.first_key()
                    if text is not None:
                        show_first_key(text)
                    show_first_key = None
            except JournalUnavailable:
                pass  # `state` says so once it has lasted
            except Exception as error:  # the next look must come
                log.error("people and keys can't be followed", exc_info=error)

    async def change(self, change: AccessChange, actor: str) -> Changed:
        """Makes the change on the state as it is in the journal's transaction, and knows it from then on.

        Raises `AccessRefused` where it can't be made, `JournalUnavailable` where it can't be written.
        """
        done: list[Changed | AccessRefused] = []

        def write(connection: Connection) -> None:
            done[:] = [self._written(connection, change, actor)]

        await self._journal.write(write)
        outcome = done[0]
        if isinstance(outcome, AccessRefused):
            raise outcome
        await self.refresh()
        log.warning("people or keys changed", acts=[f"{each.act} {each.kind} {each.subject}" for each in outcome.acts])
        return outcome

    async def first_key(self) -> str | None:
        """The text of the first key where there has never been a person or a key, to be shown once; else None. Raises
        `JournalUnavailable`."""
        await self.refresh()
        if self.state().acts:
            return None
        with suppress(AlreadyThere):  # another process was first
            return (await self.change(create_first_key(), "start of the service")).text
        return None

    def _read(self, known: int) -> AccessState | None:
        """None where nothing has changed. Blocks."""
        [(last,)] = self._journal.read(_COUNT)
        if (last or 0) == known:
            return None
        return _folded(self._journal.read(_ACTS), self._journal.read(_PEOPLE))

    def _written(self, connection: Connection, change: AccessChange, actor: str) -> Changed | AccessRefused:
        """In the writer's thread and transaction. A refusal is given back: raised, it would undo what others wrote."""
        now = self._journal.clock.now()
        state = _folded(connection.execute(_ACTS).all(), connection.execute(_PEOPLE).all())
        try:
            changed = change(state, now)
        except AccessRefused as refused:
            return refused
        if changed.identity is not None:
            known = changed.identity.id in state.people
            statement = update(people).where(people.c.id == changed.identity.id) if known else insert(people)
            connection.execute(statement.values(asdict(changed.identity)))
        for each in changed.acts:
            number = select(func.coalesce(func.max(access_acts.c.number), 0) + 1).scalar_subquery()
            connection.execute(insert(access_acts).values(number=number, at=moment(now), actor=actor, **asdict(each)))
        return changed


def _folded(acts: Sequence[Row[Any]], identities: Sequence[Row[Any]]) -> AccessState:
    """Raises `JournalUnavailable` where they are none of ours."""
    try:
        return folded((Act(**row._mapping) for row in acts), [Identity(**row._mapping) for row in identities])
    except (ValueError, KeyError, TypeError) as error:
        raise unavailable("people and keys can't be read", FileTrouble(DAMAGED)) from error
