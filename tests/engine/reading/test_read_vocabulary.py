"""Facts files: what they declare, and the mistakes in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pipeline import load
from engine.reading.document import Document, read
from engine.reading.fields import SCALAR_KINDS
from engine.reading.vocabulary_file import read_vocabulary
from engine.vocabulary.binding import Binder
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import MONEY_BOUND, Kind, Vocabulary
from tests.support.mistakes import Mistake, assert_diagnostics, each_mistake
from tests.support.paths import ROOT

MISTAKES = Path(__file__).parent / "mistakes"
TITLE = "title: {en: a, zh: b}"
STANDARD = f"facts:\n  order.amount: {{type: money, required: true, minimum: 0, {TITLE}, example: '1250.50'}}\n"
STANDARD += f"  account.trade: {{type: enum, members: [key, small], extensible: true, {TITLE}}}\n"
STANDARD += f"  account.state: {{type: enum, members: [open, shut], {TITLE}}}\n"
SHIPPED = ROOT / "engine" / "vocabulary" / "facts.yaml"


def document(text: str, file: str) -> Document:
    found, mistakes = read(text, file)
    assert found and not mistakes, mistakes
    return found


def vocabulary(site: str) -> tuple[Vocabulary, tuple[str, ...]]:
    standard, own = document(STANDARD, "standard.yaml"), document(site, "facts.yaml")
    found, mistakes = read_vocabulary(standard, own, required=())
    return found, tuple(str(mistake).removeprefix("facts.yaml:").replace(": ", " ", 1) for mistake in mistakes)


def test_a_site_adds_facts_to_the_standard_ones() -> None:
    found, mistakes = vocabulary(
        "currency: CNY\nfacts:\n"
        "  account.region: {type: enum, members: [north, south], title: {en: Region, zh: 大区}}\n"
    )
    assert not mistakes
    assert list(found.facts) == ["order.amount", "account.trade", "account.state", "account.region"]
    region = found.facts["account.region"]
    assert region.title == Text("Region", "大区")
    assert region.type.members == ("north", "south")
    assert not region.required
    assert region.example == "north"
    assert [fact.name for fact in found.of_case("invoice")] == ["account.trade", "account.state", "account.region"]


def test_members_may_have_titles_some_or_all() -> None:
    found, mistakes = vocabulary(
        f"facts:\n  account.terms:\n    type: enum\n    members:\n      net 30:\n"
        f"      prepaid: {{en: prepayment, zh: 预付款}}\n    {TITLE}\n    example: prepaid\n"
    )
    assert not mistakes
    type_ = found.facts["account.terms"].type
    assert type_.members == ("net 30", "prepaid")
    assert type_.titles == (("prepaid", Text("prepayment", "预付款")),)
    assert type_ == found.type_named(Kind.ENUM, ("net 30", "prepaid"))  # titles are for readers only


@pytest.mark.parametrize(
    ("site", "currency", "digits", "example"),
    [("facts: {}", "EUR", 2, "1250.50"), ("currency: JPY", "JPY", 0, "1250"), ("currency: KWD", "KWD", 3, "1250.500")],
)
def test_amounts_have_the_decimals_of_the_currency(site: str, currency: str, digits: int, example: str) -> None:
    found, mistakes = vocabulary(site)
    assert not mistakes
    amount = found.facts["order.amount"]
    assert (found.currency, found.currency_digits, amount.type.scale) == (currency, digits, digits)
    assert (amount.type.low, amount.type.high) == (0, MONEY_BOUND)
    assert amount.example == example


@pytest.mark.parametrize(
    ("declared", "low", "high"),
    [
        ("{type: rate, minimum: 0, maximum: 0.5}", 0, 500_000),
        ("{type: money, maximum: '99.99'}", -MONEY_BOUND, 9_999),
        ("{type: days, minimum: -30, maximum: 30}", -30, 30),
        ("{type: date, minimum: 1970-01-02, maximum: '1970-02-01'}", 1, 31),
    ],
)
def test_bounds_are_at_the_scale_of_the_type(declared: str, low: int, high: int) -> None:
    found, mistakes = vocabulary(f"facts: {{account.x: {declared[:-1]}, {TITLE}}}}}")
    assert not mistakes
    assert (found.facts["account.x"].type.low, found.facts["account.x"].type.high) == (low, high)


@pytest.mark.parametrize("kind", SCALAR_KINDS)
def test_every_type_has_an_example_that_it_accepts(kind: Kind) -> None:
    members = "members: [one, two]," if kind is Kind.ENUM else ""
    first, mistakes = vocabulary(f"facts: {{account.x: {{type: {kind}, {members} {TITLE}}}}}")
    assert not mistakes
    example = first.facts["account.x"].example
    shown = str(example).lower() if isinstance(example, bool | int) else f"'{example}'"
    again, mistakes = vocabulary(f"facts: {{account.x: {{type: {kind}, {members} {TITLE}, example: {shown}}}}}")
    assert not mistakes
    assert again.facts["account.x"].example == example


def test_a_list_has_an_example_that_binding_accepts() -> None:
    of = "{amount: money, due: {type: date, required: true}, kind: {type: enum, members: [a, b]}, paid: yes/no}"
    found, mistakes = vocabulary(f"facts: {{account.x: {{type: list, of: {of}, {TITLE}}}}}")
    assert not mistakes
    fact = found.facts["account.x"]
    assert fact.example == [{"amount": "1250.00", "due": "2026-07-01", "kind": "a", "paid": False}]
    assert Binder("account", [fact]).bind({"account": {"x": fact.example}}) == [((125_000, 20_635, "a", False),)]


@each_mistake(MISTAKES / "facts_files.txt")
def test_all_that_is_wrong_with_a_facts_file_is_said_where_it_stands(mistake: Mistake) -> None:
    _, found = read_vocabulary(document(STANDARD, "standard.yaml"), document(mistake.text, "facts.yaml"), required=())
    assert_diagnostics(mistake, found, "facts.yaml")


def test_a_site_must_say_its_currency_and_list_its_policies() -> None:
    site = document("facts: {}", "facts.yaml")
    found, mistakes = read_vocabulary(document(STANDARD, "standard.yaml"), site)
    assert [str(mistake) for mistake in mistakes] == [
        "facts.yaml:1:1: P002 a facts file has no `currency` (write `currency: …`)",
        "facts.yaml:1:1: P002 a facts file has no `policies` (write `policies: …`)",
    ]
    assert found.facts  # so that the policies' own mistakes are found as well


def test_the_shipped_facts_have_no_mistake_in_any_currency() -> None:
    standard = document(SHIPPED.read_text(encoding="utf-8"), "engine/facts.yaml")
    for currency in ("EUR", "CNY", "JPY", "KWD", "RSD"):
        _, mistakes = read_vocabulary(standard, document(f"{{currency: {currency}, policies: [p]}}", "facts.yaml"))
        assert not mistakes


WORDS = st.sampled_from(
    [
        "type",
        "title",
        "en",
        "zh",
        "facts",
        "account.x",
        "order.amount",
        "minimum",
        "maximum",
        "members",
        "example",
        "required",
    ]
    + ["money", "enum", "date", "rate", "days", "1", "-2.5", "'3'", "1970-01-01", "true", "null", "a", "''", "yes/no"]
)
FACT = st.dictionaries(
    st.sampled_from(["type", "minimum", "maximum", "members", "example", "required", "note"]),
    st.one_of(WORDS, st.lists(WORDS, max_size=3).map(lambda items: f"[{', '.join(items)}]")),
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(WORDS, FACT, max_size=4))
def test_any_facts_file_gives_a_vocabulary_and_diagnostics(facts: dict[str, dict[str, str]]) -> None:
    lines = [
        f"  {name}: {{{', '.join(f'{k}: {v}' for k, v in fact.items())}, {TITLE}}}\n" for name, fact in facts.items()
    ]
    site, _ = read("currency: EUR\nfacts:\n" + "".join(lines), "facts.yaml")
    if site is None:
        return
    found, mistakes = read_vocabulary(document(STANDARD, "standard.yaml"), site)
    assert "order.amount" in found.facts
    assert {mistake.code[0] for mistake in mistakes} <= {"P", "F"}


@pytest.mark.parametrize("name", ["stranger.x", "x", "stranger.x.y"])
def test_a_fact_of_an_unknown_group_may_have_an_example(name: str) -> None:
    text = f"currency: EUR\npolicies: [p]\nfacts:\n  {name}: {{type: integer, {TITLE}, example: 1}}\n...\n"
    loaded = load({"facts.yaml": text.encode()})
    assert "facts.yaml:4:3 P031" in [f"{mistake.place} {mistake.code}" for mistake in loaded.diagnostics]
