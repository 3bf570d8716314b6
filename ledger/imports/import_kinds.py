"""What kinds of files can be imported: their columns, and the command that a row of each stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.vocabulary.vocabulary import Kind, Type, Vocabulary
from ledger.credit.change import Asker
from ledger.credit.facts import DERIVED_OF_ACCOUNT, DERIVED_OF_ORDER
from ledger.credit.limit import LimitKind
from ledger.credit.limit_end import TakeOverLimit
from ledger.credit.put_account import PutAccount
from ledger.credit.put_group import PutGroup
from ledger.credit.put_security import PutSecurity
from ledger.credit.record_figures import RecordFigures
from ledger.credit.security import SecurityKind
from ledger.credit.snapshot import LedgerCommand
from ledger.credit.submit import Submit
from ledger.items.import_chunk import IMPORTED
from ledger.items.item import ItemKind
from ledger.items.match_open_item import MatchOpenItem
from ledger.items.post_invoice import PostInvoice
from ledger.items.post_payment import PostPayment, Reference
from ledger.items.put_rates import PutRate
from ledger.record.record_header import RecordKind

Cells = Mapping[str, Any]
"""A row by the names of its columns, as JSON; a cell without a value is None, and a column that isn't there missing."""


class ImportWord(StrEnum):
    """What the rows of a file are."""

    ACCOUNTS = "accounts"
    FIGURES = "figures"
    LIMITS = "limits"
    SECURITIES = "securities"
    GROUPS = "groups"
    OPEN_ORDERS = "open-orders"
    INVOICES = "invoices"
    OPEN_ITEMS = "open-items"
    PAYMENTS = "payments"
    RATES = "rates"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowContext:
    """What all rows of one import share."""

    asker: Asker
    day: str
    """The business date, as ISO text."""

    on: str | None = None
    """The day of a list of open items."""

    new_id: Callable[[], str] = field(default=lambda: IMPORTED, compare=False)
    """Of a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportKind:
    """One kind of file."""

    word: ImportWord
    columns: Mapping[str, Kind]
    """Which it has, beside facts."""

    required: tuple[str, ...]
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that a column may hold."""

    facts: str | None = None
    """Group of the facts that may be columns too: `account`, `order`."""

    record: RecordKind
    """Of what is recorded of it."""

    command: Callable[[Cells, RowContext], LedgerCommand]
    """Raises nothing: what is missing was refused before."""

    by_itself: bool = False
    """Each row is a command of its own, with a record of its own, since each leads to a decision."""


def _rest(cells: Cells, *own: str) -> dict[str, Any]:
    return {name: value for name, value in cells.items() if name not in own and value is not None}


def _account(cells: Cells, context: RowContext) -> PutAccount:
    own = ("account", "name", "currency", "group", "customer_since", "closed")
    return PutAccount(
        account=cells["account"],
        currency=cells.get("currency"),
        name=cells.get("name"),
        group=cells.get("group"),
        customer_since=cells.get("customer_since"),
        is_closed=bool(cells.get("closed")),
        profile=_rest(cells, *own),
        said=frozenset(cells),
        asker=context.asker,
    )


def _figures(cells: Cells, context: RowContext) -> RecordFigures:
    return RecordFigures(
        account=cells["account"],
        on=cells.get("on"),
        figures=_rest(cells, "account", "on", "source"),
        source=cells.get("source"),
        asker=context.asker,
    )


def _limit(cells: Cells, context: RowContext) -> TakeOverLimit:
    return TakeOverLimit(
        account=cells["account"],
        kind=LimitKind(cells.get("kind") or LimitKind.LIMIT),
        amount=cells.get("amount"),
        from_on=cells.get("from") or context.day,
        until_on=cells.get("until"),
        granted_by=cells.get("granted_by"),
        reason=cells.get("reason"),
        asker=context.asker,
    )


def _security(cells: Cells, context: RowContext) -> PutSecurity:
    return PutSecurity(
        account=cells["account"],
        security=cells["security"],
        kind=SecurityKind(cells["kind"]),
        order=cells.get("order"),
        amount=cells["amount"],
        currency=cells.get("currency"),
        cover=cells.get("cover"),
        from_on=cells.get("from"),
        until_on=cells.get("until"),
        stopped_on=cells.get("stopped_on"),
        max_days=cells.get("max_days"),
        reference=cells.get("reference"),
        issuer=cells.get("issuer"),
        said=frozenset(cells),
        asker=context.asker,
    )


def _group(cells: Cells, context: RowContext) -> PutGroup:
    return PutGroup(
        group=cells["group"],
        currency=cells.get("currency"),
        limit=cells.get("limit"),
        limit_until=cells.get("limit_until"),
        insolvent=cells.get("insolvent"),
        said=frozenset(cells),
        asker=context.asker,
    )


def _open_order(cells: Cells, context: RowContext) -> Submit:
    return Submit(
        order=cells["order"],
        account=cells["account"],
        asked=_rest(cells, "order", "account", "copied_from"),
        copied_from=cells.get("copied_from"),
        asker=context.asker,
        id=context.new_id(),
    )


def _invoice(cells: Cells, context: RowContext) -> PostInvoice:
    return PostInvoice(
        invoice=cells["invoice"],
        account=cells["account"],
        amount=cells["amount"],
        issued_on=cells["issued_on"],
        due_on=cells["due_on"],
        currency=cells.get("currency"),
        kind=ItemKind(cells.get("kind") or ItemKind.INVOICE),
        order=cells.get("order"),
        settled_on=cells.get("settled_on"),
        asker=context.asker,
        id=IMPORTED,
    )


def _open_item(cells: Cells, context: RowContext) -> MatchOpenItem:
    return MatchOpenItem(
        invoice=cells["invoice"],
        account=cells["account"],
        open_amount=cells["open_amount"],
        due_on=cells.get("due_on"),
        issued_on=cells.get("issued_on"),
        currency=cells.get("currency"),
        on=context.on or context.day,
        asker=context.asker,
        id=IMPORTED,
    )


def _payment(cells: Cells, context: RowContext) -> PostPayment:
    invoice = cells.get("invoice")
    return PostPayment(
        payment=cells["payment"],
        account=cells["account"],
        amount=cells["amount"],
        effective_on=cells.get("effective_on"),
        currency=cells.get("currency"),
        references=() if invoice is None else (Reference(invoice=invoice),),
        asker=context.asker,
        id=IMPORTED,
    )


def _rate(cells: Cells, context: RowContext) -> PutRate:
    rate = {"currency": cells["currency"], "date": cells["date"], "rate": cells["rate"]}
    return PutRate(rates=(rate,), source=cells.get("source"), asker=context.asker)


_T, _D, _N, _W, _Y = Kind.TEXT, Kind.DATE, Kind.NUMBER, Kind.ENUM, Kind.YES_NO
_LIMIT_WORDS = tuple(each.value for each in LimitKind)
_SECURITY_WORDS = tuple(each.value for each in SecurityKind)

KINDS: Mapping[ImportWord, ImportKind] = {
    kind.word: kind
    for kind in (
        ImportKind(
            word=ImportWord.ACCOUNTS,
            columns={"account": _T, "name": _T, "currency": _T, "group": _T, "customer_since": _D, "closed": _Y},
            required=("account",),
            facts="account",
            record=RecordKind.ACCOUNT,
            command=_account,
        ),
        ImportKind(
            word=ImportWord.FIGURES,
            columns={"account": _T, "on": _D, "source": _T},
            required=("account",),
            facts="account",
            record=RecordKind.ACCOUNT,
            command=_figures,
        ),
        ImportKind(
            word=ImportWord.LIMITS,
            columns={
                "account": _T, "kind": _W, "amount": _N, "from": _D, "until": _D, "granted_by": _T, "reason": _T,
            },
            required=("account",),
            members={"kind": _LIMIT_WORDS},
            record=RecordKind.LIMIT,
            command=_limit,
        ),
        ImportKind(
            word=ImportWord.SECURITIES,
            columns={
                "account": _T, "security": _T, "kind": _W, "order": _T, "amount": _N, "currency": _T, "cover": _N,
                "from": _D, "until": _D, "stopped_on": _D, "max_days": Kind.INTEGER, "reference": _T, "issuer": _T,
            },
            required=("account", "security", "kind", "amount"),
            members={"kind": _SECURITY_WORDS},
            record=RecordKind.ACCOUNT,
            command=_security,
        ),
        ImportKind(
            word=ImportWord.GROUPS,
            columns={"group": _T, "currency": _T, "limit": _N, "limit_until": _D, "insolvent": _Y},
            required=("group",),
            record=RecordKind.ACCOUNT,
            command=_group,
        ),
        ImportKind(
            word=ImportWord.OPEN_ORDERS,
            columns={"order": _T, "account": _T, "amount": _N, "copied_from": _T},
            required=("order", "account", "amount"),
            facts="order",
            record=RecordKind.ORDER,
            command=_open_order,
            by_itself=True,
        ),
        ImportKind(
            word=ImportWord.INVOICES,
            columns={
                "invoice": _T, "account": _T, "amount": _N, "issued_on": _D, "due_on": _D, "settled_on": _D,
                "currency": _T, "kind": _W, "order": _T,
            },
            required=("invoice", "account", "amount", "issued_on", "due_on"),
            members={"kind": (ItemKind.INVOICE.value, ItemKind.DEBIT.value)},
            record=RecordKind.ITEM,
            command=_invoice,
        ),
        ImportKind(
            word=ImportWord.OPEN_ITEMS,
            columns={
                "invoice": _T, "account": _T, "open_amount": _N, "due_on": _D, "issued_on": _D, "currency": _T,
            },
            required=("invoice", "account", "open_amount", "due_on"),
            record=RecordKind.ITEM,
            command=_open_item,
        ),
        ImportKind(
            word=ImportWord.PAYMENTS,
            columns={
                "payment": _T, "account": _T, "amount": _N, "effective_on": _D, "currency": _T, "invoice": _T,
            },
            required=("payment", "account", "amount"),
            record=RecordKind.ITEM,
            command=_payment,
        ),
        ImportKind(
            word=ImportWord.RATES,
            columns={"currency": _T, "date": _D, "rate": _N, "source": _T},
            required=("currency", "date", "rate"),
            record=RecordKind.ITEM,
            command=_rate,
        ),
    )
}  # fmt: skip
"""By their words."""


def columns_of(kind: ImportKind, vocabulary: Vocabulary) -> dict[str, Type]:
    """All columns that a file of this kind may have, with what their cells hold; facts by their names without the
    group, the site's own too."""
    types = {name: vocabulary.type_named(each, kind.members.get(name, ())) for name, each in kind.columns.items()}
    if kind.facts is not None:
        derived = DERIVED_OF_ORDER if kind.facts == "order" else DERIVED_OF_ACCOUNT
        for fact in vocabulary.of_case(kind.facts):
            name = fact.name.partition(".")[2]
            if fact.group == kind.facts and name not in derived and fact.type.kind is not Kind.LIST:
                types.setdefault(name, fact.type)
    return types
