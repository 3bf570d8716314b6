"""The folder of an export, computed again from what is in it: it needs neither the journal nor its keys.

Each line is checked with its place in entries.ndjson, its leaf against the hashes of the log; then the hashes against
the checkpoint, each level against the one below; the checkpoint by the key that is trusted; policy sets, and the
manifest.

    entries.ndjson:701: record 700: its body is not the one recorded

A folder may have been made by anybody: only names that an export has are read, and only regular files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.diagnostics.wording import clipped
from engine.vocabulary.strict_json import JsonRefused, read_json_object
from ledger.export.export_folder import FORMAT, tile_path
from ledger.record.body_parts import Part, commitment, digest_of
from ledger.record.checkpoints import stated_size
from ledger.record.decision_parts import REQUEST
from ledger.record.gone_bodies import ERASED, ERASURE
from ledger.record.log_tiles import TILE_HASHES, hashes_in
from ledger.record.merkle_tree import HASH_BYTES
from ledger.record.record_header import Header, RecordKind
from ledger.record.signed_notes import BadNote, read_verifier
from ledger.store.text_files import small_text
from ledger.store.trouble import FileTrouble
from ledger.verify.history_check import HistoryCheck, SignedSize
from ledger.verify.journal_check import NOTHING_OUTSIDE, ShowChecked, Verified
from ledger.verify.journal_faults import FaultKind, FaultsFound
from ledger.verify.line_order import LineOrder
from ledger.verify.outside_evidence import LeafCheck, OutsideEvidence
from ledger.verify.policy_set_check import PolicySetCheck
from ledger.verify.record_check import RecordCheck
from ledger.verify.tile_check import TileCheck
from ledger.verify.trusted_key import TrustedKey

ENTRIES, CHECKPOINT, MANIFEST = "entries.ndjson", "checkpoint", "manifest.json"
LINE_BYTES_MAX = 64 << 20
"""A request may have a megabyte, and each of its characters may be escaped."""

_POLICY_SET = re.compile(r"policy_sets/(?P<version>[0-9a-f]{64})\.json")
_COSIGNED = re.compile(r"cosigned/(?P<size>0|[1-9][0-9]{0,18})")
_SEQ = re.compile(r'"seq":([0-9]{1,16})[,}]')
_TILE_BYTES = TILE_HASHES * HASH_BYTES
_TILES_KEPT = 2


class ExportManifest:
    """What manifest.json says."""

    def __init__(self, folder: Path) -> None:
        """Raises `FileTrouble` where the folder is no export of this version."""
        if not (folder / MANIFEST).is_file():
            raise FileTrouble(f"`{folder}` is no export: it has no {MANIFEST}; give a folder that an export wrote")
        try:
            said: Any = read_json_object(small_text(folder / MANIFEST, "the manifest"), decimals_as_text=True)
            self.format = said["format"]
            self.files = {str(name): (each["bytes"], each["sha256"]) for name, each in said["files"].items()}
            self.is_complete = said["filter"] == {}
            self.records = int(said["records"])
            signed = said["checkpoint"]
            self.size = int(signed["size"])
            self.verifier_keys = [str(each) for each in (signed["verifier_key"], *signed.get("earlier_keys", ()))]
        except (JsonRefused, KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileTrouble(f"`{folder / MANIFEST}` is no manifest of an export") from error
        if self.format not in (1, FORMAT):
            raise FileTrouble(f"`{folder}` is of another version of credence: its format is {self.format}")

    def own_key(self) -> TrustedKey:
        """The one that the folder itself names. Raises `FileTrouble`."""
        try:
            first, *others = map(read_verifier, self.verifier_keys)
            source = f"the folder's own {MANIFEST}"
            return TrustedKey(verifier=first, source=source, is_brought=False, others=tuple(others))
        except BadNote as error:
            raise FileTrouble(f"the key in {MANIFEST} can't be used: {error}; give the journal's with --key") from error


def verify_export(
    folder: Path,
    trusted: TrustedKey,
    outside: OutsideEvidence = NOTHING_OUTSIDE,
    show: ShowChecked = lambda *_: None,
) -> Verified:
    """`outside`: what others kept. Raises `FileTrouble` where the folder is no export, or ends before a checkpoint that
    was kept, and `OSError` where it can't be read."""
    return _ExportCheck(folder, trusted, outside).done(show)


class _ExportCheck:
    def __init__(self, folder: Path, trusted: TrustedKey, outside: OutsideEvidence) -> None:
        self._folder, self._manifest = folder, ExportManifest(folder)
        self._faults = FaultsFound()
        self._tiles_read: dict[tuple[int, int], list[bytes] | None] = {}
        note = self._small(CHECKPOINT)
        stated = None if note is None else stated_size(note)
        if stated is None:
            self._faults.add(FaultKind.FILE, f"{CHECKPOINT}: holds none, so nothing is signed")
        self._size = self._manifest.size if stated is None else stated
        beyond = next((each for each in outside.notes if each.size > self._size), None)
        if beyond is not None:
            raise FileTrouble(
                f"{beyond.name} covers {beyond.size} records, and the export ends at {self._size}, so the two can't be "
                "compared; export the journal again"
            )
        later = next((each[0].name for seq, each in outside.receipts.items() if seq >= self._size), None)
        if later is not None:
            raise FileTrouble(
                f"`{later}` proves a record behind the export's end, {self._size}; export the journal again"
            )
        own = [] if stated is None else [SignedSize(stated, f"{CHECKPOINT} {stated}", note)]
        own += self._cosigned()
        # the leaf of a receipt is compared in any case, its checkpoint where the export goes as far
        kept = [each for each in outside.all_notes if each.size <= self._size]
        coming = sorted([*own, *kept], key=lambda each: each.size)
        self._history = HistoryCheck(coming, trusted.verifiers, self._faults, trusted.policy)
        self._outside = LeafCheck(outside, self._faults)
        self._records = RecordCheck(faults=self._faults, key=None)
        self._order = LineOrder(self._faults, self._size, is_complete=self._manifest.is_complete)
        self._withheld = 0
        self._gone: list[tuple[Header, dict[str, Any], str]] = []  # records without bodies, and why

    def done(self, show: ShowChecked) -> Verified:
        faults = self._faults
        lines = 0
        for lines, line in enumerate(self._lines(), 1):
            self._line(f"{ENTRIES}:{lines}", line)
            show("records", lines, self._manifest.records)
        self._order.finish(f"{ENTRIES}:{lines + 1}")
        if lines != self._manifest.records:
            faults.add(FaultKind.FILE, f"{MANIFEST}: says {self._manifest.records} records, {ENTRIES} has {lines}")
        self._judge_gone()
        self._log(show)
        policies = PolicySetCheck(faults)
        policies.look(self._policy_sets())
        policies.finish(self._records)
        return Verified(
            faults=faults,
            records=lines,
            size=self._size,
            signed=self._history.signed,
            witnessed=self._history.witnessed,
            cosigned_at=self._history.cosigned_at,
            mirrored=self._outside.mirrored,
            checkpoints=self._history.checkpoints,
            signed_by=self._history.signed_by,
            opened=self._records.opened,
            withheld=self._withheld,
            erased=self._records.gone.erased,
            dropped=self._records.gone.dropped,
            policy_sets=policies.sets,
        )

    # --- records ------------------------------------------------------------------------------------------------

    def _lines(self) -> Iterator[bytes]:
        """Hashed on the way: the manifest says what comes out."""
        path, hashed, length = self._folder / ENTRIES, sha256(), 0
        if not path.is_file():
            self._faults.add(FaultKind.FILE, f"{ENTRIES}: is missing")
            return
        with path.open("rb") as file:
            while line := file.readline(LINE_BYTES_MAX):
                hashed.update(line)
                length += len(line)
                yield line
        self._compare_sum(ENTRIES, length, hashed.hexdigest())

    def _line(self, at: str, line: bytes) -> None:
        try:
            said = read_json_object(line, decimals_as_text=True)
        except JsonRefused as error:
            self._faults.add(FaultKind.FILE, f"{at}: {error.message}")
            return
        text = said.get("header")
        gone = said["gone"] if said.keys() == {"header", "gone"} else None
        parts = said["parts"] if said.keys() == {"header", "parts"} else None
        if not isinstance(text, str) or not (isinstance(parts, list) or _is_gone(gone)):
            self._faults.add(FaultKind.FILE, f"{at}: is no record with its header and its parts")
            return
        match = _SEQ.search(text)
        if match is None:
            self._faults.add(FaultKind.HEADER, f"{at}: its header has no number")
            return
        seq = int(match[1])
        where = f"{at}: record {seq}"
        if not self._order.take(seq, at, where):
            return
        header, leaf = self._records.header(seq, text, where)
        if header is not None and isinstance(parts, list):
            self._body(parts, header, where)
        elif header is not None and isinstance(gone, dict):
            self._gone.append((header, gone, where))
        self._in_tile(seq, leaf, where)

    def _body(self, parts: list[Any], header: Header, where: str) -> None:
        try:
            read = [_read(part) for part in parts]
        except (TypeError, ValueError, KeyError, AttributeError):  # of hexadecimal, of characters, of members
            self._faults.add(FaultKind.BODY, f"{where}: its parts can't be read")
            return
        stated = [part.computed if part.stated is None else part.stated for part in read]
        unlike = [part for part in read if part.computed is not None and part.computed != part.stated]
        if digest_of(each or b"" for each in stated) != header.body:
            # one that states no commitment took the place of one that did
            culprits = [part for part in unlike if part.stated is None] if self._manifest.format == FORMAT else []
            if not culprits:
                self._faults.add(FaultKind.BODY, f"{where}: its body is not the one recorded")
            self._unlike(culprits, where)
        elif self._manifest.format == FORMAT and unlike:
            self._unlike(unlike, where)
        elif any(part.computed is None for part in read):
            self._withheld += 1
        else:
            self._records.opened += 1
            self._says(parts, header, where)

    def _unlike(self, parts: Sequence[_ReadPart], where: str) -> None:
        for part in parts:
            self._faults.add(FaultKind.BODY, f"{where}: part {part.called} is not the one recorded")

    def _says(self, parts: list[dict[str, str]], header: Header, where: str) -> None:
        """What an erasure lists; a shown part is proved to be what was recorded."""
        if header.kind == RecordKind.ERASURE and header.outcome.startswith(ERASED):
            text = next((part["content"] for part in parts if part["path"] == ERASURE), None)
            self._records.gone.lists(header.seq, text, where)

    def _judge_gone(self) -> None:
        """Records without bodies: does the record that they name say so? Where it isn't in the folder, nobody knows."""
        gone = self._records.gone
        for header, said, where in self._gone:
            by = said["by"]
            is_known = self._manifest.is_complete or by in self._lists_of()
            if said["how"] == "dropped":
                below = gone.dropped_below.get(header.case, 0)
                if self._manifest.is_complete and header.seq >= below:
                    self._faults.add(FaultKind.BODY_MISSING, f"{where}: its body is missing")
                else:
                    gone.dropped += 1
            elif is_known and gone.listed.get(header.seq) != by:
                self._faults.add(
                    FaultKind.BODY_MISSING, f"{where}: its body is missing, and record {by} does not list it"
                )
            else:
                gone.erased += 1

    def _lists_of(self) -> set[int]:
        return set(self._records.gone.erased_keys.values())

    def _in_tile(self, seq: int, leaf: bytes | None, where: str) -> None:
        number, at = divmod(seq, TILE_HASHES)
        hashes = self._tile(0, number)
        if hashes is not None and leaf is not None and hashes[at] != leaf:
            self._faults.add(FaultKind.TILE, f"{where}: is not the one in tile 0/{number}")

    # --- the log ------------------------------------------------------------------------------------------------

    def _log(self, show: ShowChecked) -> None:
        """The hashes make the tree, whatever records are in the folder; each level is made of the one below."""
        is_whole = self._hashes_are_whole(show)
        self._history.finish(is_end=is_whole)
        self._outside.finish(is_end_known=True)  # an export ends where it was made, whatever came since

    def _hashes_are_whole(self, show: ShowChecked) -> bool:
        levels, whole = TileCheck(self._full, self._faults), True
        full = self._size // TILE_HASHES
        for number in range(full):
            if self._tile(0, number) is None:
                self._faults.add(FaultKind.FILE, f"tile/0/{tile_path(number)}: is missing, or not of its size")
                return False  # without it no root can be computed
            leaves = levels.leaves(number, [None] * TILE_HASHES)
            self._outside.add(leaves)
            self._history.add(leaves)
            show("hashes", number + 1, full)
        level = 0
        while self._size >> 8 * level:
            count = (self._size >> 8 * level) % TILE_HASHES
            number = self._size >> 8 * (level + 1)
            hashes = self._tile(level, number) if count else []
            if hashes is None:
                name = f"tile/{level}/{tile_path(number)}.p/{count}"
                self._faults.add(FaultKind.FILE, f"{name}: is missing, or not of its size")
                whole = False
            elif level == 0:
                self._outside.add(hashes)
                self._history.add(hashes)
            elif hashes != levels.under_way(level):
                self._faults.add(FaultKind.TILE, f"tile {level}/{number}: is not made of the tiles below it")
            level += 1
        return whole

    def _full(self, level: int, number: int) -> bytes | None:
        hashes = self._tile(level, number)
        return None if hashes is None else b"".join(hashes)

    def _tile(self, level: int, number: int) -> list[bytes] | None:
        """As it is at the export's size; None where there is none of that length. The last ones are kept."""
        place = level, number
        if place not in self._tiles_read:
            while len(self._tiles_read) >= _TILES_KEPT:
                del self._tiles_read[next(iter(self._tiles_read))]
            self._tiles_read[place] = self._read_tile(level, number)
        return self._tiles_read[place]

    def _read_tile(self, level: int, number: int) -> list[bytes] | None:
        count = min((self._size >> 8 * level) - number * TILE_HASHES, TILE_HASHES)
        name = f"tile/{level}/{tile_path(number)}" + ("" if count == TILE_HASHES else f".p/{count}")
        path = self._folder / name
        if count <= 0 or not path.is_file():
            return None
        with path.open("rb") as file:
            content = file.read(_TILE_BYTES + 1)
        return hashes_in(content) if len(content) == count * HASH_BYTES else None

    def _cosigned(self) -> Iterator[SignedSize]:
        """Older checkpoints, by which witnesses vouch for the records before them."""
        for name in self._manifest.files:
            if match := _COSIGNED.fullmatch(name):
                yield SignedSize(int(match["size"]), f"{CHECKPOINT} {match['size']}", self._small(name))

    # --- other files --------------------------------------------------------------------------------------------

    def _policy_sets(self) -> Iterator[tuple[str, object, object]]:
        for name in self._manifest.files:
            match = _POLICY_SET.fullmatch(name)
            if match is None:
                if name not in (ENTRIES, CHECKPOINT) and not _COSIGNED.fullmatch(name):
                    self._faults.add(FaultKind.FILE, f"{MANIFEST}: names `{clipped(name)}`, which no export has")
                continue
            text = self._small(name, LINE_BYTES_MAX)
            try:
                said: dict[str, object] = {} if text is None else read_json_object(text, decimals_as_text=True)
            except JsonRefused:
                said = {}
            if text is not None:
                yield match["version"], said.get("files"), said.get("standard_facts")

    def _small(self, name: str, most: int = 1 << 20) -> str | None:
        """Compared with the manifest. None where it is missing or no text, which is a fault."""
        path = self._folder / name
        if not path.is_file():
            self._faults.add(FaultKind.FILE, f"{name}: is missing")
            return None
        with path.open("rb") as file:
            content = file.read(most + 1)
        self._compare_sum(name, len(content), sha256(content).hexdigest())
        return content.decode("utf-8", "replace")

    def _compare_sum(self, name: str, length: int, digest: str) -> None:
        if self._manifest.files.get(name) != (length, digest):
            self._faults.add(FaultKind.FILE, f"{name}: is not the one in {MANIFEST}")


@dataclass(frozen=True, slots=True)
class _ReadPart:
    """A part of a line."""

    called: str  # without its document where it is a fact, and without its place
    stated: bytes | None  # the commitment that the line states
    computed: bytes | None  # the commitment to what the line shows; None: it is withheld


def _read(part: dict[str, str]) -> _ReadPart:
    """Raises ValueError, TypeError, KeyError and AttributeError where it is none."""
    if part.keys() - {"commitment"} not in ({"path"}, {"path", "salt", "content"}):
        raise KeyError("path")
    stated = bytes.fromhex(part["commitment"]) if "commitment" in part else None
    if stated is not None and len(stated) != HASH_BYTES:
        raise ValueError(part["commitment"])
    shown = "content" in part
    if not shown and stated is None:
        raise KeyError("commitment")
    computed = commitment(bytes.fromhex(part["salt"]), Part(part["path"], part["content"].encode())) if shown else None
    called = part["path"].partition("@")[0].removeprefix(f"{REQUEST}/")
    return _ReadPart(clipped(called), stated, computed)


def _is_gone(said: object) -> bool:
    return (
        isinstance(said, dict)
        and said.keys() == {"how", "by"}
        and said["how"] in ("erased", "dropped")
        and type(said["by"]) is int
    )
