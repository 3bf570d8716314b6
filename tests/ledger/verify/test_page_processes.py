"""A journal that several processes check: what is found, and in which words, is what one finds."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ledger.journal.journal import Journal
from ledger.record.gone_bodies import CONFIRMED, DROPPED, ERASED
from ledger.record.record_header import Header
from ledger.store.secret_files import KeyPlaces
from ledger.verify import journal_check, page_processes
from ledger.verify.gone_check import GoneCheck
from ledger.verify.journal_check import Verified, body_keys, verify_journal
from ledger.verify.journal_faults import FaultsFound
from ledger.verify.page_processes import CheckedRun, Journals, checked_run, how_many_processes
from ledger.verify.record_pages import PAGE
from ledger.verify.trusted_key import key_beside
from tests.ledger.verify.test_tampered_journal import TAMPERINGS
from tests.support.large import how_many
from tests.support.tampering import changed


@pytest.fixture
def file(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path / "var")
    return tmp_path / "var" / "credence.db"


def _verified(file: Path, keys: KeyPlaces, processes: int) -> Verified:
    trusted = key_beside(keys, "test")
    journal = Journal(file, places=keys)
    try:
        return verify_journal(journal, trusted, keys, processes=processes)
    finally:
        journal.close()


def _in_this_process(journals: Journals, runs: Sequence[range], processes: int) -> Iterator[CheckedRun | None]:
    """What the processes do, without the seconds that starting them takes."""
    del processes
    assert journals.keys is not None
    journal, keys = Journal(journals.place, places=journals.keys), body_keys(journals.keys)
    try:
        yield from (checked_run(journal, keys, journals.size, run) for run in runs)
    finally:
        journal.close()


ACTS = {name: each.act for name, each in TAMPERINGS.items()} | {
    "first of a run earlier": lambda rows: rows.set_header(768, at="2020-01-01T00:00:00.000000Z"),
    "last of a run later": lambda rows: rows.set_header(767, at="2099-01-01T00:00:00.000000Z"),
}


@pytest.mark.parametrize("name", ACTS)
def test_runs_that_are_checked_apart_have_the_same_faults(
    file: Path, keys: KeyPlaces, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with changed(file, keys) as rows:
        ACTS[name](rows)
    monkeypatch.setattr(journal_check, "runs_checked", _in_this_process)
    monkeypatch.setattr(page_processes, "RUN", PAGE)
    assert _verified(file, keys, processes=2) == _verified(file, keys, processes=1)


def test_a_process_that_ends_changes_nothing(file: Path, keys: KeyPlaces, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its runs are checked here; those of the other one are taken."""
    answers: list[CheckedRun | None] = []
    real = page_processes._Checker.answer

    def answer(checker: page_processes._Checker) -> CheckedRun | None:
        if not answers:
            checker._process.kill()
            checker._process.join()
        answers.append(real(checker))
        return answers[-1]

    monkeypatch.setattr(page_processes._Checker, "answer", answer)
    monkeypatch.setattr(page_processes, "RUN", PAGE)
    alone = _verified(file, keys, processes=1)
    assert answers == []
    assert _verified(file, keys, processes=2) == alone
    assert [each is None for each in answers] == [True, False, True, False]


def test_how_many_processes_follow_from_the_records() -> None:
    assert (how_many_processes(0), how_many_processes(49_999)) == (1, 1)
    assert 1 <= how_many_processes(10_000_000) <= 400


def _header(seq: int, kind: str, outcome: str = "", case: str = "") -> Header:
    return Header(seq=seq, id="", at="", kind=kind, body="", actor="", outcome=outcome, case=case)


def _happenings(chance: random.Random) -> list[Callable[[GoneCheck], None]]:
    """What checks of single records say of bodies that are gone, in the order of the records."""

    def one(seq: int) -> Callable[[GoneCheck], None]:
        number, kind = chance.randrange(2, 6), chance.randrange(8)
        erased = _header(seq, kind="erasure", outcome=f"{chance.choice([ERASED, CONFIRMED])}{number}")
        dropped = _header(seq, kind="retention", outcome=f"{DROPPED}{chance.randrange(40)}", case="order")
        decided = _header(seq, kind="decision", case=chance.choice(["order", "invoice"]))
        listed = str(chance.sample(range(40), 5))
        text = f'{{"key":{number},"count":1,"ground":"","reason":"","proposal":null,"records":{listed}}}'
        return (
            lambda gone: gone.header(erased),
            lambda gone: gone.header(dropped),
            lambda gone: gone.lists(seq, text, ""),
            lambda gone: gone.missing(decided),
            lambda gone: gone.sealed(seq, number),
            lambda gone: gone.without_key(seq, number),
            lambda gone: gone.without_key(seq, number),
            lambda gone: gone.body(decided, b"", number),
        )[kind]

    return [one(seq) for seq in range(chance.randrange(40))]


@pytest.mark.parametrize("seed", range(how_many(60, large=5_000)))
def test_what_runs_learn_of_bodies_that_are_gone_is_put_together(seed: int) -> None:
    chance = random.Random(seed)
    happenings = _happenings(chance)
    at = chance.randrange(len(happenings) + 1)
    whole, first, second = (GoneCheck(faults=FaultsFound()) for _ in range(3))
    for checks, some in ((whole, happenings), (first, happenings[:at]), (second, happenings[at:])):
        for happened in some:
            happened(checks)
    first.absorb(second)
    for check in (whole, first):
        check.finish(lists_were_read=seed % 2 == 0)
    assert first == whole
