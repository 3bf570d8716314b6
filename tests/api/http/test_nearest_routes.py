"""`POST /v1/decisions/order/nearest`: what would let an order pass; nothing is recorded."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

NEAREST = "/v1/decisions/order/nearest"
HELD: dict[str, Any] = {"as_of": "2026-07-15", "order": {"id": "SO-1", "amount": "12000.00"}, "account": {"id": "C-1"}}


def test_a_held_order_is_told_what_lets_it_pass_and_nothing_is_recorded(client: httpx2.Client) -> None:
    before = client.get("/v1/decisions").json()

    answer = client.post(NEAREST, json=HELD)

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["outcome"], found["passes"], found["subject"]) == ("hold", False, "SO-1")
    smaller = next(each for each in found["changes"] if each["levers"] and each["levers"][0]["name"] == "order")
    assert smaller["state"] == "passes"
    assert (smaller["levers"][0]["amount"], smaller["levers"][0]["becomes"]) == ("2000.00", "10000.00")
    assert client.get("/v1/decisions").json() == before


def test_one_lever_is_asked_for(client: httpx2.Client) -> None:
    found = client.post(f"{NEAREST}?lever=order", json=HELD).json()

    assert [[lever["name"] for lever in change["levers"]] for change in found["changes"]] == [["order"]]


def test_an_order_that_passes_needs_nothing(client: httpx2.Client) -> None:
    passing = {**HELD, "order": {"id": "SO-1", "amount": "10.00"}}

    found = client.post(NEAREST, json=passing).json()

    assert (found["passes"], found["changes"]) == (True, [])


@pytest.mark.parametrize(
    ("query", "body", "said"),
    (
        ("?lever=ordr", HELD, "the parameter `lever`: `ordr` is no lever"),
        ("?lever=order,order", HELD, "the parameter `lever`"),
        ("?levr=order", HELD, "the parameter `levr` is unknown here"),
        ("", {**HELD, "order": {"id": "SO-1", "amount": "a lot"}}, ""),
        ("", {**HELD, "ordr": {}}, "is an unknown field"),
    ),
)
def test_what_can_not_be_searched_is_refused(client: httpx2.Client, query: str, body: object, said: str) -> None:
    answer = client.post(NEAREST + query, json=body)

    assert answer.status_code == 422
    assert any(said in fault["message"] for fault in answer.json()["errors"]), answer.text


def test_kinds_without_levers_have_no_such_path(client: httpx2.Client) -> None:
    assert client.post("/v1/decisions/invoice/nearest", json={}).status_code == 404
