"""Texts that nobody can tell from another are refused at the door, whoever brings them: kept, they would be told to
policies later, and every order of the customer would fail by them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from engine.vocabulary.binding import FactsRefused
from ledger.books.verbs import VERBS
from ledger.collections.work_entry import DisputeFromEntry, DoEntry, PromiseFromEntry
from ledger.credit.put_account import PutAccount
from ledger.credit.put_security import PutSecurity
from ledger.credit.readable import NOTES, NUMBERS, SENT_AS, require_readable
from ledger.credit.security import SecurityKind
from ledger.items.import_chunk import ImportChunk
from tests.support.small_ledger import U_BECKER, in_file, small_ledger

READ_BY_THE_VERB = frozenset(
    (
        "amount", "basis", "cover", "credited", "currency", "customer_since", "daily_interest_rate", "discount_rate",
        "due_on", "effective_on", "from_on", "issued_on", "known_on", "limit", "limit_until", "on", "open_amount",
        "opened_on", "promised_on", "rejected", "review_on", "settled_on", "since", "stopped_on", "taken_over", "until",
        "until_on", "withdrawn",
    )
)  # fmt: skip
"""Amounts, days and words, of which the verb says what is wrong."""

UNREADABLE: dict[str, Callable[[str], str]] = {
    "zero width": lambda text: f"{text}\u200b",
    "right to left": lambda text: f"\u202e{text}",
    "soft hyphen": lambda text: f"{text[:1]}\u00ad{text[1:]}",
    "variant": lambda text: f"{text}\ufe0f",
    "filler": lambda text: f"{text}\u3164",
    "byte order mark": lambda text: f"\ufeff{text}",
    "escape": lambda text: f"\x1b[31m{text}",
    "nul": lambda text: f"{text}\0",
}
"""For every text."""

NO_NUMBERS: dict[str, Callable[[str], str]] = {
    "blank behind": lambda text: f"{text} ",
    "blank before": lambda text: f"\u00a0{text}",
    "wide blank": lambda text: f"{text}\u3000",
    "line end": lambda text: f"{text}\n",
    "tab within": lambda text: f"{text}\t{text}",
    "too long": lambda text: text * 100,
}
"""For numbers and names, of which two would look alike or couldn't be told to a policy."""

COMMANDS = sorted((kind for kind in VERBS if kind is not ImportChunk), key=lambda kind: kind.__name__)
TEXTS = [
    (kind, each.name, str(each.metadata.get(SENT_AS, each.name)))
    for kind in COMMANDS
    for each in fields(kind)
    if each.name in NUMBERS | NOTES
]


def _command(kind: type[Any], name: str, text: str) -> Any:
    """With that text, and a command within it with none."""
    types = get_type_hints(kind)
    needed = {
        each.name: _command(types[each.name], "channel", "customer") if types[each.name] in VERBS else None
        for each in fields(kind)
        if each.default is MISSING and each.default_factory is MISSING
    }
    return kind(**{**needed, name: text})


def test_of_each_text_of_a_command_somebody_says_what_is_wrong() -> None:
    for kind in COMMANDS:
        texts = {each.name for each in fields(kind) if str(each.type) in ("str", "str | None") and each.name != "id"}
        assert texts <= NUMBERS | NOTES | READ_BY_THE_VERB, kind.__name__


@pytest.mark.parametrize(("kind", "name", "path"), TEXTS, ids=[f"{kind.__name__}-{name}" for kind, name, _ in TEXTS])
def test_a_text_that_cannot_be_read_is_refused_by_its_place(kind: type[Any], name: str, path: str) -> None:
    members = UNREADABLE if name in NOTES else {**UNREADABLE, **NO_NUMBERS}
    for what, made in members.items():
        with pytest.raises(FactsRefused) as refused:
            require_readable(_command(kind, name, made("C-1")))
        assert [fault.path for fault in refused.value.faults] == [path], what
    for sound in ("C-1", "C 1", "Müller & Söhne", "客户一", "=C-1", "Ｃ-1"):
        require_readable(_command(kind, name, sound))


@pytest.mark.parametrize("kind", [PromiseFromEntry, DisputeFromEntry])
@pytest.mark.parametrize("name", ["channel", "document", "outcome", "person", "text"])
def test_a_text_of_a_command_within_another_is_refused_too(kind: type[Any], name: str) -> None:
    for what, made in UNREADABLE.items():
        with pytest.raises(FactsRefused) as refused:
            require_readable(replace(_command(kind, "amount", "1.00"), entry=_command(DoEntry, name, made("x"))))
        assert [fault.path for fault in refused.value.faults] == [name], what


@pytest.mark.parametrize("text", ["they pay\non Friday\n", " \ttwo tabs\t", "x" * 2000])
def test_a_reason_may_have_lines(text: str) -> None:
    for kind, name, _ in TEXTS:
        if name in NOTES:
            require_readable(_command(kind, name, text))


def _security(reference: str) -> PutSecurity:
    return PutSecurity(
        account="C-1", security="S-1", kind=SecurityKind.BANK_GUARANTEE, amount="5.00", reference=reference,
        asker=U_BECKER,
    )  # fmt: skip


async def _refused_here(folder: Path) -> None:
    with small_ledger(in_file(folder)) as small:
        await small.done(small.account("C-1"))
        for made in {**UNREADABLE, **NO_NUMBERS}.values():
            name = made("C-1")
            given = await small.do(
                small.account(name),
                PutAccount(account="C-2", name=name, asker=U_BECKER),
                small.invoice(name, "10.00", "2026-07-30"),
                small.payment(name, "10.00"),
                small.order(name, "10.00"),
                _security(name),
            )
            assert [type(each).__name__ for each in given] == ["FactsRefused"] * 6, repr(name)
        await small.done(_security("R-1"), small.order("SO-1", "10.00"))


def test_nothing_of_it_comes_into_the_ledger_and_the_customer_is_decided_on(tmp_path: Path) -> None:
    asyncio.run(_refused_here(tmp_path / "journal"))
