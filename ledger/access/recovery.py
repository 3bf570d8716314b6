"""A first key for whoever can write the journal, where every admin's key is lost."""

from __future__ import annotations

import asyncio

from ledger.access.access import Access
from ledger.access.changes import create_first_key
from ledger.journal.journal import Journal
from ledger.record.actors import COMMAND_LINE
from ledger.store.place import JournalPlace
from ledger.store.secret_files import KeyPlaces


def recovered_key(place: JournalPlace, places: KeyPlaces | None = None) -> str:
    """The key's text, to be shown once. The one before it ends. `places`: where the journal's keys are, if not beside
    it. Raises `JournalUnavailable`."""

    async def make() -> str:
        journal = Journal(place, places=places)
        try:
            changed = await Access(journal).change(create_first_key(even_with_people=True), COMMAND_LINE)
        finally:
            await asyncio.to_thread(journal.close)
        return changed.text or ""

    return asyncio.run(make())
