"""What is wrong with one webhook costs no other anything, and has an end: secrets that can't be read, names that nobody
resolves, receivers that hang, dead letters without number."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert
from structlog.testing import capture_logs

from api.webhooks import name_lookups, posting
from api.webhooks.name_lookups import NameLookups
from api.webhooks.pauses import AT_ONCE, FAILURES_MAX, PAUSE, Pauses
from api.webhooks.sending_times import AGE_MAX, DELAYS, SPREAD
from api.webhooks.webhook_url import read_url
from ledger.journal.clock import moment
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opening import open_to_write
from ledger.journal.outbox import OutboxState, due_endpoints, has_dead_letters, put_back, take, too_old
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.tables import webhook_outbox
from ledger.webhooks.endpoint_changes import SIGNING_MAX, EndpointRefused, rotate_secret, send_again_to
from tests.support.patience import PATIENCE
from tests.support.webhook_receivers import HERE, Receiver, receiving, server_context
from tests.support.webhook_sending import START, Sending, sending


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    if request.param == "sqlite":
        return tmp_path / "journal.db"
    database = request.getfixturevalue("database")
    assert isinstance(database, ServerAddress)
    return database


SECRETS_HARMED = {
    "cut": "UPDATE webhook_secrets SET sealed = x'00' WHERE endpoint = ?",
    "empty": "UPDATE webhook_secrets SET sealed = x'' WHERE endpoint = ?",
    "another nonce": "UPDATE webhook_secrets SET nonce = zeroblob(12) WHERE endpoint = ?",
    "no nonce": "UPDATE webhook_secrets SET nonce = x'' WHERE endpoint = ?",
    "endless nonce": "UPDATE webhook_secrets SET nonce = zeroblob(999) WHERE endpoint = ?",
    "text": "UPDATE webhook_secrets SET sealed = 'text' WHERE endpoint = ?",
    "number": "UPDATE webhook_secrets SET nonce = 5 WHERE endpoint = ?",
    "another id": "UPDATE webhook_secrets SET id = 'other' WHERE endpoint = ?",
    "gone": "DELETE FROM webhook_secrets WHERE endpoint = ?",
}
RECORDS_HARMED = {
    "header": "UPDATE entries SET header = '{}' WHERE seq = 3 AND ? != ''",
    "header of nobody": "UPDATE entries SET header = 'none' WHERE seq = 3 AND ? != ''",
    "record gone": "DELETE FROM entries WHERE seq = 3 AND ? != ''",
}


@pytest.mark.parametrize("harm", [*SECRETS_HARMED, *RECORDS_HARMED])
def test_what_one_event_needs_and_cant_be_read_is_a_failed_try_that_the_log_has_and_the_journal_goes_on(
    file: Path, receiver: Receiver, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def opening(*args: Any, **more: Any) -> Any:
        opened.append("again")
        return open_to_write(*args, **more)

    monkeypatch.setattr("ledger.journal.journal.open_to_write", opening)

    async def go(one: Sending) -> None:
        harmed, _ = await one.add(receiver.url(path="/harmed"))
        await one.add(receiver.url(path="/other"), ["order.held"] if harm in SECRETS_HARMED else ["order.rejected"])
        await one.journal.record_policy_set("v2", {}, "")  # so that the record below is not the last one
        await one.held(1)
        statement = {**SECRETS_HARMED, **RECORDS_HARMED}[harm]
        await one.journal.record_policy_set("v3", {}, "")
        with closing(sqlite3.connect(file)) as raw, raw:
            if harm in RECORDS_HARMED:
                for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    raw.execute(f"DROP TRIGGER {name}")
            raw.execute(statement, (harmed,))
        opened.clear()
        await one.sender.send_due()
        [left] = one.outbox()
        assert (left.endpoint, left.tries) == (harmed, 1)
        assert left.failure in ("its secret can't be read", f"record {left.seq} can't be read")
        assert one.tried.results.count("failed") == 1
        assert len(receiver.received) == (1 if harm in SECRETS_HARMED else 0)
        await one.held(2)
        assert opened == []
        for _ in range(12):
            one.time.forward(days=1)
            await one.sender.send_due()
        assert left.seq in [each.seq for each in one.webhooks.dead_letters()]

    with capture_logs() as lines:
        sending(file, go)
    said = [line["log_level"] for line in lines if "can't be read" in str(line.get("failure", line["event"]))]
    assert "error" in said


def test_no_number_of_dead_letters_slows_what_is_asked_all_the_time(file: Path) -> None:
    """SQLite counts its steps."""
    steps: list[dict[str, int]] = []

    async def go(one: Sending) -> None:
        endpoint, _ = await one.add("https://erp.example.com/")
        for number in range(AT_ONCE):
            await one.held(number)
        for dead in (10, 1_000):
            await one.journal.write(partial(_add_dead, endpoint=endpoint, dead=range(dead * 10, dead * 11)))
            await one.journal.write(lambda it: steps.append(_steps(it.connection, endpoint, one.time.now)))
        assert one.webhooks.waiting_in_all() == OutboxState(AT_ONCE, moment(one.time.now), 1_010)
        assert one.webhooks.waiting() == {endpoint: one.webhooks.waiting_in_all()}

    sending(file, go)
    assert steps[0] == steps[1]
    assert min(steps[0].values()) > 0


def _add_dead(it: LogTransaction, endpoint: str, dead: range, at: datetime = START) -> None:
    """`dead`: their places."""
    about = {"endpoint": endpoint, "type": "order.held", "at": moment(at), "since": moment(at)}
    said = {"tries": 10, "next_at": None, "failed_at": moment(at), "failure": "answered 503"}
    it.connection.execute(insert(webhook_outbox), [{**about, **said, "seq": seq} for seq in dead])


def _steps(connection: Connection, endpoint: str, now: datetime) -> dict[str, int]:
    """Of each question, in SQLite's machine."""
    asked: dict[str, Callable[[], object]] = {
        "due": lambda: due_endpoints(connection, now),
        "taken": lambda: put_back(connection, take(connection, endpoint, now, AT_ONCE), now),
        "too old": lambda: too_old(connection, now - AGE_MAX, 500),
        "dead for long": lambda: has_dead_letters(connection, now - AGE_MAX),
    }
    return {name: _counted(connection, question) for name, question in asked.items()}


def _counted(connection: Connection, question: Callable[[], object]) -> int:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    steps: list[int] = []
    question()  # statements are compiled
    raw.set_progress_handler(lambda: steps.append(1), 1)
    question()
    raw.set_progress_handler(None, 1)
    return len(steps)


def test_dead_letters_are_deleted_after_their_days(place: JournalPlace) -> None:
    async def go(one: Sending) -> None:
        endpoint, _ = await one.add("https://erp.example.com/")
        await one.journal.write(partial(_add_dead, endpoint=endpoint, dead=range(100, 1_300)))
        later = one.time.now + timedelta(days=2)
        await one.journal.write(partial(_add_dead, endpoint=endpoint, dead=range(2_000, 2_003), at=later))
        one.time.forward(days=30)
        await one.sender.tidy()
        assert len(one.outbox()) == 1_203
        one.time.forward(seconds=1)
        await one.sender.tidy()
        assert [each.seq for each in one.outbox()] == [2_000, 2_001, 2_002]

    sending(place, go)


def test_what_has_waited_for_four_days_is_a_dead_letter_and_sent_again_it_has_as_many(place: JournalPlace) -> None:
    async def go(one: Sending) -> None:
        endpoint, _ = await one.add("https://erp.example.com/")
        for number in range(20):
            await one.held(number)
        await one.sender.send_due()
        one.time.forward(days=4)
        await one.held(20)
        await one.sender.tidy()
        assert one.webhooks.dead_letters() == []
        one.time.forward(seconds=1)
        await one.sender.tidy()
        letters = one.webhooks.dead_letters()
        assert sorted(each.tries for each in letters) == [0] * (20 - AT_ONCE) + [1] * AT_ONCE
        assert {each.failure for each in letters if each.tries} == {"its name can't be resolved"}
        assert {each.failure for each in letters if not each.tries} == {"it was not its turn in four days"}
        assert one.webhooks.waiting_in_all() == OutboxState(1, moment(one.time.now - timedelta(seconds=1)), 20)
        await one.change(send_again_to(endpoint))
        one.time.forward(days=3)
        await one.sender.tidy()
        assert one.webhooks.dead_letters() == []

    with capture_logs() as lines:
        sending(place, go, resolve=_nowhere)
    dead = [line for line in lines if line["event"] == "a webhook's event is a dead letter"]
    assert (len(dead), {line["log_level"] for line in dead}) == (20, {"error"})


def _nowhere(host: str, port: int) -> Sequence[str]:
    raise OSError(-2, "Name or service not known")


def test_who_always_says_to_come_back_tomorrow_is_not_asked_after_four_days(file: Path, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        await one.add(receiver.url())
        receiver.answer(503, {"Retry-After": "86400"})
        await one.held()
        while (due := one.outbox()[0].next_at) is not None:
            one.time.now = max(one.time.now, datetime.fromisoformat(due))
            await one.sender.send_due()
        assert len(receiver.received) == 4
        assert one.time.now < START + AGE_MAX

    with capture_logs():
        sending(file, go)
    assert sum(DELAYS, timedelta()) * (1 + SPREAD) < AGE_MAX  # all tries find time otherwise


def test_a_receiver_that_takes_nothing_is_asked_by_one_event_a_minute_until_it_takes_one(
    file: Path, receiver: Receiver
) -> None:
    receiver.answer(504)
    with receiving() as other:

        async def go(one: Sending) -> None:
            await one.add(receiver.url())
            await one.add(other.url())
            for number in range(30):
                await one.held(number)
            await one.sender.send_due()
            for _ in range(3):
                await one.sender.send_due()
                assert len(one.tried.results) == 30 + FAILURES_MAX
                assert len(other.received) == 30
            for minutes in (1, 2):
                one.time.now += PAUSE + timedelta(seconds=1)
                await one.sender.send_due()
                await one.sender.send_due()
                assert one.tried.results.count("failed") == FAILURES_MAX + minutes
            receiver.answer(200)
            one.time.now += PAUSE + timedelta(seconds=1)
            await one.sender.send_due()
            one.time.forward(hours=1)
            await one.sender.send_due()
            assert one.outbox() == []

        sending(file, go)


def test_what_has_been_due_longest_is_sent_first(file: Path) -> None:
    """So that nothing new waits behind what failed."""

    async def go(one: Sending) -> None:
        endpoint, _ = await one.add("https://erp.example.com/")
        await one.held(1)
        await one.sender.send_due()
        one.time.forward(seconds=2)
        await one.held(2)
        one.time.forward(seconds=10)
        await one.held(3)
        order: list[int] = []
        now = one.time.now
        for _ in range(3):
            await one.journal.write(
                lambda it: order.extend(each.seq for each in take(it.connection, endpoint, now, most=1))
            )
        assert order == [2, 1, 3]

    sending(file, go, resolve=_nowhere)


def test_a_pause_is_its_own_endpoint_s_and_ends_where_an_event_is_taken() -> None:
    pauses, now = Pauses(), START
    for _ in range(FAILURES_MAX - 1):
        pauses.failed("one", now)
    pauses.took("one")
    for _ in range(FAILURES_MAX - 1):
        pauses.failed("one", now)
    assert pauses.most("one", now) == AT_ONCE
    pauses.failed("one", now)
    assert (pauses.most("one", now), pauses.most("other", now)) == (0, AT_ONCE)
    assert pauses.most("one", now + PAUSE) == 1
    pauses.failed("one", now + PAUSE)
    assert pauses.most("one", now + PAUSE) == 0
    pauses.took("one")
    assert pauses.most("one", now + PAUSE) == AT_ONCE


def test_a_name_server_that_hangs_keeps_only_its_own_endpoint_waiting(
    file: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_lookups, "SECONDS_MAX", 1.0)
    answers = threading.Event()
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        if host == "other.example.com":
            answers.wait(PATIENCE)
        return [HERE]

    async def go(one: Sending) -> None:
        slow, _ = await one.add(receiver.url("other.example.com", "/slow"))
        for _ in range(3):
            await one.add(receiver.url())
        for number in range(20):
            await one.held(number)
        await one.sender.send_due()
        assert one.tried.results.count("delivered") == 60
        assert {each.endpoint for each in one.outbox()} == {slow}
        assert asked.count("other.example.com") == 1
        for _ in range(3):  # nobody asks anew while it is asked for, and what wasn't asked for hasn't failed
            one.time.forward(minutes=2)
            await one.sender.send_due()
        assert asked.count("other.example.com") == 1
        assert one.tried.results.count("failed") == AT_ONCE
        answers.set()
        await _until(lambda: one.sender.lookups.may_ask(slow))
        one.time.forward(hours=1)
        await one.sender.send_due()
        assert one.outbox() == []
        assert asked.count("other.example.com") == 1 + 4  # for one event alone, and for each batch of the rest

    try:
        sending(file, go, resolve=resolve)
    finally:
        answers.set()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


def test_no_more_names_are_asked_for_at_once_than_there_may_be_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_lookups, "SECONDS_MAX", 0.05)
    monkeypatch.setattr(name_lookups, "PENDING_MAX", 5)
    answers = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        answers.wait(PATIENCE)
        return ["8.8.8.8"]

    async def go() -> None:
        lookups, url = NameLookups((), resolve), read_url("https://erp.example.com/")
        for number in range(5):
            assert lookups.may_ask(str(number))
            with pytest.raises(TimeoutError):
                await lookups.address(str(number), url)
            assert not lookups.may_ask(str(number))
        assert not lookups.may_ask("another")
        answers.set()
        await _until(lambda: lookups.may_ask("another"))
        assert await lookups.address("another", url) == "8.8.8.8"

    try:
        asyncio.run(go())
    finally:
        answers.set()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 202 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.0 204 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n",
    ],
    ids=["length", "to the end", "chunked", "none", "begun", "continued"],
)
def test_an_event_has_arrived_once_the_head_of_the_answer_is_there(
    file: Path, head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its body ever ends, and whether the connection does."""
    monkeypatch.setattr(posting, "SECONDS_MAX", 5.0)

    async def go(one: Sending) -> None:
        ended = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"}}")
            writer.write(head)
            await writer.drain()
            await ended.wait()
            writer.transport.abort()

        server = await asyncio.start_server(serve, HERE, 0, ssl=server_context())
        await one.add(f"https://erp.example.com:{server.sockets[0].getsockname()[1]}/")
        await one.held()
        await one.sender.send_due()
        ended.set()
        server.close()
        assert [each.failure for each in one.outbox()] == []

    sending(file, go)


@pytest.mark.parametrize("days", list(itertools.product((0, 1, 7, 30), repeat=2)), ids=str)
def test_a_rotation_ends_no_secret_before_its_time(file: Path, days: tuple[int, int]) -> None:
    """Two rotations a day apart, of which the second must not end what the first said goes on. With 0 days the new one
    signs alone."""
    first, second = days
    ends = [float(first), 1.0 + second] if second else [1.0, 1.0]

    async def go(one: Sending) -> None:
        endpoint, oldest = await one.add("https://erp.example.com/")
        older = (await one.change(rotate_secret(endpoint, overlap_days=first))).secret.text
        one.time.forward(days=1)
        newest = (await one.change(rotate_secret(endpoint, overlap_days=second))).secret.text
        for after in (0.01, 0.5, 1.5, 6.5, 8.5, 29.5, 31.5):
            known = one.webhooks.endpoints()[endpoint]
            signs = one.webhooks.secrets(known, START + timedelta(days=1 + after))
            still = [text for text, end in zip((oldest, older), ends, strict=True) if 1 + after < end]
            assert signs == [*still, newest], after

    with capture_logs():
        sending(file, go)


def test_no_more_than_five_secrets_sign(file: Path) -> None:
    async def go(one: Sending) -> None:
        endpoint, _ = await one.add("https://erp.example.com/")
        for _ in range(SIGNING_MAX - 1):
            await one.change(rotate_secret(endpoint, overlap_days=7))
            one.time.forward(days=1)
        with pytest.raises(EndpointRefused, match="5 secrets sign already, the first of them until 2026-12-04; wait"):
            await one.change(rotate_secret(endpoint, overlap_days=7))
        one.time.forward(days=3)
        await one.change(rotate_secret(endpoint, overlap_days=7))
        await one.change(rotate_secret(endpoint, overlap_days=0))
        assert len(one.webhooks.endpoints()[endpoint].secrets) == 1

    with capture_logs():
        sending(file, go)
