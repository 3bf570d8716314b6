"""The Chinese texts of policies, facts, actions and reports: one term for one thing, and the punctuation of Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType

import pytest
import yaml

from api.cli import decision_phrases
from engine.vocabulary.text import Text
from receivables import ratios
from receivables.backtest import backtest_texts
from receivables.portfolio import portfolio_texts
from receivables.report import report_texts
from tests.support.paths import ROOT, RULES

TERMS = {
    "定金": "预付款",  # which is forfeited or paid back twice, and at most a fifth of the price
    "滞纳金": "逾期利息",  # a term of public law
    "投保金额": "承保金额",  # the seller insures himself; the insurer covers
    "投保部分": "承保部分",
    "投保发票": "承保发票",
    "投保客户": "承保买方",
    "保险买方限额": "买方信用限额",
    "违约承诺": "未兑现的付款承诺",
    "释放": "放行",
    "首席财务官": "财务总监",
    "财务控制": "财务经理",
    "放弃金额": "减免金额",
    "末级": "最后一级",
    "回款有效率": "催收有效性指数",
    "通过办法": "放行条件",
    "报损": "向保险公司通报逾期",
    "行使担保": "动用担保",
    "职级": "权限级次",
    "保险人": "保险公司",
    "首付": "预付款",
}
"""Words that a credit manager wouldn't use here, and the one that is used."""

FOREIGN = {"AND", "CEI", "CFO", "CSV", "DSO", "ADD", "ERP", "ISO", "IFRS", "UCP", "EUR", "EU", "JSON", "ID"}
FOREIGN |= {"IR", "KP", "MM", "docs", "backtest", "portfolio", "md", "rules", "exceptions", "yaml", "opening", "json"}
FOREIGN |= {"credence", "standing", "monitoring", "provisions", "true", "none", "limited", "unlimited"}
"""What stays in Latin letters: abbreviations of the trade, and names of files, policies and options."""

PLACE = re.compile(r"\{[^{}]*\}|`[^`]*`")
HAN = "[\u4e00-\u9fff]"


def _in_yaml(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "zh" and isinstance(each, str):
                yield each
            else:
                yield from _in_yaml(each)
    elif isinstance(value, list):
        for each in value:
            yield from _in_yaml(each)


def _in_module(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        for each in value.values() if isinstance(value, dict) else (value,):
            if isinstance(each, Text):
                yield each.zh


@cache
def _texts() -> tuple[str, ...]:
    files = [*RULES.glob("*.yaml"), *(ROOT / "engine" / "vocabulary").glob("*.yaml")]
    found = [text for file in files for text in _in_yaml(yaml.safe_load(file.read_text(encoding="utf-8")))]
    modules = (decision_phrases, portfolio_texts, backtest_texts, report_texts)
    found += [text for module in modules for text in _in_module(module)]
    return (*found, *(reason.text.zh for reason in ratios.NoValue))


def test_there_are_texts() -> None:
    assert len(_texts()) > 1_000


@pytest.mark.parametrize("term", TERMS)
def test_one_word_for_one_thing(term: str) -> None:
    assert [text for text in _texts() if term in text] == [], f"write {TERMS[term]}"


FAULTS = {
    "half-width punctuation": re.compile(rf"{HAN}\s*[,;:!?()]|[,;:!?()]\s*{HAN}"),
    "a blank before the word for grade": re.compile(r"[A-E] 级"),
    "a numeral without a blank": re.compile(r"(?<![第年月日\d])\d+(?=[天笔个次条项家张])|(?:近|超|或|足)[0-9]"),
    "no end": re.compile(r"，$|；$|。。|，，"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_punctuation_is_chinese(fault: str) -> None:
    said = [PLACE.sub("〇", text) for text in _texts()]

    assert [text for text in said if FAULTS[fault].search(text)] == []


def test_no_english_is_left_over() -> None:
    words = {word for text in _texts() for word in re.findall(r"[A-Za-z]{2,}", PLACE.sub("", text))}

    assert words - FOREIGN == set()


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("half-width punctuation", "已冻结,不予放行。"),
        ("a blank before the word for grade", "恢复至 D 级后"),
        ("a numeral without a blank", "近12个月"),
        ("no end", "不予放行，"),
    ],
)
def test_a_fault_is_found(fault: str, text: str) -> None:
    assert FAULTS[fault].search(text)
