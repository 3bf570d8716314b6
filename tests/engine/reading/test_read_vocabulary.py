"""Facts files: what they declare, and the mistakes in them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pipeline import load
from engine.reading.document import Document, read
from engine.reading.vocabulary_file import read_vocabulary
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import MONEY_BOUND, Kind, Vocabulary
from tests.support.paths import ROOT

TITLE = "title: {en: a, zh: b}"
STANDARD = f"facts:\n  order.amount: {{type: money, required: true, minimum: 0, {TITLE}, example: '1250.50'}}\n"
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
    assert list(found.facts) == ["order.amount", "account.region"]
    region = found.facts["account.region"]
    assert region.title == Text("Region", "大区")
    assert region.type.members == ("north", "south")
    assert not region.required
    assert region.example == "north"
    assert [fact.name for fact in found.of_case("invoice")] == ["account.region"]


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


@pytest.mark.parametrize("kind", Kind)
def test_every_type_has_an_example_that_it_accepts(kind: Kind) -> None:
    members = "members: [one, two]," if kind is Kind.ENUM else ""
    first, mistakes = vocabulary(f"facts: {{account.x: {{type: {kind}, {members} {TITLE}}}}}")
    assert not mistakes
    example = first.facts["account.x"].example
    shown = str(example).lower() if isinstance(example, bool | int) else f"'{example}'"
    again, mistakes = vocabulary(f"facts: {{account.x: {{type: {kind}, {members} {TITLE}, example: {shown}}}}}")
    assert not mistakes
    assert again.facts["account.x"].example == example


BAD = {
    "currency: RMB": ["1:11 P030 `RMB` is not a currency"],
    "currency: eur": ["1:11 P030 `eur` is not a currency"],
    "currency: [EUR]": ["1:11 P030 this is not a currency"],
    "curency: EUR": ["1:1 P001 `curency` is not a key of a facts file (did you mean `currency`?)"],
    "facts: 5": ["1:8 P003 `facts` must be a group"],
    f"facts: {{order.amount: {{type: money, {TITLE}}}}}": [
        "1:9 P032 `order.amount` is a standard fact, declared at standard.yaml:2:3"
    ],
    f"facts: {{region: {{type: days, {TITLE}}}}}": ["1:9 P031 `region` is not a fact's name"],
    f"facts: {{account.Region: {{type: days, {TITLE}}}}}": ["1:9 P031 `account.Region` is not a fact's name"],
    f"facts: {{acount.x: {{type: days, {TITLE}}}}}": [
        "1:9 P031 `acount` is not a group of facts (did you mean `account`?)"
    ],
    f"facts: {{account.if: {{type: days, {TITLE}}}}}": ["1:9 P005 `if` is a word of FEEL"],
    "facts: {account.x: }": ["1:20 P003 the fact `account.x` must be a group"],
    "facts: {account.x: {}}": [
        "1:9 P002 the fact `account.x` has no `title`",
        "1:9 P002 the fact `account.x` has no `type`",
    ],
    f"facts: {{account.x: {{type: dayz, {TITLE}}}}}": ["1:27 P007 `dayz` is not a type"],
    f"facts: {{account.x: {{type: enum, {TITLE}}}}}": ["1:27 P018 an enum must list its members"],
    f"facts: {{account.x: {{type: enum, members: [], {TITLE}}}}}": ["1:42 P016 the list of members must not be empty"],
    f"facts: {{account.x: {{type: enum, members: {{}}, {TITLE}}}}}": ["1:42 P016 the list of members must not be"],
    f"facts: {{account.x: {{type: enum, members: {{a: {{zh: 甲}}}}, {TITLE}}}}}": [
        "1:46 P010 the member `a` has no English text"
    ],
    "facts: {account.x: {type: days, title: {en: a}}}": [
        "1:40 P010 the title of the fact `account.x` has no Chinese text"
    ],
    f"facts: {{account.x: {{type: days, required: yes, {TITLE}}}}}": ["1:43 P003 `required` of the fact `account.x`"],
    f"facts: {{account.x: {{type: days, minimum: 5, maximum: 3, {TITLE}}}}}": [
        "1:54 P033 the maximum of `account.x` is below"
    ],
    f"facts: {{account.x: {{type: days, minimum: 5.5, {TITLE}}}}}": [
        "1:42 P033 the minimum of `account.x`: `5.5` is not a whole number"
    ],
    f"facts: {{account.x: {{type: money, minimum: 5.555, {TITLE}}}}}": ["1:43 P033", "more than 2 decimals"],
    f"facts: {{account.x: {{type: money, minimum: '1e9', {TITLE}}}}}": ["1:43 P033", "is not a plain decimal number"],
    f"facts: {{account.x: {{type: date, minimum: '1850-01-01', {TITLE}}}}}": ["1:42 P033", "is out of range"],
    f"facts: {{account.x: {{type: text, minimum: 5, {TITLE}}}}}": ["1:42 P033 `text` has no minimum"],
    f"facts: {{account.x: {{type: days, minimum: [5], {TITLE}}}}}": [
        "1:42 P003 the minimum of `account.x` must be one value"
    ],
    f"facts: {{account.x: {{type: days, maximum: 5, example: 6, {TITLE}}}}}": ["1:54 P034", "`6` is out of range"],
    f"facts: {{account.x: {{type: yes/no, example: 6, {TITLE}}}}}": ["1:44 P034", "is neither true nor false"],
    f"facts: {{account.x: {{type: enum, members: [a], example: b, {TITLE}}}}}": ["1:56 P034", "expected one of a"],
}


@pytest.mark.parametrize("site", BAD)
def test_a_mistake_is_said_where_it_stands(site: str) -> None:
    found = vocabulary(site)[1]
    expected = [line for line in BAD[site] if line[0].isdigit() and ":" in line[:4]]
    assert len(found) == len(expected), found
    for line in BAD[site]:
        assert any(one.startswith(line) if line in expected else line in one for one in found), found


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
    for currency in ("EUR", "CNY", "JPY", "KWD", "CLF"):
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
