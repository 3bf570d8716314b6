"""The log over HTTP: copied by its tiles alone, it is the log that was signed; and cosignatures handed in."""

from __future__ import annotations

import shutil
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from time import time

import httpx2
import pytest
from pydantic import ValidationError

from api.http.access_table import NO_ROLE, ROWS, Right
from ledger.access.roles import Role
from ledger.record.cosignatures import cosignature, cosigned_at
from ledger.record.log_proofs import read_proof
from ledger.record.merkle_tree import leaf_hash
from ledger.record.signed_notes import COSIGNATURE, NoteVerifier, new_signer
from ledger.store.secret_files import beside, signing_key
from tests.support.keyed_services import asking_for_keys, bearer, people_with_keys, settings_in
from tests.support.running_service import eventually, journal_file
from tests.support.tampering import write_journal

WITNESS, STRANGER = (new_signer(f"{name}.example/w1", COSIGNATURE) for name in ("auditor", "stranger"))
RECORDS = 600


class Served:
    def __init__(self, client: httpx2.Client, keys: dict[str, str], verifier: NoteVerifier, journal: Path) -> None:
        self.client, self.keys, self.verifier, self.journal = client, keys, verifier, journal

    def got(self, path: str, who: str = "auditor") -> httpx2.Response:
        return self.client.get(path, headers=bearer(self.keys[who]))

    def tile(self, path: str) -> list[bytes]:
        answer = self.got(f"/tile/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream"), path
        return [answer.content[at : at + 32] for at in range(0, len(answer.content), 32)]

    def handed_in(self, size: int, line: str) -> httpx2.Response:
        body = {"size": size, "cosignature": line}
        return self.client.post("/v1/journal/cosignatures", json=body, headers=bearer(self.keys["auditor"]))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("service")
    journal = home / "var" / "credence.db"
    write_journal(journal, beside(journal), (256, 512, RECORDS))
    (home / "trust.policy").write_text(f"witness auditor {WITNESS.verifier.as_text()}\nquorum auditor\n", "utf-8")
    return home


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    settings = settings_in(home, trust_policy=str(home / "trust.policy"))
    roles = {"auditor": frozenset({Role.AUDITOR}), "admin": frozenset({Role.ADMIN}), "desk": frozenset({Role.DESK})}
    keys = people_with_keys(settings.journal, roles)
    verifier = signing_key(settings.key_places.signing_key, may_make=False).verifier
    with asking_for_keys(settings) as client:
        made = Served(client, keys, verifier, journal_file(settings))
        eventually(lambda: _size(made.got("/checkpoint").text) >= RECORDS + 6)
        yield made


def _size(note: str) -> int:
    return int(note.split("\n")[1])


def _root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + _root(leaves[:k]) + _root(leaves[k:])).digest()


def test_a_copy_of_the_tiles_has_the_root_that_was_signed(served: Served) -> None:
    note = served.got("/checkpoint").text
    size = _size(note)
    leaves = served.tile("0/000") + served.tile("0/001") + served.tile(f"0/002.p/{size - 512}")
    assert len(leaves) == size
    assert b64decode(served.verifier.verified(note).split("\n")[2]) == _root(leaves)
    assert served.tile("1/000.p/2") == [_root(leaves[:256]), _root(leaves[256:512])]
    assert served.tile("0/001.p/7") == leaves[256:263]
    assert served.tile("1/000.p/1") == [_root(leaves[:256])]


def test_entries_are_what_the_hashes_are_of(served: Served) -> None:
    for path, tile in (("entries/001", "0/001"), ("entries/002.p/5", "0/002.p/5")):
        content, found = served.got(f"/tile/{path}", "admin").content, []
        while content:
            length = int.from_bytes(content[:2])
            found.append(leaf_hash(content[2 : 2 + length]))
            content = content[2 + length :]
        assert found == served.tile(tile)


@pytest.mark.parametrize(
    "path",
    [
        *("0/003", "0/002", "0/002.p/255", "1/000", "2/000.p/1", "7/000", "8/000", "00/000", "0/0", "0/000.p/0"),
        *("0/000.p/256", "0/000.p/257", "0/x000/000", "0/x001", "x/000", "0", "0/000/", "entries/003", "entries/"),
        *("entries/000.p/256", "-1/000", "0/000.p/01", "٠/000", "0/٠٠٠", "0/x001/x234/067"),
    ],
)
def test_what_the_signed_log_does_not_have_is_not_there(served: Served, path: str) -> None:
    answer = served.got(f"/tile/{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_by_a_setting_hashes_are_for_everybody_and_headers_are_not(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "var", tmp_path / "var")
    with asking_for_keys(settings_in(tmp_path, public_log=True)) as client:
        by_setting = [row.path for row in ROWS if row.rights.get(NO_ROLE) is Right.SETTING]
        assert by_setting == ["/checkpoint", "/tile/{tile:path}"]
        assert client.get("/checkpoint").status_code == 200
        assert len(client.get("/tile/0/001").content) == 8_192
        for path in ("/tile/entries/001", "/tile/entries/001.p/5", "/v1/journal", "/v1/journal/0"):
            assert client.get(path).status_code == 401, path
        for path in ("/tile//entries/001", "/tile/./entries/001", "/tile/entries%2F001", "/tile/x/../entries/001"):
            assert client.get(path).status_code in (401, 404), path
        assert client.post("/v1/journal/cosignatures", json={}).status_code == 401


def test_a_cosignature_is_kept_and_stands_in_proofs(served: Served) -> None:
    """Of the checkpoints that cover a record the cosigned one proves it."""
    note = _note(served, 512)
    line = cosignature(WITNESS, note, 1_700_000_000)
    answer = served.handed_in(512, line)
    assert (answer.status_code, answer.json()) == (
        200,
        {"size": 512, "witness": "auditor", "cosigned_at": "2023-11-14T22:13:20Z", "new": True},
    )
    again = served.handed_in(512, cosignature(WITNESS, note, 1_700_000_001))
    assert (again.status_code, again.json()["new"]) == (200, False)
    proof = read_proof(served.got("/v1/journal/500/proof").text)
    assert cosigned_at(WITNESS.verifier, proof.note) == 1_700_000_000
    assert proof.checked(served.verifier)[1].size == 512
    assert cosigned_at(WITNESS.verifier, read_proof(served.got("/v1/journal/513/proof").text).note) is None


@pytest.mark.parametrize(
    ("size", "line", "said"),
    [
        (512, lambda note: cosignature(STRANGER, note, 1), "not one line of one witness that the trust policy names"),
        (512, lambda note: "\u2014 auditor.example/w1 AAAA", "not one line"),
        (512, lambda note: "hello", "it is no line of a signature"),
        (512, lambda note: cosignature(WITNESS, note, 1) + "hello", "it is no line of a signature"),
        (512, lambda _: "", "it is no line of a signature"),
        (512, lambda note: cosignature(WITNESS, note, 0), "its cosignature can't be read"),
        (512, lambda note: cosignature(WITNESS, note, int(time()) + 90_000), "more than a day from now"),
        (256, lambda note: cosignature(WITNESS, note, 1), "its signature is not that of the key"),
        (513, lambda note: cosignature(WITNESS, note, 1), "the journal has no checkpoint of 513 records"),
        (512, lambda note: cosignature(WITNESS, note, 2**62), "more than a day from now"),
        (512, lambda note: cosignature(WITNESS, note, 2**64 - 1), "more than a day from now"),
    ],
)
def test_what_no_witness_said_of_that_checkpoint_is_refused(
    served: Served, size: int, line: Callable[[str], str], said: str
) -> None:
    answer = served.handed_in(size, line(_note(served, 512)))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/cosignature-refused")
    assert said in answer.json()["detail"]


def test_a_witness_may_answer_by_keys_that_nobody_knows_yet(served: Served) -> None:
    """As of another algorithm, whose lines are longer."""
    note = _note(served, 256)
    others = cosignature(STRANGER, note, 1), f"\u2014 auditor.example/w1 {b64encode(bytes(2_432)).decode()}\n"
    answer = served.handed_in(256, others[0] + cosignature(WITNESS, note, 1_700_000_000) + others[1])
    assert (answer.status_code, answer.json()["witness"], answer.json()["new"]) == (200, "auditor", True)
    with closing(sqlite3.connect(served.journal)) as raw:
        lines = raw.execute("SELECT line FROM cosignatures WHERE size = 256").fetchall()
    assert lines == [(cosignature(WITNESS, note, 1_700_000_000),)]


@pytest.mark.parametrize("digits", [4_299, 5_000])
@pytest.mark.parametrize("character", ["0", "1", "9", "\u0661"])
@pytest.mark.parametrize(
    "path",
    [
        *("/tile/{}/000", "/tile/0/{}", "/tile/0/x{}/000", "/tile/0/000.p/{}", "/tile/entries/{}", "/v1/journal/{}"),
        *("/v1/journal/{}/proof", "/v1/journal/{}/replay", "/v1/journal/{}/case"),
    ],
)
def test_numbers_that_nobody_can_read_are_not_there(served: Served, path: str, character: str, digits: int) -> None:
    assert served.got(path.format(character * digits)).status_code in (404, 414)


def test_what_never_changes_may_be_kept(served: Served, home: Path, tmp_path: Path) -> None:
    """By whoever asked; by others in between only where no key is needed."""
    full, partial = "max-age=31536000, immutable", "max-age=60"
    for path, kept in (
        ("/checkpoint", "no-store"),
        ("/tile/0/001", f"private, {full}"),
        ("/tile/entries/001", f"private, {full}"),
        ("/tile/0/001.p/7", f"private, {partial}"),
        ("/tile/entries/001.p/7", f"private, {partial}"),
        ("/tile/0/999", "no-store"),
        ("/v1/journal/0", "no-store"),
    ):
        assert served.got(path).headers.get_list("cache-control") == [kept], path
    shutil.copytree(home / "var", tmp_path / "var")
    with asking_for_keys(settings_in(tmp_path, public_log=True)) as client:
        assert client.get("/tile/0/001").headers["cache-control"] == f"public, {full}"
        assert client.get("/checkpoint").headers["cache-control"] == "no-store"
        assert client.get("/tile/entries/001").headers["cache-control"] == "no-store"
        headers = bearer(served.keys["auditor"])
        assert client.get("/tile/entries/001", headers=headers).headers["cache-control"] == f"private, {full}"


def test_without_a_trust_policy_nobody_is_a_witness(served: Served, home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "var", tmp_path / "var")
    with asking_for_keys(settings_in(tmp_path)) as client:
        answer = client.post(
            "/v1/journal/cosignatures",
            json={"size": 512, "cosignature": cosignature(WITNESS, _note(served, 512), 1)},
            headers=bearer(served.keys["auditor"]),
        )
    assert (answer.status_code, "CREDENCE_TRUST_POLICY" in answer.json()["detail"]) == (422, True)


def test_a_trust_policy_with_a_mistake_keeps_the_service_from_starting(tmp_path: Path) -> None:
    (tmp_path / "trust.policy").write_text("quorum one\n", "utf-8")
    with pytest.raises(ValidationError, match="line 1: no line before it is about `one`"):
        settings_in(tmp_path, trust_policy=str(tmp_path / "trust.policy"))
    with pytest.raises(ValidationError, match="is no file"):
        settings_in(tmp_path, trust_policy=str(tmp_path / "none"))


def _note(served: Served, size: int) -> str:
    """As the log signed it."""
    with closing(sqlite3.connect(served.journal)) as raw:
        [(note,)] = raw.execute("SELECT note FROM checkpoints WHERE size = ?", (size,))
    return str(note)
