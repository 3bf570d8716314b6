"""Reading the policy set in force, and trying out a change that is not saved."""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import httpx2
import pytest

from api.policy_check import Checked, check
from tests.support.running_service import BODY, FACTS, ORDERS

CHECK = "/v1/policies/check"


def test_the_files_in_force_come_with_sizes_and_digests_and_text_on_request(client: httpx2.Client) -> None:
    brief = client.get("/v1/policies").json()
    assert brief["version"] == client.get("/readyz").json()["policy_version"]
    orders = next(file for file in brief["files"] if file["name"] == "rules/orders.yaml")
    content = ORDERS.encode()
    digest = hashlib.sha256(content).hexdigest()
    assert orders == {"name": "rules/orders.yaml", "bytes": len(content), "sha256": digest}
    full = client.get("/v1/policies?text=true").json()
    assert {file["name"]: file["text"] for file in full["files"]}["rules/orders.yaml"] == ORDERS


def test_a_changed_file_is_checked_with_the_others_and_nothing_takes_effect(client: httpx2.Client) -> None:
    before = client.get("/v1/policies").json()
    good = client.post(CHECK, json={"files": {"orders.yaml": ORDERS.replace("10000", "20000")}}).json()
    assert (good["ok"], good["diagnostics"]) == (True, [])
    assert good["version"] != before["version"]
    broken = client.post(
        CHECK, json={"files": {"rules/orders.yaml": ORDERS.replace("order.amount >", "order.amont >")}}
    )
    assert (broken.status_code, broken.json()["ok"], broken.json()["version"]) == (200, False, None)
    [mistake] = broken.json()["diagnostics"]
    assert (mistake["file"], mistake["line"]) == ("rules/orders.yaml", 8)
    assert client.get("/v1/policies").json() == before


def test_a_list_is_checked_with_the_policies_that_read_it(client: httpx2.Client) -> None:
    reader = ORDERS.replace("order.amount > limit", "order.amount > limit and not(account.id in lists.known)")
    assert reader != ORDERS
    alone = client.post(CHECK, json={"files": {"orders.yaml": reader}}).json()
    assert [each["code"] for each in alone["diagnostics"]] == ["N001"]
    for name in ("lists/known.csv", "rules/lists/known.csv"):
        checked = client.post(CHECK, json={"files": {"orders.yaml": reader, name: "entry\nC-1\n...\n"}}).json()
        assert (checked["ok"], checked["diagnostics"]) == (True, [])
        cut = client.post(CHECK, json={"files": {"orders.yaml": reader, name: "entry\nC-1\n"}}).json()
        assert [(each["file"], each["code"]) for each in cut["diagnostics"]] == [("rules/lists/known.csv", "Y008")]


def test_alone_leaves_out_the_files_in_the_folder(client: httpx2.Client) -> None:
    """A policy that reads another one's value checks beside it only; alone, facts.yaml is among what is missing."""
    facts = FACTS.replace("[orders]", "[orders, second]")
    reader = ORDERS.replace("policy: orders", "policy: second").replace("> limit", "> orders.limit_doubled")
    other = ORDERS.replace("rules:", "values:\n  limit_doubled: order.amount * 2\nrules:")
    files = {"facts.yaml": facts, "orders.yaml": other, "second.yaml": reader}
    assert client.post(CHECK, json={"files": files}).json()["ok"]
    only = {"files": {"facts.yaml": facts, "second.yaml": reader}}
    assert not client.post(CHECK, json={**only, "alone": True}).json()["ok"]
    assert client.post(CHECK, json={"files": files, "alone": True}).json()["ok"]
    del files["facts.yaml"]
    without = client.post(CHECK, json={"files": files, "alone": True}).json()
    assert (without["ok"], [found["code"] for found in without["diagnostics"]]) == (False, ["P035"])


def test_what_only_bulk_refuses_is_said_of_a_set_that_decides_all_the_same(
    client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the libraries of bulk aren't installed nothing can run in bulk, and nothing is said."""
    spelled = {"orders.yaml": ORDERS.replace("order.amount > limit", 'upper case(account.id) = "C-1"')}
    answer = client.post(CHECK, json={"files": spelled}).json()
    [mistake] = answer["diagnostics"]
    assert (answer["ok"], len(answer["version"])) == (True, 64)
    assert (mistake["file"], mistake["line"], mistake["code"]) == ("rules/orders.yaml", 8, "B001")
    assert mistake["hint"] == 'list the spellings: `x in ["North", "NORTH"]`'
    monkeypatch.setitem(sys.modules, "engine.lowering.sql.portability", None)
    files = {f"rules/{name}": text.encode() for name, text in {**spelled, "facts.yaml": FACTS}.items()}
    assert check(files) == Checked(answer["version"], (), 0)


def test_what_bulk_refuses_stands_among_the_others_by_its_place(client: httpx2.Client) -> None:
    """A parameter that nothing reads lets the set decide too."""
    spelled = ORDERS.replace("order.amount > limit", 'upper case(account.id) = "C-1"')
    unread = spelled.replace("parameters:\n", "parameters:\n  unread: 5\n")
    codes = [
        (d["line"], d["code"])
        for d in client.post(CHECK, json={"files": {"orders.yaml": unread}}).json()["diagnostics"]
    ]
    assert codes == [(5, "N009"), (9, "B001")]


def test_a_warning_does_not_keep_a_set_from_deciding(client: httpx2.Client) -> None:
    later = ORDERS.replace("parameters:\n", "parameters:\n  later: {2199-01-01: 5}\n").replace(
        "order.amount > limit", "order.amount > limit + later"
    )
    answer = client.post(CHECK, json={"files": {"orders.yaml": later}}).json()
    [warning] = answer["diagnostics"]
    assert (answer["ok"], len(answer["version"])) == (True, 64)
    assert (warning["severity"], warning["code"], warning["line"]) == ("warning", "W001", 5)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "/files"),
        ({"files": []}, "/files"),
        ({"files": {"orders.yaml": 1}}, "/files/orders.yaml"),
        ({"files": {}, "alone": "yes"}, "/alone"),
        ({"files": {}, "extra": 1}, "/extra"),
        ({"files": {"../secrets.yaml": ""}}, "/files/..~1secrets.yaml"),
        ({"files": {"/etc/passwd": ""}}, "/files/~1etc~1passwd"),
    ],
)
def test_a_check_that_can_not_be_read_says_where(client: httpx2.Client, body: Any, path: str) -> None:
    answer = client.post(CHECK, json=body)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == [path]


def test_no_files_alone_are_nothing_that_could_be_fine(client: httpx2.Client) -> None:
    answer = client.post(CHECK, json={"files": {}, "alone": True})
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert fault["path"] == "/files"
    assert fault["message"] == "has no files, and `alone` leaves out those in the rules folder"
    assert client.post(CHECK, json={"files": {}}).json()["ok"]


@pytest.mark.parametrize(
    "name", ["orders.txt", "../secrets.yaml", "a/b/c.yaml", ".hidden.yaml", "banks.csv", "a/b/lists/c.csv", ""]
)
def test_a_bad_file_name_is_refused_in_words(client: httpx2.Client, name: str) -> None:
    [fault] = client.post(CHECK, json={"files": {name: ""}}).json()["errors"]
    assert fault["message"] == "is not a name of a policy file"
    assert "such as `rules/orders.yaml`" in fault["hint"]


def test_an_array_gets_an_example_of_a_check(client: httpx2.Client) -> None:
    [fault] = client.post(CHECK, json=[]).json()["errors"]
    assert fault["hint"] == 'send an object such as {"files": {"orders.yaml": "…"}}'


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/v1/policies?text=true", "/docs", "/nowhere"])
def test_head_is_get_without_its_body(client: httpx2.Client, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == get.headers[name]


def test_head_of_a_decision_finds_it_and_of_a_post_path_is_refused(client: httpx2.Client) -> None:
    where = client.post("/v1/decisions/order", json=BODY).headers["location"]
    assert client.head(where).status_code == 200
    assert client.head("/v1/decisions/order").status_code == 405
    assert client.head(CHECK).status_code == 405


@pytest.mark.parametrize(
    ("method", "url", "name", "hint"),
    [
        ("GET", "/v1/policies?txet=true", "txet", "did you mean `text`?"),
        ("GET", "/v1/policies?text=true&x", "x", "possible are `text`"),
        ("POST", "/v1/policies/check?x=1", "x", "this path takes no parameters"),
        ("GET", "/v1/decisions/01890a5d-ac96-774b-bcce-b302099a8057?x=1", "x", "this path takes no parameters"),
        ("POST", "/v1/decisions/order?as_of=2026-07-01", "as_of", "put as_of and the facts into the body"),
    ],
)
def test_a_parameter_that_nothing_reads_is_named(
    client: httpx2.Client, method: str, url: str, name: str, hint: str
) -> None:
    answer = client.request(method, url, json=BODY if method == "POST" else None)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
    assert answer.json()["errors"] == [{"path": "", "message": f"the parameter `{name}` is unknown here", "hint": hint}]


@pytest.mark.parametrize("text", ["", "\0", "[" * 1000, "a: &x [*x]", "!!python/object:os.system {}", "policy: é" * 99])
def test_hostile_yaml_gives_diagnostics(client: httpx2.Client, text: str) -> None:
    answer = client.post(CHECK, json={"files": {"orders.yaml": text}})
    assert answer.status_code == 200, answer.text
    assert answer.json()["diagnostics"]


def test_the_front_page_and_the_documentation_are_there(client: httpx2.Client) -> None:
    assert "/docs" in client.get("/").text
    assert client.get("/docs").status_code == 200
    assert client.post("/v1/decisions/order", json=BODY).status_code == 201
