"""Facts that somebody records of an account: held to the vocabulary before they are kept.

What the ledger works out itself can't be recorded; everything else can, the site's own facts of accounts too. What is
found out about a customer on a day is recorded with that day (`Figures`), and the rest stands in the profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.diagnostics.nearest import nearest
from engine.vocabulary.conversion import amounts_in
from engine.vocabulary.vocabulary import Fact, Kind, Vocabulary
from ledger.credit.account_fact_group import DERIVED_OF_ACCOUNT
from ledger.credit.amounts import Reading
from ledger.credit.change import CommandRefused


def facts_of_account(vocabulary: Vocabulary) -> dict[str, Fact]:
    """The facts of an account by their names without `account.`, the site's own too."""
    return {fact.name.partition(".")[2]: fact for fact in vocabulary.of_case("account") if fact.group == "account"}


def checked_facts(given: Mapping[str, Any], reading: Reading, path: str) -> dict[str, Any]:
    """What was given, without what is null. Faults go to `reading`: unknown facts and values that can't be read. Raises
    `CommandRefused` (`fact-comes-from-the-ledger`)."""
    derived = sorted(DERIVED_OF_ACCOUNT & given.keys())
    if derived:
        names = ", ".join(f"account.{each}" for each in derived)
        raise CommandRefused(
            "fact-comes-from-the-ledger",
            f"{names}: the ledger knows this itself; leave it out",
            facts=[f"account.{each}" for each in derived],
        )
    known = facts_of_account(reading.vocabulary)
    recordable = known.keys() - DERIVED_OF_ACCOUNT
    kept: dict[str, Any] = {}
    for name, raw in given.items():
        fact = known.get(name)
        if fact is None:
            close = nearest(str(name)[:80], recordable)
            reading.fault(f"{path}.{str(name)[:80]}", "unknown fact", f"did you mean `{close}`?" if close else "")
        elif raw is not None:
            reading.value(raw, amounts_in(fact.type, reading.currency), f"{path}.{name}")
            kept[name] = raw
    return kept


def money_facts(vocabulary: Vocabulary, case: str) -> frozenset[str]:
    """Facts of a kind of case that hold amounts, by their full names."""
    return frozenset(
        fact.name
        for fact in vocabulary.of_case(case)
        if fact.type.kind is Kind.MONEY or any(field.type.kind is Kind.MONEY for field in fact.type.fields)
    )
