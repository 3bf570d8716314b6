"""Every table of the journal's database."""

from __future__ import annotations

from ledger.store import ledger_tables, policy_tables, tables  # noqa: F401  # each adds its own
from ledger.store.table_metadata import metadata

__all__ = ["metadata"]
