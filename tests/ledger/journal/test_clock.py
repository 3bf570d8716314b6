"""The journal's time never goes back: within a process, over a restart, for ids as for moments."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.http.identifiers import uuid7
from ledger.journal.clock import Clock, moment
from ledger.journal.journal import Journal
from tests.support.journal_records import faults_of, record

START = datetime(2026, 11, 26, 12, 0, 0, 123456, tzinfo=UTC)
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


class Reading:
    """A machine's clock, set by hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> int:
        return (self.at - _1970) // timedelta(microseconds=1) * 1000


@pytest.mark.parametrize("step", [1, 60, 3600, 2 * 86_400, 40 * 365 * 86_400])
def test_a_clock_set_back_gives_no_earlier_moment_and_no_smaller_id(step: int) -> None:
    reading = Reading(START)
    clock = Clock(reading)
    before, id_before = clock.now(), uuid7(clock.id_time())
    reading.at -= timedelta(seconds=step)
    assert clock.now() >= before == START
    assert uuid7(clock.id_time()) > id_before
    assert clock.seconds_behind() == pytest.approx(step, abs=0.001)
    reading.at = START + timedelta(seconds=1)
    assert clock.now() == reading.at
    assert clock.seconds_behind() == 0


def test_ids_sort_as_they_were_asked_for_whatever_the_clock_does() -> None:
    chance, reading = random.Random(8), Reading(START)
    clock = Clock(reading)
    ids, moments = [], []
    for _ in range(5_000):
        reading.at += timedelta(microseconds=chance.choice([0, 0, 0, 1, 50, -3, -(10**6), 10**6]))
        ids.append(uuid7(clock.id_time()))
        moments.append(clock.now())
    assert ids == sorted(set(ids))
    assert moments == sorted(moments)


@pytest.mark.parametrize("behind", [timedelta(microseconds=1), timedelta(hours=2), timedelta(days=365)])
def test_after_a_restart_time_goes_on_from_the_last_record(tmp_path: Path, behind: timedelta) -> None:
    async def run(now: datetime) -> tuple[str, str, float]:
        journal = Journal(tmp_path / "journal.db", clock=Clock(Reading(now)))
        await journal.probe()
        seconds, at, new_id = journal.clock.seconds_behind(), journal.clock.now(), uuid7(journal.clock.id_time())
        await journal.record(record(new_id, at=at))
        await asyncio.to_thread(journal.close)
        return moment(at), new_id, seconds

    first = asyncio.run(run(START))
    later = asyncio.run(run(START - behind))
    assert first[0] == moment(START)
    assert first[0] <= later[0]
    assert first[1] < later[1]
    assert first[2] == 0
    assert later[2] == pytest.approx(behind.total_seconds(), abs=0.001)
    assert faults_of(tmp_path / "journal.db") == []


def test_whatever_the_clock_does_while_records_come_the_journal_is_in_order(tmp_path: Path) -> None:
    """Set back, ahead and back again, within a process and between two."""
    chance, reading = random.Random(5), Reading(START)

    async def run() -> None:
        journal = Journal(tmp_path / "journal.db", clock=Clock(reading))
        for number in range(20):
            reading.at += timedelta(seconds=chance.choice([0, 1, -1, 3_600, -86_400, -40 * 365 * 86_400, 7 * 86_400]))
            reading.at = max(reading.at, _1970)
            await asyncio.gather(*(journal.record(replace(record(f"{number}-{each}"), id=None)) for each in range(3)))
        await asyncio.to_thread(journal.close)

    for _ in range(3):
        asyncio.run(run())
    assert faults_of(tmp_path / "journal.db") == []


def test_the_last_moment_may_be_that_of_a_policy_set(tmp_path: Path) -> None:
    async def run(now: datetime) -> float:
        journal = Journal(tmp_path / "journal.db", clock=Clock(Reading(now)))
        await journal.record_policy_set("v1", {}, None)
        await asyncio.to_thread(journal.close)
        return journal.clock.seconds_behind()

    assert asyncio.run(run(START)) == pytest.approx(0, abs=1e-6)  # the id of the record is a step ahead
    assert asyncio.run(run(START - timedelta(days=1))) == pytest.approx(86_400, abs=0.001)
