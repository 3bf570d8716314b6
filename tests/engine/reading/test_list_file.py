"""Lists in files of their own: what their files may hold, that they are whole, and what policies read of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.explaining.explain import explain
from engine.pipeline import Engine, load, load_stored, version
from engine.reading.list_file import read_list
from engine.reading.list_parameter import ENTRIES_MAX
from engine.vocabulary.binding import Value
from engine.vocabulary.days import day_number
from tests.support.mistakes import Mistake, assert_diagnostics, each_mistake
from tests.support.policy_files import whole_set
from tests.support.random_rulesets import Case
from tests.support.small_policies import AS_OF, FACTS, HEAD, REASON, decide
from tests.support.sql_against_engine import compare, on_duckdb

MISTAKES = Path(__file__).parent / "mistakes"
CSV = "entry,from,until,note\nAT,,,\nDE,,2026-06-30,until June\nSG,2026-07-01,,\n...\n"
RULES = f"""rules:
  strange: {{when: not(account.word in lists.names), then: review, reason: {REASON}}}
"""


def set_with(policy: str = RULES, **lists: str) -> dict[str, bytes]:
    """A policy set with these lists, by name with `_csv` or `_yaml` behind."""
    files = {f"lists/{name[::-1].replace('_', '.', 1)[::-1]}": text.encode() for name, text in lists.items()}
    return whole_set({"p": HEAD + policy}, FACTS.format(currency="EUR")) | files


def engine_with(policy: str = RULES, **lists: str) -> Engine:
    loaded = load(set_with(policy, **lists))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def said(files: dict[str, bytes]) -> list[str]:
    return [str(each) for each in load(files).diagnostics]


# --- what is wrong with a file ---------------------------------------------------------------------------------------


@each_mistake(MISTAKES / "lists_csv.txt")
def test_what_is_wrong_with_a_list_in_csv(mistake: Mistake) -> None:
    text = mistake.text if "\n...\n" in mistake.text else f"{mistake.text.rstrip()}\n...\n"
    assert_diagnostics(mistake, read_list(text.encode(), "names.csv", end_mark=True)[1], "names.csv")


@each_mistake(MISTAKES / "lists_yaml.txt")
def test_what_is_wrong_with_a_list_in_yaml(mistake: Mistake) -> None:
    read, mistakes = read_list(f"{mistake.text.rstrip()}\n...\n".encode(), "names.yaml", end_mark=True)
    assert (read is None) == bool(mistakes)
    assert_diagnostics(mistake, mistakes, "names.yaml")


@pytest.mark.parametrize("text", [CSV, CSV.replace(",", ";"), CSV.replace("\n", "\r\n"), "﻿" + CSV, CSV.rstrip()])
def test_a_list_cut_anywhere_is_refused_or_has_lost_nothing(text: str) -> None:
    """Cut within the line of the mark nothing is lost; a spreadsheet may have put delimiters behind it."""
    content = text.encode()
    whole, mistakes = read_list(content, "names.csv", end_mark=True)
    assert whole is not None, mistakes
    for end in range(content.index(b"...") + 3):
        assert read_list(content[:end], "names.csv", end_mark=True)[0] is None, content[:end]
    for end in range(content.index(b"...") + 3, len(content)):
        assert read_list(content[:end], "names.csv", end_mark=True)[0] == whole


@pytest.mark.parametrize("name", ["names.csv", "names.yaml"])
def test_a_list_that_is_cut_off_puts_nothing_into_force(name: str) -> None:
    text = {"names.csv": CSV, "names.yaml": "value:\n- AT\n- DE\n- SG\n...\n"}[name]
    files = set_with() | {f"lists/{name}": text.encode()}
    assert load(files).engine is not None
    for line in range(1, text.count("\n")):
        cut = "".join(text.splitlines(keepends=True)[:line])
        found = load(files | {f"lists/{name}": cut.encode()})
        assert found.engine is None
        assert all(each.place.file == f"lists/{name}" for each in found.diagnostics)


def test_a_list_may_have_so_many_entries_and_no_more() -> None:
    rows = [f"E-{number}" for number in range(ENTRIES_MAX + 1)]
    texts = {"csv": "entry\n{}\n...\n", "yaml": "value: [{}]\n...\n"}
    for ending, text in texts.items():
        joined = ("\n" if ending == "csv" else ", ").join
        assert load(set_with(**{f"names_{ending}": text.format(joined(rows[:-1]))})).engine is not None
        [mistake] = said(set_with(**{f"names_{ending}": text.format(joined(rows))}))
        assert f"{ENTRIES_MAX + 1:,}" in mistake
        assert "P024" in mistake


def test_names_of_lists() -> None:
    assert said(set_with(names_csv=CSV, names_yaml="value: [AT]\n...\n")) == [
        "lists/names.yaml:1:1: P006 the list `lists.names` is in lists/names.csv already (keep one of the two files)"
    ]
    files = set_with(names_csv=CSV)
    files["lists/my-list.csv"] = CSV.encode()
    assert said(files) == [
        "lists/my-list.csv:1:1: P004 `my-list` is not the name of a list: small letters, digits and `_`, a letter "
        "first (write `my_list`)"
    ]
    assert said(set_with()) == [
        "p.yaml:5:39: N001 unknown name `lists.names` (put its file into the rules folder, as `lists/names.csv` or "
        "`.yaml`)"
    ]
    assert said(set_with(name_csv=CSV)) == ["p.yaml:5:39: N001 unknown name `lists.names` (did you mean `lists.name`?)"]
    assert said(set_with(names_csv=CSV, others_csv=CSV)) == [
        "lists/others.csv:1:1: N009 nothing reads the list `lists.others` (remove it, or use it in a formula)"
    ]
    own = whole_set({"lists": HEAD.replace("policy: p", "policy: lists") + RULES})
    assert any("P005 `lists` is what lists go by, not a free name" in each for each in said(own))


def test_no_list_is_taken_for_facts_or_exceptions_and_each_counts_in_the_version() -> None:
    files = set_with(names_csv=CSV)
    assert load(files | {"lists/facts.yaml": b"value: [AT]\n...\n"}).engine is not None
    changed = files | {"lists/names.csv": CSV.replace("SG", "SE").encode()}
    moved = {f"rules/{name}": content for name, content in files.items()}
    assert version(files) == version(moved) != version(changed)
    assert version({"lists/a.yaml": b"x"}) != version({"a.yaml": b"x"})


def test_a_stored_set_needs_no_end_marks() -> None:
    files = set_with(names_csv=CSV.removesuffix("...\n"))
    assert load(files).engine is None
    assert load_stored(files).engine is not None


# --- what policies read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "entries"),
    [(date(2026, 1, 1), "AT DE"), (date(2026, 6, 30), "AT DE"), (date(2026, 7, 1), "AT SG")],
)
def test_an_entry_is_on_the_list_from_its_first_day_to_its_last(as_of: date, entries: str) -> None:
    engine = engine_with(names_csv=CSV)
    for word in ("AT", "DE", "SG", "XX"):
        expected = "good_standing" if word in entries.split() else "review"
        assert decide(engine, as_of, word=word).outcome == expected
    ruleset = engine.ruleset("account", as_of)
    given: dict[str, Value] = {"account.id": "C-1", "account.level": 0}
    cases: list[Case] = [
        (tuple({**given, "account.word": word}.get(fact.name) for fact in ruleset.facts), day_number(as_of))
        for word in ("AT", "DE", "SG", "XX", None)
    ]
    assert compare(ruleset, cases, "duckdb", on_duckdb) == len(cases)


def test_where_every_entry_begins_some_day_the_list_is_unknown_before() -> None:
    engine = engine_with(names_csv="entry,from\nAT,2026-01-01\n...\n")
    before = decide(engine, date(2025, 12, 31), word="AT")
    assert (before.outcome, [each.missing for each in before.undetermined]) == ("review", [("lists.names",)])
    assert decide(engine, date(2026, 1, 1), word="AT").outcome == "good_standing"
    [warning] = engine.warnings(date(2025, 12, 31))
    assert str(warning).startswith("lists/names.csv:1:1: W001 the list `lists.names` has no entries before 2026-01-01")


def test_a_list_of_days_is_asked_for_days() -> None:
    rules = f"rules:\n  holiday: {{when: account.day in lists.holidays, then: review, reason: {REASON}}}\n"
    for text in ({"holidays_csv": "date,note\n2026-12-25,Christmas\n...\n"}, {"holidays_yaml": DAYS}):
        engine = engine_with(rules, **text)
        assert [decide(engine, day=f"2026-12-2{day}").outcome for day in (4, 5)] == ["good_standing", "review"]
    strange = rules.replace("account.day", "account.word")
    assert said(set_with(strange, holidays_yaml=DAYS)) == [
        "p.yaml:5:35: T001 text can't be in a list of days, as `lists.holidays` is"
    ]
    assert said(set_with(rules.replace("holidays", "names"), names_csv=CSV)) == [
        "p.yaml:5:34: T001 a date can't be in a list of words, as `lists.names` is (write `of: date`, or its days "
        "under a heading `date`)"
    ]


DAYS = "of: date\nvalue: [2026-12-25]\n...\n"


def test_readers_see_a_list_by_its_name_title_and_first_entries() -> None:
    text = "title: {en: Countries, zh: 国家}\nvalue: [AT, DE, SG, CH]\n...\n"
    engine = engine_with(names_yaml=text)
    decision = decide(engine, word="XX")
    [reason] = decision.reasons
    assert dict(reason.facts) == {"account.word": "XX", "lists.names": "AT, DE, SG … (4)"}
    facts = {"account": {"id": "C-1", "level": 0, "word": "XX"}}
    explanation = explain(engine, "account", facts, AS_OF, "test")
    inputs = explanation.policies[0].rules[0].conditions[0].inputs
    assert [(each.name, each.title and each.title.zh) for each in inputs] == [
        ("account.word", "文字"),
        ("lists.names", "国家"),
    ]
