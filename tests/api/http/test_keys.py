"""Keys at the door: what opens, what doesn't, whose the decision is, and that no key is ever written down."""

from __future__ import annotations

import asyncio
import json
import secrets
import string
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.access.access import Access
from ledger.access.api_keys import PREFIX, digest_of, is_well_formed, new_key
from ledger.access.changes import AccessRefused, KeyWords, create_key, end_person, revoke_key
from ledger.access.people import AccessState
from ledger.access.roles import Role
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.record.record_header import RecordKind
from tests.support.journal_reading import decision_in
from tests.support.journal_records import record
from tests.support.keyed_services import (
    EVERY_ROLE,
    asking_for_keys,
    bearer,
    changed,
    people_with_keys,
    service_key,
    settings_in,
)
from tests.support.raw_http import ask, connected, post, read_answer
from tests.support.running_service import BODY, eventually, journal_file, running

ORDER = "/v1/decisions/order"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def keys(home: Path) -> dict[str, str]:
    """Of a person of each role, and of two programs."""
    journal = journal_file(settings_in(home))
    people = people_with_keys(journal, {**EVERY_ROLE, "u.hoffmann": frozenset({Role.DESK, Role.APPROVER})})
    acting = service_key(journal, "portal", Role.ORDER_ENTRY, Role.DESK, Role.APPROVER, acts_for=True)
    return {**people, "portal": acting, "erp": service_key(journal, "erp", Role.ORDER_ENTRY)}


@pytest.fixture(scope="module")
def client(home: Path, keys: dict[str, str]) -> Iterator[httpx2.Client]:
    assert keys
    with asking_for_keys(settings_in(home)) as client:
        yield client


def _state(journal: Path) -> AccessState:
    async def read() -> AccessState:
        opened = Journal(journal)
        try:
            access = Access(opened)
            await access.refresh()
            return access.state()
        finally:
            await asyncio.to_thread(opened.close)

    return asyncio.run(read())


def _decide(client: httpx2.Client, headers: dict[str, str]) -> httpx2.Response:
    return client.post(ORDER, json=BODY, headers=headers)


# --- what opens ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}", "Bearer {}   ", "Bearer {}\t", "  Bearer {}"]
)
@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_a_key_opens_however_the_header_is_written(
    client: httpx2.Client, keys: dict[str, str], name: str, written: str
) -> None:
    assert ask(client, post(f"{name}: {written.format(keys['erp'])}")).status == 201


_WRONG = [
    "",
    " ",
    "Bearer",
    "Bearer ",
    "{key}",
    "Basic {key}",
    "Token {key}",
    "Bearer{key}",
    "Bearer:{key}",
    "Bearer\t{key}",
    "Bearer {key} {key}",
    "Bearer {key}, Bearer {key}",
    "Bearer {key};",
    'Bearer "{key}"',
    "Bearer {cut}",
    "Bearer {key}x",
    "Bearer {lower}",
    "Bearer {upper}",
    "Bearer {other}",
    "Bearer {swapped}",
    "Bearer {digest}",
    "Bearer crk_",
    "Bearer crk_' OR 1=1 --",
    "Bearer null",
    "Bearer undefined",
    "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
]


@pytest.mark.parametrize("written", _WRONG)
def test_nothing_else_does(client: httpx2.Client, keys: dict[str, str], written: str) -> None:
    key = keys["erp"]
    place = next(place for place in range(4, 30) if key[place] != key[place + 1])
    forms = {
        "key": key,
        "cut": key[:-1],
        "lower": key.lower(),
        "upper": key.upper(),
        "other": new_key(),
        "swapped": key[:place] + key[place + 1] + key[place] + key[place + 2 :],
        "digest": digest_of(key),
    }
    answer = ask(client, post(f"Authorization: {written.format(**forms)}"))
    assert (answer.status, answer.json()["type"]) == (401, "/problems/unauthorized")
    assert answer.header("www-authenticate").startswith('Bearer realm="credence"')
    assert key not in answer.body.decode()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_no_text_is_a_key_but_keys(text: str) -> None:
    assert not is_well_formed(text)
    assert not is_well_formed(PREFIX + text)


def test_a_key_is_random_and_one_wrong_character_is_seen() -> None:
    made = [new_key() for _ in range(200)]
    assert len(set(made)) == len({key[:12] for key in made}) == 200
    assert all(is_well_formed(key) and len(key) == 40 for key in made)
    key = made[0]
    for place in range(len(PREFIX), len(key)):
        for letter in string.digits + string.ascii_letters:
            assert is_well_formed(key[:place] + letter + key[place + 1 :]) == (letter == key[place])


@pytest.mark.parametrize("first", ["erp", "desk"])
@pytest.mark.parametrize("second", ["erp", "desk", "nonsense"])
@pytest.mark.parametrize("name", ["Authorization", "authorization"])
def test_two_authorizations_are_refused(
    client: httpx2.Client, keys: dict[str, str], first: str, second: str, name: str
) -> None:
    """A proxy could check one of them and this service take the other."""
    lines = (f"Authorization: Bearer {keys[first]}", f"{name}: Bearer {keys.get(second, second)}")
    answer = ask(client, post(*lines))
    assert (answer.status, answer.json()["type"]) == (400, "/problems/malformed-request")


def test_a_key_in_the_query_is_refused(client: httpx2.Client, keys: dict[str, str]) -> None:
    for query in (f"?key={keys['desk']}", f"?access_token={keys['desk']}", f"?{keys['desk']}"):
        answer = client.get(f"/v1/policies{query}", headers=bearer(keys["desk"]))
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/key-in-query")
        assert keys["desk"] not in answer.text


def test_the_journal_holds_no_key(client: httpx2.Client, keys: dict[str, str], home: Path) -> None:
    for key in keys.values():
        assert client.get("/readyz", headers=bearer(key)).status_code == 200
    content = b"".join(path.read_bytes() for path in (home / "var").iterdir())
    assert digest_of(keys["erp"]).encode() not in content  # sealed with the act that says it
    assert digest_of(keys["erp"]) in _state(journal_file(settings_in(home))).by_digest
    assert not any(key.encode() in content or key[4:34].encode() in content for key in keys.values())


def test_keys_are_found_by_their_digest_alone(home: Path, keys: dict[str, str]) -> None:
    """So no comparison could take longer for a key that begins alike: what is kept has nothing of it."""
    state = _state(journal_file(settings_in(home)))
    assert set(state.by_digest) == {digest_of(key) for key in keys.values()}
    assert not any(key[4:8] in json.dumps([each.id for each in state.keys.values()]) for key in keys.values())


def test_two_keys_that_begin_alike_are_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twins with the same first 30 characters; revoking one leaves the other."""
    random = iter("A" * 29 + "B" + "A" * 29 + "C")
    settings = settings_in(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(secrets, "choice", lambda _: next(random))
        one, two = (service_key(settings.journal, name, Role.DESK) for name in ("one", "two"))
    assert one[:33] == two[:33]
    assert one != two
    state = _state(journal_file(settings))
    changed(settings.journal, revoke_key(state.by_digest[digest_of(one)].id))
    with asking_for_keys(settings) as client:
        assert [_decide(client, bearer(key)).status_code for key in (one, two)] == [401, 201]


# --- what ends -------------------------------------------------------------------------------------------------------


def test_a_key_ends_while_the_service_runs(tmp_path: Path) -> None:
    """By its own act at once, by another process's within a second; what was asked before is answered."""
    settings = settings_in(tmp_path)
    keys = people_with_keys(settings.journal, {"admin": EVERY_ROLE["admin"], "desk": EVERY_ROLE["desk"]})
    other = service_key(settings.journal, "other", Role.DESK)
    with asking_for_keys(settings) as client:
        ids = {key["login"] or key["service"]: key["id"] for key in _listed(client, keys["admin"])}
        assert _decide(client, bearer(keys["desk"])).status_code == 201
        revoked = client.post(f"/v1/keys/{ids['desk']}/revoke", json={}, headers=bearer(keys["admin"]))
        assert (revoked.status_code, revoked.json()["open"]) == (200, False)
        refused = _decide(client, bearer(keys["desk"]))
        assert (refused.status_code, f"{ids['desk']} was revoked" in refused.json()["detail"]) == (401, True)
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]

        changed(settings.journal, revoke_key(ids["other"]))
        eventually(lambda: _decide(client, bearer(other)).status_code == 401)


def _listed(client: httpx2.Client, admin: str) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = client.get("/v1/keys", headers=bearer(admin)).json()["keys"]
    return keys


def test_a_key_revoked_while_its_request_waits_decides_no_later_one(tmp_path: Path) -> None:
    """The request that was let in is answered, since it was asked by somebody who might; the next isn't."""
    settings = settings_in(tmp_path)
    keys = people_with_keys(settings.journal, {"admin": EVERY_ROLE["admin"], "desk": EVERY_ROLE["desk"]})
    with asking_for_keys(settings) as client:
        [own] = [key["id"] for key in _listed(client, keys["admin"]) if key["login"] == "desk"]
        body = json.dumps(BODY).encode()
        with connected(client) as connection:
            whole = post(f"Authorization: Bearer {keys['desk']}", body=body)
            connection.sendall(whole[:-10])
            eventually(lambda: _decide(client, bearer(keys["desk"])).status_code == 201)
            client.post(f"/v1/keys/{own}/revoke", json={}, headers=bearer(keys["admin"]))
            connection.sendall(whole[-10:])
            assert read_answer(connection).status == 201
            connection.sendall(whole)
            assert read_answer(connection).status == 401


def test_a_key_expires(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    key = service_key(settings.journal, "erp", Role.ORDER_ENTRY, days=1)
    ahead = 0
    clock = Clock(lambda: time.time_ns() + ahead)
    with running(settings, clock, asks_for_keys=True) as client:
        assert _decide(client, bearer(key)).status_code == 201
        ahead = (24 * 3600 + 1) * 10**9
        refused = _decide(client, bearer(key))
        assert (refused.status_code, "has expired" in refused.json()["detail"]) == (401, True)
        ahead = 0  # a clock set back opens nothing again
        assert _decide(client, bearer(key)).status_code == 401


def test_nothing_of_an_ended_person_opens(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    keys = people_with_keys(settings.journal, {"desk": EVERY_ROLE["desk"]})
    second, portal = (
        changed(settings.journal, create_key(KeyWords(login="desk")))[0],
        service_key(settings.journal, "portal", Role.DESK, acts_for=True),
    )
    ways = [bearer(keys["desk"]), bearer(second), bearer(portal, credence_on_behalf_of="desk")]
    with asking_for_keys(settings) as client:
        assert [_decide(client, way).status_code for way in ways] == [201, 201, 201]
        changed(settings.journal, end_person("desk"))
        eventually(lambda: _decide(client, ways[0]).status_code == 401)
        assert [_decide(client, way).status_code for way in ways] == [401, 401, 403]
    with pytest.raises(AccessRefused, match="has ended and gets no key"):
        changed(settings.journal, create_key(KeyWords(login="desk")))


def test_where_people_and_keys_cant_be_read_for_long_nobody_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    key = service_key(settings.journal, "erp", Role.ORDER_ENTRY)
    with asking_for_keys(settings) as client:
        assert client.get("/v1/facts", headers=bearer(key)).status_code == 200
        monkeypatch.setattr("ledger.access.access.STALE_SECONDS_MAX", 0.6)
        journal_file(settings).rename(tmp_path / "away.db")
        eventually(lambda: client.get("/v1/facts", headers=bearer(key)).status_code == 503)
        problem = client.get("/v1/facts", headers=bearer(key)).json()
        assert problem["type"] == "/problems/journal-unavailable"
        assert client.get("/healthz").status_code == 200
        (tmp_path / "away.db").rename(journal_file(settings))
        eventually(lambda: client.get("/v1/facts", headers=bearer(key)).status_code == 200)


# --- for whom --------------------------------------------------------------------------------------------------------


def _actor_of(home: Path, decided: httpx2.Response) -> str:
    return decision_in(journal_file(settings_in(home)), decided.json()["id"]).actor


def test_each_decision_says_who_asked(client: httpx2.Client, keys: dict[str, str], home: Path) -> None:
    state = _state(journal_file(settings_in(home)))
    ids = {name: state.by_digest[digest_of(key)].id for name, key in keys.items()}
    person = {login: each.identity.id for login, each in state.by_login.items()}
    asked = {
        f"key {ids['erp']} of service erp": bearer(keys["erp"]),
        f"key {ids['desk']} of person {person['desk']}": bearer(keys["desk"]),
        f"key {ids['portal']} of service portal for user {person['u.hoffmann']}": bearer(
            keys["portal"], credence_on_behalf_of="U.Hoffmann"
        ),
    }
    assert [_actor_of(home, _decide(client, headers)) for headers in asked.values()] == list(asked)


@pytest.mark.parametrize(
    ("who", "named", "status", "problem"),
    [
        ("erp", "u.hoffmann", 403, "may-not-act-for"),
        ("desk", "u.hoffmann", 403, "may-not-act-for"),
        ("desk", "desk", 403, "may-not-act-for"),
        ("portal", "u.nobody", 403, "may-not-act-for"),
        ("portal", "u.hoffmann; roles=admin", 400, "on-behalf-of-unreadable"),
        ("portal", "u.hoffmann; authority=cfo", 400, "on-behalf-of-unreadable"),
        ("portal", "u.hoffmann, desk", 400, "on-behalf-of-unreadable"),
        ("portal", "", 400, "on-behalf-of-unreadable"),
        ("portal", "u.h\u043effmann", 400, "on-behalf-of-unreadable"),  # a Cyrillic o
        ("portal", "u.hoff\u200bmann", 400, "on-behalf-of-unreadable"),
        ("portal", "u.hoff\u00admann", 400, "on-behalf-of-unreadable"),
        ("portal", "u.hoffmann\u202e", 400, "on-behalf-of-unreadable"),
        ("portal", "auditor", 403, "forbidden"),  # the person's roles, and of these only the program's
        ("portal", "editor", 403, "forbidden"),
    ],
)
def test_whom_a_key_may_not_act_for(
    client: httpx2.Client, keys: dict[str, str], who: str, named: str, status: int, problem: str
) -> None:
    lines = (f"Authorization: Bearer {keys[who]}", "Credence-On-Behalf-Of: NAMED")
    answer = ask(client, post(*lines).replace(b"NAMED", named.encode()))
    assert (answer.status, answer.json()["type"]) == (status, f"/problems/{problem}")


@pytest.mark.parametrize("named", ["u.hoffmann", "U.HOFFMANN", " u.hoffmann ", "u. hoffmann", "ｕ．ｈｏｆｆｍａｎｎ"])
def test_a_person_is_one_however_the_login_is_written(client: httpx2.Client, keys: dict[str, str], named: str) -> None:
    lines = (f"Authorization: Bearer {keys['portal']}", "Credence-On-Behalf-Of: NAMED")
    assert ask(client, post(*lines).replace(b"NAMED", named.encode())).status == 201


def test_the_header_without_a_key_or_twice_is_refused(client: httpx2.Client, keys: dict[str, str]) -> None:
    assert ask(client, post("Credence-On-Behalf-Of: u.hoffmann")).status == 401
    twice = ("Credence-On-Behalf-Of: u.hoffmann", "credence-on-behalf-of: desk")
    assert ask(client, post(f"Authorization: Bearer {keys['portal']}", *twice)).status == 400


def test_a_service_approves_only_for_a_person_who_may(client: httpx2.Client, keys: dict[str, str]) -> None:
    body = {"version": "0" * 64}
    ways = {
        "alone": bearer(keys["portal"]),
        "for an approver": bearer(keys["portal"], credence_on_behalf_of="u.hoffmann"),
        "for another": bearer(keys["portal"], credence_on_behalf_of="desk"),
    }
    statuses = {
        way: client.post("/v1/policies/activate", json=body, headers=headers).status_code
        for way, headers in ways.items()
    }
    assert statuses == {"alone": 403, "for an approver": 409, "for another": 403}


# --- whose decision --------------------------------------------------------------------------------------------------


def test_order_entry_sees_its_own_and_nothing_else(client: httpx2.Client, keys: dict[str, str]) -> None:
    """A program sees what it asked for anybody; a person what was asked by or for them."""
    erp, person = bearer(keys["erp"]), bearer(keys["order-entry"])
    portal, for_person = bearer(keys["portal"]), bearer(keys["portal"], credence_on_behalf_of="order-entry")
    places = {name: _decide(client, who).headers["location"] for name, who in
              {"erp": erp, "person": person, "for person": for_person}.items()}  # fmt: skip
    seen = {
        reader: [name for name, place in places.items() if client.get(place, headers=headers).status_code == 200]
        for reader, headers in {
            "erp": erp,
            "person": person,
            "for person": for_person,
            "desk": bearer(keys["desk"]),
            "auditor": bearer(keys["auditor"]),
            "booking": bearer(keys["booking"]),
            "collector": bearer(keys["collector"]),
            "editor": bearer(keys["editor"]),
            "approver": bearer(keys["approver"]),
            "privacy": bearer(keys["privacy"]),
            "admin": bearer(keys["admin"]),
        }.items()
    }
    everything = ["erp", "person", "for person"]
    assert seen == {
        **{role: [] for role in ("booking", "collector", "privacy", "admin")},
        **dict.fromkeys(("editor", "approver"), everything),  # masked: tests/api/http/test_search_routes.py
        "erp": ["erp"],
        "person": ["person", "for person"],
        "for person": ["person", "for person"],
        "desk": everything,
        "auditor": everything,
    }
    refused = client.get(places["erp"], headers=person)
    assert refused.json()["detail"] == "order-entry has order-entry, which sees what it asked for itself"
    assert client.get(places["erp"], headers=portal).status_code == 200  # the program itself has the role desk too


def test_collectors_see_invoices_and_accounts(client: httpx2.Client, keys: dict[str, str]) -> None:
    body = {"account": {"id": "C-1"}, "as_of": "2026-07-01"}
    decided = client.post("/v1/decisions/account", json=body, headers=bearer(keys["desk"]))
    place = decided.headers["location"]
    assert client.get(place, headers=bearer(keys["collector"])).status_code == 200
    assert client.get(place, headers=bearer(keys["order-entry"])).status_code == 403


def test_what_was_decided_before_there_were_actors_is_nobodys_own(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    old = replace(record("01a20069-767e-7289-841e-0c1e0d8f48ea"), kind=RecordKind.IMPORTED, actor="")

    async def write() -> None:
        journal = Journal(settings.journal)
        await journal.record(old)
        await asyncio.to_thread(journal.close)

    asyncio.run(write())
    keys = people_with_keys(settings.journal, EVERY_ROLE)
    with asking_for_keys(settings) as client:
        statuses = {
            role: client.get(f"/v1/decisions/{old.id}", headers=bearer(keys[role])).status_code
            for role in ("order-entry", "booking", "auditor")
        }
    assert statuses == {"order-entry": 403, "booking": 403, "auditor": 200}


# --- how often -------------------------------------------------------------------------------------------------------


def test_a_key_that_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, requests_per_second_max=3)
    slow, quick = (
        service_key(settings.journal, "slow", Role.DESK),
        service_key(settings.journal, "quick", Role.DESK, per_second=1000),
    )
    with asking_for_keys(settings) as client:
        statuses = [client.get("/v1/facts", headers=bearer(slow)).status_code for _ in range(20)]
        assert statuses[:6] == [200] * 6
        assert 429 in statuses
        refused = client.get("/v1/facts", headers=bearer(slow))
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/rate-limit")
        assert refused.headers["Retry-After"] == "1"
        assert [client.get("/v1/facts", headers=bearer(quick)).status_code for _ in range(20)] == [200] * 20
        eventually(lambda: client.get("/v1/facts", headers=bearer(slow)).status_code == 200)
        text = client.get("/healthz")
        assert text.status_code == 200


def test_what_is_refused_is_counted(client: httpx2.Client, keys: dict[str, str]) -> None:
    def count(type: str) -> float:
        lines = client.get("/metrics", headers=bearer(keys["metrics"])).text.splitlines()
        found = [line for line in lines if line.startswith(f'credence_problems_total{{type="{type}"}}')]
        return float(found[0].split()[1]) if found else 0.0

    before = count("unauthorized"), count("forbidden")
    client.get("/v1/facts")
    client.get("/v1/policies", headers=bearer(keys["erp"]))
    assert (count("unauthorized"), count("forbidden")) == (before[0] + 1, before[1] + 1)
