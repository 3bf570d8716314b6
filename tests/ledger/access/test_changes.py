"""What an admin can do to people and keys, and what the acts say afterwards."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.vocabulary.persons import person as compared
from ledger.access.access import Access
from ledger.access.changes import (
    AccessChange,
    AccessRefused,
    AlreadyThere,
    KeyWords,
    NobodyThere,
    PersonWords,
    add_person,
    change_person,
    checked_login,
    create_first_key,
    create_key,
    end_person,
    is_open,
    revoke_key,
)
from ledger.access.people import AccessState, Act, Identity, folded
from ledger.access.roles import Authority, Role
from ledger.journal.journal import Journal
from ledger.record.actors import Actor
from ledger.record.new_records import act_record
from ledger.record.record_header import RecordKind
from ledger.store.trouble import JournalUnavailable

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DESK = frozenset({Role.DESK})
ISSUER = "https://login.example.com"
VOUCHED = PersonWords(oidc_issuer=ISSUER, oidc_subject="00u1")


class Book:
    """Acts and names as the tables hold them, without a file."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.people: dict[str, Identity] = {}

    @property
    def state(self) -> AccessState:
        return folded(self.acts, self.people.values())

    def do(self, change: AccessChange, now: datetime = NOW) -> str:
        """The id of whom it is about."""
        done = change(self.state, now)
        if done.identity is not None:
            self.people[done.identity.id] = done.identity
        for each in done.acts:
            self.acts.append(Act(at=now.isoformat(), actor="test", kind=each.kind, act=each.act,
                                 subject=each.subject, body=each.body))  # fmt: skip
        return done.subject


def test_a_person_is_added_changed_ended_and_comes_back() -> None:
    book = Book()
    added = book.do(add_person("U.Becker ", PersonWords(name="Uta Becker", roles=DESK, authority=Authority.ASSISTANT)))
    person = book.state.people[added]
    assert (person.identity.login, person.identity.name, person.roles) == ("u.becker", "Uta Becker", DESK)

    book.do(change_person("u.becker", PersonWords(roles=frozenset({Role.AUDITOR}))))
    person = book.state.by_login["u.becker"]
    assert (person.roles, person.authority, person.active) == (frozenset({Role.AUDITOR}), Authority.ASSISTANT, True)

    book.do(end_person("u.becker"))
    assert not book.state.people[added].active
    with pytest.raises(AccessRefused, match="say the roles"):
        book.do(change_person("u.becker", PersonWords(name="Uta")))
    book.do(change_person("u.becker", PersonWords(roles=frozenset())))
    assert (book.state.people[added].active, book.state.people[added].roles) == (True, frozenset())


def test_acts_name_nobody() -> None:
    book = Book()
    book.do(add_person("u.becker", PersonWords(name="Uta Becker", oidc_issuer=ISSUER, oidc_subject="00u1")))
    book.do(create_key(KeyWords(login="u.becker")))
    book.do(change_person("u.becker", PersonWords(name="Uta Roth")))
    told = json.dumps([[act.subject, act.body] for act in book.acts])
    assert not any(name in told for name in ("becker", "Uta", "00u1", "login.example"))


def test_whose_names_are_erased_is_nobody() -> None:
    book = Book()
    erased = book.do(add_person("u.becker", PersonWords(roles=DESK)))
    key = book.do(create_key(KeyWords(login="u.becker")))
    del book.people[erased]
    assert (book.state.people, book.state.keys[key].person) == ({}, erased)


@pytest.mark.parametrize("login", ["u.becker", "U.BECKER", " u.becker", "u. becker", "ｕ．ｂｅｃｋｅｒ", "u.becker "])
def test_a_login_is_given_once(login: str) -> None:
    book = Book()
    book.do(add_person("u.becker", PersonWords()))
    with pytest.raises(AlreadyThere):
        book.do(add_person(login, PersonWords()))
    book.do(end_person(login))
    with pytest.raises(AlreadyThere, match="who has ended"):
        book.do(add_person(login, PersonWords()))


@pytest.mark.parametrize(
    "login",
    ["", " ", "\t", "u.b\u0435cker", "u.bec\u200bker", "u.bec\u00adker", "u.becker\u202e", "u.becker\0", "u\x1b[2Jb"]
    + ["u.becker;roles=admin", "u.becker,x", "a=b", 'u"b', "a/b", "a" * 201, "u\nb\r\nX-Evil: 1"],
)
def test_what_is_no_login_is_refused_everywhere(login: str) -> None:
    for change in (add_person, change_person):
        with pytest.raises(AccessRefused):
            change(login, PersonWords())
    with pytest.raises(AccessRefused):
        end_person(login)
    with pytest.raises(AccessRefused):
        create_key(KeyWords(login=login))


@given(st.text(max_size=30))
def test_a_login_that_is_taken_is_a_form_that_stays(text: str) -> None:
    try:
        form = checked_login(text)
    except AccessRefused:
        return
    assert checked_login(form) == form == compared(text)
    assert form.isprintable()
    assert not set(form) & set(' ;,="/\r\n')


def test_a_subject_belongs_to_one_person() -> None:
    book = Book()
    book.do(add_person("u.becker", VOUCHED))
    book.do(add_person("u.roth", PersonWords(oidc_issuer="https://other.example.com", oidc_subject="00u1")))
    for change in (add_person("u.new", VOUCHED), change_person("u.roth", VOUCHED)):
        with pytest.raises(AlreadyThere, match=r"`u\.becker`"):
            book.do(change)
    book.do(change_person("u.becker", PersonWords(name="Uta")))
    assert book.state.by_subject[ISSUER, "00u1"].identity.name == "Uta"
    book.do(change_person("u.becker", PersonWords(oidc_issuer="", oidc_subject="")))
    assert set(book.state.by_subject) == {("https://other.example.com", "00u1")}
    for words in (PersonWords(oidc_issuer="https://a"), PersonWords(oidc_subject="x")):
        with pytest.raises(AccessRefused, match="go together"):
            add_person("u.x", words)


@pytest.mark.parametrize("name", ["\n", "a\nb", "a\x1b[31m", "a" * 201, "a\u202eb"])
def test_a_name_holds_nothing_that_steers_a_terminal(name: str) -> None:
    with pytest.raises(AccessRefused, match="the name"):
        add_person("u.becker", PersonWords(name=name))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (KeyWords(), "give one of the two"),
        (KeyWords(login="u.becker", service="erp"), "give one of the two"),
        (KeyWords(login="u.becker", roles=DESK), "has the person's roles"),
        (KeyWords(login="u.becker", acts_for=True), "acts for nobody else"),
        (KeyWords(service="erp"), "needs a role"),
        (KeyWords(service="ERP", roles=DESK), "a service's name"),
        (KeyWords(service="erp for user x", roles=DESK), "a service's name"),
        (KeyWords(service="erp\n", roles=DESK), "a service's name"),
        (KeyWords(service="", roles=DESK), "a service's name"),
        (KeyWords(service="erp", roles=frozenset({Role.APPROVER})), "by acts-for only"),
        (
            KeyWords(service="erp", roles=frozenset({Role.PRIVACY, Role.ADMIN}), acts_for=True),
            "both persons of an erasure",
        ),
        (KeyWords(service="erp", roles=frozenset(Role), acts_for=True), "both persons of an erasure"),
        (KeyWords(service="erp", roles=DESK, days=0), "1 to 365 days"),
        (KeyWords(service="erp", roles=DESK, days=366), "1 to 365 days"),
    ],
)
def test_a_key_that_says_too_much_or_too_little_is_refused(words: KeyWords, message: str) -> None:
    with pytest.raises(AccessRefused, match=message):
        create_key(words)


@pytest.mark.parametrize(
    "change", [change_person("u.none", PersonWords()), end_person("u.none"), create_key(KeyWords(login="u.none")),
               revoke_key("none")]
)  # fmt: skip
def test_who_is_not_there_is_said(change: AccessChange) -> None:
    with pytest.raises(NobodyThere, match="none"):
        Book().do(change)


def test_a_key_ends_on_its_day_or_the_earlier_one_that_is_said() -> None:
    book = Book()
    key = book.do(create_key(KeyWords(service="erp", roles=DESK, days=10)))
    assert is_open(book.state.keys[key], NOW + timedelta(days=9, hours=23))
    assert not is_open(book.state.keys[key], NOW + timedelta(days=10))
    book.do(revoke_key(key, in_days=7))
    assert is_open(book.state.keys[key], NOW + timedelta(days=6))
    assert not is_open(book.state.keys[key], NOW + timedelta(days=7))
    book.do(revoke_key(key, in_days=30))  # never later than before
    assert not is_open(book.state.keys[key], NOW + timedelta(days=7))
    book.do(revoke_key(key))
    with pytest.raises(AccessRefused, match="already"):
        book.do(revoke_key(key))


def test_the_first_key_is_made_once_and_ends_with_an_admins() -> None:
    book = Book()
    first = book.do(create_first_key())
    with pytest.raises(AlreadyThere):
        book.do(create_first_key())
    assert not is_open(book.state.keys[first], NOW + timedelta(hours=24))
    book.do(add_person("u.desk", PersonWords(roles=DESK)))
    book.do(create_key(KeyWords(login="u.desk")))
    assert is_open(book.state.keys[first], NOW)
    book.do(add_person("a.roth", PersonWords(roles=frozenset({Role.ADMIN}))))
    book.do(create_key(KeyWords(login="a.roth")))
    assert not is_open(book.state.keys[first], NOW)

    second = book.do(create_first_key(even_with_people=True))
    third = book.do(create_first_key(even_with_people=True))
    assert (is_open(book.state.keys[second], NOW), is_open(book.state.keys[third], NOW)) == (False, True)


@pytest.mark.parametrize(
    "actor",
    [
        Actor(),
        Actor(login="u.becker"),
        Actor(key="k1", person="p1"),
        Actor(key="k1", service="erp"),
        Actor(key="k1", service="erp", person="p1"),
        Actor(person="p1"),
    ],
    ids=str,
)
def test_whose_own_it_is_follows_from_the_line(actor: Actor) -> None:
    """Of a person: by whatever key or token, also through a program. Of a program: for whomever."""
    lines = {
        "key k1 of person p1": {"p1"},
        "key k9 of person p1": {"p1"},
        "token of person p1": {"p1"},
        "key k1 of service erp for user p1": {"p1", "erp"},
        "key k2 of service erp": {"erp"},
        "key k1 of person p2": {"p2"},
        "key k1 of service erp2": {"erp2"},
        "key k1 of service erp for user p2": {"p2", "erp"},
        "local": {"local"},
        "local as u.becker": {"u.becker"},
        "local as u.becker2": {"u.becker2"},
        "": set(),
        "key k1 of service erp for user": set(),
        "key k1 of person p1 of person p2": set(),
    }
    mine = actor.person or actor.service or actor.login or "local"
    assert {line for line in lines if actor.did(line)} == {line for line, owners in lines.items() if mine in owners}
    assert not actor.did(None)
    assert actor.did(str(actor))


# --- in the journal's file -------------------------------------------------------------------------------------------


def _with_access(path: Path, work: Callable[[Access, Journal], object]) -> object:
    async def go() -> object:
        journal = Journal(path)
        try:
            return await work(Access(journal), journal)  # type: ignore[misc]
        finally:
            await asyncio.to_thread(journal.close)

    return asyncio.run(go())


def test_acts_are_never_changed_and_names_may_be_erased(tmp_path: Path) -> None:
    path = tmp_path / "credence.db"

    async def add(access: Access, _: Journal) -> None:
        await access.change(add_person("u.becker", PersonWords(roles=DESK)), "test")

    _with_access(path, add)
    with closing(sqlite3.connect(path)) as database, database:
        for statement in (
            "UPDATE bodies SET sealed = x''",
            "DELETE FROM entries",
            "INSERT OR REPLACE INTO entries SELECT * FROM entries",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                database.execute(statement)
        database.execute("DELETE FROM people")

    async def read(access: Access, _: Journal) -> AccessState:
        await access.refresh()
        return access.state()

    state = _with_access(path, read)
    assert isinstance(state, AccessState)
    assert (state.acts, state.people) == (1, {})


def test_a_refusal_undoes_nothing_that_others_write(tmp_path: Path) -> None:
    """Both wait for the same transaction."""

    async def both(access: Access, _: Journal) -> list[object]:
        changes = [
            add_person("u.one", PersonWords()),
            add_person("u.one", PersonWords()),
            end_person("u.none"),
            add_person("u.two", PersonWords()),
        ]
        done = await asyncio.gather(*(access.change(each, "test") for each in changes), return_exceptions=True)
        return [*(type(each).__name__ for each in done), *sorted(access.state().by_login)]

    done = _with_access(tmp_path / "credence.db", both)
    assert done == ["Changed", "AlreadyThere", "NobodyThere", "Changed", "u.one", "u.two"]


def test_two_services_that_start_together_make_one_first_key(tmp_path: Path) -> None:
    path = tmp_path / "credence.db"

    async def both(access: Access, journal: Journal) -> list[str | None]:
        await journal.probe()
        return [await access.first_key(), await Access(journal).first_key(), await access.first_key()]

    keys = _with_access(path, both)
    assert isinstance(keys, list)
    assert [key is not None for key in keys] == [True, False, False]


def test_acts_that_are_none_of_ours_let_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "credence.db"

    async def probe(access: Access, journal: Journal) -> str:
        await journal.probe()
        body = '{"roles": ["emperor"], "authority": "none"}'
        await journal.record(act_record(RecordKind.PERSON, "add", "x", body, "y"))
        with pytest.raises(JournalUnavailable):
            await access.refresh()
        with pytest.raises(JournalUnavailable):
            access.state()
        return "refused"

    assert _with_access(path, probe) == "refused"
