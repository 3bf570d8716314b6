"""What was kept long enough goes, whole months at a time, on both databases; what the law wants kept waits."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.pipeline import load
from engine.reading.document import read
from engine.reading.retention_file import RETENTION_YEARS_MAX, RetentionRule, read_retention
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.erasure import retention
from ledger.erasure.erasing import Erasing, ErasureRefused, ErasureWords
from ledger.erasure.grounds import Ground
from ledger.erasure.retention import drop, go_on, kept_until, to_drop, years_before
from ledger.journal.journal import Journal
from ledger.journal.log_transaction import LogTransaction
from ledger.journal.opened_records import BodyGone
from ledger.record.actors import Actor
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import beside
from ledger.store.tables import bodies, entry_blinds, entry_rules
from tests.support import postgresql as postgresql_
from tests.support.command_line import credence
from tests.support.duties import nothing_held
from tests.support.journal_records import record
from tests.support.running_service import FACTS, ORDERS, write_rules

RETENTION = """\
order: {years: 6, required: true, ground: {en: Commercial letters, zh: 商业信函}}
invoice: {years: 2, required: false, ground: {en: House practice, zh: 内部惯例}}
...
"""
MONTHS = [(2018, 12), (2019, 1), (2020, 11), (2024, 2), (2026, 7)]
TODAY = date(2026, 11, 28)


def _rules(text: str = RETENTION) -> tuple[RetentionRule, ...]:
    document, mistakes = read(text, "retention.yaml")
    assert document and not mistakes
    rules, mistakes = read_retention(document, tuple(CASE_KINDS))
    assert not mistakes, mistakes
    return rules


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JournalPlace]:
    """Its keys are in `var`."""
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        yield tmp_path / "var" / "credence.db"
        return
    with postgresql_.new_database(request.getfixturevalue("postgresql")) as server:
        yield server


def _filled(place: JournalPlace, tmp_path: Path) -> Journal:
    """An order and an invoice in each month, about two customers."""
    journal = Journal(place, places=beside(tmp_path / "var" / "credence.db"))

    async def fill() -> None:
        for number, (year, month) in enumerate(MONTHS):
            for case in ("order", "invoice"):
                made = record(f"{case}-{year}-{month}", at=datetime(year, month, 28, tzinfo=UTC))
                await journal.record(replace(made, case_kind=case, account=f"C-{number % 2}", policy=""))

    asyncio.run(fill())
    return journal


def _verified(place: JournalPlace) -> dict[str, Any]:
    where = place.uri if isinstance(place, ServerAddress) else str(place)
    done = credence("journal", "verify", where, "--json")
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["first"] == []
    return said


def _left(journal: Journal) -> list[int]:
    return [row.seq for row in journal.read(select(bodies.c.seq).order_by(bodies.c.seq))]


def test_whole_months_past_their_years_go_and_everything_is_proved(place: JournalPlace, tmp_path: Path) -> None:
    journal = _filled(place, tmp_path)
    try:
        found = to_drop(journal, _rules(), TODAY)
        assert [(each.rule.case, str(each.month), each.below, each.bodies) for each in found] == [
            ("order", "2020-11-01", 4, 2),  # 28 November 2020 is past its six years, and its month isn't
            ("invoice", "2024-11-01", 8, 4),
        ]
        assert asyncio.run(drop(journal, found, "", "test")) == 6
        assert _left(journal) == [4, 6, 8, 9, 10, 11]
        for table in (entry_blinds, entry_rules):
            assert {row.seq for row in journal.read(select(table.c.seq))} <= {4, 6, 8, 9}
        with pytest.raises(BodyGone, match="what record 0 said was kept as long as the policies say, and dropped"):
            journal.record_called("0")
        assert to_drop(journal, _rules(), TODAY) == []
        assert asyncio.run(go_on(journal)) == 0
    finally:
        journal.close()
    said = _verified(place)
    assert (said["records"], said["dropped"], said["bodies"], said["erased"]) == (12, 6, 6, 0)


def test_a_run_that_breaks_off_is_gone_on_with(
    place: JournalPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = _filled(place, tmp_path)

    def breaks(_: LogTransaction, places: list[int]) -> None:
        raise RuntimeError(str(places))

    try:
        found = to_drop(journal, _rules(), TODAY)
        with monkeypatch.context() as patched, pytest.raises(Exception, match="could not be written"):
            patched.setattr(retention, "_delete", breaks)
            asyncio.run(drop(journal, found, "", "test"))
        assert len(_left(journal)) == 12
        _verified(place)
        assert asyncio.run(go_on(journal)) == 6
    finally:
        journal.close()
    assert _verified(place)["dropped"] == 6


def test_an_erasure_waits_for_what_the_law_wants_kept_and_for_nothing_else(tmp_path: Path) -> None:
    journal = _filled(tmp_path / "var" / "credence.db", tmp_path)
    words = ErasureWords(account="C-0", ground=Ground.NOT_NEEDED, reason="a letter")

    async def act(today: date, rules: str) -> None:
        erasing = Erasing(journal, lambda: kept_until(_rules(rules), today))
        open_ = [each.id for each in await asyncio.to_thread(erasing.erasures) if each.state == "proposed"]
        number = open_[0] if open_ else (await erasing.propose(words, Actor(key="1", person="anna"))).id
        await erasing.confirm(number, Actor(key="2", person="bert"))

    try:
        with pytest.raises(ErasureRefused, match="wants these records kept until 2032-07-28; the erasure waits"):
            asyncio.run(act(TODAY, RETENTION))
        erasing = Erasing(journal, lambda: kept_until(_rules(), TODAY))
        assert erasing.to_erase("C-0", None).held_until == date(2032, 7, 28)
        with pytest.raises(ErasureRefused):
            asyncio.run(act(date(2032, 7, 27), RETENTION))
        asyncio.run(act(date(2032, 7, 28), RETENTION))
        assert Erasing(journal, nothing_held).erasures()[0].state == "erased"
    finally:
        journal.close()
    assert _verified(tmp_path / "var" / "credence.db")["erased"] == 6


def test_what_is_the_site_s_own_choice_keeps_nobody_from_erasing(tmp_path: Path) -> None:
    journal = _filled(tmp_path / "var" / "credence.db", tmp_path)
    rules = _rules(RETENTION.replace("true", "false"))
    try:
        erasing = Erasing(journal, lambda: kept_until(rules, TODAY))
        assert erasing.to_erase("C-0", None).held_until is None
    finally:
        journal.close()


def test_erased_and_dropped_go_together(tmp_path: Path) -> None:
    place = tmp_path / "var" / "credence.db"
    journal = _filled(place, tmp_path)

    async def erase() -> None:
        erasing = Erasing(journal, nothing_held)
        words = ErasureWords(account="C-0", ground=Ground.NOT_NEEDED, reason="a letter")
        proposed = await erasing.propose(words, Actor(key="1", person="anna"))
        await erasing.confirm(proposed.id, Actor(key="2", person="bert"))

    try:
        asyncio.run(erase())
        assert asyncio.run(drop(journal, to_drop(journal, _rules(), TODAY), "", "test")) == 3
    finally:
        journal.close()
    said = _verified(place)
    assert (said["erased"], said["dropped"]) == (6, 3)


def test_an_engine_of_another_process_knows_what_the_law_wants(tmp_path: Path) -> None:
    """The service's policies come from the process that compiles them: nothing that made an engine gets lost."""
    files = {path.name: path.read_bytes() for path in write_rules(tmp_path).iterdir()}
    engine = load({**files, "retention.yaml": RETENTION.encode()}).engine
    assert engine is not None
    sent = pickle.loads(pickle.dumps(engine))
    assert sent.retention == engine.retention == _rules()
    assert len(engine.__reduce__()[1]) == len(signature(type(engine)).parameters)


@pytest.mark.parametrize(
    ("day", "years", "before"),
    [
        (date(2026, 11, 28), 6, date(2020, 11, 28)),
        (date(2024, 2, 29), 4, date(2020, 2, 29)),
        (date(2024, 2, 29), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), -1, date(2025, 2, 28)),
    ],
)
def test_years_are_those_of_the_calendar(day: date, years: int, before: date) -> None:
    assert years_before(day, years) == before


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("ordr: {years: 6, required: true, ground: {en: a, zh: b}}", "1:1: P007 `ordr` is not a kind of case"),
        ("order: {years: 0, required: true, ground: {en: a, zh: b}}", "1:16: P003 `years` of the retention of `order`"),
        ("order: {years: six, required: true, ground: {en: a, zh: b}}", "1:16: P003 `years`"),
        (f"order: {{years: {RETENTION_YEARS_MAX + 1}, required: true, ground: {{en: a, zh: b}}}}", "1:16: P003"),
        ("order: {years: 6, required: maybe, ground: {en: a, zh: b}}", "1:29: P003 `required`"),
        ("order: {years: 6, required: true, ground: {en: a}}", "has no Chinese text"),
        ("order: {years: 6, required: true}", "has no `ground`"),
        ("order: {years: 6, required: true, ground: {en: a, zh: b}, until: 3}", "P001 `until` is not a key"),
        ("order: 6", "P003 the retention of `order` must be a group"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_at_its_place(text: str, mistake: str) -> None:
    files = {"rules/facts.yaml": FACTS.encode(), "rules/orders.yaml": ORDERS.encode()}
    loaded = load({**files, "rules/retention.yaml": f"{text}\n...\n".encode()})
    assert loaded.engine is None
    assert any(mistake in str(each) for each in loaded.diagnostics), list(map(str, loaded.diagnostics))


def test_it_belongs_to_the_set_and_needs_its_end_mark() -> None:
    files = {"rules/facts.yaml": FACTS.encode(), "rules/orders.yaml": ORDERS.encode()}
    without, with_ = load(files).engine, load({**files, "rules/retention.yaml": RETENTION.encode()}).engine
    assert without and with_
    assert (without.retention, [rule.case for rule in with_.retention]) == ((), ["order", "invoice"])
    assert without.version != with_.version
    assert with_.retention[0].ground["zh"] == "商业信函"
    cut_off = load({**files, "rules/retention.yaml": RETENTION.removesuffix("...\n").encode()})
    assert cut_off.engine is None
    assert any("end mark" in str(each) for each in cut_off.diagnostics)


def test_the_command_goes_by_the_policies_in_force(tmp_path: Path) -> None:
    place = tmp_path / "var" / "credence.db"
    journal = _filled(place, tmp_path)
    rules = write_rules(tmp_path / "rules")
    (rules / "retention.yaml").write_text(RETENTION, "utf-8")
    files = {f"rules/{path.name}": path.read_text("utf-8") for path in sorted(rules.iterdir())}
    engine = load({name: text.encode() for name, text in files.items()}).engine
    assert engine

    async def activate() -> None:
        await journal.record_policy_set(engine.version, files, engine.standard_facts)

    try:
        asyncio.run(activate())
    finally:
        journal.close()
    shown = credence("journal", "retention", "--journal", place)
    assert shown.exit_code == 0
    assert "order: 2 decisions from before" in shown.stdout
    assert "with --yes they are dropped" in shown.stderr
    done = credence("journal", "retention", "--journal", place, "--yes", "--json")
    assert json.loads(done.stdout)["dropped"] == 6
    assert credence("journal", "retention", "--journal", place).stdout == "nothing is past its years\n"
    assert _verified(place)["dropped"] == 6
    found = credence("journal", "search", "--journal", place, "--kind", "retention", "--json")
    assert [each["outcome"] for each in json.loads(found.stdout)["records"]] == ["dropped below 8", "dropped below 4"]
