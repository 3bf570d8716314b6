"""Exchange rates are recorded: what one unit of a currency was worth on a day, in the policies' currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.vocabulary.binding import FactsRefused, Fault
from engine.vocabulary.rates import rates_of
from ledger.credit.change import Asker, Desk, LedgerChange
from ledger.credit.exchange import ExchangeRate
from ledger.credit.snapshot import Snapshot, Wants


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRate:
    """Rates as their caller wrote them: `{"currency": "USD", "date": "2026-07-14", "rate": "0.9215"}`. One of a day
    that has one takes its place."""

    rates: Sequence[Any] = field(hash=False)
    source: str | None = None
    asker: Asker

    @property
    def wants(self) -> Wants:
        """Nothing: a rate stands for itself."""
        return Wants()


def put_rates(_: Snapshot, command: PutRate, desk: Desk) -> LedgerChange:
    """Raises `FactsRefused` with every fault."""
    own = desk.engine.vocabulary.currency
    if not command.rates:
        raise FactsRefused([Fault("rates", "holds no rate", "send at least one")])
    read = rates_of(((f"rates[{number}]", each) for number, each in enumerate(command.rates, 1)), own)
    found = [rate for currency in read.currencies for rate in read.of(currency)]
    late = [each for each in found if each.day > desk.day]
    if late:
        raise FactsRefused([Fault("rates", f"has one of {late[0].currency} for a day after today", "send it then")])
    rows = tuple(
        ExchangeRate(
            currency=each.currency,
            quote=own,
            on=each.day,
            value=each.value,
            scale=each.scale,
            source=command.source,
        )
        for each in found
    )
    return LedgerChange(
        rows=rows,
        act="rates",
        about=found[0].currency,
        account=None,
        told={"business_date": desk.business_date.isoformat()},
        shown={"rates": [each.as_json() for each in found], "quote": own},
        status=201,
        recheck_currencies=frozenset(each.currency for each in found),
    )
