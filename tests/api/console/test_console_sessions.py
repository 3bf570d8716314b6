"""Who is signed in to the console, for how long, and what a session opens; and which forms count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from api.console.sessions import IDLE_SECONDS, LASTS_SECONDS
from ledger.access.roles import Role
from ledger.journal.clock import Clock
from tests.support.console_visits import PageReader, Visitor
from tests.support.keyed_services import people_with_keys, service_key, settings_in
from tests.support.running_service import running


class SetClock(Clock):
    """Stands where a test puts it."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


CLOCK = SetClock()


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx2.Client, dict[str, str]]]:
    settings = settings_in(tmp_path_factory.mktemp("sessions"))
    keys = people_with_keys(settings.journal, {"u.desk": frozenset({Role.DESK}), "u.gone": frozenset({Role.DESK})})
    keys["shop"] = service_key(settings.journal, "shop", Role.DESK)
    with running(settings, CLOCK, asks_for_keys=True) as client:
        yield client, keys


@pytest.fixture
def visitor(keyed: tuple[httpx2.Client, dict[str, str]]) -> Iterator[Visitor]:
    CLOCK.ahead = timedelta(0)
    with Visitor(keyed[0]) as visitor:
        yield visitor
    CLOCK.ahead = timedelta(0)


def _signed_in(visitor: Visitor, key: str) -> Visitor:
    answer = visitor.sign_in(key)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")
    assert visitor.get("/console/").status_code == 200
    return visitor


def test_who_has_not_signed_in_is_led_there_and_back(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor
) -> None:
    answer = visitor.get("/console/orders?rule=orders.over-limit")
    assert answer.status_code == 303
    page = answer.headers["Location"]
    assert page == "/console/sign-in?next=%2Fconsole%2Forders%3Frule%3Dorders.over-limit"
    assert visitor.sign_in(keyed[1]["u.desk"], page).headers["Location"] == "/console/orders?rule=orders.over-limit"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/console/\\evil.example",
        "/v1/orders",
        "/console/sign-out",
        "/consol",
    ],
)
def test_signing_in_never_leads_elsewhere(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor, elsewhere: str
) -> None:
    form = visitor.form("/console/sign-in", "/console/sign-in")
    answer = visitor.send(form, {"key": keyed[1]["u.desk"], "next": elsewhere})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")


@pytest.mark.parametrize("key", ["", "crk_wrong", "crk_" + "A" * 36, "shop"])
def test_what_is_no_key_of_a_person_signs_nobody_in(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor, key: str
) -> None:
    answer = visitor.sign_in(keyed[1].get(key, key))
    assert answer.status_code == 401
    assert "That does not open anything." in answer.text
    assert key not in PageReader(answer.text).text or not key
    assert visitor.get("/console/").status_code == 303


def test_the_cookie_is_for_this_service_alone_and_no_script_reads_it(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor
) -> None:
    cookies = visitor.sign_in(keyed[1]["u.desk"]).headers.get_list("set-cookie")
    [cookie] = [each for each in cookies if each.startswith("credence=")]
    assert cookie.partition("; ")[2] == f"Path=/; HttpOnly; SameSite=Lax; Max-Age={LASTS_SECONDS}"


def test_under_any_other_name_the_cookie_is_bound_to_the_host_and_tls(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path, hosts="credit.example")
    with running(settings, asks_for_keys=True) as client:
        answer = client.get("/console/sign-in", headers={"Host": "credit.example", "Accept": "text/html"})
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-credence=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Max-Age=28800; Secure")


def test_a_session_opens_the_console_and_nothing_else(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor
) -> None:
    _signed_in(visitor, keyed[1]["u.desk"])
    assert visitor.client.get("/v1/holds").status_code == 401
    assert visitor.client.get("/v1/holds", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 401
    assert visitor.client.get("/consolers").status_code == 401


@pytest.mark.parametrize("seconds", [IDLE_SECONDS, LASTS_SECONDS])
def test_a_session_ends(keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor, seconds: int) -> None:
    _signed_in(visitor, keyed[1]["u.desk"])
    CLOCK.ahead = timedelta(seconds=seconds)
    assert visitor.get("/console/").status_code == 303


def test_whoever_goes_on_stays_until_the_end(keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor) -> None:
    _signed_in(visitor, keyed[1]["u.desk"])
    step = IDLE_SECONDS - 60
    for at in range(1, LASTS_SECONDS // step + 1):
        CLOCK.ahead = timedelta(seconds=at * step)
        assert visitor.get("/console/").status_code == 200
    CLOCK.ahead = timedelta(seconds=LASTS_SECONDS)
    assert visitor.get("/console/").status_code == 303


@pytest.mark.parametrize("change", ["begun", "key", "signature", "cut", "twice"])
def test_a_cookie_that_was_changed_counts_for_nothing(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor, change: str
) -> None:
    _signed_in(visitor, keyed[1]["u.desk"])
    text = visitor.client.cookies["credence"]
    content, _, signature = text.partition(".")
    said = {
        "begun": f"{content[:-4]}AAAA.{signature}",
        "key": f"{content[:40]}A{content[41:]}.{signature}" if content[40] != "A" else f"{content[:40]}B.{signature}",
        "signature": f"{content}.{signature[:-2]}",
        "cut": content,
        "twice": f"{text}; credence={text}",
    }[change]
    visitor.client.cookies.clear()
    assert visitor.get("/console/", Cookie=f"credence={text}").status_code == 200
    assert visitor.get("/console/", Cookie=f"credence={said}").status_code == 303


def test_a_key_that_is_revoked_ends_its_sessions_at_once(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    keys = people_with_keys(settings.journal, {"u.desk": frozenset({Role.DESK}), "u.admin": frozenset({Role.ADMIN})})
    with running(settings, asks_for_keys=True) as client, Visitor(client) as visitor:
        _signed_in(visitor, keys["u.desk"])
        admin = {"Authorization": f"Bearer {keys['u.admin']}"}
        listed = client.get("/v1/keys", headers=admin).json()["keys"]
        [key] = [each["id"] for each in listed if each["login"] == "u.desk"]
        assert client.post(f"/v1/keys/{key}/revoke", json={}, headers=admin).status_code == 200
        assert visitor.get("/console/").status_code == 303


def test_signing_out_takes_the_session_away(keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor) -> None:
    _signed_in(visitor, keyed[1]["u.desk"])
    answer = visitor.send(visitor.form("/console/", "/console/sign-out"), {})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/sign-in")
    assert visitor.get("/console/").status_code == 303


FOREIGN = {
    "without its token": ({"form_token": ""}, {}, 403),
    "with a wrong token": ({"form_token": "A" * 43}, {}, 403),
    "of a page elsewhere": ({}, {"Origin": "https://evil.example"}, 403),
    "of a page on another port": ({}, {"Origin": "http://127.0.0.1:1"}, 403),
    "of no page": ({}, {"Origin": "null"}, 403),
    "that says nothing of its page": ({}, {"Origin": "", "Sec-Fetch-Site": ""}, 403),
    "of a page of the same site": ({}, {"Origin": "", "Sec-Fetch-Site": "same-site"}, 403),
    "that is JSON": ({}, {"Content-Type": "application/json"}, 415),
}


@pytest.mark.parametrize("form", FOREIGN)
def test_a_form_counts_only_from_a_page_of_the_session(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor, form: str
) -> None:
    """Signing out is what every form is; each goes through the same three questions."""
    _signed_in(visitor, keyed[1]["u.desk"])
    typed, headers, status = FOREIGN[form]
    sent = visitor.form("/console/", "/console/sign-out")
    data = sent.fields | typed
    said = {"Accept": "text/html", "Origin": visitor.origin, "Sec-Fetch-Site": "same-origin"} | headers
    answer = visitor.client.post(sent.action, data=data, headers={name: each for name, each in said.items() if each})
    assert answer.status_code == status
    assert visitor.get("/console/").status_code == 200


def test_the_token_of_another_session_does_not_count(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor
) -> None:
    _signed_in(visitor, keyed[1]["u.desk"])
    with Visitor(keyed[0]) as other:
        form = _signed_in(other, keyed[1]["u.gone"]).form("/console/", "/console/sign-out")
    assert visitor.send(form, {}).status_code == 403


def test_a_form_of_a_session_that_has_ended_asks_to_sign_in(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor
) -> None:
    _signed_in(visitor, keyed[1]["u.desk"])
    form = visitor.form("/console/", "/console/sign-out")
    CLOCK.ahead = timedelta(seconds=IDLE_SECONDS)
    assert visitor.send(form, {}).headers["Location"] == "/console/sign-in"


@pytest.mark.parametrize("raw", ["a=1&a=2", "a=%00", "a=%ff", "&".join(f"a{n}=1" for n in range(700))])
def test_a_form_that_reads_in_two_ways_is_none(
    keyed: tuple[httpx2.Client, dict[str, str]], visitor: Visitor, raw: str
) -> None:
    visitor.get("/console/sign-in")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": visitor.origin}
    assert visitor.client.post("/console/sign-in", content=raw, headers=headers).status_code == 422


def test_without_keys_somebody_says_in_whose_name_they_look(tmp_path: Path) -> None:
    with running(settings_in(tmp_path)) as client, Visitor(client) as visitor:
        assert "local" in visitor.page("/console/").text
        assert visitor.sign_in_locally("u.hoffmann", "desk", authority="credit_manager").status_code == 303
        page = visitor.page("/console/orders")
        assert "u.hoffmann (local) (credit manager)" in page.text
        assert "Journal" not in page.text
        refused = visitor.sign_in_locally("nobody; roles=admin")
        assert refused.status_code == 401
