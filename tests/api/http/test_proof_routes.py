"""Proofs over HTTP: for whoever may read the record, and checked by the key alone."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator

import httpx2
import pytest

from ledger.journal.checkpointing import Checkpointing
from ledger.record.log_proofs import LogProof, read_proof
from ledger.record.signed_notes import NoteVerifier
from ledger.store.secret_files import signing_key
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys, service_key, settings_in
from tests.support.running_service import BODY, eventually


class Served:
    def __init__(self, client: httpx2.Client, keys: dict[str, str], verifier: NoteVerifier) -> None:
        self.client, self.keys, self.verifier = client, keys, verifier

    def decided(self, who: str) -> tuple[str, int]:
        answer = self.client.post("/v1/decisions/order", json=BODY, headers=bearer(self.keys[who]))
        assert answer.status_code == 201, answer.text
        return answer.json()["id"], int(answer.headers["journal-entry"])

    def asked(self, path: str, who: str) -> httpx2.Response:
        return self.client.get(path, headers=bearer(self.keys[who]))

    def proved(self, path: str, who: str) -> LogProof:
        eventually(lambda: self.asked(path, who).status_code == 200)
        answer = self.asked(path, who)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        return read_proof(answer.text)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = settings_in(tmp_path_factory.mktemp("service"))
    keys = people_with_keys(settings.journal, {**EVERY_ROLE, "other": frozenset({*EVERY_ROLE["order-entry"]})})
    keys["erp"] = service_key(settings.journal, "erp", *EVERY_ROLE["order-entry"])
    verifier = signing_key(settings.key_places.signing_key, may_make=False).verifier
    with asking_for_keys(settings) as client:
        yield Served(client, keys, verifier)


@pytest.mark.parametrize("who", ["order-entry", "erp"])
def test_whoever_asked_gets_the_proof_of_its_own_and_of_no_other(served: Served, who: str) -> None:
    id_, seq = served.decided(who)
    proof = served.proved(f"/v1/decisions/{id_}/proof", who)
    header, checkpoint = proof.checked(served.verifier)
    assert (header.seq, header.id, header.kind, header.outcome) == (seq, id_, "decision", "hold")
    assert checkpoint.size > seq
    refused = served.asked(f"/v1/decisions/{id_}/proof", "other")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
    assert (
        served.asked(f"/v1/decisions/{id_.upper()}/proof", "desk").text
        == served.asked(f"/v1/decisions/{id_}/proof", "editor").text
    )


@pytest.mark.parametrize("who", ["auditor", "privacy", "admin"])
def test_any_record_is_proved_to_whoever_reads_records(served: Served, who: str) -> None:
    for record in ("0", "1"):
        header, _ = served.proved(f"/v1/journal/{record}/proof", who).checked(served.verifier)
        assert (str(header.seq), header.kind) == (record, "person")
        assert served.asked(f"/v1/journal/{header.id}/proof", who).status_code == 200
    assert served.asked("/v1/journal/0/proof", "desk").status_code == 403


def test_it_names_nobody_and_has_no_figure(served: Served) -> None:
    id_, _ = served.decided("order-entry")
    proof = served.proved(f"/v1/decisions/{id_}/proof", "order-entry")
    extra = b64decode(proof.text().split("\n")[1].split(" ")[1])
    assert json.loads(extra)["id"] == id_
    assert BODY["order"] == {"id": "SO-1", "amount": "12000.00"}
    assert b"SO-1" not in extra
    assert b"12000" not in extra


def test_before_a_checkpoint_covers_it_one_is_asked_to_come_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Checkpointing, "is_due", lambda *_, **__: False)
    id_, seq = served.decided("desk")
    for path, who in ((f"/v1/decisions/{id_}/proof", "desk"), (f"/v1/journal/{seq}/proof", "auditor")):
        answer = served.asked(path, who)
        assert (answer.status_code, answer.content, answer.headers["retry-after"]) == (202, b"", "1")


@pytest.mark.parametrize(
    ("path", "status", "type"),
    [
        ("/v1/journal/999999/proof", 404, "/problems/unknown-record"),
        ("/v1/journal/x'--/proof", 404, "/problems/unknown-record"),
        ("/v1/decisions/01a20069-767e-7289-841e-0c1e0d8f48ea/proof", 404, "/problems/unknown-decision"),
        ("/v1/decisions/order/proof", 404, "/problems/unknown-decision"),
        ("/v1/journal/0/proof?x=1", 422, "/problems/invalid-request"),
    ],
)
def test_what_is_not_there_is_said(served: Served, path: str, status: int, type: str) -> None:
    who = "auditor"
    answer = served.asked(path, who)
    assert (answer.status_code, answer.json()["type"]) == (status, type)
