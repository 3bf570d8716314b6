"""Journals of earlier versions: refused by the service with what to do, and taken over whole into a new one."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ledger.access.access import Access
from ledger.access.people import AccessState
from ledger.access.roles import Authority, Role
from ledger.journal.journal import Journal
from ledger.journal.opening import check_writable
from ledger.record.record_header import RecordKind
from ledger.store.secret_files import beside
from ledger.store.trouble import FileTrouble, JournalUnavailable
from ledger.take_over import taking_over
from ledger.take_over.taking_over import take_over
from tests.support.command_line import credence
from tests.support.earlier_journals import REVISIONS, decision_id, decision_text, earlier_journal
from tests.support.journal_reading import decision_in, from_journal, headers_in
from tests.support.journal_records import fails, record


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return tmp_path / "old.db"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "var" / "new.db"


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_service_leaves_an_earlier_journal_as_it_is_and_says_what_to_do(old: Path, revision: str) -> None:
    earlier_journal(old, revision)
    before = old.read_bytes()
    with pytest.raises(JournalUnavailable, match="`credence journal take-over FILE --into NEW`"):
        check_writable(old)
    journal = Journal(old)
    assert asyncio.run(fails(journal, record("new")))
    journal.close()
    with closing(sqlite3.connect(old)) as raw:
        assert raw.execute("SELECT count(*) FROM decisions").fetchone() == (5,)
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)
    assert len(before) == old.stat().st_size
    assert not list(old.parent.glob("*key*"))


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_decision_is_found_by_its_id_byte_for_byte(old: Path, new: Path, revision: str) -> None:
    earlier_journal(old, revision)
    steps: list[tuple[int, int]] = []
    taken = take_over(old, new, beside(new), lambda *step: steps.append(step))
    files = {path.name for path in new.parent.iterdir()}
    assert files == {"new.db", "new.keys.db", "new.signing-key", "new.wrapping-key"}
    activations = 3
    assert taken == 5 + activations + (2 if revision == "0003" else 0)
    assert steps[0] == (0, taken)
    assert steps[-1] == (taken, taken)
    for number in range(5):
        found = decision_in(new, decision_id(number))
        assert (found.request, found.answer) == decision_text(number)
        assert found.actor == ("key 7q of service erp" if revision == "0003" else "")
    headers = headers_in(new, "imported")
    assert [header.at for header in headers[:-1]] == [f"2026-03-01T00:00:00.00000{number}Z" for number in range(5)]
    assert (headers[-1].outcome, headers[-1].at > "2026-11") == ("complete", True)
    assert [(each.version, each.kind) for each in from_journal(new, Journal.activations)] == [
        ("v1", "first"),
        ("v2", "watch"),
        ("v1", "watch"),
    ]
    kept = from_journal(new, Journal.latest_policy_set)
    assert kept is not None
    assert (kept.version, kept.files) == ("v1", {"rules/v1.yaml": "policy: a"})
    assert kept.standard_facts == (None if revision == "0001" else "facts: {}")


def test_people_and_acts_come_along_and_names_stay_out_of_headers(old: Path, new: Path) -> None:
    earlier_journal(old, "0003")
    take_over(old, new, beside(new))

    async def state() -> AccessState:
        journal = Journal(new)
        access = Access(journal)
        await access.refresh()
        await asyncio.to_thread(journal.close)
        return access.state()

    person = asyncio.run(state()).by_login["a.roth"]
    assert (person.roles, person.authority) == (frozenset({Role.DESK}), Authority.CFO)
    acts = from_journal(new, lambda journal: journal.records(RecordKind.PERSON))
    assert [act.actor for act in acts] == ["start of the service", "local as u.hoffmann"]
    assert [act.header.actor for act in acts] == ["start of the service", "local"]


def test_the_new_journal_goes_on(old: Path, new: Path) -> None:
    earlier_journal(old, "0003", decisions=1_500)
    take_over(old, new, beside(new))
    check_writable(new)
    journal = Journal(new)

    async def go() -> int:
        return await journal.record(record("next"))

    assert asyncio.run(go()) == 1_500 + 3 + 2 + 1
    journal.close()


def test_what_was_broken_off_is_no_journal_and_can_be_begun_again(
    old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier_journal(old, "0003")

    def fail(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(taking_over, "_summary", fail)
    with pytest.raises(OSError, match="power cut"):
        take_over(old, new, beside(new))
    assert not list(new.parent.iterdir())
    monkeypatch.undo()
    assert take_over(old, new, beside(new)) == 10


@pytest.mark.parametrize("there", ["new.db", "new.keys.db", "new.signing-key", "new.wrapping-key"])
def test_nothing_is_written_over(old: Path, new: Path, there: str) -> None:
    earlier_journal(old, "0003")
    new.parent.mkdir()
    (new.parent / there).write_text("mine")
    with pytest.raises(FileTrouble, match="is there already; give a place where nothing is"):
        take_over(old, new, beside(new))
    assert [(new.parent / there).read_text(), len(list(new.parent.iterdir()))] == ["mine", 1]


def test_what_is_no_earlier_journal_is_refused_in_one_line(tmp_path: Path, old: Path, new: Path) -> None:
    check_writable(old)
    (tmp_path / "text.db").write_text("no database " * 100)
    said = {}
    for name in ("old.db", "text.db", "none.db"):
        result = credence("journal", "take-over", tmp_path / name, "--into", new)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
        said[name] = result.stderr
    assert "it is no journal of an earlier version; the service goes on with it as it is" in said["old.db"]
    assert "the file is not an SQLite database" in said["text.db"]
    assert "there is no such file" in said["none.db"]
    assert not new.exists()


def test_the_command_says_what_it_took_over_and_how_to_go_on(old: Path, new: Path) -> None:
    earlier_journal(old, "0002")
    result = credence("journal", "take-over", old, "--into", new)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"8 records taken over into {new}; start the service with --journal {new}"
