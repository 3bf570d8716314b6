"""`--insecure-local`: whoever is at this machine may all, nobody else may anything, and the record says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest
from pydantic import ValidationError

from api.http.app import create_app
from api.settings import Settings
from tests.support.journal_reading import decision_in, headers_in
from tests.support.raw_http import ask, post
from tests.support.running_service import BODY


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "credence.example.com", "192.168.1.1", "[::]"])
def test_it_listens_on_this_machine_alone(host: str) -> None:
    with pytest.raises(ValidationError, match=r"listens on 127\.0\.0\.1 only"):
        Settings(host=host, insecure_local=True)
    assert not Settings(host=host).insecure_local


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8", "LOCALHOST"])
def test_there_it_may(host: str) -> None:
    assert Settings(host=host, insecure_local=True).insecure_local


@pytest.mark.parametrize("hosts", ["credence.example.com", "*", "a, b", "localhost"])
def test_it_answers_to_no_name_that_a_page_could_take_over(hosts: str) -> None:
    with pytest.raises(ValidationError, match="leave CREDENCE_HOSTS out"):
        Settings(hosts=hosts, insecure_local=True)


_FORWARDED = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto"]
_FORWARDED += ["X-Forwarded", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "x-forwarded-port", "FORWARDED"]


@pytest.mark.parametrize("header", _FORWARDED)
@pytest.mark.parametrize("path", ["/v1/facts", "/readyz", "/metrics", "/v1/people"])
def test_what_a_proxy_passes_on_is_refused(client: httpx2.Client, header: str, path: str) -> None:
    answer = client.get(path, headers={header: "127.0.0.1"})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-local")


@pytest.mark.parametrize(
    ("peer", "status"),
    [("127.0.0.1", 409), ("127.8.8.8", 409), ("::1", 409), ("::ffff:127.0.0.1", 409), ("10.0.0.1", 403)]
    + [("::ffff:10.0.0.1", 403), ("fe80::1", 403), ("0.0.0.0", 403), ("testclient", 403), ("", 403)],
)
def test_only_this_machine_is_answered(tmp_path: Path, peer: str, status: int) -> None:
    app = create_app(Settings(rules=tmp_path / "none", journal=tmp_path / "credence.db", insecure_local=True))

    async def ask() -> httpx2.Response:
        transport = httpx2.ASGITransport(app, client=(peer, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post("/v1/policies/activate", json={"version": "0" * 64})

    assert asyncio.run(ask()).status_code == status


@pytest.mark.parametrize("host", ["evil.example", "credence.example.com", "10.0.0.5", "localhost.evil.example"])
def test_a_foreign_name_is_not_served(client: httpx2.Client, host: str) -> None:
    """DNS rebinding: the page's own name points here, and stands in `Host`."""
    assert ask(client, post(host=host)).status == 421
    assert ask(client, post(f"Origin: http://{host}")).status == 403


def _decided_by(client: httpx2.Client, service_settings: Settings, named: str | None) -> str:
    headers = {} if named is None else {"Credence-On-Behalf-Of": named}
    answer = client.post("/v1/decisions/order", json=BODY, headers=headers)
    assert answer.status_code == 201, answer.text
    assert {header.actor for header in headers_in(service_settings.journal)} == {"local"}  # who it names is in the body
    return decision_in(service_settings.journal, answer.json()["id"]).actor


@pytest.mark.parametrize(
    ("named", "actor"),
    [
        (None, "local"),
        ("u.hoffmann; roles=desk; authority=credit_manager", "local as u.hoffmann"),
        ("U.Hoffmann;roles=order-entry", "local as u.hoffmann"),
        ("u.hoffmann ; authority=cfo ; roles = approver , desk", "local as u.hoffmann"),
    ],
)
def test_the_record_says_who_somebody_said_to_be(
    client: httpx2.Client, service_settings: Settings, named: str | None, actor: str
) -> None:
    assert _decided_by(client, service_settings, named) == actor


@pytest.mark.parametrize(
    ("named", "status"),
    [
        ("u.hoffmann", 403),  # no role is said
        ("u.hoffmann; roles=editor", 403),
        ("u.hoffmann; roles=desk, collector", 201),
        ("u.hoffmann; roles=boss", 400),
        ("u.hoffmann; roles=Desk", 400),
        ("u.hoffmann; roles=desk; authority=king", 400),
        ("u.hoffmann; roles=desk; roles=admin", 400),
        ("u.hoffmann; role=desk", 400),
        ("u.hoffmann; desk", 400),
        ("; roles=desk", 400),
        ("", 400),
        ("u.hoff/mann; roles=desk", 400),
        ("u.hоffmann; roles=desk", 400),
        ("u.hoff​mann; roles=desk", 400),
    ],
)
def test_what_somebody_says_to_be_is_kept_to(client: httpx2.Client, named: str, status: int) -> None:
    sent = post("Credence-On-Behalf-Of: NAMED").replace(b"NAMED", named.encode())
    assert ask(client, sent).status == status


def test_order_entry_sees_its_own_here_too(client: httpx2.Client) -> None:
    one = {"Credence-On-Behalf-Of": "u.one; roles=order-entry"}
    two = {"Credence-On-Behalf-Of": "u.two; roles=order-entry"}
    place = client.post("/v1/decisions/order", json=BODY, headers=one).headers["location"]
    assert [client.get(place, headers=who).status_code for who in (one, two, {})] == [200, 403, 200]


def test_a_hint_says_what_was_meant(client: httpx2.Client) -> None:
    answer = client.get("/v1/facts", headers={"Credence-On-Behalf-Of": "u.hoffmann; roles=colector"})
    assert "did you mean `collector`?" in answer.json()["detail"]


def test_it_is_a_metric(client: httpx2.Client, service_settings: Settings) -> None:
    assert "credence_insecure_local 1.0" in client.get("/metrics").text
    assert "credence_insecure_local 0.0" in create_app(service_settings).state.metrics.text().decode()
