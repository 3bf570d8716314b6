"""Erasures over HTTP and on the command line, and every place where an erased customer's facts could be left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from ledger.journal.journal import Journal
from ledger.journal.opened_records import BodyGone
from ledger.record.record_header import RecordKind
from ledger.store.secret_files import beside
from tests.support.command_line import credence
from tests.support.duties import RETENTION
from tests.support.journal_reading import acts_in, from_journal
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys, service_key, settings_in
from tests.support.running_service import BODY, eventually, journal_file

ACCOUNT, ORDER, AMOUNT, PERSON = "C-CANARY-71", "SO-CANARY-72", "31337.73", "canary.person"
CANARIES = (ACCOUNT, ORDER, AMOUNT, PERSON)
ASKED = {**BODY, "order": {"id": ORDER, "amount": AMOUNT, "entered_by": PERSON}, "account": {"id": ACCOUNT}}
WORDS = {"account": ACCOUNT, "ground": "objection", "reason": "letter of 3 March"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A site that says how long the law wants what kept."""
    settings_in(tmp_path)
    (tmp_path / "rules" / "retention.yaml").write_text(f"{RETENTION}\n...\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def keys(home: Path) -> dict[str, str]:
    both = EVERY_ROLE["privacy"] | EVERY_ROLE["admin"]
    people = people_with_keys(settings_in(home).journal, {**EVERY_ROLE, "both": both})
    return people | {"erp": service_key(settings_in(home).journal, "erp", *EVERY_ROLE["privacy"])}


@pytest.fixture
def client(home: Path, keys: dict[str, str]) -> Iterator[httpx2.Client]:
    assert keys
    with asking_for_keys(settings_in(home)) as client:
        yield client


def _post(client: httpx2.Client, key: str, body: dict[str, Any], **headers: str) -> httpx2.Response:
    return client.post("/v1/erasures", json=body, headers=bearer(key, **headers))


def _decided(client: httpx2.Client, keys: dict[str, str], count: int = 3) -> list[str]:
    """Ids of decisions about the customer; one about another stands between."""
    answers = [
        client.post("/v1/decisions/order", json=body, headers=bearer(keys["desk"], idempotency_key=f"k-{number}"))
        for number, body in enumerate([*[ASKED] * (count - 1), {**BODY, "account": {"id": "C-2"}}, ASKED])
    ]
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json()["id"] for answer in answers[: count - 1] + answers[-1:]]


def test_two_persons_erase_and_everybody_is_told_so(client: httpx2.Client, keys: dict[str, str]) -> None:
    ids = _decided(client, keys)
    preview = _post(client, keys["privacy"], {"account": ACCOUNT, "preview": True}).json()
    assert (preview["id"], preview["records"], preview["state"]) == (None, 3, None)
    proposed = _post(client, keys["privacy"], WORDS)
    assert (proposed.status_code, proposed.json()["state"], proposed.json()["records"]) == (200, "proposed", 3)
    number = proposed.json()["id"]
    assert client.get(f"/v1/decisions/{ids[0]}", headers=bearer(keys["desk"])).status_code == 200
    erased = _post(client, keys["admin"], {"confirm": number})
    assert (erased.status_code, erased.json()["state"], erased.json()["records"]) == (200, "erased", 3)

    for login in ("desk", "auditor", "editor"):
        gone = client.get(f"/v1/decisions/{ids[0]}", headers=bearer(keys[login]))
        assert (gone.status_code, gone.json()["type"]) == (410, "/problems/erased")
        by = number + 2
        assert gone.json()["detail"].endswith(f"was erased; record {by} says so")
    assert client.get(f"/v1/decisions/{ids[0]}", headers=bearer(keys["collector"])).status_code == 403
    again = client.post("/v1/decisions/order", json=ASKED, headers=bearer(keys["desk"], idempotency_key="k-0"))
    assert (again.status_code, again.json()["type"]) == (410, "/problems/erased")

    listed = client.get("/v1/decisions", headers=bearer(keys["auditor"])).json()["decisions"]
    assert [(line["gone"], line["subject"], line["rules"]) for line in listed if line["id"] in ids] == [
        ({"how": "erased", "by": by}, None, [])
    ] * 3
    assert [line["gone"] for line in listed if line["id"] not in ids] == [None]
    for name, value in (("account", ACCOUNT), ("subject", ORDER)):
        found = client.get("/v1/decisions", params={name: value}, headers=bearer(keys["auditor"])).json()
        assert found["decisions"] == []
    record = client.get(f"/v1/journal/{ids[0]}", headers=bearer(keys["auditor"])).json()
    assert (record["gone"], record["request"], record["outcome"]) == ({"how": "erased", "by": by}, None, "hold")

    def is_proved() -> bool:
        return client.get(f"/v1/decisions/{ids[0]}/proof", headers=bearer(keys["desk"])).status_code == 200

    eventually(is_proved)
    new = client.post("/v1/decisions/order", json=ASKED, headers=bearer(keys["desk"])).json()["id"]
    assert client.get(f"/v1/decisions/{new}", headers=bearer(keys["desk"])).status_code == 200


def test_one_person_can_not_do_it_alone_and_that_is_on_record(
    client: httpx2.Client, keys: dict[str, str], home: Path
) -> None:
    ids = _decided(client, keys)
    number = _post(client, keys["both"], WORDS).json()["id"]
    refused = _post(client, keys["both"], {"confirm": number}, x_request_id="alone")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/one-person")
    [record] = acts_in(settings_in(home).journal, RecordKind.REFUSAL)
    assert (record.header.outcome, record.header.request_id, record.text("subject")) == (
        "confirm",
        "alone",
        str(number),
    )
    service = _post(client, keys["erp"], {**WORDS, "account": "C-2"})
    assert (service.status_code, service.json()["type"]) == (409, "/problems/erasure-refused")
    assert client.get(f"/v1/decisions/{ids[0]}", headers=bearer(keys["desk"])).status_code == 200


def test_one_program_or_a_maker_of_keys_can_not_do_it_alone(
    client: httpx2.Client, keys: dict[str, str], home: Path
) -> None:
    """By a key that may both, of before such were refused; and an admin with a key that they made in another's name."""
    _decided(client, keys)
    refused = client.post(
        "/v1/keys",
        json={"service": "portal", "roles": ["privacy", "admin"], "acts_for": True},
        headers=bearer(keys["admin"]),
    )
    assert (refused.status_code, "both persons of an erasure" in refused.json()["detail"]) == (422, True)
    portal = client.post(
        "/v1/keys", json={"service": "portal", "roles": ["privacy"], "acts_for": True}, headers=bearer(keys["admin"])
    ).json()["key"]
    pia = client.post("/v1/keys", json={"login": "privacy"}, headers=bearer(keys["admin"])).json()["key"]
    for key, more in ((portal, {"credence_on_behalf_of": "privacy"}), (pia, {})):
        number = _post(client, key, WORDS, **more).json()["id"]
        alone = _post(client, keys["admin"], {"confirm": number}, x_request_id=f"{ACCOUNT}-1")
        assert (alone.status_code, alone.json()["type"]) == (403, "/problems/one-person")
        assert "one of the two made the other's key" in alone.json()["detail"]
        assert _post(client, keys["privacy"], {"withdraw": number}).status_code == 200
    assert [each.header.request_id for each in acts_in(settings_in(home).journal, RecordKind.REFUSAL)] == ["", ""]


def test_what_came_since_is_shown_and_asked_for(client: httpx2.Client, keys: dict[str, str]) -> None:
    _decided(client, keys)
    number = _post(client, keys["privacy"], WORDS).json()["id"]
    client.post("/v1/decisions/order", json=ASKED, headers=bearer(keys["desk"]))
    [shown] = client.get("/v1/erasures", headers=bearer(keys["admin"])).json()["erasures"]
    assert (shown["records"], shown["proposed_records"], shown["held_until"], shown["refusal"]) == (4, 3, None, None)
    refused = _post(client, keys["admin"], {"confirm": number})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/erasure-refused")
    erased = _post(client, keys["admin"], {"confirm": number, "records": 4})
    assert (erased.status_code, erased.json()["state"], erased.json()["records"]) == (200, "erased", 4)


def test_where_no_policy_says_what_the_law_wants_nothing_is_proposed(home: Path, keys: dict[str, str]) -> None:
    (home / "rules" / "retention.yaml").unlink()
    with asking_for_keys(settings_in(home)) as client:
        _decided(client, keys)
        for body in (WORDS, {"account": ACCOUNT, "preview": True}):
            refused = _post(client, keys["privacy"], body)
            assert (refused.status_code, "say so in retention.yaml" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("said", "held", "why"),
    [
        (
            "order: {years: 6, required: true, ground: {en: Law, zh: 法}}\n...\n",
            True,
            "the law wants these records kept",
        ),
        ("invoice: {years: 6, required: false, ground: {en: Law, zh: 法}}\n...\n", False, "how long the law wants"),
    ],
    ids=["required", "another kind of case"],
)
def test_the_law_is_asked_over_http_and_silence_is_no_leave(
    home: Path, keys: dict[str, str], said: str, held: bool, why: str
) -> None:
    path = home / "rules" / "retention.yaml"
    with asking_for_keys(settings_in(home)) as client:
        _decided(client, keys)
        number = _post(client, keys["privacy"], WORDS).json()["id"]
    path.write_text(said, encoding="utf-8")
    with asking_for_keys(settings_in(home)) as client:
        [shown] = client.get("/v1/erasures", headers=bearer(keys["admin"])).json()["erasures"]
        assert (shown["held_until"] is not None, shown["refusal"] is None) == (held, held)
        refused = _post(client, keys["admin"], {"confirm": number})
        assert (refused.status_code, why in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("login", "body", "status", "slug"),
    [
        ("admin", WORDS, 403, "forbidden"),
        ("privacy", {"confirm": 0}, 403, "forbidden"),
        ("privacy", {}, 422, "invalid-request"),
        ("privacy", {"account": ACCOUNT}, 422, "invalid-request"),
        ("privacy", {**WORDS, "subject": ORDER}, 422, "invalid-request"),
        ("privacy", {**WORDS, "ground": "because"}, 422, "invalid-request"),
        ("privacy", {**WORDS, "reason": f"asked by {ACCOUNT}"}, 409, "erasure-refused"),
        ("privacy", {**WORDS, "reason": f"about {ORDER}"}, 409, "erasure-refused"),
        ("privacy", {**WORDS, "records": 1}, 422, "invalid-request"),
        ("privacy", {**WORDS, "account": "C-9"}, 404, "nothing-to-erase"),
        ("admin", {"confirm": 0}, 404, "nothing-to-erase"),
        ("admin", {"confirm": True}, 422, "invalid-request"),
        ("admin", {"confirm": 0, "reason": "more"}, 422, "invalid-request"),
        ("admin", {"withdraw": 0}, 404, "nothing-to-erase"),
    ],
)
def test_what_can_t_be_done_is_said_and_nobody_is_named(
    client: httpx2.Client, keys: dict[str, str], login: str, body: dict[str, Any], status: int, slug: str
) -> None:
    _decided(client, keys, 1)
    answer = _post(client, keys[login], body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text
    assert not any(canary in answer.text for canary in CANARIES)


def test_the_command_line_shows_first_and_asks_twice(
    client: httpx2.Client, keys: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _decided(client, keys)
    url = ("--url", str(client.base_url))

    def run(login: str, *words: str) -> tuple[int, str]:
        monkeypatch.setenv("CREDENCE_KEY", keys[login])
        done = credence("erase", *words, *url)
        return done.exit_code, " ".join((done.stdout + done.stderr).split())

    assert run("privacy", "propose", ACCOUNT)[0] == 1
    assert "3 records, sealed by key" in run("privacy", "propose", ACCOUNT)[1]
    assert run("privacy", "list") == (0, "no erasures")
    why = ("--ground", "objection", "--reason", "letter of 3 March", "--yes")
    code, said = run("privacy", "propose", "--order", ORDER, *why)
    number = said.split()[1]
    assert (code, said.endswith(f"another person confirms it: credence erase confirm {number}")) == (0, True)
    assert run("admin", "confirm", number)[0] == 1
    code, said = run("admin", "confirm", number, "--yes")
    assert (code, f"erasure {number} erased: 3 records" in said) == (0, True)  # beside what the service logs
    code, said = run("privacy", "withdraw", number)
    assert (code, said.endswith(f"credence: erasure {number} is erased already")) == (1, True)
    assert f"erasure {number} erased" in run("auditor", "list")[1]
    journal = journal_file(settings_in(home))
    done = credence("erase", "finish", "--journal", journal)
    assert (done.exit_code, done.stdout) == (0, "0 erased now, 0 left\n")
    shown = credence("journal", "search", "--journal", journal, "--kind", "decision")
    assert shown.stdout.count("(erased)") == 3
    shown = credence("journal", "show", "--journal", journal, str(int(number) - 1))
    assert (shown.exit_code, f"was erased; record {int(number) + 2} says so" in shown.stdout) == (0, True)


def test_an_export_of_what_is_erased_proves_itself(client: httpx2.Client, keys: dict[str, str], home: Path) -> None:
    _decided(client, keys)
    number = _post(client, keys["privacy"], WORDS).json()["id"]
    _post(client, keys["admin"], {"confirm": number})
    journal = journal_file(settings_in(home))

    def is_signed() -> bool:
        return client.get(f"/v1/journal/{number + 2}/proof", headers=bearer(keys["auditor"])).status_code == 200

    eventually(is_signed)
    for words in ([], ["--masked"]):
        folder = home / f"out{len(words)}"
        assert credence("journal", "export", "--journal", journal, folder, *words).exit_code == 0
        said = json.loads(credence("journal", "verify", folder, "--json").stdout)
        assert (said["faults"], said["erased"]) == (0, 3), said["first"]
    done = credence("journal", "export", "--journal", journal, "--parquet", home / "d.parquet")
    assert done.exit_code == 0, done.stderr


# --- canaries --------------------------------------------------------------------------------------------------------


def _raw(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((home / "var").iterdir()) if path.is_file())


def _opened(journal: Journal) -> str:
    """All that can be read with the journal's keys, of every record and every answer that is kept."""
    from ledger.journal.kept_answers import _told
    from ledger.store.tables import entries, kept_answers

    texts = []
    for row in journal.read(select(entries.c.seq)):
        try:
            record = journal.record_called(str(row.seq))
        except BodyGone as gone:
            texts.append(gone.record.header.canonical_text().decode())
            continue
        assert record is not None
        texts += [record.header.canonical_text().decode(), *(part.content.decode() for part in record.body.parts)]
    kept = journal.read(select(kept_answers).where(kept_answers.c.seq.is_(None)))
    texts += journal.ask(lambda _, known: [str(_told(known, row)) for row in kept])
    return "\n".join(texts)


def test_no_fact_of_an_erased_customer_is_left_anywhere(
    home: Path, keys: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in a column, a free page, the write-ahead log, the log, the metrics or a problem: neither as it stands there
    nor with all keys that there are. Before, it was there."""
    settings = settings_in(home)
    journal = journal_file(settings)
    with asking_for_keys(settings) as client:
        _decided(client, keys)
        assert all(canary in from_journal(journal, _opened) for canary in CANARIES)
        for name, value in (("--account", ACCOUNT), ("--subject", ORDER)):
            folder = home / f"out{name}"
            assert credence("journal", "export", "--journal", journal, folder, name, value).exit_code == 0
        wrong = client.post("/v1/decisions/order", json={**ASKED, "as_of": "never"}, headers=bearer(keys["desk"]))
        number = _post(client, keys["privacy"], WORDS, idempotency_key="e-1").json()["id"]
        _post(client, keys["admin"], {"confirm": number}, idempotency_key="e-2")
        gone = client.post("/v1/decisions/order", json=ASKED, headers=bearer(keys["desk"], idempotency_key="k-0"))
        assert (wrong.status_code, gone.status_code) == (422, 410)
        metrics = client.get("/metrics", headers=bearer(keys["metrics"])).text
        for name, value in (("--account", ACCOUNT), ("--subject", ORDER)):
            folder = home / f"late{name}"
            assert credence("journal", "export", "--journal", journal, folder, name, value).exit_code == 0
        raw = _raw(home)
    with closing(sqlite3.connect(journal)) as dumped:
        dump = "\n".join(dumped.iterdump())
    opened, logged = from_journal(journal, _opened), "".join(capfd.readouterr())
    for canary in CANARIES:
        for text in (opened, logged, metrics, wrong.text, gone.text, dump):
            assert canary not in text
        assert canary.encode() not in raw + _raw(home)
        assert canary.encode().hex() not in dump.lower()
    assert beside(journal).subject_keys.exists()


def test_of_a_person_who_is_erased_no_name_is_left(home: Path, keys: dict[str, str]) -> None:
    settings = settings_in(home)
    journal = journal_file(settings)
    names = ("canary.login", "Canary Name", "canary-subject")
    added = {"login": names[0], "name": names[1], "oidc_issuer": "https://id.example", "oidc_subject": names[2]}
    with asking_for_keys(settings) as client:
        admin = bearer(keys["admin"], idempotency_key="p-1")
        person = client.post("/v1/people", json=added, headers=admin).json()["id"]
        path = f"/v1/people/{names[0]}"
        assert client.post(f"{path}/erase", headers=bearer(keys["admin"])).status_code == 422
        assert client.post(f"{path}/end", headers=bearer(keys["admin"], idempotency_key="p-2")).status_code == 200
        assert names[1] in from_journal(journal, _opened)
        assert all(name.encode() in _raw(home) for name in names)
        erased = client.post(f"{path}/erase", headers=bearer(keys["admin"]))
        assert (erased.status_code, erased.json()) == (200, {"id": person, "erased": True})
        assert client.post(f"{path}/erase", headers=bearer(keys["admin"])).status_code == 404
        assert person not in client.get("/v1/people", headers=bearer(keys["admin"])).text
        raw = _raw(home)
    opened = from_journal(journal, _opened)
    for name in names:
        assert name not in opened
        assert name.encode() not in raw + _raw(home)
    acts = [each.header.outcome for each in acts_in(journal, RecordKind.PERSON) if each.text("subject") == person]
    assert acts == ["add", "end", "erase"]
