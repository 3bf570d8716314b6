"""`languages:` of a set: which texts an author must write, and in which language each reader gets each text."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.http.openapi import request_schema
from api.http.vocabulary_routes import vocabulary_shape
from engine.explaining.explain import explain
from engine.pipeline import Engine, load
from engine.reading.file_schemas import text_schema
from engine.vocabulary.languages import LANGUAGE_NAMES, OWN_LANGUAGES, language_meant, own_language, reader_of
from engine.vocabulary.text import Text
from tests.support.command_line import credence
from tests.support.languages import NAMES, files_in, texts_count, with_one_left_out
from tests.support.steps import long_after

LISTS = (("en",), ("zh",), ("de",), ("zh", "en"), ("de", "en"), ("en", "de"), ("fr", "zh", "de"), ("pl", "de", "fr"))
AS_OF = date(2026, 7, 1)
HELD = {"order": {"id": "SO-1", "amount": "2000.00"}, "account": {"id": "C-1", "region": "south"}}
LITTLE = {"order": {"id": "SO-1", "amount": "20.00"}, "account": {"id": "C-1"}}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def engine_in(listed: tuple[str, ...], **files: str) -> Engine:
    """The set with texts in these languages."""
    policies = {name: text for name, text in (files_in(listed) | files).items() if "/" not in name}
    loaded = load({name: text.encode() for name, text in policies.items()})
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def texts_of(value: Any) -> list[dict[str, str]]:
    """All texts of an answer: objects whose keys are languages."""
    if isinstance(value, dict):
        if value and set(value) <= set(LANGUAGE_NAMES):
            return [value]
        return [text for each in value.values() for text in texts_of(each)]
    return [text for each in value for text in texts_of(each)] if isinstance(value, list) else []


def is_written_by_the_site(text: str) -> bool:
    return re.match(r"[a-z]{2} (title|reason|remedy|note|member)", text) is not None


# --- authors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", LISTS, ids=str)
def test_a_set_in_its_languages_checks(tmp_path: Path, listed: tuple[str, ...]) -> None:
    answer = credence("check", written(tmp_path, files_in(listed)), "--strict")
    assert answer.exit_code == 0, answer.stdout
    tested = credence("test", tmp_path)
    assert tested.exit_code == 0, tested.stdout


@pytest.mark.parametrize("listed", long_after(1, [(("zh", "en"),), (("de", "en", "fr"),)]), ids=str)
def test_each_text_needs_each_language_and_the_mistake_names_it(tmp_path: Path, listed: tuple[str, ...]) -> None:
    lacking = list(with_one_left_out(listed))
    assert len(lacking) == len(listed) * 25
    for file, what, code, files in lacking:
        answer = credence("check", written(tmp_path, files), "--json")
        (found,) = json.loads(answer.stdout)["diagnostics"]
        assert (Path(found["file"]).name, found["code"]) == (Path(file).name, "P010"), what
        assert f"has no {NAMES[code]} text" in found["message"], (what, found)
        assert found["hint"] == f"write `{code}: …`"


def test_where_one_language_is_listed_a_text_may_stand_alone() -> None:
    plain = files_in(("de",))
    alone = {name: re.sub(r"\{de: ('[^']*')\}", r"\1", text) for name, text in plain.items()}
    assert plain != alone
    decisions = [
        engine_in(("de",), **files).decide("order", HELD, AS_OF, "x").as_json() | {"policy_version": ""}
        for files in (plain, alone)
    ]
    assert re.sub(r":\d+:\d+", "", str(decisions[0])) == re.sub(r":\d+:\d+", "", str(decisions[1]))
    two = {name: text.replace("languages: [de]", "languages: [de, en]") for name, text in alone.items()}
    mistakes = load({name: text.encode() for name, text in two.items() if "/" not in name}).diagnostics
    assert {mistake.code for mistake in mistakes} == {"P010"}
    assert any("needs its text in German and English" in mistake.message for mistake in mistakes)
    assert any(mistake.hint == "write `{de: de title of a policy, en: …}`" for mistake in mistakes)


@pytest.mark.parametrize(("listed", "texts"), [(("en",), ("en", "zh")), (("de",), ("fr", "zh", "de"))], ids=str)
def test_a_language_that_is_not_listed_is_told_once(
    tmp_path: Path, listed: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    answer = credence("check", written(tmp_path, files_in(listed, texts=texts)), "--json")
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)["diagnostics"]
    others = [code for code in texts if code not in listed]
    assert [each["code"] for each in found] == ["W003"] * len(others)
    assert all(f"{texts_count()} texts are in {NAMES[code]} too" in str(found) for code in others)
    decision = engine_in(listed, **files_in(listed, texts=texts)).decide("order", HELD, AS_OF, "x")
    assert {code for text in texts_of(decision.as_json()) for code in text} == set(listed)


@pytest.mark.parametrize(
    ("written_", "meant"),
    [
        ("EN", "en"), ("German", "de"), ("cn", "zh"), ("zh-CN", "zh"), ("jp", "ja"), ("en_GB", "en"), ("deutsch", "de"),
        ("ger", "de"), ("中文", "zh"), (" fr", "fr"), ("Français", "fr"), ("spanish", "es"), ("xx", None), ("", None),
    ],
)  # fmt: skip
def test_what_was_meant_by_a_word_that_is_no_language(written_: str, meant: str | None) -> None:
    assert language_meant(written_) == meant
    facts = f"currency: EUR\nlanguages: [en, {json.dumps(written_, ensure_ascii=False)}]\npolicies: [p]\n...\n"
    mistakes = load({"facts.yaml": facts.encode()}).diagnostics
    (mistake,) = [each for each in mistakes if each.code == "P044"]
    assert mistake.hint == (
        f"did you mean `{meant}`?" if meant else "write its code in ISO 639-1, such as `en` or `de`"
    )


# --- readers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", LISTS, ids=str)
@pytest.mark.parametrize("facts", [HELD, LITTLE], ids=["held", "little"])
def test_no_text_stands_under_a_language_that_it_is_not_in(listed: tuple[str, ...], facts: dict[str, Any]) -> None:
    """The site's texts in all its languages, in its order; credence's own in those of them that it speaks."""
    engine = engine_in(listed)
    own = tuple(code for code in listed if code in OWN_LANGUAGES) or ("en",)
    explained = explain(engine, "order", facts, AS_OF, "x").as_json()
    vocabulary = vocabulary_shape(engine).model_dump(mode="json")
    assert vocabulary["languages"] == list(listed)
    texts = [*texts_of(explained), *texts_of(vocabulary)]
    of_site = [text for text in texts if any(map(is_written_by_the_site, text.values()))]
    assert len(of_site) >= 10
    for text in texts:
        if all(map(is_written_by_the_site, text.values())):
            mixed = "can't be checked" in str(text) or "无法检查" in str(text)
            assert tuple(text) == (own if mixed else listed)
            assert mixed or all(shown.startswith(f"{code} ") for code, shown in text.items())
        else:
            assert tuple(text) == own, text
            assert all(re.search("[\u4e00-\u9fff]", shown) is not None for code, shown in text.items() if code == "zh")


@pytest.mark.parametrize("listed", LISTS, ids=str)
@pytest.mark.parametrize("asked", long_after(2, [None, "de", "en", "zh", "fr", "pl", "ja"]))
def test_a_reader_gets_his_language_or_the_first_that_is_listed(
    tmp_path: Path, listed: tuple[str, ...], asked: str | None
) -> None:
    written(tmp_path, files_in(listed))
    case = tmp_path / "order.json"
    case.write_text(json.dumps(HELD), encoding="utf-8")
    language = ["--lang", asked] if asked else []
    answer = credence("decide", case, "--rules", tmp_path, "--as-of", "2026-07-01", *language)
    assert answer.exit_code == 0, answer.stderr
    shown = asked if asked in listed else listed[0]
    assert f"{shown} reason EUR 2,000.00" in answer.stdout
    assert {code for code in NAMES if f"{code} reason" in answer.stdout} == {shown}
    own = shown if shown in OWN_LANGUAGES else next((code for code in listed if code in OWN_LANGUAGES), "en")
    assert (("理由" in answer.stdout), ("Reasons" in answer.stdout)) == (own == "zh", own == "en")
    told = f"shown in {LANGUAGE_NAMES[listed[0]]}" in answer.stderr
    assert told == (asked is not None and asked not in listed)
    explained = credence("explain", case, "--rules", tmp_path, "--as-of", "2026-07-01", *language)
    assert f"{shown} title of a rule" in explained.stdout


def test_a_word_that_is_no_language_is_refused(tmp_path: Path) -> None:
    written(tmp_path, files_in(("en",)))
    case = tmp_path / "order.json"
    case.write_text(json.dumps(HELD), encoding="utf-8")
    answer = credence("decide", case, "--rules", tmp_path, "--lang", "english")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "'--lang': `english` is not a language (did you mean `en`?)" in answer.stderr


def test_what_a_reader_is_given() -> None:
    assert reader_of("en", ("de", "en")) == ("en", "de", "zh")
    assert reader_of("fr", ("de", "en")) == reader_of(None, ("de", "en")) == ("de", "en", "zh")
    assert own_language(("de", "zh", "en")) == "zh"
    own = Text("a", "b")
    assert own.among(("zh", "de", "en")).by_language == (("zh", "b"), ("en", "a"))
    assert own.among(("de",)).by_language == (("en", "a"),)
    assert Text.of({"de": "c"}).among(("en",)).by_language == (("de", "c"),)
    assert Text.of({"de": "c", "zh": "d"}).before("x").by_language == (("de", "c: x"), ("zh", "d：x"))
    with pytest.raises(ValueError):
        Text.of({})


@pytest.mark.parametrize("listed", [("de", "en"), ("de",)], ids=str)
def test_values_in_a_reason_are_written_for_its_reader(listed: tuple[str, ...]) -> None:
    titles = "titles: {words: {'yes': {de: ja}}, members: {account.region: {south: {de: Süden}}}}\n"
    facts = files_in(listed)["facts.yaml"].replace("policies:", f"{titles}policies:")
    decision = engine_in(listed, **{"facts.yaml": facts}).decide("order", HELD, AS_OF, "x")
    (reason,) = [each for each in decision.reasons if each.rule == "orders.south"]
    assert reason.text["de"] == "de reason Süden ja 2026-07-01"
    if "en" in listed:
        assert reason.text["en"] == "en reason Süden yes 2026-07-01"


# --- schemas ---------------------------------------------------------------------------------------------------------


def test_schemas_follow_the_languages(tmp_path: Path) -> None:
    written(tmp_path, files_in(("de", "en")))
    policy = json.loads(credence("schema", "policy", "--rules", tmp_path).stdout)
    assert policy["$defs"]["text"]["required"] == ["de", "en"]
    engine = engine_in(("de", "en"))
    region = request_schema(engine.vocabulary, "order")["properties"]["account"]["properties"]["region"]
    assert (region["x-title"], region["x-title-en"]) == ("de title of a fact", "en title of a fact")
    amount = request_schema(engine.vocabulary, "order")["properties"]["order"]["properties"]["amount"]
    assert amount["x-title"] == "Order value"
    assert "x-title-zh" not in amount
    assert text_schema(("de",))["anyOf"][0]["pattern"]


# --- titles of the site's own ----------------------------------------------------------------------------------------

TITLES = """\
titles:
  outcomes: {hold: {en: order block}}
  facts: {order.amount: {en: net order value, de: Auftragswert}}
  members: {account.region: {south: {en: the south}}, account.status: {blocked: {de: gesperrt}}}
  words: {"no": {en: nope}}
"""


def test_a_site_calls_things_by_its_own_titles_everywhere(tmp_path: Path) -> None:
    files = files_in(("de", "en"))
    files["facts.yaml"] = files["facts.yaml"].replace("policies:", f"{TITLES}policies:")
    written(tmp_path, files)
    case = tmp_path / "order.json"
    case.write_text(json.dumps(HELD), encoding="utf-8")
    shown = credence("decide", case, "--rules", tmp_path, "--as-of", "2026-07-01", "--lang", "en").stdout
    assert shown.startswith("ORDER BLOCK\n")
    assert "order block  en reason EUR 2,000.00" in shown
    assert "net order value" in shown
    assert "en reason the south yes" in shown
    explained = credence("explain", case, "--rules", tmp_path, "--as-of", "2026-07-01", "--lang", "en").stdout
    assert "account.region = the south" in explained
    assert "→ order block" in explained
    decision = json.loads(credence("decide", case, "--rules", tmp_path, "--as-of", "2026-07-01", "--json").stdout)
    assert decision["outcome"] == "hold"
    engine = engine_in(("de", "en"), **{"facts.yaml": files["facts.yaml"]})
    vocabulary = vocabulary_shape(engine).model_dump(mode="json")
    facts = {fact["name"]: fact for fact in vocabulary["facts"]}
    assert facts["order.amount"]["title"] == {"de": "Auftragswert", "en": "net order value"}
    words = {word["name"]: word["title"] for word in facts["account.status"]["words"]}
    assert words["blocked"] == {"de": "gesperrt", "en": "blocked"}
    (order,) = [kind for kind in vocabulary["case_kinds"] if kind["name"] == "order"]
    assert {"name": "hold", "title": {"en": "order block"}} in order["outcomes"]


@pytest.mark.parametrize(
    ("titles", "message", "hint"),
    [
        ("outcomes: {holdd: {en: a}}", "`holdd` is not an outcome", "did you mean `hold`?"),
        ("facts: {order.amout: {en: a}}", "`order.amout` is not a fact", "did you mean `order.amount`?"),
        ("members: {account.statos: {a: {en: a}}}", "`account.statos` is not a fact with members", "`account.status`"),
        ("members: {order.amount: {open: {en: a}}}", "`order.amount` is not a fact with members", ""),
        ("members: {account.status: {blockd: {en: a}}}", "is not a member of `account.status`", "mean `blocked`?"),
        ("words: {yess: {en: a}}", "`yess` is not a word", "did you mean `yes`?"),
        ("outcome: {hold: {en: a}}", "`outcome` is not a key of `titles`", "did you mean `outcomes`?"),
        ("outcomes: {hold: {fr: a}}", None, ""),
        ("outcomes: {hold: {english: a}}", "`english` is not a key of the title of `hold`", "did you mean `en`?"),
        ("outcomes: {hold: [a]}", "must be a group of `key: value` entries", ""),
        ("outcomes: {hold: {en: ' '}}", "the English text of the title of `hold` is empty", ""),
    ],
)  # fmt: skip
def test_a_title_for_what_there_is_not_is_a_mistake(titles: str, message: str | None, hint: str) -> None:
    facts = files_in(("en",))["facts.yaml"].replace("policies:", f"titles: {{{titles}}}\npolicies:")
    files = {name: text for name, text in (files_in(("en",)) | {"facts.yaml": facts}).items() if "/" not in name}
    loaded = load({name: text.encode() for name, text in files.items()})
    if message is None:
        assert loaded.engine is not None
        assert [each.code for each in loaded.engine.warnings(AS_OF)] == ["W003"]
        return
    assert any(message in each.message and hint in each.hint for each in loaded.diagnostics), loaded.diagnostics
