"""Nothing a caller sends gives a 5xx or an answer by guessing: each hostile input with its status and its faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.support.running_service import BODY

ORDER = "/v1/decisions/order"
JSON = {"content-type": "application/json"}


def _body(order: str) -> bytes:
    return f'{{"order": {{"id": "SO-1", {order}}}, "account": {{"id": "C-1"}}}}'.encode()


HOSTILE = [
    ("a float where money is wanted", _body('"amount": 12.5'), 422, ["/order/amount"]),
    ("a number beyond every float", _body('"amount": 1e400'), 422, ["/order/amount"]),
    ("a huge exponent", _body('"amount": 1E+1000000'), 422, ["/order/amount"]),
    ("a huge exponent in text", _body('"amount": "1E+1000000"'), 422, ["/order/amount"]),
    ("money with underscores", _body('"amount": "1_000"'), 422, ["/order/amount"]),
    ("money in Arabic digits", _body('"amount": "١٢٣"'), 422, ["/order/amount"]),
    ("money as a list", _body('"amount": [1]'), 422, ["/order/amount"]),
    ("an integer of 4,000 digits", _body('"amount": ' + "9" * 4000), 422, ["/order/amount"]),
    ("an integer of 5,000 digits", _body('"amount": ' + "9" * 5000), 400, [""]),
    ("NaN", _body('"amount": NaN'), 400, [""]),
    ("Infinity", _body('"amount": -Infinity'), 400, [""]),
    ("a duplicate key", _body('"amount": "1", "amount": "2"'), 400, ["/order/amount"]),
    ("a duplicate key, once escaped", _body('"amount": "1", "am\\u006funt": "2"'), 400, ["/order/amount"]),
    (
        "duplicate keys at several levels",
        b'{"order": {"a": [{"b": 1, "b": 2}]}, "order": {}, "as_of": "", "as_of": ""}',
        400,
        ["/order/a/0/b", "/order", "/as_of"],
    ),
    ("bad UTF-8", b'{"order": {"id": "\xff"}}', 400, [""]),
    ("UTF-16", json.dumps(BODY).encode("utf-16"), 400, [""]),
    ("a byte order mark", b"\xef\xbb\xbf" + json.dumps(BODY).encode(), 400, [""]),
    ("a lone surrogate", _body('"amount": "1", "entered_by": "\\ud800"'), 400, [""]),
    ("a lone surrogate as a key", _body('"\\udfff": 1'), 400, [""]),
    ("a control character", _body('"amount": "1", "entered_by": "\\u0000"'), 422, ["/order/entered_by"]),
    (
        "blank text where a person is asked for",
        _body('"amount": "1", "second_released_by": " "'),
        422,
        ["/order/second_released_by"],
    ),
    ("nothing", b"", 400, [""]),
    ("an array", b"[]", 400, [""]),
    ("text", b'"order"', 400, [""]),
    ("two documents", b"{}{}", 400, [""]),
    ("a comment", b'{"order": {} /* */}', 400, [""]),
    ("a nesting bomb", b'{"order": ' + b"[" * 30_000, 400, [""]),
    ("a nesting bomb of objects", b'{"a":' * 9_000 + b"1" + b"}" * 9_000, 400, [""]),
    ("101 levels of lists", b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", 400, [""]),
    ("101 levels of objects", b'{"a":' * 101 + b"1" + b"}" * 101, 400, [""]),
    ("100 levels", b'{"a":' + b"[" * 99 + b"]" * 99 + b"}", 422, None),
    ("100 levels and many lists", b'{"a":' + b"[" * 98 + b"[]" + b",[]" * 99 + b"]" * 98 + b"}", 422, None),
    ("duplicates around a nesting bomb", b'{"a":1,"a":' + b"[" * 800 + b"]" * 800 + b"}", 400, None),
    ("an empty object", b"{}", 422, ["/account/id", "/order/amount", "/order/id"]),
    ("groups that are no objects", b'{"order": [], "account": "x"}', 422, None),
    ("a group that is null", b'{"order": null, "account": {"id": "C"}}', 422, ["/order/amount", "/order/id"]),
    ("an unknown field", b'{"oder": {}, "order": {"id": "S", "amount": 1}, "account": {"id": "C"}}', 422, ["/oder"]),
    ("an unknown fact", _body('"amount": "1", "a/b~c.d": 1'), 422, ["/order/a~1b~0c.d"]),
    ("too many facts", _body('"amount": "1",' + ",".join(f'"x{n}": 1' for n in range(900))), 422, ["/order"]),
    ("a date that is none", b'{"as_of": "2026-02-30", ' + _body('"amount": 1')[1:], 422, ["/as_of"]),
    ("a date as a number", b'{"as_of": 20260701, ' + _body('"amount": 1')[1:], 422, ["/as_of"]),
    ("a date with a time", b'{"as_of": "2026-07-01T00:00", ' + _body('"amount": 1')[1:], 422, ["/as_of"]),
    ("a date too far away", b'{"as_of": "9999-12-31", ' + _body('"amount": 1')[1:], 422, ["/as_of"]),
    ("faults everywhere", b'{"as_of": 1, "x": 1, "order": {"amount": 0.5}}', 422, None),
]


@pytest.mark.parametrize(
    ("content", "status", "paths"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_a_hostile_body_is_refused_with_its_faults(
    client: httpx2.Client, content: bytes, status: int, paths: list[str] | None
) -> None:
    answer = client.post(ORDER, content=content, headers=JSON)
    problem = _problem(answer, status)
    if paths is not None:
        assert [fault["path"] for fault in problem["errors"]] == paths


def test_all_faults_are_listed_at_once(client: httpx2.Client) -> None:
    content = b'{"as_of": 1, "x": 1, "order": {"amount": 0.5, "amont": 1}}'
    problem = _problem(client.post(ORDER, content=content, headers=JSON), 422)
    paths = ["/account/id", "/as_of", "/order/amont", "/order/amount", "/order/id", "/x"]
    assert [fault["path"] for fault in problem["errors"]] == paths
    assert problem["errors"][2]["hint"] == "did you mean `order.amount`?"


@pytest.mark.parametrize("declared", [True, False])
def test_20_megabytes_are_refused_while_they_arrive(client: httpx2.Client, declared: bool) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(320):
            yield b" " * (1 << 16)

    content = b" " * (20 << 20) if declared else chunks()
    _problem(client.post(ORDER, content=content, headers=JSON), 413)
    assert client.post(ORDER, json=BODY).status_code == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/json; charset=latin-1"}, 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, 415),
        ({}, 415),
        ({"content-type": 'Application/JSON; charset="UTF-8"'}, 201),
    ],
)
def test_only_declared_json_is_read(client: httpx2.Client, headers: dict[str, str], status: int) -> None:
    answer = client.post(ORDER, content=json.dumps(BODY).encode(), headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("POST", "/v1/decisions/refund", 404, "unknown-case-kind"),
        ("POST", "/v1/decisions/%00", 404, "not-found"),
        ("GET", "/v1/decisions/nonsense", 404, "unknown-decision"),
        ("GET", "/v1/decisions/00000000-0000-7000-8000-000000000000", 404, "unknown-decision"),
        ("POST", "/v1/decisions/00000000-0000-7000-8000-000000000000", 405, "method-not-allowed"),
        ("GET", "/v1/decisions/order", 405, "method-not-allowed"),
        ("DELETE", "/v1/decisions/order", 405, "method-not-allowed"),
        ("PUT", "/v1/policies", 405, "method-not-allowed"),
        ("POST", "/v1/decisions/order?as_of=2020-01-01", 422, "invalid-request"),
        ("GET", "/v1/order", 404, "not-found"),
        ("GET", "/v1/orders?state=lost", 422, "invalid-request"),
        ("POST", "/v1/decisions/order/", 404, "not-found"),
        ("GET", "/v1/policies?text=perhaps", 422, "invalid-request"),
    ],
)
def test_paths_and_methods_that_do_not_exist(
    client: httpx2.Client, method: str, path: str, status: int, slug: str
) -> None:
    answer = client.request(method, path)
    assert _problem(answer, status)["type"] == f"/problems/{slug}"
    assert client.get(f"/problems/{slug}").status_code == 200
    assert (status != 405) or answer.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/problems/overloaded", "/healthz", "/v1/policies", "/v1/policies/check"]
)
@pytest.mark.parametrize("asked", ["OPTIONS", "DELETE", "PATCH"])
def test_the_methods_listed_are_those_that_are_answered(client: httpx2.Client, path: str, asked: str) -> None:
    listed = client.request(asked, path).headers["allow"].split(", ")
    answered = {each for each in ("GET", "HEAD", "POST", "PUT") if client.request(each, path).status_code != 405}
    assert set(listed) == answered


def test_an_unknown_case_kind_is_told_the_kinds(client: httpx2.Client) -> None:
    assert "order, invoice, account, portfolio" in client.post("/v1/decisions/refund").json()["detail"]


def test_a_request_id_is_echoed_or_given(client: httpx2.Client) -> None:
    assert client.get("/healthz", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert len(client.get("/nowhere", headers={"x-request-id": "a b"}).headers["x-request-id"]) == 16


def _problem(answer: httpx2.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() >= {"type", "title", "status", "detail"}
    assert problem["status"] == status
    return problem


def test_a_quote_that_is_never_closed_says_where_it_starts(client: httpx2.Client) -> None:
    answer = client.post(ORDER, content=b'{"order": "SO', headers=JSON)
    assert answer.json()["detail"] == "the body is not JSON: unterminated string starting at column 11"
