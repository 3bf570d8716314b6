"""A search gives what going through all records by hand gives, on both databases, page by page, whatever is added."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from ledger.journal.clock import moment
from ledger.journal.journal import Journal
from ledger.journal.opened_records import OpenedRecord, activations, last_of, records_of, version_in_force
from ledger.record.actors import Actor
from ledger.record.decision_parts import whole_parts
from ledger.record.new_records import Record, act_record
from ledger.record.record_header import RecordKind
from ledger.record.record_ids import uuid7_of
from ledger.search import record_search
from ledger.search.cursors import BadCursor, cursor, read_cursor
from ledger.search.filter_words import read_filter
from ledger.search.record_filter import RecordFilter, Visible
from ledger.search.record_search import DECIDED, headers_wanted, records_wanted
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import beside
from ledger.store.tables import people
from tests.support.large import how_many

START = datetime(2026, 3, 1, tzinfo=UTC)
ACTORS = (
    Actor(key="k1", service="erp"),
    Actor(key="k2", service="erp", person="p1"),
    Actor(key="k3", service="erp2"),
    Actor(key="k4", person="p1"),
    Actor(person="p2"),
    Actor(login="u.becker"),
    Actor(login="u.wolf"),
    Actor(),
)
POLICIES = ("a" * 64, "a" * 8 + "b" * 56)


def _records(count: int, seed: int) -> Iterator[tuple[Record, dict[str, Any]]]:
    """Each with what is known of it."""
    random_ = random.Random(seed)
    for number in range(count):
        at = START + timedelta(minutes=number // 2 * 2)
        if random_.random() < 0.1:
            kind, actor = random_.choice([RecordKind.PERSON, RecordKind.KEY]), random_.choice(ACTORS)
            subject = f"p{random_.randrange(3)}"
            yield (
                act_record(kind, "change", subject, "{}", actor, moment(at)),
                {"kind": kind, "outcome": "change", "subject": subject, "actor": actor, "at": moment(at)},
            )
            continue
        known: dict[str, Any] = {
            "kind": RecordKind.DECISION,
            "account": f"C-{random_.randrange(4)}",
            "subject": f"SO-{random_.randrange(12)}",
            "case": random_.choice(["order", "invoice"]),
            "outcome": random_.choice(["approve", "hold"]),
            "rules": tuple(random_.sample(["orders.a", "orders.b", "orders.c"], random_.randrange(3))),
            "actor": random_.choice(ACTORS),
            "policy": random_.choice(POLICIES),
            "request_id": f'r"{random_.randrange(20)}\\',
            "at": moment(at),
        }
        answer = json.dumps({"subject": known["subject"], "reasons": [], "number": number})
        request = json.dumps({"account": {"id": known["account"]}})
        yield (
            Record(
                kind=RecordKind.DECISION,
                id=uuid7_of(10**18 + number * 10**6, bytes(8)),
                case_kind=known["case"],
                outcome=known["outcome"],
                policy=known["policy"],
                request_id=known["request_id"],
                actor=known["actor"],
                parts=whole_parts(request.encode(), answer.encode()),
                account=known["account"],
                subject=known["subject"],
                rules=known["rules"],
                at=known["at"],
            ),
            known,
        )


def _wanted(known: dict[str, Any], wanted: RecordFilter) -> bool:
    """By hand."""
    names = ("account", "subject", "case", "outcome", "request_id")
    actor: Actor = known["actor"]
    called = {*filter(None, (actor.key, actor.service, actor.person)), actor.opaque}
    return (
        all(getattr(wanted, name) in (None, known.get(name)) for name in names)
        and (not wanted.kinds or known["kind"] in wanted.kinds)
        and (wanted.rule is None or wanted.rule in known.get("rules", ()))
        and (wanted.actor is None or {"u.p1": "p1"}.get(wanted.actor, wanted.actor) in called)
        and known.get("policy", "").startswith(wanted.policy or "")
        and (wanted.since or "") <= known["at"] <= (wanted.until or "9")
        and (
            wanted.visible.everything
            or known.get("case") in wanted.visible.cases
            or (wanted.visible.own is not None and wanted.visible.own.did(str(actor)))
        )
    )


WORDS: dict[str, tuple[str, ...]] = {
    "account": ("C-1", "C-9"),
    "subject": ("SO-3", "p1"),
    "case": ("order",),
    "outcome": ("hold", "change"),
    "kind": ("decision", "person", "key"),
    "rule": ("orders.a", "orders.c"),
    "actor": ("erp", "p1", "u.p1", "k3", "local", "key k1 of service erp", "er"),
    "policy": ("a" * 8, "a" * 8 + "b"),
    "from": ("2026-03-01T01:00:00Z", "2026-03-02"),
    "until": ("2026-03-01T04:30:00+02:00", "2026-03-01"),
    "request_id": ('r"7\\', "r"),
}
EYES = (
    Visible(everything=True),
    Visible(own=Actor(key="k9", service="erp")),
    Visible(own=Actor(key="k9", person="p1"), cases=frozenset({"invoice"})),
    Visible(own=Actor(login="u.becker")),
    Visible(),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JournalPlace]:
    if request.param == "sqlite":
        yield tmp_path_factory.mktemp("searched") / "journal.db"
        return
    from tests.support.postgresql import new_database

    with new_database(request.getfixturevalue("postgresql")) as database:
        assert isinstance(database, ServerAddress)
        yield database


COUNT = 300


@pytest.fixture(scope="module")
def filled(
    place: JournalPlace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Journal, list[dict[str, Any]]]]:
    journal = Journal(place, places=beside(tmp_path_factory.mktemp("keys") / "journal.db"))
    made = list(_records(COUNT, 7))

    async def go() -> None:
        await journal.write(
            lambda transaction: transaction.connection.execute(
                people.insert(), [{"id": "p1", "login": "u.p1", "name": "Uta"}]
            )
        )
        await asyncio.gather(*(journal.record(record) for record, _ in made))

    asyncio.run(go())
    yield journal, [known for _, known in made]
    journal.close()


def _found(journal: Journal, wanted: RecordFilter, limit: int) -> list[int]:
    """All pages, by the cursor of each. How far one came is told to a reader who doesn't see everything by a record of
    theirs, or as 0."""
    places: list[int] = []
    after: str | None = None
    for _ in range(COUNT + 2):

        def ask(connection: Any, keys: Any, after: str | None = after) -> Any:
            below = None if after is None else read_cursor(keys, wanted, after)
            page = records_wanted(connection, keys, wanted, below, limit)
            return page, None if page.is_last else cursor(keys, wanted, page.searched_to)

        page, after = journal.ask(ask)
        assert len(page.records) <= limit
        places += [record.header.seq for record in page.records]
        assert wanted.visible.everything or page.searched_to in (0, *places[-1:])
        assert page.is_last == (len(page.records) < limit)
        if after is None:
            return places
    raise AssertionError("the pages don't end")


@pytest.mark.parametrize("seed", range(how_many(12, large=200)))
def test_what_is_found_is_what_by_hand_is_found(
    filled: tuple[Journal, list[dict[str, Any]]], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any filters together, any reader, pages and steps of any size."""
    journal, known = filled
    random_ = random.Random(seed)
    names = random_.sample([*WORDS], random_.choice([0, 1, 1, 2, 2, 3]))
    monkeypatch.setattr(record_search, "STEP_MIN", random_.choice([5, 20, 500]))
    monkeypatch.setattr(record_search, "STEP_MAX", random_.choice([20, 20_000]))
    for eyes in EYES:
        wanted = read_filter({name: random_.choice(WORDS[name]) for name in names}, eyes)
        by_hand = [seq for seq, each in enumerate(known) if _wanted(each, wanted)]
        assert _found(journal, wanted, random_.choice([3, 7, 50, 1000])) == by_hand[::-1], wanted


@pytest.mark.parametrize("name", WORDS)
def test_each_filter_finds_something_and_not_everything(
    filled: tuple[Journal, list[dict[str, Any]]], name: str
) -> None:
    journal, known = filled
    for word in WORDS[name][:1]:
        wanted = read_filter({name: word})
        found = _found(journal, wanted, 100)
        assert 0 < len(found) < len(known)
        assert found == [seq for seq, each in enumerate(known) if _wanted(each, wanted)][::-1]


def test_headers_are_found_without_opening_a_body(
    filled: tuple[Journal, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = filled
    monkeypatch.setattr(record_search, "opened_or_gone", None)
    page = journal.ask(lambda connection, keys: headers_wanted(connection, keys, RecordFilter(), None, 5))
    assert [header.seq for header in page.records] == [COUNT - 1 - n for n in range(5)]


def test_a_call_looks_at_so_many_and_says_how_far_it_came(
    filled: tuple[Journal, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = filled
    monkeypatch.setattr(record_search, "HEADERS_MAX", 100)
    wanted = read_filter({"case": "order", "request_id": "none"})
    reached, below = [], None
    for _ in range(COUNT // 100 + 1):
        page = journal.ask(
            lambda connection, keys, below=below: headers_wanted(connection, keys, wanted, below, 50)  # type: ignore[misc]
        )
        assert page.records == []
        below = page.searched_to
        reached.append((below, page.is_last))
    assert reached == [(max(COUNT - 100 * n, 0), 100 * n >= COUNT) for n in range(1, COUNT // 100 + 2)]


# --- what a page tells of records that its reader may not see ---------------------------------------------------------


def _journal_with(place: Path, actors: Sequence[Actor], request_bytes: int = 2) -> Journal:
    """A decision on C-17 of each actor."""
    journal = Journal(place)

    async def go() -> None:
        request = json.dumps({"account": {"id": "C-17"}}).ljust(request_bytes).encode()
        made = (
            Record(
                kind=RecordKind.DECISION,
                actor=actor,
                parts=whole_parts(request, b'{"reasons": []}'),
                case_kind="order",
                account="C-17",
                subject="SO-1",
                at=moment(START + timedelta(minutes=number)),
            )
            for number, actor in enumerate(actors)
        )
        await asyncio.gather(*map(journal.record, made))

    asyncio.run(go())
    return journal


def _page(journal: Journal, wanted: RecordFilter, below: int | None, limit: int) -> tuple[list[int], int, bool]:
    page = journal.ask(lambda connection, keys: records_wanted(connection, keys, wanted, below, limit))
    return [record.header.seq for record in page.records], page.searched_to, page.is_last


ERP, ERP2, SHOP = (Actor(key=f"of {name}".replace(" ", "-"), service=name) for name in ("erp", "erp2", "shop"))


@pytest.mark.parametrize(("before", "after"), [(600, 0), (0, 600), (499, 1), (3, 499)])
def test_a_page_says_nothing_of_others_records(tmp_path: Path, before: int, after: int) -> None:
    """One order of its own among others' on the account: neither their places nor whether there are any."""
    journal = _journal_with(tmp_path / "journal.db", [SHOP] * before + [ERP] + [SHOP] * after)
    for words in ({"account": "C-17"}, {"subject": "SO-1"}, {"account": "C-17", "subject": "SO-1"}, {}):
        wanted = read_filter(words, Visible(own=ERP))
        assert _page(journal, wanted, None, 1) == ([before], before, False)
        assert _page(journal, wanted, before, 1) == ([], 0, True)
        assert _page(journal, wanted, None, 2) == ([before], 0, True)
    journal.close()


def test_a_time_says_nothing_of_others_records(tmp_path: Path) -> None:
    """Where a period begins in the log would tell when others asked."""
    journal = _journal_with(tmp_path / "journal.db", [ERP, *[SHOP] * 20])
    for words in ({"from": "2026-03-01T00:09:30Z"}, {"from": "2026-03-02"}):
        assert _page(journal, read_filter(words, Visible(own=ERP)), None, 1) == ([], 0, True)
    journal.close()


@pytest.mark.parametrize("words", [{"account": "C-17"}, {"outcome": "hold"}, {}])
def test_where_a_call_ends_on_its_way_the_place_is_blurred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: dict[str, str]
) -> None:
    """Each call comes on, gives nothing twice, and stops at a round place."""
    monkeypatch.setattr(record_search, "HEADERS_MAX", 40)
    monkeypatch.setattr(record_search, "STEP_MIN", 7)
    random_ = random.Random(5)
    actors = [random_.choice([SHOP] * 30 + [ERP]) for _ in range(301)]
    journal = _journal_with(tmp_path / "journal.db", actors)
    wanted = read_filter(words, Visible(own=ERP))
    found: list[int] = []
    below, is_last = None, False
    while not is_last:
        some, reached, is_last = _page(journal, wanted, below, 3)
        assert reached < (301 if below is None else below)
        found, below = [*found, *some], reached
        assert reached % 2 == 0 or reached in found
    assert found == ([] if "outcome" in words else [seq for seq in range(300, -1, -1) if actors[seq] is ERP])
    journal.close()


@pytest.mark.parametrize(
    ("own", "others"),
    [
        (ERP, ERP2),
        (ERP, Actor(key="k", service="erp2", person="p1")),
        (Actor(key="k1", person="p1"), Actor(key="k2", person="p12")),
        (Actor(key="k1", person="p1"), Actor(key="k2", service="erp", person="p12")),
        (Actor(key="k1", person="p1"), Actor(person="p12")),
        (Actor(login="u.becker"), Actor(login="u.wolf")),
    ],
)
def test_what_others_asked_for_does_not_use_up_a_call(tmp_path: Path, own: Actor, others: Actor) -> None:
    """A name that begins another's, or one that stands in bodies alone: the one page has the one record."""
    journal = _journal_with(tmp_path / "journal.db", [own, *[others] * 700])
    statements: list[str] = []

    def ask(connection: Any, keys: Any) -> list[int]:
        event.listen(connection, "before_cursor_execute", lambda *said: statements.append(said[2]))
        page = records_wanted(connection, keys, RecordFilter(visible=Visible(own=own)), None, 1)
        return [record.header.seq for record in page.records]

    assert journal.ask(ask) == [0]
    assert len(statements) <= (6 if own.login is None else 60)
    journal.close()


def test_a_page_ends_after_so_many_bytes_of_bodies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_search, "BYTES_MAX", 100_000)
    journal = _journal_with(tmp_path / "journal.db", [ERP] * 23, request_bytes=30_000)
    for visible in (Visible(everything=True), Visible(own=ERP)):
        found: list[int] = []
        below, is_last = None, False
        while not is_last:
            some, below, is_last = _page(journal, RecordFilter(visible=visible), below, 50)
            assert len(some) <= 4
            found += some
        assert found == [*range(22, -1, -1)]
    journal.close()


def test_each_page_comes_on_though_others_bodies_fill_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the machine it stands in bodies alone whose a record is, and a blurred place must not be where it began."""
    monkeypatch.setattr(record_search, "BYTES_MAX", 100_000)
    others = Actor(login="u.wolf")
    journal = _journal_with(tmp_path / "journal.db", [Actor(), *[others] * 15], request_bytes=30_000)
    found: list[int] = []
    below, is_last = None, False
    for _ in range(17):
        some, below, is_last = _page(journal, RecordFilter(visible=Visible(own=Actor())), below, 50)
        found += some
        if is_last:
            break
    assert (found, is_last) == ([0], True)
    journal.close()


def test_a_page_stays_right_while_records_are_added(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    made = [record for record, _ in _records(90, 3)]
    wanted = RecordFilter(kinds=DECIDED)

    def page(below: int | None) -> Any:
        return journal.ask(lambda connection, keys: records_wanted(connection, keys, wanted, below, 10))

    async def go() -> list[int]:
        seen: list[int] = []
        for record in made[:30]:
            await journal.record(record)
        first = page(None)
        expected = _decided(journal)
        while True:
            records: list[OpenedRecord] = first.records
            seen += [record.header.seq for record in records]
            if first.is_last:
                assert seen == expected
                return seen
            for _ in range(10):
                await journal.record(made.pop())
            first = page(first.searched_to)

    asyncio.run(go())
    journal.close()


def _decided(journal: Journal) -> list[int]:
    return [each.seq for each in journal.decisions()][::-1]


def test_a_cursor_is_good_for_its_own_search_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")

    async def go() -> None:
        await journal.record(next(_records(1, 1))[0])

    asyncio.run(go())
    filters = [read_filter({name: words[0]}) for name, words in WORDS.items()]
    filters += [read_filter({}, eyes) for eyes in EYES]
    assert len({each.text() for each in filters}) == len(filters)
    for wanted in filters:
        text = journal.ask(lambda _, keys, wanted=wanted: cursor(keys, wanted, 17))  # type: ignore[misc]
        assert journal.ask(lambda _, keys, w=wanted, text=text: read_cursor(keys, w, text)) == 17  # type: ignore[misc]
        other = filters[filters.index(wanted) - 1]
        with pytest.raises(BadCursor, match="another search"):
            journal.ask(lambda _, keys, other=other, text=text: read_cursor(keys, other, text))  # type: ignore[misc]
        for at in range(0, len(text), 5):
            forged = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
            with pytest.raises(BadCursor, match="no cursor of this journal"):
                journal.ask(lambda _, keys, w=wanted, text=forged: read_cursor(keys, w, text))  # type: ignore[misc]
    for nothing in ("", "x", "ü", "=" * 9, "A" * 43):
        with pytest.raises(BadCursor, match="no cursor of this journal"):
            journal.ask(lambda _, keys, text=nothing: read_cursor(keys, filters[0], text))  # type: ignore[misc]
    journal.close()


def test_nothing_is_found_in_an_empty_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")

    async def go() -> None:
        await journal.probe()

    asyncio.run(go())
    for words in ({}, {"account": "C-1"}, {"from": "2026-01-01", "until": "2026-12-31"}):
        page = journal.ask(
            lambda connection, keys, words=words: headers_wanted(connection, keys, read_filter(words), None, 5)  # type: ignore[misc]
        )
        assert (page.records, page.searched_to, page.is_last) == ([], 0, True)
    journal.close()


def test_what_is_no_decision_is_found_by_its_index(tmp_path: Path) -> None:
    """Every half second each worker asks for the last act: it must not go through all decisions."""
    journal = Journal(tmp_path / "journal.db")
    asyncio.run(_activated(journal))
    statements: list[tuple[str, Any]] = []

    def ask(connection: Any, keys: Any) -> list[str]:
        def note(_: Any, cursor: Any, statement: str, values: Any, *__: Any) -> None:
            statements.append((statement, values))

        event.listen(connection, "before_cursor_execute", note)
        last_of(connection, [RecordKind.PERSON, RecordKind.KEY])
        records_of(connection, keys.key, [RecordKind.PERSON])
        activations(connection)
        version_in_force(connection)
        headers_wanted(connection, keys, read_filter({"kind": "key"}), None, 5)
        asked = [each for each in statements if " IN " in each[0]]
        return [
            " ".join(str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))
            for statement, values in asked
        ]

    plans = journal.ask(ask)
    journal.close()
    assert len(plans) == 5
    assert [plan for plan in plans if "INDEX entries_of_kind" not in plan] == []


async def _activated(journal: Journal) -> None:
    await journal.record_policy_set("v1", {}, None)
