"""Files over HTTP: taken however large they are, imported behind the answer, and the ledger adds up afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.settings import Settings
from tests.support.paths import RULES
from tests.support.running_service import eventually, running

CSV = {"Content-Type": "text/csv"}
LARGE = 40_000
"""Rows of a file that is larger than any other body may be."""


@pytest.fixture(scope="module", name="service")
def _service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    folder = tmp_path_factory.mktemp("imports")
    with running(Settings(rules=RULES, journal=Path(folder / "credence.db"))) as client:
        yield client


def imported(service: httpx2.Client, kind: str, text: str, query: str = "") -> dict[str, Any]:
    answer = service.post(f"/v1/import/{kind}{query}", content=text.encode(), headers=CSV)
    assert answer.status_code == 202, answer.text
    path = f"/v1/imports/{answer.json()['id']}"
    eventually(lambda: service.get(path).json()["state"] != "running")
    found: dict[str, Any] = service.get(path).json()
    return found


def test_a_file_larger_than_other_bodies_may_be_is_read_as_it_arrives(service: httpx2.Client) -> None:
    imported(service, "accounts", "account\nC-1\n")
    text = "payment,account,amount\n" + "".join(f"{'x' * 30}-{n},C-404,1.00\n" for n in range(LARGE))
    assert len(text) > 1 << 20

    run = imported(service, "payments", text, "?check=true")
    assert (run["state"], run["rows"], run["rejected"]) == ("checked", LARGE, LARGE)


def test_rows_that_were_not_taken_are_listed_and_the_ledger_adds_up(service: httpx2.Client) -> None:
    imported(service, "accounts", "account\nC-2\n")
    run = imported(
        service, "open-items", "invoice,account,open_amount,due_on\nI-1,C-2,5.00,2030-01-01\nI-2,C-0,5.00,x\n"
    )
    assert (run["new"], run["rejected"]) == (1, 1)
    [heading, row] = service.get(f"/v1/imports/{run['id']}/rejects").text.splitlines()
    assert heading == "place,faults"
    assert row.startswith("3,")
    lines = [json.loads(line) for line in service.get("/v1/ledger/verify").text.splitlines()]
    assert lines[-1]["verified"]["differences"] == 0
    assert {"step", "done", "of"} == set(lines[0])


@pytest.mark.parametrize(
    ("path", "headers", "text", "status"),
    [
        ("/v1/import/payments", CSV, "payment,account\nP-1,C-1\n", 422),
        ("/v1/import/payments", CSV, "payment,account,amount\n", 422),
        ("/v1/import/payments", {"Content-Type": "application/pdf"}, "x", 415),
        ("/v1/import/payment", CSV, "payment,account,amount\nP-1,C-1,1.00\n", 422),
        ("/v1/import/payments?complete=true", CSV, "payment,account,amount\nP-1,C-1,1.00\n", 422),
    ],
    ids=["column-missing", "empty", "other-type", "unknown-kind", "complete-of-payments"],
)
def test_a_file_that_cannot_be_used_as_a_whole_is_refused_at_once(
    service: httpx2.Client, path: str, headers: dict[str, str], text: str, status: int
) -> None:
    answer = service.post(path, content=text.encode(), headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_an_import_that_is_not_there_is_no_import(service: httpx2.Client) -> None:
    answer = service.get("/v1/imports/none/rejects")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-import")
