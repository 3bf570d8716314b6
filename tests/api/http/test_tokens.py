"""Tokens of OIDC issuers: what is checked, whom they name, what they may, and an issuer that is away."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from pydantic import ValidationError

from api.http.signing_keys import AGAIN_SECONDS, FRESH_SECONDS, STALE_SECONDS_MAX, SigningKeys, keys_of
from api.settings import Settings
from ledger.access.changes import PersonWords, add_person, end_person
from ledger.access.roles import Authority, Role
from tests.support.issuers import Issuer, issuing, private_key, public_jwk, public_pem
from tests.support.keyed_services import asking_for_keys, bearer, changed, settings_in
from tests.support.running_service import BODY, eventually


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def client(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    home = tmp_path_factory.mktemp("service")
    file = issuer.file(home, algorithms=["RS256", "ES256", "EdDSA"])
    settings = settings_in(home, oidc=file)
    words = PersonWords(roles=frozenset({Role.DESK}), authority=Authority.CONTROLLER, oidc_issuer=issuer.url)
    for login, subject in (("u.hoffmann", "00u1"), ("u.gone", "00u2")):
        person = PersonWords(roles=words.roles, authority=words.authority, oidc_issuer=issuer.url, oidc_subject=subject)
        changed(settings.journal, add_person(login, person))
    changed(settings.journal, end_person("u.gone"))
    with asking_for_keys(settings) as client:
        yield client


def _status(client: httpx2.Client, token: str, **headers: str) -> int:
    return client.get("/v1/policies", headers=bearer(token, **headers)).status_code


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_good_token_is_its_person(client: httpx2.Client, issuer: Issuer, algorithm: str) -> None:
    token = issuer.token(algorithm=algorithm)
    decided = client.post("/v1/decisions/order", json=BODY, headers=bearer(token))
    assert decided.status_code == 201
    assert client.get("/metrics", headers=bearer(token)).json()["detail"].endswith("u.hoffmann has desk")


NOW = int(time.time())
GOOD: dict[str, dict[str, Any]] = {
    "type JWT": {"header": {"typ": "JWT"}},
    "type in capitals, as a media type": {"header": {"typ": "application/AT+JWT"}},
    "several audiences": {"claims": {"aud": ["other", "credence"]}},
    "expired within the skew": {"claims": {"exp": NOW - 10}},
    "not before, within the skew": {"claims": {"nbf": NOW + 10}},
}
BAD: dict[str, dict[str, Any]] = {
    "another audience": {"claims": {"aud": "other"}},
    "no audience": {"without": ("aud",)},
    "an audience that begins alike": {"claims": {"aud": "credence2"}},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"without": ("iss",)},
    "an issuer that is a list": {"claims": {"iss": ["x"]}},
    "an issuer with a slash more": {"claims": {"iss": "HERE/"}},
    "no expiry": {"without": ("exp",)},
    "expired for 31 seconds": {"claims": {"exp": NOW - 31}},
    "an expiry that is text": {"claims": {"exp": "never"}},
    "not before a minute from now": {"claims": {"nbf": NOW + 600}},
    "issued a minute from now": {"claims": {"iat": NOW + 600}},
    "no moment of issue": {"without": ("iat",)},
    "no subject": {"without": ("sub",)},
    "a subject that is a number": {"claims": {"sub": 1}},
    "an empty subject": {"claims": {"sub": ""}},
    "an ID token by its type": {"header": {"typ": "ID"}},
    "an ID token by its nonce": {"claims": {"nonce": "n"}},
    "an ID token by its hash": {"claims": {"at_hash": "h"}},
    "Keycloak's ID token": {"claims": {"typ": "ID"}},
    "no type": {"header": {"typ": ""}},
    "another type": {"header": {"typ": "logout+jwt"}},
    "its own key's address": {"header": {"jku": "http://127.0.0.1:1/keys"}},
    "its own certificate's address": {"header": {"x5u": "http://127.0.0.1:1/keys"}},
    "its own key": {"header": {"jwk": public_jwk("rsa", "RSA")}},
    "something critical": {"header": {"crit": ["exp"]}},
    "an unknown key": {"header": {"kid": "none"}},
    "no key": {"header": {"kid": None}},
    "another's signature": {"key": private_key("RSA", "stranger")},
    "an algorithm that isn't configured": {"algorithm": "RS512"},
    "a padding that isn't configured": {"algorithm": "PS256"},
    "the key of another kind": {"header": {"kid": "ec"}},
    "nobody who was ended": {"claims": {"sub": "00u2"}},
}


def _made(issuer: Issuer, said: dict[str, Any]) -> str:
    """With its times counted from now: the tables above may be as old as the whole test run."""
    claims: dict[str, Any] = {
        name: issuer.url + "/" if claim == "HERE/" else claim for name, claim in said.get("claims", {}).items()
    }
    for claim in ("exp", "nbf", "iat"):
        if isinstance(claims.get(claim), int):
            claims[claim] += int(time.time()) - NOW
    return issuer.token(**said | ({"claims": claims} if claims else {}))


@pytest.mark.parametrize("name", GOOD)
def test_what_is_as_it_should_be_opens(client: httpx2.Client, issuer: Issuer, name: str) -> None:
    assert _status(client, _made(issuer, GOOD[name])) == 200


@pytest.mark.parametrize("name", BAD)
def test_whatever_is_wrong_with_a_token_refuses_it(client: httpx2.Client, issuer: Issuer, name: str) -> None:
    answer = client.get("/v1/policies", headers=bearer(_made(issuer, BAD[name])))
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def _part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_no_token_chooses_how_it_is_checked(client: httpx2.Client, issuer: Issuer) -> None:
    """The two old attacks: no signature at all, and a public key taken for a secret."""
    claims = {"iss": issuer.url, "aud": "credence", "sub": "00u1", "iat": NOW, "exp": NOW + 600}
    for algorithm in ("none", "None", "NONE", ""):
        head = _part({"alg": algorithm, "typ": "at+jwt", "kid": "rsa"})
        for signature in ("", "AAAA"):
            assert _status(client, f"{head}.{_part(claims)}.{signature}") == 401
    signed = f"{_part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'rsa'})}.{_part(claims)}"
    digest = hmac.new(public_pem("RSA"), signed.encode(), hashlib.sha256).digest()
    assert _status(client, f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}") == 401


def test_a_token_with_one_character_changed_opens_nothing(client: httpx2.Client, issuer: Issuer) -> None:
    token = issuer.token(algorithm="EdDSA")
    assert _status(client, token) == 200
    last = len(token) - 3  # the last characters hold bits that nobody reads
    for place in range(0, last, 7):
        other = "A" if token[place] != "A" else "B"
        assert _status(client, token[:place] + other + token[place + 1 :]) == 401
    for cut in (".", "..", token[:-1], token + ".x", token.replace(".", "..", 1)):
        assert _status(client, cut) == 401


def test_a_token_acts_for_nobody_else(client: httpx2.Client, issuer: Issuer) -> None:
    assert _status(client, issuer.token(), credence_on_behalf_of="u.hoffmann") == 403


def test_a_stranger_with_a_good_token_has_no_role(client: httpx2.Client, issuer: Issuer) -> None:
    token = issuer.token({"sub": "stranger"})
    answer = client.get("/v1/facts", headers=bearer(token))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert "no admin has added" in answer.json()["detail"]
    assert client.get("/readyz", headers=bearer(token)).json() == {"ready": True}


def test_without_issuers_a_token_opens_nothing(issuer: Issuer, tmp_path: Path) -> None:
    with asking_for_keys(settings_in(tmp_path)) as client:
        answer = client.get("/v1/policies", headers=bearer(issuer.token()))
        assert (answer.status_code, "no issuer of tokens is configured" in answer.json()["detail"]) == (401, True)


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"realm_access": {"roles": ["credit-desk", "offline"]}}, "desk"),
        ({"realm_access": {"roles": ["credit-policy"]}}, "editor"),
        ({"realm_access": {"roles": "credit-desk"}}, "desk"),
        ({"realm_access.roles": ["credit-desk"]}, "desk"),
        ({"realm_access": {"roles": ["desk", "admin", 1, None]}}, None),
        ({"realm_access": {"roles": {"credit-desk": True}}}, None),
        ({"realm_access": ["credit-desk"]}, None),
        ({"roles": ["credit-desk"]}, None),
        ({}, None),
    ],
)
def test_roles_may_come_from_a_claim(
    issuer: Issuer, mapped: httpx2.Client, claims: dict[str, Any], role: str | None
) -> None:
    """Then they are those that its values stand for, and no others: what an admin gave doesn't count beside them."""
    told = mapped.get("/metrics", headers=bearer(issuer.token(claims))).json()["detail"]
    assert told.endswith(f"u.hoffmann has {role or 'no role'}")


@pytest.fixture(scope="module")
def mapped(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    home = tmp_path_factory.mktemp("mapped")
    roles = {"credit-desk": "desk", "credit-policy": "editor"}
    settings = settings_in(home, oidc=issuer.file(home, roles_claim="realm_access.roles", roles=roles))
    words = PersonWords(roles=frozenset({Role.AUDITOR}), oidc_issuer=issuer.url, oidc_subject="00u1")
    changed(settings.journal, add_person("u.hoffmann", words))
    with asking_for_keys(settings) as client:
        yield client


def test_whoever_is_ended_is_refused_though_the_token_is_known(issuer: Issuer, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, oidc=issuer.file(tmp_path))
    words = PersonWords(roles=frozenset({Role.DESK}), oidc_issuer=issuer.url, oidc_subject="00u1")
    changed(settings.journal, add_person("u.hoffmann", words))
    token = issuer.token()
    with asking_for_keys(settings) as client:
        assert _status(client, token) == 200
        changed(settings.journal, end_person("u.hoffmann"))
        eventually(lambda: _status(client, token) == 401)


# --- the settings' file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"algorithms": []}, "algorithms"),
        ({"token_types": []}, "token_types"),
        ({"issuer": "http://login.example.com"}, "no https address"),
        ({"jwks": "http://login.example.com/keys"}, "no https address"),
        ({"jwks": "file:///etc/passwd"}, "no https address"),
        ({"audience": ""}, "audience"),
        ({"roles": {"a": "boss"}, "roles_claim": "groups"}, "roles"),
        ({"roles_claim": "groups"}, "go together"),
        ({"roles": {"a": "desk"}}, "go together"),
        ({"clock_skew_seconds": 301}, "clock_skew_seconds"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_a_setting_that_would_take_too_much_is_refused_at_the_start(
    issuer: Issuer, tmp_path: Path, more: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Settings(oidc=issuer.file(tmp_path, **more))


@pytest.mark.parametrize("content", ["", "...", "issuers: []\n...\n", "issuers: [1]\n...\n", "{", "issuers", "\xff"])
def test_a_file_that_says_nothing_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "oidc.yaml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ValidationError, match="the issuers' file"):
        Settings(oidc=str(path))
    with pytest.raises(ValidationError, match="can't be read"):
        Settings(oidc=str(tmp_path / "none.yaml"))


def test_a_file_that_is_cut_off_is_refused_wherever(issuer: Issuer, tmp_path: Path) -> None:
    path = Path(issuer.file(tmp_path, roles_claim="groups", roles={"a": "desk"}))
    whole = path.read_text()
    assert Settings(oidc=str(path)).oidc == str(path)
    for end in range(len(whole) - 1):
        path.write_text(whole[:end])
        with pytest.raises(ValidationError, match="the issuers' file"):
            Settings(oidc=str(path))


# --- the keys --------------------------------------------------------------------------------------------------------


class Away:
    """An issuer's address, without the net: `document` None is nobody there."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.document: bytes | None = json.dumps({"keys": keys}).encode()
        self.fetches = 0
        self.now = 1000.0
        self.keys = SigningKeys("https://login.example.com/keys", self._fetch, lambda: self.now)

    def _fetch(self, _: str) -> bytes:
        self.fetches += 1
        if self.document is None:
            raise OSError("nobody there")
        return self.document

    async def has(self, id: str) -> bool:
        found = await self.keys.key(id) is not None
        while self.keys._fetching is not None:  # what was begun beside it
            await asyncio.sleep(0.001)
        return found


def test_a_known_key_goes_on_for_a_day_while_the_issuer_is_away() -> None:
    async def go() -> list[bool]:
        away = Away(public_jwk("a", "RSA"))
        found = [await away.has("a")]
        away.document = None
        for seconds in (FRESH_SECONDS + 1, 3600, STALE_SECONDS_MAX - 3600 - FRESH_SECONDS - 2, 2):
            away.now += seconds
            found.append(await away.has("a"))
        away.document = json.dumps({"keys": [public_jwk("a", "RSA")]}).encode()
        away.now += AGAIN_SECONDS
        return [*found, await away.has("a")]

    assert asyncio.run(go()) == [True, True, True, True, False, True]


def test_a_thousand_unknown_keys_cost_one_fetch() -> None:
    async def go() -> tuple[int, int, int]:
        away = Away(public_jwk("a", "RSA"))
        await asyncio.gather(*(away.keys.key(f"made up {number}") for number in range(1000)))
        first = away.fetches
        away.document = None
        await asyncio.gather(*(away.keys.key(f"made up {number}") for number in range(1000)))
        second = away.fetches
        away.now += AGAIN_SECONDS
        await asyncio.gather(*(away.keys.key(f"made up {number}") for number in range(1000)))
        return first, second, away.fetches

    assert asyncio.run(go()) == (1, 1, 2)


def test_a_new_key_is_found_and_a_withdrawn_one_ends() -> None:
    async def go() -> list[bool]:
        away = Away(public_jwk("a", "RSA"))
        found = [await away.has("a"), await away.has("b")]
        away.document = json.dumps({"keys": [public_jwk("b", "EC")]}).encode()
        away.now += AGAIN_SECONDS
        return [*found, await away.has("b"), await away.has("a")]

    assert asyncio.run(go()) == [True, False, True, False]


def test_a_document_without_a_key_takes_none_away() -> None:
    async def go() -> list[bool]:
        away = Away(public_jwk("a", "RSA"))
        found = [await away.has("a")]
        for document in (b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": [1]}', b"<html>"):
            away.document = document
            away.now += FRESH_SECONDS + 1
            found.append(await away.has("a"))
        return found

    assert asyncio.run(go()) == [True] * 7


@pytest.mark.parametrize(
    "member",
    [
        public_jwk("x", "RSA", use="enc"),
        public_jwk("x", "RSA", name="short"),
        {**public_jwk("x", "RSA"), "d": "AAAA"},
        {**public_jwk("x", "RSA"), "kid": 1},
        {**public_jwk("x", "RSA"), "n": "!"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "x"},
        {"kty": "EC", "kid": "x"},
        {"kid": "x"},
    ],
    ids=[
        "for encryption",
        "short",
        "a private key",
        "a number for its id",
        "no number",
        "a secret",
        "no curve",
        "no type",
    ],
)
def test_what_is_no_public_key_for_signatures_is_left_out(member: dict[str, Any]) -> None:
    assert set(keys_of(json.dumps({"keys": [member, public_jwk("good", "EC")]}).encode())) == {"good"}


def test_an_issuer_that_sends_elsewhere_or_fails_is_away(issuer: Issuer, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, oidc=issuer.file(tmp_path))
    words = PersonWords(roles=frozenset({Role.DESK}), oidc_issuer=issuer.url, oidc_subject="00u1")
    changed(settings.journal, add_person("u.hoffmann", words))
    try:
        for status in (302, 500):
            issuer.status, issuer.fetches = status, 0
            with asking_for_keys(settings) as client:
                assert [_status(client, issuer.token({"n": n})) for n in range(3)] == [401] * 3
            assert issuer.fetches == 1
    finally:
        issuer.status = 200


def test_our_tokens_are_good_ones(issuer: Issuer) -> None:
    """So that each bad one above is bad for one reason."""
    key = private_key("RSA").public_key()
    assert jwt.decode(issuer.token(), key, ["RS256"], audience="credence", issuer=issuer.url)["sub"] == "00u1"
