"""Decisions as a table for analysis: a Parquet file, one row a decision; needs pyarrow, which the extra `bulk` brings.

The column `leaf` is the record's leaf in the log, by which a row is found again in the journal and in an export's
tiles. Times are text as records have them; figures are in `answer`, the JSON that was sent.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from files.whole_files import is_ordinary
from ledger.export.exporting import PARTIAL, ExportPlan, sync_folder
from ledger.journal.journal import Journal
from ledger.journal.opened_records import GoneRecord, OpenedRecord
from ledger.record.merkle_tree import leaf_hash
from ledger.record.record_header import Header
from ledger.search.masking import flagged_facts, rules_of, shown_rules
from ledger.search.record_contents import contents_of
from ledger.search.record_search import DECIDED
from ledger.store.trouble import FileTrouble

ROWS_AT_ONCE = 5_000
TEXTS = (
    *("id", "recorded_at", "case", "subject", "account", "as_of", "currency", "outcome", "actor", "request_id"),
    *("policy_version", "engine_version", "request", "answer", "leaf"),
)
"""Columns of text; beside them `seq`, a whole number, and `rules`, a list of texts."""


class DecisionTable:
    """As `ExportFile` says; records that are no decisions are passed over. Raises ImportError without pyarrow."""

    form = "parquet"

    def __init__(self, path: Path, plan: ExportPlan) -> None:
        """Raises `FileTrouble`, ImportError, and `OSError` where nothing can be written."""
        import pyarrow as pa
        from pyarrow import parquet

        if not is_ordinary(path) or path.is_symlink():
            raise FileTrouble(f"`{path}` is no ordinary file; nothing was written; give another name")
        self._path, self._plan, self._arrow = path, plan, pa
        fields = [pa.field("seq", pa.int64()), *(pa.field(name, pa.string()) for name in TEXTS)]
        self._schema = pa.schema([*fields, pa.field("rules", pa.list_(pa.string()))])
        file, work = mkstemp(prefix=f".{path.name}.", suffix=PARTIAL, dir=path.absolute().parent)
        self._file, self._work = os.fdopen(file, "wb"), Path(work)
        self._writer: Any = parquet.ParquetWriter(self._file, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def add(self, record: OpenedRecord | GoneRecord) -> None:
        """A row. Of a decision that is erased, what its header says."""
        if record.header.kind not in DECIDED:
            return
        if isinstance(record, GoneRecord):
            self._rows.append({**self._of_header(record.header), "rules": []})
            self._flush_many()
            return
        contents = contents_of(record)
        if contents.decision is None:
            return
        decision, is_masked = contents.decision, self._plan.is_masked
        rules = shown_rules(decision, flagged_facts(record.body)) if is_masked else rules_of(decision)
        self._rows.append(
            {
                **self._of_header(record.header),
                "subject": contents.subject,
                "account": contents.account,
                "as_of": decision.get("as_of"),
                "currency": decision.get("currency"),
                "actor": record.header.actor if is_masked else record.actor,
                "request_id": (record.header.request_id if is_masked else record.request_id) or None,
                "request": None if is_masked else contents.request,
                "answer": None if is_masked else contents.answer,
                "rules": rules,
            }
        )
        self._flush_many()

    def _of_header(self, header: Header) -> dict[str, Any]:
        return {
            **dict.fromkeys(TEXTS),
            "seq": header.seq,
            "id": header.id,
            "recorded_at": header.at,
            "case": header.case,
            "outcome": header.outcome,
            "actor": header.actor,
            "request_id": header.request_id or None,
            "policy_version": header.policy,
            "engine_version": header.engine or None,
            "leaf": leaf_hash(header.canonical_text()).hex(),
        }

    def _flush_many(self) -> None:
        if len(self._rows) == ROWS_AT_ONCE:
            self._flush()

    def finish(self, journal: Journal) -> None:  # noqa: ARG002  # as `ExportFile` has it
        """The last rows, and all of it on disk."""
        self._flush()
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def publish(self) -> None:
        """The file gets its name."""
        self._work.replace(self._path)
        sync_folder(self._path.absolute().parent)

    def discard(self) -> None:
        """Nothing is left of it."""
        if self._writer.is_open:
            self._writer.close()  # else it would write to a closed file at its end
        self._file.close()
        self._work.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []
