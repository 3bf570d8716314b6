"""Propose, confirm, withdraw and finish erasures, each in the journal's own transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, select, text

from ledger.erasure.erasures import Erasure, ErasureState, erasures_of
from ledger.erasure.grounds import Ground
from ledger.erasure.index_rows import IndexRows, names_in, sealed_by
from ledger.erasure.ledger_rows import accounts_of, delete_marked, mark, what_is_open
from ledger.erasure.two_persons import one_hand
from ledger.journal.journal import Journal
from ledger.journal.log_transaction import SUBJECT, LogTransaction
from ledger.journal.opened_records import OpenedRecord, records_of
from ledger.record.actors import Actor
from ledger.record.gone_bodies import CONFIRMED, ERASED, PROPOSED, WITHDRAWN, ErasureText, erasure_record
from ledger.record.names_in_text import says_name
from ledger.record.record_header import RecordKind
from ledger.store.key_database import OWN, SubjectKeys
from ledger.store.tables import bodies, entry_blinds

REASON_MAX = 500
"""Characters."""

_MAY_DELETE = text("SELECT has_table_privilege('entry_blinds', 'DELETE')")

log = structlog.get_logger(__name__)


class ErasureRefused(Exception):
    """It can't be done so, or not now; the message says why and what to do instead."""


class NothingToErase(ErasureRefused):
    """Nothing about them is recorded, or all of it is erased; or no erasure has this number."""


class OnePerson(ErasureRefused):
    """Who confirms must be somebody else than who proposed. `names`: the customer's numbers, which no record of the
    refusal may hold."""

    def __init__(self, why: str, names: frozenset[str]) -> None:
        super().__init__(why)
        self.names = names


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureWords:
    """What is to be erased, and why. By `account`, the customer's number; or by `subject`, the number of an order or
    invoice of theirs: everything about that customer is erased, not that one case."""

    account: str | None = None
    subject: str | None = None
    ground: Ground
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToErase:
    """What an erasure would take."""

    key: int
    records: int
    held_until: date | None
    """The law wants it kept until this day; None: it may go."""

    refusal: str | None = None
    """What of the customer is open in the ledger, so that it can't be confirmed yet."""


KeptUntil = Callable[[Connection, list[int]], date | None]
"""Until when the law wants any of the records at these places kept."""


def duties_unknown() -> KeptUntil:
    """For who only finishes what is confirmed. Raises `ErasureRefused`."""
    raise ErasureRefused("nobody knows here how long the law wants records kept; ask the service")


class Erasing:
    """Of one journal. `kept_until` gives the legal duties to keep records, as they are now; what it raises, `to_erase`,
    `propose`, `confirm` and `as_they_are` do."""

    def __init__(self, journal: Journal, kept_until: Callable[[], KeptUntil]) -> None:
        self._journal = journal
        self._kept_until = kept_until

    def erasures(self) -> list[Erasure]:
        """All of them, the oldest first. Raises `JournalUnavailable`. Blocks: call it from a thread."""
        return list(self._journal.ask(lambda connection, keys: _erasures(connection, keys)).values())

    def as_they_are(self) -> list[Erasure]:
        """All of them; of those that are proposed, what a confirmation would take now. Raises `JournalUnavailable`.
        Blocks: call it from a thread."""
        until = self._kept_until()
        return self._journal.ask(lambda connection, keys: _as_they_are(connection, keys, until))

    def to_erase(self, account: str | None, subject: str | None) -> ToErase:
        """What there is; nothing is written. Raises `NothingToErase`, `JournalUnavailable`. Blocks: call it from a
        thread."""
        until = self._kept_until()
        return self._journal.ask(lambda connection, keys: _found(connection, keys, account, subject, until))

    async def propose(self, words: ErasureWords, actor: Actor, request_id: str = "") -> Erasure:
        """On record; nothing else happens. `refusal` says where it couldn't be confirmed now, because something of the
        customer is open. Raises `ErasureRefused`, `NothingToErase`, `JournalUnavailable`."""
        _refuse_nobody(actor)
        _refuse_unfit(words.reason)
        until = self._kept_until()
        names = await asyncio.to_thread(self._journal.ask, partial(_names_of, words=words))
        _refuse_naming(words.reason, names)
        open_now: list[str | None] = []

        def work(transaction: LogTransaction) -> int | Exception:
            try:
                found = _found(transaction.connection, transaction.keys, words.account, words.subject, until)
                known = _erasures(transaction.connection, transaction.keys).values()
                _refuse_twice(found.key, known)
            except ErasureRefused as refused:
                return refused
            open_now.append(found.refusal)
            said = ErasureText(key=found.key, count=found.records, ground=words.ground, reason=words.reason.strip())
            return transaction.append(erasure_record(PROPOSED, said, actor, request_id, names))

        proposed = await self._written(work)
        return replace(proposed, refusal=open_now[-1])

    async def confirm(self, id: int, actor: Actor, request_id: str = "", *, records: int | None = None) -> Erasure:
        """On record, and then done. Where this login may not delete, or the service ends, it is finished later: by
        `finish`. `records`: how many whoever confirms knows of; None: as many as were proposed.

        Raises `OnePerson`, `ErasureRefused` where there are more or fewer by now, `NothingToErase`,
        `JournalUnavailable`."""
        _refuse_nobody(actor)
        until = self._kept_until()
        names = await asyncio.to_thread(self._journal.ask, partial(_names_in, id=id))

        def work(transaction: LogTransaction) -> int | Exception:
            connection, keys = transaction.connection, transaction.keys
            try:
                erasure = _open_one(_erasures(connection, keys), id)
                acts = records_of(connection, keys.key, [RecordKind.PERSON, RecordKind.KEY])
                _refuse_one_person(erasure, actor, acts, names)
                count = _count_to_confirm(connection, keys, erasure, until, records)
                accounts = accounts_of(connection, keys, names, erasure.key)
                if (why := what_is_open(connection, accounts)) is not None:
                    raise ErasureRefused(why)
            except ErasureRefused as refused:
                return refused
            mark(connection, accounts, erasure.key)
            keys.forget([erasure.key])
            said = _said(erasure, count)
            transaction.append(erasure_record(f"{CONFIRMED}{erasure.key}", said, actor, request_id, names))
            return id

        confirmed = await self._written(work)
        log.warning("an erasure was confirmed", erasure=id, key=confirmed.key)
        await self.finish()
        return await self._one(id)

    async def withdraw(self, id: int, actor: Actor, request_id: str = "") -> Erasure:
        """It will not happen. Raises `ErasureRefused`, `NothingToErase`, `JournalUnavailable`."""
        names = await asyncio.to_thread(self._journal.ask, partial(_names_in, id=id))

        def work(transaction: LogTransaction) -> int | Exception:
            try:
                erasure = _open_one(_erasures(transaction.connection, transaction.keys), id)
            except ErasureRefused as refused:
                return refused
            said = _said(erasure, erasure.records)
            transaction.append(erasure_record(WITHDRAWN, said, actor, request_id, names))
            return id

        return await self._written(work)

    async def finish(self) -> list[Erasure]:
        """Does what is confirmed and not done: after `confirm`, at each start, and by `credence erase finish`. Gives
        those that are done now. Raises `JournalUnavailable`."""
        waiting = [each for each in await asyncio.to_thread(self.erasures) if each.state is ErasureState.CONFIRMED]
        if waiting and not await asyncio.to_thread(self._may_delete):
            log.warning(
                "erasures wait: this login may not delete; give it credence_eraser, or run `credence erase finish`",
                erasures=[each.id for each in waiting],
            )
            return []
        done = []
        for erasure in waiting:
            rows = IndexRows()
            await asyncio.to_thread(self._journal.ask, _gathering(rows, erasure.key))
            if await self._journal.write(_erasing(erasure, rows)):
                done.append(await self._one(erasure.id))
                log.warning("a subject key was erased", erasure=erasure.id, key=erasure.key, records=len(rows.places))
        return done

    async def _one(self, id: int) -> Erasure:
        erasures = await asyncio.to_thread(self._journal.ask, _erasures)
        return erasures[id]

    async def _written(self, work: Callable[[LogTransaction], int | Exception]) -> Erasure:
        return await self._one(await self._journal.write(work))

    def _may_delete(self) -> bool:
        return self._journal.ask(lambda connection, _: _may_delete(connection))


def _found(
    connection: Connection, keys: SubjectKeys, account: str | None, subject: str | None, kept_until: KeptUntil
) -> ToErase:
    known = _known(connection, keys, account, subject)
    places = [] if known is None else sealed_by(connection, *known)
    if known is None or not places:
        raise NothingToErase("nothing is recorded under this number, or it was erased already")
    names = _names_by_key(connection, keys, known) | {name for name in (account, subject) if name}
    refusal = what_is_open(connection, accounts_of(connection, keys, names, known[0]))
    return ToErase(key=known[0], records=len(places), held_until=kept_until(connection, places), refusal=refusal)


def _known(
    connection: Connection, keys: SubjectKeys, account: str | None, subject: str | None
) -> tuple[int, bytes] | None:
    """Number and blind of the customer's key."""
    return keys.number_and_blind(account=account) if account else _of_subject(connection, keys, subject or "")


def _as_they_are(connection: Connection, keys: SubjectKeys, kept_until: KeptUntil) -> list[Erasure]:
    shown = []
    for erasure in _erasures(connection, keys).values():
        if erasure.state is ErasureState.PROPOSED:
            places = _places(connection, keys, erasure.key)
            try:
                erasure = replace(erasure, records=len(places), held_until=kept_until(connection, places))
                names = _names_by_key(connection, keys, keys.number_and_blind(number=erasure.key))
                accounts = accounts_of(connection, keys, names, erasure.key)
                erasure = replace(erasure, refusal=what_is_open(connection, accounts))
            except ErasureRefused as refused:
                erasure = replace(erasure, records=len(places), refusal=str(refused))
        shown.append(erasure)
    return shown


def _places(connection: Connection, keys: SubjectKeys, number: int) -> list[int]:
    """Of what this key seals now."""
    known = keys.number_and_blind(number=number)
    return [] if known is None else sealed_by(connection, *known)


def _names_of(connection: Connection, keys: SubjectKeys, words: ErasureWords) -> frozenset[str]:
    """All numbers of the customer who is to be erased: what they are asked for by, and what their records say."""
    said = {words.account, words.subject} - {None}
    known = _known(connection, keys, words.account, words.subject)
    return _names_by_key(connection, keys, known) | {name for name in said if name}


def _names_in(connection: Connection, keys: SubjectKeys, id: int) -> frozenset[str]:
    """Those of whom an erasure is about, as long as it can be read."""
    erasure = _erasures(connection, keys).get(id)
    return _names_by_key(connection, keys, None if erasure is None else keys.number_and_blind(number=erasure.key))


def _names_by_key(connection: Connection, keys: SubjectKeys, known: tuple[int, bytes] | None) -> frozenset[str]:
    return frozenset() if known is None else names_in(connection, keys, sealed_by(connection, *known))


def _refuse_one_person(erasure: Erasure, actor: Actor, acts: Sequence[OpenedRecord], names: frozenset[str]) -> None:
    why = one_hand(erasure.proposed_by, str(actor), acts)
    if why is not None:
        raise OnePerson(
            f"whoever proposed an erasure can't confirm it: {why}; "
            "somebody else with the role does, by a key of their own",
            names,
        )


def _count_to_confirm(
    connection: Connection, keys: SubjectKeys, erasure: Erasure, kept_until: KeptUntil, records: int | None
) -> int:
    """How many records go. Raises `ErasureRefused` where they are kept, or are not as many as is known."""
    places = _places(connection, keys, erasure.key)
    until = kept_until(connection, places)
    if until is not None:
        raise ErasureRefused(f"the law wants these records kept until {until}; the erasure waits: confirm it then")
    known = erasure.records if records is None else records
    if len(places) != known:
        raise ErasureRefused(
            f"there are {len(places)} records now, and {known} are confirmed; look at what has changed since and "
            f"confirm with the number of records, {len(places)}"
        )
    return len(places)


def _gathering(rows: IndexRows, number: int) -> Callable[[Connection, SubjectKeys], None]:
    return lambda connection, keys: rows.gather(connection, keys, number)


def _erasing(erasure: Erasure, rows: IndexRows) -> Callable[[LogTransaction], bool]:
    """What was gathered before is completed while nobody else can write; the key goes before the record says so."""

    def work(transaction: LogTransaction) -> bool:
        connection, keys = transaction.connection, transaction.keys
        if _erasures(connection, keys)[erasure.id].state is not ErasureState.CONFIRMED:
            return False  # another process was first
        rows.gather(connection, keys, erasure.key)
        rows.delete(connection)
        delete_marked(connection, erasure.key)
        keys.erase([erasure.key])
        said = _said(erasure, len(rows.places), tuple(rows.places))
        transaction.append(erasure_record(f"{ERASED}{erasure.key}", said, "journal"))
        transaction.flush()
        transaction.has_erased = True
        return True

    return work


def _said(erasure: Erasure, count: int, places: tuple[int, ...] = ()) -> ErasureText:
    return ErasureText(
        key=erasure.key,
        count=count,
        ground=erasure.ground,
        reason=erasure.reason,
        proposal=erasure.id,
        records=places,
    )


def _erasures(connection: Connection, keys: SubjectKeys) -> dict[int, Erasure]:
    return erasures_of(records_of(connection, keys.key, [RecordKind.ERASURE]))


def _open_one(erasures: dict[int, Erasure], id: int) -> Erasure:
    """One that is proposed and no more. Raises `ErasureRefused`, `NothingToErase`."""
    erasure = erasures.get(id)
    if erasure is None:
        raise NothingToErase(f"no erasure has the number {id}; list them to see their numbers")
    if erasure.state is not ErasureState.PROPOSED:
        raise ErasureRefused(f"erasure {id} is {erasure.state} already")
    return erasure


def _of_subject(connection: Connection, keys: SubjectKeys, subject: str) -> tuple[int, bytes] | None:
    """The key of the customer whom a case with this number is about. Raises `ErasureRefused` where there are several,
    or where the case named no customer."""
    found = select(entry_blinds.c.seq).where(entry_blinds.c.blind == keys.blind(SUBJECT, subject))
    query = select(bodies.c.key_number).where(bodies.c.seq.in_(found)).distinct()
    numbers = set(connection.execute(query).scalars())
    there = keys.open_ones(numbers - {OWN})
    if len(there) > 1:
        raise ErasureRefused("cases of several customers have this number; give the customer's account number")
    if not there and OWN in numbers:
        raise ErasureRefused("the case with this number names no customer, so no key of a customer's seals it")
    return keys.number_and_blind(number=there[0]) if there else None


def _refuse_twice(key: int, known: Any) -> None:
    open_ = (ErasureState.PROPOSED, ErasureState.CONFIRMED)
    for erasure in known:
        if erasure.key == key and erasure.state in open_:
            raise ErasureRefused(f"erasure {erasure.id} of the same records is {erasure.state} already")


def _refuse_nobody(actor: Actor) -> None:
    if actor.person is None and actor.login is None:
        raise ErasureRefused("an erasure needs two persons; ask with a person's key, or say for whom you ask")


def _refuse_unfit(reason: str) -> None:
    reason = reason.strip()
    if not reason or len(reason) > REASON_MAX or not reason.isprintable():
        raise ErasureRefused(f"the reason is blank, longer than {REASON_MAX} characters or holds what nobody sees")


def _refuse_naming(reason: str, names: frozenset[str]) -> None:
    """The reason is kept, so it must not keep what is erased."""
    if says_name(reason, names):
        raise ErasureRefused(
            "the reason is kept for good and names who is to be erased, by a number of the customer, an order or an "
            "invoice; leave it out (and write a day as 2026-03-05)"
        )


def _may_delete(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite" or bool(connection.execute(_MAY_DELETE).scalar())
