"""People and keys over HTTP and on the command line: who may change what, and the access review."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.record.record_header import RecordKind
from tests.support.command_line import credence
from tests.support.journal_reading import acts_in
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys, settings_in
from tests.support.running_service import journal_file


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def keys(home: Path) -> dict[str, str]:
    return people_with_keys(journal_file(settings_in(home)), {**EVERY_ROLE, "second": EVERY_ROLE["admin"]})


@pytest.fixture(scope="module")
def client(home: Path, keys: dict[str, str]) -> Iterator[httpx2.Client]:
    assert keys
    with asking_for_keys(settings_in(home)) as client:
        yield client


@pytest.fixture
def admin(keys: dict[str, str]) -> dict[str, str]:
    return bearer(keys["admin"])


def test_a_person_s_life(client: httpx2.Client, admin: dict[str, str], keys: dict[str, str], home: Path) -> None:
    added = client.post("/v1/people", json={"login": "L.Life", "name": "Lo Life", "roles": ["desk"]}, headers=admin)
    assert (added.status_code, added.json()["login"], added.json()["roles"]) == (201, "l.life", ["desk"])
    made = client.post("/v1/keys", json={"login": "l.life", "days": 3}, headers=admin).json()
    assert client.get("/v1/policies", headers=bearer(made["key"])).status_code == 200
    body = {"roles": ["order-entry"], "authority": "assistant"}
    client.post("/v1/people/L.LIFE/change", json=body, headers=admin)
    assert client.get("/v1/policies", headers=bearer(made["key"])).status_code == 403
    [key] = [each for each in client.get("/v1/keys", headers=admin).json()["keys"] if each["login"] == "l.life"]
    assert (key["id"], key["roles"], key["open"]) == (made["id"], ["order-entry"], True)
    assert client.post("/v1/people/l.life/end", headers=admin).json()["active"] is False
    assert client.get("/v1/facts", headers=bearer(made["key"])).status_code == 401

    [person] = (
        [each for each in client.get("/v1/people", headers=admin).json()["people"] if each["id"] == person_id]
        if (person_id := added.json()["id"])
        else []
    )
    assert (person["active"], person["authority"]) == (False, "assistant")
    acts = [
        act for act in acts_in(journal_file(settings_in(home)), RecordKind.PERSON) if act.text("subject") == person_id
    ]
    assert [act.header.outcome for act in acts] == ["add", "change", "end"]
    assert len({act.actor for act in acts}) == 1
    assert acts[0].actor.startswith("key ")


def test_nobody_changes_their_own_rights(
    client: httpx2.Client, admin: dict[str, str], keys: dict[str, str], home: Path
) -> None:
    for body in ({"roles": ["admin", "desk"]}, {"authority": "cfo"}):
        answer = client.post("/v1/people/ADMIN/change", json=body, headers={**admin, "x-request-id": "own-rights"})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert client.post("/v1/people/admin/change", json={"name": "Anna"}, headers=admin).status_code == 200
    refused = acts_in(settings_in(home).journal, RecordKind.REFUSAL)[-2:]
    assert {(each.header.outcome, each.header.request_id) for each in refused} == {("change", "own-rights")}
    assert {each.text("subject") for each in refused} == {
        person["id"]
        for person in client.get("/v1/people", headers=admin).json()["people"]
        if person["login"] == "admin"
    }
    assert all(each.actor.startswith("key ") for each in refused)
    why = "nobody changes their own roles or authority; another admin does"
    assert [each.text("refusal") for each in refused] == [why, why]


@pytest.mark.parametrize(
    ("path", "body", "status", "path_of_fault"),
    [
        ("/v1/people", {}, 422, "/login"),
        ("/v1/people", {"login": "u.x", "roles": ["boss"]}, 422, "/roles/0"),
        ("/v1/people", {"login": "u.x", "active": True}, 422, "/active"),
        ("/v1/people", {"login": "u.x", "authority": "king"}, 422, "/authority"),
        ("/v1/people", {"login": "u.\u0435x"}, 422, None),
        ("/v1/people", {"login": "desk"}, 409, None),
        ("/v1/people/none/change", {}, 404, None),
        ("/v1/people/none/end", {}, 404, None),
        ("/v1/keys", {}, 422, None),
        ("/v1/keys", {"login": "none"}, 404, None),
        ("/v1/keys", {"login": "desk", "days": 366}, 422, "/days"),
        ("/v1/keys", {"login": "desk", "days": "3"}, 422, "/days"),
        ("/v1/keys", {"service": "erp", "roles": ["desk"], "per_second": 0}, 422, "/per_second"),
        ("/v1/keys", {"service": "erp", "roles": ["desk"], "acts_for": "yes"}, 422, "/acts_for"),
        ("/v1/keys/none/revoke", {}, 404, None),
        ("/v1/keys/none/revoke", {"in_days": -1}, 422, "/in_days"),
    ],
)
def test_what_cant_be_done_is_said_with_its_place(
    client: httpx2.Client, admin: dict[str, str], path: str, body: object, status: int, path_of_fault: str | None
) -> None:
    answer = client.post(path, json=body, headers=admin)
    assert answer.status_code == status, answer.text
    assert [fault["path"] for fault in answer.json().get("errors", [])] == ([path_of_fault] if path_of_fault else [])


def test_no_answer_shows_a_key_but_the_one_that_makes_it(client: httpx2.Client, admin: dict[str, str]) -> None:
    made = client.post("/v1/keys", json={"service": "shop", "roles": ["order-entry"]}, headers=admin)
    listed = client.get("/v1/keys", headers=admin).text + client.get("/v1/people", headers=admin).text
    assert made.json()["key"].startswith("crk_")
    assert "crk_" not in listed
    assert "sha256" not in listed


def test_the_document_says_what_needs_a_key(client: httpx2.Client, admin: dict[str, str]) -> None:
    document = client.get("/openapi.json", headers=admin).json()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    secured = {
        (method, path): operation.get("security") == [{"key": []}] and "401" in operation["responses"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert {where for where, is_secured in secured.items() if not is_secured} == {
        ("get", "/healthz"),
        ("get", "/readyz"),
    }


# --- on the command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def as_admin(client: httpx2.Client, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.setenv("CREDENCE_KEY", keys["admin"])
    return ("--url", str(client.base_url))


def said(*words: str | Path) -> str:
    """What a command prints, without what the service says meanwhile, which runs in the same process."""
    result = credence(*words)
    assert result.exit_code == 0, result.output
    return re.sub(r"^\d{4}-\d\d-\d\d .*\n", "", result.stdout, flags=re.MULTILINE)


def test_the_commands_ask_the_service(as_admin: tuple[str, str], client: httpx2.Client, tmp_path: Path) -> None:
    roles = ("--role", "desk", "--role", "editor")
    added = said("people", "add", "c.line", "--name", "Cora Line", *roles, "--authority", "controller", *as_admin)
    assert added == "added: c.line (Cora Line): desk, editor; authority controller\n"
    key = said("keys", "create", "--person", "C.Line", *as_admin).strip()
    assert client.get("/v1/policies", headers=bearer(key)).status_code == 200
    file = tmp_path / "key"
    file.write_text(f"{key}\n")
    refused = credence("people", "list", "--key-file", file, *as_admin)
    assert (refused.exit_code, "needs one of the roles auditor, admin" in refused.stderr) == (1, True)

    changed = said("people", "change", "C.Line", "--role", "desk", *as_admin)
    assert changed == "changed: c.line (Cora Line): desk; authority controller\n"
    review = said("people", "list", *as_admin).splitlines()
    [line] = [line for line in review if line.startswith("c.line")]
    listed = json.loads(said("keys", "list", "--json", *as_admin))["keys"]
    [key_id] = [each["id"] for each in listed if each["login"] == "c.line"]
    assert line == f"c.line (Cora Line): desk; authority controller; keys {key_id}"
    assert "person c.line, desk, until" in said("keys", "list", *as_admin)
    assert "opens nothing" in said("keys", "revoke", key_id, *as_admin)
    assert client.get("/v1/facts", headers=bearer(key)).status_code == 401
    assert said("people", "change", "c.line", "--no-roles", *as_admin).endswith("no role; authority controller\n")
    assert "ended; had no role" in said("people", "end", "c.line", *as_admin)


def test_json_is_the_services_answer(as_admin: tuple[str, str]) -> None:
    commands: tuple[tuple[str, ...], ...] = (
        ("people", "add", "j.son"),
        ("people", "change", "j.son", "--name", "Jo"),
        ("keys", "create", "--person", "j.son"),
        ("people", "end", "j.son"),
        ("people", "list"),
    )
    for command in commands:
        told: dict[str, Any] = json.loads(said(*command, "--json", *as_admin))
        assert told
    made = json.loads(said("keys", "create", "--service", "x", "--role", "desk", "--acts-for", "--per-second", "5",
                               "--days", "2", "--json", *as_admin))  # fmt: skip
    revoked = json.loads(said("keys", "revoke", made["id"], "--in-days", "1", "--json", *as_admin))
    assert (revoked["open"], revoked["acts_for"], revoked["per_second"]) == (True, True, 5)


def test_a_refusal_is_one_line_with_the_way_out(as_admin: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    twice = credence("people", "add", "desk", *as_admin)
    assert (twice.exit_code, twice.stderr.count("\n"), "is a person already" in twice.stderr) == (1, 1, True)
    monkeypatch.delenv("CREDENCE_KEY")
    without = credence("people", "list", *as_admin)
    assert (without.exit_code, "set CREDENCE_KEY, or give --key-file" in without.stderr) == (1, True)
    activate = credence("activate", *as_admin)
    assert (activate.exit_code, "a key with the role approver" in activate.stderr) == (2, True)


@pytest.mark.parametrize("content", ["", "\n", "two words", "crk_\u00e9", "a\r\nX-Evil: 1", "a\tb", "a\x00b"])
def test_what_is_no_key_is_never_sent(as_admin: tuple[str, str], tmp_path: Path, content: str) -> None:
    """A line break in it would begin another header."""
    file = tmp_path / "key"
    file.write_text(content, encoding="utf-8")
    refused = credence("people", "list", "--key-file", file, *as_admin)
    assert (refused.exit_code, "holds no key" in refused.stderr) == (2, True)
    assert credence("people", "list", "--key-file", tmp_path / "none", *as_admin).exit_code == 2


def test_a_key_goes_to_the_service_that_was_named_and_no_other(
    keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever answers there may send the command elsewhere: it doesn't go."""
    seen: list[str | None] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Authorization"])
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/there")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("CREDENCE_KEY", keys["admin"])
    try:
        assert credence("people", "list", "--url", f"http://127.0.0.1:{server.server_port}").exit_code == 2
    finally:
        server.shutdown()
        server.server_close()
    assert seen == [f"Bearer {keys['admin']}"]
