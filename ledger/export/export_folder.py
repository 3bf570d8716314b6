"""The folder of an export: all that it takes to prove the records in it, and nothing that needs the journal.

    entries.ndjson      a line for each record: its header's text, and each part with its salt, or the commitment to it
    tile/…              the log's hashes, as C2SP tlog-tiles names them: `tile/0/x001/234`, partial ones `….p/57`
    checkpoint          the signed note over all records up to then, with the cosignatures of witnesses
    cosigned/…          older ones, named by their size, where witnesses cosigned those and not the newest
    policy_sets/…       the files of each policy set that decided one of them, as JSON
    manifest.json       when, by which filter, how many; the checkpoint's key; SHA-256 of the files above but tiles

A line, shortened:

    {"header": "{…}", "parts": [{"path": "request", "salt": "9f…", "content": "{…}", "commitment": "c1…"},
                                {"path": "request/account.debt_ratio", "commitment": "07…"}]}
    {"header": "{…}", "gone": {"how": "erased", "by": 1003}}
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import select

from engine.version import ENGINE_VERSION
from ledger.export.exporting import PARTIAL, CheckpointNote, ExportPlan, private, sync_folder
from ledger.journal.clock import moment
from ledger.journal.journal import Journal
from ledger.journal.opened_records import GoneRecord, OpenedRecord
from ledger.journal.signed_log import tree_at
from ledger.record.body_parts import commitment, salts
from ledger.search.masking import withheld_parts
from ledger.store.tables import tiles
from ledger.store.trouble import DAMAGED, FileTrouble

FORMAT = 2
"""Of the folder. In folders of format 1 a part that is shown has no commitment beside it, and no record is gone."""

_TILES_AT_ONCE = 1_000


class ExportFolder:
    """As `ExportFile` says. `verifier_keys`: of the keys that sign checkpoints, the newest first, for the manifest."""

    form = "folder"

    def __init__(
        self, folder: Path, plan: ExportPlan, checkpoint: CheckpointNote, verifier_keys: Sequence[str]
    ) -> None:
        """Raises `FileTrouble` where something is there, `OSError` where nothing can be written."""
        if folder.is_symlink() or folder.exists():
            raise FileTrouble(f"`{folder}` is there already; nothing was written; give a new folder")
        self._folder, self._plan = folder, plan
        self._checkpoint, self._verifier_keys = checkpoint, verifier_keys
        self._work = Path(mkdtemp(prefix=f".{folder.name}.", suffix=PARTIAL, dir=folder.absolute().parent))
        self._sums: dict[str, dict[str, Any]] = {}
        self._entries = (self._work / "entries.ndjson").open("wb")
        private(self._work / "entries.ndjson")
        self._hash, self._bytes, self._count = sha256(), 0, 0
        self._policies: set[str] = set()

    def add(self, record: OpenedRecord | GoneRecord) -> None:
        """A line of entries.ndjson."""
        line = (json.dumps(exported(record, is_masked=self._plan.is_masked), ensure_ascii=False) + "\n").encode()
        self._entries.write(line)
        self._hash.update(line)
        self._bytes += len(line)
        self._count += 1
        if record.header.policy:
            self._policies.add(record.header.policy)

    def finish(self, journal: Journal) -> None:
        """Tiles, checkpoint, policy sets and manifest."""
        self._entries.flush()
        os.fsync(self._entries.fileno())
        self._entries.close()
        self._sums["entries.ndjson"] = {"bytes": self._bytes, "sha256": self._hash.hexdigest()}
        self._write("checkpoint", self._checkpoint.note.encode())
        for size, note in self._checkpoint.cosigned.items():
            self._write(f"cosigned/{size}", note.encode())
        for version in sorted(self._policies):
            self._write_policy_set(journal, version)
        for name, hashes in _tiles(journal, self._checkpoint.size):
            self._put(name, hashes)
        self._put("manifest.json", (json.dumps(self._manifest(), ensure_ascii=False, indent=2) + "\n").encode())
        for each in (self._work, *self._work.rglob("*/")):
            sync_folder(each)

    def publish(self) -> None:
        """The folder gets its name."""
        self._work.rename(self._folder)
        sync_folder(self._folder.absolute().parent)

    def discard(self) -> None:
        """Nothing is left of it."""
        self._entries.close()
        shutil.rmtree(self._work, ignore_errors=True)

    def _write_policy_set(self, journal: Journal, version: str) -> None:
        kept = journal.find_policy_set(version)
        if kept is None:
            return  # a decision of a journal of before sets were kept
        said: dict[str, Any] = {"version": kept.version, "loaded_at": kept.loaded_at, "files": kept.files}
        said["standard_facts"] = kept.standard_facts
        self._write(f"policy_sets/{version}.json", json.dumps(said, ensure_ascii=False).encode())

    def _write(self, name: str, content: bytes) -> None:
        self._sums[name] = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
        self._put(name, content)

    def _put(self, name: str, content: bytes) -> None:
        path = self._work / name
        for folder in reversed([each for each in path.parents if not each.exists()]):
            folder.mkdir(mode=0o700)
        with path.open("wb") as file:
            private(path)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _manifest(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "exported_at": moment(datetime.now(UTC)),
            "by": ENGINE_VERSION,
            "filter": dict(self._plan.words),
            "masked": self._plan.is_masked,
            "records": self._count,
            "checkpoint": {
                "size": self._checkpoint.size,
                "verifier_key": self._verifier_keys[0],
                **({"earlier_keys": [*self._verifier_keys[1:]]} if len(self._verifier_keys) > 1 else {}),
            },
            "files": self._sums,
        }


def exported(record: OpenedRecord | GoneRecord, *, is_masked: bool) -> dict[str, Any]:
    """A line of entries.ndjson. Each part has its commitment, so that one that isn't the recorded one is told from the
    others. Of a withheld part it isn't said at which byte it stands: that of the part behind it would tell how long it
    is."""
    header = record.header.canonical_text().decode()
    if isinstance(record, GoneRecord):
        return {"header": header, "gone": {"how": record.how, "by": record.by}}
    withheld = withheld_parts(record) if is_masked else frozenset()
    body, shown = record.body, []
    for salt, part in zip(salts(body.salt, len(body.parts)), body.parts, strict=True):
        committed = commitment(salt, part).hex()
        if part.path in withheld:
            shown.append({"path": part.path.partition("@")[0], "commitment": committed})
        else:
            said = {"path": part.path, "salt": salt.hex(), "content": part.content.decode()}
            shown.append({**said, "commitment": committed})
    return {"header": header, "parts": shown}


def _tiles(journal: Journal, size: int) -> Iterator[tuple[str, bytes]]:
    """The tiles of the log of so many records by name. Raises `FileTrouble` where one is missing."""
    level = 0
    while (count := size >> 8 * (level + 1)) > 0:
        for first in range(0, count, _TILES_AT_ONCE):
            numbers = range(first, min(first + _TILES_AT_ONCE, count))
            kept = journal.read(
                select(tiles.c.number, tiles.c.hashes)
                .where(tiles.c.level == level, tiles.c.number >= numbers[0], tiles.c.number <= numbers[-1])
                .order_by(tiles.c.number)
            )
            if [row.number for row in kept] != list(numbers):
                raise FileTrouble(f"{DAMAGED}: tiles of level {level} are missing")
            yield from ((f"tile/{level}/{tile_path(row.number)}", row.hashes) for row in kept)
        level += 1
    yield from _partial_tiles(journal, size)


def _partial_tiles(journal: Journal, size: int) -> Iterator[tuple[str, bytes]]:
    """Those that are under way at this size, worked out from full ones and the last headers."""
    tree = journal.ask(lambda connection, _: tree_at(connection, size))
    for level, hashes in enumerate(tree.pending):
        if hashes:
            number = size >> 8 * (level + 1)
            yield f"tile/{level}/{tile_path(number)}.p/{len(hashes)}", b"".join(hashes)


def tile_path(number: int) -> str:
    """As C2SP tlog-tiles writes it: 1234067 is `x001/x234/067`."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
