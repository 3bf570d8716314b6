"""Two services on one journal: once an activation has answered, neither answers by the set before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import pytest

from api.settings import Settings
from ledger.policies import in_force
from ledger.policies.policy_mode import PolicyMode
from ledger.record.new_records import ACTIVATION_NUMBER
from ledger.record.record_header import RecordKind
from ledger.store.place import JournalPlace, ServerAddress
from tests.support.journal_reading import acts_in
from tests.support.policy_acts import PolicyActs, approved_service
from tests.support.running_service import eventually, running
from tests.support.steps import long_after

CLIENTS = 4
"""Of each service."""


@pytest.fixture(params=long_after(1, ["sqlite", "postgresql"]))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    if request.param == "sqlite":
        return tmp_path / "var" / "credence.db"
    database = request.getfixturevalue("database")
    assert isinstance(database, ServerAddress)
    return database


@contextmanager
def two_services(home: Path, place: JournalPlace) -> Iterator[tuple[PolicyActs, PolicyActs]]:
    with approved_service(home, place) as one:
        settings = Settings(rules=home / "rules", journal=place, policies=PolicyMode.APPROVED)
        with running(settings, asks_for_keys=True) as client:
            yield one, PolicyActs(client, one.keys)


def test_after_an_activation_has_answered_nobody_answers_by_the_set_before(
    tmp_path: Path, place: JournalPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decisions go on over both services while one activates and the other rolls back. Neither looks by itself for what
    the other has done: only that its decision would be recorded under another set tells it."""
    monkeypatch.setattr(in_force, "FOLLOW_SECONDS", 3_600)
    with two_services(tmp_path, place) as (one, other):
        answered: list[tuple[int, str]] = []  # (how many activations had answered when it was asked, version)
        done, stop = [one.activations()[-1]["version"]], threading.Event()
        callers = [
            threading.Thread(target=_decide, args=(acts, done, answered, stop))
            for acts in (one, other)
            for _ in range(CLIENTS)
        ]
        for caller in callers:
            caller.start()
        try:
            for limit in (20000, 30000):
                done.append(one.in_force(limit)["version"])
                assert other.decide().json()["policy_version"] == done[-1]
                seen = len(answered)
                eventually(lambda seen=seen: len(answered) > seen + 4 * CLIENTS)  # type: ignore[misc]
            back = other.ask("a.kurz", "POST", "/rollback", {"version": done[0], "why": "Too many."})
            assert back.status_code == 201, back.text
            done.append(done[0])
            assert {each.decide().json()["policy_version"] for each in (one, other)} == {done[0]}
        finally:
            stop.set()
            for caller in callers:
                caller.join()
    assert answered
    for count, version in answered:
        assert version in done[count - 1 :], "asked after an activation had answered, and answered by a set before it"
    _require_numbers_never_fall(place, done)


def _decide(acts: PolicyActs, done: list[str], answered: list[tuple[int, str]], stop: threading.Event) -> None:
    while not stop.is_set():
        count = len(done)
        answer = acts.decide()
        assert answer.status_code == 201, answer.text
        answered.append((count, answer.json()["policy_version"]))


def _require_numbers_never_fall(place: JournalPlace, done: list[str]) -> None:
    """Each record names the activation that was the last one before it in the log."""
    decided = acts_in(place, RecordKind.DECISION, RecordKind.POLICY) if isinstance(place, Path) else []
    numbers = [int(each.text(ACTIVATION_NUMBER) or 0) for each in decided if each.header.kind == RecordKind.DECISION]
    assert numbers == sorted(numbers)
    assert [number for number, _ in groupby(numbers)] == ([1, 2, 3, 4] if numbers else [])
    for each in decided:
        if each.header.kind == RecordKind.DECISION:
            assert each.header.policy == done[int(each.text(ACTIVATION_NUMBER) or 0) - 1]
