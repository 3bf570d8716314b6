"""`credence journal export`: a folder that proves itself to a program that knows nothing of ours, and a table."""

from __future__ import annotations

import json
import os
import stat
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from api.settings import Settings
from ledger.export import export_folder, exporting
from ledger.record.record_header import RecordKind
from ledger.search import all_wanted
from ledger.store.trouble import JournalUnavailable
from tests.support.command_line import credence
from tests.support.journal_reading import from_journal
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys, settings_in
from tests.support.running_service import BODY, journal_file

CANARY = "0.3719"
COUNT = 246
"""With people and keys more than a tile of 256 hashes."""


class Kept:
    def __init__(self, home: Path, count: int) -> None:
        self.settings: Settings = settings_in(home)
        keys = people_with_keys(self.settings.journal, EVERY_ROLE)
        self.sent: dict[str, tuple[bytes, bytes]] = {}
        with asking_for_keys(self.settings) as client:
            for number in range(count):
                account = {"id": f"C-{number % 3}", "current_ratio": CANARY, "insolvent": False}
                body = json.dumps({**BODY, "order": {"id": f"SO-{number}", "amount": "12000"}, "account": account})
                sent = bearer(keys["desk"], content_type="application/json")
                answer = client.post("/v1/decisions/order", content=body, headers=sent)
                self.sent[answer.json()["id"]] = body.encode(), answer.content
        self.file = journal_file(self.settings)

    def exports(self) -> list[dict[str, Any]]:
        records = from_journal(self.file, lambda journal: journal.records(RecordKind.EXPORT))
        return [json.loads(record.text("export") or "") for record in records]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept"), COUNT)


class Exported:
    """The folder, read and checked with hashes and a signature only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lines = (folder / "entries.ndjson").read_text("utf-8").splitlines()
        self.lines = [json.loads(line) for line in lines]
        self.headers = [json.loads(line["header"]) for line in self.lines]
        self.manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        note = (folder / "checkpoint").read_text("utf-8")
        self.text, _, self.signature = note.partition("\n\n")
        self.origin, size, self.root = self.text.split("\n")
        self.size = int(size)

    def findings(self) -> list[str]:
        found = []
        for name, said in self.manifest["files"].items():
            content = (self.folder / name).read_bytes()
            if (len(content), sha256(content).hexdigest()) != (said["bytes"], said["sha256"]):
                found.append(f"{name}: is not the one in the manifest")
        for line, header in zip(self.lines, self.headers, strict=True):
            committed = [_commitment(p) if "content" in p else bytes.fromhex(p["commitment"]) for p in line["parts"]]
            if sha256(b"".join(committed)).hexdigest() != header["body"]:
                found.append(f"record {header['seq']}: a part is not the one recorded")
            if _leaf(line) != self._hash(0, header["seq"]):
                found.append(f"record {header['seq']}: is not the one in its tile")
        leaves = [self._hash(0, seq) for seq in range(self.size)]
        if _root(leaves) != b64decode(self.root):
            found.append("the tiles are not those of the checkpoint")
        for level in (1,):
            above = [self._hash(level, number) for number in range(self.size >> 8 * level)]
            if above != [_root(leaves[256 * number : 256 * number + 256]) for number in range(len(above))]:
                found.append(f"tiles of level {level} are not those of the level below")
        name, _, key = self.manifest["checkpoint"]["verifier_key"].split("+", 2)
        public = Ed25519PublicKey.from_public_bytes(b64decode(key)[1:])
        mark, signer, signature = self.signature.strip().split(" ")
        public.verify(b64decode(signature)[4:], f"{self.text}\n".encode())
        assert (mark, signer, self.origin) == ("—", name, name)
        return found

    def _hash(self, level: int, number: int) -> bytes:
        tile, at = divmod(number, 256)
        full = self.folder / "tile" / str(level) / f"{tile:03d}"
        [path] = [full] if full.is_file() else list(Path(f"{full}.p").iterdir())
        return path.read_bytes()[32 * at : 32 * at + 32]

    def document(self, number: int, name: str) -> bytes:
        parts: dict[str, bytes] = {p["path"]: p["content"].encode() for p in self.lines[number]["parts"]}
        document = parts[name]
        pieces = [(int(p.rpartition("@")[2]), c) for p, c in parts.items() if p.startswith(f"{name}/")]
        for at, content in sorted(pieces):
            document = document[:at] + content + document[at:]
        return document


def _commitment(part: dict[str, str]) -> bytes:
    return sha256(bytes.fromhex(part["salt"]) + part["path"].encode() + b"\0" + part["content"].encode()).digest()


def _leaf(line: dict[str, Any]) -> bytes:
    return sha256(b"\0" + line["header"].encode()).digest()


def _root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + _root(leaves[:k]) + _root(leaves[k:])).digest()


def _export(kept: Kept, *words: str | Path) -> str:
    done = credence("journal", "export", "--journal", kept.file, *words)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_the_folder_proves_all_that_it_holds(kept: Kept, tmp_path: Path) -> None:
    said = _export(kept, tmp_path / "out")
    exported = Exported(tmp_path / "out")
    assert exported.findings() == []
    assert exported.size > 256
    assert [header["seq"] for header in exported.headers] == list(range(exported.size))
    assert said == f"{exported.size:,} records of the first {exported.size:,} written to {tmp_path / 'out'}\n"
    decided = {header["id"]: number for number, header in enumerate(exported.headers) if header["kind"] == "decision"}
    assert decided.keys() == kept.sent.keys()
    for id_, (request, answer) in kept.sent.items():
        assert exported.document(decided[id_], "request") == request
        assert exported.document(decided[id_], "answer") == answer
    [version] = {header["policy"] for header in exported.headers if header["policy"]}
    policies = json.loads((tmp_path / "out" / "policy_sets" / f"{version}.json").read_text("utf-8"))
    assert policies["files"]["rules/orders.yaml"] == (kept.settings.rules / "orders.yaml").read_text("utf-8")


@pytest.mark.parametrize("what", ["content", "header", "tile", "removed part", "commitment"])
def test_what_was_changed_is_seen(kept: Kept, tmp_path: Path, what: str) -> None:
    """The check above could fail."""
    _export(kept, tmp_path / "out", "--masked")
    exported = Exported(tmp_path / "out")
    [line] = [each for each, header in zip(exported.lines, exported.headers, strict=True) if header["seq"] == 200]
    if what == "content":
        next(part for part in line["parts"] if "content" in part)["content"] += " "
    elif what == "header":
        line["header"] = line["header"].replace("hold", "approve")
    elif what == "removed part":
        line["parts"].pop()
    elif what == "commitment":
        next(part for part in line["parts"] if "content" not in part)["commitment"] = "0" * 64
    else:
        tile = tmp_path / "out" / "tile" / "0" / "000"
        tile.write_bytes(tile.read_bytes()[:6400] + bytes(32) + tile.read_bytes()[6432:])
    assert [finding for finding in exported.findings() if "manifest" not in finding] != []


def test_a_filter_exports_some_and_proves_them(kept: Kept, tmp_path: Path) -> None:
    _export(kept, tmp_path / "out", "--account", "C-1", "--until", "2199-01-01")
    exported = Exported(tmp_path / "out")
    assert exported.findings() == []
    assert {json.loads(exported.document(n, "request"))["account"]["id"] for n in range(len(exported.lines))} == {"C-1"}
    assert exported.manifest["records"] == len(exported.lines) == COUNT // 3
    assert kept.exports()[-1] | {"by": "", "size": 0} == {
        "by": "",
        "filter": {"account": "C-1", "until": "2199-01-01"},
        "forms": ["folder"],
        "masked": False,
        "records": COUNT // 3,
        "size": 0,
    }


def test_masked_it_holds_commitments_in_place_of_what_is_confidential(kept: Kept, tmp_path: Path) -> None:
    _export(kept, tmp_path / "out", "--masked", "--kind", "decision")
    exported = Exported(tmp_path / "out")
    assert exported.findings() == []
    assert CANARY not in (tmp_path / "out" / "entries.ndjson").read_text("utf-8")
    hidden = {p["path"] for line in exported.lines for p in line["parts"] if "commitment" in p}
    assert {"request/account.current_ratio", "request/account.insolvent", "answer", "answer/results"} <= hidden
    assert {p["path"] for line in exported.lines for p in line["parts"] if "content" in p} == {
        "request",
        "activation-number",
    }


@pytest.mark.parametrize("beside", ["its commitment", "none"])
def test_a_masked_value_that_somebody_fills_in_is_named(kept: Kept, tmp_path: Path, beside: str) -> None:
    """Whoever got the export masked can't say what stood there."""
    _export(kept, tmp_path / "out", "--masked")
    assert credence("journal", "verify", tmp_path / "out").exit_code == 0
    file = tmp_path / "out" / "entries.ndjson"
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    part = next(part for part in lines[200]["parts"] if part["path"] == "request/account.current_ratio")
    made_up = {"path": part["path"], "salt": "00" * 16, "content": '"9.99"'}
    was = part.pop("commitment")
    part |= {**made_up, "commitment": was} if beside == "its commitment" else made_up
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    file.write_bytes(content)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    manifest["files"]["entries.ndjson"] = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    done = credence("journal", "verify", tmp_path / "out", "--json")
    assert [each["fault"] for each in json.loads(done.stdout)["first"]] == [
        "entries.ndjson:201: record 200: part account.current_ratio is not the one recorded"
    ]
    assert done.exit_code == 1


def test_decisions_become_a_table(kept: Kept, tmp_path: Path) -> None:
    _export(kept, "--parquet", tmp_path / "d.parquet", "--outcome", "hold")
    rows = pq.read_table(tmp_path / "d.parquet").to_pylist()
    assert [row["id"] for row in rows] == [*kept.sent]
    for row in rows:
        request, answer = kept.sent[row["id"]]
        assert (row["request"].encode(), row["answer"].encode()) == (request, answer)
        decision = json.loads(answer)
        assert [row["subject"], row["as_of"], row["outcome"], row["rules"]] == [
            decision["subject"],
            decision["as_of"],
            decision["outcome"],
            [reason["rule"] for reason in decision["reasons"]],
        ]
    _export(kept, tmp_path / "out", "--kind", "decision")
    leaves = [_leaf(line).hex() for line in Exported(tmp_path / "out").lines]
    assert [row["leaf"] for row in rows] == leaves
    _export(kept, "--parquet", tmp_path / "m.parquet", "--masked")
    assert CANARY.encode() not in (tmp_path / "m.parquet").read_bytes()
    masked = pq.read_table(tmp_path / "m.parquet").to_pylist()
    assert {(row["request"], row["answer"]) for row in masked} == {(None, None)}


def test_both_at_once_and_only_their_owner_reads_them(kept: Kept, tmp_path: Path) -> None:
    words = (tmp_path / "out", "--parquet", tmp_path / "d.parquet", "--subject", "SO-7", "--json")
    said = json.loads(_export(kept, *words))
    assert (said["records"], said["written"]) == (1, [str(tmp_path / "out"), str(tmp_path / "d.parquet")])
    assert pq.read_table(tmp_path / "d.parquet").num_rows == 1
    for path in (tmp_path / "out", tmp_path / "d.parquet", *(tmp_path / "out").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.parquet", "out"]


@pytest.mark.parametrize("at", ["reading", "finishing", "recording", "interrupted"])
def test_what_breaks_off_leaves_nothing(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    before = len(kept.exports())

    def fails(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt if at == "interrupted" else JournalUnavailable("made up")

    place = {"finishing": (export_folder, "_tiles"), "recording": (exporting, "_record")}
    monkeypatch.setattr(*place.get(at, (all_wanted, "opened_or_gone")), fails)
    words = (tmp_path / "out", "--parquet", tmp_path / "d.parquet")
    done = credence("journal", "export", "--journal", kept.file, *words)
    assert done.exit_code == (130 if at == "interrupted" else 2)
    assert [*tmp_path.iterdir()] == []
    monkeypatch.undo()
    assert len(kept.exports()) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give FOLDER, or --parquet with a file"),
        (["there"], "`there` is there already; nothing was written"),
        (["none/out"], "can't be written: No such file or directory"),
        (["--parquet", "there"], "`there` is no ordinary file"),
        (["--parquet", "p.parquet", "--kind", "person"], "--parquet holds decisions, and --kind person is none"),
        (["out", "--case", "ordr"], "did you mean `order`?"),
    ],
)
def test_what_can_not_be_written_is_refused(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    done = credence("journal", "export", "--journal", kept.file, *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_tiles_are_named_as_c2sp_names_them() -> None:
    paths = {0: "000", 67: "067", 999: "999", 1000: "x001/000", 1234067: "x001/x234/067"}
    assert {number: export_folder.tile_path(number) for number in paths} == paths


def test_a_journal_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    done = credence("journal", "export", "--journal", tmp_path / "none.db", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "can't be read" in done.stderr
    assert [*tmp_path.iterdir()] == []


def test_two_exports_at_once_and_what_was_left_behind_don_t_meet(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run with the same FOLDER begins and ends within the first, which then has no place left."""
    (tmp_path / ".out.partial").mkdir()
    (tmp_path / ".d.parquet.partial").write_text("somebody's")
    record = exporting._record

    def recorded(*said: Any) -> None:
        monkeypatch.setattr(exporting, "_record", record)
        _export(kept, tmp_path / "out", "--account", "C-2")
        record(*said)

    monkeypatch.setattr(exporting, "_record", recorded)
    first = credence("journal", "export", "--journal", kept.file, tmp_path / "out", "--account", "C-1")
    assert first.exit_code == 2
    assert "the folder can't take its place" in " ".join(first.stderr.split())
    exported = Exported(tmp_path / "out")
    assert exported.findings() == []
    assert {json.loads(exported.document(n, "request"))["account"]["id"] for n in range(len(exported.lines))} == {"C-2"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".d.parquet.partial", ".out.partial", "out"]


def test_what_is_at_its_place_already_is_said_where_the_rest_can_not_follow(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is published and on record, so it isn't true that nothing was exported."""
    before, record = len(kept.exports()), exporting._record

    def recorded(*said: Any) -> None:
        record(*said)
        (tmp_path / "d.parquet").mkdir()

    monkeypatch.setattr(exporting, "_record", recorded)
    words = (tmp_path / "out", "--parquet", tmp_path / "d.parquet", "--account", "C-1")
    done = credence("journal", "export", "--journal", kept.file, *words)
    said = " ".join(done.stderr.split())
    assert (done.exit_code, "nothing was exported" in said) == (2, False)
    assert "the parquet can't take its place: Is a directory; the export is on record; the folder is written" in said
    assert Exported(tmp_path / "out").findings() == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.parquet", "out"]
    assert len(kept.exports()) == before + 1


def test_each_file_and_folder_is_on_disk_before_the_export_is_on_record(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the folder that holds their names after they have them."""
    synced: list[Path] = []
    on_record: list[set[Path]] = []
    sync, record = os.fsync, exporting._record

    def noted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    def recorded(*said: Any) -> None:
        on_record.append({*synced})
        synced.clear()
        record(*said)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(exporting, "_record", recorded)
    _export(kept, tmp_path / "out", "--parquet", tmp_path / "d.parquet")
    inside = {
        path.relative_to(work) for path in on_record[0] for work in path.parents if work.name.endswith(".partial")
    }
    assert inside == {path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*")}
    assert sum(path.name.endswith(".partial") for path in on_record[0]) == 2
    assert synced.count(tmp_path) == 2
