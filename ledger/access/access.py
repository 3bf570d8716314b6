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
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, delete, insert, select, update

from ledger.access.changes import AccessChange, AccessRefused, AlreadyThere, Changed, create_first_key
from ledger.access.people import AccessState, Act, Identity, folded
from ledger.journal.journal import Journal
from ledger.journal.kept_answers import KeptAnswer, KeyedRequest
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import OpenedRecord, records_of
from ledger.record.actors import Actor
from ledger.record.new_records import ACT_BODY, ACT_SUBJECT, act_record, refusal_record
from ledger.record.record_header import RecordKind
from ledger.store.tables import people
from ledger.store.trouble import DAMAGED, FileTrouble, JournalUnavailable, unavailable

LOOK_SECONDS = 0.5
"""How often another process's changes are looked for."""

STALE_SECONDS_MAX = 15.0
"""For how long what was last read counts."""

_ACTS = (RecordKind.PERSON, RecordKind.KEY)
_PEOPLE = select(*(people.c[name] for name in ("id", "login", "name", "oidc_issuer", "oidc_subject")))

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Keeping:
    """A request that asks for a change, and how it is answered."""

    request: KeyedRequest
    answer: Callable[[Changed, AccessState], KeptAnswer]
    """By what was changed and the state after it; called in the journal's thread."""


class Access:
    """For the event loop's thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._state: AccessState | None = None
        self._read_at = float("-inf")
        self._last: int | None = None  # the place of the last act that the state has
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
            known = -1 if self._state is None else self._last
            read = await asyncio.to_thread(self._read, known)
            if read is not None:
                self._last, self._state = read
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

    async def change(self, change: AccessChange, actor: Actor | str, keeping: Keeping | None = None) -> Changed:
        """Makes the change on the state as it is in the journal's transaction, and knows it from then on. `keeping`:
        the request that asks for it, whose answer is kept in the same transaction.

        Raises `AccessRefused` where it can't be made, `JournalUnavailable` where it can't be written, `AnsweredBefore`
        and `RequestKeyReused` where the request was answered before.
        """
        outcome: Changed = await self._journal.write(
            lambda transaction: _written_once(transaction, change, actor, keeping)
        )
        await self.refresh()
        log.warning("people or keys changed", acts=[f"{each.act} {each.kind} {each.subject}" for each in outcome.acts])
        return outcome

    async def record_refusal(self, act: str, subject: str, why: str, actor: Actor | str, request_id: str) -> None:
        """An act that separation of duties refused is on record too: `act` is its word, `subject` the id of the person
        or key that it was about. Raises `JournalUnavailable`."""
        await self._journal.record(refusal_record(act, subject, why, actor, request_id))

    async def first_key(self) -> str | None:
        """The text of the first key where there has never been a person or a key, to be shown once; else None. Raises
        `JournalUnavailable`."""
        await self.refresh()
        if self.state().acts:
            return None
        with suppress(AlreadyThere):  # another process was first
            return (await self.change(create_first_key(), "start of the service")).text
        return None

    def _read(self, known: int | None) -> tuple[int | None, AccessState] | None:
        """None where nothing has changed. Blocks."""
        last = self._journal.last(*_ACTS)
        if last == known:
            return None
        return last, _folded(self._journal.records(*_ACTS), self._journal.read(_PEOPLE))


def _written_once(
    transaction: LogTransaction, change: AccessChange, actor: Actor | str, keeping: Keeping | None
) -> Changed | Exception:
    """The change, or why it isn't made: given back, not raised, which would undo what others wrote."""
    if keeping is None:
        return _written(transaction, change, actor)
    before = transaction.kept.before(keeping.request)
    if before is not None:
        return before
    changed = _written(transaction, change, actor)
    if isinstance(changed, Changed):
        transaction.kept.keep(keeping.request, keeping.answer(changed, _state_in(transaction)))
    return changed


def _written(transaction: LogTransaction, change: AccessChange, actor: Actor | str) -> Changed | AccessRefused:
    connection, state = transaction.connection, _state_in(transaction)
    try:
        changed = change(state, datetime.fromisoformat(transaction.at))
    except AccessRefused as refused:
        return refused
    if changed.identity is not None:
        known = changed.identity.id in state.people
        statement = update(people).where(people.c.id == changed.identity.id) if known else insert(people)
        connection.execute(statement.values(asdict(changed.identity)))
    if changed.erases:
        connection.execute(delete(people).where(people.c.id == changed.subject))
        transaction.kept.forget_about(changed.subject)
        transaction.has_erased = True
    for each in changed.acts:
        transaction.append(act_record(RecordKind(each.kind), each.act, each.subject, each.body, actor))
    transaction.flush()
    return changed


def _state_in(transaction: LogTransaction) -> AccessState:
    acts = records_of(transaction.connection, transaction.keys.key, _ACTS)
    return _folded(acts, transaction.connection.execute(_PEOPLE).all())


def _folded(acts: Sequence[OpenedRecord], identities: Sequence[Row[Any]]) -> AccessState:
    """Raises `JournalUnavailable` where they are none of ours."""
    try:
        return folded(map(_act, acts), [Identity(**row._mapping) for row in identities])
    except (ValueError, KeyError, TypeError) as error:
        raise unavailable("people and keys can't be read", FileTrouble(DAMAGED)) from error


def _act(record: OpenedRecord) -> Act:
    header = record.header
    subject, body = record.text(ACT_SUBJECT), record.text(ACT_BODY)
    if subject is None or body is None:
        raise ValueError(f"record {header.seq} is no act")
    return Act(at=header.at, kind=header.kind, act=header.outcome, subject=subject, actor=record.actor, body=body)
