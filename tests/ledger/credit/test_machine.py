"""One machine drives the pure verbs, a SQLite file and PostgreSQL through whatever can be asked of a ledger, beside a
plain model of it; and it is told apart from a machine that sees nothing by faults that are planted for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from ledger.books.reading import read_snapshot
from ledger.books.verify import verify_ledger
from ledger.books.writing import Writing
from ledger.credit import change_order, facts, recheck, reopen
from ledger.credit.account import Account
from ledger.credit.command_posting import Posting
from ledger.credit.order import Order, Release
from ledger.credit.sisters import NONE, SisterSums
from ledger.credit.snapshot import Snapshot
from ledger.items import reverse
from ledger.store.place import JournalPlace
from tests.support.credit_books import StoredBooks
from tests.support.large import how_many
from tests.support.ledger_machine import LedgerMachine, walk
from tests.support.model_policies import model_engine
from tests.support.steps import long_after

Patch = pytest.MonkeyPatch


def _driven(machine: type[LedgerMachine], examples: int, steps: int, *, shrinks: bool = False) -> None:
    """The same commands in every run."""
    given = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink) if shrinks else (Phase.generate,),
        suppress_health_check=tuple(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=given)


def test_the_pure_verbs_do_what_the_model_does() -> None:
    _driven(LedgerMachine, how_many(25, large=2_000), 50, shrinks=True)


@pytest.mark.long
def test_the_pure_verbs_do_what_the_model_does_for_longer() -> None:
    _driven(LedgerMachine, how_many(150, large=2_000), 120, shrinks=True)


@pytest.fixture(params=["sqlite", "postgresql"], name="place")
def _place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    place: JournalPlace = tmp_path / "credence.db" if request.param == "sqlite" else request.getfixturevalue("database")
    return place


@pytest.fixture(name="on_disk")
def _on_disk(place: JournalPlace) -> Iterator[type[LedgerMachine]]:
    yield from _with(StoredBooks(place, model_engine()))


def _with(books: StoredBooks) -> Iterator[type[LedgerMachine]]:
    class OnDisk(LedgerMachine):
        kept = (books,)

    yield OnDisk
    books.close()


def _is_whole(machine: type[LedgerMachine]) -> bool:
    [books] = machine.kept
    assert isinstance(books, StoredBooks)
    verified = books.journal.ask(lambda connection, keys: verify_ledger(connection, keys, model_engine()))
    return verified.differences == [] and verified.decided_again > 0


def test_a_database_does_what_the_model_does(on_disk: type[LedgerMachine]) -> None:
    _driven(on_disk, how_many(4, large=100), 40)
    assert _is_whole(on_disk)


@pytest.mark.long
def test_a_database_does_what_the_model_does_for_longer(on_disk: type[LedgerMachine]) -> None:
    _driven(on_disk, how_many(15, large=100), 80)
    assert _is_whole(on_disk)


def _own_reservation_counts_twice(patch: Patch) -> None:
    body: Any = facts.account_body
    patch.setattr(facts, "account_body", lambda *given, own, due_on: body(*given, own=None, due_on=due_on))


def _group_owes_what_it_owed(patch: Patch) -> None:
    patch.setattr(Posting, "_move_group", lambda *_: None)


def _group_is_not_told_of_sisters(patch: Patch) -> None:
    patch.setattr(Posting, "_touch_group", lambda *_: None)


def _version_stays(patch: Patch) -> None:
    patch.setattr(Posting, "touch", lambda posting, account: posting.existing(Account, account))


def _reversal_takes_nothing_back(patch: Patch) -> None:
    patch.setattr(reverse, "open_again", lambda *_: [])


def _deposit_that_is_gone_still_counts(patch: Patch) -> None:
    patch.setattr(Posting, "end_approval", lambda *_: None)


def _sisters_are_strangers(patch: Patch) -> None:
    patch.setattr(SisterSums, "sisters_of", lambda *_: NONE)


def _release_grows_with_its_order(patch: Patch) -> None:
    told = facts.release_facts

    def grown(release: Release, order: Order, account: Account) -> dict[str, Any]:
        return told(replace(release, amount=order.amount), order, account)

    patch.setattr(facts, "release_facts", grown)


def _change_lets_go_what_is_offered(patch: Patch) -> None:
    patch.setattr(change_order, "waits_for_the_desk", lambda *_: False)


def _reopening_lets_go_what_is_offered(patch: Patch) -> None:
    patch.setattr(reopen, "was_cancelled_while_held", lambda *_: False)


def _everybody_lets_go(patch: Patch) -> None:
    patch.setattr(recheck, "may_let_go", lambda *_: True)


Fault = tuple[Callable[[Patch], None], tuple[str, ...], dict[str, Any]]
"""A fault; and what meets it soonest: which commands, with which arguments alone."""


def _named(*faults: tuple[Callable[[Patch], None], str, dict[str, Any]]) -> dict[str, Fault]:
    return {
        fault.__name__.strip("_").replace("_", "-"): (fault, tuple(often.split()), only)
        for fault, often, only in faults
    }


IN_THE_VERBS = _named(
    (_own_reservation_counts_twice, "submit change deliver", {}),
    (_group_owes_what_it_owed, "", {}),
    (_group_is_not_told_of_sisters, "", {}),
    (_version_stays, "", {}),
    (_reversal_takes_nothing_back, "", {}),
    (_sisters_are_strangers, "", {}),
    (_deposit_that_is_gone_still_counts, "submit deposit judge reverse deliver cancel", {"judge_what": ("recheck",)}),
    (
        _release_grows_with_its_order,
        "grant submit release change cancel",
        {"grant_amount": (6_000_00,), "submit_amount": (8_000_00,), "release_role": ("cfo",), "change_days": (30,)},
    ),
    (_change_lets_go_what_is_offered, "grant submit change cancel", {"submit_amount": (8_000_00,)}),
    (
        _reopening_lets_go_what_is_offered,
        "grant submit cancel judge",
        {"submit_amount": (8_000_00,), "judge_what": ("reopen",)},
    ),
    (_everybody_lets_go, "grant submit judge cancel", {"submit_amount": (8_000_00,), "judge_what": ("recheck",)}),
)


def _met(machine: type[LedgerMachine], often: tuple[str, ...], only: dict[str, Any]) -> None:
    for seed in range(80):
        walk(machine(), seed, 80, often, **only)


@pytest.mark.parametrize("fault", long_after(7, IN_THE_VERBS))
def test_the_machine_sees_a_fault_of_the_verbs(fault: str, monkeypatch: Patch) -> None:
    plant, often, only = IN_THE_VERBS[fault]
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        _met(LedgerMachine, often, only)


def _commands_do_not_see_each_other(patch: Patch) -> None:
    """What the condition on versions, or the lock, is there for."""
    decided_on: list[Snapshot] = []
    put = Snapshot.put

    def forgetful(snapshot: Snapshot, row: Any) -> None:
        if snapshot not in decided_on or not isinstance(row, Account):
            put(snapshot, row)

    def reading(*arguments: Any, **more: Any) -> Snapshot:
        decided_on.append(read_snapshot(*arguments, **more))
        return decided_on[-1]

    patch.setattr("ledger.books.credit_ledger.read_snapshot", reading)
    patch.setattr(Snapshot, "put", forgetful)


def _sisters_of_the_group_are_not_read(patch: Patch) -> None:
    patch.setattr(SisterSums, "add_of_group", lambda *_: None)


def _group_is_not_looked_at_again(patch: Patch) -> None:
    patch.setattr(Writing, "_of_groups", lambda *_: {})


IN_THE_DATABASE = _named(
    (_commands_do_not_see_each_other, "submit_together", {}),
    (_sisters_of_the_group_are_not_read, "submit", {}),
    (_group_is_not_looked_at_again, "submit pay invoice lift", {}),
)


@pytest.mark.parametrize("fault", long_after(2, IN_THE_DATABASE))
def test_the_machine_sees_a_fault_of_the_database(fault: str, monkeypatch: Patch, tmp_path: Path) -> None:
    machines = _with(StoredBooks(tmp_path / "credence.db", model_engine()))
    machine = next(machines)
    plant, often, only = IN_THE_DATABASE[fault]
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        _met(machine, often, only)
    next(machines, None)


def test_the_walks_that_meet_the_faults_are_clean_without_them() -> None:
    """On the pure verbs."""
    for _, often, only in (*IN_THE_VERBS.values(), *IN_THE_DATABASE.values()):
        walk(LedgerMachine(), 1, 80, often, **only)
