"""Audit reports over HTTP: the same lines as the commands', and of each what the caller's roles show."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from ledger.record.log_proofs import read_proof
from ledger.store.secret_files import beside, signing_key
from tests.support.command_line import credence
from tests.support.keyed_services import asking_for_keys, bearer
from tests.support.replayed_journals import ReplayedJournal, write_replayed_journal
from tests.support.running_service import eventually

PROVEN = ("record", "leaf", "at", "by")
REPORTS = {"policy-changes": (), "access": (), "sample": ("seed", "lottery")}


class Served:
    def __init__(self, client: httpx2.Client, journal: ReplayedJournal) -> None:
        self.client, self.journal = client, journal

    def asked(self, path: str, who: str, **query: str) -> httpx2.Response:
        return self.client.get(f"/v1/audit/{path}", headers=bearer(self.journal.keys[who]), params=query)

    def lines(self, path: str, who: str, **query: str) -> list[dict[str, Any]]:
        answer = self.asked(path, who, **query)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson"), answer.text
        return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    journal = write_replayed_journal(tmp_path_factory.mktemp("written"), 12)
    with asking_for_keys(journal.settings) as client:
        yield Served(client, journal)


def _query(report: str) -> dict[str, str]:
    words = REPORTS[report]
    return dict(zip(words[::2], words[1::2], strict=True))


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_has_the_lines_of_the_command(served: Served, report: str) -> None:
    words = [each if number % 2 else f"--{each}" for number, each in enumerate(REPORTS[report])]
    done = credence("audit", report, *words, "--journal", served.journal.file)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    assert served.lines(report, "auditor", **_query(report)) == lines


@pytest.mark.parametrize("report", REPORTS)
def test_each_line_has_its_proof_where_asked(served: Served, report: str) -> None:
    verifier = signing_key(beside(served.journal.file).signing_key, may_make=False).verifier
    query = _query(report) | {"proofs": "true"}
    eventually(lambda: served.asked(report, "auditor", **query).status_code == 200)
    for line in served.lines(report, "auditor", **query):
        header, _ = read_proof(line["proof"]).checked(verifier)
        assert (header.seq, header.at, header.actor) == (line["record"], line["at"], line["by"])


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("who", ["privacy", "admin"])
def test_others_see_of_a_line_what_its_header_says(served: Served, report: str, who: str) -> None:
    whole = served.lines(report, "auditor", **_query(report))
    answer = served.asked(report, who, **_query(report))
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == [{name: line[name] for name in PROVEN} for line in whole]
    assert answer.headers["credence-withheld"]


def test_csv_has_a_row_for_each_line(served: Served) -> None:
    answer = served.asked("access", "auditor", form="csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [row["id"] for row in rows] == [line["id"] for line in served.lines("access", "auditor")]


def test_a_case_file_is_the_command_s_and_runs_nothing(served: Served) -> None:
    seq = min(served.journal.answers)
    for language, word in (("en", "Approvals"), ("zh", "审批")):
        answer = served.asked(f"case/{seq}", "auditor", language=language)
        assert answer.status_code == 200, answer.text
        assert word in answer.text
        assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
        assert "<script" not in answer.text
    assert served.asked("case/999999", "auditor").json()["type"] == "/problems/unknown-record"
    assert served.asked("case/0", "auditor").json()["type"] == "/problems/unknown-decision"


def test_a_list_of_orders_is_compared(served: Served) -> None:
    path, key = "/v1/audit/completeness", bearer(served.journal.keys["auditor"])
    orders = {f"SO-{number}": None for number in range(1, 12)} | {"SO-none": "5.00", "SO-1": "1.00"}
    answer = served.client.post(path, json={"orders": orders}, headers=key)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["listed"], said["matched"]) == (12, 10)
    assert {each["order"]: each["finding"] for each in said["findings"]} == {
        "SO-1": "other amount",
        "SO-none": "missing",
        "SO-0": "extra",
    }
    empty = served.client.post(path, json={"orders": {}}, params={"until": "2020-01-01"}, headers=key).json()
    assert empty == {"listed": 0, "matched": 0, "findings": []}


@pytest.mark.parametrize(
    ("body", "query", "path"),
    [
        ({"orders": {"SO-1": "x"}}, {}, "/orders/SO-1"),
        ({"orders": {"SO-1": 1}}, {}, "/orders/SO-1"),
        ({}, {}, "/orders"),
        ({"orders": {}}, {"from": "x"}, ""),
    ],
)
def test_a_list_that_can_not_be_used_is_refused(
    served: Served, body: dict[str, Any], query: dict[str, str], path: str
) -> None:
    key = bearer(served.journal.keys["auditor"])
    answer = served.client.post("/v1/audit/completeness", json=body, params=query, headers=key)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path), answer.text


def test_who_made_a_report_is_in_the_log_and_in_no_record(served: Served) -> None:
    """So that a report can be made from a copy, and by a login that only reads."""
    key = bearer(served.journal.keys["auditor"])
    before = served.client.get("/v1/journal", headers=key).json()
    seq = min(served.journal.answers)
    with capture_logs() as lines:
        served.asked("access", "auditor")
        served.asked(f"case/{seq}", "auditor")
        served.asked("case/999999", "auditor")
        served.client.post("/v1/audit/completeness", json={"orders": {}}, headers=key)
    made = [(line["report"], line["by"]) for line in lines if line["event"] == "audit report made"]
    assert [report for report, _ in made] == ["access", f"case/{seq}", "completeness"]
    assert all(re.fullmatch(r"key \w+ of person [0-9a-f]+", by) for _, by in made), made
    assert served.client.get("/v1/journal", headers=key).json() == before
