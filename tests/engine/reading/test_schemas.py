"""The JSON Schemas: what they accept is what the readers and the binder accept, as far as a schema can say."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.reading.case_schemas import cases_schema
from engine.reading.document import Mapping, Node, Scalar, read
from engine.reading.exception_schemas import exceptions_schema
from engine.reading.exceptions_file import read_exceptions
from engine.reading.file_schemas import list_schema, policy_schema
from engine.reading.invariant_schemas import invariants_schema
from engine.reading.list_file import read_list
from engine.reading.policy_file import read_policy
from engine.reading.request_schemas import facts_schema
from engine.reading.site_schemas import facts_file_schema
from engine.reading.vocabulary_file import read_vocabulary
from engine.vocabulary.binding import Binder, FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.languages import OWN_LANGUAGES
from engine.vocabulary.vocabulary import Fact, Kind, Vocabulary
from receivables.history.history_map_file import is_history_map, read_history_map
from receivables.history.history_map_schema import history_map_schema
from tests.support.mistakes import NOTHING, Mistake, each_mistake, frame_of
from tests.support.paths import ROOT, RULES

LANGUAGE = (ROOT / "docs" / "policy-language.md").read_text(encoding="utf-8")


def shipped(site: str = "facts: {}") -> Vocabulary:
    standard, _ = read((ROOT / "engine" / "vocabulary" / "facts.yaml").read_text(encoding="utf-8"), "engine/facts.yaml")
    own, _ = read(site, "facts.yaml")
    assert standard and own
    return read_vocabulary(standard, own)[0]


VOCABULARY = shipped()
POLICY = Draft202012Validator(policy_schema(OWN_LANGUAGES))
FACTS_FILE = Draft202012Validator(facts_file_schema(VOCABULARY))
EXCEPTIONS = Draft202012Validator(exceptions_schema(OWN_LANGUAGES))
INVARIANTS = Draft202012Validator(invariants_schema(OWN_LANGUAGES))
LIST = Draft202012Validator(list_schema(OWN_LANGUAGES))
HISTORY = Draft202012Validator(history_map_schema(VOCABULARY))
SOUND = Path(__file__).parent / "sound"
SOUND_CASES = (SOUND / "cases.yaml").read_text("utf-8")
MISTAKES = Path(__file__).parent / "mistakes"
HISTORY_MAPS = ROOT / "tests" / "receivables" / "history" / "mistakes" / "history_maps.txt"


def plain(node: Node) -> Any:
    """What an editor's YAML reader would hand to its JSON Schema."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if not isinstance(node, Scalar):
        return [plain(item) for item in node.items]
    return float(node.value) if isinstance(node.value, Decimal) else node.value


def yaml(text: str) -> Any:
    document, mistakes = read(text, "f.yaml")
    assert document and not mistakes, mistakes
    return plain(document.root)


LIST_SCHEMA = "list.schema.json"


def facts_for_cases() -> Vocabulary:
    document, _ = read((SOUND / "facts.yaml").read_text("utf-8"), "facts.yaml")
    assert document
    return read_vocabulary(document, None)[0]


CASES = Draft202012Validator(cases_schema(facts_for_cases()))


def faults(validator: Draft202012Validator, value: Any) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(value)]


def test_the_schemas_are_schemas() -> None:
    schemas = [
        policy_schema(OWN_LANGUAGES),
        facts_file_schema(VOCABULARY),
        exceptions_schema(OWN_LANGUAGES),
        invariants_schema(OWN_LANGUAGES),
        list_schema(OWN_LANGUAGES),
        cases_schema(VOCABULARY),
    ]
    schemas.append(history_map_schema(VOCABULARY))
    for schema in schemas + [facts_schema(VOCABULARY, case) for case in CASE_KINDS]:
        Draft202012Validator.check_schema(schema)


# --- the files that editors write ------------------------------------------------------------------------------------


def examples() -> list[str]:
    """The YAML in docs/policy-language.md as whole policies."""
    blocks = re.findall(r"```yaml\n(.*?)```", LANGUAGE, re.DOTALL)
    assert len(blocks) == 19
    frame = frame_of(MISTAKES / "policies.txt")
    return [
        block if "policy:" in block else frame.replace("MISTAKE", block)
        for block in blocks
        if "facts:" not in block and "waives:" not in block and LIST_SCHEMA not in block
    ]


@pytest.mark.parametrize("text", examples())
def test_the_policies_in_the_language_document_are_sound(text: str) -> None:
    assert faults(POLICY, yaml(text)) == []
    document, _ = read(text, "p.yaml")
    assert document
    assert read_policy(document)[1] == ()


def test_the_lists_in_the_language_document_are_sound() -> None:
    (in_yaml,) = (found for found in re.findall(r"```yaml\n(.*?)```", LANGUAGE, re.DOTALL) if LIST_SCHEMA in found)
    assert faults(LIST, yaml(in_yaml)) == []
    (in_csv,) = re.findall(r"```csv\n(.*?)```", LANGUAGE, re.DOTALL)
    for name, text in {"names.yaml": in_yaml, "names.csv": in_csv}.items():
        read_, mistakes = read_list(text.encode(), name, end_mark=True)
        assert read_ is not None, mistakes


@each_mistake(MISTAKES / "lists_yaml.txt")
def test_the_schema_of_lists_refuses_most_of_what_their_reader_does(mistake: Mistake) -> None:
    """But for what only their reader can see: days of the calendar, an enum's words."""
    document, _ = read(mistake.text, "f.yaml")
    if document is not None and not mistake.codes & {"P015"}:
        assert bool(faults(LIST, plain(document.root))) == (mistake.expected != (NOTHING,)), mistake.text


def test_the_facts_files_in_the_language_document_are_sound() -> None:
    blocks = [found for found in re.findall(r"```yaml\n(.*?)```", LANGUAGE, re.DOTALL) if "facts:" in found]
    assert len(blocks) == 5
    for block in blocks:
        assert faults(Draft202012Validator(facts_file_schema(shipped(block))), yaml(block)) == []


def test_the_exceptions_in_the_language_document_are_sound() -> None:
    (block,) = (found for found in re.findall(r"```yaml\n(.*?)```", LANGUAGE, re.DOTALL) if "waives:" in found)
    assert faults(EXCEPTIONS, yaml(block)) == []
    document, _ = read(block, "exceptions.yaml")
    assert document
    assert len(read_exceptions(document)[0]) == 1
    assert read_exceptions(document)[1] == ()


@pytest.mark.parametrize("path", sorted(RULES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_shipped_files_follow_their_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    schemas = {"facts.yaml": FACTS_FILE, "invariants.yaml": INVARIANTS}
    assert faults(schemas.get(path.name, POLICY), yaml(text)) == []


def test_the_standard_facts_follow_the_schema_of_facts_files() -> None:
    """But for what a site alone says, and for what it may add words to."""
    standard = yaml((ROOT / "engine" / "vocabulary" / "facts.yaml").read_text(encoding="utf-8"))
    assert sum(fact.pop("extensible", False) for fact in standard["facts"].values()) > 0
    assert faults(FACTS_FILE, {**standard, "currency": "EUR", "policies": ["orders"]}) == []


BEYOND_A_SCHEMA = {
    "P024",
    "P025",
    "P033",
    "P036",
    "P046",
    "F001",
    "P006",
    "P011",
    "P013",
    "P014",
    "P015",
    "P017",
    "P018",
    "P019",
    "P020",
    "F002",
}
"""Mistakes that need FEEL's grammar, a look at two places at once, or empty told from null."""


@each_mistake(MISTAKES / "policies.txt")
def test_a_bad_policy_is_refused_where_a_schema_can_tell(mistake: Mistake) -> None:
    elsewhere = "2026-02-30" in mistake.written or "then: {a: }" in mistake.written
    if mistake.codes - BEYOND_A_SCHEMA and not elsewhere:
        assert faults(POLICY, yaml(mistake.text))


@each_mistake(MISTAKES / "facts_files.txt")
def test_a_bad_facts_file_is_refused_where_a_schema_can_tell(mistake: Mistake) -> None:
    if mistake.codes - {"P018", "P032", "P033", "P034"} and "RMB" not in mistake.written:
        assert faults(FACTS_FILE, yaml(mistake.text))


@each_mistake(ROOT / "tests" / "engine" / "compiling" / "mistakes" / "exceptions.txt")
def test_a_bad_exception_is_refused_where_a_schema_can_tell(mistake: Mistake) -> None:
    """What policies and FEEL say, the two persons and the two dates no schema can compare, nor see an end mark."""
    if mistake.codes & {"P001", "P002", "P003", "P004", "P010", "P016"} or "31.12" in mistake.written:
        assert faults(EXCEPTIONS, yaml(mistake.text))
    elif mistake.expected == (NOTHING,):
        assert faults(EXCEPTIONS, yaml(mistake.text)) == []


def test_policy_tests_follow_their_schema() -> None:
    assert faults(CASES, yaml(SOUND_CASES)) == []


@each_mistake(MISTAKES / "cases.txt")
def test_bad_policy_tests_are_refused_where_a_schema_can_tell(mistake: Mistake) -> None:
    elsewhere = ("lacks", "P012", "P040", "decimals", "not a whole number", "that orders have")
    if not any(word in line for word in elsewhere for line in mistake.expected):
        assert faults(CASES, yaml(mistake.text))


def test_history_maps_follow_their_schema() -> None:
    maps = [path.read_text(encoding="utf-8") for path in (RULES / "maps").glob("*.yaml")]
    histories = [text for text in maps if text.splitlines()[0].endswith("/history.schema.json")]

    assert histories
    for text in (*histories, frame_of(HISTORY_MAPS)):
        document, _ = read(text, "map.yaml")
        assert document and is_history_map(document) and read_history_map(document, VOCABULARY)[0]
        assert faults(HISTORY, yaml(text)) == []


@each_mistake(HISTORY_MAPS)
def test_a_bad_history_map_is_refused_where_a_schema_can_tell(mistake: Mistake) -> None:
    elsewhere = ("H004", "H006", "P003 a value must")  # date formats, and what a word stands for by the column's type
    if not any(word in line for word in elsewhere for line in mistake.expected):
        assert faults(HISTORY, yaml(mistake.text))


# --- a request's facts -----------------------------------------------------------------------------------------------

TITLE = "title: {en: a, zh: b}"
TYPES = shipped(
    "facts:\n"
    f"  account.t_money: {{type: money, {TITLE}}}\n"
    f"  account.t_price: {{type: money, minimum: 0, maximum: 250, {TITLE}}}\n"
    f"  account.t_loss: {{type: money, minimum: -10.50, maximum: -1, {TITLE}}}\n"
    f"  account.t_rate: {{type: rate, minimum: 0, maximum: 1, {TITLE}}}\n"
    f"  account.t_number: {{type: number, {TITLE}}}\n"
    f"  account.t_count: {{type: integer, minimum: 0, maximum: 9, {TITLE}}}\n"
    f"  account.t_days: {{type: days, {TITLE}}}\n"
    f"  account.t_date: {{type: date, {TITLE}}}\n"
    f"  account.t_enum: {{type: enum, members: [none, net 30], {TITLE}}}\n"
    f"  account.t_text: {{type: text, {TITLE}}}\n"
    f"  account.t_person: {{type: person, {TITLE}}}\n"
    f"  account.t_flag: {{type: yes/no, required: true, {TITLE}}}\n"
    f"  account.t_list: {{type: list, of: {{a: {{type: integer, required: true}}, d: date}}, at_most: 2, {TITLE}}}\n"
)
OWN = tuple(fact for fact in TYPES.facts.values() if fact.name.startswith("account.t_"))
BINDER = Binder("account", OWN)
OWN_SCHEMA = Draft202012Validator(facts_schema(replace(TYPES, facts={fact.name: fact for fact in OWN}), "account"))

DECIMALS = st.from_regex(r"\A-?[0-9]{1,19}(\.[0-9]{0,13}0{0,28})?\Z").filter(str.isascii)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.integers(-300, 300),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
    DECIMALS,
    st.decimals(-300, 300, places=2).map(str),
    st.dates().map(str),
    st.sampled_from(
        ["none", "net 30", "net 3", "2026-02-30", "2026-13-01", "1899-12-31", "2200-01-01", "-0", "-0.00", ""]
    ),
    st.sampled_from(
        ["+1", "1e3", " 1", "1 ", "01", ".5", "5.", "１", "NaN", "a\x00b", "x" * 200, "x" * 201, "一" * 200]
    ),
    st.lists(st.integers(), max_size=1),
    st.lists(
        st.fixed_dictionaries(
            {"a": st.one_of(st.integers(-5, 5), st.none(), st.just("5"))},
            optional={"d": st.sampled_from(["2026-07-01", "1899-12-31", "x", None, 5]), "z": st.just(1)},
        ),
        max_size=3,
    ),
)
RANGE = ("is out of range", "is not a day of the calendar")
"""Faults of text that a pattern can't tell."""


def fault_of(body: dict[str, Any]) -> str:
    try:
        BINDER.bind(body)
    except FactsRefused as refused:
        return refused.faults[0].message
    return ""


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(OWN), VALUES)
def test_the_schema_accepts_what_binding_accepts(fact: Fact, value: Any) -> None:
    body = {"account": {"t_flag": True, fact.name.partition(".")[2]: value}}
    fault = fault_of(body)
    refused = bool(faults(OWN_SCHEMA, body))
    if not fault:
        assert not refused
    elif not (isinstance(value, str | list) and fault in RANGE):
        assert refused


@pytest.mark.parametrize(
    ("body", "sound"),
    [
        ({"account": {"t_flag": True}}, True),
        ({"account": {}}, False),
        ({"account": None}, False),
        ({}, False),
        ({"account": {"t_flag": True, "t_flog": True}}, False),
        ({"account": {"t_flag": True}, "order": {}}, False),
        ({"account": {"t_flag": None}}, False),
        ({"account": []}, False),
    ],
)
def test_groups_and_required_facts_are_as_binding_wants_them(body: dict[str, Any], sound: bool) -> None:
    assert bool(faults(OWN_SCHEMA, body)) is not sound
    assert bool(fault_of(body)) is not sound


@pytest.mark.parametrize("case", CASE_KINDS)
@pytest.mark.parametrize("site", ["facts: {}", "currency: JPY", "currency: KWD"])
def test_the_examples_make_a_case_that_binds(case: str, site: str) -> None:
    vocabulary = shipped(site)
    schema = facts_schema(vocabulary, case)
    groups = schema["properties"]
    body = {group: {key: fact["examples"][0] for key, fact in groups[group]["properties"].items()} for group in groups}
    assert faults(Draft202012Validator(schema), body) == []
    Binder(case, vocabulary.of_case(case)).bind(body)


def test_a_fact_says_its_unit_in_both_languages() -> None:
    amount = facts_schema(VOCABULARY, "order")["properties"]["order"]["properties"]["amount"]
    assert amount["description"].endswith("In EUR, at most 2 decimals.")
    assert amount["x-description-zh"].endswith("单位：EUR。")
    assert amount["x-title-zh"]
    status = facts_schema(VOCABULARY, "order")["properties"]["account"]["properties"]["customer_class"]
    assert status["description"].endswith("key: key customer; standard: standard; small: small.")
    assert status["x-description-zh"].endswith("key：重点客户；standard：普通客户；small：小客户。")
    assert {fact.type.kind for fact in OWN} == set(Kind) - {Kind.MONTHS}
