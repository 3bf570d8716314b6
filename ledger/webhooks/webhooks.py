"""Endpoints read and changed in the journal's own transactions, with their secrets and what waits for them.

Everything here that reads blocks: call it from a thread. What another process has changed is seen at the next read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, delete, insert, select

from ledger.journal.journal import Journal
from ledger.journal.kept_answers import KeptAnswer, KeyedRequest
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import OpenedRecord, records_of
from ledger.journal.outbox import (
    Delivery,
    OutboxState,
    dead_letters,
    forget_endpoint,
    give_up,
    outbox_state,
    outbox_states,
    send_again,
)
from ledger.record.actors import Actor
from ledger.record.new_records import act_record
from ledger.record.record_header import RecordKind
from ledger.record.sealing import DoesNotOpen, Sealed
from ledger.store.key_database import OWN, SubjectKeys
from ledger.store.tables import webhook_secrets, webhook_subscriptions
from ledger.store.trouble import DAMAGED, FileTrouble, JournalUnavailable, unavailable
from ledger.webhooks.endpoint_changes import EndpointChange, EndpointChanged, EndpointRefused, UnknownEndpoint
from ledger.webhooks.endpoint_secrets import digest_of_secret
from ledger.webhooks.endpoints import DISABLE, END, SEND_AGAIN, Endpoints, WebhookEndpoint, endpoints_of

DEAD_LETTERS_MAX = 1_000
"""Listed at once."""

_KIND = RecordKind.WEBHOOK_ENDPOINT

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeepingEndpoint:
    """A request that asks for a change, and how it is answered."""

    request: KeyedRequest
    answer: Callable[[EndpointChanged], KeptAnswer]
    """Called in the journal's thread."""


class SecretUnreadable(Exception):
    """A secret that an endpoint's events are signed with is missing, damaged, or not the one recorded. The records are
    not touched by it, so the journal is not doubted."""


class Webhooks:
    """Of one journal. `change` is for the event loop's thread, all else for any other."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._known: tuple[int | None, Endpoints] | None = None  # and the place of the last record that it has

    def endpoints(self) -> Endpoints:
        """As they are now. Raises `JournalUnavailable`."""
        last, known = self._journal.last(_KIND), self._known
        if known is None or known[0] != last:
            known = self._known = last, _endpoints(self._journal.records(_KIND))
        return known[1]

    def waiting(self) -> dict[str, OutboxState]:
        """What has not arrived, by endpoint. Raises `JournalUnavailable`."""
        return self._journal.ask(lambda connection, _: outbox_states(connection))

    def waiting_in_all(self) -> OutboxState:
        """What has not arrived, wherever it is to go. Raises `JournalUnavailable`."""
        return self._journal.ask(lambda connection, _: outbox_state(connection))

    def dead_letters(self) -> list[Delivery]:
        """The latest ones first. Raises `JournalUnavailable`."""
        return self._journal.ask(lambda connection, _: dead_letters(connection, DEAD_LETTERS_MAX))

    def secrets(self, endpoint: WebhookEndpoint, now: datetime) -> list[str]:
        """The texts of those that sign at this moment, the newest last. Raises `SecretUnreadable` where one is not what
        its record says, `JournalUnavailable` where the journal can't be read."""
        return self._journal.ask(lambda connection, keys: _secrets(connection, keys, endpoint, now))

    async def change(
        self, change: EndpointChange, actor: Actor | str, keeping: KeepingEndpoint | None = None
    ) -> EndpointChanged:
        """Makes the change on the endpoints as they are in the journal's transaction. `keeping`: the request that asks
        for it, whose answer is kept in the same transaction.

        Raises `EndpointRefused` and `UnknownEndpoint` where it can't be made, `JournalUnavailable` where it can't be
        written, `AnsweredBefore` and `RequestKeyReused` where the request was answered before.
        """
        changed: EndpointChanged = await self._journal.write(
            lambda transaction: _written_once(transaction, change, actor, keeping)
        )
        log.warning("webhook changed", act=changed.act, endpoint=changed.endpoint.id)
        return changed


def _written_once(
    transaction: LogTransaction, change: EndpointChange, actor: Actor | str, keeping: KeepingEndpoint | None
) -> EndpointChanged | Exception:
    """The change, or why it isn't made: given back, not raised, which would undo what others wrote."""
    before = None if keeping is None else transaction.kept.before(keeping.request)
    if before is not None:
        return before
    try:
        endpoints = _endpoints(records_of(transaction.connection, transaction.keys.key, [_KIND]))
        changed = change(endpoints, datetime.fromisoformat(transaction.at))
    except (EndpointRefused, UnknownEndpoint, JournalUnavailable) as refused:
        return refused
    _write(transaction, endpoints, changed, actor)
    if keeping is not None:
        transaction.kept.keep(keeping.request, keeping.answer(changed))
    return changed


def _write(transaction: LogTransaction, endpoints: Endpoints, changed: EndpointChanged, actor: Actor | str) -> None:
    connection, endpoint = transaction.connection, changed.endpoint
    transaction.append(act_record(_KIND, changed.act, endpoint.id, changed.body, actor))
    transaction.flush()
    now = datetime.fromisoformat(transaction.at)
    if changed.act == SEND_AGAIN:
        send_again(connection, endpoint.id, changed.seq, now)
        return
    after = {**endpoints, endpoint.id: endpoint}
    if changed.act == END:
        del after[endpoint.id]
        forget_endpoint(connection, endpoint.id)
    elif changed.act == DISABLE:
        give_up(connection, endpoint.id, now, endpoint.inactive_because)
    _write_subscriptions(connection, after.values())
    _keep_secrets(transaction, changed)


def _write_subscriptions(connection: Connection, endpoints: Iterable[WebhookEndpoint]) -> None:
    rows = [{"type": name, "endpoint": each.id} for each in endpoints if each.active for name in each.types]
    connection.execute(delete(webhook_subscriptions))
    if rows:
        connection.execute(insert(webhook_subscriptions), rows)


def _keep_secrets(transaction: LogTransaction, changed: EndpointChanged) -> None:
    """The new one is sealed by the journal's own key; those that sign nothing any more are deleted."""
    connection, endpoint = transaction.connection, changed.endpoint
    kept = [] if changed.act == END else [mark.id for mark in endpoint.secrets]
    gone = (webhook_secrets.c.endpoint == endpoint.id) & webhook_secrets.c.id.not_in(kept)
    connection.execute(delete(webhook_secrets).where(gone))
    if changed.secret is not None:
        name = _name(endpoint.id, changed.secret.id)
        sealed = transaction.keys.key(OWN).seal_as(name, changed.secret.text.encode())
        row = {"endpoint": endpoint.id, "id": changed.secret.id, "nonce": sealed.nonce, "sealed": sealed.content}
        connection.execute(insert(webhook_secrets), row)


def _secrets(connection: Connection, keys: SubjectKeys, endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    rows = {
        row.id: row
        for row in connection.execute(select(webhook_secrets).where(webhook_secrets.c.endpoint == endpoint.id))
    }
    texts = []
    for mark in endpoint.secrets_at(now):
        text = _opened(keys, endpoint.id, rows.get(mark.id))
        if text is None or digest_of_secret(text) != mark.sha256:
            raise SecretUnreadable(f"the secret {mark.id} of the webhook {endpoint.id} is not the one recorded")
        texts.append(text)
    return texts


def _opened(keys: SubjectKeys, endpoint: str, row: Any) -> str | None:
    """None where there is none, or none that opens: on SQLite any column may hold anything."""
    if row is None:
        return None
    key = keys.key(OWN)
    try:
        return key.open_as(_name(endpoint, row.id), Sealed(row.nonce, row.sealed)).decode()
    except (DoesNotOpen, UnicodeError, TypeError):
        return None


def _name(endpoint: str, secret: str) -> bytes:
    return f"webhook secret {endpoint} {secret}".encode()


def _endpoints(records: Sequence[OpenedRecord]) -> Endpoints:
    """Raises `JournalUnavailable` where they are none of ours."""
    try:
        return endpoints_of(records)
    except (ValueError, KeyError, TypeError) as error:
        raise unavailable("webhooks can't be read", FileTrouble(DAMAGED)) from error
