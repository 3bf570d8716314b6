"""A policy's file that was read without a mistake is not read again; what is said of a set stays the same."""

from __future__ import annotations

from datetime import date

import pytest

from engine import pipeline
from engine.pipeline import Loaded, load
from engine.reading.document import Document
from engine.reading.policy_file import read_policy
from tests.support.default_policies import default_folder

FACTS = """\
currency: EUR
policies:
  - first
LANGUAGESfacts:
  account.class: {type: enum, members: [WORDS], title: {en: Class, zh: 级}, example: "A"}
...
"""
FIRST = """\
policy: first
title: {en: First, zh: 甲}
decides: order
rules:
  one:
    when: account.class = N/30
    then: hold
    reason: {en: One., zh: 一。}
...
"""
SOUND = FIRST.replace("account.class = N/30", "order.amount > 1")


def loaded(policy: str, words: str = '"A"', languages: str = "", name: str = "rules/first.yaml") -> Loaded:
    facts = FACTS.replace("WORDS", words).replace("LANGUAGES", languages)
    return load({"rules/facts.yaml": facts.encode(), name: policy.encode()})


def said(set_: Loaded) -> list[str]:
    return [f"{each.place} {each.message} {each.hint}" for each in set_.diagnostics]


@pytest.fixture(name="read")
def _read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read as policies."""
    pipeline._sound_policies.clear()
    names: list[str] = []

    def reading(document: Document, *rest: object) -> object:
        names.append(document.root.place.file)
        return read_policy(document, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "read_policy", reading)
    return names


def test_a_sound_file_is_read_once(read: list[str]) -> None:
    first, second = loaded(SOUND), loaded(SOUND)
    assert first.engine and second.engine and first.engine.version == second.engine.version
    assert read == ["rules/first.yaml"]


@pytest.mark.parametrize(
    "change",
    [
        {"policy": SOUND.replace("> 1", "> 2")},
        {"words": '"A", "N/30"'},
        {"languages": "languages: [en]\n"},
        {"name": "other/first.yaml"},
    ],
    ids=["text", "words", "languages", "name"],
)
def test_whatever_its_reading_depends_on_has_it_read_again(read: list[str], change: dict[str, str]) -> None:
    loaded(SOUND)
    loaded(**{"policy": SOUND, **change})
    assert len(read) == 2


def test_a_stored_set_needs_no_end_mark_and_the_same_files_do(read: list[str]) -> None:
    cut = SOUND.removesuffix("...\n").encode()
    files = {"rules/facts.yaml": FACTS.replace("WORDS", '"A"').replace("LANGUAGES", "").encode(), "first.yaml": cut}
    assert pipeline.load_stored(files).engine is not None
    assert load(files).engine is None


def test_mistakes_are_told_each_time(read: list[str]) -> None:
    """Those of the file itself; those that a word of the facts makes one; and a text in a language not listed."""
    for policy, words in ((FIRST, '"A", "N/30"'), (FIRST.replace("then: hold", "then: hol"), '"A"')):
        loaded(SOUND, words)
        first, second = (loaded(policy, words) for _ in range(2))
        assert first.engine is None
        assert said(first) == said(second) != []
    german = SOUND.replace("zh: 一。", "zh: 一。, de: Eins.")
    warned = [loaded(german).engine for _ in range(2)]
    assert [len(engine.warnings(date(2026, 7, 1))) for engine in warned if engine] == [1, 1]


def test_the_files_kept_are_few(read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "SOUND_POLICIES_KEPT", 3)
    for number in range(10):
        assert loaded(SOUND.replace("> 1", f"> {number + 1}")).engine is not None
        assert len(pipeline._sound_policies) <= 3


def test_the_default_set_is_the_same_read_or_kept() -> None:
    files = default_folder().policies
    pipeline._sound_policies.clear()
    first, second = load(files), load(files)
    assert first.engine and second.engine
    assert first.engine.policies == second.engine.policies
    assert said(first) == said(second)
