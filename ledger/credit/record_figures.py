"""What was found out about an account on a day: its accounts' ratios, a rating that was bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.vocabulary.days import date_of
from ledger.credit.account import Figures
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, Desk, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import helped, required_account, state_told
from ledger.credit.profile import checked_facts
from ledger.credit.snapshot import Snapshot, Wants


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFigures:
    """All figures of one day: those of a later day take the place of all of an earlier one's."""

    account: str
    on: str | None = None
    """A day, not after today; None: today."""

    figures: Mapping[str, Any] = field(hash=False)
    """Facts of the account by their names without `account.`, as JSON."""

    source: str | None = None
    """Where they come from, such as a bureau's report."""

    asker: Asker

    @property
    def wants(self) -> Wants:
        """The account."""
        return Wants(accounts=frozenset((self.account,)))


def record_figures(snapshot: Snapshot, command: RecordFigures, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault of the figures."""
    account = required_account(snapshot, command.account)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    on = reading.date(command.on, "on", or_else=desk.day, is_past=True)
    figures = checked_facts(command.figures, reading, "figures")
    reading.done()
    posting = Posting(snapshot, desk, "figures")
    posting.touch(account.id)
    posting.put(Figures(account=account.id, on=on, figures=figures, source=command.source))
    change = LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        act="figures",
        about=account.id,
        account=account.id,
        told=state_told(posting, account.id),
        shown={
            "figures": {
                "account": account.id,
                "on": date_of(on).isoformat(),
                "figures": figures,
                "source": command.source,
            }
        },
        status=201,
    )
    return helped(posting, change)
