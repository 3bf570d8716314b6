"""Which facts are confidential and which are personal, of the standard ones and of a site's own."""

from __future__ import annotations

import re

import pytest

from engine.reading.document import read
from engine.reading.vocabulary_file import read_vocabulary
from engine.vocabulary.vocabulary import Fact, Future, Kind
from scripts.facts_reference import standard_vocabulary
from tests.support.paths import ROOT

CONFIDENTIAL = {
    *("account.current_ratio", "account.debt_ratio", "account.external_rating"),
    *("account.insolvent", "account.litigation", "account.abnormal_operation"),
    *("account.insured_limit", "account.insured_cover", "account.insured_until"),
    *("account.insured_stopped_on", "account.insured_max_days", "invoice.insured_amount"),
    *("account.guarantee_amount", "account.guarantee_cover", "account.guarantee_until"),
    "account.open_items",
}


def test_the_standard_facts_that_are_flagged() -> None:
    facts = standard_vocabulary().facts.values()
    assert {fact.name for fact in facts if fact.confidential} == CONFIDENTIAL
    assert {fact.name for fact in facts if fact.personal} == {
        fact.name for fact in facts if fact.type.kind is Kind.PERSON
    }


def test_a_list_that_holds_what_is_flagged_elsewhere_is_flagged() -> None:
    """The insured part of each item tells as much as that of an invoice."""
    facts = standard_vocabulary().facts.values()
    flagged = {fact.name.partition(".")[2] for fact in facts if fact.confidential or fact.personal}
    holding = [fact for fact in facts if flagged & {field.name for field in fact.type.fields}]
    assert [fact.name for fact in holding] == ["account.open_items"]
    assert all(fact.confidential or fact.personal for fact in holding)


@pytest.mark.parametrize("flag", ["confidential", "personal"])
@pytest.mark.parametrize("type_", ["text", "{list}"])
@pytest.mark.parametrize(("said", "flagged"), [("true", True), ("false", False), (None, False)])
def test_a_site_flags_facts_of_its_own(flag: str, type_: str, said: str | None, flagged: bool) -> None:
    fact = _site_fact(f"{flag}: {said}" if said else "", type_)
    assert getattr(fact, flag) is flagged
    assert getattr(fact, {"confidential": "personal", "personal": "confidential"}[flag]) is False


def _site_fact(line: str, type_: str) -> Fact:
    of = "of: {a: text}" if type_ == "{list}" else ""
    word = "list" if type_ == "{list}" else type_
    members = ", ".join(filter(None, (f"type: {word}", of, "title: {en: a, zh: b}", line)))
    standard, _ = read("facts: {}\n...\n", "standard.yaml")
    site, _ = read(f"currency: EUR\npolicies: [orders]\nfacts:\n  account.x: {{{members}}}\n...\n", "facts.yaml")
    assert standard is not None
    vocabulary, mistakes = read_vocabulary(standard, site)
    assert mistakes == ()
    return vocabulary.facts["account.x"]


def test_the_document_says_of_each_date_of_the_past_what_becomes_of_one_that_lies_ahead() -> None:
    page = (ROOT / "docs" / "policy-language.md").read_text(encoding="utf-8")
    refused, _, rest = page.partition("Of the standard facts these are refused:")[2].partition("These are unknown")
    unknown = re.split(r"An\s+invoice", rest)[0]
    facts = standard_vocabulary().facts.values()
    for future, text in ((Future.REFUSED, refused), (Future.UNKNOWN, unknown)):
        named = re.findall(r"`([a-z_]+\.[a-z_]+)`", text)
        assert sorted(named) == sorted(fact.name for fact in facts if fact.type.future is future)
