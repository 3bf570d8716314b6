"""Events on their way: signed, tried again for three days, to nowhere else than where they were to go."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from api.webhooks import pauses, posting
from api.webhooks.event_signatures import signed_headers
from api.webhooks.sending_times import DELAYS, TRIES_MAX, next_try, retry_after
from ledger.erasure.erasing import Erasing, ErasureWords
from ledger.erasure.grounds import Ground
from ledger.journal.outbox import TAKEN_SECONDS
from ledger.record.actors import Actor
from ledger.record.record_header import RecordKind
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.tables import webhook_secrets
from ledger.webhooks.endpoint_changes import (
    change_endpoint,
    end_endpoint,
    rotate_secret,
    send_again_to,
)
from ledger.webhooks.endpoint_secrets import Signature
from tests.support.duties import nothing_held
from tests.support.journal_records import record
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE
from tests.support.running_service import eventually
from tests.support.steps import long_after
from tests.support.webhook_receivers import HERE, Receiver, authority_file, receiving, server_context, verify
from tests.support.webhook_sending import Sending, SetClock, sending


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    if request.param == "sqlite":
        return tmp_path / "var" / "journal.db"
    database = request.getfixturevalue("database")
    assert isinstance(database, ServerAddress)
    return database


@pytest.fixture
def file(tmp_path: Path) -> JournalPlace:
    return tmp_path / "journal.db"


def test_the_signature_is_that_of_the_standard_s_own_example() -> None:
    """From the reference libraries of Standard Webhooks."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("signature", Signature)
def test_an_event_is_thin_signed_and_sent_once(place: JournalPlace, receiver: Receiver, signature: Signature) -> None:
    async def go(one: Sending) -> None:
        endpoint, text = await one.add(receiver.url(path="/hooks?a=b"), signature=signature)
        held = await one.held()
        assert [(each.endpoint, each.type, each.tries) for each in one.outbox()] == [(endpoint, "order.held", 0)]
        await one.sender.send_due()
        await one.sender.send_due()
        [received] = receiver.received
        public = one.webhooks.endpoints()[endpoint].secrets[-1].public_key
        verify(received, public or text, one.time.now.timestamp())
        for changed in (text[:-5] + "AAAA=", "whsec_" + "A" * 43 + "="):
            with pytest.raises(ValueError, match="no signature"):
                verify(received, changed)
        assert received.path == "/hooks?a=b"
        assert received.headers["host"] == f"erp.example.com:{receiver.port}"
        assert received.headers["webhook-id"] == held
        assert received.event == {
            "type": "order.held",
            "timestamp": one.time.now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "data": {"id": held, "seq": 1, "case": "order", "subject": "SO-1", "outcome": "hold", "policy": "v1"},
        }
        assert one.outbox() == []
        assert one.tried.results == ["delivered"]

    sending(place, go)


def test_each_endpoint_is_sent_its_types_from_its_adding_to_its_end(place: JournalPlace, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        await one.held(1)
        holds, _ = await one.add(receiver.url(path="/holds"))
        policies, _ = await one.add(receiver.url(path="/policies"), ["policy.activated", "order.rejected"])
        await asyncio.gather(one.held(2), one.held(3), one.journal.record_policy_set("v2", {}, ""))
        await one.change(change_endpoint(policies, types=["order.held"]))
        await one.held(4)
        await one.change(end_endpoint(holds))
        await one.held(5)
        await one.sender.send_due()
        by_path: dict[str, list[tuple[str, int]]] = {"/holds": [], "/policies": []}
        for received in sorted(receiver.received, key=lambda each: int(each.event["data"]["seq"])):
            by_path[received.path].append((received.event["type"], received.event["data"]["seq"]))
        # what waited for one that ended is forgotten
        assert by_path == {"/holds": [], "/policies": [("policy.activated", 3), ("order.held", 7), ("order.held", 9)]}

    sending(place, go)


def test_of_a_customer_who_was_erased_meanwhile_the_event_names_nothing(file: JournalPlace, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        await one.add(receiver.url())
        held = await one.held()
        words = ErasureWords(account="C-1", ground=Ground.OBJECTION, reason="letter of 3 March")
        proposed = await Erasing(one.journal, nothing_held).propose(words, Actor(key="1", person="anna"))
        await Erasing(one.journal, nothing_held).confirm(proposed.id, Actor(key="2", person="bert"))
        await one.sender.send_due()
        [received] = receiver.received
        assert (received.event["data"]["id"], received.event["data"]["subject"]) == (held, None)
        assert "SO-1" not in str(received)

    with capture_logs():
        sending(file, go)


def test_two_secrets_sign_while_one_replaces_the_other(file: JournalPlace, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        endpoint, old = await one.add(receiver.url())
        new = (await one.change(rotate_secret(endpoint, overlap_days=7))).secret.text
        assert await _signed_by(one, receiver, old, new) == [True, True]
        one.time.forward(days=6.9)
        assert await _signed_by(one, receiver, old, new) == [True, True]
        one.time.forward(days=0.2)
        assert await _signed_by(one, receiver, old, new) == [False, True]
        newest = (await one.change(rotate_secret(endpoint, overlap_days=0))).secret.text
        assert await _signed_by(one, receiver, old, new, newest) == [False, False, True]
        rows = one.journal.read(select(webhook_secrets))
        assert len(rows) == 1  # what signs nothing any more is gone
        assert newest.encode() not in bytes(rows[0].sealed)
        told = "".join(
            str(part) for each in one.journal.records(RecordKind.WEBHOOK_ENDPOINT) for part in each.body.parts
        )
        assert not any(text.partition("_")[2] in told for text in (old, new, newest))

    sending(file, go)


async def _signed_by(one: Sending, receiver: Receiver, *texts: str) -> list[bool]:
    await one.held()
    await one.sender.send_due()
    return [_is_by(receiver, text) for text in texts]


def _is_by(receiver: Receiver, text: str) -> bool:
    try:
        verify(receiver.received[-1], text)
    except ValueError:
        return False
    return True


def test_a_receiver_that_is_down_for_three_days_gets_ten_tries_then_a_dead_letter_then_all_again(
    place: JournalPlace, receiver: Receiver
) -> None:
    async def go(one: Sending) -> None:
        endpoint, text = await one.add(receiver.url())
        receiver.answer(503)
        held = await one.held()
        moments: list[datetime] = []
        while (due := one.outbox()[0].next_at) is not None and len(moments) <= TRIES_MAX:
            one.time.now = max(one.time.now, datetime.fromisoformat(due))
            moments.append(one.time.now)
            await one.sender.send_due()
        assert len(receiver.received) == len(moments) == TRIES_MAX == 10
        gaps = [later - earlier for earlier, later in pairwise(moments)]
        assert all(0.8 * due <= gap <= 1.2 * due for due, gap in zip(DELAYS, gaps, strict=True))
        assert one.tried.results == ["failed"] * 9 + ["dead"]
        one.time.forward(days=30)
        await one.sender.send_due()
        assert len(receiver.received) == 10
        [letter] = one.webhooks.dead_letters()
        assert (letter.seq, letter.tries, letter.failure) == (1, 10, "answered 503")
        receiver.answer(200)
        await one.change(send_again_to(endpoint, 99))
        await one.sender.send_due()
        assert len(receiver.received) == 10
        await one.change(send_again_to(endpoint))
        await one.sender.send_due()
        assert one.outbox() == []
        assert {each.headers["webhook-id"] for each in receiver.received} == {held}
        assert len({each.body for each in receiver.received}) == 1
        verify(receiver.received[-1], text, one.time.now.timestamp())
        with pytest.raises(ValueError, match="too old"):
            verify(receiver.received[0], text, one.time.now.timestamp())
        acts = [each.header.outcome for each in one.journal.records(RecordKind.WEBHOOK_ENDPOINT)]
        assert acts == ["add", "send-again", "send-again"]

    with capture_logs() as lines:
        sending(place, go)
    assert [line["log_level"] for line in lines if line["event"] == "a webhook's event is a dead letter"] == ["error"]


def test_the_tries_are_those_of_three_days() -> None:
    assert sum(DELAYS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


ENDED = """
import asyncio, os, signal, sys
from api.webhooks.posting import trusted_authorities
from tests.support.webhook_sending import Sending
from ledger.store.place import journal_place
async def go():
    one = Sending(journal_place(sys.argv[1]), tls=trusted_authorities)
    await one.add(sys.argv[2])
    await one.held()
    if sys.argv[3] == "while sending":
        await one.sender.send_due()
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(go())
"""


@pytest.mark.parametrize("when", long_after(1, ["while sending", "before sending"]))
def test_a_process_killed_after_the_commit_has_its_event_sent_by_the_next(
    place: JournalPlace, receiver: Receiver, tmp_path: Path, when: str
) -> None:
    receiver.waits = 60.0
    uri = place.uri if isinstance(place, ServerAddress) else str(place)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SSL_CERT_FILE": str(authority_file(tmp_path))}
    with subprocess.Popen([sys.executable, "-c", ENDED, uri, receiver.url(), when], env=environment) as process:
        if when == "while sending":
            eventually(lambda: len(receiver.received) == 1)
            process.kill()
        assert process.wait(PATIENCE) == -signal.SIGKILL
    assert len(receiver.received) == (1 if when == "while sending" else 0)
    receiver.waits = 0.0

    async def go(one: Sending) -> None:
        before = len(receiver.received)
        if when == "while sending":
            await one.sender.send_due()
            assert len(receiver.received) == before  # it is the other's for a minute
            one.time.forward(seconds=TAKEN_SECONDS + 1)
        await one.sender.send_due()
        assert len(receiver.received) == before + 1
        assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
        assert one.outbox() == []

    sending(place, go)


def test_several_processes_send_each_event_once(place: JournalPlace, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        other = Sending(place, one.time)
        await one.add(receiver.url())
        await asyncio.gather(*(one.held(n) for n in range(30)), *(other.held(n) for n in range(30, 60)))
        await asyncio.gather(one.sender.send_due(), other.sender.send_due())
        await asyncio.gather(one.sender.send_due(), other.sender.send_due())
        await asyncio.to_thread(other.journal.close)
        assert sorted(each.event["data"]["seq"] for each in receiver.received) == list(range(1, 61))
        assert one.outbox() == []

    sending(place, go)


def test_a_record_and_its_event_are_written_together_or_not_at_all(place: JournalPlace) -> None:
    async def go(one: Sending) -> None:
        await one.add("https://erp.example.com/")
        await one.journal.record(record("taken"))
        done = await asyncio.gather(
            one.journal.record(record("other")), one.journal.record(record("taken")), return_exceptions=True
        )
        assert [isinstance(each, Exception) for each in done] == [False, True]
        assert [each.seq for each in one.outbox()] == [1, 2]

    with capture_logs():
        sending(place, go)


@pytest.mark.parametrize("status", [201, 299])
def test_what_is_answered_with_2xx_has_arrived(file: JournalPlace, receiver: Receiver, status: int) -> None:
    assert _failure_of(file, receiver, status) is None


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 401, 404, 429, 500, 503, 599])
def test_any_other_answer_is_a_failed_try_and_a_redirection_is_not_followed(
    file: JournalPlace, receiver: Receiver, status: int
) -> None:
    with receiving() as elsewhere:
        failure = _failure_of(file, receiver, status, {"Location": elsewhere.url()})
        assert failure == f"answered {status}" + (", which is not followed" if status < 400 else "")
        assert elsewhere.received == []


def _failure_of(
    file: JournalPlace, receiver: Receiver, status: int, headers: dict[str, str] | None = None
) -> str | None:
    found: list[str | None] = []

    async def go(one: Sending) -> None:
        await one.add(receiver.url())
        receiver.answer(status, headers)
        await one.held()
        await one.sender.send_due()
        found.extend(each.failure for each in one.outbox())

    sending(file, go)
    return found[0] if found else None


def test_410_disables_until_somebody_changes_it(place: JournalPlace, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        endpoint, _ = await one.add(receiver.url())
        receiver.answer(410)
        for number in range(20):
            await one.held(number)
        await one.sender.send_due()
        asked = len(receiver.received)
        assert asked <= pauses.AT_ONCE
        assert one.webhooks.endpoints()[endpoint].inactive_because == "it answered 410, gone"
        assert len(one.webhooks.dead_letters()) == 20
        await one.held(21)
        await one.sender.send_due()
        assert (len(receiver.received), len(one.outbox())) == (asked, 20)
        receiver.answer(204)
        await one.change(change_endpoint(endpoint))
        await one.change(send_again_to(endpoint))
        await one.held(22)
        await one.sender.send_due()
        assert (len(receiver.received), one.outbox()) == (asked + 21, [])
        acts = [each.header.outcome for each in one.journal.records(RecordKind.WEBHOOK_ENDPOINT)]
        assert acts == ["add", "disable", "change", "send-again"]

    with capture_logs():
        sending(place, go)


def test_who_says_when_to_come_back_is_not_asked_earlier(file: JournalPlace, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        await one.add(receiver.url())
        receiver.answer(503, {"Retry-After": "3600"})
        await one.held()
        await one.sender.send_due()
        assert one.outbox()[0].next_at == _after(one, hours=1)
        one.time.forward(seconds=3_599)
        await one.sender.send_due()
        assert len(receiver.received) == 1
        receiver.answer(429, {"Retry-After": "Sun, 29 Nov 2026 09:00:00 GMT"})
        one.time.forward(seconds=1)
        await one.sender.send_due()
        assert len(receiver.received) == 2
        assert one.outbox()[0].next_at == _after(one, hours=24)  # no longer than a day

    sending(file, go)


def _after(one: Sending, **how_far: float) -> str:
    return (one.time.now + timedelta(**how_far)).isoformat(timespec="microseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    "said",
    [
        *("", "soon", "-5", "9" * 400, "٣", "Sun, 32 Nov 2026", "Sun, 01 Jan 0001 00:00:00 GMT"),
        *(f"Mon, 01 Jan {'9' * digits} 00:00:00 GMT" for digits in (4, 5, 11, 400, 5_000)),
        *(f"Mon, 01 Jan 2027 00:00:00 {sign}{'9' * digits}" for sign in "+-" for digits in (4, 11, 5_000)),
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -2359",
    ],
    ids=range(20),
)
def test_any_retry_after_is_read_or_passed_over(said: str) -> None:
    now = SetClock().now
    asked = retry_after(said, now)
    for failed in range(1, TRIES_MAX):
        then = next_try(failed, now, now, asked, random.Random(failed))
        assert then is not None
        assert now + 0.8 * DELAYS[failed - 1] <= then <= now + timedelta(hours=28.8)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"", "the connection broke before an answer"),
        (b"220 mail.example.com ESMTP\r\n\r\n", "what came back is no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 200_000, "what came back is no HTTP"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "what came back is no HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut", None),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"y" * 5_000_000, None),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No\r\n\r\n", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 9_000, "what came back is no HTTP"),
    ],
    ids=["nothing", "mail", "endless head", "status", "cut off", "endless body", "hints", "endless hints"],
)
def test_whatever_comes_back_ends_the_try(file: JournalPlace, answer: bytes, failure: str | None) -> None:
    async def go(one: Sending) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"}}")
            writer.write(answer)
            try:
                await writer.drain()
                writer.close()
            except OSError:
                pass

        server = await asyncio.start_server(serve, HERE, 0, ssl=server_context())
        await one.add(f"https://erp.example.com:{server.sockets[0].getsockname()[1]}/")
        await one.held()
        await one.sender.send_due()
        assert [each.failure for each in one.outbox()] == ([] if failure is None else [failure])
        server.close()

    sending(file, go)


def test_a_receiver_that_says_nothing_is_left_in_time(
    file: JournalPlace, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SECONDS_MAX", 0.3)
    receiver.waits = 1.5
    with receiving() as other:

        async def go(one: Sending) -> None:
            slow, _ = await one.add(receiver.url())
            await one.add(other.url())
            await one.held()
            await one.sender.send_due()
            assert [(each.endpoint, each.failure) for each in one.outbox()] == [(slow, "no answer in 0 s")]
            assert len(other.received) == 1

        sending(file, go)


def _nowhere(host: str, port: int) -> Sequence[str]:
    raise OSError(-2, "Name or service not known")


def _inside(host: str, port: int) -> Sequence[str]:
    return ["10.0.0.1"]


@pytest.mark.parametrize(
    ("resolve", "failure"),
    [
        (_nowhere, "its name can't be resolved"),
        (
            _inside,
            "`erp.example.com` stands for 10.0.0.1, which is private: nothing is sent there, unless the setting "
            "CREDENCE_WEBHOOK_NETWORKS lists it",
        ),
    ],
)
def test_a_name_that_stands_for_nothing_or_for_an_address_inside_is_a_failed_try(
    file: JournalPlace, resolve: object, failure: str
) -> None:
    async def go(one: Sending) -> None:
        await one.add("https://erp.example.com/hooks")
        await one.held()
        await one.sender.send_due()
        assert [each.failure for each in one.outbox()] == [failure]

    sending(file, go, resolve=resolve)


def test_a_name_is_asked_for_once_and_that_very_address_is_connected_to(file: JournalPlace, receiver: Receiver) -> None:
    """A name that stands for another address a moment later (DNS rebinding) gets nobody further."""
    told = [[HERE], ["10.0.0.1"]]

    def resolve(host: str, port: int) -> Sequence[str]:
        return told.pop(0)

    async def go(one: Sending) -> None:
        await one.add(receiver.url())
        await one.held()
        await one.sender.send_due()
        assert len(receiver.received) == 1
        assert told == [["10.0.0.1"]]
        await one.held(2)
        await one.sender.send_due()
        assert len(receiver.received) == 1
        assert [str(each.failure).startswith("`erp.example.com` stands for 10.0.0.1") for each in one.outbox()] == [
            True
        ]

    sending(file, go, resolve=resolve)


def test_a_certificate_of_another_name_is_not_trusted(file: JournalPlace, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        await one.add(receiver.url("stranger.example.com"))
        await one.held()
        await one.sender.send_due()
        assert [str(each.failure).partition(":")[0] for each in one.outbox()] == ["its certificate isn't trusted"]
        assert receiver.received == []

    sending(file, go)


def test_a_secret_that_was_changed_signs_nothing(file: Path, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        first, _ = await one.add(receiver.url())
        second, _ = await one.add(receiver.url())
        await one.held()
        with sqlite3.connect(file) as raw:
            raw.execute(
                "UPDATE webhook_secrets SET sealed = (SELECT sealed FROM webhook_secrets WHERE endpoint = ?), "
                "nonce = (SELECT nonce FROM webhook_secrets WHERE endpoint = ?) WHERE endpoint = ?",
                (first, first, second),
            )
        raw.close()
        await one.sender.send_due()
        assert len(receiver.received) == 1
        assert [each.endpoint for each in one.outbox()] == [second]

    with capture_logs():
        sending(file, go)


def test_the_end_waits_for_what_is_nearly_done_and_puts_the_rest_back(file: JournalPlace, receiver: Receiver) -> None:
    with receiving() as slow:
        slow.waits = 30
        receiver.waits = 0.4

        async def go(one: Sending) -> None:
            await one.add(receiver.url())
            late, _ = await one.add(slow.url())
            stop = asyncio.Event()
            running = asyncio.create_task(one.sender.run(stop))
            await one.held()
            while not (receiver.received and slow.received):
                await asyncio.sleep(0.02)
            stop.set()
            await asyncio.wait_for(running, PATIENCE)
            [left] = one.outbox()
            assert (left.endpoint, left.tries) == (late, 0)
            assert left.next_at == one.time.clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")

        sending(file, go)


def test_what_waits_is_counted(file: JournalPlace, receiver: Receiver) -> None:
    async def go(one: Sending) -> None:
        receiver.answer(500)
        await one.add(receiver.url())
        await one.held()
        one.time.forward(seconds=90)
        stop = asyncio.Event()
        running = asyncio.create_task(one.sender.run(stop))
        while one.tried.waits.get("waiting") != 1:
            await asyncio.sleep(0.02)
        stop.set()
        await running
        assert one.tried.waits == {"waiting": 1, "oldest": 90, "dead": 0}

    sending(file, go)
