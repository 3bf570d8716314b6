"""An auditor with programs of their own: everything about a journal computed again from its stored rows.

Written from docs/auditors.md, with hashes and ciphers only: nothing of the product is imported, so that a mistake in
what writes records can't hide in what checks them.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256, shake_128
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MEMBERS = {
    *("actor", "at", "body", "case", "engine", "format", "id"),
    *("kind", "outcome", "policy", "request_id", "seq", "v"),
}
COLUMNS = {"seq": "seq", "id": "id", "at": "at", "kind": "kind", "case_kind": "case", "outcome": "outcome"}
COLUMNS |= {"actor": "actor", "policy": "policy"}


@dataclass(frozen=True, slots=True)
class Parts:
    """A body that was opened."""

    salt: bytes
    parts: list[tuple[str, bytes]]

    def digest(self) -> str:
        stream = shake_128(self.salt).digest(16 * len(self.parts))
        committed = [
            sha256(stream[16 * n : 16 * n + 16] + path.encode() + b"\0" + content).digest()
            for n, (path, content) in enumerate(self.parts)
        ]
        return sha256(b"".join(committed)).hexdigest()

    def document(self, name: str) -> bytes:
        [document] = [content for path, content in self.parts if path == name]
        pieces = [(path.rpartition("@")[2], content) for path, content in self.parts if path.startswith(f"{name}/")]
        for at, content in sorted((int(at), content) for at, content in pieces):
            document = document[:at] + content + document[at:]
        return document


class Audit:
    """Of the journal at a path, with its keys beside it."""

    def __init__(self, path: Path) -> None:
        stem = path.with_suffix("")
        self.entries, self.bodies = _rows(path, "entries"), {row["seq"]: row for row in _rows(path, "bodies")}
        self.tiles = {(row["level"], row["number"]): row["hashes"] for row in _rows(path, "tiles")}
        self.checkpoints, [self.head] = _rows(path, "checkpoints"), _rows(path, "head")
        self.rules = {(row["rule"], row["seq"]) for row in _rows(path, "entry_rules")}
        self.blinds = {(row["blind"], row["seq"]) for row in _rows(path, "entry_blinds")}
        wrapping = b64decode(Path(f"{stem}.wrapping-key").read_text())
        self.keys = dict(_unwrapped(wrapping, _rows(Path(f"{stem}.keys.db"), "subject_keys")))
        self.signing_key = Path(f"{stem}.signing-key").read_text().strip()

    def findings(self) -> list[str]:
        """What is wrong; empty where nothing is."""
        leaves = [sha256(b"\0" + str(entry["header"]).encode("utf-8", "replace")).digest() for entry in self.entries]
        return [*self._records(), *self._log(leaves), *self._signed(leaves), *self._found_by()]

    def opened(self, seq: int) -> Parts:
        row = self.bodies[seq]
        packed = AESGCM(self.keys[row["key_number"]]).decrypt(row["nonce"], row["sealed"], seq.to_bytes(8, "big"))
        index, _, contents = packed[16:].partition(b"\n")
        parts, at = [], 0
        for path, length in json.loads(index):
            parts.append((path, contents[at : at + length]))
            at += length
        return Parts(packed[:16], parts)

    def _records(self) -> Iterator[str]:
        last = ""
        for place, entry in enumerate(self.entries):
            seq = entry["seq"]
            try:
                header = json.loads(entry["header"])
                canonical = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            except ValueError:
                yield f"record {seq}: its header is no JSON"
                continue
            if seq != place or header["seq"] != place:
                yield f"record {place}: is not where its number says"
            if canonical != entry["header"] or set(header) != MEMBERS:
                yield f"record {seq}: its header is not canonical"
            wrong = [column for column, member in COLUMNS.items() if entry[column] != header.get(member)]
            yield from (f"record {seq}: column {column} is not what the header says" for column in wrong)
            if header["at"] < last:
                yield f"record {seq}: is earlier than the one before"
            last = header["at"]
            yield from self._body(seq, header["body"])

    def _body(self, seq: int, digest: str) -> Iterator[str]:
        try:
            if self.opened(seq).digest() != digest:
                yield f"record {seq}: its body is not the one recorded"
        except KeyError:
            yield f"record {seq}: its body or its key is missing"
        except (InvalidTag, ValueError):
            yield f"record {seq}: its body does not open"

    def _log(self, leaves: Sequence[bytes]) -> Iterator[str]:
        expected = dict(_tiles(leaves))
        for place in sorted(expected.keys() | self.tiles.keys()):
            if expected.get(place) != self.tiles.get(place):
                yield f"tile {place[0]}/{place[1]}: is not that of the records"
        frontier = b"".join(_peaks(leaves))
        if (self.head["size"], self.head["frontier"]) != (len(leaves), frontier):
            yield "the head is not that of the records"

    def _signed(self, leaves: Sequence[bytes]) -> Iterator[str]:
        _, _, name, key_id, secret = self.signing_key.split("+", 4)
        key = Ed25519PrivateKey.from_private_bytes(b64decode(secret)[1:])
        public = key.public_key()
        known = sha256(name.encode() + b"\n\x01" + public.public_bytes_raw()).digest()[:4]
        if known.hex() != key_id:
            yield "the signing key is not the one that its id says"
        for row in self.checkpoints:
            text, _, line = row["note"].partition("\n\n")
            origin, size, root = (f"{text}\n".split("\n"))[:3]
            mark, signer, signature = line.strip().split(" ")
            try:
                public.verify(b64decode(signature)[4:], f"{text}\n".encode())
            except InvalidSignature:
                yield f"checkpoint {row['size']}: its signature is not that of the journal key"
                continue
            if (mark, signer, origin, b64decode(signature)[:4]) != ("\u2014", name, name, known):
                yield f"checkpoint {row['size']}: is another log's"
            if int(size) != row["size"] or int(size) > len(leaves) or b64decode(root) != _root(leaves[: int(size)]):
                yield f"checkpoint {row['size']}: the records are not those that it was signed over"

    def _found_by(self) -> Iterator[str]:
        """What records are found by says what their bodies say."""
        blinding = self.keys[0]
        rules, blinds = set(), set()
        for entry in self.entries:
            if entry["kind"] != "decision":
                continue
            try:
                opened = self.opened(entry["seq"])
            except (KeyError, InvalidTag):
                continue
            request, answer = (json.loads(opened.document(name)) for name in ("request", "answer"))
            for reason in answer["reasons"]:
                rules |= {(rule, entry["seq"]) for rule in reason.get("rules", [reason["rule"]])}
            blinds.add((_blind(blinding, "subject", answer["subject"]), entry["seq"]))
            blinds.add((_blind(blinding, "account", request["account"]["id"]), entry["seq"]))
        if rules != self.rules or not blinds <= self.blinds:
            yield "what records are found by is not what they say"


def _rows(path: Path, table: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as raw:
        raw.row_factory = sqlite3.Row
        return raw.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


def _unwrapped(wrapping: bytes, rows: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    for row in rows:
        stored, bound = row["wrapped_key"], row["number"].to_bytes(8, "big") + row["subject_blind"]
        yield row["number"], AESGCM(wrapping).decrypt(stored[:12], stored[12:], bound)


def _blind(blinding: bytes, what: str, name: str) -> bytes:
    return hmac.new(blinding, f"{what}\0{name}".encode(), "sha256").digest()[:16]


def _root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + _root(leaves[:k]) + _root(leaves[k:])).digest()


def _peaks(leaves: Sequence[bytes]) -> Iterator[bytes]:
    at = 0
    for bit in reversed(range(len(leaves).bit_length())):
        if len(leaves) >> bit & 1:
            yield _root(leaves[at : at + (1 << bit)])
            at += 1 << bit


def _tiles(leaves: Sequence[bytes]) -> Iterator[tuple[tuple[int, int], bytes]]:
    level, hashes = 0, list(leaves)
    while hashes:
        whole = [hashes[at : at + 256] for at in range(0, len(hashes) - 255, 256)]
        yield from (((level, number), b"".join(tile)) for number, tile in enumerate(whole))
        level, hashes = level + 1, [_root(tile) for tile in whole]
