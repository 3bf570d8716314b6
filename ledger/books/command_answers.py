"""What a record says of a command that was done: from it the answer is put together, now and when it is asked again
(`ledger.journal.act_answers`).
"""

from __future__ import annotations

from typing import Any

from ledger.credit.change import LedgerChange


def act_of(change: LedgerChange) -> dict[str, Any]:
    """What the record says of a change: the command's word, what it was about, what came of it (`shown`), and on which
    state and day (`ledger`)."""
    return {
        "act": change.act,
        "about": change.about,
        "account": change.account,
        "status": change.status,
        "shown": dict(change.shown),
        "ledger": dict(change.told),
    }
