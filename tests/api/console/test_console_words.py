"""The console's texts: each in both languages, none unused, none missing, and one for each word that others fix."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from api.console.audit_pages import REPORTS
from api.console.console_words import LANGUAGES, language_of, words
from api.console.frame import FOLDER
from api.console.order_page import _TOLD
from api.http.problems import ALL_KINDS
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.access.roles import Authority, Role
from ledger.audit import access_review, credit_acts, policy_changes
from ledger.credit.account import AccountStatus
from ledger.credit.limit import LimitKind, LimitState
from ledger.credit.moves import Move
from ledger.credit.order import HoldKind, OrderState, ReleaseState
from ledger.credit.security import SecurityKind
from ledger.items.item import ItemKind
from ledger.record.record_header import RecordKind

TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "templates").glob("*.html"))}
MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py"))}

_WORD = re.compile(r"\b(?:t|say|t_or)\(\s*(?:reading,\s*)?['\"]([a-z_.-]+)['\"](?!\s*~)")
_CHECKED = re.compile(r"say\(\"([a-z_.]+)\"")
_BEGINNING = re.compile(r"\b(?:t|t_or)\('([a-z_.]+\.)'\s*~")
_NAMED = re.compile(r"word=\"([a-z_.]+)\"")

REPORTED = (
    *credit_acts.RELEASES,
    *credit_acts.LIMITS,
    *credit_acts.EXCEPTIONS,
    *policy_changes.COLUMNS,
    *access_review.COLUMNS,
)
"""Columns of the reports."""

FIXED = {
    "role": [*Role],
    "authority": [*Authority],
    "state": [*OrderState],
    "hold": [*HoldKind],
    "release": [*ReleaseState],
    "account": [*AccountStatus],
    "item": [*ItemKind],
    "limit": [*LimitKind, *LimitState],
    "security": [*SecurityKind],
    "done": [*Move],
    "record": [*RecordKind],
    "report": [*REPORTS, *(f"{report}.what" for report in REPORTS)],
    "told": [*_TOLD],
    "group": [*dict.fromkeys(group for kind in CASE_KINDS.values() for group in kind.groups)],
    "column": [*dict.fromkeys(("record", "leaf", "at", "by", *REPORTED))],
    "aging": ["0", "1", "2", "3", "4"],
    "part": ["open_items", "delivered", "open_orders", "deposits", "exposure", "limit", "headroom"],
    "headroom": ["open", "none", "blocked"],
    "nav": ["orders", "accounts", "decisions", "journal", "audit", "verify", "try", "reference"],
    "status": sorted({str(kind.status) for kind in ALL_KINDS} & {str(status) for status in range(400, 600)}),
}
"""Words that code or data elsewhere fixes: each has a text."""


def _used() -> set[str]:
    texts = [*TEMPLATES.values(), *MODULES.values()]
    return {word for text in texts for pattern in (_WORD, _CHECKED, _NAMED) for word in pattern.findall(text)}


def _beginnings() -> set[str]:
    found = {word for text in TEMPLATES.values() for word in _BEGINNING.findall(text)}
    return found | {"part.", "aging.", "problem.", "status.", "record.", "report.", "passes.", "done."}


def test_each_word_that_is_used_is_there() -> None:
    assert sorted(_used() - set(words())) == []


def test_no_word_is_there_for_nothing() -> None:
    beginnings = tuple(_beginnings())
    assert [word for word in words() if word not in _used() and not word.startswith(beginnings)] == []


@pytest.mark.parametrize("word", sorted(words()))
def test_a_text_is_there_in_both_languages_with_the_same_places(word: str) -> None:
    texts = words()[word]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() == text and text for text in texts.values())
    places = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts.values()]
    assert places[0] == places[1]
    assert re.search(r"[\u4e00-\u9fff]", texts["zh"]) or texts["zh"] == texts["en"]
    assert not re.search(r"[\u4e00-\u9fff]", texts["en"])
    assert "<" not in texts["en"] + texts["zh"]


@pytest.mark.parametrize("beginning", FIXED)
def test_words_that_are_fixed_elsewhere_all_have_a_text(beginning: str) -> None:
    assert [word for word in FIXED[beginning] if f"{beginning}.{word}" not in words()] == []


ASKED = {
    ("zh", None, ""): "zh",
    ("fr", "zh", "en"): "zh",
    (None, None, "fr-FR, zh-CN;q=0.9, en;q=0.8"): "zh",
    (None, None, "en-GB,zh"): "en",
    (None, None, "fr"): "en",
    ("zh<script>", "x", "!!"): "en",
}


@pytest.mark.parametrize(("asked", "kept", "accepted"), ASKED)
def test_a_reader_gets_the_language_that_they_ask_for(asked: str | None, kept: str | None, accepted: str) -> None:
    assert language_of(asked, kept, accepted) == ASKED[asked, kept, accepted]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_no_script_and_no_text_of_its_own(name: str) -> None:
    text = re.sub(r"\{[%{#].*?[%}#]\}", "", TEMPLATES[name], flags=re.DOTALL)
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe", TEMPLATES[name])
    bare = re.sub(r"<[^>]*>", " ", text)
    left = set(re.findall(r"[A-Za-z]{2,}", bare))
    assert left <= {"credence", "CSV", "NDJSON", "journal", "verify"}
