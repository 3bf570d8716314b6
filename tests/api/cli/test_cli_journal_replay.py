"""`credence journal replay`: what a service decided comes out again byte for byte, and what differs is named."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx2
import pytest

from engine.version import ENGINE_VERSION
from ledger.erasure.erasing import Erasing, ErasureWords
from ledger.erasure.grounds import Ground
from ledger.journal.journal import Journal
from ledger.record.actors import Actor
from ledger.record.body_parts import Body
from ledger.store.secret_files import beside
from tests.support.command_line import credence
from tests.support.duties import nothing_held
from tests.support.keyed_services import asking_for_keys, bearer
from tests.support.replayed_journals import ReplayedJournal, write_replayed_journal
from tests.support.tampering import changed

ORDERS = 60
UNTOUCHED = "untouched"
"""The folder of a copy of the journal, which still has its triggers."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> ReplayedJournal:
    made = write_replayed_journal(tmp_path_factory.mktemp("written"), ORDERS)
    shutil.copytree(made.file.parent, made.file.parent / UNTOUCHED)
    return made


def test_the_journal_has_what_is_to_be_replayed(written: ReplayedJournal) -> None:
    answers = [json.loads(text) for text in written.answers.values()]
    assert {answer["case"] for answer in answers} == {"order", "invoice", "account", "portfolio", "limit"}
    reasons = [reason for answer in answers for reason in answer["reasons"]]
    assert any(reason["waived"] for reason in reasons)
    assert any(reason["rule"] == "facts-missing" for reason in reasons)
    assert any("converted_from" in answer for answer in answers)
    assert any(answer["actions"] for answer in answers)
    assert any(answer["figures"] for answer in answers)
    shown = credence("journal", "show", str(sorted(written.answers)[57]), "--journal", written.file).stdout
    assert " of service portal for user " in shown


def test_all_come_out_again_byte_for_byte(written: ReplayedJournal) -> None:
    done = credence("journal", "replay", "--all", "--journal", written.file)
    count = len(written.answers)
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{count} decisions: {count} same bytes\n", "")


def test_some_are_named(written: ReplayedJournal) -> None:
    seq, last = min(written.answers), max(written.answers)
    id_ = json.loads(written.answers[last])["id"]
    done = credence("journal", "replay", str(seq), id_.upper(), "--journal", written.file)
    assert done.exit_code == 0, done.stderr
    first, second, summary = done.stdout.splitlines()
    assert first.split() == ["record", str(seq), json.loads(written.answers[seq])["id"], "same", "bytes"]
    assert second.split() == ["record", str(last), id_, "same", "bytes"]
    assert summary == "2 decisions: 2 same bytes"


def test_a_period_and_a_kind_of_case_choose_among_all(written: ReplayedJournal) -> None:
    place = ("--journal", written.file)
    done = credence("journal", "replay", "--all", "--case", "account", "--from", "2020-01-01", *place)
    assert (done.exit_code, done.stdout) == (0, "2 decisions: 2 same bytes\n")
    done = credence("journal", "replay", "--all", "--until", "2020-01-01", *place)
    assert (done.exit_code, done.stdout) == (0, "0 decisions\n")


def test_as_json(written: ReplayedJournal) -> None:
    seq = min(written.answers)
    done = credence("journal", "replay", str(seq), "--journal", written.file, "--json")
    id_ = json.loads(written.answers[seq])["id"]
    assert json.loads(done.stdout) == {
        "decisions": 1,
        "results": {"same bytes": 1},
        "records": [
            {
                "seq": seq,
                "id": id_,
                "result": "same bytes",
                "why": None,
                "engine_version": ENGINE_VERSION,
                "replayed_by": ENGINE_VERSION,
            }
        ],
    }


def test_what_was_changed_is_refused_and_not_replayed(written: ReplayedJournal) -> None:
    """A body with another answer; a body and its header; a policy set. None of them is taken for what was recorded."""
    first, second, third = written.ids("hold")[:3]
    with changed(written.file, beside(written.file)) as rows:
        before = [dict(row) for row in rows.bodies], [dict(row) for row in rows.entries]
        for seq in (first, second):
            body = rows.body(seq)
            parts = [part._replace(content=part.content.replace(b'"hold"', b'"pass"')) for part in body.parts]
            rows.set_body(seq, Body(body.salt, tuple(parts)))
        rows.set_header(second, body=rows.body(second).digest())
        rows.bodies[third]["sealed"] = b"\0" + rows.bodies[third]["sealed"][1:]
    try:
        done = credence("journal", "replay", "--all", "--journal", written.file, "--json")
        named = credence("journal", "replay", str(first), "--journal", written.file)
    finally:
        with changed(written.file, beside(written.file)) as rows:
            rows.bodies, rows.entries = before
    said = json.loads(done.stdout)
    assert done.exit_code == 1
    assert said["results"] == {"same bytes": len(written.answers) - 3, "REFUSED": 3}
    assert {each["seq"]: (each["result"], each["replayed_by"]) for each in said["records"]} == {
        first: ("REFUSED (its body is not the one recorded)", None),
        second: ("REFUSED (its answer says another outcome than its header)", None),
        third: ("REFUSED (its body is not the one recorded)", None),
    }
    assert named.exit_code == 1
    assert named.stdout.splitlines()[-1] == "1 decision: 1 REFUSED"


def test_a_changed_policy_set_is_refused(written: ReplayedJournal) -> None:
    with changed(written.file, beside(written.file)) as rows:
        before = [dict(row) for row in rows.policy_sets]
        rows.policy_sets[0]["files"] = rows.policy_sets[0]["files"].replace("20000", "30000")
    try:
        done = credence("journal", "replay", "--all", "--journal", written.file)
    finally:
        with changed(written.file, beside(written.file)) as rows:
            rows.policy_sets = before
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == f"{len(written.answers)} decisions: {len(written.answers)} REFUSED"
    assert "do not give its version" in done.stdout


def test_what_is_erased_is_said(written: ReplayedJournal) -> None:
    """All of the customer of one order; a key that is gone without a record of it is no erasure."""
    file = written.file.parent / UNTOUCHED / written.file.name
    whole = beside(file).subject_keys.read_bytes()
    subject = json.loads(written.answers[max(written.answers)])["subject"]
    words = ErasureWords(subject=subject, ground=Ground.OBJECTION, reason="their letter")

    async def erased() -> int:
        journal = Journal(file)
        try:
            erasing = Erasing(journal, nothing_held)
            proposed = await erasing.propose(words, Actor(key="1", person="anna"))
            return (await erasing.confirm(proposed.id, Actor(key="2", person="bert"))).records
        finally:
            await asyncio.to_thread(journal.close)

    gone = asyncio.run(erased())
    total = len(written.answers)
    done = credence("journal", "replay", "--all", "--journal", file)
    assert (done.exit_code, done.stdout) == (0, f"{total} decisions: {total - gone} same bytes, {gone} erased\n")
    assert 0 < gone < total

    keys = beside(written.file).subject_keys
    before = keys.read_bytes()
    with closing(sqlite3.connect(keys)) as connection, connection:
        connection.execute("DELETE FROM subject_keys WHERE number > 1")
    try:
        refused = credence("journal", "replay", "--all", "--journal", written.file)
    finally:
        keys.write_bytes(before)
    assert (refused.exit_code, "erased" in refused.stdout, " REFUSED" in refused.stdout) == (1, False, True)
    assert whole == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name them, or give --all"),
        (["--all", "1"], "leave one of them out"),
        (["1", "--case", "order"], "--case chooses among all records"),
        (["999999"], "the journal has no record `999999`"),
        (["--all", "--kind", "person"], "--kind person is none"),
        (["--all", "--from", "x"], "--from"),
        (["--all", "--with-engine", "nowhere"], "`nowhere` is no wheelhouse"),
    ],
)
def test_what_can_not_be_used_is_refused(written: ReplayedJournal, words: list[str], said: str) -> None:
    done = credence("journal", "replay", *words, "--journal", written.file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_what_is_no_decision_has_nothing_to_replay(written: ReplayedJournal) -> None:
    done = credence("journal", "replay", "0", "--journal", written.file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "record 0 is no decision, it is of the kind" in " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def client(written: ReplayedJournal) -> Iterator[httpx2.Client]:
    with asking_for_keys(written.settings) as client:
        yield client


@pytest.mark.parametrize("who", ["auditor", "privacy", "admin"])
def test_over_http_a_single_record_is_replayed(written: ReplayedJournal, client: httpx2.Client, who: str) -> None:
    for seq in (min(written.answers), max(written.answers)):
        id_ = json.loads(written.answers[seq])["id"]
        answer = client.get(f"/v1/journal/{seq}/replay", headers=bearer(written.keys[who]))
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "seq": seq,
                "id": id_,
                "result": "same bytes",
                "why": None,
                "engine_version": ENGINE_VERSION,
                "replayed_by": ENGINE_VERSION,
            },
        )
        assert client.get(f"/v1/journal/{id_}/replay", headers=bearer(written.keys[who])).json() == answer.json()


def test_over_http_what_is_not_there_is_said(written: ReplayedJournal, client: httpx2.Client) -> None:
    for path, status, problem in (
        ("/v1/journal/999999/replay", 404, "/problems/unknown-record"),
        ("/v1/journal/0/replay?x=1", 422, "/problems/invalid-request"),
    ):
        answer = client.get(path, headers=bearer(written.keys["auditor"]))
        assert (answer.status_code, answer.json()["type"]) == (status, problem)
    answer = client.get("/v1/journal/0/replay", headers=bearer(written.keys["auditor"]))
    assert answer.json()["result"] == "REFUSED (it holds no decision)"
